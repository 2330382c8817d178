"""Which of two curves drawn alike is which, after they touched.

Between the places where two paths touch, following them is easy; at such a place they cross or turn
back, and the ink alone does not say which. Two kinds of evidence do: the direction in which each was
heading on both sides, and the look of the stroke (width, blackness, share of the path that is inked,
liveliness), compared with what the curve looks like above and below. All touches of a block are decided
together by dynamic programming over the permutations of the curves. In: paths and ink; out: paths. Finding
the paths belongs to ``siblings``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise, permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.evidence.observed import flag_runs
from veernet_core.datatypes import F32, F64, INKED, U8, Bool


@dataclass(frozen=True, slots=True)
class IdentityCosts:
    """Costs in nats, lengths in strip pixels.

    Attributes
    ----------
    touch : paths nearer than this touch
    stroke, stroke_blank : paths that move by so many columns within a row run along a stroke, and may
        change places there where at most so many blank columns lie on the way
    leap : what changing places there costs, the two being apart; so does beginning on another's path
    join : touches with fewer rows between them are one
    arm : rows on either side that tell the direction
    place, heading : standard deviation of the extrapolated position and of the slope (px/row)
    place_per_row, heading_per_row : how both grow with the length of the touch
    heading_per_slope : how the second grows with the slope itself
    direction, most : weight of the directions of one touch, and the most that they can cost before it
    look : standard deviations of half width (px), blackness, inked share, liveliness (log of the mean
        swing over four rows) and roughness (log of the mean second difference) of a stretch
    look_rows : rows over which the look is one independent reading
    memory : rows after which a curve's look counts a third: holes and rocks change along a log
    look_most : most that the look of one stretch can cost
    style_rows, style_most : rows over which the network's word on the style is one independent
        reading, and the most that it can cost a stretch
    point : what following another path than a known point says costs
    border : what following a path over a border costs a curve that is said not to wrap
    """

    touch: float = 5.0
    stroke: float = 20.0
    stroke_blank: float = 8.0
    leap: float = 2.0
    join: int = 3
    arm: int = 5
    place: float = 1.5
    place_per_row: float = 0.25
    heading: float = 0.35
    heading_per_row: float = 0.03
    heading_per_slope: float = 0.3
    direction: float = 0.84
    most: float = 3.0
    look: tuple[float, ...] = (0.25, 0.08, 0.12, 1.2, 0.8)
    look_rows: float = 25.0
    look_most: float = 8.0
    memory: float = 1000.0
    style_rows: float = 8.0
    style_most: float = 12.0
    point: float = 100.0
    border: float = 3.0


@dataclass(frozen=True, slots=True)
class _Touch:
    """Paths ``one`` and ``two`` touch on rows [start, stop), or are joined by a stroke there."""

    one: int
    two: int
    start: int
    stop: int
    apart: bool


def resolve_identities(
    paths: F64,
    seen: Bool,
    ink: U8,
    folded: F64,
    period: F64,
    stranger: F64 | None = None,
    blank: F32 | None = None,
    barred: Bool | None = None,
    astray: Bool | None = None,
    begun: Bool | None = None,
    costs: IdentityCosts = IdentityCosts(),
) -> tuple[F64, NDArray[np.int64]]:
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
    stranger : float64 [curves, curves, rows], optional
        ``[c, p]``: cost per row of curve ``c`` following path ``p``, by the line style.
    blank : float32 [rows, cols], optional
        Blank columns left of each pixel on the way into the row: paths that run along strokes across
        the track may have changed places there, however far apart they are.
    barred : bool [curves, curves, rows], optional
        ``[c, p]``: rows in which a known point says that curve ``c`` does not follow path ``p``.
    astray : bool [curves, curves, rows], optional
        ``[c, p]``: rows in which path ``p`` goes over a border that curve ``c`` is said not to go over.
    begun : bool [curves], optional
        Curves whose path begins where they are known to have been before.

    Returns
    -------
    paths : float64 [curves, rows]
    source : int64 [curves, rows]
        Which of the given paths each curve follows.
    """
    curves, rows = paths.shape
    strokes = None if blank is None else partial(_exchanges, paths, folded, blank, costs)
    touches = _touches(paths, period, costs, strokes)
    joints = _cut(touches, rows, costs)
    bounds = [0, *((t.start + t.stop) // 2 for t in joints), rows]
    states = list(permutations(range(curves)))
    fixed = np.zeros((len(bounds) - 1, len(states)))
    if stranger is not None:
        fixed = _style_costs(states, stranger, bounds, costs)
    for wrong, cost in ((barred, costs.point), (astray, costs.border)):
        if wrong is not None:
            counted = _stretch_sums(wrong.astype(np.float64), bounds)
            fixed = fixed + cost * _by_order(states, counted)
    if begun is not None:
        fixed[0] += costs.leap * (begun & (np.array(states) != np.arange(curves))).sum(axis=1)
    if touches:
        looks, weight = _looks(ink, paths, folded, seen, touches, bounds, costs)
        turns = np.array([_directions(paths, seen, period, t, touches, costs) for t in joints])
        near = _nearness(bounds, costs)
        orders = _best_orders(states, joints, turns, looks, weight, near, fixed, costs)
    else:
        orders = [states[int(fixed.sum(axis=0).argmin())]] * len(fixed)
    source = np.empty((curves, rows), np.int64)
    for order, start, stop in zip(orders, bounds[:-1], bounds[1:]):
        source[:, start:stop] = np.array(order)[:, None]
    return _apply(paths, source, period), source


def _apply(paths: F64, source: NDArray[np.int64], period: F64) -> F64:
    out = np.take_along_axis(paths, source, axis=0)
    for k, p in enumerate(period):
        if p > 0:  # the exchanged path may run in another lap
            steps = np.diff(out[k])
            exchanged = np.diff(source[k]) != 0
            laps = np.where(exchanged, p * np.round(steps / p), 0.0)
            out[k, 1:] -= np.cumsum(laps)
    return out


def _apart(paths: F64, period: F64, one: int, two: int) -> F64:
    d: F64 = paths[one] - paths[two]
    width = max(period[one], period[two])
    if width > 0:
        d = d - width * np.round(d / width)
    return d


def _exchanges(
    paths: F64, folded: F64, blank: F32, costs: IdentityCosts, one: int, two: int
) -> Bool:
    """Rows on the way into which two paths, one of them at least on a stroke across the track, may
    have changed places along ink."""
    rows = np.arange(1, folded.shape[1])
    last = blank.shape[1] - 1
    at = np.rint(np.nan_to_num(folded[[one, two]])).astype(int).clip(0, last)

    def way(a: int, b: int) -> F64:
        return np.abs(blank[rows, at[a, :-1]] - blank[rows, at[b, 1:]]).astype(np.float64)

    # in unfolded columns, so that a wrapped curve makes no stroke at a border
    steps = np.abs(np.diff(paths[[one, two]], axis=1)).max(axis=0)
    inked = way(0, 1) + way(1, 0) - way(0, 0) - way(1, 1) <= costs.stroke_blank
    return np.append(False, inked & (steps >= costs.stroke))


def _touches(
    paths: F64,
    period: F64,
    costs: IdentityCosts,
    strokes: Callable[[int, int], Bool] | None = None,
) -> list[_Touch]:
    found = []
    for one, two in combinations(range(len(paths)), 2):
        d = _apart(paths, period, one, two)
        near = np.abs(d) < costs.touch
        # a crossing within one row need not come near in any
        over = np.flatnonzero((d[:-1] * d[1:] < 0) & (np.abs(d[1:] - d[:-1]) < 60))
        near[over] = near[over + 1] = True
        joined = near if strokes is None else near | strokes(one, two)
        runs: list[list[int]] = []
        for start, stop in flag_runs(joined):
            if runs and start - runs[-1][1] < costs.join:
                runs[-1][1] = stop
            else:
                runs.append([start, stop])
        found += [_Touch(one, two, a, b, not near[a:b].any()) for a, b in runs]
    return sorted(found, key=lambda t: t.start + t.stop)


def _cut(touches: Sequence[_Touch], rows: int, costs: IdentityCosts) -> list[_Touch]:
    """The touches, and between those far apart cuts (a path touching itself), at which nothing changes: a
    curve's look is that of no more rows than it is remembered over."""
    ends = [0, *((t.start + t.stop) // 2 for t in touches), rows]
    cuts = []
    for start, stop in pairwise(ends):
        pieces = int(np.ceil((stop - start) / costs.memory))
        cuts += [start + (stop - start) * k // pieces for k in range(1, pieces)]
    joints = [*touches, *(_Touch(0, 0, row, row, False) for row in cuts)]
    return sorted(joints, key=lambda t: t.start + t.stop)


def _directions(
    paths: F64,
    seen: Bool,
    period: F64,
    touch: _Touch,
    touches: Sequence[_Touch],
    costs: IdentityCosts,
) -> tuple[float, float]:
    """Cost of both paths going on as given, and of their being exchanged."""
    if touch.one == touch.two:
        return 0.0, 0.0
    rows = paths.shape[1]
    middle = (touch.start + touch.stop - 1) / 2
    ends = []
    for path in (touch.one, touch.two):
        others = [t for t in touches if path in (t.one, t.two) and t is not touch]
        top = max([0, touch.start - costs.arm, *(t.stop for t in others if t.stop <= touch.start)])
        floor = min(
            [rows, touch.stop + costs.arm, *(t.start for t in others if t.start >= touch.stop)]
        )
        before = _arm(paths[path], seen[path], top, touch.start, middle)
        after = _arm(paths[path], seen[path], touch.stop, floor, middle)
        ends.append((before, after))
    width = max(period[touch.one], period[touch.two])
    length = touch.stop - touch.start
    keep = sum(_misfit(ends[k][0], ends[k][1], width, length, costs) for k in (0, 1))
    swap = sum(_misfit(ends[k][0], ends[1 - k][1], width, length, costs) for k in (0, 1))
    low = min(keep, swap)
    keep, swap = (costs.direction * min(way - low, costs.most) for way in (keep, swap))
    return keep, swap + costs.leap * touch.apart


_Arm = tuple[float, float] | None


def _arm(path: F64, seen: Bool, start: int, stop: int, at: float) -> _Arm:
    """Position at row ``at`` and slope of the line through a stretch; None where too short."""
    row = np.arange(start, stop)[seen[start:stop]]
    if len(row) < 3:
        return None
    nearness = np.exp(-0.15 * np.abs(row - at))
    slope, offset = np.polyfit(row - at, path[row], 1, w=nearness)
    return float(offset), float(slope)


def _misfit(before: _Arm, after: _Arm, width: float, length: int, costs: IdentityCosts) -> float:
    if before is None or after is None:
        return 0.0
    d = before[0] - after[0]
    if width > 0:
        d -= width * round(d / width)
    steep = min(abs(before[1]), abs(after[1]))
    place = costs.place + costs.place_per_row * length + 0.5 * steep
    heading = costs.heading + costs.heading_per_row * length + costs.heading_per_slope * steep
    turn = (before[1] - after[1]) / heading
    # heavy tails: one strange arm must not decide everything
    return float(np.log1p(0.5 * (d / place) ** 2) + np.log1p(0.5 * turn**2))


def _looks(
    ink: U8,
    paths: F64,
    folded: F64,
    seen: Bool,
    touches: Sequence[_Touch],
    bounds: Sequence[int],
    costs: IdentityCosts,
) -> tuple[F64, F64]:
    """Mean look of each path between touches [stretches, curves, 5], and its weight in readings."""
    rows = folded.shape[1]
    clear = seen.copy()
    for t in touches:
        for path in (t.one, t.two):
            clear[path, max(0, t.start - 2) : t.stop + 2] = False
    dark = (ink > INKED).astype(np.uint8)
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 3)
    black = cv2.dilate(ink, np.ones((1, 3), np.uint8))
    thick = cv2.dilate(depth, np.ones((1, 5), np.uint8))
    col = np.rint(np.nan_to_num(folded)).astype(int).clip(0, ink.shape[1] - 1)
    row = np.broadcast_to(np.arange(rows), col.shape)
    inked = black[row, col] > INKED
    swing = np.abs(np.roll(paths, -2, axis=1) - np.roll(paths, 2, axis=1)).clip(0, 60)
    bend = np.abs(np.roll(paths, -3, axis=1) + np.roll(paths, 3, axis=1) - 2 * paths).clip(0, 60)
    per_row = np.stack(
        [inked, thick[row, col] * inked, black[row, col] / 255.0 * inked, swing, bend]
    )
    total = _stretch_sums(per_row * clear, bounds)
    n = _stretch_sums(clear.astype(np.float64), bounds)
    on = np.maximum(total[0], 1e-9)
    rows_in = np.maximum(n, 1e-9)
    lively = np.log(total[3] / rows_in + 0.5)
    rough = np.log(total[4] / rows_in + 0.3)
    looks = np.stack([total[1] / on, total[2] / on, total[0] / rows_in, lively, rough], axis=-1)
    return looks.transpose(1, 0, 2), (n / costs.look_rows).T


def _stretch_sums(per_row: F64, bounds: Sequence[int]) -> F64:
    """Sums over the stretches between bounds, along the last axis."""
    pad = [(0, 0)] * (per_row.ndim - 1) + [(1, 0)]
    return np.asarray(np.diff(np.cumsum(np.pad(per_row, pad), axis=-1)[..., list(bounds)], axis=-1))


def _style_costs(
    states: Sequence[tuple[int, ...]], stranger: F64, bounds: Sequence[int], costs: IdentityCosts
) -> F64:
    """Cost of each permutation in each stretch by the line styles, [stretches, permutations]."""
    total = np.minimum(_stretch_sums(stranger, bounds) / costs.style_rows, costs.style_most)
    return _by_order(states, total)


def _by_order(states: Sequence[tuple[int, ...]], total: F64) -> F64:
    """Sum over the curves of ``total[curve, path, stretch]``, [stretches, permutations]."""
    curve = np.arange(len(total))
    return np.stack([total[curve, list(state)].sum(axis=0) for state in states], axis=1)


def _best_orders(
    states: list[tuple[int, ...]],
    touches: Sequence[_Touch],
    turns: F64,
    looks: F64,
    weight: F64,
    near: F64,
    fixed: F64,
    costs: IdentityCosts,
) -> list[tuple[int, ...]]:
    """Which path each curve follows in every stretch: best of a few starts."""
    starts = [_viterbi(states, touches, turns, fixed)[1]]
    for feature in range(looks.shape[2]):
        by_look = np.argsort(looks[:, :, feature], axis=1)
        starts.append([tuple(int(v) for v in order) for order in by_look])
    best: tuple[float, list[tuple[int, ...]]] = (np.inf, starts[0])
    for orders in starts:
        for _ in range(3):
            emission = fixed + _emission(states, orders, looks, weight, near, costs)
            cost, orders = _viterbi(states, touches, turns, emission)
        if cost < best[0] - 1e-9:
            best = (cost, orders)
    return best[1]


def _nearness(bounds: Sequence[int], costs: IdentityCosts) -> F64:
    """How much the look of a stretch says of a curve in another, [stretches, stretches]."""
    start, stop = np.array(bounds[:-1]), np.array(bounds[1:])
    between = np.maximum(start[:, None], start) - np.minimum(stop[:, None], stop)
    return np.asarray(np.exp(-np.maximum(between, 0) / costs.memory))


def _emission(
    states: Sequence[tuple[int, ...]],
    orders: Sequence[tuple[int, ...]],
    looks: F64,
    weight: F64,
    near: F64,
    costs: IdentityCosts,
) -> F64:
    """Cost of each permutation in each stretch, given what the curves look like around it."""
    index = np.array(orders)
    own = np.take_along_axis(looks, index[..., None], axis=1)
    load = np.take_along_axis(weight, index, axis=1)[..., None]
    total = np.einsum("ij,jcf->icf", near, own * load)
    mean = total / np.maximum(np.einsum("ij,jcf->icf", near, load), 1e-9)
    sigma = np.array(costs.look)
    out = np.empty((len(looks), len(states)))
    for s, state in enumerate(states):
        z = (looks[:, list(state)] - mean) / sigma
        misfit = 0.5 * (z**2).sum(-1) * np.minimum(weight[:, list(state)], 4.0)
        out[:, s] = np.minimum(misfit, costs.look_most).sum(1)
    return out


def _viterbi(
    states: Sequence[tuple[int, ...]], touches: Sequence[_Touch], turns: F64, emission: F64
) -> tuple[float, list[tuple[int, ...]]]:
    index = {state: k for k, state in enumerate(states)}
    total = emission[0].copy()
    back = []
    for t, touch in enumerate(touches):
        swapped = np.array([index[_exchange(state, touch)] for state in states])
        keep, swap = total + turns[t, 0], total[swapped] + turns[t, 1]
        back.append(np.where(swap < keep, swapped, np.arange(len(states))))
        total = np.minimum(keep, swap) + emission[t + 1]
    at = int(total.argmin())
    cost, chain = float(total[at]), [states[at]]
    for source in reversed(back):
        at = int(source[at])
        chain.append(states[at])
    return cost, chain[::-1]


def _exchange(state: tuple[int, ...], touch: _Touch) -> tuple[int, ...]:
    swap = {touch.one: touch.two, touch.two: touch.one}
    return tuple(swap.get(path, path) for path in state)
