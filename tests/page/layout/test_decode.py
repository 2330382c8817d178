"""Rows and columns decoded from marks that are known."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.layout import places, splits
from veernet_core.page.layout.courses import LogProfiles
from veernet_core.page.layout.decode import (
    AREAS,
    DecodeSettings,
    Span,
    SpanKind,
    find_rows,
    find_spans,
    odds,
)
from veernet_core.page.layout.splits import Odds

SETTINGS = DecodeSettings()
WIDTH = 640


def areas_of(*runs: tuple[str, int]) -> np.ndarray:
    """Areas [6, rows, 40] of runs of rows that hold one class in their middle half."""
    areas = np.full((6, sum(n for _, n in runs), 40), 0.01, np.float32)
    areas[0] = 0.95
    row = 0
    for name, count in runs:
        if name != "margin":
            areas[:, row : row + count, 10:30] = 0.01
            areas[AREAS.index(name), row : row + count, 10:30] = 0.95
        row += count
    return areas


def test_rows_are_told_apart() -> None:
    areas = areas_of(("form", 60), ("margin", 30), ("scales", 25), ("curves", 200), ("scales", 30))
    runs = find_rows(areas, np.zeros((2, 345, 40), np.float32), SETTINGS)
    assert [run.kind for run in runs] == ["form", "blank", "scales", "log", "scales"]
    assert [run.first for run in runs] == [0, 60, 90, 115, 315]


def test_a_short_slip_makes_no_section() -> None:
    areas = areas_of(("curves", 100), ("form", 2), ("curves", 100))
    runs = find_rows(areas, np.zeros((2, 202, 40), np.float32), SETTINGS)
    assert [run.kind for run in runs] == ["log"]


def columns(*runs: tuple[str, int]) -> np.ndarray:
    areas = np.full((6, WIDTH), 0.01)
    col = 0
    for name, count in runs:
        areas[AREAS.index(name), col : col + count] = 0.95
        col += count
    return areas


def borders(*cols: int) -> np.ndarray:
    seen = np.full(WIDTH, 0.01)
    seen[list(cols)] = 0.9
    return odds(seen)


def test_tracks_a_column_and_paper() -> None:
    areas = columns(("margin", 50), ("curves", 150), ("depth", 50), ("curves", 300), ("margin", 90))
    spans = find_spans(areas, borders(50, 250), borders(199, 549), SETTINGS)
    assert [span.kind for span in spans] == ["curves", "depth", "curves"]
    found = [(span.left, span.right) for span in spans if span.kind == "curves"]
    np.testing.assert_allclose(found, [(50, 199), (250, 549)], atol=1)


def test_a_shared_border_makes_two_tracks() -> None:
    areas = columns(("margin", 50), ("curves", 400), ("margin", 190))
    spans = find_spans(areas, borders(50, 250), borders(249, 449), SETTINGS)
    assert [round(span.left) for span in spans] == [50, 250]
    assert len(find_spans(areas, borders(50), borders(449), SETTINGS)) == 1


def test_a_track_may_run_off_the_paper() -> None:
    areas = columns(("curves", 200), ("margin", 440))
    (span,) = find_spans(areas, borders(), borders(199), SETTINGS)
    assert span.left == 0
    assert np.isnan(span.left_odds)
    assert np.isfinite(span.right_odds)


SEEN = Odds(borders(0, 250), borders(199, 549), 1.0, unseen=-4.0)
NOT_SEEN = float(SEEN.left[100])
"""Log odds of a border anywhere else."""


@pytest.mark.parametrize("kind", ["depth", "other"])
def test_a_track_goes_on_where_no_border_is_seen(kind: SpanKind) -> None:
    track = Span("curves", 0, 100, 3.0, NOT_SEEN, 0.9)
    column = Span(kind, 103, 199, NOT_SEEN, 2.0, 0.8)
    after = Span("curves", 250, 549, 2.0, 2.0, 0.9)
    wide, *others = splits.widened([track, column, after], SEEN)
    assert (wide.kind, wide.left, wide.right) == ("curves", 0, 199)
    assert wide.right_odds == SEEN.right[199]
    assert others == ([column, after] if kind == "depth" else [after])


def test_a_track_goes_on_to_the_left_too() -> None:
    column = Span("other", 250, 300, 2.0, NOT_SEEN, 0.8)
    track = Span("curves", 302, 549, NOT_SEEN, 3.0, 0.9)
    (wide,) = splits.widened([column, track], SEEN)
    assert (wide.left, wide.right, wide.left_odds) == (250, 549, SEEN.left[250])


def test_a_track_ends_at_a_border_that_is_seen_or_before_one_as_unlikely() -> None:
    column = Span("depth", 200, 240, -9.0, 1.0, 0.8)
    seen = Span("curves", 0, 199, 3.0, -3.9, 0.9)  # hardly, but in more than a row of a thousand
    assert splits.widened([seen, column], SEEN) == [seen, column]
    none_beyond = Span("other", 103, 180, NOT_SEEN, NOT_SEEN, 0.8)
    alone = Span("curves", 0, 100, 3.0, NOT_SEEN, 0.9)
    assert splits.widened([alone, none_beyond], SEEN) == [alone, none_beyond]


# ---- exact places --------------------------------------------------------------------------------------


def log_of(cols: np.ndarray) -> LogProfiles:
    """A log of 1000 columns with rules at some."""
    rules = np.zeros(1000, np.float32)
    rules[np.rint(cols).astype(int)] = 50
    return LogProfiles(0, 10, np.zeros(10), rules, cols.astype(float), cols.astype(float))


def test_a_border_without_ink_is_where_the_grid_wants_it() -> None:
    log = log_of(np.arange(120.0, 301.0, 20))  # the lines at 100 is not printed
    span = Span("curves", 66, 193, 1.0, 1.0, 0.9)
    ((left, right),) = places.settled([(span, (104.0, 300.0))], log, 1.5, SETTINGS)
    assert left == pytest.approx(100, abs=0.5)
    assert right == 300


def test_a_border_off_the_paper_is_ten_divisions_away() -> None:
    log = log_of(np.arange(30.0, 401.0, 50))  # 30 ... 380
    span = Span("curves", 0, 250, float("nan"), 2.0, 0.9)
    ((left, right),) = places.off_paper((span,), ((0.0, 380.0),), log)
    assert right == 380
    assert left == pytest.approx(380 - 10 * 50, abs=1)


def test_grids_of_two_kinds_share_a_border() -> None:
    linear = np.arange(550.0, 951.0, 40)
    steps = [np.log10(v * 10.0**k / 0.2) / 2 for k in (-1, 0, 1) for v in range(1, 10)]
    logarithmic = np.array([150 + 400 * p for p in steps if 0 <= p <= 1])
    log = log_of(np.unique(np.concatenate([logarithmic, linear])))
    weak = np.full(WIDTH, -2.5)
    seen = Odds(weak, weak, 1000 / WIDTH)
    settings = DecodeSettings(
        cut_bias=0.6, cut_left=0.6, cut_right=0.2, cut_parts=-0.6, cut_gain=1.4, cut_clear=4.1
    )
    assert splits.cuts(log, (150.0, 950.0), seen, settings) == [pytest.approx(550, abs=1)]
    assert splits.cuts(log, (550.0, 950.0), seen, settings) == []
