"""What a sidecar states goes first, the rest is read from the page, and nothing is made up between."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from page_reading_support import DEPTH, READING, layout, page, parse, section
from small_network import small_predictor

from flows.engine.page_engines import PageEngines
from veernet_core import metrics, pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog, Dpi, Finding, Raster, ScanRef
from veernet_core.errors import GeometryError, ReadingError
from veernet_core.page import reading
from veernet_core.page.agreement import found_by_print
from veernet_core.page.drafts.draft import draft_json, draft_of
from veernet_core.page.known.sections import given_sections
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.turning import turned
from veernet_core.page.results import (
    PageLayout,
    TextBox,
)
from veernet_core.synth.pages.draw import draw_page, tiff_bytes


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

    def both(raster: Any, layout: PageLayout, *args: Any) -> Any:
        return layout, reading.scales.read_scales(raster, layout, *args), ()

    monkeypatch.setattr(reading.scales, "read_scales_and_tracks", both)
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


@pytest.mark.parametrize(
    ("code", "curves", "depths", "kind"),
    [
        ("layout_doubtful", READING.curves, {"main": DEPTH}, "curve_log"),
        ("layout_doubtful", READING.curves[:2], {"main": DEPTH}, "unknown"),  # one of them is sure
        ("layout_doubtful", READING.curves, {"main": replace(DEPTH, confidence=0.7)}, "unknown"),
        ("layout_doubtful", READING.curves, {"other": DEPTH}, "unknown"),
        ("cement_bond", READING.curves, {"main": DEPTH}, "unknown"),  # print says it is none
    ],
)
def test_scales_and_depths_tell_a_log_that_does_not_look_like_one(
    code: str, curves: Any, depths: Any, kind: str
) -> None:
    looks = (Finding.of("page_turned"), Finding.of(code))
    found = replace(layout(section()), kind="unknown", findings=looks)
    told = found_by_print(found, curves, depths)
    assert told.kind == kind
    assert told.findings == (looks[:1] if kind == "curve_log" else looks)


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


@pytest.fixture(scope="module")
def drawn() -> Any:
    rng = np.random.default_rng(8)
    return draw_page(
        rng, kind="induction", rows=3000, ft_per_in=50.0, skew_deg=0.7, well={"name": "SMITH 1-22"}
    )


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


@pytest.mark.slow
def test_a_page_goes_all_the_way_without_a_sidecar() -> None:
    page = draw_page(np.random.default_rng(4), kind="gamma_neutron", rows=3200, ft_per_in=50.0)
    data = tiff_bytes(page)
    item = pipeline.ScanInput(ScanRef("w.tif", "w", "0", len(data)), data)
    config = DigitiseConfig(overlays=False)
    (log,) = pipeline.digitise_many([item], small_predictor(), config, PageEngines())
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
    image = draw_page(np.random.default_rng(3), kind="sonic", rows=2200, numbers="none")
    raster = open_raster(tiff_bytes(image), "x.tif")
    found = reading.read_page(raster, None, PageEngines())
    assert found is not None
    assert all(depth.axis is None for depth in found.depths.values())
    assert any(f.severity == "error" for f in found.findings)


@pytest.mark.parametrize(("stated", "told"), [(None, True), (180, False)])
def test_that_a_page_was_turned_is_told_unless_a_person_said_so(
    stated: int | None, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_by(monkeypatch, layout(section()))
    given = None if stated is None else parse({"turn_deg": stated})
    needs = reading.missing(given, None)
    read = reading._read(page(), 180, needs, given, Unused(), None, reading.SHIPPED)
    assert any(f.code == "page_turned" for f in read.findings) == told
