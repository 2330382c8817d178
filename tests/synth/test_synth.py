"""Drawn strips: determinism, exact labels, honest visibility."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.synth import degrade, priors, render, strips
from veernet_core.synth.grids import GridPlan
from veernet_core.synth.strips import SynthConfig, draw_strip
from veernet_core.synth.truth import drawn_course


def test_a_swing_between_two_dashes_is_not_part_of_the_drawn_curve() -> None:
    ink = np.zeros((40, 100), np.float32)
    ink[:15, 50], ink[25:, 50] = 1.0, 1.0
    frac = np.full(40, 0.5)
    frac[18:20] = 0.9  # in the gap, unseen
    assert np.allclose(drawn_course(frac, ink), 0.5)
    ink[18:20, 50:90] = 1.0
    assert np.array_equal(drawn_course(frac, ink), frac)
    bend = 0.5 + 0.01 * np.sin(np.arange(40))
    assert np.array_equal(drawn_course(bend, ink), bend)
    lifted = np.where(np.arange(40) < 25, frac, np.nan)
    ink[18:] = 0.0
    assert np.array_equal(drawn_course(lifted, ink), lifted, equal_nan=True)


def test_same_seed_same_bytes() -> None:
    one, two = (draw_strip(np.random.default_rng(7)) for _ in range(2))
    assert one.ink.tobytes() == two.ink.tobytes()
    assert one.x.tobytes() == two.x.tobytes()
    assert draw_strip(np.random.default_rng(8)).ink.tobytes() != one.ink.tobytes()


@pytest.mark.parametrize("kind", ["polyline", "coverage", "stamp"])
@pytest.mark.parametrize("width", [2.0, 3.0, 5.0])
def test_label_is_where_the_ink_is(kind: str, width: float) -> None:
    rows = np.arange(200)
    x = 60 + 12 * np.sin(rows / 25) + 0.3
    ink = render.ink_curve(np.random.default_rng(0), x, render.Pen("solid", width, kind=kind), 128)
    centroid = (ink * np.arange(128)).sum(axis=1) / ink.sum(axis=1)
    inner = slice(5, -5)
    assert abs(np.mean(centroid[inner] - x[inner])) < 0.12
    assert np.abs(centroid[inner] - x[inner]).max() < 0.6


@pytest.mark.parametrize("style", ["dashed", "dotted"])
def test_broken_styles_leave_gaps(style: str) -> None:
    rng = np.random.default_rng(3)
    for _ in range(10):
        pen = render.draw_pen(rng, style)  # type: ignore[arg-type]
        ink = render.ink_curve(rng, np.full(300, 50.0), pen, 100)
        on = (ink[:, 48:53].max(axis=1) > 0.3).mean()
        assert 0.08 < on < 0.95


def test_erased_ink_is_labelled_absent() -> None:
    found = 0
    for seed in range(60):
        strip = draw_strip(np.random.default_rng(seed), SynthConfig(rows=192, cols=416))
        for x, visible in zip(strip.x, strip.visible):
            for row in np.flatnonzero(visible):
                c = round(float(x[row]))
                around = strip.ink[max(0, row - 50) : row + 51, max(0, c - 60) : c + 61]
                assert around.max() > 60, (seed, row)
            found += int((~visible).sum())
    assert found > 500


@pytest.mark.parametrize(
    ("what", "there"),
    [("faint", True), ("thin", True), ("under another", True), ("gone", False), ("buried", False)],
)
def test_a_stroke_is_there_where_it_stands_out(what: str, there: bool) -> None:
    x = np.full(200, 60.4)
    pen = render.Pen("solid", 1.0 if what == "thin" else 2.5)
    alpha = render.ink_curve(np.random.default_rng(0), x, pen, 128)
    dark = {
        "faint": 0.12 + 0.2 * alpha,
        "thin": (alpha > 0.5).astype(np.float32),
        "under another": render.ink_curve(
            np.random.default_rng(0), x + 1, render.Pen("solid", 4.0), 128
        ),
        "gone": alpha * 0,
        "buried": alpha * 0 + 1,
    }[what]
    curve = replace(inked(x / 128, False), x=x, alpha=alpha)
    tone = 0.25 if what == "faint" else 1.0
    assert (strips._survives(curve, dark, tone) == there).all()


def test_mask_lies_on_curves() -> None:
    strip = draw_strip(np.random.default_rng(11), SynthConfig(rows=256, cols=512))
    for style in range(3):
        rows, cols = np.nonzero(strip.mask == 1 + style)
        if len(rows):
            mine = strip.x[strip.style == style]
            distance = np.nanmin(np.abs(mine[:, rows] - cols), axis=0)
            assert np.median(distance) < 4


def test_shapes_from_a_table_are_used() -> None:
    ramp = np.linspace(0, 1, 5000)
    drawn = [
        priors.draw_shape(np.random.default_rng(s), 400, [ramp], flat_share=0.0) for s in range(40)
    ]
    monotone = [np.all(np.diff(d) >= -1e-9) or np.all(np.diff(d) <= 1e-9) for d in drawn]
    assert 5 < sum(monotone) < 35


def test_real_resistivities_look_as_on_logarithmic_paper() -> None:
    values = np.array([0.2, 2.0, 20.0, -1.0])
    np.testing.assert_allclose(
        priors.as_plotted("ILD", values), [-0.69897, 0.30103, 1.30103, np.nan], atol=1e-5
    )
    assert priors.as_plotted("GR", values) is values


def inked(frac: NDArray[np.float64], wrapped: bool) -> strips.Inked:
    x = 20 + 200 * (frac % 1 if wrapped else frac)
    blank = np.zeros((len(frac), 240), np.float32)
    steep = np.zeros(len(frac), np.float32)
    return strips.Inked(x, frac, frac, steep, render.Pen("solid", 2.0), blank, wrapped)


def test_hatching_fills_the_laps_beside_the_usual_one() -> None:
    frac = np.full(120, 0.6)
    frac[40:60], frac[80:100] = 1.3, -0.2  # over the right border, and over the left one
    curve, drawn = inked(frac, True), np.zeros((120, 240))
    for seed in range(20):
        drawn += strips._hatching(np.random.default_rng(seed), curve, (20, 220), 240)
    assert set(np.nonzero(drawn[40:60])[1]) == set(range(21, 80))
    assert set(np.nonzero(drawn[80:100])[1]) == set(range(181, 220))
    drawn[40:60] = drawn[80:100] = 0
    assert not drawn.any()


def test_shading_lies_between_a_curve_and_a_border() -> None:
    frac = np.linspace(0.2, 0.8, 120)
    curve = inked(frac, False)
    for seed in range(20):
        drawn = strips._hatching(np.random.default_rng(seed), curve, (20, 220), 240)
        rows, cols = np.nonzero(drawn)
        beside = cols < curve.x[rows]
        assert beside.all() or not beside.any()
        assert not len(cols) or (cols.min() > 20 and cols.max() < 220)


def test_a_backup_scale_keeps_the_shape_and_the_border() -> None:
    leader = np.linspace(0.3, 6.0, 50)
    for seed in range(30):
        own = priors._backup(np.random.default_rng(seed), leader)
        ratio = float(np.ptp(own) / np.ptp(leader))
        assert round(ratio, 6) in (0.1, 0.2, 0.25, 0.5)
        from_left, from_right = ratio * leader, 1 - ratio * (1 - leader)
        assert np.allclose(own, from_left) or np.allclose(own, from_right)


def test_dirt_falls_off_from_one_side() -> None:
    sides = set()
    for seed in range(10):
        dirt = degrade._near_side(np.random.default_rng(seed), 500)
        fall = np.diff(dirt)
        assert (fall <= 0).all() or (fall >= 0).all()
        assert dirt.max() == pytest.approx(3)
        assert dirt.min() < 0.1
        sides.add(bool(dirt[0] > dirt[-1]))
    assert sides == {True, False}


def test_line_styles_are_drawn_in_the_shares_asked_for() -> None:
    config = SynthConfig(rows=64, cols=256, style_share=(0.0, 0.0, 1.0))
    styles = [draw_strip(np.random.default_rng(s), config).style for s in range(20)]
    assert set(np.concatenate(styles)) == {2}


def test_broken_grids_have_gaps_of_the_lengths_asked_for() -> None:
    plan = GridPlan(((100.0, 2.0, 1.0),), (), (0.0, 0.0), (12.0, 6.0), 0.0)
    ink = render.ink_grid(np.random.default_rng(0), plan, 4000, 200, (0.0, 199.0), np.zeros(4000))
    assert 0.5 < (ink[:, 97:104].max(axis=1) > 0.3).mean() < 0.8


@pytest.mark.slow
def test_fast_enough_to_feed_training() -> None:
    cv2.setNumThreads(1)
    start = time.process_time()  # other work on the machine does not count
    for seed in range(20):
        draw_strip(np.random.default_rng(seed))
    assert 20 / (time.process_time() - start) > 8


def test_dots_range_from_a_plotting_program_s_to_coarse_ones() -> None:
    rng = np.random.default_rng(0)
    periods = [(p.on_px + p.off_px) for p in (render.draw_pen(rng, "dotted") for _ in range(300))]
    assert np.mean(np.array(periods) < 6) > 0.2
    assert np.mean(np.array(periods) > 10) > 0.2


def test_some_curves_hardly_part_and_others_go_their_own_way() -> None:
    apart = []
    for seed in range(150):
        one, two = priors.draw_shapes(np.random.default_rng(seed), 256, 2)
        apart.append(np.median(np.abs(one - two)))
    assert np.mean(np.array(apart) < 0.03) > 0.15
    assert np.mean(np.array(apart) > 0.15) > 0.25
