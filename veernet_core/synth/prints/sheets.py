"""Drawn pieces of pages that hold print: scale blocks, forms, grids with depth numbers, tool strings.

In: a ``numpy.random.Generator`` and hands. Out: `PrintSheet`s, at the resolution of reading: ink as a scan
shows it, the print in it, and the core of every phrase. Sideways and white print is drawn too, and is not
print to be read.
Does not belong here: fonts (`hands`), wear (`wear`), and what a network makes of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from veernet_core.datatypes import U8, Rng
from veernet_core.synth.prints.hands import Hand, text_ink
from veernet_core.synth.prints.wear import skewed, worn
from veernet_core.synth.prints.words import LINES, UNITS, any_name, any_number

ROWS, COLS = 384, 640
CORE = 0.5
"""Share of the height of capitals that the core of a phrase takes, in its middle."""


@dataclass(frozen=True, slots=True)
class PrintSheet:
    """A drawn piece of a page, uint8 [384, 640] each, 255 where it holds.

    ``ink``: as it is read; ``print``: ink of upright print; ``core``: the middle of every phrase.
    """

    ink: U8
    print: U8
    core: U8


class _Canvas:
    def __init__(self, rng: Rng, hands: Sequence[Hand]) -> None:
        self.rng, self.hands = rng, hands
        self.ink = np.zeros((ROWS, COLS), np.uint8)
        self.print = np.zeros((ROWS, COLS), np.uint8)
        self.core = np.zeros((ROWS, COLS), np.uint8)
        self.hand = self.any_hand()
        self.weight = float(rng.uniform(0.7, 2.2))
        self.size = float(rng.uniform(11, 30) if rng.random() < 0.85 else rng.uniform(30, 52))

    def any_hand(self) -> Hand:
        return self.hands[int(self.rng.integers(len(self.hands)))]

    def text(
        self,
        text: str,
        row: float,
        col: float,
        anchor: str = "c",
        size: float = 1.0,
        turns: int = 0,
    ) -> float:
        """Print with its middle at a row; ``turns`` quarter turns anticlockwise. Returns its width, px."""
        height = max(9.0, self.size * size)
        tile = text_ink(text, self.hand, height, self.weight)
        if tile.shape[1] > 2 and self.rng.random() < 0.15:  # narrow and wide letters
            wide = max(3, round(tile.shape[1] * float(self.rng.uniform(0.75, 1.35))))
            tile = np.asarray(cv2.resize(tile, (wide, tile.shape[0])), np.uint8)
        tile = np.ascontiguousarray(np.rot90(tile, turns))
        tall, wide = tile.shape
        left = round(col - {"l": 0.0, "c": wide / 2, "r": float(wide)}[anchor])
        top = round(row - tall / 2)
        layers = (self.ink,) if turns else (self.ink, self.print)
        for layer in layers:
            _stamp(layer, tile, top, left)
        if not turns:
            half = max(1.5, CORE / 2 * min(height, max(tall, 0.5 * height)))
            first, last = max(0, round(row - half)), max(0, round(row + half))
            self.core[first:last, max(0, left) : max(0, left + wide)] = 255
        return float(wide)

    def line(self, a: tuple[float, float], b: tuple[float, float], thick: int) -> None:
        """A stroke between (row, col) points."""
        p, q = ((round(c), round(r)) for r, c in (a, b))
        cv2.line(self.ink, p, q, 255, max(1, thick), cv2.LINE_AA)

    def pen(self, row: float, left: float, right: float) -> None:
        """A level line: solid, dashed or dotted."""
        thick = int(self.rng.choice([1, 1, 2, 2, 3, 4, 6]))
        if self.rng.random() < 0.5:
            self.line((row, left), (row, right), thick)
            return
        on, off = int(self.rng.integers(2, 40)), int(self.rng.integers(3, 16))
        for start in range(int(left), int(right), on + off):
            self.line((row, start), (row, min(right, start + on)), thick)


def _stamp(layer: U8, tile: U8, top: int, left: int) -> None:
    y, x = max(0, -top), max(0, -left)
    part = layer[
        max(0, top) : max(0, top + tile.shape[0]), max(0, left) : max(0, left + tile.shape[1])
    ]
    if part.size:
        np.maximum(part, tile[y : y + part.shape[0], x : x + part.shape[1]], out=part)


def draw_print(rng: Rng, hands: Sequence[Hand], wear: bool = True) -> PrintSheet:
    """Draw one sheet.

    Parameters
    ----------
    rng : numpy.random.Generator
    hands : sequence of str or int
        Font files and plotter hands to choose from.
    wear : bool
        Whether it is copied and scanned; else its ink is as drawn.
    """
    canvas = _Canvas(rng, hands)
    scene = _SCENES[int(rng.choice(len(_SCENES), p=_SHARES))]
    scene(canvas)
    if rng.random() < 0.25:
        _curves(canvas, int(rng.integers(1, 3)))
    if rng.random() < 0.15:
        _sideways(canvas)
    layers = skewed(rng, [canvas.ink, canvas.print, canvas.core]) if wear else None
    ink, text, core = layers or [canvas.ink, canvas.print, canvas.core]
    if wear:
        ink = worn(rng, ink)
    # what bleeds out of a letter belongs to it
    text = np.asarray(cv2.dilate((text > 90).astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
    return PrintSheet(ink, text * np.uint8(255), (core > 127).astype(np.uint8) * np.uint8(255))


# ---- scenes ------------------------------------------------------------------------------------------


def _scale_block(c: _Canvas) -> None:
    """Cells with names, units, numbers at or across the borders, pens and ticks."""
    rng = c.rng
    cols = np.cumsum(rng.uniform(150, 480, 5)) + rng.uniform(-260, 30)
    thick = int(rng.choice([1, 2, 3, 3, 4, 6, 10, 14]))
    bordered = rng.random() < 0.8
    for left, right in itertools.pairwise(cols):
        if bordered:
            c.line((0, left), (ROWS, left), thick)
        if rng.random() < 0.15:
            continue
        row = float(rng.uniform(-20, 50))
        while row < ROWS:
            row = _scale(c, row, left, right, thick if bordered else 1)
    if rng.random() < 0.3:
        c.hand = c.any_hand()


def _scale(c: _Canvas, row: float, left: float, right: float, border: int) -> float:
    """One scale from its upper row; returns the row below it."""
    rng, size, middle = c.rng, c.size, (left + right) / 2
    gap = size * float(rng.uniform(1.15, 2.0))
    inline = rng.random() < 0.3
    if rng.random() < 0.3:
        c.line((row, left), (row, right), int(rng.choice([1, 2, 3, 6, 10])))
    row += size * float(rng.uniform(0.7, 1.6))
    if not inline:
        c.text(any_name(rng), row, middle, size=float(rng.uniform(0.8, 1.4)))
        row += gap
        if rng.random() < 0.6:
            c.text(str(rng.choice(UNITS)), row, middle, size=float(rng.uniform(0.7, 1.0)))
            row += gap
    else:
        c.text(any_name(rng), row, middle, size=0.8)
    # numbers may touch the border or lie across it
    roll = rng.random()
    inset = float(rng.uniform(2, 14) if roll < 0.65 else rng.uniform(-8, 4)) + border / 2
    small = float(rng.uniform(0.75, 1.1))
    if rng.random() < 0.12:
        c.text(any_number(rng), row, left, "c", small)
        c.text(any_number(rng), row, right, "c", small)
    else:
        c.text(any_number(rng), row, left + inset, "l", small)
        c.text(any_number(rng), row, right - inset, "r", small)
    if not inline and rng.random() < 0.3:
        for share in (0.5,) if rng.random() < 0.5 else (0.25, 0.5, 0.75):
            c.text(any_number(rng), row, left + share * (right - left), "c", small)
    elif not inline and rng.random() < 0.3:
        c.text(str(rng.choice(UNITS)), row, middle, size=0.8)
    # the pen close below: often it touches the digits
    off = (
        size
        * small
        * float(rng.uniform(0.45, 0.75) if rng.random() < 0.6 else rng.uniform(-0.2, 1.2))
    )
    if rng.random() < 0.8:
        c.pen(row + off, left, right)
    if rng.random() < 0.4:
        _ticks(c, row + off, left, right)
    return row + off + size * float(rng.uniform(0.2, 1.2))


def _ticks(c: _Canvas, row: float, left: float, right: float) -> None:
    rng = c.rng
    count = int(rng.choice([5, 10, 10, 20, 4, 8]))
    tall, thick = float(rng.uniform(4, 20)), int(rng.choice([1, 2, 2, 3]))
    up, down = (
        (tall, 0.0)
        if rng.random() < 0.4
        else (0.0, tall)
        if rng.random() < 0.6
        else (tall / 2, tall / 2)
    )
    for col in np.linspace(left, right, count + 1):
        c.line((row - up, col), (row + down, col), thick)
    if rng.random() < 0.25:  # hatching along the line
        lean = float(rng.uniform(-8, 8))
        for col in np.arange(left, right, float(rng.uniform(7, 20))):
            c.line((row, col), (row + tall, col + lean), thick)


def _form(c: _Canvas) -> None:
    """Lines of text and tables of numbers between rules."""
    rng = c.rng
    row, left = float(rng.uniform(0, 30)), float(rng.uniform(-40, 60))
    cells = np.cumsum(rng.uniform(60, 260, 8)) - 60
    ruled, upright = rng.random() < 0.7, rng.random() < 0.5
    gap = float(rng.uniform(1.25, 2.4))
    if upright:
        for col in cells:
            c.line((0, col), (ROWS, col), int(rng.choice([1, 2, 3])))
    while row < ROWS + 20:
        row += gap * c.size
        if rng.random() < 0.5:
            c.text(
                " ".join(str(t) for t in rng.choice(LINES, int(rng.integers(1, 3)))),
                row,
                left,
                "l",
                0.9,
            )
        else:
            for col in cells:
                if rng.random() < 0.7:
                    c.text(
                        any_number(rng) if rng.random() < 0.7 else any_name(rng)[:6],
                        row,
                        col + 5,
                        "l",
                        0.9,
                    )
        if ruled and rng.random() < 0.7:
            under = float(rng.uniform(0.5, 0.8)) * c.size
            c.line((row + under, 0), (row + under, COLS), int(rng.choice([1, 1, 2, 3, 8])))


def _log(c: _Canvas) -> None:
    """A grid with curves, hatched columns, depth numbers and notes."""
    rng = c.rng
    across, down = float(rng.uniform(12, 80)), float(rng.uniform(8, 60))
    left, right = sorted(float(v) for v in rng.uniform(-100, COLS + 100, 2))
    left, right = left - 60, right + 60
    heavy = int(rng.integers(4, 11))
    for n, col in enumerate(np.arange(left, right, across)):
        c.line((0, col), (ROWS, col), 3 if n % heavy == 0 else 1)
    for n, at in enumerate(np.arange(float(rng.uniform(0, 30)), ROWS, down)):
        c.line((at, left), (at, right), 3 if n % heavy == 0 else 1)
    _curves(c, int(rng.integers(1, 5)))
    if rng.random() < 0.5:
        _hatched(c)
    beside = right + 50 if right < COLS - 80 else left - 50
    turns = 0 if rng.random() < 0.7 else int(rng.choice([1, 3]))
    for at in np.arange(float(rng.uniform(0, 120)), ROWS, float(rng.uniform(90, 250))):
        c.text(str(int(rng.integers(1, 200)) * 50), at, beside, turns=turns)
    for _ in range(int(rng.poisson(1.0))):
        c.text(any_name(rng), float(rng.uniform(0, ROWS)), float(rng.uniform(0, COLS)), size=0.8)
    if rng.random() < 0.4:  # scales in the first rows of a grid
        row = float(rng.uniform(20, 200))
        c.text(any_number(rng), row, left + 8, "l", 0.8)
        c.text(any_name(rng), row, (left + right) / 2, "c", 0.8)
        c.text(any_number(rng), row, right - 8, "r", 0.8)


def _curves(c: _Canvas, count: int) -> None:
    rng = c.rng
    for _ in range(count):
        step = int(rng.integers(2, 9))
        rows = np.arange(-10, ROWS + 10, step, dtype=np.float64)
        walk = np.cumsum(rng.normal(0, float(rng.uniform(0.3, 6)), len(rows)))
        cols = (
            float(rng.uniform(0, COLS))
            + walk
            + float(rng.uniform(0, 40)) * rng.standard_normal(len(rows)) * (rng.random() < 0.2)
        )
        points = np.stack([cols, rows], axis=1).round().astype(np.int32)
        thick = int(rng.choice([1, 2, 2, 3, 4]))
        dash = int(rng.integers(2, 8)) if rng.random() < 0.3 else 0
        if not dash:
            cv2.polylines(c.ink, [points], False, 255, thick, cv2.LINE_AA)
            continue
        for start in range(0, len(points) - dash, 2 * dash):
            cv2.polylines(c.ink, [points[start : start + dash]], False, 255, thick, cv2.LINE_AA)


def _hatched(c: _Canvas) -> None:
    """A column of lithology: slanted strokes, bricks, dots, dashes, a fill."""
    rng = c.rng
    left, wide = float(rng.uniform(0, COLS)), float(rng.uniform(30, 160))
    kind, step = int(rng.integers(5)), float(rng.uniform(6, 26))
    c.line((0, left), (ROWS, left), 2)
    c.line((0, left + wide), (ROWS, left + wide), 2)
    for n, row in enumerate(np.arange(0.0, ROWS, step)):
        if kind == 0:
            for col in np.arange(left, left + wide, step):
                c.line((row, col), (row + step * 0.8, col + step * 0.6), 2)
        elif kind == 1:
            c.line((row, left), (row, left + wide), 1)
            for col in np.arange(left + (n % 2) * step, left + wide, 2 * step):
                c.line((row, col), (row + step, col), 1)
        elif kind == 2:
            for col in np.arange(left, left + wide, step / 1.5):
                cv2.circle(
                    c.ink,
                    (round(col + rng.uniform(-3, 3)), round(row)),
                    int(rng.integers(1, 4)),
                    255,
                    -1,
                )
        elif kind == 3:
            for col in np.arange(left + (n % 2) * step / 2, left + wide - step, 1.6 * step):
                c.line((row, col), (row, col + step), 2)
        else:
            c.line((row, left), (row + wide, left + wide), 1)


def _sideways(c: _Canvas) -> None:
    """Print that stands on its side, and white print on black: neither is upright print."""
    rng = c.rng
    for _ in range(int(rng.integers(1, 4))):
        at = float(rng.uniform(0, ROWS)), float(rng.uniform(0, COLS))
        c.text(str(rng.choice(LINES)), *at, turns=int(rng.choice([1, 3])))
    if rng.random() < 0.3:
        row = int(rng.integers(0, ROWS - 60))
        c.ink[row : row + 40] = 255
        c.print[row : row + 40] = 0
        c.core[row : row + 40] = 0
        tile = text_ink("MAIN PASS", c.hand, 22)
        part = c.ink[row + 8 : row + 8 + tile.shape[0], 200 : 200 + tile.shape[1]]
        part[:] = 255 - tile[: part.shape[0], : part.shape[1]]


def _tool(c: _Canvas) -> None:
    """A tool string: its outline, lengths with lines leading to it, a few names."""
    rng = c.rng
    col, half = float(rng.uniform(150, 450)), float(rng.uniform(8, 40))
    for side in (-half, half):
        c.line((0, col + side), (ROWS, col + side), 2)
    for row in np.arange(float(rng.uniform(0, 60)), ROWS, float(rng.uniform(40, 110))):
        c.line((row, col - half), (row, col + half), 2)
        if rng.random() < 0.7:
            c.line((row, col + half), (row + 12, col + half + 60), 1)
            c.text(any_name(rng), row + 12, col + half + 66, "l", 0.9)
        if rng.random() < 0.4:
            c.text(f"{float(rng.uniform(0, 90)):.2f}", row - 12, col - half - 30, "r", 0.9)
    _curves(c, 1)


def _nothing(c: _Canvas) -> None:
    """Grid, rules and curves alone."""
    _curves(c, int(c.rng.integers(2, 7)))
    for _ in range(int(c.rng.integers(1, 30))):
        row, col = float(c.rng.uniform(0, ROWS)), float(c.rng.uniform(0, COLS))
        if c.rng.random() < 0.5:
            c.line(
                (row, col), (row + float(c.rng.uniform(-400, 400)), col), int(c.rng.integers(1, 6))
            )
        else:
            c.line(
                (row, col), (row, col + float(c.rng.uniform(-600, 600))), int(c.rng.integers(1, 6))
            )
    _hatched(c)
    _ticks(c, float(c.rng.uniform(50, 300)), 0, COLS)


_SCENES: tuple[Callable[[_Canvas], None], ...] = (_scale_block, _form, _log, _tool, _nothing)
_SHARES = (0.55, 0.14, 0.18, 0.05, 0.08)
