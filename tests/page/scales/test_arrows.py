"""Potentials whose scale is an arrow between two bars, one division apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.page.results import CurveFound, SectionFound, TextBox, TrackFound
from veernet_core.page.scales.arrows import arrow_scales
from veernet_core.page.scales.candidates import block_text, frames_of
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.tokens import read_tokens

TOP, SURE = 400.0, 0.9
LEFT, RIGHT, MIDDLE, ARROW = 100.0, 600.0, 350, 240
TITLE = TextBox("SPONTANEOUS-POTENTIAL", 1.0, 120.0, 350.0, 40.0, 400.0)
VALUE = TextBox("20", 1.0, ARROW - 24.0, float(MIDDLE), 30.0, 40.0)


def form(apart: float = 50.0, minus_left: bool = True, signs: bool = True) -> NDArray[np.uint8]:
    """An arrow between two bars with signs beside them."""
    ink = np.zeros((450, 700), np.uint8)
    half = round(apart / 2)
    for col in (MIDDLE - half, MIDDLE + half):
        ink[ARROW - 35 : ARROW + 30, col : col + 2] = 255
    cv2.line(ink, (MIDDLE - half + 4, ARROW), (MIDDLE + half - 4, ARROW), 255, 3)
    if signs:
        minus, plus = (-50, 50) if minus_left else (50, -50)
        ink[ARROW - 1 : ARROW + 2, MIDDLE + minus - 8 : MIDDLE + minus + 9] = 255
        ink[ARROW - 1 : ARROW + 2, MIDDLE + plus - 8 : MIDDLE + plus + 9] = 255
        ink[ARROW - 8 : ARROW + 9, MIDDLE + plus - 1 : MIDDLE + plus + 2] = 255
    ink[ARROW - 20, MIDDLE - 36] = 255  # a speck
    return ink


def read(
    ink: NDArray[np.uint8], *boxes: TextBox, already: tuple[CurveFound, ...] = ()
) -> list[CurveFound]:
    borders = [np.array([[TOP, px]]) for px in (LEFT, RIGHT)]
    track = TrackFound(borders[0], borders[1], "curves", "linear", 10)
    own = SectionFound("main", "main", TOP, 2000.0, (track,), np.zeros((0, 2)))
    paper = ScaleInk(ink, 0, 0.0, 200.0, TOP)
    block = block_text(read_tokens(boxes, 0.0, 350.0), paper, frames_of(own))
    return arrow_scales(boxes, block, own, already)


def ends(found: list[CurveFound]) -> list[tuple[float, float, bool]]:
    return [(c.left.value, c.right.value, c.left.confidence >= SURE) for c in found]


def test_so_many_millivolts_between_two_bars_count_from_the_left_border() -> None:
    (found,) = read(form(), TITLE, VALUE)
    assert (found.mnemonic.value, found.per_division) == ("SP", 20.0)
    assert ends([found]) == [(0.0, 200.0, True)]


def test_a_plus_on_the_left_rises_to_the_left() -> None:
    assert ends(read(form(minus_left=False), TITLE, VALUE)) == [(0.0, -200.0, True)]


def test_without_signs_or_a_value_nothing_is_known() -> None:
    assert read(form(signs=False), TITLE, VALUE) == []
    assert read(form(), TITLE) == []


@pytest.mark.parametrize("apart", [30.0, 80.0])
def test_bars_that_are_no_division_apart_are_no_scale(apart: float) -> None:
    assert read(form(apart), TITLE, VALUE) == []


def test_a_value_no_division_has_or_a_title_of_another_curve_is_no_potential() -> None:
    odd = TextBox("37", 1.0, VALUE.row, VALUE.col, 30.0, 40.0)
    gamma = TextBox("GAMMA RAY", 1.0, 120.0, 350.0, 40.0, 400.0)
    assert read(form(), TITLE, odd) == []
    assert read(form(), gamma, VALUE) == []


def test_what_is_read_badly_is_not_sure_and_a_potential_with_a_scale_has_no_other() -> None:
    faint = TextBox("20", 0.6, VALUE.row, VALUE.col, 30.0, 40.0)
    found = read(form(), TITLE, faint)
    assert ends(found) == [(0.0, 200.0, False)]
    assert read(form(), TITLE, VALUE, already=tuple(found)) == []
