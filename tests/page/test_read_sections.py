"""What a sidecar gives goes first, what was read of the page fills it up, and drafts say the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from page_reading_support import (
    DEPTH,
    HEIGHT,
    READING,
    completed,
    curve,
    draft,
    layout,
    page,
    parse,
    section,
    track,
)

from veernet_core.errors import GeometryError
from veernet_core.page.drafts.draft import draft_json
from veernet_core.page.known import place as known_place
from veernet_core.page.known.sections import given_sections


def test_without_a_sidecar_everything_is_as_read() -> None:
    known = completed()
    assert known.findings == ()
    (main,) = known.sections
    assert main.depth is not None
    assert (main.depth.source, main.depth.residual) == ("header", 0.1)
    np.testing.assert_allclose(main.reference_px[:, 1], [660, 663])
    assert [t.track_id for t in main.tracks] == ["T1", "T2", "T3"]
    sources = {c.mnemonic: c.source for t in main.tracks for c in t.curves}
    assert sources == {"GR": "header", "CALI": "guess", "RHOB": "header", "DT": "guess"}
    assert (known.well.name, known.well.county) == ("SMITH 1", "")
    assert known.dpi == (200.0, 200.0)


def test_a_backup_scale_is_a_further_curve_of_that_name() -> None:
    (main,) = completed().sections
    assert [(c.mnemonic, c.left, c.right) for c in main.tracks[1].curves] == [
        ("RHOB", 1.95, 2.95),
        ("RHOB", 1.0, 2.0),
    ]


def test_two_anchors_can_be_corrected_alone() -> None:
    anchors = [[1100, 7500.0], [2900, 7680.0]]
    (main,) = completed(
        {"sections": [{"section_id": "main", "depth": {"anchors": anchors}}]}
    ).sections
    assert main.depth is not None
    assert main.depth.anchors.tolist() == anchors
    assert (main.depth.unit, main.depth.source) == ("ft", "sidecar")
    assert [len(t.curves) for t in main.tracks] == [2, 2, 1]


def test_one_scale_can_be_corrected_alone() -> None:
    fix = {"track_id": "T3", "curves": [{"mnemonic": "DT", "left": 100, "right": 50}]}
    known = completed({"sections": [{"section_id": "main", "tracks": [fix]}]})
    (main,) = known.sections
    assert [(c.mnemonic, c.left, c.source) for c in main.tracks[2].curves] == [
        ("DT", 100, "sidecar")
    ]
    assert main.depth is not None
    assert [c.mnemonic for c in main.tracks[0].curves] == ["GR", "CALI"]


def test_a_stated_curve_without_a_scale_takes_the_one_read() -> None:
    fix = {"track_id": "T1", "curves": [{"mnemonic": "gr", "wrap": "one"}]}
    (main,) = completed({"sections": [{"section_id": "main", "tracks": [fix]}]}).sections
    assert [(c.mnemonic, c.left, c.right, c.source) for c in main.tracks[0].curves] == [
        ("gr", 0.0, 150.0, "header")
    ]


def test_stated_borders_replace_what_they_overlap() -> None:
    wide = {"track_id": "T23", "left_px": 742, "right_px": 1690, "curves": []}
    (main,) = completed({"sections": [{"section_id": "main", "tracks": [wide]}]}).sections
    assert [t.track_id for t in main.tracks] == ["T1", "T23"]
    assert main.tracks[1].geometry.left_knots.tolist() == [[0.0, 742.0]]
    assert main.tracks[1].curves == ()


def test_sections_are_matched_by_rows_whatever_their_name() -> None:
    read = replace(READING, layout=layout(section(), section("log2", 3300, 4800)))
    value = {"sections": [{"section_id": "detail", "row_top": 3350, "row_bottom": 4800}]}
    known = completed(value, read)
    assert [(s.section_id, s.row_top) for s in known.sections] == [("main", 1000), ("detail", 3350)]
    assert known.sections[1].depth is None


def test_a_stated_section_that_takes_anothers_name_keeps_it() -> None:
    value = {"sections": [{"section_id": "main", "row_top": 3350, "row_bottom": 4800}]}
    known = completed(value)
    assert [(s.section_id, s.row_top) for s in known.sections] == [("main-2", 1000), ("main", 3350)]


def test_a_section_can_be_skipped() -> None:
    value = {"sections": [{"row_top": 900, "row_bottom": 3000, "skip": True}]}
    assert completed(value).sections == ()


def test_a_section_that_matches_nothing_is_said_and_not_used() -> None:
    read = replace(READING, layout=layout(section(), section("log2", 3300, 4800)))
    known = completed({"sections": [{"section_id": "repeat", "tracks": [{"curves": []}]}]}, read)
    assert {s.section_id for s in known.sections} == {"main", "log2"}
    assert "section_unmatched" in {f.code for f in known.findings}


def test_a_range_from_an_index_is_no_section() -> None:
    known = completed({"sections": [{"depth": {"top": 400, "bottom": 700, "unit": "ft"}}]})
    assert [s.section_id for s in known.sections] == ["main"]


def test_a_range_that_names_a_section_belongs_to_it() -> None:
    read = replace(READING, layout=layout(section(), section("log2", 3300, 4800)))
    value = {"sections": [{"section_id": "log2", "depth": {"top": 400, "bottom": 700}}]}
    _, placed, _ = known_place.place(parse(value), read.layout, HEIGHT)
    assert [p.given is not None for p in placed] == [False, True]


def test_a_track_without_scale_is_for_review() -> None:
    known = completed(read=replace(READING, curves=()))
    (main,) = known.sections
    assert {(c.mnemonic, c.source) for t in main.tracks for c in t.curves} == {("UNREAD", "guess")}
    assert [f.code for f in known.findings].count("scale_unread") == 3


def test_a_pen_that_was_not_read_cannot_tell_curves_apart() -> None:
    curves = (curve("GR", 0, 0, 150, style=None), curve("SP", 0, -80, 20, style=None))
    (main,) = completed(read=replace(READING, curves=curves)).sections
    assert {c.source for c in main.tracks[0].curves} == {"guess"}


def test_a_name_given_twice_is_in_doubt_unless_it_says_the_same() -> None:
    curves = (curve("GR", 0, 0, 150), curve("GR", 0, 0, 150))
    (main,) = completed(read=replace(READING, curves=curves)).sections
    assert [c.source for c in main.tracks[0].curves] == ["header"]
    curves = (curve("CALI", 0, 6, 16), curve("CALI", 0, 5, 15))
    (main,) = completed(read=replace(READING, curves=curves)).sections
    assert [c.source for c in main.tracks[0].curves] == ["guess", "guess"]


def test_an_unsure_depth_is_a_guess() -> None:
    read = replace(READING, depths={"main": replace(DEPTH, confidence=0.5)})
    (main,) = completed(read=read).sections
    assert main.depth is not None
    assert main.depth.source == "guess"


def test_what_was_read_and_does_not_fit_is_dropped_and_the_rest_goes_on() -> None:
    off, crossed = track(9e4, 9.1e4), track(500, 400)
    main = section(tracks=(track(100, 580), off, crossed))
    gone = section("gone", 9e5, 9.5e5)
    known = completed(read=replace(READING, layout=layout(main, gone), curves=()))
    (left,) = known.sections
    assert [t.track_id for t in left.tracks] == ["T1"]
    dropped = [(f.section_id, f.track_id) for f in known.findings if f.code == "reading_dropped"]
    assert dropped == [("main", "T2"), ("main", "T3"), ("gone", None)]
    given = {"sections": [{"section_id": "gone", "row_top": 9e5, "row_bottom": 9.5e5}]}
    with pytest.raises(GeometryError, match="outside the scan"):
        completed(given, replace(READING, layout=layout(main, gone)))


def test_a_border_that_was_read_off_the_paper_is_said_and_used() -> None:
    known = completed(read=replace(READING, layout=layout(section(tracks=(track(-60, 580),)))))
    assert "border_off_page" in {f.code for f in known.findings}
    assert known.sections[0].tracks[0].geometry.left_knots[0, 1] == -60


def test_placing_twice_changes_nothing() -> None:
    said = parse(
        {"sections": [{"section_id": "main", "tracks": [{"left_px": 742, "right_px": 1690}]}]}
    )
    once, placed, _ = known_place.place(said, READING.layout, HEIGHT)
    twice, again, _ = known_place.place(said, once, HEIGHT)
    assert [s.section_id for s in once.sections] == [s.section_id for s in twice.sections]
    assert [[t.track_id for t in p.tracks] for p in placed] == [
        [t.track_id for t in p.tracks] for p in again
    ]


def test_a_draft_reads_back_as_what_it_was_made_of() -> None:
    made = draft_json(draft(), READING)
    again = parse(made)
    assert draft_json(again) == {k: v for k, v in made.items() if k != "read"}
    assert not known_place.missing(again, None).anything
    first, second = completed().sections, given_sections(again, page())[0]
    assert [[c.source for t in s.tracks for c in t.curves] for s in first] == [
        [c.source for t in s.tracks for c in t.curves] for s in second
    ]
    assert made["read"]["header"]["county"]["confidence"] == 0.5
    assert made["read"]["depth"]["main"]["not_used"] == [[1700.0, 999.0]]
    (main,) = made["sections"]
    assert [c["confidence"] for c in main["tracks"][0]["curves"]] == [0.97, 0.6]
    assert main["depth"]["confidence"] == 0.97
    assert main["depth_column"]["left_px"] == [[1000.0, 580.0], [4000.0, 583.0]]


def test_a_draft_offers_a_refused_depth_axis_to_be_confirmed() -> None:
    assert DEPTH.axis is not None
    refused = replace(DEPTH, axis=None, suggested=DEPTH.axis)
    (section,) = completed(None, replace(READING, depths={"main": refused})).sections
    assert section.depth is None
    assert section.depth_refused is DEPTH.axis
    made = draft_json(draft(), replace(READING, depths={"main": refused}))
    offered = made["read"]["depth"]["main"]["suggested"]
    assert offered["unit"] == DEPTH.axis.unit
    assert offered["anchors"] == DEPTH.axis.anchors.tolist()


def test_what_is_deleted_from_a_draft_is_read_anew() -> None:
    made = draft_json(draft())
    del made["sections"][0]["depth"]
    assert known_place.missing(parse(made), None) == known_place.Needs(False, True, False)
    made = draft_json(draft())
    del made["sections"][0]["tracks"][0]["curves"]
    assert known_place.missing(parse(made), None) == known_place.Needs(False, False, True)


def test_a_draft_keeps_what_is_given_and_cannot_be_used_yet() -> None:
    curves = [{"mnemonic": "GR"}, {"mnemonic": "TENS"}]
    tracks = [{"track_id": "T1", "curves": curves}, {"track_id": "T9", "curves": []}]
    value = {"sections": [{"section_id": "main", "tracks": tracks}]}
    (main,) = draft_json(draft(value))["sections"]
    assert [c["mnemonic"] for c in main["tracks"][0]["curves"]] == ["GR", "TENS"]
    assert "left" in main["tracks"][0]["curves"][0]
    assert "left" not in main["tracks"][0]["curves"][1]
    assert main["tracks"][-1] == {"track_id": "T9", "curves": []}
    value = {
        "sections": [{"section_id": "main", "depth": {"top": 400, "bottom": 700, "unit": "m"}}]
    }
    unread = replace(READING, depths={"main": replace(DEPTH, axis=None)})
    (main,) = draft_json(draft(value, unread))["sections"]
    assert main["depth"] == {"unit": "m", "top": 400, "bottom": 700}
