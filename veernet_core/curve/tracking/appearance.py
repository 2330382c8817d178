"""What a curve's stroke looks like between touches: width, blackness, inked share, activity, roughness."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.curve.tracking.touches import Touch
from veernet_core.datatypes import F64, INKED, U8, Bool


def stretch_appearances(
    strokes: F64,
    seen: Bool,
    touches: Sequence[Touch],
    bounds: Sequence[int],
    costs: IdentityCosts,
) -> tuple[F64, F64]:
    """Mean appearance of each path between touches [stretches, curves, 6], and its weight in readings.

    Parameters
    ----------
    strokes : float64 [7, curves, rows]
        Of ``stroke_rows``.
    """
    clear = seen.copy()
    for t in touches:
        for path in (t.one, t.two):
            clear[path, max(0, t.start - 2) : t.stop + 2] = False
    sums = stretch_sums(strokes * clear, bounds)
    return looks_of(sums).transpose(1, 0, 2), (sums[0] / costs.appearance_rows).T


def looks_of(sums: F64) -> F64:
    """Appearance from sums of ``stroke_rows``, [7, ...]: half width (px), blackness, inked share, activity,
    roughness and dashes, [..., 6].
    """
    n, inked, thick, black, edges, swing, bend = sums
    rows, on = np.maximum(n, 1.0), np.maximum(inked, 1.0)
    activity, roughness = np.log(swing / rows + 0.5), np.log(bend / rows + 0.3)
    parts = thick / on, black / on, inked / rows, activity, roughness, np.sqrt(edges / rows)
    return np.stack(parts, axis=-1)


def looks_around(looks: F64, weight: F64, orders: NDArray[np.int64], near: F64) -> F64:
    """Appearance of each curve around each stretch, [stretches, curves, 6].

    Parameters
    ----------
    looks : float64 [stretches, paths, 6]
    weight : float64 [stretches, paths]
    orders : int64 [stretches, curves]
        Path that each curve follows.
    near : float64 [stretches, stretches]
        Of ``nearness``.
    """
    own = np.take_along_axis(looks, orders[..., None], axis=1)
    load = np.take_along_axis(weight, orders, axis=1)[..., None]
    total = np.einsum("ij,jcf->icf", near, own * load)
    return np.asarray(total / np.maximum(np.einsum("ij,jcf->icf", near, load), 1e-9))


def stroke_rows(ink: U8, paths: F64, folded: F64) -> F64:
    """What is seen of the stroke along each path in each row, to be summed up over rows.

    Returns
    -------
    float64 [7, curves, rows]
        1, whether it is inked, half width (px) and blackness where it is, whether a dash begins or ends, swing
        over four rows and second difference (px).
    """
    dark = (ink > INKED).astype(np.uint8)
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 3)
    black = cv2.dilate(ink, np.ones((1, 3), np.uint8))
    thick = cv2.dilate(depth, np.ones((1, 5), np.uint8))
    col = np.rint(np.nan_to_num(folded)).astype(int).clip(0, ink.shape[1] - 1)
    row = np.broadcast_to(np.arange(col.shape[1]), col.shape)
    inked = black[row, col] > INKED
    edge = inked != np.roll(inked, 1, axis=1)
    swing = np.abs(np.roll(paths, -2, axis=1) - np.roll(paths, 2, axis=1)).clip(0, 60)
    bend = np.abs(np.roll(paths, -3, axis=1) + np.roll(paths, 3, axis=1) - 2 * paths).clip(0, 60)
    width, tone = thick[row, col] * inked, black[row, col] / 255.0 * inked
    return np.stack([np.ones(col.shape), inked, width, tone, edge, swing, bend])


def stretch_sums(per_row: F64, bounds: Sequence[int]) -> F64:
    """Sums over the stretches between bounds, along the last axis."""
    pad = [(0, 0)] * (per_row.ndim - 1) + [(1, 0)]
    return np.asarray(np.diff(np.cumsum(np.pad(per_row, pad), axis=-1)[..., list(bounds)], axis=-1))


def nearness(bounds: Sequence[int], costs: IdentityCosts) -> F64:
    """How much the appearance of a stretch says of a curve in another, [stretches, stretches]."""
    start, stop = np.array(bounds[:-1]), np.array(bounds[1:])
    between = np.maximum(start[:, None], start) - np.minimum(stop[:, None], stop)
    return np.asarray(np.exp(-np.maximum(between, 0) / costs.memory))
