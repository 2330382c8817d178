"""Print that lost ink before it was read, and is read again on the page itself."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.ocr.recognition import clearer
from veernet_core.page.ocr.text import RapidReader
from veernet_core.page.results import TextBox


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def pale(text: str) -> U8:
    """Pale print on a line of the grid, with a border beside it."""
    ink = np.zeros((48, 160), dtype=np.uint8)
    cv2.putText(ink, text, (30, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 150, 2, cv2.LINE_AA)
    ink[24, 8:150] = np.maximum(ink[24, 8:150], 120)
    ink[:, 4:7] = 255
    return ink


def box(text: str, confidence: float, width: float) -> TextBox:
    return TextBox(text, confidence, 26.0, 30.0 + width / 2, 18.0, width, 0)


def test_a_number_that_lost_its_tops_is_read_on_the_page(reader: RapidReader) -> None:
    ink = pale("1000")
    bare = ink.copy()
    bare[:26] = 0
    (again,) = clearer([box("tnn", 0.6, 66.0)], bare, ink, reader)
    assert again.text == "1000"
    assert again.confidence > 0.9


def test_a_clear_reading_of_half_the_ink_is_looked_at_again(reader: RapidReader) -> None:
    ink = pale("80")
    bare = ink.copy()
    bare[:26] = 0
    (again,) = clearer([box("un", 0.96, 33.0)], bare, ink, reader)
    assert again.text == "80"


def test_a_reading_of_all_the_ink_stays(reader: RapidReader) -> None:
    ink = pale("1000")
    boxes = [box("7000", 0.97, 66.0), box("", 0.0, 66.0)]
    assert clearer(boxes, ink, ink, reader) == boxes


def test_print_at_the_edge_of_the_page_and_no_print_at_all(reader: RapidReader) -> None:
    ink = pale("1000")
    beyond = TextBox("1", 0.2, 0.0, 159.0, 20.0, 20.0, 0)
    assert clearer([beyond], np.zeros_like(ink), ink, reader)[0].row == 0.0
    assert clearer([], ink, ink, reader) == []
