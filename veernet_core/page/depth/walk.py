"""Depth lines beyond the first and the last number, from line to line.

In: a ruler and a profile of the lines. Out: the ruler gone on with as far as its lines can be counted.
Does not belong here: finding the ruler (`ruler`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from veernet_core.datatypes import F64, Bool
from veernet_core.page.depth.profile import LineProfile
from veernet_core.page.depth.ruler import THICK_IN, Ruler, centroid

_AGREE_PX = 4.0
_WALK_MEMORY, _WALK_MISSES, _WALK_STRENGTH = 12, 6, 0.5
_HEAVIER, _STRETCH_LINES = 1.1, 6


def extend_ruler(
    profile: LineProfile, ruler: Ruler, rows: tuple[float, float], dpi: float
) -> Ruler:
    """Walk on from line to line beyond both ends, within the rows.

    A walk ends where lines are no longer seen, or where the coarse lines are no longer the heaviest:
    a line may have been skipped before.
    """
    heavy = _Heavy(profile, ruler, dpi)
    down = heavy.agreeing(_walk(profile, ruler, rows, 1))
    up = heavy.agreeing(_walk(profile, ruler, rows, -1))[::-1]
    if not up and not down:
        return ruler
    depths, found, seen = (np.array(part) for part in zip(*up, *down))
    below = depths > ruler.depths[-1]

    def joined(old: F64 | Bool, new: F64 | Bool) -> F64:
        return np.concatenate([new[~below], old, new[below]])

    return Ruler(
        ruler.step,
        ruler.coarse,
        joined(ruler.depths, depths),
        joined(ruler.rows, found),
        joined(ruler.seen, seen).astype(np.bool_),
        ruler.offset_px,
        ruler.contrast,
        ruler.lead,
    )


def beyond(ruler: Ruler, other: Ruler) -> Ruler:
    """The ruler with the lines of another beyond its ends, where both agree on the lines they share."""
    shared = np.isin(other.depths, ruler.depths[ruler.seen]) & other.seen
    if shared.sum() < 3:
        return ruler
    off = other.rows[shared] - np.interp(other.depths[shared], ruler.depths, ruler.rows)
    if np.abs(off).max() > _AGREE_PX:
        return ruler
    above, below = other.depths < ruler.depths[0], other.depths > ruler.depths[-1]

    def joined(own: F64 | Bool, new: F64 | Bool) -> F64:
        return np.concatenate([new[above], own, new[below]])

    return replace(
        ruler,
        depths=joined(ruler.depths, other.depths),
        rows=joined(ruler.rows, other.rows),
        seen=joined(ruler.seen, other.seen).astype(np.bool_),
    )


class _Heavy:
    """Checks by the heavier coarse lines that a walk has not slipped by a fine one."""

    def __init__(self, profile: LineProfile, ruler: Ruler, dpi: float) -> None:
        width = 2 * round(THICK_IN * dpi / 2) + 1
        self._profile = LineProfile(uniform_filter1d(profile.strength, width), profile.row0)
        self._ruler = ruler
        self._is_told_apart = self._excess(ruler.depths, ruler.rows) > _HEAVIER

    def _excess(self, depths: F64, rows: F64) -> float:
        """Weight of the coarse lines over that of the heaviest other class of lines between them."""
        weight = self._profile.at(rows)
        count = round(self._ruler.coarse / self._ruler.step)
        place = np.rint(depths / self._ruler.step).astype(np.int64) % count
        means = [
            float(weight[place == k].mean()) if (place == k).any() else 0.0 for k in range(count)
        ]
        return means[0] / max(1e-6, *means[1:])

    def agreeing(self, walk: list[tuple[float, float, bool]]) -> list[tuple[float, float, bool]]:
        """The part of a walk up to the last stretch whose coarse lines are the heaviest."""
        stretch = _STRETCH_LINES * round(self._ruler.coarse / self._ruler.step)
        if not self._is_told_apart:
            return walk[:stretch]
        for start in range(0, len(walk), stretch):
            part = walk[max(0, min(start, len(walk) - stretch)) : start + stretch]
            depths, rows, _ = (np.array(column, dtype=np.float64) for column in zip(*part))
            if self._excess(depths, rows) < 1.0:
                return walk[:start]
        return walk


def _walk(
    profile: LineProfile, ruler: Ruler, rows: tuple[float, float], sign: int
) -> list[tuple[float, float, bool]]:
    """Lines (depth, row, seen) beyond one end; ends after several unseen ones, which are left out."""
    index = np.flatnonzero(ruler.seen)
    known = ruler.rows[index][::sign][-_WALK_MEMORY:].tolist()
    at = ruler.depths[index][::sign][-_WALK_MEMORY:].tolist()
    threshold = _WALK_STRENGTH * float(np.median(profile.at(ruler.rows[index])))
    found: list[tuple[float, float, bool]] = []
    depth, missed = float(ruler.depths[-1] if sign > 0 else ruler.depths[0]), 0
    while missed < _WALK_MISSES:
        depth += sign * ruler.step
        pace = (known[-1] - known[0]) / (at[-1] - at[0])
        guess = known[-1] + (depth - at[-1]) * pace
        if depth < 0 or not rows[0] <= guess <= rows[1]:
            break
        row, strength = _peak(profile, guess, 0.12 * abs(pace) * ruler.step)
        seen = strength >= threshold
        found.append((depth, row if seen else guess, seen))
        missed = 0 if seen else missed + 1
        if seen:
            known, at = [*known, row][-_WALK_MEMORY:], [*at, depth][-_WALK_MEMORY:]
    return found[: len(found) - missed] if missed else found


def _peak(profile: LineProfile, row: float, reach: float) -> tuple[float, float]:
    """Strongest line within ``reach`` of a row, and its strength."""
    around = np.arange(row - reach, row + reach + 1)
    best = around[int(profile.at(around).argmax())]
    centre = float(centroid(profile, np.array([best]))[0])
    return centre, float(profile.at(np.array([centre]))[0])
