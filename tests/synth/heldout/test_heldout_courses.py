"""Where a curve goes: fractions of its scale, cuts at borders, wraps, pegs and lifts, and the truth of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet_core.datatypes import CurveSpec
from veernet_core.synth.heldout.courses import course_truth, segmented, strokes, track_fraction
from veernet_core.synth.heldout.data import Course
from veernet_core.synth.heldout.plotters import Label, agg_lines, agg_text, through_lens


def line(*frac: float, step: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(len(frac)) * step, np.array(frac, dtype=np.float64)


def test_fractions_of_linear_and_logarithmic_scales() -> None:
    linear = track_fraction(CurveSpec("NPHI", "V/V", 0.45, -0.15), np.array([0.45, 0.15, -0.15]))
    np.testing.assert_allclose(linear, [0, 0.5, 1])
    log = track_fraction(CurveSpec("ILD", "OHMM", 0.2, 2000, "log"), np.array([0.2, 20, 2000, -1]))
    np.testing.assert_allclose(log[:3], [0, 0.5, 1])
    assert np.isnan(log[3])


def test_a_curve_within_its_track_is_one_stroke() -> None:
    (stroke,) = strokes(Course(*line(0.2, 0.8, 0.4)), lambda frac, row: 100 * frac)
    np.testing.assert_allclose(stroke[0], [20, 80, 40])
    np.testing.assert_allclose(stroke[1], [0, 10, 20])


def test_a_wrapping_curve_comes_in_again_at_the_other_border() -> None:
    course = Course(*line(0.5, 1.5), wraps=1)
    out, again = strokes(course, lambda frac, row: 100 * frac)
    np.testing.assert_allclose(out, [[50, 100], [0, 5]])
    np.testing.assert_allclose(again, [[0, 50], [5, 10]])
    np.testing.assert_allclose(course_truth(course, np.array([2.0, 8.0])), [0.7, 1.3])


def test_without_wraps_the_pen_is_up_off_the_scale() -> None:
    course = Course(*line(0.5, 1.5))
    (only,) = strokes(course, lambda frac, row: 100 * frac)
    np.testing.assert_allclose(only, [[50, 100], [0, 5]])
    truth = course_truth(course, np.array([2.0, 8.0, 11.0]))
    assert truth[0] == pytest.approx(0.7)
    assert np.isnan(truth[1:]).all()


def test_a_pegged_curve_runs_along_the_border() -> None:
    course = Course(*line(0.5, 1.5, 0.5), peg=True)
    truth = course_truth(course, np.array([0.0, 7.0, 10.0, 13.0, 20.0]))
    np.testing.assert_allclose(truth, [0.5, 1, 1, 1, 0.5])


def test_a_lifted_pen_leaves_no_ink_between_its_rows() -> None:
    course = Course(*line(0.2, 0.2, 0.2), lifts=((6.0, 9.0),))
    first, second = strokes(course, lambda frac, row: frac)
    assert (first[1][-1], second[1][0]) == (6.0, 9.0)
    truth = course_truth(course, np.array([5.0, 7.0, 10.0]))
    assert truth[[0, 2]].tolist() == pytest.approx([0.2, 0.2])
    assert np.isnan(truth[1])


@settings(max_examples=60, deadline=None)
@given(
    frac=st.lists(st.floats(-1.9, 2.9), min_size=2, max_size=12),
    wraps=st.integers(0, 4),
    peg=st.booleans(),
)
def test_strokes_stay_in_the_track_and_tell_the_truth(
    frac: list[float], wraps: int, peg: bool
) -> None:
    course = Course(*line(*frac), wraps=wraps, peg=peg)
    row, _, wrap, inked = segmented(course)
    assert len(row) == len(wrap) + 1 == len(inked) + 1
    assert np.abs(wrap).max() <= wraps
    for cols, rows in strokes(course, lambda f, r: f):
        assert cols.min() >= -1e-6
        assert cols.max() <= 1 + 1e-6
        middle = (rows[:-1] + rows[1:]) / 2
        true = course_truth(course, middle)
        assert np.isfinite(true).all()
        drawn = (cols[:-1] + cols[1:]) / 2
        shift = true - drawn
        np.testing.assert_allclose(shift, np.round(shift), atol=1e-6)


def test_a_stroke_covers_its_width_around_its_column() -> None:
    ink = agg_lines((60, 40), [(np.array([20.0, 20.0]), np.array([-1.0, 61.0]))], 3.0)
    profile = ink[30]
    assert profile.sum() == pytest.approx(3.0, abs=0.05)
    assert (profile * np.arange(40)).sum() / profile.sum() == pytest.approx(20.0, abs=0.02)


def test_dashes_ink_their_share_of_a_line() -> None:
    lines = [(np.array([20.0, 20.0]), np.array([0.0, 300.0]))]
    ink = agg_lines((300, 40), lines, 2.0, dashes=(0.0, (12.0, 8.0)))
    assert float(ink.sum(axis=1).mean()) == pytest.approx(0.6 * 2.0, abs=0.03)
    assert not ink[14:19].any(), "a gap"


def test_print_stands_right_of_and_above_its_anchor() -> None:
    ink = agg_text((100, 200), [Label("NNN", 50.0, 60.0, 30.0)])
    rows, cols = np.nonzero(ink > 0.5)
    assert 35 <= rows.min() < rows.max() <= 60
    assert 50 <= cols.min() < cols.max() <= 130
    turned = agg_text((200, 200), [Label("NNN", 100.0, 100.0, 30.0, 90.0)])
    rows, cols = np.nonzero(turned > 0.5)
    assert np.ptp(rows) > 1.8 * np.ptp(cols), "reads up the page"
    assert rows.max() <= 100


def test_a_lens_may_blur_more_down_than_across() -> None:
    spot = np.zeros((41, 41), np.float32)
    spot[20, 20] = 1.0
    blurred = through_lens(spot, 1.0, 3.0)
    assert blurred.sum() == pytest.approx(1.0, abs=1e-3)
    at = np.arange(41) - 20.0
    down, across = (np.sqrt((blurred.sum(axis=a) * at**2).sum()) for a in (1, 0))
    assert down == pytest.approx(3.0, rel=0.05)
    assert across == pytest.approx(1.0, rel=0.1)
