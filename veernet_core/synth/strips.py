"""Training strips: drawn and degraded tracks with exact labels.

In: a ``numpy.random.Generator``; out: ``SynthStrip``. Same generator state, same bytes. The labels
are never rounded or resampled; ink that did not survive degradation is labelled absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet_core.datatypes import F32, F64, STYLES, Rng
from veernet_core.synth import degrade, priors, render, truth
from veernet_core.synth.grids import plan_grid

MAX_CURVES = 5
STYLE_SHARE = (0.44, 0.32, 0.24)
"""Of solid, dashed and dotted curves."""
_AROUND = (21, 21)
_LEAST_CONTRAST, _LEAST_TONE = 0.25, 0.25
"""Contrast from which on a stroke is still there, as a share of the strip's range of tones; the least range."""


@dataclass(frozen=True, slots=True)
class SynthStrip:
    """A drawn strip and its truth.

    Attributes
    ----------
    ink : uint8 [rows, cols]
    left_col, right_col : float
        Nominal track borders.
    x : float32 [n_curves, rows]
        Exact strip column of each curve as drawn (wrapped into the track); NaN pen up.
    steep : float32 [n_curves, rows]
        Columns crossed within the row.
    style : int64 [n_curves]
        Index into ``STYLES``.
    visible : bool [n_curves, rows]
        Whether the curve's ink survived.
    mask : uint8 [rows, cols]
        0 background, 1 + style where curve ink shows.
    frac : float32 [n_curves, rows]
        Unfolded position, NaN where pen up.
    course : float32 [n_curves, rows]
        The same without pen lifts; NaN only off the scale.
    wrapped : bool [n_curves]
        Whether the curve is drawn in wrap-around mode.
    """

    ink: NDArray[np.uint8]
    left_col: float
    right_col: float
    x: F32
    steep: F32
    style: NDArray[np.int64]
    visible: NDArray[np.bool_]
    mask: NDArray[np.uint8]
    frac: F32
    course: F32
    wrapped: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SynthConfig:
    """How strips are drawn.

    Attributes
    ----------
    rows, cols, margin_px, max_curves, min_curves : int
    min_severity, max_severity : float
        Strength of copying and scanning; where the least is 0 some plots are fresh.
    real_share, stroke_share, style_share : float, float, tuple of float
        Shares of real shapes, of curves with strokes out and back within a few rows, and of line styles.
    pen_px : tuple of float, optional
        Least and largest width of the pens; the usual nibs if None.
    scan_dpi : int
        Resolution of the scan of which the strip is made.
    swing : tuple of float, optional
        Least and largest standard deviation of a curve's position, track widths; as its shape has it if None.
    """

    rows: int = 256
    cols: int = 512
    margin_px: int = 16
    max_severity: float = 1.0
    max_curves: int = 4
    real_share: float = 0.5
    stroke_share: float = 0.0
    style_share: tuple[float, float, float] = STYLE_SHARE
    min_severity: float = 0.0
    pen_px: tuple[float, float] | None = None
    scan_dpi: int = degrade.STRIP_DPI
    swing: tuple[float, float] | None = None
    min_curves: int = 0


def draw_strip(
    rng: Rng, config: SynthConfig = SynthConfig(), shapes: Sequence[F64] | None = None
) -> SynthStrip:
    """Draw one strip with truth.

    Parameters
    ----------
    rng : numpy.random.Generator
    config : SynthConfig
    shapes : sequence of float64 [n], optional
        Real curve shapes mixed into the priors.

    Returns
    -------
    SynthStrip
    """
    sheet = draw_sheet(rng, config, shapes)
    clean = sheet.background
    for curve in sheet.inked:
        clean = np.maximum(clean, curve.alpha)
        if rng.random() < (0.2 if curve.wrapped else 0.06):
            clean = np.maximum(clean, _hatching(rng, curve, sheet.paper, config.cols))
    if rng.random() < 0.1:
        clean = _overprint(rng, clean)
    if config.scan_dpi == degrade.STRIP_DPI:
        final = degrade.degrade(rng, clean, sheet.severity)
    else:
        scan = degrade.degrade(rng, degrade.at_dpi(clean, config.scan_dpi), sheet.severity)
        final = degrade.at_strip_dpi(scan, config.rows, config.cols)
    if rng.random() < 0.12:
        final = _occlude(rng, final)
    return labelled(final, sheet.inked, sheet.left, sheet.right)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn on a strip before anything happens to it, and how bad the copy will be."""

    left: float
    right: float
    paper: tuple[float, float]
    severity: float
    background: F32
    inked: list[Inked]


def draw_sheet(rng: Rng, config: SynthConfig, shapes: Sequence[F64] | None = None) -> Sheet:
    """Draw the print and the curves of one strip."""
    rows, cols = config.rows, config.cols
    left = float(config.margin_px)
    right = float(cols - config.margin_px - 1 - rng.integers(0, 24))
    severity = float(rng.beta(1.2, 2.0)) * config.max_severity
    if config.min_severity:
        severity = max(severity, config.min_severity)
    elif rng.random() < 0.3:  # a fresh plot, scanned well
        severity *= 0.3 * rng.random()
    sway = _sway(rng, rows)
    # the paper's own borders lie a little off the nominal ones: rectification is never perfect
    paper = (left + rng.normal(0, 1.2), right + rng.normal(0, 1.2))
    count = int(rng.choice([0, 1, 2, 3, 4], p=[0.04, 0.34, 0.34, 0.18, 0.10]))
    count = min(max(count, config.min_curves), config.max_curves)
    shares = config.real_share, config.stroke_share
    fracs = priors.draw_shapes(rng, rows, count, shapes, *shares) if count else []
    if config.swing is not None:
        fracs = [priors.with_swing(rng, f, config.swing) for f in fracs]
    inked = [_ink_one(rng, f, paper, sway, config) for f in fracs]
    return Sheet(left, right, paper, severity, _background(rng, rows, cols, paper, sway), inked)


@dataclass(frozen=True, slots=True)
class Inked:
    """One curve on the strip: where it is, and its ink."""

    x: F64
    frac: F64
    course: F64
    steep: F32
    pen: render.Pen
    alpha: F32
    wrapped: bool


def _sway(rng: Rng, rows: int) -> F64:
    """Sideways wander left over by an imperfect rectification, px."""
    wander = np.interp(np.arange(rows), np.linspace(0, rows, 5), rng.normal(0, 0.7, 5))
    if rng.random() < 0.1:  # a splice: everything below is shifted
        wander[int(rng.integers(0, rows)) :] += rng.normal(0, 3)
    return wander


def _ink_one(
    rng: Rng,
    frac: F64,
    paper: tuple[float, float],
    sway: F64,
    config: SynthConfig,
) -> Inked:
    wrapped = bool(rng.random() < 0.35)
    if not wrapped and rng.random() < 0.5:  # clipped at the edge: the pen rides the stop
        stop = rng.uniform(-0.03, 0.02)
        frac = frac.clip(stop, 1 - stop)
    elif not wrapped:  # off scale: nothing drawn
        frac = np.where((frac < -0.03) | (frac > 1.03), np.nan, frac)
    course = frac
    if rng.random() < 0.2:
        frac = _pen_lifts(rng, frac)
    style, cols = STYLES[int(rng.choice(3, p=config.style_share))], config.cols
    pen = render.draw_pen(rng, style)
    if config.pen_px is not None:
        pen = render.with_width(pen, float(rng.uniform(*config.pen_px)))
    width = paper[1] - paper[0]
    unfolded = paper[0] + frac * width + sway
    if wrapped:
        alpha = _ink_laps(rng, unfolded, frac, pen, cols, paper, sway)
    else:
        alpha = render.ink_curve(rng, unfolded, pen, cols)
    frac = truth.drawn_course(frac, alpha)
    x = paper[0] + (frac % 1.0 if wrapped else frac) * width + sway
    steep = _steepness(paper[0] + frac * width + sway)
    if rng.random() < 0.1:
        alpha = np.maximum(alpha, _ticks(rng, x, cols))
    return Inked(x, frac, course, steep, pen, alpha, wrapped)


def _ink_laps(
    rng: Rng,
    unfolded: F64,
    frac: F64,
    pen: render.Pen,
    cols: int,
    paper: tuple[float, float],
    sway: F64,
) -> F32:
    """A curve that leaves over one border and comes in over the other, stroke and all."""
    seed = int(rng.integers(2**32))
    column = np.arange(cols, dtype=np.float64)
    left, right = paper[0] + sway[:, None], paper[1] + sway[:, None]
    inside = (column >= left - 0.5) & (column <= right + 0.5)
    ink = np.zeros((len(unfolded), cols), np.float32)
    known = frac[np.isfinite(frac)]
    wraps = np.unique(np.floor(known)) if len(known) else np.zeros(0)
    if len(wraps):  # a fast stroke may run through wraps in which it never rests
        wraps = np.arange(wraps[0], wraps[-1] + 1)
    for wrap in wraps[:12]:
        # the same dashes in every wrap
        shifted = unfolded - wrap * (paper[1] - paper[0])
        ink = np.maximum(ink, render.ink_curve(np.random.default_rng(seed), shifted, pen, cols))
    return np.asarray(ink * inside, dtype=np.float32)


def _pen_lifts(rng: Rng, x: F64) -> F64:
    x = x.copy()
    for _ in range(int(rng.integers(1, 3))):
        start, length = int(rng.integers(0, len(x))), int(rng.integers(4, 120))
        x[start : start + length] = np.nan
    return x


def _ticks(rng: Rng, x: F64, cols: int) -> F32:
    """Short horizontal ticks on the curve, as integrators and minute marks leave."""
    marks = np.zeros((len(x), cols), np.uint8)
    for row in rng.integers(0, len(x), size=int(rng.integers(1, 5))):
        if np.isfinite(x[row]):
            reach = int(rng.integers(4, 14))
            ends = (int(x[row]), int(row)), (int(x[row]) + reach, int(row))
            cv2.line(marks, *ends, 255, int(rng.integers(1, 3)))
    return marks.astype(np.float32) / np.float32(255)


def _hatching(rng: Rng, curve: Inked, paper: tuple[float, float], cols: int) -> F32:
    """Hatching between a curve and a border: where it runs under another wrap index, or past a cut-off."""
    left, right = paper
    column = np.arange(cols)
    wrap = np.floor(np.nan_to_num(curve.frac))
    home = np.median(wrap)
    x = np.nan_to_num(curve.x, nan=left)[:, None]
    from_left = (column > left) & (column < x)
    from_right = (column > x) & (column < right)
    if curve.wrapped and (wrap != home).any():
        area = np.where((wrap > home)[:, None], from_left, from_right & (wrap < home)[:, None])
    else:
        cut = rng.uniform(left, right)
        area = from_left & (x < cut) if rng.random() < 0.5 else from_right & (x > cut)
    area &= np.isfinite(curve.x)[:, None]
    row = np.arange(len(area))[:, None]
    pitch, width = rng.uniform(5, 16), rng.uniform(0.8, 2.2)
    slant = float(rng.choice([0.0, 0.0, 1.0, -1.0]))
    stroke = (column + slant * row) % pitch < width
    if rng.random() < 0.2:  # stipple
        stroke = stroke & (row % pitch < width)
    tone = np.float32(rng.choice([1.0, 0.8, 0.5]))
    return np.asarray((area & stroke) * tone, dtype=np.float32)


def _background(rng: Rng, rows: int, cols: int, paper: tuple[float, float], sway: F64) -> F32:
    left, right = paper
    ink = np.zeros((rows, cols), np.float32)
    if rng.random() < 0.95:
        plan = plan_grid(rng, rows, left, right)
        past = rng.choice([0, 0, 0, 40], size=2)
        ink = render.ink_grid(rng, plan, rows, cols, (left - past[0], right + past[1]), sway)
        if rng.random() < 0.25:  # the print breaks up in places
            gaps = degrade.smooth_field(rng, (rows, cols), rng.uniform(3, 40))
            ink = ink * (gaps > rng.uniform(-1.5, -0.2))
    if rng.random() < 0.35:
        ink = np.maximum(ink, _neighbour(rng, rows, cols, left, right))
    for _ in range(rng.poisson(0.25)):
        ink = np.maximum(ink, render.ink_text(rng, rows, cols))
    for _ in range(rng.poisson(0.25)):
        ink = np.maximum(ink, render.ink_handwriting(rng, rows, cols))
    return np.asarray(ink, dtype=np.float32)


def _neighbour(rng: Rng, rows: int, cols: int, left: float, right: float) -> F32:
    """Ink of the next track or the depth column in a margin; it is not a curve of this track."""
    frac = priors.draw_shape(rng, rows)
    if rng.random() < 0.5:
        x = left - 2 - np.abs(frac - 0.5) * 30
    else:
        x = right + 2 + np.abs(frac - 0.5) * 30
    return render.ink_curve(rng, x, render.draw_pen(rng, "solid"), cols)


def _overprint(rng: Rng, ink: F32) -> F32:
    """Gaps where pens of another colour crossed, as colour separation leaves them."""
    rows, cols = ink.shape
    residue = np.float32(rng.choice([0.0, 0.15, 0.35]))
    for _ in range(int(rng.integers(1, 4))):
        x = rng.uniform(0, cols) + (priors.draw_shape(rng, rows) - 0.5) * cols
        other = render.ink_curve(rng, x, render.draw_pen(rng, "solid"), cols)
        ink = np.where(other > 0.5, np.maximum(ink * (1 - other), residue * other), ink)
    return np.asarray(ink, dtype=np.float32)


def _occlude(rng: Rng, ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Blank or black out a stretch, so that absence is learned."""
    ink = ink.copy()
    start, height = int(rng.integers(0, len(ink))), int(rng.integers(10, 120))
    kind = rng.random()
    if kind < 0.6:
        ink[start : start + height] = 0
    else:
        c0 = int(rng.integers(0, ink.shape[1]))
        ink[start : start + height, c0 : c0 + int(rng.integers(40, 400))] = 0 if kind < 0.8 else 255
    return ink


def labelled(final: NDArray[np.uint8], inked: list[Inked], left: float, right: float) -> SynthStrip:
    """A finished strip with the truth of its curves."""
    rows, cols = final.shape
    n = len(inked)
    x = np.full((n, rows), np.nan, np.float32)
    frac, course = np.full_like(x, np.nan), np.full_like(x, np.nan)
    steep = np.zeros((n, rows), np.float32)
    visible = np.zeros((n, rows), bool)
    mask = np.zeros((rows, cols), np.uint8)
    style = np.array([STYLES.index(c.pen.style) for c in inked], dtype=np.int64)
    dark = final.astype(np.float32) / np.float32(255)
    tone = max(float(np.percentile(dark, 99.5) - np.median(dark)), _LEAST_TONE)
    for k, curve in enumerate(inked):
        x[k] = curve.x
        frac[k] = curve.frac
        course[k] = curve.course
        steep[k] = curve.steep
        visible[k] = _survives(curve, dark, tone)
        mask[(curve.alpha > 0.4) & (dark > 0.4) & visible[k][:, None]] = 1 + style[k]
    wrapped = np.array([c.wrapped for c in inked], dtype=bool)
    return SynthStrip(final, left, right, x, steep, style, visible, mask, frac, course, wrapped)


def _steepness(x: F64) -> F32:
    """Half of the columns crossed from the row above to the row below."""
    padded = np.concatenate([x[:1], x, x[-1:]])
    rise = np.abs(padded[2:] - padded[:-2]) / 2
    out: F32 = np.nan_to_num(rise).astype(np.float32)
    return out


def _survives(curve: Inked, dark: F32, tone: float) -> NDArray[np.bool_]:
    """Whether the stroke still stands out from what is around it, judged over about one dash period.

    A row is judged by the core of the stroke, its edges being faint, and by the strip's own ``tone``: a thin
    line on a grey copy is as much there as a thick one on a black-and-white.
    """
    core = curve.alpha > 0.6 * np.maximum(curve.alpha.max(axis=1, keepdims=True), 0.2)
    around = np.float32(1) - cv2.dilate((curve.alpha > 0.05).astype(np.float32), np.ones((3, 3)))
    paper = cv2.blur(dark * around, _AROUND) / np.maximum(cv2.blur(around, _AROUND), 1e-3)
    left_over = ((dark - paper) * core).sum(axis=1).astype(np.float64)
    drawn = core.sum(axis=1).astype(np.float64)
    reach = (
        5 if curve.pen.style == "solid" else int(0.75 * (curve.pen.on_px + curve.pen.off_px)) + 3
    )
    size = 2 * reach + 1
    drawn = uniform_filter1d(drawn, size, mode="nearest")
    left_over = uniform_filter1d(left_over, size, mode="nearest")
    inside = np.isfinite(curve.x) & (curve.x > -2) & (curve.x < dark.shape[1] + 1)
    out: NDArray[np.bool_] = inside & (drawn > 0) & (left_over > _LEAST_CONTRAST * tone * drawn)
    return out
