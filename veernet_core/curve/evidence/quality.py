"""How good is a curve nobody has measured: an R² estimate with interval, and the gate.

In: a recovered curve and the quality model of the bundle; out: ``QualityEstimate`` and
``GateVerdict``. The estimate predicts the unexplained variance from evidence (mass, presence, ink
under the path, margin over rivals, gaps, jumps) and from the variance that was drawn. The bound is
set where few accepted curves are bad, and reported on fresh curves (``calibration``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from veernet_core import metrics
from veernet_core.config import UNSEEN_BORDERS, GatePolicy
from veernet_core.datatypes import (
    EVIDENCE,
    F64,
    FT_PER,
    CurveSpec,
    Decision,
    DepthUnit,
    GateVerdict,
    QualityEstimate,
    RecoveredCurve,
)

FEATURES: tuple[str, ...] = (
    "doubt_mean",
    "doubt_p90",
    "mass_lack_mean",
    "mass_lack_p90",
    "presence_lack",
    "ink_lack_mean",
    "ink_lack_p90",
    "margin_lack_mean",
    "margin_lack_p90",
    "leap_mean",
    "leap_share",
    "jump_share",
    "roughness",
    "gap_share",
    "same_style",
    "other_style",
    "dashed",
    "dotted",
    "wrapped",
    "log_variance",
    "doubt_at_extremes",
    "doubt_on_moves",
    "log_mass_lack",
    "log_doubt",
    "log_doubt_on_moves",
    "log_gap_share",
)
"""Evidence of one curve; larger is worse, except ``roughness`` and the six from ``same_style`` to
``log_variance``, which describe the task. New ones are added at the end: a bundle knows the first so many."""
FEATURE_SIGNS = np.array([-1] * 12 + [0] + [-1] + [0] * 6 + [-1] * 6)
"""How each may move the chance of a small error: worse evidence never raises it."""


ASTRAY_PCT = 20.0
"""Distance from the drawn line, % of the track width, of rows that are not within 1 % of it: the mean over
drawn strips, rounded."""
MAX_OFF_SCALE = 0.25
"""Largest share of samples off scale before the lap counts as uncertain."""


def curve_features(curve: RecoveredCurve, siblings: Sequence[CurveSpec]) -> F64:
    """Evidence vector of a curve, float64 [len(FEATURES)].

    Parameters
    ----------
    siblings : sequence of CurveSpec
        All curves of the same track, itself included.
    """
    used = np.isfinite(curve.value)
    seen = curve.observed & used
    evidence = curve.evidence[seen] if seen.any() else np.zeros((1, len(EVIDENCE)))
    doubt = 1 - curve.confidence[used] if used.any() else np.ones(1)
    lack = 1 - evidence
    move = np.abs(np.diff(curve.frac[used])) if used.sum() > 1 else np.zeros(1)
    same = sum(s.style == curve.spec.style and s.colour == curve.spec.colour for s in siblings)
    tail = [float(np.quantile(lack[:, k], 0.9)) for k in range(len(EVIDENCE))]
    mean = lack.mean(axis=0)
    gaps = 1 - float(seen.mean()) if len(seen) else 1.0
    at_extremes, on_moves = _weighted_doubt(curve.frac[used], doubt)
    # among curves that are nearly right it is the order of magnitude that tells them apart
    small = np.log10(np.array([mean[0], doubt.mean(), on_moves, gaps]) + 0.005)
    return np.array(
        [
            doubt.mean(),
            np.quantile(doubt, 0.9),
            mean[0],
            tail[0],
            mean[1],
            mean[2],
            tail[2],
            mean[3],
            tail[3],
            mean[4],
            float((lack[:, 4] > 0.5).mean()),
            float((move > 0.08).mean()),
            float(np.median(move)) * 20,
            gaps,
            min(same - 1, 3) / 3,
            min(len(siblings) - same, 3) / 3,
            float(curve.spec.style == "dashed"),
            float(curve.spec.style == "dotted"),
            float(curve.spec.wrap != "none"),
            np.log10(position_variance(curve)),
            at_extremes,
            on_moves,
            *small,
        ]
    )


def _weighted_doubt(frac: F64, doubt: F64) -> tuple[float, float]:
    """Mean doubt where it costs most R²: weighted by distance from the median, squared, and by movement."""
    if len(frac) < 2:
        return 1.0, 1.0
    far = (frac - np.median(frac)) ** 2 + 1e-9
    move = np.abs(np.diff(frac)) + 1e-9
    return float((doubt * far).sum() / far.sum()), float((doubt[1:] * move).sum() / move.sum())


def position_variance(curve: RecoveredCurve) -> float:
    """Variance of the recovered position, track widths², kept away from zero."""
    used = np.isfinite(curve.frac)
    return float(np.var(curve.frac[used])) + 1e-6 if used.any() else 1e-6


@dataclass(frozen=True, slots=True)
class QualityModel:
    """Distribution of a curve's unexplained variance 1 - R², given its evidence.

    ``P(log10(1 - R²) <= t) = expit(steepness * t + weights . z + intercept)`` with ``z`` the standardised
    features: one logistic regression over many thresholds ``t``.

    Attributes
    ----------
    centre, scale, weights : float64 [n_features]
    steepness, intercept : float
    level : float
        Logit of the probability at which the pessimistic bound is read; set so that few enough
        accepted curves are bad.
    """

    centre: F64
    scale: F64
    weights: F64
    steepness: float
    intercept: float
    level: float

    def log_unexplained(self, features: F64, logit_p: float = 0.0) -> float:
        """log10(1 - R²) that is not exceeded with the given logit probability."""
        known = features[: len(self.weights)]
        z = np.clip((known - self.centre) / self.scale, -4, 4)
        return float((logit_p - z @ self.weights - self.intercept) / self.steepness)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "centre": _round(self.centre),
            "scale": _round(self.scale),
            "weights": _round(self.weights),
            "steepness": round(self.steepness, 6),
            "intercept": round(self.intercept, 6),
            "level": round(self.level, 6),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> QualityModel:
        """Inverse of ``to_json``."""
        return cls(
            np.array(value["centre"]),
            np.array(value["scale"]),
            np.array(value["weights"]),
            float(value["steepness"]),
            float(value["intercept"]),
            float(value["level"]),
        )


def _round(a: F64) -> Any:
    return np.round(a, 6).tolist()


def estimate(
    curve: RecoveredCurve,
    siblings: Sequence[CurveSpec],
    depth_residual: float,
    model: QualityModel | None,
    border_slack: tuple[float, float] = UNSEEN_BORDERS,
) -> QualityEstimate:
    """Estimate the R² of a curve without its truth.

    Parameters
    ----------
    depth_residual : float
        Of the depth axis, in its unit; NaN if not known.
    model : QualityModel or None
        None (an uncalibrated bundle) gives NaN estimates.
    border_slack : tuple of float
        How far the left and the right border of the track may be off, track widths.
    """
    used = np.isfinite(curve.value)
    covered, gap = coverage(curve)
    frac = curve.frac[used]
    span = metrics.span(frac) if used.any() else 0.0
    nan = float("nan")
    if model is None or used.sum() < 10:
        return QualityEstimate(nan, nan, nan, covered, gap, depth_residual, span, nan)
    features = curve_features(curve, siblings)
    astray = ASTRAY_PCT * float(features[FEATURES.index("doubt_mean")])
    ends = [model.log_unexplained(features, level) for level in (0.0, model.level, -model.level)]
    r2, low, high = (1 - 10**end for end in ends)
    # an error of the borders moves all of the curve: little to a lively one, much to one that hardly moves
    moved = _border_error(frac, border_slack)
    variance = position_variance(curve)
    low -= moved / variance
    return QualityEstimate(
        _clip(r2),
        _clip(low),
        _clip(high),
        covered,
        gap,
        depth_residual,
        span,
        # a flat trace has little variance, also where it lies on a grid line: only doubt tells
        float(
            np.hypot(
                max(100 * np.sqrt(10 ** ends[1] * variance), astray),
                100 * np.sqrt(moved),
            )
        ),
    )


def _border_error(frac: F64, slack: tuple[float, float]) -> float:
    """Mean squared error of positions between borders that are off by as much as they may, the same way."""
    between = frac - np.floor(frac)
    return float(np.mean((slack[0] * (1 - between) + slack[1] * between) ** 2))


def _clip(r2: float) -> float:
    return float(np.clip(r2, -9.99, 1.0))


def coverage(curve: RecoveredCurve) -> tuple[float, float]:
    """Share of samples with a value between the first and last one, and the longest gap there."""
    used = np.flatnonzero(np.isfinite(curve.value))
    if len(used) < 2:
        return 0.0, float(np.ptp(curve.depth)) if len(curve.depth) else 0.0
    share = len(used) / (used[-1] - used[0] + 1)
    return float(share), float(np.diff(curve.depth[used]).max())


def depth_flags(residual: float, unit: DepthUnit, policy: GatePolicy) -> tuple[str, ...]:
    """Reasons that lie in the depth axis why none of its curves can be accepted.

    Parameters
    ----------
    residual : float
        Of the depth axis, in ``unit``; NaN where nothing was seen to hold the axis against.
    """
    if np.isnan(residual):
        return ("depth_unchecked",)
    off = residual * FT_PER[unit]
    return ("depth_residual",) if off > policy.max_depth_residual_ft else ()


def trace_flags(
    curve: RecoveredCurve,
    siblings: Sequence[CurveSpec],
    others: Sequence[RecoveredCurve] = (),
) -> tuple[str, ...]:
    """Reasons, seen on the curves themselves, why one cannot be accepted.

    ``identity_ambiguous``: another curve of the track is drawn alike, and no known point names them, or
    they touch (where known points end, the ink alone says which is which).
    ``wrap_uncertain``: much of a wrapped curve lies off scale, so that one wrong turn at a border
    would shift it by a whole track; or it changes laps without moving across the paper, or by more than
    one lap from one sample to the next, so that one of the two laps is wrong; or it is found far away
    after missing samples; or a curve said not to wrap leaves over one border and is found at the other.
    """
    flags = []
    twins = [s for s in siblings if _drawn_alike(s, curve.spec)]
    named = curve.spec.points_px or any(t.points_px for t in twins)
    touched = any(_touch(curve, o) for o in others if _drawn_alike(o.spec, curve.spec))
    if twins and (touched or not named):
        flags.append("identity_ambiguous")
    frac = curve.frac[np.isfinite(curve.frac)]
    off_scale = len(frac) > 0 and float(((frac < 0) | (frac > 1)).mean()) > MAX_OFF_SCALE
    if curve.spec.wrap == "none":
        at_odds = _leaps_between_borders(frac)
    else:
        at_odds = _changes_lap_unseen(frac) or _goes_far_unseen(curve.frac)
    if off_scale or at_odds:
        flags.append("wrap_uncertain")
    return tuple(flags)


def _drawn_alike(one: CurveSpec, two: CurveSpec) -> bool:
    """Whether two different curves of a track have the same line style and colour."""
    alike = one.style == two.style and one.colour == two.colour
    return alike and one.mnemonic != two.mnemonic


def _touch(one: RecoveredCurve, two: RecoveredCurve, near: float = 0.02) -> bool:
    """Whether two curves of one section come near each other or change sides, track widths; where one is
    missing, it is taken to go straight on."""
    apart = _without_gaps(one.frac) - _without_gaps(two.frac)
    most = np.inf
    if one.spec.wrap != "none" or two.spec.wrap != "none":
        apart = apart - np.round(apart)  # on paper both run in one lap
        most = 0.5
    over = (apart[1:] * apart[:-1] < 0) & (np.abs(np.diff(apart)) < most)
    return bool((np.abs(apart) < near).any() or over.any())


def _without_gaps(frac: F64) -> F64:
    """Straight lines in place of NaN between the first and the last known position."""
    known = np.flatnonzero(np.isfinite(frac))
    if not len(known):
        return frac
    return np.interp(np.arange(len(frac)), known, frac[known], np.nan, np.nan)


def _changes_lap_unseen(frac: F64, near: float = 0.04, still: float = 0.1) -> bool:
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


def judge(quality: QualityEstimate, flags: Sequence[str], policy: GatePolicy) -> GateVerdict:
    """The gate: accept, review or reject one curve.

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
    reasons = list(dict.fromkeys(flags))
    if np.isfinite(quality.r2_reference):
        good, hopeless = quality.r2_reference >= policy.min_r2, quality.r2_reference < policy.min_r2
        reasons += [] if good else ["r2_reference_below_threshold"]
    elif not np.isfinite(quality.r2_estimate):
        good, hopeless = False, quality.coverage == 0
        reasons.append("nothing_recovered" if hopeless else "no_estimate")
    elif quality.span_frac < policy.flat_span_frac:
        good = quality.expected_abs_dx_pct <= policy.flat_max_dx_pct
        hopeless = False
        reasons.append("flat_judged_by_position" if good else "flat_and_uncertain")
    else:
        good = quality.r2_lower >= policy.min_r2
        hopeless = quality.r2_upper < policy.min_r2 or quality.r2_estimate < policy.reject_r2
        if hopeless:
            reasons.append("r2_estimate_below_threshold")
        elif not good:
            reasons.append("r2_bound_below_threshold")
    if quality.coverage < policy.min_coverage and not hopeless:
        good = False
        reasons.append("low_coverage")
    decision: Decision = "reject" if hopeless else "accept" if good and not flags else "review"
    return GateVerdict(decision, tuple(reasons) or ("ok",), policy.ident)
