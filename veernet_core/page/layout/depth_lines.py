"""The printed depth lines of a log: horizontal lines at a regular distance, some of them heavier.

In: row profiles of horizontal rules. Out: rows of depth lines with their weights. Does not belong here: what
depth a line stands for.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter, uniform_filter1d

from veernet_core.datatypes import F32, F64, Raster
from veernet_core.page.layout.lines import PageProfiles, centroid


def level_profile(
    profiles: PageProfiles,
    rows: tuple[int, int],
    pivot_px: F64,
    slope: F64,
    spread_px: float,
    exact: bool = True,
) -> F32:
    """Ink of horizontal lines along lines of the paper's own tilt, at a pivot column, [rows] 0 to 255.

    Parameters
    ----------
    profiles : PageProfiles
    rows : (first, last)
        Half-open run of rows.
    pivot_px : float64 [rows]
        Column at which a line's row is told.
    slope : float64 [rows]
        Rows a line sinks per column to the right.
    spread_px : float
        Columns further than this from the pivot count less and less.
    exact : bool
        Interpolate between rows; else take the nearest one, which is faster.
    """
    first, last = rows
    part = profiles.rows[first:last]
    centres = (np.arange(part.shape[1]) + 0.5) * profiles.band_px - 0.5
    total = np.zeros(last - first, np.float32)
    weights = np.zeros(last - first, np.float32)
    at = np.arange(last - first, dtype=np.float32)
    for block in np.flatnonzero(part.max(axis=0) > 0):
        away = (centres[block] - pivot_px).astype(np.float32)
        if np.abs(away).min() > 2.1 * spread_px:
            continue
        weight = np.exp(-0.5 * (away / np.float32(spread_px)) ** 2)
        ink = np.ascontiguousarray(part[:, block], np.float32)
        total += weight * _sample(ink, at + slope.astype(np.float32) * away, exact)
        weights += weight
    return np.asarray(total / np.maximum(weights, 1e-6), np.float32)


def _sample(ink: F32, rows: F32, exact: bool) -> F32:
    """Ink at fractional rows: interpolated, or of the nearest row."""
    rows = np.clip(rows, 0, len(ink) - 1)
    if not exact:
        return np.asarray(ink[(rows + np.float32(0.5)).astype(np.int32)])
    low = np.minimum(rows.astype(np.int32), len(ink) - 2)
    part = rows - low
    return np.asarray(ink[low] * (1 - part) + ink[low + 1] * part, np.float32)


_SHEARS = np.linspace(-0.016, 0.016, 17)
_MAX_SKIPPED = 6
_REACHES_IN = (1.6, 3.2)
_NO_LINE = np.zeros((0, 2))


def read_depth_lines(
    profiles: PageProfiles, rows: tuple[int, int], pivot_px: F64, slope: F64, inch_px: float
) -> tuple[F64, F64]:
    """Printed level lines where they meet a pivot column.

    Parameters
    ----------
    profiles : PageProfiles
    rows : (first, last)
        Half-open run of rows of one log.
    pivot_px : float64 [rows]
        Column of the pivot at every row.
    slope : float64 [rows]
        Rows that a line perpendicular to the borders sinks per column to the right.
    inch_px : float
        Pixels per inch, roughly.

    Returns
    -------
    lines : float64 [n, 2]
        Row and weight (0 fine, 1 medium, 2 heavy).
    tilt : float64 [rows]
        Rows that the lines sink per column, as measured.
    """
    tilt = _measure_tilt(profiles, rows, pivot_px, slope, inch_px)
    profile = level_profile(profiles, rows, pivot_px, tilt, 1.5 * inch_px)
    period = line_period(profile, inch_px)
    if period is None:
        return _NO_LINE, tilt
    at, strength = _candidates(profile, period)
    kept, index = _chain(at, strength, local_period(profile, period))
    if len(kept) < 5:
        return _NO_LINE, tilt
    weight = _weights(index, strength[kept])
    return np.column_stack([at[kept] + rows[0], weight]), tilt


def _measure_tilt(
    profiles: PageProfiles, rows: tuple[int, int], pivot_px: F64, slope: F64, inch_px: float
) -> F64:
    """Tilt of the lines: the shear on top of ``slope`` that makes the row profile sharpest, locally."""
    window = int(3 * inch_px)
    energy = []
    for shear in _SHEARS:
        profile = level_profile(profiles, rows, pivot_px, slope + shear, inch_px, exact=False)
        crisp = profile - uniform_filter1d(profile, max(9, int(0.1 * inch_px)))
        energy.append(uniform_filter1d(crisp * crisp, window)[:: window // 4])
    scores = np.stack(energy, axis=1)
    scores = uniform_filter1d(scores / (scores.mean(axis=1, keepdims=True) + 1e-6), 3, axis=0)
    scores = scores - 0.5 * (_SHEARS / _SHEARS[-1])[None, :] ** 2 * 0.1
    best = np.clip(scores.argmax(axis=1), 1, len(_SHEARS) - 2)
    at = np.arange(len(best))
    before, here, after = scores[at, best - 1], scores[at, best], scores[at, best + 1]
    bend = np.minimum(before - 2 * here + after, -1e-6)
    offset = np.clip(0.5 * (before - after) / bend, -1, 1)
    shear = _SHEARS[best] + offset * (_SHEARS[1] - _SHEARS[0])
    shear = gaussian_filter1d(median_filter(shear, 5), 1.5)
    centres = at * (window // 4)
    out: F64 = slope + np.interp(np.arange(rows[1] - rows[0]), centres, shear)
    return out


def line_period(profile: F32, inch_px: float) -> float | None:
    """Spacing of the finest evenly spaced lines of a row profile, px; None where there is none."""
    for reach_in in _REACHES_IN:
        found = _period_within(profile, inch_px, reach_in)
        if found is not None:
            return found
    return None


def _period_within(profile: F32, inch_px: float, reach_in: float) -> float | None:
    total = _autocorrelation(profile, inch_px, reach_in)
    if total is None:
        return None
    tops = np.flatnonzero(total >= maximum_filter1d(total, 5))
    tops = tops[(tops >= max(6, 0.035 * inch_px)) & (tops < len(total) - 1)]
    if len(tops) == 0 or total[tops].max() < 0.08:
        return None
    first = tops[total[tops] >= 0.5 * total[tops].max()][0]
    before, here, after = total[first - 1 : first + 2]
    return float(first + 0.5 * (before - after) / min(before - 2 * here + after, -1e-9))


def _crisp(profile: F32, period: float) -> F32:
    raised = profile - uniform_filter1d(profile, max(9, 2 * int(period) + 1))
    out: F32 = np.clip(raised, 0, 80).astype(np.float32)
    return out


def _autocorrelation(profile: F32, inch_px: float, reach_in: float) -> F64 | None:
    """Mean autocorrelation of windows four times as long as the lags, [lags]."""
    reach = int(reach_in * inch_px)
    crisp = _crisp(profile, 0.25 * inch_px)
    total, count = np.zeros(reach), 0
    for window in np.array_split(crisp, max(1, len(crisp) // (4 * reach))):
        if len(window) < 2 * reach or window.max() <= 4:
            continue
        power = np.abs(np.fft.rfft(window - window.mean(), 2 * len(window))) ** 2
        auto = np.fft.irfft(power)[:reach]
        total += auto / (auto[0] + 1e-9)
        count += 1
    return total / count if count else None


def local_period(profile: F32, period: float) -> F64:
    """Spacing at every row, within 5 % of the section's, [rows]."""
    size, crisp = int(24 * period), _crisp(profile, period)
    reach = round(8.6 * period)
    centres = np.arange(0, len(profile), max(1, size // 2))
    stretch = np.linspace(0.95, 1.05, 41)
    found = np.full(len(centres), period)
    for k, centre in enumerate(centres):
        window = crisp[max(0, centre - size // 2) : centre + size // 2]
        if len(window) < 2 * reach:
            continue
        power = np.abs(np.fft.rfft(window - window.mean(), 2 * len(window))) ** 2
        auto = np.fft.irfft(power)[: reach + 2]
        teeth = period * stretch[:, None] * np.arange(1, 9)[None]
        comb = np.interp(teeth, np.arange(len(auto)), auto).sum(axis=1)
        found[k] = period * stretch[comb.argmax()]
    smooth = median_filter(found, 5, mode="nearest")
    out: F64 = np.interp(np.arange(len(profile)), centres, smooth)
    return out


def _candidates(profile: F32, period: float) -> tuple[F64, F64]:
    """Sub-pixel rows of local maxima, and their ink above the surroundings."""
    crisp = _crisp(profile, period)
    half = max(2, min(6, int(0.2 * period)))
    smooth = gaussian_filter1d(crisp, 1.0)
    top = maximum_filter1d(smooth, 2 * half + 1)
    least = 0.15 * float(np.percentile(smooth[smooth >= top], 90)) if smooth.max() > 0 else 1.0
    rows = np.flatnonzero((smooth >= top) & (smooth > max(1.5, least)))
    fine = np.array([centroid(crisp, float(r), half) for r in rows])
    ink = np.array([float(crisp[max(0, r - half) : r + half + 1].sum()) for r in rows])
    good = np.isfinite(fine)
    return fine[good], ink[good]


def _chain(at: F64, strength: F64, period: F64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lines that keep the rhythm: best chain of gaps that are whole multiples of the period.

    Returns the kept candidates and their running number in periods. A break of rhythm (fold, splice)
    costs as much as a few lines and starts a new count.
    """
    local = period[np.clip(at.astype(np.int64), 0, len(period) - 1)]
    gain = np.minimum(strength / (np.median(strength) + 1e-6), 2.0)
    best, back = gain.copy(), np.full(len(at), -1)
    steps = np.zeros(len(at), np.int64)
    for j in range(1, len(at)):
        i = np.arange(max(0, j - 40), j)
        gaps = (at[j] - at[i]) / (0.5 * (local[i] + local[j]))
        count = np.maximum(1, np.rint(gaps))
        off = np.abs(gaps - count)
        price = 12.0 * np.minimum(off, 0.3) ** 2 / 0.1 + 0.25 * (count - 1)
        price = np.where((off > 0.18) | (count > _MAX_SKIPPED), 4.0, np.minimum(price, 4.0))
        total = best[i] + gain[j] - price
        k = int(total.argmax())
        if total[k] > best[j]:
            best[j], back[j] = total[k], i[k]
            steps[j] = int(count[k]) if off[k] <= 0.18 and count[k] <= _MAX_SKIPPED else 1000
    kept = [int(best.argmax())]
    while back[kept[-1]] >= 0:
        kept.append(int(back[kept[-1]]))
    order = np.array(kept[::-1])
    return order, np.concatenate([[0], np.cumsum(steps[order[1:]])])


def _weights(index: NDArray[np.int64], strength: F64) -> F64:
    """Weight class of lines from the rhythm of their strength."""
    local = median_filter(strength, min(31, len(strength) // 2 * 2 - 1), mode="nearest")
    relative = np.minimum(strength / (local + 1e-6), 6.0)
    medium = _cycle(index, relative, (5, 10, 2, 4))
    weight = np.zeros(len(index))
    weight[medium] = 1
    chosen = np.flatnonzero(medium)
    if len(chosen) >= 6:
        heavy = _cycle(_rank(index[chosen]), relative[chosen], (5, 2, 4))
        weight[chosen[heavy]] = 2
    return weight


def _rank(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running number in units of the smallest common step."""
    step = np.bincount(np.diff(index)[np.diff(index) < 200]).argmax() if len(index) > 1 else 1
    return np.asarray(np.rint(index / max(1, step)), np.int64)


def _cycle(index: NDArray[np.int64], strength: F64, cycles: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which lines are the stronger ones of a cycle; all False where no cycle stands out."""
    best, chosen = 1.3, np.zeros(len(index), np.bool_)
    for cycle in cycles:
        for phase in range(cycle):
            hit = index % cycle == phase
            if not 3 <= hit.sum() < len(index):
                continue
            contrast = float(np.median(strength[hit]) / (np.percentile(strength[~hit], 75) + 1e-6))
            if contrast > best:
                best, chosen = contrast, hit
    return chosen


def refine_line_row(
    raster: Raster, row: float, cols: tuple[float, float], tilt: float = 0.0, reach_px: int = 6
) -> float:
    """Row of one level line, to a fraction of a pixel, from the page itself.

    Parameters
    ----------
    raster : Raster
    row : float
        Where the line is expected, at the middle of ``cols``.
    cols : (first, last)
        Columns to look at.
    tilt : float
        Rows the line sinks per column to the right.
    reach_px : int
        How far from ``row`` the line may be.

    Returns
    -------
    float
        Row at the middle of ``cols``; NaN where no line stands out.
    """
    first, last = max(0, int(cols[0])), min(raster.width_px, int(np.ceil(cols[1])) + 1)
    middle = 0.5 * (cols[0] + cols[1])
    span = int(np.ceil(abs(tilt) * (last - first) / 2)) + reach_px + 3
    top = max(0, round(row) - span)
    bottom = min(raster.height_px, round(row) + span + 1)
    if last - first < 8 or bottom - top < 5:
        return float("nan")
    ink = raster.read_ink(top, bottom)[:, first:last].astype(np.float32)
    away = np.arange(first, last) - middle
    source = np.arange(bottom - top, dtype=np.float32)[:, None] + (tilt * away[None]).astype(
        np.float32
    )
    columns = np.repeat(np.arange(last - first, dtype=np.float32)[None], bottom - top, axis=0)
    level = cv2.remap(ink, columns, source, cv2.INTER_LINEAR).mean(axis=1)
    low, high = max(0, round(row) - top - reach_px), round(row) - top + reach_px + 1
    peak = low + int(level[low:high].argmax())
    if level[peak] < 1.5 * float(np.median(level)) + 5:
        return float("nan")
    return centroid(level, peak, 3) + top
