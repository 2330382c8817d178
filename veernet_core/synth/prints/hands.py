"""Typefaces of drawn print: plotter strokes, and fonts from files.

In: a text, a hand, its size. Out: its ink. Does not belong here: where a text stands (`sheets`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from veernet_core.datatypes import U8

Hand = str | int
"""A font file, or a plotter hand of OpenCV."""

LEFT_OUT_FONTS = ("cmtt10", "cmss10", "STIXGeneralBol")
LEFT_OUT_PLOTTER: tuple[Hand, ...] = (cv2.FONT_HERSHEY_COMPLEX,)
"""Never drawn with in training, so that tests have print that no network has seen."""
_PLOTTER: tuple[Hand, ...] = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX,
)  # fmt: skip
_OWN = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmr10",
    "DejaVuSansMono-Bold", "DejaVuSans-Oblique",
)  # fmt: skip
_NO_PRINT = (
    "math", "integral", "symbol", "size", "d050000l", "nonuni", "thin", "hairline", "variants", "z003",
    "chorus", "texgyredejavu", "dingbat",
)  # fmt: skip


def left_out_hands() -> tuple[Hand, ...]:
    """Hands that training never draws with."""
    return (*(_own_font(name) for name in LEFT_OUT_FONTS), *LEFT_OUT_PLOTTER)


def training_hands(folders: Sequence[Path] = ()) -> tuple[Hand, ...]:
    """Plotter hands, fonts that come with the plotting library, and all fonts for text in some folders."""
    own: list[Hand] = [*_PLOTTER, *_PLOTTER, *(_own_font(name) for name in _OWN)]
    for folder in folders:
        own += sorted(
            str(path)
            for path in folder.rglob("*")
            if path.suffix.lower() in (".ttf", ".otf")
            and not any(word in path.name.lower() for word in _NO_PRINT)
        )
    return tuple(own)


def _own_font(name: str) -> str:
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf")


@lru_cache(maxsize=512)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def text_ink(text: str, hand: Hand, height: float, weight: float = 1.0) -> U8:
    """Ink of a line of text without paper around it, uint8 [rows, cols], 255 is ink.

    Parameters
    ----------
    text : str
    hand : str or int
    height : float
        Of its capitals, px.
    weight : float
        Stroke of plotter hands, in units of the usual one.
    """
    if isinstance(hand, int):
        scale = height / (21.0 if hand != cv2.FONT_HERSHEY_PLAIN else 10.0)
        thick = max(1, round(height * 0.08 * weight))
        (width, tall), base = cv2.getTextSize(text, hand, scale, thick)
        tile = np.zeros((tall + base + 4 * thick + 4, width + 4 * thick + 4), np.uint8)
        at = (2 * thick + 2, tall + 2 * thick)
        cv2.putText(tile, text, at, hand, scale, 255, thick, cv2.LINE_AA)
    else:
        font = _font(hand, max(6, round(height * 1.38)))
        box = font.getbbox(text)
        image = Image.new("L", (max(1, int(box[2])) + 6, max(1, int(box[3])) + 6), 0)
        ImageDraw.Draw(image).text((3, 0), text, 255, font=font)
        tile = np.asarray(image)
    rows, cols = np.flatnonzero(tile.any(axis=1)), np.flatnonzero(tile.any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), np.uint8)
    return np.ascontiguousarray(tile[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1])
