"""Two ways of finding curves that the product does not use, kept for comparison.

``darkest_paths``: the plain classical tracer, no network at all. ``mask_centroids``: the published
read-out of a segmentation mask (centroid per row, spline, 300 points). In: ink or mask; out: position
per row. They share the interface of ``decode`` as far as their ideas reach: no wraps, no gaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_smoothing_spline
from scipy.ndimage import gaussian_filter

from veernet_core.curve.tracking.viterbi import cheapest_path, path_mass
from veernet_core.datatypes import F64, Strip


def darkest_paths(strip: Strip, count: int) -> list[F64]:
    """The ``count`` darkest paths down a strip, one after the other, each erasing its ink.

    Returns
    -------
    list of float64 [rows]
        Track position; never NaN.
    """
    ink = gaussian_filter(strip.ink.astype(np.float32) / 255, 0.7)
    inside = slice(int(strip.left_col) + 2, int(strip.right_col) - 1)
    ink[:, : inside.start] = 0
    ink[:, inside.stop :] = 0
    ink = ink * (1 - ink.mean(axis=0, keepdims=True)) * (1 - ink.mean(axis=1, keepdims=True))
    paths = []
    for _ in range(count):
        cost = -np.log(ink + np.float32(0.02))
        path = cheapest_path(cost, np.zeros(ink.shape[1], np.float32), 0.05, 8.0)
        centre, _ = path_mass(ink, path, np.full(len(path), 4, np.int32))
        columns = np.arange(ink.shape[1])
        ink = ink * (np.abs(columns - path[:, None]) > 4)
        frac = (centre - strip.left_col) / strip.track_width_px
        paths.append(np.asarray(frac, dtype=np.float64))
    return paths


def mask_centroids(mask: NDArray[np.float16], strip: Strip, style: int, points: int = 300) -> F64:
    """Published read-out: centroid of a class's mask per row, spline, evaluated at 300 depths.

    Parameters
    ----------
    mask : float16 [classes, rows, cols]
    style : int
        Curve class, 0 for the first.

    Returns
    -------
    float64 [rows]
        Track position, linear between the 300 points; all NaN where the class was never found.
    """
    weight = np.where(mask.argmax(axis=0) == style + 1, mask[style + 1], 0).astype(np.float64)
    total = weight.sum(axis=1)
    rows = np.flatnonzero(total > 0.5)
    everywhere = np.arange(mask.shape[1], dtype=np.float64)
    if len(rows) < 6:
        return np.full(len(everywhere), np.nan)
    centre = (weight[rows] * np.arange(mask.shape[2])).sum(axis=1) / total[rows]
    spline = make_smoothing_spline(rows.astype(np.float64), centre, lam=1.0)
    depths = np.linspace(0, len(everywhere) - 1, points)
    column = np.interp(everywhere, depths, spline(depths.clip(rows[0], rows[-1])))
    return np.asarray((column - strip.left_col) / strip.track_width_px)
