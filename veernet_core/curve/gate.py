"""The gate: accept, review or reject each curve, with reasons.

In: curves with their quality estimates, what is known of the sections and the page, and a policy. Out: one
`GateVerdict` a curve. Whatever makes a curve doubtful without lowering its estimate is a flag: it keeps
the curve from being accepted and is named as a reason.
Does not belong here: estimating how good a curve is (`evidence.quality`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.config import GatePolicy
from veernet_core.datatypes import (
    F64,
    FT_PER,
    CurveSpec,
    Decision,
    DepthUnit,
    GateVerdict,
    JudgedCurve,
    QualityEstimate,
    RecoveredCurve,
    Section,
)

MAX_OFF_SCALE = 0.25
"""Largest share of samples off scale before the wrap index counts as uncertain."""

Estimated = tuple[RecoveredCurve, QualityEstimate]


def judge_curves(
    estimated: Sequence[Estimated],
    sections: Sequence[Section],
    policy: GatePolicy,
) -> tuple[JudgedCurve, ...]:
    """Verdicts of all curves of a log.

    Parameters
    ----------
    estimated : sequence of (RecoveredCurve, QualityEstimate)
        All curves: those of one track are looked at together.
    sections : sequence of Section
    policy : GatePolicy

    Returns
    -------
    tuple of JudgedCurve
        In the order of ``estimated``.
    """
    curves = [curve for curve, _ in estimated]
    by_id = {section.section_id: section for section in sections}
    out = []
    for curve, quality in estimated:
        flags = (
            *_place_flags(curve, by_id[curve.section_id], policy),
            *_curve_flags(curve, by_id[curve.section_id], curves),
        )
        out.append(JudgedCurve(curve, quality, judge(quality, flags, policy)))
    return tuple(out)


def judge(quality: QualityEstimate, flags: Sequence[str], policy: GatePolicy) -> GateVerdict:
    """Accept, review or reject one curve.

    Parameters
    ----------
    flags : sequence of str
        Reason codes found before (geometry, scale source, identity, canary); any of them keeps a
        curve from being accepted.

    Returns
    -------
    GateVerdict
        Better evidence never worsens the decision.
    """
    flags = (*flags, policy.hold) if policy.hold else tuple(flags)
    good, hopeless, reason = _by_quality(quality, policy)
    reasons = [*dict.fromkeys(flags), *((reason,) if reason else ())]
    if quality.coverage < policy.min_coverage and not hopeless:
        good = False
        reasons.append("low_coverage")
    decision: Decision = "reject" if hopeless else "accept" if good and not flags else "review"
    return GateVerdict(decision, tuple(reasons) or ("ok",), policy.ident)


def _by_quality(quality: QualityEstimate, policy: GatePolicy) -> tuple[bool, bool, str]:
    """Whether the curve is good, whether it is hopeless, and the reason, where there is one to give."""
    if np.isfinite(quality.r2_reference):
        good = quality.r2_reference >= policy.min_r2
        return good, not good, "" if good else "r2_reference_below_threshold"
    if not np.isfinite(quality.r2_estimate):
        nothing = quality.coverage == 0
        return False, nothing, "nothing_recovered" if nothing else "no_estimate"
    if quality.span_frac < policy.flat_span_frac:
        good = quality.expected_abs_dx_pct <= policy.flat_max_dx_pct
        return good, False, "flat_judged_by_position" if good else "flat_and_uncertain"
    if quality.r2_upper < policy.min_r2 or quality.r2_estimate < policy.reject_r2:
        return quality.r2_lower >= policy.min_r2, True, "r2_estimate_below_threshold"
    good = quality.r2_lower >= policy.min_r2
    return good, False, "" if good else "r2_bound_below_threshold"


# ---- flags ----------------------------------------------------------------------------------------


def _place_flags(curve: RecoveredCurve, section: Section, policy: GatePolicy) -> list[str]:
    """Reasons that lie in depth, scale and page."""
    residual = section.depth.residual if section.depth is not None else float("nan")
    flags = [*depth_flags(residual, curve.depth_unit, policy)]
    if curve.spec.source in ("template", "guess"):
        flags.append("scale_guess")
    if section.depth is not None and section.depth.source in ("template", "guess"):
        flags.append("depth_guess")
    own = (curve.track_id, curve.spec.mnemonic)
    flags += [doubt.reason for doubt in section.doubts if doubt.concerns(*own)]
    unread = curve.spec.source == "sidecar" and own not in section.printed
    return [*flags, "scale_unconfirmed"] if policy.require_printed_scales and unread else flags


def _curve_flags(
    curve: RecoveredCurve, section: Section, curves: Sequence[RecoveredCurve]
) -> list[str]:
    """Reasons that lie in the curve and in the others of its track."""
    flags = []
    confidence = curve.confidence[np.isfinite(curve.value)]
    if len(confidence) and not np.isfinite(confidence).any():
        flags.append("uncalibrated_model")
    place = (curve.section_id, curve.track_id)
    drawn = next((t.curves for t in section.tracks if t.track_id == curve.track_id), (curve.spec,))
    beside = [c for c in curves if (c.section_id, c.track_id) == place]
    return [*flags, *trace_flags(curve, drawn, beside)]


def depth_flags(residual: float, unit: DepthUnit, policy: GatePolicy) -> tuple[str, ...]:
    """Reasons that lie in the depth axis why none of its curves can be accepted.

    Parameters
    ----------
    residual : float
        Of the depth axis, in ``unit``; NaN where nothing was seen to check the axis with: depth that was given
        is then taken at its word.
    """
    off = residual * FT_PER[unit]
    return ("depth_residual",) if off > policy.max_depth_residual_ft else ()


def trace_flags(
    curve: RecoveredCurve,
    track_curves: Sequence[CurveSpec],
    recovered: Sequence[RecoveredCurve] = (),
) -> tuple[str, ...]:
    """Reasons, seen on the curves themselves, why one cannot be accepted.

    ``identity_ambiguous``: another curve of the track has the same style, and no known point names them,
    or they touch (where known points end, the ink alone says which is which).
    ``wrap_uncertain``: much of a wrapped curve lies off scale, so that one wrong turn at a border
    would shift it by a whole track; or its wrap index changes without a move across the paper, or by more
    than one from one sample to the next, so that one of the two is wrong; or it is found far away
    after missing samples; or a curve said not to wrap leaves over one border and is found at the other.

    Parameters
    ----------
    track_curves : sequence of CurveSpec
        All curves of the same track, itself included.
    recovered : sequence of RecoveredCurve
        The same as recovered, where they are.
    """
    flags = []
    same_style = [s for s in track_curves if _same_style(s, curve.spec)]
    named = curve.spec.points_px or any(s.points_px for s in same_style)
    touched = any(_touch(curve, o) for o in recovered if _same_style(o.spec, curve.spec))
    if same_style and (touched or not named):
        flags.append("identity_ambiguous")
    frac = curve.frac[np.isfinite(curve.frac)]
    off_scale = len(frac) > 0 and float(((frac < 0) | (frac > 1)).mean()) > MAX_OFF_SCALE
    if curve.spec.wrap == "none":
        at_odds = _leaps_between_borders(frac)
    else:
        at_odds = _changes_wrap_unseen(frac) or _goes_far_unseen(curve.frac)
    if off_scale or at_odds:
        flags.append("wrap_uncertain")
    return tuple(flags)


def _same_style(one: CurveSpec, two: CurveSpec) -> bool:
    """Whether two different curves of a track have the same line style and colour."""
    same = one.style == two.style and one.colour == two.colour
    return same and one.mnemonic != two.mnemonic


def _touch(one: RecoveredCurve, two: RecoveredCurve, near: float = 0.02) -> bool:
    """Whether two curves of one section come near each other or change sides, track widths; where one is
    missing, it is taken to go straight on."""
    apart = _without_gaps(one.frac) - _without_gaps(two.frac)
    most = np.inf
    if one.spec.wrap != "none" or two.spec.wrap != "none":
        apart = apart - np.round(apart)  # on paper both have the same wrap index
        most = 0.5
    over = (apart[1:] * apart[:-1] < 0) & (np.abs(np.diff(apart)) < most)
    return bool((np.abs(apart) < near).any() or over.any())


def _without_gaps(frac: F64) -> F64:
    """Straight lines in place of NaN between the first and the last known position."""
    known = np.flatnonzero(np.isfinite(frac))
    if not len(known):
        return frac
    return np.interp(np.arange(len(frac)), known, frac[known], np.nan, np.nan)


def _changes_wrap_unseen(frac: F64, near: float = 0.04, still: float = 0.1) -> bool:
    """Whether a curve that hardly moves goes on whole track widths away, one or two samples further; or
    any goes on more than one away."""
    move = np.abs(np.diff(frac))
    if (move > 1).any():
        return True
    quiet = move < still
    for lag in (1, 2):
        step = frac[1 + lag : -1] - frac[1 : -1 - lag]
        whole = (np.abs(step - np.round(step)) < near) & (np.abs(step) > 0.5)
        if (whole & quiet[: -1 - lag] & quiet[1 + lag :]).any():
            return True
    return False


def _goes_far_unseen(frac: F64, most: float = 0.5) -> bool:
    """Whether a curve is found more than ``most`` track widths away after missing samples: the other way round
    is shorter."""
    known = np.flatnonzero(np.isfinite(frac))
    return bool((np.abs(np.diff(frac[known]))[np.diff(known) > 1] > most).any())


def _leaps_between_borders(frac: F64, edge: float = 0.1) -> bool:
    """Whether a curve goes from one border to the other within two samples."""
    left, right = frac < edge, frac > 1 - edge
    return any(
        bool((left[lag:] & right[:-lag]).any() or (right[lag:] & left[:-lag]).any())
        for lag in (1, 2)
    )
