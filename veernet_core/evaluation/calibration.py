"""Calibration: what the evidence of a trace is worth, measured on drawings with truth.

In: a predictor; out: the JSON values that go into its bundle. Two things are fitted: per line style,
the probability that a row lies within 1 % of the track width (logistic score, then isotonic map), and
for whole curves, the mean squared error that their evidence foretells, with a bound set on curves left
out of the fit. All fits are monotone: better evidence never lowers a confidence or an estimate.
The report uses strips of its own, and sets the product's maps beside plainer ones (``compare_maps``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, logit
from scipy.stats import beta
from sklearn.isotonic import IsotonicRegression

from veernet_core import metrics
from veernet_core.config import UNSEEN_BORDERS, DigitiseConfig
from veernet_core.curve import gate, physical
from veernet_core.curve.evidence import confidence, doubts, quality
from veernet_core.curve.tracking import traces as decode
from veernet_core.datatypes import (
    F64,
    STYLES,
    CurveSpec,
    DepthAxis,
    Posterior,
    RecoveredCurve,
    Section,
    Style,
    Trace,
)
from veernet_core.evaluation.drawings import Sample, laps_between, match_order, own_sample
from veernet_core.strips import border_check
from veernet_core.synth.strips import SynthConfig

NEAR = 0.01
"""The event: within 1 % of the track width."""
SEVERITY = 0.6
"""Degradation of the strips calibrated on: ordinary paper, not the ruin that training also sees."""
EVENER_SHARE = (0.42, 0.3, 0.28)
"""Of line styles: dotted curves are rare, and each class needs enough of them to be measured."""
MAX_INVENTED = 0.02
"""Largest share of invented values in a curve that may still be called right."""
UNSEEN_NEAR = 0.02
"""Distance, track widths, within which a value is right though the pen was up: a curve whose pen lifts where it
lies on another one looks as if it went on."""
THRESHOLDS = np.arange(-2.0, 0.3, 0.25)
"""log10(1 - R²) at which the error distribution is fitted."""
LEVELS = np.arange(0.0, 5.01, 0.05)
"""Logit levels tried for the pessimistic bound, from bold to cautious."""
TARGET_BAD = 0.05
"""Share of bad among accepted curves that the promise allows."""
LEVEL_BAD = 0.038
"""The same when the bound is set: so much less that half as many fresh curves, of which the same share is
bad, bear the promise out."""
FOLDS = 5
"""Parts of the curves: the bound is set on each with an estimator fitted to the others."""
LEAST_PIXEL = 0.02
"""Pixels that the mask gives a class less than this are not asked about."""
PIXELS_PER_STRIP = 4000
FLOOR = 1e-7
"""Least mean squared error told apart (0.03 % of the track width)."""


@dataclass(frozen=True, slots=True)
class TracedCurve:
    """One traced curve of a drawn strip with its truth, per row; ``course``: the same, where the pen was up
    too; ``border_slack``: how far the left and the right border of its track may be off."""

    spec: CurveSpec
    siblings: tuple[CurveSpec, ...]
    trace: Trace
    truth: F64
    course: F64
    visible: NDArray[np.bool_]
    rows_per_ft: float
    border_slack: tuple[float, float] = UNSEEN_BORDERS

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Rows that the trace gives a position, [rows]; the others have no confidence to be judged."""
        return np.isfinite(self.trace.frac)


@dataclass(frozen=True, slots=True)
class PixelEvidence:
    """What head A said of some pixels of one strip, and what they are.

    Attributes
    ----------
    p : float32 [n, classes]
        Softmax of the mask, background first.
    label : uint8 [n]
    """

    p: NDArray[np.float32]
    label: NDArray[np.uint8]


def trace_sample(
    predictor: Any, seed: int, index: int, severity: float = SEVERITY
) -> tuple[list[TracedCurve], PixelEvidence | None]:
    """Draw strip ``index`` of the training generator (seeds of its own) and trace it.

    Parameters
    ----------
    severity : float
        Largest degradation.

    Returns
    -------
    curves : list of TracedCurve
    pixels : PixelEvidence or None
        None unless the predictor keeps masks.
    """
    rng = np.random.default_rng([seed, 5, index])
    rows = int(rng.choice([512, 1024, 2048]))
    drawn = SynthConfig(rows, max_severity=severity, max_curves=3, style_share=EVENER_SHARE)
    sample = own_sample(seed, index, drawn)
    rows_per_ft = float(rng.choice([10.0, 4.0]))
    if not sample.specs:
        return [], None
    posterior = predictor.predict([sample.strip])[0]
    curves = traced(sample, posterior, rows_per_ft)
    if posterior.mask is None or sample.mask is None:
        return curves, None
    return curves, _pixels(sample.mask, posterior.mask, rng)


def _pixels(
    truth: NDArray[np.uint8], mask: NDArray[np.float16], rng: np.random.Generator
) -> PixelEvidence:
    """A sample of the pixels that any curve class is given a chance."""
    rows, cols = np.nonzero(mask[1:].max(axis=0) >= LEAST_PIXEL)
    take = rng.permutation(len(rows))[:PIXELS_PER_STRIP]
    rows, cols = rows[take], cols[take]
    return PixelEvidence(mask[:, rows, cols].T.astype(np.float32), truth[rows, cols])


def traced(sample: Sample, posterior: Posterior, rows_per_ft: float) -> list[TracedCurve]:
    """Follow the curves of a drawn strip, each matched to its truth."""
    traces, _ = decode.trace_block(sample.strip, posterior, sample.specs)
    order = match_order(sample, [np.where(t.observed, t.frac, np.nan) for t in traces])
    strip = sample.strip
    off = border_check.border_offsets(strip.ink, strip.left_col, strip.right_col)
    slack = border_check.border_slack(off)
    course = sample.frac if sample.course is None else sample.course
    curves = []
    for k, spec in enumerate(sample.specs):
        trace, visible = traces[order[k]], sample.visible[k]
        laps = laps_between(sample.frac[k], visible, spec, trace.frac)
        truth = sample.frac[k] + laps
        curves.append(
            TracedCurve(
                spec, sample.specs, trace, truth, course[k] + laps, visible, rows_per_ft, slack
            )
        )
    return curves


def near_truth(curve: TracedCurve) -> NDArray[np.bool_]:
    """The event per row: a curve is there, and the trace is within 1 % of the track width."""
    dx = np.abs(curve.trace.frac - curve.truth)
    return np.asarray(curve.visible & (np.nan_to_num(dx, nan=1.0) <= NEAR))


def fit_confidence(curves: Sequence[TracedCurve]) -> dict[Style, confidence.ConfidenceMap]:
    """Fit score weights and isotonic maps per line style.

    The eight weights are few beside the rows, so both steps use all curves.
    """
    maps: dict[Style, confidence.ConfidenceMap] = {}
    for style in STYLES:
        own = [c for c in curves if c.spec.style == style]
        if len(own) < 8:
            continue
        x, y = _rows(own)
        if y.all() or not y.any():
            continue
        weights = fit_logistic(x, y, _CONFIDENCE_SIGNS, penalty=1e-4)
        score = x @ weights[:-1] + weights[-1]
        # rows of one curve stand or fall together: curves, not rows, bound what can be told apart
        knots = int(np.clip(len(own) // 4, 6, 40))
        maps[style] = confidence.ConfidenceMap(weights, isotonic_knots(score, y, knots))
    return maps


_CONFIDENCE_SIGNS = np.array([1, 1, 1, 1, 1, 1, -1, -1])
"""Mass, presence, ink and margin speak for a row; sideways movement against it."""


def fit_logistic(
    x: F64, y: NDArray[np.bool_], signs: NDArray[np.integer], penalty: float
) -> NDArray[np.float64]:
    """Logistic weights and, last, the intercept, by penalised likelihood under sign constraints.

    Parameters
    ----------
    x : float64 [n, k]
    y : bool [n]
    signs : int [k]
        1: the weight may not be negative; -1: not positive; 0: free.
    penalty : float
        Of half the sum of squared weights, per row.

    Returns
    -------
    float64 [k + 1]
    """
    target = 2.0 * y - 1

    def loss(w: F64) -> tuple[float, F64]:
        margin = target * (x @ w[:-1] + w[-1])
        pull = -target * expit(-margin) / len(x)
        gradient = np.concatenate([x.T @ pull + penalty * w[:-1], [pull.sum()]])
        value = np.logaddexp(0, -margin).mean() + penalty / 2 * (w[:-1] ** 2).sum()
        return float(value), gradient

    bounds = [(0.0 if s > 0 else None, 0.0 if s < 0 else None) for s in signs]
    start = np.zeros(x.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    return np.asarray(found.x)


def _rows(curves: Sequence[TracedCurve]) -> tuple[F64, NDArray[np.bool_]]:
    x = [confidence.row_features(c.trace.evidence, c.trace.frac)[c.placed][::3] for c in curves]
    y = [near_truth(c)[c.placed][::3] for c in curves]
    return np.concatenate(x), np.concatenate(y)


def isotonic_knots(score: F64, y: NDArray[np.bool_], knots: int = 40) -> F64:
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
) -> tuple[RecoveredCurve, F64, F64]:
    """The curve on regular depths exactly as the product makes it, and the truth there (frac): as drawn, and
    its course where the pen was up, too.

    The truth is NaN where the pen was up; where ink was lost it stays, so that a bridge over lost
    ink is judged by where it leads.
    """
    rows = len(curve.trace.frac)
    axis = DepthAxis("ft", np.array([[0.0, 0.0], [rows - 1.0, (rows - 1.0) / curve.rows_per_ft]]))
    section = Section("drawn", 0.0, float(rows), axis, ())
    depth = physical.depth_grid(section, 0.5)
    trace, _ = doubts.withhold(curve.trace, axis.depth_at(curve.trace.scan_rows))
    sure = maps[curve.spec.style].probability(trace.evidence, trace.frac)
    result = physical.recover(trace, sure, curve.spec, section, "T", depth, config)
    return result, _on_depth(curve.truth, curve, depth), _on_depth(curve.course, curve, depth)


def _on_depth(position: F64, curve: TracedCurve, depth: F64) -> F64:
    seen = np.isfinite(position)
    if seen.sum() < 2:
        return np.full(len(depth), np.nan)
    at = depth * curve.rows_per_ft
    nearest = np.rint(at).astype(int).clip(0, len(position) - 1)
    return np.where(seen[nearest], np.interp(at, np.flatnonzero(seen), position[seen]), np.nan)


@dataclass(frozen=True, slots=True)
class Merit:
    """What is true of a recovered curve.

    Attributes
    ----------
    log_error : float
        log10(1 - R²) as the gate counts it, against the variance that was recovered; infinite where no R²
        would redeem the curve: nothing to compare, or too much invented.
    right : bool
        Whether R² reaches the threshold (for flat curves the position) and hardly anything is invented.
    complete : bool
        Whether enough was recovered of what was drawn. A right curve that is not is neither good nor bad: it
        says nothing false.
    """

    log_error: float
    right: bool
    complete: bool

    @property
    def good(self) -> bool:
        """Whether the curve deserves acceptance."""
        return self.right and self.complete


def merit(result: RecoveredCurve, truth: F64, course: F64, config: DigitiseConfig) -> Merit:
    """Judge a recovered curve by its truth.

    Parameters
    ----------
    truth : float64 [n]
        Position; NaN where the pen was up.
    course : float64 [n]
        The same where the pen was up, too, as far as known.
    """
    seen, given = np.isfinite(truth), np.isfinite(result.frac)
    both = given & seen
    if not both.any() or invented_share(result, truth, course) > MAX_INVENTED:
        return Merit(float("inf"), False, False)
    asked = seen
    if result.spec.wrap == "none":  # a pen that rides its stop beyond the border tells no value
        asked = seen & (given | ((truth >= 0) & (truth <= 1)))
    error, spread = (result.frac - truth)[both], truth[both]
    variance = float(np.var(spread))
    # of a curve that was drawn lively and recovered flat the truth tells how much is missing
    most = max(quality.position_variance(result), variance)
    log_error = np.log10((np.mean(np.minimum(error**2, 1.0)) + FLOOR) / most)
    if metrics.span(spread) < config.gate.flat_span_frac:
        right = 100 * np.median(np.abs(error)) <= config.gate.flat_max_dx_pct
    else:
        right = 1 - np.mean(error**2) / (variance + 1e-12) >= config.gate.min_r2
    complete = both.sum() >= config.gate.min_coverage * asked.sum()
    return Merit(float(log_error), bool(right), bool(complete))


def invented_share(result: RecoveredCurve, truth: F64, course: F64, slack: int = 2) -> float:
    """Share of values claimed as observed where the pen was up, more than ``slack`` samples away
    from drawn curve, and not where the curve went unseen. Flagged bridges claim nothing."""
    drawn = binary_dilation(np.isfinite(truth), iterations=slack)
    given = np.isfinite(result.frac)
    unseen = np.abs(result.frac - course) <= UNSEEN_NEAR
    return float((result.observed & given & ~drawn & ~unseen).sum() / max(1, given.sum()))


def fit_quality(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps
) -> quality.QualityModel:
    """Fit the error distribution, and set its bound where few accepted curves are bad.

    The bound is the boldest level at which the share of bad is below ``LEVEL_BAD`` with 95 % confidence on
    curves left out of the fit (five folds); where it is at none, the level with the lowest risk. Risk can
    only grow with boldness, so that what was counted is smoothed to grow (greatest convex minorant): one
    unlucky curve among few does not decide.
    """
    config = DigitiseConfig()
    cases = judged_cases([c for c in curves if c.spec.style in maps], maps, config)
    x = np.array([case.features for case in cases])
    y = np.array([case.merit.log_error for case in cases])
    fit = np.array([quality.coverage(c.result)[0] >= config.gate.min_coverage for c in cases])
    fold = np.arange(len(cases)) % FOLDS
    counts = np.zeros((len(LEVELS), 2))
    for k in range(FOLDS):
        draft = _fit_error(x[fit & (fold != k)], y[fit & (fold != k)])
        for case in (case for case, f in zip(cases, fold) if f == k):
            counts[: _levels_accepted(case, draft, config)] += (1, not case.merit.right)
    risk = upper_bound(counts[:, 0], _growing(counts[:, 0], counts[:, 1]))
    safe = np.flatnonzero(risk <= LEVEL_BAD)
    chosen = int(safe[0]) if len(safe) else int(np.argmin(np.nan_to_num(risk, nan=1.0)))
    return replace(_fit_error(x[fit], y[fit]), level=float(LEVELS[chosen]))


def upper_bound(accepted: F64, bad: F64) -> F64:
    """95 % upper bound of the share of bad curves (Clopper-Pearson); NaN where none is accepted."""
    accepted, bad = np.asarray(accepted, float), np.asarray(bad, float)
    bound = beta.ppf(0.95, bad + 1, np.maximum(accepted - bad, 1e-9))
    return np.asarray(np.where(accepted > 0, np.where(bad >= accepted, 1.0, bound), np.nan))


def _growing(accepted: F64, bad: F64) -> F64:
    """Bad curves at each level, from the boldest on, smoothed so that their share grows with the
    number accepted."""
    cautious = np.argsort(accepted, kind="stable")
    n, b = np.append(0.0, accepted[cautious]), np.append(0.0, bad[cautious])
    hull = [0]
    for k in range(1, len(n)):
        if n[k] == n[hull[-1]]:
            continue
        while len(hull) > 1 and (b[k] - b[hull[-2]]) * (n[hull[-1]] - n[hull[-2]]) <= (
            b[hull[-1]] - b[hull[-2]]
        ) * (n[k] - n[hull[-2]]):
            hull.pop()
        hull.append(k)
    return np.asarray(np.interp(accepted, n[hull], b[hull]))


def _levels_accepted(case: Case, draft: quality.QualityModel, config: DigitiseConfig) -> int:
    """How many levels, from the boldest on, accept a case; a more cautious one never does alone."""

    def refused(level: float) -> bool:
        return not count_cases([case], replace(draft, level=level), config).accepted

    return bisect_left(LEVELS.tolist(), True, key=refused)


def _fit_error(x: F64, y: F64) -> quality.QualityModel:
    """Distribution regression: is the error below t, for many t at once."""
    centre, scale = x.mean(axis=0), x.std(axis=0) + 0.05
    z = np.clip((x - centre) / scale, -4, 4)
    stacked = np.vstack([np.column_stack([z, np.full(len(z), t)]) for t in THRESHOLDS])
    below = np.concatenate([y <= t for t in THRESHOLDS])
    penalty = 10.0 / max(1, len(stacked))
    weights = fit_logistic(stacked, below, np.append(quality.FEATURE_SIGNS, 1), penalty)
    # a fit without slope in t would have no quantiles
    steepness = max(float(weights[-2]), 0.1)
    return quality.QualityModel(centre, scale, weights[:-2], steepness, float(weights[-1]), 0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """One curve as the gate sees it, and what is true of it.

    Attributes
    ----------
    features : float64 [n_features]
    merit : Merit
    result : RecoveredCurve
    siblings : tuple of CurveSpec
    flags : tuple of str
        Reasons seen on the curve itself.
    depth_residual : float
    border_slack : tuple of float
    """

    features: F64
    merit: Merit
    result: RecoveredCurve
    siblings: tuple[CurveSpec, ...]
    flags: tuple[str, ...]
    depth_residual: float = float("nan")
    border_slack: tuple[float, float] = UNSEEN_BORDERS


def judged_cases(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
    config: DigitiseConfig,
    everything: bool = False,
) -> list[Case]:
    """Put traced curves on depths and compare them with their truth.

    Curves drawn alike are left out (the gate never accepts them without a point that names them), and
    curves of which hardly anything is visible, unless ``everything`` is asked for.
    """
    cases = []
    for curve in curves:
        twins = sum(s.style == curve.spec.style for s in curve.siblings) > 1
        if curve.spec.style not in maps or (
            not everything and (twins or curve.visible.mean() < 0.1)
        ):
            continue
        result, truth, course = recovered(curve, maps, config)
        cases.append(
            Case(
                quality.curve_features(result, curve.siblings),
                merit(result, truth, course, config),
                result,
                curve.siblings,
                gate.trace_flags(result, curve.siblings),
                border_slack=curve.border_slack,
            )
        )
    return cases


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration of probabilities against events.

    Attributes
    ----------
    ece_width, ece_mass : float
        Expected calibration error over 15 bins of equal width and of equal mass.
    low, high : float
        95 % bootstrap interval of ``ece_mass``.
    low_width, high_width : float
        The same of ``ece_width``.
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
    low_width: float = float("nan")
    high_width: float = float("nan")


def reliability(p: F64, event: NDArray[np.bool_], groups: F64, seed: int = 0) -> Reliability:
    """Measure calibration; the bootstrap resamples whole groups (curves), not rows."""
    width = np.clip((p * 15).astype(int), 0, 14)
    mass = np.searchsorted(np.quantile(p, np.linspace(0, 1, 16)[1:-1]), p)
    draws = np.column_stack(
        [_resampled_ece(p, event, bins, groups, seed) for bins in (width, mass)]
    )
    high = p >= 0.8
    gap = float(p[high].mean() - event[high].mean()) if high.any() else float("nan")
    bins = [
        (float(p[width == b].mean()), float(event[width == b].mean()), float((width == b).sum()))
        for b in range(15)
        if (width == b).any()
    ]
    ends = np.quantile(draws, [0.025, 0.975], axis=0)
    return Reliability(
        _ece(p, event, width),
        _ece(p, event, mass),
        float(ends[0, 1]),
        float(ends[1, 1]),
        gap,
        np.array(bins),
        float(ends[0, 0]),
        float(ends[1, 0]),
    )


def _resampled_ece(
    p: F64, event: NDArray[np.bool_], bins: NDArray[np.integer], groups: F64, seed: int
) -> F64:
    """ECE of 200 draws of whole groups with replacement, float64 [200]."""
    names, group = np.unique(groups, return_inverse=True)
    cells, columns = len(names), int(bins.max()) + 1
    flat = group * columns + bins
    gap = np.bincount(flat, p - event, cells * columns).reshape(cells, columns)
    rows = np.bincount(group, minlength=cells)
    weight = np.random.default_rng(seed).multinomial(cells, np.full(cells, 1 / cells), 200)
    return np.asarray(np.abs(weight @ gap).sum(axis=1) / (weight @ rows))


def _ece(p: F64, event: NDArray[np.bool_], bins: NDArray[np.integer]) -> float:
    total = 0.0
    for b in np.unique(bins):
        here = bins == b
        total += here.sum() * abs(float(p[here].mean()) - float(event[here].mean()))
    return float(total / max(1, len(p)))


def measure(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
) -> dict[Style, dict[str, Reliability]]:
    """Reliability per style before (mass times presence) and after calibration."""
    out: dict[Style, dict[str, Reliability]] = {}
    for style, asked in row_forecasts(curves, maps).items():
        sure = np.concatenate(
            [
                maps[style].probability(c.trace.evidence, c.trace.frac)[c.placed]
                for c in curves
                if c.spec.style == style
            ]
        )
        out[style] = {
            "before": reliability(asked.p, asked.event, asked.group),
            "after": reliability(sure, asked.event, asked.group),
        }
    return out


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Probabilities, what happened, and which of them belong together (one curve, one strip)."""

    p: F64
    event: NDArray[np.bool_]
    group: F64


def row_forecasts(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps
) -> dict[Style, Forecasts]:
    """Per style the uncalibrated confidence of every row with a position, and whether it was near."""
    out: dict[Style, Forecasts] = {}
    for style in maps:
        own = [c for c in curves if c.spec.style == style]
        if own:
            out[style] = Forecasts(
                np.concatenate(
                    [confidence.raw_confidence(c.trace.evidence[c.placed]) for c in own]
                ),
                np.concatenate([near_truth(c)[c.placed] for c in own]),
                np.concatenate([np.full(c.placed.sum(), float(k)) for k, c in enumerate(own)]),
            )
    return out


def pixel_forecasts(pixels: Sequence[PixelEvidence]) -> dict[Style, Forecasts]:
    """Per style the mask's probability of the class, and whether the pixel is of that class."""
    out: dict[Style, Forecasts] = {}
    for k, style in enumerate(STYLES, start=1):
        parts = [
            (e.p[given, k].astype(np.float64), e.label[given] == k, np.full(given.sum(), float(i)))
            for i, e in enumerate(pixels)
            if e.p.shape[1] > k
            for given in [e.p[:, k] >= LEAST_PIXEL]
        ]
        if parts and sum(len(p) for p, _, _ in parts):
            out[style] = Forecasts(*(np.concatenate(column) for column in zip(*parts)))
    return out


def temperature(p: F64, event: NDArray[np.bool_]) -> float:
    """Temperature of greatest likelihood: ``expit(logit(p) / T)`` forecasts the event."""
    score = _logit(p)
    sign = 2.0 * event - 1

    def loss(log_t: float) -> float:
        return float(np.logaddexp(0, -sign * score * np.exp(-log_t)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def _logit(p: F64) -> F64:
    return np.asarray(logit(np.clip(p, 1e-4, 1 - 1e-4)))


@dataclass(frozen=True, slots=True)
class MapStudy:
    """One event before and after several maps, per style, on forecasts that fitted none of them.

    Attributes
    ----------
    measured : style to map to Reliability
        Maps: ``before``; ``temperature`` and ``isotonic``, one per style; ``global_temperature``,
        one for all styles together.
    pooled : map to Reliability
        All styles in one diagram: what pooling hides.
    temperatures : style, or ``global``, to temperature
    """

    measured: Mapping[Style, Mapping[str, Reliability]]
    pooled: Mapping[str, Reliability]
    temperatures: Mapping[str, float]


def compare_maps(fit: dict[Style, Forecasts], test: dict[Style, Forecasts]) -> MapStudy:
    """Fit plain maps on one set of forecasts and measure them on another."""
    styles = [style for style in fit if style in test]
    everything = temperature(
        np.concatenate([fit[s].p for s in styles]), np.concatenate([fit[s].event for s in styles])
    )
    temperatures = {"global": everything}
    mapped: dict[str, dict[str, F64]] = {}
    for style in styles:
        own = temperature(fit[style].p, fit[style].event)
        knots = isotonic_knots(fit[style].p, fit[style].event)
        temperatures[style] = own
        p = test[style].p
        mapped[style] = {
            "before": p,
            "temperature": np.asarray(expit(_logit(p) / own)),
            "isotonic": np.interp(p, knots[:, 0], knots[:, 1]),
            "global_temperature": np.asarray(expit(_logit(p) / everything)),
        }
    measured = {
        style: {
            name: reliability(q, test[style].event, test[style].group)
            for name, q in mapped[style].items()
        }
        for style in styles
    }
    events = np.concatenate([test[s].event for s in styles])
    groups = np.concatenate([1e6 * k + test[s].group for k, s in enumerate(styles)])
    pooled = {
        name: reliability(np.concatenate([mapped[s][name] for s in styles]), events, groups)
        for name in ("before", "global_temperature")
    }
    return MapStudy(measured, pooled, temperatures)


@dataclass(frozen=True, slots=True)
class GateScore:
    """How the gate did on curves with truth."""

    curves: int
    accepted: int
    accepted_bad: int
    accepted_incomplete: int
    good: int
    good_accepted: int

    @property
    def bad_share(self) -> float:
        """Share of accepted curves whose true R² is below the threshold."""
        return self.accepted_bad / self.accepted if self.accepted else float("nan")

    @property
    def bad_share_upper(self) -> float:
        """Its 95 % upper bound (Clopper-Pearson)."""
        return float(upper_bound(np.array(self.accepted), np.array(self.accepted_bad)))

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
    """Run the gate on traced curves and compare with their true R² (position for flat curves)."""
    return count_cases(judged_cases(curves, maps, config), model, config)


def count_cases(
    cases: Sequence[Case], model: quality.QualityModel | None, config: DigitiseConfig
) -> GateScore:
    """Run the gate on cases; None is a bundle without calibration, which accepts nothing."""
    counts = [0] * 6
    for case in cases:
        estimate = quality.estimate(
            case.result, case.siblings, case.depth_residual, model, case.border_slack
        )
        verdict = gate.judge(estimate, case.flags, config.gate)
        accepted = verdict.decision == "accept"
        good = case.merit.good
        bad = accepted and not case.merit.right
        incomplete = accepted and not bad and not good
        hits = (True, accepted, bad, incomplete, good, good and accepted)
        for k, hit in enumerate(hits):
            counts[k] += hit
    return GateScore(*counts)
