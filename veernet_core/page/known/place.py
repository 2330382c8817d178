"""Where the sections and tracks of a page are: what a sidecar gives, put into the layout found.

In: a `Sidecar` (or none) and a `PageLayout`. Out: the layout with the given geometry in it, so that text,
scales and depth are read where the person says the tracks are, and the sections that are to be digitised.
What is given is used as it is and goes first; sections and tracks are matched by identity or by overlap, so
that one correction needs nothing else.
Does not belong here: pixels, and how anything is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

import numpy as np

from veernet_core.datatypes import DepthUnit, Finding, px_at
from veernet_core.page.known.geometry import array_of
from veernet_core.page.known.sidecar import Sidecar, SidecarSection, SidecarTrack
from veernet_core.page.results import PageLayout, SectionFound, TrackFound

LOGGED = ("main", "repeat")
"""Kinds of sections that are digitised."""
_SAME_ROWS, _SAME_COLUMNS = 0.5, 0.3
"""Shared extent, in units of the smaller one, from which two sections or tracks are the same."""
_SAME_BORDER = 0.05
"""How far apart borders of one track may be found, in its widths."""


@dataclass(frozen=True, slots=True)
class PlacedTrack:
    """A track of a placed section: its name, its index among the section's, and what is given of it."""

    track_id: str
    index: int
    given: SidecarTrack | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A section to be digitised: where it is, and what is given of it. ``tracks`` show curves."""

    found: SectionFound
    given: SidecarSection | None
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


def missing(given: Sidecar | None, unit: DepthUnit | None) -> Needs:
    """What is left out of a sidecar; ``unit`` serves anchors that are given without one."""
    sections = () if given is None else tuple(s for s in given.sections if not s.skip)
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


def place(
    given: Sidecar | None, layout: PageLayout, height_px: int
) -> tuple[PageLayout, tuple[Placed, ...], tuple[Finding, ...]]:
    """Put the given geometry into a layout.

    Given sections replace what they overlap (or what bears their name, where they are given without rows);
    within them given tracks replace what they overlap. The result placed again is the same.

    Parameters
    ----------
    given : Sidecar or None
    layout : PageLayout
    height_px : int
        Of the page; a section without rows that matches none covers it.

    Returns
    -------
    layout : PageLayout
    placed : tuple of Placed
        Sections to be digitised, from top to bottom; on a page that is no curve log only given ones.
    findings : tuple of Finding
        What is given and could not be placed.
    """
    free = list(layout.sections)
    refused = layout.kind == "not_curve_log"
    done: list[tuple[SectionFound, SidecarSection | None]] = []
    findings: list[Finding] = []
    for section in () if given is None else given.sections:
        if is_prior(section) and section.section_id not in {s.section_id for s in free}:
            continue
        match = _match(section, [s for s in free if section.skip or s.kind in LOGGED])
        if match is None and given_rows(section) is None and not section.skip and _several(free):
            findings.append(_unmatched(section))
        elif section.skip:
            free = [replace(s, kind="other") if s is match else s for s in free]
        else:
            free = [s for s in free if s is not match]
            done.append((_given_section(section, match, height_px), section))
    done += [(_renamed(s, [d.section_id for d, _ in done]), None) for s in free]
    done.sort(key=lambda pair: pair[0].row_top)
    placed = tuple(
        _placed(found, own)
        for found, own in done
        if own is not None or (_is_logged(found) and not refused)
    )
    return replace(layout, sections=tuple(found for found, _ in done)), placed, tuple(findings)


def _is_logged(section: SectionFound) -> bool:
    return section.kind in LOGGED and any(track.kind == "curves" for track in section.tracks)


def _several(sections: Sequence[SectionFound]) -> bool:
    return sum(_is_logged(s) for s in sections) > 1


def given_rows(section: SidecarSection) -> tuple[float, float] | None:
    """Rows a given section speaks of, by its limits or else by its anchors."""
    anchors = section.depth.anchors if section.depth is not None else ()
    top = section.row_top if section.row_top is not None else (anchors[0][0] if anchors else None)
    bottom = section.row_bottom
    if bottom is None and anchors:
        bottom = anchors[-1][0]
    return None if top is None or bottom is None or bottom <= top else (top, bottom)


def _match(section: SidecarSection, free: Sequence[SectionFound]) -> SectionFound | None:
    rows = given_rows(section)
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


def _given_section(
    given: SidecarSection, found: SectionFound | None, height_px: int
) -> SectionFound:
    """A section with the given limits, tracks and depth column in the place of the found ones."""
    if found is None:
        found = SectionFound(
            given.section_id, "main", 0.0, float(height_px), (), np.zeros((0, 2)), 1.0
        )
    top = found.row_top if given.row_top is None else max(0.0, given.row_top)
    bottom = found.row_bottom if given.row_bottom is None else min(height_px, given.row_bottom)
    middle = (top + bottom) / 2
    own = [
        _given_track(track, found, middle)
        for track in given.tracks
        if track.left_px is not None and track.right_px is not None
    ]
    if given.depth_column is not None:
        left, right = (array_of(border) for border in given.depth_column)
        own.append(TrackFound(left, right, "depth", confidence=1.0))
    kept = [
        track
        for track in found.tracks
        if all(_shared(track.borders_at(middle), o.borders_at(middle)) < _SAME_COLUMNS for o in own)
        and (track.kind == "curves" or given.depth_column is None)
    ]
    tracks = sorted([*own, *kept], key=lambda track: track.borders_at(middle))
    return replace(
        found,
        section_id=given.section_id,
        kind=found.kind if found.kind in LOGGED else "main",
        row_top=top,
        row_bottom=bottom,
        tracks=tuple(tracks),
    )


def _given_track(given: SidecarTrack, found: SectionFound, middle: float) -> TrackFound:
    """A given track with the grid of the found one that it replaces."""
    left, right = array_of(given.left_px or ()), array_of(given.right_px or ())
    track = TrackFound(left, right, "curves", confidence=1.0)
    span = track.borders_at(middle)
    rivals = [t for t in found.tracks if t.kind == "curves"]
    shares = [_shared(span, t.borders_at(middle)) for t in rivals]
    if not shares or max(shares) < _SAME_COLUMNS:
        return track
    return replace(
        rivals[int(np.argmax(shares))],
        left_knots=left,
        right_knots=right,
        confidence=1.0,
        middle_knots=None,
    )


def same_track(section: SectionFound, track: TrackFound, row: float) -> TrackFound | None:
    """The curve track of a found section that has a given one's borders at a row, if any has."""
    wanted = track.borders_at(row)
    near = _SAME_BORDER * (wanted[1] - wanted[0])
    for found in section.tracks:
        span = found.borders_at(row)
        if found.kind == "curves" and all(abs(a - b) < near for a, b in zip(span, wanted)):
            return found
    return None


def _placed(found: SectionFound, given: SidecarSection | None) -> Placed:
    """Names for the tracks: given ones by overlap, else ``T1``, ``T2``, ... from left to right."""
    middle = (found.row_top + found.row_bottom) / 2
    named = () if given is None else given.tracks
    indices = [i for i, track in enumerate(found.tracks) if track.kind == "curves"]
    owner: dict[int, SidecarTrack] = {}
    for track in named:
        if track.left_px is not None and track.right_px is not None and indices:
            span = px_at(array_of(track.left_px), middle), px_at(array_of(track.right_px), middle)
            nearest = max(indices, key=lambda i: _shared(span, found.tracks[i].borders_at(middle)))
            owner[nearest] = track
    by_name = {t.track_id: t for t in named if t.left_px is None or t.right_px is None}
    taken = {t.track_id for t in owner.values()}
    tracks = []
    for position, index in enumerate(indices, 1):
        if index in owner:
            tracks.append(PlacedTrack(owner[index].track_id, index, owner[index]))
            continue
        name = next(f"T{k}" for k in chain((position,), count(1)) if f"T{k}" not in taken)
        taken.add(name)
        tracks.append(PlacedTrack(name, index, by_name.get(name)))
    return Placed(found, given, tuple(tracks))


def _unmatched(section: SidecarSection) -> Finding:
    return Finding.of(
        "section_unmatched",
        f"Section {section.section_id} of the sidecar is given without rows, and none of several"
        " sections found on the page bears that name; what it says is not used.",
        section_id=section.section_id,
    )


def prior_unit(given: Sidecar | None) -> DepthUnit | None:
    """Unit of the logged range that the archive's index gives for the whole log."""
    priors = () if given is None else tuple(s for s in given.sections if is_prior(s))
    return next((s.depth.unit for s in priors if s.depth is not None and s.depth.unit), None)
