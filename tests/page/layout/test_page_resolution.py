"""Resolution of a page: by its tracks, and by its tag where tracks could be of either width."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import Dpi
from veernet_core.page.layout.resolution import measured
from veernet_core.page.results import SectionFound, TrackFound

ROWS = 2000.0


def track(left: float, width: float, **grid: object) -> TrackFound:
    def knots(at: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.array([[0.0, at], [ROWS, at]])

    return TrackFound(knots(left), knots(left + width), "curves", **grid)  # type: ignore[arg-type]


def page(divisions: int, lines_px: float = 20.0) -> SectionFound:
    """Two linear tracks and one of four decades, 2.3 in wide at 200 dpi; lines a tenth of an inch apart."""
    rows = np.arange(0, ROWS, lines_px)
    tracks = (
        track(0, 457, scale="linear", divisions=divisions),
        track(600, 457, scale="log", decades=4.0),
        track(1057, 457, scale="linear", divisions=divisions),
    )
    return SectionFound(
        "main", "main", 0.0, ROWS, tracks, np.column_stack([rows, np.zeros(len(rows))])
    )


def test_four_decades_fill_a_track_of_either_width_and_the_tag_decides() -> None:
    """A linear grid that shows its middle line only does not tell; lines bear both resolutions out."""
    assert measured([page(2)], Dpi(200.0, 200.0)) == (200.0, 200.0)
    assert measured([page(2)], Dpi(100.0, 100.0)) == (100.0, 100.0)


def test_ten_divisions_are_believed_before_a_tag() -> None:
    down, across = measured([page(10)], Dpi(400.0, 400.0))
    assert (down, across) == (pytest.approx(200), pytest.approx(200))


def test_a_tag_that_no_line_bears_out_is_not_believed() -> None:
    assert measured([page(2, lines_px=23.0)], Dpi(190.0, 190.0)) != (190.0, 190.0)


def test_a_tag_that_makes_the_page_as_wide_as_log_paper_counts() -> None:
    """Mud logs have tracks of 1.45 in: by their width alone this page is one of 58 dpi, and in metres."""
    narrow = SectionFound(
        "main", "main", 0.0, ROWS,
        (track(0, 145, scale="linear", divisions=10), track(170, 145, scale="linear", divisions=10)),
        np.column_stack([np.arange(0, ROWS, 50.0), np.zeros(40)]),
    )  # fmt: skip
    assert measured([narrow], Dpi(100.0, 100.0), 850) == (100.0, 100.0)
    assert measured([page(10)], Dpi(400.0, 400.0), 1700)[1] == pytest.approx(200)


def test_tracks_of_two_widths_give_the_resolution_of_one_of_them() -> None:
    """Half-way between a track of 2.5 in and one of twenty divisions within that width lies no paper."""
    tracks = (
        track(0, 500, scale="linear", divisions=20),
        track(650, 1000, scale="linear", divisions=20),
    )
    rows = np.arange(0, ROWS, 20.0)
    both = SectionFound("main", "main", 0.0, ROWS, tracks, np.column_stack([rows, 0 * rows]))
    assert measured([both], None).across == pytest.approx(200)
