"""Depth axes: drawn depth columns with exact truth, contradictions refused, real scans where present."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from depth_support import (
    LEFT,
    RIGHT,
    WIDTH,
    codes,
    draw_log,
    error,
    find,
    layout_of,
    section_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from text_support import BlockReader, as_raster

from veernet_core.datatypes import U8
from veernet_core.page.depth.axis import cut_to_depth, find_depth
from veernet_core.page.results import (
    TextBox,
    TrackFound,
)


@pytest.mark.parametrize("turned", [0, 90, 270])
def test_labels_in_any_turn_give_the_axis(turned: int) -> None:
    image, truth = draw_log(turned=turned)
    found = find(image)
    assert error(found, truth).max() < 0.1
    assert found.unit == "ft"
    assert found.unit_source == "template"
    assert found.confidence > 0.9
    assert {label.depth for label in found.labels if label.used} == set(truth[:, 1])


class Turning(BlockReader):
    """Counts the pictures that were read in every turn."""

    in_all_turns = 0

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        self.in_all_turns += len(turns) == 4
        return super().read(image, turns)


def test_numbers_that_agree_how_they_are_turned_are_not_read_in_every_turn() -> None:
    """Six round numbers of one turn decide; a column that shows fewer is sampled all along."""
    image, truth = draw_log(rows=12_000, px_per_unit=4.0)
    many, few = Turning(), Turning()
    assert error(find(image, many), truth).max() < 0.3
    assert many.in_all_turns <= 4
    find(draw_log(rows=12_000, px_per_unit=4.0, label_step=500)[0], few)
    assert few.in_all_turns > 6


@pytest.mark.parametrize(
    ("px_per_unit", "label_step", "line_step", "unit"),
    [(4.0, 100, 10.0, "ft"), (2.0, 100, 50.0, "ft"), (39.37, 25, 5.0, "m"), (15.75, 25, 5.0, "m")],
)
def test_customary_scales_and_their_units(
    px_per_unit: float, label_step: int, line_step: float, unit: str
) -> None:
    image, truth = draw_log(px_per_unit=px_per_unit, label_step=label_step, line_step=line_step)
    found = find(image)
    assert found.unit == unit
    assert error(found, truth).max() * px_per_unit < 1.5


def test_printed_lines_correct_labels_that_stand_beside_them() -> None:
    image, truth = draw_log(offset_px=14)
    assert error(find(image), truth).max() < 0.1


def test_stretched_paper_is_followed() -> None:
    image, truth = draw_log(stretch=0.01)
    assert error(find(image), truth).max() < 0.15


def test_tilted_lines_meet_at_the_centre_of_the_column() -> None:
    image, truth = draw_log(tilt=0.008)
    assert error(find(image), truth).max() < 0.15


def test_a_jerk_of_the_film_at_one_line_is_kept() -> None:
    image, truth = draw_log()
    row = round(float(truth[2, 0]))
    for cols in (slice(20, LEFT), slice(RIGHT + 2, WIDTH - 20)):
        line = image[row - 3 : row + 4, cols].copy()
        image[row - 3 : row + 4, cols] = 0
        image[row + 3 : row + 10, cols] = line
    truth[2, 0] += 6
    assert error(find(image), truth).max() < 0.1


def test_a_stroke_on_one_side_is_no_jerk() -> None:
    image, truth = draw_log()
    row = round(float(truth[2, 0]))
    for cols in (slice(20, LEFT), slice(RIGHT + 2, WIDTH - 20)):
        image[row - 12 : row + 13, cols] = 0
    image[row + 6 : row + 9, 20:LEFT] = 255
    assert error(find(image), truth).max() < 0.3


def test_lines_that_fade_near_the_column_are_still_followed() -> None:
    image, truth = draw_log(stretch=0.01)
    fading = slice(round(float(truth[1, 0])) + 30, round(float(truth[2, 0])) + 30)
    image[fading, RIGHT + 2 :] = 0
    image[fading, LEFT - 55 : LEFT] = 0
    assert error(find(image), truth).max() < 0.15


def test_fine_lines_carry_on_where_coarse_ones_cannot_be_counted() -> None:
    labels = {100 * k: 0 for k in range(16, 100)}
    image, truth = draw_log(first=100, px_per_unit=2.0, line_step=10.0, labels=labels)
    for depth in np.arange(100, 900, 10):
        if depth % 50:
            row = round(60 + (depth - 100) * 2.0)
            for cols in (slice(20, LEFT), slice(RIGHT + 2, WIDTH - 20)):
                image[row - 2 : row + 3, cols] = 0
    assert error(find(image), truth).max() < 0.5


def test_a_long_stretch_without_evidence_is_for_review() -> None:
    image, truth = draw_log(px_per_unit=4.0, labels={7500: 0, 7600: 0})
    image[round(float(truth[4, 0])) + 30 : round(float(truth[7, 0])) - 30, :LEFT] = 0
    image[round(float(truth[4, 0])) + 30 : round(float(truth[7, 0])) - 30, RIGHT + 2 :] = 0
    found = find(image)
    assert "depth_gap" in codes(found)
    assert found.confidence < 0.9


def test_ends_without_evidence_are_cut_off_and_said_so() -> None:
    image, truth = draw_log(rows=8_000)
    image[7_000:] = 0
    found = find(image)
    assert codes(found) == {"depth_cut_off"}
    assert found.confidence > 0.9
    section = section_of(image)
    short = cut_to_depth(section, found)
    assert short.row_top <= truth[0, 0]
    assert 6_800 < short.row_bottom < 7_200
    assert cut_to_depth(section, find(image[:7_000])) is section


def test_a_misread_digit_does_not_matter() -> None:
    image, truth = draw_log()
    found = find(image, BlockReader({"7200": "7800", "7300": "1300"}))
    assert error(found, truth).max() < 0.1
    assert 7800.0 not in {label.depth for label in found.labels if label.used}


def test_a_lost_leading_digit_does_not_win() -> None:
    image, truth = draw_log(first=7_000)
    found = find(image, BlockReader({"7200": "200", "7300": "300", "7400": "400"}))
    assert found.axis is None or error(found, truth).max() < 0.1


def test_axis_is_the_same_with_labels_missing() -> None:
    image, truth = draw_log(labels={7200: 0, 7400: 0})
    assert error(find(image), truth).max() < 0.1


def test_no_depth_column_in_the_layout_is_searched_for() -> None:
    image, truth = draw_log()
    section = section_of(image, ())
    found = find_depth(as_raster(image), section, layout_of(section), BlockReader())
    assert error(found, truth).max() < 0.3


class NearSighted(BlockReader):
    """Finds print in narrow pictures only, as numbers of a few pixels are lost among a page's pictures."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        """See `TextReader.read`."""
        return super().read(image, turns) if image.shape[1] < 400 else []


def test_numbers_in_a_narrow_track_make_an_axis_where_no_column_is_found() -> None:
    """Numbers stand in a collar track that the layout takes for curves."""
    image, truth = draw_log()
    section = section_of(image, ())
    knots = [np.array([[0.0, px]]) for px in (LEFT, RIGHT)]
    tracks = (*section.tracks[:1], TrackFound(*knots, "curves"), *section.tracks[1:])
    found = find_depth(
        as_raster(image),
        replace(section, tracks=tracks),
        layout_of(section),
        NearSighted(),
    )
    assert error(found, truth).max() < 0.3


def test_lines_are_looked_for_in_every_track() -> None:
    """The track beside the numbers has no lines, the one beyond it has."""
    image, truth = draw_log()
    beside = RIGHT + 4, RIGHT + 200
    image[:, beside[0] : beside[1]] = 0
    image[:, 20 : LEFT - 4] = 0
    section = section_of(image)
    parts = [
        TrackFound(np.array([[0.0, a]]), np.array([[0.0, b]]), "curves")
        for a, b in (beside, (beside[1], WIDTH - 20))
    ]
    section = replace(section, tracks=(*section.tracks[:2], *parts))
    found = find_depth(as_raster(image), section, layout_of(section), BlockReader())
    assert found.residual == found.residual
    assert error(found, truth).max() < 0.1


@settings(max_examples=8, deadline=None)
@given(first=st.integers(0, 150), stretch=st.floats(-0.008, 0.008), offset=st.integers(-12, 12))
def test_any_axis_is_recovered_or_refused(first: int, stretch: float, offset: int) -> None:
    image, truth = draw_log(first=100.0 * first, stretch=stretch, offset_px=offset, rows=5_000)
    found = find(image)
    if found.axis is not None:
        assert error(found, truth).max() < 0.3
