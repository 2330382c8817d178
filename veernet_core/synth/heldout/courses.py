"""Where a curve goes on paper: from values to strokes of the pen, with wraps, pegs and lifts, and the truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import (
    F64,
    Bool,
    CurveSpec,
)
from veernet_core.synth.heldout.data import Course, Polyline


def track_fraction(spec: CurveSpec, value: F64) -> F64:
    """Unwrapped track fraction of values under a spec; NaN where a log scale has none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if spec.scale == "log":
            out = np.log(value / spec.left) / np.log(spec.right / spec.left)
        else:
            out = (value - spec.left) / (spec.right - spec.left)
    return np.where(np.isfinite(out), out, np.nan).astype(np.float64)


def _with_vertices(row: F64, frac: F64, rows_extra: F64) -> Polyline:
    """Vertices with more rows inserted on the same polyline; returns (row, frac)."""
    extra = rows_extra[(rows_extra > row[0]) & (rows_extra < row[-1])]
    merged = np.union1d(row, extra)
    return merged, np.interp(merged, row, frac)


def _crossings(row: F64, frac: F64, level: float) -> F64:
    a, b = frac[:-1] - level, frac[1:] - level
    hit = a * b < 0
    out: F64 = row[:-1][hit] + np.diff(row)[hit] * (a[hit] / (a[hit] - b[hit]))
    return out


def segmented(course: Course) -> tuple[F64, F64, NDArray[np.int64], Bool]:
    """Vertices cut at every border, and for each segment its wrap index and whether it is inked."""
    row, frac = course.row, course.frac
    levels = range(-course.wraps, course.wraps + 2)
    cuts = [_crossings(row, frac, float(level)) for level in levels]
    lifts = np.array(course.lifts, dtype=np.float64).reshape(-1, 2)
    row, frac = _with_vertices(row, frac, np.concatenate([*cuts, lifts.ravel()]))
    if course.peg:
        frac = np.clip(frac, -course.wraps, 1 + course.wraps)
    middle = (frac[:-1] + frac[1:]) / 2
    wrap = np.clip(np.floor(middle), -course.wraps, course.wraps).astype(np.int64)
    inked = (middle >= -course.wraps) & (middle <= 1 + course.wraps)
    at = (row[:-1] + row[1:]) / 2
    for start, stop in lifts:
        inked &= ~((at > start) & (at < stop))
    return row, frac, wrap, inked


def strokes(course: Course, column: Callable[[F64, F64], F64]) -> list[Polyline]:
    """Pen-down polylines of a course, wrapped into the track.

    Parameters
    ----------
    column : callable ``(frac, row) -> column``
    """
    row, frac, wrap, inked = segmented(course)
    change = np.flatnonzero((np.diff(wrap) != 0) | (np.diff(inked.view(np.int8)) != 0)) + 1
    out = []
    for piece in np.split(np.arange(len(wrap)), change):
        if len(piece) == 0 or not inked[piece[0]]:
            continue
        part = slice(int(piece[0]), int(piece[-1]) + 2)
        out.append((column(frac[part] - wrap[piece[0]], row[part]), row[part]))
    return out


def course_truth(course: Course, rows: F64) -> F64:
    """Unwrapped track fraction of the ink at ``rows``; NaN where the pen is up."""
    row, frac, _, inked = segmented(course)
    segment = np.clip(np.searchsorted(row, rows, side="right") - 1, 0, len(row) - 2)
    inside = (rows >= row[0]) & (rows <= row[-1]) & inked[segment]
    return np.where(inside, np.interp(rows, row, frac), np.nan)
