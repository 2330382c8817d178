"""Print read in two ways: what the network marks, and which of two readings is kept."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from text_support import as_raster

from veernet_core.datatypes import U8
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.marked import find_marked, unmarked_taken_off
from veernet_core.page.ocr.merging import merged
from veernet_core.page.ocr.print_reading import read_print
from veernet_core.page.results import TextBox


def box(text: str, col: float, confidence: float = 0.9, width: float = 40.0) -> TextBox:
    return TextBox(text, confidence, 100.0, col, 20.0, width)


def test_what_both_ways_read_alike_is_said_to_agree() -> None:
    (one,) = merged([box("150", 50)], [box("150", 51, 0.5)])
    assert (one.text, one.agreed, one.also) == ("150", 1.0, "")


def test_of_two_readings_the_surer_is_kept_and_the_other_stays_as_a_rival() -> None:
    (one,) = merged([box("16l", 50, 0.6)], [box("16", 48, 0.97, 30.0)])
    assert (one.text, one.agreed, one.also) == ("16", 0.0, "16l")


def test_a_sign_that_only_the_network_marks_belongs_to_its_number() -> None:
    """A worn minus drops out of what is found by its ink; a rule read along drops out of neither."""
    (one,) = merged([box("0.25", 50, 1.0)], [box("-0.25", 48, 0.97)])
    assert (one.text, one.also) == ("-0.25", "0.25")
    (one,) = merged([box("0.25", 50, 1.0)], [box("-0.25", 48, 0.8)])
    assert one.text == "0.25"
    (one,) = merged([box("0", 50, 1.0)], [box("01", 48, 0.99)])
    assert (one.text, one.also) == ("0", "01")
    (one,) = merged([box("161", 50, 0.97)], [box("16", 48, 1.0)])
    assert (one.text, one.also) == ("16", "161")


def test_print_that_one_way_alone_saw_is_kept() -> None:
    found = merged([box("GR", 50)], [box("0", 200)])
    assert [(b.text, b.agreed) for b in found] == [("GR", 0.5), ("0", 0.5)]


def test_one_line_and_its_words_are_the_same_print() -> None:
    words = [box("0", 10, width=16.0), box("GAPI", 60), box("150", 110)]
    line = box("0 GAPI 150", 65, width=130.0)
    assert [b.text for b in merged(words, [line])] == ["0", "GAPI", "150"]
    assert {b.agreed for b in merged(words, [line])} == {1.0}


def test_of_a_line_read_otherwise_each_word_tells_whether_it_was_read_alike() -> None:
    words = [box("0", 10, 0.8, 16.0), box("GAPI", 60, 0.8), box("150", 110, 0.8)]
    kept = merged([box("0 GAPl 150", 65, 0.9, 130.0)], words)
    assert [b.text for b in kept] == ["0 GAPl 150"]
    assert kept[0].agreed == 2 / 3


def _words() -> tuple[U8, U8]:
    """Ink of two words over a rule, and the ink of the words alone."""
    print_only = np.zeros((120, 400), np.uint8)
    for text, col in (("0", 20), ("150", 320)):
        cv2.putText(print_only, text, (col, 70), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    ink = print_only.copy()
    ink[64:66] = 255
    return ink, print_only


class Marks:
    """Marks what it is told is print."""

    def __init__(self, text: U8) -> None:
        self.text = text
        self.core = np.zeros_like(text)
        rows = np.flatnonzero(text.any(axis=1))
        middle = (rows[0] + rows[-1]) // 2
        self.core[middle - 4 : middle + 5] = cv2.dilate(text, np.ones((1, 25), np.uint8))[
            middle - 4 : middle + 5
        ]

    def mark_print(self, ink: U8) -> tuple[U8, U8]:
        assert ink.shape == self.text.shape
        return self.text, self.core


class Reader:
    """Says how wide a line is."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        raise AssertionError("lines are cut out before")

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        return [LineRead("w" * (line.shape[1] // 10), 0.9) for line in lines]


def test_phrases_stand_where_their_letters_are_marked() -> None:
    ink, text = _words()
    net = Marks(text)
    first, second = find_marked(ink, *net.mark_print(ink))
    rows, cols = np.nonzero(text[:, :200])
    pad = round(0.2 * first.height)
    assert abs(first.height - (rows.max() - rows.min() + 1)) <= 2
    assert abs(first.row0 - (rows.min() - pad)) <= 1
    assert abs(first.col0 - (cols.min() - pad)) <= 1
    assert abs(first.row1 - (rows.max() + 1 + pad)) <= 1
    assert second.col0 > 300
    left = unmarked_taken_off(ink, text)
    assert (left == np.where(text > 90, ink, 0)).all()
    assert left[64:66, 200:300].max() == 0


def test_a_region_is_read_with_the_network_and_without() -> None:
    ink, text = _words()
    raster = as_raster(ink)
    plain = read_print(raster, 0, 120, Reader(), 200.0)
    assert plain
    assert all(math.isnan(b.agreed) for b in plain)
    both = read_print(raster, 0, 120, Reader(), 200.0, Marks(text))
    places = [b.col for b in both]
    assert all(any(abs(p - c) < 12 for p in places) for c in (28, 342))
    assert all(0.0 <= b.agreed <= 1.0 for b in both)


def test_numbers_on_both_sides_of_a_border_are_two_phrases() -> None:
    ink = np.zeros((80, 300), np.uint8)
    cv2.putText(ink, "200", (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    cv2.putText(ink, "0.45", (90, 50), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    walls = np.zeros(ink.shape, np.bool_)
    walls[:, 80:83] = True
    core = np.zeros_like(ink)
    core[35:45, 18:150] = 255
    assert len(find_marked(ink, ink, core)) == 1
    left, right = find_marked(ink, ink, core, walls)
    assert left.col1 < 90 < right.col1
