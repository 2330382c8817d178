"""Whether the borders given for a track lie on lines printed on the paper.

In: a rectified strip; out: how far off its borders may be. A border that is off moves every position of
the track, and of the curves themselves none looks the worse for it. Where the borders are is not asked here
(`tracks`).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from veernet_core.config import UNSEEN_BORDER_FRAC, UNSEEN_BORDERS
from veernet_core.datatypes import F64, INKED, U8, Bool

LEAST_FRAC = 0.001
"""How well a printed line tells a border, track widths."""
OFF_FRAC = 0.005
"""Distance from its line from which on a given border is worth correcting, track widths."""
HELD_FRAC = 0.01
"""Distance from which on no curve of the track is accepted: that of which ``confidence`` speaks."""
REACH_PX = 12
"""Distance from the given border within which its line is looked for, strip pixels."""
FAR_FRAC = 0.04
"""The same where no line is that near, track widths: less than half a division. Of 118 borders that were
given for scans and plotted pages none has a line beside it, but not on it; moved by 1.5 % to either side, 223
of 236 have.
"""
STRETCH_ROWS = 512
"""Strip rows looked at together: longer stretches smear lines that wander."""
_LEAST_ROWS = 100
_SHARE, _CONTRAST = 0.3, 2.0
"""Inked share of the rows from which on a column is a line, and factor over the columns around."""
_RIVAL = 0.5
"""A fainter line nearer by is the border, if it has this share of the clearest one's ink."""
_HALF_WIDTH = 3
_WIDEST = 7
"""Ink wider than this is no printed line, pixels: a thick pen or hatching that happens to run there."""


def border_offsets(ink: U8, left_col: float, right_col: float) -> F64:
    """Where the lines of the borders are printed, per stretch of a strip.

    Parameters
    ----------
    ink : uint8 [rows, cols]
    left_col, right_col : float
        Given borders.

    Returns
    -------
    float64 [stretches, 3]
        Rows of the stretch, and the distance from the left and from the right border to its line, track
        widths; negative where the line lies to the left, NaN where none is printed.
    """
    out = []
    for start, last in stretch_ends(len(ink)):
        stop = last + 1
        off = [_offset(ink[start:stop], at, right_col - left_col) for at in (left_col, right_col)]
        out.append((stop - start, *off))
    return np.array(out)


def stretch_ends(rows: int) -> list[tuple[int, int]]:
    """First row and last row (inclusive) of the stretches of a strip."""
    starts = range(0, max(rows - STRETCH_ROWS // 2, 1), STRETCH_ROWS)
    return [(start, stop - 1) for start, stop in zip(starts, [*starts[1:], rows])]


def _offset(ink: U8, at: float, width: float) -> float:
    """Distance from a border to its line, the nearer ones first, track widths."""
    off = line_offset(ink, at)
    if np.isnan(off):
        off = line_offset(ink, at, max(REACH_PX, round(FAR_FRAC * width)))
    return off / width


def border_slack(stretches: F64) -> tuple[float, float]:
    """How far the left and the right border of a track may be off, track widths: root mean square over
    the stretches of ``border_offsets``.
    """
    rows, off = stretches[:, 0], np.abs(stretches[:, 1:])
    if not rows.sum():
        return UNSEEN_BORDERS
    slack = np.where(np.isnan(off), UNSEEN_BORDER_FRAC, np.maximum(off, LEAST_FRAC))
    left, right = np.sqrt(rows @ slack**2 / rows.sum())
    return float(left), float(right)


def printed_offset(stretches: F64) -> tuple[float, float]:
    """Median distance from either border to its line, track widths; NaN where most stretches show none."""
    seen = np.isfinite(stretches[:, 1:]).mean(axis=0) if len(stretches) else np.zeros(2)
    left, right = (
        float(np.nanmedian(stretches[:, 1 + k])) if seen[k] > 0.5 else float("nan") for k in (0, 1)
    )
    return left, right


def held_stretches(stretches: F64) -> Bool:
    """Where either border lies so far beside its line that no curve of the track is accepted.

    Most stretches say so, or two that follow each other: a line that runs beside the border for one
    stretch may be a curve or a scratch.

    Parameters
    ----------
    stretches : float64 [stretches, 3]
        Of ``border_offsets``, from top to bottom.

    Returns
    -------
    bool [stretches, 2]
        Left and right border; none where the borders hold nothing back.
    """
    far = np.abs(stretches[:, 1:]) > HELD_FRAC
    whole = np.abs(printed_offset(stretches)) > HELD_FRAC
    twice = (far[1:] & far[:-1]).any(axis=0) if len(far) > 1 else np.zeros(2, bool)
    return far & (whole | twice)


def line_offset(ink: U8, at: float, reach_px: int = REACH_PX) -> float:
    """Distance from a given border to the vertical line printed there, pixels; NaN if none is.

    Parameters
    ----------
    ink : uint8 [rows, cols]
    at : float
        Column.
    reach_px : int
        How far the line may lie.

    Returns
    -------
    float
        Negative where the line lies to the left.
    """
    columns = round(at) + np.arange(-reach_px, reach_px + 1)
    columns = columns[(columns >= 0) & (columns < ink.shape[1])]
    if len(ink) < _LEAST_ROWS or len(columns) <= 2 * _HALF_WIDTH:
        return float("nan")
    share = (ink[:, columns] > INKED).mean(axis=0)
    base = float(np.median(share))
    line = share >= max(_SHARE, _CONTRAST * base, _RIVAL * share.max())
    if not line.any():
        return float("nan")
    nearest = int(np.argmin(np.where(line, np.abs(columns - at), np.inf)))
    runs, _ = label(line)
    if (runs == runs[nearest]).sum() > _WIDEST:
        return float("nan")
    near = np.abs(columns - columns[nearest]) <= _HALF_WIDTH
    weight = np.where(near, np.maximum(share - base, 0), 0)
    return float((weight * columns).sum() / weight.sum() - at)
