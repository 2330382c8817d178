"""Layouts against truth, and regressions of their evidence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from veernet_core.datatypes import Dpi
from veernet_core.evaluation.layout_score import (
    LayoutScore,
    _logistic,
    fit_confidence,
    score_layout,
)
from veernet_core.evaluation.page_truth import truth_from_json
from veernet_core.page.layout import marked
from veernet_core.page.layout.decode import DecodeSettings, Span
from veernet_core.page.results import PageLayout, SectionFound, TrackFound

TRUTH = truth_from_json(
    json.dumps(
        {
            "page": "curve_log",
            "dpi": [100, 100],
            "sections": [
                {
                    "kind": "main", "row_top": 100, "row_bottom": 1100,
                    "tracks": [{"track_id": "T1", "left_px": [[100, 50], [1100, 60]],
                                "right_px": [[100, 250], [1100, 260]], "divisions": 10, "curves": []}],
                }
            ],
        }
    ).encode(),
    "page",
)  # fmt: skip


def layout(shift: float, top: float = 100.0) -> PageLayout:
    """The true layout with its right border off by some pixels of 200 dpi."""
    rows = np.array([100.0, 1100.0])
    track = TrackFound(
        np.column_stack([rows, [50, 60]]),
        np.column_stack([rows, np.array([250, 260]) + shift / 2]),
        "curves",
        confidence=1.0,
    )
    section = SectionFound("log1", "main", top, 1100.0, (track,), np.zeros((0, 2)), 1.0)
    return PageLayout("curve_log", 0, Dpi(400.0, 400.0), (section,))


@pytest.mark.parametrize(("shift", "right"), [(0.0, 4), (2.8, 4), (3.4, 2)])
def test_borders_count_within_three_pixels_of_200_dpi(shift: float, right: int) -> None:
    score = score_layout(TRUTH, layout(shift), (1200, 400))
    assert (score.borders, score.borders_true) == (right, 4)
    assert (score.sections, score.sections_true, score.kinds) == (1, 1, 1)


def test_a_section_with_too_few_common_rows_is_not_found() -> None:
    assert score_layout(TRUTH, layout(0.0, 500.0), (1200, 400)).sections == 0


def test_scores_add_up() -> None:
    one = score_layout(TRUTH, layout(0.0), (1200, 400))
    two = one + one + LayoutScore()
    assert (two.pages, two.borders, two.shares) == (2, 8, 2.0)
    assert two.worth == one.worth


def test_confidence_is_the_probability_that_was_fitted() -> None:
    rng = np.random.default_rng(1)
    evidence = rng.normal(size=(4000, 4)) * [2, 1, 0.3, 0.5]
    true = 1 / (1 + np.exp(-(evidence @ [0.8, 0.5, 0.0, 0.0] - 0.4)))
    settings = DecodeSettings(**fit_confidence(evidence, (rng.random(4000) < true).astype(float)))
    span = Span("curves", 0, 10, 2.0, 5.0, 0.9)
    expected = 0.8 * 2.0 + 0.5 * np.log(9) - 0.4
    seen = marked.track_confidence(span, None, settings)
    assert seen == pytest.approx(1 / (1 + np.exp(-expected)), abs=0.06)


def test_one_answer_alone_fits_nothing() -> None:
    assert _logistic(np.zeros((3, 1)), [1.0, 1.0, 1.0]) is None
    assert fit_confidence(np.zeros((3, 4)), np.ones(3)) == {}
