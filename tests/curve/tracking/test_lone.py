"""The path of one curve, and what is worked out once for a block, on drawn curves and an ideal network."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.classical import darkest_paths, mask_centroids
from veernet_core.curve.tracking.config import DecodeConfig, DecodeState
from veernet_core.curve.tracking.fields import Fields, fold, path_evidence
from veernet_core.curve.tracking.lone import WrapAxis, follow_alone
from veernet_core.datatypes import F64, STYLES, CurveSpec, Posterior, Strip, Style, Wrap

LEFT, WIDTH, COLS, ROWS = 20.0, 100.0, 141, 160
RIGHT = LEFT + WIDTH
ROW = np.arange(ROWS)
UNKNOWN = float("nan")


def spec(style: Style = "solid", wrap: Wrap = "none") -> CurveSpec:
    return CurveSpec("A", "", 0.0, 1.0, "linear", style, wrap)


def drawn(*paths: tuple[F64, Style]) -> tuple[Strip, Posterior]:
    """A strip with paths (columns, NaN: no ink) and what a perfect network would say of it."""
    ink = np.zeros((ROWS, COLS), np.uint8)
    position, presence = np.zeros((3, ROWS, COLS)), np.zeros((3, ROWS), np.float32)
    for path, style in paths:
        for r in np.flatnonzero(np.isfinite(path)):
            at = round(path[r])
            ink[r, max(0, at - 1) : at + 2] = 255
            gaussian = np.exp(-0.5 * ((np.arange(COLS) - path[r]) / 1.5) ** 2)
            position[STYLES.index(style), r] += gaussian / gaussian.sum()
            presence[STYLES.index(style), r] = 1
    total = position.sum(axis=2, keepdims=True)
    position = np.where(total > 0, position / np.maximum(total, 1e-9), 1 / COLS)
    strip = Strip(ink, LEFT, RIGHT, ROW.astype(np.float64))
    return strip, Posterior(position.astype(np.float16), presence)


def fields_of(strip: Strip, posterior: Posterior, *specs: CurveSpec) -> Fields:
    return Fields(strip, posterior, specs, DecodeConfig())


WAVE = 70 + 30 * np.sin(ROW / 15)
FLAT = np.full(ROWS, 40.0)


def test_a_lone_curve_is_followed_to_a_part_of_a_pixel_with_all_its_mass() -> None:
    strip, posterior = drawn((WAVE, "solid"))
    path = follow_alone(fields_of(strip, posterior, spec()), strip, spec(), 0, [], UNKNOWN)
    np.testing.assert_allclose(path.column, WAVE, atol=0.5)
    assert path.mass.min() > 0.9
    assert (path.presence == 1).all()


@pytest.mark.parametrize(("other", "found"), [(WAVE, FLAT), (FLAT, WAVE)])
def test_ink_that_another_curve_claims_is_left_to_it(other: F64, found: F64) -> None:
    strip, posterior = drawn((WAVE, "dashed"), (FLAT, "dashed"))
    fields = fields_of(strip, posterior, spec("solid"), spec("dashed"))
    free = fields.unclaimed([other])
    row = np.arange(5, ROWS, 20)
    claimed = free[row, np.rint(other[row]).astype(int)]
    kept = free[row, np.rint(found[row]).astype(int)]
    apart = np.abs(other - found)[row] > 12
    assert claimed.max() < 0.15
    assert kept[apart].min() > 0.98


def test_where_nothing_is_claimed_all_ink_is_free() -> None:
    fields = fields_of(*drawn((WAVE, "solid")), spec())
    assert (fields.unclaimed([]) == 1).all()
    assert (fields.unclaimed([np.full(ROWS, UNKNOWN)]) == 1).all()


@pytest.mark.parametrize("wrap", ["one", "all"])
def test_a_wrapped_curve_is_unfolded_over_the_right_border_and_back(wrap: Wrap) -> None:
    truth = 80 + 70 * np.sin(ROW / ROWS * np.pi)  # up to 150, 30 px beyond the border at 120
    folded = np.where(truth > RIGHT, truth - WIDTH, truth)
    strip, posterior = drawn((folded, "solid"))
    own = spec(wrap=wrap)
    path = follow_alone(fields_of(strip, posterior, own), strip, own, 0, [], UNKNOWN)
    near = np.abs(truth - RIGHT) > 4
    np.testing.assert_allclose(path.column[near], truth[near], atol=1.0)
    np.testing.assert_allclose(fold(path.column, strip, own)[near], folded[near], atol=1.0)


def test_a_wrapped_curve_goes_on_in_the_wrap_in_which_the_block_above_ended() -> None:
    strip, posterior = drawn((FLAT, "solid"))
    own = spec(wrap="one")
    for before in (40.0, 40.0 + WIDTH, 40.0 - WIDTH):
        path = follow_alone(fields_of(strip, posterior, own), strip, own, 0, [], before)
        np.testing.assert_allclose(path.column[0], before, atol=0.5)


def test_a_curve_that_leaves_its_scale_stands_beyond_the_border_it_left_by() -> None:
    truth = 70 + 80 * np.exp(-0.5 * ((ROW - 80) / 12) ** 2)
    strip, posterior = drawn((np.where(truth < RIGHT, truth, np.nan), "solid"))
    path = follow_alone(fields_of(strip, posterior, spec()), strip, spec(), 0, [], UNKNOWN)
    off = truth >= RIGHT
    assert (path.column[off][2:-2] > COLS - 1).all()
    assert (path.mass[off][2:-2] == 0).all()
    on = truth < RIGHT - 6
    np.testing.assert_allclose(path.column[on], truth[on], atol=1.5)


@pytest.mark.parametrize("wraps", [1, 2, 4])
def test_every_place_of_the_unfolded_axis_shows_the_column_it_unfolds(wraps: int) -> None:
    strip, _ = drawn((FLAT, "solid"))
    axis = WrapAxis.of(strip, wraps)
    unfolded = axis.origin + np.arange(len(axis.column))
    np.testing.assert_allclose(axis.column + axis.wrap * WIDTH, unfolded, atol=0.5)
    assert (axis.column >= LEFT).all()
    assert (axis.column <= RIGHT).all()
    assert (axis.wrap.min(), axis.wrap[-2]) == (-wraps, wraps)
    assert (np.diff(axis.wrap) >= 0).all()


def test_an_axis_without_wraps_is_the_strip_with_a_place_beyond_either_border() -> None:
    strip, _ = drawn((FLAT, "solid"))
    axis = WrapAxis.of(strip, 0)
    np.testing.assert_array_equal(axis.column[1:-1], np.arange(COLS))
    assert (axis.wrap[0], axis.wrap[-1], np.abs(axis.wrap[1:-1]).max()) == (-1, 1, 0)
    np.testing.assert_array_equal(axis.spread(strip.ink)[:, 1:-1], strip.ink)


@pytest.mark.parametrize("wrap", ["one", "all"])
def test_folding_undoes_any_number_of_wraps_and_leaves_a_curve_without_them_alone(
    wrap: Wrap,
) -> None:
    strip, _ = drawn((FLAT, "solid"))
    at = np.linspace(LEFT, RIGHT - 0.01, 50)
    for turns in range(-4, 5):
        np.testing.assert_allclose(fold(at + turns * WIDTH, strip, spec(wrap=wrap)), at, atol=1e-9)
    np.testing.assert_array_equal(fold(at + WIDTH, strip, spec()), at + WIDTH)


def test_two_curves_of_one_style_count_twice_the_ink_of_one() -> None:
    strip, posterior = drawn((WAVE, "solid"))
    one, two = (fields_of(strip, posterior, *[spec()] * n) for n in (1, 2))
    np.testing.assert_allclose(two.density[0], 2 * one.density[0], rtol=1e-6)
    np.testing.assert_allclose(one.density[0].sum(axis=1), 1.0, atol=0.01)


def test_ink_of_a_style_that_no_curve_is_drawn_in_counts_by_half() -> None:
    strip, posterior = drawn((WAVE, "dashed"))
    fields = fields_of(strip, posterior, spec("solid"))
    seen = posterior.position[1].astype(np.float32)
    half = DecodeConfig().orphan
    np.testing.assert_allclose(fields.density[0], half * seen, atol=2e-3)


def test_another_styles_ink_leaks_in_only_where_it_is_free_and_the_own_style_is_present() -> None:
    strip, posterior = drawn((WAVE, "solid"), (FLAT, "dashed"))
    fields = fields_of(strip, posterior, spec("solid"), spec("dashed"))
    everywhere, nowhere = np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32)
    leaked = fields.evidence(0, everywhere) - fields.evidence(0, nowhere)
    config = DecodeConfig()
    np.testing.assert_allclose(leaked, config.leak * fields.foreign[0], atol=1e-6)
    fields.presence[0] = 0
    np.testing.assert_array_equal(fields.evidence(0, everywhere), fields.density[0])


def test_a_pixel_on_the_stroke_costs_less_than_any_other() -> None:
    strip, posterior = drawn((WAVE, "solid"))
    fields = fields_of(strip, posterior, spec())
    cost = fields.path_cost(fields.density[0])
    assert (np.abs(cost.argmin(axis=1) - WAVE) <= 1).all()
    assert cost.max() == pytest.approx(-np.log(DecodeConfig().floor), abs=1e-4)


def test_being_off_scale_costs_more_where_ink_of_the_style_is_left_over() -> None:
    gap = WAVE.copy()
    gap[50:90] = np.nan
    fields = fields_of(*drawn((gap, "solid")), spec())
    cost = fields.cost_off_scale(0, np.ones((1, 1), np.float32))
    config = DecodeConfig().off_scale
    np.testing.assert_allclose(cost[50:90], config.cost)
    np.testing.assert_allclose(
        np.delete(cost, slice(50, 90)), config.cost + config.unexplained, atol=0.05
    )


def test_the_evidence_of_a_path_is_the_ink_around_it() -> None:
    strip, posterior = drawn((WAVE, "solid"))
    fields = fields_of(strip, posterior, spec())
    for shift, mass in ((0, 1.0), (15, 0.0)):
        at = np.rint(WAVE).astype(np.int32) + shift
        found, presence = path_evidence(fields, 0, fields.density[0], at)
        np.testing.assert_allclose(found, mass, atol=0.06)
        assert (presence == 1).all()


def test_a_block_hands_over_only_the_rows_it_has() -> None:
    state = DecodeState(10, (np.arange(5.0), np.arange(5.0) + 100), (np.eye(5), np.eye(5) * 2))
    assert (state.at(0, 10), state.at(1, 14)) == (0.0, 104.0)
    assert np.isnan([state.at(0, 9), state.at(0, 15)]).all()
    chances = state.chances_at(1, 12)
    assert chances is not None
    np.testing.assert_array_equal(chances, [0, 0, 2, 0, 0])
    assert state.chances_at(1, 15) is None
    assert DecodeState(10, (np.arange(5.0),)).chances_at(0, 12) is None


def test_the_classical_tracer_finds_the_darkest_curves_and_not_the_same_one_twice() -> None:
    strip, _ = drawn((WAVE, "solid"))
    other = np.full(ROWS, 30.0) + 3 * np.sin(ROW / 7)
    for r in range(ROWS):
        strip.ink[r, round(other[r]) - 1 : round(other[r]) + 2] = 200
    paths = darkest_paths(strip, 2)
    for path, truth in zip(paths, (WAVE, other)):
        off = np.abs(LEFT + path * WIDTH - truth)
        assert np.median(off) < 0.6
        assert (off < 2).mean() > 0.95


def test_the_published_reading_of_a_mask_follows_its_centre_and_knows_when_there_is_none() -> None:
    strip, _ = drawn((WAVE, "solid"))
    mask = np.zeros((4, ROWS, COLS), np.float16)
    mask[0] = 0.4
    for r in range(ROWS):
        mask[2, r, round(WAVE[r]) - 1 : round(WAVE[r]) + 2] = 0.9
    found = mask_centroids(mask, strip, 1)
    np.testing.assert_allclose(LEFT + found * WIDTH, WAVE, atol=0.6)
    assert np.isnan(mask_centroids(mask, strip, 0)).all()
