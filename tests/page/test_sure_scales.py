"""Scales are sure only in sections with depth, where the page has one: legends are printed below logs too."""

from __future__ import annotations

from dataclasses import replace

from page_reading_support import DEPTH, curve

from veernet_core.page.agreement import sure_where_depth_is
from veernet_core.page.scales.scorer import DOUBTFUL

LOG, LEGEND = curve("GR", 0, 0, 150), replace(curve("GR", 0, 0, 150), section_id="log2")
NO_DEPTH = replace(DEPTH, axis=None)


def test_scales_of_a_legend_below_a_log_are_not_sure() -> None:
    log, legend = sure_where_depth_is((LOG, LEGEND), {"main": DEPTH, "log2": NO_DEPTH})
    assert log == LOG
    values = (legend.mnemonic, legend.left, legend.right, legend.unit)
    assert {v.confidence for v in values if v is not None} == {DOUBTFUL}
    assert [v.value for v in values if v is not None] == ["GR", 0, 150, "U"]


def test_values_that_were_doubtful_stay_as_they_are() -> None:
    faint = replace(LEGEND, left=replace(LEGEND.left, confidence=0.3), unit=None)
    (found,) = sure_where_depth_is((faint,), {"main": DEPTH})
    assert (found.left.confidence, found.unit) == (0.3, None)


def test_where_no_depth_was_found_at_all_scales_are_as_they_were_read() -> None:
    assert sure_where_depth_is((LOG, LEGEND), {"main": NO_DEPTH}) == (LOG, LEGEND)
