"""Tracks drawn by somebody else's plotter, matplotlib: for testing only.

In: a ``numpy.random.Generator`` and wells; out: a strip with exact truth. Nothing of our own renderers is
used: grid, lines, dashes and their anti-aliasing are matplotlib's, the curves of a track are those that one
well really has, at their real depths, on the scales and in the pens that logs use. Training never sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter1d

from veernet_core.datatypes import F64, STYLES, U8, Bool, CurveSpec, Rng, Strip, Style

Well = Mapping[str, tuple[F64, F64]]
"""Curves of one well by mnemonic: increasing depths, ft, and values."""
Finish = Literal["grey", "bilevel", "noisy"]
FINISHES: tuple[Finish, ...] = ("grey", "bilevel", "noisy")

SCALES: dict[str, tuple[float, float, bool]] = {
    "GR": (0, 150, False),
    "CALI": (6, 16, False),
    "SP": (-80, 20, False),
    "ILD": (0.2, 2000, True),
    "ILM": (0.2, 2000, True),
    "SFL": (0.2, 2000, True),
    "RHOB": (1.95, 2.95, False),
    "NPHI": (45, -15, False),
    "DPHI": (45, -15, False),
    "DT": (140, 40, False),
    "NEU": (0, 1000, False),
    "MINV": (0, 40, False),
    "MNOR": (0, 40, False),
}
"""Left and right end of the usual scale, and whether it is logarithmic."""
TRACKS = (
    ("GR",),
    ("GR", "CALI"),
    ("GR", "SP"),
    ("ILD",),
    ("ILD", "ILM"),
    ("ILD", "ILM", "SFL"),
    ("RHOB", "NPHI"),
    ("NPHI", "DPHI"),
    ("DT",),
    ("NEU",),
    ("MINV", "MNOR"),
    ("RHOB", "NPHI", "DT"),
)
"""Curves that share a track."""
LINES: dict[Style, tuple[str | tuple[int, tuple[float, ...]], ...]] = {
    "solid": ("-",),
    "dashed": ("--", (0, (8, 3)), (0, (5, 5))),
    "dotted": (":", (0, (1, 2))),
}
FEET, ROWS_PER_FT, MARGIN, DPI = 200, 10, 24, 200


@dataclass(frozen=True, slots=True)
class PlottedStrip:
    """One drawn track with its truth.

    Attributes
    ----------
    strip : Strip
    specs : tuple of CurveSpec
    frac : float64 [n_curves, rows]
        Unfolded track position at every row centre.
    visible : bool [n_curves, rows]
        False where the curve is off scale and not drawn.
    depth : float64 [rows], ft
    ident : str
    """

    strip: Strip
    specs: tuple[CurveSpec, ...]
    frac: F64
    visible: Bool
    depth: F64
    ident: str


def draw_plotted(rng: Rng, wells: Sequence[Well], finish: Finish) -> PlottedStrip:
    """Draw 200 ft of one track of one well.

    Parameters
    ----------
    rng : numpy.random.Generator
    wells : sequence of Well
        Where none has enough curves on scale, an invented one is drawn.
    finish : "grey" as plotted, "bilevel" thresholded, or "noisy": blurred, grainy and thresholded

    Returns
    -------
    PlottedStrip
    """
    names, top, curves = _choose(rng, wells)
    log = SCALES[names[0]][2]
    width = int(rng.choice([480, 500, 600, 960] if log else [480, 500, 520]))
    alike = rng.random() < 0.25
    pens: list[Style] = list(STYLES)
    rng.shuffle(pens)
    if alike or (len(names) == 1 and rng.random() < 0.7):
        pens = ["solid"] * len(STYLES)
    figure, axes = _track(rng, top, width, log)
    nib = rng.uniform(0.5, 1.3)
    centres = top + (np.arange(FEET * ROWS_PER_FT) + 0.5) / ROWS_PER_FT
    specs, fracs, visible = [], [], []
    for name, pen, (depth, frac) in zip(names, pens, curves):
        line = LINES[pen][int(rng.integers(len(LINES[pen])))]
        weight = nib * rng.uniform(0.7, 1.5)
        wraps = name == "GR"
        for wrap in (0, 1, -1) if wraps else (0,):
            axes.plot(frac - wrap, depth, linestyle=line, linewidth=weight, color="black")
        specs.append(CurveSpec(name, "", 0.0, 1.0, "linear", pen, "one" if wraps else "none"))
        fracs.append(np.interp(centres, depth, frac))
        on_scale = (fracs[-1] >= 0) & (fracs[-1] <= 1)
        visible.append(on_scale | wraps)
    ink = _finished(rng, _rasterised(figure), finish)
    strip = Strip(
        ink,
        MARGIN - 0.5,  # pixel centres are integers here, and lie half way between them there
        MARGIN + width - 0.5,
        np.arange(len(ink), dtype=np.float64),
        styles=tuple(s.style for s in specs),
    )
    ident = f"{finish}-{'+'.join(names)}-{top:.0f}"
    return PlottedStrip(strip, tuple(specs), np.array(fracs), np.array(visible), centres, ident)


def _choose(
    rng: Rng, wells: Sequence[Well]
) -> tuple[tuple[str, ...], float, list[tuple[F64, F64]]]:
    """A track's curves over a stretch where they move, and keep to their scales; its top, ft."""
    for _ in range(200):
        names = TRACKS[int(rng.integers(len(TRACKS)))]
        having = [w for w in wells if all(name in w for name in names)]
        if not having:
            continue
        well = having[int(rng.integers(len(having)))]
        first = max(well[name][0][0] for name in names)
        last = min(well[name][0][-1] for name in names)
        if last - first < FEET + 10:
            continue
        top = float(np.floor(rng.uniform(first + 2, last - FEET - 2)))
        curves = [_part(name, *well[name], top) for name in names]
        if all(_fits(name, frac) for name, (_, frac) in zip(names, curves)):
            return names, top, curves
    names = TRACKS[int(rng.integers(len(TRACKS)))]
    depth = 1000 + np.arange(-4, 2 * FEET + 5) / 2
    walks = [gaussian_filter1d(np.cumsum(rng.normal(size=len(depth))), 2) for _ in names]
    return names, 1000.0, [(depth, 0.5 + 0.3 * w / np.abs(w).max()) for w in walks]


def _part(name: str, depth: F64, value: F64, top: float) -> tuple[F64, F64]:
    """Depths and track positions over the strip and a little beyond."""
    inside = (depth >= top - 2) & (depth <= top + FEET + 2)
    depth, value = depth[inside], value[inside]
    if name in ("NPHI", "DPHI") and len(value) and np.median(np.abs(value)) < 1:
        value = 100 * value  # stated as a fraction
    left, right, log = SCALES[name]
    if log:
        return depth, np.log(np.maximum(value, 1e-9) / left) / np.log(right / left)
    return depth, (value - left) / (right - left)


def _fits(name: str, frac: F64) -> bool:
    if len(frac) < 300 or not np.isfinite(frac).all() or frac.std() < 0.01:
        return False
    off = np.mean((frac < 0) | (frac > 1))
    return bool(frac.min() > -0.9 and frac.max() < 1.9 and off <= (0.5 if name == "GR" else 0.02))


def _track(rng: Rng, top: float, width: int, log: bool) -> tuple[Figure, Axes]:
    """An empty track with its grid: light lines each 2 ft, heavy ones each 10."""
    rows, cols = FEET * ROWS_PER_FT, width + 2 * MARGIN
    figure = Figure(figsize=(cols / DPI, rows / DPI), dpi=DPI)
    axes = figure.add_axes((MARGIN / cols, 0, width / cols, 1))
    axes.set_xlim(0, 1)
    axes.set_ylim(top + FEET, top)
    tone = str(rng.choice(["0", "0.3", "0.6", "0.75"]))
    for depth in np.arange(top, top + FEET + 1, 2):
        axes.axhline(depth, color=tone, linewidth=0.25 if depth % 10 else 0.6, zorder=0)
    for frac, heavy in _verticals(log):
        axes.axvline(frac, color=tone, linewidth=0.6 if heavy else 0.25, zorder=0)
    for side in ("top", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    return figure, axes


def _verticals(log: bool) -> list[tuple[float, bool]]:
    if not log:
        return [(k / 10, k % 5 == 0) for k in range(11)]
    marks = [(digit, digit * 10.0**decade) for decade in range(-1, 4) for digit in range(1, 10)]
    at = [(float(np.log10(mark / 0.2) / 4), digit == 1) for digit, mark in marks]
    return [(frac, heavy) for frac, heavy in at if 0 <= frac <= 1]


def _rasterised(figure: Figure) -> U8:
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    paper = np.asarray(canvas.buffer_rgba())[..., :3].mean(axis=-1)
    return np.asarray(255 - paper, dtype=np.uint8)


def _finished(rng: Rng, ink: U8, finish: Finish) -> U8:
    if finish == "grey":
        return ink
    if finish == "bilevel":
        return np.where(ink > 110, 255, 0).astype(np.uint8)
    grainy = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), 0.8) + rng.normal(0, 25, ink.shape)
    out = np.where(grainy > rng.uniform(70, 130), 255, 0).astype(np.uint8)
    out[rng.random(ink.shape) < 0.002] = 255
    return out
