"""Lines of print in a plane of their own: their order and places do not depend on how the form lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.page.header.lines import Line, lines_of_turn
from veernet_core.page.header.values import DOUBTFUL
from veernet_core.page.results import TextBox

HEIGHT = 30.0


def box(text: str, row: float, col: float, confidence: float = 0.95, width: float = 0.0) -> TextBox:
    return TextBox(text, confidence, row, col, HEIGHT, width or 16.0 * len(text))


FORM = [
    box(f"{'ABC'[k % 3]}{k:02d} WORD", 100 + 60 * (k // 3), 200 + 400 * (k % 3)) for k in range(24)
]


def turned(of: TextBox, turn: int) -> TextBox:
    """A box of a page of 2000 x 2000 px that is turned clockwise; its text with it."""
    row, col = of.row, of.col
    for _ in range(turn // 90):
        row, col = col, 2000 - row
    swap = turn % 180 == 90
    height, width = (of.width_px, of.height_px) if swap else (of.height_px, of.width_px)
    return replace(of, row=row, col=col, height_px=height, width_px=width, turned_deg=turn)


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_form_has_the_same_lines_in_the_same_order(turn: int) -> None:
    lines = lines_of_turn([turned(b, turn) for b in FORM[::-1]], turn)
    assert texts(lines) == [b.text for b in FORM]
    first, second, below = lines[0], lines[1], lines[3]
    assert (second.u0 - first.u0, second.v - first.v) == pytest.approx((400, 0))
    assert (below.u0 - first.u0, below.v - first.v) == pytest.approx((0, 60))
    assert {(line.height, round(line.u1 - line.u0)) for line in lines} == {(HEIGHT, 128)}


def test_only_print_of_the_turn_counts_and_blanks_are_none() -> None:
    mixed = [*FORM[:3], turned(FORM[3], 90), box("   ", 500, 300)]
    assert texts(lines_of_turn(mixed, 0)) == [b.text for b in FORM[:3]]
    assert lines_of_turn(FORM, 180) == []
    assert lines_of_turn([], 0) == []


@pytest.mark.parametrize("slope", [-0.06, -0.03, 0.03, 0.06])
def test_the_tilt_of_a_form_is_undone(slope: float) -> None:
    tilted = [replace(b, row=b.row + slope * b.col) for b in FORM]
    lines = lines_of_turn(tilted, 0)
    assert texts(lines) == [b.text for b in FORM]
    rows = np.array([line.v for line in lines]).reshape(8, 3)
    assert np.ptp(rows, axis=1).max() < 0.4 * HEIGHT


def test_a_few_lines_tell_no_tilt() -> None:
    few = [replace(b, row=b.row + 0.05 * b.col) for b in FORM[:6]]
    assert [line.v for line in lines_of_turn(few, 0)] == sorted(b.row for b in few)


def test_a_line_cut_where_tiles_meet_is_one_line_of_the_lower_confidence() -> None:
    left = box("KELLY BUSH", 100, 180, 0.9)
    right = box("USHING 1450", 100, 180 + 160 + 8 - 4 * 16, 0.8)
    (line,) = lines_of_turn([right, left], 0)
    assert (line.text, line.confidence) == ("KELLY BUSHING 1450", 0.8)
    assert (line.u0, line.u1) == (left.col - 80, right.col + 88)


def test_a_line_read_twice_is_kept_once() -> None:
    (line,) = lines_of_turn([box("COUNTY", 100, 200), box("COUNTY", 101, 202, 0.9)], 0)
    assert (line.text, line.confidence) == ("COUNTY", 0.9)


def test_of_overlapping_readings_that_differ_the_longer_is_kept_as_doubtful() -> None:
    (line,) = lines_of_turn([box("STATE OF XX", 100, 200), box("8TAT", 100, 190)], 0)
    assert (line.text, line.confidence) == ("STATE OF XX", DOUBTFUL)


def test_print_side_by_side_and_one_above_the_other_stays_apart() -> None:
    apart = [box("LEFT", 100, 100), box("RIGHT", 100, 200), box("BELOW", 125, 100)]
    assert texts(lines_of_turn(apart, 0)) == ["LEFT", "RIGHT", "BELOW"]
