"""Scales that are printed on their side, down the grid, in the colours of their pens."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from text_support import as_colour_raster

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.page.ocr.text import RapidReader
from veernet_core.page.results import CurveFound, PageLayout, Reading, SectionFound, TrackFound
from veernet_core.page.scales.repeated import with_repeated
from veernet_core.page.scales.scorer import shipped_scorer
from veernet_core.page.scales.turned import TurnedScale, read_turned

DPI = 150.0
TOP, HEIGHT, LEFT, RIGHT = 120, 1400, 40, 400
BLACK, RED, BLUE = (0, 0, 0), (255, 0, 0), (0, 0, 255)
PENS = ((BLACK, "ROP (min/ft)", "10"), (RED, "Gas (units)", "12000"), (BLUE, "Gamma (API)", "150"))


def lying(prints: tuple[tuple[int, str], ...]) -> U8:
    """The log as it is read, lying: a grid, three pens and their scales at the given places."""
    width = RIGHT - LEFT
    out = np.full((RIGHT + 40, HEIGHT, 3), 255, np.uint8)
    for col in range(TOP, HEIGHT, 25):
        out[40 : 40 + width, col : col + 2] = (150, 150, 150)
    for row in range(40, 41 + width, width // 10):
        out[row : row + 2, TOP:] = (150, 150, 150)
    for number, (pen, name, last) in enumerate(PENS):
        rows = 40 + width * (0.35 + 0.1 * number) + 8 * np.sin(np.arange(TOP, HEIGHT) / 30)
        points = np.column_stack([np.arange(TOP, HEIGHT), rows]).astype(np.int32)
        cv2.polylines(out, [points], False, pen, 2, cv2.LINE_AA)
        for col, gas in prints:
            for text, row in (
                (gas if pen == RED else last, 40 + 22 * (number + 1)),
                (name, 40 + width // 2 + 60 + 22 * number),
                ("0", 40 + width - 54 + 22 * number),
            ):
                cv2.putText(
                    out, text, (col + 4, row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, pen, 1, cv2.LINE_AA
                )
    return out


def as_page(picture: U8) -> Raster:
    """The picture turned clockwise, as it is stored."""
    return as_colour_raster(np.ascontiguousarray(np.rot90(picture, -1)), DPI)


def section() -> SectionFound:
    left, right = (np.array([[TOP, at], [HEIGHT, at]], float) for at in (LEFT, RIGHT))
    track = TrackFound(left, right, "curves", "linear", 10, confidence=1.0)
    rows = np.arange(TOP, HEIGHT, 25.0)
    lines = np.column_stack([rows, np.zeros(len(rows))])
    return SectionFound("log1", "main", float(TOP), float(HEIGHT), (track,), lines, 1.0)


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader()


def test_scales_of_a_log_that_lies_on_its_side_are_read_by_their_colours(
    reader: RapidReader,
) -> None:
    raster = as_page(lying(((TOP, "12000"), (700, "12000"))))
    read = read_turned(raster, section(), Dpi(DPI, DPI), reader, shipped_scorer())
    by_name = {r.curve.mnemonic.value: r.curve for r in read.scales}
    ends = {name: (c.left.value, c.right.value, c.colour) for name, c in by_name.items()}
    assert ends["ROP"] == (0.0, 10.0, "#000000")
    assert ends["GR"][:2] == (0.0, 150.0)
    assert ends["TG"][:2] == (0.0, 12000.0)  # its first figure is no rule beside 2000
    assert sorted({round(r.row, -1) for r in read.scales}) == pytest.approx([TOP, 700], abs=12)


def curve(name: str, right: float, sure: float = 0.98) -> CurveFound:
    def stated(value: str | float) -> Reading:
        return Reading(value, "header", sure, 0.0, 0.0)

    return CurveFound(
        "log1", 0, stated(name), None, stated(0.0), stated(right), "linear", None, "#ff0000"
    )


def found(*read: tuple[float, str, float]) -> dict[str, tuple[float, float]]:
    """Sections by id with their rows; and curves by section and name with their right end and sureness."""
    layout = PageLayout("curve_log", 0, Dpi(DPI, DPI), (section(),))
    scales = [TurnedScale(row, curve(name, right)) for row, name, right in read]
    layout, curves = with_repeated(layout, (), {"log1": scales})
    out = {s.section_id: (s.row_top, s.row_bottom) for s in layout.sections}
    for c in curves:
        out[f"{c.section_id} {c.mnemonic.value}"] = (float(c.right.value), c.right.confidence)
    return out


def test_a_section_is_cut_where_a_scale_changes() -> None:
    out = found(
        (130, "GAS", 200), (400, "GAS", 200), (700, "GAS", 500), (1000, "GAS", 500),
        (130, "GR", 100), (700, "GR", 100),
    )  # fmt: skip
    assert (out["log1"], out["log1_2"]) == ((TOP, 700), (700, HEIGHT))
    assert out["log1 GAS"] == (200, 0.98)
    assert out["log1_2 GAS"] == (500, 0.98)
    assert out["log1_2 GR"] == (100, 0.98)


def test_one_reading_between_two_equal_ones_is_misread() -> None:
    out = found((130, "GR", 100), (400, "GR", 10), (700, "GR", 100))
    assert list(out) == ["log1", "log1 GR"]
    assert out["log1 GR"] == (100, 0.98)


def test_a_change_that_is_read_once_is_for_review_unless_another_pen_changes_there() -> None:
    """A figure may be lost under the curve: 0 to 10 is no change from 0 to 100."""
    alone = found((130, "GR", 100), (700, "GR", 10))
    assert alone["log1 GR"][1] < 0.9
    assert alone["log1_2 GR"][1] < 0.9
    together = found(
        (130, "GR", 100), (400, "GR", 100), (700, "GR", 200),
        (130, "GAS", 200), (700, "GAS", 500), (1000, "GAS", 500),
    )  # fmt: skip
    assert together["log1_2 GR"] == (200, 0.98)


def test_what_is_not_read_again_after_a_change_is_for_review() -> None:
    out = found(
        (130, "GAS", 200), (400, "GAS", 200), (700, "GAS", 500), (900, "GAS", 500), (130, "GR", 100)
    )
    assert out["log1 GR"] == (100, 0.98)
    assert out["log1_2 GR"][1] < 0.9


def test_upright_scales_of_the_same_track_give_way_to_surer_ones() -> None:
    layout = PageLayout("curve_log", 0, Dpi(DPI, DPI), (section(),))
    upright = replace(curve("UNREAD", 5.0, 0.3), colour=None)
    _, curves = with_repeated(layout, (upright,), {"log1": [TurnedScale(130, curve("GR", 100))]})
    assert [c.mnemonic.value for c in curves] == ["GR"]
    surer = replace(curve("ROP", 10.0, 0.99), colour=None)
    _, curves = with_repeated(layout, (surer,), {"log1": [TurnedScale(130, curve("MH", 3))]})
    assert [c.mnemonic.value for c in curves] == ["ROP"]
