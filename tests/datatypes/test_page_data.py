"""Data of a page: what breaks an invariant is refused, and axes invert."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import (
    CurveSpec,
    DepthAxis,
    Dpi,
    Posterior,
    Section,
    Strip,
    Trace,
    TrackGeometry,
    px_at,
)
from veernet_core.datatypes.log import MadeWith
from veernet_core.datatypes.page import Doubt
from veernet_core.errors import GeometryError


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_depths_are_the_inverse_of_depths_of_rows_beyond_the_anchors_too(seed: int) -> None:
    rng = np.random.default_rng(seed)
    anchors = np.cumsum(rng.uniform(1, 90, (9, 2)), axis=0)
    axis = DepthAxis("ft", anchors)
    rows = np.linspace(anchors[0, 0] - 500, anchors[-1, 0] + 500, 200)
    np.testing.assert_allclose(axis.row_at(axis.depth_at(rows)), rows, atol=1e-9)
    np.testing.assert_allclose(axis.depth_at(anchors[:, 0]), anchors[:, 1])
    assert (np.diff(axis.depth_at(rows)) > 0).all()


@pytest.mark.parametrize(
    "anchors",
    [
        [[1, 2]],
        [[1, 2], [1, 3]],
        [[1, 2], [2, 2]],
        [[1, 2], [0, 3]],
        [[1, 2], [2, 1]],
        [[1, 2], [2, np.nan]],
        [[1, 2], [np.inf, 3]],
    ],
)
def test_anchors_that_do_not_increase_make_no_axis(anchors: list[list[float]]) -> None:
    with pytest.raises(GeometryError):
        DepthAxis("m", np.array(anchors, dtype=np.float64))


def test_a_border_is_straight_between_its_knots_and_vertical_beyond_them() -> None:
    knots = np.array([[10.0, 100.0], [20.0, 120.0]])
    assert (px_at(knots, 0.0), px_at(knots, 15.0), px_at(knots, 99.0)) == (100.0, 110.0, 120.0)
    assert isinstance(px_at(knots, 15.0), float)
    np.testing.assert_array_equal(px_at(knots, np.array([10.0, 20.0])), [100, 120])


def track(left: object, right: object) -> TrackGeometry:
    return TrackGeometry("T1", *(np.array(k, dtype=np.float64) for k in (left, right)))


def test_a_track_has_eight_columns_or_more_in_every_row() -> None:
    assert track([[0, 10]], [[0, 18]]).right_px(np.array([5.0]))[0] == 18
    for left, right in (
        ([[0, 10]], [[0, 17.9]]),
        ([[0, 10]], [[0, 60], [50, 12], [100, 60]]),
        ([[0, 10], [0, 12]], [[0, 60]]),
        ([[0, 10, 3]], [[0, 60]]),
        ([[0, np.nan]], [[0, 60]]),
    ):
        with pytest.raises(GeometryError):
            track(left, right)


GOOD = CurveSpec("GR", "GAPI", 0.0, 150.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"mnemonic": ""},
        {"left": float("nan")},
        {"right": float("inf")},
        {"right": 0.0},
        {"scale": "log"},
        {"scale": "log", "left": 1.0, "right": -10.0},
        {"scale": "hybrid"},
        {"scale": "hybrid", "scale_points": ((0.0, 0.0),)},
        {"scale_points": ((0.0, 0.0), (9.0, 1.0))},
    ],
)
def test_a_scale_that_gives_no_values_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(GeometryError):
        replace(GOOD, **changes)  # type: ignore[arg-type]


def test_the_name_on_the_paper_does_not_tell_curves_apart() -> None:
    assert replace(GOOD, printed="GAMMA RAY") == GOOD
    assert replace(GOOD, unit="API") != GOOD


def test_a_doubt_without_a_track_or_a_curve_is_about_all_of_them() -> None:
    assert Doubt("x").concerns("T1", "GR")
    assert Doubt("x", "T1").concerns("T1", "SP")
    assert not Doubt("x", "T1").concerns("T2", "SP")
    assert not Doubt("x", "T1", "GR").concerns("T1", "SP")


def test_a_section_has_two_rows_or_more() -> None:
    assert Section("main", 5.0, 7.0, None, ()).row_bottom == 7.0
    with pytest.raises(GeometryError):
        Section("main", 5.0, 6.5, None, ())


INK = np.zeros((4, 30), np.uint8)
ROWS = np.arange(4.0)


@pytest.mark.parametrize(
    "parts",
    [
        {"ink": INK.astype(np.float32)},
        {"ink": INK[0]},
        {"scan_rows": ROWS[:3]},
        {"left_col": 25.0},
        {"left_col": -1.0},
        {"right_col": 31.0},
        {"all_ink": INK[:3]},
    ],
)
def test_a_strip_whose_parts_do_not_fit_is_refused(parts: dict[str, object]) -> None:
    good: dict[str, object] = {"ink": INK, "left_col": 5.0, "right_col": 25.0, "scan_rows": ROWS}
    assert Strip(**good).track_width_px == 20.0  # type: ignore[arg-type]
    with pytest.raises(GeometryError):
        Strip(**(good | parts))  # type: ignore[arg-type]


def test_borders_are_looked_for_in_all_ink_where_it_is_known() -> None:
    assert Strip(INK, 5.0, 25.0, ROWS).printed is INK
    every = INK + np.uint8(9)
    assert Strip(INK, 5.0, 25.0, ROWS, all_ink=every).printed is every


def test_posteriors_and_traces_of_unequal_lengths_are_refused() -> None:
    with pytest.raises(GeometryError):
        Posterior(np.zeros((3, 4, 30), np.float16), np.zeros((3, 5), np.float32))
    with pytest.raises(GeometryError):
        Trace(np.zeros(4), np.zeros((4, 5)), np.ones(3, bool), ROWS)


def test_a_quarter_turn_swaps_the_resolutions_and_two_undo_it() -> None:
    fax = Dpi(98.0, 204.0)
    assert (fax.turned.down, fax.turned.across) == (204.0, 98.0)
    assert fax.turned.turned == fax


def test_the_version_makes_results_differ_only_where_nothing_finer_is_known() -> None:
    old, older = MadeWith("m", "c", "0.1.0"), MadeWith("m", "c", "0.0.9")
    assert old.parts != older.parts
    new = replace(old, numerics="n", settings_hash="s", algorithms="a")
    assert new.parts == replace(new, version="9").parts
    for name in ("model_id", "config_hash", "numerics", "settings_hash", "algorithms"):
        assert replace(new, **{name: "other"}).parts != new.parts
