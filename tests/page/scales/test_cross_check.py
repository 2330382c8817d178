"""Print above the tracks gives a wrong scale or a curve under another's name away, and never a right one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from factories import judge, make_curve

from flows.engine.page_engines import PageEngines
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.datatypes import (
    CurveSpec,
    DepthAxis,
    DigitisedLog,
    Dpi,
    Provenance,
    ScanRef,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.evaluation.cross_check_score import score_stated
from veernet_core.evaluation.page_truth import truth_from_json
from veernet_core.page import reading
from veernet_core.page.results import CurveFound, Reading
from veernet_core.page.scales.cross_check import check_given, cross_check
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

Printed = dict[tuple[str, str], list[CurveFound]]


def spec(name: str, left: float, right: float, **changes: Any) -> CurveSpec:
    return replace(CurveSpec(name, "", left, right), **changes)


def section(**tracks: tuple[CurveSpec, ...]) -> Section:
    made = []
    for k, (name, curves) in enumerate(tracks.items()):
        left, right = np.array([[0.0, 100.0 + 600 * k]]), np.array([[0.0, 600.0 + 600 * k]])
        made.append(Track(TrackGeometry(name, left, right), curves))
    return Section("main", 1000, 5000, None, tuple(made))


def read(name: str, left: float, right: float, sure: float = 0.96, **changes: Any) -> CurveFound:
    values = [Reading(value, "header", sure) for value in (left, right)]
    found = CurveFound("main", 0, Reading(name, "header", 0.96), None, *values, "linear", None)
    return replace(found, **changes)


def codes(stated: Section, printed: Printed) -> list[tuple[str, str]]:
    return [(c.outcome, c.mnemonic) for c in cross_check([stated], printed)]


def test_the_printed_scale_confirms_or_contradicts() -> None:
    stated = section(T1=(spec("GR", 0, 150), spec("CALI", 6, 16, style="dashed")))
    right: Printed = {("main", "T1"): [read("GR", 0, 150)]}
    assert codes(stated, right) == [("scale_confirmed", "GR")]
    wrong: Printed = {("main", "T1"): [read("GR", 0, 100), read("CALI", 6, 16)]}
    found = cross_check([stated], wrong)
    assert [(c.outcome, c.mnemonic) for c in found] == [
        ("scale_contradicted", "GR"),
        ("scale_confirmed", "CALI"),
    ]
    assert "0 to 100" in found[0].message
    assert "0 to 150" in found[0].message
    assert found[0].track_id == "T1"


@pytest.mark.parametrize(
    "printed",
    [
        [],
        [read("GR", 0, 100, sure=0.6)],
        [replace(read("GR", 0, 100), left=Reading(0, "template", 0.96))],
        [read("RHOB", 2, 3)],
    ],
    ids=["nothing", "badly read", "assumed", "a curve nobody states"],
)
def test_print_that_says_nothing_is_not_held_against(printed: list[CurveFound]) -> None:
    stated = section(T1=(spec("GR", 0, 150),))
    assert codes(stated, {("main", "T1"): printed}) == []


def test_only_what_a_person_stated_is_held() -> None:
    stated = section(T1=(spec("GR", 0, 150, source="header"),))
    assert codes(stated, {("main", "T1"): [read("GR", 0, 100)]}) == []


@pytest.mark.parametrize(
    ("stated", "printed"),
    [
        ((spec("GRC", 0, 150),), read("GR", 0, 150)),
        ((spec("NPHI", 0.45, -0.15),), read("NPHI", 45, -15)),
        ((spec("GR", 0, 100), spec("GR", 100, 200)), read("GR", 0, 100, wrap="one")),
        ((spec("GR", 0, 100, wrap="one"),), read("GR", 100, 200)),
        ((spec("SN", 0, 2), spec("SN", 0, 10)), read("SN", 0, 2, backups=((0, 10), (0, 100)))),
        ((spec("SN", 0, 2),), read("SN", 0, 2, backups=((0, 10),))),
        ((spec("SN", 0, 2), spec("SN", 0, 10)), read("SN", 0, 2)),
        ((spec("ILD", 0.2, 2000, scale="log"),), read("ILD", 0.2, 2000, scale="log")),
    ],
)
def test_one_scale_in_several_ways(stated: tuple[CurveSpec, ...], printed: CurveFound) -> None:
    name = stated[0].mnemonic
    assert codes(section(T1=stated), {("main", "T1"): [printed]}) == [("scale_confirmed", name)]


@pytest.mark.parametrize(
    ("stated", "printed"),
    [
        ((spec("ILD", 0.2, 2000),), read("ILD", 0.2, 2000, scale="log")),
        ((spec("SN", 0, 2), spec("SN", 0, 20)), read("SN", 0, 2, backups=((0, 10),))),
        ((spec("GR", 0, 150),), read("GR", 0, 15)),
        ((spec("GR", 150, 0),), read("GR", 0, 150)),
    ],
)
def test_another_scale(stated: tuple[CurveSpec, ...], printed: CurveFound) -> None:
    name = stated[0].mnemonic
    found = codes(section(T1=stated), {("main", "T1"): [printed]})
    assert found == [("scale_contradicted", name)]


def test_a_scale_bound_to_its_neighbours_name_is_no_contradiction() -> None:
    stated = section(T1=(spec("WOB", 0, 50), spec("GR", 0, 200)))
    assert codes(stated, {("main", "T1"): [read("WOB", 0, 200)]}) == [("scale_confirmed", "GR")]


def test_curves_stated_in_each_others_tracks() -> None:
    printed: Printed = {
        ("main", "T1"): [read("GR", 0, 150)],
        ("main", "T2"): [read("RHOB", 2, 3)],
    }
    right = section(T1=(spec("GR", 0, 150),), T2=(spec("RHOB", 2, 3),))
    assert {code for code, _ in codes(right, printed)} == {"scale_confirmed"}
    swapped = section(T1=(spec("RHOB", 2, 3),), T2=(spec("GR", 0, 150),))
    assert codes(swapped, printed) == [("name_contradicted", "RHOB"), ("name_contradicted", "GR")]
    half = {("main", "T1"): printed["main", "T1"]}
    assert codes(swapped, half) == [("name_contradicted", "RHOB"), ("name_contradicted", "GR")]


def test_curves_with_each_others_pens() -> None:
    printed: Printed = {("main", "T1"): [read("GR", 0, 150, style="solid")]}
    right = section(T1=(spec("GR", 0, 150), spec("CALI", 6, 16, style="dashed")))
    assert codes(right, printed) == [("scale_confirmed", "GR")]
    swapped = section(T1=(spec("CALI", 6, 16), spec("GR", 0, 150, style="dashed")))
    assert codes(swapped, printed) == [("name_contradicted", "GR")]


def test_digits_lost_in_reading_are_no_contradiction() -> None:
    stated = section(T1=(spec("GR", 0, 125),))
    assert codes(stated, {("main", "T1"): [read("GR", 0, 5, sure=0.86)]}) == []
    assert codes(stated, {("main", "T1"): [read("GR", 0, 150, sure=0.86)]}) == [
        ("scale_contradicted", "GR")
    ]
    assert codes(stated, {("main", "T1"): [read("GR", 0, 12, sure=0.96)]}) == [
        ("scale_contradicted", "GR")
    ]


def test_dashes_and_dots_are_not_told_apart() -> None:
    stated = section(
        T1=(spec("TENS", 5000, 0, style="dotted"), spec("SP", -160, 40, style="dashed"))
    )
    printed: Printed = {("main", "T1"): [read("TENS", 5000, 0, style="dashed")]}
    assert codes(stated, printed) == [("scale_confirmed", "TENS")]


def test_a_worn_line_is_no_broken_pen() -> None:
    stated = section(T1=(spec("RHOB", 2, 3), spec("DRHO", -0.05, 0.95, style="dashed")))
    printed: Printed = {("main", "T1"): [read("RHOB", 2, 3, style="dotted")]}
    assert codes(stated, printed) == [("scale_confirmed", "RHOB")]


def test_a_worn_pen_beside_a_scale_is_nothing_against_a_lone_curve() -> None:
    stated = section(T1=(spec("GR", 0, 150),))
    printed: Printed = {("main", "T1"): [read("GR", 0, 150, style="dashed")]}
    assert codes(stated, printed) == [("scale_confirmed", "GR")]


def test_every_false_statement_is_tried() -> None:
    truth = truth_from_json(
        json.dumps(
            {
                "sections": [
                    {
                        "section_id": "main",
                        "row_top": 1000,
                        "row_bottom": 5000,
                        "tracks": [
                            {
                                "track_id": "T1",
                                "left_px": 100,
                                "right_px": 600,
                                "curves": [
                                    {"mnemonic": "GR", "left": 0, "right": 150},
                                    {"mnemonic": "SP", "left": None, "right": None},
                                ],
                            },
                            {
                                "track_id": "T2",
                                "left_px": 700,
                                "right_px": 1200,
                                "curves": [
                                    {"mnemonic": "ILD", "left": 0.2, "right": 2000, "scale": "log"}
                                ],
                            },
                        ],
                    }
                ]
            }
        ).encode()
    )
    score = score_stated(truth, {("main", "T1"): [read("GR", 0, 150)]})
    assert (score.stated, score.confirmed, score.alarms) == (2, 1, ())
    assert (score.wrong_scales, score.wrong_names) == ((1, 2), (1, 1))
    blind = score_stated(truth, {})
    assert (blind.confirmed, blind.wrong_scales, blind.wrong_names) == (0, (0, 2), (0, 1))


# ---- on a page ------------------------------------------------------------------------------------


def scan(sidecar: Any, data: bytes) -> pipeline.ScanInput:
    ref = ScanRef("page.tif", "page", "0" * 64, len(data))
    return pipeline.ScanInput(ref, data, json.dumps(sidecar).encode())


@pytest.fixture(scope="module")
def page() -> tuple[Any, bytes]:
    """A drawn page's true sidecar, and its scan."""
    drawn = draw_page(np.random.default_rng(5), kind="triple_combo", rows=3000)
    return drawn.sidecar, tiff_bytes(drawn)


def test_a_drawn_page_gives_a_wrong_scale_away(page: tuple[Any, bytes]) -> None:
    sidecar, data = page
    reader = PageEngines()
    true = pipeline.prepare(scan(sidecar, data), DigitiseConfig(), reader)
    said = [f for f in true.findings if f.code.startswith(("scale_", "name_"))]
    assert said
    assert {f.code for f in said} == {"scale_confirmed"}
    false = json.loads(json.dumps(sidecar))
    curve = false["sections"][0]["tracks"][0]["curves"][0]
    curve["right"] = curve["left"] + 1.5 * (curve["right"] - curve["left"])
    log = pipeline.prepare(scan(false, data), DigitiseConfig(), reader)
    (against,) = [f for f in log.findings if f.code == "scale_contradicted"]
    assert against.mnemonic == curve["mnemonic"]


def test_the_scales_stand_above_the_grid_also_where_its_lower_part_is_stated() -> None:
    drawn = draw_page(np.random.default_rng(5), kind="triple_combo", rows=5000)
    section = drawn.sidecar["sections"][0]
    section["row_top"] += 2600  # 13 in: further than scales are looked for above a section
    item = scan(drawn.sidecar, tiff_bytes(drawn))
    log = pipeline.prepare(item, DigitiseConfig(), PageEngines())
    said = {(f.code, f.mnemonic) for f in log.findings if f.mnemonic is not None}
    names = {c["mnemonic"] for t in section["tracks"] for c in t["curves"]}
    assert said
    assert said <= {("scale_confirmed", name) for name in names}


def test_a_reader_that_fails_is_told(page: tuple[Any, bytes]) -> None:
    sidecar, data = page

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError("no engine")

    log = pipeline.prepare(scan(sidecar, data), DigitiseConfig(), Broken())  # type: ignore[arg-type]
    (finding,) = [f for f in log.findings if f.code == "not_cross_checked"]
    assert "RuntimeError" in finding.message


def test_nothing_is_read_where_no_person_stated_a_curve(page: tuple[Any, bytes]) -> None:
    sidecar, data = page
    raster = pipeline.read_scan(scan(sidecar, data), DigitiseConfig(), None).raster
    guessed = section(T1=(spec("GR", 0, 150, source="guess"),))
    assert reading.read_given(raster, [guessed], Dpi(200.0, 200.0), None) == {}  # type: ignore[arg-type]


# ---- at the gate ----------------------------------------------------------------------------------


def judged(printed: Printed, policy: GatePolicy) -> tuple[str, ...]:
    """Reasons for GR, perfectly recovered, after its statement was cross-checked with the print."""
    axis = DepthAxis("ft", np.array([[1000.0, 500.0], [5000.0, 900.0]]), 0.1)
    stated = replace(section(T1=(spec("GR", 0, 150),)), depth=axis)
    good = judge(make_curve(stated.tracks[0].curves[0]))
    sections, findings = check_given([stated], printed)
    log = DigitisedLog(
        ScanRef("page.tif", "page", "0" * 64, 1), WellInfo(), sections,
        (good,), findings,
        Provenance("", "", "", "", ""), 200.0,
    )  # fmt: skip
    (done,) = pipeline.judge(log, policy).curves
    assert (done.verdict.decision == "accept") == (done.verdict.reasons == ("ok",))
    return done.verdict.reasons


def test_the_gate_sends_what_is_contradicted_to_review() -> None:
    right: Printed = {("main", "T1"): [read("GR", 0, 150)]}
    wrong: Printed = {("main", "T1"): [read("GR", 0, 100)]}
    assert judged(right, GatePolicy()) == ("ok",)
    assert judged({}, GatePolicy()) == ("ok",)
    assert judged(wrong, GatePolicy()) == ("scale_contradicted",)
    strict = GatePolicy(require_printed_scales=True)
    assert judged(right, strict) == ("ok",)
    assert judged({}, strict) == ("scale_unconfirmed",)
    assert strict.ident != GatePolicy().ident
