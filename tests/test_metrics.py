"""Overlap of masks, R² and scores of a curve against its truth."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core import metrics


@pytest.mark.parametrize(
    ("truth", "predicted", "iou", "precision", "recall"),
    [
        ([1, 1, 0, 0], [1, 1, 0, 0], 1.0, 1.0, 1.0),
        ([1, 1, 0, 0], [0, 0, 1, 1], 0.0, 0.0, 0.0),
        ([1, 1, 0, 0], [1, 1, 1, 1], 0.5, 0.5, 1.0),
        ([1, 1, 0, 0], [1, 0, 0, 0], 0.5, 1.0, 0.5),
    ],
)
def test_overlap(
    truth: list[int], predicted: list[int], iou: float, precision: float, recall: float
) -> None:
    found = metrics.overlap(np.array(predicted), np.array(truth), 1)
    assert (found.iou, found.precision, found.recall) == (iou, precision, recall)


def test_overlap_of_nothing_is_unknown_not_perfect() -> None:
    none = metrics.overlap(np.zeros(4, int), np.zeros(4, int), 1)
    assert np.isnan(none.iou)
    assert np.isnan(none.recall)


def test_pools_differ_under_imbalance() -> None:
    truth = np.zeros(1000, int)
    truth[:20] = 1
    predicted = np.zeros(1000, int)
    predicted[10:30] = 1
    pools = metrics.pools({c: metrics.overlap(predicted, truth, c) for c in (0, 1)})
    assert pools["pixel_weighted"] > pools["equal_weight"] > pools["curves_only"]


def test_r2_and_score() -> None:
    truth = np.sin(np.arange(500) / 10) * 0.2 + 0.5
    assert metrics.r2(truth, truth) == 1.0
    assert np.isnan(metrics.r2(truth, np.full(500, np.nan)))
    visible = np.ones(500, bool)
    visible[300:] = False
    score = metrics.score_curve(truth + 0.01, truth, visible)
    assert score.median_dx_pct == pytest.approx(1.0)
    assert score.longest_invented == 200
    assert score.coverage == 1.0
