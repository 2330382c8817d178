"""Two broken lines of one style are told apart by the length of their dashes, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.curve.evidence.dashes import dash_length, tell_apart
from veernet_core.datatypes import EVIDENCE, CurveSpec, Trace

LONG = CurveSpec("SP", "MV", -160, 40, style="dashed", source="header", dash_px=26.0)
SHORT = CurveSpec("CALI", "IN", 6, 16, style="dashed", source="header", dash_px=17.0)
GR = CurveSpec("GR", "GAPI", 0, 150, source="header")


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
    assert tell_apart((GR, LONG, SHORT), (0.0, 27.0, 18.0)) == ((0, 1, 2), frozenset({1, 2}))


def test_traces_that_contradict_the_header_change_places() -> None:
    assert tell_apart((GR, LONG, SHORT), (0.0, 18.0, 27.0)) == ((0, 2, 1), frozenset({1, 2}))


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
    assert tell_apart(specs, lengths) == (tuple(range(len(specs))), frozenset())
