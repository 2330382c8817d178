"""Depth numbers of few pixels, whose noughts share a stroke, where they are expected."""

from __future__ import annotations

import numpy as np
from text_support import as_raster

from veernet_core.page.depth.labels import LabelRead, labels_from_boxes, read_at
from veernet_core.page.ocr.text import RapidReader
from veernet_core.page.results import TextBox

HUNDRED = """
..#.########
.##.#..##..#
..#.#..##..#
..#.#..##..#
..#.#..##..#
..#.########
"""


def test_a_number_whose_noughts_touch_is_read_where_it_is_expected() -> None:
    ink = np.zeros((40, 60), dtype=np.uint8)
    number = np.array([[255 * (c == "#") for c in row] for row in HUNDRED.split()], dtype=np.uint8)
    ink[17:23, 24:36] = number
    like = LabelRead(12.0, 30.0, 400.0, 0.9, 9.0, 15.0, 0)
    (label,) = read_at(as_raster(ink), [(19.5, 29.5)], like, RapidReader())
    assert label.value == 100.0
    assert label.confidence > 0.9


def test_a_number_whose_noughts_touch_is_read_where_print_was_found() -> None:
    """Nine of thirteen numbers of a log were not, and its depth was refused."""
    ink = np.zeros((40, 60), dtype=np.uint8)
    ink[17:23, 24:36] = [[255 * (c == "#") for c in row] for row in HUNDRED.split()]
    found = TextBox("1W", 0.4, 19.5, 29.5, 10.0, 16.0)
    (label,) = labels_from_boxes(as_raster(ink), [found], RapidReader())
    assert label.value == 100.0
    assert label.confidence > 0.9
    clear = TextBox("700", 0.99, 19.5, 29.5, 10.0, 16.0)  # clear print is taken as it was read
    (kept,) = labels_from_boxes(as_raster(ink), [clear], RapidReader())
    assert (kept.value, kept.confidence) == (700.0, 0.99)
