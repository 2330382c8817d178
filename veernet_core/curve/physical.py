"""From traces to values on regular depths: scales, wraps, backup scales, steps and gaps.

In: traces (position per strip row), a depth axis and a curve spec; out: ``RecoveredCurve``. Depths are
whole multiples of the step (LAS 2.0). Gaps up to the bridging limit are filled and flagged where that
invents nothing; others are NaN. Nothing here looks at pixels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import (
    EVIDENCE,
    F64,
    Bool,
    CurveSpec,
    DepthAxis,
    DepthUnit,
    RecoveredCurve,
    Section,
    Trace,
    flag_runs,
    interp_extrapolate,
)

DEFAULT_STEP = {"ft": 0.5, "m": 0.1}
SEEN_PRESENCE = 0.5
"""Presence from which on a curve's style is somewhere in a row."""
STRAIGHT_FRAC = 0.05
"""Farthest, in track widths, that a curve is taken to have gone where its ink is missing."""
_NICE = (1.0, 2.0, 5.0)


def value_at(frac: F64, spec: CurveSpec) -> F64:
    """Value of unfolded track positions, in ``spec.unit``; reversed scales need no special case."""
    if spec.scale == "hybrid":
        values, fracs = np.array(spec.scale_points).T
        return interp_extrapolate(frac, fracs, values)
    if spec.scale == "log":
        low, high = np.log10(spec.left), np.log10(spec.right)
        with np.errstate(over="ignore"):
            return np.asarray(10.0 ** (low + frac * (high - low)))
    return np.asarray(spec.left + frac * (spec.right - spec.left))


def frac_at(value: F64, spec: CurveSpec) -> F64:
    """Unfolded track position of values; the inverse of ``value_at``. NaN for log of <= 0."""
    if spec.scale == "hybrid":
        values, fracs = np.array(spec.scale_points).T
        order = np.argsort(values)
        return interp_extrapolate(value, values[order], fracs[order])
    if spec.scale == "log":
        low, high = np.log10(spec.left), np.log10(spec.right)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((np.log10(value) - low) / (high - low))
    return np.asarray((value - spec.left) / (spec.right - spec.left))


def choose_step(axis: DepthAxis, rows_per_scan_row: float, config: DigitiseConfig) -> float:
    """Depth step in the log's unit: the configured or default one, never under two strip rows.

    Parameters
    ----------
    rows_per_scan_row : float
        Strip rows per scan row.
    """
    step = wanted_step(axis.unit, config)
    slope = np.diff(axis.anchors[:, 1]) / np.diff(axis.anchors[:, 0])
    row_depth = float(np.median(slope)) / rows_per_scan_row
    factors = (nice * 10.0**power for power in itertools.count() for nice in _NICE)
    factor = next(factor for factor in factors if step * factor >= 1.8 * row_depth)
    return float(round(step * factor, 9))


def wanted_step(unit: DepthUnit, config: DigitiseConfig) -> float:
    """The depth step asked for, else the default one, in the log's unit."""
    return config.step or DEFAULT_STEP[unit]


def depth_grid(section: Section, step: float) -> F64:
    """Whole multiples of the step that lie in the section, float64 [n]."""
    assert section.depth is not None
    ends = section.depth.depth_at(np.array([section.row_top, section.row_bottom - 1.0]))
    first, last = np.ceil(ends[0] / step - 1e-9), np.floor(ends[1] / step + 1e-9)
    return np.round(np.arange(first, last + 1) * step, 9)


def join_traces(traces: Sequence[Trace]) -> Trace:
    """Concatenate the blocks of one curve."""
    if not traces:
        return Trace(np.zeros(0), np.zeros((0, len(EVIDENCE))), np.zeros(0, bool), np.zeros(0))
    return Trace(
        np.concatenate([t.frac for t in traces]),
        np.concatenate([t.evidence for t in traces]),
        np.concatenate([t.observed for t in traces]),
        np.concatenate([t.scan_rows for t in traces]),
        _join_odds([t.wrap_odds for t in traces]),
        _join_odds([t.name_odds for t in traces]),
    )


def _join_odds(parts: Sequence[F64 | None]) -> F64 | None:
    known = [p for p in parts if p is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def as_given(trace: Trace, spec: CurveSpec) -> Trace:
    """The trace with what a person gave: the wrap index at its first row, and the path where it was redrawn.

    A redrawn path counts as seen: its evidence is full.

    Parameters
    ----------
    trace : Trace
        All rows of the section.
    spec : CurveSpec
    """
    frac, observed, evidence = trace.frac, trace.observed, trace.evidence
    known = np.flatnonzero(np.isfinite(frac) & observed)
    if spec.wrap_start is not None and len(known):
        frac = frac + (spec.wrap_start - np.floor(frac[known[0]]))
    if spec.redrawn:
        rows, path = np.array(spec.redrawn).T
        inside = (trace.scan_rows >= rows[0]) & (trace.scan_rows <= rows[-1])
        frac = np.where(inside, np.interp(trace.scan_rows, rows, path), frac)
        observed = observed | inside
        evidence = np.where(inside[:, None], 1.0, evidence)
        odds = [
            None if v is None else np.where(inside, 1.0, v)
            for v in (trace.wrap_odds, trace.name_odds)
        ]
        trace = replace(trace, wrap_odds=odds[0], name_odds=odds[1])
    return replace(trace, frac=frac, evidence=evidence, observed=observed)


def _nulled(depth: F64, spec: CurveSpec, axis: DepthAxis) -> Bool:
    """Depths of the rows that are not to be delivered, bool [n]."""
    out = np.zeros(len(depth), dtype=np.bool_)
    for first, last in axis.depth_at(np.array(spec.null_rows).reshape(-1)).reshape(-1, 2):
        out |= (depth >= first) & (depth <= last)
    return out


def recover(
    trace: Trace,
    row_confidence: F64,
    spec: CurveSpec,
    section: Section,
    track_id: str,
    depth: F64,
    config: DigitiseConfig,
) -> RecoveredCurve:
    """Put one trace on regular depths.

    Parameters
    ----------
    trace : Trace
        All rows of the section.
    row_confidence : float64 [rows]
        Calibrated probability per row.
    depth : float64 [n]
        Regular depths of the section.

    Returns
    -------
    RecoveredCurve
        Each sample is the mean of the trace over half a step around its depth (an anti-aliased
        read-out that keeps peaks), taken on gap-free runs only.
    """
    axis = section.depth
    assert axis is not None
    row_depth = axis.depth_at(trace.scan_rows)
    limit = bridge_limit(axis.unit, config)
    frac = bridge(trace, row_depth, limit)
    step = float(depth[1] - depth[0]) if len(depth) > 1 else 1.0
    sampled = _area_mean(row_depth, frac, depth, step / 4)
    sampled = np.where(_nulled(depth, spec, axis), np.nan, sampled)
    nearest = np.searchsorted(row_depth, depth).clip(0, max(0, len(row_depth) - 1))
    place = spec, section.section_id, track_id, axis.unit, depth
    if len(row_depth) == 0:
        empty, none = np.full(len(depth), np.nan), np.zeros(len(depth), bool)
        nothing = np.zeros((len(depth), len(EVIDENCE)))
        return RecoveredCurve(*place, empty, empty, none, empty, nothing)
    observed = trace.observed[nearest] & np.isfinite(sampled)
    confidence = np.where(np.isfinite(sampled), row_confidence[nearest], np.nan)
    values = value_at(sampled, spec)
    return RecoveredCurve(*place, values, sampled, observed, confidence, trace.evidence[nearest])


def bridge_limit(unit: DepthUnit, config: DigitiseConfig) -> float:
    """Longest gap that may be bridged, in the log's unit."""
    return config.max_bridge_ft if unit == "ft" else config.max_bridge_m


def bridge(trace: Trace, depth: F64, limit: float) -> F64:
    """Fill unobserved runs no longer than ``limit`` between observed rows, where that invents nothing.

    Where a curve runs under another one, or beside it, its ink is not its own, but the path is: such a run
    is filled with the path. Where ink of its style is missing all along, a straight line is drawn if it need
    not go far. Where there is some, but not on the path, the curve is somewhere else, like as not at a peak
    that was not followed: that run stays open. So does one off the scale (NaN): what was read there nobody
    knows.

    Parameters
    ----------
    depth : float64 [rows]
    limit : float
        In the unit of ``depth``.

    Returns
    -------
    float64 [rows]
        Position where observed or bridged, else NaN.
    """
    frac = trace.frac
    observed = trace.observed & np.isfinite(frac)
    if observed.sum() < 2:
        return np.full(len(frac), np.nan)
    along, usable = observed.copy(), observed.copy()
    for start, stop in flag_runs(~observed):
        if start == 0 or stop == len(frac) or depth[stop] - depth[start - 1] > limit + 1e-9:
            continue
        along[start:stop] = _on_shared_ink(trace, start, stop)
        presence = trace.evidence[start:stop, EVIDENCE.index("presence")]
        missing = presence.max() < SEEN_PRESENCE
        near = abs(frac[stop] - frac[start - 1]) <= STRAIGHT_FRAC
        on_scale = np.isfinite(frac[start:stop]).all()
        usable[start:stop] = along[start] or (missing and near and on_scale)
    filled = np.interp(depth, depth[along], frac[along])
    return np.where(usable, filled, np.nan)


def _on_shared_ink(
    trace: Trace,
    start: int,
    stop: int,
    mean_mass: float = 0.35,
    least_mass: float = 0.2,
    most_step: float = 0.05,
) -> bool:
    """Whether the path of an unobserved run lies on ink of its style, in the mean and somewhat everywhere,
    and neither comes there nor leaves by a leap: it moves by at most ``most_step`` track widths per row, and
    not over blank paper.
    """
    steps = np.abs(np.diff(trace.frac[start - 1 : stop + 1]))
    mass = trace.evidence[start:stop, EVIDENCE.index("mass")]
    support = trace.evidence[start : stop + 1, EVIDENCE.index("support")]
    inked = mass.mean() >= mean_mass and mass.min() >= least_mass
    return bool(inked and steps.max() <= most_step and support.min() >= 0.5)


def _area_mean(x: F64, y: F64, centres: F64, half: float) -> F64:
    """Mean of the linear interpolant of ``y(x)`` over ``centre ± half``; NaN unless all of it is known."""
    if len(x) < 2:
        return np.full(len(centres), np.nan)
    known = np.isfinite(y)
    clean = np.where(known, y, 0.0)
    pieces = np.diff(x) * (clean[1:] + clean[:-1]) / 2
    integral = np.concatenate([[0.0], np.cumsum(pieces)])

    def antiderivative(at: F64) -> F64:
        k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
        width = x[k + 1] - x[k]
        t = np.clip((at - x[k]) / width, 0, 1)
        rise = clean[k] * t + (clean[k + 1] - clean[k]) * t * t / 2
        return np.asarray(integral[k] + rise * width)

    # at the ends the window shrinks on both sides, so that its mean stays at its centre
    room = np.minimum(centres - x[0], x[-1] - centres)
    reach = np.minimum(half, np.maximum(room, 1e-4 * half))
    low, high = np.maximum(centres - reach, x[0]), np.minimum(centres + reach, x[-1])
    bad = np.concatenate([[0], np.cumsum(~known)])
    first = np.clip(np.searchsorted(x, low, side="right") - 1, 0, len(x) - 1)
    last = np.clip(np.searchsorted(x, high, side="left"), 0, len(x) - 1)
    gap_free = (bad[last + 1] - bad[first] == 0) & (high > low)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (antiderivative(high) - antiderivative(low)) / (high - low)
    return np.where(gap_free, mean, np.nan)


def merge_backups(curves: Sequence[RecoveredCurve]) -> list[RecoveredCurve]:
    """Join curves of one mnemonic in one track: a backup scale speaks where the finer is silent.

    The finest scale (smallest span of values) leads; the others fill samples that it did not observe
    and they did.
    """
    groups: dict[tuple[str, str, str], list[RecoveredCurve]] = {}
    for curve in curves:
        key = (curve.section_id, curve.track_id, curve.spec.mnemonic)
        groups.setdefault(key, []).append(curve)
    return [_merge(group) for group in groups.values()]


def _merge(group: list[RecoveredCurve]) -> RecoveredCurve:
    group = sorted(group, key=lambda c: abs(c.spec.right - c.spec.left))
    lead = group[0]
    for backup in group[1:]:
        take = ~lead.observed & backup.observed
        value = np.where(take, backup.value, lead.value)
        lead = replace(
            lead,
            value=value,
            frac=np.where(take, frac_at(value, lead.spec), lead.frac),
            observed=lead.observed | take,
            confidence=np.where(take, backup.confidence, lead.confidence),
            evidence=np.where(take[:, None], backup.evidence, lead.evidence),
        )
    return lead
