"""Doubtful borders that the widths of other tracks tell."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.layout import widths
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import Span

FIRST = np.arange(100.0, 301.0, 20)
"""A track of ten divisions, 200 columns wide."""
DOUBLE = np.arange(400.0, 801.0, 20)
"""A track of twenty of them."""


def log_of(*lines: np.ndarray) -> LogProfiles:
    """A log of 1000 columns with vertical lines at some."""
    cols = np.concatenate(lines)
    rules = np.zeros(1000, np.float32)
    rules[np.rint(cols).astype(int)] = 50
    return LogProfiles(0, 10, np.zeros(10), rules, cols, cols)


def track(left_odds: float = 2.0, right_odds: float = 2.0) -> Span:
    return Span("curves", 0, 0, left_odds, right_odds, 0.9)


def evened(
    log: LogProfiles, *tracks: tuple[Span, tuple[float, float]]
) -> list[tuple[float, float]]:
    spans, borders = zip(*tracks)
    return list(widths.evened(spans, borders, log))


@pytest.mark.parametrize("odds", [-1.0, float("nan")])
def test_a_doubtful_border_makes_the_track_twice_as_wide_as_the_other(odds: float) -> None:
    log = log_of(FIRST, DOUBLE, np.array([830.0]))
    borders = evened(log, (track(), (100, 300)), (track(2.0, odds), (400, 830)))
    assert borders == [(100, 300), (400, 800)]


def test_a_border_without_ink_is_where_the_width_ends() -> None:
    log = log_of(FIRST, DOUBLE[1:])
    borders = evened(log, (track(), (100, 300)), (track(-3.0, 2.0), (432, 800)))
    assert borders == [(100, 300), (400, 800)]


def test_a_border_that_the_marks_speak_for_stays() -> None:
    log = log_of(FIRST, DOUBLE, np.array([830.0]))
    borders = evened(log, (track(), (100, 300)), (track(2.0, 0.5), (400, 830)))
    assert borders[1] == (400, 830)


def test_a_track_of_another_width_whose_grid_fits_stays() -> None:
    wide = np.arange(400.0, 851.0, 45)  # ten divisions of its own
    log = log_of(FIRST, wide)
    borders = evened(log, (track(), (100, 300)), (track(2.0, -1.0), (400, 850)))
    assert borders[1] == (400, 850)


def test_where_no_grid_fits_ten_or_twenty_divisions_do() -> None:
    log = log_of(DOUBLE, np.array([833.0, 855.0]))
    (border,) = evened(log, (track(2.0, -0.2), (400, 855)))
    assert border == (400, 800)


def test_eleven_divisions_that_fit_stay() -> None:
    log = log_of(np.arange(400.0, 621.0, 20))
    (border,) = evened(log, (track(-1.0, -1.0), (400, 620)))
    assert border == (400, 620)


def test_a_border_that_two_tracks_share_stays() -> None:
    log = log_of(FIRST, np.arange(400.0, 611.0, 21), np.arange(600.0, 801.0, 20))
    tracks = ((track(), (100, 300)), (track(2.0, -1.0), (400, 610)), (track(-1.0, 2.0), (610, 800)))
    borders = evened(log, *tracks)
    assert borders[1][1] == borders[2][0] == 610


# ---- tracks that were cut in two -----------------------------------------------------------------------


def decades(left: float, width: float, count: int) -> np.ndarray:
    """The lines of some decades."""
    places = [k + np.log10(v) for k in range(count) for v in range(1, 10)]
    return left + width * np.append(places, count) / count


def test_a_decade_taken_for_a_border_is_none() -> None:
    log = log_of(FIRST, decades(400, 400, 4), np.array([826.0]))
    spans = (track(), track(2.0, -0.9), track(-1.0, -0.1))
    borders = ((100.0, 300.0), (400.0, 700.0), (700.0, 826.0))
    kept, placed = widths.rejoined(spans, borders, log)
    assert placed == ((100, 300), (400, 800))
    assert (kept[1].left_odds, kept[1].right_odds) == (2.0, -0.1)


def test_two_tracks_with_grids_of_their_own_stay_two() -> None:
    log = log_of(FIRST, np.arange(400.0, 601.0, 20), np.arange(600.0, 801.0, 20))
    spans = (track(), track(2.0, -0.9), track(-1.0, -0.1))
    borders = ((100.0, 300.0), (400.0, 600.0), (600.0, 803.0))
    assert widths.rejoined(spans, borders, log) == (spans, borders)
