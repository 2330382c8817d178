"""Depth axes: drawn depth columns with exact truth, contradictions refused, real scans where present."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_support import BlockReader, as_raster, draw_number

from veernet_core.datatypes import F64, U8, Dpi, Raster
from veernet_core.page.depth.axis import DepthPrior, cut_to_depth, find_depth
from veernet_core.page.depth.chain import best_chain
from veernet_core.page.depth.labels import LabelRead, parse_depth
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import (
    DepthFound,
    PageLayout,
    SectionFound,
    TextBox,
    TrackFound,
)

DPI = 200.0
LEFT, RIGHT, WIDTH = 400, 560, 1000
SIDECARS = Path(__file__).resolve().parents[2] / "data" / "sidecars"


@dataclass(frozen=True)
class Drawn:
    """A drawn log: its raster and where each depth lies."""

    raster: Raster
    section: SectionFound
    row_of: object


def section_of(image: U8, columns: tuple[tuple[int, int], ...] = ((LEFT, RIGHT),)) -> SectionFound:
    def track(left: float, right: float, kind: str) -> TrackFound:
        return TrackFound(np.array([[0.0, left]]), np.array([[0.0, right]]), kind)  # type: ignore[arg-type]

    tracks = [track(20, LEFT, "curves"), track(RIGHT, WIDTH - 20, "curves")]
    tracks += [track(a, b, "depth") for a, b in columns]
    tracks.sort(key=lambda t: float(t.left_knots[0, 1]))
    return SectionFound("main", "main", 0, image.shape[0] - 1, tuple(tracks), np.zeros((0, 2)), 1.0)


def layout_of(section: SectionFound) -> PageLayout:
    return PageLayout("curve_log", 0, Dpi(DPI, DPI), (section,))


def draw_log(
    first: float = 7_000,
    rows: int = 6_000,
    px_per_unit: float = 10.0,
    label_step: int = 100,
    line_step: float = 10.0,
    turned: int = 90,
    stretch: float = 0.0,
    offset_px: int = 0,
    tilt: float = 0.0,
    lines: bool = True,
    labels: dict[int, int] | None = None,
    columns: tuple[tuple[int, int], ...] = ((LEFT, RIGHT),),
    other: dict[int, int] | None = None,
) -> tuple[U8, F64]:
    """A log with exact truth: image and [n, 2] (row, depth) of its label lines.

    ``labels`` maps true label depths to what is printed (0: nothing); ``other`` does so for a second column.
    """
    image = np.zeros((rows, WIDTH), dtype=np.uint8)
    image[:, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 255
    depths = np.arange(0, (rows / px_per_unit) * 1.2, line_step / 5)
    at = 60 + depths * px_per_unit * (1 + stretch * np.sin(depths / (rows / px_per_unit) * 5))
    middle = (LEFT + RIGHT) / 2
    truth = []
    for depth, row in zip(depths + first, at):
        grade = 2 if depth % (5 * line_step) == 0 else 1 if depth % line_step == 0 else 0
        cols = np.r_[20:LEFT, RIGHT : WIDTH - 20]
        if lines and (px_per_unit * line_step / 5 >= 8 or grade > 0):
            for k in range(grade + 1):
                line_rows = np.rint(row + tilt * (cols - middle)).astype(int) + k - grade // 2
                inside = (line_rows >= 0) & (line_rows < rows)
                image[line_rows[inside], cols[inside]] = 255
        if depth % label_step == 0 and 60 < row < rows - 60:
            truth.append((row, depth))
            for column, said in zip(columns, (labels, other)):
                value = (said or {}).get(int(depth), int(depth))
                if value:
                    _stamp(image, row + offset_px, sum(column) / 2, draw_number(value, turned))
    return image, np.array(truth)


def _stamp(image: U8, row: float, col: float, block: U8) -> None:
    top, left = round(row - block.shape[0] / 2), round(col - block.shape[1] / 2)
    image[top : top + block.shape[0], left : left + block.shape[1]] |= block


def find(image: U8, reader: BlockReader | None = None, **kwargs: object) -> DepthFound:
    columns = kwargs.pop("columns", ((LEFT, RIGHT),))
    section = section_of(image, columns)  # type: ignore[arg-type]
    return find_depth(
        as_raster(image), section, layout_of(section), reader or BlockReader(), **kwargs
    )  # type: ignore[arg-type]


def codes(found: DepthFound) -> set[str]:
    return {finding.code for finding in found.findings}


def error(found: DepthFound, truth: F64) -> F64:
    assert found.axis is not None, codes(found)
    return np.abs(found.axis.depth_at(truth[:, 0]) - truth[:, 1])


# ---- recovered ---------------------------------------------------------------------------------


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


# ---- refused -----------------------------------------------------------------------------------


def refused(found: DepthFound, code: str) -> None:
    assert found.axis is None
    assert code in codes(found)
    assert all(finding.remedy and finding.stage == "depth" for finding in found.findings)
    assert not any(label.used for label in found.labels)
    assert found.confidence == 0.0


def test_a_blank_page_is_refused() -> None:
    refused(find(np.zeros((3_000, WIDTH), dtype=np.uint8)), "no_depth_labels")


def test_a_page_without_columns_or_numbers_is_refused() -> None:
    image = np.zeros((3_000, WIDTH), dtype=np.uint8)
    refused(find(image, columns=()), "no_depth_column")


def test_one_label_is_refused() -> None:
    _, truth = draw_log()
    refused(find(_keep(truth, {7300})), "too_few_depth_labels")


def _keep(truth: F64, kept: set[int], **kwargs: object) -> U8:
    gone = {int(depth): 0 for depth in truth[:, 1] if int(depth) not in kept}
    return draw_log(labels=gone, **kwargs)[0]  # type: ignore[arg-type]


def test_two_labels_are_refused_and_three_need_to_be_close() -> None:
    _, truth = draw_log(rows=9_000)
    refused(find(_keep(truth, {7300, 7400}, rows=9_000)), "too_few_depth_labels")
    refused(find(_keep(truth, {7100, 7400, 7800}, rows=9_000)), "too_few_depth_labels")
    found = find(_keep(truth, {7200, 7300, 7500}, rows=9_000))
    assert error(found, truth).max() < 0.1
    assert found.confidence < 0.9


def test_labels_that_run_upward_are_refused() -> None:
    _, truth = draw_log()
    upside = {int(d): int(14_600 - d) for d in truth[:, 1]}
    refused(find(draw_log(labels=upside)[0]), "labels_run_upward")


def test_an_upside_down_page_is_refused() -> None:
    image, _ = draw_log()
    refused(find(np.ascontiguousarray(image[::-1, ::-1])), "labels_run_upward")


def test_a_digit_before_that_one_number_lacks_is_for_review() -> None:
    # A rule beside the numbers read as a 1 makes 5900 a 15900; one number that was read without it tells.
    said = {5800: 15800, 5900: 15900, 6100: 16100, 6200: 16200}
    image, _ = draw_log(first=5_740, labels=said)
    found = find(image)
    assert "depth_digit_doubtful" in codes(found)
    assert found.confidence < 0.9


def test_a_lost_digit_casts_no_doubt_where_not_all_numbers_begin_with_a_one() -> None:
    image, truth = draw_log(first=1_740, labels={1800: 800, 2100: 100})
    found = find(image)
    assert "depth_digit_doubtful" not in codes(found)
    assert found.confidence > 0.9
    assert error(found, truth).max() < 0.1


def test_many_numbers_of_ten_feet_on_lines_are_enough_where_some_are_unread() -> None:
    lost = {depth: 0 for depth in range(7_000, 7_600, 10) if depth % 30}
    image, truth = draw_log(label_step=10, turned=0, labels=lost)
    found = find(image)
    assert error(found, truth).max() < 0.1


def test_labels_that_contradict_each_other_are_refused() -> None:
    _, truth = draw_log(rows=8_000)
    other = {int(d): int(d) + 2_350 for n, d in enumerate(truth[:, 1]) if n % 2}
    refused(find(draw_log(rows=8_000, labels=other)[0]), "labels_contradict")


def test_a_second_run_over_the_same_depths_is_refused_with_its_rows() -> None:
    _, truth = draw_log(rows=9_000)
    again = {int(d): int(d) - 500 for d in truth[4:, 1]}
    found = find(draw_log(rows=9_000, labels=again)[0])
    refused(found, "depth_restarts")
    assert found.findings[0].rows is not None


def test_random_numbers_are_refused() -> None:
    _, truth = draw_log(rows=8_000)
    rng = np.random.default_rng(3)
    noise = {int(d): int(rng.integers(3, 180)) * 50 for d in truth[:, 1]}
    assert find(draw_log(rows=8_000, labels=noise)[0]).axis is None


TWO = ((LEFT, LEFT + 70), (LEFT + 90, RIGHT))


def test_two_columns_that_disagree_are_refused() -> None:
    _, truth = draw_log(columns=TWO)
    other = {int(d): int(d) + 300 for d in truth[:, 1]}
    refused(find(draw_log(columns=TWO, other=other)[0], columns=TWO), "depth_columns_disagree")


def test_two_columns_that_agree_are_one_axis() -> None:
    image, truth = draw_log(columns=TWO)
    assert error(find(image, columns=TWO), truth).max() < 0.15


def test_labels_alone_are_refused_where_their_line_is_in_doubt() -> None:
    image, _ = draw_log(px_per_unit=2.0, lines=False)
    refused(find(image), "depth_lines_missing")


def test_a_refused_axis_is_offered_as_a_suggestion() -> None:
    image, truth = draw_log(lines=False, turned=90, px_per_unit=4.0)
    found = find(image)
    refused(found, "depth_lines_missing")
    assert found.suggested is not None
    assert found.suggested.source == "guess"
    assert np.abs(found.suggested.depth_at(truth[:, 0]) - truth[:, 1]).max() < 10


def test_an_index_that_says_otherwise_refuses() -> None:
    image, truth = draw_log()
    refused(find(image, prior=DepthPrior("ft", 100.0, 3_000.0)), "depth_outside_index")
    found = find(image, prior=DepthPrior("ft", 6_900.0, 7_800.0, "sidecar"))
    assert found.unit_source == "sidecar"
    assert error(found, truth).max() < 0.1


def test_a_unit_that_nothing_tells_is_a_guess_with_less_confidence() -> None:
    image, _ = draw_log(px_per_unit=7.0)
    found = find(image)
    assert found.unit_source == "guess"
    assert {"unit_guess", "unusual_depth_scale"} <= codes(found)
    assert found.confidence < 0.7
    told = find(image, printed="m")
    assert (told.unit, told.unit_source) == ("m", "header")
    assert "unit_guess" not in codes(told)


# ---- chain -------------------------------------------------------------------------------------


def label(row: float, value: float, confidence: float = 0.99) -> LabelRead:
    return LabelRead(row, 480.0, value, confidence, 60.0, 30.0, 90)


def test_chain_takes_distinct_labels_at_one_rate() -> None:
    labels = [label(1000 * n, 7000 + 100 * n) for n in range(6)]
    labels[3] = label(3000, 7800)
    chain = best_chain(labels, (0.015, 0.7), 12.0)
    assert chain.members == (0, 1, 2, 4, 5)
    assert chain.units_per_px == pytest.approx(0.1, rel=0.01)


def test_chain_scale_stays_within_physical_bounds() -> None:
    labels = [label(10 * n, 7000 + 100 * n) for n in range(6)]
    assert best_chain(labels, (0.015, 0.7), 12.0).members == ()


def test_chain_does_not_depend_on_confidence_scale_of_noise() -> None:
    labels = [label(1000 * n, 7000 + 100 * n) for n in range(6)]
    noisy = sorted([*labels, label(1500, 9900, 0.5), label(4200, 25, 0.9)], key=lambda x: x.row)
    chain = best_chain(noisy, (0.015, 0.7), 12.0)
    assert {noisy[n].value for n in chain.members} == {x.value for x in labels}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7300", 7300), ("10,500", 10500), ("0900", 900), ("8 350", 8350), ("7300'", 7300), ("7300FT", 7300),
        ("RUN", None), ("", None), ("7", None), ("123456", None), ("99999", None), ("00", None),
    ],
)  # fmt: skip
def test_text_is_a_depth_or_nothing(text: str, value: float | None) -> None:
    assert parse_depth(text) == value


def test_reader_errors_are_not_swallowed() -> None:
    class Broken(BlockReader):
        def read(self, image: U8, turns: tuple[int, ...]) -> list:
            raise RuntimeError("engine died")

    image, _ = draw_log(rows=2_000)
    with pytest.raises(RuntimeError, match="engine died"):
        find(image, Broken())


# ---- real scans --------------------------------------------------------------------------------


@pytest.mark.scans
@pytest.mark.slow
@pytest.mark.parametrize("stem", ["4709901572_gr_n_d", "4704500864_i_1", "33-023-01162-0005"])
def test_hand_read_anchors_are_met_on_real_scans(stem: str) -> None:
    from veernet_core.page.ocr.text import RapidReader

    folder = os.environ.get("VEERNET_SCANS")
    scan = Path(folder or "", f"{stem}.tif")
    if not folder or not scan.is_file():
        pytest.skip("VEERNET_SCANS names no folder with this scan")
    stated = json.loads((SIDECARS / f"{stem}.sidecar.json").read_text())["sections"][0]
    raster = open_raster(scan.read_bytes(), scan.name)
    section = _real_section(stated)
    found = find_depth(
        raster, section, replace(layout_of(section), dpi=Dpi(DPI, DPI)), RapidReader()
    )
    anchors = np.array(stated["depth"]["anchors"], dtype=np.float64)
    anchors = anchors[(anchors[:, 0] > section.row_top) & (anchors[:, 0] < section.row_bottom)]
    assert np.median(error(found, anchors)) < 0.25
    assert error(found, anchors).max() < 0.75


def _real_section(stated: dict) -> SectionFound:
    def knots(border: object) -> F64:
        return np.array(border if isinstance(border, list) else [[0.0, border]], dtype=np.float64)

    borders = [(knots(t["left_px"]), knots(t["right_px"])) for t in stated["tracks"]]
    if len(borders) > 1:
        left, right = borders[0][1], borders[1][0]
    else:
        left, right = borders[0][0] - [0.0, 150.0], borders[0][0]
    tracks = (TrackFound(left, right, "depth"),)
    rows = stated["row_top"], stated["row_bottom"]
    return SectionFound("main", "main", *rows, tracks, np.zeros((0, 2)), 1.0)
