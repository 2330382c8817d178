"""Where one grid ends and the next begins: borders that two curve tracks share.

In: stretches of curve tracks that touch, the log odds of borders, the vertical lines of the log. Out: the
same stretches, cut where a fitted logistic regression says so. Two tracks side by side and one double
track look much alike; the network's marks, those of the scale block, and whether the two parts have
grids of their own decide together. Does not belong here: the outer borders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.page.layout import grid
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import DecodeSettings, Span

_LEAST_PART = 0.12
_LEAST_ODDS = -5.0
_BESIDE = 4
"""Input columns between two spans that stand beside each other."""
Evidence = tuple[float, float, float, float, float]
"""Log odds of a right and a left border, the worse of the grids of the two parts, how much better it is
than the grid of the whole, and the same where the parts' grids are clear."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Log odds of a left and a right border at every input column, and page pixels per column; ``unseen`` are
    those of a column where less than one row in a thousand shows one.
    """

    left: F64
    right: F64
    col_px: float
    unseen: float = -np.inf

    def at(self, col_px: float) -> tuple[float, float]:
        """The best log odds near a registered page column."""
        return self.at_input((col_px + 0.5) / self.col_px - 0.5)

    def at_input(self, col: float) -> tuple[float, float]:
        """The best log odds near an input column."""
        middle = round(col)
        near = slice(max(0, middle - 2), middle + 3)
        if not len(self.left[near]):
            return _LEAST_ODDS, _LEAST_ODDS
        return float(self.left[near].max()), float(self.right[near].max())


def joined(spans: Sequence[Span]) -> list[Span]:
    """Curve tracks that share a border made one."""
    out: list[Span] = []
    for span in spans:
        last = out[-1] if out else None
        if last is not None and last.kind == span.kind == "curves" and span.left - last.right <= 1:
            share = (last.right - last.left, span.right - span.left)
            purity = float(np.average([last.purity, span.purity], weights=np.maximum(share, 1)))
            out[-1] = replace(last, right=span.right, right_odds=span.right_odds, purity=purity)
        else:
            out.append(span)
    return out


def widened(spans: Sequence[Span], odds: Odds) -> list[Span]:
    """Curve tracks that end where no border is seen go on over the column beside them: signs, pictures and
    depth numbers stand in some tracks. A depth column stays what it is, within the track.
    """
    out = list(spans)
    for place, span in enumerate(out):
        for side, beside in ((0, place - 1), (1, place + 1)):
            if span.kind == "curves" and 0 <= beside < len(out):
                span = _over(span, out[beside], side, odds)
        out[place] = span
    tracks = [s for s in out if s.kind == "curves"]
    return [s for s in out if s.kind != "other" or not any(_holds(t, s) for t in tracks)]


def _over(span: Span, column: Span, side: int, odds: Odds) -> Span:
    """A track with the column beside it, where no border parts them and the far side is likelier one."""
    near, far = (column.right, column.left) if side == 0 else (column.left, column.right)
    end, seen = (span.right, span.right_odds) if side else (span.left, span.left_odds)
    likely = odds.at_input(far)[side]
    if column.kind == "curves" or abs(near - end) > _BESIDE or not seen < min(odds.unseen, likely):
        return span
    if side == 0:
        return replace(span, left=far, left_odds=likely)
    return replace(span, right=far, right_odds=likely)


def _holds(track: Span, column: Span) -> bool:
    return track.left <= column.left and column.right <= track.right


def candidates(
    profiles: LogProfiles, border: tuple[float, float], odds: Odds
) -> list[tuple[float, Evidence]]:
    """Vertical lines at which a stretch might be cut, with what speaks for each."""
    width = border[1] - border[0]
    inner = profiles.strong[
        (profiles.strong > border[0] + _LEAST_PART * width)
        & (profiles.strong < border[1] - _LEAST_PART * width)
    ]
    whole = _grid(profiles, border)
    found = []
    for col in inner:
        left_odds, right_odds = odds.at(float(col))
        if max(left_odds, right_odds) < _LEAST_ODDS:
            continue
        parts = _grid(profiles, (border[0], float(col))), _grid(profiles, (float(col), border[1]))
        scores = [part.score if part is not None else 0.0 for part in parts]
        least = min(scores)
        gain = max(0.0, least - (whole.score if whole is not None else 0.0))
        marked = (float(np.clip(left_odds, -4, 4)), float(np.clip(right_odds, -4, 4)))
        clear = min(1.0, 5 * max(0.0, least - 0.8)) * min(1.0, 5 * gain)
        found.append((float(col), (*marked, least, gain, clear)))
    return found


def _grid(profiles: LogProfiles, border: tuple[float, float]) -> grid.GridFound | None:
    inside = (profiles.strong > border[0] - 5) & (profiles.strong < border[1] + 5)
    return grid.read_grid(profiles.strong[inside], *border, len(profiles.rules) / 400)


def cuts(
    profiles: LogProfiles, border: tuple[float, float], odds: Odds, settings: DecodeSettings
) -> list[float]:
    """Columns at which a stretch is cut, from left to right."""
    tried = candidates(profiles, border, odds)
    if not tried:
        return []
    weights = (
        settings.cut_left, settings.cut_right, settings.cut_parts, settings.cut_gain, settings.cut_clear,
    )  # fmt: skip
    worth = [settings.cut_bias + float(np.dot(weights, evidence)) for _, evidence in tried]
    best = int(np.argmax(worth))
    if worth[best] <= 0:
        return []
    col = tried[best][0]
    before = cuts(profiles, (border[0], col), odds, settings)
    after = cuts(profiles, (col, border[1]), odds, settings)
    return [*before, col, *after]


def cut_span(span: Span, cols_px: Sequence[float], odds: Odds) -> list[Span]:
    """A span cut at registered page columns."""
    parts = []
    for col in cols_px:
        at = (col + 0.5) / odds.col_px - 0.5
        left_odds, right_odds = odds.at(col)
        parts.append(replace(span, right=at, right_odds=right_odds))
        span = replace(span, left=at, left_odds=left_odds)
    return [*parts, span]
