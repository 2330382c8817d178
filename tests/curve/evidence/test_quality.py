"""Confidence and quality estimate: conversions, intervals, coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from factories import wavy_curve

from veernet_core.config import GatePolicy
from veernet_core.curve import gate
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import DoubtfulStretch
from veernet_core.evaluation.reliability import reliability

POLICY = GatePolicy()


def model() -> quality.QualityModel:
    n = len(quality.FEATURES)
    weights = np.zeros(n)
    weights[0] = -4.0  # doubt makes small errors less likely
    return quality.QualityModel(np.zeros(n), np.ones(n), weights, 1.3, 3.0, 2.0)


def test_estimate_without_a_model_knows_nothing() -> None:
    q = quality.estimate(wavy_curve(), (wavy_curve().spec,), 0.0, None)
    assert np.isnan(q.r2_estimate)
    assert gate.judge(q, (), POLICY).decision != "accept"


def test_estimate_is_an_ordered_interval_and_falls_with_doubt() -> None:
    sure = quality.estimate(wavy_curve(mass=0.98), (wavy_curve().spec,), 0.0, model())
    unsure = quality.estimate(wavy_curve(mass=0.5), (wavy_curve().spec,), 0.0, model())
    for q in (sure, unsure):
        assert q.r2_lower <= q.r2_estimate <= q.r2_upper
    assert unsure.r2_estimate < sure.r2_estimate


@pytest.mark.parametrize(("sure", "decision"), [(0.99, "accept"), (0.7, "review")])
def test_a_flat_trace_needs_confidence(sure: float, decision: str) -> None:
    """A trace along a grid line is flat too: its small variance alone says nothing."""
    flat = replace(wavy_curve(mass=sure), frac=np.full(200, 0.5), value=np.full(200, 75.0))
    q = quality.estimate(flat, (flat.spec,), 0.0, model(), (0.001, 0.001))
    verdict = gate.judge(q, (), POLICY)
    assert verdict.decision == decision
    assert verdict.reasons[0].startswith("flat_")


def test_borders_that_may_be_off_count_where_a_curve_hardly_moves() -> None:
    lively = wavy_curve(mass=0.99)
    quiet = replace(lively, frac=0.5 + (lively.frac - 0.5) * 0.15, value=lively.value)
    low = [quality.estimate(c, (c.spec,), 0.0, model()).r2_lower for c in (lively, quiet)]
    assert low[0] - low[1] > 0.1


def test_borders_on_printed_lines_take_nothing_away() -> None:
    """A border that may be off counts by how near to it the curve runs."""
    lively = wavy_curve(mass=0.99)
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
    flat = replace(wavy_curve(mass=0.99), frac=np.full(200, 0.5), value=np.full(200, 75.0))
    sure, unsure = (
        quality.estimate(flat, (flat.spec,), 0.0, model(), (off, off)) for off in (0.001, 0.01)
    )
    assert gate.judge(sure, (), POLICY).decision == "accept"
    assert gate.judge(unsure, (), POLICY).reasons == ("flat_and_uncertain",)
    assert unsure.expected_abs_dx_pct > 1.0 > sure.expected_abs_dx_pct


def test_coverage_counts_holes_only_inside() -> None:
    c = wavy_curve()
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
    good = reliability(p, event, groups)
    assert good.ece_mass < 0.02
    assert abs(good.gap_80) < 0.02
    assert good.low <= good.ece_mass * 1.5 + 0.01
    optimistic = reliability(np.sqrt(p), event, groups)
    assert optimistic.ece_width > 0.1
    assert optimistic.gap_80 > 0.05


def test_withheld_ends_belong_to_the_curve() -> None:
    whole = wavy_curve(200)
    value = np.where(np.arange(200) < 150, whole.value, np.nan)
    cut = replace(whole, value=value)
    assert quality.coverage(cut) == (1.0, 0.5)
    held = DoubtfulStretch(float(cut.depth[150]), float(cut.depth[-1]), "wrap", True)
    assert quality.coverage(replace(cut, doubtful=(held,))) == (0.75, 25.0)
    gap = replace(held, reason="gap")  # there was nothing to withhold
    assert quality.coverage(replace(cut, doubtful=(gap,))) == (1.0, 0.5)


# ---- flat curves ----------------------------------------------------------------------------------------


def with_position(intercept: float) -> quality.QualityModel:
    """A model whose distance from the line does not hang on evidence: 10 ** -intercept at even odds."""
    n = len(quality.FEATURES)
    flat = quality.ErrorModel(np.zeros(n), np.ones(n), np.zeros(n), 1.0, intercept)
    return replace(model(), level=0.0, position=flat)


@pytest.mark.parametrize(
    ("mse_log", "off_pct", "accepted"), [(-6.0, 0.1, True), (-3.0, 3.16, False)]
)
def test_a_flat_trace_is_judged_by_the_distance_that_was_fitted(
    mse_log: float, off_pct: float, accepted: bool
) -> None:
    """Of drawn flat curves 49 of 53 were within 1 % and could be told, where doubt alone told 22."""
    flat = replace(wavy_curve(mass=0.7), frac=np.full(200, 0.5), value=np.full(200, 75.0))
    q = quality.estimate(flat, (flat.spec,), 0.0, with_position(-mse_log), (0.0, 0.0))
    assert q.expected_abs_dx_pct == pytest.approx(off_pct, rel=0.01)
    assert (gate.judge(q, (), POLICY).decision == "accept") is accepted


def test_a_position_model_survives_json_and_a_bundle_without_one_has_none() -> None:
    again = quality.QualityModel.from_json(with_position(4.0).to_json())
    assert again.position is not None
    assert again.position.intercept == 4.0
    assert again.off_pct(np.zeros(len(quality.FEATURES)), 0.1) == pytest.approx(1.0)
    assert quality.QualityModel.from_json(model().to_json()).position is None
