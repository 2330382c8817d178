"""The rules of a log are found where they are printed, also at the edge of paper that drifts elsewhere."""

from __future__ import annotations

import numpy as np

from veernet_core.page.layout.courses import log_profiles, straight_page
from veernet_core.page.layout.lines import PageProfiles

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
