"""Crossings that both curves leave as themselves, also where some rows have no value."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec, Strip
from veernet_core.evaluation.drawings import Sample, crossings_kept

ROWS = np.arange(400)
ONE = 0.3 + 0.4 * ROWS / 400
TWO = 0.7 - 0.4 * ROWS / 400
BELOW = ROWS > 205


def sample() -> Sample:
    specs = (CurveSpec("A", "", 0, 1), CurveSpec("B", "", 0, 1))
    strip = Strip(np.zeros((400, 512), np.uint8), 6.0, 506.0, ROWS.astype(float))
    return Sample("x", strip, specs, np.stack([ONE, TWO]), np.ones((2, 400), bool))


@pytest.mark.parametrize(
    ("one", "two", "kept"),
    [
        (ONE, TWO, 1),
        (np.where(BELOW, TWO, ONE), np.where(BELOW, ONE, TWO), 0),
        (np.where(abs(ROWS - 200) < 30, np.nan, ONE), TWO, 1),
        (np.where(BELOW, np.nan, ONE), TWO, 0),
    ],
    ids=["followed", "exchanged", "a gap at the crossing", "lost after it"],
)
def test_crossing(one: np.ndarray, two: np.ndarray, kept: int) -> None:
    assert crossings_kept(sample(), [one, two]) == (1, kept)
