"""Print found by its ink: letters that stand close together on a line.

In: ink of a region without ruled lines (`rules`), at the resolution of reading. Out: rectangles, one for each
phrase, lone digits beside a border among them, which detectors of running text overlook.
Does not belong here: what the print says, and where on a page print may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import U8, Bool

LETTER_INK = 96
"""Ink from which a pixel may belong to a letter or a rule, of 255."""
_LETTER_IN = (0.042, 0.36)
"""Height of a letter, inches: from print of 4 points to a title."""
_WIDEST_IN = 0.45
_REACH = 0.5
"""Paper on each side that a letter claims, in heights of it: a blank is less than twice as wide."""
_CORE = 0.36
"""Middle part of a letter's height that makes a line with its neighbours."""
_SIDE_BY_SIDE, _ACROSS_POINT = 0.6, 1.6
"""Paper between parts of a phrase whose letters slant, and between digits with a point, in heights."""
_POINT = 0.5
"""Height of a point in usual letters, at most."""
_MARK = 0.75
"""How far from a phrase, in heights, a point or a minus sign still belongs to it."""


@dataclass(frozen=True, slots=True)
class Print:
    """A phrase: half-open rows and columns of the image, and the height of its letters, px."""

    row0: int
    row1: int
    col0: int
    col1: int
    height: float


def find_print(ink: U8, dpi: float, walls: Bool | None = None) -> list[Print]:
    """Phrases of upright text, from top to bottom.

    Parameters
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink, ruled lines taken off.
    dpi : float
    walls : bool [rows, cols], optional
        Vertical lines that were taken off: no phrase crosses one.

    Returns
    -------
    list of Print
    """
    dark = (ink >= LETTER_INK).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    stats = stats[1:]
    if count < 2:
        return []
    _, _, wide, tall, area = stats.T
    low, high = (inches * dpi for inches in _LETTER_IN)
    letter = (tall >= low) & (tall <= high) & (wide <= _WIDEST_IN * dpi) & (area >= 0.4 * low)
    letter &= area >= 0.08 * wide * tall
    # a point of large print is as tall as a small letter, but solid
    usual = float(np.median(tall[letter])) if letter.any() else 0.0
    solid = letter & (tall < _POINT * usual) & (wide < 1.6 * tall) & (area > 0.65 * wide * tall)
    letter &= ~solid
    letters = stats[letter]
    marks = stats[
        solid | (tall < low) & (wide < 0.12 * dpi) & (area >= max(2.0, 0.015 * low * low))
    ]
    walled = np.zeros(ink.shape, dtype=np.bool_) if walls is None else walls
    groups = _joined(letters, _phrases(letters, walled), walled, marks)
    out = [_rectangle(letters[members], marks, ink.shape) for members in groups]
    return sorted(out, key=lambda p: (p.row0, p.col0))


def _joined(
    letters: NDArray[np.int32],
    groups: list[NDArray[np.int64]],
    walls: Bool,
    marks: NDArray[np.int32],
) -> list[NDArray[np.int64]]:
    """Phrases whose slanted letters kept them apart, put together where they stand side by side."""
    boxes = [_bounds(letters[g]) for g in groups]
    order = sorted(range(len(groups)), key=lambda i: boxes[i][2])
    out: list[tuple[NDArray[np.int64], tuple[float, float, float, float]]] = []
    for i in order:
        group, (r0, r1, c0, c1) = groups[i], boxes[i]
        for k in range(len(out) - 1, -1, -1):
            other, (s0, s1, d0, d1) = out[k]
            height = min(r1 - r0, s1 - s0)
            shared = min(r1, s1) - max(r0, s0)
            if (
                shared > 0.6 * height
                and max(r1 - r0, s1 - s0) < 1.8 * height
                and (
                    c0 - d1 < _gap(marks, (min(r0, s0), max(r1, s1)), (d1, c0), height)
                    and not _walled(walls, (max(r0, s0), min(r1, s1)), sorted((d1, c0)))
                )
            ):
                merged = np.concatenate([other, group])
                out[k] = (merged, (min(r0, s0), max(r1, s1), min(c0, d0), max(c1, d1)))
                break
        else:
            out.append((group, boxes[i]))
    return [group for group, _ in out]


def _gap(
    marks: NDArray[np.int32], rows: tuple[float, float], cols: tuple[float, float], height: float
) -> float:
    """The widest gap, px, that still joins two parts: wider where a decimal point stands in it."""
    left, top, wide, tall, _ = marks.T
    low = rows[0] + 0.6 * (rows[1] - rows[0])
    point = (top + tall / 2 > low) & (top < rows[1] + 0.1 * height)
    point &= (left >= cols[0] - 2) & (left + wide <= cols[1] + 2) & (wide < 0.4 * height)
    return (_ACROSS_POINT if point.any() else _SIDE_BY_SIDE) * height


def _walled(walls: Bool, rows: tuple[float, float], cols: Sequence[float]) -> bool:
    """Whether a vertical line stands between two columns."""
    between = walls[int(rows[0]) : int(rows[1]), max(0, int(cols[0]) - 2) : int(cols[1]) + 3]
    return bool(between.size) and bool((between.mean(axis=0) > 0.5).any())


def _bounds(letters: NDArray[np.int32]) -> tuple[float, float, float, float]:
    left, top, wide, tall, _ = letters.T
    return (
        float(top.min()),
        float((top + tall).max()),
        float(left.min()),
        float((left + wide).max()),
    )


def _phrases(letters: NDArray[np.int32], walls: Bool) -> list[NDArray[np.int64]]:
    """Indices of the letters of each phrase: their cores, widened sideways, run together."""
    if not len(letters):
        return []
    left, top, wide, tall, _ = letters.T
    shape = walls.shape
    canvas = np.zeros(shape, dtype=np.uint8)
    inset = np.rint((1 - _CORE) / 2 * tall).astype(int)
    reach = np.rint(_REACH * tall).astype(int)
    for a, b, c, d in zip(
        top + inset, top + tall - inset, left - reach, left + wide + reach, strict=True
    ):
        canvas[a : max(a + 1, b), max(0, c) : d] = 1
    canvas[walls] = 0
    _, labels = cv2.connectedComponents(canvas, connectivity=4)
    middle_row = np.clip(top + tall // 2, 0, shape[0] - 1)
    middle_col = np.clip(left + wide // 2, 0, shape[1] - 1)
    own = labels[middle_row, middle_col]
    loose = own == 0  # a wall runs through the letter: it stays alone
    own[loose] = labels.max() + 1 + np.arange(int(loose.sum()))
    order = np.argsort(own, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(own[order])) + 1)


def _rectangle(
    letters: NDArray[np.int32], marks: NDArray[np.int32], shape: tuple[int, ...]
) -> Print:
    """The rectangle of a phrase with its points and signs, a little paper around it."""
    left, top, wide, tall, _ = letters.T
    height = float(np.median(tall))
    row0, row1 = int(top.min()), int((top + tall).max())
    col0, col1 = int(left.min()), int((left + wide).max())
    if len(marks):
        m_left, m_top, m_wide, m_tall, _ = marks.T
        middle = m_top + m_tall / 2
        near = (middle > row0 + 0.25 * height) & (middle < row1 + 0.2 * height)
        before = near & (m_left + m_wide <= col0 + 2) & (m_left + m_wide > col0 - _MARK * height)
        before &= m_wide > 0.25 * height
        after = near & (m_left >= col1 - 2) & (m_left < col1 + 0.4 * height)
        if before.any():
            col0 = int(m_left[before].min())
        if after.any():
            col1 = int((m_left + m_wide)[after].max())
    pad = max(2, round(0.2 * height))
    return Print(
        max(0, row0 - pad),
        min(shape[0], row1 + pad),
        max(0, col0 - pad),
        min(shape[1], col1 + pad),
        height,
    )
