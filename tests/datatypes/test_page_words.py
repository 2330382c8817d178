"""What a page shows, as data: lines down the page, borders of tracks, depth axes, scales that are refused."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec, DepthAxis, TrackGeometry, interp_extrapolate, px_at
from veernet_core.errors import GeometryError

LINE = np.array([[100.0, 50.0], [300.0, 60.0]])


@pytest.mark.parametrize(
    ("row", "column"), [(100, 50), (200, 55), (300, 60), (0, 50), (900, 60), (101.5, 50.075)]
)
def test_a_line_is_straight_between_its_knots_and_upright_beyond_them(
    row: float, column: float
) -> None:
    assert px_at(LINE, row) == pytest.approx(column, abs=1e-12)
    assert isinstance(px_at(LINE, row), float)


def test_columns_of_many_rows_are_those_of_each() -> None:
    rows = np.array([0.0, 150.0, 299.0, 500.0])
    assert px_at(LINE, rows).tolist() == [px_at(LINE, row) for row in rows]


def test_borders_must_be_in_order_with_rows_that_grow() -> None:
    right = LINE + np.array([0.0, 200.0])
    track = TrackGeometry("T1", LINE, right)
    assert (track.right_px(LINE[:, 0]) - track.left_px(LINE[:, 0])).tolist() == [200.0, 200.0]
    for left, other in ((right, LINE), (LINE[::-1], right), (LINE, LINE + np.array([0.0, 7.0]))):
        with pytest.raises(GeometryError):
            TrackGeometry("T1", left, other)


def test_depth_axes_invert_between_and_beyond_their_anchors() -> None:
    axis = DepthAxis("ft", np.array([[100.0, 7000.0], [500.0, 7020.0], [1500.0, 7072.0]]))
    rows = np.array([-50.0, 100.0, 333.3, 500.0, 1400.0, 2000.0])
    np.testing.assert_allclose(axis.row_at(axis.depth_at(rows)), rows, atol=1e-9)
    assert axis.depth_at(np.array([300.0]))[0] == pytest.approx(7010.0)
    assert axis.depth_at(np.array([2000.0]))[0] == pytest.approx(7098.0)


def test_values_beyond_the_first_and_last_go_on_straight() -> None:
    at = np.array([-1.0, 0.0, 0.5, 1.0, 3.0])
    got = interp_extrapolate(at, np.array([0.0, 1.0, 2.0]), np.array([0.0, 10.0, 40.0]))
    assert got.tolist() == [-10.0, 0.0, 5.0, 10.0, 70.0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mnemonic": ""},
        {"left": 0.0, "right": 0.0},
        {"left": float("nan")},
        {"left": 0.0, "right": 100.0, "scale": "log"},
        {"scale": "hybrid"},
        {"scale": "linear", "scale_points": ((0.0, 0.0), (1.0, 1.0))},
    ],
)
def test_a_scale_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    right = {"mnemonic": "GR", "unit": "GAPI", "left": 0.0, "right": 150.0}
    CurveSpec(**right)  # type: ignore[arg-type]
    with pytest.raises(GeometryError):
        CurveSpec(**right | wrong)  # type: ignore[arg-type]
