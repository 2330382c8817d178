"""Several curves of one line style in one track, followed together.

Nothing in the ink tells such curves apart but where they come from and where they are heading. So
each row's peaks are handed out to the curves by a beam search over rows: a hypothesis remembers every
curve's position and speed, ink that nobody explains costs, a curve may share a peak where two cross,
and it may be missing. In: a density per row and column; out: one path per curve (unfolded columns).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]

MAX_PEAKS = 8


@dataclass(frozen=True, slots=True)
class SiblingCosts:
    """Costs in nats; lengths in strip pixels.

    Attributes
    ----------
    move, turn : cost per pixel of sideways motion, and of deviation from where the curve was heading
    jump : most that motion costs
    unexplained : cost of a peak nobody takes
    sharing : cost of taking a peak that has not ink enough for two
    lost, missing : cost of beginning to be missing, and of every further row
    """

    move: float = 0.02
    turn: float = 0.6
    jump: float = 9.0
    unexplained: float = 1.6
    sharing: float = 1.2
    lost: float = 1.0
    missing: float = 0.25
    beam: int = 40


@numba.njit(cache=True, nogil=True, fastmath=True)
def find_peaks(density: F32, least: float) -> tuple[F32, F32, I32]:
    """Peaks of each row and the ink that belongs to them.

    Returns
    -------
    column, mass : float32 [rows, MAX_PEAKS]
    count : int32 [rows]
    """
    rows, cols = density.shape
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
                if total > least:
                    _insert(column[r], mass[r], count, r, x + moment / max(near, 1e-9), total)
                x = max(high, x + 1)
            else:
                x += 1
    return column, mass, count


@numba.njit(cache=True, nogil=True)
def _insert(column: F32, mass: F32, count: I32, r: int, at: float, total: float) -> None:
    if count[r] < MAX_PEAKS:
        column[count[r]] = at
        mass[count[r]] = total
        count[r] += 1
        return
    worst = 0
    for k in range(1, MAX_PEAKS):
        if mass[k] < mass[worst]:
            worst = k
    if total > mass[worst]:
        column[worst] = at
        mass[worst] = total


# no fastmath here: NaN stands for an unknown position
@numba.njit(cache=True, nogil=True)
def _search(
    column: F32,
    mass: F32,
    count: I32,
    start: F64,
    period: F64,
    costs: F64,
    beam: int,
    most: int,
) -> F64:
    """Best joint path; float64 [curves, rows], NaN where a curve is missing."""
    move, turn, jump, unexplained, sharing, lost, missing = costs
    rows, curves = column.shape[0], len(start)
    combos = 1
    for _ in range(curves):
        combos *= most
    position = np.empty((beam, curves))
    speed = np.zeros((beam, curves))
    absent = np.zeros((beam, curves), np.int32)
    score = np.full(beam, np.inf)
    position[0] = start
    score[0] = 0.0
    alive = 1
    parent = np.zeros((rows, beam), np.int16)
    taken = np.full((rows, beam, curves), -1, np.int8)
    new_score = np.empty(beam)
    new_parent = np.empty(beam, np.int16)
    new_taken = np.empty((beam, curves), np.int8)
    option = np.empty((curves, most), np.int8)
    option_cost = np.empty((curves, most))
    options = np.empty(curves, np.int32)
    choice = np.empty(curves, np.int8)
    users = np.empty(MAX_PEAKS, np.int32)
    for r in range(rows):
        n = count[r]
        filled = 0
        for h in range(alive):
            for c in range(curves):
                options[c] = 1
                option[c, 0] = -1
                option_cost[c, 0] = missing if absent[h, c] > 0 else lost
                gap = absent[h, c] + 1
                for j in range(n):
                    unknown = np.isnan(position[h, c])
                    if unknown:
                        cost = 0.2
                    else:
                        d = column[r, j] - position[h, c]
                        if period[c] > 0:
                            d -= period[c] * np.rint(d / period[c])
                        ahead = d - speed[h, c] * min(gap, 12)
                        ease = 1.0 / (1.0 + 0.15 * (gap - 1))
                        cost = min(move * abs(d) + min(turn * abs(ahead), 2.0), jump) * ease
                    k = options[c]
                    if k < most:
                        option[c, k] = j
                        option_cost[c, k] = cost
                        options[c] = k + 1
                    else:
                        worst = 1
                        for q in range(2, most):
                            if option_cost[c, q] > option_cost[c, worst]:
                                worst = q
                        if cost < option_cost[c, worst]:
                            option[c, worst] = j
                            option_cost[c, worst] = cost
            for code in range(combos):
                rest, valid, total = code, True, score[h]
                for j in range(n):
                    users[j] = 0
                for c in range(curves):
                    pick = rest % most
                    rest //= most
                    if pick >= options[c]:
                        valid = False
                        break
                    choice[c] = option[c, pick]
                    total += option_cost[c, pick]
                    if choice[c] >= 0:
                        users[choice[c]] += 1
                if not valid:
                    continue
                for j in range(n):
                    m = min(mass[r, j], float(curves))
                    if users[j] == 0:
                        total += unexplained * min(m, 1.0)
                    elif users[j] > 1:
                        total += sharing * max(0.0, users[j] - m) + 0.3
                    else:
                        total += 0.5 * max(0.0, 0.5 - m) + 0.4 * max(0.0, m - 1.6)
                if filled == beam and total >= new_score[beam - 1]:
                    continue
                same = -1
                for q in range(filled):
                    equal = True
                    for c in range(curves):
                        if new_taken[q, c] != choice[c]:
                            equal = False
                            break
                        if choice[c] < 0:
                            one, two = position[new_parent[q], c], position[h, c]
                            if np.isnan(one) != np.isnan(two) or abs(one - two) >= 3.0:
                                equal = False
                                break
                    if equal:
                        same = q
                        break
                if same >= 0:
                    if total >= new_score[same]:
                        continue
                    q = same
                elif filled < beam:
                    q = filled
                    filled += 1
                else:
                    q = beam - 1
                while q > 0 and new_score[q - 1] > total:
                    new_score[q] = new_score[q - 1]
                    new_parent[q] = new_parent[q - 1]
                    for c in range(curves):
                        new_taken[q, c] = new_taken[q - 1, c]
                    q -= 1
                new_score[q] = total
                new_parent[q] = h
                for c in range(curves):
                    new_taken[q, c] = choice[c]
        old_position, old_speed, old_absent = position.copy(), speed.copy(), absent.copy()
        for q in range(filled):
            h = new_parent[q]
            parent[r, q] = h
            for c in range(curves):
                j = new_taken[q, c]
                taken[r, q, c] = j
                if j < 0:
                    position[q, c] = old_position[h, c]
                    speed[q, c] = old_speed[h, c]
                    absent[q, c] = old_absent[h, c] + 1
                    continue
                at = float(column[r, j])
                if np.isnan(old_position[h, c]):
                    position[q, c] = at
                    speed[q, c] = 0.0
                else:
                    d = at - old_position[h, c]
                    if period[c] > 0:
                        d -= period[c] * np.rint(d / period[c])
                    shared = False
                    for o in range(curves):
                        if o != c and new_taken[q, o] == j:
                            shared = True
                    if not shared:
                        pace = d / (old_absent[h, c] + 1)
                        speed[q, c] = 0.75 * old_speed[h, c] + 0.25 * min(max(pace, -20.0), 20.0)
                    else:
                        speed[q, c] = old_speed[h, c]
                    position[q, c] = old_position[h, c] + d
                absent[q, c] = 0
            score[q] = new_score[q] - new_score[0]
        alive = filled
    out = np.full((curves, rows), np.nan)
    q = 0
    for r in range(rows - 1, -1, -1):
        for c in range(curves):
            j = taken[r, q, c]
            if j >= 0:
                out[c, r] = column[r, j]
        q = parent[r, q]
    return out


def follow_siblings(
    density: F32,
    start: F64,
    period: F64,
    costs: SiblingCosts = SiblingCosts(),
) -> F64:
    """Follow curves of one style down a block.

    Parameters
    ----------
    density : float32 [rows, cols]
        A visible curve contributes about 1 to its row's sum.
    start : float64 [curves]
        Unfolded columns in the row before the first; NaN unknown.
    period : float64 [curves]
        Track width for curves that wrap, else 0.

    Returns
    -------
    float64 [curves, rows]
        Unfolded columns. Rows where a curve is missing are interpolated.
    """
    column, mass, count = find_peaks(density, 0.06)
    table = np.array(
        [
            costs.move,
            costs.turn,
            costs.jump,
            costs.unexplained,
            costs.sharing,
            costs.lost,
            costs.missing,
        ]
    )
    folded = _search(
        column, mass, count, start, period, table, costs.beam, 6 if len(start) < 4 else 4
    )
    rows = np.arange(density.shape[0])
    out = np.empty_like(folded)
    for c, path in enumerate(folded):
        seen = np.flatnonzero(np.isfinite(path))
        if not len(seen):
            out[c] = start[c] if np.isfinite(start[c]) else density.shape[1] / 2
            continue
        known = path[seen]
        if period[c] > 0:
            first = start[c] if np.isfinite(start[c]) else known[0]
            steps = np.diff(np.concatenate([[first], known]))
            known = first + np.cumsum(steps - period[c] * np.rint(steps / period[c]))
        out[c] = np.interp(rows, seen, known)
    return out
