"""Which of many fine lines a number names, on lines drawn where they are known to be."""

from __future__ import annotations

import numpy as np
import pytest
from text_support import as_raster

from veernet_core.datatypes import Dpi
from veernet_core.page.depth.profile import LineProfile, line_profile
from veernet_core.page.depth.ruler import Labels, fit_ruler
from veernet_core.page.results import TrackFound

DPI = Dpi(192.0, 192.0)
COLUMN = TrackFound(np.array([[0.0, 300.0]]), np.array([[0.0, 450.0]]), "depth")
FIRST, SPACE, COUNT = 40, 10, 300


def fine_lines(left_px: int = 0) -> LineProfile:
    """Lines of two rows every ten, none heavier than another, those on the left ``left_px`` lower."""
    image = np.zeros((FIRST + SPACE * COUNT + 60, 900), dtype=np.uint8)
    for row in range(FIRST, FIRST + SPACE * COUNT + 1, SPACE):
        image[row + left_px : row + left_px + 2, :300] = 255
        image[row : row + 2, 450:] = 255
    # A curve that crosses the left window makes a lag of a whole space fit a little better.
    image[::3, 250:254] = 255
    return line_profile(as_raster(image), COLUMN, (0, image.shape[0] - 1), DPI)


@pytest.mark.parametrize("left_px", [0, 2])
def test_lines_as_near_as_the_search_reaches_are_not_moved_by_half_a_space(left_px: int) -> None:
    profile = fine_lines(left_px)
    lines = FIRST + left_px / 2 + 0.5 + SPACE * np.arange(5, COUNT - 5)
    assert profile.at(lines).min() > 0.5
    assert profile.at(lines + SPACE / 2).max() < 0.2


@pytest.mark.parametrize("printed_px", [0.0, -2.0, 3.0])
def test_of_lines_alike_the_numbers_name_the_nearest(printed_px: float) -> None:
    depths = 2000.0 + 100 * np.arange(3)
    strays = np.array([-1.0, 1.0, 0.0])
    rows = FIRST + 0.5 + 100.0 * SPACE * np.arange(3) + printed_px + strays

    def row_at(wanted):  # type: ignore[no-untyped-def]
        return np.interp(wanted, depths, rows)

    ruler = fit_ruler(
        fine_lines(), row_at, (2000.0, 2200.0), ((10.0, 50.0),), Labels(depths, 1.0, 38.0), DPI.down
    )
    assert ruler is not None
    truth = FIRST + 0.5 + SPACE * (ruler.depths - 2000.0)
    assert np.abs(ruler.rows - truth).max() < 0.5
    assert ruler.offset_px == pytest.approx(printed_px, abs=1.5)
    assert 0 < ruler.lead < 1


def test_a_side_that_shows_other_things_than_lines_moves_none() -> None:
    """Symbols of lithology across the column moved the axis of two mud logs by up to half a foot."""
    image = np.zeros((FIRST + SPACE * COUNT + 60, 900), dtype=np.uint8)
    lines = np.arange(FIRST, FIRST + SPACE * COUNT + 1, 5 * SPACE)
    for row in lines:
        image[row : row + 2, 450:] = 255
    rng = np.random.default_rng(1)
    for row in rng.integers(0, len(image) - 20, 400):  # symbols that stand 8 rows below each other
        col = int(rng.integers(235, 290))
        image[row : row + 3, col : col + 8] = 255
    for row in lines[::4] + 8:
        image[row : row + 2, 240:252] = 255
    profile = line_profile(as_raster(image), COLUMN, (0, image.shape[0] - 1), DPI)
    near = profile.at(lines[3:-3] + 0.5)
    assert near.mean() > 2 * profile.at(lines[3:-3] + 4.5).mean()
