"""Drawn strips, traced, with their truth: what all calibration is fitted to and measured on.

In: a predictor and seeds. Out: traced curves and pixels of the mask, recovered curves and their outcome.
Does not belong here: any fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from veernet_core import metrics
from veernet_core.config import UNSEEN_BORDERS, DigitiseConfig
from veernet_core.curve import gate, physical
from veernet_core.curve.evidence import confidence, doubts, quality
from veernet_core.curve.tracking import traces as decode
from veernet_core.datatypes import (
    F64,
    CurveSpec,
    DepthAxis,
    Posterior,
    RecoveredCurve,
    Section,
    Trace,
)
from veernet_core.evaluation.drawings import Sample, match_order, wraps_between
from veernet_core.evaluation.papers import PAPERS, Paper, paper_samples
from veernet_core.strips import border_check

NEAR = 0.01
"""The event: within 1 % of the track width."""
COMPLETE = 0.8
"""Least share of what was drawn that must have a value in a curve that may be called whole."""
MAX_INVENTED = 0.02
"""Largest share of invented values in a curve that may still be called right."""
UNSEEN_NEAR = 0.02
"""Distance, track widths, within which a value is right though the pen was up: a curve whose pen lifts where it
lies on another one looks as if it went on."""
LEAST_PIXEL = 0.02
"""Pixels that the mask gives a class less than this are not asked about."""
PIXELS_PER_STRIP = 4000
FLOOR = 1e-7
"""Least mean squared error told apart (0.03 % of the track width)."""


@dataclass(frozen=True, slots=True)
class TracedCurve:
    """One traced curve of a drawn strip with its truth, per row; ``course``: the same, where the pen was up
    too; ``border_slack``: how far the left and the right border of its track may be off; ``paper``: the family
    it was drawn in.
    """

    spec: CurveSpec
    track_specs: tuple[CurveSpec, ...]
    trace: Trace
    truth: F64
    course: F64
    visible: NDArray[np.bool_]
    rows_per_ft: float
    border_slack: tuple[float, float] = UNSEEN_BORDERS
    paper: str = ""

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Rows that the trace gives a position, [rows]; the others have no confidence to be judged."""
        return np.isfinite(self.trace.frac)


@dataclass(frozen=True, slots=True)
class PixelEvidence:
    """What the mask head gives for some pixels of one strip, and what they are.

    Attributes
    ----------
    p : float32 [n, classes]
        Softmax of the mask, background first.
    label : uint8 [n]
    """

    p: NDArray[np.float32]
    label: NDArray[np.uint8]


def trace_sample(
    predictor: Any,
    seed: int,
    index: int,
    shapes: Sequence[F64] = (),
    papers: Mapping[str, Paper] = PAPERS,
) -> tuple[list[TracedCurve], list[PixelEvidence]]:
    """Draw track ``index`` (seeds of its own) and trace it; the families of paper take turns.

    Parameters
    ----------
    shapes : sequence of float64 [n]
        Real curve shapes; invented ones alone if empty.
    papers : str to Paper

    Returns
    -------
    curves : list of TracedCurve
    pixels : list of PixelEvidence
        Empty unless the predictor keeps masks.
    """
    rng = np.random.default_rng([seed, 5, index])
    rows = int(rng.choice([512, 512, 512, 1024]))
    rows_per_ft = float(rng.choice([10.0, 4.0]))
    family = list(papers)[index % len(papers)]
    curves: list[TracedCurve] = []
    pixels: list[PixelEvidence] = []
    for sample in paper_samples(papers[family], seed, index, rows, shapes):
        posterior = predictor.predict([sample.strip])[0]
        curves += [replace(c, paper=family) for c in traced(sample, posterior, rows_per_ft)]
        if posterior.mask is not None and sample.mask is not None:
            pixels.append(_pixels(sample.mask, posterior.mask, rng))
    return curves, pixels


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
    off = border_check.border_offsets(strip.printed, strip.left_col, strip.right_col)
    slack = border_check.border_slack(off)
    course = sample.frac if sample.course is None else sample.course
    curves = []
    for k, spec in enumerate(sample.specs):
        trace, visible = traces[order[k]], sample.visible[k]
        wraps = wraps_between(sample.frac[k], visible, spec, trace.frac)
        truth = sample.frac[k] + wraps
        curves.append(
            TracedCurve(
                spec,
                sample.track or sample.specs,
                trace,
                truth,
                course[k] + wraps,
                visible,
                rows_per_ft,
                slack,
            )
        )
    return curves


def near_truth(curve: TracedCurve) -> NDArray[np.bool_]:
    """The event per row: a curve is there, and the trace is within 1 % of the track width."""
    dx = np.abs(curve.trace.frac - curve.truth)
    return np.asarray(curve.visible & (np.nan_to_num(dx, nan=1.0) <= NEAR))


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
    trace, doubtful = doubts.withhold(curve.trace, axis.depth_at(curve.trace.scan_rows))
    sure = maps[curve.spec.style].probability(trace.evidence, trace.frac)
    result = physical.recover(trace, sure, curve.spec, section, "T", depth, config)
    result = replace(result, doubtful=doubtful)
    return result, _on_depth(curve.truth, curve, depth), _on_depth(curve.course, curve, depth)


def _on_depth(position: F64, curve: TracedCurve, depth: F64) -> F64:
    seen = np.isfinite(position)
    if seen.sum() < 2:
        return np.full(len(depth), np.nan)
    at = depth * curve.rows_per_ft
    nearest = np.rint(at).astype(int).clip(0, len(position) - 1)
    return np.where(seen[nearest], np.interp(at, np.flatnonzero(seen), position[seen]), np.nan)


@dataclass(frozen=True, slots=True)
class CurveOutcome:
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
    log_off : float
        log10 of the mean squared distance from the drawn line, track widths²; infinite where ``log_error`` is.
    """

    log_error: float
    right: bool
    complete: bool
    log_off: float = float("inf")

    @property
    def good(self) -> bool:
        """Whether the curve deserves acceptance."""
        return self.right and self.complete


def curve_outcome(
    result: RecoveredCurve, truth: F64, course: F64, config: DigitiseConfig
) -> CurveOutcome:
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
        return CurveOutcome(float("inf"), False, False)
    expected = seen
    if result.spec.wrap == "none":  # a pen that rides its stop beyond the border tells no value
        expected = seen & (given | ((truth >= 0) & (truth <= 1)))
    error, spread = (result.frac - truth)[both], truth[both]
    variance = float(np.var(spread))
    # of a curve that was drawn lively and recovered flat the truth tells how much is missing
    most = max(quality.position_variance(result), variance)
    off = np.mean(np.minimum(error**2, 1.0)) + FLOOR
    if metrics.span(spread) < config.gate.flat_span_frac:
        right = 100 * np.median(np.abs(error)) <= config.gate.flat_max_dx_pct
    else:
        right = 1 - np.mean(error**2) / (variance + 1e-12) >= config.gate.min_r2
    complete = both.sum() >= COMPLETE * expected.sum()
    log_error, log_off = float(np.log10(off / most)), float(np.log10(off))
    return CurveOutcome(log_error, bool(right), bool(complete), log_off)


def invented_share(result: RecoveredCurve, truth: F64, course: F64, slack: int = 2) -> float:
    """Share of values claimed as observed where the pen was up, more than ``slack`` samples away
    from drawn curve, and not where the curve went unseen. Flagged bridges claim nothing.
    """
    drawn = binary_dilation(np.isfinite(truth), iterations=slack)
    given = np.isfinite(result.frac)
    unseen = np.abs(result.frac - course) <= UNSEEN_NEAR
    return float((result.observed & given & ~drawn & ~unseen).sum() / max(1, given.sum()))


@dataclass(frozen=True, slots=True)
class Case:
    """One curve as the gate sees it, and what is true of it.

    Attributes
    ----------
    features : float64 [n_features]
    outcome : CurveOutcome
    result : RecoveredCurve
    track_specs : tuple of CurveSpec
    flags : tuple of str
        Reasons seen on the curve itself.
    depth_residual : float
    border_slack : tuple of float
    """

    features: F64
    outcome: CurveOutcome
    result: RecoveredCurve
    track_specs: tuple[CurveSpec, ...]
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

    Curves of the same style are left out (the gate never accepts them without a point that names them), and
    curves of which hardly anything is visible, unless ``everything`` is asked for.
    """
    cases = []
    for curve in curves:
        own = curve.spec.style, curve.spec.colour
        same_style = sum((s.style, s.colour) == own for s in curve.track_specs) > 1
        if curve.spec.style not in maps or (
            not everything and (same_style or curve.visible.mean() < 0.1)
        ):
            continue
        result, truth, course = recovered(curve, maps, config)
        cases.append(
            Case(
                quality.curve_features(result, curve.track_specs),
                curve_outcome(result, truth, course, config),
                result,
                curve.track_specs,
                gate.trace_flags(result, curve.track_specs),
                border_slack=curve.border_slack,
            )
        )
    return cases
