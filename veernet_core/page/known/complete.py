"""What a sidecar states and what was read from the page, made one.

In: a `Sidecar` (or none) and a `PageLayout` or `PageReading`. Out: for ``place``, the layout with the
stated geometry in it, so that text, scales and depth are read where the person says the tracks are; for
``complete``, a `Sidecar` with nothing left out that could be read. What is stated is used as given and
goes first; sections and tracks are matched by identity or by overlap, so that one correction needs
nothing else stated.
Does not belong here: pixels, and how anything is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, count

import numpy as np

from veernet_core.datatypes import F64, DepthUnit, Finding, Source, WellInfo
from veernet_core.page.known.sidecar import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.results import (
    CurveFound,
    DepthFound,
    HeaderFound,
    PageLayout,
    PageReading,
    SectionFound,
    Stated,
    TrackFound,
)

LOGGED = ("main", "repeat")
"""Kinds of sections that are digitised."""
BORDERS_UNCERTAIN = "borders_uncertain"
"""Code of the finding about a track whose borders may be wrong; its curves are not accepted."""
PAGE_DOUBTFUL = "page_doubtful"
"""Code of the finding about a section of a page that may be no curve log; nothing on it is accepted."""
UNREAD = "UNREAD"
"""Mnemonic that stands for the curves of a track whose scale was not read."""
MIN_TRACK_CONFIDENCE = 0.5
_SAME_ROWS, _SAME_COLUMNS = 0.5, 0.3
"""Shared extent, in units of the smaller one, from which two sections or tracks are the same."""
_SAME_BORDER = 0.05
"""How far apart borders of one track may be found, in its widths."""


@dataclass(frozen=True, slots=True)
class PlacedTrack:
    """A track of a placed section: its name, its index among the section's, and what is stated of it."""

    track_id: str
    index: int
    stated: SidecarTrack | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A section to be digitised: where it is, and what is stated of it. ``tracks`` show curves."""

    found: SectionFound
    stated: SidecarSection | None
    tracks: tuple[PlacedTrack, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a sidecar leaves to be found on the image."""

    layout: bool
    depth: bool
    scales: bool

    @property
    def anything(self) -> bool:
        """Whether the page must be looked at."""
        return self.layout or self.depth or self.scales


def missing(stated: Sidecar | None, unit: DepthUnit | None) -> Needs:
    """What is left out of a sidecar; ``unit`` serves anchors that are stated without one."""
    sections = () if stated is None else tuple(s for s in stated.sections if not s.skip)
    if not sections:
        return Needs(True, True, True)
    tracks = [track for section in sections for track in section.tracks]
    curves = [curve for track in tracks for curve in track.curves or ()]
    return Needs(
        layout=any(not section.tracks for section in sections)
        or any(track.left_px is None or track.right_px is None for track in tracks),
        depth=any(not _has_depth(section, unit) for section in sections),
        scales=any(track.curves is None for track in tracks)
        or any(curve.left is None or curve.right is None for curve in curves)
        or any(not section.tracks for section in sections),
    )


def _has_depth(section: SidecarSection, unit: DepthUnit | None) -> bool:
    depth = section.depth
    return depth is not None and bool(depth.anchors) and (depth.unit or unit) is not None


def is_prior(section: SidecarSection) -> bool:
    """Whether all a section says is the logged range, as an archive's index does."""
    depth = section.depth
    return (
        depth is not None
        and not (depth.anchors or section.tracks or section.skip)
        and section.row_top is None
        and section.row_bottom is None
        and section.depth_column is None
    )


# ---- geometry -------------------------------------------------------------------------------------


def place(
    stated: Sidecar | None, layout: PageLayout, height_px: int
) -> tuple[PageLayout, tuple[Placed, ...], tuple[Finding, ...]]:
    """Put the stated geometry into a layout.

    Stated sections replace what they overlap (or what bears their name, where they state no rows);
    within them stated tracks replace what they overlap. The result placed again is the same.

    Parameters
    ----------
    stated : Sidecar or None
    layout : PageLayout
    height_px : int
        Of the page; a section that states no rows and matches none covers it.

    Returns
    -------
    layout : PageLayout
    placed : tuple of Placed
        Sections to be digitised, from top to bottom; on a page that is no curve log only stated ones.
    findings : tuple of Finding
        Statements that could not be placed.
    """
    free = list(layout.sections)
    refused = layout.kind == "not_curve_log"
    done: list[tuple[SectionFound, SidecarSection | None]] = []
    findings: list[Finding] = []
    for section in () if stated is None else stated.sections:
        if is_prior(section) and section.section_id not in {s.section_id for s in free}:
            continue
        match = _match(section, [s for s in free if section.skip or s.kind in LOGGED])
        if match is None and _rows(section) is None and not section.skip and _several(free):
            findings.append(_unmatched(section))
        elif section.skip:
            free = [replace(s, kind="other") if s is match else s for s in free]
        else:
            free = [s for s in free if s is not match]
            done.append((_stated_section(section, match, height_px), section))
    done += [(_renamed(s, [d.section_id for d, _ in done]), None) for s in free]
    done.sort(key=lambda pair: pair[0].row_top)
    placed = tuple(
        _placed(found, said)
        for found, said in done
        if said is not None or (_is_logged(found) and not refused)
    )
    return replace(layout, sections=tuple(found for found, _ in done)), placed, tuple(findings)


def _is_logged(section: SectionFound) -> bool:
    return section.kind in LOGGED and any(track.kind == "curves" for track in section.tracks)


def _several(sections: Sequence[SectionFound]) -> bool:
    return sum(_is_logged(s) for s in sections) > 1


def _rows(section: SidecarSection) -> tuple[float, float] | None:
    """Rows a stated section speaks of, by its limits or else by its anchors."""
    anchors = section.depth.anchors if section.depth is not None else ()
    top = section.row_top if section.row_top is not None else (anchors[0][0] if anchors else None)
    bottom = section.row_bottom
    if bottom is None and anchors:
        bottom = anchors[-1][0]
    return None if top is None or bottom is None or bottom <= top else (top, bottom)


def _match(section: SidecarSection, free: Sequence[SectionFound]) -> SectionFound | None:
    rows = _rows(section)
    if rows is not None:
        shares = [_shared(rows, (s.row_top, s.row_bottom)) for s in free]
        best = int(np.argmax(shares)) if shares else 0
        return free[best] if shares and shares[best] >= _SAME_ROWS else None
    named = [s for s in free if s.section_id == section.section_id]
    if named:
        return named[0]
    logged = [s for s in free if _is_logged(s)]
    return logged[0] if len(logged) == 1 and not section.skip else None


def _shared(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Common length of two intervals in units of the shorter one."""
    return (min(a[1], b[1]) - max(a[0], b[0])) / max(1e-9, min(a[1] - a[0], b[1] - b[0]))


def _renamed(section: SectionFound, taken: Sequence[str]) -> SectionFound:
    if section.section_id not in taken:
        return section
    name = next(
        f"{section.section_id}-{k}" for k in count(2) if f"{section.section_id}-{k}" not in taken
    )
    return replace(section, section_id=name)


def _stated_section(
    stated: SidecarSection, found: SectionFound | None, height_px: int
) -> SectionFound:
    """A section with the stated limits, tracks and depth column in the place of the found ones."""
    if found is None:
        found = SectionFound(
            stated.section_id, "main", 0.0, float(height_px), (), np.zeros((0, 2)), 1.0
        )
    top = found.row_top if stated.row_top is None else max(0.0, stated.row_top)
    bottom = found.row_bottom if stated.row_bottom is None else min(height_px, stated.row_bottom)
    middle = (top + bottom) / 2
    own = [
        _stated_track(track, found, middle)
        for track in stated.tracks
        if track.left_px is not None and track.right_px is not None
    ]
    if stated.depth_column is not None:
        left, right = (_array(border) for border in stated.depth_column)
        own.append(TrackFound(left, right, "depth", confidence=1.0))
    kept = [
        track
        for track in found.tracks
        if all(_shared(_span(track, middle), _span(o, middle)) < _SAME_COLUMNS for o in own)
        and (track.kind == "curves" or stated.depth_column is None)
    ]
    tracks = sorted([*own, *kept], key=lambda track: _span(track, middle))
    return replace(
        found,
        section_id=stated.section_id,
        kind=found.kind if found.kind in LOGGED else "main",
        row_top=top,
        row_bottom=bottom,
        tracks=tuple(tracks),
    )


def _stated_track(stated: SidecarTrack, found: SectionFound, middle: float) -> TrackFound:
    """A stated track with the grid of the found one that it replaces."""
    left, right = _array(stated.left_px or ()), _array(stated.right_px or ())
    track = TrackFound(left, right, "curves", confidence=1.0)
    span = _span(track, middle)
    rivals = [t for t in found.tracks if t.kind == "curves"]
    shares = [_shared(span, _span(t, middle)) for t in rivals]
    if not shares or max(shares) < _SAME_COLUMNS:
        return track
    return replace(
        rivals[int(np.argmax(shares))], left_knots=left, right_knots=right, confidence=1.0
    )


def same_track(section: SectionFound, track: TrackFound, row: float) -> TrackFound | None:
    """The curve track of a found section that has a given one's borders at a row, if any has."""
    wanted = _span(track, row)
    near = _SAME_BORDER * (wanted[1] - wanted[0])
    for found in section.tracks:
        span = _span(found, row)
        if found.kind == "curves" and all(abs(a - b) < near for a, b in zip(span, wanted)):
            return found
    return None


def _span(track: TrackFound, row: float) -> tuple[float, float]:
    return float(np.interp(row, *track.left_knots.T)), float(np.interp(row, *track.right_knots.T))


def _placed(found: SectionFound, stated: SidecarSection | None) -> Placed:
    """Names for the tracks: stated ones by overlap, else ``T1``, ``T2``, ... from left to right."""
    middle = (found.row_top + found.row_bottom) / 2
    said = () if stated is None else stated.tracks
    indices = [i for i, track in enumerate(found.tracks) if track.kind == "curves"]
    owner: dict[int, SidecarTrack] = {}
    for track in said:
        if track.left_px is not None and track.right_px is not None and indices:
            span = _span(
                TrackFound(_array(track.left_px), _array(track.right_px), "curves"), middle
            )
            owner[max(indices, key=lambda i: _shared(span, _span(found.tracks[i], middle)))] = track
    by_name = {t.track_id: t for t in said if t.left_px is None or t.right_px is None}
    taken = {t.track_id for t in owner.values()}
    tracks = []
    for position, index in enumerate(indices, 1):
        if index in owner:
            tracks.append(PlacedTrack(owner[index].track_id, index, owner[index]))
            continue
        name = next(f"T{k}" for k in chain((position,), count(1)) if f"T{k}" not in taken)
        taken.add(name)
        tracks.append(PlacedTrack(name, index, by_name.get(name)))
    return Placed(found, stated, tuple(tracks))


def _array(knots: Knots) -> F64:
    return np.array(knots, dtype=np.float64)


# ---- the whole ------------------------------------------------------------------------------------


def complete(
    stated: Sidecar | None,
    reading: PageReading,
    height_px: int,
    *,
    name: str = "page",
    unit: DepthUnit | None = None,
    min_confidence: float = 0.9,
) -> tuple[Sidecar, tuple[Finding, ...]]:
    """A sidecar that says all that is stated or was read.

    Parameters
    ----------
    stated : Sidecar or None
        Goes first, as given.
    reading : PageReading
        Of the page as ``place`` left it.
    height_px : int
    name : str
        For messages, where there is no sidecar.
    unit : 'ft', 'm' or None
        Of anchors that are stated without one.
    min_confidence : float
        A read value below it is a ``guess``.

    Returns
    -------
    sidecar : Sidecar
        Every curve and depth carries its source.
    findings : tuple of Finding
    """
    _, placed, unmatched = place(stated, reading.layout, height_px)
    findings = list(unmatched)
    unit = unit or _prior_unit(stated)
    sections = tuple(_section(p, reading, unit, min_confidence, findings) for p in placed)
    if reading.layout.kind != "curve_log":
        findings += [_doubtful(p.found) for p in placed if p.stated is None]
    base = stated or Sidecar(name, WellInfo(), ())
    return (
        replace(
            base,
            well=_well(base.well, reading.header, min_confidence),
            sections=sections,
            turn_deg=reading.layout.turn_deg,
            dpi=base.dpi or reading.layout.dpi,
        ),
        tuple(findings),
    )


def by_track(
    stated: Sidecar | None, reading: PageReading, height_px: int
) -> dict[tuple[str, str], list[CurveFound]]:
    """The scales of a reading, by the section and track that ``complete`` gives them to.

    Parameters
    ----------
    stated : Sidecar or None
        What the page was read with.
    reading : PageReading
    height_px : int
    """
    out: dict[tuple[str, str], list[CurveFound]] = {}
    for section in place(stated, reading.layout, height_px)[1]:
        for track in section.tracks:
            out[section.found.section_id, track.track_id] = [
                curve
                for curve in reading.curves
                if curve.section_id == section.found.section_id and curve.track_index == track.index
            ]
    return out


def _prior_unit(stated: Sidecar | None) -> DepthUnit | None:
    """Unit of the logged range that the archive's index states for the whole log."""
    priors = () if stated is None else tuple(s for s in stated.sections if is_prior(s))
    return next((s.depth.unit for s in priors if s.depth is not None and s.depth.unit), None)


def _well(stated: WellInfo, header: HeaderFound, min_confidence: float) -> WellInfo:
    read = {
        f.name: str(header.fields[f.name].value)
        for f in fields(WellInfo)
        if not getattr(stated, f.name)
        and f.name in header.fields
        and header.fields[f.name].confidence >= min_confidence
    }
    return replace(stated, **read)


def _section(
    placed: Placed,
    reading: PageReading,
    unit: DepthUnit | None,
    min_confidence: float,
    findings: list[Finding],
) -> SidecarSection:
    found, stated = placed.found, placed.stated
    depth = reading.depths.get(found.section_id)
    tracks = [_track(t, found, reading.curves, min_confidence, findings) for t in placed.tracks]
    named = {t.track_id for t in tracks}
    unseen = [t for t in (stated.tracks if stated is not None else ()) if t.track_id not in named]
    return SidecarSection(
        section_id=found.section_id,
        row_top=found.row_top,
        row_bottom=found.row_bottom,
        depth=_depth(stated, depth, unit, min_confidence),
        depth_column=_depth_column(found),
        tracks=(*tracks, *unseen),
        source="header" if stated is None or _rows(stated) is None else "sidecar",
    )


def _depth_column(found: SectionFound) -> tuple[Knots, Knots] | None:
    columns = [track for track in found.tracks if track.kind == "depth"]
    if not columns:
        return None
    return _knots(columns[0].left_knots), _knots(columns[0].right_knots)


def _knots(array: F64) -> Knots:
    return tuple((float(row), float(value)) for row, value in array)


def _depth(
    stated: SidecarSection | None,
    found: DepthFound | None,
    default_unit: DepthUnit | None,
    min_confidence: float,
) -> SidecarDepth | None:
    said = stated.depth if stated is not None else None
    top, bottom = (said.top, said.bottom) if said is not None else (None, None)
    unit = (said.unit if said is not None else None) or default_unit
    if said is not None and said.anchors:
        if unit is None and found is not None and found.unit_source not in (None, "guess"):
            unit = found.unit
        return replace(said, unit=unit)
    if found is None or found.axis is None:
        return said
    sure = found.confidence >= min_confidence and (unit or found.unit_source != "guess")
    return SidecarDepth(
        unit or found.axis.unit,
        _knots(found.axis.anchors),
        top,
        bottom,
        "header" if sure else "guess",
        found.residual,
        found.confidence,
    )


def _track(
    placed: PlacedTrack,
    section: SectionFound,
    curves: Sequence[CurveFound],
    min_confidence: float,
    findings: list[Finding],
) -> SidecarTrack:
    found = section.tracks[placed.index]
    if found.confidence < MIN_TRACK_CONFIDENCE:
        findings.append(_borders_uncertain(section, placed.track_id, found.confidence))
    read = [
        c for c in curves if c.section_id == section.section_id and c.track_index == placed.index
    ]
    said = placed.stated.curves if placed.stated is not None else None
    if said is None:
        final = _curves(read, min_confidence)
        if not final:
            final = [_unread_curve()]
            findings.append(_scale_unread(section, placed.track_id))
    else:
        final = [_filled(curve, read, min_confidence) for curve in said]
    given = placed.stated is not None and None not in (
        placed.stated.left_px,
        placed.stated.right_px,
    )
    return SidecarTrack(
        placed.track_id,
        _knots(found.left_knots),
        _knots(found.right_knots),
        tuple(final),
        "sidecar" if given else "header",
    )


def _curves(read: Sequence[CurveFound], min_confidence: float) -> list[SidecarCurve]:
    """The read scales of a track. A name given twice with one scale is one curve; with two scales it
    is in doubt which of them holds (later runs are printed so), and they are guesses."""
    distinct: dict[tuple[str, float, float], CurveFound] = {}
    for curve in read:
        key = (str(curve.mnemonic.value), float(curve.left.value), float(curve.right.value))
        distinct.setdefault(key, curve)
    names = Counter(name for name, _, _ in distinct)
    final: list[SidecarCurve] = []
    for (name, _, _), curve in distinct.items():
        own = _curve(curve, len(distinct), min_confidence)
        final += [replace(c, source="guess") for c in own] if names[name] > 1 else own
    return final


def _curve(found: CurveFound, siblings: int, min_confidence: float) -> list[SidecarCurve]:
    """A read scale, followed by its backups. A pen not read is a guess where it must tell curves apart."""
    values = [found.mnemonic, found.left, found.right]
    values += [found.unit] if found.unit is not None else []
    confidence = min(v.confidence for v in values)
    source = _source(values, confidence, min_confidence)
    if found.style is None and siblings > 1:
        source = "guess"
    curve = SidecarCurve(
        mnemonic=str(found.mnemonic.value),
        unit="" if found.unit is None else str(found.unit.value),
        left=float(found.left.value),
        right=float(found.right.value),
        scale=found.scale,
        style=found.style or "solid",
        wrap=found.wrap,
        colour=found.colour,
        points=(),
        source=source,
        confidence=confidence,
    )
    return [curve, *(replace(curve, left=left, right=right) for left, right in found.backups)]


def _source(values: Sequence[Stated], confidence: float, min_confidence: float) -> Source:
    sources = {v.source for v in values}
    if "guess" in sources or confidence < min_confidence:
        return "guess"
    return "template" if "template" in sources else "header"


def _filled(
    stated: SidecarCurve, read: Sequence[CurveFound], min_confidence: float
) -> SidecarCurve:
    """A stated curve; a scale it does not state is taken from the curve of that name."""
    same = [c for c in read if str(c.mnemonic.value).upper() == stated.mnemonic.upper()]
    if (stated.left is not None and stated.right is not None) or not same:
        return stated
    found = same[0]
    ends = [found.left, found.right]
    confidence = min(v.confidence for v in ends)
    return replace(
        stated,
        unit=stated.unit or ("" if found.unit is None else str(found.unit.value)),
        left=float(found.left.value) if stated.left is None else stated.left,
        right=float(found.right.value) if stated.right is None else stated.right,
        scale=found.scale,
        source=_source(ends, confidence, min_confidence),
        confidence=confidence,
    )


def _unread_curve() -> SidecarCurve:
    """Position across the track, from 0 to 1: what is known of a curve without a scale."""
    return SidecarCurve(UNREAD, "FRAC", 0.0, 1.0, "linear", "solid", "none", None, (), "guess", 0.0)


def _borders_uncertain(section: SectionFound, track_id: str, confidence: float) -> Finding:
    return Finding.of(
        BORDERS_UNCERTAIN,
        f"The borders of track {track_id} are uncertain (confidence {confidence:.2f}).",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
        track_id=track_id,
    )


def _scale_unread(section: SectionFound, track_id: str) -> Finding:
    return Finding.of(
        "scale_unread",
        f"No scale was read for track {track_id}: its darkest curve is given as a share of the"
        " track's width, for review only.",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
        track_id=track_id,
    )


def _doubtful(section: SectionFound) -> Finding:
    return Finding.of(
        PAGE_DOUBTFUL,
        f"The page may be no curve log; section {section.section_id} is for review only.",
        rows=(int(section.row_top), int(section.row_bottom)),
        section_id=section.section_id,
    )


def _unmatched(section: SidecarSection) -> Finding:
    return Finding.of(
        "section_unmatched",
        f"Section {section.section_id} of the sidecar states no rows, and none of several"
        " sections found on the page bears that name; what it says is not used.",
        section_id=section.section_id,
    )
