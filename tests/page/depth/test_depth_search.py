"""Depth columns where the layout names none: what is proposed lies where numbers are printed or may be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from depth_support import DPI, LEFT, RIGHT, WIDTH, draw_log, error, find, section_of
from text_support import BlockReader, as_raster

from veernet_core.datatypes import Dpi, px_at
from veernet_core.page.depth.search import lines_beside, narrow_places, search_columns
from veernet_core.page.results import SectionFound, TrackFound

SQUARE = Dpi(DPI, DPI)
MIDDLE = (LEFT + RIGHT) / 2


def track(left: float, right: float, kind: str = "curves", lean: float = 0.0) -> TrackFound:
    knots = (np.array([[0.0, px], [1000.0, px + lean]]) for px in (left, right))
    return TrackFound(*knots, kind)  # type: ignore[arg-type]


def section(*tracks: TrackFound) -> SectionFound:
    return SectionFound("main", "main", 0.0, 1000.0, tracks, np.zeros((0, 2)), 1.0)


def spans(places: list[TrackFound], row: float = 0.0) -> list[tuple[float, float]]:
    return [place.borders_at(row) for place in places]


def test_a_column_of_round_numbers_is_found_where_no_track_is_named() -> None:
    image, _ = draw_log()
    named = section_of(image, columns=())
    found = search_columns(as_raster(image), named, BlockReader(), SQUARE)
    assert len(found) == 1
    left, right = found[0].borders_at(3000.0)
    assert (left + right) / 2 == pytest.approx(MIDDLE, abs=5)
    assert found[0].kind == "depth"
    assert left < MIDDLE - 40 < MIDDLE + 40 < right  # the numbers lie inside


def test_two_columns_of_numbers_are_two_strips() -> None:
    second = (800, 960)
    image, _ = draw_log(columns=((LEFT, RIGHT), second), lines=False)
    found = search_columns(as_raster(image), section_of(image, ()), BlockReader(), SQUARE)
    centres = sorted(sum(place.borders_at(3000.0)) / 2 for place in found)
    assert centres == pytest.approx([MIDDLE, sum(second) / 2], abs=5)


def test_a_single_number_and_a_page_without_numbers_make_no_column() -> None:
    depths = range(7000, 7800, 100)
    for labels in (dict.fromkeys(depths, 0), {d: d * (d == 7300) for d in depths}):
        image, _ = draw_log(labels=labels)
        assert search_columns(as_raster(image), section_of(image, ()), BlockReader(), SQUARE) == []


def test_a_pair_of_numbers_in_a_column_of_signs_does_not_end_the_search() -> None:
    signs = (800, 960)
    said = dict.fromkeys(range(7000, 7800, 100), 0)
    for pair in ({7100: 510, 7400: 110}, {7100: 110, 7400: 510}):  # upward, and downward
        image, truth = draw_log(columns=((LEFT, RIGHT), signs), other=said | pair)
        assert error(find(image, columns=(signs,)), truth).max() < 0.2


def test_numbers_that_are_not_round_make_no_column() -> None:
    odd = {d: d + 7 for d in range(7000, 7800, 100)}
    image, _ = draw_log(labels=odd)
    assert search_columns(as_raster(image), section_of(image, ()), BlockReader(), SQUARE) == []


def test_a_strip_drifts_as_the_nearest_border_does() -> None:
    image, _ = draw_log()
    drift = 30.0
    leaning = [
        replace(t, left_knots=knots(t.left_knots, drift), right_knots=knots(t.right_knots, drift))
        for t in section_of(image, ()).tracks
    ]
    named = replace(section_of(image, ()), tracks=tuple(leaning))
    (strip,) = search_columns(as_raster(image), named, BlockReader(), SQUARE)
    last = image.shape[0] - 1
    for border in (strip.left_knots, strip.right_knots):
        assert px_at(border, last) - px_at(border, 0.0) == pytest.approx(drift)


def knots(border: np.ndarray, drift: float) -> np.ndarray:
    return np.array([border[0], [5999.0, border[0, 1] + drift]])


def test_free_space_between_tracks_and_narrow_tracks_are_places_for_numbers() -> None:
    places = narrow_places(
        section(track(200, 600), track(680, 1080), track(1080, 1180)), 200.0, 1500
    )
    # Left of the first track, the gap, the narrow track of a casing collar log, right of the last.
    assert spans(places) == [(0, 200), (600, 680), (1080, 1180), (1180, 1440)]
    assert {place.kind for place in places} == {"depth"}


def test_tracks_as_wide_as_most_curves_need_and_gaps_too_narrow_for_numbers_are_no_places() -> None:
    wide, beside = track(30, 530), track(560, 1060)
    assert spans(narrow_places(section(wide, beside), 200.0, 1090)) == []


def test_places_follow_the_borders_down_the_page_and_end_at_its_edges() -> None:
    places = narrow_places(
        section(track(100, 500, lean=20), track(600, 1000, lean=20)), 200.0, 1100
    )
    assert spans(places, 1000.0)[:2] == [(0, 120), (520, 620)]
    assert max(place.right_knots[:, 1].max() for place in places) <= 1099


def test_places_do_not_depend_on_the_order_of_the_tracks() -> None:
    tracks = (track(200, 600), track(680, 1080), track(1080, 1180))
    once = spans(narrow_places(section(*tracks), 200.0, 1500))
    assert spans(narrow_places(section(*tracks[::-1]), 200.0, 1500)) == once
    assert narrow_places(section(), 200.0, WIDTH) == []


def test_depth_lines_are_looked_for_right_of_the_column_first_then_left_nearest_first() -> None:
    tracks = [track(10, 90), track(100, 300), track(500, 700), track(700, 900)]
    column = track(300, 500, "depth")
    beside = lines_beside(section(*tracks, column), column)
    assert [float(border[0, 1]) for border in beside] == [500, 700, 100, 10]
