"""From printed curves to delivered ones: what was accepted, and whether it is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import (
    F64,
    CurveSpec,
    Decision,
    DepthAxis,
    DigitisedLog,
    GateVerdict,
    JudgedCurve,
    Provenance,
    QualityEstimate,
    RecoveredCurve,
    ScanRef,
    Section,
    Track,
    TrackGeometry,
    WellInfo,
)
from veernet_core.evaluation.page_truth import PageTruth, TrueCurve, TrueSection, TrueTrack
from veernet_core.evaluation.yield_score import CurveOutcome, score_log

SIZE = (6000, 1000)
ANCHORS = np.array([[1000.0, 500.0], [5000.0, 900.0]])
DEPTH = np.arange(500.0, 900.0, 0.5)
VALUES = 60 + 40 * np.sin(DEPTH / 7.0)
SPEC = CurveSpec("GR", "GAPI", 0.0, 150.0)
TRUE = TrueCurve("GR", "GAMMA RAY", "GAPI", 0.0, 150.0, traceable="easy")


def truth(*curves: TrueCurve, values: F64 | None = None) -> PageTruth:
    track = TrueTrack("T", np.array([[0.0, 100.0]]), np.array([[0.0, 600.0]]), curves)
    section = TrueSection("main", 1000.0, 5000.0, "ft", ANCHORS, (track,))
    known = {} if values is None else {"GR": np.column_stack([DEPTH, values])}
    return PageTruth(True, False, 0, None, (section,), values=known)


def log(
    spec: CurveSpec = SPEC,
    decision: Decision = "accept",
    left: float = 100.0,
    shift_ft: float = 0.0,
    top: float = 1000.0,
) -> DigitisedLog:
    geometry = TrackGeometry("a", np.array([[0.0, left]]), np.array([[0.0, left + 500.0]]))
    axis = DepthAxis("ft", ANCHORS + np.array([0.0, shift_ft]))
    section = Section("log1", top, top + 4000.0, axis, (Track(geometry, (spec,)),))
    flat = np.ones(len(DEPTH))
    curve = RecoveredCurve(
        spec, "log1", "a", "ft", DEPTH, VALUES, flat, flat > 0, flat, np.ones((len(DEPTH), 5))
    )
    quality = QualityEstimate(0.99, 0.98, 1.0, 1.0, 0.0, 0.0, 1.0, 0.1)
    judged = JudgedCurve(curve, quality, GateVerdict(decision, ("why",), "p"))
    made = Provenance("", "", "", "", "")
    ref = ScanRef("x", "x", "", 1)
    return DigitisedLog(ref, WellInfo(), (section,), (judged,), (), made, 200.0)


def only(true: PageTruth, given: DigitisedLog) -> tuple[CurveOutcome, list[str]]:
    outcomes, wrong = score_log(true, given, 0, SIZE)
    (outcome,) = outcomes.values()
    return outcome, wrong


def test_an_accepted_curve_that_is_as_printed() -> None:
    outcome, wrong = only(truth(TRUE), log())
    assert (outcome.delivered, outcome.accepted, outcome.right) == (True, True, True)
    assert np.isnan(outcome.r2)
    assert outcome.picture == "overlay-log1-a"
    assert wrong == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (log(replace(SPEC, right=100.0)), "scale 0..100 linear"),
        (log(replace(SPEC, left=1.0, scale="log")), "scale 1..150 log"),
        (log(left=115.0), "borders off by 3 % of the track"),
        (log(shift_ft=2.5), "depth off by 2.5 ft"),
    ],
)
def test_what_is_not_as_printed_is_wrong_and_named(given: DigitisedLog, why: str) -> None:
    outcome, wrong = only(truth(TRUE), given)
    assert (outcome.accepted, outcome.right, outcome.why) == (True, False, why)
    assert len(wrong) == 1


def test_a_curve_of_another_name_or_place_is_not_delivered() -> None:
    for given in (log(replace(SPEC, mnemonic="CALI")), log(left=500.0), log(top=8000.0)):
        outcome, wrong = only(truth(TRUE), given)
        assert not outcome.delivered
        assert len(wrong) == 1


def test_a_curve_in_review_is_delivered_and_not_accepted() -> None:
    outcome, wrong = only(truth(TRUE), log(decision="review"))
    assert (outcome.delivered, outcome.accepted, outcome.right) == (True, False, True)
    assert outcome.why == "review; why"
    assert wrong == []


def test_known_values_decide() -> None:
    good, _ = only(truth(TRUE, values=VALUES), log())
    assert good.right
    assert good.r2 == pytest.approx(1.0)
    bad, wrong = only(truth(TRUE, values=VALUES[::-1].copy()), log())
    assert not bad.right
    assert bad.why.startswith("R² ")
    assert len(wrong) == 1


def test_what_lies_below_the_truth_is_neither_right_nor_wrong() -> None:
    page = replace(truth(TRUE), seen_to=5000.0)
    outcome, wrong = only(page, log(top=5500.0))
    assert not outcome.delivered
    assert wrong == []


def test_a_delivered_curve_stands_for_the_one_that_is_printed_so() -> None:
    """A gamma ray that was printed and not drawn counted as accepted, on the curve of the other one."""
    api, tool = (replace(TRUE, printed=name) for name in ("GR (API)", "GR (from tool)"))
    outcomes, wrong = score_log(truth(api, tool), log(replace(SPEC, printed="GR (API)")), 0, SIZE)
    assert [outcome.accepted for outcome in outcomes.values()] == [True, False]
    assert wrong == []
    other, _ = score_log(truth(api, tool), log(replace(SPEC, printed="GAMMA")), 0, SIZE)
    assert all(outcome.accepted for outcome in other.values())
