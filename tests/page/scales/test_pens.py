"""Each row of numbers gets the line that is drawn for it, in whichever way the form draws lines."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.pens import ScaleRow, bind_pens, level_lines

DPI, WIDTH, LEFT, RIGHT = 200.0, 900, 100, 800
SOLID, DASHED, DOTTED = (1, 0), (30, 20), (5, 10)


def line(ink: U8, row: int, pen: tuple[int, int], left: int = LEFT, right: int = RIGHT) -> None:
    """A level line of dashes and gaps of a pen, px."""
    on, off = pen
    for col in range(left, right, on + off):
        ink[row : row + 3, col : min(col + on, right)] = 255


def words(ink: U8, row: int, *places: tuple[int, int]) -> None:
    """Print 20 px tall: upright strokes."""
    for left, right in places:
        for col in range(left, right, 9):
            ink[row - 10 : row + 10, col : col + 3] = 255


def ink_of(image: U8) -> ScaleInk:
    return ScaleInk(image, 1000, 0.0, DPI, 1000.0 + len(image))


def numbers(ink: U8, row: int) -> None:
    words(ink, row, (LEFT + 8, LEFT + 30), (RIGHT - 50, RIGHT - 8))


def row_at(row: int, name: float) -> ScaleRow:
    return ScaleRow(1000.0 + row, 24.0, LEFT, RIGHT, 1000.0 + name)


def styles(rows: list[ScaleRow], image: U8) -> list[str | None]:
    return [pen and pen.style for pen in bind_pens(rows, ink_of(image))]


def test_lines_stand_under_names_that_are_on_the_row_of_the_numbers() -> None:
    """Two rows, each with its name between the numbers and its line below: the first line is the first
    row's, though it stands as near above the second.
    """
    image = np.zeros((260, WIDTH), np.uint8)
    for row, pen in ((60, SOLID), (124, DASHED)):
        numbers(image, row)
        words(image, row, (380, 500))
        line(image, row + 32, pen)
    assert styles([row_at(60, 60), row_at(124, 124)], image) == ["solid", "dashed"]


def test_lines_stand_between_a_name_and_its_numbers_in_boxes() -> None:
    """Name, line, numbers, and the frame of the box below: the frame is no pen."""
    image = np.zeros((460, WIDTH), np.uint8)
    for top, pen in ((40, DASHED), (240, DOTTED)):
        words(image, top, (380, 500))
        line(image, top + 30, pen)
        numbers(image, top + 66)
        line(image, top + 102, SOLID, 0, WIDTH)
    assert styles([row_at(106, 40), row_at(306, 240)], image) == ["dashed", "dotted"]


def test_a_line_runs_between_its_numbers() -> None:
    image = np.zeros((260, WIDTH), np.uint8)
    for row, pen in ((90, SOLID), (130, DASHED)):
        numbers(image, row)
        line(image, row, pen, LEFT + 60, RIGHT - 70)
    assert styles([row_at(90, 40), row_at(130, 40)], image) == ["solid", "dashed"]


def test_dashes_are_measured_where_it_is_sure_whose_they_are() -> None:
    """Lines under names tell lengths of dashes; with no names and a line above and below each, nothing does."""
    image = np.zeros((260, WIDTH), np.uint8)
    for row, pen in ((60, DASHED), (124, (60, 20))):
        numbers(image, row)
        words(image, row, (380, 500))
        line(image, row + 32, pen)
    rows = [row_at(60, 60), row_at(124, 124)]
    assert [pen and pen.dash_px for pen in bind_pens(rows, ink_of(image))] == [30.0, 60.0]
    line(image, 28, DASHED)
    unnamed = [replace(row, name_y=math.nan) for row in rows]
    assert [pen and pen.dash_px for pen in bind_pens(unnamed, ink_of(image))] == [0.0, 0.0]


def test_lines_have_the_width_they_are_drawn_with_where_it_is_sure_whose_they_are() -> None:
    image = np.zeros((260, WIDTH), np.uint8)
    for row, width in ((60, 2), (124, 5)):
        numbers(image, row)
        words(image, row, (380, 500))
        image[row + 30 : row + 30 + width, LEFT:RIGHT] = 255
    rows = [row_at(60, 60), row_at(124, 124)]
    assert [pen and pen.stroke_px for pen in bind_pens(rows, ink_of(image))] == [2.0, 5.0]
    line(image, 28, SOLID)
    unnamed = [replace(row, name_y=math.nan) for row in rows]
    assert [pen and pen.stroke_px for pen in bind_pens(unnamed, ink_of(image))] == [0.0, 0.0]


def test_a_rule_that_goes_on_beyond_a_border_has_no_width() -> None:
    """The frame of a form is no sample of a pen, however like one it looks inside the track."""
    image = np.zeros((200, WIDTH), np.uint8)
    line(image, 60, SOLID)
    line(image, 120, SOLID, LEFT, WIDTH)
    assert [found.stroke_px for found in level_lines(ink_of(image), LEFT, RIGHT)] == [3.0, 0.0]


def test_print_and_pictures_are_no_lines() -> None:
    image = np.zeros((200, WIDTH), np.uint8)
    words(image, 60, (LEFT, RIGHT))
    image[100:160, LEFT:RIGHT] = 255
    assert level_lines(ink_of(image), LEFT, RIGHT) == []


@pytest.mark.parametrize("rows", [0, 4])
def test_no_ink_gives_no_lines(rows: int) -> None:
    assert level_lines(ink_of(np.zeros((rows, WIDTH), np.uint8)), LEFT, RIGHT) == []


def test_tick_marks_on_a_ruled_line_leave_it_solid() -> None:
    image = np.zeros((200, WIDTH), np.uint8)
    line(image, 100, SOLID)
    for col in range(LEFT, RIGHT, 40):
        image[100:112, col : col + 3] = 255
    (ruled,) = level_lines(ink_of(image), LEFT, RIGHT)
    assert (ruled.style, round(ruled.y - 1000)) == ("solid", 101)


def test_coloured_lines_are_seen_next_to_a_rule_and_where_they_are_light() -> None:
    """A red line touches the rule of its box; a light green one is too faint for ink."""
    image, hued = (np.zeros((200, WIDTH), np.uint8) for _ in range(2))
    for row, pen, ink in ((60, DOTTED, 105), (124, SOLID, 179)):
        numbers(image, row)
        words(image, row, (380, 500))
        drawn = np.zeros_like(image)
        line(drawn, row + 32, pen)
        image[drawn > 0], hued[drawn > 0] = ink, 255
    line(image, 161, SOLID)
    rows = [row_at(60, 60), row_at(124, 124)]
    assert [pen and pen.y for pen in bind_pens(rows, ink_of(image))] != [1093.0, 1157.0]
    pens = bind_pens(rows, replace(ink_of(image), hued=hued))
    assert [(pen.y, pen.style) for pen in pens if pen] == [(1093.0, "dotted"), (1157.0, "solid")]


def test_lines_of_a_block_below_a_grid_are_those_outside_the_grid() -> None:
    image = np.zeros((300, WIDTH), np.uint8)
    for row in (40, 140):
        line(image, row, SOLID)
    ink = replace(ink_of(image), foot=1100.0, is_below=True)
    assert [pen.y for pen in level_lines(ink, LEFT, RIGHT)] == [1141.0]
    above = replace(ink, is_below=False)
    assert [pen.y for pen in level_lines(above, LEFT, RIGHT)] == [1041.0]
