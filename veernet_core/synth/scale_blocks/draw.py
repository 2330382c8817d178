"""Scale blocks as an OCR engine would report them: words with their places, and what they mean.

In: a random generator. Out: `DrawnBlock`s of several independent layouts (boxed, ruled, inline, stacked,
legends, halves), with the misreadings of worn print, the form text above, and the scales that are truly
there. Nothing is rendered but the lines, since reading words is not what is learned from them.
Does not belong here: pictures of pages (`pages`), and what is measured on a block (`page.scales`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from veernet_core.datatypes import U8
from veernet_core.synth.scale_blocks.curves import ScaleCurve, draw_curve
from veernet_core.synth.scale_blocks.hands import HANDS
from veernet_core.synth.scale_blocks.sheet import DrawnScale, DrawnWord, Sheet
from veernet_core.synth.scale_blocks.surroundings import draw_boxes, draw_form, draw_in_gaps
from veernet_core.synth.scale_blocks.wear import worn_words

DPI = 200.0
_TRACK_WIDTHS_IN = (1.0, 1.5, 2.0, 2.4, 2.5, 2.8, 5.0)
_IN_COLOUR = 0.35


@dataclass(frozen=True, slots=True)
class DrawnBlock:
    """Words and lines above a grid whose first row is ``top``.

    ``tracks``: (left, right, logarithmic grid or None) of each track. ``ink`` uint8 [rows, cols]: the lines.
    """

    words: tuple[DrawnWord, ...]
    ink: U8
    top: float
    tracks: tuple[tuple[float, float, bool | None], ...]
    scales: tuple[DrawnScale, ...]


def draw_block(rng: np.random.Generator) -> DrawnBlock:
    """Draw one block."""
    size = float(rng.uniform(11, 30))
    sheet = Sheet(rng, float(rng.uniform(0.45, 0.75)), size, bool(rng.random() < 0.5))
    if rng.random() < _IN_COLOUR:
        sheet.in_colour = True
        sheet.put_pen_down()
    tracks = _tracks(rng)
    top = float(rng.uniform(700, 1100))
    hand = HANDS[int(rng.integers(len(HANDS)))]
    by_track: list[list[ScaleCurve]] = []
    frames: list[tuple[float, float]] = []
    index = 0
    while index < len(tracks):
        left, right, log = tracks[index]
        double = (
            index + 1 < len(tracks) and abs(tracks[index + 1][0] - right) < 2 and rng.random() < 0.2
        )
        if double:
            right = tracks[index + 1][1]
            index += 1
        frames.append((left, right))
        by_track.append([draw_curve(rng, bool(log)) for _ in range(int(rng.integers(1, 6)))])
        index += 1
    foot = top - float(rng.uniform(0.3, 2.5)) * size
    highest = top
    for (left, right), curves in zip(frames, by_track, strict=True):
        highest = min(highest, hand(sheet, left, right, foot, curves))
        sheet.put_pen_down()
    draw_boxes(sheet, frames, highest - 2 * size, foot + 0.8 * size)
    draw_form(sheet, highest - 3 * size, tracks[-1][1])
    draw_in_gaps(sheet, tracks, highest, foot)
    words = worn_words(rng, sheet.words)
    return DrawnBlock(words, _ink(sheet, top, tracks), top, tuple(tracks), tuple(sheet.scales))


def _tracks(rng: np.random.Generator) -> list[tuple[float, float, bool | None]]:
    at = float(rng.uniform(20, 200))
    out: list[tuple[float, float, bool | None]] = []
    for n in range(int(rng.integers(1, 5))):
        width = float(rng.choice(_TRACK_WIDTHS_IN)) * DPI
        if n and rng.random() < 0.5:
            at += float(rng.uniform(0.3, 1.2)) * DPI
        grid = None if rng.random() < 0.3 else bool(rng.random() < 0.25)
        out.append((at, at + width, grid))
        at += width
    return out


def _ink(sheet: Sheet, top: float, tracks: Sequence[tuple[float, float, bool | None]]) -> U8:
    """Lines of the block, uint8 [rows, cols], 255 ink."""
    ink = np.zeros((int(top) + 120, int(tracks[-1][1]) + 150), dtype=np.uint8)
    for row, left, right, style in sheet.lines:
        period = (1, 40, 10)[style]
        thick = int(sheet.rng.integers(1, 4))
        for start in range(int(left), int(right), period):
            stop = int(right) if period == 1 else start + int(0.6 * period)
            cv2.line(ink, (start, int(row)), (min(stop, int(right)), int(row)), 255, thick)
            if period == 1:
                break
    for col, first, last in sheet.rules:
        cv2.line(ink, (int(col), int(first)), (int(col), int(last)), 255, 2)
    return ink
