"""Which curves of a track lie on one ink, and for how much of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from factories import CALI, GR, ILD, make_curve

from veernet_core.curve.evidence.shared import shared_ink

FRAC = 0.5 + 0.2 * np.sin(np.arange(400) / 20)


def test_a_curve_on_anothers_ink_is_named_with_its_share() -> None:
    gamma = make_curve(GR, count=400, frac=FRAC)
    half = np.where(np.arange(400) < 200, FRAC + 0.005, FRAC + 0.1)
    caliper = make_curve(CALI, count=400, frac=half)
    assert shared_ink([gamma, caliper]) == [("CALI", 0.5), ("GR", 0.5)]


def test_wraps_lie_on_one_ink_and_other_depths_do_not() -> None:
    gamma = make_curve(GR, count=400, frac=FRAC)
    wrapped = make_curve(CALI, count=400, frac=FRAC + 1)
    assert shared_ink([gamma, wrapped]) == [("CALI", 1.0), ("GR", 1.0)]
    edge = make_curve(GR, count=400, frac=np.full(400, 0.999))
    over = make_curve(CALI, count=400, frac=np.full(400, 1.003))
    assert shared_ink([edge, over]) == [("CALI", 1.0), ("GR", 1.0)]
    below = make_curve(CALI, first=14800, count=400, frac=FRAC)
    assert shared_ink([gamma, below]) == [("", 0.0), ("", 0.0)]


def test_only_observed_ink_of_the_same_track_counts() -> None:
    gamma = make_curve(GR, count=400, frac=FRAC)
    elsewhere = make_curve(ILD, track_id="T2", count=400, frac=FRAC)
    assert shared_ink([gamma, elsewhere]) == [("", 0.0), ("", 0.0)]
    bridged = replace(make_curve(CALI, count=400, frac=FRAC), observed=np.zeros(400, bool))
    assert shared_ink([gamma, bridged]) == [("", 0.0), ("", 0.0)]
    partly = replace(bridged, observed=np.arange(400) < 100)
    assert shared_ink([gamma, partly]) == [("CALI", 0.25), ("GR", 1.0)]
