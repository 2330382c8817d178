"""How sure the wrap index of every row of a path is.

In: a path as columns within the track, and what moving sideways costs by the ink. Out: the chances of the wrap
indices in each row. On paper every wrap of a curve looks the same; only the passages over
the borders tell them apart, and where their strokes are broken or lie on a printed line, several
readings fit the ink nearly as well. All of them are summed up (forward and backward), with the costs by which
the decoder chose the best one.
Does not belong here: choosing the path (`traces`, `joint`), and what follows from doubt (`evidence.doubts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from veernet_core.datatypes import F32, F64, Bool, CurveSpec
from veernet_core.domain.units import NEVER_NEGATIVE

START, AWAY = 4.0, 0.005
"""Nats for each wrap index from home in which a curve begins, and for each row there: few curves begin in
another wrap, but one that has left its track may stay away for long."""
IMPOSSIBLE = 1.0
"""Nats for each row in which the value would be one that cannot be."""
_SLACK = 0.1
"""How far beyond a possible value a pen may stray, track widths."""


@dataclass(frozen=True, slots=True)
class WrapCosts:
    """Where the borders are, and what wrap indices cost, in nats.

    Attributes
    ----------
    left, width : left border and track width, columns
    most : wraps to either side
    change : each wrap index that a move changes
    jump : most that a move costs within the track
    possible : least and greatest position that a value can have, track widths
    """

    left: float
    width: float
    most: int
    change: float
    jump: float
    possible: tuple[float, float] = (-np.inf, np.inf)


def possible_positions(spec: CurveSpec) -> tuple[float, float]:
    """Least and greatest position that a value of a curve can have, track widths: some units know no negative
    values, unless the scale itself has some.

    Examples
    --------
    >>> possible_positions(CurveSpec("GR", "GAPI", 0, 150))
    (-0.1, inf)
    """
    has_negative = min(spec.left, spec.right) < 0  # a density correction is in g/cc too
    if spec.scale == "log" or has_negative or spec.unit.upper() not in NEVER_NEGATIVE:
        return -np.inf, np.inf
    zero = -spec.left / (spec.right - spec.left)
    return (zero - _SLACK, np.inf) if spec.right > spec.left else (-np.inf, zero + _SLACK)


def wrap_odds(
    folded: F64,
    seen: Bool,
    crossing: F32,
    costs: WrapCosts,
    before: F64 | None = None,
) -> tuple[F64, F64]:
    """Chances of all wrap indices in every row, by the ink above and below.

    Parameters
    ----------
    folded : float64 [rows]
        Columns within the track.
    seen : bool [rows]
        Rows in which the path follows ink; the others say nothing.
    crossing : float32 [rows, cols]
        Cumulative cost of crossing a row from its left end.
    costs : WrapCosts
    before : float64 [2 * most + 1], optional
        Chances of the wrap indices in the row before the first.

    Returns
    -------
    whole : float64 [rows, 2 * most + 1]
        Sums to 1 in every row; the middle one is home.
    above : float64 [rows, 2 * most + 1]
        The same from what lies above only: where the next block begins.
    """
    most = costs.most
    table = np.array([costs.left, costs.width, costs.change, costs.jump, *costs.possible])
    away = np.abs(np.arange(-most, most + 1))
    start = START * away if before is None else -np.log(np.maximum(before, 1e-12))
    above, whole = _chances(folded, seen, crossing, table, start.astype(np.float64))
    return whole, above


@numba.njit(cache=True, nogil=True)
def _chances(folded: F64, seen: Bool, crossing: F32, table: F64, start: F64) -> tuple[F64, F64]:
    """Chances of the wrap indices by what lies above, and by everything, [rows, states] each."""
    states, rows = len(start), len(folded)
    most = states // 2
    above = np.empty((rows, states))
    now = np.exp(-start)
    now /= now.sum()
    last = -1
    moves = np.zeros((rows, states, states))
    came = np.full(rows, -1, np.int64)
    home = np.empty((rows, states))
    for r in range(rows):
        at = (folded[r] - table[0]) / table[1]
        for s in range(states):
            value = at + s - most
            odd = value < table[4] or value > table[5]
            home[r, s] = np.exp(-AWAY * abs(s - most) - IMPOSSIBLE * odd)
    for r in range(rows):
        if seen[r]:
            if last >= 0:
                _move_chances(moves[r], folded[last], folded[r], crossing[r], table)
                now = now @ moves[r]
            now = now * home[r]
            now /= now.sum()
            came[r] = last
            last = r
        above[r] = now
    whole = above.copy()
    behind = np.ones(states)
    for r in range(rows - 1, -1, -1):
        whole[r] = above[r] * behind
        whole[r] /= whole[r].sum()
        if seen[r] and came[r] >= 0:
            behind = moves[r] @ (behind * home[r])
            behind /= behind.sum()
    return above, whole


@numba.njit(cache=True, nogil=True)
def _move_chances(out: F64, at: float, to: float, base: F32, table: F64) -> None:
    """Weight of a move from one seen row to the next, for every pair of wrap indices."""
    left, width, change, jump, _, _ = table
    last = len(base) - 1
    a = base[min(max(int(np.rint(at)), 0), last)]
    b = base[min(max(int(np.rint(to)), 0), last)]
    low = base[min(max(int(np.rint(left)), 0), last)]
    high = base[min(max(int(np.rint(left + width)), 0), last)]
    states = len(out)
    for q in range(states):
        for s in range(states):
            if s == q:
                way = abs(b - a)
            elif s > q:
                way = abs(high - a) + abs(b - low) + (s - q - 1) * (high - low)
            else:
                way = abs(a - low) + abs(high - b) + (q - s - 1) * (high - low)
            # a whole turn is never made up for by a leap that cost as much within the track
            cost = min(way, jump) if s == q else way + change * abs(s - q)
            out[q, s] = np.exp(-cost)
