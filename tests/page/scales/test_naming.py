"""Which phrase names which scale of a block: the choice is the likeliest as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import F64
from veernet_core.page.ocr.tints import BLACK, SAME_TINT
from veernet_core.page.results import TextBox
from veernet_core.page.scales.candidates import (
    BlockText,
    Frame,
    ScaleCandidate,
    block_text,
    find_candidates,
)
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.names import find_names
from veernet_core.page.scales.naming import (
    LEAST_NAME,
    Naming,
    name_scales,
    other_colour,
    relation,
    shares_columns,
)
from veernet_core.page.scales.tokens import read_tokens

TRACK = Frame(100.0, 600.0, (0, 0))
FIRST, SECOND = 1400.0, 1500.0


class Rated:
    """A scorer that rates the phrases of each scale by a table: ``{(number of the scale, phrase): p}``."""

    def __init__(self, table: dict[tuple[int, str], float]) -> None:
        self.table, self.phrases, self.asked = table, [], 0

    def name(self, features: F64) -> list[float]:
        names = self.phrases[self.asked]
        assert len(features) == len(names)
        rated = [self.table.get((self.asked, text), 0.0) for text in names]
        self.asked += 1
        return rated


def box(text: str, row: float, col: float) -> TextBox:
    return TextBox(text, 0.99, row, col, 30.0, 14.0 * len(text) + 4)


def scale_row(left: str, right: str, row: float) -> list[TextBox]:
    return [box(left, row, 100 + 7 * len(left) + 6), box(right, row, 600 - 7 * len(right) - 6)]


def block_of(boxes: Sequence[TextBox], frames: Sequence[Frame] = (TRACK,)) -> BlockText:
    ink = ScaleInk(np.zeros((1700, 1900), np.uint8), 0, 0.0, 200.0, 1600.0)
    return block_text(read_tokens(boxes, 0.0, 950.0), ink, frames)


def scale_of(block: BlockText, left: float, right: float) -> ScaleCandidate:
    return next(c for c in find_candidates(block) if (c.left, c.right) == (left, right))


def named(
    boxes: Sequence[TextBox],
    ends: Sequence[tuple[float, float]],
    table: dict[tuple[int, str], float],
    monkeypatch: pytest.MonkeyPatch,
    tints: Sequence[str] = (),
) -> list[tuple[str, float]]:
    """Name, empty for none, and probability of scales, by what ``table`` says."""
    from veernet_core.page.scales import naming

    scorer, block = Rated(table), block_of(boxes)
    scales = [scale_of(block, *pair) for pair in ends]
    if tints:
        scales = [
            replace(s, first=replace(s.first, tint=t), last=replace(s.last, tint=t))
            for s, t in zip(scales, tints, strict=True)
        ]

    def spied(*args: object) -> list[object]:
        names = find_names(*args)
        scorer.phrases.append([name.text for name in names])
        return names

    find_names = naming.find_names
    monkeypatch.setattr(naming, "find_names", spied)
    out: list[Naming] = name_scales(block, scales, scorer)  # type: ignore[arg-type]
    return [("" if name is None else name.text, p) for name, p, _ in out]


BOXES = [
    box("GAMMA RAY", FIRST - 40, 350),
    *scale_row("0", "150", FIRST),
    box("CALIPER", SECOND - 40, 350),
    *scale_row("6", "16", SECOND),
]
ENDS = [(0.0, 150.0), (6.0, 16.0)]


def test_a_phrase_names_one_scale_even_where_it_is_the_likeliest_of_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {(0, "GAMMA RAY"): 0.6, (0, "CALIPER"): 0.8, (1, "CALIPER"): 0.9}
    assert named(BOXES, ENDS, table, monkeypatch) == [("GAMMA RAY", 0.6), ("CALIPER", 0.9)]


def test_the_likeliest_assignment_as_a_whole_beats_the_likeliest_single_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Taken one by one the first scale would have CALIPER, and the second none."""
    table = {(0, "GAMMA RAY"): 0.85, (0, "CALIPER"): 0.9, (1, "CALIPER"): 0.8}
    assert named(BOXES, ENDS, table, monkeypatch) == [("GAMMA RAY", 0.85), ("CALIPER", 0.8)]


def test_a_phrase_farther_off_names_a_scale_where_it_is_the_likelier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {(0, "GAMMA RAY"): 0.3, (0, "CALIPER"): 0.9, (1, "GAMMA RAY"): 0.8}
    table[(1, "CALIPER")] = 0.4
    assert named(BOXES, ENDS, table, monkeypatch) == [("CALIPER", 0.9), ("GAMMA RAY", 0.8)]


def test_a_scale_without_a_likely_phrase_stays_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = {(0, "GAMMA RAY"): 0.9, (1, "CALIPER"): LEAST_NAME - 0.01}
    assert named(BOXES, ENDS, table, monkeypatch) == [("GAMMA RAY", 0.9), ("", 0.0)]
    table[(1, "CALIPER")] = LEAST_NAME + 0.01
    assert named(BOXES, ENDS, table, monkeypatch)[1] == ("CALIPER", pytest.approx(0.21))


@pytest.mark.parametrize("further", [("150", "300"), ("0", "300")])
def test_a_wrap_and_a_backup_share_the_name_of_the_scale_above_them(
    further: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes = [*BOXES[:3], *scale_row(*further, FIRST + 40)]
    ends = [ENDS[0], (float(further[0]), float(further[1]))]
    table = {(0, "GAMMA RAY"): 0.9, (1, "GAMMA RAY"): 0.3}
    assert named(boxes, ends, table, monkeypatch) == [("GAMMA RAY", 0.9)] * 2


def test_an_amplified_curve_gives_its_name_to_no_wider_scale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """``16" NORMAL`` and ``AMP. NORMAL`` above each other; 0 to 4 is amplified, 0 to 20 is not."""
    boxes = [
        box("16 NORMAL", FIRST - 80, 350),
        box("AMP. NORMAL", FIRST - 40, 350),
        *scale_row("0", "4", FIRST),
        *scale_row("0", "20", FIRST + 80),
    ]
    table = {(0, "AMP. NORMAL"): 0.9, (1, "AMP. NORMAL"): 0.6, (1, "16 NORMAL"): 0.5}
    ends = [(0.0, 4.0), (0.0, 20.0)]
    found = named(boxes, ends, table, monkeypatch)
    assert found == [("AMP. NORMAL", 0.9), ("16 NORMAL", 0.5)]


def test_another_colour_or_another_curve_shares_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [*BOXES[:3], *scale_row("150", "300", FIRST + 40)]
    table = {(0, "GAMMA RAY"): 0.9}
    ends, inks = [ENDS[0], (150.0, 300.0)], ("#cc0000", "#0000cc")
    assert named(boxes, ends, table, monkeypatch, inks)[1] == ("", 0.0)
    boxes = [*BOXES[:3], *scale_row("6", "16", FIRST + 40)]
    assert named(boxes, ENDS, table, monkeypatch)[1] == ("", 0.0)


def test_a_scale_does_not_get_the_name_of_one_below_it(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [*BOXES[:3], *scale_row("150", "300", SECOND)]
    table = {(1, "GAMMA RAY"): 0.9}
    found = named(boxes, [ENDS[0], (150.0, 300.0)], table, monkeypatch)
    assert found == [("", 0.0), ("GAMMA RAY", 0.9)]


def test_a_wrap_that_has_a_clear_name_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [*BOXES[:4], *scale_row("150", "300", SECOND)]
    table = {(0, "GAMMA RAY"): 0.9, (1, "CALIPER"): 0.75}
    ends = [ENDS[0], (150.0, 300.0)]
    assert named(boxes, ends, table, monkeypatch)[1] == ("CALIPER", 0.75)


def scale(left: float, right: float, tint: str = "") -> ScaleCandidate:
    block = block_of([*scale_row("1", "2", FIRST)])
    found = scale_of(block, 1.0, 2.0)
    return replace(found, left=left, right=right, first=replace(found.first, tint=tint))


@pytest.mark.parametrize(
    ("first", "other", "expected"),
    [
        ((0, 150), (150, 300), "wrap"),
        ((0, 150), (-150, 0), "wrap"),
        ((0, 150), (300, 450), "wrap"),
        ((150, 0), (0, -150), "wrap"),
        ((0, 150), (0, 300), "backup"),
        ((0, 100), (0, 1000), "backup"),
        ((0, 150), (0, 150), "none"),
        ((0, 150), (0, 75), "none"),
        ((0, 150), (75, 225), "none"),
        ((0, 150), (150, 0), "none"),
        ((0, 150), (6, 16), "none"),
    ],
)
def test_a_wrap_goes_on_by_whole_widths_and_a_backup_begins_at_the_same_end(
    first: tuple[float, float], other: tuple[float, float], expected: str
) -> None:
    assert relation(scale(*first), scale(*other)) == expected


@pytest.mark.parametrize("factor", [1.0, 0.01, -3.0])
def test_how_scales_relate_does_not_depend_on_their_unit(factor: float) -> None:
    for pair in ((0, 150), (150, 300)), ((10, 20), (10, 40)), ((10, 20), (15, 30)):
        one, other = (scale(a, b) for a, b in pair)
        scaled = (scale(a * factor, b * factor) for a, b in pair)
        assert relation(*scaled) == relation(one, other)


def test_scales_share_columns_only_where_their_frames_overlap() -> None:
    one = scale(1, 2)
    beside = replace(one, frame=Frame(600.0, 900.0, (1, 1)))
    across = replace(one, frame=Frame(100.0, 900.0, (0, 1), "double"))
    assert not shares_columns(one, beside)
    assert not shares_columns(beside, one)
    for other in (one, beside):
        assert shares_columns(other, across)
        assert shares_columns(across, other)


def test_colours_differ_only_where_both_are_known() -> None:
    red, blue, none = (scale(1, 2, tint) for tint in ("#cc0000", "#0000cc", ""))
    assert other_colour(red, blue)
    assert not other_colour(red, scale(1, 2, "#c80505"))
    assert not other_colour(red, none)
    assert not math.isnan(red.left)


def test_where_names_are_printed_in_black_their_colour_tells_nothing() -> None:
    """Black names between coloured numbers; pieces of the pen inside the grid are read as single letters."""
    red = "#cc0000"
    line = [replace(b, tint=red) for b in scale_row("0", "150", FIRST)]
    name = replace(box("GAMMA RAY", FIRST, 350), tint=BLACK)
    piece = replace(box("R", SECOND, 350), tint=red)

    def gap(boxes: list[TextBox]) -> float:
        block = block_of(boxes)
        found = find_candidates(block)[0]
        names = find_names(block, found, [found.first, found.last])
        return next(n.tint_gap for n in names if n.text == "GAMMA RAY")

    assert math.isnan(gap([*line, name, piece]))
    other = replace(box("SONIC", SECOND, 350), tint=red)
    assert gap([*line, name, other]) >= SAME_TINT


def test_scraps_of_broken_print_are_no_part_of_a_name() -> None:
    """``RHOB [b'G/C3']`` of a worn page, read in pieces."""
    pieces = [("RHOB", 300, 0.92), ("uJ", 350, 0.46), ("G/C3", 392, 1.0), ("1", 425, 0.5)]
    broken = [replace(box(text, FIRST, col), confidence=p) for text, col, p in pieces]
    block = block_of([*scale_row("1.95", "2.95", FIRST), *broken])
    found = scale_of(block, 1.95, 2.95)
    names = find_names(block, found, [found.first, found.last])
    assert [(n.text, n.confidence) for n in names] == [("RHOB G/C3", 0.92)]


def test_a_title_far_above_names_the_scales_of_a_track_that_have_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Old forms print what a track shows once, in a box at its top; further scales follow below."""
    boxes = [box("INTERVAL TRANSIT TIME", FIRST - 480, 350), *scale_row("100", "40", FIRST)]
    found = named(boxes, [(100.0, 40.0)], {(1, "INTERVAL TRANSIT TIME"): 0.6}, monkeypatch)
    assert found == [("INTERVAL TRANSIT TIME", 0.6)]


def test_a_title_does_not_name_one_of_two_unlike_scales(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [
        box("INTERVAL TRANSIT TIME", FIRST - 480, 350),
        *scale_row("100", "40", FIRST),
        *scale_row("6", "16", SECOND),
    ]
    table = {(k, "INTERVAL TRANSIT TIME"): 0.6 for k in (2, 3)}
    ends = [(100.0, 40.0), (6.0, 16.0)]
    assert [name for name, _ in named(boxes, ends, table, monkeypatch)] == ["", ""]


def test_a_heading_gives_way_to_the_names_that_stand_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boxes = [
        box("RESISTIVITY", FIRST - 60, 350),
        box("AM 16", FIRST, 350),
        *scale_row("0", "10", FIRST),
        box("AM 64", SECOND, 350),
        *scale_row("0", "100", SECOND),
    ]
    table = {
        (0, "RESISTIVITY"): 0.6,
        (0, "AM 16"): 0.4,
        (1, "RESISTIVITY"): 0.85,
        (1, "AM 64"): 0.8,
    }
    found = named(boxes, [(0.0, 10.0), (0.0, 100.0)], table, monkeypatch)
    assert [name for name, _ in found] == ["AM 16", "AM 64"]
