"""The beam search on peaks that are handed to it: which curve takes which, and when it is missing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from veernet_core.curve.tracking.beam import search
from veernet_core.curve.tracking.costs import JointCosts
from veernet_core.curve.tracking.peaks import MAX_PEAKS
from veernet_core.datatypes import F64

COLS = 200
COSTS = JointCosts()
TABLE = np.array(
    [
        COSTS.turn,
        COSTS.most_turn,
        COSTS.jump,
        COSTS.unexplained,
        COSTS.sharing,
        COSTS.lost,
        COSTS.missing,
    ]
)
BLANK = COSTS.along + COSTS.across


def run(
    rows: list[list[tuple[float, float]]],
    start: list[float],
    period: float = 0.0,
    left: float = 10.0,
    style_cost: dict[tuple[int, int, int], float] | None = None,
) -> F64:
    """Search rows of peaks ``(column, mass)`` on blank paper; ``style_cost`` by curve, row and peak."""
    column = np.zeros((len(rows), MAX_PEAKS), np.float32)
    mass = np.zeros((len(rows), MAX_PEAKS), np.float32)
    count = np.array([len(peaks) for peaks in rows], np.int32)
    for r, peaks in enumerate(rows):
        for j, (at, much) in enumerate(peaks):
            column[r, j], mass[r, j] = at, much
    cost = np.zeros((len(start), len(rows), MAX_PEAKS))
    for place, value in (style_cost or {}).items():
        cost[place] = value
    crossing = np.tile(np.cumsum(np.full(COLS, BLANK, np.float32)), (len(rows), 1))
    return search(
        column, mass, cost, count, crossing, left, np.array(start),
        np.full(len(start), period), TABLE, COSTS.beam, 6,
    )  # fmt: skip


def rows_of(paths: F64) -> list[list[tuple[float, float]]]:
    """Peaks of mass 1 at the columns of paths; paths that touch share a peak of mass 2, NaN leaves none."""
    out = []
    for columns in paths.T:
        there = np.sort(columns[np.isfinite(columns)])
        peaks: list[tuple[float, float]] = []
        for at in there:
            if peaks and at - peaks[-1][0] < 3:
                peaks[-1] = ((peaks[-1][0] + at) / 2, peaks[-1][1] + 1.0)
            else:
                peaks.append((float(at), 1.0))
        out.append(peaks)
    return out


def test_one_curve_takes_the_only_peak_of_every_row() -> None:
    path = 100 + 40 * np.sin(np.arange(120) / 9)
    np.testing.assert_allclose(run(rows_of(path[None]), [100.0])[0], path, atol=1e-4)


@pytest.mark.parametrize("slope", [0.4, 1.0, 2.0])
def test_curves_that_cross_go_on_as_they_were_heading(slope: float) -> None:
    row = np.arange(61)
    truth = np.stack([100 + slope * (row - 30), 100 - slope * (row - 30)])
    for order in ([0, 1], [1, 0]):
        found = run(rows_of(truth), truth[order, 0].tolist())
        np.testing.assert_allclose(found, truth[order], atol=1.6)


def test_a_curve_without_ink_is_missing_until_its_ink_comes_back() -> None:
    truth = np.stack([np.full(60, 60.0), np.full(60, 140.0)])
    truth[1, 20:35] = np.nan
    found = run(rows_of(truth), [60.0, 140.0])
    np.testing.assert_array_equal(np.isnan(found), np.isnan(truth))
    np.testing.assert_allclose(found[np.isfinite(truth)], truth[np.isfinite(truth)])


def test_a_lone_peak_of_another_curve_is_not_taken_for_a_single_row() -> None:
    truth = np.full((1, 40), 60.0)
    rows = rows_of(truth)
    rows[20] = [(60.0, 1.0), (150.0, 0.1)]
    np.testing.assert_allclose(run(rows, [60.0]), truth)


def test_two_curves_share_a_peak_that_has_ink_for_two() -> None:
    rows = [[(100.0, 2.0)]] * 30
    assert (run(rows, [100.0, 100.0]) == 100.0).all()


def test_a_peak_that_has_ink_for_one_is_shared_by_no_two_for_long() -> None:
    found = run([[(100.0, 1.0)]] * 60, [100.0, 100.0])
    assert (np.isfinite(found).sum(axis=0)[5:] == 1).all()


def test_the_style_decides_between_two_peaks_that_lie_alike() -> None:
    rows = [[(90.0, 1.0), (110.0, 1.0)]] * 20
    dear = {(0, r, 0): 6.0 for r in range(20)} | {(1, r, 1): 6.0 for r in range(20)}
    found = run(rows, [100.0, 100.0], style_cost=dear)
    assert (found[0] == 110.0).all()
    assert (found[1] == 90.0).all()


@pytest.mark.parametrize(("period", "taken"), [(100.0, 14.0), (0.0, 98.0)])
def test_only_a_curve_that_wraps_goes_on_at_the_other_border(period: float, taken: float) -> None:
    """It walks right at 3 px a row towards the border at 110; ink goes on at 14, and some lies at 98."""
    rows = [[(80.0 + 3 * r, 1.0)] for r in range(10)] + [[(14.0, 1.0), (98.0, 1.0)]]
    assert run(rows, [80.0], period)[0, -1] == taken


def test_a_way_around_the_border_is_the_mirror_image_of_the_way_back() -> None:
    right = [[(80.0 + 3 * r, 1.0)] for r in range(10)] + [[(14.0, 1.0), (98.0, 1.0)]]
    left = [[(120.0 - at, m) for at, m in reversed(peaks)] for peaks in right]
    np.testing.assert_allclose(run(left, [40.0], 100.0), 120.0 - run(right, [80.0], 100.0))


@pytest.mark.parametrize("seed", range(4))
def test_moving_or_mirroring_the_page_moves_or_mirrors_the_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.array([[60.0], [90.0], [130.0]]) + np.cumsum(rng.normal(0, 1.5, (3, 80)), axis=1)
    truth[rng.random((3, 80)) < 0.05] = np.nan
    rows, start = rows_of(truth), [60.0, 90.0, 130.0]
    found = run(rows, start)
    moved = run([[(at + 12, m) for at, m in peaks] for peaks in rows], [at + 12 for at in start])
    mirrored = run(
        [[(199 - at, m) for at, m in reversed(peaks)] for peaks in rows], [199 - at for at in start]
    )
    np.testing.assert_allclose(moved, found + 12, atol=1e-4)
    np.testing.assert_allclose(mirrored, 199 - found, atol=1e-4)


def test_the_order_in_which_curves_are_given_does_not_matter() -> None:
    row = np.arange(60.0)
    truth = np.stack([60 + 0.3 * row, 100 + 5 * np.sin(row / 5), 150 - 0.2 * row])
    rows, start = rows_of(truth), truth[:, 0]
    for order in itertools.permutations(range(3)):
        picked = list(order)
        np.testing.assert_allclose(run(rows, start[picked].tolist()), truth[picked], atol=1e-4)


def test_a_curve_of_which_nothing_is_known_begins_at_its_ink() -> None:
    found = run([[(77.0, 1.0)]] * 5, [float("nan")])
    assert (found == 77.0).all()


def test_a_track_without_ink_leaves_every_curve_missing() -> None:
    assert np.isnan(run([[]] * 8, [50.0, 90.0])).all()
