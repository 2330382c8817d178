"""Letters that touch, pulled apart: print of few pixels, whose noughts share a stroke, reads as nothing.

In: ink of one line of print. Out: the same line with paper in the middle of every stroke that is twice as wide
as the line's others, or nothing where there is none.
Does not belong here: reading a line (`recognition`), and finding it (`components`).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from veernet_core.datatypes import U8, row_runs

_HALF = 128
"""Ink at the edge of a stroke, however much the line was enlarged."""
_DOUBLE = (1.6, 2.5)
"""Width of two strokes that touch, in strokes of the line."""
_ROWS = 0.25
"""Share of the height of the print over which two stems touch, at least."""
_UPRIGHT = 0.5
"""Widest run of ink that may be a stem, in heights of the print."""


def pulled_apart(line: U8) -> U8 | None:
    """A line of print with its touching letters apart, or None where none touch.

    Parameters
    ----------
    line : uint8 [rows, cols]
        0 paper, 255 ink; one line of print, upright.

    Returns
    -------
    uint8 [rows, more cols] or None
        A stroke's width of paper stands where two stems touched.
    """
    dark = line >= _HALF
    inked = np.flatnonzero(dark.any(axis=1))
    if not inked.size:
        return None
    height = int(inked[-1] - inked[0] + 1)
    start, end = row_runs(dark)
    wide = end - start
    stems = wide <= _UPRIGHT * height
    if not stems.any():
        return None
    stroke = float(np.median(wide[stems]))
    double = (wide >= _DOUBLE[0] * stroke) & (wide <= _DOUBLE[1] * stroke)
    middles = (start + end)[double] // 2
    own = np.bincount(middles, minlength=line.shape[1] + 1)
    # the middle of an odd run lies to either side
    rows = own[:-1] + np.concatenate([[0], own[:-2]])
    highest = maximum_filter1d(rows, 2 * max(1, round(stroke)) + 1, mode="nearest")
    seams = np.flatnonzero((rows >= _ROWS * height) & (rows == highest))
    apart = [c for n, c in enumerate(seams) if n == 0 or c - seams[n - 1] > stroke]
    if not apart:
        return None
    pieces = np.split(line, apart, axis=1)
    paper = np.zeros((line.shape[0], max(1, round(stroke))), dtype=np.uint8)
    joined = [pieces[0]]
    for piece in pieces[1:]:
        joined += [paper, piece]
    return np.concatenate(joined, axis=1)
