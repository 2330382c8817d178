"""What a curve's stroke looks like between touches: width, blackness, inked share, activity, roughness."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from veernet_core.curve.tracking.costs import IdentityCosts
from veernet_core.curve.tracking.touches import Touch
from veernet_core.datatypes import F64, INKED, U8, Bool


def stretch_appearances(
    ink: U8,
    paths: F64,
    folded: F64,
    seen: Bool,
    touches: Sequence[Touch],
    bounds: Sequence[int],
    costs: IdentityCosts,
) -> tuple[F64, F64]:
    """Mean appearance of each path between touches [stretches, curves, 5], and its weight in readings."""
    rows = folded.shape[1]
    clear = seen.copy()
    for t in touches:
        for path in (t.one, t.two):
            clear[path, max(0, t.start - 2) : t.stop + 2] = False
    dark = (ink > INKED).astype(np.uint8)
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 3)
    black = cv2.dilate(ink, np.ones((1, 3), np.uint8))
    thick = cv2.dilate(depth, np.ones((1, 5), np.uint8))
    col = np.rint(np.nan_to_num(folded)).astype(int).clip(0, ink.shape[1] - 1)
    row = np.broadcast_to(np.arange(rows), col.shape)
    inked = black[row, col] > INKED
    swing = np.abs(np.roll(paths, -2, axis=1) - np.roll(paths, 2, axis=1)).clip(0, 60)
    bend = np.abs(np.roll(paths, -3, axis=1) + np.roll(paths, 3, axis=1) - 2 * paths).clip(0, 60)
    per_row = np.stack(
        [inked, thick[row, col] * inked, black[row, col] / 255.0 * inked, swing, bend]
    )
    total = stretch_sums(per_row * clear, bounds)
    n = stretch_sums(clear.astype(np.float64), bounds)
    on = np.maximum(total[0], 1e-9)
    rows_in = np.maximum(n, 1e-9)
    activity = np.log(total[3] / rows_in + 0.5)
    rough = np.log(total[4] / rows_in + 0.3)
    features = np.stack(
        [total[1] / on, total[2] / on, total[0] / rows_in, activity, rough], axis=-1
    )
    return features.transpose(1, 0, 2), (n / costs.appearance_rows).T


def stretch_sums(per_row: F64, bounds: Sequence[int]) -> F64:
    """Sums over the stretches between bounds, along the last axis."""
    pad = [(0, 0)] * (per_row.ndim - 1) + [(1, 0)]
    return np.asarray(np.diff(np.cumsum(np.pad(per_row, pad), axis=-1)[..., list(bounds)], axis=-1))
