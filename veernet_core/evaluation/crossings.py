"""Crossings of drawn curves, and how many both curves leave as themselves.

In: true and recovered positions of the curves of a strip. Out: counts, of all pairs and of pairs of one style.
Does not belong here: drawing, and recovering (`drawings`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, Bool, CurveSpec

PAIRS = ("all", "one style")
"""What crosses: any two curves, and two of one style."""


@dataclass(frozen=True, slots=True)
class CrossingCount:
    """How many curves cross, and what comes after.

    Attributes
    ----------
    total : int
    kept : int
        Crossings after which both curves go on as themselves.
    exchanged : int
        Those after which both have values, and one lies nearer to the other curve's truth. After the rest one
        of them has no value.
    """

    total: int = 0
    kept: int = 0
    exchanged: int = 0

    def __add__(self, other: CrossingCount) -> CrossingCount:
        return CrossingCount(
            self.total + other.total, self.kept + other.kept, self.exchanged + other.exchanged
        )


def count_crossings(
    specs: Sequence[CurveSpec],
    frac: F64,
    visible: Bool,
    recovered: Sequence[F64],
    least: float,
    within: int,
    reach: int = 12,
) -> dict[bool, CrossingCount]:
    """Crossings of two visible curves, by whether the two are of one style.

    A crossing is a change of sides between rows ``reach`` above and below it, with the two curves
    at least ``least`` apart on both sides. Identity is kept if, in the first row from there on in which
    both are recovered and the two curves are that far apart, each recovered one is nearer to its own truth
    than to the other's; there is no value where no such row lies within ``within`` rows.

    Parameters
    ----------
    specs : sequence of CurveSpec
    frac : float64 [curves, rows]
        Unfolded truth.
    visible : bool [curves, rows]
    recovered : sequence of float64 [rows]
        In the order of ``specs``; NaN where there is no value.
    least : float
        Track widths.
    within, reach : int
        Rows.
    """
    counts = {False: CrossingCount(), True: CrossingCount()}
    for i, j in combinations(range(len(specs)), 2):
        if "none" not in (specs[i].wrap, specs[j].wrap):
            continue  # two unfolded curves may cross under other wrap indices, where nothing is drawn
        truth, found = frac[[i, j]], np.stack([recovered[i], recovered[j]])
        for below in _crossing_rows(truth, visible[[i, j]], least, reach):
            after = slice(below, below + within)
            kept = _kept(truth[:, after], found[:, after], least)
            one = CrossingCount(1, kept is True, kept is False)
            counts[specs[i].style == specs[j].style] += one
    return counts


def crossing_columns(ways: Mapping[str, Mapping[bool, CrossingCount]]) -> dict[str, int]:
    """Counts of a strip as columns of a table of curves.

    Parameters
    ----------
    ways : str to what ``count_crossings`` gives
        Ways of looking at the same curves.
    """
    return {
        f"{way}, {pairs}, {field.name}": getattr(count, field.name)
        for way, counts in ways.items()
        for pairs, count in zip(PAIRS, (counts[False] + counts[True], counts[True]))
        for field in fields(CrossingCount)
    }


def _crossing_rows(truth: F64, visible: Bool, least: float, reach: int) -> NDArray[np.integer]:
    """Rows ``reach`` below each crossing of two curves, [crossings]."""
    gap = truth[0] - truth[1]
    rows = np.flatnonzero(np.sign(gap[:-1]) * np.sign(gap[1:]) < 0) + 1
    rows = rows[(rows >= reach) & (rows < len(gap) - reach)]
    ends = np.stack([rows - reach, rows + reach])
    seen = visible[:, ends].all(axis=(0, 1))
    clear = (np.abs(gap[ends]).min(axis=0) >= least) & (gap[ends].prod(axis=0) < 0)
    return np.asarray(ends[1, seen & clear])


def _kept(truth: F64, found: F64, least: float) -> bool | None:
    """Whether both curves go on as themselves in the rows after a crossing, [2, rows]; None where one has no
    value.
    """
    told = np.isfinite(found).all(axis=0) & (np.abs(truth[0] - truth[1]) >= least)
    if not told.any():
        return None
    k = int(np.argmax(told))
    own = np.abs(found[:, k] - truth[:, k])
    other = np.abs(found[:, k] - truth[::-1, k])
    return bool((own < other).all())
