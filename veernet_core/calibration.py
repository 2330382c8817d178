"""Calibration: what the evidence of a trace is worth, measured on drawings with truth.

In: a predictor; out: the JSON values that go into its bundle. Two things are fitted: per line style,
the probability that a row lies within 1 % of the track width (logistic score, then isotonic map), and
for whole curves, the mean squared error that their evidence foretells, with a conformal bound. The
report uses strips of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from veernet_core.config import DigitiseConfig
from veernet_core.curve import confidence, decode, physical, quality
from veernet_core.datatypes import (
    STYLES,
    CurveSpec,
    DepthAxis,
    RecoveredCurve,
    Section,
    Style,
    Trace,
)
from veernet_core.evaluation import Sample, align_laps, match_order, own_sample

F64 = NDArray[np.float64]
NEAR = 0.01
"""The event: within 1 % of the track width."""
SEVERITY = 0.6
"""Degradation of the strips calibrated on: ordinary paper, not the ruin that training also sees."""
MAX_INVENTED = 0.02
"""Largest share of invented values in a curve that may still be called good."""
THRESHOLDS = np.arange(-2.0, 0.3, 0.25)
"""log10(1 - R²) at which the error distribution is fitted."""
LEVELS = np.arange(0.0, 4.1, 0.2)
"""Logit levels tried for the pessimistic bound, from bold to cautious."""
TARGET_BAD = 0.05
"""Share of bad among accepted curves that the promise allows; one more than seen is counted."""
FLOOR = 1e-7
"""Least mean squared error told apart (0.03 % of the track width)."""


@dataclass(frozen=True, slots=True)
class TracedCurve:
    """One traced curve of a drawn strip with its truth, per row."""

    spec: CurveSpec
    siblings: tuple[CurveSpec, ...]
    trace: Trace
    truth: F64
    visible: NDArray[np.bool_]
    rows_per_ft: float


def trace_samples(
    predictor: Any,
    seed: int,
    count: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[TracedCurve]:
    """Draw strips of the training generator (seeds of their own) and trace them."""
    out: list[TracedCurve] = []
    rng = np.random.default_rng([seed, 5])
    for index in range(count):
        rows = int(rng.choice([512, 1024, 2048]))
        sample = own_sample(seed, index, rows=rows, severity=SEVERITY, most_curves=3)
        rows_per_ft = float(rng.choice([10.0, 4.0]))
        if sample.specs:
            out += _traced(predictor, sample, rows_per_ft)
        progress(index + 1, count)
    return out


def _traced(predictor: Any, sample: Sample, rows_per_ft: float) -> list[TracedCurve]:
    posterior = predictor.predict([sample.strip])[0]
    traces, _ = decode.trace_block(sample.strip, posterior, sample.specs)
    order = match_order(sample, [np.where(t.observed, t.frac, np.nan) for t in traces])
    return [
        TracedCurve(
            spec,
            sample.specs,
            traces[order[k]],
            align_laps(sample.frac[k], sample.visible[k], spec, traces[order[k]].frac),
            sample.visible[k],
            rows_per_ft,
        )
        for k, spec in enumerate(sample.specs)
    ]


def near_truth(curve: TracedCurve) -> NDArray[np.bool_]:
    """The event per row: a curve is there, and the trace is within 1 % of the track width."""
    dx = np.abs(curve.trace.frac - curve.truth)
    return np.asarray(curve.visible & (np.nan_to_num(dx, nan=1.0) <= NEAR))


def fit_confidence(curves: Sequence[TracedCurve]) -> dict[Style, confidence.ConfidenceMap]:
    """Fit score weights on one half of the strips and isotonic maps on the other."""
    maps: dict[Style, confidence.ConfidenceMap] = {}
    for style in STYLES:
        own = [c for c in curves if c.spec.style == style]
        if len(own) < 8:
            continue
        halves = [_rows(own[0::2]), _rows(own[1::2])]
        (x, y), (x2, y2) = halves
        model = LogisticRegression(C=10.0, max_iter=500).fit(x, y)
        weights = np.concatenate([model.coef_[0], model.intercept_])
        score = x2 @ weights[:-1] + weights[-1]
        maps[style] = confidence.ConfidenceMap(weights, _isotonic_knots(score, y2))
    return maps


def _rows(curves: Sequence[TracedCurve]) -> tuple[F64, NDArray[np.bool_]]:
    x = [confidence.row_features(c.trace.evidence, c.trace.frac)[::3] for c in curves]
    y = [near_truth(c)[::3] for c in curves]
    return np.concatenate(x), np.concatenate(y)


def _isotonic_knots(score: F64, y: NDArray[np.bool_], knots: int = 40) -> F64:
    """Isotonic fit thinned to quantiles of the score, so that it stays small and smooth."""
    fit = IsotonicRegression(out_of_bounds="clip").fit(score, y.astype(float))
    at = np.unique(np.quantile(score, np.linspace(0, 1, knots)))
    width = max(1, len(score) // (2 * knots))
    order = np.sort(score)
    value = [
        float(fit.predict(order[max(0, i - width) : i + width + 1]).mean())
        for i in np.searchsorted(order, at)
    ]
    # neither certainty nor impossibility can be learned from a finite sample
    value = np.maximum.accumulate(np.clip(value, 0.001, 0.999)).tolist()
    return np.column_stack([at, value])


def recovered(
    curve: TracedCurve, maps: confidence.ConfidenceMaps, config: DigitiseConfig
) -> tuple[RecoveredCurve, F64]:
    """The curve on regular depths exactly as the product makes it, and the truth there (frac).

    The truth is NaN where the pen was up; where ink was lost it stays, so that a bridge over lost
    ink is judged by where it leads.
    """
    rows = len(curve.trace.frac)
    axis = DepthAxis("ft", np.array([[0.0, 0.0], [rows - 1.0, (rows - 1.0) / curve.rows_per_ft]]))
    section = Section("drawn", 0.0, float(rows), axis, ())
    depth = physical.depth_grid(section, 0.5)
    sure = maps[curve.spec.style].probability(curve.trace.evidence, curve.trace.frac)
    result = physical.recover(curve.trace, sure, curve.spec, section, "T", depth, config)
    seen = np.isfinite(curve.truth)
    truth = np.full(len(depth), np.nan)
    if seen.sum() > 1:
        truth = np.interp(depth * curve.rows_per_ft, np.flatnonzero(seen), curve.truth[seen])
        nearest = np.rint(depth * curve.rows_per_ft).astype(int).clip(0, rows - 1)
        truth[~seen[nearest]] = np.nan
    return result, truth


def mean_square_error(result: RecoveredCurve, truth: F64) -> float:
    """Mean squared error in track widths² over samples with a value and a truth; NaN for none."""
    both = np.isfinite(result.frac) & np.isfinite(truth)
    if not both.any():
        return float("nan")
    return float(np.mean(np.minimum((result.frac - truth)[both] ** 2, 1.0)))


def invented_share(result: RecoveredCurve, truth: F64, slack: int = 2) -> float:
    """Share of values claimed as observed where the pen was up, more than ``slack`` samples away
    from drawn curve. Flagged bridges claim nothing."""
    drawn = binary_dilation(np.isfinite(truth), iterations=slack)
    given = np.isfinite(result.frac)
    return float((result.observed & given & ~drawn).sum() / max(1, given.sum()))


def fit_quality(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps
) -> quality.QualityModel:
    """Fit the error distribution, and set its bound where few accepted curves are bad.

    The bound is the boldest level at which the promise holds; where it holds at none, the level with
    the lowest risk. The eighteen weights are few beside the curves, but the report on fresh strips is
    what counts.
    """
    config = DigitiseConfig()
    usable = [c for c in curves if c.spec.style in maps]
    x, y = _evidence_and_error(usable, maps, config)
    centre, scale = x.mean(axis=0), x.std(axis=0) + 0.05
    z = np.clip((x - centre) / scale, -4, 4)
    # distribution regression: is the error below t, for many t at once
    stacked = np.vstack([np.column_stack([z, np.full(len(z), t)]) for t in THRESHOLDS])
    below = np.concatenate([y <= t for t in THRESHOLDS])
    model = LogisticRegression(C=0.1, max_iter=2000).fit(stacked, below)
    weights = model.coef_[0]
    draft = quality.QualityModel(
        centre, scale, weights[:-1], float(weights[-1]), float(model.intercept_[0]), 0.0
    )
    scores = [
        score_gate(usable, maps, replace(draft, level=float(level)), config) for level in LEVELS
    ]
    # one more bad curve than seen, so that few accepted curves do not look like a safe level
    risk = [(s.accepted_bad + 1) / (s.accepted + 2) for s in scores]
    safe = [k for k, r in enumerate(risk) if r <= TARGET_BAD]
    chosen = safe[0] if safe else int(np.argmin(risk))
    return replace(draft, level=float(LEVELS[chosen]))


def _evidence_and_error(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps, config: DigitiseConfig
) -> tuple[F64, F64]:
    """Features and log10(1 - R²) of the curves that have both."""
    rows = []
    for curve in curves:
        result, truth = recovered(curve, maps, config)
        error = mean_square_error(result, truth)
        if np.isfinite(error) and np.isfinite(result.value).sum() >= 10:
            features = quality.curve_features(result, curve.siblings)
            variance = quality.position_variance(result)
            rows.append((features, np.log10((error + FLOOR) / variance)))
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration of probabilities against events.

    Attributes
    ----------
    ece_width, ece_mass : float
        Expected calibration error over 15 bins of equal width and of equal mass.
    low, high : float
        95 % bootstrap interval of ``ece_mass``.
    gap_80 : float
        Mean probability minus share of events where the probability is >= 0.8; > 0: over-confident.
    bins : float64 [m, 3]
        Mean probability, share of events, count of the equal-width bins.
    """

    ece_width: float
    ece_mass: float
    low: float
    high: float
    gap_80: float
    bins: F64


def reliability(p: F64, event: NDArray[np.bool_], groups: F64, seed: int = 0) -> Reliability:
    """Measure calibration; the bootstrap resamples whole groups (curves), not rows."""
    width = np.clip((p * 15).astype(int), 0, 14)
    mass = np.searchsorted(np.quantile(p, np.linspace(0, 1, 16)[1:-1]), p)
    rng = np.random.default_rng(seed)
    names = np.unique(groups)
    members = [np.flatnonzero(groups == g) for g in names]
    draws = []
    for _ in range(60):
        take = np.concatenate([members[i] for i in rng.integers(0, len(names), len(names))])
        draws.append(_ece(p[take], event[take], mass[take]))
    high = p >= 0.8
    gap = float(p[high].mean() - event[high].mean()) if high.any() else float("nan")
    bins = [
        (float(p[width == b].mean()), float(event[width == b].mean()), float((width == b).sum()))
        for b in range(15)
        if (width == b).any()
    ]
    low, top = np.quantile(draws, [0.025, 0.975])
    return Reliability(
        _ece(p, event, width), _ece(p, event, mass), float(low), float(top), gap, np.array(bins)
    )


def _ece(p: F64, event: NDArray[np.bool_], bins: NDArray[np.integer]) -> float:
    total = 0.0
    for b in np.unique(bins):
        here = bins == b
        total += here.sum() * abs(float(p[here].mean()) - float(event[here].mean()))
    return float(total / max(1, len(p)))


def measure(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
) -> dict[str, dict[str, Reliability]]:
    """Reliability per style before (mass times presence) and after calibration."""
    out: dict[str, dict[str, Reliability]] = {}
    for style in maps:
        own = [c for c in curves if c.spec.style == style]
        if not own:
            continue
        event = np.concatenate([near_truth(c) for c in own])
        groups = np.concatenate([np.full(len(c.truth), k) for k, c in enumerate(own)])
        raw = np.concatenate([confidence.raw_confidence(c.trace.evidence) for c in own])
        sure = np.concatenate(
            [maps[style].probability(c.trace.evidence, c.trace.frac) for c in own]
        )
        out[style] = {
            "before": reliability(raw, event, groups.astype(float)),
            "after": reliability(sure, event, groups.astype(float)),
        }
    return out


@dataclass(frozen=True, slots=True)
class GateScore:
    """How the gate did on curves with truth."""

    curves: int
    accepted: int
    accepted_bad: int
    good: int
    good_accepted: int

    @property
    def bad_share(self) -> float:
        """Share of accepted curves whose true R² is below the threshold."""
        return self.accepted_bad / self.accepted if self.accepted else float("nan")

    @property
    def bad_share_upper(self) -> float:
        """Its 95 % upper bound (Clopper-Pearson)."""
        from scipy.stats import beta

        if not self.accepted:
            return float("nan")
        if self.accepted_bad == self.accepted:
            return 1.0
        return float(beta.ppf(0.95, self.accepted_bad + 1, self.accepted - self.accepted_bad))

    @property
    def good_share(self) -> float:
        """Share of truly good curves that were accepted."""
        return self.good_accepted / self.good if self.good else float("nan")


def score_gate(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
    model: quality.QualityModel,
    config: DigitiseConfig,
) -> GateScore:
    """Run the gate on traced curves and compare with their true R² (position for flat curves).

    Curves drawn alike are left out: the gate never accepts them without a point that names them.
    """
    counts = [0, 0, 0, 0, 0]
    for curve in curves:
        twins = sum(s.style == curve.spec.style for s in curve.siblings) > 1
        if curve.spec.style not in maps or curve.visible.mean() < 0.1 or twins:
            continue
        result, truth = recovered(curve, maps, config)
        estimate = quality.estimate(result, curve.siblings, float("nan"), model)
        flags = quality.trace_flags(result, curve.siblings)
        verdict = quality.judge(estimate, flags, config.gate)
        good = truly_good(result, truth, config)
        accepted = verdict.decision == "accept"
        for k, hit in enumerate((True, accepted, accepted and not good, good, good and accepted)):
            counts[k] += hit
    return GateScore(*counts)


def truly_good(result: RecoveredCurve, truth: F64, config: DigitiseConfig) -> bool:
    """Whether a curve deserves acceptance, from its truth: R² (position for flat curves), coverage of
    what was drawn, and hardly anything invented.
    """
    given, seen = np.isfinite(result.frac), np.isfinite(truth)
    both = given & seen
    if not both.any() or both.sum() < config.gate.min_coverage * seen.sum():
        return False
    if invented_share(result, truth) > MAX_INVENTED:
        return False
    error, spread = (result.frac - truth)[both], truth[both]
    if np.quantile(spread, 0.98) - np.quantile(spread, 0.02) < config.gate.flat_span_frac:
        return bool(100 * np.median(np.abs(error)) <= config.gate.flat_max_dx_pct)
    r2 = 1 - float(np.mean(error**2)) / (float(np.var(spread)) + 1e-12)
    return r2 >= config.gate.min_r2
