"""Peaks of each row's density: the ink that the curves of a track are handed."""

from __future__ import annotations

import numba
import numpy as np

from veernet_core.datatypes import F32, I32

MAX_PEAKS = 8


# one compiled loop over every pixel: cut into functions it would round otherwise
@numba.njit(cache=True, nogil=True, fastmath=True)
def find_peaks(  # noqa: C901
    density: F32, by_style: F32, least: float
) -> tuple[F32, F32, F32, I32]:
    """Peaks of each row, the ink that belongs to them, and its split over the line styles.

    Parameters
    ----------
    density : float32 [rows, cols]
        Of all styles together.
    by_style : float32 [styles, rows, cols]
    least : float
        Smallest mass of a peak.

    Returns
    -------
    column, mass : float32 [rows, MAX_PEAKS]
    share : float32 [rows, MAX_PEAKS, styles]
    count : int32 [rows]
    """
    rows, cols = density.shape
    styles = len(by_style)
    share = np.zeros((rows, MAX_PEAKS, styles), np.float32)
    column = np.zeros((rows, MAX_PEAKS), np.float32)
    mass = np.zeros((rows, MAX_PEAKS), np.float32)
    count = np.zeros(rows, np.int32)
    for r in range(rows):
        x = 1
        while x < cols - 1:
            d = density[r, x]
            if d > 0.004 and d >= density[r, x - 1] and d > density[r, x + 1]:
                low = x
                while low > 0 and x - low < 40 and density[r, low - 1] <= density[r, low]:
                    low -= 1
                    if density[r, low] < 0.05 * d:
                        break
                high = x
                while (
                    high < cols - 1 and high - x < 40 and density[r, high + 1] <= density[r, high]
                ):
                    high += 1
                    if density[r, high] < 0.05 * d:
                        break
                total, moment, near = 0.0, 0.0, 0.0
                for c in range(low, high + 1):
                    total += density[r, c]
                    if abs(c - x) <= 4:
                        near += density[r, c]
                        moment += density[r, c] * (c - x)
                slot = -1
                if total > least:
                    at = x + moment / max(near, 1e-9)
                    slot = _insert(column[r], mass[r], count, r, at, total)
                if slot >= 0:
                    for k in range(styles):
                        part = 0.0
                        for c in range(low, high + 1):
                            part += by_style[k, r, c]
                        share[r, slot, k] = part / total
                x = max(high, x + 1)
            else:
                x += 1
    return column, mass, share, count


@numba.njit(cache=True, nogil=True)
def _insert(column: F32, mass: F32, count: I32, r: int, at: float, total: float) -> int:
    """Keep a peak if it is among the largest of its row; its slot, or -1."""
    if count[r] < MAX_PEAKS:
        column[count[r]] = at
        mass[count[r]] = total
        count[r] += 1
        return int(count[r] - 1)
    worst = 0
    for k in range(1, MAX_PEAKS):
        if mass[k] < mass[worst]:
            worst = k
    if total > mass[worst]:
        column[worst] = at
        mass[worst] = total
        return worst
    return -1
