"""Wraps, moves along ink, curves followed together, and stretches off scale."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.tracking.costs import JointCosts
from veernet_core.curve.tracking.crossing import (
    crossing_costs,
    move_costs,
    strokes_across,
)
from veernet_core.curve.tracking.joint import follow_together
from veernet_core.curve.tracking.off_scale import OffScaleConfig, without_cause
from veernet_core.curve.tracking.together import _over_borders
from veernet_core.curve.tracking.wraps import unfold


@pytest.mark.parametrize(
    ("frac", "mass", "cause"),
    [
        ([0.2, 0.1, 0.02], 1.0, True),
        ([0.5, 0.4, 0.3], 1.0, False),
        ([0.2, 0.1, 0.02], 0.1, False),
        ([0.9, 0.95, 0.99], 1.0, False),
    ],
)
def test_a_curve_goes_off_scale_where_it_is_seen_to(
    frac: list[float], mass: float, cause: bool
) -> None:
    side = np.repeat([0, -1, 0], [3, 5, 3]).astype(np.int32)
    position = np.r_[frac, np.full(5, -0.05), 0.5, 0.5, 0.5]
    lost = without_cause(side, position, np.full(11, mass), 0, OffScaleConfig())
    assert lost.tolist() == (side != 0).tolist() if not cause else not lost.any()


def test_a_stretch_off_scale_goes_on_in_the_next_block() -> None:
    side = np.array([-1, -1, 0, 0], np.int32)
    frac, mass = np.array([-0.05, -0.05, 0.5, 0.5]), np.ones(4)
    assert not without_cause(side, frac, mass, -1, OffScaleConfig()).any()
    assert without_cause(side, frac, mass, 0, OffScaleConfig()).tolist() == [
        True,
        True,
        False,
        False,
    ]


def test_curves_without_ink_stay_where_they_were() -> None:
    out, seen = follow_together(
        np.zeros((1, 20, 50), np.float32),
        np.zeros(2, np.int64),
        np.zeros((20, 50), np.float32),
        0.0,
        np.array([10.0, np.nan]),
        np.zeros(2),
    )
    assert (out[0] == 10.0).all()
    assert np.isfinite(out).all()
    assert not seen.any()


def test_a_path_goes_over_a_border_where_it_moves_by_more_than_half_a_track() -> None:
    found = np.array([[90.0, 98, 2, 7, 50, 95, 60], [10, 20, 90, 90, 10, 10, 10]])
    seen = np.ones(found.shape, bool)
    seen[0, 4] = False
    over = _over_borders(found, seen, np.array([100.0, 0.0]))
    assert np.flatnonzero(over[0]).tolist() == [2, 5]
    assert not over[1].any()


def test_wraps_follow_the_ink_over_the_border_and_come_home() -> None:
    ink = np.zeros((60, 120), np.uint8)
    folded = np.full(60, 90.0)
    folded[30:] = 30.0
    ink[30, 90:] = 255
    ink[30, :31] = 255  # the stroke leaves to the right and comes in from the left
    crossing = crossing_costs(strokes_across(ink), JointCosts())
    table = np.array([10.0, 100.0, 1.0, 0.001, 9.0])
    wrap = unfold(folded, np.ones(60, bool), crossing, table, np.nan)
    assert (wrap[:30] == 0).all()
    assert (wrap[30:] == 1).all()


def test_a_sideways_move_costs_a_lone_curve_what_it_costs_several() -> None:
    costs = JointCosts(along=0.01, across=0.5)
    ink = np.array([[0, 128, 255, 0]], np.uint8)
    steps = np.diff(crossing_costs(ink, costs)[0], prepend=0)
    assert np.allclose(steps, move_costs(costs)[ink[0]], atol=1e-6)
