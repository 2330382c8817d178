"""Borders that the widths of the other tracks tell: tracks of a log are as wide as one another, or twice.

In: tracks with their borders, the vertical lines of the log. Out: the same, with doubtful borders put where a
grid fits. Does not belong here: which rules stand near a mark (`places`), tracks that the paper cuts off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from veernet_core.page.layout import places
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import Span
from veernet_core.page.layout.places import Border

_TIMES = (1, 2)
_DIVISIONS = (10, 20)
_NARROWER, _WIDER = 0.85, 1.2
_PAPER_FRAC = 0.006
"""How far paper and printing stretch a width."""


def evened(
    spans: Sequence[Span], borders: Sequence[Border], profiles: LogProfiles
) -> tuple[Border, ...]:
    """Doubtful borders of curve tracks put where another track's width, or ten or twenty divisions, want them.

    Doubtful is a border that the marks speak against, or that the paper cuts off. It is moved only where a
    grid fits the track better than before; to a number of divisions only where none fitted at all.

    Parameters
    ----------
    spans : sequence of Span
    borders : sequence of (left, right)
        In registered page columns; those that two tracks share stay where they are.
    profiles : LogProfiles
    """
    placed = list(borders)
    fits = [places.grid_fit(profiles, border) for border in placed]
    for place, span in enumerate(spans):
        if span.kind != "curves":
            continue
        sides = [side for side in (0, 1) if _is_doubtful(spans, placed, place, side)]
        usual = [
            b[1] - b[0]
            for b, s, own in zip(placed, spans, fits)
            if s.kind == "curves" and b is not placed[place] and own > fits[place]
        ]
        tried = [b for side in sides for b in _choices(profiles, placed[place], side, usual)]
        best = max(
            tried, key=lambda border: places.grid_fit(profiles, border), default=placed[place]
        )
        if places.grid_fit(profiles, best) > fits[place]:
            placed[place], fits[place] = best, places.grid_fit(profiles, best)
    return tuple(placed)


def _is_doubtful(spans: Sequence[Span], borders: Sequence[Border], place: int, side: int) -> bool:
    odds = (spans[place].left_odds, spans[place].right_odds)[side]
    shared = any(
        span.kind == "curves" and abs(border[1 - side] - borders[place][side]) < 1e-6
        for span, border in zip(spans, borders)
    )
    return not shared and not odds > 0


def _choices(
    profiles: LogProfiles, border: Border, side: int, usual: Sequence[float]
) -> Iterator[Border]:
    """The track with one border where the widths of others want it, at a rule where one stands there."""
    seen = border[1] - border[0]
    widths = [width * times for width in usual for times in _TIMES]
    lattice = places.lattice(profiles, border, side)
    if lattice is not None and places.grid_fit(profiles, border) == 0:
        widths += [count * lattice[0] for count in _DIVISIONS]
    for width in widths:
        if not _NARROWER * seen < width < _WIDER * seen:
            continue
        col = border[0] + width if side else border[1] - width
        near = profiles.peaks[np.abs(profiles.peaks - col) <= max(3.0, _PAPER_FRAC * width)]
        if len(near):
            col = float(near[np.abs(near - col).argmin()])
        yield (border[0], col) if side else (col, border[1])
