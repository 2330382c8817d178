"""A known name beside the sample line of a pen names that pen, whether or not its scale can be read."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import (
    CurveFound,
    PenNamed,
    Reading,
    SectionFound,
    TextBox,
    TrackFound,
)
from veernet_core.page.scales.candidates import Frame, block_text
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.legend_names import (
    names_beside_lines,
    names_on_side,
    shared_by_legend,
)
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.tokens import read_tokens

RED = "#dc0000"


def section() -> SectionFound:
    borders = (np.array([[400.0, px]]) for px in (50.0, 390.0))
    track = TrackFound(*borders, "curves")
    return SectionFound("main", "main", 400.0, 5000.0, (track,), np.zeros((0, 2)))


def box(text: str, tint: str) -> TextBox:
    return TextBox(text, 0.99, 130.0, 100.0, 20.0, 80.0, tint=tint)


def ink(first: int = 200, last: int = 320) -> U8:
    rows = np.zeros((60, 400), dtype=np.uint8)
    rows[30:32, first:last] = 255
    return rows


def names(text: str, tint: str = RED, rows: U8 | None = None) -> list[tuple[str, str]]:
    shown = ScaleInk(ink() if rows is None else rows, 100, 0.0, 200.0, 400.0)
    block = block_text(
        read_tokens([box(text, tint)], 0.0, 200.0), shown, [Frame(50.0, 390.0, (0, 0), "track")]
    )
    found = names_beside_lines(block, section())
    return [(n.mnemonic, n.colour) for n in found.get(0, [])]


def test_a_known_name_before_a_line_names_its_pen() -> None:
    assert names("C1 (ppm)") == [("C1", RED)]


def test_a_light_pen_that_is_faint_in_grey_is_seen_by_its_hue() -> None:
    shown = ScaleInk(ink() // 4, 100, 0.0, 200.0, 400.0, hued=ink())
    frames = [Frame(50.0, 390.0, (0, 0), "track")]
    block = block_text(read_tokens([box("C4", "#00ff00")], 0.0, 200.0), shown, frames)
    assert [n.mnemonic for n in names_beside_lines(block, section())[0]] == ["C4"]


@pytest.mark.parametrize(
    ("text", "tint", "rows"),
    [
        ("C1 (ppm)", BLACK, None),
        ("C1 (ppm)", RED, np.zeros((60, 400), dtype=np.uint8)),
        ("Cement", RED, None),
        ("0 150", RED, None),
    ],
    ids=["black", "no line", "no curve", "numbers"],
)
def test_what_names_no_pen_is_left(text: str, tint: str, rows: U8 | None) -> None:
    assert names(text, tint, rows) == []


def test_names_on_their_side_keep_the_borders_of_their_track() -> None:
    (found,) = names_on_side([box("C2 (ppm)", RED), box("Strata", RED)], section(), 0)
    assert (found.mnemonic, found.printed, found.colour) == ("C2", "C2 (ppm)", RED)
    assert found.borders == (50.0, 390.0)
    assert found.rows == (400.0, 5000.0)


def curve(printed: str, colour: str | None = None) -> CurveFound:
    ends = [Reading(v, "header", 0.95) for v in (1.0, 1000.0)]
    name = Reading(printed.upper(), "header", 0.95)
    return CurveFound("main", 0, name, None, *ends, "log", None, colour, printed=printed)


LEGEND = {
    0: [
        PenNamed((400.0, 5000.0), (50.0, 390.0), name, f"{name} (units)", colour)
        for name, colour in (("C1", "#0000ff"), ("C2", RED))
    ]
}


def test_one_scale_without_a_known_name_is_that_of_each_pen_of_the_legend() -> None:
    found = shared_by_legend([curve("MEASURED")], LEGEND)
    assert [(c.mnemonic.value, c.printed, c.colour) for c in found] == [
        ("C1", "C1 (units)", "#0000ff"),
        ("C2", "C2 (units)", RED),
    ]
    for own in found:
        assert (own.left.value, own.right.value) == (1.0, 1000.0)
        assert own.left.confidence <= DOUBTFUL


@pytest.mark.parametrize(
    "curves",
    [
        [curve("ROP (min/ft)")],
        [curve("MEASURED"), curve("OTHER")],
        [curve("MEASURED", RED)],
    ],
    ids=["a known name", "two scales", "a colour of its own"],
)
def test_a_scale_that_is_somebodys_is_not_shared(curves: list[CurveFound]) -> None:
    assert shared_by_legend(curves, LEGEND) == curves


def test_one_name_in_the_legend_shares_nothing() -> None:
    assert shared_by_legend([curve("MEASURED")], {0: LEGEND[0][:1]}) == [curve("MEASURED")]
