"""Scores of drawn curves: what is claimed where no ink is, in feet, and crossings, traced and delivered."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec, Strip
from veernet_core.evaluation.drawings import Recovered, Sample, score_sample

ROWS = np.arange(400)
ONE = 0.3 + 0.4 * ROWS / 400
TWO = 0.7 - 0.4 * ROWS / 400


def sample(*frac: np.ndarray, gone: slice = slice(0), rows_per_ft: float | None = None) -> Sample:
    specs = tuple(CurveSpec(f"C{k}", "", 0, 1) for k in range(len(frac)))
    strip = Strip(np.zeros((400, 512), np.uint8), 6.0, 506.0, ROWS.astype(float))
    seen = np.ones((len(frac), 400), bool)
    seen[:, gone] = False
    depth = None if rows_per_ft is None else 5000 + ROWS / rows_per_ft
    return Sample("x", strip, specs, np.stack(frac), seen, depth=depth)


def whole(frac: np.ndarray) -> Recovered:
    return Recovered(frac, np.isfinite(frac), frac)


@pytest.mark.parametrize(("rows_per_ft", "feet"), [(4.0, 25.0), (10.0, 10.0), (None, 10.0)])
def test_a_bridge_claims_nothing(rows_per_ft: float | None, feet: float) -> None:
    drawn = sample(ONE, gone=slice(100, 200), rows_per_ft=rows_per_ft)
    bridged = np.isfinite(ONE) & ((ROWS < 100) | (ROWS >= 160))
    (score,) = score_sample(drawn, [Recovered(ONE, bridged, ONE)])
    assert score["longest_invented_ft"] == pytest.approx(feet)
    assert score["longest_claimed_ft"] == pytest.approx(feet * 0.4)


def test_what_is_withheld_after_a_crossing_was_traced() -> None:
    withheld = np.where(ROWS > 200, np.nan, ONE)
    first, second = score_sample(
        sample(ONE, TWO), [Recovered(withheld, np.isfinite(withheld), ONE), whole(TWO)]
    )
    assert first["delivered, all, total"] == first["traced, one style, kept"] == 1
    assert first["delivered, all, kept"] == first["delivered, all, exchanged"] == 0
    assert second["traced, all, total"] == 0  # counted once, on the first curve


def test_names_of_one_style_that_were_exchanged_throughout_cross_rightly() -> None:
    first, _ = score_sample(sample(ONE, TWO), [whole(TWO), whole(ONE)])
    assert first["delivered, one style, kept"] == 1
