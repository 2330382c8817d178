"""The gate: verdicts, monotony, and the flags that keep a curve from being accepted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from factories import wavy_curve
from hypothesis import given
from hypothesis import strategies as st

from veernet_core.config import GatePolicy
from veernet_core.curve import gate
from veernet_core.datatypes import (
    EVIDENCE,
    CurveSpec,
    DepthAxis,
    Doubt,
    DoubtfulStretch,
    DoubtReason,
    GateVerdict,
    JudgedCurve,
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
        ({"coverage": 0.05}, (), "review", "low_coverage"),
        ({"coverage": 0.45}, (), "review", "low_coverage"),
        ({"coverage": 0.55}, (), "accept", "ok"),
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


def test_curves_of_one_style_that_nothing_names_are_ambiguous() -> None:
    c = wavy_curve()
    other = replace(c.spec, mnemonic="CALI")
    assert gate.trace_flags(c, (c.spec, other)) == ("identity_ambiguous",)
    assert gate.trace_flags(replace(c, told_apart=True), (c.spec, other)) == ()
    assert gate.trace_flags(c, (c.spec, replace(other, style="dashed"))) == ()
    assert gate.trace_flags(c, (c.spec, replace(other, points_px=((1.0, 2.0),)))) == ()


@pytest.mark.parametrize(
    ("reason", "told"),
    [("wrap", ("wrap_uncertain",)), ("crossing", ("identity_ambiguous",)), ("faint_ink", ())],
)
def test_a_stretch_in_doubt_forbids_nothing_unless_too_little_is_left(
    reason: DoubtReason, told: tuple[str, ...]
) -> None:
    c = replace(
        wavy_curve(), doubtful=(DoubtfulStretch(10.0, 20.0, reason, reason != "faint_ink"),)
    )
    (judged,) = gate.judge_curves([(c, estimate())], [section()], POLICY)
    assert (judged.verdict.decision, judged.verdict.reasons) == ("accept", ("ok",))
    (judged,) = gate.judge_curves([(c, estimate(coverage=0.05))], [section()], POLICY)
    assert (judged.verdict.decision, judged.verdict.reasons) == ("review", (*told, "low_coverage"))


def test_a_curve_that_is_drawn_where_it_has_no_values_is_held_once_most_of_it_is_lost() -> None:
    def verdict(curve: RecoveredCurve) -> GateVerdict:
        (judged,) = gate.judge_curves([(curve, estimate(coverage=0.6))], [section()], POLICY)
        return judged.verdict

    lost, half = wavy_curve(200, seen=0.4), wavy_curve(200, seen=0.5)
    assert (verdict(lost).decision, verdict(lost).reasons) == ("review", ("mostly_lost",))
    assert verdict(half).reasons == ("ok",)
    up = lost.evidence.copy()
    up[~lost.observed, EVIDENCE.index("presence")] = 0.1
    assert verdict(replace(lost, evidence=up)).reasons == ("ok",)
    withheld = DoubtfulStretch(45.0, 60.0, "wrap", True)
    assert verdict(replace(lost, doubtful=(withheld,))).reasons == ("ok",)
    gap = DoubtfulStretch(45.0, 60.0, "gap", True)
    assert verdict(replace(lost, doubtful=(gap,))).reasons == ("mostly_lost",)
    looked_at = replace(lost, spec=replace(lost.spec, null_rows=((10.0, 20.0),)))
    assert verdict(looked_at).reasons == ("ok",)


def test_an_accepted_curve_of_a_pen_that_was_up_says_how_much_it_covers() -> None:
    (part,) = gate.judge_curves([(wavy_curve(), estimate(coverage=0.66))], [section()], POLICY)
    (whole,) = gate.judge_curves([(wavy_curve(), estimate(coverage=0.98))], [section()], POLICY)
    assert gate.quality_note(part).endswith(", 66 % of the depths")
    assert "depths" not in gate.quality_note(whole)


def test_the_r2_of_a_curve_in_review_is_its_lower_bound_with_the_place_of_doubt() -> None:
    c = replace(
        wavy_curve(),
        doubtful=(
            DoubtfulStretch(5, 6, "gap", True),
            DoubtfulStretch(2672.0, 2699.5, "faint_ink", False),
        ),
    )
    accepted, held = (GateVerdict(d, (), "gate-1") for d in ("accept", "review"))
    quality = estimate(r2_estimate=0.999, r2_lower=0.71)
    assert gate.quality_note(JudgedCurve(c, quality, accepted)) == "R2~1.00"
    told = gate.quality_note(JudgedCurve(c, quality, held))
    assert told == "faint ink 2672-2699.5 ft, R2>=0.71"
    blind = estimate(r2_lower=float("nan"))
    assert gate.quality_note(JudgedCurve(wavy_curve(), blind, held)) == "R2 unknown"
    measured = estimate(r2_reference=0.5)
    assert gate.quality_note(JudgedCurve(c, measured, held)) == "R2 0.50"


def test_the_bound_of_a_curve_whose_name_is_in_doubt_says_what_it_takes_for_granted() -> None:
    """Reason and stretch come first: that the trace keeps to its ink does not make it the named curve."""
    c = replace(wavy_curve(), doubtful=(DoubtfulStretch(10.0, 14.0, "crossing", True),))
    quality = estimate(r2_estimate=1.0, r2_lower=0.998)

    def note(*reasons: str) -> str:
        return gate.quality_note(JudgedCurve(c, quality, GateVerdict("review", reasons, "gate-1")))

    assert note("identity_ambiguous") == (
        "name in doubt, crossing 10-14 ft, R2>=1.00 if name is right"
    )
    assert note("scale_guess", "borders_off").startswith("scale and borders in doubt, ")
    assert note("scale_guess", "borders_off").endswith("R2>=1.00 if scale and borders are right")
    assert note("low_coverage") == "crossing 10-14 ft, R2>=1.00"


def test_a_depth_axis_is_held_to_feet_in_either_unit() -> None:
    policy = GatePolicy(max_depth_residual_ft=1.0)
    assert gate.depth_flags(0.9, "ft", policy) == ()
    assert gate.depth_flags(0.4, "m", policy) == ("depth_residual",)
    # where no lines were seen, depth that was given is taken at its word
    assert gate.depth_flags(float("nan"), "m", policy) == ()


def section(source: str = "sidecar", *others: CurveSpec) -> Section:
    knots = np.array([[0.0, 10.0]]), np.array([[0.0, 110.0]])
    track = Track(TrackGeometry("T1", *knots), (wavy_curve().spec, *others))
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
    (judged,) = gate.judge_curves([(wavy_curve(), estimate())], [doubtful], POLICY)
    assert judged.verdict.reasons == reasons
    assert judged.verdict.decision == ("accept" if reasons == ("ok",) else "review")


def test_guesses_and_scales_that_must_be_printed() -> None:
    guessed = replace(wavy_curve(), spec=replace(wavy_curve().spec, source="guess"))
    (judged,) = gate.judge_curves([(guessed, estimate())], [section("template")], POLICY)
    assert judged.verdict.reasons == ("scale_guess", "depth_guess")
    strict = GatePolicy(require_printed_scales=True)
    (judged,) = gate.judge_curves([(wavy_curve(), estimate())], [section()], strict)
    assert judged.verdict.reasons == ("scale_unconfirmed",)
    seen = replace(section(), printed=(("T1", "GR"),))
    (judged,) = gate.judge_curves([(wavy_curve(), estimate())], [seen], strict)
    assert judged.verdict.decision == "accept"


def test_a_curve_whose_confidence_nobody_knows_is_not_accepted() -> None:
    blind = replace(wavy_curve(), confidence=np.full(200, np.nan))
    (judged,) = gate.judge_curves([(blind, estimate())], [section()], POLICY)
    assert judged.verdict.reasons == ("uncalibrated_model",)
