"""Printing a page: grid, numbers, header, scales and curves, on a sheet of ink."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F32, F64, U8, WRAP_COUNTS, CurveSpec, Style
from veernet_core.synth.heldout.courses import course_truth, strokes, track_fraction
from veernet_core.synth.heldout.data import Course, Pen, Polyline
from veernet_core.synth.heldout.forms import grid_fractions
from veernet_core.synth.heldout.plotters import PLOTTERS, Label, agg_lines, agg_text, draw_pen
from veernet_core.synth.heldout.shapes import draw_earth, measure
from veernet_core.synth.pages.plans import (
    COLOURS,
    HEADER_IN,
    SCALES_IN,
    Numbers,
    Paper,
    TrackPlan,
    Truth,
    log_depths,
    ruling,
)
from veernet_core.synth.pages.sidecars import reference_u

BLACK = (0, 0, 0)


COLOURS |= {
    "SFL": "#101010",
    "RHOB": "#c00018",
    "NPHI": "#1030c0",
    "DT": "#7a1090",
    "NEU": "#1030c0",
}


class Sheet:
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
    every, middle, heavy, _ = ruling(paper.per_in, paper.axis.unit)
    top, bottom = paper.axis.depth_at(np.array([0.0, paper.length_px]))
    depth = np.arange(np.ceil(top / every) * every, bottom, every)
    weight = [2 if d % heavy == 0 else int(d % middle == 0) for d in depth]
    return list(zip(paper.axis.row_at(depth).tolist(), weight, strict=True))


def print_grid(
    rng: np.random.Generator, sheet: Sheet, paper: Paper, plans: Sequence[TrackPlan]
) -> None:
    """Print the grid of every track."""
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


def depth_numbers(
    rng: np.random.Generator, paper: Paper, numbers: Numbers
) -> list[tuple[float, str]]:
    """True depths and what is printed there."""
    every = ruling(paper.per_in, paper.axis.unit)[3]
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


def depth_labels(paper: Paper, turned: bool, numbers: Sequence[tuple[float, str]]) -> list[Label]:
    """Depth numbers centred on their line in the depth column."""
    size = 0.15 * paper.dpi
    out = []
    for depth, text in numbers:
        half = 0.318 * size * len(text)
        u, v = reference_u(paper), float(paper.axis.row_at(np.array([depth]))[0])
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


def print_header(
    sheet: Sheet, paper: Paper, plans: Sequence[TrackPlan], title: str, well: dict[str, str]
) -> None:
    """Well facts, and scale headers ruled in the style and colour of their curves."""
    labels = _header_labels(paper, title, well)
    for plan in plans:
        more, rules = _scale_header(paper, plan)
        labels += more
        for spec, rule in zip(plan.curves, rules, strict=True):
            tint = _rgb(spec.colour) if spec.colour else BLACK
            sheet.put(_stroker(1.8 * paper.dpi / 200, RULES[spec.style]), [rule], 1.0, tint)
    print_text(sheet, labels)


def print_text(sheet: Sheet, labels: Sequence[Label]) -> None:
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
    sheet: Sheet,
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


def print_curves(
    rng: np.random.Generator, sheet: Sheet, paper: Paper, plans: Sequence[TrackPlan], plotter: str
) -> Truth:
    """Draw all curves; returns what was drawn of each."""
    depth = log_depths(paper)
    earth = draw_earth(rng, len(depth))
    truth: Truth = {}
    for plan in plans:
        for spec in plan.curves:
            value = measure(rng, earth, spec.mnemonic)
            inked = _print_curve(rng, sheet, paper, plan, spec, depth, value, plotter)
            truth[f"{plan.track_id}/{spec.mnemonic}"] = (depth, inked)
    return truth
