"""Peaks of each row's density: where the ink is, how much of it, and of which line style."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.tracking.peaks import MAX_PEAKS, find_peaks

COLS = 400


def bump(column: float, mass: float = 1.0, sigma: float = 1.5) -> np.ndarray:
    """A Gaussian of some mass around a column, float32 [COLS]."""
    x = np.arange(COLS)
    shape = np.exp(-0.5 * ((x - column) / sigma) ** 2)
    return np.asarray(mass * shape / shape.sum(), np.float32)


def peaks(*by_style: np.ndarray, least: float = 0.05) -> tuple[np.ndarray, ...]:
    """Peaks of one row whose densities are given by style."""
    styles = np.stack(by_style)[:, None]
    return find_peaks(styles.sum(axis=0), styles, least)


@pytest.mark.parametrize("column", [60.0, 120.3, 200.5, 380.75])
def test_a_peak_lies_where_the_ink_is_to_a_fraction_of_a_pixel(column: float) -> None:
    at, mass, _, count = peaks(bump(column))
    assert count.tolist() == [1]
    assert at[0, 0] == pytest.approx(column, abs=0.05)
    assert mass[0, 0] == pytest.approx(1.0, abs=0.02)


def test_ink_is_split_over_the_styles_that_drew_it() -> None:
    solid, dashed = bump(100) + bump(300, 0.25), bump(300, 0.75)
    at, mass, share, count = peaks(solid, dashed)
    assert count[0] == 2
    order = np.argsort(at[0, :2])
    assert at[0, :2][order] == pytest.approx([100, 300], abs=0.1)
    assert mass[0, :2][order] == pytest.approx([1, 1], abs=0.02)
    assert share[0, :2][order] == pytest.approx(np.array([[1, 0], [0.25, 0.75]]), abs=0.02)


def test_strokes_side_by_side_are_two_peaks_and_the_valley_between_them_counts_for_both() -> None:
    for apart, most in ((7, 2.1), (10, 2.01), (20, 2.001)):
        row = bump(200) + bump(200 + apart)
        at, mass, _, count = peaks(row)
        assert count[0] == 2
        assert sorted(at[0, :2]) == pytest.approx([200, 200 + apart], abs=0.2)
        assert 1.95 < mass[0].sum() <= most


def test_specks_below_the_least_mass_are_none() -> None:
    row = bump(100) + bump(250, 0.04)
    assert peaks(row, least=0.05)[3].tolist() == [1]
    assert peaks(row, least=0.03)[3].tolist() == [2]


def test_of_too_many_peaks_the_largest_are_kept() -> None:
    masses = np.linspace(0.2, 1.0, MAX_PEAKS + 3)
    row = sum(bump(20.0 + 30 * k, float(m)) for k, m in enumerate(masses))
    at, mass, _, count = peaks(np.asarray(row, np.float32))
    assert count[0] == MAX_PEAKS
    assert sorted(mass[0]) == pytest.approx(masses[3:], abs=0.02)
    assert at[0].min() > 20.0 + 30 * 2


def test_rows_are_judged_alone() -> None:
    rows = np.stack([bump(50), np.zeros(COLS, np.float32), bump(350)])
    at, _, _, count = find_peaks(rows, rows[None], 0.05)
    assert count.tolist() == [1, 0, 1]
    assert at[[0, 2], 0] == pytest.approx([50, 350], abs=0.05)
