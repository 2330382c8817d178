"""From a `Sidecar` to JSON values that ``parse_sidecar`` reads back to the same."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from veernet_core.datatypes import WellInfo
from veernet_core.page.known.additions import Additions
from veernet_core.page.known.sidecar.model import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.known.sidecar.nodes import DPI_RANGE

_KEYS = {"field_name": "field"}


def sidecar_json(sidecar: Sidecar) -> dict[str, Any]:
    """The sidecar as JSON values; rows and columns to a hundredth of a pixel.

    Parameters
    ----------
    sidecar : Sidecar
    """
    well = {_KEYS.get(f.name, f.name): getattr(sidecar.well, f.name) for f in fields(WellInfo)}
    out: dict[str, Any] = {"well": {key: value for key, value in well.items() if value}}
    if sidecar.turn_deg is not None:
        out["turn_deg"] = sidecar.turn_deg
    if sidecar.dpi is not None:
        low, high = DPI_RANGE
        out["dpi"] = [min(high, max(low, round(value, 2))) for value in sidecar.dpi]
    if sidecar.edited:
        keys = ("who", "when", "what")
        out["edited"] = [dict(zip(keys, edit, strict=True)) for edit in sidecar.edited]
    out["sections"] = [_section(section) for section in sidecar.sections]
    return out


def _section(section: SidecarSection) -> dict[str, Any]:
    out: dict[str, Any] = {"section_id": section.section_id}
    out |= finite(row_top=section.row_top, row_bottom=section.row_bottom)
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
        out |= {"anchors": [pair(anchor) for anchor in depth.anchors], "source": depth.source}
    out |= finite(top=depth.top, bottom=depth.bottom)
    return out | finite(residual=depth.residual, confidence=depth.confidence)


def _track(track: SidecarTrack) -> dict[str, Any]:
    out: dict[str, Any] = {"track_id": track.track_id}
    for key, border in (("left_px", track.left_px), ("right_px", track.right_px)):
        if border is not None:
            out[key] = _border(border)
    if track.curves is not None:
        out["curves"] = [_curve(curve) for curve in track.curves]
    return out | ({"borders_confirmed": True} if track.borders_confirmed else {})


def _curve(curve: SidecarCurve) -> dict[str, Any]:
    out: dict[str, Any] = {"mnemonic": curve.mnemonic, "unit": curve.unit}
    out |= {k: v for k, v in (("left", curve.left), ("right", curve.right)) if v is not None}
    out |= {"scale": curve.scale, "style": curve.style, "wrap": curve.wrap, "source": curve.source}
    if curve.colour is not None:
        out["colour"] = curve.colour
    if curve.points:
        out["points"] = [pair(point) for point in curve.points]
    return out | finite(confidence=curve.confidence) | _additions(curve.more)


def _additions(more: Additions) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in ("left_px", "right_px"):
        knots = getattr(more, name)
        out |= {} if knots is None else {name: _border(knots)}
    if more.scale_points:
        out["scale_points"] = [list(point) for point in more.scale_points]
    if more.wrap_start is not None:
        out["wrap_start"] = more.wrap_start
    for name in ("null_rows", "redrawn"):
        rows = getattr(more, name)
        out |= {name: [pair(item) for item in rows]} if rows else {}
    return out | ({"backup_of": more.backup_of} if more.backup_of else {})


def _border(knots: Knots) -> float | list[list[float]]:
    return round(knots[0][1], 2) if len(knots) == 1 else [pair(knot) for knot in knots]


def pair(values: tuple[float, float]) -> list[float]:
    """A row or column and what belongs to it, rounded for people."""
    return [round(values[0], 2), round(values[1], 3)]


def finite(**values: float | None) -> dict[str, float]:
    """Finite numbers only, rounded for people."""
    return {k: round(v, 3) for k, v in values.items() if v is not None and math.isfinite(v)}
