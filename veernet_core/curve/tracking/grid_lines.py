"""Vertical lines of the grid, which a broken print makes look like curves.

In: the ink of a strip; out: how far evidence in each pixel is to be trusted by whoever follows a curve.
A line of the grid keeps its column for hundreds of rows; where a curve runs along it the ink is wider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, INKED, U8, Bool, row_runs


@dataclass(frozen=True, slots=True)
class GridLineConfig:
    """When ink counts as a line of the grid; lengths in strip pixels.

    Attributes
    ----------
    rows : stretch over which a line is looked for
    away, least : only rows with less evidence of a curve than this count, and so many are needed
    share, contrast : inked share of them, and how much more than beside the line
    side : columns on either side that count as beside
    widest : wider ink is a line across the track
    wider, near_rows : where the ink is wider by this factor, on average over so many rows, a curve runs
        along the line
    trust : what evidence on a line is worth
    """

    rows: int = 801
    away: float = 0.6
    least: int = 60
    share: float = 0.35
    contrast: float = 2.5
    side: int = 10
    widest: int = 16
    wider: float = 1.5
    near_rows: int = 9
    trust: float = 0.1


def trust_in_ink(ink: U8, density: F32, config: GridLineConfig = GridLineConfig()) -> F32:
    """Factor on the evidence in each pixel: 1, and less on lines of the grid.

    Parameters
    ----------
    ink : uint8 [rows, cols]
    density : float32 [rows, cols]
        Evidence of a curve, 1 per row and curve.

    Returns
    -------
    float32 [rows, cols]
    """
    dark = (ink > INKED).astype(np.uint8)
    line = _lines(dark, density, config)
    out = np.ones(ink.shape, np.float32)
    if not line.any():
        return out
    width = _run_lengths(dark)
    width[width > config.widest] = 0  # lines across the track tell nothing
    near = cv2.dilate(width.astype(np.uint8), np.ones((1, 3), np.uint8))
    columns = np.flatnonzero(line.any(axis=0))
    here, usual = (_mean_width(near[:, columns], n) for n in (config.near_rows, config.rows))
    line[:, columns] &= here <= config.wider * usual
    out[cv2.dilate(line.astype(np.uint8), np.ones((1, 5), np.uint8)) > 0] = config.trust
    return out


def _lines(dark: NDArray[np.uint8], density: F32, config: GridLineConfig) -> Bool:
    """Pixels in whose column, give or take one, ink goes on where no curve is seen, [rows, cols]."""
    away = (_seven(density) < config.away).astype(np.float32)
    near = cv2.dilate(dark, np.ones((1, 3), np.uint8)) * away
    free = _mean(away, config.rows, 1)
    share = _mean(near, config.rows, 1)
    del away, near  # a block's arrays are large: few at a time
    share /= np.maximum(free, 1e-3)
    both = 2 * config.side + 1
    beside = _mean(share, 1, both)
    beside *= both
    beside -= _seven(share)
    beside /= both - 7
    beside *= config.contrast
    line: Bool = (share > config.share) & (share > beside)
    free *= config.rows
    line &= free >= config.least
    return line


def _seven(values: F32) -> F32:
    """Sum over the seven columns around each pixel."""
    total = _mean(values, 1, 7)
    total *= 7
    return total


def _mean(values: NDArray[Any], rows: int, columns: int) -> F32:
    """Mean over so many rows and columns around each pixel, mirrored at the edges."""
    blurred = cv2.blur(values, (columns, rows), borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred, dtype=np.float32).reshape(values.shape)


def _mean_width(width: NDArray[Any], rows: int) -> F32:
    """Mean width of the ink in each column over so many rows, [rows, cols]."""
    some = _mean((width > 0).astype(np.float32), rows, 1)
    total = _mean(width.astype(np.float32), rows, 1)
    return np.asarray(total / np.maximum(some, 1e-6), dtype=np.float32)


def _run_lengths(dark: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Length of the horizontal run of ink each pixel belongs to; 0 on paper. [rows, cols]."""
    start, end = row_runs(dark.astype(bool))
    lengths = end - start
    out = np.zeros(dark.shape, np.int32)
    out[dark > 0] = np.repeat(lengths, lengths)  # the pixels of a run follow each other
    return out
