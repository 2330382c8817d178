"""Which rows and which print make the block of a section's scales."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from veernet_core.datatypes import Dpi, Raster
from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.reading import ABOVE_IN, HIGHEST_IN, block_of, block_rows

DPI = Dpi(100.0, 100.0)
TOP, BOTTOM, COLS = 2000, 3000, 800
BORDERS = (50, 250, 450, 700)


def raster(box_top: int, borders: tuple[int, ...] = BORDERS) -> Raster:
    ink = np.zeros((BOTTOM, COLS), dtype=np.uint8)
    for col in borders:
        ink[box_top:, col : col + 2] = 255
    return Raster(
        *ink.shape, False, None, lambda a, b: ink[a:b], lambda a, b: 255 - ink[a:b, :, None], lambda: ()
    )  # fmt: skip


def section() -> SectionFound:
    tracks = tuple(
        TrackFound(np.array([[TOP, a]]), np.array([[TOP, b]]), "curves", confidence=1.0)
        for a, b in itertools.pairwise(BORDERS)
    )
    return SectionFound("main", "main", TOP, BOTTOM, tracks, np.zeros((0, 2)), 1.0)


USUAL = TOP - round(ABOVE_IN * DPI.down)


@pytest.mark.parametrize("box_top", [USUAL, USUAL + 300])
def test_boxes_that_end_before_change_nothing(box_top: int) -> None:
    assert block_rows(raster(box_top), section(), 0.0, DPI)[0] == USUAL


def test_boxes_are_followed_to_their_top() -> None:
    row0, row1 = block_rows(raster(1120), section(), 0.0, DPI)
    assert 1070 <= row0 <= 1170
    assert row1 > TOP


def test_boxes_are_followed_no_farther_than_forms_reach() -> None:
    row0 = block_rows(raster(0), section(), 0.0, DPI)[0]
    assert row0 >= TOP - (HIGHEST_IN + 0.5) * DPI.down


def test_the_section_above_is_left_alone() -> None:
    assert block_rows(raster(0), section(), 1200.0, DPI)[0] >= 1200


def test_one_line_beside_many_borders_is_no_box() -> None:
    assert block_rows(raster(0, borders=(250, 900)[:1]), section(), 0.0, DPI)[0] == USUAL


def test_a_border_read_as_a_stroke_is_no_number() -> None:
    """A nought stands a letter's width beside the border, and the border was read as a 1."""
    numbers = {"1": 50.5, "0": 60.0, "150": 232.0}
    boxes = [TextBox(text, 0.9, 1950.0, col, 12.0, 6.0) for text, col in numbers.items()]
    block = block_of(raster(0, ()), section(), boxes, (1800, TOP), DPI)
    assert [token.text for token in block.tokens] == ["0", "150"]
    beside = [TextBox("1", 0.9, 1950.0, 56.0, 12.0, 6.0), boxes[2]]
    block = block_of(raster(0, ()), section(), beside, (1800, TOP), DPI)
    assert [token.text for token in block.tokens] == ["1", "150"]
