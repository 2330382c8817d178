"""From what is given and what was read to the sections that are traced: the one place where both meet.

In: a `Sidecar` (or none), and a `PageReading` where the page had to be read. Out: `Section` values, checked
against the image, and findings about what is missing. What is given is used as it is; what it leaves out is
taken from the reading or reported, never made up.
Does not belong here: pixels, how anything is read, the sidecar's format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

from veernet_core.datatypes import (
    DepthUnit,
    Doubt,
    Dpi,
    Finding,
    Raster,
    Section,
    WellInfo,
)
from veernet_core.page.known import missing
from veernet_core.page.known.depths import given_axis, read_axis, sure_unit
from veernet_core.page.known.geometry import (
    array_of,
    middle_line,
    reference_line,
    rows_on_page,
)
from veernet_core.page.known.on_page import require_given_on_page
from veernet_core.page.known.place import Placed, given_rows, place, prior_unit
from veernet_core.page.known.sidecar import (
    Sidecar,
    SidecarSection,
)
from veernet_core.page.known.tracks import (
    PageCheck,
    checked_tracks,
    given_parts,
    is_unsure,
    of_track,
    read_parts,
)
from veernet_core.page.results import (
    HeaderFound,
    PageReading,
    Printed,
)


@dataclass(frozen=True, slots=True)
class KnownPage:
    """All that is known of a page before its curves are traced.

    ``dpi`` is (down, across), None where nobody gave or measured it; ``printed`` are the scales that were
    read for the page, by section and track.
    """

    well: WellInfo
    sections: tuple[Section, ...]
    dpi: Dpi | None
    findings: tuple[Finding, ...]
    printed: Printed = field(default_factory=dict)


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
    page = PageCheck(raster, [])
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
    page = PageCheck(raster, list(unmatched))
    where = given.name if given is not None else name
    unit = depth_unit or prior_unit(given)
    sections: list[Section] = []
    for index, p in enumerate(placed):
        has_rows = p.given is not None and given_rows(p.given) is not None
        at = f"{where}: sections[{index}]"
        if p.given is not None:
            require_given_on_page(p.given, at, (raster.height_px, raster.width_px))
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
        (section.found.section_id, track.track_id): of_track(reading, section.found, track.index)
        for section in placed
        for track in section.tracks
    }


def _well(given: WellInfo, header: HeaderFound, min_confidence: float) -> WellInfo:
    read = {
        f.name: _as_text(header.fields[f.name].value)
        for f in fields(WellInfo)
        if not getattr(given, f.name)
        and f.name in header.fields
        and header.fields[f.name].confidence >= min_confidence
    }
    return replace(given, **read)


def _as_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _given_section(
    given: SidecarSection, where: str, page: PageCheck, depth_unit: DepthUnit | None
) -> Section:
    top = 0.0 if given.row_top is None else given.row_top
    bottom = float(page.raster.height_px) if given.row_bottom is None else given.row_bottom
    rows = rows_on_page(top, bottom, where, page.raster.height_px)
    require_given_on_page(given, where, (page.raster.height_px, page.raster.width_px))
    depth = given_axis(given, depth_unit, where, page)
    if depth is None:
        page.findings.append(missing.depth_unknown(given.section_id, given.depth))
    parts = given_parts(given.tracks, given.section_id, page)
    tracks = checked_tracks(parts, given.section_id, rows, where, page)
    column = given.depth_column
    middle = None if column is None else middle_line(array_of(column[0]), array_of(column[1]))
    return Section(given.section_id, *rows, depth, tracks, reference_line(middle, tracks))


def _read_section(
    placed: Placed,
    reading: PageReading,
    where: str,
    page: PageCheck,
    unit: DepthUnit | None,
    min_confidence: float,
) -> Section:
    found, given = placed.found, placed.given
    section_id = found.section_id
    parts = [read_parts(t, found, reading, min_confidence, page) for t in placed.tracks]
    rows = rows_on_page(found.row_top, found.row_bottom, where, page.raster.height_px)
    depth = None
    read = reading.depths.get(section_id)
    if given is not None and given.depth is not None and given.depth.anchors:
        depth = given_axis(given, unit or sure_unit(read), where, page)
    elif read is not None:
        own = given.depth.unit if given is not None and given.depth is not None else None
        depth = read_axis(read, own or unit, min_confidence)
    if depth is None:
        given_depth = given.depth if given is not None else None
        page.findings.append(missing.depth_unknown(section_id, given_depth))
    if given is not None:
        named = {part.track_id for part in parts}
        unseen = [track for track in given.tracks if track.track_id not in named]
        parts += given_parts(unseen, section_id, page)
    tracks = checked_tracks(parts, section_id, rows, where, page)
    columns = [track for track in found.tracks if track.kind == "depth"]
    middle = middle_line(columns[0].left_knots, columns[0].right_knots) if columns else None
    doubts = [
        Doubt(missing.BORDERS_UNCERTAIN, t.track_id)
        for t in placed.tracks
        if is_unsure(
            t, found, of_track(reading, found, t.index), min_confidence, page.raster.width_px
        )
    ]
    if reading.layout.kind != "curve_log" and given is None:
        doubts.append(Doubt(missing.PAGE_DOUBTFUL))
    line = reference_line(middle, tracks)
    refused = read.suggested if read is not None and depth is None else None
    return Section(section_id, *rows, depth, tracks, line, tuple(doubts), depth_refused=refused)
