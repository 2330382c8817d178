"""Which found section is which true one, which found track which true one, and how far borders are off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.evaluation.page_match import (
    border_distances,
    common_rows,
    down_to,
    find_section,
    find_track,
    lies_in,
    turned_truth,
)
from veernet_core.evaluation.page_truth import PageTruth, TrueSection, TrueTrack
from veernet_core.page.known.place import Placed
from veernet_core.page.results import SectionFound

HEIGHT, WIDTH = 5000, 1000


def upright(px: float) -> np.ndarray:
    return np.array([[1000.0, px], [4000.0, px + 6.0]])


def true(top: float = 1000.0, bottom: float = 4000.0) -> TrueSection:
    tracks = (
        TrueTrack("T1", upright(100), upright(400)),
        TrueTrack("T2", upright(500), upright(900)),
    )
    anchors = np.array([[1200.0, 7000.0], [3200.0, 7100.0]])
    return TrueSection("main", top, bottom, "ft", anchors, tracks)


def placed(top: float, bottom: float) -> Placed:
    return Placed(SectionFound("log1", "main", top, bottom, (), np.zeros((0, 2))), None, ())


def test_rows_that_lie_apart_share_fewer_than_none() -> None:
    assert common_rows((0, 100), (40, 200)) == 60
    assert common_rows((0, 100), (150, 200)) == -50


def test_a_section_is_the_one_that_shares_most_rows_and_at_least_half() -> None:
    upper, lower = placed(900, 2000), placed(2001, 4100)
    assert find_section(true(), [upper, lower]) is lower
    assert find_section(true(), [upper]) is None
    assert find_section(true(), [placed(1000, 2500)]) is not None
    assert find_section(true(), []) is None


def test_rows_lie_in_a_section_that_holds_half_of_them_or_that_they_hold() -> None:
    sections = [true(0, 1000), true(2000, 4000)]
    assert lies_in((2500, 2600), sections) is sections[1]
    assert lies_in((1900, 4500), sections) is sections[1]
    assert lies_in((900, 1300), sections) is None
    assert lies_in((900, 1100), sections) is sections[0]


def test_a_track_is_the_one_that_covers_it_best_and_at_least_half() -> None:
    track = true().tracks[1]
    borders = [
        (upright(100), upright(400)),
        (upright(510), upright(890)),
        (upright(500), upright(640)),
    ]
    assert find_track((1000, 4000), borders, track) == 1
    assert find_track((1000, 4000), borders[:1], track) is None
    assert find_track((1000, 4000), [], track) is None
    wide = [(upright(100), upright(950))]  # more than half of it is another track
    assert find_track((1000, 4000), wide, track) is None


def test_borders_are_measured_at_the_true_knots_within_the_section() -> None:
    section = true(1000.0, 2500.0)
    off = border_distances(section, section.tracks[0], (upright(103), upright(395)))
    assert off == pytest.approx([3, 3, 5, 5])
    assert np.isinf(border_distances(section, section.tracks[0], None)).all()


def test_what_lies_below_the_row_that_was_read_to_is_left_out() -> None:
    sections = [placed(0, 900), placed(1000, 3000), placed(3500, 4000)]
    kept = down_to(sections, 2000.0)
    assert [(p.found.row_top, p.found.row_bottom) for p in kept] == [(0, 900), (1000, 2000)]


def test_a_half_turn_moves_the_truth_and_twice_brings_it_back() -> None:
    page = PageTruth(True, False, 180, None, (true(),))
    turned = turned_truth(page, 180, (HEIGHT, WIDTH))
    (section,) = turned.sections
    assert (section.row_top, section.row_bottom) == (1000.0, 4000.0)
    # a mark at (1000, 100) is at (3999, 899) of a page of 5000 x 1000
    assert section.tracks[0].right.tolist() == [[999.0, 893.0], [3999.0, 899.0]]
    assert section.anchors.tolist() == [[1799.0, 7100.0], [3799.0, 7000.0]]
    back = turned_truth(turned, 180, (HEIGHT, WIDTH)).sections[0]
    np.testing.assert_array_equal(back.anchors, true().anchors)
    for one, other in zip(back.tracks, true().tracks, strict=True):
        np.testing.assert_array_equal(one.left, other.left)
        np.testing.assert_array_equal(one.right, other.right)
    assert turned_truth(replace(page, turn_deg=90), 90, (HEIGHT, WIDTH)) == replace(
        page, turn_deg=90
    )
