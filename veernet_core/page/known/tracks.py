"""From given and read borders to the tracks of a section, with those of their curves that have a scale.

In: tracks of a `Sidecar`, of a `PageReading`, or both. Out: `Track` values, checked against the image, and
findings about what is missing. Does not belong here: which track of the two is which (`place`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from veernet_core.datatypes import (
    F64,
    CurveSpec,
    Finding,
    Raster,
    Track,
    TrackGeometry,
)
from veernet_core.errors import GeometryError
from veernet_core.page.known import missing
from veernet_core.page.known.additions import Additions, backups_named, with_additions
from veernet_core.page.known.curves import filled, read_curves, read_values, source_of, spec_of
from veernet_core.page.known.geometry import (
    EDGE_SLACK_PX,
    array_of,
    geometry_of,
    require_on_page,
)
from veernet_core.page.known.names import distinct_names, numbered_findings
from veernet_core.page.known.place import PlacedTrack
from veernet_core.page.known.sidecar import (
    SidecarCurve,
    SidecarTrack,
)
from veernet_core.page.known.unnamed import UNREAD, not_drawn, unread_curves
from veernet_core.page.results import (
    CurveFound,
    PageReading,
    SectionFound,
    TrackFound,
)

MIN_TRACK_CONFIDENCE = 0.25
"""A track's confidence is fitted on borders within 3 px, values need them within 2 % of the track: of 130
tracks of scans and drawn pages 13 of the 19 below this level had a border farther off, and 2 of the 25
between it and a half."""
_UNREAD_CURVE = CurveSpec(UNREAD, "FRAC", 0.0, 1.0, source="guess")
"""Position across the track, from 0 to 1: what is known of a curve without a scale."""


@dataclass(frozen=True, slots=True)
class PageCheck:
    """What the parts of a page are checked against, and where findings about them are collected."""

    raster: Raster
    findings: list[Finding]

    @contextlib.contextmanager
    def dropping(
        self, is_given: bool, section_id: str, track_id: str | None = None
    ) -> Iterator[None]:
        """What a person gives wrongly is an error; what was read wrongly is dropped, with a finding."""
        try:
            yield
        except GeometryError as error:
            if is_given:
                raise
            self.findings.append(missing.reading_dropped(error.message, section_id, track_id))


_ONE_OFF = (9, 11)
"""Divisions of a linear track whose border stands one off: 139 of 153 read by eye have tens, one eleven."""
_SLACK = 0.02
"""Share of a track's width by which a border may be off."""


@dataclass(frozen=True, slots=True)
class TrackParts:
    """A track to be: its borders as ``[row, px]`` knots, given or read, and its curves, those without a
    scale as they are given; ``more`` is what was added to each, empty where nothing is given of them;
    ``borders_confirmed`` as of `Track`.
    """

    track_id: str
    left: F64
    right: F64
    curves: Sequence[CurveSpec | SidecarCurve]
    is_given: bool
    more: Sequence[Additions] = ()
    borders_confirmed: bool = False


def of_track(reading: PageReading, section: SectionFound, index: int) -> list[CurveFound]:
    """The curves that were read in a track."""
    place = (section.section_id, index)
    return [c for c in reading.curves if (c.section_id, c.track_index) == place]


def is_unsure(
    placed: PlacedTrack,
    section: SectionFound,
    read: Sequence[CurveFound],
    min_confidence: float,
    width_px: int,
) -> bool:
    """Whether a track's borders are uncertain: numbers that surely are the ends of its scales stand at its
    borders and confirm them, be it each at one half of the track. Of 101 tracks with such a scale, five of them
    below ``MIN_TRACK_CONFIDENCE``, the borders of one were off by more than 2 % of the track. Of a linear grid
    with nine or eleven divisions a border stands one off, and nothing confirms it; nor does anything confirm a
    border that lies off the paper.
    """
    found = section.tracks[placed.index]
    if found.divisions in _ONE_OFF:
        return True
    if not _has_borders(placed.given) and _runs_off(found, width_px):
        return True
    if found.confidence >= MIN_TRACK_CONFIDENCE:
        return False
    own = [c for c in read if c.last_track in (None, c.track_index)]
    sure = [c for c in own if source_of(read_values(c), min_confidence) == "header"]
    spans = [c.part or (0.0, 1.0) for c in sure]
    return not (any(left == 0 for left, _ in spans) and any(right == 1 for _, right in spans))


def _has_borders(given: SidecarTrack | None) -> bool:
    return given is not None and None not in (given.left_px, given.right_px)


def _runs_off(track: TrackFound, width_px: int) -> bool:
    """Whether a border lies off the paper, by more than values may be off."""
    slack = max(EDGE_SLACK_PX, _SLACK * float(track.right_knots[0, 1] - track.left_knots[0, 1]))
    left, right = track.left_knots[:, 1].min(), track.right_knots[:, 1].max()
    return bool(left < -slack or right > width_px - 1 + slack)


def given_parts(
    given: Iterable[SidecarTrack], section_id: str, page: PageCheck
) -> list[TrackParts]:
    """Tracks as given; those without borders are left out."""
    parts = []
    for track in given:
        if track.left_px is None or track.right_px is None:
            page.findings.append(missing.track_unknown(track, section_id))
            continue
        curves = [spec_of(curve) or curve for curve in track.curves or ()]
        borders = array_of(track.left_px), array_of(track.right_px)
        more = [curve.more for curve in track.curves or ()]
        confirmed = track.borders_confirmed
        parts.append(TrackParts(track.track_id, *borders, curves, True, more, confirmed))
    return parts


def read_parts(
    placed: PlacedTrack,
    section: SectionFound,
    reading: PageReading,
    min_confidence: float,
    page: PageCheck,
) -> TrackParts:
    """A track that was found, with what is given of it."""
    found, given, findings = section.tracks[placed.index], placed.given, page.findings
    read = of_track(reading, section, placed.index)
    if is_unsure(placed, section, read, min_confidence, page.raster.width_px):
        findings.append(missing.borders_uncertain(section, placed.track_id, found.confidence))
    curves: list[CurveSpec | SidecarCurve] = []
    more: list[Additions] = []
    if given is not None and given.curves is not None:
        names = [curve.mnemonic.upper() for curve in given.curves]
        curves += [
            filled(curve, read, min_confidence, names[:index].count(names[index]))
            for index, curve in enumerate(given.curves)
        ]
        more += [curve.more for curve in given.curves]
    else:
        curves += read_curves(read, min_confidence)
        unread = unread_curves(reading, section, placed.index)
        if not curves:
            findings.append(missing.scale_unread(section, placed.track_id))
        elif unread:
            findings.append(missing.pen_unnamed(section, placed.track_id, unread))
        curves += unread or ([] if curves else [_UNREAD_CURVE])
    for curve in not_drawn(reading, section, read):
        findings.append(missing.not_drawn(section, placed.track_id, curve))
    is_given = _has_borders(given)
    borders = found.left_knots, found.right_knots
    confirmed = given is not None and given.borders_confirmed
    return TrackParts(placed.track_id, *borders, curves, is_given, more, confirmed)


def checked_tracks(
    parts: Sequence[TrackParts],
    section_id: str,
    rows: tuple[float, float],
    where: str,
    page: PageCheck,
) -> tuple[Track, ...]:
    """Tracks checked against the page, with those of their curves that have a scale."""
    tracks = []
    width_px = page.raster.width_px
    for index, part in enumerate(parts):
        at = f"{where}.tracks[{index}]"
        with page.dropping(part.is_given, section_id, part.track_id):
            geometry = geometry_of(part.track_id, part.left, part.right, at)
            if require_on_page(geometry, rows, at, width_px):
                page.findings.append(missing.border_off_page(geometry, rows, width_px, section_id))
            curves = _with_scale(part, geometry, section_id, rows, at, page)
            tracks.append(Track(geometry, curves, part.borders_confirmed))
    return tuple(tracks)


def _with_scale(
    part: TrackParts,
    geometry: TrackGeometry,
    section_id: str,
    rows: tuple[float, float],
    where: str,
    page: PageCheck,
) -> tuple[CurveSpec, ...]:
    """The curves that have a scale, with what was added to them and under names of their own; the others
    are findings.
    """
    out: list[CurveSpec] = []
    leads: list[str] = []
    for curve, more in zip(part.curves, part.more or [Additions()] * len(part.curves)):
        if isinstance(curve, CurveSpec):
            out.append(with_additions(curve, more, geometry, rows, where))
            leads.append(more.backup_of)
        else:
            page.findings.append(missing.scale_unknown(curve, section_id, part.track_id))
    out = backups_named(out, leads, where)
    named = distinct_names(out)
    page.findings.extend(numbered_findings(out, named, section_id, part.track_id))
    return tuple(named)
