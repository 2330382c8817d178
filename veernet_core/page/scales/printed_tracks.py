"""Tracks that the layout missed and the print above the grid tells: two numbers at two lines, a name between.

In: a section, the print of its block and the raster. Out: the section with such tracks added. A scale's numbers
stand at the borders of its track, and borders run down the page: where both agree, and no track that was found
has scales of its own there, there is a track, whatever its grid looks like. It has little confidence: only a
sure scale at both its borders confirms them.
Does not belong here: tracks that show as such (`layout`), what the scales say (`binder`).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64, Dpi, Raster, px_at
from veernet_core.page.results import SectionFound, TextBox, TrackFound
from veernet_core.page.scales.tokens import Token, read_tokens

_BANDS, _BAND_ROWS = 24, 32
"""Where down a section lines are looked for."""
_DARK, _RULED, _HELD = 80, 0.9, 0.6
"""Ink of a line, of 255; its share of the rows of a band; share of the bands in which it is seen."""
_STRAY_IN = 0.015
"""How far a line may stray from its course."""
_AT_BORDER_IN = 0.12
"""Farthest that a number stands from the border whose value it is."""
_NARROWEST_IN = 0.3
"""The narrowest track that holds two numbers and a name."""
_SAME_IN = 0.06
"""Borders so near each other are one."""
_CLEAR, _SEEN = 0.8, 0.5
"""Confidence of print that tells tracks, and of tracks that it does not change."""
CONFIDENCE = 0.2
"""Of a track that only print and two lines tell: below what borders need to be certain without a sure scale."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Two lines, columns at the first row of the section."""

    left: float
    right: float

    def shared(self, other: _Span) -> float:
        """Columns that both cover."""
        return max(0.0, min(self.right, other.right) - max(self.left, other.left))


def with_printed_tracks(
    raster: Raster, section: SectionFound, boxes: Sequence[TextBox], dpi: Dpi
) -> SectionFound:
    """A section with the tracks that only its print and its lines tell.

    Parameters
    ----------
    raster : Raster
    section : SectionFound
    boxes : sequence of TextBox
        Print of its block, in page pixels.
    dpi : Dpi
        Of the page.

    Returns
    -------
    SectionFound
        The same where nothing is missing; else with tracks from left to right. A track that was found without
        scales at its borders makes room, and what is left of it stays if it is wide enough.
    """
    level = [b for b in boxes if b.turned_deg == 0]
    rows = _rows(read_tokens(level, 0.0, raster.width_px / 2))
    if not rows:
        return section
    lines = np.array(_lines(raster, section, dpi))
    told = [_told(row, lines, dpi) for row in rows]
    own = [_Span(*t.borders_at(section.row_top)) for t in section.tracks]
    slack = _SAME_IN * dpi.across
    # seen clearly, told by its own print, or a depth column: nothing is missing there
    kept = [
        t.kind != "curves" or t.confidence >= _SEEN or _has_scales(o, rows, told, dpi)
        for t, o in zip(section.tracks, own, strict=True)
    ]
    spans = [
        span
        for span in _spans(told, dpi)
        if not any(is_kept and o.shared(span) > slack for o, is_kept in zip(own, kept, strict=True))
    ]
    if not spans:
        return section
    tracks: list[TrackFound] = []
    for track, o in zip(section.tracks, own, strict=True):
        if any(o.shared(span) > slack for span in spans):
            rest = _rest(o, spans, _NARROWEST_IN * dpi.across)
            tracks += [_track(span, section) for span in rest]
        else:
            tracks.append(track)
    tracks += [_track(span, section) for span in spans]
    tracks.sort(key=lambda t: t.borders_at(section.row_top)[0])
    return replace(section, tracks=tuple(tracks))


def _track(span: _Span, section: SectionFound) -> TrackFound:
    """A track of curves whose borders run as those of the section do."""
    guide = _guide(section)
    course = guide - np.array([0.0, px_at(guide, float(section.row_top))])
    left, right = (course + np.array([0.0, at]) for at in (span.left, span.right))
    return TrackFound(left, right, "curves", confidence=CONFIDENCE)


def _rest(track: _Span, spans: Sequence[_Span], least: float) -> list[_Span]:
    """What new tracks leave of one that was found, where it is wide enough to be one."""
    inside = sorted((s for s in spans if s.shared(track) > 0), key=lambda s: s.left)
    starts = [track.left, *(s.right for s in inside)]
    stops = [*(s.left for s in inside), track.right]
    return [_Span(a, b) for a, b in zip(starts, stops, strict=True) if b - a >= least]


def _lines(raster: Raster, section: SectionFound, dpi: Dpi) -> list[float]:
    """Columns of the lines that run down a section, where they begin."""
    guide = _guide(section)
    top = max(0, round(section.row_top))
    last = min(raster.height_px, round(section.row_bottom)) - _BAND_ROWS
    if last <= top:
        return []
    seen = np.zeros(raster.width_px + 1)
    starts = np.unique(np.linspace(top, last, _BANDS).astype(int))
    for row in starts:
        dark = raster.read_ink(int(row), int(row) + _BAND_ROWS) >= _DARK
        ruled = dark.mean(axis=0) >= _RULED
        edges = np.flatnonzero(np.diff(np.concatenate([[False], ruled, [False]]).astype(np.int8)))
        moved = px_at(guide, row) - px_at(guide, float(section.row_top))
        for first, stop in edges.reshape(-1, 2):
            at = round((first + stop - 1) / 2 - moved)
            if 0 <= at < len(seen):
                seen[at] += 1
    stray = max(1, round(_STRAY_IN * dpi.across))
    near = np.convolve(seen, np.ones(2 * stray + 1), mode="same")
    out: list[float] = []
    while near.max(initial=0.0) >= _HELD * len(starts):
        best = int(near.argmax())
        cols = np.arange(max(0, best - stray), min(len(seen), best + stray + 1))
        out.append(float(np.average(cols, weights=seen[cols])))
        near[max(0, best - 2 * stray) : best + 2 * stray + 1] = 0.0
    return sorted(out)


def _guide(section: SectionFound) -> F64:
    """A border whose course the lines of the section share; straight where no track was found."""
    if not section.tracks:
        return np.array([[section.row_top, 0.0]])
    return max(section.tracks, key=lambda t: t.confidence).left_knots


def _rows(tokens: Sequence[Token]) -> list[list[Token]]:
    """Clear print by rows, from left to right; only rows with two numbers."""
    clear = sorted((t for t in tokens if t.confidence >= _CLEAR), key=lambda t: t.y)
    out: list[list[Token]] = []
    for token in clear:
        if out and token.y - out[-1][-1].y < 0.4 * token.height:
            out[-1].append(token)
        else:
            out.append([token])
    return [sorted(row, key=lambda t: t.x0) for row in out if sum(t.is_number for t in row) > 1]


def _spans(told: Sequence[set[_Span]], dpi: Dpi) -> list[_Span]:
    """Spans between two lines with two numbers at them and a name between, those told by most rows first; none
    overlaps another.
    """
    votes = Counter(span for spans in told for span in spans)
    out: list[_Span] = []
    for span in sorted(votes, key=lambda s: (-votes[s], s.right - s.left)):
        if all(span.shared(other) <= _SAME_IN * dpi.across for other in out):
            out.append(span)
    return out


def _told(row: Sequence[Token], lines: F64, dpi: Dpi) -> set[_Span]:
    """Spans of the scales of a row: two numbers next to each other, each at a line, with a word between. The
    numbers beside them belong to other scales of the row: one that does not is in the middle of a scale.
    """
    numbers = [t for t in row if t.is_number]
    pairs: dict[int, _Span] = {}
    for n, (a, b) in enumerate(itertools.pairwise(numbers)):
        left = _border(a.x0 - lines, lines, dpi)
        right = _border(lines - b.x1, lines, dpi)
        if left is None or right is None or right - left < _NARROWEST_IN * dpi.across:
            continue
        if any(a.x1 <= t.x0 and t.x1 <= b.x0 and _is_word(t) for t in row):
            pairs[n] = _Span(left, right)
    last = len(numbers) - 1
    return {
        span
        for n, span in pairs.items()
        if (n == 0 or n - 2 in pairs) and (n + 1 == last or n + 2 in pairs)
    }


def _border(away: F64, lines: F64, dpi: Dpi) -> float | None:
    """The line nearest to the outer edge of a number, ``away``: how far outside of it each line stands."""
    reach = _AT_BORDER_IN * dpi.across
    near = np.flatnonzero((away >= -reach / 4) & (away <= reach))
    return float(lines[near[np.argmin(np.abs(away[near]))]]) if len(near) else None


def _is_word(token: Token) -> bool:
    return sum(c.isalpha() for c in token.text) > 1


def _has_scales(
    track: _Span, rows: Sequence[Sequence[Token]], told: Sequence[set[_Span]], dpi: Dpi
) -> bool:
    """Whether in some row numbers stand at both borders of a track, and no scale of less of it."""
    reach, same = _AT_BORDER_IN * dpi.across, _SAME_IN * dpi.across
    for row, spans in zip(rows, told, strict=True):
        numbers = [t for t in row if t.is_number]
        at_left = any(-reach / 2 <= t.x0 - track.left <= reach for t in numbers)
        at_right = any(-reach / 2 <= track.right - t.x1 <= reach for t in numbers)
        width = track.right - track.left - same
        inside = (s for s in spans if s.shared(track) > same)
        if at_left and at_right and all(s.right - s.left >= width for s in inside):
            return True
    return False
