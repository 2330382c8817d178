"""A sidecar to correct: what was read from a page, written in the sidecar's contract.

In: a completed `Sidecar` and the `PageReading` behind it. Out: a dict for ``json.dumps`` that
``parse_sidecar`` reads back to the same sidecar. Run again with the draft beside the scan, nothing is read
anew but what was deleted from it; what is marked ``guess`` stays a guess until a person takes the mark away.
Does not belong here: files, and deciding what is right.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from veernet_core.datatypes import WellInfo
from veernet_core.page.known.sidecar import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.results import PageReading, Stated

_KEYS = {"field_name": "field"}


def draft_sidecar(known: Sidecar, reading: PageReading | None = None) -> dict[str, Any]:
    """The sidecar as JSON values; rows and columns to a hundredth of a pixel.

    Parameters
    ----------
    known : Sidecar
        As ``complete`` returns it.
    reading : PageReading, optional
        Goes under ``read``: kind of page, header facts of any confidence, depth numbers, findings.
    """
    well = {_KEYS.get(f.name, f.name): getattr(known.well, f.name) for f in fields(WellInfo)}
    out: dict[str, Any] = {"well": {key: value for key, value in well.items() if value}}
    if known.turn_deg is not None:
        out["turn_deg"] = known.turn_deg
    if known.dpi is not None:
        out["dpi"] = [min(800.0, max(50.0, round(value, 2))) for value in known.dpi]
    out["sections"] = [_section(section) for section in known.sections]
    if reading is not None:
        out["read"] = _read(reading)
    return out


def _section(section: SidecarSection) -> dict[str, Any]:
    out: dict[str, Any] = {"section_id": section.section_id}
    out |= _given(row_top=section.row_top, row_bottom=section.row_bottom)
    if section.depth is not None:
        out["depth"] = _depth(section.depth)
    if section.depth_column is not None:
        left, right = section.depth_column
        out["depth_column"] = {"left_px": _border(left), "right_px": _border(right)}
    out["tracks"] = [_track(track) for track in section.tracks]
    return out | ({"skip": True} if section.skip else {})


def _depth(depth: SidecarDepth) -> dict[str, Any]:
    out: dict[str, Any] = {} if depth.unit is None else {"unit": depth.unit}
    if depth.anchors:
        out |= {"anchors": [_pair(anchor) for anchor in depth.anchors], "source": depth.source}
    out |= _given(top=depth.top, bottom=depth.bottom)
    return out | _given(residual=depth.residual, confidence=depth.confidence)


def _track(track: SidecarTrack) -> dict[str, Any]:
    out: dict[str, Any] = {"track_id": track.track_id}
    for key, border in (("left_px", track.left_px), ("right_px", track.right_px)):
        if border is not None:
            out[key] = _border(border)
    if track.curves is not None:
        out["curves"] = [_curve(curve) for curve in track.curves]
    return out


def _curve(curve: SidecarCurve) -> dict[str, Any]:
    out: dict[str, Any] = {"mnemonic": curve.mnemonic, "unit": curve.unit}
    out |= {k: v for k, v in (("left", curve.left), ("right", curve.right)) if v is not None}
    out |= {"scale": curve.scale, "style": curve.style, "wrap": curve.wrap, "source": curve.source}
    if curve.colour is not None:
        out["colour"] = curve.colour
    if curve.points:
        out["points"] = [_pair(point) for point in curve.points]
    return out | _given(confidence=curve.confidence)


def _border(knots: Knots) -> float | list[list[float]]:
    return round(knots[0][1], 2) if len(knots) == 1 else [_pair(knot) for knot in knots]


def _pair(pair: tuple[float, float]) -> list[float]:
    return [round(pair[0], 2), round(pair[1], 3)]


def _given(**values: float | None) -> dict[str, float]:
    """Finite numbers only, rounded for people."""
    return {k: round(v, 3) for k, v in values.items() if v is not None and math.isfinite(v)}


# ---- what was seen --------------------------------------------------------------------------------


def _read(reading: PageReading) -> dict[str, Any]:
    return {
        "page": reading.layout.kind,
        "header": {name: _stated(value) for name, value in reading.header.fields.items()},
        "depth": {name: _labels(reading, name) for name in reading.depths},
        "findings": [f"{f.code}: {f.message}" for f in reading.findings],
    }


def _stated(value: Stated) -> dict[str, Any]:
    return {
        "value": value.value,
        "source": value.source,
        "confidence": round(value.confidence, 3),
    } | _given(row=value.row, col=value.col)


def _labels(reading: PageReading, section_id: str) -> dict[str, Any]:
    """The numbers behind a depth axis; those the fit did not use contradict it."""
    found = reading.depths[section_id]
    labels = {
        "used": [_pair((label.row, label.depth)) for label in found.labels if label.used],
        "not_used": [_pair((label.row, label.depth)) for label in found.labels if not label.used],
    }
    return labels | {"unit_source": found.unit_source} | _given(residual_px=found.residual_px)
