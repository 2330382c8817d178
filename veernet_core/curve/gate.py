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
from veernet_core.curve.physical import SEEN_PRESENCE
from veernet_core.datatypes import (
    EVIDENCE,
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
from veernet_core.findings import premises, proviso

_IMPOSSIBLE = 0.01
"""Share of a curve with values that cannot be, above which the rest is doubted too."""
_NEARLY_ALL = 0.9
"""Share of the depths above which an accepted curve is not said to have gaps."""
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
        All curves of the log.
    sections : sequence of Section
    policy : GatePolicy

    Returns
    -------
    tuple of JudgedCurve
        In the order of ``estimated``.
    """
    by_id = {section.section_id: section for section in sections}
    out = []
    for curve, quality in estimated:
        flags = (
            *_place_flags(curve, by_id[curve.section_id], policy),
            *_curve_flags(curve, by_id[curve.section_id]),
            *_withheld_flags(curve, quality, policy),
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


def quality_note(judged: JudgedCurve) -> str:
    """The R² of a curve in few words. Wherever somebody still has to decide: what is in doubt, the longest
    stretch in doubt, and last the lower bound with what it takes for granted.
    """
    quality = judged.quality
    if np.isfinite(quality.r2_reference):
        return f"R2 {quality.r2_reference:.2f}"
    if judged.verdict.decision == "accept":
        note = f"R2~{quality.r2_estimate:.2f}"
        covered = f", {100 * quality.coverage:.0f} % of the depths"
        return note if quality.coverage >= _NEARLY_ALL else note + covered
    bound = f"R2>={quality.r2_lower:.2f}" if np.isfinite(quality.r2_lower) else "R2 unknown"
    doubted = " and ".join(premises(judged.verdict.reasons))
    limits = proviso(judged.verdict.reasons)
    parts = [f"{doubted} in doubt" if doubted else "", _longest_doubt(judged.curve)]
    return ", ".join([*filter(None, parts), f"{bound} {limits}".strip()])


def _longest_doubt(curve: RecoveredCurve) -> str:
    """The longest stretch in doubt, with its reason; empty where there is none."""
    if not curve.doubtful:
        return ""
    longest = max(curve.doubtful, key=lambda d: d.depth_to - d.depth_from)
    where = f"{longest.depth_from:g}-{longest.depth_to:g}"
    return f"{longest.reason.replace('_', ' ')} {where} {curve.depth_unit}"


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


def _curve_flags(curve: RecoveredCurve, section: Section) -> list[str]:
    """Reasons that lie in the curve and in the others of its track."""
    flags = []
    confidence = curve.confidence[np.isfinite(curve.value)]
    if len(confidence) and not np.isfinite(confidence).any():
        flags.append("uncalibrated_model")
    drawn = next((t.curves for t in section.tracks if t.track_id == curve.track_id), (curve.spec,))
    return [*flags, *trace_flags(curve, drawn)]


def _is_mostly_lost(curve: RecoveredCurve) -> bool:
    """Whether at more depths the curve is drawn and was lost than it was followed: what was followed is then
    no fair sample of it, and may be dirt. A pen that was up loses nothing, what was withheld had been followed,
    and what a person redrew or left out was looked at.
    """
    if curve.spec.redrawn or curve.spec.null_rows:
        return False
    followed = np.isfinite(curve.value)
    for doubt in curve.doubtful:
        if doubt.hides_curve:
            followed |= (curve.depth >= doubt.depth_from) & (curve.depth <= doubt.depth_to)
    is_drawn = curve.evidence[:, EVIDENCE.index("presence")] > SEEN_PRESENCE
    return bool((is_drawn & ~followed).sum() > followed.sum() > 0)


def _withheld_flags(
    curve: RecoveredCurve, quality: QualityEstimate, policy: GatePolicy
) -> list[str]:
    """Why too little is left of a curve, where stretches in doubt were withheld."""
    flags: list[str] = []
    impossible = [d for d in curve.doubtful if d.reason == "impossible"]
    if sum(d.depth_to - d.depth_from for d in impossible) > _IMPOSSIBLE * np.ptp(curve.depth):
        flags.append("wrap_uncertain")
    if quality.coverage < policy.min_coverage:
        withheld = {doubt.reason for doubt in curve.doubtful if doubt.withheld}
        flags += ["identity_ambiguous"] if "crossing" in withheld else []
        flags += ["wrap_uncertain"] if "wrap" in withheld else []
    return flags


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


def trace_flags(curve: RecoveredCurve, track_curves: Sequence[CurveSpec]) -> tuple[str, ...]:
    """Reasons, seen on the curves themselves, why one cannot be accepted.

    ``mostly_lost``: what was followed is less than what was lost, and no fair sample of the curve.

    ``identity_ambiguous``: another curve of the track has the same style, and neither a known point nor their
    pens (length of dashes, weight of lines) nor their values name them.
    Where they may have been mistaken for each other after a touch, and where the wrap index may be another,
    only those stretches are withheld (`evidence.doubts`).

    Parameters
    ----------
    track_curves : sequence of CurveSpec
        All curves of the same track, itself included.
    """
    same_style = [s for s in track_curves if _same_style(s, curve.spec)]
    named = curve.told_apart or curve.spec.points_px or any(s.points_px for s in same_style)
    flags = ("mostly_lost",) if _is_mostly_lost(curve) else ()
    return (*flags, "identity_ambiguous") if same_style and not named else flags


def _same_style(one: CurveSpec, two: CurveSpec) -> bool:
    """Whether two different curves of a track have the same line style and colour."""
    same = one.style == two.style and one.colour == two.colour
    return same and one.mnemonic != two.mnemonic
