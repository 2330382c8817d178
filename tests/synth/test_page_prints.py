"""Printing a drawn page: ruling, numbers, headers and curves agree with its sidecar and truth."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import CurveSpec, DepthAxis
from veernet_core.errors import GeometryError
from veernet_core.synth.pages.plans import (
    DEPTH_COLUMN_IN,
    PLANS,
    Paper,
    TrackPlan,
    lay_out,
    log_depths,
    ruling,
    tracks_of,
)
from veernet_core.synth.pages.print import (
    BLACK,
    Sheet,
    depth_labels,
    depth_numbers,
    print_curves,
    print_grid,
    print_header,
    print_text,
)
from veernet_core.synth.pages.sidecars import reference_u, sidecar_of

AXIS = DepthAxis("ft", np.array([[100.0, 1000.0], [900.0, 1100.0]]))
PAPER = Paper(2000, 1800, 200, 70.0, 620.0, 0.0, 1000.0, AXIS)
SKEWED = replace(PAPER, skew_rad=math.radians(2.0))
GR = CurveSpec("GR", "GAPI", 0, 150, wrap="one")
PLAN = TrackPlan("T1", 0.0, 2.4, (GR,))


def test_paper_counts_depth_to_the_inch() -> None:
    assert PAPER.per_in == pytest.approx(100 / 800 * 200)
    assert PAPER.inches(2.5) == 500


def test_points_of_paper_turn_about_the_corner_of_the_log() -> None:
    col, row = SKEWED.to_scan(np.array([0.0, 100.0]), np.array([0.0, 0.0]))
    assert (col[0], row[0]) == (70.0, 620.0)
    assert col[1] - 70 == pytest.approx(100 * math.cos(math.radians(2)))
    assert row[1] - 620 == pytest.approx(100 * math.sin(math.radians(2)))


@pytest.mark.parametrize(
    ("per_in", "unit", "spacing"),
    [
        (20.0, "ft", (2, 10, 50, 100)),
        (50.0, "ft", (10, 50, 100, 100)),
        (5.0, "m", (1, 5, 25, 25)),
        (12.0, "m", (2, 10, 50, 50)),
    ],
)
def test_lines_are_wider_apart_on_a_smaller_scale(per_in, unit, spacing) -> None:
    assert ruling(per_in, unit) == spacing


@pytest.mark.parametrize("skew", [0.0, 1.5, -1.5])
def test_a_log_fits_on_its_scan(skew: float) -> None:
    paper = lay_out(np.random.default_rng(3), 3000, 200, skew, 20.0, True, "ft")
    u = np.array([0.0, paper.inches(8.0), 0.0, paper.inches(8.0)])
    v = np.array([0.0, 0.0, paper.length_px, paper.length_px])
    col, row = paper.to_scan(u, v)
    assert col.min() >= 0
    assert col.max() <= paper.cols
    assert row.min() >= 0
    assert row.max() <= paper.rows
    depths = log_depths(paper)
    np.testing.assert_allclose(depths / 0.5, np.rint(depths / 0.5))
    inside = paper.axis.row_at(depths)
    assert inside[0] >= 0
    assert inside[-1] <= paper.length_px


def test_a_page_without_room_is_refused() -> None:
    with pytest.raises(GeometryError, match="no room"):
        lay_out(np.random.default_rng(0), 900, 200, 0.0, 20.0, False, "ft")


def test_true_numbers_are_printed_at_every_hundredth_foot() -> None:
    paper = replace(PAPER, axis=DepthAxis("ft", np.array([[0.0, 1050.0], [1000.0, 1350.0]])))
    rng = np.random.default_rng(1)
    assert depth_numbers(rng, paper, "printed") == [(1100, "1100"), (1200, "1200"), (1300, "1300")]
    assert depth_numbers(rng, paper, "none") == []
    assert depth_numbers(rng, paper, "one") == [(1200, "1200")]
    assert depth_numbers(rng, paper, "upward") == [(1100, "1300"), (1200, "1200"), (1300, "1100")]
    mixed = depth_numbers(rng, paper, "mixed_units")
    assert mixed == [(1100, "1100"), (1200, f"{1200 * 0.3048:.0f}"), (1300, "1300")]
    false = depth_numbers(rng, paper, "contradictory")
    assert [depth for depth, _ in false] == [1100, 1200, 1300]
    assert len({text for _, text in false}) == 3


def test_numbers_are_centred_on_their_line_in_the_depth_column() -> None:
    (label,) = depth_labels(PAPER, False, [(1050.0, "1050")])
    middle_col = 70 + 200 * sum(DEPTH_COLUMN_IN) / 2
    row = 620 + float(AXIS.row_at(np.array([1050.0]))[0])
    sheet = Sheet(PAPER, colour=False)
    print_text(sheet, [label])
    rows, cols = np.nonzero(sheet.density > 0.5)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(row, abs=2)
    assert (cols.min() + cols.max()) / 2 == pytest.approx(middle_col, abs=4)
    (turned,) = depth_labels(PAPER, True, [(1050.0, "1050")])
    sheet = Sheet(PAPER, colour=False)
    print_text(sheet, [turned])
    rows, cols = np.nonzero(sheet.density > 0.5)
    assert np.ptp(rows) > 2 * np.ptp(cols)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(row, abs=5)


def test_print_beyond_the_paper_is_cut() -> None:
    sheet = Sheet(PAPER, colour=False)
    off = PAPER.label("off the page", 5000.0, 9000.0, 20.0)
    edge = PAPER.label("edge", -60.0, -590.0, 30.0)
    print_text(sheet, [off, edge])
    rows, _ = np.nonzero(sheet.density > 0.3)
    assert rows.max() < 60


def test_the_grid_has_its_borders_and_depth_lines_where_the_sidecar_puts_them() -> None:
    sheet = Sheet(PAPER, colour=False)
    print_grid(np.random.default_rng(0), sheet, PAPER, [PLAN])
    sidecar = sidecar_of(PAPER, [PLAN], {"name": "A 1"})
    (section,) = sidecar["sections"]
    (track,) = section["tracks"]
    profile = np.median(sheet.density[700:1500], axis=0)
    for px in (track["left_px"], track["right_px"]):
        assert profile[round(px)] > 0.8
        assert profile[round(px) + 6] < 0.2
    for row, _ in section["depth"]["anchors"]:
        line = sheet.density[:, 100:110].mean(axis=1)
        assert line[round(row)] > 0.5
    assert (section["row_top"], section["row_bottom"]) == (620.0, 1620.0)
    assert sidecar["well"] == {"name": "A 1"}


def test_the_sidecar_of_a_skewed_page_has_knots() -> None:
    (section,) = sidecar_of(SKEWED, [PLAN], {})["sections"]
    knots = np.array(section["tracks"][0]["left_px"])
    assert knots.shape == (5, 2)
    v = np.linspace(0, 1000.0, 5)
    np.testing.assert_allclose(knots[:, 0], 620 + v * math.cos(math.radians(2)), atol=2e-3)
    np.testing.assert_allclose(knots[:, 1], 70 - v * math.sin(math.radians(2)), atol=2e-3)
    _, rows = SKEWED.to_scan(np.full(2, reference_u(SKEWED)), AXIS.anchors[:, 0])
    assert [a[0] for a in section["depth"]["anchors"]] == pytest.approx(rows.tolist(), abs=2e-3)


def test_curves_of_a_sidecar_say_all_that_is_drawn() -> None:
    red = replace(GR, colour="#c00018", style="dashed")
    (section,) = sidecar_of(PAPER, [replace(PLAN, curves=(GR, red))], {})["sections"]
    plain, coloured = section["tracks"][0]["curves"]
    assert plain == {
        "mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150, "scale": "linear",
        "style": "solid", "wrap": "one",
    }  # fmt: skip
    assert coloured == {**plain, "style": "dashed", "colour": "#c00018"}


def test_headers_are_printed_above_the_log() -> None:
    for colour in (False, True):
        sheet = Sheet(PAPER, colour)
        print_header(sheet, PAPER, [PLAN], "GAMMA RAY", {"name": "SMITH 1", "county": "ELLIS"})
        ink = sheet.density if sheet.rgb is None else 1 - sheet.rgb.min(axis=2) / 255
        rows, cols = np.nonzero(ink > 0.5)
        assert rows.min() > 0
        assert rows.max() < 620
        scales = ink[620 - 60 : 620, 70 : 70 + 480]
        assert (scales.max(axis=0) > 0.5).mean() > 0.9, "the line of the scale spans its track"
        assert cols.max() < 1600


def test_a_curve_is_drawn_in_its_colour_on_coloured_paper() -> None:
    sheet = Sheet(PAPER, colour=True)
    print_curves(
        np.random.default_rng(0), sheet, PAPER, [replace(PLAN, curves=(replace(GR, colour="#c00018"),))],
        "vector",
    )  # fmt: skip
    assert sheet.rgb is not None
    darkest = sheet.rgb.reshape(-1, 3)[sheet.rgb.sum(axis=2).argmin()]
    assert darkest.tolist() == [0xC0, 0x00, 0x18]


def test_the_truth_of_a_curve_lies_on_its_ink() -> None:
    sheet = Sheet(PAPER, colour=False)
    truth = print_curves(np.random.default_rng(2), sheet, PAPER, [PLAN], "vector")
    depth, value = truth["T1/GR"]
    assert (depth[0], depth[-1]) == (log_depths(PAPER)[0], log_depths(PAPER)[-1])
    rows = np.rint(620 + AXIS.row_at(depth)).astype(int)
    cols = np.rint(70 + 480 * (np.mod(value / 150, 1.0))).astype(int)
    known = np.isfinite(value)
    near = [
        sheet.density[r - 1 : r + 2, max(0, c - 2) : c + 3].max() > 0.5
        for r, c in zip(rows[known], cols[known])
    ]
    assert known.mean() > 0.9
    assert np.mean(near) > 0.97


def test_ink_adds_up_to_the_darker_and_never_beyond_black() -> None:
    sheet = Sheet(PAPER, colour=False)
    sheet.blend(np.full((2, 2), 0.4, np.float32), 10, 10)
    sheet.blend(np.full((2, 2), 0.9, np.float32), 11, 11)
    part = sheet.density[10:13, 10:13]
    np.testing.assert_allclose(part, [[0.4, 0.4, 0], [0.4, 0.9, 0.9], [0, 0.9, 0.9]])
    coloured = Sheet(PAPER, colour=True)
    coloured.blend(np.ones((1, 1), np.float32), 5, 5, (200, 10, 0))
    coloured.blend(np.ones((1, 1), np.float32), 5, 5, BLACK)
    assert coloured.rgb is not None
    assert coloured.rgb[5, 5].tolist() == [0, 0, 0]


def test_lines_beside_the_paper_are_not_drawn() -> None:
    sheet = Sheet(PAPER, colour=False)

    def never(shape: tuple[int, int], lines: object) -> np.ndarray:
        raise AssertionError("nothing lies on the paper")

    far = np.array([9000.0, 9500.0])
    sheet.put(never, [])
    sheet.put(never, [(far, far)])
    assert not sheet.density.any()


def test_every_kind_of_log_has_its_depth_column_free() -> None:
    for kind, plans in PLANS.items():
        assert len({plan.track_id for plan in plans}) == len(plans), kind
        for plan in plans:
            assert plan.right_in <= DEPTH_COLUMN_IN[0] or plan.left_in >= DEPTH_COLUMN_IN[1], kind
        names = [spec.mnemonic for plan in plans for spec in plan.curves]
        assert len(set(names)) == len(names), kind
        coloured = tracks_of(kind, True, 200.0)
        assert all(spec.colour for plan in coloured for spec in plan.curves)
        gamma = [s for p in tracks_of(kind, False, 200.0) for s in p.curves if s.mnemonic == "GR"]
        assert [(spec.right, spec.colour) for spec in gamma] == [(200.0, None)]
