"""Where a curve that does not wrap is beyond the borders of its track.

Beyond them it leaves no ink, and a path drawn through every row would go to whatever ink there is. In: a
path that may also stand beyond either border; out: the rows in which it stands there without cause.
Choosing the path belongs to ``decode``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, I32, Bool, flag_runs


@dataclass(frozen=True, slots=True)
class OffScaleConfig:
    """Costs in nats.

    Attributes
    ----------
    cost : per row beyond a border
    unexplained : on top, where as much ink of its style as a curve leaves is nobody else's
    rows, near, least_mass : the curve must be seen to leave or to come back: within so many rows of an
        end of the stretch it stands as near that border as that, in track widths, on ink
    tries : how often a path without cause is sought again
    """

    cost: float = 2.0
    unexplained: float = 3.0
    rows: int = 20
    near: float = 0.1
    least_mass: float = 0.6
    tries: int = 4


def without_cause(side: I32, frac: F64, mass: F64, before: int, config: OffScaleConfig) -> Bool:
    """Rows of the stretches off scale that the curve is seen neither to leave for nor to return from.

    Parameters
    ----------
    side : int32 [rows]
        -1 beyond the left border, 1 beyond the right one, 0 between them.
    frac : float64 [rows]
        Position of the path, track widths.
    mass : float64 [rows]
        Evidence of the curve under the path.
    before : int
        Side on which the path stood before the first row.

    Returns
    -------
    bool [rows]
    """
    out = np.zeros(len(side), bool)
    for at in (-1, 1):
        distance = frac if at < 0 else 1 - frac
        seen = (side == 0) & (distance < config.near) & (mass >= config.least_mass)
        for start, stop in flag_runs(side == at):
            left = seen[max(0, start - config.rows) : start].any()
            back = seen[stop : stop + config.rows].any()
            out[start:stop] = not (left or back or (start == 0 and before == at))
    return out
