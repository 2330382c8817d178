"""Scales that tell the value of a division: ``-] 20 mV [+``."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.candidates import BlockText, block_text, frames_of
from veernet_core.page.scales.divisions import division_scales
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.tokens import read_tokens

TOP, SURE = 400.0, 0.9


def section(divisions: int | None = 10) -> SectionFound:
    borders = [np.array([[TOP, px]]) for px in (100.0, 500.0)]
    track = TrackFound(borders[0], borders[1], "curves", "linear", divisions)
    return SectionFound("main", "main", TOP, 2000.0, (track,), np.zeros((0, 2)))


def print_at(text: str, row: float, col: float = 300.0, confidence: float = 0.97) -> TextBox:
    return TextBox(text, confidence, row, col, 20.0, 11.0 * len(text))


def read(*boxes: TextBox, divisions: int | None = 10) -> list[tuple[str, str, float, float, bool]]:
    ink = np.zeros((450, 600), dtype=np.uint8)
    ink[340:342, 110:490] = 255  # the sample of the pen, between the name and the scale
    own = section(divisions)
    paper = ScaleInk(ink, 0, 0.0, 100.0, TOP)
    block: BlockText = block_text(read_tokens(boxes, 0.0, 300.0), paper, frames_of(own))
    return [
        (
            str(c.mnemonic.value),
            "" if c.unit is None else str(c.unit.value),
            float(c.left.value),
            float(c.right.value),
            c.left.confidence >= SURE,
        )
        for c in division_scales(boxes, block, own, ())
    ]


@pytest.mark.parametrize("text", ["-] 20 mV [+", "-]20mV [+", "- | 20 | +", "-]20[+", "–|20|+"])
def test_so_many_millivolts_a_division_count_from_the_left_border(text: str) -> None:
    assert read(print_at("SP", 320), print_at(text, 360)) == [("SP", "MV", 0.0, 200.0, True)]


def test_a_scale_that_rises_to_the_left_does_so() -> None:
    found = read(print_at("SP", 320), print_at("+| 10 |-", 360))
    assert found == [("SP", "MV", 0.0, -100.0, True)]


@pytest.mark.parametrize("text", ["20 mV", "-20+", "- | 20 | -", "0 | 20 | 40", "-[ +", "A-]20[+B"])
def test_other_print_is_none(text: str) -> None:
    assert read(print_at("SP", 320), print_at(text, 360)) == []


def test_unclear_print_and_unusual_grids_are_not_sure() -> None:
    name = print_at("SP", 320)
    assert not read(name, print_at("-]20[+", 360, confidence=0.7))[0][-1]
    assert read(name, print_at("-]20[+", 360), divisions=5) == [("SP", "MV", 0.0, 100.0, False)]
    assert not read(print_at("XYZQ", 320), print_at("-]20[+", 360))[0][-1]


def test_the_name_is_the_nearest_above_and_over_the_same_track() -> None:
    notation = print_at("-]20[+", 360)
    assert read(notation) == []
    assert read(print_at("SP", 320, col=700), notation) == []
    assert read(print_at("Gamma Ray", 280), print_at("SP", 320), notation)[0][0] == "SP"
