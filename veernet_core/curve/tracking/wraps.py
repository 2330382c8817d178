"""Which wrap of its track a curve is in, row by row."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, F64


@numba.njit(cache=True, nogil=True)
def _way(a: float, b: float, low: float, high: float, wraps: int) -> float:
    """Cost of going from ``a`` to ``b`` over so many borders to the right, all as cumulative crossing costs;
    ``low`` and ``high`` are the borders'.
    """
    if wraps == 0:
        return abs(b - a)
    if wraps > 0:
        return abs(high - a) + abs(b - low) + (wraps - 1) * (high - low)
    return abs(a - low) + abs(high - b) + (-wraps - 1) * (high - low)


# one compiled loop over every row
@numba.njit(cache=True, nogil=True)
def unfold(  # noqa: C901
    folded: F64, seen: NDArray[np.bool_], crossing: F32, table: F64, before: float
) -> NDArray[np.int64]:
    """Wrap index of every row of a wrapped path: moves along ink are cheap, far wraps cost.

    Parameters
    ----------
    folded : float64 [rows]
        Columns within the track.
    seen : bool [rows]
        Where the path follows ink; elsewhere the index is carried on.
    crossing : float32 [rows, cols]
        Cumulative crossing costs.
    table : float64 [5]
        Left border, track width, most wraps, cost per row and wrap, most a move costs.
    before : float
        Wrap index before the first row; NaN unknown.

    Returns
    -------
    int64 [rows]
    """
    left, width, most, wrap_cost, jump = table
    wraps = int(most)
    states = 2 * wraps + 1
    rows, last = len(folded), crossing.shape[1] - 1
    total = np.zeros(states)
    for s in range(states):
        total[s] = 3.0 * abs(s - wraps) if np.isnan(before) else 6.0 * abs(s - wraps - before)
    came = np.empty((rows, states), np.int64)
    at = np.nan
    for r in range(rows):
        for s in range(states):
            came[r, s] = s
        if not seen[r]:
            continue
        if not np.isnan(at):
            base = crossing[r]
            a = base[min(max(int(np.rint(at)), 0), last)]
            b = base[min(max(int(np.rint(folded[r])), 0), last)]
            low = base[min(max(int(np.rint(left)), 0), last)]
            high = base[min(max(int(np.rint(left + width)), 0), last)]
            fresh = np.empty(states)
            for s in range(states):
                best, source = np.inf, s
                for q in range(states):
                    way = _way(a, b, low, high, s - q)
                    cost = total[q] + min(way, jump) + 0.3 * abs(s - q)
                    if cost < best:
                        best, source = cost, q
                fresh[s] = best
                came[r, s] = source
            total = fresh
        for s in range(states):
            total[s] += wrap_cost * abs(s - wraps)
        at = folded[r]
    out = np.empty(rows, np.int64)
    s = int(np.argmin(total))
    for r in range(rows - 1, -1, -1):
        out[r] = s - wraps
        s = came[r, s]
    return out
