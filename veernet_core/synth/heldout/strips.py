"""Held-out strips: one drawn track with its truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F32, F64, WRAP_COUNTS, CurveSpec, Strip, flag_runs
from veernet_core.synth.heldout.copies import Finish, clean_scan, dirty_scan, surviving
from veernet_core.synth.heldout.courses import course_truth, segmented, strokes, track_fraction
from veernet_core.synth.heldout.data import (
    MARGIN_PX,
    STEP_FT,
    Course,
    Family,
    Frame,
    HeldoutStrip,
    Pen,
    Shape,
    Tone,
)
from veernet_core.synth.heldout.forms import draw_grid, draw_print
from veernet_core.synth.heldout.plotters import PLOTTERS, draw_pen
from veernet_core.synth.heldout.shapes import choose_curves, smooth_curve
from veernet_core.synth.truth import drawn_course


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
        frac, row = smooth_curve(row, frac, fine), fine
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
    row, _, _, inked = segmented(replace(course, lifts=()))
    return tuple((float(row[a]), float(row[b])) for a, b in flag_runs(inked))


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
    chosen = choose_curves(rng, family, shapes, samples, n, double)
    smooth = plotter == "spot" or bool(rng.random() < 0.2)
    courses = _draw_courses(rng, frame, family, chosen, smooth)
    kinds = ["solid", "long"] if family == "backup" else _pen_kinds(rng, len(courses))
    pens = [draw_pen(rng, kind) for kind in kinds]
    inked = [
        _ink_curve(rng, frame, course, pen, plotter)
        for (_, course), pen in zip(courses, pens, strict=True)
    ]
    specs = tuple(replace(s, style=p.style) for (s, _), p in zip(courses, pens, strict=True))
    ink = np.maximum(draw_grid(rng, frame, specs[0], double), draw_print(rng, frame))
    for (layer, _), pen in zip(inked, pens, strict=True):
        ink = np.maximum(ink, layer * np.float32(pen.strength))
    harm = float(rng.uniform(0.3, 1.5)) if harm is None else harm
    finish = dirty_scan(rng, ink, harm) if degraded else clean_scan(rng, ink, tone)
    ident = f"{plotter}-{family}-{len(specs)}-{'dirty' if degraded else 'clean'}"
    return _with_truth(frame, finish, inked, specs, ident)


def _with_truth(
    frame: Frame,
    finish: Finish,
    inked: Sequence[tuple[F32, F64]],
    specs: tuple[CurveSpec, ...],
    ident: str,
) -> HeldoutStrip:
    """The scanned strip with what is drawn in it, where each curve is, and where its ink survived."""
    rows = len(finish.ink)
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
    return HeldoutStrip(strip, specs, frac, frame.depth, visible, ident)
