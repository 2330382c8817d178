"""The width of a stroke is measured where it stands alone between paper, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.evidence.stroke_width import stroke_widths
from veernet_core.datatypes import F64, U8

ROWS, COLS = 120, 160


def drawn(columns: F64, width: float) -> U8:
    """Strokes of a width across each row, soft at the edges."""
    away = np.abs(np.arange(COLS)[None] - columns[:, None])
    return np.asarray(255 * np.clip(width / 2 + 0.5 - away, 0, 1)).astype(np.uint8)


@pytest.mark.parametrize("width", [2.0, 3.5, 7.0])
def test_a_stroke_has_the_width_it_was_drawn_with(width: float) -> None:
    upright = np.full(ROWS, 60.3)
    found = stroke_widths(drawn(upright, width), upright, [])
    assert np.nanmedian(found) == pytest.approx(width, abs=0.15)


def test_a_slanted_stroke_is_measured_across_its_course() -> None:
    """At half a column for each row down its ink is wider along the row by sqrt(1.25)."""
    slanted = 40 + 0.5 * np.arange(ROWS)
    found = stroke_widths(drawn(slanted, 4.0 * np.sqrt(1.25)), slanted, [])
    assert np.nanmedian(found) == pytest.approx(4.0, abs=0.15)


def test_nothing_is_measured_where_another_curve_is_near_or_ink_has_no_end() -> None:
    upright = np.full(ROWS, 60.0)
    ink = drawn(upright, 3.0)
    ink[50:53] = 255
    beside = np.where(np.arange(ROWS) < 30, 75.0, 120.0)
    found = stroke_widths(ink, upright, [beside])
    assert np.isnan(found[:30]).all()
    assert np.isnan(found[50:53]).all()
    assert np.isfinite(found[30:50]).all()


def test_steep_strokes_unseen_rows_and_short_blocks_have_no_width() -> None:
    steep = 20 + 1.2 * np.arange(100.0)
    assert np.isnan(stroke_widths(drawn(steep, 3.0), steep, [])).all()
    assert np.isnan(stroke_widths(drawn(steep, 3.0), np.full(100, np.nan), [])).all()
    assert np.isnan(stroke_widths(drawn(steep[:5], 3.0), steep[:5], [])).all()
