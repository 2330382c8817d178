"""Tracks that the layout missed and the print above the grid tells: two numbers at two lines, a name between.

In: a section, the print of its block and the raster. Out: the section with such tracks added. A scale's numbers
stand at the borders of its track, and borders run down the page: where both agree, and no track that was found
has scales of its own there, there is a track, whatever its grid looks like. It has little confidence: only a
sure scale at both its borders confirms them.
Does not belong here: tracks that show as such (`layout`), what the scales say (`binder`).
"""

from __future__ import annotations

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
    spans = _spans(rows, lines, dpi)
    tracks = list(section.tracks)
    for span in spans:
        tracks = _added(tracks, span, rows, section, dpi)
    if len(tracks) == len(section.tracks) and all(a is b for a, b in zip(tracks, section.tracks)):
        return section
    tracks.sort(key=lambda t: t.borders_at(section.row_top)[0])
    return replace(section, tracks=tuple(tracks))


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


def _spans(rows: Sequence[Sequence[Token]], lines: F64, dpi: Dpi) -> list[_Span]:
    """Spans between two lines with two numbers at them and a name between, those told by most rows first; none
    overlaps another.
    """
    votes: dict[_Span, int] = {}
    for row in rows:
        told = set()
        for a, b in zip(numbers := [t for t in row if t.is_number], numbers[1:]):
            left = _border(a.x0 - lines, lines, dpi)
            right = _border(lines - b.x1, lines, dpi)
            if left is None or right is None or right - left < _NARROWEST_IN * dpi.across:
                continue
            if any(a.x1 <= t.x0 and t.x1 <= b.x0 and _is_word(t) for t in row):
                told.add(_Span(left, right))
        for span in told:
            votes[span] = votes.get(span, 0) + 1
    out: list[_Span] = []
    for span in sorted(votes, key=lambda s: (-votes[s], s.right - s.left)):
        if all(span.shared(other) <= _SAME_IN * dpi.across for other in out):
            out.append(span)
    return out


def _border(away: F64, lines: F64, dpi: Dpi) -> float | None:
    """The line nearest to the outer edge of a number, ``away``: how far outside of it each line stands."""
    reach = _AT_BORDER_IN * dpi.across
    near = np.flatnonzero((away >= -reach / 4) & (away <= reach))
    return float(lines[near[np.argmin(np.abs(away[near]))]]) if len(near) else None


def _is_word(token: Token) -> bool:
    return sum(c.isalpha() for c in token.text) > 1


def _added(
    tracks: list[TrackFound],
    span: _Span,
    rows: Sequence[Sequence[Token]],
    section: SectionFound,
    dpi: Dpi,
) -> list[TrackFound]:
    """Tracks with that of a span, where none has scales there already."""
    own = [_Span(*t.borders_at(section.row_top)) for t in tracks]
    touched = [n for n, o in enumerate(own) if o.shared(span) > _SAME_IN * dpi.across]
    for n in touched:  # seen clearly, told by its own print, or a depth column: nothing is missing
        track = tracks[n]
        if track.kind != "curves" or track.confidence >= _SEEN or _has_scales(own[n], rows, dpi):
            return tracks
    guide = _guide(section)
    course = guide - np.array([0.0, px_at(guide, float(section.row_top))])
    new = TrackFound(
        course + np.array([0.0, span.left]),
        course + np.array([0.0, span.right]),
        "curves",
        confidence=CONFIDENCE,
    )
    out = [t for n, t in enumerate(tracks) if n not in touched]
    for n in touched:
        out += _rest(tracks[n], own[n], span, new, dpi)
    return [*out, new]


def _has_scales(track: _Span, rows: Sequence[Sequence[Token]], dpi: Dpi) -> bool:
    """Whether in some row numbers stand at both borders of a track, whatever stands between them."""
    reach = _AT_BORDER_IN * dpi.across
    return any(
        any(t.is_number and -reach / 2 <= t.x0 - track.left <= reach for t in row)
        and any(t.is_number and -reach / 2 <= track.right - t.x1 <= reach for t in row)
        for row in rows
    )


def _rest(
    track: TrackFound, own: _Span, span: _Span, new: TrackFound, dpi: Dpi
) -> list[TrackFound]:
    """What a new track leaves of one that was found, where it is wide enough to be one."""
    least = _NARROWEST_IN * dpi.across
    bare = replace(
        track, scale=None, divisions=None, decades=None, decade_start=None, middle_knots=None
    )
    out = []
    if span.left - own.left >= least:
        out.append(replace(bare, right_knots=new.left_knots, confidence=CONFIDENCE))
    if own.right - span.right >= least:
        out.append(replace(bare, left_knots=new.right_knots, confidence=CONFIDENCE))
    return out
