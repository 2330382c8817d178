"""What a touch of two paths says: fitted, and the same whatever the paths are called."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.curve.tracking.appearance import stroke_rows
from veernet_core.curve.tracking.identity import DEFAULT_COSTS, touches_of
from veernet_core.curve.tracking.touch_features import touch_features
from veernet_core.curve.tracking.touch_odds import touch_odds

F64 = NDArray[np.float64]

ROW = np.arange(400.0)

COLS = 400


def drawn(paths: F64) -> NDArray[np.uint8]:
    ink = np.zeros((paths.shape[1], COLS), np.uint8)
    for path in paths:
        for r, x in enumerate(path):
            ink[r, round(float(x)) - 1 : round(float(x)) + 2] = 255
    return ink


def nats(paths: F64, ink: NDArray[np.uint8] | None = None) -> F64:
    ink = drawn(paths) if ink is None else ink
    none = np.zeros(len(paths))
    touches = touches_of(paths, none, paths, None, DEFAULT_COSTS)
    seen = np.ones(paths.shape, bool)
    return touch_odds().nats(
        touch_features(paths, seen, stroke_rows(ink, paths, paths), none, touches)
    )


def lines(slope: float) -> F64:
    away = slope * np.clip(ROW - 200, -100 / slope, 100 / slope)
    return np.stack([200 + away, 200 - away])


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0, 5.0])
def test_straight_lines_cross_whatever_the_paths_do(slope: float) -> None:
    crossing = lines(slope)
    assert nats(crossing) > 1
    assert nats(np.sort(crossing, axis=0)) < -1  # paths that turn back are exchanged


def test_an_exchange_below_the_touch_turns_the_answer_round() -> None:
    rough = np.random.default_rng(2).normal(0, 1, (2, 400))
    given = lines(0.4) + rough
    exchanged = np.where(ROW < 200, given, given[::-1])
    model = replace(touch_odds(), most=100.0)
    none, ink = np.zeros(2), drawn(given)
    seen = np.ones(given.shape, bool)
    found = []
    for paths in (given, exchanged):
        touches = touches_of(given, none, given, None, DEFAULT_COSTS)[:1]
        features = touch_features(paths, seen, stroke_rows(ink, paths, paths), none, touches)
        features[..., -9] = 0.0  # which of both ways the paths took
        found.append(model.nats(features)[0])
    assert np.isclose(found[0], -found[1])


def test_names_of_paths_and_sides_of_the_track_do_not_matter() -> None:
    rough = np.random.default_rng(3).normal(0, 1.5, (2, 400))
    given = lines(0.7) + rough
    expected = nats(given)
    assert np.allclose(nats(given[::-1]), expected)
    mirrored = COLS - 1 - given
    assert np.allclose(nats(mirrored, drawn(given)[:, ::-1]), expected)


def test_no_touch_is_surer_than_what_was_measured() -> None:
    assert np.abs(nats(lines(20.0))).max() <= touch_odds().most


def test_ways_cost_what_their_chances_say() -> None:
    features = np.zeros((1, 2, len(touch_odds().mean)))
    assert np.allclose(touch_odds().costs(features), np.log(2))


def test_the_record_says_how_it_was_fitted() -> None:
    raw = json.loads((files("veernet_core.curve.tracking") / "touch_odds.json").read_text("utf-8"))
    assert raw["record"]["command"] == "veernet fit-touches"
    assert raw["record"]["touches"] > 1000
    assert raw["record"]["wrong_left_out"] < 0.25
