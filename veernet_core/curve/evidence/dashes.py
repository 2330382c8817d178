"""Curves of one style, told apart by the length of their dashes.

In: the curves of a track and their traces. Out: which trace is which curve's, where the samples in the header
and the ink along the traces have dashes of two lengths. Does not belong here: following curves (`tracking`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import EVIDENCE, CurveSpec, Trace

_FEWEST = 20
"""Dashes along a trace from which their length is known."""
_APART = 1.25
"""Ratio of two lengths of dashes from which they are two."""
_INK = EVIDENCE.index("ink")


def dash_length(trace: Trace, width_px: float) -> float:
    """Median length of the stretches of ink along a trace, in strip pixels; 0 where there are too few.

    Parameters
    ----------
    trace : Trace
    width_px : float
        Of the track, strip pixels.
    """
    if len(trace.frac) < 2:
        return 0.0
    across = np.nan_to_num(np.diff(trace.frac, prepend=trace.frac[0])) * width_px
    along = np.cumsum(np.hypot(1.0, across))
    inked = np.concatenate([[False], trace.evidence[:, _INK] > 0.5, [False]])
    first, last = np.flatnonzero(np.diff(inked.astype(np.int8))).reshape(-1, 2).T
    lengths = (along[last - 1] - along[first] + 1.0)[1:-1]
    return float(np.median(lengths)) if len(lengths) >= _FEWEST else 0.0


def tell_apart(
    specs: Sequence[CurveSpec], lengths: Sequence[float]
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Which trace each curve has, and the curves that are told apart by their dashes.

    Parameters
    ----------
    specs : sequence of CurveSpec
        Of one track.
    lengths : sequence of float
        ``dash_length`` of their traces.

    Returns
    -------
    tuple of int, frozenset of int
        Index of the trace of every curve: two of one style change places where their dashes say so. Only pairs
        are told apart, and only where nobody has said which line is whose.
    """
    order, told = list(range(len(specs))), set()
    for one, spec in enumerate(specs):
        same = [k for k, other in enumerate(specs) if _alike(spec, other)]
        if len(same) != 2 or same[0] != one:
            continue
        other = same[1]
        printed = _ratio(specs[one].dash_px, specs[other].dash_px)
        traced = _ratio(lengths[one], lengths[other])
        if max(printed, 1 / printed) < _APART or max(traced, 1 / traced) < _APART:
            continue
        told |= {one, other}
        if (printed > 1) != (traced > 1):
            order[one], order[other] = other, one
    return tuple(order), frozenset(told)


def _alike(one: CurveSpec, other: CurveSpec) -> bool:
    """Whether two curves are broken lines of one style and colour, and no person says which is which."""
    by_hand = any((c.points_px, c.redrawn, c.null_rows) != ((), (), ()) for c in (one, other))
    pens = (one.style, one.colour) == (other.style, other.colour)
    return pens and one.style != "solid" and not by_hand


def _ratio(one: float, other: float) -> float:
    """Of two lengths; 1 where one of them is not known."""
    return one / other if one > 0 and other > 0 else 1.0
