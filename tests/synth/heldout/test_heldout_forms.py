"""What is printed beside held-out curves: grids stand at their fractions, notes lie in the strip."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec
from veernet_core.synth.heldout.data import Frame
from veernet_core.synth.heldout.forms import draw_grid, draw_print, grid_fractions, smooth_field

LINEAR = CurveSpec("GR", "GAPI", 0, 150)
LOG = CurveSpec("ILD", "OHMM", 0.2, 2000, "log")


def frame(rows: int = 600, cols: int = 300, rows_per_ft: float = 2.0) -> Frame:
    depth = 1000 + np.arange(rows) / rows_per_ft
    return Frame(rows, cols, 30.0, 240.0, np.zeros(rows), depth, rows_per_ft)


def test_a_linear_track_has_ten_divisions_with_heavy_ends_and_middle() -> None:
    lines = grid_fractions(LINEAR, 10)
    assert [f for f, _ in lines] == pytest.approx(np.linspace(0, 1, 11))
    assert [w for _, w in lines] == [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2]


def test_a_double_track_is_heavy_at_every_fifth_line() -> None:
    lines = grid_fractions(LINEAR, 20)
    assert [round(f * 20) for f, w in lines if w == 2] == [0, 5, 10, 15, 20]


def test_a_logarithmic_grid_has_its_decades_heavy_and_fives_middle() -> None:
    lines = dict(grid_fractions(LOG, 10))
    decades = [np.log10(v / 0.2) / 4 for v in (1, 10, 100, 1000)]
    heavy = sorted(f for f, w in lines.items() if w == 2)
    assert heavy == pytest.approx([0.0, *decades, 1.0])
    middle = sorted(f for f, w in lines.items() if w == 1)
    assert middle == pytest.approx([np.log10(v / 0.2) / 4 for v in (0.5, 5, 50, 500)])
    assert len(lines) == 2 + 36 - 1


def test_a_logarithmic_grid_that_falls_is_the_mirror_of_one_that_rises() -> None:
    falling = CurveSpec("ILD", "OHMM", 2000, 0.2, "log")
    rising = sorted((1 - f, w) for f, w in grid_fractions(LOG, 10))
    for (a, weight), (b, other) in zip(sorted(grid_fractions(falling, 10)), rising, strict=True):
        assert a == pytest.approx(b)
        assert weight == other


def darkest_columns(ink: np.ndarray, count: int) -> list[int]:
    """Columns that are dark all the way down, darkest first."""
    return [int(c) for c in np.argsort(np.median(ink, axis=0), kind="stable")[::-1][:count]]


def test_heavy_lines_of_a_grid_are_inked_where_they_stand() -> None:
    found = 0
    for seed in range(8):
        ink = draw_grid(np.random.default_rng(seed), frame(), LINEAR, double=False)
        assert ink.shape == (600, 300)
        assert ink.dtype == np.float32
        assert ink.min() >= 0
        assert ink.max() <= 1
        middle = np.median(ink[:, 30 + 120 - 2 : 30 + 120 + 3], axis=0).max()
        between = np.median(ink[:, 30 + 12])
        found += int(middle > 0.4 and between < 0.2)
    assert found >= 6


def test_depth_lines_lie_at_round_depths() -> None:
    ink = draw_grid(np.random.default_rng(1), frame(), LINEAR, double=False)
    share = ink[:, 45:51].mean(axis=1)  # between two vertical lines
    for depth in (1050, 1100, 1150, 1200, 1250):
        row = int((depth - 1000) * 2)
        assert share[row - 1 : row + 2].max() > 0.25, depth
        assert share[row + 6 : row + 14].max() < 0.1, depth


def test_smooth_noise_has_unit_variance_and_features_of_its_size() -> None:
    rng = np.random.default_rng(0)
    fields = {size: smooth_field(rng, (400, 500), size) for size in (2.0, 30.0)}
    for field in fields.values():
        assert field.shape == (400, 500)
        assert field.std() == pytest.approx(1.0, abs=0.3)
    step = {size: float(np.abs(np.diff(f, axis=0)).mean()) for size, f in fields.items()}
    assert step[2.0] > 5 * step[30.0]


def test_a_field_of_one_row_has_the_shape_that_is_asked_for() -> None:
    assert smooth_field(np.random.default_rng(0), (1, 77), 60).shape == (1, 77)


def test_print_is_ink_between_nothing_and_all_and_the_same_for_a_seed() -> None:
    dark = []
    for seed in range(12):
        one, two = (draw_print(np.random.default_rng(seed), frame(2048)) for _ in range(2))
        np.testing.assert_array_equal(one, two)
        assert one.shape == (2048, 300)
        assert one.min() >= 0
        assert one.max() <= 1
        dark.append(float((one > 0.5).mean()))
    assert max(dark) > 0.002, "something is printed on some strips"
    assert max(dark) < 0.2, "and never covers them"
