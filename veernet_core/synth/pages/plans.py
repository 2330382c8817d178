"""What is logged on a page: kinds of logs, their tracks and curves, and the paper they are drawn on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np

from veernet_core.datatypes import F64, U8, CurveSpec, DepthAxis, DepthUnit
from veernet_core.errors import GeometryError
from veernet_core.synth.heldout.data import STEP_FT, Polyline
from veernet_core.synth.heldout.plotters import Label

Kind = Literal["triple_combo", "induction", "gamma_neutron", "sonic", "twin_solids"]
Numbers = Literal["printed", "none", "one", "contradictory", "upward", "mixed_units"]
"""Depth numbers as they should be, or as they must be refused."""
Truth: TypeAlias = dict[str, tuple[F64, F64]]
"""``"track_id/mnemonic"`` -> (depth, value), depth in whole multiples of 0.5 ft; NaN not drawn."""
Sidecar: TypeAlias = dict[str, Any]
MARGIN_IN = 0.35
DEPTH_COLUMN_IN = (2.4, 3.2)
HEADER_IN, SCALES_IN, TAIL_IN = 2.0, 1.1, 0.35
COLOURS = {"GR": "#0a7a2a", "CALI": "#b05000", "SP": "#101010", "ILD": "#c00018", "ILM": "#1030c0"}


@dataclass(frozen=True, slots=True)
class SyntheticPage:
    """A drawn page with all that is true of it.

    Attributes
    ----------
    image : uint8 [rows, cols] ink (0 paper, 255 ink), or uint8 [rows, cols, 3] RGB
    sidecar : dict
        In the contract of the sidecar file, ready for ``json.dumps``.
    truth : dict of "track_id/mnemonic" to (depth float64 [n], value float64 [n])
    dpi : int
    """

    image: U8
    sidecar: Sidecar
    truth: Truth
    dpi: int


@dataclass(frozen=True, slots=True)
class TrackPlan:
    """Where a track lies on the paper (inches from the left edge of track 1) and its curves."""

    track_id: str
    left_in: float
    right_in: float
    curves: tuple[CurveSpec, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Paper to scan: a rotation by ``skew_rad`` about the top left corner of the log.

    Paper coordinates are ``u`` px to the right and ``v`` px down from that corner; ``axis`` maps
    depth to ``v``. Positive skew turns the page clockwise.
    """

    rows: int
    cols: int
    dpi: int
    origin_col: float
    origin_row: float
    skew_rad: float
    length_px: float
    axis: DepthAxis

    @property
    def per_in(self) -> float:
        """Depth units per inch of paper."""
        (v0, d0), (v1, d1) = self.axis.anchors[0], self.axis.anchors[-1]
        return float((d1 - d0) / (v1 - v0) * self.dpi)

    def to_scan(self, u: F64, v: F64) -> Polyline:
        """Scan (column, row) of paper points."""
        cos, sin = np.cos(self.skew_rad), np.sin(self.skew_rad)
        return self.origin_col + u * cos - v * sin, self.origin_row + u * sin + v * cos

    def inches(self, value: float) -> float:
        """Pixels of a length on paper."""
        return value * self.dpi

    def segment(self, u0: float, v0: float, u1: float, v1: float) -> Polyline:
        """A straight line on paper, in scan pixels."""
        return self.to_scan(np.array([u0, u1]), np.array([v0, v1]))

    def label(self, text: str, u: float, v: float, size_px: float, turn: float = 0.0) -> Label:
        """A printed text whose base line starts at a paper point."""
        col, row = self.to_scan(np.array([u]), np.array([v]))
        tilt = turn - float(np.degrees(self.skew_rad))
        return Label(text, float(col[0]), float(row[0]), size_px, tilt)


GR = CurveSpec("GR", "GAPI", 0, 150, wrap="one")
CALI = CurveSpec("CALI", "IN", 6, 16, style="dashed", wrap="one")
SP = CurveSpec("SP", "MV", -80, 20, style="dashed")
RHOB = CurveSpec("RHOB", "G/C3", 1.95, 2.95, wrap="one")
NPHI = CurveSpec("NPHI", "V/V", 0.45, -0.15, style="dashed", wrap="one")
DT = CurveSpec("DT", "US/F", 140, 40)
NEU = CurveSpec("NEU", "CPS", 0, 1000)
SFL = CurveSpec("SFL", "OHMM", 0.2, 2000, "log")
ILM = CurveSpec("ILM", "OHMM", 0.2, 2000, "log", style="dotted")
ILD = CurveSpec("ILD", "OHMM", 0.2, 2000, "log", style="dashed")
_T1, _T2, _T3, _T23 = (0.0, 2.4), (3.2, 5.6), (5.6, 8.0), (3.2, 8.0)
PLANS: dict[Kind, tuple[TrackPlan, ...]] = {
    "triple_combo": (
        TrackPlan("T1", *_T1, (GR, CALI)),
        TrackPlan("T2", *_T2, (SFL, ILD)),
        TrackPlan("T3", *_T3, (RHOB, NPHI)),
    ),
    "induction": (TrackPlan("T1", *_T1, (GR, SP)), TrackPlan("T2", *_T23, (SFL, ILM, ILD))),
    "gamma_neutron": (TrackPlan("T1", *_T1, (GR,)), TrackPlan("T2", *_T23, (NEU,))),
    "sonic": (TrackPlan("T1", *_T1, (GR, CALI)), TrackPlan("T2", *_T23, (DT,))),
    "twin_solids": (
        TrackPlan("T1", *_T1, (GR, replace(CALI, style="solid"))),
        TrackPlan("T2", *_T23, (RHOB, NPHI)),
    ),
}
TITLES: dict[Kind, str] = {
    "triple_combo": "INDUCTION - DENSITY - NEUTRON",
    "induction": "DUAL INDUCTION LOG",
    "gamma_neutron": "GAMMA RAY NEUTRON",
    "sonic": "BOREHOLE COMPENSATED SONIC",
    "twin_solids": "DENSITY LOG WITH CALIPER",
}


def tracks_of(kind: Kind, colour: bool, gr_right: float) -> tuple[TrackPlan, ...]:
    """Tracks of a kind of log with their final specs."""

    def finish(spec: CurveSpec) -> CurveSpec:
        if spec.mnemonic == "GR":
            spec = replace(spec, right=gr_right)
        return replace(spec, colour=COLOURS[spec.mnemonic]) if colour else spec

    return tuple(replace(p, curves=tuple(finish(c) for c in p.curves)) for p in PLANS[kind])


def lay_out(
    rng: np.random.Generator,
    rows: int,
    dpi: int,
    skew_deg: float,
    per_in: float,
    stretch: bool,
    unit: DepthUnit,
) -> Paper:
    """Place the log on the scan; anchors of the depth axis every 50 or 100 ft, 25 or 50 m."""
    skew = float(np.radians(skew_deg))
    top = (HEADER_IN + SCALES_IN) * dpi
    width = PLANS["induction"][1].right_in * dpi
    length = (rows - top - TAIL_IN * dpi - abs(np.sin(skew)) * width) / np.cos(skew)
    if length < 2 * dpi:
        raise GeometryError(f"{rows} rows leave no room for a log")
    slide = abs(np.sin(skew)) * rows
    margin = MARGIN_IN * dpi
    cols = int(np.ceil(width + 2 * margin + slide))
    origin_col = margin + (slide if skew > 0 else 0.0)
    origin_row = top + (abs(np.sin(skew)) * width if skew < 0 else 0.0)
    axis = _paper_axis(rng, length, dpi / per_in, stretch, ruling(per_in, unit)[2], unit)
    return Paper(rows, cols, dpi, origin_col, origin_row, skew, length, axis)


def ruling(per_in: float, unit: DepthUnit) -> tuple[float, float, float, float]:
    """Spacing of light, middle and heavy depth lines, and of depth numbers, in the log's unit."""
    if unit == "m":
        return (1.0, 5.0, 25.0, 25.0) if per_in < 10 else (2.0, 10.0, 50.0, 50.0)
    return (2.0, 10.0, 50.0, 100.0) if per_in < 30 else (10.0, 50.0, 100.0, 100.0)


def _paper_axis(
    rng: np.random.Generator,
    length_px: float,
    px_per_unit: float,
    stretch: bool,
    every: float,
    unit: DepthUnit,
) -> DepthAxis:
    """Depth to paper row, with anchors at round depths and stretch that changes at them."""
    first = float(rng.integers(8, 80)) * 100 + float(rng.choice([0.0, 50.0]))
    first = np.ceil(first / every) * every
    count = max(2, int(length_px / px_per_unit / every) + 1)
    lead = rng.uniform(0.05, 0.6) * every * px_per_unit
    gaps = np.full(count - 1, every * px_per_unit)
    if stretch:
        gaps = gaps * (1 + rng.uniform(-0.006, 0.006, count - 1))
    at = lead + np.concatenate([[0.0], np.cumsum(gaps)])
    depth = first + every * np.arange(count)
    keep = at < length_px
    if keep.sum() < 2:
        raise GeometryError("the page is too short for two depth anchors")
    return DepthAxis(unit, np.column_stack([at[keep], depth[keep]]))


def log_depths(paper: Paper) -> F64:
    """Sample depths within the log, whole multiples of 0.5 ft."""
    top, bottom = paper.axis.depth_at(np.array([4.0, paper.length_px - 4.0]))
    out: F64 = np.arange(np.ceil(top / STEP_FT), np.floor(bottom / STEP_FT) + 1) * STEP_FT
    return out
