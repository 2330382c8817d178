"""Ink under a path, and along the way that it moves sideways: evidence of each row."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import minimum_filter1d, uniform_filter1d

from veernet_core.datatypes import F64, INKED, Strip


def ink_under(ink: NDArray[np.uint8], column: F64, reach: int = 1) -> F64:
    """Darkest ink within ``reach`` px of a path, averaged over 5 rows; [rows] in [0, 1]."""
    rows, cols = ink.shape
    at = np.rint(np.nan_to_num(column)).astype(int)
    best = np.zeros(rows, np.uint8)
    for offset in range(-reach, reach + 1):
        best = np.maximum(best, ink[np.arange(rows), (at + offset).clip(0, cols - 1)])
    out: F64 = uniform_filter1d(best.astype(np.float64) / 255, 5, mode="nearest")
    return out


def stroke_support(across: NDArray[np.uint8], unfolded: F64, strip: Strip, least: float = 3) -> F64:
    """Share of the columns crossed on the way from the row above that are inked, the worst of 5 rows.

    Moves of up to ``least`` px need no support. [rows] in [0, 1].
    """
    support = _crossed(across, np.nan_to_num(unfolded), strip.left_col, strip.track_width_px, least)
    return np.asarray(minimum_filter1d(support, 5, mode="nearest"))


@numba.njit(cache=True, nogil=True)
def _crossed(
    across: NDArray[np.uint8], unfolded: F64, left: float, width: float, least: float
) -> F64:
    """``stroke_support`` of each row alone."""
    rows, cols = across.shape
    support = np.ones(rows)
    for row in range(1, rows):
        a, b = unfolded[row - 1], unfolded[row]
        if abs(b - a) <= least:
            continue
        first, last = int(np.rint(min(a, b))), int(np.rint(max(a, b)))
        inked = 0
        for way in range(first, last):
            at = way if 0 <= way < cols else int(left + (way - left) % width)
            inked += across[row, min(max(at, 0), cols - 1)] > INKED
        if last > first:
            support[row] = inked / (last - first)
    return support
