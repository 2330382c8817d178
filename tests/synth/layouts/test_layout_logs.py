"""The logged part of a drawn page: grids and depth lines stand where the plan puts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from layout_sheets import DEPTH, GRID, blank_sheet, dark, log_block, page_plan, track

from veernet_core.synth.layouts.logs import draw_log, grid_columns
from veernet_core.synth.layouts.plan import Column


def test_a_linear_grid_divides_its_track_evenly() -> None:
    lines = grid_columns(GRID)
    assert [share for share, _ in lines] == pytest.approx(np.arange(1, 10) / 10)
    assert [heavy for _, heavy in lines] == [0, 0, 0, 0, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(("decades", "start"), [(2.0, 1), (4.0, 2), (1.0, 2), (3.0, 1)])
def test_a_logarithmic_grid_has_a_line_for_every_digit(decades: float, start: int) -> None:
    lines = grid_columns(replace(GRID, decades=decades, start=start))
    values = [start * 10 ** (share * decades) for share, _ in lines]
    expected = [
        digit * 10**decade
        for decade in range(int(decades) + 1)
        for digit in range(1, 10)
        if start * 1.0001 < digit * 10**decade < start * 10**decades * 0.9999
    ]
    assert values == pytest.approx(expected)
    heavy = [value for value, (_, is_heavy) in zip(values, lines) if is_heavy]
    assert heavy == pytest.approx([10**d for d in range(int(decades) + 1) if 10**d in expected])


def columns_inked(sheet, rows: slice) -> list[int]:
    """Middles of the runs of columns that are dark from top to bottom."""
    inked = np.flatnonzero(dark(sheet)[rows].all(axis=0))
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    return [round(float(run.mean())) for run in runs if len(run)]


def rows_inked(sheet, cols: slice) -> list[int]:
    inked = np.flatnonzero(dark(sheet)[:, cols].all(axis=1))
    runs = np.split(inked, np.flatnonzero(np.diff(inked) > 1) + 1)
    return [round(float(run.mean())) for run in runs if len(run)]


def test_vertical_lines_and_borders_stand_at_their_columns() -> None:
    block = log_block(track(100, 500))
    plan = page_plan(block)
    sheet = blank_sheet(plan)
    draw_log(sheet, plan, block)
    assert columns_inked(sheet, slice(60, 620)) == [100 + 40 * k for k in range(11)]
    assert not dark(sheet)[:, 520:].any(), "nothing beside the only track"


def test_horizontal_lines_stand_at_the_pitch_and_are_heavier_every_tenth() -> None:
    block = log_block(track(100, 500, verticals=False))
    plan = page_plan(block)
    sheet = blank_sheet(plan)
    draw_log(sheet, plan, block)
    assert set(range(60, 640, 20)) <= set(rows_inked(sheet, slice(110, 490)))
    width = dark(sheet)[:, 300]
    assert [int(width[r - 4 : r + 5].sum()) for r in (60, 140, 240)] == [1, 2, 3]


def test_a_track_without_lines_has_borders_alone() -> None:
    block = log_block(track(100, 500, verticals=False, horizontals="none"))
    plan = page_plan(block)
    sheet = blank_sheet(plan, seed=3)
    draw_log(sheet, plan, block)
    assert columns_inked(sheet, slice(60, 620)) == [100, 500]
    inside = dark(sheet)[60:620, 110:490]
    assert inside.mean(axis=0).max() < 0.1
    assert inside.mean(axis=1).max() < 0.2, "arrows of notes at most"


def test_ticks_are_short_and_only_heavy_lines_cross_the_track() -> None:
    block = log_block(track(100, 500, verticals=False, horizontals="ticks"))
    plan = page_plan(block)
    sheet = blank_sheet(plan)
    draw_log(sheet, plan, block)
    inked = dark(sheet)
    assert inked[80, 104:122].all()
    assert not inked[80, 130:470].any()
    assert inked[80, 478:496].all()
    assert inked[240, 110:490].all(), "every tenth line"


def test_dotted_lines_ink_a_third_of_their_length() -> None:
    block = log_block(track(100, 500, verticals=False, horizontals="dotted"))
    plan = page_plan(block)
    sheet = blank_sheet(plan)
    draw_log(sheet, plan, block)
    assert dark(sheet)[80, 110:490].mean() == pytest.approx(1 / 3, abs=0.02)
    assert dark(sheet)[240, 110:490].all()


def test_depth_lines_cross_the_depth_column_only_where_they_go_through() -> None:
    columns = (track(100, 400, verticals=False), Column("depth", 400, 480, GRID))
    for through in (False, True):
        block = log_block(*columns)
        plan = replace(page_plan(block), depth=replace(DEPTH, through=through))
        sheet = blank_sheet(plan, seed=1)
        draw_log(sheet, plan, block)
        middle = dark(sheet)[60:620:20, 430:450].all(axis=1)
        assert middle.all() == through
        assert middle.any() == through


def test_curves_stay_in_their_track() -> None:
    block = log_block(track(300, 500, 4, verticals=False, horizontals="none", border_px=0))
    plan = page_plan(block)
    ink = 0
    for seed in range(6):
        sheet = blank_sheet(plan, seed)
        draw_log(sheet, plan, block)
        inked = dark(sheet)
        inked[[38, 39, 40, 41, 42, 637, 638, 639, 640, 641]] = False  # lines across the log
        assert not inked[:36].any()
        assert not inked[645:].any()
        assert not inked[:, :285].any()
        assert not inked[:, 520:].any()
        ink += int(inked.sum())
    assert ink > 6 * 600, "curves are drawn"


def test_numbers_are_printed_every_tenth_line() -> None:
    block = log_block(Column("depth", 300, 420))
    plan = page_plan(block)
    written: list[tuple[float, str]] = []

    class Listening(type(blank_sheet(plan))):  # type: ignore[misc]
        def text(self, row: float, col: float, text: str, *_: object, **__: object):
            assert col == 360
            written.append((row, text))
            return 1, 1

    sheet = Listening(np.random.default_rng(0), plan.height, plan.width)
    draw_log(sheet, plan, block)
    assert written == [(40 + 200 * k, str(1000 + 50 * k)) for k in range(4)]


@pytest.mark.parametrize("kind", ["lithology", "text", "picture", "blank"])
def test_other_columns_are_inked_between_their_borders_alone(kind: str) -> None:
    block = log_block(Column(kind, 300, 500))  # type: ignore[arg-type]
    for colour in (False, True):
        plan = page_plan(block, colour=colour)
        inked = 0
        for seed in range(4):
            sheet = blank_sheet(plan, seed)
            draw_log(sheet, plan, block)
            seen = sheet.pixels.min(axis=2) < 250
            assert not seen[:, :296].any()
            assert not seen[:, 505:].any()
            assert not seen[:36].any()
            assert not seen[645:].any()
            inked += int(seen.sum())
        assert inked > 500


def test_a_page_without_colour_is_grey() -> None:
    block = log_block(
        track(20, 200, 3), Column("lithology", 200, 300), Column("picture", 300, 500),
        Column("text", 500, 780),
    )  # fmt: skip
    plan = page_plan(block)
    sheet = blank_sheet(plan, notes=True)
    draw_log(sheet, plan, block)
    np.testing.assert_array_equal(sheet.pixels.max(axis=2), sheet.pixels.min(axis=2))


def test_a_tinted_column_has_its_tint_where_nothing_is_drawn() -> None:
    tinted = replace(track(100, 300, verticals=False, horizontals="none"), tint=(255, 235, 235))
    block = log_block(tinted, track(300, 500, verticals=False, horizontals="none"))
    plan = page_plan(block, colour=True)
    sheet = blank_sheet(plan)
    draw_log(sheet, plan, block)
    assert sheet.pixels[300, 200].tolist() == [255, 235, 235]
    assert sheet.pixels[300, 400].tolist() == [255, 255, 255]
