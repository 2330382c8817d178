"""Ink under a path, along the way that it moves sideways, and sums over stretches of rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from veernet_core.curve.tracking.appearance import stretch_sums
from veernet_core.curve.tracking.strokes import ink_under, stroke_support
from veernet_core.datatypes import Strip

ROWS, COLS = 40, 120


def blank() -> np.ndarray:
    return np.zeros((ROWS, COLS), np.uint8)


def strip(ink: np.ndarray) -> Strip:
    return Strip(ink, 10.0, 110.0, np.arange(ROWS, dtype=np.float64))


def test_a_path_on_ink_has_all_of_it_and_one_beside_none() -> None:
    ink = blank()
    ink[:, 50] = 255
    for column, want in ((50.0, 1.0), (51.0, 1.0), (52.0, 0.0), (48.6, 1.0), (48.4, 0.0)):
        assert ink_under(ink, np.full(ROWS, column)) == pytest.approx(np.full(ROWS, want))


def test_a_gap_of_one_row_costs_a_fifth_of_five_rows() -> None:
    ink = blank()
    ink[:, 50] = 255
    ink[20, 50] = 0
    under = ink_under(ink, np.full(ROWS, 50.0))
    assert under[18:23] == pytest.approx(np.full(5, 0.8))
    assert under[[0, 17, 23, ROWS - 1]] == pytest.approx(np.ones(4))


def test_a_path_that_is_not_known_or_off_the_strip_is_looked_for_at_its_edge() -> None:
    ink = blank()
    ink[:, 0] = 255
    path = np.full(ROWS, np.nan)
    path[::2] = -30.0
    assert ink_under(ink, path).min() == 1.0


def test_a_jump_is_borne_out_by_the_ink_it_crosses() -> None:
    path = np.where(np.arange(ROWS) < 20, 30.0, 70.0)
    ink = blank()
    assert stroke_support(ink, path, strip(ink))[18:23].tolist() == [0.0] * 5
    ink[20, 30:70] = 255
    assert stroke_support(ink, path, strip(ink)).tolist() == [1.0] * ROWS
    ink[20, 30:50] = 0
    assert stroke_support(ink, path, strip(ink))[20] == pytest.approx(0.5)


def test_small_moves_need_no_ink() -> None:
    path = np.cumsum(np.full(ROWS, 2.5))
    assert stroke_support(blank(), path, strip(blank())).tolist() == [1.0] * ROWS


def test_a_wrapped_stroke_is_looked_for_where_it_comes_back() -> None:
    path = np.where(np.arange(ROWS) < 20, 100.0, 140.0)
    ink = blank()
    ink[20, 100:120] = 255  # up to the right edge of the strip
    ink[20, 20:40] = 255  # and on from the left border
    assert stroke_support(ink, path, strip(ink)).tolist() == [1.0] * ROWS


def test_sums_over_stretches_are_those_of_their_rows() -> None:
    values = np.random.default_rng(3).normal(size=(2, 3, ROWS))
    bounds = [0, 7, 8, 33, ROWS]
    sums = stretch_sums(values, bounds)
    assert sums.shape == (2, 3, 4)
    for k, (first, last) in enumerate(itertools.pairwise(bounds)):
        np.testing.assert_allclose(sums[..., k], values[..., first:last].sum(axis=-1))
