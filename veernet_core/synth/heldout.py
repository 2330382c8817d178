"""The other hand: strips drawn by plotters that training never sees, with exact truth.

In: a random generator, optionally real curve shapes. Out: ``HeldoutStrip`` (a rectified track, what
is drawn in it, and where each curve is at every row, to sub-pixel).
Three drawing technologies are simulated: an anti-aliased vector plotter (dashes by arc length), a
light-spot film recorder (exposure: thick where slow, faint where fast, dashes by time) and an
electrostatic plotter (square pen, run by run). Degradation is an optical chain: lens, lamp, paper,
toner, threshold, copies of copies.
Does not belong here: anything used in training or in the choice of a model, and whole pages
(``pages.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import cv2
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as AggPath
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import (
    F32,
    F64,
    RESISTIVITIES,
    U8,
    WRAP_COUNTS,
    Bool,
    CurveSpec,
    Scale,
    Strip,
    Style,
    Wrap,
)
from veernet_core.errors import GeometryError
from veernet_core.synth.truth import drawn_course

Shape: TypeAlias = "NDArray[Any] | tuple[str, NDArray[Any]]"
"""Values on regular depths (0.5 ft), or a mnemonic and such values."""
Polyline: TypeAlias = tuple[F64, F64]
"""Columns and rows of the vertices of one pen-down stroke, pixels, rows increasing."""
Cap = Literal["butt", "round", "projecting"]
Join = Literal["round", "bevel", "miter"]
Family = Literal["gamma", "resistivity", "backup", "porosity"]
Tone = Literal["grey", "bilevel"]
MARGIN_PX = DigitiseConfig().margin_px
STEP_FT = 0.5


@dataclass(frozen=True, slots=True)
class HeldoutStrip:
    """One drawn track with its truth.

    Attributes
    ----------
    strip : Strip
    specs : tuple of CurveSpec, one per curve
    frac : float64 [n_curves, rows]
        Unwrapped track position of the *ink* at every row centre; NaN where no ink was drawn
        (off scale, pen lifted). A pegged curve sits at 0 or 1. Dash gaps are not NaN.
    depth : float64 [rows]
        Depth of every row centre, ft.
    visible : bool [n_curves, rows]
        False where nothing is drawn, or the finish erased or buried the ink.
    ident : str
        Which plotter, track family and finish made it.
    """

    strip: Strip
    specs: tuple[CurveSpec, ...]
    frac: F64
    depth: F64
    visible: Bool
    ident: str

    def __post_init__(self) -> None:
        rows = self.strip.ink.shape[0]
        if self.frac.shape != (len(self.specs), rows) or self.visible.shape != self.frac.shape:
            raise GeometryError("held-out truth does not match its strip")


@dataclass(frozen=True, slots=True)
class Pen:
    """How one curve is inked. Lengths in pixels; ``on_px`` = 0 draws a continuous line."""

    style: Style
    width_px: float
    on_px: float = 0.0
    off_px: float = 0.0
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """Where one curve goes: vertices in unwrapped track fractions, and what is inked of them.

    ``lifts`` are row intervals with the pen up. ``peg`` holds the pen at the edge when off scale.
    """

    row: F64
    frac: F64
    laps: int = 0
    peg: bool = False
    lifts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Strip geometry: size, borders, sideways wander (px per row) and depth of every row."""

    rows: int
    cols: int
    left: float
    width: float
    wander_px: F64
    depth: F64
    rows_per_ft: float

    def column(self, frac: F64, row: F64) -> F64:
        """Strip column of a track fraction at a strip row."""
        shift = np.interp(row, np.arange(self.rows), self.wander_px)
        out: F64 = self.left + frac * self.width + shift
        return out


# Curve shapes ------------------------------------------------------------------------------------

SCALES: dict[str, tuple[str, float, float, Scale, Wrap]] = {
    "GR": ("GAPI", 0, 150, "linear", "one"),
    "SP": ("MV", -80, 20, "linear", "none"),
    "CALI": ("IN", 6, 16, "linear", "one"),
    "ILD": ("OHMM", 0.2, 2000, "log", "none"),
    "ILM": ("OHMM", 0.2, 2000, "log", "none"),
    "SFL": ("OHMM", 0.2, 2000, "log", "none"),
    "RES": ("OHMM", 0, 50, "linear", "none"),
    "RHOB": ("G/C3", 1.95, 2.95, "linear", "one"),
    "NPHI": ("V/V", 0.45, -0.15, "linear", "one"),
    "DPHI": ("V/V", 0.45, -0.15, "linear", "one"),
    "DT": ("US/F", 140, 40, "linear", "none"),
    "NEU": ("CPS", 0, 1000, "linear", "none"),
}
"""Unit, left, right, scale and off-scale mode that the synthetic tools are printed with."""

TRACK_MATES: tuple[frozenset[str], ...] = (
    frozenset({"GR", "SP", "CALI"}),
    RESISTIVITIES,
    frozenset({"RHOB", "NPHI", "DPHI", "DT", "NEU"}),
)
"""Which real curves share a track: correlation, resistivity, porosity. Others go with any."""

FAMILIES: dict[Family, tuple[str, ...]] = {
    "gamma": ("GR", "CALI", "SP", "GR"),
    "resistivity": ("SFL", "ILD", "ILM", "ILD"),
    "backup": ("RES",),
    "porosity": ("RHOB", "NPHI", "DT", "DPHI"),
}


@dataclass(frozen=True, slots=True)
class Earth:
    """Bed properties each 0.5 ft: clay share, porosity, log10 of true and flushed resistivity."""

    clay: F64
    phi: F64
    log_rt: F64
    log_rxo: F64


def draw_earth(rng: np.random.Generator, n: int) -> Earth:
    """Draw a sequence of beds of a few rock types, some with gradients. Arrays of ``n``."""
    rocks = np.array(
        [
            [0.90, 0.12, 0.5, 0.45],
            [0.15, 0.24, 0.9, 0.7],
            [0.05, 0.06, 1.9, 1.5],
            [0.30, 0.40, 2.4, 1.9],
            [0.55, 0.15, 0.8, 0.7],
            [0.02, 0.01, 2.9, 2.2],
        ]
    )
    table = np.empty((n, 4))
    likely = rng.dirichlet(np.array([3.0, 2, 2, 0.3, 2, 0.4]))
    mean_thickness = rng.uniform(6, 50)
    at = 0
    while at < n:
        thick = int(rng.exponential(mean_thickness)) + 1
        rock = rocks[rng.choice(len(rocks), p=likely)] * rng.uniform(0.8, 1.2, 4)
        ramp = np.linspace(-1, 1, thick)[:, None] * rng.normal(0, 0.12, 4)
        table[at : at + thick] = (rock + ramp * rng.integers(0, 2))[: n - at]
        at += thick
    table += rng.normal(0, 0.03, table.shape)
    return Earth(*np.ascontiguousarray(table.T))


def measure(rng: np.random.Generator, earth: Earth, mnemonic: str) -> F64:
    """What a logging tool would read in ``earth``: its response, resolution and noise.

    Returns
    -------
    float64 [n]
        Values in the unit of ``SCALES[mnemonic]``.
    """
    clay, phi = np.clip(earth.clay, 0, 1), np.clip(earth.phi, 0, 0.45)
    if mnemonic in ("GR", "NEU"):
        rate = 18 + 115 * clay**1.2 if mnemonic == "GR" else 150 + 750 * np.exp(-6 * phi)
        seconds = rng.uniform(1, 8) if mnemonic == "GR" else rng.uniform(0.5, 4)
        counts = rng.poisson(rate * seconds) / seconds
        hold = rng.uniform(0.3, 0.85)
        return _lagged(counts, hold)
    if mnemonic == "SP":
        drift = _blur(rng.normal(0, 1, len(clay)), 80) * 120
        return _blur(-65 * (1 - clay) + 5 + drift, rng.uniform(3, 9))
    if mnemonic == "CALI":
        washed = np.maximum(0, _blur(clay, 2) - 0.6) * _blur(rng.gamma(2, 1.5, len(clay)), 1.5)
        return 7.9 + _blur(washed * 6, 0.8) + rng.normal(0, 0.02, len(clay))
    if mnemonic in ("ILD", "ILM", "SFL", "RES"):
        mix = {"ILD": 0.0, "ILM": 0.35, "SFL": 0.9, "RES": 0.5}[mnemonic]
        res = {"ILD": 3.5, "ILM": 2.5, "SFL": 0.7, "RES": 1.5}[mnemonic]
        logr = _blur((1 - mix) * earth.log_rt + mix * earth.log_rxo, res)
        return np.asarray(10.0 ** (logr + rng.normal(0, 0.008, len(logr))))
    if mnemonic in ("RHOB", "DPHI"):
        noise = rng.normal(0, rng.uniform(0.002, 0.014), len(phi))
        rho = _blur(2.7 - 1.65 * phi - 0.1 * clay, rng.uniform(1, 2.5)) + noise
        return rho if mnemonic == "RHOB" else (2.71 - rho) / 1.71
    if mnemonic == "NPHI":
        noise = rng.normal(0, rng.uniform(0.001, 0.01), len(phi))
        return _blur(phi + 0.22 * clay, rng.uniform(1.5, 3)) + noise
    skips = (rng.random(len(phi)) < 0.003) * rng.uniform(-40, 60, len(phi))
    return _blur(52 + 150 * phi + 35 * clay, 1.5) + skips


def _blur(values: F64, sigma: float) -> F64:
    out = cv2.GaussianBlur(values[:, None], (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out[:, 0], dtype=np.float64)


def _lagged(values: F64, hold: float) -> F64:
    """Rate meter with a time constant: each reading keeps ``hold`` of the one before."""
    out = values.astype(np.float64).copy()
    for k in range(1, len(out)):
        out[k] = hold * out[k - 1] + (1 - hold) * out[k]
    return out


def _smooth_curve(x: F64, y: F64, at: F64) -> F64:
    """Monotone cubic through points; between NaN neighbours NaN."""
    known = np.isfinite(y)
    if known.sum() < 2:
        return np.full(len(at), np.nan)
    monotone: Any = PchipInterpolator
    curve: Callable[[F64], F64] = monotone(x[known], y[known])
    out: F64 = np.where(np.isfinite(np.interp(at, x, y)), curve(at), np.nan)
    return out


def track_fraction(spec: CurveSpec, value: F64) -> F64:
    """Unwrapped track fraction of values under a spec; NaN where a log scale has none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        if spec.scale == "log":
            out = np.log(value / spec.left) / np.log(spec.right / spec.left)
        else:
            out = (value - spec.left) / (spec.right - spec.left)
    return np.where(np.isfinite(out), out, np.nan).astype(np.float64)


def _synthetic_spec(rng: np.random.Generator, mnemonic: str, double: bool) -> CurveSpec:
    unit, left, right, scale, wrap = SCALES[mnemonic]
    if mnemonic == "GR":
        right = float(rng.choice([100, 150, 150, 200]))
    if scale == "log" and not double:
        right = float(rng.choice([20, 200, 2000]))
    if mnemonic == "RES":
        right = float(rng.choice([20, 50, 100]))
    return CurveSpec(mnemonic, unit, left, right, scale, wrap=wrap)


def _longest_run(values: F64) -> F64:
    finite = np.isfinite(values)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], finite.view(np.int8), [0]])))
    if len(edges) == 0:
        return np.zeros(8)
    starts, stops = edges[::2], edges[1::2]
    best = int(np.argmax(stops - starts))
    return values[starts[best] : stops[best]]


def _cut(rng: np.random.Generator, shape: Shape, n: int, log: bool) -> tuple[str, F64]:
    name, raw = shape if isinstance(shape, tuple) else ("", shape)
    values = np.asarray(raw, dtype=np.float64).copy()
    values[(np.abs(values) > 1e6) | (values <= -499)] = np.nan
    if log:
        values[values <= 0] = np.nan
    values = _longest_run(values)
    if len(values) < n:
        values = np.pad(values, (0, n - len(values)), mode="reflect" if len(values) > 1 else "edge")
    start = int(rng.integers(0, len(values) - n + 1))
    return name, values[start : start + n]


def _percentile_spec(rng: np.random.Generator, name: str, values: F64, scale: Scale) -> CurveSpec:
    """Scale that puts the robust range of ``values`` on a random stretch of the track."""
    work = np.log(values) if scale == "log" else values
    low, high = np.percentile(work, [2, 98])
    span = max(float(high - low), 1e-6 + 1e-3 * abs(float(low)))
    size = rng.uniform(0.12, 0.85)
    at = rng.uniform(0.03, 1.05 - size)
    unit = span / size
    left = float(low) - at * unit
    ends = (left, left + unit)
    if rng.random() < 0.2:
        ends = (ends[1], ends[0])
    if scale == "log":
        ends = (float(np.exp(ends[0])), float(np.exp(ends[1])))
    wrap: Wrap = "one" if scale == "linear" and rng.random() < 0.6 else "none"
    return CurveSpec(name or "CURVE", "", ends[0], ends[1], scale, wrap=wrap)


def _real_curve(rng: np.random.Generator, shape: Shape, n: int, log: bool) -> tuple[CurveSpec, F64]:
    name, values = _cut(rng, shape, n, log)
    scale: Scale = "log" if log and np.nanmin(values) > 0 else "linear"
    if name in SCALES and rng.random() < 0.6:
        unit, left, right, kind, wrap = SCALES[name]
        spec = CurveSpec(name, unit, left, right, kind, wrap=wrap)
        frac = track_fraction(spec, values)
        if kind == scale and np.mean((frac > 0) & (frac < 1)) > 0.8 and np.nanstd(frac) > 0.01:
            return spec, values
    return _percentile_spec(rng, name, values, scale), values


def _choose_curves(
    rng: np.random.Generator,
    family: Family,
    shapes: Sequence[Shape] | None,
    n: int,
    n_curves: int,
    double: bool,
) -> list[tuple[CurveSpec, F64]]:
    """Specs and values (each 0.5 ft, ``n`` of them) of the curves of one track."""
    earth = draw_earth(rng, n)
    mates = _mates(shapes or (), family)
    out: list[tuple[CurveSpec, F64]] = []
    for k in range(n_curves):
        if mates and family != "backup":
            if out and rng.random() < 0.3:
                spec, values = out[-1]
                out.append((spec, _companion(rng, values, spec)))
                continue
            pick = mates[int(rng.integers(len(mates)))]
            log = pick[0] in RESISTIVITIES if isinstance(pick, tuple) else family == "resistivity"
            out.append(_real_curve(rng, pick, n, log))
            continue
        mnemonic = FAMILIES[family][k % len(FAMILIES[family])]
        spec = _synthetic_spec(rng, mnemonic, double)
        if k and family == "resistivity":
            spec = replace(spec, right=out[0][0].right)
        values = measure(rng, earth, mnemonic)
        out.append((_rescued(rng, spec, values), values))
    return [
        (replace(s, mnemonic=f"{s.mnemonic}{k}" if k else s.mnemonic), v)
        for k, (s, v) in enumerate(out)
    ]


def _mates(shapes: Sequence[Shape], family: Family) -> list[Shape]:
    """The shapes that a track of this family would hold; all where none would."""
    strangers = frozenset().union(*(m for m in TRACK_MATES if not m & {*FAMILIES[family]}))
    return [s for s in shapes if not isinstance(s, tuple) or s[0] not in strangers] or [*shapes]


def _rescued(rng: np.random.Generator, spec: CurveSpec, values: F64) -> CurveSpec:
    """The spec, or one that fits the values where they would be off scale for too long."""
    if spec.mnemonic == "RES":
        return replace(spec, right=float(np.percentile(values, rng.uniform(60, 97))))
    frac = track_fraction(spec, values)
    if np.mean((frac > 0) & (frac < 1)) > 0.75:
        return spec
    fitted = _percentile_spec(rng, spec.mnemonic, values, spec.scale)
    return replace(fitted, unit=spec.unit, wrap=spec.wrap)


def _companion(rng: np.random.Generator, values: F64, spec: CurveSpec) -> F64:
    """A second tool's reading of the same rocks: long overlaps with the first."""
    work = np.log(values) if spec.scale == "log" else values
    spread = float(np.std(work)) + 1e-9
    soft = _blur(work, rng.uniform(0.6, 5)) + rng.normal(0, 0.05, len(work)) * spread
    soft = (
        soft + rng.uniform(-0.25, 0.25) * spread + _blur(rng.normal(0, 1, len(work)), 40) * spread
    )
    return np.exp(soft) if spec.scale == "log" else np.asarray(soft)


# Courses: what the pen does ----------------------------------------------------------------------


def _with_vertices(row: F64, frac: F64, rows_extra: F64) -> Polyline:
    """Vertices with more rows inserted on the same polyline; returns (row, frac)."""
    extra = rows_extra[(rows_extra > row[0]) & (rows_extra < row[-1])]
    merged = np.union1d(row, extra)
    return merged, np.interp(merged, row, frac)


def _crossings(row: F64, frac: F64, level: float) -> F64:
    a, b = frac[:-1] - level, frac[1:] - level
    hit = a * b < 0
    out: F64 = row[:-1][hit] + np.diff(row)[hit] * (a[hit] / (a[hit] - b[hit]))
    return out


def _segmented(course: Course) -> tuple[F64, F64, NDArray[np.int64], Bool]:
    """Vertices cut at every border, and for each segment its lap and whether it is inked."""
    row, frac = course.row, course.frac
    levels = range(-course.laps, course.laps + 2)
    cuts = [_crossings(row, frac, float(level)) for level in levels]
    lifts = np.array(course.lifts, dtype=np.float64).reshape(-1, 2)
    row, frac = _with_vertices(row, frac, np.concatenate([*cuts, lifts.ravel()]))
    if course.peg:
        frac = np.clip(frac, -course.laps, 1 + course.laps)
    middle = (frac[:-1] + frac[1:]) / 2
    lap = np.clip(np.floor(middle), -course.laps, course.laps).astype(np.int64)
    inked = (middle >= -course.laps) & (middle <= 1 + course.laps)
    at = (row[:-1] + row[1:]) / 2
    for start, stop in lifts:
        inked &= ~((at > start) & (at < stop))
    return row, frac, lap, inked


def strokes(course: Course, column: Callable[[F64, F64], F64]) -> list[Polyline]:
    """Pen-down polylines of a course, wrapped into the track.

    Parameters
    ----------
    column : callable ``(frac, row) -> column``
    """
    row, frac, lap, inked = _segmented(course)
    change = np.flatnonzero((np.diff(lap) != 0) | (np.diff(inked.view(np.int8)) != 0)) + 1
    out = []
    for piece in np.split(np.arange(len(lap)), change):
        if len(piece) == 0 or not inked[piece[0]]:
            continue
        part = slice(int(piece[0]), int(piece[-1]) + 2)
        out.append((column(frac[part] - lap[piece[0]], row[part]), row[part]))
    return out


def course_truth(course: Course, rows: F64) -> F64:
    """Unwrapped track fraction of the ink at ``rows``; NaN where the pen is up."""
    row, frac, _, inked = _segmented(course)
    segment = np.clip(np.searchsorted(row, rows, side="right") - 1, 0, len(row) - 2)
    inside = (rows >= row[0]) & (rows <= row[-1]) & inked[segment]
    return np.where(inside, np.interp(rows, row, frac), np.nan)


# Plotters: polylines to coverage -----------------------------------------------------------------


def _agg_path(line: Polyline, rows: int) -> AggPath:
    path = AggPath(np.column_stack([line[0] + 0.5, rows - 0.5 - line[1]]))
    path.should_simplify = False
    return path


def _canvas(shape: tuple[int, int]) -> Any:
    make: Any = RendererAgg
    return make(shape[1], shape[0], 72)


def _coverage(renderer: Any) -> F32:
    alpha = np.asarray(renderer.buffer_rgba())[..., 3]
    out: F32 = alpha.astype(np.float32) / np.float32(255)
    return out


def _lens(image: F32, sigma: float, sigma_rows: float = 0.0) -> F32:
    """Gaussian blur of a float image; another sigma down the rows if given."""
    out = cv2.GaussianBlur(image, (0, 0), sigma, sigmaY=sigma_rows, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out, dtype=np.float32)


def agg_lines(
    shape: tuple[int, int],
    lines: Sequence[Polyline],
    width_px: float | Sequence[float],
    *,
    dashes: tuple[float, Sequence[float]] | None = None,
    cap: Cap = "butt",
    join: Join = "round",
) -> F32:
    """Anti-aliased coverage [rows, cols] of stroked polylines; pixel centres are integers."""
    rows = shape[0]
    renderer = _canvas(shape)
    gc = renderer.new_gc()
    gc.set_foreground((0, 0, 0, 1), isRGBA=True)
    gc.set_capstyle(cap)
    gc.set_joinstyle(join)
    gc.set_snap(False)
    if dashes is not None:
        gc.set_dashes(*dashes)
    widths = np.broadcast_to(np.asarray(width_px, dtype=np.float64), len(lines))
    for line, width in zip(lines, widths, strict=True):
        gc.set_linewidth(float(width))
        renderer.draw_path(gc, _agg_path(line, rows), IdentityTransform())
    return _coverage(renderer)


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of print: text, its anchor (column, row of the left base line), size and turn."""

    text: str
    col: float
    row: float
    size_px: float
    turn_deg: float = 0.0
    font: str = "DejaVuSans"


def agg_text(shape: tuple[int, int], labels: Sequence[Label]) -> F32:
    """Anti-aliased coverage [rows, cols] of printed labels."""
    rows = shape[0]
    renderer = _canvas(shape)
    gc = renderer.new_gc()
    gc.set_linewidth(0.0)
    for label in labels:
        prop = FontProperties(fname=f"{matplotlib.get_data_path()}/fonts/ttf/{label.font}.ttf")
        path = TextPath((0, 0), label.text, size=label.size_px, prop=prop)
        place = Affine2D().rotate_deg(label.turn_deg)
        place = place.translate(label.col + 0.5, rows - 0.5 - label.row)
        renderer.draw_path(gc, path, place, (0, 0, 0, 1))
    return _coverage(renderer)


def vector_plotter(
    rng: np.random.Generator, shape: tuple[int, int], lines: Sequence[Polyline], pen: Pen
) -> F32:
    """Drum plotter: round or square nib, dashes by the length of the stroke."""
    cap: Cap = ("butt", "round", "projecting")[int(rng.integers(3))]
    join: Join = ("round", "bevel", "miter")[int(rng.integers(3))]
    dashes = None
    if pen.on_px:
        shrink = 0.0 if cap == "butt" else min(pen.width_px, pen.on_px - 0.2)
        pattern = [pen.on_px - shrink, pen.off_px + shrink]
        if pen.style == "dashed" and rng.random() < 0.2:
            pattern += [0.25 * pen.on_px, pen.off_px + shrink]
        dashes = (float(rng.uniform(0, pen.on_px)), pattern)
    return agg_lines(shape, lines, pen.width_px, dashes=dashes, cap=cap, join=join)


def _resampled(line: Polyline, step_px: float) -> tuple[F64, F64, F64]:
    """Column, row and time share (rows per px of path) at even steps of the stroke."""
    col, row = line
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(col), np.diff(row)))])
    n = max(2, int(length[-1] / step_px) + 1)
    at = (np.arange(n) + 0.5) * (length[-1] / n)
    segment = np.clip(np.searchsorted(length, at, side="right") - 1, 0, len(col) - 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        slow = np.nan_to_num(np.diff(row) / np.diff(length), nan=1.0)
    return np.interp(at, length, col), np.interp(at, length, row), slow[segment]


def _splat(shape: tuple[int, int], col: F64, row: F64, weight: F64) -> F32:
    """Sum of weights on a pixel raster, shared bilinearly (keeps centroids exactly)."""
    rows, cols = shape
    out = np.zeros(rows * cols)
    c0, r0 = np.floor(col).astype(np.int64), np.floor(row).astype(np.int64)
    for dr in (0, 1):
        for dc in (0, 1):
            share = np.abs(1 - dr - (row - r0)) * np.abs(1 - dc - (col - c0)) * weight
            ok = (r0 + dr >= 0) & (r0 + dr < rows) & (c0 + dc >= 0) & (c0 + dc < cols)
            index = ((r0 + dr) * cols + c0 + dc)[ok]
            out += np.bincount(index, weights=share[ok], minlength=rows * cols)
    return out.reshape(shape).astype(np.float32)


def spot_recorder(
    rng: np.random.Generator, shape: tuple[int, int], lines: Sequence[Polyline], pen: Pen
) -> F32:
    """Light-spot film recorder: exposure falls with speed, dashes are cut by time (row)."""
    scale = 2
    big = (shape[0] * scale, shape[1] * scale)
    floor = rng.uniform(0.35, 0.85)
    phase = rng.uniform(0, 100)
    flicker = _blur(rng.normal(0, 1, shape[0] + 2), rng.uniform(4, 40))
    flicker = 1 + 0.18 * flicker / (flicker.std() + 1e-9)
    light = np.zeros(big, np.float32)
    for line in lines:
        col, row, slow = _resampled(line, 0.3)
        weight = (floor + (1 - floor) * slow) * np.interp(row, np.arange(len(flicker)), flicker)
        step = np.hypot(np.diff(line[0]), np.diff(line[1])).sum() / len(col)
        weight = np.clip(weight, 0.05, 2) * step * scale
        if pen.on_px:
            weight = weight * (np.mod(row + phase, pen.on_px + pen.off_px) < pen.on_px)
        light += _splat(big, col * scale + 0.5, row * scale + 0.5, weight)
    sigma = 0.36 * pen.width_px * scale
    light = _lens(light, sigma)
    exposure = light * np.float32(np.sqrt(2 * np.pi) * sigma * 1.6)
    film = 1 - np.exp(-(np.maximum(exposure, 0) ** 1.6))
    small = cv2.resize(film, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def run_plotter(
    rng: np.random.Generator, shape: tuple[int, int], lines: Sequence[Polyline], pen: Pen
) -> F32:
    """Electrostatic plotter: a square pen laid down run by run, four runs a row."""
    rows, cols = shape
    out = np.zeros(shape, np.float32)
    by_time = bool(rng.random() < 0.5)
    for col, row in lines:
        first, last = max(0, int(row[0])), min(rows - 1, int(np.ceil(row[-1])))
        if last < first:
            continue
        at = np.arange(first * 4, last * 4 + 4) / 4.0 - 0.375
        x = np.interp(at, row, col)
        reach = max(1, round(pen.width_px * 3) | 1)
        near = sliding_window_view(np.pad(x, reach // 2, mode="edge"), reach)
        lo, hi = near.min(axis=1) - pen.width_px / 4, near.max(axis=1) + pen.width_px / 4
        inked = (at >= row[0]) & (at <= row[-1])
        if pen.on_px:
            path = np.cumsum(np.hypot(np.gradient(x), 0.25))
            clock = at if by_time else path
            inked &= np.mod(clock, pen.on_px + pen.off_px) < pen.on_px
        pixel = np.arange(cols)
        width = np.minimum(hi[:, None], pixel + 0.5) - np.maximum(lo[:, None], pixel - 0.5)
        cover = np.clip(width, 0, 1) * inked[:, None]
        block = cover.reshape(-1, 4, cols).mean(axis=1).astype(np.float32)
        out[first : last + 1] = np.maximum(out[first : last + 1], block)
    return out


Plotter: TypeAlias = Callable[[np.random.Generator, tuple[int, int], Sequence[Polyline], Pen], F32]
PLOTTERS: dict[str, Plotter] = {
    "vector": vector_plotter,
    "spot": spot_recorder,
    "run": run_plotter,
}


def draw_pen(rng: np.random.Generator, kind: str) -> Pen:
    """Pen for ``solid``, ``long``, ``short`` or ``dotted`` lines."""
    width = float(np.clip(rng.lognormal(1.2, 0.4), 1.6, 7.5))
    strength = float(rng.choice([1.0, rng.uniform(0.7, 1.0)]))
    if kind == "solid":
        return Pen("solid", width, strength=strength)
    if kind == "long":
        return Pen("dashed", width, rng.uniform(18, 45), rng.uniform(6, 14), strength)
    if kind == "short":
        return Pen("dashed", width, rng.uniform(8, 15), rng.uniform(4, 9), strength)
    width = min(width, 3.5)
    return Pen("dotted", width, width * rng.uniform(0.9, 1.5), width + rng.uniform(2, 6), strength)


# Paper: grid, print, neighbours ------------------------------------------------------------------


def grid_fractions(spec: CurveSpec, divisions: int) -> list[tuple[float, int]]:
    """Vertical grid lines as (track fraction, weight 0 light to 2 heavy)."""
    if spec.scale == "linear":
        half = divisions // 2
        heavy = {0, divisions} | ({half} if divisions == 10 else {5, 10, 15})
        return [(k / divisions, 2 if k in heavy else 0) for k in range(divisions + 1)]
    lo, hi = sorted((spec.left, spec.right))
    out: list[tuple[float, int]] = [(0.0, 2), (1.0, 2)]
    for decade in range(int(np.floor(np.log10(lo))), int(np.ceil(np.log10(hi))) + 1):
        for digit in range(1, 10):
            value = digit * 10.0**decade
            if lo * 1.001 < value < hi * 0.999:
                frac = float(track_fraction(spec, np.array([value]))[0])
                out.append((frac, 2 if digit == 1 else int(digit == 5)))
    return out


def _depth_marks(frame: Frame) -> list[tuple[float, int, int]]:
    """Horizontal lines as (row, weight, depth in ft)."""
    dense = frame.rows_per_ft >= 8
    every, middle, heavy = (2, 10, 50) if dense else (10, 50, 100)
    depth = np.arange(np.ceil(frame.depth[0] / every) * every, frame.depth[-1], every)
    rows = np.interp(depth, frame.depth, np.arange(frame.rows))
    weight = [2 if d % heavy == 0 else int(d % middle == 0) for d in depth]
    return list(zip(rows.tolist(), weight, depth.astype(int).tolist(), strict=True))


def _draw_grid(rng: np.random.Generator, frame: Frame, spec: CurveSpec, double: bool) -> F32:
    """Printed grid with line weights of its own, returned as ink density."""
    base = rng.uniform(0.7, 1.6)
    widths = base * np.array([1.0, rng.uniform(1.0, 1.5), rng.uniform(1.3, 2.6)])
    fade = np.array([rng.uniform(0.35, 1.0), rng.uniform(0.5, 1.0), rng.uniform(0.75, 1.0)])
    every_row = np.arange(-1.0, frame.rows + 1)
    shape = (frame.rows, frame.cols)
    out = np.zeros(shape, np.float32)
    verticals = grid_fractions(spec, 20 if double and spec.scale == "linear" else 10)
    gap_border = rng.random() < 0.25
    overrun = rng.uniform(0, 4) if rng.random() < 0.5 else rng.uniform(-8, 0)
    left = frame.column(np.zeros(1), np.zeros(1))[0] - overrun
    right = left + frame.width + 2 * overrun
    if rng.random() < 0.3:
        left, right = -2.0, frame.cols + 2.0
    for weight in (0, 1, 2):
        lines = [
            (frame.column(np.full_like(every_row, f), every_row), every_row)
            for f, w in verticals
            if w == weight and not (gap_border and f == 0.0)
        ]
        marks = [r for r, w, _ in _depth_marks(frame) if w == weight]
        lines += [(np.array([left, right]), np.array([r, r])) for r in marks]
        ink = agg_lines(shape, lines, float(widths[weight])) if lines else out * 0
        out = np.maximum(out, ink * np.float32(fade[weight]))
    if gap_border:
        minute = (float(rng.uniform(0, 200)), [rng.uniform(150, 400), rng.uniform(15, 50)])
        edge = (frame.column(np.zeros_like(every_row), every_row), every_row)
        out = np.maximum(out, agg_lines(shape, [edge], float(widths[2]), dashes=minute))
    return _wear(rng, out) if rng.random() < 0.5 else out


def _wear(rng: np.random.Generator, ink: F32) -> F32:
    """Print that did not take everywhere: soft patches and fine gaps."""
    patches = smooth_field(rng, ink.shape, rng.uniform(30, 150))
    fine = smooth_field(rng, ink.shape, rng.uniform(0.8, 2.5))
    keep = np.clip(1.1 + 0.45 * patches + 0.5 * fine, 0, 1)
    return np.asarray(ink * keep, dtype=np.float32)


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], size_px: float) -> F32:
    """Smooth noise of unit variance with features of about ``size_px``."""
    step = max(1, int(size_px / 2))
    small = (shape[0] // step + 3, shape[1] // step + 3)
    noise = rng.standard_normal(small, dtype=np.float32)
    noise = _lens(noise, max(0.6, size_px / step / 2))
    noise /= max(float(noise.std()), 1e-6)
    field = cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, dtype=np.float32)


FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "cmtt10")
NOTES = ("GAMMA RAY", "CALIPER", "SP", "DEEP INDUCTION", "BIT SIZE", "CSG 8 5/8", "REPEAT", "TD")
WORDS = (*NOTES, "T.C. = 4", "25 MV", "x10", "MARKER", "SCALE CHANGE", "BHT 118 F", "1st READING")


def _labels(rng: np.random.Generator, frame: Frame, crowd: float) -> list[Label]:
    """Notes over the track and depth numbers cut off in the margin."""
    out = []
    for _ in range(int(rng.poisson(crowd))):
        size, turn = rng.uniform(16, 40), float(rng.choice([0, 0, 0, 90, 270, rng.uniform(-8, 8)]))
        at = (rng.uniform(0, 0.8) * frame.width + frame.left, rng.uniform(0, frame.rows))
        out.append(Label(str(rng.choice(WORDS)), *at, size, turn, str(rng.choice(FONTS))))
    if rng.random() < 0.5:
        right = rng.random() < 0.5
        turn = float(rng.choice([0, 90, 270]))
        for row, _, depth in _depth_marks(frame):
            if depth % 100 == 0:
                col = frame.left + frame.width + rng.uniform(2, 8) if right else -30.0
                out.append(Label(str(depth), col, row + 12, 30, turn, "DejaVuSans"))
    return out


def _arrows(rng: np.random.Generator, frame: Frame, crowd: float) -> list[Polyline]:
    """Leader lines with heads, and short pen ticks."""
    out: list[Polyline] = []
    for _ in range(int(rng.poisson(crowd))):
        x, y = rng.uniform(0, 1) * frame.width + frame.left, rng.uniform(0, frame.rows)
        dx, dy = rng.uniform(-90, 90), rng.uniform(-25, 25)
        out.append((np.array([x, x + dx]), np.array([y, y + dy])))
        if rng.random() < 0.6:
            back = np.array([-0.18 * dx, -0.18 * dy])
            side = np.array([-back[1], back[0]]) * 0.6
            tip = np.array([x + dx, y + dy])
            head = np.array([tip + back + side, tip, tip + back - side])
            out.append((head[:, 0], head[:, 1]))
    return out


def _scribble(rng: np.random.Generator, frame: Frame) -> list[Polyline]:
    """A hand-written squiggle."""
    n = int(rng.integers(6, 16))
    t = np.linspace(0, 1, n)
    x = rng.uniform(0.1, 0.7) * frame.width + frame.left + t * rng.uniform(40, 200)
    y = rng.uniform(0, frame.rows) + rng.normal(0, 14, n)
    fine = np.linspace(0, 1, n * 12)
    smooth_x = _smooth_curve(t, x + rng.normal(0, 8, n), fine)
    return [(smooth_x, _smooth_curve(t, y, fine))]


def _neighbours(rng: np.random.Generator, frame: Frame) -> list[Polyline]:
    """Curves of the next tracks, straying into the margins."""
    out: list[Polyline] = []
    for side in (-1, 1):
        if rng.random() < 0.18:
            row = np.arange(-4.0, frame.rows + 4, 4)
            rough = _blur(rng.normal(0, 1, len(row)), 2) + 3 * _blur(rng.normal(0, 1, len(row)), 25)
            walk = np.abs(rough + rng.uniform(-0.5, 1)) * rng.uniform(15, 60)
            border = frame.left if side < 0 else frame.left + frame.width
            out.append((border + side * (2 + walk), row))
    return out


def _draw_print(rng: np.random.Generator, frame: Frame) -> F32:
    """Everything printed or written that is neither grid nor curve of this track."""
    shape = (frame.rows, frame.cols)
    crowd = frame.rows / 2048 * float(rng.choice([0.0, 1.0, 2.5]))
    ink = agg_text(shape, _labels(rng, frame, crowd))
    lines = [*_arrows(rng, frame, crowd), *_neighbours(rng, frame)]
    if rng.random() < 0.2:
        lines += _scribble(rng, frame)
    if lines:
        ink = np.maximum(ink, agg_lines(shape, lines, rng.uniform(1.4, 3.2)))
    return ink


# Degradation: an optical chain -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finish:
    """A finished scan and where foreign dark matter buries what was drawn.

    ink : uint8 [rows, cols]; buried : bool [rows, cols]
    """

    ink: U8
    buried: Bool


def clean_scan(rng: np.random.Generator, ink: F32, tone: Tone | None = None) -> Finish:
    """A good scan: 1-bit at a fair threshold, or grey with a little lens blur; drawn by lot unless told."""
    nothing = np.zeros(ink.shape, np.bool_)
    lot: Tone = "bilevel" if rng.random() < 0.6 else "grey"
    if (tone or lot) == "bilevel":
        return Finish(np.where(ink > 0.42, 255, 0).astype(np.uint8), nothing)
    soft = _lens(ink, rng.uniform(0.4, 0.7))
    return Finish(np.clip(soft * 255, 0, 255).astype(np.uint8), nothing)


def _blots(rng: np.random.Generator, shape: tuple[int, int], mean: float) -> F32:
    """Ragged dark spots as added density."""
    out = np.zeros(shape, np.float32)
    for _ in range(int(rng.poisson(mean * shape[0] / 2048))):
        centre = (int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0])))
        axes = (int(rng.gamma(2, 6)) + 1, int(rng.gamma(2, 8)) + 1)
        cv2.ellipse(out, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    ragged = _lens(out, 4) + 0.12 * smooth_field(rng, shape, 6)
    return np.where(ragged > 0.45, 1.0, 0.0).astype(np.float32) * (out.any())


def _bands(rng: np.random.Generator, shape: tuple[int, int], mean: float) -> tuple[F32, F32]:
    """Fading (factor on ink, 0 to 1) and dark fog (added density) of folds, tape and tears."""
    fade, fog = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    row = np.arange(shape[0])[:, None]
    for _ in range(int(rng.poisson(mean * shape[0] / 2048))):
        centre, half = rng.uniform(0, shape[0]), rng.uniform(4, 45)
        wavy = centre + 3 * smooth_field(rng, (1, shape[1]), 60)
        profile = np.exp(-(((row - wavy) / half) ** 6)).astype(np.float32)
        if rng.random() < 0.55:
            fade *= 1 - profile * np.float32(rng.choice([1.0, rng.uniform(0.4, 0.9)]))
        else:
            fog += profile * np.float32(rng.uniform(0.2, 0.55))
    return fade, fog


def _speckle(rng: np.random.Generator, shape: tuple[int, int], amount: float) -> F32:
    """Toner dirt: single specks everywhere and clusters where a slow field is high."""
    field = np.exp(1.3 * smooth_field(rng, shape, 120))
    hits = rng.random(shape, dtype=np.float32) < amount * field
    dirt = hits.astype(np.float32)
    few = dirt * (rng.random(shape, dtype=np.float32) < 0.3)
    grown = np.asarray(cv2.dilate(few, np.ones((2, 2), np.uint8)), dtype=np.float32)
    out: F32 = np.maximum(dirt, grown)
    return out


def _threshold(rng: np.random.Generator, density: F32) -> F32:
    """1-bit decision: one level for the sheet, or relative to the surroundings."""
    if rng.random() < 0.6:
        return (density > rng.uniform(0.32, 0.55)).astype(np.float32)
    size = int(rng.choice([15, 31, 61]))
    mean = cv2.blur(density, (size, size))
    level = np.maximum(mean + rng.uniform(0.12, 0.25), 0.3)
    return np.asarray(density > level, dtype=np.float32)


def dirty_scan(rng: np.random.Generator, ink: F32, harm: float = 1.0) -> Finish:
    """A bad scan of a worn copy.

    Parameters
    ----------
    ink : float32 [rows, cols]
        Density 0 to 1.
    harm : float
        0 is nearly clean, 1 ordinary archive dirt, 2 ruin.
    """
    shape = (ink.shape[0], ink.shape[1])
    fade, fog = _bands(rng, shape, 0.9 * harm)
    blots = _blots(rng, shape, 2.0 * harm)
    across = np.linspace(-1, 1, shape[1], dtype=np.float32) * rng.choice([0.0, rng.normal(0, 0.3)])
    lamp = 1 + harm * (0.16 * smooth_field(rng, shape, 400) + np.float32(0.7) * across)
    sigma = rng.uniform(0.45, 0.7 + 0.5 * harm)
    density = _lens(ink * fade, sigma, sigma * rng.uniform(0.8, 1.3))
    density = density * np.clip(lamp, 0.5, 1.35) * rng.uniform(1.0, 1.25)
    density += fog + 0.05 * harm * np.abs(smooth_field(rng, shape, 300))
    grain = rng.uniform(0.02, 0.10) * (0.4 + 0.6 * harm)
    density += grain * smooth_field(rng, shape, rng.uniform(1.2, 2.5))
    dirt = _speckle(rng, shape, 10 ** rng.uniform(-4.3, -2.7 + 0.25 * harm))
    density = np.maximum(np.maximum(density, dirt * 0.9), blots)
    if rng.random() < 0.15:
        return Finish(_grey_jpeg(rng, density), blots > 0.5)
    bits = _threshold(rng, density)
    if rng.random() < 0.35:
        again = _lens(bits, rng.uniform(0.5, 1.0))
        bits = (again + 0.06 * smooth_field(rng, shape, 1.5) > rng.uniform(0.38, 0.6)).astype(
            np.float32
        )
    salt = (rng.random(shape, dtype=np.float32) < 10 ** rng.uniform(-4, -2)).astype(np.float32)
    pepper = (rng.random(shape, dtype=np.float32) < 10 ** rng.uniform(-5, -3)).astype(np.float32)
    bits = np.maximum(bits * (1 - salt), pepper)
    return Finish((bits * 255).astype(np.uint8), blots > 0.5)


def _grey_jpeg(rng: np.random.Generator, density: F32) -> U8:
    paper = 235 - 190 * np.clip(density, 0, 1)
    quality = [int(cv2.IMWRITE_JPEG_QUALITY), int(rng.integers(35, 85))]
    _, data = cv2.imencode(".jpg", np.clip(paper, 0, 255).astype(np.uint8), quality)
    grey: Any = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(255 - grey, dtype=np.uint8)


def surviving(layer: F32, finish: Finish, drawn: Bool) -> Bool:
    """Rows where enough of a curve's clean ink is still to be seen.

    Parameters
    ----------
    layer : float32 [rows, cols]
        Clean coverage of the curve alone.
    drawn : bool [rows]
        Rows where the curve exists at all. Rows in dash gaps follow the dashes around them.
    """
    core = layer > 0.5 * np.maximum(layer.max(axis=1, keepdims=True), 0.3)
    level = 0.5 * float(np.percentile(finish.ink, 99.5))
    seen = core & (finish.ink > max(level, 30)) & ~finish.buried
    total, left = core.sum(axis=1).astype(np.float64), seen.sum(axis=1).astype(np.float64)
    window = np.ones(13)
    total_near = np.convolve(total, window, "same")
    left_near = np.convolve(left, window, "same")
    inked = total_near > 1e-9
    share = np.where(inked, left_near / np.maximum(total_near, 1e-9), np.nan)
    if inked.any():
        at = np.arange(len(share))
        share = share[
            np.flatnonzero(inked)[np.searchsorted(at[inked], at).clip(max=inked.sum() - 1)]
        ]
    return drawn & (np.nan_to_num(share) >= 0.3)


# Strips ------------------------------------------------------------------------------------------


def _draw_frame(rng: np.random.Generator, rows: int, double: bool, degraded: bool) -> Frame:
    width = int(rng.integers(900, 1041)) if double else int(rng.integers(440, 521))
    rows_per_ft = float(rng.choice([10.0, 4.0]))
    top = float(rng.integers(200, 9000)) + float(rng.uniform(0, 100))
    row = np.arange(rows, dtype=np.float64)
    wander = np.zeros(rows)
    depth = top + row / rows_per_ft
    if degraded:
        wander = rng.uniform(0, 1.2) * np.sin(
            2 * np.pi * (row / rng.uniform(600, 3000) + rng.random())
        )
        wave, size = rng.uniform(500, 2000), rng.uniform(0, 2.5)
        depth = depth + size * np.sin(2 * np.pi * row / wave) / rows_per_ft
    return Frame(rows, width + 2 * MARGIN_PX, float(MARGIN_PX), width, wander, depth, rows_per_ft)


def _sample_rows(frame: Frame) -> tuple[F64, F64]:
    """Depths of the samples that a strip needs, and their strip rows."""
    slope = 1 / frame.rows_per_ft
    depth = (
        np.arange(np.floor(frame.depth[0] / STEP_FT) - 3, frame.depth[-1] / STEP_FT + 4) * STEP_FT
    )
    knots = np.concatenate([[frame.depth[0] - 100], frame.depth, [frame.depth[-1] + 100]])
    at = np.concatenate([[-100 / slope], np.arange(frame.rows), [frame.rows - 1 + 100 / slope]])
    return depth, np.interp(depth, knots, at)


def _course(
    rng: np.random.Generator, frame: Frame, spec: CurveSpec, frac: F64, smooth: bool
) -> Course:
    """Course of a curve through the strip: interpolation, wraps, pegs and pen lifts."""
    _, row = _sample_rows(frame)
    if smooth:
        fine = np.arange(row[0], row[-1], 0.5)
        frac, row = _smooth_curve(row, frac, fine), fine
    lifts = []
    for _ in range(int(rng.poisson(0.5 * frame.rows / 2048))):
        start = rng.uniform(0, frame.rows)
        lifts.append((float(start), float(start + rng.uniform(4, 60))))
    peg = spec.wrap == "none" and rng.random() < 0.4
    return Course(row, frac, WRAP_COUNTS[spec.wrap], bool(peg), tuple(lifts))


def _backup_courses(
    rng: np.random.Generator, frame: Frame, spec: CurveSpec, values: F64, smooth: bool
) -> list[tuple[CurveSpec, Course]]:
    """A curve and the backup that appears only where the scale before it is exceeded."""
    out: list[tuple[CurveSpec, Course]] = []
    hidden: tuple[tuple[float, float], ...] = ()
    for times in (1, 10):
        wide = replace(spec, mnemonic="RES", right=spec.right * times, wrap="none")
        course = _course(rng, frame, wide, track_fraction(wide, values), smooth)
        course = replace(course, peg=False)
        out.append((wide, replace(course, lifts=(*course.lifts, *hidden))))
        hidden = _on_scale(course)
    return out


def _on_scale(course: Course) -> tuple[tuple[float, float], ...]:
    """Row intervals where a course is within the track."""
    row, _, _, inked = _segmented(replace(course, lifts=()))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inked.view(np.int8), [0]])))
    return tuple(
        (float(row[a]), float(row[b])) for a, b in zip(edges[::2], edges[1::2], strict=True)
    )


def _pen_kinds(rng: np.random.Generator, n: int) -> list[str]:
    kinds = ["solid", "long", "short", "dotted"]
    first = str(rng.choice(kinds, p=[0.7, 0.12, 0.1, 0.08]))
    if n > 1 and rng.random() < 0.25:
        return [first] * 2 + [str(k) for k in rng.choice(kinds, n - 2)]
    return [first] + [str(k) for k in rng.choice(kinds, n - 1, p=[0.3, 0.25, 0.25, 0.2])]


def _ink_curve(
    rng: np.random.Generator, frame: Frame, course: Course, pen: Pen, plotter: str
) -> tuple[F32, F64]:
    """Clean coverage of one curve, and its truth relative to the strip's fixed borders."""
    layer = PLOTTERS[plotter](rng, (frame.rows, frame.cols), strokes(course, frame.column), pen)
    rows = np.arange(frame.rows, dtype=np.float64)
    truth = course_truth(course, rows) + frame.wander_px / frame.width
    return layer, drawn_course(truth, layer)


def _draw_courses(
    rng: np.random.Generator,
    frame: Frame,
    family: Family,
    chosen: list[tuple[CurveSpec, F64]],
    smooth: bool,
) -> list[tuple[CurveSpec, Course]]:
    if family == "backup":
        return _backup_courses(rng, frame, chosen[0][0], chosen[0][1], smooth)
    return [
        (spec, _course(rng, frame, spec, track_fraction(spec, values), smooth))
        for spec, values in chosen
    ]


def draw_heldout(
    rng: np.random.Generator,
    *,
    shapes: Sequence[Shape] | None = None,
    rows: int = 2048,
    degraded: bool = False,
    n_curves: int | None = None,
    double: bool | None = None,
    family: Family | None = None,
    plotter: str | None = None,
    harm: float | None = None,
    tone: Tone | None = None,
) -> HeldoutStrip:
    """Draw one test strip.

    Parameters
    ----------
    shapes : sequence of arrays or (mnemonic, array), optional
        Real curves on 0.5 ft depths to draw; synthetic tools in synthetic beds otherwise.
    rows : int
        Strip height, px (200 dpi).
    degraded : bool
        Whether a worn copy and a bad scanner come after the plotter; ``harm`` sets how bad
        (1 ordinary, 2 ruin; random by default).
    n_curves : int, optional
        One to four; the ``backup`` family always has two.
    double, family, plotter : optional
        Track 900-1040 px wide; what is logged; which of ``PLOTTERS`` draws it. Random by default.
    tone : optional
        Whether the scan of a strip that is not degraded is 1-bit or grey. Random by default.

    Returns
    -------
    HeldoutStrip
        The same generator state gives the same bytes.
    """
    double = bool(rng.random() < 0.3) if double is None else double
    names: list[Family] = ["gamma", "resistivity", "backup", "porosity"]
    family = names[int(rng.choice(4, p=[0.35, 0.25, 0.1, 0.3]))] if family is None else family
    n = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.35, 0.25, 0.1])) if n_curves is None else n_curves
    plotter = str(rng.choice(list(PLOTTERS))) if plotter is None else plotter
    frame = _draw_frame(rng, rows, double, degraded)
    samples = len(_sample_rows(frame)[0])
    chosen = _choose_curves(rng, family, shapes, samples, n, double)
    smooth = plotter == "spot" or bool(rng.random() < 0.2)
    courses = _draw_courses(rng, frame, family, chosen, smooth)
    kinds = ["solid", "long"] if family == "backup" else _pen_kinds(rng, len(courses))
    pens = [draw_pen(rng, kind) for kind in kinds]
    inked = [
        _ink_curve(rng, frame, course, pen, plotter)
        for (_, course), pen in zip(courses, pens, strict=True)
    ]
    specs = tuple(replace(s, style=p.style) for (s, _), p in zip(courses, pens, strict=True))
    ink = np.maximum(_draw_grid(rng, frame, specs[0], double), _draw_print(rng, frame))
    for (layer, _), pen in zip(inked, pens, strict=True):
        ink = np.maximum(ink, layer * np.float32(pen.strength))
    harm = float(rng.uniform(0.3, 1.5)) if harm is None else harm
    finish = dirty_scan(rng, ink, harm) if degraded else clean_scan(rng, ink, tone)
    frac = np.stack([truth for _, truth in inked])
    drawn = np.isfinite(frac)
    visible = np.stack(
        [surviving(layer, finish, d) for (layer, _), d in zip(inked, drawn, strict=True)]
    )
    strip = Strip(
        ink=finish.ink,
        left_col=frame.left,
        right_col=frame.left + frame.width,
        scan_rows=np.arange(rows, dtype=np.float64),
        curve_indices=tuple(range(len(specs))),
        styles=tuple(s.style for s in specs),
        keep_rows=(0, rows),
    )
    ident = f"{plotter}-{family}-{len(specs)}-{'dirty' if degraded else 'clean'}"
    return HeldoutStrip(strip, specs, frac, frame.depth, visible, ident)
