"""Legends that draw the pen beside its name: the name gets the colour of the pen, the curve its width.

In: boxes of a block's print and the raster. Out: the same boxes; where black print has a sample line of a pen
right behind it, ``tint`` is the colour of the line. The numbers of the scale are printed in that colour, which
tells whose they are. And: the curves of a block, with ``stroke_px`` where such a line stands behind their name.
Does not belong here: sample lines that stand between or under the numbers of a scale (`pens`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import U8
from veernet_core.domain.vocabulary import words
from veernet_core.page.ocr.tints import (
    BLACK,
    DARK,
    OTHER_TINT,
    has_hue,
    hex_of,
    tint_gap,
    vivid_part,
)
from veernet_core.page.results import CurveFound, TextBox
from veernet_core.page.scales.candidates import BlockText, Frame
from veernet_core.page.scales.ink import ScaleInk, style_of
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.tokens import Token, numbers_of

_REACH, _GAP, _LENGTH = 8.0, 2.5, 2.0
"""How far behind a name its line may reach, how far from it or from dash to dash at most, and its least length,
in heights of the print."""
_THIN, _WALL = 0.35, 0.8
"""Height of a line at most, and of a column of ink from which it is a rule, in heights of the print."""
_BAND, _THICK = 0.6, 0.5
"""Of a line whose width is measured: rows above and below the middle of its name in which nothing else may
stand, and its height at most, in heights of the print."""


def with_legend_tints(boxes: Sequence[TextBox], rgb: U8, row0: int) -> list[TextBox]:
    """Boxes whose print stands before the sample line of a pen, in the colour of the line.

    Parameters
    ----------
    boxes : sequence of TextBox
        Upright, in pixels of the page, with ``tint``.
    rgb : uint8 [rows, cols, 3]
        The rows of the block.
    row0 : int
        First of them.
    """
    return [_with_line(box, rgb, row0) for box in boxes]


def _with_line(box: TextBox, rgb: U8, row0: int) -> TextBox:
    if box.tint != BLACK or not _is_name(box.text):
        return box
    top = max(0, round(box.row - 0.5 * box.height_px) - row0)
    bottom = round(box.row + 0.5 * box.height_px) + 1 - row0
    left = round(box.col + box.width_px / 2) + 1
    part = rgb[top:bottom, max(0, left) : left + round(_REACH * box.height_px)]
    line = _line_of(part, box.height_px)
    return replace(box, tint=hex_of(vivid_part(line))) if line is not None else box


def _is_name(text: str) -> bool:
    return len(text) > 1 and any(c.isalpha() for c in text) and not numbers_of(text)


def _line_of(part: U8, height: float) -> U8 | None:
    """Pixels of a coloured level line that begins near the left edge, uint8 [n, 3]; None without one."""
    dark = part.min(axis=2) < DARK if part.size else np.zeros((1, 1), dtype=np.bool_)
    walls = np.flatnonzero(dark.sum(axis=0) > _WALL * height)
    dark = dark[:, : walls[0]] if len(walls) else dark
    inked = np.flatnonzero(dark.any(axis=0))
    if not len(inked) or inked[0] > _GAP * height:
        return None
    breaks = np.flatnonzero(np.diff(inked) > _GAP * height)
    last = int(inked[breaks[0]] if len(breaks) else inked[-1])
    rows = np.flatnonzero(dark[:, : last + 1].any(axis=1))
    if last - inked[0] < _LENGTH * height or rows[-1] - rows[0] >= _THIN * height:
        return None
    line: U8 = part[:, : last + 1][dark[:, : last + 1]]
    return line if has_hue(line) and len(vivid_part(line)) else None


def with_legend_strokes(curves: Sequence[CurveFound], block: BlockText) -> list[CurveFound]:
    """Curves of a block; in tracks where none has a sample line beside its numbers, with ``stroke_px`` of the
    line behind the name, where that stands before one line only.

    Parameters
    ----------
    curves : sequence of CurveFound
    block : BlockText
        They were read in.
    """
    measured = {c.track_index for c in curves if c.stroke_px}
    return [
        c if c.track_index in measured else replace(c, stroke_px=_behind_name(c, block))
        for c in curves
    ]


def held_by_legend(curves: Sequence[CurveFound], block: BlockText) -> list[CurveFound]:
    """Curves of a block; those whose colour is none in which the legend of their track draws their name are in
    doubt: where the numbers of two scales are printed over each other, one takes the colour of the other.

    Parameters
    ----------
    curves : sequence of CurveFound
        With their colours.
    block : BlockText
        They were read in; print of the legend with the tints of ``with_legend_tints``.
    """
    return [c.at_most(DOUBTFUL) if _is_drawn_otherwise(c, block) else c for c in curves]


def _is_drawn_otherwise(curve: CurveFound, block: BlockText) -> bool:
    told = [tint for own, _ in _of_name(curve, block) if (tint := own[-1].tint) not in ("", BLACK)]
    gaps = [tint_gap(curve.colour or "", tint) for tint in told]
    return bool(gaps) and all(gap > OTHER_TINT for gap in gaps)


def _of_name(curve: CurveFound, block: BlockText) -> list[tuple[list[Token], Frame]]:
    """Lines of a track that say the name of a curve and nothing else, with the frame of the track."""
    wanted = {words(curve.printed), words(str(curve.mnemonic.value))} - {""}
    frames = [f for f in block.frames if f.kind == "track" and f.tracks[0] == curve.track_index]
    return [
        (own, frame)
        for line in block.lines
        for frame in frames
        if (own := [t for t in line if frame.left <= t.x <= frame.right])
        and words(" ".join(t.text for t in own)) in wanted
    ]


def _behind_name(curve: CurveFound, block: BlockText) -> float:
    found = [stroke_behind(own[-1], frame, block.ink) for own, frame in _of_name(curve, block)]
    measured = [stroke for stroke in found if stroke]
    return measured[0] if len(measured) == 1 else 0.0


def stroke_behind(name: Token, frame: Frame, ink: ScaleInk) -> float:
    """Width of the level line behind a name, page pixels; 0 where there is more, or less, than one line.

    Parameters
    ----------
    name : Token
        Last word of the name.
    frame : Frame
        Of its track.
    ink : ScaleInk
    """
    height, right = name.height, round(frame.right + ink.lean(name.y)) + 2
    cols = np.arange(round(name.x1) + 2, min(right, ink.ink.shape[1]), dtype=np.int64)
    ys = np.arange(name.y - _BAND * height, name.y + _BAND * height + 1)
    dark = ink.level_ink(ys, cols) if len(cols) else np.zeros((1, 1), dtype=np.bool_)
    walls = np.flatnonzero(dark.mean(axis=0) > _WALL)
    dark = dark[:, : walls[0]] if len(walls) else dark
    inked, rows = np.flatnonzero(dark.any(axis=0)), np.flatnonzero(dark.any(axis=1))
    if not len(inked) or inked[0] == 0 or inked[-1] == dark.shape[1] - 1:
        return 0.0
    first, last = int(inked[0]), int(inked[-1]) + 1
    tall = int(rows[-1] - rows[0]) + 1
    if last - first < _LENGTH * height or tall > _THICK * height or tall > len(rows):
        return 0.0
    line = np.asarray(dark[:, first:last].any(axis=0), dtype=np.bool_)
    if style_of(line, ink.dpi) is None:
        return 0.0
    return ink.stroke_px(float(ys[rows].mean()), cols[first:last][line])
