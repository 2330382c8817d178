"""Printed depth lines against a stated depth axis: true axes pass, wrong ones show."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import F64, DepthUnit, Strip
from veernet_core.strips.depth_check import LineFit, axis_residual, fit_lines, line_share

ROWS_PER_UNIT = 8.0


def paper(rows: int, every: dict[float, float], seed: int = 0) -> tuple[F64, F64]:
    """Depth and inked share of rows with lines of given lengths at given multiples, and a curve."""
    rng = np.random.default_rng(seed)
    depth = 1234.3 + np.arange(rows) / ROWS_PER_UNIT
    share = rng.uniform(0.0, 0.12, rows)
    for spacing, length in every.items():
        off = np.abs((depth + spacing / 2) % spacing - spacing / 2)
        share = np.maximum(share, length * (off < 0.7 / ROWS_PER_UNIT) * rng.uniform(0.6, 1, rows))
    return depth, share


@pytest.mark.parametrize("unit", ["ft", "m"])
def test_a_true_axis_keeps_to_the_lines(unit: DepthUnit) -> None:
    depth, share = paper(4000, {2: 0.4, 10: 0.8, 50: 1.0})
    assert fit_lines(depth, share, unit).scatter < 0.6


@pytest.mark.parametrize("wrong", ["shifted", "tilted", "stretched"])
def test_a_wrong_axis_is_found_out(wrong: str) -> None:
    depth, share = paper(4000, {2: 0.4, 10: 0.8, 50: 1.0})
    along = np.linspace(-1, 1, len(depth))
    said = {
        "shifted": depth + 3,
        "tilted": depth + 2 * along,
        "stretched": depth[0] + 1.04 * (depth - depth[0]),
    }[wrong]
    assert fit_lines(said, share, "ft").scatter > 1.0


def test_a_tilt_shows_on_a_log_of_few_lines() -> None:
    depth, share = paper(840, {10: 0.9})
    assert fit_lines(depth, share, "ft").scatter < 0.6
    assert fit_lines(depth + 1.5 * np.linspace(-1, 1, len(depth)), share, "ft").scatter > 1.2


def test_a_crisp_grid_with_a_line_each_foot_is_seen() -> None:
    """Lines ten rows apart, all alike, as some plotters draw them at 1:240."""
    depth = 2450 + np.arange(5000) / 10
    share = np.where(np.arange(5000) % 10 == 0, 1.0, 0.06)
    share[np.arange(5000) % 10 == 1] = 0.5
    assert fit_lines(depth, share, "ft").scatter < 0.1
    tilted = depth + 2 * np.linspace(-1, 1, len(depth))
    assert fit_lines(tilted, share, "ft").scatter > 1.5
    assert np.isnan(fit_lines(depth, share, "ft").heavy)


@pytest.mark.parametrize("shift", [1.0, 2.0, 4.0])
def test_heavy_lines_give_an_axis_away_that_is_off_by_whole_lines(shift: float) -> None:
    depth, share = paper(4000, {1: 0.5, 10: 1.0})
    assert fit_lines(depth, share, "ft").heavy == 0
    told = fit_lines(depth + shift, share, "ft")
    assert told.heavy == shift
    assert told.scatter >= shift


def test_lines_drawn_alike_do_not_tell_whole_lines() -> None:
    depth, share = paper(4000, {2: 0.5})
    assert np.isnan(fit_lines(depth, share, "ft").heavy)
    assert np.isnan(fit_lines(depth + 2, share, "ft").heavy)


def test_the_clearest_track_speaks_for_a_section_and_heavy_lines_of_any() -> None:
    blind, plain = LineFit(float("nan"), 0.0), LineFit(0.2, 8.0)
    assert np.isnan(axis_residual([]))
    assert np.isnan(axis_residual([blind]))
    assert axis_residual([blind, plain, LineFit(0.9, 3.0)]) == 0.2
    assert axis_residual([plain, LineFit(2.0, 3.0, 2.0)]) == 2.0


def test_without_lines_nothing_is_said() -> None:
    depth, share = paper(4000, {})
    assert np.isnan(fit_lines(depth, share, "ft").scatter)
    assert np.isnan(fit_lines(depth[:2], share[:2], "ft").scatter)
    assert np.isnan(fit_lines(depth[:100], share[:100], "ft").scatter)  # too short for five lines
    odd, printed = paper(4000, {7.3: 0.9})  # lines of something else
    assert np.isnan(fit_lines(odd, printed, "ft").scatter)


def test_share_is_that_of_the_strips_own_rows_within_the_borders() -> None:
    ink = np.zeros((6, 50), np.uint8)
    ink[2], ink[3, :10], ink[0] = 255, 255, 255
    ink[4] = 51  # a grey line counts as far as it is dark
    strip = Strip(ink, 10.0, 40.0, np.arange(6.0), keep_rows=(1, 5))
    assert line_share(strip).tolist() == [0, 1, 0, 0.2]
