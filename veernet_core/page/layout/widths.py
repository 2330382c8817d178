"""Borders that the widths of the other tracks tell: tracks of a log are as wide as one another, or twice.

In: tracks with their borders, the vertical lines of the log. Out: the same, with doubtful borders put where a
grid fits. Does not belong here: which rules stand near a mark (`places`), tracks that the paper cuts off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

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


def rejoined(
    spans: Sequence[Span], borders: Sequence[Border], profiles: LogProfiles
) -> tuple[tuple[Span, ...], tuple[Border, ...]]:
    """Two tracks that share a border made one, where a grid fits the whole better than either.

    Its doubtful border is put where another track's width wants it: the heavy line of a decade looks like a
    border, and none is seen where the track ends.

    Parameters
    ----------
    spans : sequence of Span
    borders : sequence of (left, right)
        In registered page columns.
    profiles : LogProfiles
    """
    kept, placed = list(spans), list(borders)
    for place in range(len(kept) - 2, -1, -1):
        one, two = kept[place : place + 2]
        pair = placed[place : place + 2]
        if not (one.kind == two.kind == "curves" and abs(pair[0][1] - pair[1][0]) < 1e-6):
            continue
        purity = 0.5 * (one.purity + two.purity)
        both = replace(one, right=two.right, right_odds=two.right_odds, purity=purity)
        others = [*kept[:place], both, *kept[place + 2 :]]
        around = [*placed[:place], (pair[0][0], pair[1][1]), *placed[place + 2 :]]
        least = max(places.grid_fit(profiles, border) for border in pair)
        whole = _better(others, around, place, profiles, least)
        if whole is not None:
            kept, placed = others, [*around[:place], whole, *around[place + 1 :]]
    return tuple(kept), tuple(placed)


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
    for place, span in enumerate(spans):
        if span.kind == "curves":
            fit = places.grid_fit(profiles, placed[place])
            placed[place] = _better(spans, placed, place, profiles, fit) or placed[place]
    return tuple(placed)


def _better(
    spans: Sequence[Span],
    borders: Sequence[Border],
    place: int,
    profiles: LogProfiles,
    least: float,
) -> Border | None:
    """Borders of a track that the widths of others want and a grid fits best, above ``least``; None: none."""
    own = borders[place]
    others = [b for k, b in enumerate(borders) if k != place and spans[k].kind == "curves"]
    usual = [b[1] - b[0] for b in others if places.grid_fit(profiles, b) > least]
    sides = [side for side in (0, 1) if _is_doubtful(spans, borders, place, side)]
    tried = [b for side in sides for b in _choices(profiles, own, side, usual)]
    best = max(tried, key=lambda border: places.grid_fit(profiles, border), default=None)
    return best if best is not None and places.grid_fit(profiles, best) > least else None


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
