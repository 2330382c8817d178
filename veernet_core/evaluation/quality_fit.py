"""Fit of the quality of whole curves: the error their evidence foretells, with a bound set on other paper."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv

from veernet_core.config import DigitiseConfig
from veernet_core.curve import gate
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import (
    F64,
)
from veernet_core.evaluation.confidence_fit import fit_confidence, fit_logistic
from veernet_core.evaluation.traced import Case, TracedCurve, judged_cases

THRESHOLDS = np.arange(-2.0, 0.3, 0.25)
"""log10(1 - R²) at which the error distribution is fitted."""
DISTANCES = np.arange(-6.5, -2.4, 0.25)
"""The same for the mean squared distance from the drawn line: 0.06 to 6 % of the track width."""
LEVELS = np.arange(0.0, 5.01, 0.05)
"""Logit levels tried for the pessimistic bound, from permissive to strict."""
TARGET_BAD = 0.05
"""Share of bad among accepted curves that the promise allows."""
LEVEL_BAD = 0.038
"""The same when the bound is set: so much less that half as many fresh curves, of which the same share is
bad, bear the promise out."""
FOLDS = 5
"""Parts of curves that are of one family of paper: nothing unfamiliar can be held back from them."""


@dataclass(frozen=True, slots=True)
class QualityFit:
    """The fitted model, and how it did on every part of the curves that its draft had not seen.

    Attributes
    ----------
    model : QualityModel
    left_out : str to GateScore
        By family of paper: maps and draft fitted on the other families, at the level of ``model``.
    """

    model: quality.QualityModel
    left_out: Mapping[str, GateScore]


@dataclass(frozen=True, slots=True)
class _Part:
    """Curves, and the draft that did not see them."""

    name: str
    cases: Sequence[Case]
    draft: quality.QualityModel


def fit_quality(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps, most_bad: float = LEVEL_BAD
) -> QualityFit:
    """Fit the error distribution, and set its bound where few accepted curves are bad.

    The bound is the boldest level at which the share of bad is below ``most_bad`` with 95 % confidence on
    curves whose whole family of paper was left out of the fit, of the maps of confidence too; where it is at
    none, the level with the lowest risk. Risk can only grow with boldness, so that what was counted is
    smoothed to grow (greatest convex minorant): one unlucky curve among few does not decide.
    """
    config = DigitiseConfig()
    curves = _with_borders_known([c for c in curves if c.spec.style in maps])
    parts = _parts(curves, maps, config)
    counts = np.zeros((len(LEVELS), 2))
    for part in parts:
        for case in part.cases:
            counts[: _levels_accepted(case, part.draft, config)] += (1, not case.outcome.right)
    risk = upper_bound(counts[:, 0], _growing(counts[:, 0], counts[:, 1]))
    level = _boldest(risk, most_bad)
    model = replace(_fit_cases(judged_cases(curves, maps, config), config), level=level)
    scores = {p.name: count_cases(p.cases, replace(p.draft, level=level), config) for p in parts}
    return QualityFit(model, scores)


def fit_level(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
    model: quality.QualityModel,
    most_bad: float = TARGET_BAD,
) -> quality.QualityModel:
    """A model with its weights as they are and its bound set anew, borders known; how far curves lie off, by
    which flat ones are judged, is fitted to the same curves.

    The bound is the boldest level at which the share of bad is below ``most_bad`` with 95 % confidence, as
    counted and as smoothed to grow with boldness; where it is at none, the level with the lowest risk.
    """
    config = DigitiseConfig()
    cases = judged_cases(_with_borders_known(curves), maps, config)
    model = replace(model, position=_fit_cases(cases, config).position)
    counts = np.zeros((len(LEVELS), 2))
    for case in cases:
        counts[: _levels_accepted(case, model, config)] += (1, not case.outcome.right)
    accepted, bad = counts.T
    smoothed = upper_bound(accepted, _growing(accepted, bad))
    return replace(
        model, level=_boldest(np.maximum(smoothed, upper_bound(accepted, bad)), most_bad)
    )


def _boldest(risk: F64, most_bad: float) -> float:
    """The most permissive level whose risk is small enough, else the one with the lowest."""
    safe = np.flatnonzero(risk <= most_bad)
    chosen = int(safe[0]) if len(safe) else int(np.argmin(np.nan_to_num(risk, nan=1.0)))
    return float(LEVELS[chosen])


def score_families(
    curves: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
    model: quality.QualityModel,
    config: DigitiseConfig,
) -> dict[str, GateScore]:
    """How the gate did on each family of paper, its borders known, by a model that was fitted before."""
    curves = _with_borders_known(curves)
    families = dict.fromkeys(c.paper for c in curves)
    return {
        f: score_gate([c for c in curves if c.paper == f], maps, model, config) for f in families
    }


def _with_borders_known(curves: Sequence[TracedCurve]) -> list[TracedCurve]:
    """Truth is measured between the nominal borders: that they could be off is no error of drawn curves."""
    return [replace(c, border_slack=(0.0, 0.0)) for c in curves]


def _parts(
    curves: Sequence[TracedCurve], maps: confidence.ConfidenceMaps, config: DigitiseConfig
) -> list[_Part]:
    """Families of paper, each with a draft fitted on the others; where there is one only, fifths of it."""
    families = list(dict.fromkeys(c.paper for c in curves))
    if len(families) < 2:
        cases = judged_cases(curves, maps, config)
        fifths = [cases[k::FOLDS] for k in range(FOLDS)]
        rest = [[c for j, f in enumerate(fifths) if j != k for c in f] for k in range(FOLDS)]
        return [
            _Part(f"part {k + 1}", own, _fit_cases(others, config))
            for k, (own, others) in enumerate(zip(fifths, rest))
        ]
    parts = []
    for family in families:
        others = [c for c in curves if c.paper != family]
        # a style that too few of the others have keeps its map
        unseen = {**maps, **fit_confidence(others)}
        own = judged_cases([c for c in curves if c.paper == family], unseen, config)
        draft = _fit_cases(judged_cases(others, unseen, config), config)
        parts.append(_Part(family, own, draft))
    return parts


def _fit_cases(cases: Sequence[Case], config: DigitiseConfig) -> quality.QualityModel:
    """The error distribution of cases of which enough was recovered."""
    used = [c for c in cases if quality.coverage(c.result)[0] >= config.gate.min_coverage]
    x = np.array([c.features for c in used])
    unexplained = _fit_error(x, np.array([c.outcome.log_error for c in used]), THRESHOLDS)
    position = _fit_error(x, np.array([c.outcome.log_off for c in used]), DISTANCES)
    return quality.QualityModel(
        unexplained.centre,
        unexplained.scale,
        unexplained.weights,
        unexplained.steepness,
        unexplained.intercept,
        level=0.0,
        position=position,
    )


def upper_bound(accepted: F64, bad: F64) -> F64:
    """95 % upper bound of the share of bad curves (Clopper-Pearson); NaN where none is accepted."""
    accepted, bad = np.asarray(accepted, float), np.asarray(bad, float)
    bound = betaincinv(bad + 1, np.maximum(accepted - bad, 1e-9), 0.95)
    return np.asarray(np.where(accepted > 0, np.where(bad >= accepted, 1.0, bound), np.nan))


def _growing(accepted: F64, bad: F64) -> F64:
    """Bad curves at each level, from the most permissive on, smoothed so that their share grows with the
    number accepted.
    """
    strict = np.argsort(accepted, kind="stable")
    n, b = np.append(0.0, accepted[strict]), np.append(0.0, bad[strict])
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
    """How many levels, from the most permissive on, accept a case; a stricter one never does alone."""

    def refused(level: float) -> bool:
        return not count_cases([case], replace(draft, level=level), config).accepted

    return bisect_left(LEVELS.tolist(), True, key=refused)


def _fit_error(x: F64, y: F64, thresholds: F64) -> quality.ErrorModel:
    """Distribution regression: is the error below t, for many t at once."""
    centre, scale = x.mean(axis=0), x.std(axis=0) + 0.05
    z = np.clip((x - centre) / scale, -4, 4)
    stacked = np.vstack([np.column_stack([z, np.full(len(z), t)]) for t in thresholds])
    below = np.concatenate([y <= t for t in thresholds])
    penalty = 10.0 / max(1, len(stacked))
    weights = fit_logistic(stacked, below, np.append(quality.FEATURE_SIGNS, 1), penalty)
    # a fit without slope in t would have no quantiles
    steepness = max(float(weights[-2]), 0.1)
    return quality.ErrorModel(centre, scale, weights[:-2], steepness, float(weights[-1]))


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


def total_score(scores: Iterable[GateScore]) -> GateScore:
    """Several scores as one."""
    counts = [
        (s.curves, s.accepted, s.accepted_bad, s.accepted_incomplete, s.good, s.good_accepted)
        for s in scores
    ]
    return GateScore(*(sum(column) for column in zip(*counts)))


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
            case.result,
            case.track_specs,
            case.depth_residual,
            model,
            case.border_slack,
            case.features,
        )
        verdict = gate.judge(estimate, case.flags, config.gate)
        accepted = verdict.decision == "accept"
        good = case.outcome.good
        bad = accepted and not case.outcome.right
        incomplete = accepted and not bad and not good
        hits = (True, accepted, bad, incomplete, good, good and accepted)
        for k, hit in enumerate(hits):
            counts[k] += hit
    return GateScore(*counts)
