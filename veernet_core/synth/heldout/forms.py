"""What is printed beside the curves: grids, text, arrows, notes by hand and curves of the next track."""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import (
    F32,
    CurveSpec,
)
from veernet_core.synth.heldout.courses import track_fraction
from veernet_core.synth.heldout.data import Frame, Polyline
from veernet_core.synth.heldout.plotters import Label, agg_lines, agg_text, through_lens
from veernet_core.synth.heldout.shapes import gaussian_blur, smooth_curve


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


def draw_grid(rng: np.random.Generator, frame: Frame, spec: CurveSpec, double: bool) -> F32:
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
    noise = through_lens(noise, max(0.6, size_px / step / 2))
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
    smooth_x = smooth_curve(t, x + rng.normal(0, 8, n), fine)
    return [(smooth_x, smooth_curve(t, y, fine))]


def _neighbours(rng: np.random.Generator, frame: Frame) -> list[Polyline]:
    """Curves of the next tracks, straying into the margins."""
    out: list[Polyline] = []
    for side in (-1, 1):
        if rng.random() < 0.18:
            row = np.arange(-4.0, frame.rows + 4, 4)
            rough = gaussian_blur(rng.normal(0, 1, len(row)), 2) + 3 * gaussian_blur(
                rng.normal(0, 1, len(row)), 25
            )
            walk = np.abs(rough + rng.uniform(-0.5, 1)) * rng.uniform(15, 60)
            border = frame.left if side < 0 else frame.left + frame.width
            out.append((border + side * (2 + walk), row))
    return out


def draw_print(rng: np.random.Generator, frame: Frame) -> F32:
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
