"""Scale blocks: what is printed is read with its track, and nothing unconfirmed is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from veernet_core.datatypes import U8, Raster
from veernet_core.domain.vocabulary import CURVES, UNITS, find_curve, find_unit
from veernet_core.page.ocr.text import LineRead
from veernet_core.page.results import (
    CurveFound,
    PageLayout,
    SectionFound,
    Stated,
    TextBox,
    TrackFound,
)
from veernet_core.page.scales.blocks import read_scales
from veernet_core.page.scales.ink import ScaleInk, find_tilt

TOP = 1600
T1, T2 = (100.0, 600.0), (750.0, 1750.0)
SURE = 0.9


def track(span: tuple[float, float], **grid: object) -> TrackFound:
    left, right = (np.array([[TOP, px], [TOP + 4000, px]]) for px in span)
    return TrackFound(left, right, "curves", **grid)  # type: ignore[arg-type]


def page(*tracks: TrackFound) -> PageLayout:
    section = SectionFound(
        "main", "main", TOP, TOP + 4000, tracks or (track(T1), track(T2)), np.zeros((0, 2))
    )
    return PageLayout("curve_log", 0, (200.0, 200.0), (section,))


def box(text: str, row: float, col: float, confidence: float = 0.99, turned: int = 0) -> TextBox:
    return TextBox(text, confidence, row, col, 36.0, 15.0 * len(text) + 6, turned)


def across(values: Sequence[str], row: float, span: tuple[float, float] = T1) -> list[TextBox]:
    """Numbers at even distances, the outer ones just inside the borders."""
    left, right = span
    cols = np.linspace(left + 25, right - 25, len(values))
    return [box(value, row, col) for value, col in zip(values, cols)]


def blank() -> U8:
    return np.zeros((TOP + 4000, 1900), dtype=np.uint8)


def raster(ink: U8) -> Raster:
    return Raster(
        ink.shape[0],
        ink.shape[1],
        False,
        None,
        lambda a, b: ink[a:b],
        lambda a, b: np.repeat(255 - ink[a:b, :, None], 3, axis=2),
        lambda: (),
    )


def read(
    boxes: Sequence[TextBox], ink: U8 | None = None, layout: PageLayout | None = None
) -> list[CurveFound]:
    return list(read_scales(boxes, raster(blank() if ink is None else ink), layout or page()))


def confidence(curve: CurveFound) -> float:
    stated = [curve.mnemonic, curve.left, curve.right, *([curve.unit] if curve.unit else [])]
    return min(value.confidence for value in stated)


GR = [box("GAMMA RAY", 1300, 350), box("API UNITS", 1340, 350), *across(["0", "150"], 1400)]


def test_a_plain_scale_is_read_and_sure() -> None:
    (curve,) = read(GR)
    assert (curve.mnemonic.value, curve.left.value, curve.right.value) == ("GR", 0.0, 150.0)
    assert curve.unit is not None
    assert (curve.unit.value, curve.scale, curve.track_index) == ("GAPI", "linear", 0)
    assert confidence(curve) >= SURE
    assert {v.source for v in (curve.mnemonic, curve.left, curve.right, curve.unit)} == {"header"}


def test_curves_go_to_the_tracks_above_which_they_stand() -> None:
    density = [
        box("BULK DENSITY", 1300, 1250),
        box("GRAMS/CC", 1340, 1250),
        *across(["2.0", "2.5", "3.0"], 1400, T2),
    ]
    curves = read([*GR, *density])
    assert [(c.mnemonic.value, c.track_index) for c in curves] == [("GR", 0), ("RHOB", 1)]
    assert confidence(curves[1]) >= SURE


def test_a_logarithmic_scale() -> None:
    values = {"0.2": 0.0, "1.0": 0.175, "10": 0.425, "100": 0.675, "1000": 0.925, "2000": 1.0}
    width = T2[1] - T2[0]
    numbers = [
        box(text, 1400, T2[0] + min(max(25.0, p * width), width - 20)) for text, p in values.items()
    ]
    heading = [box("RESISTIVITY", 1200, 1250), box("ohms. m²/m", 1240, 1250)]
    (curve,) = read([*heading, box("DEEP INDUCTION LOG", 1340, 1250), *numbers])
    assert (curve.mnemonic.value, curve.scale) == ("ILD", "log")
    assert (curve.left.value, curve.right.value) == (0.2, 2000.0)
    assert curve.left.confidence >= SURE


def test_a_lost_minus_is_found_by_the_numbers_in_between() -> None:
    boxes = [
        box("NEUTRON POROSITY INDEX %", 1340, 1250),
        *across(["45", "30", "15", "0", "15"], 1400, T2),
    ]
    (curve,) = read(boxes)
    assert (curve.left.value, curve.right.value) == (45.0, -15.0)
    assert confidence(curve) >= SURE


def test_without_numbers_in_between_a_lost_minus_is_not_sure() -> None:
    (curve,) = read([box("NEUTRON POROSITY %", 1340, 1250), *across(["45", "15"], 1400, T2)])
    assert confidence(curve) < SURE


@pytest.mark.parametrize(
    ("name", "unit", "values"),
    [
        ("GAMMA RAY", "API UNITS", ["0", "15"]),  # a lost zero
        ("GAMMA RAY", "", ["0", "150"]),  # which unit?
        ("BULK DENSITY", "GRAMS/CC", ["20", "25", "30"]),  # a lost point
        ("SHORT NORMAL", "OHMS M2/M", ["0", "20"]),  # 0-200 and 0-2 are as usual
        ("RESISTIVITY", "OHMS M2/M", ["0", "25", "50"]),  # of which device?
        ("NEUTRON", "COUNTS/SECOND", ["480", "3680"]),  # uncalibrated: any range will do
    ],
)
def test_what_nothing_confirms_is_not_sure(name: str, unit: str, values: list[str]) -> None:
    boxes = [box(name, 1300, 350), *across(values, 1400)]
    curves = read([*boxes, box(unit, 1340, 350)] if unit else boxes)
    assert all(confidence(curve) < SURE for curve in curves)


def test_badly_read_numbers_are_not_sure() -> None:
    weak = [replace(b, confidence=0.7) if b.text.isdigit() else b for b in GR]
    assert all(confidence(curve) < SURE for curve in read(weak))


def test_a_scale_that_contradicts_the_grid_is_not_sure() -> None:
    (curve,) = read(GR, layout=page(track(T1, scale="log", decades=4.0)))
    assert confidence(curve) < SURE


def test_numbers_that_disagree_make_no_scale() -> None:
    boxes = [*GR[:2], *across(["0", "90", "100", "150"], 1400)]
    assert all(curve.left.source != "header" for curve in read(boxes))


def test_a_name_without_a_scale_is_a_template_for_review() -> None:
    (curve,) = read([box("GAMMA RAY", 1500, 350), box("API UNITS", 1540, 350)])
    assert curve.left.source == curve.right.source == "template"
    assert confidence(curve) < 0.5


def test_a_second_lap_is_a_wrap_and_a_larger_scale_a_backup() -> None:
    (curve,) = read([*GR, *across(["150", "300"], 1450)])
    assert (curve.wrap, curve.backups) == ("one", ())
    boxes = [
        box('16" NORMAL', 1300, 350),
        box("OHMS M2/M", 1340, 350),
        *across(["0", "5", "10"], 1400),
        *across(["0", "50", "100"], 1450),
    ]
    (curve,) = read(boxes)
    assert curve.backups == ((0.0, 100.0),)
    assert curve.wrap == "none"


def test_scales_that_differ_from_run_to_run_are_for_review() -> None:
    boxes = [
        box("CALIPER", 1300, 350),
        box("HOLE DIAM. IN INCHES", 1340, 350),
        *across(["6", "16"], 1400),
        box("RUN 1", 1400, 350),
        *across(["5", "15"], 1450),
        box("RUN 2", 1450, 350),
    ]
    assert all(confidence(curve) < SURE for curve in read(boxes))


def test_the_form_above_names_no_curves() -> None:
    form = [box("Gamma Ray", 700, 350), *across(["30", "200"], 740), box("Density", 700, 1250)]
    curves = read([*form, *GR])
    assert [c.mnemonic.value for c in curves] == ["GR"]
    assert curves[0].right.value == 150.0


def test_names_inside_the_line_and_scales_tilted_with_the_page() -> None:
    slope = 0.03
    ink = blank()
    for y in range(900, TOP, 60):
        cv2.line(ink, (0, y - round(slope * 950)), (1899, y + round(slope * 949)), 255, 3)
    inline = [
        box("RESISTIVITY", 1240, 1250),
        box("ohms m2/m", 1280, 1250),
        *across(["0", "20", "40"], 1400, T2),
        box("MICRO INVERSE", 1400, 1000),
    ]
    tilted = [replace(b, row=b.row + slope * (b.col - 950)) for b in [*GR, *inline]]
    assert [c.mnemonic.value for c in read(tilted, ink)] == ["GR", "MINV"]


def test_sideways_text_and_blank_pages_say_nothing() -> None:
    assert read([]) == []
    assert read([replace(b, turned_deg=90) for b in GR]) == []
    assert read_scales(GR, raster(blank()), PageLayout("unknown", 0, (200.0, 200.0), ())) == ()


class _Reader:
    """Reads pieces as texts, one after the other, the last one over and over; counts them."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.pieces = list(texts), 0

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        return []

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        first = self.pieces
        self.pieces += len(lines)
        return [
            LineRead(self.texts[min(i, len(self.texts) - 1)], 0.99)
            for i in range(first, self.pieces)
        ]


def printed(*numbers: tuple[str, float], row: float = 1400) -> U8:
    """A page with numbers in ink, centred at columns of a row."""
    ink = blank()
    for text, col in numbers:
        place = (round(col - 9 * len(text)), round(row + 9))
        cv2.putText(ink, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.85, 255, 2)
    return ink


def test_a_number_missed_at_the_border_is_read_again() -> None:
    only = [b for b in GR if b.text != "0"]
    ink = printed(("0", T1[0] + 25), ("150", T1[1] - 30))
    assert all(c.left.source == "template" for c in read_scales(only, raster(ink), page()))
    (curve,) = read_scales(only, raster(ink), page(), _Reader("0"))
    assert (curve.left.value, curve.right.value) == (0.0, 150.0)
    assert confidence(curve) >= SURE


@pytest.mark.parametrize("texts", [("smudge",), ("0", "8")])
def test_what_reads_as_no_number_or_as_two_is_left_out(texts: tuple[str, ...]) -> None:
    only = [b for b in GR if b.text != "0"]
    ink = printed(("0", T1[0] + 25), ("150", T1[1] - 30))
    (curve,) = read_scales(only, raster(ink), page(), _Reader(*texts))
    assert curve.left.source == "template"


def test_nothing_is_read_where_there_is_no_ink() -> None:
    reader = _Reader("0")
    (curve,) = read_scales([b for b in GR if b.text != "0"], raster(blank()), page(), reader)
    assert (curve.left.source, reader.pieces) == ("template", 0)


def test_numbers_of_two_tracks_read_as_one_are_no_number() -> None:
    """Two scales meet at a border: "100" and "0" are read as "1000"."""
    layout = page(track((100.0, 600.0)), track((600.0, 1100.0)))
    boxes = [
        box("SHORT NORMAL", 1300, 350),
        box("OHMS M2/M", 1340, 350),
        box("0", 1400, 125),
        box("1000", 1400, 600),
        box("50", 1400, 1070),
    ]
    ink = printed(("0", 125), ("100", 560), ("0", 622), ("50", 1070))
    curves = read_scales(boxes, raster(ink), layout, _Reader("100"))
    assert {c.right.value for c in curves if c.left.source == "header"} == {100.0}


def test_a_row_that_was_not_seen_is_found_on_its_line() -> None:
    ink = printed(("6", T1[0] + 25), ("16", T1[1] - 30), row=1410)
    ink[1430, 110:590] = 255
    title = [box("CALIPER", 1300, 350), box("HOLE DIAM. IN INCHES", 1340, 350)]
    (curve,) = read_scales(title, raster(ink), page(), _Reader("6", "6", "16"))
    assert (curve.mnemonic.value, curve.left.value, curve.right.value) == ("CALI", 6.0, 16.0)
    assert (curve.style, curve.left.source) == ("solid", "header")


# ---- what confirms a scale ------------------------------------------------------------------------

OHMS = [box("SHORT NORMAL", 1300, 350), box("OHMS M2/M", 1340, 350), *across(["0", "200"], 1400)]


def test_a_second_reading_alike_confirms_a_number() -> None:
    """0 to 20 and to 2 are as usual: a lost zero is what must be ruled out."""
    ink = printed(("0", T1[0] + 25), ("200", T1[1] - 30))
    (once,) = read(OHMS, ink)
    assert confidence(once) < SURE
    (twice,) = read_scales(OHMS, raster(ink), page(), _Reader("0", "0", "200"))
    assert confidence(twice) >= SURE
    (differs,) = read_scales(OHMS, raster(ink), page(), _Reader("0", "0", "20"))
    assert confidence(differs) < SURE


@pytest.mark.parametrize(
    ("decades", "start", "sure"), [(4.0, 2.0, True), (3.0, 2.0, False), (4.0, 1.0, False)]
)
def test_a_grid_of_as_many_decades_confirms_a_scale(
    decades: float, start: float, sure: bool
) -> None:
    grid = track(T2, scale="log", decades=decades, decade_start=start)
    boxes = [box("ILD OHMM", 1400, 1250), *across(["0.2", "2000"], 1400, T2)]
    (curve,) = read(boxes, layout=page(track(T1), grid))
    assert (curve.mnemonic.value, curve.left.value, curve.right.value) == ("ILD", 0.2, 2000.0)
    assert (confidence(curve) >= SURE) is sure


def test_most_numbers_on_a_usual_scale_confirm_it() -> None:
    """A lost point between, and an end that was not seen."""
    title = [box("CALIPER", 1300, 350), box("INCHES", 1340, 350)]
    values = ["6", "7", "8", "9", "10", "1", "12", "13", "14", "15", "16"]
    (curve,) = read([*title, *across(values, 1400)[1:]])
    assert (curve.left.value, curve.right.value) == (6.0, 16.0)
    assert confidence(curve) >= SURE


def test_a_scale_printed_over_part_of_the_track_above_its_name() -> None:
    boxes = [
        box("POROSITY %", 1060, 1250),
        *across(["30", "20", "10", "0", "-10"], 1110, T2),
        box("0", 1180, 800),
        box("±.25", 1180, 1050),
        box("CORRECTION", 1230, 900),
        box("GRAMS/CC", 1270, 900),
        box("BULK DENSITY", 1340, 1250),
        box("GRAMS/CC", 1380, 1250),
        *across(["2.0", "2.5", "3.0"], 1450, T2),
    ]
    found = {c.mnemonic.value: c for c in read(boxes)}
    assert set(found) == {"DPHI", "DRHO", "RHOB"}
    assert (found["DRHO"].left.value, found["DRHO"].right.value) == (-0.05, 0.95)
    assert (found["DPHI"].left.value, found["DPHI"].right.value) == (30.0, -10.0)
    assert all(confidence(c) >= SURE for c in found.values())


def test_units_are_read_between_numbers_and_told_by_a_confirmed_range() -> None:
    (inline,) = read([box("CALI IN", 1400, 350), *across(["6", "16"], 1400)])
    assert inline.unit is not None
    assert (inline.unit.value, inline.unit.source) == ("IN", "header")
    (told,) = read([box("BULK DENSITY", 1300, 350), *across(["2.0", "2.5", "3.0"], 1400)])
    assert told.unit is not None
    assert told.unit.value == "G/C3"
    assert confidence(told) >= SURE


def test_a_scale_that_may_not_be_the_first_is_not_sure() -> None:
    """One number of the line above was seen: the scale is the second lap."""
    title = [box("ROP (TVD) TRACK: 1", 1250, 350), box("FT/HR", 1290, 350)]
    boxes = [*title, box("300", 1340, 570), *across(["300", "600"], 1400)]
    ink = printed(("300", 130), ("600", 570))
    (curve,) = read_scales(boxes, raster(ink), page(), _Reader("300", "300", "600"))
    assert curve.mnemonic.value == "ROP"
    assert confidence(curve) < SURE


def test_a_number_close_behind_the_name_is_no_part_of_it() -> None:
    boxes = [box("0", 1400, 125), box("ROP (ft/hr)", 1400, 440), box("150", 1400, 570)]
    (curve,) = read(boxes)
    assert (curve.mnemonic.value, curve.left.value, curve.right.value) == ("ROP", 0.0, 150.0)
    assert confidence(curve) >= SURE


def test_a_scale_that_names_another_curve_is_not_sure() -> None:
    boxes = [box("GAMMA RAY (API)", 1300, 350), box("TOOL SPEED", 1400, 350)]
    (curve,) = read([*boxes, *across(["0", "150"], 1400)])
    assert confidence(curve) < SURE


def test_of_two_laps_the_usual_one_is_the_scale() -> None:
    boxes = [
        box("INTERVAL TRANSIT TIME", 1250, 350),
        box("MICROSECONDS PER FOOT", 1290, 350),
        *across(["160", "130", "100"], 1350),
        *across(["100", "70", "40"], 1410),
    ]
    (curve,) = read(boxes)
    assert (curve.left.value, curve.right.value, curve.wrap) == (100.0, 40.0, "one")
    assert confidence(curve) >= SURE


def test_a_mere_resistivity_is_that_of_the_device_in_the_title() -> None:
    scale = [
        box("RESISTIVITY", 1250, 350),
        box("ohms m²/m", 1300, 350),
        *across(["0", "50", "100"], 1350),
        *across(["0", "500", "1000"], 1410),
    ]
    (unknown,) = read(scale)
    assert confidence(unknown) < SURE
    title = TextBox("Laterolog", 0.99, 300, 1700, 500.0, 120.0, 90)
    (curve,) = read([title, *scale])
    assert (curve.mnemonic.value, curve.backups) == ("LL", ((0.0, 1000.0),))
    assert confidence(curve) >= SURE
    (other,) = read([title, replace(title, text="Microlaterolog"), *scale])
    assert confidence(other) < SURE


def test_forms_that_lean_keep_their_numbers_at_the_borders() -> None:
    slope = 0.04
    ink = blank()
    for y in range(900, TOP, 60):
        cv2.line(ink, (0, y - round(slope * 950)), (1899, y + round(slope * 949)), 255, 3)
    far = [replace(b, row=b.row - 300) for b in GR]
    turned = [
        replace(b, row=b.row + slope * (b.col - 950), col=b.col + slope * (TOP - b.row))
        for b in far
    ]
    (curve,) = read(turned, ink)
    assert (curve.left.value, curve.right.value) == (0.0, 150.0)


# ---- ink ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "off", "expected"),
    [(1, 0, "solid"), (24, 12, "dashed"), (4, 8, "dotted")],
)
@pytest.mark.parametrize("tilt", [0.0, 0.02])
def test_the_pen_of_a_scale_is_seen(on: int, off: int, expected: str, tilt: float) -> None:
    ink = np.zeros((200, 800), dtype=np.uint8)
    for col in range(100, 700):
        if col % (on + off) < on:
            row = round(120 + tilt * (col - 400))
            ink[row - 1 : row + 2, col] = 255
    block = ScaleInk(ink, 1000, tilt, 200.0)
    assert block.style(1100.0, 30.0, 100.0, 700.0) == expected


def test_a_line_above_the_numbers_goes_before_a_frame_below() -> None:
    ink = np.zeros((200, 800), dtype=np.uint8)
    ink[75:77, [col for col in range(100, 700) if col % 72 < 60]] = 255
    ink[125:127, 100:700] = 255
    block = ScaleInk(ink, 1000, 0.0, 200.0)
    assert block.style(1100.0, 30.0, 100.0, 700.0) == "solid"
    assert block.style(1100.0, 30.0, 100.0, 700.0, above=True) == "dashed"


def test_worn_lines_keep_their_pen() -> None:
    rng = np.random.default_rng(3)
    cols = np.arange(100, 700)
    for pen, expected in ((np.ones(600, bool), "solid"), (cols % 48 < 34, "dashed")):
        ink = np.zeros((200, 800), dtype=np.uint8)
        ink[120, cols[pen & (rng.random(600) < 0.9)]] = 255
        assert ScaleInk(ink, 1000, 0.0, 200.0).style(1100.0, 30.0, 100.0, 700.0) == expected


@pytest.mark.parametrize(("text", "col"), [("0", 130), ("150", 560), ("-10", 560), ("2.5", 130)])
def test_a_word_next_to_a_border_is_cut_out_whole_and_alone(text: str, col: int) -> None:
    alone = printed((text, col))
    words = alone.copy()
    words[1300:1500, 98:102] = words[1300:1500, 598:602] = 255  # the borders
    words[1416:1418, 100:600] = 255  # the scale's line, clear of the digits
    words |= printed(("7", 350))
    words |= printed(("0", 622))  # the neighbour's
    border, reach = (100.0, 120.0) if col < 300 else (600.0, -120.0)
    word = ScaleInk(words, 0, 0.0, 200.0).end_word(1400.0, 36.0, border, reach)
    assert word is not None
    wanted = np.flatnonzero((alone >= 128).any(axis=0))
    assert (word.left, word.right) == (wanted[0], wanted[-1] + 1)
    assert int((word.ink >= 128).sum()) == int((alone >= 128).sum())


def test_a_number_that_stands_on_its_line_is_freed_of_it() -> None:
    ink = printed(("150", 560))
    wanted = np.flatnonzero((ink >= 128).any(axis=0))
    ink[1408:1411, 520:600] = 255  # a dash
    word = ScaleInk(ink, 0, 0.0, 200.0).end_word(1400.0, 36.0, 600.0, -120.0)
    assert word is not None
    assert (word.left, word.right) == pytest.approx((wanted[0], wanted[-1] + 1), abs=2)


def test_modern_forms_draw_the_pen_between_name_and_unit() -> None:
    boxes = [
        box("Cable Tension (TENS)", 1350, 350),
        box("lbf", 1400, 350),
        *across(["5000", "0"], 1400),
    ]
    ink = blank()
    ink[1372:1374, [col for col in range(100, 600) if col % 18 < 6]] = 255
    ink[1424:1426, 100:600] = 255
    (curve,) = read(boxes, ink)
    assert (curve.mnemonic.value, curve.unit and curve.unit.value) == ("TENS", "LB")
    assert curve.style == "dotted"


def test_lines_ruled_across_a_track_are_found() -> None:
    ink = np.zeros((300, 800), dtype=np.uint8)
    for row in (60, 200):
        cv2.line(ink, (90, row - 6), (710, row + 6), 255, 2)
    ink[120, 100:200] = 255
    block = ScaleInk(ink, 1000, 12 / 620, 200.0)
    assert block.rules(1000.0, 1300.0, 100.0, 700.0) == pytest.approx([1060, 1200], abs=2.5)
    assert block.rules(1070.0, 1190.0, 100.0, 700.0) == []


def test_no_line_has_no_pen() -> None:
    assert ScaleInk(np.zeros((200, 800), np.uint8), 0, 0.0, 200.0).style(100, 30, 100, 700) is None


def test_ruled_lines_are_left_out_of_cut_outs() -> None:
    ink = np.zeros((200, 400), dtype=np.uint8)
    ink[:, 100] = 255
    ink[110] = 255
    ink[90:100, 120:126] = 255
    piece = ScaleInk(ink, 0, 0.0, 200.0).cut(100.0, 60.0, 90.0, 160.0)
    assert int((piece > 0).sum()) == 60


@pytest.mark.parametrize("slope", [-0.05, 0.0, 0.03])
def test_tilt_is_recovered(slope: float) -> None:
    ink = np.zeros((800, 1200), dtype=np.uint8)
    for y in range(100, 700, 97):
        cv2.line(ink, (0, y), (1199, round(y + slope * 1199)), 255, 3)
    assert find_tilt(ink) == pytest.approx(slope, abs=0.003)


# ---- vocabulary --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mnemonic"),
    [
        ("GAMMA RAY", "GR"),
        ("GAMMA RAY A.P.I. UNITS", "GR"),
        ("GAMMA RAY [gr]", "GR"),
        ("CAMMA RAY", "GR"),
        ("S.P.", "SP"),
        ("SPONTANEOUS-POTENTIAL", "SP"),
        ("CALIPER DIA. INCHES", "CALI"),
        ("BULK DENSITY", "RHOB"),
        ("DENSITY POROSITY INDEX %", "DPHI"),
        ("INTERVAL TRANSIT TIME", "DT"),
        ('16" NORMAL', "SN"),
        ("LATEROLOG", "LL"),
        ("MICROLATEROLOG", "MLL"),
        ("VARIABLE DENSITY", "VDL"),
        ("SPMV", "SP"),
        ("G A M M A  R A Y", "GR"),
        ("GAMMARAY API UNITS", "GR"),
        ("Gamma API (TVD) Track: 1", "GR"),
        ("0 ROP (ft/hr)", "ROP"),
        ("Gamma Ray (ECGR) HGNS-H", "GR"),
        ("SP, Armor Return Compensated (SPAR) AIT-M", "SP"),
        ("Array Induction Two Foot Resistivity A60 (AT60)", "AT60"),
        ("DENSITY (NPHI)", "RHOB"),
        ("GRAIN DENSITY 2.71 GM/CC", None),
        ("GAMMA RAY ZERO 3 DIV. TO LEFT", None),
        ("ALL INTERPRETATIONS ARE OPINIONS BASED ON INFERENCES FROM GAMMA RAY LOGS", None),
        ("GRID", None),
        ("", None),
    ],
)
def test_names_as_printed(text: str, mnemonic: str | None) -> None:
    found = find_curve(text)
    assert (found.kind.mnemonic if found else None) == mnemonic


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("API UNITS", "GAPI"),
        ("HOLE DIAM. IN INCHES", "IN"),
        ("GRAMS/CC.", "G/C3"),
        ("MICROSECONDS PER FOOT", "US/F"),
        ("-ohms. m²/m", "OHMM"),
        ("OHMS — M² M", "OHMM"),
        ("MICROGRAMS RA-EQ/TON", "UGR/T"),
        ("μR/HR", "UR/HR"),
        ("(gAPI)", "GAPI"),
        ("POROSITY %", "PU"),
        ("SPMV", "MV"),
        ("NPHI VN", "V/V"),  # as V/V is read
        ("mS/m", "MMHO/M"),
        ("Ibf", "LB"),
        ("WITNESSED BY", None),
    ],
)
def test_units_as_printed(text: str, unit: str | None) -> None:
    assert find_unit(text) == unit


def test_the_vocabulary_agrees_with_itself() -> None:
    for kind in CURVES:
        assert set(kind.units) <= set(UNITS), kind.mnemonic
        assert len(set(kind.names)) == len(kind.names)
        for unit, left, right in kind.ranges:
            assert unit in kind.units, kind.mnemonic
            assert kind.is_possible(left, right), (kind.mnemonic, left, right)
            assert kind.is_usual(left, right, unit)
        for name in kind.names:
            found = find_curve(name)
            assert found is not None, name
            assert found.kind is kind, name


def test_stated_values_carry_their_place() -> None:
    (curve,) = read(GR)
    assert isinstance(curve.left, Stated)
    assert curve.left.row == pytest.approx(1400, abs=2)
    assert curve.right.col == T1[1]
