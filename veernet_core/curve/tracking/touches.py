"""Where paths touch, or are joined by a stroke, and how long each is by itself on both sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.datatypes import F32, F64, Bool, flag_runs


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


def free_rows(
    touches: Sequence[Touch], curves: int, rows: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the arms of each touch may begin above it and end below it: there its paths touch another one,
    [touches, 2] each.
    """
    top = np.zeros((len(touches), 2), np.int64)
    floor = np.full((len(touches), 2), rows, np.int64)
    own = [[t for t in touches if path in (t.one, t.two)] for path in range(curves)]
    starts = [np.sort([t.start for t in some]) for some in own]
    stops = [np.sort([t.stop for t in some]) for some in own]
    for k, t in enumerate(touches):
        for side, path in enumerate((t.one, t.two)):
            above = int(np.searchsorted(stops[path], t.start, side="right"))
            below = int(np.searchsorted(starts[path], t.stop, side="left"))
            if above:
                top[k, side] = stops[path][above - 1]
            if below < len(starts[path]):
                floor[k, side] = starts[path][below]
    return top, floor
