"""The colour a scale is printed in: on colour pages it names the pen.

In: the curves of a block, its text and the raster. Out: the same curves with ``colour`` where their print is
coloured. Does not belong here: the ink of that colour in the log (`strips.ink`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import U8, Raster
from veernet_core.page.ocr.tints import (
    BLACK,
    DARK,
    OTHER_TINT,
    VIVID,
    has_hue,
    hex_of,
    tint_gap,
    vivid_part,
)
from veernet_core.page.results import CurveFound
from veernet_core.page.scales.candidates import BlockText
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.tokens import Token

_INKED = 12
"""Least ink of the print of a scale, px."""
_LINE = 0.25
"""Share of the columns that are coloured along the line of a pen, dashed ones included."""


def print_colours(
    curves: Sequence[CurveFound], block: BlockText, raster: Raster
) -> list[CurveFound]:
    """Give every curve the colour of the print of its scale.

    Where the numbers are black and the page has other colours in the block, the pen is black too; a page
    without colour leaves ``colour`` None. Where numbers and line are of two pens the curve has the colour of
    its numbers and is in doubt.
    """
    if not raster.is_colour or not curves:
        return list(curves)
    prints = [_print_colour(curve, block, raster) for curve in curves]
    pens = [_pen_colour(curve, block, raster) for curve in curves]
    speaks = not any(map(_contradicts, prints, pens))
    colours = [
        _colour_of(curve, said if speaks else _black_of(said), drawn)
        for curve, said, drawn in zip(curves, prints, pens, strict=True)
    ]
    if all(colour in (None, BLACK) for colour in colours):
        return list(curves)
    inks = [_ink_of_another_pen(curve, drawn, block) for curve, drawn in zip(curves, pens)]
    return [
        replace(c.at_most(DOUBTFUL), colour=ink) if ink else c
        for c, ink in zip(map(_in_colour, curves, colours, pens), inks)
    ]


def _ink_of_another_pen(curve: CurveFound, drawn: str | None, block: BlockText) -> str | None:
    """The colour of the numbers of a scale where the line beside them is of another pen: two scales are printed
    over each other. None where they are of one, and where all numbers of the block are in one ink, which says
    nothing of pens.
    """
    numbers = [
        t for t in block.tokens if t.tint not in ("", BLACK) and any(map(str.isdigit, t.text))
    ]
    own = [t.tint for t in numbers if _is_print_of(t, curve, block)]
    if drawn in (None, BLACK) or not own:
        return None
    others = [tint_gap(t.tint, tint) for t in numbers for tint in own]
    apart = all(tint_gap(tint, drawn or "") > OTHER_TINT for tint in own)
    return own[-1] if apart and max(others) > OTHER_TINT else None


def _in_colour(curve: CurveFound, colour: str | None, drawn: str | None) -> CurveFound:
    """A curve with its colour; a line beside its print in black, where its pen is coloured, is a rule."""
    is_rule = colour not in (None, BLACK) and drawn in (None, BLACK)
    return replace(curve, colour=colour, stroke_px=0.0 if is_rule else curve.stroke_px)


def _contradicts(said: str | None, drawn: str | None) -> bool:
    """Whether print has another hue than the line of its pen: coloured edges of letters, or one ink for all."""
    coloured = said not in (None, BLACK) and drawn not in (None, BLACK)
    return coloured and tint_gap(said or "", drawn or "") > OTHER_TINT


def _black_of(said: str | None) -> str | None:
    """What print whose hue tells nothing says of a pen: that it is there."""
    return None if said is None else BLACK


def _colour_of(curve: CurveFound, said: str | None, drawn: str | None) -> str | None:
    """Colour of the line of a pen, where it has a hue; else of the print of its scale."""
    if drawn not in (None, BLACK):
        return drawn if np.isfinite(curve.pen_row) or said in (None, BLACK) else said
    return said if said is not None else drawn


def _print_colour(curve: CurveFound, block: BlockText, raster: Raster) -> str | None:
    """Colour of the print of a scale, black too; None without print. Its ends stand outermost on its line, its
    name may; what else stands there are notes and other names.
    """
    line = sorted((t for t in block.tokens if _is_print_of(t, curve, block)), key=lambda t: t.x)
    name = set(curve.printed.split())
    words = [t for t in line if t in (line[0], line[-1]) or t.text in name]
    pixels = [_pixels(raster, t.row, t.x0, t.x1, t.height) for t in words if t.confidence > 0.5]
    inked = sum(len(p) for p in pixels)
    coloured = [p for p in pixels if has_hue(p)]
    if inked >= _INKED and sum(len(p) for p in coloured) > inked / 2:
        joined = np.concatenate(coloured)
        vivid = vivid_part(joined)
        return hex_of(vivid if len(vivid) else joined)
    return BLACK if inked >= _INKED else None


def _is_print_of(token: Token, curve: CurveFound, block: BlockText) -> bool:
    """Whether a word stands on the line of a scale."""
    on_line = abs(token.y - curve.left.row) < 0.6 * token.height
    return on_line and _belongs(token.x, curve, block)


def _pen_colour(curve: CurveFound, block: BlockText, raster: Raster) -> str | None:
    """Colour of the line drawn just above or below the numbers of a scale; None where it is not coloured."""
    span = _span(curve, block)
    height = float(np.median([t.height for t in block.tokens if abs(t.y - curve.left.row) < 4]))
    if span is None or not np.isfinite(height):
        return None
    margin = 0.12 * (span[1] - span[0])
    left, right = int(span[0] + margin), int(span[1] - margin)
    if np.isfinite(curve.pen_row):
        return _line_colour(raster, block, curve.pen_row, np.arange(max(0, left), right))
    tilt = block.ink.tilt
    top = int(curve.left.row - 1.8 * height - abs(tilt) * raster.width_px / 2)
    bottom = int(curve.left.row + 1.8 * height + abs(tilt) * raster.width_px / 2)
    rgb = raster.read_rgb(max(0, top), min(raster.height_px, bottom))[:, max(0, left) : right]
    if rgb.size == 0:
        return None
    vivid = rgb.max(axis=2).astype(int) - rgb.min(axis=2) > VIVID
    share = vivid.mean(axis=1)
    rows = np.arange(len(share)) + max(0, top)
    for token in block.tokens:  # coloured print of a neighbour is no line of this pen
        if _belongs(token.x, curve, block):
            share = np.where(np.abs(rows - token.row) < 0.6 * token.height, 0.0, share)
    best = int(np.argmax(share - 0.02 * np.abs(np.arange(len(share)) - len(share) / 2) / height))
    return hex_of(rgb[best][vivid[best]]) if share[best] > _LINE else None


def _line_colour(raster: Raster, block: BlockText, y: float, cols: NDArray[np.int64]) -> str | None:
    """Colour of the ink along a level line; None where it is black."""
    cols = cols[cols < raster.width_px]
    rows = y + block.ink.tilt * (cols - raster.width_px / 2)
    top, bottom = max(0, int(rows.min()) - 1), min(raster.height_px, int(rows.max()) + 3)
    rgb = raster.read_rgb(top, bottom)
    at = np.rint(rows).astype(np.int64) - top
    near = np.stack([rgb[np.clip(at + k, 0, len(rgb) - 1), cols] for k in (-1, 0, 1)])
    pixels = near.reshape(-1, 3)
    inked = pixels[pixels.min(axis=1) < DARK]
    if len(inked) < _INKED or not has_hue(inked):
        return None
    vivid = vivid_part(inked)
    return hex_of(vivid if len(vivid) else inked)


def _belongs(x: float, curve: CurveFound, block: BlockText) -> bool:
    span = _span(curve, block)
    return span is not None and span[0] - 10 <= x <= span[1] + 10


def _span(curve: CurveFound, block: BlockText) -> tuple[float, float] | None:
    """First and last column of the track of a curve, or of its part of it; None where no border is known."""
    frames = [f for f in block.frames if f.tracks[0] == curve.track_index and f.kind == "track"]
    if not frames:
        return None
    first, last = curve.part or (0.0, 1.0)
    frame = frames[0]
    return frame.left + first * frame.width, frame.left + last * frame.width


def _pixels(raster: Raster, row: float, x0: float, x1: float, height: float) -> U8:
    """Inked pixels of a word, uint8 [n, 3]."""
    top, bottom = int(max(0, row - 0.4 * height)), int(row + 0.4 * height) + 1
    rgb = raster.read_rgb(top, min(bottom, raster.height_px))[:, int(max(0, x0)) : int(x1) + 1]
    flat = rgb.reshape(-1, 3)
    out: U8 = flat[flat.min(axis=1) < DARK]
    return out
