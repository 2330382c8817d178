"""The colour that print is in.

In: a raster in colour and the boxes of its print. Out: the same boxes with ``tint``. Does not belong here: the
colour of pens (`scales.colours`), and the ink of a colour (`strips.ink`).
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import U8, Raster
from veernet_core.page.results import TextBox

BLACK = "#000000"
DARK = 140
"""A pixel whose darkest channel is below that is ink, of 255."""
SAME_TINT, OTHER_TINT = 0.15, 0.3
"""Distance of two colours (`tint_gap`) below which they are one, and above which they are of two pens."""
VIVID = 60
"""How far the channels of a coloured pixel differ, of 255."""
_TINT, _INKED = 0.25, 12
"""Spread of the channels of a word's mean ink, in units of the strongest, from which its print is coloured, and
the least ink, px. The fringes of smoothed black letters are as vivid as coloured print, but their hues differ
from edge to edge and the mean of a word is grey."""
_VIVID_SHARE = 0.2
"""Share of vivid pixels in the ink of a coloured word; rules and grids may run through it."""
ONE_HUE = 30.0
"""Degrees between the hues of one pen in print, sample line and track, at most."""
_PAPER = 240
"""A pixel whose darkest channel is above that is paper, of 255."""


def tinted(boxes: Sequence[TextBox], raster: Raster) -> list[TextBox]:
    """Boxes with the colour of their print; as they are on a page without colour.

    Parameters
    ----------
    boxes : sequence of TextBox
        In pixels of the raster.
    raster : Raster
    """
    if not raster.is_colour or not boxes:
        return list(boxes)
    row0 = max(0, int(min(b.row - b.height_px for b in boxes)))
    row1 = min(raster.height_px, int(max(b.row + b.height_px for b in boxes)) + 1)
    rgb = raster.read_rgb(row0, row1)
    return [replace(box, tint=tint_of(_inside(rgb, box, row0))) for box in boxes]


def _inside(rgb: U8, box: TextBox, row0: int) -> U8:
    """Pixels of a box, uint8 [n, 3]."""
    top, bottom = box.row - 0.4 * box.height_px - row0, box.row + 0.4 * box.height_px - row0
    left, right = box.col - box.width_px / 2, box.col + box.width_px / 2
    part = rgb[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
    return part.reshape(-1, 3)


def tint_of(pixels: U8) -> str:
    """The colour of print from pixels, uint8 [n, 3], as ``#rrggbb``; empty where there is too little ink."""
    ink = pixels[pixels.min(axis=1) < DARK]
    if len(ink) < _INKED:
        return ""
    vivid = vivid_part(ink)
    # black print smoothed for screens of three colours has edges of all hues, which are grey in sum: the dark
    # ones alone are not
    whole = pixels[pixels.min(axis=1) < _PAPER]
    if len(vivid) > _VIVID_SHARE * len(ink) and has_hue(vivid) and has_hue(whole):
        return hex_of(vivid)
    return BLACK


def vivid_part(pixels: U8) -> U8:
    """Those of pixels, uint8 [n, 3], whose channels differ."""
    out: U8 = pixels[_spread(pixels) > VIVID]
    return out


def hued_ink(rgb: U8) -> U8:
    """Where pixels, uint8 [rows, cols, 3], have a colour of their own: 255, else 0, uint8 [rows, cols]."""
    return np.where(_spread(rgb) > VIVID, 255, 0).astype(np.uint8)


def has_hue(pixels: U8) -> bool:
    """Whether the mean ink of pixels, uint8 [n, 3], has a hue."""
    if not len(pixels):
        return False
    ink = (255.0 - pixels).mean(axis=0)
    return bool(ink.max() - ink.min() > _TINT * ink.max())


def hex_of(vivid: U8) -> str:
    """The colour of the more vivid half of pixels, uint8 [n, 3]: the others are soft edges."""
    strongest = vivid[np.argsort(-_spread(vivid))]
    red, green, blue = np.median(strongest[: max(6, len(strongest) // 2)], axis=0).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _spread(pixels: U8) -> NDArray[np.int64]:
    out: NDArray[np.int64] = pixels.max(axis=-1).astype(np.int64) - pixels.min(axis=-1)
    return out


@lru_cache(maxsize=4096)
def tint_gap(one: str, other: str) -> float:
    """How far two colours are apart: 0 for the same, about 1 for black and a bright one; NaN where one is
    not known.

    Examples
    --------
    >>> tint_gap("#0000ff", "#0000ff"), tint_gap("#ff0000", "")
    (0.0, nan)
    >>> tint_gap("#0000ff", "#00ff00") > 1 > tint_gap("#00ff00", "#00ff40")
    True
    """
    if not one or not other:
        return float("nan")
    rgb = np.array([[rgb_of(one), rgb_of(other)]], dtype=np.float32) / 255
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)[0]
    return round(float(np.linalg.norm(lab[0] - lab[1])) / 100, 4)


def same_hue(one: str, other: str, within_deg: float = ONE_HUE) -> bool:
    """Whether two colours, ``#rrggbb``, are of one hue, however dark or pale; greys are of one.

    Examples
    --------
    >>> same_hue("#ff0000", "#7f0000"), same_hue("#ff0000", "#0000ff"), same_hue("#000000", "#00ff00")
    (True, False, False)
    """
    (hue, chroma), (other_hue, other_chroma) = _hue_of(one), _hue_of(other)
    if min(chroma, other_chroma) < VIVID:
        return max(chroma, other_chroma) < VIVID
    return abs((hue - other_hue + 180.0) % 360.0 - 180.0) <= within_deg


def _hue_of(colour: str) -> tuple[float, float]:
    """Hue, degrees, and how far the channels differ, of 255."""
    red, green, blue = (value / 255.0 for value in rgb_of(colour))
    hue, _, _ = colorsys.rgb_to_hsv(red, green, blue)
    return 360.0 * hue, 255.0 * (max(red, green, blue) - min(red, green, blue))


def rgb_of(colour: str) -> list[int]:
    """Red, green and blue of ``#rrggbb``."""
    return [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
