"""Depth axes that are refused, chains of labels, and real scans where present."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from depth_support import (
    DPI,
    LEFT,
    RIGHT,
    WIDTH,
    codes,
    draw_log,
    error,
    find,
    label,
    layout_of,
)
from text_support import BlockReader

from veernet_core.datatypes import F64, U8, Dpi
from veernet_core.page.depth.axis import find_depth
from veernet_core.page.depth.chain import best_chain
from veernet_core.page.depth.labels import parse_depth
from veernet_core.page.depth.refusals import DepthPrior
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import (
    DepthFound,
    SectionFound,
    TrackFound,
)

SIDECARS = Path(__file__).resolve().parents[2] / "data" / "sidecars"


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
