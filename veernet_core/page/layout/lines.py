"""Rules of a page: long near-vertical and near-horizontal lines, and how they drift along the paper.

In: a raster, read once by windows of rows. Out: small profiles of the whole page (a band of rows or a
block of columns each), the sideways drift of the paper, straightened profiles, line positions and
their sub-pixel course. Does not belong here: what a line means (`grid`, `kinds`, `layout`).

Vertical rules are looked for on bands of rows, so that a page of 240,000 rows shrinks to a few
thousand; the sideways drift from band to band is measured by correlating neighbouring stretches, after
which a broken or faint rule is a straight stripe that can be averaged over its whole length.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

from veernet_core.datatypes import F32, F64, U8, Raster
from veernet_core.page.ocr.tints import VIVID

_BLOCK_BANDS = 40
_BILEVEL_INK, _GREY_INK = 128, 40
_MAX_SLOPE = 0.06
_SLAB_BANDS = 8
_HOP_BANDS = 4


@dataclass(frozen=True, slots=True)
class PageProfiles:
    """A page in profiles of its rules; ink is 0 to 255.

    Attributes
    ----------
    height_px, width_px, band_px : int
        Size of the page; rows per band and columns per block.
    upright : uint8 [bands, width]
        Ink of near-vertical rules, averaged over the rows of a band.
    level : uint8 [bands, width]
        Ink of near-horizontal rules, averaged over the rows of a band.
    ink, solid : uint8 [bands, width]
        All ink; ink of areas too thick for any rule.
    rows : uint8 [height, blocks]
        Ink of near-horizontal rules, averaged over the columns of a block.
    vivid : uint8 [bands, width]
        The part of ``upright`` that is drawn in a colour; none on pages without colour.
    """

    height_px: int
    width_px: int
    band_px: int
    upright: U8
    level: U8
    ink: U8
    solid: U8
    rows: U8
    vivid: U8

    @property
    def bands(self) -> int:
        """Number of bands."""
        return len(self.upright)


def profile_page(raster: Raster) -> PageProfiles:
    """Read the page once and keep the profiles of its rules."""
    width = raster.width_px
    band = 4 * max(4, round(width / 256))
    bands, blocks = -(-raster.height_px // band), -(-width // band)
    across = {
        name: np.zeros((bands, width), np.uint8)
        for name in ("upright", "level", "ink", "solid", "vivid")
    }
    rows = np.zeros((raster.height_px, blocks), np.uint8)
    step = band * _BLOCK_BANDS
    for row0 in range(0, raster.height_px, step):
        row1 = min(raster.height_px, row0 + step)
        layers = _read_layers(raster, row0, row1)
        first = row0 // band
        for name, layer in layers.items():
            means = _mean_rows(layer, band)
            across[name][first : first + len(means)] = means
        rows[row0:row1] = _mean_columns(layers["level"], band)
    return PageProfiles(raster.height_px, width, band, rows=rows, **across)


def _read_layers(raster: Raster, row0: int, row1: int) -> dict[str, U8]:
    """Rules, ink and solid areas of rows ``row0 <= row < row1``, 0 or 255."""
    width = raster.width_px
    upright_px, level_px = max(7, round(width / 160)), max(9, round(width / 80))
    thick_px, pad = max(5, round(width / 200)), max(9, round(width / 80))
    top, bottom = max(0, row0 - pad), min(raster.height_px, row1 + pad)
    threshold = _GREY_INK if raster.is_colour else _BILEVEL_INK
    ink = (raster.read_ink(top, bottom) >= threshold).astype(np.uint8) * np.uint8(255)
    solid = _open(ink, thick_px, thick_px)
    thin = ink & ~solid
    own = slice(row0 - top, row1 - top)
    upright = _open(thin, upright_px, 1)[own]
    return {
        "upright": upright,
        "vivid": upright & _vivid(raster, row0, row1) if raster.is_colour else 0 * upright,
        "level": _open(thin, 1, level_px)[own],
        "ink": ink[own],
        "solid": solid[own],
    }


def _vivid(raster: Raster, row0: int, row1: int) -> U8:
    """Where pixels have a colour, 0 or 255."""
    rgb = raster.read_rgb(row0, row1)
    spread = cv2.subtract(rgb.max(axis=2), rgb.min(axis=2))
    return np.where(spread > VIVID, np.uint8(255), np.uint8(0))


def _open(image: U8, height: int, width: int) -> U8:
    kernel = np.ones((height, width), np.uint8)
    return np.asarray(cv2.morphologyEx(image, cv2.MORPH_OPEN, kernel), np.uint8)


def _mean_rows(image: U8, band: int) -> U8:
    missing = -len(image) % band
    if missing:
        image = np.pad(image, ((0, missing), (0, 0)))
    size = (image.shape[1], len(image) // band)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _mean_columns(image: U8, block: int) -> U8:
    image = np.pad(image, ((0, 0), (0, -image.shape[1] % block)))
    size = (image.shape[1] // block, len(image))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


# ---- drift -----------------------------------------------------------------------------------


def sharpen(profile: NDArray[np.generic], half_px: int) -> F32:
    """Ink above its surroundings of ``half_px`` columns each side, [bands, width], clipped."""
    ink = np.asarray(profile, np.float32)
    raised = ink - uniform_filter1d(ink, 2 * half_px + 1, axis=1)
    out: F32 = np.clip(raised, 0, 120)
    return out


def measure_drift(profiles: PageProfiles) -> F64:
    """Sideways position of the paper at every band, [bands] px, 0 at the middle band.

    Stretches of eight bands are correlated with the next ones, and the lags chosen together so that
    neighbouring lags differ little: the slope of a rule changes slowly, but for splices.
    """
    upright = sharpen(profiles.upright, max(6, profiles.width_px // 160))
    bands = len(upright)
    if bands < 3 * _SLAB_BANDS:
        return np.zeros(bands)
    score, lags = _lag_scores(upright, profiles.band_px)
    path = _smooth_path(np.clip(score, 0, None), lags)
    slope = _parabola(score, path, lags) / _SLAB_BANDS
    centres = np.arange(len(score)) * _HOP_BANDS + _SLAB_BANDS
    drift = np.cumsum(np.interp(np.arange(bands), centres, slope))
    out: F64 = drift - drift[bands // 2]
    return out


def _lag_scores(upright: F32, band_px: int) -> tuple[F32, NDArray[np.int64]]:
    """Correlation of every stretch with the one a slab further down, [stretches, lags]."""
    bands, width = upright.shape
    starts = np.arange(0, bands - _SLAB_BANDS + 1, _HOP_BANDS)
    slabs = np.stack([upright[s : s + _SLAB_BANDS].sum(axis=0) for s in starts])
    reach = int(_MAX_SLOPE * band_px * _SLAB_BANDS) + 2
    size = cv2.getOptimalDFTSize(width + 2 * reach)
    apart = _SLAB_BANDS // _HOP_BANDS
    score = np.empty((len(slabs) - apart, 2 * reach + 1), np.float32)
    energy = np.sqrt((slabs**2).sum(axis=1))
    for j in range(len(score)):
        pair = np.fft.rfft(slabs[[j, j + apart]], size, axis=1)
        full = np.fft.irfft(pair[1] * np.conj(pair[0]), size)
        score[j] = np.concatenate([full[-reach:], full[: reach + 1]])
        score[j] /= energy[j] * energy[j + apart] + 1e-6
    return score, np.arange(-reach, reach + 1)


def _smooth_path(score: F32, lags: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index of the lag at every stretch: best sum of scores less a price on changes (Viterbi)."""
    price = np.minimum(0.02 * np.abs(lags[:, None] - lags[None, :]), 0.3).astype(np.float32)
    toll = (0.002 * np.abs(lags)).astype(np.float32)
    best, back = score[0] - toll, np.zeros(score.shape, np.int64)
    for t in range(1, len(score)):
        total = best[None, :] - price
        back[t] = total.argmax(axis=1)
        best = total.max(axis=1) + score[t] - toll
    path = np.empty(len(score), np.int64)
    path[-1] = best.argmax()
    for t in range(len(score) - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def _parabola(score: F32, path: NDArray[np.int64], lags: NDArray[np.int64]) -> F64:
    """Lag at the top of a parabola through the chosen score and its neighbours, [stretches]."""
    at = np.arange(len(path))
    inner = np.clip(path, 1, len(lags) - 2)
    before, here, after = score[at, inner - 1], score[at, inner], score[at, inner + 1]
    bend = before - 2 * here + after
    peaked = (path == inner) & (bend < -1e-9) & (here >= before) & (here >= after)
    offset = np.where(peaked, 0.5 * (before - after) / np.where(peaked, bend, 1), 0.0)
    return np.asarray(lags[path] + offset, np.float64)


def straighten(profile: NDArray[np.generic], drift: F64) -> F32:
    """Shift every band so that rules stand upright: column x shows page column x + drift."""
    ink = np.asarray(profile, np.float32)
    cols = np.arange(ink.shape[1], dtype=np.float32)[None] + drift[:, None].astype(np.float32)
    bands = np.repeat(np.arange(len(ink), dtype=np.float32)[:, None], ink.shape[1], axis=1)
    out = np.empty_like(ink)
    for start in range(0, len(ink), 4096):  # OpenCV maps hold at most 32,767 rows
        part = slice(start, start + 4096)
        out[part] = cv2.remap(
            ink[part],
            cols[part],
            bands[part] - start,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
    return out


def register(straight: F32, reference: F32, reach_px: int) -> F64:
    """Shift of every band against a reference profile, [bands] px; robust, smooth along the bands."""
    bands = len(straight)
    centres = np.arange(min(_SLAB_BANDS, bands) // 2, bands, _HOP_BANDS)
    half = _SLAB_BANDS // 2
    lags = np.arange(-reach_px, reach_px + 1)
    base = np.stack([np.roll(reference, lag) for lag in lags])
    base /= np.linalg.norm(base, axis=1, keepdims=True) + 1e-6
    slabs = np.stack([straight[max(0, c - half) : c + half].sum(axis=0) for c in centres])
    score = (slabs @ base.T) / (np.linalg.norm(slabs, axis=1, keepdims=True) + 1e-6)
    path = _smooth_path(np.clip(score, 0, None), lags)
    return np.interp(np.arange(bands), centres, _parabola(score, path, lags))


# ---- positions -------------------------------------------------------------------------------


def find_peaks(profile: F32, apart_px: int, least: float) -> NDArray[np.int64]:
    """Columns of local maxima of at least ``least``, ``apart_px`` or more from any higher one."""
    top = maximum_filter1d(profile, 2 * apart_px + 1)
    found = np.flatnonzero((profile >= top) & (profile >= least))
    if len(found) == 0:
        return found
    out: NDArray[np.int64] = found[np.concatenate([[True], np.diff(found) > apart_px])]
    return out


def centroid(profile: F32, col: float, half_px: int) -> float:
    """Centre of the ink within ``half_px`` of a column, above the lowest ink there; NaN: none."""
    low, high = round(col) - half_px, round(col) + half_px + 1
    low, high = max(0, low), min(len(profile), high)
    weight = profile[low:high] - profile[low:high].min() if high > low else np.zeros(0, np.float32)
    total = float(weight.sum())
    return float((weight * np.arange(low, high)).sum() / total) if total > 0 else float("nan")


def rule_offsets(windows: F32, peaks: F64, usual: F32, reach_px: int = 5) -> F64:
    """Where rules lie in windows of straightened bands, against their mean columns.

    Parameters
    ----------
    windows : float32 [windows, width]
        Mean ink of vertical lines.
    peaks : float64 [rules]
        Mean column of each rule.
    usual : float32 [rules]
        Mean ink of each rule; a window that shows less than a third of it does not count.
    reach_px : int
        How far a rule may stray.

    Returns
    -------
    float64 [windows, rules]
        Offsets in px; rules not seen take those of their neighbours, windows without any 0.
    """
    at = np.rint(peaks).astype(np.int64)
    steps = np.arange(-reach_px, reach_px + 1)
    cols = np.clip(at[:, None] + steps[None], 0, windows.shape[1] - 1)
    ink = windows[:, cols]
    ink = np.clip(ink - np.minimum(ink[..., :1], ink[..., -1:]), 0, None)
    top = ink.argmax(axis=2)
    close = np.abs(np.arange(len(steps))[None, None] - top[..., None]) <= 2
    weight = np.where(close, ink, 0)
    total = weight.sum(axis=2)
    centre = (
        (weight * steps[None, None]).sum(axis=2) / np.maximum(total, 1e-6) + at[None] - peaks[None]
    )
    seen = (ink.max(axis=2) > np.maximum(usual / 3, 3)[None]) & (np.abs(top - reach_px) < reach_px)
    return _fill_offsets(np.where(seen, centre, np.nan), peaks)


def _fill_offsets(offsets: F64, peaks: F64) -> F64:
    """Median of five windows down each rule; gaps from the rules beside; outliers dropped."""
    offsets = offsets - np.nan_to_num(_column_median(offsets))[None]
    common = np.nan_to_num(_column_median(offsets.T))
    offsets = np.where(np.abs(offsets - common[:, None]) <= 3, offsets, np.nan)
    filled = np.empty_like(offsets)
    for window, line in enumerate(offsets):
        known = np.isfinite(line)
        filled[window] = np.interp(peaks, peaks[known], line[known]) if known.any() else 0.0
    return np.asarray(median_filter(filled, (5, 1), mode="nearest"), np.float64)


def _column_median(values: F64) -> F64:
    """Median of the known values of every column; NaN where there are none."""
    known = np.isfinite(values).any(axis=0)
    medians = np.full(values.shape[1], np.nan)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians
