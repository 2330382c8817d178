"""Ink of each pen of a coloured picture."""

from __future__ import annotations

import numpy as np

from veernet_core.datatypes import U8
from veernet_core.page.ocr.layers import layer_inks, pens_of
from veernet_core.page.ocr.tints import tint_gap

RED, DARK_RED, BLUE, BLACK, GREY = (
    (255, 0, 0),
    (131, 0, 65),
    (0, 0, 255),
    (0, 0, 0),
    (128, 128, 128),
)


def picture() -> U8:
    """Bars of four pens, 20 px tall, over a grey grid; where they cross, the later one covers the earlier."""
    out = np.full((200, 200, 3), 255, np.uint8)
    out[::20] = GREY
    for number, pen in enumerate((RED, DARK_RED, BLUE, BLACK)):
        out[20 + 40 * number : 40 + 40 * number, 20:180] = pen
    out[20:180, 95:105] = BLUE
    return out


def test_pens_are_found_and_black_is_the_last() -> None:
    pens = pens_of(picture())
    assert pens[-1] == "#000000"
    for pen in ("#ff0000", "#830041", "#0000ff"):
        assert min(tint_gap(pen, own) for own in pens) < 0.05
    assert len(pens) == 4


def test_ink_of_one_pen_has_none_of_another() -> None:
    """Red and dark red are of one hue; black is dark in all channels, and a grey grid is pale in it."""
    rgb = picture()
    pens = pens_of(rgb)
    rows = {"#ff0000": 30, "#830041": 70, "#0000ff": 110, "#000000": 150}
    for pen, ink in zip(pens, layer_inks(rgb, pens), strict=True):
        name = min(rows, key=lambda k: tint_gap(k, pen))
        for other, row in rows.items():
            assert (ink[row, 30] > 200) == (other == name), (pen, other)
        assert ink[0, 150] < 96


def test_smoothed_edges_of_black_letters_stay_black() -> None:
    """Letters on screens have orange and blue fringes; they are no ink of a blue pen's neighbour."""
    rgb = np.full((40, 400, 3), 255, np.uint8)
    rgb[10:30, 200:390] = BLUE
    rgb[10:30, 20], rgb[10:30, 21], rgb[10:30, 22] = (255, 170, 90), BLACK, (0, 80, 160)
    pens = pens_of(rgb)
    *_, black = layer_inks(rgb, pens)
    assert black[20, 21] == 255
    assert black[20, 22] > 96
    assert black[20, 300] == 0
