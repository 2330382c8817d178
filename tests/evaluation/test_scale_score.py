"""Printed scales against readings: names, ends, what is sure, and what is sure and wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import Dpi
from veernet_core.evaluation.page_truth import TrueCurve, TrueSection, TrueTrack
from veernet_core.evaluation.scale_score import ScaleScore, same_name, same_scale, score_scales
from veernet_core.page.known.place import Placed, place
from veernet_core.page.results import CurveFound, PageLayout, Reading, SectionFound, TrackFound

GR = TrueCurve("GR", "Gamma Ray (gapi)", "GAPI", 0.0, 150.0)
ROP = TrueCurve("ROP", "Drilling Rate", "FT/HR", 0.0, 400.0)


def section(*curves: TrueCurve, divisions: int | None = None) -> TrueSection:
    track = TrueTrack("T1", np.array([[0.0, 100.0]]), np.array([[0.0, 600.0]]), curves, divisions)
    return TrueSection("main", 1000.0, 5000.0, "ft", np.zeros((0, 2)), (track,))


def placed(*rows: tuple[float, float]) -> tuple[Placed, ...]:
    knots = np.array([[0.0, 100.0]]), np.array([[0.0, 600.0]])
    track = TrackFound(*knots, "curves")
    found = [
        SectionFound(f"s{k}", "main", a, b, (track,), np.zeros((0, 2)))
        for k, (a, b) in enumerate(rows)
    ]
    layout = PageLayout("curve_log", 0, Dpi(200.0, 200.0), tuple(found))
    return place(None, layout, 20000)[1]


def curve(name: str, left: float, right: float, sure: float = 0.95, at: str = "s0") -> CurveFound:
    name_, left_, right_ = (Reading(v, "header", sure) for v in (name, left, right))
    return CurveFound(at, 0, name_, None, left_, right_, "linear", "solid")


def read(
    true: TrueSection, *curves: CurveFound, rows: tuple[tuple[float, float], ...] = ((1000, 5000),)
) -> tuple[list[ScaleScore], list[str]]:
    scores, wrong = score_scales([true], placed(*rows), curves, 0.9)
    return list(scores.values()), wrong


def test_each_printed_scale_is_told_what_was_read_of_it() -> None:
    (gr, rop), wrong = read(section(GR, ROP), curve("GR", 0, 150), curve("ROP", 0, 500, 0.6))
    assert (gr.name_read, gr.ends_read, gr.read, gr.sure, gr.sure_right) == (True,) * 5
    assert (rop.name_read, rop.ends_read, rop.read, rop.sure) == (True, False, False, False)
    assert rop.found.startswith("ROP 0..500")
    assert wrong == []


def test_ends_under_another_name_are_ends_only_and_wrong_where_sure() -> None:
    (gr,), wrong = read(section(GR), curve("RHOB", 0, 150))
    assert (gr.name_read, gr.ends_read, gr.read, gr.sure_right) == (False, True, False, False)
    assert wrong == ["main/T1: RHOB 0..150 linear (0.95)"]


def test_one_reading_counts_for_one_printed_scale() -> None:
    amplified = replace(GR, mnemonic="GR_AMPLIFIED", right=75.0)
    scores, _ = read(section(GR, amplified), curve("GR", 0, 150))
    assert [s.read for s in scores] == [True, False]


def test_a_section_found_in_two_parts_may_be_read_in_either() -> None:
    rows = ((1000.0, 3000.0), (3000.0, 5000.0))
    (gr,), wrong = read(section(GR), curve("GR", 0, 150, at="s1"), rows=rows)
    assert gr.sure_right
    assert wrong == []


def test_sure_readings_outside_every_section_or_track_are_wrong() -> None:
    _, wrong = read(section(GR), curve("GR", 0, 150), rows=((9000.0, 12000.0),))
    assert wrong == ["s0, no section: GR 0..150 linear (0.95)"]
    away = replace(section(GR), tracks=())
    _, wrong = read(away, curve("GR", 0, 150))
    assert wrong == ["main/no track: GR 0..150 linear (0.95)"]


def test_where_the_person_was_not_sure_a_reading_is_neither_right_nor_wrong() -> None:
    (gr,), wrong = read(section(replace(GR, uncertain=True)), curve("GR", 0, 90))
    assert not gr.read
    assert wrong == []


@pytest.mark.parametrize(
    ("divisions", "left", "right", "same"),
    [
        (10, -80, 20, True), (10, -60, 20, False), (10, 20, -80, False), (None, -60, 20, True),
        (None, -65, 20, False), (None, 0, 10, False),
    ],
)  # fmt: skip
def test_a_scale_of_so_much_a_division(
    divisions: int | None, left: float, right: float, same: bool
) -> None:
    true = TrueCurve("SP", per_division=10.0)
    assert same_scale(true, curve("SP", left, right), divisions) is same


@pytest.mark.parametrize(
    ("name", "same"),
    [("GR", True), ("Gamma Ray (gapi)", True), ("GAMMA RAY", True), ("CALI", False), ("", False)],
)
def test_names(name: str, same: bool) -> None:
    assert same_name(GR, name) is same


@pytest.mark.parametrize(
    ("printed", "name", "same"),
    [
        ("TG (units)", "TG", True), ("TG (units)", "TG (units)", True), ("TG (units)", "UNITS", False),
        ("SHALLOW [m2r2]", "SHALLOW", True), ("TG (units)", "C1", False), ("(units)", "", False),
    ],
)  # fmt: skip
def test_a_unit_in_brackets_is_no_part_of_a_printed_name(
    printed: str, name: str, same: bool
) -> None:
    assert same_name(TrueCurve("TGAS", printed=printed), name) is same
