"""From what is given and what was read to the sections that are traced: the one place where both meet.

In: a `Sidecar` (or none), and a `PageReading` where the page had to be read. Out: `Section` values, checked
against the image, and findings about what is missing. What is given is used as it is; what it leaves out is
taken from the reading or reported, never made up.
Does not belong here: pixels, how anything is read, the sidecar's format.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace

from veernet_core.datatypes import (
    F64,
    CurveSpec,
    DepthAxis,
    DepthUnit,
    Doubt,
    Finding,
    Raster,
    Section,
    Source,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.errors import GeometryError
from veernet_core.page.known import missing
from veernet_core.page.known.additions import Additions, backups_named, with_additions
from veernet_core.page.known.curves import filled, read_curves, spec_of
from veernet_core.page.known.geometry import (
    array_of,
    geometry_of,
    middle_line,
    reference_line,
    require_anchors_on_page,
    require_on_page,
    rows_on_page,
)
from veernet_core.page.known.names import distinct_names, numbered_findings
from veernet_core.page.known.place import Placed, PlacedTrack, given_rows, place, prior_unit
from veernet_core.page.known.sidecar import (
    Sidecar,
    SidecarCurve,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.results import (
    CurveFound,
    DepthFound,
    HeaderFound,
    PageReading,
    Printed,
    SectionFound,
)

UNREAD = "UNREAD"
"""Mnemonic that stands for the curves of a track whose scale was not read."""
MIN_TRACK_CONFIDENCE = 0.25
"""A track's confidence is fitted on borders within 3 px, values need them within 2 % of the track: of 130
tracks of scans and drawn pages 13 of the 19 below this level had a border farther off, and 2 of the 25
between it and a half."""
_UNREAD_CURVE = CurveSpec(UNREAD, "FRAC", 0.0, 1.0, source="guess")
"""Position across the track, from 0 to 1: what is known of a curve without a scale."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """All that is known of a page before its curves are traced.

    ``dpi`` is (down, across), None where nobody gave or measured it; ``printed`` are the scales that were
    read for the page, by section and track.
    """

    well: WellInfo
    sections: tuple[Section, ...]
    dpi: tuple[float, float] | None
    findings: tuple[Finding, ...]
    printed: Printed = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Page:
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


@dataclass(frozen=True, slots=True)
class _Parts:
    """A track to be: its borders as ``[row, px]`` knots, given or read, and its curves, those without a
    scale as they are given; ``more`` is what was added to each, empty where nothing is given of them."""

    track_id: str
    left: F64
    right: F64
    curves: Sequence[CurveSpec | SidecarCurve]
    is_given: bool
    more: Sequence[Additions] = ()


def given_sections(
    given: Sidecar | None, raster: Raster, depth_unit: DepthUnit | None = None
) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
    """The sections that a sidecar gives, checked against the image; nothing is looked for on the page.

    A section without rows covers the whole scan; a section without anchors has ``depth`` None and the
    finding ``depth_unknown``; tracks without borders (``track_unknown``) and curves without a scale
    (``scale_unknown``) are dropped; sections to ``skip`` are left out; without a sidecar, or without
    sections in it, there are no sections and the finding ``no_geometry``.

    Parameters
    ----------
    given : Sidecar or None
    raster : Raster
        Only its size is used.
    depth_unit : 'ft', 'm' or None
        Unit of anchors that are given without one.

    Returns
    -------
    sections : tuple of Section
        ``reference_px`` is the centre of the depth column; else the left border of the first track with
        borders.
    findings : tuple of Finding

    Raises
    ------
    GeometryError
        A section or track outside the scan, or borders that cross. ``where`` names file and field. A
        border may lie off the paper as long as half of the track is on it: what is off is blank.
    """
    if given is None or not given.sections:
        return (), (Finding.of("no_geometry"),)
    page = _Page(raster, [])
    sections = tuple(
        _given_section(section, f"{given.name}: sections[{index}]", page, depth_unit)
        for index, section in enumerate(given.sections)
        if not section.skip
    )
    return sections, tuple(page.findings)


def read_sections(
    given: Sidecar | None,
    reading: PageReading,
    raster: Raster,
    *,
    name: str = "page",
    depth_unit: DepthUnit | None = None,
    min_confidence: float = 0.9,
) -> KnownPage:
    """The sections of a page that was read, with what is given in the place of what was read.

    Parameters
    ----------
    given : Sidecar or None
        Goes first, as it is.
    reading : PageReading
        Of the page as ``place`` left it.
    raster : Raster
        Upright; only its size is used.
    name : str
        For messages, where there is no sidecar.
    depth_unit : 'ft', 'm' or None
        Of anchors that are given without one.
    min_confidence : float
        A read value below it is a ``guess``.

    Returns
    -------
    KnownPage
        Every curve and depth carries its source. What was read and does not fit the page is dropped
        with a finding.

    Raises
    ------
    GeometryError
        What is given does not fit the page.
    """
    _, placed, unmatched = place(given, reading.layout, raster.height_px)
    page = _Page(raster, list(unmatched))
    where = given.name if given is not None else name
    unit = depth_unit or prior_unit(given)
    sections: list[Section] = []
    for index, p in enumerate(placed):
        has_rows = p.given is not None and given_rows(p.given) is not None
        at = f"{where}: sections[{index}]"
        with page.dropping(has_rows, p.found.section_id):
            sections.append(_read_section(p, reading, at, page, unit, min_confidence))
    if reading.layout.kind != "curve_log":
        page.findings.extend(missing.page_doubtful(p.found) for p in placed if p.given is None)
    if not sections:
        page.findings.append(Finding.of("no_geometry"))
    return KnownPage(
        _well(given.well if given is not None else WellInfo(), reading.header, min_confidence),
        tuple(sections),
        (given.dpi if given is not None else None) or reading.layout.dpi,
        tuple(page.findings),
        _by_track(placed, reading),
    )


def _by_track(placed: Sequence[Placed], reading: PageReading) -> Printed:
    """The scales of a reading, by the section and track that they were read for."""
    return {
        (section.found.section_id, track.track_id): _of_track(reading, section.found, track.index)
        for section in placed
        for track in section.tracks
    }


def _of_track(reading: PageReading, section: SectionFound, index: int) -> list[CurveFound]:
    place = (section.section_id, index)
    return [c for c in reading.curves if (c.section_id, c.track_index) == place]


def _well(given: WellInfo, header: HeaderFound, min_confidence: float) -> WellInfo:
    read = {
        f.name: str(header.fields[f.name].value)
        for f in fields(WellInfo)
        if not getattr(given, f.name)
        and f.name in header.fields
        and header.fields[f.name].confidence >= min_confidence
    }
    return replace(given, **read)


# ---- sections -------------------------------------------------------------------------------------


def _given_section(
    given: SidecarSection, where: str, page: _Page, depth_unit: DepthUnit | None
) -> Section:
    top = 0.0 if given.row_top is None else given.row_top
    bottom = float(page.raster.height_px) if given.row_bottom is None else given.row_bottom
    rows = rows_on_page(top, bottom, where, page.raster.height_px)
    depth = _given_depth(given, depth_unit, where, page)
    if depth is None:
        page.findings.append(missing.depth_unknown(given.section_id, given.depth))
    parts = _given_parts(given.tracks, given.section_id, page)
    tracks = _tracks(parts, given.section_id, rows, where, page)
    column = given.depth_column
    middle = None if column is None else middle_line(array_of(column[0]), array_of(column[1]))
    return Section(given.section_id, *rows, depth, tracks, reference_line(middle, tracks))


def _read_section(
    placed: Placed,
    reading: PageReading,
    where: str,
    page: _Page,
    unit: DepthUnit | None,
    min_confidence: float,
) -> Section:
    found, given = placed.found, placed.given
    section_id = found.section_id
    parts = [_read_parts(t, found, reading, min_confidence, page.findings) for t in placed.tracks]
    rows = rows_on_page(found.row_top, found.row_bottom, where, page.raster.height_px)
    depth = None
    read = reading.depths.get(section_id)
    if given is not None and given.depth is not None and given.depth.anchors:
        depth = _given_depth(given, unit or _sure_unit(read), where, page)
    elif read is not None:
        own = given.depth.unit if given is not None and given.depth is not None else None
        depth = _read_depth(read, own or unit, min_confidence)
    if depth is None:
        given_depth = given.depth if given is not None else None
        page.findings.append(missing.depth_unknown(section_id, given_depth))
    if given is not None:
        named = {part.track_id for part in parts}
        unseen = [track for track in given.tracks if track.track_id not in named]
        parts += _given_parts(unseen, section_id, page)
    tracks = _tracks(parts, section_id, rows, where, page)
    columns = [track for track in found.tracks if track.kind == "depth"]
    middle = middle_line(columns[0].left_knots, columns[0].right_knots) if columns else None
    doubts = [
        Doubt(missing.BORDERS_UNCERTAIN, t.track_id) for t in placed.tracks if _is_unsure(t, found)
    ]
    if reading.layout.kind != "curve_log" and given is None:
        doubts.append(Doubt(missing.PAGE_DOUBTFUL))
    line = reference_line(middle, tracks)
    return Section(section_id, *rows, depth, tracks, line, tuple(doubts))


def _is_unsure(placed: PlacedTrack, section: SectionFound) -> bool:
    """Whether a track's borders are uncertain."""
    return section.tracks[placed.index].confidence < MIN_TRACK_CONFIDENCE


# ---- depth ----------------------------------------------------------------------------------------


def _given_depth(
    section: SidecarSection, unit: DepthUnit | None, where: str, page: _Page
) -> DepthAxis | None:
    """The axis through given anchors; ``unit`` serves where none is given with them."""
    given = section.depth
    if given is None:
        return None
    by_person = given.source == "sidecar"
    if by_person:
        require_anchors_on_page(given.anchors, where, page.raster.height_px)
    unit = given.unit if given.unit is not None else unit
    if not given.anchors or unit is None:
        return None
    axis = None
    with page.dropping(by_person, section.section_id):
        try:
            axis = DepthAxis(unit, array_of(given.anchors), given.residual, given.source)
        except GeometryError as error:
            raise GeometryError(error.message, where=f"{where}.depth.anchors") from error
    return axis


def _read_depth(
    found: DepthFound, unit: DepthUnit | None, min_confidence: float
) -> DepthAxis | None:
    """The axis that was read, in the given unit."""
    if found.axis is None:
        return None
    sure = found.confidence >= min_confidence and (unit or found.unit_source != "guess")
    source: Source = "header" if sure else "guess"
    return DepthAxis(unit or found.axis.unit, found.axis.anchors, found.residual, source)


def _sure_unit(found: DepthFound | None) -> DepthUnit | None:
    """The unit that was read, not guessed."""
    if found is None or found.unit_source in (None, "guess"):
        return None
    return found.unit


# ---- tracks ---------------------------------------------------------------------------------------


def _given_parts(given: Iterable[SidecarTrack], section_id: str, page: _Page) -> list[_Parts]:
    """Tracks as given; those without borders are left out."""
    parts = []
    for track in given:
        if track.left_px is None or track.right_px is None:
            page.findings.append(missing.track_unknown(track, section_id))
            continue
        curves = [spec_of(curve) or curve for curve in track.curves or ()]
        borders = array_of(track.left_px), array_of(track.right_px)
        more = [curve.more for curve in track.curves or ()]
        parts.append(_Parts(track.track_id, *borders, curves, True, more))
    return parts


def _read_parts(
    placed: PlacedTrack,
    section: SectionFound,
    reading: PageReading,
    min_confidence: float,
    findings: list[Finding],
) -> _Parts:
    """A track that was found, with what is given of it."""
    found, given = section.tracks[placed.index], placed.given
    if _is_unsure(placed, section):
        findings.append(missing.borders_uncertain(section, placed.track_id, found.confidence))
    read = _of_track(reading, section, placed.index)
    curves: list[CurveSpec | SidecarCurve] = []
    more: list[Additions] = []
    if given is not None and given.curves is not None:
        curves += [filled(curve, read, min_confidence) for curve in given.curves]
        more += [curve.more for curve in given.curves]
    else:
        curves += read_curves(read, min_confidence)
        if not curves:
            curves.append(_UNREAD_CURVE)
            findings.append(missing.scale_unread(section, placed.track_id))
    is_given = given is not None and None not in (given.left_px, given.right_px)
    return _Parts(placed.track_id, found.left_knots, found.right_knots, curves, is_given, more)


def _tracks(
    parts: Sequence[_Parts], section_id: str, rows: tuple[float, float], where: str, page: _Page
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
            tracks.append(Track(geometry, curves))
    return tuple(tracks)


def _with_scale(
    part: _Parts,
    geometry: TrackGeometry,
    section_id: str,
    rows: tuple[float, float],
    where: str,
    page: _Page,
) -> tuple[CurveSpec, ...]:
    """The curves that have a scale, with what was added to them and under names of their own; the others
    are findings."""
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
