"""Curves that one pen draws are named by the values they would have, as far as their kinds differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.curve.tracking import traces as decode
from veernet_core.curve.tracking.identity import resolve_identities
from veernet_core.curve.tracking.value_costs import (
    costs_of_pens,
    position_costs,
    told_by_values,
)
from veernet_core.datatypes import F64, CurveSpec, Posterior, Strip

CALI = CurveSpec("CALI", "IN", 6, 16, style="dashed")
GR = CurveSpec("GR", "GAPI", 0, 150, style="dashed")
SP = CurveSpec("SP", "MV", -160, 40, style="dashed")
ROWS = np.arange(4000)
HOLE = 0.24 + 0.02 * np.sin(ROWS / 90)
"""A hole of 8.2 to 8.6 inches."""
SHALE = 0.6 + 0.15 * np.sin(ROWS / 60)
"""A gamma ray of 68 to 112."""


def test_a_caliper_costs_less_on_a_hole_than_on_a_gamma_ray() -> None:
    costs = position_costs((CALI, GR), np.array([HOLE, SHALE]))
    assert costs is not None
    per_row = costs.mean(axis=2)
    assert per_row[0, 1] - per_row[0, 0] > 1.5  # 13.5 inches
    assert per_row[1, 0] - per_row[1, 1] > 0.1  # 36 API is no rarity


def test_the_scale_decides_what_a_position_costs() -> None:
    wide = replace(CALI, left=0.0, right=40.0)
    near, far = (position_costs((spec, GR), np.array([[0.21], [0.6]])) for spec in (wide, CALI))
    assert near is not None
    assert far is not None
    assert near[0, 0, 0] < near[0, 1, 0]  # 8.4 inches before 24
    metric = replace(CALI, unit="CM", left=6 * 2.54, right=16 * 2.54)
    same = position_costs((metric, GR), np.array([[0.21], [0.6]]))
    assert same is not None
    assert np.allclose(same, far)


@pytest.mark.parametrize(
    "specs",
    [
        (replace(CALI, unit="OHMM"), GR),
        (replace(CALI, mnemonic="ROP", unit="FT/HR"), GR),
        (CurveSpec("NPHI", "PU", 45, -15), CurveSpec("DPHI", "PU", 45, -15)),
        (CurveSpec("ILD", "OHMM", 0.2, 2000, "log"), CurveSpec("ILM", "OHMM", 0.2, 2000, "log")),
    ],
)
def test_values_of_unknown_kinds_or_of_one_kind_tell_nothing(specs: tuple[CurveSpec, ...]) -> None:
    assert position_costs(specs, np.array([HOLE, SHALE])) is None
    assert not told_by_values(specs, np.array([HOLE, SHALE]))


def test_only_curves_of_one_pen_have_costs_and_only_where_both_are_seen() -> None:
    solid = replace(GR, style="solid")
    frac, seen = np.array([SHALE, HOLE, SHALE]), np.ones((3, 4000), bool)
    seen[2, :100] = False
    costs = costs_of_pens((solid, CALI, SP), (0, 1, 1), frac, seen)
    assert costs is not None
    assert not costs[0].any()
    assert not costs[1:, :, :100].any()
    assert (costs[1, 0] >= costs[1, 1]).all()  # no path of another pen is the cheapest
    assert costs_of_pens((solid, CALI, SP), (0, 1, 2), frac, seen) is None


def test_values_mend_what_the_directions_at_a_touch_tell_wrongly() -> None:
    """A hole of 8.4 inches and 90 API run up to each other and turn back: it looks as if they crossed."""
    width = 400.0
    towards = 0.18 * np.clip(1 - np.abs(ROWS - 600) / 40, 0, 1)
    paths = np.array([0.24 + towards, 0.6 - towards]) * width
    ink = np.zeros((4000, 400), np.uint8)
    for path in paths:
        ink[ROWS, path.astype(int)] = 255
    seen = np.ones((2, 4000), bool)
    given = paths, seen, ink, paths, np.zeros(2)
    _, source, _ = resolve_identities(*given)
    assert (source[:, 0] != source[:, -1]).all()
    costs = costs_of_pens((CALI, GR), (0, 0), paths / width, seen)
    _, source, odds = resolve_identities(*given, value_cost=costs)
    assert (source == [[0], [1]]).all()
    assert odds[:, 3000].min() > 0.95
    assert 0.5 < odds[:, 100].min() < 0.95  # sixty feet of values against the directions


def _drawn(fracs: tuple[F64, ...]) -> tuple[Strip, Posterior]:
    """A strip of dashed curves, and what a perfect network says of it."""
    columns, left, width = 432, 16.0, 400.0
    strip = Strip(np.zeros((4000, columns), np.uint8), left, left + width, ROWS.astype(np.float64))
    position = np.zeros((3, 4000, columns))
    for frac in fracs:
        z = (np.arange(columns) - (left + frac * width)[:, None]) / 1.5
        position[1] += np.exp(-0.5 * z * z)
    total = position.sum(axis=2, keepdims=True)
    position = np.where(total > 0, position / np.maximum(total, 1e-9), 1 / columns)
    presence = np.zeros((3, 4000), np.float32)
    presence[1] = 1
    return strip, Posterior(position.astype(np.float16), presence)


def test_curves_of_one_pen_are_named_by_their_values_not_from_left_to_right() -> None:
    clean = 0.12 + 0.04 * np.sin(ROWS / 60)  # a gamma ray of 12 to 24, left of the caliper
    strip, posterior = _drawn((HOLE, clean))
    (hole, gamma), _ = decode.trace_block(strip, posterior, (CALI, GR))
    assert np.abs(hole.frac - HOLE).max() < 0.01
    assert np.abs(gamma.frac - clean).max() < 0.01
    pointed = replace(CALI, points_px=((100.0, 16.0 + 400 * float(clean[100])),))
    (hole, _), _ = decode.trace_block(strip, posterior, (pointed, GR))
    assert np.abs(hole.frac - clean).max() < 0.01  # a person's point goes before


def test_whole_traces_are_told_apart_short_or_wrong_ones_are_not() -> None:
    both = np.array([HOLE, SHALE])
    assert told_by_values((CALI, GR), both)
    assert not told_by_values((CALI, GR), both[::-1])
    assert not told_by_values((CALI, GR), both[:, :150])
    unseen = np.where(ROWS < 3900, np.nan, both)
    assert not told_by_values((CALI, GR), unseen)
    assert told_by_values((CALI, GR), both + np.array([[1.0], [-1.0]]))  # whatever the wrap


# ---- curves that never change places -------------------------------------------------------------------

MOST, LEAST = (CurveSpec(m, "IN", 0, 1, style="dotted") for m in ("THMX", "THMN"))
MX, AV, MN = (CurveSpec(m, "IN", 3.7, 2.7, style="dashed") for m in ("IRMX", "IRAV", "IRMN"))


def test_a_maximum_is_never_below_its_minimum() -> None:
    thin, thick = 0.2 + 0.1 * np.sin(ROWS / 90), 0.5 + 0.1 * np.sin(ROWS / 90)
    for specs, paths in (((MOST, LEAST), (thick, thin)), ((LEAST, MOST), (thin, thick))):
        assert told_by_values(specs, np.array(paths))
        assert not told_by_values(specs, np.array(paths[::-1]))


def test_where_the_scale_runs_to_the_left_the_greater_one_is_on_the_left() -> None:
    paths = np.array([[0.2], [0.5], [0.8]])
    costs = position_costs((MX, AV, MN), paths)
    assert costs is not None
    assert (costs[:, :, 0] == 0).tolist() == np.eye(3, dtype=bool).tolist()


def test_paths_that_touch_or_are_not_seen_have_no_order() -> None:
    costs = position_costs((MOST, LEAST), np.array([[0.3, np.nan, 0.3], [0.305, 0.2, 0.1]]))
    assert costs is not None
    assert costs.any(axis=(0, 1)).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "specs",
    [
        (MOST, replace(LEAST, unit="MM")),
        (MOST, replace(LEAST, right=2)),
        (MOST, replace(LEAST, wrap="one")),
        tuple(CurveSpec(m, "UNITS", 1, 1000, "log") for m in ("TG", "C2")),  # of two detectors
        (MX, AV, replace(MN, mnemonic="ERAV")),
    ],
)
def test_curves_on_two_scales_or_without_one_order_are_not_told(
    specs: tuple[CurveSpec, ...],
) -> None:
    assert position_costs(specs, np.array([HOLE, SHALE, SHALE][: len(specs)])) is None
