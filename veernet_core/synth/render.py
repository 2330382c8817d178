"""Inking: lines, dashes, grids, text and handwriting, each drawn in several independent ways.

In: positions in strip pixels and a ``numpy.random.Generator``; out: ink coverage, float32 in [0, 1].
All drawing happens on a canvas of twice the size (``SS``), so that edges fall between pixels as on
paper. Curve shapes belong to ``priors``, scanning to ``degrade``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, F64, U8, Rng, Style, flag_runs
from veernet_core.synth.grids import GridPlan

SS = 2
_SHIFT = 4
_ONE = 1 << _SHIFT


@dataclass(frozen=True, slots=True)
class Pen:
    """How one curve is inked. Lengths in strip pixels.

    ``on_px``/``off_px`` are the dash pattern along the path (``by_depth`` False) or along depth;
    ``fade`` thins and lightens fast strokes (0 none); ``kind`` picks one of the plotters.
    """

    style: Style
    width_px: float
    on_px: float = 0.0
    off_px: float = 0.0
    by_depth: bool = False
    darkness: float = 1.0
    fade: float = 0.0
    kind: str = "polyline"


def draw_pen(rng: Rng, style: Style) -> Pen:
    """Draw a pen of the given style."""
    nibs = [0.9, 1.2, 1.6, 2, 2, 2, 2.5, 3, 3, 4, 5.5, 8]
    width = float(rng.choice(nibs) * rng.uniform(0.85, 1.15))
    on = off = 0.0
    # round caps lengthen every dash, and shorten every gap, by the pen's width
    if style == "dashed":
        kind = rng.random()
        if kind < 0.1:
            on, off = rng.uniform(40, 100), width + rng.uniform(5, 25)
        elif kind < 0.4:
            on, off = rng.uniform(16, 45), width + rng.uniform(3, 15)
        elif kind < 0.75:
            on, off = 1.2 * width + rng.uniform(4, 9), width + rng.uniform(3, 9)
        else:  # a plotting program's: in proportion to the pen
            width = min(width, 3.0)
            on, off = rng.uniform(2, 5) * width + 1, rng.uniform(1.9, 3.2) * width + 0.7
    elif style == "dotted" and rng.random() < 0.55:
        width = float(rng.uniform(1.8, 4.2))
        on, off = rng.uniform(0.2, 1.2) * width + 0.5, width + rng.uniform(2.5, 12)
    elif style == "dotted":
        width = float(rng.uniform(0.9, 2.4))
        on, off = rng.uniform(0.1, 0.6) * width, rng.uniform(1.8, 3.0) * width + 0.7
    plotter = str(rng.choice(["polyline", "coverage", "stamp"], p=[0.45, 0.25, 0.3]))
    by_depth = bool(style != "solid" and (plotter == "coverage" or rng.random() < 0.25))
    return Pen(
        style,
        width,
        float(on),
        float(off),
        by_depth,
        darkness=float(rng.choice([1.0, 1.0, 0.85, 0.6])),
        fade=float(rng.choice([0, 0, 0.25, 0.6])) if plotter == "stamp" else 0.0,
        kind=plotter,
    )


def with_width(pen: Pen, width_px: float) -> Pen:
    """The same pen with another nib; gaps between dashes grow with it, since round caps close them."""
    more = max(0.0, width_px - pen.width_px) if pen.style != "solid" else 0.0
    return replace(pen, width_px=width_px, off_px=pen.off_px + more)


def ink_curve(rng: Rng, x: F64, pen: Pen, cols: int) -> F32:
    """Ink one curve.

    Parameters
    ----------
    x : float64 [rows]
        Strip column of the pen at every row centre; NaN lifts the pen.
    cols : int
        Strip width.

    Returns
    -------
    float32 [rows, cols]
        Coverage in [0, 1].
    """
    if pen.kind == "coverage":
        return _ink_by_coverage(rng, x, pen, cols)
    rows = len(x)
    canvas = np.zeros((rows * SS, cols * SS), np.uint8)
    phase = rng.uniform(0, pen.on_px + pen.off_px + 1)
    for path in _strokes(x, pen, phase):
        if pen.kind == "stamp":
            _stamp(canvas, path, pen)
        else:
            cv2.polylines(
                canvas,
                [_fixed(path)],
                False,
                255,
                max(1, round(pen.width_px * SS)),
                cv2.LINE_AA if pen.width_px < 3 else cv2.LINE_8,
                _SHIFT,
            )
    return _shrink(canvas) * np.float32(pen.darkness)


def _fixed(path: F64) -> NDArray[np.int32]:
    points = np.rint((path * SS + (SS - 1) / 2) * _ONE)
    return np.ascontiguousarray(points, dtype=np.int32).reshape(-1, 1, 2)


def _shrink(canvas: U8) -> F32:
    small = cv2.resize(
        canvas, (canvas.shape[1] // SS, canvas.shape[0] // SS), interpolation=cv2.INTER_AREA
    )
    out: F32 = small.astype(np.float32) / np.float32(255)
    return out


def _strokes(x: F64, pen: Pen, phase: float) -> Iterator[F64]:
    """Polylines ``[n, 2]`` (col, row) of the pen-down pieces."""
    rows = np.arange(len(x), dtype=np.float64)
    down = np.isfinite(x)
    for start, stop in flag_runs(down):
        path = np.column_stack([x[start:stop], rows[start:stop]])
        if len(path) == 1:
            path = np.vstack([path, path + np.array([0.0, 0.5])])
        if pen.style == "solid":
            yield path
        else:
            yield from _dashes(path, pen, phase)


def _dashes(path: F64, pen: Pen, phase: float) -> Iterator[F64]:
    steps = np.diff(path, axis=0)
    length = np.abs(steps[:, 1]) if pen.by_depth else np.hypot(steps[:, 0], steps[:, 1])
    along = np.concatenate([[0.0], np.cumsum(length)])
    period = pen.on_px + pen.off_px
    starts = np.arange(-phase, along[-1], period)
    for begin in starts:
        lo, hi = max(begin, 0.0), min(begin + pen.on_px, along[-1])
        if hi <= lo:
            continue
        inside = (along > lo) & (along < hi)
        ends = np.column_stack([np.interp([lo, hi], along, path[:, k]) for k in (0, 1)])
        yield np.vstack([ends[:1], path[inside], ends[1:]])


def _stamp(canvas: U8, path: F64, pen: Pen) -> None:
    """A pen whose line thins and lightens with speed, drawn segment by segment."""
    steps = np.diff(path, axis=0)
    speed = np.abs(steps[:, 0]) / (np.abs(steps[:, 1]) + 0.2)
    ease = 1.0 / (1.0 + pen.fade * speed / 4.0)
    widths = np.maximum(1, np.rint(pen.width_px * SS * np.maximum(ease, 0.35))).astype(int)
    tones = np.rint(255 * np.maximum(ease, 0.25)).astype(int)
    points = _fixed(path)[:, 0]
    for k in np.argsort(tones, kind="stable"):
        a, b = points[k], points[k + 1]
        cv2.line(canvas, a.tolist(), b.tolist(), int(tones[k]), int(widths[k]), cv2.LINE_8, _SHIFT)


def _ink_by_coverage(rng: Rng, x: F64, pen: Pen, cols: int) -> F32:
    """Exact horizontal coverage per row: the span the pen crosses in the row, widened by the nib."""
    rows = np.arange(len(x), dtype=np.float64)
    down = np.isfinite(x)
    if down.sum() < 2:
        return np.zeros((len(x), cols), np.float32)
    filled = np.interp(rows, rows[down], x[down])
    before = np.concatenate([filled[:1], (filled[1:] + filled[:-1]) / 2])
    after = np.concatenate([(filled[1:] + filled[:-1]) / 2, filled[-1:]])
    low = np.minimum(np.minimum(before, after), filled) - pen.width_px / 2
    high = np.maximum(np.maximum(before, after), filled) + pen.width_px / 2
    on = down.copy()
    if pen.style != "solid":
        period = pen.on_px + pen.off_px
        on &= (rows + rng.uniform(0, period)) % period < max(pen.on_px, 1.0)
    column = np.arange(cols, dtype=np.float32)
    cover = np.minimum(high[:, None] - column + 0.5, column + 0.5 - low[:, None])
    ink: F32 = np.clip(cover, 0, 1).astype(np.float32)
    ink[~on] = 0
    return ink * np.float32(pen.darkness)


def ink_grid(
    rng: Rng, plan: GridPlan, rows: int, cols: int, span: tuple[float, float], sway: F64
) -> F32:
    """Ink a grid.

    Parameters
    ----------
    span : (float, float)
        Columns between which horizontal lines run.
    sway : float64 [rows]
        Sideways displacement of everything on the paper, strip pixels.

    Returns
    -------
    float32 [rows, cols]
    """
    canvas = np.zeros((rows * SS, cols * SS), np.uint8)
    knots = np.arange(0, rows + 16, 16, dtype=np.float64).clip(0, rows - 1)
    bend = np.interp(knots, np.arange(rows), sway)
    dashed_light = plan.dash_px[0] > 0
    heaviest = max((w for _, w, _ in plan.vertical_px + plan.horizontal_px), default=0.0)
    for x, width, tone in plan.vertical_px:
        path = np.column_stack([x + bend, knots])
        _grid_line(rng, canvas, path, width, tone, dashed_light and width < heaviest, plan)
    for y, width, tone in plan.horizontal_px:
        ends = np.array([span[0], span[1]])
        path = np.column_stack([ends, y + (ends - span[0]) * plan.slope])
        _grid_line(rng, canvas, path, width, tone, dashed_light and width < heaviest, plan)
    return _shrink(canvas)


def _grid_line(
    rng: Rng, canvas: U8, path: F64, width: float, tone: float, dashed: bool, plan: GridPlan
) -> None:
    pen = Pen("dashed" if dashed else "solid", width, *plan.dash_px)
    thickness = max(1, round(width * SS))
    phase = rng.uniform(0, sum(plan.dash_px) + 1)
    if dashed:
        pieces = list(_dashes(path, pen, phase))
    elif plan.broken_px[0] > 0:
        pieces = _broken(rng, path, *plan.broken_px)
    else:
        pieces = [path]
    cv2.polylines(
        canvas, [_fixed(p) for p in pieces], False, round(255 * tone), thickness, cv2.LINE_8, _SHIFT
    )


def _broken(rng: Rng, path: F64, on: float, off: float) -> list[F64]:
    """Pieces of a path with random gaps; mean lengths of both, px."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    count = int(along[-1] / (on + off)) + 4
    lengths = np.column_stack([rng.exponential(on, count), rng.exponential(off, count)]).ravel()
    ends = np.cumsum(lengths) - rng.uniform(0, on + off)
    pieces = []
    for start, stop in zip(ends[1:-1:2], ends[2::2]):
        at = np.append(np.arange(start, stop, 16.0), stop).clip(0, along[-1])
        pieces.append(np.column_stack([np.interp(at, along, path[:, k]) for k in (0, 1)]))
    return pieces


_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_PLAIN,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)
_WORDS = [
    "CSG",
    "GR",
    "RHOB",
    "SP",
    "ILD",
    "TD",
    "5150",
    "1200",
    "34",
    "REPEAT",
    "CALI",
    "BS",
    "N-PHI",
    "TOP",
    "FR",
    "--",
    "10",
    "100",
    "x10",
    "LOG",
]


def ink_text(rng: Rng, rows: int, cols: int) -> F32:
    """Ink one printed word or number somewhere, upright or on its side."""
    word = str(rng.choice(_WORDS)) if rng.random() < 0.6 else str(rng.integers(10, 20000))
    size, weight = rng.uniform(0.8, 2.4), int(rng.integers(1, 6))
    tile = np.zeros((80, 360), np.uint8)
    cv2.putText(tile, word, (8, 60), _FONTS[rng.integers(len(_FONTS))], size, 255, weight)
    if rng.random() < 0.5:
        tile = np.ascontiguousarray(np.rot90(tile, int(rng.choice([1, 3]))))
    if rng.random() < 0.3:
        larger = rng.uniform(1.3, 3)
        tile = np.asarray(cv2.resize(tile, None, fx=larger, fy=larger), np.uint8)
    canvas = np.zeros((rows * SS, cols * SS), np.uint8)
    paste(canvas, tile, int(rng.integers(-60, rows * SS)), int(rng.integers(-60, cols * SS)))
    return _shrink(canvas)


def ink_handwriting(rng: Rng, rows: int, cols: int) -> F32:
    """Ink a scribble, an underline or an arrow as a geologist leaves them."""
    canvas = np.zeros((rows * SS, cols * SS), np.uint8)
    centre = np.array([rng.uniform(0, cols), rng.uniform(0, rows)])
    kind = rng.random()
    if kind < 0.6:
        n = int(rng.integers(4, 14))
        steps = rng.normal(0, rng.uniform(4, 14), size=(n, 2)) + np.array([rng.uniform(2, 10), 0])
        knots = centre + np.cumsum(steps, axis=0)
        t = np.linspace(0, n - 1, n * 6)
        path = np.column_stack([np.interp(t, np.arange(n), knots[:, k]) for k in (0, 1)])
        path = cv2.blur(path.astype(np.float32), (1, 5)).astype(np.float64)
    else:
        angle = rng.uniform(0, 2 * np.pi)
        reach = rng.uniform(15, 160) * np.array([np.cos(angle), np.sin(angle) * 0.5])
        path = np.stack([centre, centre + reach])
    cv2.polylines(canvas, [_fixed(path)], False, 255, int(rng.integers(2, 7)), cv2.LINE_AA, _SHIFT)
    if kind >= 0.8:
        tail, tip = ([round(float(v)) for v in p * SS] for p in (path[0], path[-1]))
        cv2.arrowedLine(canvas, tail, tip, 255, 3, tipLength=0.2)
    return _shrink(canvas)


def paste(canvas: U8, tile: U8, row: int, col: int) -> None:
    """Lighten ``canvas`` by ``tile`` at (row, col), clipped."""
    r0, c0 = max(row, 0), max(col, 0)
    r1, c1 = min(row + tile.shape[0], canvas.shape[0]), min(col + tile.shape[1], canvas.shape[1])
    if r1 > r0 and c1 > c0:
        part = canvas[r0:r1, c0:c1]
        np.maximum(part, tile[r0 - row : r1 - row, c0 - col : c1 - col], out=part)
