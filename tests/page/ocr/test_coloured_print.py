"""Coloured print, read in the ink of its pen alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from text_support import as_colour_raster

from veernet_core.datatypes import U8, Raster
from veernet_core.page.ocr.coloured import with_coloured
from veernet_core.page.ocr.print_reading import read_print
from veernet_core.page.ocr.text import RapidReader
from veernet_core.page.results import TextBox

DPI = 200.0
RED, BLUE, BLACK = (255, 0, 0), (0, 0, 255), (0, 0, 0)


def as_raster(rgb: U8) -> Raster:
    return as_colour_raster(rgb, DPI)


def write(rgb: U8, text: str, col: int, row: int, pen: tuple[int, int, int]) -> None:
    cv2.putText(rgb, text, (col, row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, pen, 1, cv2.LINE_AA)


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def test_a_pen_over_coloured_print_and_a_border_beside_it_leave_no_trace(
    reader: RapidReader,
) -> None:
    rgb = np.full((160, 640, 3), 255, np.uint8)
    cv2.line(rgb, (58, 0), (58, 159), BLACK, 3)
    write(rgb, "0", 60, 90, RED)  # touches the border
    write(rgb, "150", 540, 90, RED)
    write(rgb, "Gamma (API)", 250, 90, RED)
    cv2.line(rgb, (500, 74), (620, 76), BLUE, 2)  # touches the figures
    words = {b.text for b in read_print(as_raster(rgb), 0, 160, reader, DPI) if b.tint == "#ff0000"}
    assert {"0", "150"} <= words
    assert "Gamma(API)" in {word.replace(" ", "") for word in words}


def test_lines_of_two_colours_that_stand_close_are_two(reader: RapidReader) -> None:
    rgb = np.full((160, 640, 3), 255, np.uint8)
    for row, pen, number in ((80, RED, "200"), (93, BLUE, "50")):
        write(rgb, number, 300, row, pen)
    found = read_print(as_raster(rgb), 0, 160, reader, DPI)
    assert {(b.text, b.tint) for b in found if b.confidence > 0.7} == {
        ("200", "#ff0000"), ("50", "#0000ff"),
    }  # fmt: skip


def test_black_print_and_pages_without_colour_stay_as_they_are(reader: RapidReader) -> None:
    rgb = np.full((80, 300, 3), 255, np.uint8)
    write(rgb, "GR 0 150", 40, 50, BLACK)
    boxes = [TextBox("GR 0 150", 0.9, 45.0, 100.0, 16.0, 90.0, tint="#000000")]
    assert with_coloured(boxes, as_raster(rgb), (0, 80), reader, DPI) == boxes
    write(rgb, "15", 240, 30, RED)
    unread = TextBox("", 0.0, 65.0, 100.0, 12.0, 12.0, tint="#000000")
    coloured = TextBox("15", 0.9, 25.0, 250.0, 16.0, 24.0, tint="#ff0000")
    assert unread in with_coloured([unread, coloured], as_raster(rgb), (0, 80), reader, DPI)
