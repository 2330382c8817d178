"""The rules of a log are found where they are printed, also at the edge of paper that drifts elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import F64
from veernet_core.page.layout.courses import LogProfiles, log_profiles, straight_page
from veernet_core.page.layout.lines import PageProfiles
from veernet_core.page.layout.places import _on_grid

BANDS, WIDTH = 400, 400
RULES = (1, 101, 200, 300, 390)


def page(
    drift: np.ndarray[tuple[int], np.dtype[np.int64]], coloured: tuple[int, ...] = ()
) -> PageProfiles:
    """A page of upright rules that wander with the paper, some of them in colour."""
    vivid = np.zeros((BANDS, WIDTH), np.uint8)
    for rule in coloured:
        vivid[:, rule - 1 : rule + 1] = 200
    upright = np.zeros((BANDS, WIDTH), np.uint8)
    for band, moved in enumerate(drift):
        for rule in RULES:
            upright[band, max(0, rule + moved - 1) : max(0, rule + moved + 1)] = 200
    rows = np.zeros((BANDS * 16, WIDTH // 16), np.uint8)
    return PageProfiles(BANDS * 16, WIDTH, 16, upright, upright, upright, upright, rows, vivid)


def test_a_rule_at_the_edge_of_the_paper_is_kept_where_the_log_stands() -> None:
    """The upper half of the paper lies three columns further left than the log below it, whose first border is
    the first column.
    """
    drift = np.rint(np.clip((np.arange(BANDS) - 220) / 20, -3, 0)).astype(np.int64)
    log = log_profiles(straight_page(page(drift)), 300, BANDS)
    first = float(log.peaks[0] + np.median(log.drift))
    assert abs(first - (RULES[0] - 0.5)) < 0.3
    np.testing.assert_allclose(
        log.peaks[1:] + np.median(log.drift), np.array(RULES[1:]) - 0.5, atol=0.5
    )


def test_a_coloured_pen_that_runs_straight_is_no_rule_among_black_ones() -> None:
    """A casing line in blue on a borehole profile; where all rules are coloured the grid is."""
    still = np.zeros(BANDS, np.int64)
    log = log_profiles(straight_page(page(still, (200,))), 0, BANDS)
    np.testing.assert_allclose(log.peaks, np.array([1, 101, 300, 390]) - 0.5, atol=0.6)
    log = log_profiles(straight_page(page(still, RULES)), 0, BANDS)
    assert len(log.peaks) == len(RULES)


def test_a_border_at_the_far_side_of_a_filled_column_is_put_onto_the_grid() -> None:
    """Ten divisions of 14.5 px from 78.5 to 223.5; the border was taken at 69.5, where no rule is."""
    lines: F64 = np.asarray(78.5 + 14.5 * np.arange(1, 11), np.float64)
    rules = np.zeros(400, np.float32)
    log = LogProfiles(0, 8, np.zeros(8), rules, lines, lines)
    assert _on_grid(log, (69.5, 223.5), 0) == pytest.approx(78.5, abs=0.2)
    assert _on_grid(log, (69.5, 223.5), 1) == 223.5
    seen = replace(log, strong=np.append(lines, 69.5))
    assert _on_grid(seen, (69.5, 223.5), 0) == 69.5
    unsure = replace(log, strong=lines[:-1])
    assert _on_grid(unsure, (69.5, 223.5), 0) == 69.5
