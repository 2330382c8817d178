"""What keeps a reading from being sure, whatever its probability."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.results import TextBox
from veernet_core.page.scales.candidates import Frame, ScaleCandidate, block_text, find_candidates
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.tokens import read_tokens
from veernet_core.page.scales.verdict import ReadScale, goes_on, is_doubtful

TRACK = Frame(100.0, 600.0, (0, 0), grid="linear")


def scales(*rows: tuple[str, str]) -> list[ScaleCandidate]:
    """Candidates of rows of two numbers at the borders of one track."""
    boxes = []
    for k, (left, right) in enumerate(rows):
        for text, col in ((left, 106 + 7 * len(left)), (right, 594 - 7 * len(right))):
            boxes.append(TextBox(text, 0.99, 1400.0 + 80 * k, col, 30.0, 14.0 * len(text)))
    ink = ScaleInk(np.zeros((1700, 1900), np.uint8), 0, 0.0, 200.0, 1600.0)
    return find_candidates(block_text(read_tokens(boxes, 0.0, 950.0), ink, [TRACK]))


def reading(scale: ScaleCandidate) -> ReadScale:
    return ReadScale(scale, 0.99, None, 0.99, sure=0.99)


def test_a_figure_that_makes_another_scale_is_not_surely_a_border() -> None:
    """C2 of a mud log, 0 to 150000, was 0 to 50000, the scale of C4 beside it, and sure."""
    found = scales(("0", "50000"), ("0", "150000"))
    four = next(c for c in found if (c.right, c.last.text) == (50000.0, "50000"))
    two = next(c for c in found if (c.right, c.last.text) == (50000.0, "150000"))
    read = [reading(four), reading(two)]
    assert [is_doubtful(item, read) for item in read] == [False, True]
    whole = reading(next(c for c in found if c.right == 150000.0))
    assert not is_doubtful(whole, [reading(four), whole])


def test_a_figure_that_makes_no_scale_is_a_border_where_the_scale_beside_it_says_so() -> None:
    found = scales(("0", "150"), ("0", "1150"))
    plain = next(c for c in found if (c.right, c.last.text) == (150.0, "150"))
    cut = next(c for c in found if (c.right, c.last.text) == (150.0, "1150"))
    assert is_doubtful(reading(cut), [reading(cut)])
    assert not is_doubtful(reading(cut), [reading(plain), reading(cut)])


@pytest.mark.parametrize(("first", "doubted"), [("24", False), ("-24", True)])
def test_two_scales_that_meet_at_their_noughts_are_no_wider_one(first: str, doubted: bool) -> None:
    """24 to 0 and 0 to 24 stand back to back; from -24 to 24 the sign is printed."""
    boxes = [
        TextBox(text, 0.99, 1400.0, col, 30.0, 14.0 * len(text))
        for text, col in ((first, 120.0), ("0", 585.0), ("0", 615.0), ("24", 1080.0))
    ]
    frames = [
        Frame(100.0, 600.0, (0, 0)),
        Frame(600.0, 1100.0, (1, 1)),
        Frame(100.0, 1100.0, (0, 1), "double"),
    ]
    ink = ScaleInk(np.zeros((1700, 1900), np.uint8), 0, 0.0, 200.0, 1600.0)
    found = find_candidates(block_text(read_tokens(boxes, 0.0, 950.0), ink, frames))
    ends = (0.0, 24.0)
    scale = next(c for c in found if (c.left, c.right) == ends and c.frame.tracks == (1, 1))
    assert goes_on(scale, found) is doubted
