"""What a sidecar states goes first, the rest is read from the page, and nothing is made up between."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flows.engine.page_engines import PageEngines
from veernet_core import metrics, pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DepthAxis, DigitisedLog, Dpi, Finding, Raster, ScanRef
from veernet_core.errors import GeometryError, ReadingError
from veernet_core.net.bundle import load_predictor
from veernet_core.page import reading
from veernet_core.page.drafts.draft import draft_json, draft_of
from veernet_core.page.known import place as known_place
from veernet_core.page.known.sections import KnownPage, given_sections, read_sections
from veernet_core.page.known.sidecar import Sidecar, parse_sidecar
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.turning import turned
from veernet_core.page.results import (
    CurveFound,
    DepthFound,
    DepthLabel,
    HeaderFound,
    PageLayout,
    PageReading,
    Reading,
    SectionFound,
    TextBox,
    TrackFound,
)
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

HEIGHT, WIDTH = 5000, 1700


def column(px: float) -> np.ndarray:
    return np.array([[1000.0, px], [4000.0, px + 3.0]])


def track(left: float, right: float, kind: str = "curves", confidence: float = 0.9) -> TrackFound:
    return TrackFound(column(left), column(right), kind, "linear", 10, confidence=confidence)  # type: ignore[arg-type]


def section(
    name: str = "main", top: float = 1000, bottom: float = 3000, **changes: Any
) -> SectionFound:
    tracks = (track(100, 580), track(580, 740, "depth"), track(740, 1220), track(1220, 1700 - 8))
    found = SectionFound(name, "main", top, bottom, tracks, np.zeros((0, 2)), 0.9)
    return replace(found, **changes)


def layout(*sections: SectionFound, **changes: Any) -> PageLayout:
    return replace(PageLayout("curve_log", 0, Dpi(200.0, 200.0), sections), **changes)


def stated(value: float | str, confidence: float = 0.97, source: str = "header") -> Reading:
    return Reading(value, source, confidence)  # type: ignore[arg-type]


def curve(name: str, index: int, left: float, right: float, **changes: Any) -> CurveFound:
    found = CurveFound(
        "main", index, stated(name), stated("U"), stated(left), stated(right), "linear", "solid"
    )
    return replace(found, **changes)


AXIS = DepthAxis("ft", np.array([[1100.0, 500.0], [2900.0, 680.0]]), 0.1, "header")
LABELS = (DepthLabel(1100.0, 500.0, 0.99, True), DepthLabel(1700.0, 999.0, 0.4, False))
DEPTH = DepthFound(AXIS, "ft", "header", LABELS, 0.1, 1.0, 0.97)
READING = PageReading(
    layout(section()),
    {"main": DEPTH},
    HeaderFound({"name": stated("SMITH 1"), "county": stated("NESS", 0.5)}),
    (
        curve("GR", 0, 0, 150),
        replace(curve("CALI", 0, 6, 16, style="dashed"), left=stated(6, 0.6)),
        curve("RHOB", 2, 1.95, 2.95, backups=((1.0, 2.0),)),
        replace(curve("DT", 3, 140, 40), left=stated(140, 0.3, "template")),
    ),
)


def parse(value: Any) -> Sidecar:
    return parse_sidecar(json.dumps(value).encode(), "s.sidecar.json")


def merged(value: Any = None, read: PageReading = READING) -> tuple[Sidecar | None, PageReading]:
    given = None if value is None else parse(value)
    return given, replace(read, layout=known_place.place(given, read.layout, HEIGHT)[0])


def completed(value: Any = None, read: PageReading = READING) -> KnownPage:
    return read_sections(*merged(value, read), page())


def draft(value: Any = None, read: PageReading = READING) -> Sidecar:
    given, placed = merged(value, read)
    return draft_of(read_sections(given, placed, page()), given, placed)


def page() -> Raster:
    def unread(row0: int, row1: int) -> np.ndarray:
        raise AssertionError("geometry must not read pixels")

    return Raster(HEIGHT, WIDTH, False, Dpi(200.0, 200.0), unread, unread, lambda: ())


# ---- completing ------------------------------------------------------------------------------------


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


# ---- drafts ----------------------------------------------------------------------------------------


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


# ---- reading ---------------------------------------------------------------------------------------


class Unused:
    """A reader that must not be asked."""

    def read(self, image: Any, turns: Any) -> Any:
        raise AssertionError("nothing was to be read")

    recognise = read

    def layout_net(self, data: bytes | None = None) -> None:
        return None

    def print_net(self, data: bytes | None = None) -> None:
        return None


FULL = {
    "sections": [
        {
            "row_top": 1000, "row_bottom": 3000,
            "depth": {"unit": "ft", "anchors": [[1100, 500], [2900, 680]]},
            "tracks": [{"left_px": 100, "right_px": 580,
                        "curves": [{"mnemonic": "GR", "left": 0, "right": 150}]}],
        }
    ]
}  # fmt: skip


def test_a_full_sidecar_costs_no_look_at_the_page() -> None:
    assert reading.read_page(page(), parse(FULL), Unused()) is None


def found_by(monkeypatch: pytest.MonkeyPatch, found: PageLayout) -> list[str]:
    """Stand-ins for the readers; the list tells which were asked."""
    asked: list[str] = []

    def tell(name: str, result: Any) -> Any:
        def reader(*args: Any, **kwargs: Any) -> Any:
            asked.append(name)
            return result

        return reader

    monkeypatch.setattr(reading.layout, "read_layout", tell("layout", found))
    line = TextBox("some text", 0.9, 100, 100, 20, 100)
    monkeypatch.setattr(reading.text, "read_region", tell("text", [line]))
    monkeypatch.setattr(reading.header, "read_sideways", tell("text", [line]))
    monkeypatch.setattr(reading.header, "read_header", tell("header", READING.header))
    monkeypatch.setattr(reading.scales, "read_scales", tell("scales", READING.curves))
    monkeypatch.setattr(reading.depth, "find_depth", tell("depth", DEPTH))
    return asked


def test_only_what_is_missing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = found_by(monkeypatch, layout(section()))
    value = json.loads(json.dumps(FULL))
    del value["sections"][0]["depth"]
    reading.read_page(page(), parse(value), Unused())
    assert asked == ["layout", "depth"]
    asked.clear()
    del value["sections"][0]["tracks"][0]["curves"]
    value["sections"][0]["depth"] = FULL["sections"][0]["depth"]
    reading.read_page(page(), parse(value), Unused())
    assert set(asked) == {"layout", "text", "header", "scales"}


def test_a_page_that_is_no_log_is_refused_before_text_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    why = Finding("cement_bond", "page", "error", "A cement bond log.", "Leave it out.")
    found = PageLayout("not_curve_log", 0, Dpi(200.0, 200.0), (), (why,))
    asked = found_by(monkeypatch, found)
    read = reading.read_page(page(), None, Unused())
    assert set(asked) == {"layout"}
    assert read is not None
    assert read.findings == (why,)


def test_trouble_in_a_reader_ends_this_scan_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(raster: Raster, net: object) -> PageLayout:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(reading.layout, "read_layout", broken)
    with pytest.raises(ReadingError, match="ZeroDivisionError"):
        reading.read_page(page(), None, Unused())


def test_the_form_is_read_above_the_first_grid_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A foot, or another section's scale block, holds nothing of it."""
    found = layout(section(top=2000, bottom=3000), section("log2", 4000, 4900))
    assert reading.form_rows(found, 2000, 20_000) == 2000 + round(0.6 * found.dpi.down)
    assert reading.form_rows(found, 15_000, 20_000) == 45 * found.dpi.down
    assert reading.form_rows(found, 2000, 2050) == 2050
    asked: list[tuple[int, int]] = []

    def read_region(raster: Raster, row0: int, row1: int, *rest: Any) -> list[TextBox]:
        asked.append((row0, row1))
        return []

    found_by(monkeypatch, found)
    monkeypatch.setattr(reading.text, "read_region", read_region)
    reading.read_page(page(), None, Unused())
    assert asked[0] == (0, 2000 + round(0.6 * found.dpi.down))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turning_a_page(turn: int) -> None:
    ink = np.random.default_rng(1).integers(0, 255, (30, 50), dtype=np.uint8)
    raster = Raster(
        30, 50, False, Dpi(100.0, 200.0), lambda a, b: ink[a:b], lambda a, b: ink[a:b], tuple
    )
    upright = turned(raster, turn)
    want = np.rot90(ink, -turn // 90)
    assert (upright.height_px, upright.width_px) == want.shape
    np.testing.assert_array_equal(upright.read_ink(5, 20), want[5:20])
    assert upright.dpi_tag == (Dpi(200.0, 100.0) if turn % 180 else Dpi(100.0, 200.0))


def test_a_page_too_large_to_turn_is_refused() -> None:
    with pytest.raises(GeometryError, match="side"):
        turned(replace(page(), height_px=900_000, width_px=15_000), 90)


# ---- with the real readers ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn() -> Any:
    rng = np.random.default_rng(8)
    return draw_page(rng, kind="induction", rows=4600, skew_deg=0.7, well={"name": "SMITH 1-22"})


@pytest.fixture(scope="module")
def read(drawn: Any) -> pipeline.ReadScan:
    data = tiff_bytes(drawn)
    item = pipeline.ScanInput(ScanRef("w.tif", "w", "0", len(data)), data)
    return pipeline.read_scan(item, DigitiseConfig(), PageEngines())


def test_a_drawn_page_is_read_without_a_sidecar(drawn: Any, read: pipeline.ReadScan) -> None:
    truth, _ = given_sections(parse(drawn.sidecar), read.raster)
    (found,) = read.known.sections
    assert found.depth is not None
    assert truth[0].depth is not None
    rows = np.linspace(truth[0].row_top + 50, truth[0].row_bottom - 50, 40)
    assert np.abs(found.depth.depth_at(rows) - truth[0].depth.depth_at(rows)).max() < 0.3
    assert len(found.tracks) == len(truth[0].tracks)
    for a, b in zip(found.tracks, truth[0].tracks):
        assert np.abs(a.geometry.left_px(rows) - b.geometry.left_px(rows)).max() < 3
        assert np.abs(a.geometry.right_px(rows) - b.geometry.right_px(rows)).max() < 3


def test_its_draft_needs_no_reading_and_says_the_same(read: pipeline.ReadScan) -> None:
    assert read.reading is not None
    made = draft_of(read.known, read.given, read.reading)
    again = parse(draft_json(made, read.reading))
    assert reading.read_page(read.raster, again, Unused()) is None
    (a,), (b,) = read.known.sections, given_sections(again, read.raster)[0]
    assert a.depth is not None
    assert b.depth is not None
    np.testing.assert_allclose(a.depth.anchors, b.depth.anchors, atol=0.01)


def test_a_page_goes_all_the_way_without_a_sidecar() -> None:
    page = draw_page(np.random.default_rng(4), kind="gamma_neutron", rows=5200)
    data = tiff_bytes(page)
    item = pipeline.ScanInput(ScanRef("w.tif", "w", "0", len(data)), data)
    config = DigitiseConfig(overlays=False)
    (log,) = pipeline.digitise_many([item], load_predictor(), config, PageEngines())
    assert isinstance(log, DigitisedLog)
    (gamma,) = [c for c in log.curves if c.curve.track_id == "T1"]
    depth, value = page.truth["T1/GR"]
    truth = np.interp(gamma.curve.depth, depth, value, left=np.nan, right=np.nan)
    if gamma.curve.spec.mnemonic != "UNREAD":
        assert metrics.r2(gamma.curve.value, truth) > 0.9
    for judged in log.curves:
        if judged.verdict.decision == "accept":
            assert judged.curve.spec.source == "header"
            name = f"{judged.curve.track_id}/{judged.curve.spec.mnemonic}"
            assert name in page.truth


class NoNetwork:
    """A predictor that must not be asked."""

    model_id = "none"
    numerics = "none"
    calibration: dict[str, Any] = {}

    def predict(self, strips: Any) -> Any:
        raise AssertionError("no strip was expected")


@pytest.mark.parametrize("workers", [1, 3])
def test_pages_read_at_once_come_out_in_order(drawn: Any, workers: int) -> None:
    blank = tiff_bytes(replace(drawn, image=np.zeros((900, 700), np.uint8)))
    data = [blank, b"junk", blank, b"", blank]
    items = [pipeline.ScanInput(ScanRef(f"{k}.tif", str(k), "0", 1), d) for k, d in enumerate(data)]
    results = list(
        pipeline.digitise_many(items, NoNetwork(), DigitiseConfig(), PageEngines(), workers)
    )
    assert [getattr(r, "scan", None) is not None for r in results] == [
        True,
        False,
        True,
        False,
        True,
    ]
    refs = [r.scan if isinstance(r, DigitisedLog) else r.ref for r in results]
    assert [ref.stem for ref in refs] == list("01234")
    assert isinstance(results[0], DigitisedLog)
    assert results[0].sections == ()
    assert any(f.remedy for f in results[0].findings)


def test_without_depth_numbers_there_is_no_depth() -> None:
    image = draw_page(np.random.default_rng(3), kind="sonic", rows=3600, numbers="none")
    raster = open_raster(tiff_bytes(image), "x.tif")
    found = reading.read_page(raster, None, PageEngines())
    assert found is not None
    assert all(depth.axis is None for depth in found.depths.values())
    assert any(f.severity == "error" for f in found.findings)
