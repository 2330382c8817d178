"""The cheapest path down a strip, and densities as of upright strokes."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.tracking.viterbi import as_upright, cheapest_path, cheapest_path_over


def test_a_stroke_weighs_as_much_steep_as_upright() -> None:
    column = np.arange(200)
    row = np.stack([np.exp(-0.5 * ((column - 100) / s) ** 2) for s in (1.5, 15.0)])
    density = (row / row.sum(axis=1, keepdims=True)).astype(np.float32)
    upright, steep = as_upright(density, peak=0.266, dip=0.2, least=1e-3)
    assert upright.max() == pytest.approx(steep.max(), rel=0.1)
    faint = as_upright(0.3 * density, peak=0.266, dip=0.2, least=1e-3)
    assert faint[1].max() == pytest.approx(0.3 * steep.max(), rel=0.1)


def test_path_prefers_evidence_over_a_detour() -> None:
    cost = np.full((50, 40), 5.0, np.float32)
    cost[:, 10] = 0
    cost[25:, 10] = 5
    cost[25:, 30] = 0
    path = cheapest_path(cost, np.zeros(40, np.float32), 0.05, 7.0)
    assert (path[:25] == 10).all()
    assert (path[25:] == 30).all()


def test_a_jump_through_white_stays_in_its_zone() -> None:
    """The same place is 30 columns off in the zone to the left and 31 in its own."""
    cost = np.full((60, 122), 5.0, np.float32)
    cost[:25, 91] = 0
    cost[35:, [0, 61]] = 0
    wrap = np.repeat(np.array([-1, 0], np.int32), 61)
    white, table = np.zeros(cost.shape, np.uint8), np.full(256, 0.05, np.float32)
    start = np.zeros(122, np.float32)
    path = cheapest_path_over(cost, start, white, table, 1.0, wrap, 0.5, 4.0)
    assert (path[:25] == 91).all()
    assert (path[35:] == 61).all()
