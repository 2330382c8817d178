"""The width of the stroke along a trace.

In: the ink of a strip, and where its curves run. Out: the width of a stroke in every row where it can be
measured: seen, not steep, with paper on both sides and no other curve near.
Does not belong here: which curve is whose (`pens`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import F64, U8

_REACH = 12
"""How far from its trace a stroke may reach, and twice that is how far the next curve must be, strip pixels."""
_FAINT = 32
"""Least ink that counts, of 255."""
_STEEP, _SPAN = 1.0, 3
"""Pixels across for each row down beyond which nothing is measured, and rows on either side that tell it."""


def stroke_widths(ink: U8, columns: F64, others: Sequence[F64]) -> F64:
    """Width of a stroke in every row, strip pixels, float64 [rows]; NaN where it cannot be measured.

    Parameters
    ----------
    ink : uint8 [rows, cols]
    columns : float64 [rows]
        Where the curve runs; NaN where it is not seen.
    others : sequence of float64 [rows]
        Where the other curves of the same ink run.
    """
    rows, cols = ink.shape
    out = np.full(rows, np.nan)
    if rows <= 2 * _SPAN:
        return out
    slope = np.full(rows, np.nan)
    slope[_SPAN:-_SPAN] = (columns[2 * _SPAN :] - columns[: -2 * _SPAN]) / (2 * _SPAN)
    near = np.zeros(rows, dtype=np.bool_)
    for other in others:
        near |= np.abs(other - columns) <= 2 * _REACH
    fits = (columns >= _REACH + 1) & (columns < cols - _REACH - 1)
    at = np.flatnonzero(fits & ~near & (np.abs(slope) <= _STEEP))
    if not len(at):
        return out
    offsets = np.arange(-_REACH, _REACH + 1)
    window = ink[at[:, None], np.rint(columns[at]).astype(np.int64)[:, None] + offsets]
    window = np.where(window >= _FAINT, window, 0).astype(np.float64)
    left = np.cumprod(window[:, _REACH::-1] > 0, axis=1)
    right = np.cumprod(window[:, _REACH:] > 0, axis=1)
    bounded = (left[:, 0] > 0) & (left[:, -1] == 0) & (right[:, -1] == 0)
    across = (window[:, _REACH::-1] * left).sum(axis=1) + (window[:, _REACH:] * right).sum(axis=1)
    width = (across - window[:, _REACH]) / 255.0 / np.hypot(1.0, slope[at])
    out[at[bounded]] = width[bounded]
    return out
