"""Horizontal lines beside a depth column, row by row.

In: a raster and a depth column. Out: how much a line lies on each row, at the centre of the column.
Does not belong here: which line stands for which depth (`ruler`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter

from veernet_core.datatypes import F32, F64, Dpi, Raster, px_at
from veernet_core.page.results import TrackFound

_WINDOW_IN, _CLEAR_IN = 0.35, 0.03
_BLOCK_ROWS = 256
_BACKGROUND_IN = 0.16
_LAG_IN, _LAG_BLOCK_IN, _FAR_LAG = 0.06, 8.0, 0.3
_SAME_LINES = 0.5
"""Correlation of the two sides from which both show the same lines: with lines on both it was 0.66 to 1.00,
of a side with symbols of lithology and one with lines 0.11 to 0.23."""


@dataclass(frozen=True, slots=True)
class LineProfile:
    """How much a horizontal line lies on each row, at the centre of the depth column.

    ``strength`` float32 [rows], 0 to about 1, of scan rows ``row0`` and on. ``two_sided``: lines were
    looked for on both sides of the column; a stroke on one side only then has half a line's strength.
    """

    strength: F32
    row0: int
    two_sided: bool = False

    def at(self, rows: F64) -> F64:
        """Strength at fractional scan rows; 0 outside."""
        index = np.arange(len(self.strength)) + self.row0
        return np.interp(rows, index, self.strength, left=0.0, right=0.0)


def line_profile(
    raster: Raster,
    column: TrackFound,
    rows: tuple[float, float],
    dpi: Dpi,
    reference: F64 | None = None,
) -> LineProfile:
    """Measure horizontal lines on both sides of a depth column, or right of a border.

    Parameters
    ----------
    raster : Raster
    column : TrackFound
        The depth column.
    rows : (float, float)
    dpi : Dpi
    reference : float64 [n, 2], optional
        Border ``[row, px]`` where the lines are wanted instead; only its right side is looked at.
    """
    row0, row1 = max(0, int(rows[0])), min(raster.height_px, int(rows[1]) + 1)
    left, right = _side_profiles(raster, column, row0, row1, dpi.across, reference)
    size = 2 * round(_BACKGROUND_IN * dpi.down / 2) + 1
    left, right = (np.clip(p - median_filter(p, size), 0, None) for p in (left, right))
    two_sided = bool(left.any() and right.any())
    return LineProfile(_centred(left, right, dpi.down), row0, two_sided)


def _side_profiles(
    raster: Raster, column: TrackFound, row0: int, row1: int, dpi: float, reference: F64 | None
) -> tuple[F32, F32]:
    """Mean ink per row in a window on each side of the column: two float32 [rows] in 0..1."""
    window, clear = _WINDOW_IN * dpi, _CLEAR_IN * dpi
    left_knots, right_knots = column.left_knots, column.right_knots
    if reference is not None:
        left_knots, right_knots = np.array([[0.0, -window]]), reference
    sides = np.zeros((2, row1 - row0), dtype=np.float32)
    for top in range(row0, row1, _BLOCK_ROWS):
        bottom = min(top + _BLOCK_ROWS, row1)
        middle = (top + bottom) / 2
        left, right = px_at(left_knots, middle), px_at(right_knots, middle)
        ink = raster.read_ink(top, bottom)
        for side, (a, b) in enumerate(
            ((left - window, left - clear), (right + clear, right + window))
        ):
            piece = ink[:, max(0, int(a)) : max(0, int(b))]
            if piece.shape[1] > window / 3:
                sides[side, top - row0 : bottom - row0] = piece.mean(axis=1) / 255.0
    return sides[0], sides[1]


def _centred(left: F32, right: F32, dpi: float) -> F32:
    """Both sides brought to the column's centre: half of their lag each."""
    if not left.any() or not right.any():
        return left if left.any() else right
    lag = _lags(left, right, dpi)
    index = np.arange(len(left), dtype=np.float64)
    a = np.interp(index + lag / 2, index, left)
    b = np.interp(index - lag / 2, index, right)
    both: F32 = (0.25 * (a + b) + 0.5 * np.sqrt(a * b)).astype(np.float32)
    return both


def _lags(left: F32, right: F32, dpi: float) -> F64:
    """Rows by which lines on the left lie below those on the right, per row; 0 where a side shows other things
    than the lines of the other, which would be moved off their place.

    Evenly spaced lines lie on each other again when moved by a whole space: of lags that fit alike the
    smallest is taken, or the lines would come to lie half a space off.
    """
    reach, block = round(_LAG_IN * dpi), round(_LAG_BLOCK_IN * dpi)
    smooth = [gaussian_filter1d(p, 1.0) for p in (left, right)]
    centres, lags = [], []
    for top in range(0, max(1, len(left) - block // 2), block // 2):
        a, b = (p[top : top + block] for p in smooth)
        shifts = np.arange(-reach, reach + 1)
        inner = slice(reach, len(a) - reach)
        scores = np.array([float((np.roll(a, -s)[inner] * b[inner]).sum()) for s in shifts])
        best = int((scores * (1 - _FAR_LAG * (shifts / reach) ** 2)).argmax())
        if scores[best] > _SAME_LINES * float(np.linalg.norm(a[inner]) * np.linalg.norm(b[inner])):
            centres.append(top + len(a) / 2)
            lags.append(float(shifts[best]))
    if not lags:
        return np.zeros(len(left))
    steady = median_filter(np.array(lags), min(5, len(lags)), mode="nearest")
    out: F64 = np.interp(np.arange(len(left)), centres, steady)
    return out
