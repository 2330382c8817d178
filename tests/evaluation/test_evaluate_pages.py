"""Scores of page reading: perfect readings score perfectly, every kind of error is counted as such."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.cli import main as cli
from flows.studies import evaluate_pages as pages
from flows.studies import page_figures, truth_pages
from veernet_core.datatypes import DepthAxis, Dpi
from veernet_core.evaluation.header_score import same_text
from veernet_core.evaluation.page_score import PageScore, score_page
from veernet_core.evaluation.page_truth import truth_from_json
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import (
    CurveFound,
    DepthFound,
    HeaderFound,
    InkFound,
    PageLayout,
    PageReading,
    PenNamed,
    Reading,
    SectionFound,
    TrackFound,
)
from veernet_core.synth.page_cases import CASES, draw_case

SIZE = (6000, 1700)
TRUTH: dict[str, Any] = {
    "page": "curve_log",
    "turn_deg": 0,
    "header": {"name": "SMITH #1-22", "county": "NESS", "field": "WILDCAT", "date": "4-17-62",
               "uncertain_fields": ["county"]},
    "sections": [
        {"section_id": "head", "kind": "header", "row_top": 0, "row_bottom": 900},
        {
            "section_id": "main", "kind": "main", "row_top": 1000, "row_bottom": 5800,
            "depth": {"unit": "ft", "anchors": [[1100, 500], [3100, 700], [5100, 900]]},
            "tracks": [
                {"track_id": "T1", "left_px": [[1000, 100], [5800, 110]], "right_px": 580,
                 "curves": [{"mnemonic": "GR", "left": 0, "right": 150, "scale": "linear"},
                            {"mnemonic": "SP", "left": None, "right": None}]},
                {"track_id": "T2", "left_px": 740, "right_px": 1700,
                 "curves": [{"mnemonic": "ILD", "left": 0.2, "right": 2000, "scale": "log"}]},
            ],
        },
    ],
}  # fmt: skip


def truth(**changes: Any) -> Any:
    return truth_from_json(json.dumps(TRUTH | changes).encode())


def track(left: Any, right: Any, kind: str = "curves") -> TrackFound:
    def knots(value: Any) -> np.ndarray:
        return np.array(value if isinstance(value, list) else [[0.0, value]], dtype=float)

    return TrackFound(knots(left), knots(right), kind)  # type: ignore[arg-type]


def stated(value: float | str, confidence: float = 0.95) -> Reading:
    return Reading(value, "header", confidence)


def curve(name: str, index: int, left: float, right: float, scale: str) -> CurveFound:
    ends = stated(left), stated(right)
    return CurveFound("s", index, stated(name), stated("U"), *ends, scale, "solid")  # type: ignore[arg-type]


def reading(shift_ft: float = 0.0, shift_px: float = 0.0, confidence: float = 0.95) -> PageReading:
    tracks = (
        track([[1000, 100 + shift_px], [5800, 110 + shift_px]], 580 + shift_px),
        track(580, 740, "depth"),
        track(740 + shift_px, 1700 + shift_px),
    )
    section = SectionFound("s", "main", 1010, 5790, tracks, np.zeros((0, 2)), 0.9)
    anchors = np.array([[1100.0, 500.0 + shift_ft], [5100.0, 900.0 + shift_ft]])
    axis = DepthAxis("ft", anchors)
    depth = DepthFound(axis, "ft", "header", (), 0.1, 1.0, confidence)
    fields = {"name": stated("Smith 1-22"), "field_name": stated("WILDCAT"), "run": stated("1")}
    curves = (curve("GR", 0, 0, 150, "linear"), curve("ILD", 2, 0.2, 2000, "log"))
    layout = PageLayout("curve_log", 0, Dpi(200.0, 200.0), (section,))
    return PageReading(layout, {"s": depth}, HeaderFound(fields), curves)


def score(read: PageReading, **changes: Any) -> PageScore:
    return score_page(truth(**changes), read, SIZE)


def scales(result: PageScore) -> tuple[int, int]:
    """Scales stated as sure that are right, and that are wrong."""
    return sum(s.sure_right for s in result.scales.values()), len(result.wrong_scales)


def test_a_perfect_reading() -> None:
    result = score(reading())
    assert result.kind_right
    assert not result.refused
    assert result.extra_sections == 0
    (section,) = result.sections
    assert section.found
    assert section.outcome == "registered"
    assert section.errors_ft.max() < 1e-9
    assert section.border_px.max() < 1e-9
    assert (result.header_right, result.header_stated, result.header_true) == (2, 2, 3)
    assert scales(result) == (2, 0)
    assert result.wrong == ()


def test_a_pen_that_the_legend_names_has_its_name_read_and_no_ends() -> None:
    found = reading()
    told = replace(
        found,
        curves=found.curves[:1],
        inks=(InkFound("s", 2, "#0000ff", 0.9, True),),
        legends=(PenNamed((1010.0, 5790.0), (740.0, 1700.0), "ILD", "ILD (ohmm)", "#0000ff"),),
    )
    one = score(told).scales["main", "T2", 0]
    assert (one.name_read, one.ends_read, one.read, one.sure) == (True, False, False, False)
    assert scales(score(told)) == (1, 0)
    without = score(replace(told, legends=())).scales["main", "T2", 0]
    assert not without.name_read


def test_errors_are_measured() -> None:
    (section,) = score(reading(shift_ft=3.0, shift_px=5.0)).sections
    np.testing.assert_allclose(section.errors_ft, 3.0)
    np.testing.assert_allclose(section.border_px, 5.0)
    result = pages.PageResult("x", "own", score(reading(shift_ft=3.0)), 6000, 1.0, 1.0)
    figures = page_figures.add_up([result])
    assert (figures.registered, figures.gross, figures.within_tolerance) == (1, 1, 0.0)
    assert "GROSS" in "\n".join(page_figures.page_lines(result))


def test_columns_of_text_count_apart_from_tracks() -> None:
    """A reading that rightly calls a column of text no track loses nothing of its tracks' share."""
    main, *rest = TRUTH["sections"]
    assert main["kind"] != "main"
    text = {
        "track_id": "TEXT",
        "left_px": [[1000, 700.0]],
        "right_px": [[1000, 760.0]],
        "curves": [],
    }
    (log,) = rest
    result = score(reading(), sections=[main, log | {"tracks": [*log["tracks"], text]}])
    (section,) = result.sections
    assert section.in_column.sum() == 2
    assert np.isinf(section.border_px[section.in_column]).all()
    figures = page_figures.add_up([pages.PageResult("x", "own", result, 6000, 1.0, 1.0)])
    assert figures.borders_near < 1.0
    assert figures.track_borders_near == 1.0


def test_metres_taken_for_feet_are_gross() -> None:
    read = reading()
    axis = read.depths["s"].axis
    assert axis is not None
    metric = replace(read, depths={"s": replace(read.depths["s"], axis=replace(axis, unit="m"))})
    assert score(metric).sections[0].errors_ft.min() > 1000


def test_unsure_depths_are_review_and_missing_ones_refused() -> None:
    assert score(reading(confidence=0.6)).sections[0].outcome == "review"
    assert score(reading(confidence=0.6)).refused
    read = reading()
    none = replace(read, depths={"s": replace(read.depths["s"], axis=None)})
    assert score(none).sections[0].outcome == "refused"
    empty = replace(read, layout=replace(read.layout, sections=()), depths={})
    assert score(empty).sections[0].outcome == "not_found"
    assert np.isinf(score(empty).sections[0].border_px).all()


def test_ordinary_logs_are_counted_apart() -> None:
    usual, other = score(reading(confidence=0.5)), score(reading(), ordinary=False)
    blank = score(reading(), sections=[TRUTH["sections"][1] | {"depth": None}])
    figures = page_figures.add_up(
        [pages.PageResult("p", "dev", s, 1, 1.0, 1.0) for s in (usual, other, blank)]
    )
    assert figures.ordinary == (0, 1, 1)
    assert (figures.registered, figures.in_review, figures.with_depth) == (1, 1, 2)


def test_a_page_that_is_no_log() -> None:
    nothing = replace(
        reading(), layout=PageLayout("not_curve_log", 0, Dpi(200.0, 200.0), ()), depths={}
    )
    result = score_page(truth_from_json(b'{"page": "not_curve_log"}'), nothing, SIZE)
    assert result.kind_right
    assert result.refused
    result = score_page(truth_from_json(b'{"page": "not_curve_log"}'), reading(), SIZE)
    assert not result.refused


def test_backups_and_printed_laps_are_stated_scales() -> None:
    read = reading()
    printed = truth().sections[0].tracks
    first = printed[0].curves[0]
    assert first.left is not None
    assert first.right is not None
    ends = (first.right, 2 * first.right - first.left)
    wrap = replace(first, left=ends[0], right=ends[1], backup_of=first.mnemonic)
    page = truth()
    track = replace(printed[0], curves=(*printed[0].curves, wrap))
    section = replace(page.sections[0], tracks=(track, *printed[1:]))
    page = replace(page, sections=(section, *page.sections[1:]))
    for changes in ({"wrap": "one"}, {"backups": (ends,)}):
        told = replace(read, curves=(replace(read.curves[0], **changes), *read.curves[1:]))
        result = score_page(page, told, SIZE)
        assert scales(result) == (3, 0)
    wrong = replace(read, curves=(replace(read.curves[0], backups=((7.0, 8.0),)), *read.curves[1:]))
    assert scales(score_page(page, wrong, SIZE)) == (2, 1)


def test_wrong_scales_and_fields_are_named() -> None:
    read = reading()
    wrong = replace(
        read,
        curves=(curve("GR", 0, 0, 100, "linear"), curve("ILD", 2, 0.2, 2000, "linear")),
        header=HeaderFound({"name": stated("JONES 2"), "county": stated("ELLIS")}),
    )
    result = score(wrong)
    assert scales(result) == (0, 2)
    assert (result.header_right, result.header_stated) == (0, 1), "an uncertain field is not scored"
    assert len(result.wrong) == 3


def test_what_is_not_sure_is_not_counted_as_stated() -> None:
    low = replace(reading(), curves=(replace(curve("GR", 0, 1, 2, "linear"), left=stated(1, 0.5)),))
    assert scales(score(low)) == (0, 0)
    assert not any(s.sure for s in score(low).scales.values())


@pytest.mark.parametrize(
    ("name", "want", "got", "same"),
    [
        ("name", "SMITH #1-22", "Smith 1-22", True),
        ("name", "SMITH #1-22", "SMITH 1-23", False),
        ("company", "GREAT PLAINS OIL CO.", "GREAT PLAINS OIL C0", False),
        ("company", "GREAT PLAINS OIL COMPANY", "GREAT PLA1NS OIL COMPANY", False),
        ("company", "GREAT PLAINS OIL COMPANY", "GREAT PLAINS 0IL COMPANY", False),
        ("company", "GREAT PLAINS OIL COMPANY", "GREAT PLAINS OIL COMPAMY", True),
        ("date", "4-17-62", "04-17-1962", True),
        ("date", "17 APR 1962", "4/17/62", True),
        ("date", "4-17-62", "4-18-62", False),
        ("uwi", "15-053-00069", "15053000690000", True),
        ("uwi", "15-053-00069", "15-053-00068", False),
        ("state", "ND", "North Dakota", True),
        ("state", "W.VA.", "WEST VIRGINIA", True),
        ("state", "OHIO", "KANSAS", False),
        ("name", "", "SMITH", False),
        ("service_company", "SCHLUMBERGER WELL SURVEYING CORPORATION", "Schlumberger", True),
        ("service_company", "SCHLUMBERGER WELL SURVEYING CORPORATION", "Birdwell", False),
        ("service_company", "SCHLUMBERGER WELL SURVEYING CORPORATION", "SCHLUM", False),
    ],
)
def test_same_text(name: str, want: str, got: str, same: bool) -> None:
    assert same_text(name, want, got) is same


def test_the_table_stands_side_by_side() -> None:
    good = pages.PageResult("a", "given", score(reading()), 6000, 2.0, 1.5)
    page = truth_pages.TruthPage("b", "own", truth(), None)
    bad = pages.failed(page, "broken")
    text = page_figures.table([good, bad])
    assert text.splitlines()[0].split() == ["own", "given"]
    assert "FAILED broken" in page_figures.page_lines(bad)[0]
    assert json.loads(page_figures.to_json([good, bad]))[1]["error"] == "broken"


def test_a_page_that_failed_counts_as_one_of_which_nothing_was_read() -> None:
    page = truth_pages.TruthPage("b", "own", truth(), None)
    figures = page_figures.add_up([pages.failed(page, "broken")])
    assert (figures.failed, figures.logs, figures.kind_right) == (1, 1, 0)
    assert (figures.sections, figures.sections_found, figures.with_depth) == (1, 0, 1)
    assert (figures.curves.stated, figures.curves.read) == (2, 0)
    assert figures.borders_near == 0.0


def test_upside_down_truth_is_turned() -> None:
    """Truth is stated on the page as stored; the reading is of the upright page."""
    case = draw_case("upside-down")
    true = truth_from_json(json.dumps(case.truth).encode())
    raster = open_raster(case.tiff, "x.tif")
    tracks = []
    height, width = raster.height_px, raster.width_px
    for t in true.sections[0].tracks:
        left = np.array([[0.0, width - 1 - np.interp(3000, *t.right.T)]])
        right = np.array([[0.0, width - 1 - np.interp(3000, *t.left.T)]])
        tracks.append(TrackFound(left, right, "curves"))
    top, bottom = height - true.sections[0].row_bottom, height - true.sections[0].row_top
    anchors = true.sections[0].anchors[::-1].copy()
    anchors[:, 0] = height - 1 - anchors[:, 0]
    section = SectionFound("s", "main", top, bottom, tuple(tracks), np.zeros((0, 2)))
    depth = DepthFound(DepthAxis("ft", anchors), "ft", "header", (), 0.0, 0.0, 1.0)
    layout = PageLayout("curve_log", 180, Dpi(200.0, 200.0), (section,))
    read = PageReading(layout, {"s": depth}, HeaderFound(), ())
    (result,) = score_page(true, read, (height, width)).sections
    assert result.found
    assert result.border_px.max() < 1
    assert result.errors_ft.max() < 1e-6


@pytest.mark.parametrize("name", ["two-sections", "metric", "blank"])
def test_drawn_cases_repeat_and_carry_their_truth(name: str) -> None:
    case = draw_case(name)
    assert case.tiff == draw_case(name).tiff
    true = truth_from_json(json.dumps(case.truth).encode())
    assert true.is_log == (case.expected == "log")
    assert len(true.sections) == {"two-sections": 2, "metric": 1, "blank": 0}[name]
    assert all(len(s.anchors) >= 2 for s in true.sections)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in CASES]
    assert len(set(names)) == len(names)
    assert {expected for _, expected, _ in CASES} == {"log", "no_depth", "not_log"}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "r"
    command = ["evaluate-pages", "--only", "blank", "--no-digitise", "-o", str(out)]
    assert cli.main(command) == 0
    (row,) = json.loads((out / "pages.json").read_text())
    assert row["refused"]
    assert (out / "curves.csv").read_text().startswith("page,group,well,")
    assert "refused or reviewed" in capsys.readouterr().out
    assert "refused or reviewed" in (out / "table.txt").read_text()


def test_depths_off_by_half_a_line_are_slips() -> None:
    lines = np.array([[row, 0.0] for row in range(1100, 5200, 20)])  # 2 ft apart

    def slipped(shift_ft: float) -> bool:
        read = reading(shift_ft=shift_ft)
        section = replace(read.layout.sections[0], depth_lines=lines)
        read = replace(read, layout=replace(read.layout, sections=(section,)))
        return score(read).sections[0].slipped

    assert not slipped(0.9)
    assert slipped(1.1)


def test_what_lies_below_the_row_that_was_read_to_is_not_scored() -> None:
    page = replace(truth(), seen_to=5800.0)
    read = reading()
    long = replace(read.layout.sections[0], row_bottom=20000.0)
    more = replace(long, section_id="more", row_top=6500.0)
    read = replace(read, layout=replace(read.layout, sections=(long, more)))
    result = score_page(page, read, (20000, 1700))
    assert result.sections[0].found
    assert result.extra_sections == 0
    assert not score_page(truth(), read, (20000, 1700)).sections[0].found
