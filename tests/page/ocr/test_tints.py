"""The colour of print is that of its letters, not of the grid behind them nor of the edges of black letters."""

from __future__ import annotations

import numpy as np

from veernet_core.datatypes import U8, Raster
from veernet_core.page.ocr.tints import BLACK, tint_gap, tint_of, tinted
from veernet_core.page.results import TextBox


def page(rgb: U8, is_colour: bool = True) -> Raster:
    ink = (255 - rgb.min(axis=2)).astype(np.uint8)
    return Raster(
        *ink.shape, is_colour, None, lambda a, b: ink[a:b], lambda a, b: rgb[a:b], lambda: ()
    )


def test_print_takes_the_colour_of_its_letters() -> None:
    rgb = np.full((60, 200, 3), 255, dtype=np.uint8)
    rgb[20:30, 20:60:2] = (0, 0, 255)
    rgb[20:30, 120:160:2] = (0, 0, 0)
    rgb[:, 40] = (130, 130, 130)
    boxes = [TextBox("C1", 0.9, 25.0, col, 14.0, 44.0) for col in (40.0, 140.0, 90.0)]
    assert [b.tint for b in tinted(boxes, page(rgb))] == ["#0000ff", BLACK, ""]
    assert tinted(boxes, page(rgb, is_colour=False)) == boxes


def test_edges_of_smoothed_black_letters_are_black() -> None:
    letters = np.zeros((40, 3), dtype=np.uint8)
    edges = np.array([[200, 90, 30], [30, 90, 200]], dtype=np.uint8).repeat(20, axis=0)
    assert tint_of(np.concatenate([letters, edges])) == BLACK
    assert tint_of(np.full((5, 3), 10, dtype=np.uint8)) == ""


def test_print_smoothed_for_screens_of_three_colours_is_black() -> None:
    # a black stroke, one edge of it light and the other dark: in sum they are as grey as the stroke
    light, dark = [210, 255, 177], [90, 0, 156]
    stroke = np.array([light, light, [0, 0, 0], dark], dtype=np.uint8)
    assert tint_of(np.tile(stroke, (20, 1))) == BLACK
    red = np.array([[255, 150, 150], [255, 0, 0], [255, 40, 40]], dtype=np.uint8)
    assert tint_of(np.tile(red, (20, 1))) == "#ff0000"


def test_gaps_between_colours_tell_pens_apart() -> None:
    assert tint_gap("#00ff40", "#00ff41") < 0.05
    assert tint_gap("#0000ff", "#000000") > 0.5
    assert np.isnan(tint_gap("", BLACK))
