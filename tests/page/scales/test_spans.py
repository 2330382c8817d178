"""Scales over two tracks, or over a part of one: the track that each of them gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet_core.datatypes import Dpi
from veernet_core.page.results import CurveFound, PageLayout, Reading, SectionFound, TrackFound
from veernet_core.page.scales.spans import with_spans


def track(left: float, right: float, divisions: int = 10) -> TrackFound:
    left_knots, right_knots = (np.array([[0.0, px], [900.0, px + 9]]) for px in (left, right))
    return TrackFound(left_knots, right_knots, "curves", "linear", divisions, confidence=0.9)


def curve(
    name: str,
    index: int,
    last: int | None = None,
    part: tuple[float, float] | None = None,
    sure: float = 0.95,
) -> CurveFound:
    stated = [Reading(value, "header", sure) for value in (name, 0.0, 150.0)]
    return CurveFound(
        "main", index, stated[0], None, stated[1], stated[2], "linear", "solid",
        last_track=last, part=part,
    )  # fmt: skip


LAYOUT = PageLayout(
    "curve_log", 0, Dpi(200.0, 200.0),
    (
        SectionFound(
            "main", "main", 0.0, 900.0, (track(100, 500), track(600, 800), track(800, 1000)),
            np.zeros((0, 2)),
        ),
    ),
)  # fmt: skip


def test_a_part_of_a_track_is_a_track_between_its_shares() -> None:
    layout, curves = with_spans(LAYOUT, [curve("GR", 0), curve("DRHO", 0, part=(0.5, 0.75))])
    tracks = layout.sections[0].tracks
    assert [c.mnemonic.value for c in curves] == ["GR", "DRHO"]
    part = tracks[curves[1].track_index]
    np.testing.assert_allclose(part.left_knots, [[0, 300], [900, 309]])
    np.testing.assert_allclose(part.right_knots, [[0, 400], [900, 409]])
    assert (curves[1].part, curves[1].last_track) == (None, None)
    np.testing.assert_allclose(tracks[curves[0].track_index].left_knots[:, 1], [100, 109])


def test_tracks_that_only_share_a_scale_are_one() -> None:
    layout, curves = with_spans(LAYOUT, [curve("GR", 0), curve("ILD", 1, last=2)])
    tracks = layout.sections[0].tracks
    wide = tracks[curves[1].track_index]
    assert (wide.left_knots[0, 1], wide.right_knots[0, 1]) == (600.0, 1000.0)
    assert [(t.left_knots[0, 1], t.right_knots[0, 1]) for t in tracks] == [(100, 500), (600, 1000)]


def test_a_track_with_a_scale_of_its_own_stays_beside_the_wide_one() -> None:
    layout, curves = with_spans(
        LAYOUT, [curve("GR", 0), curve("ILD", 1, last=2), curve("CALI", 2), curve("SP", 1)]
    )
    spans = [
        (t.left_knots[0, 1], t.right_knots[0, 1])
        for t in (layout.sections[0].tracks[c.track_index] for c in curves)
    ]
    assert spans == [(100, 500), (600, 1000), (800, 1000), (600, 800)]


DOUBLE = PageLayout(
    "curve_log", 0, Dpi(200.0, 200.0),
    (
        SectionFound(
            "main", "main", 0.0, 900.0, (track(100, 500), track(600, 1400, 20)), np.zeros((0, 2))
        ),
    ),
)  # fmt: skip


def test_a_double_track_of_which_scales_tell_a_half_only_is_two_tracks() -> None:
    half = curve("SN", 1, part=(0.0, 0.5))
    layout, (_, resistivity) = with_spans(DOUBLE, [curve("SP", 0), half])
    found = [(t.left_knots[0, 1], t.right_knots[0, 1]) for t in layout.sections[0].tracks]
    assert found == [(100, 500), (600, 1000), (1000, 1400)]
    assert resistivity.track_index == 1


def test_halves_meet_at_the_line_printed_in_the_middle() -> None:
    single, double = DOUBLE.sections[0].tracks
    middle = np.array([[0.0, 993.0], [900.0, 1004.0]])
    tracks = (single, replace(double, middle_knots=middle))
    layout = replace(DOUBLE, sections=(replace(DOUBLE.sections[0], tracks=tracks),))
    layout, _ = with_spans(layout, [curve("SP", 0), curve("SN", 1, part=(0.0, 0.5))])
    _, left, right = layout.sections[0].tracks
    np.testing.assert_array_equal(left.right_knots, middle)
    np.testing.assert_array_equal(right.left_knots, middle)
    assert (left.left_knots[0, 1], right.right_knots[0, 1]) == (600, 1400)


def test_a_scale_that_is_likelier_wrong_makes_no_two_tracks() -> None:
    doubtful = curve("TT", 1, part=(0.0, 0.5), sure=0.07)
    layout, _ = with_spans(DOUBLE, [curve("SP", 0), doubtful])
    found = [(t.left_knots[0, 1], t.right_knots[0, 1]) for t in layout.sections[0].tracks]
    assert found == [(100, 500), (600, 1400), (600, 1000)]


def test_a_double_track_with_a_scale_over_all_of_it_stays_one() -> None:
    half = curve("DRHO", 1, part=(0.0, 0.5))
    layout, _ = with_spans(DOUBLE, [curve("SP", 0), curve("RHOB", 1), half])
    found = [(t.left_knots[0, 1], t.right_knots[0, 1]) for t in layout.sections[0].tracks]
    assert found == [(100, 500), (600, 1400), (600, 1000)]


def test_a_track_of_ten_divisions_stays_one_beside_a_scale_of_its_half() -> None:
    layout, _ = with_spans(LAYOUT, [curve("DRHO", 0, part=(0.5, 1.0))])
    found = [(t.left_knots[0, 1], t.right_knots[0, 1]) for t in layout.sections[0].tracks]
    assert found == [(100, 500), (600, 800), (800, 1000), (300, 500)]
