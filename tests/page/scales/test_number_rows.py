"""Scales that print a number at every division: ends follow from the row, whatever stands at the borders."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from veernet_core.page.results import TextBox
from veernet_core.page.scales.candidates import Frame, block_text, find_candidates
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.tokens import read_tokens

LEFT, RIGHT = 100.0, 1100.0


def ends_of(numbers: Sequence[str], first: float, step: float) -> dict[tuple[float, float], bool]:
    """Ends of all candidates of a row, and whether they follow from it."""
    boxes = [
        TextBox(text, 0.99, 200.0, first + k * step, 24.0, 14.0 * len(text))
        for k, text in enumerate(numbers)
    ]
    ink = ScaleInk(np.zeros((400, 1200), np.uint8), 0, 0.0, 200.0, 400.0)
    block = block_text(read_tokens(boxes, 0.0, 600.0), ink, [Frame(LEFT, RIGHT, (0, 0))])
    return {(c.left, c.right): c.inset for c in find_candidates(block)}


def test_a_row_of_a_number_at_every_division_tells_its_ends_where_one_was_misread() -> None:
    """A microcaliper: the 6 reads as an o, and 15 and 16 run together."""
    row = ["o", *map(str, range(7, 15)), "1516"]
    assert ends_of(row, LEFT + 10, 100.0)[6.0, 16.0]


@pytest.mark.parametrize("off", [-15.0, 15.0])
def test_a_row_printed_a_little_beside_its_grid_ends_at_whole_divisions(off: float) -> None:
    row = list(map(str, range(7, 16)))
    assert ends_of(row, LEFT + 100 + off, 100.0) == {(6.0, 16.0): True}


def test_three_numbers_inside_tell_the_ends_where_none_stands_at_a_border() -> None:
    assert ends_of(["50", "100", "150"], LEFT + 250, 250.0) == {(0.0, 200.0): True}


def test_numbers_at_the_borders_are_the_ends_where_few_stand_between() -> None:
    assert not any(ends_of(["0", "50", "100"], LEFT + 20, 480.0).values())
