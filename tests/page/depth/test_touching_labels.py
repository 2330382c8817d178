"""Depth numbers of few pixels, whose noughts share a stroke, where they are expected."""

from __future__ import annotations

import numpy as np
from text_support import as_raster

from veernet_core.page.depth.labels import LabelRead, read_at
from veernet_core.page.ocr.text import RapidReader

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
