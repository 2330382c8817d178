"""A legend that draws the pen beside its name gives the name the colour of the pen."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import TextBox
from veernet_core.page.scales.legend import with_legend_tints

RED = (220, 0, 0)


def name(text: str = "GAMMA", tint: str = BLACK) -> TextBox:
    return TextBox(text, 0.99, 130.0, 100.0, 20.0, 80.0, tint=tint)


def paper() -> U8:
    """Rows 100 to 160 of a page; print is drawn by its box alone."""
    return np.full((60, 400, 3), 255, dtype=np.uint8)


def with_line(first: int, last: int, colour: tuple[int, int, int] = RED, thick: int = 2) -> U8:
    rgb = paper()
    rgb[30 : 30 + thick, first:last] = colour
    return rgb


def test_a_name_takes_the_colour_of_the_line_behind_it() -> None:
    (found,) = with_legend_tints([name()], with_line(150, 220), 100)
    assert found.tint == "#dc0000"
    assert found.text == "GAMMA"


def test_a_dashed_line_counts_as_a_whole() -> None:
    rgb = paper()
    for first in range(150, 240, 20):
        rgb[30:32, first : first + 12] = RED
    assert with_legend_tints([name()], rgb, 100)[0].tint == "#dc0000"


@pytest.mark.parametrize(
    "rgb",
    [
        with_line(150, 220, (0, 0, 0)),
        with_line(150, 170),
        with_line(230, 300),
        with_line(150, 220, thick=12),
    ],
    ids=["black", "short", "far away", "thick as print"],
)
def test_what_is_no_coloured_line_changes_nothing(rgb: U8) -> None:
    assert with_legend_tints([name()], rgb, 100) == [name()]


def test_a_line_beyond_a_border_is_that_of_another_track() -> None:
    rgb = with_line(160, 230)
    rgb[:, 150:152] = 0
    assert with_legend_tints([name()], rgb, 100) == [name()]


def test_numbers_and_coloured_print_keep_their_colour() -> None:
    boxes = [name("150"), name(tint="#0000ff")]
    assert with_legend_tints(boxes, with_line(150, 220), 100) == boxes
