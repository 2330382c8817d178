"""Two lines of one pen are told apart by the length of their dashes or by their weight, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.curve.evidence.pens import dash_length, tell_apart, usual_width
from veernet_core.datatypes import EVIDENCE, CurveSpec, Trace

LONG = CurveSpec("SP", "MV", -160, 40, style="dashed", source="header", dash_px=26.0)
SHORT = CurveSpec("CALI", "IN", 6, 16, style="dashed", source="header", dash_px=17.0)
GR = CurveSpec("GR", "GAPI", 0, 150, source="header")
NONE = (0.0, 0.0, 0.0)
THICK = CurveSpec("TG", "UNITS", 1, 1000, "log", colour="#ff0000", source="header", stroke_px=3.5)
THIN = replace(THICK, mnemonic="C2", stroke_px=2.1)


def trace(dash: int, gap: int, rows: int = 2000, slope: float = 0.0) -> Trace:
    """A straight course of dashes: rows of ink, then rows of paper, again and again."""
    evidence = np.ones((rows, len(EVIDENCE)))
    evidence[:, EVIDENCE.index("ink")] = np.arange(rows) % (dash + gap) < dash
    frac = 0.2 + slope * np.arange(rows)
    return Trace(frac, evidence, np.ones(rows, dtype=np.bool_), np.arange(rows, dtype=np.float64))


@pytest.mark.parametrize(("slope", "expected"), [(0.0, 18.0), (1.0 / 500, 18.0 * np.sqrt(2))])
def test_dashes_are_measured_along_the_course(slope: float, expected: float) -> None:
    """At one pixel across for each row down, 500 px being the width, a dash is longer by the diagonal."""
    assert dash_length(trace(18, 15, slope=slope), 500.0) == pytest.approx(expected, rel=0.03)


def test_few_dashes_have_no_length() -> None:
    assert dash_length(trace(18, 15, rows=300), 500.0) == 0.0
    assert dash_length(trace(18, 15, rows=0), 500.0) == 0.0


def test_traces_that_agree_with_the_header_stay() -> None:
    assert tell_apart((GR, LONG, SHORT), (0.0, 27.0, 18.0), NONE) == ((0, 1, 2), frozenset({1, 2}))


def test_traces_that_contradict_the_header_change_places() -> None:
    assert tell_apart((GR, LONG, SHORT), (0.0, 18.0, 27.0), NONE) == ((0, 2, 1), frozenset({1, 2}))


@pytest.mark.parametrize(
    ("specs", "lengths"),
    [
        ((LONG, replace(SHORT, dash_px=24.0)), (27.0, 18.0)),  # printed alike
        ((LONG, SHORT), (20.0, 18.0)),  # drawn alike
        ((LONG, SHORT), (0.0, 18.0)),  # too few dashes to measure
        ((LONG, replace(SHORT, dash_px=0.0)), (27.0, 18.0)),  # whose sample line it is is not sure
        ((LONG, replace(SHORT, colour="#ff0000")), (27.0, 18.0)),  # told apart by colour already
        (
            (LONG, replace(SHORT, points_px=((5.0, 5.0),))),
            (18.0, 27.0),
        ),  # a person said which is which
        ((LONG, SHORT, replace(SHORT, mnemonic="BS")), (27.0, 18.0, 9.0)),  # three of one style
    ],
)
def test_what_dashes_do_not_tell_stays_as_it_is(
    specs: tuple[CurveSpec, ...], lengths: tuple[float, ...]
) -> None:
    assert tell_apart(specs, lengths, NONE) == (tuple(range(len(specs))), frozenset())


@pytest.mark.parametrize(
    ("widths", "order"),
    [((6.6, 4.0), (0, 1)), ((4.0, 6.6), (1, 0))],
    ids=["as printed", "exchanged"],
)
def test_weights_name_two_lines_of_one_colour(
    widths: tuple[float, float], order: tuple[int, int]
) -> None:
    assert tell_apart((THICK, THIN), (0.0, 0.0), widths) == (order, frozenset({0, 1}))


@pytest.mark.parametrize(
    ("specs", "widths"),
    [
        ((THICK, replace(THIN, stroke_px=2.9)), (6.6, 4.0)),  # printed alike
        ((THICK, THIN), (4.5, 4.0)),  # drawn alike
        ((THICK, replace(THIN, stroke_px=0.0)), (6.6, 4.0)),  # no sample line was measured
        ((THICK, THIN), (6.6, 0.0)),  # a stroke was not measured
        ((THICK, replace(THIN, colour="#0000ff")), (6.6, 4.0)),  # told apart by colour already
        ((THICK, THIN, replace(THIN, mnemonic="C3")), (6.6, 4.0, 4.0)),  # three of one pen
    ],
)
def test_what_weights_do_not_tell_stays_as_it_is(
    specs: tuple[CurveSpec, ...], widths: tuple[float, ...]
) -> None:
    unchanged = (tuple(range(len(specs))), frozenset())
    assert tell_apart(specs, NONE[: len(specs)], widths) == unchanged


def test_dashes_that_contradict_weights_name_nothing() -> None:
    specs = (replace(LONG, stroke_px=2.0), replace(SHORT, stroke_px=4.0))
    assert tell_apart(specs, (27.0, 18.0), (2.0, 4.0)) == ((0, 1), frozenset({0, 1}))
    assert tell_apart(specs, (27.0, 18.0), (4.0, 2.0)) == ((0, 1), frozenset())


def test_a_width_from_few_rows_is_not_known() -> None:
    widths = np.full(200, np.nan)
    widths[:59] = 3.0
    assert usual_width(widths) == 0.0
    widths[59] = 3.0
    assert usual_width(widths) == 3.0
