"""Tracks drawn by matplotlib: the truth lies where the ink is, and the same seed draws the same."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.evaluation.drawings import draw_test_set
from veernet_core.synth import plotted
from veernet_core.synth.plotted import FINISHES, SCALES, draw_plotted

DEPTH = np.arange(500, 1500.5, 0.5)


def _well() -> plotted.Well:
    """Every curve moves about the middle of its scale, each at a pace of its own."""
    well = {}
    for k, (name, (left, right, log)) in enumerate(SCALES.items()):
        frac = 0.5 + 0.3 * np.sin(DEPTH / (9 + 2 * k))
        value = left * (right / left) ** frac if log else left + (right - left) * frac
        well[name] = (DEPTH, value)
    return well


@pytest.mark.parametrize("seed", range(6))
def test_ink_lies_where_the_truth_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = draw_plotted(rng, [_well()], "grey")
    strip = drawn.strip
    x = strip.left_col + drawn.frac * strip.track_width_px
    rows = np.arange(len(strip.ink))
    for spec, at in zip(drawn.specs, x):
        ink = strip.ink[rows[:, None], np.rint(at).astype(int)[:, None] + np.arange(-2, 3)]
        inked = (ink.max(axis=1) > 90).mean()
        assert inked > {"solid": 0.97, "dashed": 0.5, "dotted": 0.3}[spec.style]


def test_truth_is_exact_to_a_fraction_of_a_pixel() -> None:
    well = {"GR": (DEPTH, 40 + 70 * (DEPTH - DEPTH[0]) / 1000)}
    for seed in range(4):
        drawn = draw_plotted(np.random.default_rng(seed), [well], "grey")
        strip = drawn.strip
        if drawn.specs[0].style != "solid" or drawn.specs[0].mnemonic != "GR":
            continue
        x = strip.left_col + drawn.frac[0] * strip.track_width_px
        cols = np.arange(strip.ink.shape[1])
        near = np.abs(cols - x[:, None]) < 4
        free = strip.ink[:, near.any(axis=0)].mean(axis=1) < 60  # off the lines of the grid
        weight = strip.ink * near
        centroid = (weight * cols).sum(axis=1) / np.maximum(weight.sum(axis=1), 1)
        assert abs(np.median((centroid - x)[free])) < 0.3


def test_same_seed_same_bytes() -> None:
    one, two = (draw_plotted(np.random.default_rng(5), [_well()], "noisy") for _ in range(2))
    assert one.strip.ink.tobytes() == two.strip.ink.tobytes()
    assert one.ident == two.ident


def test_the_test_set_shows_every_finish_and_draws_without_wells() -> None:
    samples = list(draw_test_set("matplotlib", 3, 1))
    assert [s.ident.split("-")[0] for s in samples] == list(FINISHES)
    bilevel = samples[1].strip.ink
    assert set(np.unique(bilevel)) == {0, 255}
    assert all(s.visible.mean() > 0.9 for s in samples)


def test_neutron_porosity_as_a_fraction_is_drawn_in_percent() -> None:
    depth = np.arange(1000, 1300, 0.5)
    frac = np.full(len(depth), 0.15)
    _, of_fraction = plotted._part("NPHI", depth, frac, 1000.0)
    _, of_percent = plotted._part("NPHI", depth, 100 * frac, 1000.0)
    np.testing.assert_allclose(of_fraction, of_percent)
    np.testing.assert_allclose(of_percent, 0.5)
