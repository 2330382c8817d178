"""The ends of a scale from the numbers between its borders.

In: places and values of the numbers of a line. Out: the values at both borders, where the numbers leave no
doubt about them. Does not belong here: numbers that stand at the borders (`candidates`).
"""

from __future__ import annotations

import math

import numpy as np

from veernet_core.datatypes import F64

ROW = 6
"""Numbers of a line that make a row from border to border, whatever stands at the borders."""
_EVEN, _LEAST_SPAN = 0.03, 0.3
"""How far a number may stand off its place, and what part of the width the numbers must span, track widths."""


def ends_of_row(places: F64, values: F64) -> tuple[float, float] | None:
    """Ends that follow from three or more evenly spaced numbers; of a whole row one may be misread.

    Parameters
    ----------
    places : float64 [n]
        From 0 at the left border to 1 at the right one.
    values : float64 [n]
    """
    if len(places) >= ROW:
        from scipy.stats import theilslopes  # takes a second to load, and rows are rare

        slope, start, _, _ = theilslopes(values, places)
        if slope != 0:
            even = np.abs(places - (values - start) / slope) < _EVEN
            if even.sum() >= ROW - 1:
                places, values = places[even], values[even]
    return _extrapolated(places, values) if np.ptp(places) >= _LEAST_SPAN else None


def _extrapolated(places: F64, values: F64) -> tuple[float, float] | None:
    """Ends that numbers between the borders leave no doubt about: evenly spaced, or by decades."""
    slope, start = np.polyfit(places, values, 1)
    step = float(np.median(np.abs(np.diff(values))))
    if slope != 0 and step and np.abs(places - (values - start) / slope).max() < _EVEN:
        a, b = (float(f"{round(v / step) * step:.6g}") for v in (start, start + slope))
        return None if a == b else (a, b)
    if (values <= 0).any() or values[0] == values[-1]:
        return None
    slope, start = np.polyfit(places, np.log10(values), 1)
    if slope == 0 or np.abs(places - (np.log10(values) - start) / slope).max() > _EVEN:
        return None
    a, b = (_first_digit(10.0**v) for v in (start, start + slope))
    return None if a == b else (a, b)


def _first_digit(value: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten: where logarithmic grids begin and end."""
    power = 10.0 ** math.floor(math.log10(value))
    return float(
        f"{min((k * power for k in (1, 2, 5, 10)), key=lambda v: abs(math.log10(v / value))):.6g}"
    )
