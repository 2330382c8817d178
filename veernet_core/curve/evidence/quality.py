"""How good is a curve nobody has measured: an R² estimate with interval.

In: a recovered curve and the quality model of the bundle; out: ``QualityEstimate``. The estimate predicts
the unexplained variance from evidence (mass, presence, ink under the path, margin over rivals, gaps,
jumps) and from the variance that was drawn. The bound is set where few accepted curves are bad, and
reported on fresh curves (``calibration``). What is decided on it belongs to ``gate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from veernet_core import metrics
from veernet_core.config import UNSEEN_BORDERS
from veernet_core.datatypes import EVIDENCE, F64, CurveSpec, QualityEstimate, RecoveredCurve

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
FEATURE_SIGNS = np.array([-1] * 12 + [0] + [-1] + [0] * 5 + [1] + [-1] * 6)
"""How each may move the chance of a small error: worse evidence never raises it; and the more a curve moves,
the smaller a share of its variance the same error is.
"""


WRONG_ROW_PCT = 20.0
"""Distance from the drawn line, % of the track width, of rows that are not within 1 % of it: the mean over
drawn strips, rounded."""


def curve_features(curve: RecoveredCurve, track_curves: Sequence[CurveSpec]) -> F64:
    """Evidence vector of a curve, float64 [len(FEATURES)].

    Parameters
    ----------
    track_curves : sequence of CurveSpec
        All curves of the same track, itself included.
    """
    used = np.isfinite(curve.value)
    seen = curve.observed & used
    evidence = curve.evidence[seen] if seen.any() else np.zeros((1, len(EVIDENCE)))
    doubt = 1 - curve.confidence[used] if used.any() else np.ones(1)
    lack = 1 - evidence
    move = np.abs(np.diff(curve.frac[used])) if used.sum() > 1 else np.zeros(1)
    same = sum(s.style == curve.spec.style and s.colour == curve.spec.colour for s in track_curves)
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
            min(len(track_curves) - same, 3) / 3,
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
class ErrorModel:
    """Distribution of an error, given the evidence of a curve.

    ``P(log10(error) <= t) = expit(steepness * t + weights . z + intercept)`` with ``z`` the standardised
    features: one logistic regression over many thresholds ``t``.

    Attributes
    ----------
    centre, scale, weights : float64 [n_features]
    steepness, intercept : float
    """

    centre: F64
    scale: F64
    weights: F64
    steepness: float
    intercept: float

    def log_error(self, features: F64, logit_p: float = 0.0) -> float:
        """log10 of the error not exceeded with that probability (logit; 0: median)."""
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
        }


def _error_model(value: Mapping[str, Any]) -> tuple[F64, F64, F64, float, float]:
    """Fields of an `ErrorModel` from what ``to_json`` gave."""
    arrays = (np.array(value[name], dtype=np.float64) for name in ("centre", "scale", "weights"))
    centre, scale, weights = arrays
    return centre, scale, weights, float(value["steepness"]), float(value["intercept"])


@dataclass(frozen=True, slots=True)
class QualityModel(ErrorModel):
    """Distribution of a curve's unexplained variance 1 - R², and of how far it is off.

    Attributes
    ----------
    level : float
        Logit of the probability at which the pessimistic bound is read; set so that few enough
        accepted curves are bad.
    position : ErrorModel, optional
        Of the mean squared distance from the drawn line, track widths². A bundle from before it was fitted
        has none: then doubt stands for it.
    """

    level: float
    position: ErrorModel | None = None

    def log_unexplained(self, features: F64, logit_p: float = 0.0) -> float:
        """log10(1 - R²) not exceeded with that probability."""
        return self.log_error(features, logit_p)

    def off_pct(self, features: F64, variance: float) -> float:
        """Distance from the drawn line, root mean square, % of the track width, at the pessimistic bound.

        Parameters
        ----------
        features : float64 [len(FEATURES)]
        variance : float
            Of the recovered positions, track widths².
        """
        if self.position is not None:
            return 100 * float(np.sqrt(10 ** self.position.log_error(features, self.level)))
        # a flat trace has little variance, also where it lies on a grid line: only doubt tells
        own = 100 * float(np.sqrt(10 ** self.log_unexplained(features, self.level) * variance))
        return max(own, WRONG_ROW_PCT * float(features[FEATURES.index("doubt_mean")]))

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        own = ErrorModel.to_json(self) | {"level": round(self.level, 6)}
        return own if self.position is None else own | {"position": self.position.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> QualityModel:
        """Inverse of ``to_json``."""
        position = value.get("position")
        return cls(
            *_error_model(value),
            float(value["level"]),
            None if position is None else ErrorModel(*_error_model(position)),
        )


def _round(a: F64) -> Any:
    return np.round(a, 6).tolist()


def estimate(
    curve: RecoveredCurve,
    track_curves: Sequence[CurveSpec],
    depth_residual: float,
    model: QualityModel | None,
    border_slack: tuple[float, float] = UNSEEN_BORDERS,
    features: F64 | None = None,
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
    features : float64 [n_features], optional
        `curve_features` of the curve, where they are known already.
    """
    used = np.isfinite(curve.value)
    covered, gap = coverage(curve)
    frac = curve.frac[used]
    span = metrics.span(frac) if used.any() else 0.0
    nan = float("nan")
    if model is None or used.sum() < 10:
        return QualityEstimate(nan, nan, nan, covered, gap, depth_residual, span, nan)
    if features is None:
        features = curve_features(curve, track_curves)
    ends = [model.log_unexplained(features, level) for level in (0.0, model.level, -model.level)]
    r2, low, high = (1 - 10**end for end in ends)
    # an error of the borders moves all of the curve: it matters most where the curve hardly moves
    moved, variance = _border_error(frac, border_slack), position_variance(curve)
    low -= moved / variance
    off_pct = float(np.hypot(model.off_pct(features, variance), 100 * np.sqrt(moved)))
    return QualityEstimate(
        _clip(r2), _clip(low), _clip(high), covered, gap, depth_residual, span, off_pct
    )


def _border_error(frac: F64, slack: tuple[float, float]) -> float:
    """Mean squared error of positions between borders that are off by as much as they may, the same way."""
    between = frac - np.floor(frac)
    return float(np.mean((slack[0] * (1 - between) + slack[1] * between) ** 2))


def _clip(r2: float) -> float:
    return float(np.clip(r2, -9.99, 1.0))


def coverage(curve: RecoveredCurve) -> tuple[float, float]:
    """Share of samples with a value between the first and last one, and the longest gap there; samples that
    were withheld belong to the curve, also at its ends.
    """
    used = np.flatnonzero(np.isfinite(curve.value))
    if len(used) < 2:
        return 0.0, float(np.ptp(curve.depth)) if len(curve.depth) else 0.0
    ends = [used[0], used[-1]]
    for doubt in curve.doubtful:
        if doubt.hides_curve:
            inside = (curve.depth >= doubt.depth_from) & (curve.depth <= doubt.depth_to)
            ends += np.flatnonzero(inside).tolist()
    first, last = min(ends), max(ends)
    steps = np.diff(curve.depth[np.unique([first, *used, last])])
    return float(len(used) / (last - first + 1)), float(steps.max())
