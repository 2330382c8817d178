"""Curves of one style and colour, told apart by their pens: by the length of dashes, or the weight of lines.

In: the curves of a track, and what is drawn along their traces. Out: which trace is which curve's, where the
samples in the header and the ink along the traces have dashes of two lengths, or strokes of two widths.
Does not belong here: following curves (`tracking`), and the width of a stroke in a row (`stroke_width`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import EVIDENCE, F64, CurveSpec, Trace

_FEWEST = 20
"""Dashes along a trace from which their length is known."""
_APART = 1.25
"""Ratio of two lengths of dashes from which they are two."""
_FEWEST_ROWS = 60
"""Rows in which the width of a stroke was measured, from which it is known."""
_HEAVIER = 1.5
"""Ratio of two widths from which they are two, of the samples and of the traces: of two pens drawn on paper and
in its header, the ratios scatter by 1.5 (one standard deviation); model card.
"""
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


def usual_width(widths: F64) -> float:
    """Width of a stroke from that in every row, NaN where it was not measured; 0 from too few rows."""
    known = widths[np.isfinite(widths)]
    return float(np.median(known)) if len(known) >= _FEWEST_ROWS else 0.0


def tell_apart(
    specs: Sequence[CurveSpec], lengths: Sequence[float], widths: Sequence[float]
) -> tuple[tuple[int, ...], frozenset[int]]:
    """Which trace each curve has, and the curves that are told apart by their pens.

    Parameters
    ----------
    specs : sequence of CurveSpec
        Of one track.
    lengths, widths : sequence of float
        ``dash_length`` and ``usual_width`` of their traces; 0 where not known.

    Returns
    -------
    tuple of int, frozenset of int
        Index of the trace of every curve: two of one style change places where their pens show it. Only pairs
        are told apart, and none where a person named the lines, or where dashes and weights disagree.
    """
    order, told = list(range(len(specs))), set()
    for one, spec in enumerate(specs):
        same = [k for k, other in enumerate(specs) if _alike(spec, other)]
        if len(same) != 2 or same[0] != one:
            continue
        other = same[1]
        says = {
            _are_exchanged(
                _ratio(specs[one].dash_px, specs[other].dash_px),
                _ratio(lengths[one], lengths[other]),
                _APART,
            ),
            _are_exchanged(
                _ratio(specs[one].stroke_px, specs[other].stroke_px),
                _ratio(widths[one], widths[other]),
                _HEAVIER,
            ),
        } - {None}
        if len(says) == 1:
            told |= {one, other}
            if True in says:
                order[one], order[other] = other, one
    return tuple(order), frozenset(told)


def _are_exchanged(printed: float, traced: float, apart: float) -> bool | None:
    """Whether two traces are each other's, by a ratio in the header and along the traces; None: not known."""
    if max(printed, 1 / printed) < apart or max(traced, 1 / traced) < apart:
        return None
    return (printed > 1) != (traced > 1)


def _alike(one: CurveSpec, other: CurveSpec) -> bool:
    """Whether two curves are lines of one style and colour, and no person says which is which."""
    by_hand = any((c.points_px, c.redrawn, c.null_rows) != ((), (), ()) for c in (one, other))
    return (one.style, one.colour) == (other.style, other.colour) and not by_hand


def _ratio(one: float, other: float) -> float:
    """Of two lengths; 1 where one of them is not known."""
    return one / other if one > 0 and other > 0 else 1.0
