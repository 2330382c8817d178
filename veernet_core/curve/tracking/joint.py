"""The curves of one track, followed together.

Curves of one line style differ in nothing but where they come from and where they are heading, and
the network's word on styles can be wrong. So each row's peaks are handed out to the curves by a beam
search over rows: a hypothesis remembers every curve's position and speed, ink that nobody explains
costs, a curve may share a peak where two cross, and it may be missing. Moving sideways along ink is
cheap, over blank paper dear. In: densities per style, row and column; out: one path per curve.
Which of two paths is which after a touch is looked at again in ``identity``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.beam import search
from veernet_core.curve.tracking.costs import JointCosts
from veernet_core.curve.tracking.peaks import find_peaks
from veernet_core.datatypes import F32, F64

DEFAULT_COSTS = JointCosts()


def follow_together(
    by_style: F32,
    styles: NDArray[np.int64],
    crossing: F32,
    left: float,
    start: F64,
    period: F64,
    costs: JointCosts = DEFAULT_COSTS,
) -> tuple[F64, NDArray[np.bool_]]:
    """Follow the curves of a track down a block.

    Parameters
    ----------
    by_style : float32 [styles, rows, cols]
        A visible curve contributes about 1 to its row's sum.
    styles : int64 [curves]
        Index into ``by_style`` of each curve.
    crossing : float32 [rows, cols]
        Of ``crossing_costs``.
    left : float
        Left border, where wrapped curves come in again.
    start : float64 [curves]
        Columns within the track in the row before the first; NaN unknown.
    period : float64 [curves]
        Track width for curves that wrap, else 0.

    Returns
    -------
    columns : float64 [curves, rows]
        As drawn, within the track. Rows where a curve is missing are interpolated.
    seen : bool [curves, rows]
        Where a curve is not missing.
    """
    column, mass, share, count = find_peaks(by_style.sum(axis=0), by_style, 0.06)
    style_cost = -costs.style * np.log((share + 0.03) / 1.03).astype(np.float64)
    style_cost = np.ascontiguousarray(style_cost.transpose(2, 0, 1)[styles])
    table = np.array(
        [
            costs.turn,
            costs.most_turn,
            costs.jump,
            costs.unexplained,
            costs.sharing,
            costs.lost,
            costs.missing,
        ]
    )
    most = {1: 7, 2: 6, 3: 6, 4: 4}.get(len(start), 3)
    found = search(
        column, mass, style_cost, count, crossing, left, start, period, table, costs.beam, most
    )
    rows = np.arange(len(column))
    out = np.empty_like(found)
    for c, path in enumerate(found):
        seen = np.flatnonzero(np.isfinite(path))
        if not len(seen):
            out[c] = start[c] if np.isfinite(start[c]) else by_style.shape[2] / 2
            continue
        out[c] = np.interp(rows, seen, path[seen])
    return out, np.isfinite(found)
