"""Which of two curves of one style is which, after they touched.

Between the places where two paths touch, following them is easy; at such a place they cross or turn
back, and the ink alone does not say which. Two kinds of evidence do, both fitted on drawn tracks: what the
paths do on both sides of the touch (`touch_odds`), and the appearance of the stroke (width, blackness, inked
share, dashes, activity), compared with that of the curve above and below. All touches of a block are decided
together by dynamic programming over the permutations of the curves. In: paths and ink; out: paths. Finding
the paths belongs to ``joint``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.appearance import (
    looks_around,
    nearness,
    stretch_appearances,
    stretch_sums,
    stroke_rows,
)
from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.curve.tracking.touch_features import touch_features
from veernet_core.curve.tracking.touch_odds import touch_odds
from veernet_core.curve.tracking.touches import (
    Touch,
    cut_long_stretches,
    exchange_rows,
    find_touches,
)
from veernet_core.curve.tracking.value_costs import by_readings
from veernet_core.datatypes import F32, F64, U8, Bool

DEFAULT_COSTS = IdentityCosts()


# long by what it takes, each of which is described
def resolve_identities(
    paths: F64,
    seen: Bool,
    ink: U8,
    folded: F64,
    period: F64,
    style_cost: F64 | None = None,
    blank: F32 | None = None,
    anchor_conflicts: Bool | None = None,
    border_crossings: Bool | None = None,
    known_start: Bool | None = None,
    value_cost: F64 | None = None,
    costs: IdentityCosts = DEFAULT_COSTS,
) -> tuple[F64, NDArray[np.int64], F64]:
    """Exchange paths below the places where they touch, where the evidence says they crossed.

    Parameters
    ----------
    paths : float64 [curves, rows]
        Unfolded columns.
    seen : bool [curves, rows]
        Where a path follows ink of its own.
    ink : uint8 [rows, cols]
    folded : float64 [curves, rows]
        The paths as columns of ``ink``.
    period : float64 [curves]
        Track width for curves that wrap, else 0.
    style_cost : float64 [curves, curves, rows], optional
        ``[c, p]``: cost per row of curve ``c`` following path ``p``, by the line style.
    blank : float32 [rows, cols], optional
        Blank columns left of each pixel on the way into the row: paths that run along strokes across
        the track may have changed places there, however far apart they are.
    anchor_conflicts : bool [curves, curves, rows], optional
        ``[c, p]``: rows in which a known point says that curve ``c`` does not follow path ``p``.
    border_crossings : bool [curves, curves, rows], optional
        ``[c, p]``: rows in which path ``p`` goes over a border that curve ``c`` is said not to go over.
    known_start : bool [curves], optional
        Curves whose path begins where they are known to have been before.
    value_cost : float64 [curves, curves, rows], optional
        ``[c, p]``: cost per row of curve ``c`` following path ``p``, by the values it would have.

    Returns
    -------
    paths : float64 [curves, rows]
    source : int64 [curves, rows]
        Which of the given paths each curve follows.
    odds : float64 [curves, rows]
        Chance that it is that one, by the costs.
    """
    curves, rows = paths.shape
    touches = touches_of(paths, period, folded, blank, costs)
    joints = cut_long_stretches(touches, rows, costs)
    bounds = [0, *((t.start + t.stop) // 2 for t in joints), rows]
    states = list(permutations(range(curves)))
    wrong = (anchor_conflicts, costs.point), (border_crossings, costs.border)
    fixed = _fixed_costs(states, bounds, style_cost, wrong, known_start, costs)
    if value_cost is not None:
        fixed = fixed + by_order(states, by_readings(stretch_sums(value_cost, bounds)))
    if touches:
        strokes = stroke_rows(ink, paths, folded)
        features, weight = stretch_appearances(strokes, seen, touches, bounds, costs)
        found = touch_features(paths, seen, strokes, period, touches)
        turns = np.zeros((len(joints), 2))
        turns[[joint.one != joint.two for joint in joints]] = touch_odds().costs(found)
        near = nearness(bounds, costs)
        orders = _best_orders(states, joints, turns, features, weight, near, fixed, costs)
        emission = fixed + _emission(states, orders, features, weight, near, costs)
    else:
        orders = [states[int(fixed.sum(axis=0).argmin())]] * len(fixed)
        emission, turns = fixed.copy(), np.zeros((len(fixed) - 1, 2))
    if known_start is not None:
        moved = known_start & (np.array(states) != np.arange(curves))
        emission[0] += costs.known_start * moved.sum(axis=1)
    chances = _order_chances(states, joints, turns, emission)
    source, odds = _spread(orders, chances, states, bounds)
    return _apply(paths, source, period), source, odds


def touches_of(
    paths: F64, period: F64, folded: F64, blank: F32 | None, costs: IdentityCosts
) -> list[Touch]:
    """Where two of the paths touch, or are joined by a stroke, from top to bottom."""
    strokes = None if blank is None else partial(exchange_rows, paths, folded, blank, costs)
    return find_touches(paths, period, costs, strokes)


def _spread(
    orders: Sequence[tuple[int, ...]],
    chances: F64,
    states: Sequence[tuple[int, ...]],
    bounds: Sequence[int],
) -> tuple[NDArray[np.int64], F64]:
    """The path that each curve follows in every row, and the chance that it is that one: [curves, rows]."""
    shape = len(states[0]), bounds[-1]
    source, odds = np.empty(shape, np.int64), np.empty(shape)
    table = np.array(states)
    for k, (start, stop) in enumerate(pairwise(bounds)):
        order = np.array(orders[k])
        source[:, start:stop] = order[:, None]
        odds[:, start:stop] = (chances[k] @ (table == order))[:, None]
    return source, odds


def _order_chances(
    states: Sequence[tuple[int, ...]], touches: Sequence[Touch], turns: F64, emission: F64
) -> F64:
    """Chance of every permutation in every stretch, [stretches, permutations]: the costs of all ways through
    the touches, summed up forward and backward.
    """
    exchanged = exchanged_states(states, touches)
    swapped = [exchanged[t.one, t.two] for t in touches]
    above = -emission
    for t, swap in enumerate(swapped):
        keep, change = above[t] - turns[t, 0], above[t][swap] - turns[t, 1]
        above[t + 1] += np.logaddexp(keep, change) - np.logaddexp(keep, change).max()
    behind = np.zeros_like(above)
    for t in range(len(touches) - 1, -1, -1):
        after = behind[t + 1] - emission[t + 1]
        keep, change = after - turns[t, 0], after[swapped[t]] - turns[t, 1]
        behind[t] = np.logaddexp(keep, change)
        behind[t] -= behind[t].max()
    total = above + behind
    weight = np.exp(total - total.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _fixed_costs(
    states: Sequence[tuple[int, ...]],
    bounds: Sequence[int],
    style_cost: F64 | None,
    wrong: Sequence[tuple[Bool | None, float]],
    known_start: Bool | None,
    costs: IdentityCosts,
) -> F64:
    """Cost of each permutation in each stretch that no touch changes, [stretches, permutations].

    ``wrong`` are rows in which a curve cannot follow a path, [curves, paths, rows], and what one costs.
    """
    fixed = np.zeros((len(bounds) - 1, len(states)))
    if style_cost is not None:
        fixed = touch_odds().style * style_costs(states, style_cost, bounds, costs)
    for rows, cost in wrong:
        if rows is not None:
            fixed = fixed + cost * by_order(states, stretch_sums(rows.astype(np.float64), bounds))
    if known_start is not None:
        moved = known_start & (np.array(states) != np.arange(len(known_start)))
        fixed[0] += costs.leap * moved.sum(axis=1)
    return fixed


def _apply(paths: F64, source: NDArray[np.int64], period: F64) -> F64:
    out = np.take_along_axis(paths, source, axis=0)
    for k, p in enumerate(period):
        if p > 0:  # the exchanged path may have another wrap index
            steps = np.diff(out[k])
            exchanged = np.diff(source[k]) != 0
            wraps = np.where(exchanged, p * np.round(steps / p), 0.0)
            out[k, 1:] -= np.cumsum(wraps)
    return out


def style_costs(
    states: Sequence[tuple[int, ...]], style_cost: F64, bounds: Sequence[int], costs: IdentityCosts
) -> F64:
    """Cost of each permutation in each stretch by the line styles, [stretches, permutations]."""
    total = np.minimum(stretch_sums(style_cost, bounds) / costs.style_rows, costs.style_most)
    return by_order(states, total)


def by_order(states: Sequence[tuple[int, ...]], total: F64) -> F64:
    """Sum over the curves of ``total[curve, path, stretch]``, [stretches, permutations]."""
    curve = np.arange(len(total))
    return np.stack([total[curve, list(state)].sum(axis=0) for state in states], axis=1)


def _best_orders(
    states: list[tuple[int, ...]],
    touches: Sequence[Touch],
    turns: F64,
    features: F64,
    weight: F64,
    near: F64,
    fixed: F64,
    costs: IdentityCosts,
) -> list[tuple[int, ...]]:
    """Which path each curve follows in every stretch: best of a few starts."""
    starts = [viterbi(states, touches, turns, fixed)[1]]
    for feature in range(features.shape[2]):
        by_feature = np.argsort(features[:, :, feature], axis=1)
        starts.append([tuple(int(v) for v in order) for order in by_feature])
    best: tuple[float, list[tuple[int, ...]]] = (np.inf, starts[0])
    for orders in starts:
        for _ in range(3):
            emission = fixed + _emission(states, orders, features, weight, near, costs)
            cost, orders = viterbi(states, touches, turns, emission)
        if cost < best[0] - 1e-9:
            best = (cost, orders)
    return best[1]


def _emission(
    states: Sequence[tuple[int, ...]],
    orders: Sequence[tuple[int, ...]],
    features: F64,
    weight: F64,
    near: F64,
    costs: IdentityCosts,
) -> F64:
    """Cost of each permutation in each stretch, given what the curves look like around it."""
    mean = looks_around(features, weight, np.array(orders), near)
    sigma = touch_odds().appearance
    out = np.empty((len(features), len(states)))
    for s, state in enumerate(states):
        z = (features[:, list(state)] - mean) / sigma
        misfit = 0.5 * (z**2).sum(-1) * np.minimum(weight[:, list(state)], 4.0)
        out[:, s] = np.minimum(misfit, costs.appearance_most).sum(1)
    return out


def viterbi(
    states: Sequence[tuple[int, ...]], touches: Sequence[Touch], turns: F64, emission: F64
) -> tuple[float, list[tuple[int, ...]]]:
    """The cheapest way through the touches: what it costs, and the permutation in each stretch."""
    exchanged = exchanged_states(states, touches)
    total = emission[0].copy()
    back = []
    for t, touch in enumerate(touches):
        swapped = exchanged[touch.one, touch.two]
        keep, swap = total + turns[t, 0], total[swapped] + turns[t, 1]
        back.append(np.where(swap < keep, swapped, np.arange(len(states))))
        total = np.minimum(keep, swap) + emission[t + 1]
    at = int(total.argmin())
    cost, chain = float(total[at]), [states[at]]
    for source in reversed(back):
        at = int(source[at])
        chain.append(states[at])
    return cost, chain[::-1]


def exchanged_states(
    states: Sequence[tuple[int, ...]], touches: Sequence[Touch]
) -> dict[tuple[int, int], NDArray[np.int64]]:
    """By two paths that touch: index of the state that each becomes where they are exchanged, [states]."""
    index = {state: k for k, state in enumerate(states)}
    out = {}
    for one, two in {(touch.one, touch.two) for touch in touches}:
        swap = {one: two, two: one}
        after = [tuple(swap.get(path, path) for path in state) for state in states]
        out[one, two] = np.array([index[state] for state in after])
    return out
