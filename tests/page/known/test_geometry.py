"""Rows, borders and the reference line of a section, checked against the page."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import Track, TrackGeometry
from veernet_core.errors import GeometryError
from veernet_core.page.known.geometry import (
    array_of,
    geometry_of,
    middle_line,
    reference_line,
    require_anchors_on_page,
    require_on_page,
    rows_on_page,
)

WIDTH, HEIGHT = 1000, 5000


def upright(px: float, rows: tuple[float, float] = (0.0, 4000.0)) -> np.ndarray:
    return np.array([[rows[0], px], [rows[1], px]])


def track(name: str, left: float, right: float) -> Track:
    return Track(TrackGeometry(name, upright(left), upright(right)), ())


def test_rows_may_reach_the_edge_of_the_outermost_pixels() -> None:
    assert rows_on_page(10.0, 300.0, "s", HEIGHT) == (10.0, 300.0)
    assert rows_on_page(-1.0, HEIGHT + 1.0, "s", HEIGHT) == (0.0, float(HEIGHT))


@pytest.mark.parametrize(
    "rows", [(-3.0, 100.0), (0.0, HEIGHT + 3.0), (100.0, 101.0), (4999.5, 5001.0)]
)
def test_rows_off_the_page_or_too_few_are_refused_with_their_place(
    rows: tuple[float, float],
) -> None:
    with pytest.raises(GeometryError) as caught:
        rows_on_page(*rows, "sections[0]", HEIGHT)
    assert caught.value.where == "sections[0]"


def test_an_anchor_off_the_page_is_named_by_its_number() -> None:
    require_anchors_on_page([(0.0, 7000.0), (HEIGHT, 7250.0)], "s", HEIGHT)
    with pytest.raises(GeometryError) as caught:
        require_anchors_on_page([(10.0, 7000.0), (5003.0, 7250.0)], "s", HEIGHT)
    assert caught.value.where == "s.depth.anchors[1]"
    assert "7250" in caught.value.message


def test_the_middle_line_is_midway_at_the_rows_of_either_border() -> None:
    left, right = (
        np.array([[0.0, 100.0], [100.0, 110.0]]),
        np.array([[50.0, 200.0], [100.0, 220.0]]),
    )
    middle = middle_line(left, right)
    assert middle.tolist() == [[0.0, 150.0], [50.0, 152.5], [100.0, 165.0]]


def test_anchors_lie_on_the_middle_of_the_depth_column_where_it_is_known() -> None:
    column = upright(333.0)
    assert reference_line(column, [track("T1", 0, 300)]) is column


def test_the_widest_gap_between_tracks_is_the_depth_column() -> None:
    tracks = [track("T2", 620, 900), track("T1", 100, 500), track("T3", 901, 990)]
    assert reference_line(None, tracks)[:, 1].tolist() == [560.0, 560.0]


def test_a_ruled_border_is_no_depth_column() -> None:
    tracks = [track("T1", 100, 500), track("T2", 510, 910)]
    assert reference_line(None, tracks)[:, 1].tolist() == [100.0, 100.0]
    assert reference_line(None, []).shape == (1, 2)


def test_borders_that_cross_are_refused_with_their_place() -> None:
    wrong = array_of([(0.0, 300.0), (100.0, 100.0)])
    with pytest.raises(GeometryError) as caught:
        geometry_of("T1", wrong, upright(200.0), "sections[0].tracks[1]")
    assert caught.value.where == "sections[0].tracks[1]"


@pytest.mark.parametrize(
    ("left", "right", "off"),
    [
        (100.0, 900.0, False),
        (-2.0, 1001.0, False),  # the outer edge of the outermost pixels
        (-60.0, 500.0, True),
        (600.0, 1200.0, True),
    ],
)
def test_half_of_a_track_must_be_on_the_page(left: float, right: float, off: bool) -> None:
    geometry = TrackGeometry("T1", upright(left), upright(right))
    assert require_on_page(geometry, (0.0, 4000.0), "t", WIDTH) is off


@pytest.mark.parametrize(("left", "right"), [(-500.0, 400.0), (900.0, 1300.0), (1100.0, 1500.0)])
def test_a_track_that_is_mostly_off_the_page_is_refused(left: float, right: float) -> None:
    geometry = TrackGeometry("T1", upright(left), upright(right))
    with pytest.raises(GeometryError, match="columns 0 to 999"):
        require_on_page(geometry, (0.0, 4000.0), "t", WIDTH)
