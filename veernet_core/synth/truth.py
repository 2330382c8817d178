"""What a drawing tells of a curve: its course without the swings that leave no ink.

In: a curve's position per row and the ink it left before any harm was done to the paper; out: the position
as drawn. The truth of every renderer that may cut dashes by time or depth goes through here.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import find_objects, label

from veernet_core.datatypes import F32, F64

LEAST_INK = 0.1
"""Coverage from which on a pixel counts as inked."""
SWING = 0.02
"""How far beyond the dashes before and after a gap, track widths, a curve may bend there."""


def drawn_course(frac: F64, ink: F32) -> F64:
    """The course of a curve without the swings that gaps between dashes hide.

    Where dashes are cut by time or depth, a gap can hold a whole spike and show nothing of it. What no ink
    tells is not part of the drawn curve: there it stays between its ends at the two dashes. Slight bends stay.

    Parameters
    ----------
    frac : float64 [rows]
        Unfolded position, track widths; NaN where the pen was up.
    ink : float32 [rows, cols]
        Clean coverage of this curve alone, in [0, 1].

    Returns
    -------
    float64 [rows]
    """
    out = frac.copy()
    gaps, _ = label(np.isfinite(frac) & ~(ink > LEAST_INK).any(axis=1))
    for (gap,) in find_objects(gaps):
        if gap.start > 0 and gap.stop < len(frac):
            between = np.clip(frac[gap], *np.sort(frac[[gap.start - 1, gap.stop]]))
            if np.abs(frac[gap] - between).max() > SWING:  # beside a lifted pen NaN, never greater
                out[gap] = between
    return out
