"""Cheapest path down a strip: dynamic programming over rows with a truncated linear jump cost.

In: a cost per row and column; out: one column per row. Compiled, because it visits every pixel.
What the costs mean is decided in ``lone``.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, I32


def cheapest_path(cost: F32, start: F32, slope_cost: float, jump_cost: float) -> I32:
    """``cheapest_path_over`` with moves that cost the same everywhere."""
    table = np.full(256, slope_cost, np.float32)
    one_zone = np.zeros(cost.shape[1], np.int32)
    return cheapest_path_over(
        cost, start, np.zeros(cost.shape, np.uint8), table, jump_cost, one_zone, 0.0, 0.0
    )


# one compiled loop over every pixel: cut into functions it would round otherwise
@numba.njit(cache=True, nogil=True, fastmath=True)
def cheapest_path_over(  # noqa: C901
    cost: F32,
    start: F32,
    crossed: NDArray[np.uint8],
    table: F32,
    jump_cost: float,
    zone: I32,
    border_cost: float,
    zone_jump_cost: float,
) -> I32:
    """Path that minimises cost plus ``min(sum of table[crossed] between the columns, jump_cost)``.

    Parameters
    ----------
    cost : float32 [rows, cols]
    start : float32 [cols]
        Cost of standing in each column before the first row.
    crossed : uint8 [rows, cols]
        What lies in a pixel that a sideways move into the row crosses.
    table : float32 [256]
        Cost of crossing such a pixel.
    jump_cost : float
        Most that any move within a zone costs.
    zone : int32 [cols]
        Wrap index, or scale, of each column, growing from left to right.
    border_cost : float
        Cost of walking from one zone into the next.
    zone_jump_cost : float
        What a jump into another zone costs on top.

    Returns
    -------
    int32 [rows]
    """
    rows, cols = cost.shape
    came_from = np.empty((rows, cols), np.uint16)  # the largest array there is of a block
    first_zone = zone[0]
    nearest = np.empty(zone[cols - 1] - first_zone + 1, np.int32)
    total = start.copy()
    best = np.empty(cols, np.float32)
    for r in range(rows):
        nearest[:] = -1
        anywhere = 0
        for x in range(cols):
            k = zone[x] - first_zone
            if nearest[k] < 0 or total[x] < total[nearest[k]]:
                nearest[k] = x
            if total[x] < total[anywhere]:
                anywhere = x
        afar = total[anywhere] + jump_cost + zone_jump_cost
        source = came_from[r]
        best[0] = total[0]
        source[0] = 0
        for x in range(1, cols):
            step = best[x - 1] + table[crossed[r, x]]
            if zone[x] != zone[x - 1]:
                step += border_cost
            if step < total[x]:
                best[x] = step
                source[x] = source[x - 1]
            else:
                best[x] = total[x]
                source[x] = x
        for x in range(cols - 2, -1, -1):
            step = best[x + 1] + table[crossed[r, x]]
            if zone[x] != zone[x + 1]:
                step += border_cost
            if step < best[x]:
                best[x] = step
                source[x] = source[x + 1]
        for x in range(cols):
            near = nearest[zone[x] - first_zone]
            leap = total[near] + jump_cost
            if leap < best[x]:
                best[x] = leap
                source[x] = near
            if afar < best[x]:
                best[x] = afar
                source[x] = anywhere
            total[x] = best[x] + cost[r, x]
    path = np.empty(rows, np.int32)
    at = 0
    for x in range(1, cols):
        if total[x] < total[at]:
            at = x
    for r in range(rows - 1, -1, -1):
        path[r] = at
        at = came_from[r, at]
    return path


@numba.njit(cache=True, nogil=True, fastmath=True)
def path_mass(density: F32, path: I32, reach: I32) -> tuple[F32, F32]:
    """Centroid and mass of a density around a path.

    Parameters
    ----------
    density : float32 [rows, cols]
    path : int32 [rows]
    reach : int32 [rows]
        Half width of the window, px, per row.

    Returns
    -------
    centroid, mass : float32 [rows]
        The centroid is the path itself where there is no mass.
    """
    rows, cols = density.shape
    centroid = np.empty(rows, np.float32)
    mass = np.empty(rows, np.float32)
    for r in range(rows):
        low, high = max(0, path[r] - reach[r]), min(cols - 1, path[r] + reach[r])
        total, moment = 0.0, 0.0
        for x in range(low, high + 1):
            total += density[r, x]
            moment += density[r, x] * (x - path[r])
        mass[r] = total
        centroid[r] = path[r] + moment / total if total > 1e-6 else path[r]
    return centroid, mass


@numba.njit(cache=True, nogil=True, fastmath=True)
def as_upright(density: F32, peak: float, dip: float, least: float) -> F32:
    """Density as it would be if every stroke crossed its row upright: as high as its mass tells.

    A steep stroke spreads its mass over the columns it crosses within the row.

    Parameters
    ----------
    density : float32 [rows, cols]
    peak : float
        Density at an upright curve of mass 1.
    dip : float
        A stroke ends where the density falls below that share of its highest.
    least : float
        Density that belongs to no stroke.
    """
    rows, cols = density.shape
    out = np.zeros((rows, cols), np.float32)
    for r in range(rows):
        x = 0
        while x < cols:
            if density[r, x] <= least:
                x += 1
                continue
            start, highest, total = x, 0.0, 0.0
            while x < cols and density[r, x] > max(least, dip * highest):
                highest = max(highest, density[r, x])
                total += density[r, x]
                x += 1
            scale = max(peak * min(total, 1.0) / highest, 1.0)
            for c in range(start, x):
                out[r, c] = density[r, c] * scale
    return out


@numba.njit(cache=True, nogil=True)
def unclaimed(paths: NDArray[np.float64], cols: int, sigma: float, strength: float) -> F32:
    """Share of the ink that no path accounts for.

    Parameters
    ----------
    paths : float64 [n, rows]
        Columns of the paths that claim ink; NaN claims nothing.
    sigma : float
        Width of a claim, px.
    strength : float
        Share claimed at the path itself.

    Returns
    -------
    float32 [rows, cols]
        1 where nothing is claimed.
    """
    n, rows = paths.shape
    free = np.ones((rows, cols), np.float32)
    reach = int(3 * sigma) + 1
    for k in range(n):
        for r in range(rows):
            if not np.isfinite(paths[k, r]):
                continue
            middle = int(np.rint(paths[k, r]))
            for x in range(max(0, middle - reach), min(cols, middle + reach + 1)):
                z = (x - paths[k, r]) / sigma
                left = 1 - strength * np.exp(-0.5 * z * z)
                if left < free[r, x]:
                    free[r, x] = left
    return free
