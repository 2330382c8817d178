"""Where paths touch, or are joined by a stroke, and in which direction each was heading there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.datatypes import F32, F64, Bool, flag_runs

_FAR = 1 << 40
"""A row below any strip."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Paths ``one`` and ``two`` touch on rows [start, stop), or are joined by a stroke there."""

    one: int
    two: int
    start: int
    stop: int
    apart: bool


def find_touches(
    paths: F64,
    period: F64,
    costs: IdentityCosts,
    strokes: Callable[[int, int], Bool] | None = None,
) -> list[Touch]:
    """Stretches in which two paths are near, cross, or are joined by a stroke, from top to bottom."""
    found = []
    for one, two in combinations(range(len(paths)), 2):
        d = apart(paths, period, one, two)
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
        found += [Touch(one, two, a, b, not near[a:b].any()) for a, b in runs]
    return sorted(found, key=lambda t: t.start + t.stop)


def apart(paths: F64, period: F64, one: int, two: int) -> F64:
    """Signed distance of two paths, the shorter way round where one wraps, [rows]."""
    d: F64 = paths[one] - paths[two]
    width = max(period[one], period[two])
    if width > 0:
        d = d - width * np.round(d / width)
    return d


def exchange_rows(
    paths: F64, folded: F64, blank: F32, costs: IdentityCosts, one: int, two: int
) -> Bool:
    """Rows on the way into which two paths, one of them at least on a stroke across the track, may
    have changed places along ink.
    """
    rows = np.arange(1, folded.shape[1])
    last = blank.shape[1] - 1
    at = np.rint(np.nan_to_num(folded[[one, two]])).astype(int).clip(0, last)

    def way(a: int, b: int) -> F64:
        out: F64 = np.abs(blank[rows, at[a, :-1]] - blank[rows, at[b, 1:]]).astype(np.float64)
        return out

    # in unfolded columns, so that a wrapped curve makes no stroke at a border
    steps = np.abs(np.diff(paths[[one, two]], axis=1)).max(axis=0)
    inked = way(0, 1) + way(1, 0) - way(0, 0) - way(1, 1) <= costs.stroke_blank
    return np.append(False, inked & (steps >= costs.stroke))


def cut_long_stretches(touches: Sequence[Touch], rows: int, costs: IdentityCosts) -> list[Touch]:
    """The touches, and between those far apart cuts (a path touching itself), at which nothing changes: a
    curve's appearance is that of no more rows than it is remembered over.
    """
    ends = [0, *((t.start + t.stop) // 2 for t in touches), rows]
    cuts = []
    for start, stop in pairwise(ends):
        pieces = int(np.ceil((stop - start) / costs.memory))
        cuts += [start + (stop - start) * k // pieces for k in range(1, pieces)]
    joints = [*touches, *(Touch(0, 0, row, row, False) for row in cuts)]
    return sorted(joints, key=lambda t: t.start + t.stop)


def direction_costs(
    paths: F64,
    seen: Bool,
    period: F64,
    joints: Sequence[Touch],
    touches: Sequence[Touch],
    costs: IdentityCosts,
) -> F64:
    """Cost of both paths of each joint going on as given, and of their being exchanged, [joints, 2].

    An arm on either side of a joint ends where its path touches another one (``touches``).
    """
    own = [[t for t in touches if path in (t.one, t.two)] for path in range(len(paths))]
    starts = [np.sort([t.start for t in some]) for some in own]
    stops = [np.sort([t.stop for t in some]) for some in own]
    out = np.zeros((len(joints), 2))
    for k, touch in enumerate(joints):
        if touch.one != touch.two:
            free = [_free_rows(touch, starts[p], stops[p]) for p in (touch.one, touch.two)]
            out[k] = _turn_costs(paths, seen, period, touch, free, costs)
    return out


def _free_rows(touch: Touch, starts: F64, stops: F64) -> tuple[int, int]:
    """Where the last touch of a path above a touch ends and the next below it begins; both are sorted."""
    above = int(np.searchsorted(stops, touch.start, side="right"))
    below = int(np.searchsorted(starts, touch.stop, side="left"))
    top = int(stops[above - 1]) if above else 0
    return top, int(starts[below]) if below < len(starts) else _FAR


def _turn_costs(
    paths: F64,
    seen: Bool,
    period: F64,
    touch: Touch,
    free: Sequence[tuple[int, int]],
    costs: IdentityCosts,
) -> tuple[float, float]:
    """Cost of both paths going on as given, and of their being exchanged; ``free``: rows around the touch."""
    rows = paths.shape[1]
    middle = (touch.start + touch.stop - 1) / 2
    ends = []
    for path, (above, below) in zip((touch.one, touch.two), free, strict=True):
        top, floor = max(touch.start - costs.arm, above), min(rows, touch.stop + costs.arm, below)
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
