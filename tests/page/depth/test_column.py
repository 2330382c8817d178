"""The depth column: customary spacing of labels, and the rough axis through them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from veernet_core.page.depth.column import row_of, usual_step
from veernet_core.page.depth.labels import LabelRead


def labels(depths: Sequence[float], rows: Sequence[float] | None = None) -> list[LabelRead]:
    rows = [10.0 * n for n in range(len(depths))] if rows is None else rows
    return [
        LabelRead(row, 300.0, depth, 0.9, 30.0, 60.0, 0)
        for row, depth in zip(rows, depths, strict=True)
    ]


@pytest.mark.parametrize(
    ("depths", "step"),
    [
        ([], 0.0),
        ([7200], 0.0),
        ([7200, 7300, 7400], 100.0),
        ([7250, 7300, 7350], 50.0),
        ([1025, 1050, 1075, 1100], 25.0),
        ([1020, 1040, 1060], 20.0),
        ([1010, 1020, 1030], 10.0),
        # one of five was misread: the others still say how far apart they are
        ([7200, 7300, 7401, 7500, 7600], 100.0),
        ([7200, 7301, 7401, 7500], 10.0),
    ],
)
def test_labels_stand_at_customary_depths(depths: list[float], step: float) -> None:
    assert usual_step(labels(depths)) == step


def test_the_axis_goes_on_beyond_its_ends_with_the_slope_there() -> None:
    # 2 rows a foot above 1,400 ft, 4 below it
    depths = [1000.0, 1100, 1200, 1300, 1400, 1500, 1600, 1700, 1800]
    rows = [0.0, 200, 400, 600, 800, 1200, 1600, 2000, 2400]
    row_at = row_of(labels(depths, rows))
    asked = np.array([950.0, 1050.0, 1450.0, 1850.0])
    np.testing.assert_allclose(row_at(asked), [-100.0, 100.0, 1000.0, 2600.0])
