"""Exactly where the borders of tracks stand: on which of the rules near a mark, or off the paper.

In: spans with rough borders, the vertical lines of the log. Out: borders in registered page columns. Does
not belong here: which tracks there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.page.layout import grid
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import DecodeSettings, Span

_REACH_COLS = 4.0
_MOST_RULES = 5
_DIVISIONS = 10
_OFF_GRID, _ON_GRID, _CLEAR_LINES = 0.25, 0.15, 7
"""How far a border may stand off an even grid, and a line of it, in its steps; fewest lines of a clear one."""
Border = tuple[float, float]


def settled(
    parts: Sequence[tuple[Span, Border]],
    profiles: LogProfiles,
    col_px: float,
    settings: DecodeSettings,
) -> tuple[Border, ...]:
    """Outer borders of curve tracks moved to the rules with which their grids fit best.

    Borders that two tracks share stay where they are.
    """
    placed = [border for _, border in parts]
    for place, (span, border) in enumerate(parts):
        if span.kind != "curves":
            continue
        fixed_left = place > 0 and abs(placed[place - 1][1] - border[0]) < 1e-6
        fixed_right = place + 1 < len(parts) and abs(placed[place + 1][0] - border[1]) < 1e-6
        fixed_left &= parts[place - 1][0].kind == "curves"
        fixed_right &= parts[(place + 1) % len(parts)][0].kind == "curves"
        lefts = [border[0]] if fixed_left else _choices(profiles, border, 0, col_px)
        rights = [border[1]] if fixed_right else _choices(profiles, border, 1, col_px)
        pairs = [(a, b) for a in lefts for b in rights if b - a > 4 * col_px]
        if pairs:
            best = max(pairs, key=lambda p: _worth(profiles, border, p, col_px, settings))
            left = best[0] if fixed_left else _on_grid(profiles, best, 0)
            placed[place] = (left, best[1] if fixed_right else _on_grid(profiles, best, 1))
    return tuple(placed)


def _on_grid(profiles: LogProfiles, border: Border, side: int) -> float:
    """A border where no rule is seen and that stands off the even grid of its track, put onto the line of the
    grid beside it that makes ten divisions: where a filled column of signs begins, its far side was
    taken for the border.
    """
    rough, even = border[side], lattice(profiles, border, side)
    seen_px = max(3.0, len(profiles.rules) / 400)

    def is_seen(col: float) -> bool:
        """Whether a rule is printed at a column."""
        return bool((np.abs(profiles.strong - col) <= seen_px).any())

    if even is None or is_seen(rough) or not is_seen(border[1 - side]):
        return rough
    step, start = even
    inside = _inside(profiles, border)
    away = (inside - start) / step
    seen = np.abs(away - np.rint(away)) < _ON_GRID
    place = (rough - start) / step
    if abs(place - np.rint(place)) <= _OFF_GRID or not seen.all() or len(inside) < _CLEAR_LINES:
        return rough
    beside = [float(start + step * index) for index in (np.floor(place), np.ceil(place))]
    other = border[1 - side]
    whole = [col for col in beside if round(abs(other - col) / step) == _DIVISIONS]
    return whole[0] if whole else rough


def _choices(profiles: LogProfiles, border: Border, side: int, col_px: float) -> list[float]:
    """The rules near a border, the most inked ones where there are many, and where an even grid would
    have its next line; the rough place where there is neither.
    """
    rough = border[side]
    near = profiles.peaks[np.abs(profiles.peaks - rough) <= _REACH_COLS * col_px]
    found = sorted(map(float, near), key=lambda c: -_ink(profiles, c))[:_MOST_RULES]
    even = _next_line(profiles, border, side)
    if even is not None and abs(even - rough) <= _REACH_COLS * col_px:
        found.append(even)
    return found or [rough]


def _next_line(profiles: LogProfiles, border: Border, side: int) -> float | None:
    """Where the even grid between two borders has the line nearest to one of them."""
    even = lattice(profiles, border, side)
    if even is None:
        return None
    step, start = even
    return float(start + step * np.rint((border[side] - start) / step))


def lattice(profiles: LogProfiles, border: Border, side: int) -> tuple[float, float] | None:
    """Spacing and one place of the even grid in a track, counted from its other border; None without one."""
    inside = _inside(profiles, border)
    other = border[1 - side]
    if len(inside) < 4:
        return None
    inside = np.unique(np.append(inside, other))
    pitch = float(np.median(np.diff(inside)))
    index = np.rint((inside - other) / pitch)
    even = np.abs(inside - other - index * pitch) < 0.2 * pitch
    if even.mean() < 0.7 or len(set(index[even])) < 4:
        return None
    step, start = np.polyfit(index[even], inside[even], 1)
    return float(step), float(start)


def _inside(profiles: LogProfiles, border: Border) -> F64:
    """The vertical lines between two borders, the borders left out."""
    return profiles.strong[(profiles.strong > border[0] + 3) & (profiles.strong < border[1] - 3)]


def _ink(profiles: LogProfiles, col: float) -> float:
    at = int(np.clip(round(col), 0, len(profiles.rules) - 1))
    return float(profiles.rules[at])


def _worth(
    profiles: LogProfiles, rough: Border, border: Border, col_px: float, settings: DecodeSettings
) -> float:
    """How well two borders suit the marks, the ink and a grid between them."""
    gaps = (np.array(border) - rough) / (settings.place_cols * col_px + 0.5)
    ink = sum(np.log1p(_ink(profiles, col)) for col in border)
    fit = grid_fit(profiles, border)
    return float(
        settings.place_grid * fit + settings.place_ink * ink - 0.5 * float((gaps**2).sum())
    )


def grid_fit(profiles: LogProfiles, border: Border) -> float:
    """How well a grid fits between two borders, 0 to 1."""
    inside = (profiles.strong > border[0] - 5) & (profiles.strong < border[1] + 5)
    seen = grid.read_grid(profiles.strong[inside], *border, len(profiles.rules) / 400)
    return grid.plausibility(seen) if seen is not None else 0.0


def off_paper(
    spans: tuple[Span, ...],
    borders: tuple[Border, ...],
    profiles: LogProfiles,
) -> tuple[Border, ...]:
    """Borders that the paper cuts off, put where the divisions of the track want them."""
    usual = [b[1] - b[0] for s, b in zip(spans, borders) if s.kind == "curves" and _whole(s)]
    placed = list(borders)
    for place, (span, border) in enumerate(zip(spans, borders)):
        if span.kind != "curves" or _whole(span):
            continue
        inside = _inside(profiles, border)
        pitch = float(np.median(np.diff(inside))) if len(inside) > 3 else float("nan")
        left_off = not np.isfinite(span.left_odds)
        placed[place] = _completed(border, pitch, left_off, usual)
    return tuple(placed)


def _whole(span: Span) -> bool:
    return bool(np.isfinite(span.left_odds) and np.isfinite(span.right_odds))


def _completed(border: Border, pitch: float, left_off: bool, usual: list[float]) -> Border:
    """A track cut by the paper, to the width of another track or to ten or twenty divisions."""
    seen = border[1] - border[0]
    widths = [w * k for w in usual for k in (1, 2) if 0.97 * seen < w * k < 1.6 * seen]
    if np.isfinite(pitch) and pitch > 0:
        widths += [n * pitch for n in (10, 20) if seen < (n + 0.5) * pitch < 1.5 * seen + pitch]
    if not widths:
        return border
    width = min(widths, key=lambda w: abs(w - seen))
    return (border[1] - width, border[1]) if left_off else (border[0], border[0] + width)
