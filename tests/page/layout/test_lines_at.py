"""Borders on thick lines, and on lines that two tracks share."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.layout import lines_at
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import Span


def log_of(*cols: float) -> LogProfiles:
    """A log of 2000 columns with rules at some."""
    peaks = np.array(cols, float)
    return LogProfiles(0, 10, np.zeros(10), np.zeros(2000, np.float32), peaks, peaks)


def track(left_odds: float = 1.0, right_odds: float = 1.0) -> Span:
    return Span("curves", 0, 0, left_odds, right_odds, 0.9)


def ink_of(first: int, last: int, share: float = 0.9) -> np.ndarray:
    """Ink of 2000 columns on rows of which a fifth are inked; a line from first to last column."""
    ink = np.full(2000, 0.2, np.float32)
    ink[first : last + 1] = share
    return ink


def on_thick(ink: np.ndarray, col: float, *rules: float) -> float:
    spans = (track(), Span("depth", 0, 0, 1.0, 1.0, 0.9))
    ((left, right), column) = lines_at.on_thick(
        spans, ((100.0, col), (col, 900.0)), log_of(100.0, *rules), ink
    )
    assert left == 100.0
    assert column == (col, 900.0)
    return right


@pytest.mark.parametrize("found", [741.0, 747.0, 754.0])
def test_a_border_stands_at_the_middle_of_a_thick_line(found: float) -> None:
    assert on_thick(ink_of(741, 752), found) == 746.5


def test_a_border_at_a_rule_stays() -> None:
    assert on_thick(ink_of(741, 752), 741.0, 742.0) == 741.0


def test_filled_columns_and_faint_ink_are_no_lines() -> None:
    assert on_thick(ink_of(741, 800), 741.0) == 741.0
    assert on_thick(ink_of(741, 752, share=0.45), 741.0) == 741.0


def test_a_border_off_the_paper_stays() -> None:
    assert on_thick(ink_of(1990, 1999), 2010.0) == 2010.0


@pytest.mark.parametrize(
    ("rules", "odds", "shared"),
    [((500.0,), (-1.0, 2.0), 500.0), ((506.0,), (2.0, -1.0), 506.0), ((), (2.0, -1.0), 500.0),
     ((), (-1.0, 2.0), 506.0)],
)  # fmt: skip
def test_tracks_that_all_but_touch_share_a_line(
    rules: tuple[float, ...], odds: tuple[float, float], shared: float
) -> None:
    spans = (track(2.0, odds[0]), Span("depth", 0, 0, 1.0, 1.0, 0.9), track(odds[1], 2.0))
    borders = ((100.0, 500.0), (910.0, 990.0), (506.0, 900.0))
    placed = lines_at.side_by_side(spans, borders, log_of(*rules), 3.0)
    assert placed == ((100.0, shared), (910.0, 990.0), (shared, 900.0))


def test_tracks_apart_and_two_rules_side_by_side_stay() -> None:
    apart = ((100.0, 500.0), (513.0, 900.0))
    assert lines_at.side_by_side((track(), track()), apart, log_of(500.0), 3.0) == apart
    ruled = ((100.0, 500.0), (508.0, 900.0))
    assert lines_at.side_by_side((track(), track()), ruled, log_of(500.0, 508.0), 3.0) == ruled
