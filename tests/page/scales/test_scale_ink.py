"""The ink of a scale block: its tilt, and the pen drawn with a scale."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from veernet_core.page.scales.ink import ScaleInk, find_tilt


@pytest.mark.parametrize(
    ("on", "off", "expected"),
    [(1, 0, "solid"), (24, 12, "dashed"), (4, 8, "dotted")],
)
@pytest.mark.parametrize("tilt", [0.0, 0.02])
def test_the_pen_of_a_scale_is_seen(on: int, off: int, expected: str, tilt: float) -> None:
    ink = np.zeros((200, 800), dtype=np.uint8)
    for col in range(100, 700):
        if col % (on + off) < on:
            row = round(120 + tilt * (col - 400))
            ink[row - 1 : row + 2, col] = 255
    block = ScaleInk(ink, 1000, tilt, 200.0)
    assert block.style(1100.0, 30.0, 100.0, 700.0) == expected


def test_a_line_above_the_numbers_goes_before_a_frame_below() -> None:
    ink = np.zeros((200, 800), dtype=np.uint8)
    ink[75:77, [col for col in range(100, 700) if col % 72 < 60]] = 255
    ink[125:127, 100:700] = 255
    block = ScaleInk(ink, 1000, 0.0, 200.0)
    assert block.style(1100.0, 30.0, 100.0, 700.0) == "solid"
    assert block.style(1100.0, 30.0, 100.0, 700.0, above=True) == "dashed"


def test_worn_lines_keep_their_pen() -> None:
    rng = np.random.default_rng(3)
    cols = np.arange(100, 700)
    for pen, expected in ((np.ones(600, bool), "solid"), (cols % 48 < 34, "dashed")):
        ink = np.zeros((200, 800), dtype=np.uint8)
        ink[120, cols[pen & (rng.random(600) < 0.9)]] = 255
        assert ScaleInk(ink, 1000, 0.0, 200.0).style(1100.0, 30.0, 100.0, 700.0) == expected


def test_no_line_has_no_pen() -> None:
    assert ScaleInk(np.zeros((200, 800), np.uint8), 0, 0.0, 200.0).style(100, 30, 100, 700) is None


@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.03])
def test_tilt_is_recovered(slope: float) -> None:
    ink = np.zeros((800, 1200), dtype=np.uint8)
    for y in range(100, 700, 97):
        cv2.line(ink, (0, y), (1199, round(y + slope * 1199)), 255, 3)
    assert find_tilt(ink) == pytest.approx(slope, abs=0.003)


def test_cover_says_on_which_side_of_the_numbers_a_line_runs() -> None:
    ink = np.zeros((300, 800), dtype=np.uint8)
    ink[165:168, 100:700] = 255
    below, above = ScaleInk(ink, 1000, 0.0, 200.0).cover(1140.0, 24.0, 100.0, 700.0)
    assert below > 0.95
    assert above < 0.05
