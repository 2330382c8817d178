"""A track of twenty divisions is two where a rule parts the boxes above it; scales over both are read, too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.page.results import SectionFound, TrackFound
from veernet_core.page.scales.candidates import frames_of
from veernet_core.page.scales.halves import with_halves

DPI = Dpi(200.0, 200.0)
TOP = 300


def section(divisions: int | None = 20) -> SectionFound:
    left, right = (np.array([[float(TOP), px]]) for px in (100.0, 900.0))
    track = TrackFound(left, right, "curves", "linear", divisions)
    return SectionFound("main", "main", float(TOP), 3000.0, (track,), np.zeros((0, 2)))


def raster(ink: U8) -> Raster:
    return Raster(
        len(ink),
        1000,
        False,
        None,
        lambda a, b: ink[a:b],
        lambda a, b: ink[a:b, :, None],
        lambda: (),
    )


def form(col: int = 500, first: int = 0, lean: float = 0.0) -> U8:
    ink = np.zeros((3000, 1000), dtype=np.uint8)
    for row in range(first, TOP):
        at = col + round(lean * (row - TOP))
        ink[row, at : at + 2] = 255
    return ink


def borders(of: SectionFound) -> list[tuple[float, float]]:
    return [t.borders_at(TOP) for t in of.tracks]


@pytest.mark.parametrize("lean", [0.0, 0.01])
def test_a_rule_down_the_middle_makes_two_halves(lean: float) -> None:
    found = with_halves(raster(form(lean=lean)), section(), DPI)
    assert borders(found) == [(100.0, 500.0), (500.0, 900.0)]
    assert [(t.divisions, t.is_half) for t in found.tracks] == [(10, True), (10, True)]


def test_the_line_that_was_found_in_the_middle_is_the_border() -> None:
    one = section()
    track = replace(one.tracks[0], middle_knots=np.array([[float(TOP), 503.0]]))
    found = with_halves(raster(form()), replace(one, tracks=(track,)), DPI)
    assert borders(found) == [(100.0, 503.0), (503.0, 900.0)]


@pytest.mark.parametrize(
    ("ink", "divisions"),
    [(form(first=TOP - 60), 20), (form(col=520), 20), (form(), 10), (form(), None)],
    ids=["short", "off the middle", "ten divisions", "no grid"],
)
def test_other_tracks_stay_as_they_are(ink: U8, divisions: int | None) -> None:
    own = section(divisions)
    assert with_halves(raster(ink), own, DPI) is own


def test_a_section_at_the_top_of_the_page_has_no_form_above_it() -> None:
    own = replace(section(), row_top=20.0)
    assert with_halves(raster(form()), own, DPI) is own


def test_a_scale_may_span_a_half_or_the_whole_which_is_no_double_track() -> None:
    frames = frames_of(with_halves(raster(form()), section(), DPI))
    wide = {(f.left, f.right): f for f in frames if f.kind != "part"}
    assert set(wide) == {(100.0, 500.0), (500.0, 900.0), (100.0, 900.0)}
    whole = wide[100.0, 900.0]
    assert (whole.tracks, whole.of_double, whole.is_double) == ((0, 1), "whole", False)


def test_neighbours_of_their_own_are_a_double_track() -> None:
    tracks = tuple(
        replace(
            section(10).tracks[0], left_knots=np.array([[0.0, a]]), right_knots=np.array([[0.0, b]])
        )
        for a, b in ((100.0, 500.0), (500.0, 900.0))
    )
    frames = frames_of(replace(section(), tracks=tracks))
    assert [f.is_double for f in frames if f.kind == "double"] == [True]
