"""Three drawing technologies: a vector plotter, a light-spot film recorder and an electrostatic plotter.

In: strokes and a pen. Out: coverage of every pixel, 0 to 1. Does not belong here: paper and scanner (`copies`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as AggPath
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, IdentityTransform
from numpy.lib.stride_tricks import sliding_window_view

from veernet_core.datatypes import (
    F32,
    F64,
)
from veernet_core.synth.heldout.data import Cap, Join, Pen, Polyline
from veernet_core.synth.heldout.shapes import gaussian_blur


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


def through_lens(image: F32, sigma: float, sigma_rows: float = 0.0) -> F32:
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
    flicker = gaussian_blur(rng.normal(0, 1, shape[0] + 2), rng.uniform(4, 40))
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
    light = through_lens(light, sigma)
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
