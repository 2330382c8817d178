"""Decoding proven without a network: draw, ideal posterior, trace, compare with truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.curve import physical
from veernet_core.curve.tracking import traces as decode
from veernet_core.datatypes import STYLES, CurveSpec, Posterior, Strip, Style, Trace, Wrap

F64 = NDArray[np.float64]

LEFT, WIDTH, COLS = 16.0, 300.0, 333

ROWS = np.arange(800)

WAVE = 0.5 + 0.3 * np.sin(ROWS / 37)

NOISE = 0.4 + 0.05 * np.cumsum(np.random.default_rng(0).normal(size=800)) / 5


def spec(name: str, style: Style = "solid", wrap: Wrap = "none", **more: object) -> CurveSpec:
    return CurveSpec(name, "", 0.0, 1.0, "linear", style, wrap, **more)  # type: ignore[arg-type]


def ideal(
    fracs: Sequence[F64], specs: Sequence[CurveSpec], gaps: Sequence[slice] = ()
) -> tuple[Strip, Posterior]:
    """A strip and the posterior a perfect network would give for it."""
    rows = len(fracs[0])
    strip = Strip(
        np.zeros((rows, COLS), np.uint8), LEFT, LEFT + WIDTH, np.arange(rows, dtype=np.float64)
    )
    position = np.zeros((3, rows, COLS))
    presence = np.zeros((3, rows), np.float32)
    for frac, s in zip(fracs, specs):
        folded = frac % 1 if s.wrap != "none" else frac
        x = LEFT + folded * WIDTH
        steep = np.abs(np.gradient(frac * WIDTH)).clip(0, 60)
        z = (np.arange(COLS) - x[:, None]) / (1.5 + 0.3 * steep)[:, None]
        gaussian = np.exp(-0.5 * z * z)
        position[STYLES.index(s.style)] += gaussian / np.maximum(
            gaussian.sum(axis=1, keepdims=True), 1e-12
        )
        presence[STYLES.index(s.style)] = 1
    for gap in gaps:
        presence[:, gap] = 0
        position[:, gap] = 0
    total = position.sum(axis=2, keepdims=True)
    position = np.where(total > 0, position / np.maximum(total, 1e-12), 1 / COLS)
    return strip, Posterior(position.astype(np.float16), presence)


def errors_px(trace: Trace, frac: F64) -> F64:
    return np.abs(trace.frac - frac) * WIDTH


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("frac", [WAVE, NOISE, np.full(800, 0.123)])
def test_lone_curve_within_half_a_pixel(style: Style, frac: F64) -> None:
    specs = [spec("A", style)]
    strip, posterior = ideal([frac], specs)
    (trace,), _ = decode.trace_block(strip, posterior, specs)
    assert errors_px(trace, frac).max() < 0.5
    assert trace.observed.all()


def _leaves_its_scale() -> tuple[F64, F64, Strip, Posterior, list[CurveSpec]]:
    """A solid curve with a fast excursion to the left beside a dashed one that the network half takes
    for solid; of the solid one there is ink only between the borders.
    """
    solid = 0.6 - np.exp(-0.5 * ((ROWS - 400) / 12) ** 2)
    dashed = 0.5 + 0.05 * np.sin(ROWS / 30)
    specs = [spec("A", "solid"), spec("B", "dashed")]
    strip, posterior = ideal([solid, dashed], specs)
    position = posterior.position.astype(np.float64)
    beyond = solid < 0
    position[0, beyond] = 0.5 * position[1, beyond]
    presence = posterior.presence.copy()
    presence[0, beyond] = 0.4
    return solid, beyond, strip, Posterior(position.astype(np.float16), presence), specs


def test_a_curve_off_its_scale_does_not_go_to_another_ones_ink() -> None:
    solid, beyond, strip, posterior, specs = _leaves_its_scale()
    (trace, other), _ = decode.trace_block(strip, posterior, specs)
    assert np.isnan(trace.frac[beyond][2:-2]).all()
    assert not trace.observed[beyond][2:-2].any()
    near = ~beyond & (solid > 0.05)
    assert errors_px(trace, solid)[near & trace.observed].max() < 1.5
    assert trace.observed[near].mean() > 0.98
    assert np.isfinite(other.frac).all()
    # what it read there nobody knows: nothing is bridged
    frac = physical.bridge(trace, ROWS / 10.0, 10.0)
    assert not np.isfinite(frac)[np.isnan(trace.frac)].any()
    assert np.isnan(frac[beyond][2:-2]).all()


def test_a_curve_that_comes_back_faintly_is_not_left_off_its_scale() -> None:
    """Ink of its style that is nobody else's must be its own, thin and steep though it be."""
    frac = 1.2 - 0.9 * np.exp(-0.5 * ((ROWS % 200 - 100) / 25) ** 2)
    specs = [spec("A")]
    strip, posterior = ideal([frac], specs)
    off = frac > 1
    position = posterior.position.astype(np.float64)
    faint = frac < 0.85
    position[0, faint] *= 0.35
    position[0, off] = 1 / COLS
    presence = posterior.presence.copy()
    presence[0, off] = 0.05
    (trace,), _ = decode.trace_block(strip, Posterior(position.astype(np.float16), presence), specs)
    assert np.isnan(trace.frac[off]).mean() > 0.8
    assert errors_px(trace, frac)[frac < 0.95].max() < 2


def test_a_curve_lost_in_the_middle_of_its_track_is_not_off_its_scale() -> None:
    specs = [spec("A")]
    strip, posterior = ideal([WAVE], specs, gaps=[slice(300, 340)])
    (trace,), _ = decode.trace_block(strip, posterior, specs)
    assert np.isfinite(trace.frac).all()
    assert not trace.observed[305:335].any()


def test_crossing_styles_keep_their_names() -> None:
    a, b = WAVE, 1 - WAVE
    specs = [spec("A", "solid"), spec("B", "dashed")]
    strip, posterior = ideal([a, b], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    for trace, frac in zip(traces, (a, b)):
        assert np.quantile(errors_px(trace, frac), 0.99) < 0.5


def test_crossing_curves_of_one_style_go_straight_on() -> None:
    a = 0.2 + 0.6 * ROWS / 800
    b = a[::-1].copy()
    specs = [spec("A"), spec("B")]
    strip, posterior = ideal([a, b], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    for trace, frac in zip(traces, (a, b)):
        assert np.quantile(errors_px(trace, frac), 0.95) < 1.0
        assert errors_px(trace, frac).max() < 8  # where they touch, the peaks merge


def test_three_curves_of_one_style_are_never_two() -> None:
    curves = [0.2 + 0.05 * np.sin(ROWS / 20), np.full(800, 0.5), 0.8 + 0.1 * np.sin(ROWS / 50)]
    specs = [spec(n) for n in "ABC"]
    strip, posterior = ideal(curves, specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    for trace, frac in zip(traces, curves):
        assert np.median(errors_px(trace, frac)) < 0.2
        assert trace.observed.mean() > 0.98


def test_points_name_curves_of_one_style() -> None:
    left, right = np.full(400, 0.3), np.full(400, 0.7)
    x_right = LEFT + 0.7 * WIDTH
    specs = [spec("A", points_px=((200.0, x_right),)), spec("B")]
    strip, posterior = ideal([left, right], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    assert np.median(traces[0].frac) == pytest.approx(0.7, abs=0.01)
    assert np.median(traces[1].frac) == pytest.approx(0.3, abs=0.01)


def test_points_name_also_where_one_of_two_curves_drawn_alike_wraps() -> None:
    """Not the one that strays over a border, but the one that the points say."""
    straying, inside = 0.985 + 0.03 * np.sin(ROWS / 40), 0.4 + 0.1 * np.sin(ROWS / 25)
    row = 300
    points = ((float(row), LEFT + float(straying[row]) * WIDTH),)
    specs = [spec("CALI", points_px=points), spec("GR", wrap="one")]
    strip, posterior = ideal([straying, inside], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    assert np.median(errors_px(traces[1], inside)) < 0.5


@pytest.mark.parametrize("crossing", [False, True])
def test_points_tell_what_happened_where_two_curves_touched(crossing: bool) -> None:
    bend = 0.2 * np.abs(ROWS - 400) / 400
    one, two = 0.495 - bend, 0.505 + bend
    if crossing:
        one, two = np.where(ROWS < 400, one, two), np.where(ROWS < 400, two, one)
    known = tuple((float(r), LEFT + WIDTH * float(one[r])) for r in (50, 750))
    specs = [spec("A", points_px=known), spec("B")]
    strip, posterior = ideal([one, two], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    for trace, truth in zip(traces, (one, two)):
        assert np.quantile(errors_px(trace, truth), 0.9) < 3


@pytest.mark.parametrize("wrap", ["one", "all"])
def test_wrap_is_unfolded(wrap: Wrap) -> None:
    frac = 0.5 + 0.9 * np.sin(ROWS / 60)
    specs = [spec("GR", wrap=wrap)]
    strip, posterior = ideal([frac], specs)
    (trace,), _ = decode.trace_block(strip, posterior, specs)
    assert np.median(errors_px(trace, frac)) < 0.2
    assert (errors_px(trace, frac) < 3).mean() > 0.97


def test_a_wrapped_curve_of_two_keeps_its_wrap_index_where_it_follows_no_ink() -> None:
    frac = 0.5 + 0.9 * np.sin(ROWS / 60)
    other = frac + 0.3 * np.sin(ROWS / 170) ** 2
    specs = [spec("GR", wrap="one"), spec("GR2", wrap="one")]
    strip, posterior = ideal([frac, other], specs)
    traces, _ = decode.trace_block(strip, posterior, specs)
    for truth in (frac, other):
        assert min(np.mean(errors_px(t, truth) > 0.5 * WIDTH) for t in traces) < 0.01


def test_unfolding_is_the_inverse_of_wrapping() -> None:
    frac = np.cumsum(np.random.default_rng(5).normal(0, 0.01, 600)) + 0.5
    specs = [spec("GR", wrap="all")]
    strip, posterior = ideal([frac], specs)
    (trace,), _ = decode.trace_block(strip, posterior, specs)
    wrap = np.round(np.median(trace.frac - frac))
    assert np.quantile(np.abs(trace.frac - wrap - frac), 0.95) * WIDTH < 1


def test_gap_is_not_observed() -> None:
    specs = [spec("A")]
    strip, posterior = ideal([WAVE], specs, gaps=[slice(300, 420)])
    (trace,), _ = decode.trace_block(strip, posterior, specs)
    assert not trace.observed[305:415].any()
    assert trace.observed[:295].all()
    assert trace.observed[425:].all()


def test_blank_strip_gives_nothing() -> None:
    specs = [spec("A"), spec("B", "dashed")]
    strip, posterior = ideal([WAVE, WAVE], specs, gaps=[slice(0, 800)])
    traces, _ = decode.trace_block(strip, posterior, specs)
    assert not any(t.observed.any() for t in traces)


def test_blocks_join_without_a_seam_and_keep_identity_and_wrap_index() -> None:
    a = 0.5 + 0.9 * np.sin(ROWS / 90)
    b, c = 0.3 + 0.1 * np.sin(ROWS / 30), 0.7 + 0.1 * np.cos(ROWS / 30)
    specs = [spec("GR", wrap="one"), spec("B", "dashed"), spec("C", "dashed")]
    strip, posterior = ideal([a, b, c], specs)
    whole, _ = decode.trace_block(strip, posterior, specs)
    state = None
    parts: list[list[Trace]] = [[], [], []]
    for own in (0, 400):
        first, last = max(0, own - 100), min(800, own + 500)
        block = Strip(
            strip.ink[first:last],
            strip.left_col,
            strip.right_col,
            strip.scan_rows[first:last],
            first_row=first,
            keep_rows=(own - first, own + 400 - first),
        )
        view = Posterior(posterior.position[:, first:last], posterior.presence[:, first:last])
        traces, state = decode.trace_block(block, view, specs, state)
        for k, trace in enumerate(traces):
            parts[k].append(trace)
    for k in range(3):
        joined = physical.join_traces(parts[k])
        assert len(joined.frac) == 800
        assert np.quantile(np.abs(joined.frac - whole[k].frac), 0.98) * WIDTH < 1


def test_another_pens_ink_is_not_followed_where_the_style_is_absent() -> None:
    solid, dashed, gone = np.full(400, 0.2), np.full(400, 0.6), slice(150, 250)
    specs = [spec("A", "solid"), spec("B", "dashed")]
    strip, posterior = ideal([solid, dashed], specs)
    posterior.presence[1, gone] = 0
    posterior.position[1, gone] = 1 / COLS
    traces, _ = decode.trace_block(strip, posterior, specs)
    assert not traces[1].observed[gone].any()
    assert errors_px(traces[1], dashed).max() < 1


def drawn(
    curves: Sequence[tuple[F64, float]], specs: Sequence[CurveSpec], rows: int
) -> tuple[Strip, Posterior]:
    """Ideal posterior over a strip that also shows the ink of curves of given pen widths (px)."""
    _, posterior = ideal([f for f, _ in curves], specs)
    ink = np.zeros((rows, COLS), np.uint8)
    column = np.arange(COLS)
    for frac, width in curves:
        x = LEFT + frac * WIDTH
        low = np.minimum(x, np.append(x[1:], x[-1])) - width / 2
        high = np.maximum(x, np.append(x[1:], x[-1])) + width / 2
        ink[(column >= low[:, None]) & (column <= high[:, None])] = 255
    return Strip(ink, LEFT, LEFT + WIDTH, np.arange(rows, dtype=np.float64)), posterior


def test_pen_width_tells_curves_apart_that_run_together_and_part_again() -> None:
    row = np.arange(600)
    thin = 0.5 + 0.2 * np.where(row < 200, 1 - row / 200, np.where(row < 260, 0, (row - 260) / 340))
    thick = (
        0.5
        - 0.2 * np.where(row < 200, 1 - row / 200, 0)
        - 0.2 * np.where(row > 260, 1, 0) * (np.clip(row - 260, 0, 340) / 340)
    )
    # they bounce where straight lines would cross: only the width of the stroke says so
    specs = [spec("THIN"), spec("THICK")]
    strip, posterior = drawn([(thin, 2.0), (thick, 6.0)], specs, 600)
    traces, _ = decode.trace_block(strip, posterior, specs)
    found = sorted(traces, key=lambda t: t.frac[0])
    assert errors_px(found[0], thick)[300:].max() < 2
    assert errors_px(found[1], thin)[300:].max() < 2


def test_a_spike_drawn_as_a_line_across_the_track_is_followed() -> None:
    a = np.full(300, 0.2)
    a[150:154] = 0.9
    b = np.full(300, 0.5)
    specs = [spec("A"), spec("B", "dashed")]
    strip, posterior = drawn([(a, 2.0), (b, 2.0)], specs, 300)
    traces, _ = decode.trace_block(strip, posterior, specs)
    assert errors_px(traces[0], a)[151:153].max() < 3
    assert errors_px(traces[1], b).max() < 1.5


def test_a_vanished_curve_is_not_read_off_another_of_its_style() -> None:
    a, b = np.full(800, 0.3), 0.7 + 0.05 * np.sin(ROWS / 20)
    specs = [spec("A"), spec("B")]
    strip, posterior = ideal([a, b], specs)
    _, alone = ideal([b], specs[1:])
    position, gone = posterior.position.copy(), slice(300, 450)
    position[:, gone] = alone.position[:, gone]
    traces, _ = decode.trace_block(strip, Posterior(position, posterior.presence), specs)
    first, second = sorted(traces, key=lambda t: t.frac[0])
    assert not first.observed[305:445].any()
    assert second.observed.all()
    assert errors_px(second, b).max() < 2


def test_a_path_that_is_gone_is_not_bridged_from_somebody_elses_ink() -> None:
    a, b = 0.3 + 0.02 * np.sin(ROWS / 9), np.full(800, 0.8)
    specs = [spec("A"), spec("B", "dashed")]
    strip, posterior = ideal([a, b], specs)
    presence, position = posterior.presence.copy(), posterior.position.copy()
    presence[0, 300:360] = 0
    position[0, 300:360] = 1 / COLS
    traces, _ = decode.trace_block(strip, Posterior(position, presence), specs)
    seen = traces[0].observed
    assert errors_px(traces[0], a)[seen].max() < 1
    filled = physical.bridge(traces[0], ROWS / 10, 10.0)
    assert np.isfinite(filled).all()
    assert (np.abs(filled - a) * WIDTH).max() < 15
