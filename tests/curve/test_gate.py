"""The gate: verdicts, monotony, and the flags that keep a curve from being accepted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet_core.config import GatePolicy
from veernet_core.curve import gate
from veernet_core.datatypes import (
    EVIDENCE,
    CurveSpec,
    DepthAxis,
    Doubt,
    QualityEstimate,
    RecoveredCurve,
    Section,
    Track,
    TrackGeometry,
)

ORDER = {"reject": 0, "review": 1, "accept": 2}
POLICY = GatePolicy()


def estimate(**changes: float) -> QualityEstimate:
    base = QualityEstimate(0.98, 0.95, 0.995, 1.0, 2.0, 0.1, 0.6, 0.4)
    return replace(base, **changes)


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


def test_good_curve_is_accepted() -> None:
    assert gate.judge(estimate(), (), POLICY).decision == "accept"


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
    verdict = gate.judge(estimate(**changes), flags, POLICY)
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
    one, two = (gate.judge(q, (), POLICY).decision for q in (worse, better))
    assert ORDER[two] >= ORDER[one]


def test_flags_of_curves_of_one_style_and_of_curves_that_live_off_scale() -> None:
    c = curve()
    other = replace(c.spec, mnemonic="CALI")
    assert gate.trace_flags(c, (c.spec, other)) == ("identity_ambiguous",)
    assert gate.trace_flags(c, (c.spec, replace(other, style="dashed"))) == ()
    named = replace(other, points_px=((1.0, 2.0),))
    assert gate.trace_flags(c, (c.spec, named)) == ()
    away = replace(c, frac=c.frac + 0.8)
    assert gate.trace_flags(away, (c.spec,)) == ("wrap_uncertain",)


def test_a_curve_found_at_the_other_border_may_wrap_though_nobody_said_so() -> None:
    c = curve()
    frac = np.full(len(c.frac), 0.5)
    frac[10:14] = [0.8, 0.97, 0.03, 0.3]
    assert gate.trace_flags(replace(c, frac=frac), (c.spec,)) == ("wrap_uncertain",)
    frac[10:16] = [0.8, 0.97, 0.6, 0.3, 0.03, 0.3]
    assert gate.trace_flags(replace(c, frac=frac), (c.spec,)) == ()


def test_named_curves_of_one_style_that_touch_are_ambiguous_all_the_same() -> None:
    c = curve()
    other = replace(c.spec, mnemonic="CALI", points_px=((1.0, 2.0),))
    away = replace(c, spec=other, frac=c.frac + 0.3)
    assert gate.trace_flags(c, (c.spec, other), [c, away]) == ()
    crossing = replace(away, frac=np.where(np.arange(len(c.frac)) < 20, c.frac - 0.3, away.frac))
    assert gate.trace_flags(c, (c.spec, other), [c, crossing]) == ("identity_ambiguous",)
    unseen = replace(
        crossing, frac=np.where(np.abs(np.arange(len(c.frac)) - 20) < 5, np.nan, crossing.frac)
    )
    assert gate.trace_flags(c, (c.spec, other), [c, unseen]) == ("identity_ambiguous",)
    ends = replace(away, frac=np.where(np.arange(len(c.frac)) < 20, away.frac, np.nan))
    assert gate.trace_flags(c, (c.spec, other), [c, ends]) == ()
    beside = replace(away, frac=c.frac + 0.01)
    assert gate.trace_flags(c, (c.spec, other), [c, beside]) == ("identity_ambiguous",)
    other_pen = replace(beside, spec=replace(other, style="dashed"))
    assert gate.trace_flags(c, (c.spec, other_pen.spec), [c, other_pen]) == ()


def test_a_wrap_index_that_changes_in_place_is_uncertain() -> None:
    c = curve()
    hop = c.frac.copy()
    hop[len(hop) // 10 : len(hop) // 5] += 1.0
    wrapped = replace(c, frac=hop, spec=replace(c.spec, wrap="all"))
    assert gate.trace_flags(wrapped, (wrapped.spec,)) == ("wrap_uncertain",)
    assert gate.trace_flags(replace(wrapped, frac=c.frac), (wrapped.spec,)) == ()


def test_a_wrapped_curve_found_far_away_may_have_gone_the_other_way_round() -> None:
    c = curve()
    wrapped = replace(c.spec, wrap="all")
    for far, flags in ((0.85, ()), (0.95, ("wrap_uncertain",))):
        frac = np.where(np.arange(200) < 80, 0.4, far)
        frac[80] = np.nan
        assert gate.trace_flags(replace(c, spec=wrapped, frac=frac), (wrapped,)) == flags
        assert gate.trace_flags(replace(c, frac=frac), (c.spec,)) == ()


def test_a_leap_over_more_than_one_wrap_is_uncertain() -> None:
    c = curve()
    wrapped = replace(c, spec=replace(c.spec, wrap="all"))
    climb = np.where(np.arange(len(c.frac)) < 20, 0.5, 0.9)
    for leap, flags in ((0.9, ()), (1.4, ("wrap_uncertain",))):
        frac = climb.copy()
        frac[20:25] += leap - 0.4
        frac[25:30] += (leap - 0.4) / 2
        assert gate.trace_flags(replace(wrapped, frac=frac), (wrapped.spec,)) == flags


def test_a_depth_axis_is_held_to_feet_in_either_unit() -> None:
    policy = GatePolicy(max_depth_residual_ft=1.0)
    assert gate.depth_flags(0.9, "ft", policy) == ()
    assert gate.depth_flags(0.4, "m", policy) == ("depth_residual",)
    # where no lines were seen, depth that was given is taken at its word
    assert gate.depth_flags(float("nan"), "m", policy) == ()


def section(source: str = "sidecar", *others: CurveSpec) -> Section:
    knots = np.array([[0.0, 10.0]]), np.array([[0.0, 110.0]])
    track = Track(TrackGeometry("T1", *knots), (curve().spec, *others))
    axis = DepthAxis("ft", np.array([[0.0, 0.0], [100.0, 100.0]]), 0.1, source)  # type: ignore[arg-type]
    return Section("main", 0, 100, axis, (track,))


@pytest.mark.parametrize(
    ("doubt", "reasons"),
    [
        (Doubt("borders_uncertain", "T1"), ("borders_uncertain",)),
        (Doubt("borders_uncertain", "T2"), ("ok",)),
        (Doubt("page_doubtful"), ("page_doubtful",)),
        (Doubt("scale_contradicted", "T1", "GR"), ("scale_contradicted",)),
        (Doubt("scale_contradicted", "T1", "CALI"), ("ok",)),
    ],
)
def test_what_is_doubtful_on_the_page_holds_for_the_curves_it_is_about(
    doubt: Doubt, reasons: tuple[str, ...]
) -> None:
    doubtful = replace(section(), doubts=(doubt,))
    (judged,) = gate.judge_curves([(curve(), estimate())], [doubtful], POLICY)
    assert judged.verdict.reasons == reasons
    assert judged.verdict.decision == ("accept" if reasons == ("ok",) else "review")


def test_guesses_and_scales_that_must_be_printed() -> None:
    guessed = replace(curve(), spec=replace(curve().spec, source="guess"))
    (judged,) = gate.judge_curves([(guessed, estimate())], [section("template")], POLICY)
    assert judged.verdict.reasons == ("scale_guess", "depth_guess")
    strict = GatePolicy(require_printed_scales=True)
    (judged,) = gate.judge_curves([(curve(), estimate())], [section()], strict)
    assert judged.verdict.reasons == ("scale_unconfirmed",)
    seen = replace(section(), printed=(("T1", "GR"),))
    (judged,) = gate.judge_curves([(curve(), estimate())], [seen], strict)
    assert judged.verdict.decision == "accept"


def test_curves_of_a_track_are_judged_together() -> None:
    other = replace(curve().spec, mnemonic="CALI", points_px=((1.0, 2.0),))
    near = replace(curve(), spec=other, frac=curve().frac + 0.01)
    far = replace(near, frac=curve().frac + 0.3)
    for beside, reason in ((near, "identity_ambiguous"), (far, "ok")):
        pair = [(curve(), estimate()), (beside, estimate())]
        judged = gate.judge_curves(pair, [section("sidecar", other)], POLICY)
        assert [j.verdict.reasons for j in judged] == [(reason,), (reason,)]


def test_a_curve_whose_confidence_nobody_knows_is_not_accepted() -> None:
    blind = replace(curve(), confidence=np.full(200, np.nan))
    (judged,) = gate.judge_curves([(blind, estimate())], [section()], POLICY)
    assert judged.verdict.reasons == ("uncalibrated_model",)
