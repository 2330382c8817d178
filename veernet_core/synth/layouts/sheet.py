"""A canvas for drawn pages: strokes, broken lines, text in several hands.

In: pixels of the flat page. Out: ink on an uint8 [height, width, 3] sheet (RGB, 255 is paper). Does not
belong here: what is drawn where.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from veernet_core.datatypes import F64, U8, Rng
from veernet_core.synth.layouts.plan import Colour

PLOTTER_HANDS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
)  # fmt: skip
PRINT_HANDS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmtt10", "cmss10",
    "cmr10", "STIXGeneralBol", "DejaVuSansMono-Bold",
)  # fmt: skip
WORDS = (
    "GAMMA RAY", "API UNITS", "CALIPER", "INCHES", "DEPTH", "OHMS M2/M", "MILLIVOLTS", "COMPANY", "WELL",
    "FIELD", "COUNTY", "STATE", "BULK DENSITY", "POROSITY", "NEUTRON", "RESISTIVITY", "DEEP", "SHALLOW",
    "SONIC", "SP", "ROP", "TOTAL GAS", "C1", "ppm", "min/ft", "sh", "ls wh crm", "sltst gy", "vf gr, tr por",
    "no shows", "RUN", "ONE", "T.D.", "BIT SIZE", "MUD", "pH", "DATE", "12-4-61", "REMARKS", "LOGGED BY",
    "1450", "3275", "0.25", "8 3/4", "TENSION", "LBF", "correction", "SHALE", "lime, tan", "oil stain",
    "SURVEY @ 9340", "RTG", "connection", "PERMANENT DATUM", "K.B.", "G.L.", "ELEV", "fluo", "dol", "anhy",
)  # fmt: skip


@lru_cache(maxsize=256)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(
        str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), size
    )


@lru_cache(maxsize=4096)
def text_tile(text: str, hand: str | int, size: int, turns: int = 0) -> U8:
    """Ink of a line of text, uint8 [rows, cols] (255 is ink); ``turns`` quarter turns anticlockwise."""
    size = max(5, size)
    if isinstance(hand, int):
        scale = size / 22.0
        thick = max(1, round(scale * 1.2))
        (width, height), base = cv2.getTextSize(text, hand, scale, thick)
        tile = np.zeros((height + base + 2, width + 2), np.uint8)
        cv2.putText(tile, text, (1, height + 1), hand, scale, 255, thick, cv2.LINE_AA)
    else:
        font = _font(hand, size)
        box = font.getbbox(text)
        image = Image.new("L", (int(box[2]) + 2, int(box[3]) + 2), 0)
        ImageDraw.Draw(image).text((1, 0), text, 255, font=font)
        tile = np.asarray(image)
    return np.ascontiguousarray(np.rot90(tile, turns))


class Sheet:
    """A page being drawn; ``hand`` is the typeface of the page, ``turns`` how its text lies."""

    def __init__(self, rng: Rng, height: int, width: int, turned: bool = False) -> None:
        self.rng = rng
        self.pixels = np.full((height, width, 3), 255, np.uint8)
        names: tuple[str | int, ...] = PRINT_HANDS if rng.random() < 0.6 else PLOTTER_HANDS
        self.hand = names[int(rng.integers(len(names)))]
        self.turns = (1 if rng.random() < 0.5 else 3) if turned else 0

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def fill(self, top: float, bottom: float, left: float, right: float, colour: Colour) -> None:
        """Fill a rectangle."""
        rows = slice(max(0, round(top)), max(0, round(bottom)))
        self.pixels[rows, max(0, round(left)) : max(0, round(right))] = colour

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        width: int,
        colour: Colour = (0, 0, 0),
        dash: tuple[int, int] | None = None,
    ) -> None:
        """Draw a horizontal or vertical line between (row, col) points."""
        if width <= 0:
            return
        down = abs(end[0] - start[0]) >= abs(end[1] - start[1])
        first, last = (start[0], end[0]) if down else (start[1], end[1])
        across = start[1] if down else start[0]
        size = self.size[0] if down else self.size[1]
        a, b = max(0, round(min(first, last))), max(0, min(size, round(max(first, last)) + 1))
        lo = round(across - (width - 1) / 2)
        hi = lo + width
        lo = max(0, lo)
        if b <= a or hi <= lo:
            return
        part = self.pixels[a:b, lo:hi] if down else self.pixels[lo:hi, a:b]
        ink: U8 = np.array(colour, np.uint8)
        if dash is None:
            np.minimum(part, ink, out=part)
            return
        on = np.arange(b - a) % sum(dash) < dash[0]
        chosen = part[on] if down else part[:, on]
        if down:
            part[on] = np.minimum(chosen, ink)
        else:
            part[:, on] = np.minimum(chosen, ink)

    def box(
        self,
        top: float,
        bottom: float,
        left: float,
        right: float,
        width: int,
        colour: Colour = (0, 0, 0),
    ) -> None:
        """Draw the outline of a rectangle."""
        for row in (top, bottom):
            self.line((row, left), (row, right), width, colour)
        for col in (left, right):
            self.line((top, col), (bottom, col), width, colour)

    def path(self, rows: F64, cols: F64, width: int, colour: Colour) -> None:
        """Draw a smooth polyline."""
        points = np.stack([cols, rows], axis=1)
        points = np.clip(points * 8, -(1 << 24), 1 << 24).astype(np.int32)
        cv2.polylines(self.pixels, [points], False, colour, max(1, width), cv2.LINE_AA, 3)

    def text(
        self,
        row: float,
        col: float,
        text: str,
        size: float,
        colour: Colour = (0, 0, 0),
        turns: int | None = None,
        hand: str | int | None = None,
    ) -> tuple[int, int]:
        """Print text centred on (row, col); (height, width) of it, px."""
        turns = self.turns if turns is None else turns
        tile = text_tile(text, self.hand if hand is None else hand, max(5, round(size)), turns)
        height, width = tile.shape
        top, left = round(row - height / 2), round(col - width / 2)
        first, start = max(0, -top), max(0, -left)
        target = self.pixels[
            max(0, top) : max(0, top + height), max(0, left) : max(0, left + width)
        ]
        if target.size == 0:
            return height, width
        ink = tile[first : first + target.shape[0], start : start + target.shape[1], None].astype(
            np.uint16
        )
        shade = np.array(colour, np.uint16)
        target[:] = (target * (255 - ink) + shade * ink) // 255
        return height, width

    def words(self, count: int) -> str:
        """A few words or numbers, as logs print them."""
        return " ".join(WORDS[int(i)] for i in self.rng.integers(0, len(WORDS), count))

    def number(self) -> str:
        """A scale end."""
        choices = (
            "0",
            "150",
            "100",
            "0.2",
            "2000",
            "6",
            "16",
            "2",
            "3",
            "45",
            "-15",
            "-160",
            "40",
            "20",
            "1.95",
        )
        return choices[int(self.rng.integers(len(choices)))]
