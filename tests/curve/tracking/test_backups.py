"""One measurement on several scales: the order of places, and one path that finds all its curves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_traces import COLS, LEFT, WIDTH, ideal

from veernet_core.curve.physical import frac_at
from veernet_core.curve.tracking import traces as decode
from veernet_core.curve.tracking.backups import backup_chains, join_scales
from veernet_core.datatypes import CurveSpec, Strip, Style

FINE = CurveSpec("LL", "OHMM", 0, 50, "linear", "solid")
ROWS = 600


def on(left: float, right: float, style: Style = "dashed") -> CurveSpec:
    return replace(FINE, left=left, right=right, style=style)


def strip() -> Strip:
    ink = np.zeros((4, COLS), np.uint8)
    return Strip(ink, LEFT, LEFT + WIDTH, np.arange(4.0))


@pytest.mark.parametrize(
    ("fine", "backup", "entry", "fine_first"),
    [
        ((0, 50), (0, 500), 0.1, True),  # ten times coarser
        ((0, 50), (50, 100), 0.0, True),  # the same scale, shifted
        ((50, 0), (500, 0), 0.9, False),  # reversed: it leaves at the left
        ((1.95, 2.95), (1.0, 2.0), 0.95, False),  # a density's smaller values
    ],
)
def test_places_go_on_where_the_finer_scale_ends(
    fine: tuple[float, float], backup: tuple[float, float], entry: float, fine_first: bool
) -> None:
    joined = join_scales(strip(), [on(*fine, "solid"), on(*backup)])
    assert joined is not None
    assert joined.entry[1] == pytest.approx(LEFT + entry * WIDTH)
    assert (joined.scale[0] == 0) is np.bool_(fine_first)
    # within each scale places are neighbours
    own = np.diff(joined.scale) == 0
    assert (np.abs(np.diff(joined.column)[own]) == 1).all()


def test_a_backup_without_room_beyond_the_finer_scale_is_none() -> None:
    assert join_scales(strip(), [FINE, on(0, 51)]) is None


def test_only_curves_of_one_name_whose_pens_nobody_shares_are_joined() -> None:
    backup, other = on(0, 500), replace(FINE, mnemonic="SP", style="dotted")
    assert backup_chains([backup, FINE, other]) == [(1, 0)]
    assert backup_chains([FINE, replace(backup, style="solid")]) == [(0, 1)]
    assert backup_chains([FINE, backup, replace(other, style="dashed")]) == []
    assert backup_chains([FINE, replace(backup, wrap="one")]) == []
    assert backup_chains([backup, on(0, 5000, "dotted"), FINE]) == [(2, 0, 1)]
    assert backup_chains([FINE, replace(backup, scale="log", left=1)]) == []


@pytest.mark.parametrize("style", ["dashed", "solid"])
def test_one_path_over_both_scales_finds_both_curves(style: Style) -> None:
    """Also where they share a pen, and where a block ends while the measurement is off scale."""
    backup = on(0, 500, style)
    row = np.arange(ROWS)
    value = 40 + 160 * np.exp(-0.5 * ((row - 300) / 60) ** 2) + 3 * np.sin(row / 9)
    scales = FINE, backup
    fracs = [frac_at(value, s) for s in scales]
    high = value > 50
    drawn = [np.where(high, np.nan, fracs[0]), np.where(high, fracs[1], np.nan)]
    whole, posterior = ideal([np.where(high, fracs[1], fracs[0])], [FINE])
    if style == "dashed":
        position, presence = posterior.position.copy(), posterior.presence.copy()
        position[1] = position[0]
        position[0, high], position[1, ~high] = 1 / COLS, 1 / COLS
        presence[0], presence[1] = ~high, high
        posterior = replace(posterior, position=position, presence=presence)
    state = None
    found: list[list[np.ndarray]] = [[], []]
    for first, stop, keep in ((0, 340, 300), (260, 600, 600)):
        rows = slice(first, stop)
        block = replace(
            whole,
            ink=whole.ink[rows],
            scan_rows=whole.scan_rows[rows],
            first_row=first,
            keep_rows=(0 if first == 0 else 300 - first, keep - first),
        )
        part = replace(
            posterior, position=posterior.position[:, rows], presence=posterior.presence[:, rows]
        )
        traces, state = decode.trace_block(block, part, scales, state)
        for k, trace in enumerate(traces):
            found[k].append(np.where(trace.observed, trace.frac, np.nan))
    for got, truth in zip((np.concatenate(f) for f in found), drawn):
        both = np.isfinite(got) & np.isfinite(truth)
        assert both.sum() > 0.9 * np.isfinite(truth).sum()
        assert np.quantile(np.abs(got - truth)[both], 0.98) * WIDTH < 0.5
        # at the border, in the row of the change
        assert np.abs(got - truth)[both].max() * WIDTH < 6
        assert (np.isfinite(got) & ~np.isfinite(truth)).mean() < 0.02


def test_a_third_scale_goes_on_where_the_second_ends() -> None:
    joined = join_scales(strip(), [FINE, on(0, 500, "solid"), on(0, 5000)])
    assert joined is not None
    assert joined.entry[1:] == pytest.approx((LEFT + 0.1 * WIDTH,) * 2)
    assert joined.zone.tolist() == sorted(joined.zone.tolist())
    for k in (0, 1):  # only the coarsest may run over the border
        assert joined.column[joined.scale == k].max() == round(LEFT + WIDTH)
    for k, end in enumerate((LEFT, LEFT + WIDTH / 2, LEFT + WIDTH)):
        place = np.flatnonzero((joined.scale == k) & (joined.column >= end))[:1].astype(np.int32)
        columns, speaks = joined.split(place, np.array([end]))
        assert speaks == k
        assert abs(joined.place_of([float(c[0]) for c in columns]) - place[0]) <= 1


def test_one_path_over_three_scales_finds_all_curves() -> None:
    """Two of them share a pen, as on old resistivity logs."""
    scales = [FINE, on(0, 500, "solid"), on(0, 5000)]
    row = np.arange(ROWS)
    value = 10 ** (1.2 + 2.2 * np.exp(-0.5 * ((row - 300) / 80) ** 2)) + 2 * np.sin(row / 9)
    on_scale = np.digitize(value, [50, 500])
    fracs = np.stack([frac_at(value, s) for s in scales])
    whole, posterior = ideal([np.take_along_axis(fracs, on_scale[None], 0)[0]], [FINE])
    position, presence = posterior.position.copy(), posterior.presence.copy()
    third = on_scale == 2
    position[1] = position[0]
    position[0, third], position[1, ~third] = 1 / COLS, 1 / COLS
    presence[0], presence[1] = ~third, third
    traces, _ = decode.trace_block(
        whole, replace(posterior, position=position, presence=presence), scales
    )
    for k, trace in enumerate(traces):
        got = np.where(trace.observed, trace.frac, np.nan)
        mine = on_scale == k
        assert (np.isfinite(got) & mine).sum() > 0.9 * mine.sum()
        assert np.quantile(np.abs(got - fracs[k])[np.isfinite(got) & mine], 0.98) * WIDTH < 1
        assert (np.isfinite(got) & ~mine).mean() < 0.02


def test_a_stretch_on_the_backup_that_was_not_come_to_over_the_end_is_refused() -> None:
    joined = join_scales(strip(), [FINE, on(0, 500)])
    assert joined is not None
    seam = int(np.argmax(joined.scale))
    walks = np.interp(np.arange(200), [0, 80, 120, 150], [0, seam + 60, seam + 60, 0])
    leaps = np.where((np.arange(200) > 60) & (np.arange(200) < 140), seam + 90, 90)
    half = np.where(np.arange(200) < 100, walks, 90)
    for path, refused in ((walks, False), (leaps, True), (half, True)):
        place = path.astype(np.int32)
        out = joined.without_passage(place, 20, 20.0)
        aside = joined.scale[place] > 0
        assert aside.any()
        assert (out == (aside & refused)).all()
    # what the block before and after this one tell is not known here
    assert not joined.without_passage(np.full(50, seam + 90, np.int32), 20, 20.0).any()
