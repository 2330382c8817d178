"""How good is a curve nobody has measured: an R² estimate with interval, and the gate.

In: a recovered curve and the quality model of the bundle; out: ``QualityEstimate`` and
``GateVerdict``. The estimate predicts the error of the position from evidence (mass, presence, ink
under the path, margin over rivals, gaps, jumps), independent of the curve's own variance; R² then
follows from the variance that was drawn. The interval is conformal: fitted on curves the predictor
never saw (``calibration``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet_core.config import GatePolicy
from veernet_core.datatypes import (
    CurveSpec,
    Decision,
    GateVerdict,
    QualityEstimate,
    RecoveredCurve,
)

F64 = NDArray[np.float64]

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
    "jump_share",
    "roughness",
    "gap_share",
    "same_style",
    "other_style",
    "dashed",
    "dotted",
    "wrapped",
)
"""Evidence of one curve; larger is worse, except the last five, which describe the task."""


def curve_features(curve: RecoveredCurve, siblings: Sequence[CurveSpec]) -> F64:
    """Evidence vector of a curve, float64 [len(FEATURES)].

    Parameters
    ----------
    siblings : sequence of CurveSpec
        All curves of the same track, itself included.
    """
    used = np.isfinite(curve.value)
    seen = curve.observed & used
    evidence = curve.evidence[seen] if seen.any() else np.zeros((1, 4))
    doubt = 1 - curve.confidence[used] if used.any() else np.ones(1)
    lack = 1 - evidence
    move = np.abs(np.diff(curve.frac[used])) if used.sum() > 1 else np.zeros(1)
    same = sum(s.style == curve.spec.style and s.colour == curve.spec.colour for s in siblings)
    tail = [float(np.quantile(lack[:, k], 0.9)) for k in range(4)]
    mean = lack.mean(axis=0)
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
            float((move > 0.08).mean()),
            float(np.median(move)) * 20,
            1 - float(seen.mean()) if len(seen) else 1.0,
            min(same - 1, 3) / 3,
            min(len(siblings) - same, 3) / 3,
            float(curve.spec.style == "dashed"),
            float(curve.spec.style == "dotted"),
            float(curve.spec.wrap != "none"),
        ]
    )


@dataclass(frozen=True, slots=True)
class QualityModel:
    """Predicts log10 of the mean squared position error (track widths²), with its uncertainty.

    Attributes
    ----------
    centre, scale : float64 [n_features]
    layers : weight matrices and biases of a small tanh network
    lower, upper : conformal offsets added to the prediction for the optimistic and pessimistic end
    edges, upper_by_bin : pessimistic offsets by prediction, because errors spread unevenly
    """

    centre: F64
    scale: F64
    layers: tuple[tuple[F64, F64], ...]
    lower: float
    upper: float
    edges: F64
    upper_by_bin: F64

    def log_mse(self, features: F64) -> float:
        """Predicted log10 mean squared error of one curve."""
        h = (features - self.centre) / self.scale
        h = np.clip(h, -4, 4)
        for weight, bias in self.layers[:-1]:
            h = np.tanh(h @ weight + bias)
        weight, bias = self.layers[-1]
        return float((h @ weight + bias)[0])

    def pessimistic(self, log_mse: float) -> float:
        """Upper conformal bound on log10 mean squared error."""
        return log_mse + float(self.upper_by_bin[int(np.searchsorted(self.edges, log_mse))])

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "centre": _round(self.centre),
            "scale": _round(self.scale),
            "layers": [[_round(w), _round(b)] for w, b in self.layers],
            "lower": round(self.lower, 6),
            "upper": round(self.upper, 6),
            "edges": _round(self.edges),
            "upper_by_bin": _round(self.upper_by_bin),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> QualityModel:
        """Inverse of ``to_json``."""
        return cls(
            np.array(value["centre"]),
            np.array(value["scale"]),
            tuple((np.array(w), np.array(b)) for w, b in value["layers"]),
            float(value["lower"]),
            float(value["upper"]),
            np.array(value["edges"]),
            np.array(value["upper_by_bin"]),
        )


def _round(a: F64) -> Any:
    return np.round(a, 6).tolist()


def estimate(
    curve: RecoveredCurve,
    siblings: Sequence[CurveSpec],
    depth_residual: float,
    model: QualityModel | None,
) -> QualityEstimate:
    """Estimate the R² of a curve without its truth.

    Parameters
    ----------
    depth_residual : float
        Of the depth axis, in its unit; NaN if not known.
    model : QualityModel or None
        None (an uncalibrated bundle) gives NaN estimates.
    """
    used = np.isfinite(curve.value)
    coverage, gap = _coverage(curve)
    frac = curve.frac[used]
    span = float(np.quantile(frac, 0.98) - np.quantile(frac, 0.02)) if used.any() else 0.0
    nan = float("nan")
    if model is None or used.sum() < 10:
        return QualityEstimate(nan, nan, nan, coverage, gap, depth_residual, span, nan)
    middle = model.log_mse(curve_features(curve, siblings))
    variance = float(np.var(frac)) + 1e-12
    ends = (middle, model.pessimistic(middle), middle + model.lower)
    r2, low, high = (1 - 10**end / variance for end in ends)
    return QualityEstimate(
        _clip(r2),
        _clip(low),
        _clip(high),
        coverage,
        gap,
        depth_residual,
        span,
        float(100 * np.sqrt(10 ** model.pessimistic(middle))),
    )


def _clip(r2: float) -> float:
    return float(np.clip(r2, -9.99, 1.0))


def _coverage(curve: RecoveredCurve) -> tuple[float, float]:
    """Share of samples with a value between the first and last one, and the longest gap there."""
    used = np.flatnonzero(np.isfinite(curve.value))
    if len(used) < 2:
        return 0.0, float(np.ptp(curve.depth)) if len(curve.depth) else 0.0
    coverage = len(used) / (used[-1] - used[0] + 1)
    return float(coverage), float(np.diff(curve.depth[used]).max())


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
    return GateVerdict(decision, tuple(reasons) or ("ok",), policy.policy_id)
