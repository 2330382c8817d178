"""Borders of curve tracks on the one printed line that is theirs: thick ones, and those that two tracks share.

In: tracks with their borders, what is inked. Out: the same, with borders at the middle of their line. Does not
belong here: borders at rules of usual thickness (`places`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from veernet_core.datatypes import F32
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import Span
from veernet_core.page.layout.places import Border

_NEAR_PX = 3.0
_REACH_COLS = 4.0
_PRINTED = 0.5
"""Share of rows from which on a column is part of a line, as half of the clearest column's is."""
_THICKEST_FRAC = 0.01
"""Thickest line, in widths of the page: twice what is too thick for a rule."""


def on_thick(
    spans: Sequence[Span], borders: Sequence[Border], profiles: LogProfiles, ink: F32
) -> tuple[Border, ...]:
    """Borders beside which no rule stands, but a line too thick for one, put at its middle.

    Parameters
    ----------
    spans : sequence of Span
    borders : sequence of (left, right)
        In registered page columns.
    profiles : LogProfiles
    ink : float32 [width]
        Share of rows that are inked.
    """

    def placed(col: float) -> float:
        """The middle of the thick line at a column, or the column."""
        if is_ruled(profiles, col):
            return col
        line = _thick_line(ink, col)
        return col if line is None else line

    return tuple(
        (placed(left), placed(right)) if span.kind == "curves" else (left, right)
        for span, (left, right) in zip(spans, borders)
    )


def _thick_line(ink: F32, col: float) -> float | None:
    """Middle of the thick line on or beside a column; None where none stands there."""
    thickest = max(10, round(_THICKEST_FRAC * len(ink)))
    first, last = round(col) - thickest // 2, round(col) + thickest // 2 + 1
    if first < 0 or last > len(ink):
        return None
    top = first + int(ink[first:last].argmax())
    dark = ink >= max(_PRINTED, _PRINTED * float(ink[top]))
    if not dark[top]:
        return None
    light = np.flatnonzero(~dark)
    before, after = light[light < top], light[light > top]
    left = int(before[-1]) + 1 if len(before) else 0
    right = int(after[0]) - 1 if len(after) else len(ink) - 1
    return 0.5 * (left + right) if right - left < thickest else None


def side_by_side(
    spans: Sequence[Span], borders: Sequence[Border], profiles: LogProfiles, col_px: float
) -> tuple[Border, ...]:
    """Tracks that all but touch share a line: that of the border that stands on a rule, else the likelier.

    Two rules side by side stay two borders.

    Parameters
    ----------
    spans : sequence of Span
    borders : sequence of (left, right)
        In registered page columns.
    profiles : LogProfiles
    col_px : float
        Page pixels per input column.
    """
    placed = list(borders)
    tracks = [k for k, span in enumerate(spans) if span.kind == "curves"]
    for one, two in pairwise(sorted(tracks, key=lambda k: placed[k][0])):
        right, left = placed[one][1], placed[two][0]
        ruled = is_ruled(profiles, right), is_ruled(profiles, left)
        if not 0 < left - right < _REACH_COLS * col_px or all(ruled):
            continue
        likelier = spans[one].right_odds >= spans[two].left_odds
        shared = right if ruled[0] or (likelier and not ruled[1]) else left
        placed[one], placed[two] = (placed[one][0], shared), (shared, placed[two][1])
    return tuple(placed)


def is_ruled(profiles: LogProfiles, col: float) -> bool:
    """Whether a rule stands at a column."""
    return bool((np.abs(profiles.peaks - col) <= _NEAR_PX).any())
