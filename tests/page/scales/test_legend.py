"""A legend that draws the pen beside its name gives the name the colour of the pen, and the curve its width."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import U8
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import CurveFound, Reading, TextBox
from veernet_core.page.scales.candidates import Frame, block_text
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.legend import held_by_legend, with_legend_strokes, with_legend_tints
from veernet_core.page.scales.tokens import read_tokens

RED = (220, 0, 0)


def name(text: str = "GAMMA", tint: str = BLACK) -> TextBox:
    return TextBox(text, 0.99, 130.0, 100.0, 20.0, 80.0, tint=tint)


def paper() -> U8:
    """Rows 100 to 160 of a page; print is drawn by its box alone."""
    return np.full((60, 400, 3), 255, dtype=np.uint8)


def with_line(first: int, last: int, colour: tuple[int, int, int] = RED, thick: int = 2) -> U8:
    rgb = paper()
    rgb[30 : 30 + thick, first:last] = colour
    return rgb


def test_a_name_takes_the_colour_of_the_line_behind_it() -> None:
    (found,) = with_legend_tints([name()], with_line(150, 220), 100)
    assert found.tint == "#dc0000"
    assert found.text == "GAMMA"


def test_a_dashed_line_counts_as_a_whole() -> None:
    rgb = paper()
    for first in range(150, 240, 20):
        rgb[30:32, first : first + 12] = RED
    assert with_legend_tints([name()], rgb, 100)[0].tint == "#dc0000"


@pytest.mark.parametrize(
    "rgb",
    [
        with_line(150, 220, (0, 0, 0)),
        with_line(150, 170),
        with_line(230, 300),
        with_line(150, 220, thick=12),
    ],
    ids=["black", "short", "far away", "thick as print"],
)
def test_what_is_no_coloured_line_changes_nothing(rgb: U8) -> None:
    assert with_legend_tints([name()], rgb, 100) == [name()]


def test_a_line_beyond_a_border_is_that_of_another_track() -> None:
    rgb = with_line(160, 230)
    rgb[:, 150:152] = 0
    assert with_legend_tints([name()], rgb, 100) == [name()]


def test_numbers_and_coloured_print_keep_their_colour() -> None:
    boxes = [name("150"), name(tint="#0000ff")]
    assert with_legend_tints(boxes, with_line(150, 220), 100) == boxes


TG = CurveFound(
    "main",
    0,
    Reading("TG", "header", 0.99),
    None,
    Reading(1.0, "header", 0.99),
    Reading(1000.0, "header", 0.99),
    "log",
    "solid",
    printed="TG (units)",
)
C2 = replace(TG, mnemonic=Reading("C2", "header", 0.99), printed="C2 (units)")


def legend(*thick: int, first: int = 300, last: int = 360) -> U8:
    """The ink of two lines of a legend behind the names at rows 40 and 90, in a frame from 20 to 400."""
    ink = np.zeros((160, 420), dtype=np.uint8)
    for row, width in zip((40, 90), thick, strict=True):
        ink[row - width // 2 : row - width // 2 + width, first:last] = 255
    ink[:, 396:400] = 255
    return ink


def strokes(ink: U8, curves: tuple[CurveFound, ...] = (TG, C2)) -> list[float]:
    boxes = [
        TextBox(name, 0.99, row, 80.0, 20.0, 90.0)
        for name, row in (("TG (units)", 40.0), ("C2 (units)", 90.0))
    ]
    block = block_text(
        read_tokens(boxes, 0.0, 210.0),
        ScaleInk(ink, 0, 0.0, 150.0, 160.0),
        [Frame(20, 400, (0, 0))],
    )
    return [c.stroke_px for c in with_legend_strokes(curves, block)]


def test_curves_have_the_width_of_the_line_behind_their_name() -> None:
    assert strokes(legend(5, 2)) == [5.0, 2.0]


def test_a_sample_line_beside_the_numbers_of_a_track_is_what_counts_there() -> None:
    assert strokes(legend(5, 2), (replace(TG, stroke_px=3.0), C2)) == [3.0, 0.0]


def test_what_is_more_or_less_than_one_line_has_no_width() -> None:
    ink = legend(5, 2)
    ink[34:37, 300:360] = 255
    ink[88:92, 345:420] = 255  # a line of the grid runs on to the border
    assert strokes(ink) == [0.0, 0.0]
    assert strokes(legend(5, 2, last=320)) == [0.0, 0.0]
    assert strokes(legend(0, 0)) == [0.0, 0.0]


def held(colour: str, pen: str) -> bool:
    """Whether a curve of a colour is in doubt where the legend draws its name with a pen."""
    boxes = [TextBox("TG (units)", 0.99, 40.0, 80.0, 20.0, 90.0, tint=pen)]
    ink = ScaleInk(legend(5, 2), 0, 0.0, 150.0, 160.0)
    block = block_text(read_tokens(boxes, 0.0, 210.0), ink, [Frame(20, 400, (0, 0))])
    (curve,) = held_by_legend([replace(TG, colour=colour)], block)
    return curve.left.confidence < 0.9


def test_a_curve_in_a_colour_that_the_legend_gives_another_name_is_in_doubt() -> None:
    """The numbers of a gamma ray and a rate of penetration printed over each other: blue reads on top."""
    assert held("#0808c6", "#009000")
    assert not held("#0808c6", "#0000ff")
    assert not held("#0808c6", BLACK)
