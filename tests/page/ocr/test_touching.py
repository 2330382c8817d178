"""Letters that touch: print of a few pixels, as plotters at 70 dpi set it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.ocr.components import Print
from veernet_core.page.ocr.recognition import recognised
from veernet_core.page.ocr.text import RapidReader
from veernet_core.page.ocr.touching import pulled_apart

HUNDRED = """
..............
...#.########.
..##.#..##..#.
...#.#..##..#.
...#.#..##..#.
...#.#..##..#.
...#.########.
..............
"""
TWENTY = """
.............
...#######...
..#..##..#...
.....##..#...
....#.#..#...
...#..#..#...
..########...
.............
"""
BOLD_ELEVEN = """
...........
...##...##.
..###..###.
...##...##.
...##...##.
...##...##.
...##...##.
...........
"""


def drawn(picture: str, scale: float = 1.0) -> U8:
    rows = [[255 * (c == "#") for c in row] for row in picture.split()]
    ink = np.array(rows, dtype=np.uint8)
    return np.asarray(cv2.resize(ink, None, fx=scale, fy=scale), dtype=np.uint8)


@pytest.mark.parametrize("picture", [HUNDRED, TWENTY])
def test_paper_stands_between_noughts_that_shared_a_stroke(picture: str) -> None:
    line = drawn(picture)
    apart = pulled_apart(line)
    assert apart is not None
    assert apart.shape == (line.shape[0], line.shape[1] + 1)
    seam = [c for c in range(apart.shape[1]) if not apart[:, c].any()]
    assert any(2 < c < apart.shape[1] - 3 for c in seam)


@pytest.mark.parametrize("picture", [BOLD_ELEVEN, "....\n....", "####\n####"])
def test_strokes_of_one_width_stay_whole(picture: str) -> None:
    assert pulled_apart(drawn(picture)) is None


@pytest.mark.parametrize(("picture", "says"), [(HUNDRED, "100"), (TWENTY, "20")])
def test_numbers_whose_digits_touch_are_read(picture: str, says: str) -> None:
    ink = drawn(picture, 200 / 70)
    (read,) = recognised(ink, [Print(0, ink.shape[0], 0, ink.shape[1], 17.0)], RapidReader())
    assert says in (read.text, read.as_digits)
    assert read.confidence > 0.9
