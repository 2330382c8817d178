"""Confidence, quality estimate and gate: conversions, monotony, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet_core import metrics
from veernet_core.config import GatePolicy
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import EVIDENCE, CurveSpec, QualityEstimate, RecoveredCurve
from veernet_core.evaluation import calibration

ORDER = {"reject": 0, "review": 1, "accept": 2}
POLICY = GatePolicy()


def estimate(**changes: float) -> QualityEstimate:
    base = QualityEstimate(0.98, 0.95, 0.995, 1.0, 2.0, 0.1, 0.6, 0.4)
    return replace(base, **changes)


def test_good_curve_is_accepted() -> None:
    assert quality.judge(estimate(), (), POLICY).decision == "accept"


@pytest.mark.parametrize(
    ("changes", "flags", "decision", "reason"),
    [
        ({"r2_lower": 0.8}, (), "review", "r2_bound_below_threshold"),
        (
            {"r2_estimate": 0.3, "r2_lower": -1, "r2_upper": 0.7},
            (),
            "reject",
            "r2_estimate_below_threshold",
        ),
        ({"coverage": 0.5}, (), "review", "low_coverage"),
        ({}, ("identity_ambiguous",), "review", "identity_ambiguous"),
        ({"r2_estimate": float("nan")}, (), "review", "no_estimate"),
        ({"r2_estimate": float("nan"), "coverage": 0.0}, (), "reject", "nothing_recovered"),
        ({"span_frac": 0.01}, (), "accept", "flat_judged_by_position"),
        ({"span_frac": 0.01, "expected_abs_dx_pct": 3.0}, (), "review", "flat_and_uncertain"),
        ({"r2_reference": 0.4}, (), "reject", "r2_reference_below_threshold"),
    ],
)
def test_verdicts(
    changes: dict[str, float], flags: tuple[str, ...], decision: str, reason: str
) -> None:
    verdict = quality.judge(estimate(**changes), flags, POLICY)
    assert verdict.decision == decision
    assert reason in verdict.reasons
    assert verdict.policy_id == POLICY.policy_id


@given(
    st.floats(-2, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 0.3),
    st.floats(0, 0.3),
    st.floats(0, 0.5),
)
def test_better_evidence_never_worsens_a_verdict(
    r2: float, below: float, coverage: float, more_r2: float, more_coverage: float, closer: float
) -> None:
    worse = estimate(
        r2_estimate=r2, r2_lower=r2 - below, r2_upper=min(1.0, r2 + below), coverage=coverage
    )
    gain = min(more_r2, 1 - r2)
    better = replace(
        worse,
        r2_estimate=r2 + gain,
        r2_lower=r2 - below * closer + gain,
        r2_upper=max(worse.r2_upper, r2 + gain),
        coverage=min(1.0, coverage + more_coverage),
    )
    one, two = (quality.judge(q, (), POLICY).decision for q in (worse, better))
    assert ORDER[two] >= ORDER[one]


def curve(n: int = 200, seen: float = 1.0, mass: float = 0.95) -> RecoveredCurve:
    depth = np.arange(n) * 0.5
    frac = 0.5 + 0.2 * np.sin(depth / 5)
    value = np.where(np.arange(n) < seen * n, 150 * frac, np.nan)
    evidence = np.full((n, len(EVIDENCE)), mass)
    return RecoveredCurve(
        CurveSpec("GR", "GAPI", 0, 150),
        "main",
        "T1",
        "ft",
        depth,
        value,
        np.where(np.isfinite(value), frac, np.nan),
        np.isfinite(value),
        np.where(np.isfinite(value), mass, np.nan),
        evidence,
    )


def model() -> quality.QualityModel:
    n = len(quality.FEATURES)
    weights = np.zeros(n)
    weights[0] = -4.0  # doubt makes small errors less likely
    return quality.QualityModel(np.zeros(n), np.ones(n), weights, 1.3, 3.0, 2.0)


def test_estimate_without_a_model_knows_nothing() -> None:
    q = quality.estimate(curve(), (curve().spec,), 0.0, None)
    assert np.isnan(q.r2_estimate)
    assert quality.judge(q, (), POLICY).decision != "accept"


def test_estimate_is_an_ordered_interval_and_falls_with_doubt() -> None:
    sure = quality.estimate(curve(mass=0.98), (curve().spec,), 0.0, model())
    unsure = quality.estimate(curve(mass=0.5), (curve().spec,), 0.0, model())
    for q in (sure, unsure):
        assert q.r2_lower <= q.r2_estimate <= q.r2_upper
    assert unsure.r2_estimate < sure.r2_estimate


@pytest.mark.parametrize(("sure", "decision"), [(0.99, "accept"), (0.7, "review")])
def test_a_flat_trace_needs_confidence(sure: float, decision: str) -> None:
    """A trace along a grid line is flat too: its small variance alone says nothing."""
    flat = replace(curve(mass=sure), frac=np.full(200, 0.5), value=np.full(200, 75.0))
    q = quality.estimate(flat, (flat.spec,), 0.0, model(), (0.001, 0.001))
    verdict = quality.judge(q, (), POLICY)
    assert verdict.decision == decision
    assert verdict.reasons[0].startswith("flat_")


def test_borders_that_may_be_off_count_where_a_curve_hardly_moves() -> None:
    lively = curve(mass=0.99)
    quiet = replace(lively, frac=0.5 + (lively.frac - 0.5) * 0.15, value=lively.value)
    low = [quality.estimate(c, (c.spec,), 0.0, model()).r2_lower for c in (lively, quiet)]
    assert low[0] - low[1] > 0.1


def test_borders_on_printed_lines_take_nothing_away() -> None:
    """A border that may be off counts by how near to it the curve runs."""
    lively = curve(mass=0.99)
    quiet = replace(lively, frac=0.2 + (lively.frac - 0.5) * 0.15, value=lively.value)
    slacks = [(0.001, 0.001), (0.001, 0.01), (0.01, 0.001), (0.01, 0.01)]
    low = [quality.estimate(quiet, (quiet.spec,), 0.0, model(), s).r2_lower for s in slacks]
    assert low[0] > low[1] > low[2] > low[3]
    assert low[0] - low[1] < 0.1 * (low[0] - low[3])
    beyond = replace(quiet, frac=quiet.frac - 1)
    again = quality.estimate(beyond, (quiet.spec,), 0.0, model(), slacks[1]).r2_lower
    assert again == pytest.approx(low[1])


def test_a_flat_trace_between_borders_nobody_saw_is_not_accepted() -> None:
    """It lies where it lies on the paper; what that means hangs on the borders."""
    flat = replace(curve(mass=0.99), frac=np.full(200, 0.5), value=np.full(200, 75.0))
    sure, unsure = (
        quality.estimate(flat, (flat.spec,), 0.0, model(), (off, off)) for off in (0.001, 0.01)
    )
    assert quality.judge(sure, (), POLICY).decision == "accept"
    assert quality.judge(unsure, (), POLICY).reasons == ("flat_and_uncertain",)
    assert unsure.expected_abs_dx_pct > 1.0 > sure.expected_abs_dx_pct


def test_coverage_counts_holes_only_inside() -> None:
    c = curve()
    value = c.value.copy()
    value[:20] = np.nan
    value[100:110] = np.nan
    q = quality.estimate(replace(c, value=value), (c.spec,), 0.0, model())
    assert q.coverage == pytest.approx(170 / 180)
    assert q.longest_gap == pytest.approx(5.5)


def test_models_survive_json() -> None:
    again = quality.QualityModel.from_json(model().to_json())
    x = np.random.default_rng(0).random(len(quality.FEATURES))
    assert again.log_unexplained(x, 2.0) == pytest.approx(model().log_unexplained(x, 2.0), abs=1e-5)
    maps = {"solid": confidence.ConfidenceMap(np.ones(9), np.array([[0.0, 0.1], [2.0, 0.9]]))}
    back = confidence.maps_from_json(confidence.maps_to_json(maps))  # type: ignore[arg-type]
    evidence, frac = np.random.default_rng(1).random((50, 4)), np.linspace(0, 1, 50)
    assert np.allclose(
        back["solid"].probability(evidence, frac),
        maps["solid"].probability(evidence, frac),
        atol=1e-5,
    )


def test_reliability_of_a_perfect_and_of_an_overconfident_forecast() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    event = rng.random(20_000) < p
    groups = np.repeat(np.arange(100), 200).astype(float)
    good = calibration.reliability(p, event, groups)
    assert good.ece_mass < 0.02
    assert abs(good.gap_80) < 0.02
    assert good.low <= good.ece_mass * 1.5 + 0.01
    bold = calibration.reliability(np.sqrt(p), event, groups)
    assert bold.ece_width > 0.1
    assert bold.gap_80 > 0.05


def test_flags_of_twins_and_of_curves_that_live_off_scale() -> None:
    c = curve()
    twin = replace(c.spec, mnemonic="CALI")
    assert quality.trace_flags(c, (c.spec, twin)) == ("identity_ambiguous",)
    assert quality.trace_flags(c, (c.spec, replace(twin, style="dashed"))) == ()
    named = replace(twin, points_px=((1.0, 2.0),))
    assert quality.trace_flags(c, (c.spec, named)) == ()
    away = replace(c, frac=c.frac + 0.8)
    assert quality.trace_flags(away, (c.spec,)) == ("wrap_uncertain",)


def test_a_curve_found_at_the_other_border_may_wrap_though_nobody_said_so() -> None:
    c = curve()
    frac = np.full(len(c.frac), 0.5)
    frac[10:14] = [0.8, 0.97, 0.03, 0.3]
    assert quality.trace_flags(replace(c, frac=frac), (c.spec,)) == ("wrap_uncertain",)
    frac[10:16] = [0.8, 0.97, 0.6, 0.3, 0.03, 0.3]
    assert quality.trace_flags(replace(c, frac=frac), (c.spec,)) == ()


def test_named_twins_that_touch_are_ambiguous_all_the_same() -> None:
    c = curve()
    twin = replace(c.spec, mnemonic="CALI", points_px=((1.0, 2.0),))
    away = replace(c, spec=twin, frac=c.frac + 0.3)
    assert quality.trace_flags(c, (c.spec, twin), [c, away]) == ()
    crossing = replace(away, frac=np.where(np.arange(len(c.frac)) < 20, c.frac - 0.3, away.frac))
    assert quality.trace_flags(c, (c.spec, twin), [c, crossing]) == ("identity_ambiguous",)
    unseen = replace(
        crossing, frac=np.where(np.abs(np.arange(len(c.frac)) - 20) < 5, np.nan, crossing.frac)
    )
    assert quality.trace_flags(c, (c.spec, twin), [c, unseen]) == ("identity_ambiguous",)
    ends = replace(away, frac=np.where(np.arange(len(c.frac)) < 20, away.frac, np.nan))
    assert quality.trace_flags(c, (c.spec, twin), [c, ends]) == ()
    beside = replace(away, frac=c.frac + 0.01)
    assert quality.trace_flags(c, (c.spec, twin), [c, beside]) == ("identity_ambiguous",)
    other_pen = replace(beside, spec=replace(twin, style="dashed"))
    assert quality.trace_flags(c, (c.spec, other_pen.spec), [c, other_pen]) == ()


def test_a_lap_that_changes_in_place_is_uncertain() -> None:
    c = curve()
    hop = c.frac.copy()
    hop[len(hop) // 10 : len(hop) // 5] += 1.0
    wrapped = replace(c, frac=hop, spec=replace(c.spec, wrap="all"))
    assert quality.trace_flags(wrapped, (wrapped.spec,)) == ("wrap_uncertain",)
    assert quality.trace_flags(replace(wrapped, frac=c.frac), (wrapped.spec,)) == ()


def test_a_wrapped_curve_found_far_away_may_have_gone_the_other_way_round() -> None:
    c = curve()
    wrapped = replace(c.spec, wrap="all")
    for far, flags in ((0.85, ()), (0.95, ("wrap_uncertain",))):
        frac = np.where(np.arange(200) < 80, 0.4, far)
        frac[80] = np.nan
        assert quality.trace_flags(replace(c, spec=wrapped, frac=frac), (wrapped,)) == flags
        assert quality.trace_flags(replace(c, frac=frac), (c.spec,)) == ()


def test_a_leap_over_more_than_a_lap_is_uncertain() -> None:
    c = curve()
    wrapped = replace(c, spec=replace(c.spec, wrap="all"))
    climb = np.where(np.arange(len(c.frac)) < 20, 0.5, 0.9)
    for leap, flags in ((0.9, ()), (1.4, ("wrap_uncertain",))):
        frac = climb.copy()
        frac[20:25] += leap - 0.4
        frac[25:30] += (leap - 0.4) / 2
        assert quality.trace_flags(replace(wrapped, frac=frac), (wrapped.spec,)) == flags


# ---- metrics ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "predicted", "iou", "precision", "recall"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 1.0, 1.0, 1.0),
        ([1, 1, 0, 0], [0, 0, 1, 1], 0.0, 0.0, 0.0),
        ([1, 1, 0, 0], [1, 1, 1, 1], 0.5, 0.5, 1.0),
        ([1, 1, 0, 0], [1, 0, 0, 0], 0.5, 1.0, 0.5),
    ],
)
def test_overlap(
    truth: list[int], predicted: list[int], iou: float, precision: float, recall: float
) -> None:
    found = metrics.overlap(np.array(predicted), np.array(truth), 1)
    assert (found.iou, found.precision, found.recall) == (iou, precision, recall)


def test_overlap_of_nothing_is_unknown_not_perfect() -> None:
    none = metrics.overlap(np.zeros(4, int), np.zeros(4, int), 1)
    assert np.isnan(none.iou)
    assert np.isnan(none.recall)


def test_pools_differ_under_imbalance() -> None:
    truth = np.zeros(1000, int)
    truth[:20] = 1
    predicted = np.zeros(1000, int)
    predicted[10:30] = 1
    pools = metrics.pools({c: metrics.overlap(predicted, truth, c) for c in (0, 1)})
    assert pools["pixel_weighted"] > pools["equal_weight"] > pools["curves_only"]


def test_r2_and_score() -> None:
    truth = np.sin(np.arange(500) / 10) * 0.2 + 0.5
    assert metrics.r2(truth, truth) == 1.0
    assert np.isnan(metrics.r2(truth, np.full(500, np.nan)))
    visible = np.ones(500, bool)
    visible[300:] = False
    score = metrics.score_curve(truth + 0.01, truth, visible)
    assert score.median_dx_pct == pytest.approx(1.0)
    assert score.longest_invented == 200
    assert score.coverage == 1.0


def test_a_depth_axis_is_held_to_feet_in_either_unit() -> None:
    policy = GatePolicy(max_depth_residual_ft=1.0)
    assert quality.depth_flags(0.9, "ft", policy) == ()
    assert quality.depth_flags(0.4, "m", policy) == ("depth_residual",)
    assert quality.depth_flags(float("nan"), "m", policy) == ("depth_unchecked",)
