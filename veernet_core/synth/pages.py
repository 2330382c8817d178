"""Whole scanned pages with exact geometry: the demo archive and end-to-end tests live on these.

In: a random generator and what kind of log to draw. Out: ``SyntheticPage`` (image, sidecar in the
published contract, true curves), the bytes of a TIFF, and ``demo_archive``, a small archive with
good, doubtful and hopeless scans. The pens are those of ``heldout``.
Does not belong here: writing files, and anything that training uses.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from veernet_core.datatypes import F32, F64, U8, WRAP_COUNTS, CurveSpec, DepthAxis, DepthUnit, Style
from veernet_core.errors import GeometryError
from veernet_core.synth.heldout import (
    PLOTTERS,
    STEP_FT,
    Course,
    Label,
    Pen,
    Polyline,
    agg_lines,
    agg_text,
    course_truth,
    dirty_scan,
    draw_earth,
    draw_pen,
    grid_fractions,
    measure,
    smooth_field,
    strokes,
    track_fraction,
)

Kind = Literal["triple_combo", "induction", "gamma_neutron", "sonic", "twin_solids"]
Numbers = Literal["printed", "none", "one", "contradictory", "upward", "mixed_units"]
"""Depth numbers as they should be, or as they must be refused."""
Truth: TypeAlias = dict[str, tuple[F64, F64]]
"""``"track_id/mnemonic"`` -> (depth, value), depth in whole multiples of 0.5 ft; NaN not drawn."""
Sidecar: TypeAlias = dict[str, Any]

MARGIN_IN = 0.35
DEPTH_COLUMN_IN = (2.4, 3.2)
HEADER_IN, SCALES_IN, TAIL_IN = 2.0, 1.1, 0.35
BLACK = (0, 0, 0)
COLOURS = {"GR": "#0a7a2a", "CALI": "#b05000", "SP": "#101010", "ILD": "#c00018", "ILM": "#1030c0"}
COLOURS |= {
    "SFL": "#101010",
    "RHOB": "#c00018",
    "NPHI": "#1030c0",
    "DT": "#7a1090",
    "NEU": "#1030c0",
}


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


class DemoScan(NamedTuple):
    """One scan of the demo archive: file stem, TIFF bytes, sidecar if it has one, truth."""

    stem: str
    tiff: bytes
    sidecar: Sidecar | None
    truth: Truth


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


# What is logged ----------------------------------------------------------------------------------

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


def _plans(kind: Kind, colour: bool, gr_right: float) -> tuple[TrackPlan, ...]:
    """Tracks of a kind of log with their final specs."""

    def finish(spec: CurveSpec) -> CurveSpec:
        if spec.mnemonic == "GR":
            spec = replace(spec, right=gr_right)
        return replace(spec, colour=COLOURS[spec.mnemonic]) if colour else spec

    return tuple(replace(p, curves=tuple(finish(c) for c in p.curves)) for p in PLANS[kind])


# Geometry ----------------------------------------------------------------------------------------


def _lay_out(
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
    axis = _paper_axis(rng, length, dpi / per_in, stretch, _ruling(per_in, unit)[2], unit)
    return Paper(rows, cols, dpi, origin_col, origin_row, skew, length, axis)


def _ruling(per_in: float, unit: DepthUnit) -> tuple[float, float, float, float]:
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


def _border_knots(paper: Paper, u: float) -> float | list[list[float]]:
    """A track border for the sidecar: one number, or knots where the page is skewed."""
    v = np.linspace(0, paper.length_px, 5)
    col, row = paper.to_scan(np.full_like(v, u), v)
    if paper.skew_rad == 0:
        return round(float(col[0]), 3)
    return [[round(float(r), 3), round(float(c), 3)] for r, c in zip(row, col, strict=True)]


def _reference_u(paper: Paper) -> float:
    return paper.inches(sum(DEPTH_COLUMN_IN) / 2)


def _sidecar(paper: Paper, plans: Sequence[TrackPlan], well: dict[str, str]) -> Sidecar:
    """All the page's facts in the sidecar contract."""
    centre = _reference_u(paper)
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


# Drawing -----------------------------------------------------------------------------------------


class _Sheet:
    """Paper being printed: ink density, or colours where the page has them."""

    def __init__(self, paper: Paper, colour: bool) -> None:
        self.shape = (paper.rows, paper.cols)
        self.density: F32 = np.zeros(self.shape, np.float32)
        self.rgb: U8 | None = np.full((*self.shape, 3), 255, np.uint8) if colour else None

    def put(
        self,
        draw: Callable[[tuple[int, int], Sequence[Polyline]], F32],
        lines: Sequence[Polyline],
        strength: float = 1.0,
        colour: tuple[int, int, int] = BLACK,
    ) -> None:
        """Print lines with a drawing function, within the box they need only."""
        if not lines:
            return
        r0, r1 = _reach([line[1] for line in lines], self.shape[0])
        c0, c1 = _reach([line[0] for line in lines], self.shape[1])
        if r1 <= r0 or c1 <= c0:
            return
        moved = [(col - c0, row - r0) for col, row in lines]
        self.blend(draw((r1 - r0, c1 - c0), moved) * np.float32(strength), r0, c0, colour)

    def blend(self, ink: F32, r0: int, c0: int, colour: tuple[int, int, int] = BLACK) -> None:
        """Add a piece of print whose first pixel is ``(r0, c0)``."""
        part = np.s_[r0 : r0 + ink.shape[0], c0 : c0 + ink.shape[1]]
        if self.rgb is None:
            self.density[part] = np.maximum(self.density[part], ink)
            return
        for k in range(3):
            tint = 255 - ink * (255 - colour[k])
            self.rgb[(*part, k)] = np.minimum(self.rgb[(*part, k)], tint.astype(np.uint8))


def _reach(values: Sequence[F64], limit: int) -> tuple[int, int]:
    low = min(float(v.min()) for v in values)
    high = max(float(v.max()) for v in values)
    return max(0, int(low) - 12), min(limit, int(high) + 13)


def _grid_lines(
    paper: Paper, plans: Sequence[TrackPlan]
) -> tuple[list[list[Polyline]], list[Polyline]]:
    """Grid by weight (light, middle, heavy) and the borders of all tracks."""
    by_weight: list[list[Polyline]] = [[], [], []]
    borders: list[Polyline] = []
    for plan in plans:
        left, right = paper.inches(plan.left_in), paper.inches(plan.right_in)
        wide = plan.right_in - plan.left_in > 3
        spec = plan.curves[0]
        for frac, weight in grid_fractions(spec, 20 if wide and spec.scale == "linear" else 10):
            u = left + frac * (right - left)
            line = paper.segment(u, 0, u, paper.length_px)
            (borders if frac in (0.0, 1.0) else by_weight[weight]).append(line)
        for v, weight in _depth_lines(paper):
            by_weight[weight].append(paper.segment(left, v, right, v))
    return by_weight, borders


def _depth_lines(paper: Paper) -> list[tuple[float, int]]:
    """Horizontal lines as (paper row, weight)."""
    every, middle, heavy, _ = _ruling(paper.per_in, paper.axis.unit)
    top, bottom = paper.axis.depth_at(np.array([0.0, paper.length_px]))
    depth = np.arange(np.ceil(top / every) * every, bottom, every)
    weight = [2 if d % heavy == 0 else int(d % middle == 0) for d in depth]
    return list(zip(paper.axis.row_at(depth).tolist(), weight, strict=True))


def _print_grid(
    rng: np.random.Generator, sheet: _Sheet, paper: Paper, plans: Sequence[TrackPlan]
) -> None:
    by_weight, borders = _grid_lines(paper, plans)
    base = paper.dpi / 200 * rng.uniform(1.0, 1.4)
    grey = (120, 120, 120) if sheet.rgb is not None else BLACK
    for lines, width, strength in zip(
        by_weight, (base, base * 1.3, base * 2.0), (rng.uniform(0.6, 0.9), 0.9, 1.0), strict=True
    ):
        sheet.put(_stroker(width), lines, float(strength), grey)
    sheet.put(_stroker(base * 1.8), borders)


RULES: dict[Style, tuple[float, Sequence[float]] | None] = {
    "solid": None,
    "dashed": (0.0, (22.0, 9.0)),
    "dotted": (0.0, (3.0, 6.0)),
}


def _stroker(
    width: float, dashes: tuple[float, Sequence[float]] | None = None
) -> Callable[[tuple[int, int], Sequence[Polyline]], F32]:
    return lambda shape, lines: agg_lines(shape, lines, width, dashes=dashes)


def _depth_numbers(
    rng: np.random.Generator, paper: Paper, numbers: Numbers
) -> list[tuple[float, str]]:
    """True depths and what is printed there."""
    every = _ruling(paper.per_in, paper.axis.unit)[3]
    top, bottom = paper.axis.depth_at(np.array([0.0, paper.length_px]))
    depth = np.arange(np.ceil(top / every) * every, bottom, every)
    printed = depth.copy()
    if numbers == "none":
        return []
    if numbers == "one":
        depth = printed = depth[len(depth) // 2 :][:1]
    elif numbers == "contradictory":
        printed = 100.0 * rng.permutation(np.arange(11, 99))[: len(depth)]
    elif numbers == "upward":
        printed = depth[::-1]
    elif numbers == "mixed_units":
        printed = np.where(np.arange(len(depth)) % 2, np.rint(depth * 0.3048), depth)
    return [(float(d), f"{p:.0f}") for d, p in zip(depth, printed)]


def _depth_labels(paper: Paper, turned: bool, numbers: Sequence[tuple[float, str]]) -> list[Label]:
    """Depth numbers centred on their line in the depth column."""
    size = 0.15 * paper.dpi
    out = []
    for depth, text in numbers:
        half = 0.318 * size * len(text)
        u, v = _reference_u(paper), float(paper.axis.row_at(np.array([depth]))[0])
        u, v = (u + 0.36 * size, v + half) if turned else (u - half, v + 0.36 * size)
        out.append(paper.label(text, u, v, size, 90.0 if turned else 0.0))
    return out


def _header_labels(paper: Paper, title: str, well: dict[str, str]) -> list[Label]:
    size, top = 0.13 * paper.dpi, -paper.inches(HEADER_IN + SCALES_IN)
    facts = [f"{key.replace('_', ' ').upper()}: {value}" for key, value in well.items()]
    labels = [paper.label(title, size, top + 2.6 * size, 2 * size)]
    for k, fact in enumerate(facts):
        u, v = (k % 2) * paper.inches(4), top + size * (5 + 2.0 * (k // 2))
        labels.append(paper.label(fact, size + u, v, size))
    return labels


def _scale_header(paper: Paper, plan: TrackPlan) -> tuple[list[Label], list[Polyline]]:
    """Name, ends and a ruled line for every curve, above its track."""
    size = 0.1 * paper.dpi
    labels, rules = [], []
    left, right = paper.inches(plan.left_in), paper.inches(plan.right_in)
    for k, spec in enumerate(plan.curves):
        v = -paper.inches(0.12 + 0.3 * k)
        rules.append(paper.segment(left, v, right, v))
        name, end = f"{spec.mnemonic} {spec.unit}", f"{spec.right:g}"
        v -= 0.4 * size
        labels.append(paper.label(f"{spec.left:g}", left + 4, v, size))
        labels.append(paper.label(name, (left + right) / 2 - 0.32 * size * len(name), v, size))
        labels.append(paper.label(end, right - 4 - 0.65 * size * len(end), v, size))
    return labels, rules


def _print_header(
    sheet: _Sheet, paper: Paper, plans: Sequence[TrackPlan], title: str, well: dict[str, str]
) -> None:
    """Well facts, and scale headers ruled in the style and colour of their curves."""
    labels = _header_labels(paper, title, well)
    for plan in plans:
        more, rules = _scale_header(paper, plan)
        labels += more
        for spec, rule in zip(plan.curves, rules, strict=True):
            tint = _rgb(spec.colour) if spec.colour else BLACK
            sheet.put(_stroker(1.8 * paper.dpi / 200, RULES[spec.style]), [rule], 1.0, tint)
    _print_text(sheet, labels)


def _print_text(sheet: _Sheet, labels: Sequence[Label]) -> None:
    """Print labels in slabs of rows, so that a small text needs a small canvas."""
    for label in labels:
        reach = int(label.size_px * (len(label.text) + 2))
        r0, r1 = max(0, int(label.row) - reach), min(sheet.shape[0], int(label.row) + reach)
        c0 = max(0, int(label.col) - reach)
        c1 = min(sheet.shape[1], int(label.col) + reach)
        if r1 > r0 and c1 > c0:
            moved = replace(label, row=label.row - r0, col=label.col - c0)
            sheet.blend(agg_text((r1 - r0, c1 - c0), [moved]), r0, c0)


def _pen_for(rng: np.random.Generator, spec: CurveSpec, dpi: int) -> Pen:
    kinds = {"solid": ["solid"], "dashed": ["long", "short"], "dotted": ["dotted"]}[spec.style]
    pen = draw_pen(rng, kinds[int(rng.integers(len(kinds)))])
    zoom = dpi / 200
    width = float(np.clip(pen.width_px, 2.0, 4.0)) * zoom
    return replace(
        pen, width_px=width, on_px=pen.on_px * zoom, off_px=pen.off_px * zoom, strength=1.0
    )


def _print_curve(
    rng: np.random.Generator,
    sheet: _Sheet,
    paper: Paper,
    plan: TrackPlan,
    spec: CurveSpec,
    depth: F64,
    value: F64,
    plotter: str,
) -> F64:
    """Ink one curve; returns its values with NaN where no ink stands for them."""
    left, right = paper.inches(plan.left_in), paper.inches(plan.right_in)
    course = Course(paper.axis.row_at(depth), track_fraction(spec, value), WRAP_COUNTS[spec.wrap])
    pieces = strokes(course, lambda frac, v: left + frac * (right - left))
    lines = [paper.to_scan(u, v) for u, v in pieces]
    pen = _pen_for(rng, spec, paper.dpi)
    tint = _rgb(spec.colour) if spec.colour else BLACK
    sheet.put(lambda shape, moved: PLOTTERS[plotter](rng, shape, moved, pen), lines, 1.0, tint)
    return np.where(np.isfinite(course_truth(course, course.row)), value, np.nan)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _log_depths(paper: Paper) -> F64:
    """Sample depths within the log, whole multiples of 0.5 ft."""
    top, bottom = paper.axis.depth_at(np.array([4.0, paper.length_px - 4.0]))
    out: F64 = np.arange(np.ceil(top / STEP_FT), np.floor(bottom / STEP_FT) + 1) * STEP_FT
    return out


def _ruin(
    rng: np.random.Generator, density: F32, paper: Paper, bands: Sequence[tuple[float, float]]
) -> None:
    """Smear toner over bands of the log, given as shares of its length."""
    for start, stop in bands:
        r0 = int(paper.origin_row + start * paper.length_px)
        r1 = int(paper.origin_row + stop * paper.length_px)
        block = density[r0:r1]
        smear = smooth_field(rng, block.shape, 40) + 0.7 * smooth_field(rng, block.shape, 3)
        block[:] = np.where(smear > 0.1, 1.0, 0.0) * (rng.random(block.shape) < 0.85)


def draw_page(
    rng: np.random.Generator,
    *,
    kind: Kind = "triple_combo",
    rows: int = 3600,
    dpi: int = 200,
    skew_deg: float = 0.0,
    colour: bool = False,
    degraded: float = 0.0,
    destroyed: Sequence[tuple[float, float]] = (),
    stretch: bool = False,
    ft_per_in: float = 20.0,
    gr_right: float = 150.0,
    plotter: str = "vector",
    well: dict[str, str] | None = None,
    unit: DepthUnit = "ft",
    turned_numbers: bool | None = None,
    numbers: Numbers = "printed",
) -> SyntheticPage:
    """Draw one page: header, scale headers, depth column and tracks.

    Parameters
    ----------
    rows : int
        Height of the scan, px, at most 60,000.
    skew_deg : float
        Rotation of the whole page, clockwise.
    colour : bool
        Colour raster as service companies deliver it; degradation does not apply.
    degraded : float
        Strength of the bad scanner (``heldout.dirty_scan``); 0 is a clean 1-bit scan.
    destroyed : sequence of (start, stop)
        Bands of the log that toner has buried, as shares of its length.
    stretch : bool
        Paper stretch of up to 0.6 % that changes at every depth anchor.
    ft_per_in : float
        Depth scale, in the log's unit per inch: 20 ft is 1:240, 50 ft 1:600; 5.08 m is 1:200.
    gr_right : float
        Right end of the gamma ray scale; 100 makes it wrap often.
    plotter : str
        ``vector`` or ``spot`` of ``heldout.PLOTTERS``.
    well : dict, optional
        Header facts under the sidecar's keys.
    unit : 'ft' or 'm'
        Of the depth; a log in metres has lines each 1, 5 and 25 m and numbers each 25 m.
    turned_numbers : bool, optional
        Whether depth numbers run up the page; drawn by lot where not given.
    numbers : str
        Depth numbers other than ``printed`` leave the depth unknowable.

    Returns
    -------
    SyntheticPage

    Raises
    ------
    GeometryError
        ``rows`` leave no room for a log.
    """
    well = (
        {"uwi": "00-000-00000", "name": "EXAMPLE 1", "company": "EXAMPLE OIL"}
        if well is None
        else well
    )
    paper = _lay_out(rng, rows, dpi, skew_deg, ft_per_in, stretch, unit)
    plans = _plans(kind, colour, gr_right)
    sheet = _Sheet(paper, colour)
    _print_grid(rng, sheet, paper, plans)
    truth = _print_curves(rng, sheet, paper, plans, plotter)
    _print_header(sheet, paper, plans, TITLES[kind], well)
    turned = bool(rng.random() < 0.5) if turned_numbers is None else turned_numbers
    _print_text(sheet, _depth_labels(paper, turned, _depth_numbers(rng, paper, numbers)))
    image = sheet.rgb
    if image is None:
        _ruin(rng, sheet.density, paper, destroyed)
        image = _scan(rng, sheet.density, degraded)
    return SyntheticPage(image, _sidecar(paper, plans, well), truth, dpi)


def _print_curves(
    rng: np.random.Generator, sheet: _Sheet, paper: Paper, plans: Sequence[TrackPlan], plotter: str
) -> Truth:
    depth = _log_depths(paper)
    earth = draw_earth(rng, len(depth))
    truth: Truth = {}
    for plan in plans:
        for spec in plan.curves:
            value = measure(rng, earth, spec.mnemonic)
            inked = _print_curve(rng, sheet, paper, plan, spec, depth, value, plotter)
            truth[f"{plan.track_id}/{spec.mnemonic}"] = (depth, inked)
    return truth


def _scan(rng: np.random.Generator, density: F32, degraded: float) -> U8:
    """1-bit image of the page, 0 or 255."""
    ink = dirty_scan(rng, density, degraded).ink if degraded else density * 255
    return np.where(ink > 107, 255, 0).astype(np.uint8)


# Files -------------------------------------------------------------------------------------------


def tiff_bytes(page: SyntheticPage) -> bytes:
    """The page as a TIFF file: 1-bit CCITT G4, or RGB with deflate for colour.

    Returns
    -------
    bytes
        The same page gives the same bytes.
    """
    rgb = page.image.ndim == 3
    profile: dict[str, Any] = {"driver": "GTiff", "dtype": "uint8", "blockysize": 256}
    profile |= {"height": page.image.shape[0], "width": page.image.shape[1]}
    if rgb:
        profile |= {"count": 3, "compress": "deflate", "photometric": "RGB"}
    else:
        profile |= {"count": 1, "nbits": 1, "compress": "CCITTFAX4", "photometric": "MINISWHITE"}
    bands = np.moveaxis(page.image, -1, 0) if rgb else (page.image > 127)[None].astype(np.uint8)
    tags = dict.fromkeys(("TIFFTAG_XRESOLUTION", "TIFFTAG_YRESOLUTION"), str(page.dpi))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with MemoryFile() as memory:
            with memory.open(**profile) as out:
                out.update_tags(**tags, TIFFTAG_RESOLUTIONUNIT="2")
                out.write(bands)
            return bytes(memory.getbuffer())


def _demo_well(k: int, name: str) -> dict[str, str]:
    return {
        "uwi": f"00-000-{k:05d}",
        "name": name,
        "company": "VEERNET EXAMPLE OIL CO",
        "field": "SYNTHETIC",
        "county": "NOWHERE",
        "state": "KANSAS",
        "country": "USA",
        "service_company": "HELD-OUT PLOTTING",
        "date": f"19{60 + k}-05-{k + 1:02d}",
    }


DEMO: tuple[tuple[str, dict[str, Any]], ...] = (
    ("clean-induction", {"kind": "induction", "rows": 3600}),
    ("clean-triple-combo", {"kind": "triple_combo", "rows": 4200, "ft_per_in": 50.0}),
    ("skewed-gamma-neutron", {"kind": "gamma_neutron", "rows": 3800, "skew_deg": 1.2}),
    ("dirty-sonic", {"kind": "sonic", "rows": 3000, "degraded": 1.7, "stretch": True}),
    ("colour-triple-combo", {"kind": "triple_combo", "rows": 3000, "colour": True}),
    ("destroyed-induction", {"kind": "induction", "rows": 3200, "destroyed": ((0.3, 0.75),)}),
    ("two-solid-curves", {"kind": "twin_solids", "rows": 3400, "skew_deg": -0.6}),
    ("no-sidecar", {"kind": "gamma_neutron", "rows": 2800}),
    ("truncated", {"kind": "sonic", "rows": 2500}),
)
"""File stem and drawing of every scan of the demo archive."""


def demo_archive(seed: int = 0) -> list[DemoScan]:
    """Draw a small archive that shows accepted, doubtful, rejected and failed scans.

    Returns
    -------
    list of DemoScan
        ``no-sidecar`` has none, ``truncated`` stops after 1,000 bytes; truth is given for all.
    """
    out = []
    for k, (stem, settings) in enumerate(DEMO):
        rng = np.random.default_rng([seed, k])
        well = _demo_well(k + 1, stem.replace("-", " ").upper())
        settings = {"gr_right": 100.0 if k in (2, 6) else 150.0, **settings}
        page = draw_page(rng, well=well, plotter="spot" if k == 5 else "vector", **settings)
        tiff = tiff_bytes(page)
        if stem == "truncated":
            tiff = tiff[:1000]
        sidecar = None if stem == "no-sidecar" else page.sidecar
        out.append(DemoScan(stem, tiff, sidecar, page.truth))
    return out
