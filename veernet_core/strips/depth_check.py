"""Whether a depth axis agrees with the depth lines printed on the paper.

In: how dark each strip row is, and the depth that an axis gives it. Out: how far the printed lines
lie from the whole multiples of depth at which they belong. For axes that were given, not measured: where
anchors are wrong, the lines drift away from them. Which axis is right is not asked here (`depth`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from veernet_core.datatypes import F64, DepthUnit, Strip

_SPACINGS: dict[DepthUnit, tuple[float, ...]] = {
    "ft": (1, 2, 5, 10, 20, 50, 100),
    "m": (0.5, 1, 2, 5, 10, 25, 50),
}
"""Multiples of depth at which lines are printed."""
_ELSEWHERE = (0.62, 0.71, 1.38, 1.62)
"""Spacings at which no lines are printed, as factors: what curves and dirt look like."""
_LINES = 5
"""Lines looked at together."""
_CLEAR = 2.0
"""Lines count as seen where they stand out by this factor from what is seen elsewhere."""
_FAINT, _MOST_TURN = 0.6, np.pi / 3
"""Stretches in which lines stand out less than this share of the usual are left out, and so is what follows
where the offset leaps by more than this phase: there it may have slipped by a line."""
_HEAVIER, _LEAST_HEAVY = 8.0, 4
"""Heavy lines count as told apart from the others where their mean ink is larger by so many standard errors,
and each kind has that many lines."""
_LEAST_PX = 8.0
_BACKGROUND_ROWS = 41
_MOST_SHARE = 0.5
_QUANTILE = 0.9


def line_share(strip: Strip) -> F64:
    """Mean tone of the track's columns, 0 paper to 1 ink, float64 [rows] of the strip's own rows: a grey grid
    counts too.
    """
    inside = slice(int(strip.left_col) + 2, int(strip.right_col) - 1)
    return np.asarray(strip.ink[slice(*strip.keep_rows), inside].mean(axis=1) / 255)


class LineFit(NamedTuple):
    """How well printed lines keep to a depth axis.

    Attributes
    ----------
    scatter : float
        The distance from where they belong that nine in ten stretches of five lines keep, or nine in ten rows
        on the straight line through them, in the axis' unit; NaN where no lines stand out. An axis that is off
        by whole lines all along looks true where all lines are of one kind; where every so many is heavier,
        the distance of the heavy ones from their multiples counts.
    clear : float
        Factor by which the lines stand out from what is seen where none are printed; 0 where they do not.
    heavy : float
        Distance of the heavier lines from the multiples at which they belong, in whole lines; NaN where all
        lines are of one kind. It is part of ``scatter``.
    """

    scatter: float
    clear: float
    heavy: float = float("nan")


def axis_residual(tracks: Sequence[LineFit]) -> float:
    """What the lines of a section's tracks say of its depth axis: that of the clearest track, or of the
    clearest one whose heavy lines are told apart where that is more; NaN where none shows lines.
    """
    if not tracks:
        return float("nan")
    clearest = max(tracks, key=lambda fit: fit.clear)
    telling = max(tracks, key=lambda fit: fit.clear if np.isfinite(fit.heavy) else 0.0)
    return float(np.fmax(clearest.scatter, telling.heavy))


def fit_lines(depth: F64, share: F64, unit: DepthUnit) -> LineFit:
    """Distance of the printed depth lines from the multiples of depth at which they belong.

    Parameters
    ----------
    depth : float64 [rows]
        What an axis says, strictly increasing.
    share : float64 [rows]
        Of ``line_share``.
    unit : 'ft' or 'm'

    Returns
    -------
    LineFit
    """
    nothing = LineFit(float("nan"), 0.0)
    if len(depth) < 3:
        return nothing
    per_unit = 1 / float(np.median(np.diff(depth)))
    size = int(np.clip(2 * round(per_unit) + 1, 7, _BACKGROUND_ROWS))
    weight = np.clip(share - median_filter(share, size, mode="nearest"), 0, _MOST_SHARE)
    for spacing in _SPACINGS[unit]:
        long_enough = np.ptp(depth) > 1.2 * _LINES * spacing
        if not long_enough or spacing * per_unit < _LEAST_PX:
            continue
        offset, seen = _offsets(depth, weight, spacing)
        elsewhere = np.concatenate([_offsets(depth, weight, spacing * f)[1] for f in _ELSEWHERE])
        clear = float(np.median(seen) / max(float(np.median(elsewhere)), 1e-9))
        if clear > _CLEAR:
            start, followed = _followed(offset, seen, spacing)
            if len(followed) > 0.5 * len(offset):
                # the stretches of a short log do not reach its ends, where a tilt is greatest
                middle = depth[0] + (start + _LINES) * spacing / 2
                drift = np.polynomial.Polynomial.fit(middle, followed, 1)(depth)
                off = [np.quantile(np.abs(v), _QUANTILE) for v in (followed, drift)]
                ink = np.clip(share - median_filter(share, size, mode="nearest"), 0, None)
                told = [_heavy_offset(depth, ink, spacing, coarse) for coarse in _SPACINGS[unit]]
                heavy = float(np.fmax.reduce(told))
                return LineFit(float(np.fmax(max(off), heavy)), clear, heavy)
    return nothing


def _heavy_offset(depth: F64, ink: F64, spacing: float, coarse: float) -> float:
    """Distance of the heaviest lines from the multiples of a coarser spacing, in whole fine lines; NaN where
    no kind of line stands out.
    """
    unknown = float("nan")
    count = round(coarse / spacing)
    if count < 2 or abs(count * spacing - coarse) > 1e-9:
        return unknown
    line = np.rint(depth / spacing).astype(np.int64)
    line -= line[0]
    weight = np.bincount(line, ink)[1:-1]  # the ends are cut
    kind = (np.rint(depth[0] / spacing).astype(np.int64) + 1 + np.arange(len(weight))) % count
    lines = np.bincount(kind, minlength=count)
    if lines.min() < _LEAST_HEAVY:
        return unknown
    mean = np.bincount(kind, weight, count) / lines
    spread = np.bincount(kind, (weight - mean[kind]) ** 2, count) / lines
    first, second = np.argsort(mean)[::-1][:2]
    error = np.sqrt((spread / lines)[[first, second]].sum())
    if mean[first] - mean[second] <= _HEAVIER * error:
        return unknown
    return float(min(first, count - first) * spacing)


def _followed(offset: F64, seen: F64, spacing: float) -> tuple[NDArray[np.int64], F64]:
    """Offsets followed from stretch to stretch, so that they may grow beyond half a spacing, and of which
    stretches they are.
    """
    phase = offset * 2 * np.pi / spacing
    faint = seen < _FAINT * np.median(seen)
    turn = np.append(0.0, np.abs(np.angle(np.exp(1j * np.diff(phase)))))
    runs = np.split(np.arange(len(phase)), np.flatnonzero(faint | (turn > _MOST_TURN)))
    where, out = [np.zeros(0, np.int64)], [np.zeros(0)]
    for run in runs:
        clear = run[~faint[run]]
        if len(clear) > 2 * _LINES:
            along = np.unwrap(phase[clear]) * spacing / (2 * np.pi)
            where.append(clear)
            out.append(along - spacing * np.round(np.median(along) / spacing))
    return np.concatenate(where), np.concatenate(out)


def _offsets(depth: F64, weight: F64, spacing: float) -> tuple[F64, F64]:
    """Offset of the lines in overlapping stretches, and the share of the ink that keeps to the spacing."""
    wave = weight * np.exp(2j * np.pi * depth / spacing)
    along, ink = (np.concatenate([[0], np.cumsum(v)]) for v in (wave, weight))
    start = np.arange(depth[0], depth[-1] - _LINES * spacing + 1e-6, spacing / 2)
    first, last = np.searchsorted(depth, start), np.searchsorted(depth, start + _LINES * spacing)
    total = along[last] - along[first]
    offset = spacing * np.angle(total) / (2 * np.pi)
    return offset, np.abs(total) / np.maximum(ink[last] - ink[first], 1e-9)
