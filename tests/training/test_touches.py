"""Fitting which of two paths is which below a touch."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.tracking.touch_odds import odds_from_json
from veernet_core.training import touches


def cases(seed: int, count: int) -> list[touches.Case]:
    rng = np.random.default_rng(seed)
    return [case for _ in range(count) if (case := touches.smooth_case(rng)) is not None]


def test_smooth_curves_are_told_apart_after_a_short_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(touches, "SMOOTH", 0)
    monkeypatch.setattr(touches, "STEPS", 200)
    monkeypatch.setattr(touches, "EPOCHS", 2)
    drawn = cases(1, 30)
    raw = touches.fit_touches(drawn, seed=1)
    assert touches.fit_touches(drawn, seed=1) == raw
    known, wrong = touches.share_wrong(cases(2, 20), odds_from_json(raw))
    assert known > 50
    assert wrong < 0.25


def test_a_label_is_right_about_paths_that_change_places() -> None:
    case = cases(4, 1)[0]
    sides = touches.labelled(case)
    turned = case.swap[np.arange(len(case.swap)), case.doubt[:-1].argmin(axis=1)]
    below = case.doubt[1:].argmin(axis=1)
    assert ((turned == below) == (sides < 0))[sides != 0].all()
