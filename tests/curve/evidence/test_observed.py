"""Rows that count as observed: never on the grid, on another curve's ink or where the curve is gone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.curve.evidence.observed import (
    drop_isolated,
    drop_short_runs,
    grid_rows,
    intrusion_rows,
    observed_rows,
    without_unjudged_lines,
)
from veernet_core.datatypes import EVIDENCE, Trace

F64 = NDArray[np.float64]
NOWHERE = np.zeros(700, bool)
ROWS, COLS = 700, 300
ROW = np.arange(ROWS)
GONE = slice(300, 420)


def inked(paths: list[F64], width: int = 1) -> NDArray[np.uint8]:
    ink = np.zeros((ROWS, COLS), np.uint8)
    for path in paths:
        for r, x in enumerate(np.rint(path).astype(int)):
            ink[r, x : x + width] = 255
    return ink


def flat(value: float) -> F64:
    return np.full(ROWS, value)


def wave() -> F64:
    return 180 + 60 * np.sin(ROW / 15)


def seen_of(
    ink: NDArray[np.uint8],
    paths: list[F64],
    which: int,
    masses: list[F64],
    support: list[F64] | None = None,
) -> NDArray[np.bool_]:
    """Observed rows of paths of different styles, all of whose ways are inked unless said otherwise."""
    inked_ways = [flat(1.0) for _ in paths] if support is None else support
    return observed_rows(ink, paths, which, [], masses, inked_ways)


def test_a_run_ends_where_its_own_ink_ends() -> None:
    mass = flat(0.9)
    mass[GONE] = 0.0
    seen = seen_of(inked([wave()]), [wave()], 0, [mass])
    assert (seen == (mass > 0)).all()


def test_a_path_on_a_line_that_goes_on_without_it_rides_the_grid() -> None:
    line, path = flat(100), wave()
    path[GONE] = 100
    ink = inked([line, wave()])
    assert grid_rows(ink, [path], 0, flat(0.6), NOWHERE)[GONE].all()
    assert not grid_rows(ink, [path], 0, flat(0.6), NOWHERE)[:280].any()


@pytest.mark.parametrize("broken", [1, 2, 3])
def test_a_broken_line_is_a_line_too(broken: int) -> None:
    path = wave()
    path[GONE] = 100
    ink = inked([wave()])
    ink[::broken, 100] = 255
    assert grid_rows(ink, [path], 0, flat(0.6), NOWHERE)[GONE].all()


def test_a_flat_stretch_off_the_grid_is_the_curve() -> None:
    path = wave()
    path[GONE] = 100
    assert not grid_rows(inked([path]), [path], 0, flat(0.6), NOWHERE).any()


def test_a_thick_curve_on_a_thin_line_is_the_curve() -> None:
    path = wave()
    path[GONE] = 100
    ink = inked([flat(100)]) | inked([path], width=3)
    assert not grid_rows(ink, [path], 0, flat(0.6), NOWHERE)[GONE].any()


def test_a_sure_path_is_the_curve_wherever_it_runs() -> None:
    path = wave()
    path[GONE] = 100
    assert not grid_rows(inked([flat(100), wave()]), [path], 0, flat(0.97), NOWHERE).any()


@pytest.mark.parametrize("begins", [True, False])
def test_a_path_that_waits_on_a_heavy_line_until_its_curve_begins_or_after_it_ended_is_not(
    begins: bool,
) -> None:
    """However sure the network is: the line goes on, and no ink leads from it to the curve."""
    path, gone = wave(), slice(0, 420) if begins else slice(300, ROWS)
    path[gone] = 100
    ink = inked([flat(100)], width=5)
    ink[:, 120:] |= inked([wave()])[:, 120:] * (path != 100)[:, None]
    support = flat(1.0)
    support[(gone.stop if begins else gone.start) - 2 :][:5] = 0.1
    seen = seen_of(ink, [path], 0, [flat(0.98)], [support])
    assert not seen[gone].any()
    assert seen[path != 100].mean() > 0.95


def test_a_line_that_fills_a_block_is_known_by_the_block_in_which_it_is_left() -> None:
    on_line, curve = np.full(300, 0.5), np.full(300, 0.2)
    none, full = np.zeros(300, bool), np.ones(300, bool)

    def block(frac: F64, seen: NDArray[np.bool_]) -> Trace:
        return Trace(frac, np.ones((300, len(EVIDENCE))), seen, np.arange(300.0))

    half = block(np.r_[on_line[:150], curve[:150]], np.r_[none[:150], full[:150]])
    before = [block(on_line, full), block(on_line, full), half]
    assert [t.observed.sum() for t in without_unjudged_lines(before, 500)] == [0, 0, 150]
    turned = [block(t.frac[::-1], t.observed[::-1]) for t in before[::-1]]
    assert [t.observed.sum() for t in without_unjudged_lines(turned, 500)] == [150, 0, 0]
    dashed = block(on_line, np.r_[none[:20], full[:280]])
    flat_curve = [block(on_line, full), dashed]
    assert [t.observed.sum() for t in without_unjudged_lines(flat_curve, 500)] == [300, 280]


def test_a_curve_that_leaps_onto_another_of_its_style_is_missing() -> None:
    other, path = flat(200), flat(60)
    path[GONE] = 200
    assert intrusion_rows(path, [other])[GONE].all()
    assert intrusion_rows(path, [other]).sum() == GONE.stop - GONE.start
    assert not intrusion_rows(other, [path]).any()


def test_curves_that_run_together_for_long_are_both_there() -> None:
    other = flat(200)
    path = 200 + np.maximum(0, np.abs(ROW - 360) - 60.0)
    assert not intrusion_rows(path, [other]).any()
    assert not intrusion_rows(other, [path]).any()


def test_a_steep_curve_that_crosses_another_of_its_style_is_there() -> None:
    path = np.clip((ROW - 350) * 20.0 + 200, 20, 280)
    assert not intrusion_rows(path, [flat(200)]).any()


def test_short_runs_are_dropped_but_not_at_the_ends() -> None:
    observed = np.zeros(50, bool)
    observed[:3] = observed[20:24] = observed[30:40] = observed[48:] = True
    kept = drop_short_runs(observed, 6)
    assert kept[[0, 2, 30, 39, 48, 49]].all()
    assert not kept[20:24].any()


def test_a_path_on_the_ink_of_another_style_is_not_observed() -> None:
    solid, backup = wave(), flat(60)
    backup[GONE] = solid[GONE]
    masses = [flat(0.9), flat(0.9)]
    masses[1][GONE] = 0.5
    ink = inked([solid, flat(60)])
    seen = seen_of(ink, [solid, backup], 1, masses)
    assert not seen[310:410].any()
    assert seen_of(ink, [solid, backup], 0, masses).all()


def test_curves_of_two_styles_that_run_together_are_both_there() -> None:
    masses = [flat(0.9), flat(0.85)]
    for which in (0, 1):
        assert seen_of(inked([wave()]), [wave(), wave()], which, masses).all()


def test_a_short_stay_on_another_curve_s_ink_is_not_observed_where_the_path_leapt_there() -> None:
    """Off its scale a curve leaves no ink, and its path goes where there is some."""
    other, own = flat(60.0), flat(200.0)
    own[300:312] = 60.0
    masses = [flat(0.5), flat(0.9)]
    seen = seen_of(inked([own, other]), [own, other], 0, masses)
    assert not seen[300:312].any()
    assert seen[:290].all()
    assert seen[320:].all()


def test_a_crossing_without_a_leap_stays_observed() -> None:
    other, own = flat(100.0), 60 + 80 * ROW / ROWS
    masses = [flat(0.5), flat(0.9)]
    seen = seen_of(inked([own, other]), [own, other], 0, masses)
    assert seen[:300].all()
    assert seen[400:].all()


def test_a_letter_far_from_the_curve_on_both_sides_is_not_the_curve() -> None:
    frac, seen = flat(0.4), np.ones(ROWS, bool)
    seen[290:340] = False
    seen[308:322] = True
    frac[300:330] = 0.7
    kept = drop_isolated(seen, frac)
    assert not kept[290:340].any()
    assert kept[:290].all()
    assert kept[340:].all()


@pytest.mark.parametrize(("to", "rows"), [(0.45, 14), (0.7, 30)])
def test_a_piece_near_its_neighbours_or_a_longer_one_is(to: float, rows: int) -> None:
    frac, seen = flat(0.4), np.ones(ROWS, bool)
    seen[290:350] = False
    seen[305 : 305 + rows] = True
    frac[290:350] = to
    assert drop_isolated(seen, frac)[305 : 305 + rows].all()


def test_a_last_piece_is_judged_by_the_only_neighbour_it_has() -> None:
    frac, seen = flat(0.4), np.zeros(ROWS, bool)
    seen[:300] = seen[500:515] = True
    frac[400:] = 0.9
    kept = drop_isolated(seen, frac)
    assert kept[:300].all()
    assert not kept[500:].any()


def under_another() -> tuple[F64, F64]:
    """A curve that walks onto another one, runs under it, and walks off again."""
    return 200 + np.maximum(0, np.abs(ROW - 360) - 60.0).clip(max=60), flat(200.0)


def test_a_curve_that_walks_under_another_and_out_again_is_there() -> None:
    own, other = under_another()
    masses = [np.where(np.abs(own - other) < 3, 0.5, 0.9), flat(0.95)]
    assert seen_of(inked([own, other]), [own, other], 0, masses).all()


@pytest.mark.parametrize(("mass_under", "mass_beside"), [(0.3, 0.9), (0.5, 0.3)])
def test_one_with_little_ink_under_the_other_or_beside_it_is_not(
    mass_under: float, mass_beside: float
) -> None:
    own, other = under_another()
    masses = [np.where(np.abs(own - other) < 3, mass_under, mass_beside), flat(0.95)]
    assert not seen_of(inked([own, other]), [own, other], 0, masses)[305:415].any()


def leapt(rows: slice) -> tuple[list[F64], list[F64], list[F64]]:
    """Two curves, the second of which leaps over blank paper onto the first, and has more mass there."""
    other, own = 120 + (ROW % 200) * 0.4, flat(260.0)
    own[rows] = other[rows]
    support = [flat(1.0), flat(1.0)]
    for row in (rows.start, rows.stop):
        support[1][row - 2 : row + 3] = 0.2
    return [other, own], [flat(0.5), flat(0.9)], support


def test_a_path_that_leaps_over_blank_paper_onto_another_has_borrowed_ink_whatever_its_mass() -> (
    None
):
    paths, masses, support = leapt(slice(300, 340))
    ink = inked([paths[0], flat(260.0)])
    borrower = seen_of(ink, paths, 1, masses, support)
    assert not borrower[302:338].any()
    assert borrower[:297].all()
    assert borrower[345:].all()
    assert seen_of(ink, paths, 0, masses, support).all()


def test_one_that_comes_there_along_ink_or_stays_for_long_has_ink_of_its_own() -> None:
    for rows, inked_way in ((slice(300, 340), True), (slice(300, 400), False)):
        paths, masses, support = leapt(rows)
        ways = None if inked_way else support
        seen = seen_of(inked([paths[0], flat(260.0)]), paths, 1, masses, ways)
        assert seen[rows.start + 5 : rows.stop - 5].all()


def isolated_run(own_rows: int = 0) -> NDArray[np.bool_]:
    """A curve of the other's style that is lost, comes up on its ink from row 300 to 340 and is lost again;
    ``own_rows`` of that piece are its own.
    """
    other, path = wave(), flat(60.0)
    path[200:440] = other[200:440] + 8
    path[300 + own_rows : 340] = other[300 + own_rows : 340]
    mass = flat(0.9)
    mass[200:300] = mass[340:440] = 0.0
    ink = inked([other, path])
    return observed_rows(ink, [other, path], 1, [0], [flat(0.9), mass], [flat(1.0)] * 2)


def test_a_piece_between_gaps_on_the_ink_of_another_of_its_style_is_not_the_curve() -> None:
    seen = isolated_run()
    assert seen[:200].all()
    assert seen[440:].all()
    assert not seen[200:440].any()


def test_a_piece_that_has_ink_of_its_own_too_is_the_curve() -> None:
    assert isolated_run(own_rows=12)[300:340].all()
