"""The line that is drawn with each scale as a sample of its pen: where it is, and its style.

In: the rows of numbers of a block and its ink. Out: for each row the sample line that is its own, or none.
Forms draw the sample under the numbers, above them, or between them, and all rows of a form in the same way:
the way that gives most rows a line of their own is taken, and the place of the names has a say.
Does not belong here: the colour of a line (`colours`), and what a scale says (`binder`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from veernet_core.datatypes import F64, Bool, Style
from veernet_core.page.scales.ink import ScaleInk, dash_length, style_of

_CLEAR_IN, _BLUR_IN, _STRAY_IN = 0.035, 0.006, 0.015
"""Paper above and below a line, how far it is blurred, and how far it may stray along its course."""
_MARGIN = 0.05
"""Share of the track at either border that is left out: arrow heads and the borders stand there."""
_COVER, _EXTENT = 0.2, 0.7
"""Least share of the columns that a line inks, and that it reaches over."""
_BEYOND, _GOES_ON = (0.01, 0.04), 0.8
"""Where a rule of the form goes on beyond a border, in widths of the frame, and the inked share there."""
_ON_ROW, _FAR = 0.5, 2.4
"""Distance from the middle of the numbers within which a line runs through them, and at most, in heights; a
line between a name and its numbers may be farther.
"""
_NAMED = 0.5
"""What a name counts that stands as it does on forms of one way, in rows that have a line."""
_CLEARLY = 1.0
"""By how many rows a way must be ahead of the next for its lines to tell curves of one style apart."""
Place = Literal["through", "below", "above"]
_PLACES: tuple[Place, ...] = ("through", "below", "above")


@dataclass(frozen=True, slots=True)
class PenLine:
    """A level line of a block: ``y``, the row once the tilt is undone, and its style.

    ``dash_px``: length of its dashes, page pixels; 0 of a solid line, and where whose it is is not sure.
    ``stroke_px``: its width, page pixels; 0 where whose it is is not sure, or the line may be a rule.
    """

    y: float
    style: Style
    dash_px: float = 0.0
    stroke_px: float = 0.0


@dataclass(frozen=True, slots=True)
class ScaleRow:
    """A row of numbers: ``y`` and ``height`` of them, columns of its frame, and ``name_y`` of its name, NaN
    without one.
    """

    y: float
    height: float
    left: float
    right: float
    name_y: float = math.nan


def bind_pens(rows: Sequence[ScaleRow], ink: ScaleInk) -> list[PenLine | None]:
    """The sample line of each row of numbers of a block, None where none can be made out.

    Parameters
    ----------
    rows : sequence of ScaleRow
        All of one block, in any order.
    ink : ScaleInk
    """
    drawn: dict[tuple[float, float], list[PenLine]] = {}
    for row in rows:
        frame = (row.left, row.right)
        if frame not in drawn:
            drawn[frame] = level_lines(ink, *frame)
    ways = [_in_place(rows, drawn, place) for place in _PLACES]
    worth = [
        sum(line is not None for line in lines) + _NAMED * _names_agree(rows, place)
        for place, lines in zip(_PLACES, ways, strict=True)
    ]
    best = ways[int(np.argmax(worth))]
    second, first = sorted(worth)[-2:]
    if first - second < _CLEARLY:
        return [line and replace(line, dash_px=0.0, stroke_px=0.0) for line in best]
    return best


def level_lines(ink: ScaleInk, left: float, right: float) -> list[PenLine]:
    """Thin level lines between two columns, from top to bottom, borders left out. Coloured ones are looked for
    in colour alone: a rule of the form close by does not hide them, and light ones are seen.
    """
    coloured: list[PenLine] = []
    if ink.hued is not None:
        hued = replace(ink, ink=ink.hued, hued=None)
        coloured = [replace(line, stroke_px=0.0) for line in _lines(hued, left, right)]
    apart = max(2, round(_CLEAR_IN * ink.dpi))
    dark = []
    for line in _lines(ink, left, right):
        near = [k for k, c in enumerate(coloured) if abs(c.y - line.y) < apart]
        if near:
            coloured[near[0]] = replace(coloured[near[0]], stroke_px=line.stroke_px)
        else:
            dark.append(line)
    return sorted(coloured + dark, key=lambda line: line.y)


def _lines(ink: ScaleInk, left: float, right: float) -> list[PenLine]:
    """Thin level lines of one kind of ink."""
    margin = _MARGIN * (right - left)
    cols = np.arange(
        max(0, round(left + margin)), min(ink.ink.shape[1], round(right - margin)), dtype=np.int64
    )
    if len(cols) < 30 or len(ink.ink) < 8:
        return []
    ys = ink.outside()
    if not len(ys):
        return []
    inked, thin = _inked(ink.level_ink(ys, cols), ink.dpi)
    cover = thin.mean(axis=1)
    out = []
    for at in _peaks(cover, max(2, round(_CLEAR_IN * ink.dpi))):
        first, last = np.flatnonzero(thin[at])[[0, -1]]
        if last - first < _EXTENT * len(cols):
            continue
        line = inked[at, first : last + 1]
        style = style_of(line, ink.dpi)
        if style is not None:
            dash = 0.0 if style == "solid" else dash_length(line)
            is_rule = _runs_on(ink, float(ys[at]), left, right)
            stroke = 0.0 if is_rule else ink.stroke_px(float(ys[at]), cols[thin[at]])
            out.append(PenLine(float(ys[at]), style, dash, stroke))
    return out


def _runs_on(ink: ScaleInk, y: float, left: float, right: float) -> bool:
    """Whether a level line goes on beyond a border of its frame: then it may be a rule of the form."""
    for near, far in ((left, 2 * left - right), (right, 2 * right - left)):
        ends = sorted(near + share * (far - near) for share in _BEYOND)
        cols = np.arange(
            max(0, round(ends[0])), min(ink.ink.shape[1], round(ends[1])), dtype=np.int64
        )
        beside = ink.level_ink(y + np.arange(-1.0, 2.0), cols).any(axis=0)
        if len(cols) and beside.mean() > _GOES_ON:
            return True
    return False


def _inked(dark: Bool, dpi: float) -> tuple[Bool, Bool]:
    """Ink near each row, and ink on it with paper close above and below, bool [rows, cols] each: lines stay,
    letters and pictures go.
    """
    blur, stray = round(_BLUR_IN * dpi), round(_STRAY_IN * dpi)
    clear = max(2, round(_CLEAR_IN * dpi))
    reach = blur + clear
    padded = np.pad(dark, ((reach, reach), (0, 0)))
    rows = len(dark)

    def any_of(first: int, last: int) -> Bool:
        """Ink on any of the rows at these distances."""
        out = np.zeros_like(dark)
        for step in range(first, last + 1):
            out |= padded[reach + step : reach + step + rows]
        return out

    thin = any_of(-blur, blur) & ~any_of(-reach, -clear) & ~any_of(clear, reach)
    return any_of(-stray, stray), thin


def _peaks(cover: F64, apart: int) -> list[int]:
    """Rows where most columns are inked, clearest first taken, none near another; from top to bottom."""
    left = cover.copy()
    out = []
    while len(left) and left.max() >= _COVER:
        at = int(left.argmax())
        same = np.flatnonzero(left[at : at + apart] == left[at])
        at += int(same[-1]) // 2
        out.append(at)
        left[max(0, at - apart) : at + apart + 1] = 0.0
    return sorted(out)


def _in_place(
    rows: Sequence[ScaleRow],
    drawn: dict[tuple[float, float], list[PenLine]],
    place: Place,
) -> list[PenLine | None]:
    """The nearest line of each row on one side of its numbers; none where another row of its frame stands
    between.
    """
    out: list[PenLine | None] = []
    for row in rows:
        others = [r.y for r in rows if (r.left, r.right) == (row.left, row.right) and r is not row]
        found = []
        for line in drawn[row.left, row.right]:
            away = (line.y - row.y) / row.height
            between = any(min(row.y, line.y) < y < max(row.y, line.y) for y in others)
            near = abs(away) <= _FAR or row.name_y < line.y < row.y
            if near and not between and _place_of(away) == place:
                found.append((abs(away), line))
        out.append(min(found, key=lambda f: f[0])[1] if found else None)
    return out


def _place_of(away: float) -> Place:
    """Where a line stands, ``away`` heights below the middle of the numbers."""
    return "through" if abs(away) <= _ON_ROW else "below" if away > 0 else "above"


def _names_agree(rows: Sequence[ScaleRow], place: Place) -> int:
    """How many names stand so that the line is between name and numbers, or under both."""
    off = [(r.name_y - r.y) / r.height for r in rows if not math.isnan(r.name_y)]
    above = sum(o < -_ON_ROW for o in off)
    return {"through": len(off), "below": len(off) - above, "above": above}[place]
