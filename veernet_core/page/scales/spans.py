"""Scales that span two tracks, or a part of one, as tracks of their own.

In: the layout and the curves bound to it. Out: the same with a track for every other span; two tracks that only
share scales are one, and a double track of which no scale tells the whole, but some a half, is two. Does not
belong here: which span a scale has (`binder`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, px_at
from veernet_core.page.results import CurveFound, PageLayout, SectionFound, TrackFound
from veernet_core.page.scales.halves import DOUBLE

_MIDDLE = 0.5
_HALVES = ((0.0, _MIDDLE), (_MIDDLE, 1.0))
_LIKELY = 0.5
Span = tuple[int, int, tuple[float, float] | None]
"""First and last track of a scale, and the shares of the first between which it lies."""


def with_spans(
    layout: PageLayout, curves: Sequence[CurveFound]
) -> tuple[PageLayout, tuple[CurveFound, ...]]:
    """Give every scale a track that it spans from border to border.

    Parameters
    ----------
    layout : PageLayout
    curves : sequence of CurveFound
        Their ``track_index``, ``last_track`` and ``part`` say what they span.

    Returns
    -------
    PageLayout, tuple of CurveFound
        Curves span exactly the track of their ``track_index``.
    """
    sections, out = [], []
    for section in layout.sections:
        own = [c for c in curves if c.section_id == section.section_id]
        section, own = _section(section, own)
        sections.append(section)
        out += own
    return replace(layout, sections=tuple(sections)), tuple(out)


def _section(
    section: SectionFound, curves: Sequence[CurveFound]
) -> tuple[SectionFound, list[CurveFound]]:
    tracks = list(section.tracks)
    spans: dict[Span, int] = {}
    bound = []
    for curve in curves:
        last = curve.track_index if curve.last_track is None else curve.last_track
        key = (curve.track_index, last, curve.part)
        if last == curve.track_index and curve.part is None:
            bound.append(curve)
            continue
        if key not in spans:
            spans[key] = len(tracks)
            tracks.append(_spanned(section.tracks[key[0]], section.tracks[last], curve.part))
        bound.append(replace(curve, track_index=spans[key], last_track=None, part=None))
    halved = _halved(section, spans, bound)
    for index in halved:
        for part in _HALVES:
            if (index, index, part) not in spans:
                spans[index, index, part] = len(tracks)
                tracks.append(_spanned(section.tracks[index], section.tracks[index], part))
    unused = {*halved, *_shared(spans)} - {curve.track_index for curve in bound}
    return _without(replace(section, tracks=tuple(tracks)), bound, unused)


def _halved(
    section: SectionFound, spans: Mapping[Span, int], curves: Sequence[CurveFound]
) -> list[int]:
    """Tracks of twenty divisions of which no scale tells the whole, but one a half: two tracks of ten.

    That scale is likelier right than wrong; over the whole any speaks against it.
    """
    whole = {*_shared(spans), *(curve.track_index for curve in curves)}
    likely = {c.track_index for c in curves if c.left.confidence >= _LIKELY}
    halves = {first for (first, _, part), k in spans.items() if part in _HALVES and k in likely}
    halves -= whole
    return [i for i in sorted(halves) if section.tracks[i].divisions == DOUBLE]


def _spanned(first: TrackFound, last: TrackFound, part: tuple[float, float] | None) -> TrackFound:
    confidence = min(first.confidence, last.confidence)
    left, right = first.left_knots, last.right_knots
    if part is None:
        return TrackFound(left, right, "curves", confidence=confidence)
    return TrackFound(
        _at_share(first, right, part[0]), _at_share(first, right, part[1]), "curves",
        first.scale, confidence=confidence,
    )  # fmt: skip


def _at_share(track: TrackFound, right: F64, share: float) -> F64:
    """A border at a share of a track's width: in the middle on the line printed there."""
    if share == _MIDDLE and track.middle_knots is not None:
        return track.middle_knots
    return _between(track.left_knots, right, share)


def _between(left: F64, right: F64, share: float) -> F64:
    """A border at a share of the way from one border to another, knots [n, 2]."""
    rows = np.union1d(left[:, 0], right[:, 0])
    a, b = px_at(left, rows), px_at(right, rows)
    knots: F64 = np.stack([rows, a + share * (b - a)], axis=1)
    return knots


def _shared(spans: Iterable[Span]) -> set[int]:
    """Tracks that lie under a scale over two tracks."""
    return {i for first, last, part in spans if part is None for i in range(first, last + 1)}


def _without(
    section: SectionFound, curves: Sequence[CurveFound], dropped: Collection[int]
) -> tuple[SectionFound, list[CurveFound]]:
    """A section without some of its tracks, none of which has scales of its own."""
    kept = [i for i in range(len(section.tracks)) if i not in dropped]
    place = {old: new for new, old in enumerate(kept)}
    return (
        replace(section, tracks=tuple(section.tracks[i] for i in kept)),
        [replace(c, track_index=place[c.track_index]) for c in curves],
    )
