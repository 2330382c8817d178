"""Depth lines beyond the first and the last number, on profiles whose lines are known."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import F64
from veernet_core.page.depth.profile import LineProfile
from veernet_core.page.depth.ruler import Ruler
from veernet_core.page.depth.walk import beyond, extend_ruler

DPI, ROWS, STEP = 200.0, 3000, 10.0
PACE = 2.0  # px per foot
TOP = 1000.0


def row_of(depth: F64) -> F64:
    return 20.0 + PACE * (depth - TOP)


def profile(depths: F64, rows: F64 | None = None, coarse: float = 50.0) -> LineProfile:
    """Lines at depths, strongest at their centre, those of ``coarse`` wider and darker."""
    at = np.arange(ROWS, dtype=np.float64)
    strength = np.zeros(ROWS)
    for depth, row in zip(depths, row_of(depths) if rows is None else rows):
        weight, half = (1.0, 4.0) if depth % coarse == 0 else (0.6, 2.0)
        strength = np.maximum(strength, weight * np.clip(1 - np.abs(at - row) / half, 0, 1))
    return LineProfile(strength.astype(np.float32), 0)


def ruler(depths: F64, rows: F64 | None = None, seen: bool = True) -> Ruler:
    at = row_of(depths) if rows is None else rows
    return Ruler(STEP, 50.0, depths, at, np.full(len(depths), seen), 3.5, 0.9, 2.0)


LINES = np.arange(TOP, 2400.0, STEP)
INNER = np.arange(1500.0, 1701.0, STEP)


def test_a_ruler_goes_on_to_every_line_within_the_rows_and_keeps_its_own() -> None:
    out = extend_ruler(profile(LINES), ruler(INNER), (0.0, ROWS - 1.0), DPI)
    np.testing.assert_array_equal(out.depths, LINES)
    np.testing.assert_allclose(out.rows, row_of(LINES), atol=0.2)
    assert out.seen.all()
    assert (out.offset_px, out.contrast, out.lead) == (3.5, 0.9, 2.0)


def test_a_ruler_does_not_leave_the_rows_it_is_given() -> None:
    out = extend_ruler(profile(LINES), ruler(INNER), (499.0, 2001.0), DPI)
    assert row_of(out.depths[:1])[0] == pytest.approx(500.0, abs=0.1)
    assert row_of(out.depths[-1:])[0] == pytest.approx(2000.0, abs=0.1)


def test_a_walk_ends_at_the_last_line_that_is_seen() -> None:
    out = extend_ruler(profile(LINES[LINES <= 1900]), ruler(INNER), (0.0, ROWS - 1.0), DPI)
    assert (out.depths[0], out.depths[-1]) == (TOP, 1900.0)


@pytest.mark.parametrize(("missing", "last"), [(4, 2390.0), (9, 1800.0)])
def test_a_walk_crosses_a_short_gap_of_lines_and_no_long_one(missing: int, last: float) -> None:
    lost = np.arange(1810.0, 1810.0 + missing * STEP, STEP)
    out = extend_ruler(profile(np.setdiff1d(LINES, lost)), ruler(INNER), (0.0, ROWS - 1.0), DPI)
    assert out.depths[-1] == last
    unseen = out.depths[~out.seen]
    np.testing.assert_array_equal(unseen, lost if last > 2000 else [])
    np.testing.assert_allclose(out.rows, row_of(out.depths), atol=0.3)


def test_lines_on_paper_that_stretches_are_followed_where_they_lie() -> None:
    rows = row_of(LINES) + 30 * np.sin((LINES - TOP) / 250)
    inner = np.isin(LINES, INNER)
    out = extend_ruler(profile(LINES, rows), ruler(INNER, rows[inner]), (0.0, ROWS - 1.0), DPI)
    assert len(out.depths) > 120
    np.testing.assert_allclose(out.rows, rows[np.isin(LINES, out.depths)], atol=0.4)


def test_a_walk_ends_where_the_coarse_lines_are_no_longer_the_heaviest() -> None:
    """A splice that swallowed one line: beyond it every depth would be off by ten feet."""
    rows = row_of(LINES)
    printed = np.where(LINES > 1800, LINES + STEP, LINES)  # what the line at a place really is
    out = extend_ruler(profile(printed, rows), ruler(INNER), (0.0, ROWS - 1.0), DPI)
    assert 1700 <= out.depths[-1] <= 1800 + STEP
    assert out.depths[0] == TOP


def test_no_depth_is_negative_however_far_the_lines_go_on() -> None:
    depths = np.arange(-100.0, 400.0, STEP)
    rows = 300.0 + PACE * depths
    inner = (depths >= 150) & (depths <= 300)
    out = extend_ruler(
        profile(depths, rows), ruler(depths[inner], rows[inner]), (0.0, ROWS - 1.0), DPI
    )
    assert out.depths[0] == 0.0


def test_a_ruler_without_lines_beyond_it_is_returned_as_it_is() -> None:
    own = ruler(INNER)
    assert extend_ruler(profile(INNER), own, (0.0, ROWS - 1.0), DPI) is own


def test_a_second_ruler_that_agrees_adds_its_lines_beyond_the_ends() -> None:
    out = beyond(ruler(INNER), ruler(np.arange(1400.0, 1901.0, STEP)))
    np.testing.assert_array_equal(out.depths, np.arange(1400.0, 1901.0, STEP))
    np.testing.assert_allclose(out.rows, row_of(out.depths))


def test_a_second_ruler_off_by_more_than_a_line_or_with_few_lines_in_common_adds_nothing() -> None:
    own, wide = ruler(INNER), np.arange(1400.0, 1901.0, STEP)
    assert beyond(own, ruler(wide, row_of(wide) + 5.0)) is own
    assert beyond(own, ruler(np.arange(1690.0, 1901.0, STEP))) is own
    assert beyond(own, ruler(wide, seen=False)) is own
