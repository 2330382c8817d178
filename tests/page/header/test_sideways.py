"""A form that lies on its side is looked for where lines stand on end, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from text_support import BlockReader, as_raster, draw_number

from veernet_core.datatypes import U8
from veernet_core.page.header.fields import read_sideways
from veernet_core.page.results import TextBox

DPI = 200.0


class Watched(BlockReader):
    """Remembers the sizes of images that were searched for text on its side."""

    def __init__(self) -> None:
        super().__init__()
        self.searched: list[tuple[int, ...]] = []
        self.turns: list[int] = []

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        if len(turns) == 1:
            self.searched.append(image.shape)
            self.turns += turns
        return super().read(image, turns)


def page_of(numbers: list[tuple[int, int, int]], turned: int, rows: int = 4000) -> U8:
    image = np.zeros((rows, 1700), dtype=np.uint8)
    for value, row, col in numbers:
        block = draw_number(value, turned)
        image[row : row + block.shape[0], col : col + block.shape[1]] = block
    return image


def test_upright_forms_are_not_searched_for_text_on_its_side() -> None:
    reader, image = Watched(), page_of([(1111, 300, 200), (2222, 900, 900)], 0)
    assert read_sideways(as_raster(image), 3000, reader, DPI) == []
    assert reader.searched == []


@pytest.mark.parametrize("turned", [90, 270])
def test_text_on_its_side_is_read_around_where_it_stands(turned: int) -> None:
    """Also a line that was overlooked at the first look, within an inch of the others."""
    reader = Watched()
    image = page_of([(1111, 1500, 800), (2222, 1900, 1000), (3333, 3700, 600)], turned)
    found = read_sideways(as_raster(image), 3000, reader, DPI)
    assert [(box.text, box.turned_deg) for box in found] == [("1111", turned), ("2222", turned)]
    assert all(rows < 1000 and cols < 800 for rows, cols in reader.searched)


def test_rows_that_were_looked_at_level_may_reach_further() -> None:
    """Text below the first row of the log is none of the form's."""
    image = page_of([(1111, 500, 400), (2222, 3300, 400)], 90)
    found = read_sideways(as_raster(image), 3000, Watched(), DPI, level_to=4000)
    assert [box.text for box in found] == ["1111"]


def test_brackets_of_level_print_do_not_stretch_the_form() -> None:
    """Long lines tell where the form lies; what else stands on end may belong to print that is level."""
    image = page_of([(7777, 2600, 800)], 90)
    for n in range(3):
        line = cv2.resize(draw_number(2222 + n, 90), (30, 166), interpolation=cv2.INTER_AREA)
        image[200:366, 300 + 200 * n : 330 + 200 * n] = line
    reader = Watched()
    found = read_sideways(as_raster(image), 3000, reader, DPI)
    assert [box.text for box in found] == ["2222", "2223", "2224"]
    assert all(rows < 1000 for rows, _ in reader.searched)


class Overlooking(Watched):
    """Does not see the lines at the right edge at the first look."""

    def find(self, image: U8) -> list[TextBox]:
        return [box for box in super().find(image) if box.col < 1600]


def test_a_form_that_fills_the_page_is_read_with_its_margins() -> None:
    image = page_of([(1111, 300, 300), (2222, 2400, 1200), (3333, 30, 1640)], 90)
    found = read_sideways(as_raster(image), 3000, Overlooking(), DPI)
    assert [box.text for box in found] == ["3333", "1111", "2222"]


@pytest.mark.parametrize("turned", [90, 270])
def test_a_form_is_read_the_right_way_up_only(turned: int) -> None:
    reader = Watched()
    numbers = [(1111 + n, 200 + 240 * (n % 10), 150 + 300 * (n // 10)) for n in range(40)]
    found = read_sideways(as_raster(page_of(numbers, turned)), 3000, reader, DPI)
    assert len(found) == 40
    assert set(reader.turns) == {turned}
