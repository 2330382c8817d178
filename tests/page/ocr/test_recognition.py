"""Print read line by line: every text keeps its place, and short print is read as digits as well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from text_support import BlockReader

from veernet_core.datatypes import U8
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.page.ocr.components import Print
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.recognition import recognised, recognised_at


class Says(BlockReader):
    """Reads a cut by the tone of its ink; another answer where only digits are allowed."""

    def __init__(self, texts: dict[int, str], digits: dict[int, str]) -> None:
        super().__init__()
        self.texts, self.digits, self.as_digits = texts, digits, 0

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        self.as_digits += len(lines) * digits_only
        known = self.digits if digits_only else self.texts
        return [LineRead(known.get(int(line.max()), ""), 0.9) for line in lines]


PAGE = np.zeros((100, 200), np.uint8)
FOUND = [Print(10, 30, 20, 80, 20.0), Print(40, 60, 20, 60, 20.0), Print(70, 90, 100, 180, 20.0)]
for tone, place in enumerate(FOUND, 1):
    PAGE[place.row0 : place.row1, place.col0 : place.col1] = tone


def test_each_text_keeps_the_place_where_it_was_found() -> None:
    boxes = recognised(PAGE, FOUND, Says({1: "GAMMA RAY", 2: "15O", 3: "CALIPER"}, {2: "150"}))
    assert [box.text for box in boxes] == ["GAMMA RAY", "15O", "CALIPER"]
    assert [(b.row, b.col) for b in boxes] == [(19.5, 49.5), (49.5, 39.5), (79.5, 139.5)]
    assert [(b.height_px, b.width_px) for b in boxes] == [(20, 60), (20, 40), (20, 80)]
    assert {box.confidence for box in boxes} == {0.9}


def test_only_short_print_is_read_as_digits_and_only_a_difference_is_noted() -> None:
    reader = Says({1: "GAMMA RAY", 2: "15O", 3: "200"}, {1: "6", 2: "150", 3: "200"})
    boxes = recognised(PAGE, FOUND, reader)
    assert [box.as_digits for box in boxes] == ["", "150", ""]
    assert reader.as_digits == 2


def test_long_print_that_says_nothing_is_left_out_and_the_rest_keeps_its_print() -> None:
    pairs = recognised_at(PAGE, FOUND, Says({1: "GAMMA RAY", 3: "CALIPER"}, {2: "7"}))
    assert [place for place, _ in pairs] == FOUND  # the second by its digits alone
    assert pairs[1][1].as_digits == "7"
    assert recognised(PAGE, [], Says({}, {})) == []


def test_a_fitted_model_takes_the_place_of_the_shipped_one_of_its_name_only() -> None:
    own = PageModels({"scales.npz": b"own"}, "a folder")
    assert own.load("scales.npz", bytes.decode, lambda: "shipped") == "own"
    assert own.load("names.npz", bytes.decode, lambda: "shipped") == "shipped"
    assert SHIPPED.load("scales.npz", bytes.decode, lambda: "shipped") == "shipped"
