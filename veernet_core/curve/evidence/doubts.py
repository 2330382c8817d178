"""Where a curve is in doubt, and what of it is delivered without values for that.

In: a trace with its evidence, and the recovered curve. Out: stretches with depth and reason; rows
that may be another wrap or another curve are withheld, so that the rest can be judged by itself.
Does not belong here: the chances (`tracking.wrap_odds`, `tracking.identity`), and the verdict (`gate`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet_core.datatypes import (
    F64,
    FT_PER,
    Bool,
    DoubtfulStretch,
    DoubtReason,
    RecoveredCurve,
    Trace,
    flag_runs,
)

LEAST_ODDS = 0.95
"""Chance of being right below which rows are withheld: of what is delivered no more may be wrong than the gate
promises of curves."""
LEAST_SHARE = 0.99
"""The same for the wrap index, as a share of the chance of the curve's surest rows: of drawn rows between the
two one in eighty was in another wrap, above both one in nine hundred. What all rows share is a doubt about the
scale.
"""
FAINT = 0.5
"""Confidence below which a stretch counts as faint ink."""
LISTED_FT = 2.0
"""Shorter stretches of faint ink are not listed."""


def withhold_impossible(
    trace: Trace, value: F64, possible: tuple[float, float], depth: F64
) -> tuple[Trace, tuple[DoubtfulStretch, ...]]:
    """A trace without the rows whose value no rock or hole can have: the ink left on the other side.

    Parameters
    ----------
    trace : Trace
    value : float64 [rows]
        In the unit of ``possible``.
    possible : (low, high)
    depth : float64 [rows]
    """
    low, high = possible
    gone = (value < low) | (value > high)
    if not gone.any():
        return trace, ()
    found = _stretches(gone & trace.observed, depth, "impossible", withheld=True)
    return _without(trace, gone), tuple(found)


def withhold_print(
    trace: Trace, on_print: Bool | None, depth: F64
) -> tuple[Trace, tuple[DoubtfulStretch, ...]]:
    """A trace without the rows in which it runs along letters or figures.

    Parameters
    ----------
    trace : Trace
    on_print : bool [rows] or None
        None: in no row.
    depth : float64 [rows]
    """
    if on_print is None or not on_print.any():
        return trace, ()
    found = _stretches(on_print & trace.observed, depth, "print", withheld=True)
    return _without(trace, on_print), tuple(found)


def withhold(trace: Trace, depth: F64) -> tuple[Trace, tuple[DoubtfulStretch, ...]]:
    """A trace without the rows that may be another wrap or another curve, and where these are.

    Parameters
    ----------
    trace : Trace
    depth : float64 [rows]

    Returns
    -------
    trace : Trace
        Not observed and without position there, so that nothing bridges them.
    doubts : tuple of DoubtfulStretch
    """
    found: list[DoubtfulStretch] = []
    gone = np.zeros(len(trace.frac), bool)
    placed = np.isfinite(trace.frac)
    odds: tuple[tuple[DoubtReason, F64 | None, float], ...] = (
        ("crossing", trace.name_odds, LEAST_ODDS),
        ("wrap", trace.wrap_odds, _least_wrap_odds(trace)),
    )
    for reason, chance, least in odds:
        if chance is None:
            continue
        here = (chance < least) & placed
        found += _stretches(here & trace.observed, depth, reason, withheld=True)
        gone |= here
    if not gone.any():
        return trace, ()
    return _without(trace, gone), tuple(found)


def _least_wrap_odds(trace: Trace) -> float:
    """Chance of the wrap index below which rows of a trace are withheld."""
    seen = trace.observed & np.isfinite(trace.frac)
    if trace.wrap_odds is None or not seen.any():
        return LEAST_ODDS
    return max(LEAST_ODDS, LEAST_SHARE * float(trace.wrap_odds[seen].max()))


def _without(trace: Trace, gone: Bool) -> Trace:
    """A trace with rows neither observed nor placed, so that nothing bridges them."""
    frac = np.where(gone, np.nan, trace.frac)
    return replace(trace, frac=frac, observed=trace.observed & ~gone)


def with_all_doubts(curve: RecoveredCurve, longest_bridge: float) -> RecoveredCurve:
    """A curve with all its doubts, by depth: also gaps that are longer than may be bridged, and faint ink.

    Parameters
    ----------
    curve : RecoveredCurve
        With the doubts for which rows were withheld.
    longest_bridge : float
        In the curve's depth unit.
    """
    known = np.isfinite(curve.value)
    told = np.zeros(len(known), bool)
    for doubt in curve.doubtful:
        told |= (curve.depth >= doubt.depth_from) & (curve.depth <= doubt.depth_to)
    gaps = _stretches(~known & ~told, curve.depth, "gap", withheld=True)
    faint = _stretches(known & (curve.confidence < FAINT), curve.depth, "faint_ink", withheld=False)
    listed = LISTED_FT / FT_PER[curve.depth_unit]
    found = [
        *curve.doubtful,
        *(d for d in gaps if d.depth_to - d.depth_from > longest_bridge),
        *(d for d in faint if d.depth_to - d.depth_from > listed),
    ]
    return replace(curve, doubtful=tuple(sorted(found, key=lambda d: (d.depth_from, d.reason))))


def _stretches(
    here: Bool, depth: F64, reason: DoubtReason, *, withheld: bool
) -> list[DoubtfulStretch]:
    """The runs of flagged rows or samples."""
    return [
        DoubtfulStretch(float(depth[a]), float(depth[b - 1]), reason, withheld)
        for a, b in flag_runs(here)
    ]
