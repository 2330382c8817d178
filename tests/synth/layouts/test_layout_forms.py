"""Forms, scale headers, surroundings and the sheet they are drawn on: ink lies inside its block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from layout_sheets import blank_sheet, dark, page_plan, track

from veernet_core.synth.layouts.forms import draw_form
from veernet_core.synth.layouts.plan import Block, Column
from veernet_core.synth.layouts.scale_blocks import draw_scales
from veernet_core.synth.layouts.sheet import Sheet, text_tile
from veernet_core.synth.scale_blocks.sheet import Sheet as ScaleSheet
from veernet_core.synth.scale_blocks.surroundings import draw_boxes, draw_in_gaps
from veernet_core.synth.scale_blocks.surroundings import draw_form as draw_words

FORM = Block("form", 100, 700)


def test_forms_are_of_many_kinds_and_lie_in_their_rows() -> None:
    plan = page_plan(FORM)
    shares = []
    for seed in range(20):
        sheet = blank_sheet(plan, seed)
        draw_form(sheet, plan, FORM)
        inked = dark(sheet)
        assert not inked[:96].any(), seed
        assert not inked[705:].any(), seed
        shares.append(float(inked.mean()))
    assert len({round(share, 4) for share in shares}) > 10
    assert max(shares) < 0.6


def test_forms_hold_print() -> None:
    plan = page_plan(FORM)
    more = 0
    for seed in range(10):
        with_text, without = blank_sheet(plan, seed, notes=True), blank_sheet(plan, seed)
        draw_form(with_text, plan, FORM)
        draw_form(without, plan, FORM)
        more += int(dark(with_text).sum() > dark(without).sum() + 200)
    assert more >= 6


def test_a_form_without_colour_is_grey() -> None:
    plan = page_plan(FORM)
    for seed in range(8):
        sheet = blank_sheet(plan, seed, notes=True)
        draw_form(sheet, plan, FORM)
        np.testing.assert_array_equal(sheet.pixels.max(axis=2), sheet.pixels.min(axis=2))


SCALES = Block("scales", 100, 260, (track(50, 350, 2), Column("depth", 350, 430)))


def test_scale_headers_print_ends_name_and_line_of_every_curve() -> None:
    plan = page_plan(SCALES)
    for seed in range(8):
        texts: list[tuple[float, float, str]] = []

        class Listening(Sheet):
            def text(self, row, col, text, *_, **__):  # type: ignore[no-untyped-def]
                texts.append((row, col, text))  # noqa: B023
                return 1, 1

        sheet = Listening(np.random.default_rng(seed), plan.height, plan.width)
        draw_scales(sheet, plan, SCALES)
        track_texts = [t for t in texts if t[1] < 350]
        assert len(track_texts) == 3 * 2, "a name and two ends for each of two curves"
        names = [t for t in track_texts if t[1] == 200]
        ends = [t for t in track_texts if t[1] != 200]
        assert len(names) == 2
        assert all(float(end[2]) == float(end[2]) for end in ends), "numbers"
        lefts, rights = (sorted(t[1] for t in ends)[k::4] for k in (0, 3))
        assert max(lefts) < 130
        assert min(rights) > 270
        depth = {t[2] for t in texts if t[1] > 350}
        assert depth <= {"DEPTH", "FEET"}


def test_scale_headers_lie_in_their_rows() -> None:
    plan = page_plan(SCALES)
    for seed in range(12):
        sheet = blank_sheet(plan, seed)
        draw_scales(sheet, plan, SCALES)
        rows = np.flatnonzero(dark(sheet).any(axis=1))
        assert rows.min() >= 96
        assert rows.max() <= 264
        cols = np.flatnonzero(dark(sheet).any(axis=0))
        assert cols.min() >= 46
        assert cols.max() <= 434


def test_a_line_has_its_width_and_ends() -> None:
    sheet = Sheet(np.random.default_rng(0), 60, 80)
    sheet.line((10, 20), (10, 50), 3)
    inked = dark(sheet)
    assert np.flatnonzero(inked.any(axis=1)).tolist() == [9, 10, 11]
    assert np.flatnonzero(inked.any(axis=0)).tolist() == list(range(20, 51))
    sheet.line((0, 70), (59, 70), 2, (200, 0, 0))
    assert sheet.pixels[30, 70].tolist() == [200, 0, 0]
    sheet.line((5, 0), (5, 79), 0)
    assert not dark(sheet)[5, :60].any(), "a line without width is none"


def test_lines_beyond_the_sheet_are_cut_at_its_edge() -> None:
    sheet = Sheet(np.random.default_rng(0), 60, 80)
    sheet.line((30, -500), (30, 900), 1)
    sheet.line((-100, 40), (500, 40), 1)
    sheet.line((90, 0), (90, 79), 3)
    sheet.line((-9, 0), (-9, 79), 3)
    inked = dark(sheet)
    assert inked[30].all()
    assert inked[:, 40].all()
    assert inked.sum() == 80 + 60 - 1
    sheet.line((-1, 0), (-1, 79), 5)
    assert dark(sheet)[:3, 7].tolist() == [True, True, False], "a part of its width is on the sheet"


def test_a_broken_line_repeats_its_dash() -> None:
    sheet = Sheet(np.random.default_rng(0), 20, 40)
    sheet.line((5, 0), (5, 39), 1, dash=(3, 5))
    assert np.flatnonzero(dark(sheet)[5]).tolist() == [k for k in range(40) if k % 8 < 3]


def test_where_lines_cross_the_darker_one_is_seen() -> None:
    sheet = Sheet(np.random.default_rng(0), 20, 20)
    sheet.line((10, 0), (10, 19), 1, (0, 0, 0))
    sheet.line((0, 10), (19, 10), 1, (200, 200, 200))
    assert sheet.pixels[10, 10].tolist() == [0, 0, 0]
    assert sheet.pixels[3, 10].tolist() == [200, 200, 200]


def test_text_is_centred_and_turns_by_quarters() -> None:
    sheet = Sheet(np.random.default_rng(2), 200, 300)
    height, width = sheet.text(100, 150, "MMMM", 20, turns=0)
    rows, cols = np.nonzero(dark(sheet))
    assert abs(cols.mean() - 150) < 4
    assert abs(rows.mean() - 100) < height / 2
    assert width > 2 * height
    tile, turned = text_tile("MMMM", "DejaVuSans", 20), text_tile("MMMM", "DejaVuSans", 20, 1)
    np.testing.assert_array_equal(np.rot90(tile), turned)


def test_text_off_the_sheet_leaves_no_ink_and_tells_its_size() -> None:
    sheet = Sheet(np.random.default_rng(2), 50, 50)
    size = sheet.text(25, -9999, "words", 12, turns=0)
    assert size[1] > size[0] > 5
    assert not dark(sheet).any()


def test_words_and_numbers_come_from_logs() -> None:
    sheet = Sheet(np.random.default_rng(2), 10, 10)
    assert sheet.words(0) == ""
    assert {float(sheet.number()) for _ in range(60)} >= {0.0, 150.0, 0.2, 2000.0, -15.0}


def scale_sheet(seed: int) -> ScaleSheet:
    return ScaleSheet(np.random.default_rng(seed), 0.6, 20.0, False)


def test_most_scale_blocks_are_boxed_and_none_is_boxed_by_half() -> None:
    boxed = 0
    for seed in range(40):
        sheet = scale_sheet(seed)
        draw_boxes(sheet, [(100.0, 300.0), (400.0, 700.0)], 10.0, 90.0)
        if sheet.rules:
            assert sheet.rules == [
                (100.0, 10.0, 90.0), (300.0, 10.0, 90.0), (400.0, 10.0, 90.0), (700.0, 10.0, 90.0),
            ]  # fmt: skip
            assert sheet.lines == [(10.0, 100.0, 300.0, 0), (10.0, 400.0, 700.0, 0)]
            boxed += 1
        else:
            assert not sheet.lines
    assert 20 <= boxed <= 36


def test_words_of_a_form_stand_above_its_bottom_and_get_higher() -> None:
    counts = set()
    for seed in range(30):
        sheet = scale_sheet(seed)
        draw_words(sheet, 500.0, 1000.0)
        rows = [word.row for word in sheet.words]
        assert all(row <= 500 - 1.2 * 20 for row in rows)
        assert rows == sorted(rows, reverse=True)
        assert all(word.col < 1000 for word in sheet.words if word.text[:1].isdigit())
        counts.add(len(set(rows)))
    assert counts >= {0, 3, 6}


@pytest.mark.parametrize(("gap", "expected"), [(80.0, True), (30.0, False)])
def test_words_stand_in_gaps_that_are_wide_enough(gap: float, expected: bool) -> None:
    words = []
    for seed in range(20):
        sheet = scale_sheet(seed)
        draw_in_gaps(sheet, [(0, 200, None), (200 + gap, 600, None)], 50.0, 150.0)
        words += sheet.words
    assert bool(words) == expected
    assert all(word.col == 200 + gap / 2 and 50 <= word.row <= 150 for word in words)


def test_a_foot_above_the_top_leaves_one_row_for_words() -> None:
    for seed in range(10):
        sheet = scale_sheet(seed)
        draw_in_gaps(sheet, [(0, 200, None), (300, 600, None)], 50.0, 20.0)
        assert all(50 <= word.row <= 51 for word in sheet.words)


def test_a_scale_block_below_a_log_is_inked_as_one_above() -> None:
    lower = replace(SCALES, top=400, bottom=560)
    plan = page_plan(SCALES, lower)
    above, below = blank_sheet(plan, 5), blank_sheet(plan, 5)
    draw_scales(above, plan, SCALES)
    draw_scales(below, plan, lower)
    np.testing.assert_array_equal(above.pixels[90:270], below.pixels[390:570])
