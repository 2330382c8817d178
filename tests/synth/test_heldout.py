"""The held-out renderer: its truth is exact, its strips repeat and cover what archives hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec
from veernet_core.synth import heldout
from veernet_core.synth.heldout.courses import course_truth, strokes, track_fraction
from veernet_core.synth.heldout.data import Course, HeldoutStrip, Pen
from veernet_core.synth.heldout.plotters import PLOTTERS
from veernet_core.synth.heldout.strips import draw_heldout


def _centroid(ink: np.ndarray) -> np.ndarray:
    return (ink * np.arange(ink.shape[1])).sum(axis=1) / ink.sum(axis=1)


@pytest.mark.parametrize("plotter", sorted(PLOTTERS))
@pytest.mark.parametrize("width_px", [1.5, 3.0, 5.0])
def test_ink_of_every_plotter_is_centred_on_the_truth(plotter, width_px):
    row = np.arange(-5.0, 1005, 5)
    wiggle = np.random.default_rng(0).normal(0, 1, len(row))
    col = 100.37 + 30 * np.sin(row / 90) + wiggle
    pen = Pen("solid", width_px)
    ink = PLOTTERS[plotter](np.random.default_rng(1), (1000, 220), [(col, row)], pen)
    error = (_centroid(ink) - np.interp(np.arange(1000), row, col))[5:-5]
    assert abs(error.mean()) < 0.02
    assert np.median(np.abs(error)) < 0.1


@pytest.mark.parametrize("plotter", sorted(PLOTTERS))
def test_ink_does_not_lag_down_the_paper(plotter):
    line = (np.array([0.0, 200.0]), np.array([-10.0, 1010.0]))
    ink = PLOTTERS[plotter](np.random.default_rng(1), (1000, 220), [line], Pen("solid", 3.0))
    error = (_centroid(ink) - np.interp(np.arange(1000), line[1], line[0]))[50:-50]
    assert abs(error.mean()) < 0.02


@pytest.mark.parametrize("plotter", sorted(PLOTTERS))
def test_broken_pens_leave_gaps_and_solid_ones_do_not(plotter):
    line = (np.full(2, 50.0), np.array([-10.0, 610.0]))
    rng = np.random.default_rng(3)
    dashed = PLOTTERS[plotter](rng, (600, 100), [line], Pen("dashed", 3.0, 20, 10))
    solid = PLOTTERS[plotter](rng, (600, 100), [line], Pen("solid", 3.0))
    share = (dashed.max(axis=1) > 0.5).mean()
    assert 0.4 < share < 0.9
    assert (solid.max(axis=1) > 0.5).all()


def test_a_course_wraps_clips_pegs_and_lifts():
    row, frac = np.array([0.0, 100.0]), np.array([0.5, 2.5])
    rows = np.array([10.0, 40.0, 70.0, 80.0])
    once = Course(row, frac, wraps=1, lifts=((35.0, 45.0),))
    np.testing.assert_allclose(course_truth(once, rows), [0.7, np.nan, 1.9, np.nan])
    np.testing.assert_allclose(course_truth(Course(row, frac), rows), [0.7] + [np.nan] * 3)
    pegged = course_truth(Course(row, frac, peg=True), rows)
    np.testing.assert_allclose(pegged, [0.7, 1, 1, 1])


def test_strokes_stay_inside_the_track_and_meet_its_borders():
    course = Course(np.array([0.0, 100.0]), np.array([0.5, 2.5]), wraps=1)
    first, second = strokes(course, lambda frac, row: 100 * frac)
    np.testing.assert_allclose(first, [[50, 100], [0, 25]])
    np.testing.assert_allclose(second, [[0, 100], [25, 75]])


def test_same_seed_same_bytes_and_other_seed_other_bytes():
    def digest(seed: int) -> tuple[bytes, ...]:
        s = draw_heldout(np.random.default_rng(seed), rows=400, degraded=True)
        return (s.strip.ink.tobytes(), s.frac.tobytes(), s.visible.tobytes(), s.ident.encode())

    assert digest(5) == digest(5)
    assert digest(5) != digest(6)


def test_grey_and_bilevel_are_scans_of_one_drawing():
    for seed in range(3):
        grey, bilevel = (
            draw_heldout(np.random.default_rng(seed), rows=400, tone=tone)
            for tone in ("grey", "bilevel")
        )
        np.testing.assert_array_equal(grey.frac, bilevel.frac)
        assert len(np.unique(grey.strip.ink)) > 20
        assert set(np.unique(bilevel.strip.ink)) == {0, 255}
        either = draw_heldout(np.random.default_rng(seed), rows=400).strip.ink
        assert any(np.array_equal(either, s.strip.ink) for s in (grey, bilevel))


def _ink_at_truth(s: HeldoutStrip, k: int, rows: np.ndarray) -> np.ndarray:
    folded = np.where(s.frac[k] == 1, 1, np.mod(s.frac[k], 1))[rows]
    col = np.rint(s.strip.left_col + folded * s.strip.track_width_px).astype(int)
    near = [s.strip.ink[rows, np.clip(col + d, 0, s.strip.ink.shape[1] - 1)] for d in (-1, 0, 1)]
    return np.max(near, axis=0) > 100


@pytest.mark.parametrize("seed", range(6))
def test_clean_solid_curves_have_ink_where_the_truth_says(seed):
    s = draw_heldout(np.random.default_rng(seed), rows=1024, n_curves=2, plotter="vector")
    for k, spec in enumerate(s.specs):
        drawn = np.flatnonzero(np.isfinite(s.frac[k]))
        if spec.style == "solid" and len(drawn):
            assert _ink_at_truth(s, k, drawn).mean() > 0.97


def test_visible_tells_where_ink_survived():
    seen, lost = [], []
    for seed in range(12):
        s = draw_heldout(np.random.default_rng(seed), rows=1024, degraded=True, harm=1.8)
        assert not (s.visible & ~np.isfinite(s.frac)).any()
        for k, spec in enumerate(s.specs):
            if spec.style != "solid":
                continue
            seen.append(_ink_at_truth(s, k, np.flatnonzero(s.visible[k])))
            lost.append(_ink_at_truth(s, k, np.flatnonzero(np.isfinite(s.frac[k]) & ~s.visible[k])))
    assert np.concatenate(seen).mean() > 0.85
    assert len(np.concatenate(lost)) > 100
    assert np.concatenate(lost).mean() < 0.4


def test_strips_follow_the_house_conventions():
    for seed in range(8):
        s = draw_heldout(np.random.default_rng(seed), rows=300, degraded=bool(seed % 2))
        width = s.strip.track_width_px
        assert 440 <= width <= 520 or 900 <= width <= 1040
        assert s.strip.left_col == 16
        assert s.strip.ink.shape == (300, int(width) + 32)
        assert s.frac.shape == s.visible.shape == (len(s.specs), 300)
        assert (np.diff(s.depth) > 0).all()
        assert 0.01 < (s.strip.ink > 127).mean() < 0.5


def test_the_set_covers_styles_twins_wraps_backups_and_gaps():
    strips = [draw_heldout(np.random.default_rng(seed), rows=256) for seed in range(60)]
    assert {s.ident.split("-")[0] for s in strips} == set(PLOTTERS)
    assert {len(s.specs) for s in strips} == {1, 2, 3, 4}
    styles = [[spec.style for spec in s.specs] for s in strips]
    assert {name for names in styles for name in names} == {"solid", "dashed", "dotted"}
    assert any(len(set(names)) < len(names) for names in styles)
    assert any([spec.mnemonic for spec in s.specs] == ["RES", "RES"] for s in strips)
    fracs = [s.frac[np.isfinite(s.frac)] for s in strips]
    assert any((f > 1.001).any() or (f < -0.001).any() for f in fracs)
    assert any(np.isnan(s.frac).any() for s in strips)


def test_backup_is_drawn_only_where_the_first_scale_is_exceeded():
    both = 0
    for seed in range(8):
        s = draw_heldout(np.random.default_rng(seed), rows=2048, family="backup")
        on = np.isfinite(s.frac)
        assert not (on[0] & on[1]).any()
        both += bool(on[0].any() and on[1].any())
    assert both >= 4


def test_real_shapes_are_drawn_on_their_scale():
    depth = np.arange(4000) * 0.5
    shape = 2.4 + 0.2 * np.sin(depth / 15)
    s = draw_heldout(np.random.default_rng(2), shapes=[("RHOB", shape)], n_curves=1, rows=1024)
    value = s.specs[0].left + s.frac[0] * (s.specs[0].right - s.specs[0].left)
    if s.specs[0].scale == "log":
        value = s.specs[0].left * (s.specs[0].right / s.specs[0].left) ** s.frac[0]
    known = np.isfinite(value)
    assert known.mean() > 0.7
    np.testing.assert_allclose(np.ptp(value[known]), 0.4, atol=0.02)


def test_real_curves_share_a_track_with_their_like_and_resistivities_are_logarithmic():
    shapes = [(name, np.geomspace(2, 90, 3000)) for name in ("GR", "ILD", "DT", "MINV")]
    for seed in range(12):
        s = draw_heldout(np.random.default_rng(seed), shapes=shapes, n_curves=3, rows=300)
        names = {c.mnemonic.rstrip("12") for c in s.specs}
        if "RES" not in names:  # a backup is drawn from invented values
            assert len(names - {"MINV"}) <= 1
        assert all(c.scale == "log" for c in s.specs if c.mnemonic.startswith("ILD"))
        assert all(c.scale == "linear" for c in s.specs if c.mnemonic[:2] in ("GR", "DT"))


def test_dirty_values_in_real_shapes_do_no_harm():
    bad = np.array([np.nan, -499.6, 1e10] * 5 + [3.0] * 40 + [np.nan])
    s = draw_heldout(np.random.default_rng(0), shapes=[bad], rows=300, n_curves=1)
    assert np.isfinite(s.frac).any()


def test_track_fraction_reads_linear_reversed_and_logarithmic_scales():
    values = np.array([0.2, 20.0, 2000.0])
    log = CurveSpec("ILD", "OHMM", 0.2, 2000, "log")
    np.testing.assert_allclose(track_fraction(log, values), [0, 0.5, 1])
    assert np.isnan(track_fraction(log, np.array([-1.0]))).all()
    reverse = CurveSpec("NPHI", "V/V", 0.45, -0.15)
    np.testing.assert_allclose(track_fraction(reverse, np.array([0.45, -0.15])), [0, 1])


def test_nothing_is_shared_with_the_training_generator():
    source = "".join(path.read_text() for path in Path(heldout.__file__).parent.glob("*.py"))
    assert "synth.heldout.copies" in source
    assert not any(f"synth.{name}" in source for name in ("priors", "render", "degrade"))
