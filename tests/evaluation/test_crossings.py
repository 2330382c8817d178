"""Crossings that both curves leave as themselves, also where some rows have no value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from veernet_core.datatypes import CurveSpec
from veernet_core.evaluation.crossings import (
    CrossingCount,
    count_crossings,
    crossing_columns,
)
from veernet_core.evaluation.tables import crossing_table

ROWS = np.arange(400)
ONE = 0.3 + 0.4 * ROWS / 400
TWO = 0.7 - 0.4 * ROWS / 400
BELOW = ROWS > 205


def counts(one: np.ndarray, two: np.ndarray, style: str) -> dict[bool, CrossingCount]:
    specs = CurveSpec("A", "", 0, 1), CurveSpec("B", "", 0, 1, style=style)
    seen = np.ones((2, 400), bool)
    return count_crossings(specs, np.stack([ONE, TWO]), seen, [one, two], 0.016, 100)


@pytest.mark.parametrize("style", ["solid", "dashed"])
@pytest.mark.parametrize(
    ("one", "two", "count"),
    [
        (ONE, TWO, CrossingCount(1, 1, 0)),
        (np.where(BELOW, TWO, ONE), np.where(BELOW, ONE, TWO), CrossingCount(1, 0, 1)),
        (np.where(abs(ROWS - 200) < 30, np.nan, ONE), TWO, CrossingCount(1, 1, 0)),
        (np.where(BELOW, np.nan, ONE), TWO, CrossingCount(1, 0, 0)),
    ],
    ids=["followed", "exchanged", "a gap at the crossing", "lost after it"],
)
def test_crossing(one: np.ndarray, two: np.ndarray, count: CrossingCount, style: str) -> None:
    same = style == "solid"
    assert counts(one, two, style) == {same: count, not same: CrossingCount()}


def test_curves_that_touch_and_part_again_do_not_cross() -> None:
    nearly = np.minimum(ONE, TWO)
    specs = CurveSpec("A", "", 0, 1), CurveSpec("B", "", 0, 1)
    other = 1 - nearly
    frac, seen = np.stack([nearly, other]), np.ones((2, 400), bool)
    found = count_crossings(specs, frac, seen, [nearly, other], 0.016, 100)
    assert found == {True: CrossingCount(), False: CrossingCount()}


def test_table_tells_pairs_of_one_style_from_all() -> None:
    counts = {False: CrossingCount(3, 3, 0), True: CrossingCount(5, 2, 1)}
    columns = crossing_columns({"delivered": counts})
    rows = [{"method": "m", "set": "s", **columns}, {"method": "m", "set": "s"}]
    table = crossing_table(pd.DataFrame(rows).fillna(0))
    assert table["pairs"].tolist() == ["all", "one style"]
    assert table["crossings"].tolist() == [8, 5]
    assert table["kept"].tolist() == [5 / 8, 2 / 5]
    assert table["no value"].tolist() == [2 / 8, 2 / 5]
