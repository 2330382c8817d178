"""A sidecar to correct: what is known of a page, in the sidecar's words.

In: the sections of a page, the sidecar it was read with and the `PageReading` behind it. Out: a `Sidecar`,
and JSON values that ``parse_sidecar`` reads back to the same. Run again with the draft beside the scan, nothing
is read anew but what was deleted from it; what is marked ``guess`` stays a guess until a person takes the mark
away.
Does not belong here: files, and deciding what is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from veernet_core.datatypes import F64, CurveSpec, Section, Track, WellInfo
from veernet_core.page.known.curves import read_values
from veernet_core.page.known.sections import KnownPage
from veernet_core.page.known.sidecar import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
    sidecar_json,
)
from veernet_core.page.known.sidecar.write import finite, pair
from veernet_core.page.results import CurveFound, PageReading, Reading

_NAN = float("nan")


def draft_of(known: KnownPage, given: Sidecar | None, reading: PageReading | None) -> Sidecar:
    """What is known of a page as a sidecar.

    Parameters
    ----------
    known : KnownPage
    given : Sidecar or None
        What the page was read with; what it gives and cannot be used yet is kept.
    reading : PageReading or None
        None where nothing had to be read: then the draft is what is given.
    """
    if reading is None:
        return given or Sidecar("", WellInfo(), ())
    by_id = {} if given is None else {s.section_id: s for s in given.sections}
    sections = tuple(
        _section(section, by_id.get(section.section_id), known, reading)
        for section in known.sections
    )
    name = given.name if given is not None else ""
    return Sidecar(name, known.well, sections, reading.layout.turn_deg, known.dpi)


def draft_json(draft: Sidecar, reading: PageReading | None = None) -> dict[str, Any]:
    """A draft as JSON values.

    Parameters
    ----------
    draft : Sidecar
    reading : PageReading, optional
        Goes under ``read``: kind of page, header facts of any confidence, depth numbers, findings.
    """
    out = sidecar_json(draft)
    return out if reading is None else out | {"read": _read(reading)}


def _section(
    section: Section, given: SidecarSection | None, known: KnownPage, reading: PageReading
) -> SidecarSection:
    found = next(s for s in reading.layout.sections if s.section_id == section.section_id)
    columns = [track for track in found.tracks if track.kind == "depth"]
    by_id = {} if given is None else {track.track_id: track for track in given.tracks}
    tracks = [
        _track(
            track,
            by_id.get(track.track_id),
            known.printed.get((section.section_id, track.track_id), ()),
        )
        for track in section.tracks
    ]
    named = {track.track_id for track in tracks}
    return SidecarSection(
        section.section_id,
        section.row_top,
        section.row_bottom,
        _depth(section, given, reading),
        (_knots(columns[0].left_knots), _knots(columns[0].right_knots)) if columns else None,
        (*tracks, *(track for name, track in by_id.items() if name not in named)),
    )


def _depth(
    section: Section, given: SidecarSection | None, reading: PageReading
) -> SidecarDepth | None:
    own = given.depth if given is not None else None
    axis = section.depth
    if axis is None:
        return own
    top, bottom = (own.top, own.bottom) if own is not None else (None, None)
    if own is not None and own.anchors:
        confidence = own.confidence
    else:
        confidence = reading.depths[section.section_id].confidence
    return SidecarDepth(
        axis.unit, _knots(axis.anchors), top, bottom, axis.source, axis.residual, confidence
    )


def _track(track: Track, given: SidecarTrack | None, printed: Sequence[CurveFound]) -> SidecarTrack:
    """A track with its curves, and those given that still lack a scale."""
    curves = [_curve(spec, printed) for spec in track.curves]
    named = {curve.mnemonic for curve in curves}
    lacking = [
        c for c in (given.curves if given is not None else None) or () if c.mnemonic not in named
    ]
    return SidecarTrack(
        track.track_id,
        _knots(track.geometry.left_knots),
        _knots(track.geometry.right_knots),
        (*curves, *lacking),
        track.borders_confirmed,
    )


def _curve(spec: CurveSpec, printed: Sequence[CurveFound]) -> SidecarCurve:
    return SidecarCurve(
        spec.mnemonic,
        spec.unit,
        spec.left,
        spec.right,
        spec.scale,
        spec.style,
        spec.wrap,
        spec.colour,
        spec.points_px,
        spec.source,
        _confidence(spec, printed),
    )


def _confidence(spec: CurveSpec, printed: Sequence[CurveFound]) -> float:
    """How sure a read scale is; NaN of one that was not read."""
    if spec.source == "sidecar":
        return _NAN
    for curve in printed:
        if str(curve.mnemonic.value).upper() == spec.mnemonic.upper():
            return min(value.confidence for value in read_values(curve))
    return 0.0


def _knots(array: F64) -> Knots:
    return tuple((float(row), float(value)) for row, value in array)


# ---- what was seen --------------------------------------------------------------------------------


def _read(reading: PageReading) -> dict[str, Any]:
    return {
        "page": reading.layout.kind,
        "header": {name: _read_value(value) for name, value in reading.header.fields.items()},
        "depth": {name: _labels(reading, name) for name in reading.depths},
        "findings": [f"{f.code}: {f.message}" for f in reading.findings],
    }


def _read_value(value: Reading[Any]) -> dict[str, Any]:
    return {
        "value": value.value,
        "source": value.source,
        "confidence": round(value.confidence, 3),
    } | finite(row=value.row, col=value.col)


def _labels(reading: PageReading, section_id: str) -> dict[str, Any]:
    """The numbers behind a depth axis; those the fit did not use contradict it. Of a refused one, the axis that
    they make.
    """
    found = reading.depths[section_id]
    labels = {
        "used": [pair((label.row, label.depth)) for label in found.labels if label.used],
        "not_used": [pair((label.row, label.depth)) for label in found.labels if not label.used],
    }
    out: dict[str, Any] = (
        labels | {"unit_source": found.unit_source} | finite(residual_px=found.residual_px)
    )
    if found.suggested is not None:
        anchors = [pair(knot) for knot in _knots(found.suggested.anchors)]
        out["suggested"] = {"unit": found.suggested.unit, "anchors": anchors}
    return out
