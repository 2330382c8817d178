"""Calibration, its monotony, the gate's bound, shifts, and bundles that may accept nothing."""

from __future__ import annotations

from dataclasses import replace

import calibration_support
import numpy as np
import pytest
from calibration_support import CONFIG, ROWS, drawn, many
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import Style
from veernet_core.evaluation import reliability
from veernet_core.evaluation.confidence_fit import fit_logistic
from veernet_core.evaluation.quality_fit import (
    GateScore,
    count_cases,
    fit_quality,
    score_gate,
    total_score,
)
from veernet_core.evaluation.reliability import Forecasts, compare_maps, measure, pixel_forecasts
from veernet_core.evaluation.traced import PixelEvidence, TracedCurve, judged_cases

maps, model = calibration_support.maps, calibration_support.model


def test_confidence_is_calibrated_on_curves_that_fitted_nothing(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    measured = measure(many(3), maps)
    assert set(measured) == {"solid", "dashed"}
    for both in measured.values():
        assert both["after"].ece_mass < both["before"].ece_mass
        assert both["after"].ece_mass < 0.03
        assert both["after"].gap_80 < 0.05
        assert both["after"].low_width <= both["after"].ece_width * 1.5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 3), st.floats(0.0, 0.5))
def test_better_evidence_never_lowers_a_confidence(
    maps: dict[Style, confidence.ConfidenceMap], seed: int, column: int, more: float
) -> None:
    curve = many(seed % 50 + 100, 1)[0]
    better = curve.trace.evidence.copy()
    better[:, column] = np.minimum(better[:, column] + more, 1.0)
    for own in maps.values():
        before = own.probability(curve.trace.evidence, curve.trace.frac)
        assert (own.probability(better, curve.trace.frac) >= before - 1e-12).all()


def test_signs_are_kept_where_the_data_speak_against_them() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 2))
    y = rng.random(2000) < expit(2 * x[:, 0] - 1.5 * x[:, 1] + 0.3)
    free = fit_logistic(x, y, np.zeros(2, int), 1e-6)
    assert free == pytest.approx([2, -1.5, 0.3], abs=0.3)
    held = fit_logistic(x, y, np.array([1, 1]), 1e-6)
    assert held[1] == 0
    assert held[0] > 1


def forecasts(seed: int, sharpness: float, count: int = 30_000) -> Forecasts:
    """Forecasts whose temperature is known."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.6, count)
    event = rng.random(count) < p
    said = expit(np.clip(logit(np.clip(p, 1e-4, 1 - 1e-4)) * sharpness, -9, 9))
    return Forecasts(said, event, np.repeat(np.arange(100.0), count // 100))


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_temperature_is_recovered(sharpness: float) -> None:
    asked = forecasts(0, sharpness)
    assert reliability.temperature(asked.p, asked.event) == pytest.approx(sharpness, rel=0.08)


def test_one_temperature_for_all_hides_what_each_style_needs() -> None:
    fit: dict[Style, Forecasts] = {"solid": forecasts(1, 2.5), "dotted": forecasts(2, 0.45)}
    test: dict[Style, Forecasts] = {"solid": forecasts(3, 2.5), "dotted": forecasts(4, 0.45)}
    study = compare_maps(fit, test)
    assert study.temperatures["solid"] > study.temperatures["global"] > study.temperatures["dotted"]
    for by_map in study.measured.values():
        assert by_map["temperature"].ece_mass < 0.02
        assert by_map["isotonic"].ece_mass < 0.02
        assert by_map["global_temperature"].ece_mass > 0.04
    # pooled, the errors of the styles hide behind each other
    worst = max(by_map["global_temperature"].ece_mass for by_map in study.measured.values())
    assert study.pooled["global_temperature"].ece_mass < worst / 2


def test_pixels_are_asked_only_where_the_mask_gives_them_a_chance() -> None:
    p = np.array([[0.2, 0.7, 0.09, 0.01], [0.99, 0.01, 0.0, 0.0]], np.float32)
    found = pixel_forecasts([PixelEvidence(p, np.array([1, 0], np.uint8))])
    assert set(found) == {"solid", "dashed"}
    assert found["solid"].p.tolist() == pytest.approx([0.7])
    assert found["solid"].event.tolist() == [True]
    assert found["dashed"].event.tolist() == [False]


def test_weights_of_evidence_have_the_right_sign(model: quality.QualityModel) -> None:
    assert len(quality.FEATURE_SIGNS) == len(quality.FEATURES)
    assert (model.weights[quality.FEATURE_SIGNS < 0] <= 0).all()
    assert model.steepness > 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=len(quality.FEATURES), max_size=len(quality.FEATURES)),
    st.sampled_from(np.flatnonzero(quality.FEATURE_SIGNS < 0).tolist()),
    st.floats(0, 1),
    st.floats(-4, 4),
)
def test_better_evidence_never_lowers_an_estimate(
    model: quality.QualityModel, values: list[float], which: int, less: float, level: float
) -> None:
    worse = np.array(values)
    better = worse.copy()
    better[which] *= less
    assert model.log_unexplained(better, level) <= model.log_unexplained(worse, level) + 1e-9


def test_the_promise_holds_on_fresh_curves_and_good_ones_pass(
    maps: dict[Style, confidence.ConfidenceMap], model: quality.QualityModel
) -> None:
    score = score_gate(many(5, 300), maps, model, CONFIG)
    assert score.accepted > 60
    assert score.bad_share <= 0.05
    assert score.good_share > 0.6


def lying(rng: np.random.Generator) -> TracedCurve:
    """A curve of unfamiliar paper: its evidence is as good as any, and its place is wrong."""
    curve = drawn(rng, "solid", 0.0)
    wrong = replace(curve.trace, frac=curve.trace.frac * rng.uniform(0.2, 0.4))
    return replace(curve, trace=wrong, paper="strange")


def test_the_bound_is_set_on_paper_that_was_left_out(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    """Known paper alone lets the gate be permissive; paper on which the evidence lies shows only where it is
    held back: what was fitted on it knows.
    """
    rng = np.random.default_rng(4)
    known = [replace(c, paper=f"known {k % 2}") for k, c in enumerate(many(11, 200))]
    strange = [lying(rng) for _ in range(30)]
    plain, warned = fit_quality(known, maps), fit_quality([*known, *strange], maps)
    assert set(warned.left_out) == {"known 0", "known 1", "strange"}
    assert sum(s.curves for s in warned.left_out.values()) == 230
    assert warned.model.level > plain.model.level
    told = total_score(plain.left_out.values())
    assert told.curves == 200
    assert told.accepted > 60
    assert told.bad_share <= 0.05


def test_curves_of_one_family_are_left_out_in_parts(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    left_out = fit_quality(many(12, 100), maps).left_out
    assert list(left_out) == [f"part {k}" for k in range(1, 6)]
    assert {s.curves for s in left_out.values()} == {20}


def test_pens_of_two_colours_are_not_of_one_style(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    curve = drawn(np.random.default_rng(0), "solid", 0.0)
    red = replace(curve.spec, colour="#ff0000")
    blue = replace(curve.spec, mnemonic="C2", colour="#0000ff")
    assert len(judged_cases([replace(curve, spec=red, track_specs=(red, blue))], maps, CONFIG)) == 1


def test_a_bundle_without_maps_accepts_nothing(maps: dict[Style, confidence.ConfidenceMap]) -> None:
    cases = judged_cases(many(6, 60), maps, CONFIG)
    score = count_cases(cases, None, CONFIG)
    assert score.curves == 60
    assert score.accepted == 0
    assert np.isnan(score.bad_share_upper)


def test_twins_and_unseen_curves_are_left_out_unless_asked_for(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    rng = np.random.default_rng(0)
    alike = drawn(rng, "solid", 0.0, same_style=True)
    unseen = replace(drawn(rng, "solid", 0.0), visible=np.zeros(ROWS, bool))
    assert judged_cases([alike, unseen], maps, CONFIG) == []
    assert len(judged_cases([alike, unseen], maps, CONFIG, everything=True)) == 2


def test_upper_bound_by_hand() -> None:
    # zero bad of 59: the rule of three's exact form
    assert GateScore(59, 59, 0, 0, 59, 59).bad_share_upper == pytest.approx(0.0495, abs=1e-3)
    assert GateScore(3, 3, 3, 0, 0, 0).bad_share_upper == 1.0


def test_what_is_claimed_where_the_pen_was_up_must_at_least_be_right(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    curve = drawn(np.random.default_rng(2), "solid", 0.0)
    lifted = replace(curve, truth=np.where(np.arange(ROWS) < 300, curve.truth, np.nan))
    lies_on_another = judged_cases([lifted], maps, CONFIG)[0].outcome
    assert lies_on_another.right
    assert lies_on_another.complete
    elsewhere = replace(lifted, course=np.where(np.isfinite(lifted.truth), lifted.truth, 0.1))
    unknown = replace(lifted, course=lifted.truth)
    for wrong in (elsewhere, unknown):
        assert not judged_cases([wrong], maps, CONFIG)[0].outcome.right


def test_a_right_curve_of_which_much_is_missing_is_neither_good_nor_bad(
    maps: dict[Style, confidence.ConfidenceMap],
) -> None:
    curve = drawn(np.random.default_rng(2), "solid", 0.0)
    half = replace(curve.trace, observed=np.arange(ROWS) < ROWS / 2)
    outcome = judged_cases([replace(curve, trace=half)], maps, CONFIG)[0].outcome
    assert outcome.right
    assert not outcome.complete
    assert np.isfinite(outcome.log_error)


def test_the_shipped_bundle_is_monotone() -> None:
    from veernet_core.net.bundle import shipped_bytes, unpack

    values = unpack(shipped_bytes()).calibration
    weights = np.array(values["quality"]["weights"])
    assert (weights[quality.FEATURE_SIGNS[: len(weights)] < 0] <= 0).all()
    for own in values["confidence"].values():
        assert (np.array(own["weights"][:6]) >= 0).all()


def test_bundles_from_before_a_feature_existed_still_judge(model: quality.QualityModel) -> None:
    old = quality.QualityModel(
        model.centre[:-2], model.scale[:-2], model.weights[:-2], model.steepness, 0.0, 1.0
    )
    assert np.isfinite(old.log_unexplained(np.full(len(quality.FEATURES), 0.3)))
