"""Tracks in colours, other resolutions, other pens and small swings: truth lies on the ink."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import F64, U8
from veernet_core.strips.ink import separate_ink
from veernet_core.synth import priors, render
from veernet_core.synth.coloured import PENS, ColouredSheet, draw_coloured
from veernet_core.synth.strips import SynthConfig, SynthStrip, draw_strip

FRESH = SynthConfig(512, max_severity=0.0, style_share=(1.0, 0.0, 0.0), swing=(0.02, 0.1))


def off_px(ink: U8, x: F64) -> F64:
    """Distance from the truth to the middle of the ink within 12 px of it, where there is some."""
    column = np.arange(ink.shape[1])
    near = np.abs(column - np.nan_to_num(x)[:, None]) < 12
    weight = np.where(near, ink, 0).astype(np.float64)
    total = weight.sum(axis=1)
    used = np.isfinite(x) & (total > 255)
    return np.asarray((weight[used] * column).sum(axis=1) / total[used] - x[used])


def sheets(config: SynthConfig, count: int = 12) -> list[ColouredSheet]:
    drawn = (draw_coloured(np.random.default_rng(seed), config) for seed in range(count))
    return [sheet for sheet in drawn if sheet.colours]


def strips_of(sheet: ColouredSheet) -> list[tuple[U8, SynthStrip]]:
    out = []
    for k, colour in enumerate(sheet.colours):
        others = tuple(c for c in sheet.colours if c != colour)
        ink = separate_ink(sheet.rgb, colour, others)
        out.append((ink, sheet.strip_of(k, ink)))
    return out


@pytest.mark.parametrize("dpi", [100, 150, 200, 300])
def test_a_pens_own_ink_lies_where_its_truth_says(dpi: int) -> None:
    found = []
    for sheet in sheets(replace(FRESH, scan_dpi=dpi)):
        for ink, drawn in strips_of(sheet):
            assert ink.shape == (512 * dpi // 200, 512 * dpi // 200)
            assert drawn.ink.shape == (512, 512)
            assert len(drawn.x) == 1
            seen = drawn.visible[0] & np.isfinite(drawn.x[0])
            found.append(off_px(drawn.ink[seen], drawn.x[0][seen].astype(np.float64)))
    assert len(found) > 12
    # another pen may cover a part of a stroke, on either side
    assert abs(np.median(np.concatenate(found))) < 0.2
    assert np.median(np.abs(np.concatenate(found))) < 0.6


def test_no_two_pens_of_a_track_share_a_colour_and_all_colours_occur() -> None:
    drawn = sheets(FRESH, 60)
    assert all(len(set(s.colours)) == len(s.colours) == len(s.inked) for s in drawn)
    assert {c for s in drawn for c in s.colours} == set(PENS)
    again = draw_coloured(np.random.default_rng(0), FRESH)
    assert np.array_equal(again.rgb, draw_coloured(np.random.default_rng(0), FRESH).rgb)


@pytest.mark.parametrize("dpi", [100, 150, 300, 400])
def test_another_resolution_moves_nothing(dpi: int) -> None:
    found, plain = [], []
    for seed in range(8):
        for resolution, into in ((dpi, found), (200, plain)):
            config = replace(FRESH, scan_dpi=resolution, max_curves=1)
            strip = draw_strip(np.random.default_rng(seed), config)
            for x, seen in zip(strip.x, strip.visible):
                into.append(off_px(strip.ink[seen], x[seen].astype(np.float64)))
    shift = np.median(np.concatenate(found)) - np.median(np.concatenate(plain))
    assert abs(shift) < 0.3


def test_pens_are_as_thick_as_asked_for() -> None:
    """The median row of a curve that hardly moves is inked as wide as the pen."""
    widths = {}
    for pen in ((1.0, 1.2), (8.0, 9.0)):
        config = replace(FRESH, swing=(0.002, 0.003), pen_px=pen, max_curves=1)
        ink = []
        for seed in range(10):
            strip = draw_strip(np.random.default_rng(seed), config)
            for x, seen in zip(strip.x, strip.visible):
                near = np.abs(np.arange(512) - x[seen, None]) < 8
                ink += (np.where(near, strip.ink[seen], 0) / 255).sum(axis=1).tolist()
        widths[pen] = float(np.median(ink))
    thin, thick = widths.values()
    assert thin < 4 < 6.5 < thick


def test_gaps_between_dashes_survive_a_thicker_pen() -> None:
    pen = render.Pen("dashed", 2.0, on_px=8.0, off_px=6.0)
    thick = render.with_width(pen, 9.0)
    assert (thick.width_px, thick.on_px, thick.off_px) == (9.0, 8.0, 13.0)
    assert render.with_width(pen, 1.0).off_px == 6.0
    assert render.with_width(replace(pen, style="solid"), 9.0).off_px == 6.0


def test_swing_is_within_its_bounds_and_of_every_size() -> None:
    rng = np.random.default_rng(3)
    shape = priors.draw_shape(rng, 400)
    swings = [float(priors.with_swing(rng, shape, (0.004, 0.05)).std()) for _ in range(300)]
    assert min(swings) >= 0.004 * 0.999
    assert max(swings) <= 0.05 * 1.001
    assert np.median(swings) == pytest.approx(np.sqrt(0.004 * 0.05), rel=0.25)


def test_worn_copies_are_never_fresh() -> None:
    """The least severity is kept where others are now and then as good as new."""
    config = SynthConfig(256, min_severity=0.9, max_severity=1.0, max_curves=0)
    plain = SynthConfig(256, max_severity=0.0, max_curves=0)
    dirty, clean = (
        np.mean([draw_strip(np.random.default_rng(s), c).ink.std() for s in range(20)])
        for c in (config, plain)
    )
    assert dirty > clean
