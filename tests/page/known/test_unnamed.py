"""No pen of a track disappears, and a name without ink is said, on pages with colour."""

from __future__ import annotations

import numpy as np
import pytest
from sidecar_support import page

from veernet_core.datatypes import Dpi
from veernet_core.page.known.place import PlacedTrack
from veernet_core.page.known.tracks import PageCheck, TrackParts, checked_tracks, read_parts
from veernet_core.page.known.unnamed import UNREAD
from veernet_core.page.results import (
    CurveFound,
    HeaderFound,
    InkFound,
    PageLayout,
    PageReading,
    PenNamed,
    Reading,
    SectionFound,
    TrackFound,
)

ROWS = (100.0, 2000.0)
RED, DARK_RED, BLUE, GREEN, BLACK = "#ff0000", "#8b0000", "#0000ff", "#00a000", "#000000"


def section() -> SectionFound:
    tracks = tuple(
        TrackFound(np.array([[0.0, a]]), np.array([[0.0, a + 400.0]]), "curves", confidence=0.9)
        for a in (100.0, 500.0)
    )
    return SectionFound("main", "main", *ROWS, tracks, np.zeros((0, 2)))


def curve(name: str, colour: str | None, last: int | None = None) -> CurveFound:
    left, right = (Reading(v, "header", 0.95) for v in (0.0, 150.0))
    named = Reading(name, "header", 0.95)
    return CurveFound("main", 0, named, None, left, right, "linear", None, colour, last_track=last)


def ink(colour: str, track: int = 0, presence: float = 0.9, is_pen: bool = True) -> InkFound:
    return InkFound("main", track, colour, presence, is_pen)


def legend(name: str, colour: str, left: float = 100.0) -> PenNamed:
    return PenNamed((ROWS[0], 9000.0), (left, left + 400.0), name, f"{name} (ppm)", colour)


def parts(
    curves: list[CurveFound],
    inks: list[InkFound],
    track: int = 0,
    legends: tuple[PenNamed, ...] = (),
) -> tuple[TrackParts, list[str]]:
    layout = PageLayout("curve_log", 0, Dpi(200.0, 200.0), (section(),))
    reading = PageReading(layout, {}, HeaderFound(), tuple(curves), (), tuple(inks), legends)
    check = PageCheck(page(), [])
    out = read_parts(PlacedTrack(f"T{track + 1}", track, None), section(), reading, 0.5, check)
    return out, [finding.code for finding in check.findings]


def names(of: TrackParts) -> list[tuple[str, str | None]]:
    return [(c.mnemonic, c.colour) for c in of.curves]


def test_a_pen_without_a_name_is_given_beside_the_named_ones() -> None:
    own, codes = parts([curve("GR", GREEN)], [ink(GREEN), ink(BLUE), ink(RED, is_pen=False)])
    assert names(own) == [("GR", GREEN), (UNREAD, BLUE)]
    assert codes == ["pen_unnamed"]
    extra = own.curves[1]
    assert (extra.unit, extra.left, extra.right, extra.source) == ("FRAC", 0.0, 1.0, "guess")


def test_each_pen_of_a_track_without_scales_is_a_curve_of_its_own() -> None:
    own, codes = parts([], [ink(BLUE), ink(RED)])
    assert names(own) == [(UNREAD, BLUE), (UNREAD, RED)]
    assert codes == ["scale_unread"]
    (track,) = checked_tracks([own], "main", ROWS, "w", PageCheck(page(), []))
    assert [c.mnemonic for c in track.curves] == [UNREAD, f"{UNREAD}_2"]


def test_a_track_without_scales_or_pens_gives_its_darkest_line() -> None:
    own, _ = parts([], [ink(RED, is_pen=False)])
    assert names(own) == [(UNREAD, None)]


def test_pens_that_scales_name_are_not_given_again() -> None:
    own, codes = parts([curve("GR", DARK_RED), curve("ROP", BLACK)], [ink(RED), ink(BLACK)])
    assert names(own) == [("GR", DARK_RED), ("ROP", BLACK)]
    assert codes == []


def test_a_scale_whose_pen_is_unknown_may_be_that_of_a_pen_without_a_name() -> None:
    own, codes = parts([curve("GR", None)], [ink(RED)])
    assert names(own) == [("GR", None)]
    assert codes == []


def test_a_scale_that_spans_two_tracks_names_its_pen_in_both() -> None:
    own, codes = parts([curve("GR", RED, last=1)], [ink(RED), ink(RED, 1), ink(BLUE, 1)], track=1)
    assert names(own) == [(UNREAD, BLUE)]
    assert codes == ["scale_unread"]


@pytest.mark.parametrize(
    ("inks", "codes"),
    [
        ([ink(BLUE, is_pen=False)], ["not_drawn"]),
        ([ink(RED, presence=0.001, is_pen=False)], ["not_drawn"]),
        ([ink(RED, presence=0.05, is_pen=False)], []),
        ([], []),
    ],
)
def test_a_name_without_ink_is_said(inks: list[InkFound], codes: list[str]) -> None:
    own, found = parts([curve("GR", RED)], inks)
    assert names(own) == [("GR", RED)]
    assert found == codes


def test_a_curve_that_spans_tracks_is_drawn_where_it_is_in_any_of_them() -> None:
    _, codes = parts([curve("GR", RED, last=1)], [ink(BLUE, is_pen=False), ink(RED, 1)])
    assert "not_drawn" not in codes


def test_a_pen_has_the_name_that_the_legend_gives_to_its_hue() -> None:
    own, codes = parts([], [ink(BLUE), ink(RED)], legends=(legend("C1", BLUE),))
    assert names(own) == [("C1", BLUE), (UNREAD, RED)]
    assert [c.unit for c in own.curves] == ["FRAC", "FRAC"]
    assert own.curves[0].printed == "C1 (ppm)"
    assert codes == ["scale_unread"]


@pytest.mark.parametrize(
    "legends",
    [
        (legend("C1", BLUE), legend("C4", BLUE)),
        (legend("C1", BLUE, left=500.0),),
        (legend("C3", "#5a10ce"),),
        (legend("GR", BLUE),),
    ],
    ids=["two of one hue", "another track", "purple", "the name of a scale"],
)
def test_a_legend_that_leaves_a_doubt_names_nothing(legends: tuple[PenNamed, ...]) -> None:
    own, _ = parts([curve("GR", GREEN)], [ink(GREEN), ink(BLUE)], legends=legends)
    assert names(own) == [("GR", GREEN), (UNREAD, BLUE)]


def test_the_legend_of_a_section_holds_for_its_later_parts() -> None:
    whole = PenNamed((0.0, 9000.0), (100.0, 500.0), "C1", "C1", BLUE)
    own, _ = parts([], [ink(BLUE)], legends=(whole,))
    assert names(own) == [("C1", BLUE)]
