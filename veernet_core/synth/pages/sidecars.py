"""The sidecar of a drawn page, in the published contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from veernet_core.datatypes import CurveSpec
from veernet_core.synth.pages.plans import DEPTH_COLUMN_IN, Paper, Sidecar, TrackPlan


def _border_knots(paper: Paper, u: float) -> float | list[list[float]]:
    """A track border for the sidecar: one number, or knots where the page is skewed."""
    v = np.linspace(0, paper.length_px, 5)
    col, row = paper.to_scan(np.full_like(v, u), v)
    if paper.skew_rad == 0:
        return round(float(col[0]), 3)
    return [[round(float(r), 3), round(float(c), 3)] for r, c in zip(row, col, strict=True)]


def reference_u(paper: Paper) -> float:
    """Place across the paper of the line on which depth is measured: the middle of the depth column."""
    return paper.inches(sum(DEPTH_COLUMN_IN) / 2)


def sidecar_of(paper: Paper, plans: Sequence[TrackPlan], well: dict[str, str]) -> Sidecar:
    """All the page's facts in the sidecar contract."""
    centre = reference_u(paper)
    ends = np.array([0.0, paper.length_px])
    _, span = paper.to_scan(np.full(2, centre), ends)
    at = paper.axis.anchors[:, 0]
    _, rows = paper.to_scan(np.full_like(at, centre), at)
    anchors = [[round(float(r), 3), float(d)] for r, d in zip(rows, paper.axis.anchors[:, 1])]
    section = {
        "section_id": "main",
        "row_top": round(float(span[0]), 3),
        "row_bottom": round(float(span[1]), 3),
        "depth": {"unit": paper.axis.unit, "anchors": anchors},
        "tracks": [_sidecar_track(paper, plan) for plan in plans],
    }
    return {"well": well, "sections": [section]}


def _sidecar_track(paper: Paper, plan: TrackPlan) -> dict[str, Any]:
    return {
        "track_id": plan.track_id,
        "left_px": _border_knots(paper, paper.inches(plan.left_in)),
        "right_px": _border_knots(paper, paper.inches(plan.right_in)),
        "curves": [_sidecar_curve(spec) for spec in plan.curves],
    }


def _sidecar_curve(spec: CurveSpec) -> dict[str, Any]:
    out: dict[str, Any] = {"mnemonic": spec.mnemonic, "unit": spec.unit}
    out |= {"left": spec.left, "right": spec.right, "scale": spec.scale}
    out |= {"style": spec.style, "wrap": spec.wrap}
    return out | ({"colour": spec.colour} if spec.colour else {})
