"""The beam search over the rows of a track: which curve takes which peak. Compiled; what costs what is said in
`joint`.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.peaks import MAX_PEAKS
from veernet_core.datatypes import F32, F64, I32

_ROUNDING = 1e-6
"""More than sums of one row's costs can differ by the order in which they are added."""


@numba.njit(cache=True, nogil=True)
def _route(crossing: F32, at: float, to: float, left: float, period: float) -> tuple[float, float]:
    """Shorter way from one column to another, directly or around the borders.

    Returns
    -------
    distance : float
        Signed, px.
    cost : float
        Sum of the crossing costs on the way.
    """
    last = len(crossing) - 1
    a = crossing[min(max(int(np.rint(at)), 0), last)]
    b = crossing[min(max(int(np.rint(to)), 0), last)]
    direct = abs(b - a)
    if period <= 0:
        return to - at, direct
    low = crossing[min(max(int(np.rint(left)), 0), last)]
    high = crossing[min(max(int(np.rint(left + period)), 0), last)]
    if to > at:
        around, distance = abs(a - low) + abs(high - b), to - at - period
    else:
        around, distance = abs(high - a) + abs(b - low), to - at + period
    # a tie between white routes goes to the nearer one
    if around + 0.005 * abs(distance) < direct + 0.005 * abs(to - at):
        return distance, around
    return to - at, direct


# no fastmath below: NaN stands for an unknown position
@numba.njit(cache=True, nogil=True)
def search(
    column: F32,
    mass: F32,
    style_cost: F64,
    count: I32,
    crossing: F32,
    left: float,
    start: F64,
    period: F64,
    costs: F64,
    beam: int,
    most: int,
) -> F64:
    """Best joint path; float64 [curves, rows], NaN where a curve is missing."""
    rows, curves = column.shape[0], len(start)
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
    for r in range(rows):
        alive = _extend(
            column[r], mass[r], style_cost[:, r], count[r], crossing[r], left, period, costs, most,
            position, speed, absent, score, alive, new_score, parent[r], taken[r],
        )  # fmt: skip
        _advance(
            column[r],
            crossing[r],
            left,
            period,
            taken[r],
            parent[r],
            alive,
            position,
            speed,
            absent,
        )
        for q in range(alive):
            score[q] = new_score[q] - new_score[0]
    return _trace_back(column, parent, taken)


@numba.njit(cache=True, nogil=True)
def _extend(
    column: F32,
    mass: F32,
    style_cost: F64,
    count: int,
    crossing: F32,
    left: float,
    period: F64,
    costs: F64,
    most: int,
    position: F64,
    speed: F64,
    absent: I32,
    score: F64,
    alive: int,
    new_score: F64,
    parent: NDArray[np.int16],
    taken: NDArray[np.int8],
) -> int:
    """The best hypotheses after one more row, best first: their number; what they come from and take goes
    into ``new_score``, ``parent`` and ``taken``.
    """
    curves = position.shape[1]
    option = np.empty((curves, most), np.int8)
    option_cost = np.empty((curves, most))
    options = np.empty(curves, np.int32)
    choice = np.empty(curves, np.int8)
    users = np.empty(MAX_PEAKS, np.int32)
    picks = np.empty(curves, np.int32)
    ink = _ink_costs(mass, count, curves, costs)
    ink_least = _least_ink(ink) - _ROUNDING
    filled = 0
    for h in range(alive):
        combos, least = 1, score[h]
        for c in range(curves):
            options[c] = _options(
                column, style_cost[c], count, crossing, left, period[c], costs,
                position[h, c], speed[h, c], absent[h, c], option[c], option_cost[c],
            )  # fmt: skip
            combos *= options[c]
            least += option_cost[c, : options[c]].min()
        if filled == len(new_score) and least + ink_least >= new_score[filled - 1]:
            continue
        picks[:] = 0
        for _ in range(combos):
            total = _combine(picks, options, option, option_cost, score[h], choice)
            if filled == len(new_score) and total + ink_least >= new_score[filled - 1]:
                continue
            total = _with_ink(total, ink, choice, count, users)
            if filled == len(new_score) and total >= new_score[filled - 1]:
                continue
            filled = _keep(total, h, choice, position, filled, new_score, parent, taken)
    return filled


@numba.njit(cache=True, nogil=True)
def _options(
    column: F32,
    style_cost: F64,
    count: int,
    crossing: F32,
    left: float,
    period: float,
    costs: F64,
    position: float,
    speed: float,
    absent: int,
    option: NDArray[np.int8],
    option_cost: F64,
) -> int:
    """What one curve may do in a row: be missing (-1), or take one of the cheapest peaks; their number."""
    turn, most_turn, jump, _, _, lost, missing = costs
    option[0] = -1
    option_cost[0] = missing if absent > 0 else lost
    gap = absent + 1
    found = 1
    for j in range(count):
        if np.isnan(position):
            cost = 0.2
        else:
            d, way = _route(crossing, position, column[j], left, period)
            ahead = d - speed * min(gap, 12)
            ease = 1.0 / (1.0 + 0.15 * (gap - 1))
            cost = min(way + min(turn * abs(ahead), most_turn), jump) * ease
        cost += style_cost[j]
        at = found
        if found < len(option):
            found += 1
        else:
            at = 1
            for q in range(2, len(option)):
                if option_cost[q] > option_cost[at]:
                    at = q
            if cost >= option_cost[at]:
                continue
        option[at] = j
        option_cost[at] = cost
    return found


@numba.njit(cache=True, nogil=True, inline="always")
def _combine(
    picks: I32,
    options: I32,
    option: NDArray[np.int8],
    option_cost: F64,
    score: float,
    choice: NDArray[np.int8],
) -> float:
    """Score, without the ink, of one combination of the curves' options, which go into ``choice``; ``picks``
    goes on to the next combination.
    """
    total, carry = score, 1
    for c in range(len(choice)):
        pick = picks[c]
        choice[c] = option[c, pick]
        total += option_cost[c, pick]
        pick += carry
        carry = 1 if pick == options[c] else 0
        picks[c] = 0 if carry else pick
    return total


@numba.njit(cache=True, nogil=True)
def _ink_costs(mass: F32, count: int, curves: int, costs: F64) -> F64:
    """Cost of the ink of each peak by how many curves run on it, from none on, [peaks, curves + 1]."""
    unexplained, sharing = costs[3], costs[4]
    out = np.empty((count, curves + 1))
    for j in range(count):
        m = min(mass[j], float(curves))
        out[j, 0] = unexplained * min(m, 1.0)
        out[j, 1] = 0.5 * max(0.0, 0.5 - m) + 0.4 * max(0.0, m - 1.6)
        for users in range(2, curves + 1):
            out[j, users] = sharing * max(0.0, users - m) + 0.3
    return out


@numba.njit(cache=True, nogil=True)
def _least_ink(ink: F64) -> float:
    """The least that ink can cost: that of all peaks, but for as many of the dearest as there are curves."""
    total = 0.0
    spared = np.zeros(ink.shape[1] - 1)
    for j in range(len(ink)):
        total += ink[j, 0]
        spare = ink[j, 0] - ink[j, 1:].min()
        for c in range(len(spared)):
            if spare > spared[c]:
                spare, spared[c] = spared[c], spare
    return total - float(spared.sum())


@numba.njit(cache=True, nogil=True, inline="always")
def _with_ink(total: float, ink: F64, choice: NDArray[np.int8], count: int, users: I32) -> float:
    """Score with the cost of ink that no curve runs on, or too many."""
    for j in range(count):
        users[j] = 0
    for c in range(len(choice)):
        if choice[c] >= 0:
            users[choice[c]] += 1
    for j in range(count):
        total += ink[j, users[j]]
    return total


@numba.njit(cache=True, nogil=True)
def _keep(
    total: float,
    h: int,
    choice: NDArray[np.int8],
    position: F64,
    filled: int,
    new_score: F64,
    parent: NDArray[np.int16],
    taken: NDArray[np.int8],
) -> int:
    """Keep a hypothesis if it is among the best; of two that go on alike only the better one. Their number."""
    beam, curves = len(new_score), len(choice)
    q = _same_future(h, choice, position, filled, parent, taken)
    if q >= 0:
        if total >= new_score[q]:
            return filled
    elif filled < beam:
        q = filled
        filled += 1
    else:
        q = beam - 1
    while q > 0 and new_score[q - 1] > total:
        new_score[q] = new_score[q - 1]
        parent[q] = parent[q - 1]
        for c in range(curves):
            taken[q, c] = taken[q - 1, c]
        q -= 1
    new_score[q] = total
    parent[q] = h
    for c in range(curves):
        taken[q, c] = choice[c]
    return filled


@numba.njit(cache=True, nogil=True)
def _same_future(
    h: int,
    choice: NDArray[np.int8],
    position: F64,
    filled: int,
    parent: NDArray[np.int16],
    taken: NDArray[np.int8],
) -> int:
    """The kept hypothesis that takes the same peaks, its missing curves where this one's are; -1 if none."""
    for q in range(filled):
        equal = True
        for c in range(len(choice)):
            if taken[q, c] != choice[c]:
                equal = False
                break
            if choice[c] < 0:
                one, two = position[parent[q], c], position[h, c]
                if np.isnan(one) != np.isnan(two) or abs(one - two) >= 3.0:
                    equal = False
                    break
        if equal:
            return q
    return -1


@numba.njit(cache=True, nogil=True)
def _advance(
    column: F32,
    crossing: F32,
    left: float,
    period: F64,
    taken: NDArray[np.int8],
    parent: NDArray[np.int16],
    alive: int,
    position: F64,
    speed: F64,
    absent: I32,
) -> None:
    """Positions, speeds and rows missing of the kept hypotheses after a row, in place."""
    curves = position.shape[1]
    old_position, old_speed, old_absent = position.copy(), speed.copy(), absent.copy()
    for q in range(alive):
        h = parent[q]
        for c in range(curves):
            j = taken[q, c]
            if j < 0:
                position[q, c] = old_position[h, c]
                speed[q, c] = old_speed[h, c]
                absent[q, c] = old_absent[h, c] + 1
                continue
            at = float(column[j])
            absent[q, c] = 0
            position[q, c] = at
            if np.isnan(old_position[h, c]):
                speed[q, c] = 0.0
                continue
            speed[q, c] = old_speed[h, c]
            shared = False
            for o in range(curves):
                if o != c and taken[q, o] == j:
                    shared = True
            if not shared:
                d, _ = _route(crossing, old_position[h, c], at, left, period[c])
                pace = d / (old_absent[h, c] + 1)
                speed[q, c] = 0.75 * old_speed[h, c] + 0.25 * min(max(pace, -20.0), 20.0)


@numba.njit(cache=True, nogil=True)
def _trace_back(column: F32, parent: NDArray[np.int16], taken: NDArray[np.int8]) -> F64:
    """Columns along the best hypothesis, float64 [curves, rows]; NaN where a curve is missing."""
    rows, _, curves = taken.shape
    out = np.full((curves, rows), np.nan)
    q = 0
    for r in range(rows - 1, -1, -1):
        for c in range(curves):
            j = taken[r, q, c]
            if j >= 0:
                out[c, r] = column[r, j]
        q = parent[r, q]
    return out
