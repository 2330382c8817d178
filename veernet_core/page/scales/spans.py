"""Scales that span two tracks, or a part of one, as tracks of their own.

In: the layout and the curves bound to it. Out: the same with a track for every other span; two tracks that only
share scales are one. Does not belong here: which span a scale has (`binder`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, px_at
from veernet_core.page.results import CurveFound, PageLayout, SectionFound, TrackFound


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
    spans: dict[tuple[int, int, tuple[float, float] | None], int] = {}
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
    return _without_shared(replace(section, tracks=tuple(tracks)), bound, spans)


def _spanned(first: TrackFound, last: TrackFound, part: tuple[float, float] | None) -> TrackFound:
    confidence = min(first.confidence, last.confidence)
    left, right = first.left_knots, last.right_knots
    if part is None:
        return TrackFound(left, right, "curves", confidence=confidence)
    return TrackFound(
        _between(left, right, part[0]), _between(left, right, part[1]), "curves",
        first.scale, confidence=confidence,
    )  # fmt: skip


def _between(left: F64, right: F64, share: float) -> F64:
    """A border at a share of the way from one border to another, knots [n, 2]."""
    rows = np.union1d(left[:, 0], right[:, 0])
    a, b = px_at(left, rows), px_at(right, rows)
    knots: F64 = np.stack([rows, a + share * (b - a)], axis=1)
    return knots


def _without_shared(
    section: SectionFound,
    curves: Sequence[CurveFound],
    spans: dict[tuple[int, int, tuple[float, float] | None], int],
) -> tuple[SectionFound, list[CurveFound]]:
    """Drop tracks without scales of their own that lie under a scale over two tracks."""
    used = {c.track_index for c in curves}
    shared = {
        i
        for first, last, part in spans
        if part is None
        for i in range(first, last + 1)
        if i not in used
    }
    kept = [i for i in range(len(section.tracks)) if i not in shared]
    place = {old: new for new, old in enumerate(kept)}
    return (
        replace(section, tracks=tuple(section.tracks[i] for i in kept)),
        [replace(c, track_index=place[c.track_index]) for c in curves],
    )
