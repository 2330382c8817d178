"""Shapes of held-out curves: tools read the beds they stand in, and scales fit what they read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet_core.datatypes import F64, RESISTIVITIES, CurveSpec
from veernet_core.synth.heldout.courses import track_fraction
from veernet_core.synth.heldout.data import Family
from veernet_core.synth.heldout.shapes import (
    FAMILIES,
    SCALES,
    TRACK_MATES,
    Earth,
    choose_curves,
    draw_earth,
    gaussian_blur,
    measure,
    smooth_curve,
)


def one_rock(clay: float, phi: float, log_rt: float, log_rxo: float, n: int = 400) -> Earth:
    return Earth(*(np.full(n, v) for v in (clay, phi, log_rt, log_rxo)))


SHALE = one_rock(1.0, 0.10, 0.5, 0.4)
SAND = one_rock(0.0, 0.25, 1.0, 2.0)


@pytest.mark.parametrize(
    ("mnemonic", "in_shale", "in_sand", "tolerance"),
    [
        ("GR", 133.0, 18.0, 6.0),
        ("RHOB", 2.435, 2.2875, 0.02),
        ("DPHI", (2.71 - 2.435) / 1.71, (2.71 - 2.2875) / 1.71, 0.02),
        ("NPHI", 0.32, 0.25, 0.01),
        ("DT", 52 + 15 + 35, 52 + 37.5, 2.0),
        ("ILD", 10**0.5, 10.0, 0.3),
        ("CALI", 7.9, 7.9, 30.0),
    ],
)
def test_a_tool_in_one_rock_reads_that_rock(
    mnemonic: str, in_shale: float, in_sand: float, tolerance: float
) -> None:
    for earth, expected in ((SHALE, in_shale), (SAND, in_sand)):
        values = measure(np.random.default_rng(4), earth, mnemonic)
        assert values.shape == (400,)
        assert np.median(values[50:]) == pytest.approx(expected, abs=tolerance)


def test_shallow_and_deep_resistivity_differ_where_the_hole_is_flushed() -> None:
    deep, medium, shallow = (
        float(np.median(measure(np.random.default_rng(1), SAND, name)))
        for name in ("ILD", "ILM", "SFL")
    )
    assert deep == pytest.approx(10.0, rel=0.02)
    assert medium == pytest.approx(10**1.35, rel=0.02)
    assert shallow == pytest.approx(10**1.9, rel=0.02)


def test_the_hole_is_washed_out_only_in_clay() -> None:
    rng = np.random.default_rng(2)
    washed, whole = measure(rng, SHALE, "CALI"), measure(rng, SAND, "CALI")
    assert washed.max() > 9
    assert np.abs(whole - 7.9).max() < 0.15


def test_a_neutron_counts_less_where_there_are_more_pores() -> None:
    rng = np.random.default_rng(3)
    tight, porous = (measure(rng, one_rock(0, phi, 1, 1), "NEU") for phi in (0.01, 0.4))
    assert np.median(tight) > 3 * np.median(porous)


def test_beds_are_of_known_rocks_and_the_same_seed_draws_the_same_earth() -> None:
    one, two = (draw_earth(np.random.default_rng(9), 3000) for _ in range(2))
    np.testing.assert_array_equal(one.phi, two.phi)
    for values, low, high in ((one.clay, -0.4, 1.6), (one.phi, -0.4, 0.8), (one.log_rt, -0.2, 4)):
        assert len(values) == 3000
        assert np.isfinite(values).all()
        assert low < values.min()
        assert values.max() < high
    assert np.ptp(one.clay) > 0.3, "more than one rock"


def test_a_blur_keeps_constants_and_the_sum_of_a_spike() -> None:
    np.testing.assert_allclose(gaussian_blur(np.full(50, 7.0), 3.0), 7.0)
    spike = np.zeros(101)
    spike[50] = 1.0
    blurred = gaussian_blur(spike, 4.0)
    assert blurred.sum() == pytest.approx(1.0)
    assert blurred.argmax() == 50
    np.testing.assert_allclose(blurred, blurred[::-1], atol=1e-12)
    spread = np.sqrt((blurred * (np.arange(101) - 50) ** 2).sum())
    assert spread == pytest.approx(4.0, rel=0.02)


def test_a_smooth_curve_goes_through_its_points_and_never_beyond_them() -> None:
    x, y = np.array([0.0, 1, 2, 3]), np.array([0.0, 0, 5, 5])
    at = np.linspace(0, 3, 301)
    curve = smooth_curve(x, y, at)
    np.testing.assert_allclose(curve[::100], y)
    assert curve.min() == 0
    assert curve.max() == 5
    assert (np.diff(curve) >= 0).all()


def test_a_smooth_curve_has_gaps_where_its_points_are_missing() -> None:
    y = np.array([0.0, 1, np.nan, 3, 4])
    curve = smooth_curve(np.arange(5.0), y, np.array([0.5, 1.5, 2.5, 3.5]))
    np.testing.assert_array_equal(np.isnan(curve), [False, True, True, False])
    assert np.isnan(smooth_curve(np.arange(2.0), np.array([1, np.nan]), np.arange(2.0))).all()


def test_every_drawn_tool_has_a_scale_and_families_draw_only_such_tools() -> None:
    assert {name for names in FAMILIES.values() for name in names} <= SCALES.keys()
    for name, (unit, left, right, scale, _) in SCALES.items():
        CurveSpec(name, unit, left, right, scale)  # refuses what is no scale
        assert (scale == "log") == (name in RESISTIVITIES - {"RES"})
    assert sum(len(mates) for mates in TRACK_MATES) == len(frozenset().union(*TRACK_MATES))


def shares_on_scale(curves: list[tuple[CurveSpec, F64]]) -> list[float]:
    fracs = [track_fraction(spec, values) for spec, values in curves]
    return [float(np.mean((f > -0.02) & (f < 1.02))) for f in fracs]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_curves_of_a_family_lie_on_their_scales_and_have_names_of_their_own(family: Family) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        curves = choose_curves(rng, family, None, 800, 3, double=False)
        names = [spec.mnemonic for spec, _ in curves]
        assert len(set(names)) == 3
        assert all(values.shape == (800,) for _, values in curves)
        least = 0.55 if family == "backup" else 0.7
        assert min(shares_on_scale(curves)) > least, (seed, names)


def test_resistivities_of_a_track_share_one_scale() -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        curves = choose_curves(rng, "resistivity", None, 500, 3, double=True)
        logs = [spec for spec, _ in curves if spec.unit == "OHMM"]
        assert logs
        assert {spec.scale for spec in logs} == {"log"}


def test_real_shapes_are_drawn_where_they_belong() -> None:
    depth = np.arange(3000) * 0.5
    gamma = ("GR", 70 + 40 * np.sin(depth / 11))
    ohms = ("ILD", 10 ** (1 + 0.5 * np.sin(depth / 13)))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        (spec, values), *_ = choose_curves(rng, "gamma", [gamma, ohms], 600, 2, double=False)
        assert spec.mnemonic == "GR"
        assert np.isin(values, gamma[1]).all(), "cut to length, nothing made up"
        (spec, values), *_ = choose_curves(rng, "resistivity", [gamma, ohms], 600, 2, False)
        assert spec.mnemonic == "ILD"
        assert np.isin(values, ohms[1]).all()


def test_a_real_shape_that_fits_no_family_is_used_where_there_is_no_other() -> None:
    gamma = ("GR", 70 + 40 * np.sin(np.arange(900) / 11))
    rng = np.random.default_rng(0)
    ((spec, values),) = choose_curves(rng, "porosity", [gamma], 300, 1, double=False)
    assert spec.mnemonic == "GR"
    assert np.isin(values, gamma[1]).all()


def test_codes_for_no_value_are_never_drawn() -> None:
    values = 70 + 40 * np.sin(np.arange(1000) / 11)
    values[[200, 600, 601, 950]] = -999.25, 1e30, -9999, np.nan
    longest = values[201:600]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        ((_, drawn),) = choose_curves(rng, "gamma", [("GR", values)], 300, 1, double=False)
        assert np.isin(drawn, longest).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    low=st.floats(-1e4, 1e4),
    span=st.floats(1e-3, 1e4),
    length=st.integers(2, 700),
)
def test_any_finite_shape_gets_a_scale_that_holds_most_of_it(
    seed: int, low: float, span: float, length: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = low + span * rng.random(length)
    ((spec, values),) = choose_curves(rng, "gamma", [shape], 500, 1, double=False)
    assert values.shape == (500,)
    assert np.isfinite(values).all()
    frac = track_fraction(spec, values)
    assert np.mean((frac > -0.06) & (frac < 1.06)) >= 0.9
