"""Page geometry: drawn pages with known borders and lines, ugly pages, real scans where present."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.net.layout import layout_reader
from veernet_core.page.drafts.picture import draw_layout
from veernet_core.page.layout import grid, lines, page_layout
from veernet_core.page.layout.depth_lines import refine_line_row
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.results import PageLayout, SectionFound

NET = layout_reader()
DPI, WIDTH, HEADER_ROWS, LOG_ROWS = 100, 880, 500, 4500
SQUARE = Dpi(DPI, DPI)
SCANS = os.environ.get("VEERNET_SCANS", "")
PAGES = Path(__file__).resolve().parents[2] / "data" / "pages"


def as_raster(paper: np.ndarray, dpi: Dpi | None = SQUARE) -> Raster:
    """A raster of an ink array (255 ink)."""
    return Raster(
        height_px=paper.shape[0],
        width_px=paper.shape[1],
        is_colour=False,
        dpi_tag=dpi,
        read_ink=lambda a, b: np.ascontiguousarray(paper[a:b]),
        read_rgb=lambda a, b: np.repeat(255 - paper[a:b, :, None], 3, axis=2),
        drain_findings=lambda: (),
    )


def read_layout(raster: Raster) -> PageLayout:
    """The layout by the network that comes with the package."""
    return page_layout.read_layout(raster, NET)


def drawn_log(
    rng: np.random.Generator, skew: float = 0.0, log: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A page of header, track, depth column, double track; and its borders at the top of the log."""
    paper = np.zeros((HEADER_ROWS + LOG_ROWS, WIDTH), np.uint8)
    borders = np.array([25, 275, 350, 850])
    _draw_header(paper, rng)
    top = HEADER_ROWS
    for left, right in ((25, 275), (350, 850)):
        inner = np.arange(left, right + 1, 25)
        if log and left == 350:
            values = [v * 10.0**k for k in range(-1, 4) for v in range(1, 10)]
            inner = [350 + 125 * np.log10(v / 0.2) for v in values if 0.2 <= v <= 2000]
        for col in [left, right, *inner]:
            paper[top:, round(col) : round(col) + 1] = 255
        for k, row in enumerate(range(top, len(paper), 10)):
            paper[row : row + (2 if k % 5 == 0 else 1) + (k % 25 == 0), left : right + 1] = 255
    rows = np.arange(top, len(paper))
    curve = 150 + 60 * np.sin(rows / 70) + 10 * rng.standard_normal(len(rows)).cumsum() / 10
    for row, col in zip(rows, np.clip(curve, 30, 270).astype(int), strict=True):
        paper[row, col : col + 3] = 255
    for row in range(top + 50, len(paper), 500):
        cv2.putText(paper, f"{row}", (285, row + 5), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1)
    return _turned(paper, skew), borders


def _draw_header(paper: np.ndarray, rng: np.random.Generator) -> None:
    cv2.rectangle(paper, (20, 20), (860, 380), 255, 2)
    for row in range(40, 370, 25):
        text = "".join(rng.choice(list("ABCDEFGHIKLMNOPRST "), 40))
        cv2.putText(paper, text, (30, row), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1)


def _turned(paper: np.ndarray, skew: float) -> np.ndarray:
    """Rotate by a small slope about the middle of the log's top; ink stays 0 or 255."""
    if skew == 0:
        return paper
    pivot = (WIDTH / 2, HEADER_ROWS)
    turn = cv2.getRotationMatrix2D(pivot, np.degrees(skew), 1.0)
    out = cv2.warpAffine(paper, turn, (WIDTH, len(paper)), flags=cv2.INTER_LINEAR)
    return ((out > 100) * 255).astype(np.uint8)


def the_log(found: PageLayout) -> SectionFound:
    """The only log of a page."""
    logs = [section for section in found.sections if section.kind == "main"]
    assert len(logs) == 1
    return logs[0]


def edges(section: SectionFound, row: float, kind: str = "curves") -> np.ndarray:
    """Borders of all tracks of a kind at a row."""
    return np.array(
        [
            np.interp(row, knots[:, 0], knots[:, 1])
            for track in section.tracks
            if track.kind == kind
            for knots in (track.left_knots, track.right_knots)
        ]
    )


@pytest.fixture(scope="module")
def plain() -> tuple[PageLayout, np.ndarray]:
    paper, borders = drawn_log(np.random.default_rng(1))
    return read_layout(as_raster(paper)), borders


def test_upright_page_gives_its_borders_and_column(plain: tuple[PageLayout, np.ndarray]) -> None:
    found, borders = plain
    section = the_log(found)
    assert found.kind == "curve_log"
    assert found.turn_deg == 0
    np.testing.assert_allclose(edges(section, 2500), borders, atol=0.6)
    np.testing.assert_allclose(edges(section, 2500, "depth"), borders[1:3], atol=0.6)


def test_log_begins_under_the_header(plain: tuple[PageLayout, np.ndarray]) -> None:
    section = the_log(plain[0])
    assert abs(section.row_top - HEADER_ROWS) < 40
    assert section.row_bottom == HEADER_ROWS + LOG_ROWS
    assert plain[0].sections[0].kind == "header"


def test_grid_is_ten_and_twenty_divisions(plain: tuple[PageLayout, np.ndarray]) -> None:
    curves = [track for track in the_log(plain[0]).tracks if track.kind == "curves"]
    assert [(track.scale, track.divisions) for track in curves] == [("linear", 10), ("linear", 20)]


def test_resolution_is_measured_not_believed() -> None:
    paper, _ = drawn_log(np.random.default_rng(1))
    down, across = read_layout(as_raster(paper, Dpi(400.0, 400.0))).dpi
    assert down == pytest.approx(DPI, rel=0.03)
    assert across == pytest.approx(DPI, rel=0.03)


def test_depth_lines_to_half_a_pixel_and_none_invented(
    plain: tuple[PageLayout, np.ndarray],
) -> None:
    rows = the_log(plain[0]).depth_lines[:, 0]
    phase = (rows - HEADER_ROWS + 5) % 10 - 5
    assert np.percentile(np.abs(phase - 0.5), 95) <= 0.8  # lines are one to three rows thick
    assert len(rows) >= 0.95 * LOG_ROWS / 10


def test_heavy_lines_are_told_from_fine_ones(plain: tuple[PageLayout, np.ndarray]) -> None:
    found = the_log(plain[0]).depth_lines
    index = np.rint((found[:, 0] - HEADER_ROWS) / 10).astype(int)
    assert (found[index % 5 != 0, 1] == 0).mean() > 0.95
    assert (found[index % 5 == 0, 1] >= 1).mean() > 0.9


@pytest.mark.parametrize("skew", [-0.012, 0.008])
def test_borders_drift_with_skew(skew: float) -> None:
    paper, borders = drawn_log(np.random.default_rng(2), skew)
    section = the_log(read_layout(as_raster(paper)))
    middle = WIDTH / 2
    for row in (1500.0, 3000.0, 4500.0):
        # cv2 turns counter-clockwise: a rule's column grows down the page with the turn's sine
        along = (row - HEADER_ROWS + np.sin(skew) * (borders - middle)) / np.cos(skew)
        expected = middle + np.cos(skew) * (borders - middle) + np.sin(skew) * along
        np.testing.assert_allclose(edges(section, row), expected, atol=1.5)


def test_logarithmic_grid() -> None:
    paper, borders = drawn_log(np.random.default_rng(3), log=True)
    section = the_log(read_layout(as_raster(paper)))
    track = [track for track in section.tracks if track.kind == "curves"][1]
    assert (track.scale, track.decades, track.decade_start) == ("log", 4.0, 2.0)
    np.testing.assert_allclose(edges(section, 2500), borders, atol=0.8)


def test_tracks_of_different_grids_side_by_side_are_two() -> None:
    paper, _ = drawn_log(np.random.default_rng(3))
    paper[HEADER_ROWS:, 351:600] = 0
    for col in [350 + 125 * np.log10(v * 10.0**k / 2) for k in (0, 1) for v in range(1, 10)]:
        if 350 < col < 600:
            paper[HEADER_ROWS:, round(col)] = 255
    paper[HEADER_ROWS::10, 350:600] = 255
    paper[HEADER_ROWS:, 599:602] = 255
    section = the_log(read_layout(as_raster(paper)))
    curves = [track for track in section.tracks if track.kind == "curves"]
    assert [(t.scale, t.divisions, t.decades) for t in curves] == [
        ("linear", 10, None),
        ("log", None, 2.0),
        ("linear", 10, None),
    ]
    np.testing.assert_allclose(edges(section, 2500), [25, 275, 350, 600, 600, 850], atol=1.0)


def test_a_log_whose_fine_rules_fade_half_way_is_one() -> None:
    paper, borders = drawn_log(np.random.default_rng(4))
    half = HEADER_ROWS + LOG_ROWS // 2
    coarse = [25, 150, 275, 350, 475, 600, 725, 850]
    fine = [c for c in range(25, 851, 25) if c not in coarse and not 275 < c < 350]
    paper[HEADER_ROWS:half, fine] = 0
    found = read_layout(as_raster(paper))
    section = the_log(found)
    assert section.row_bottom - section.row_top > 0.95 * LOG_ROWS
    np.testing.assert_allclose(edges(section, 3500), borders, atol=1.0)


def test_broken_grid_is_still_found() -> None:
    rng = np.random.default_rng(4)
    paper, borders = drawn_log(rng)
    paper = np.where(rng.random(paper.shape) < 0.03, 0, paper).astype(np.uint8)
    paper[2000:2200] = 0
    section = the_log(read_layout(as_raster(paper)))
    np.testing.assert_allclose(edges(section, 3500), borders, atol=1.0)
    inside = section.depth_lines[:, 0]
    assert not ((inside > 2012) & (inside < 2190)).any()


def test_lying_page_is_noticed() -> None:
    paper, _ = drawn_log(np.random.default_rng(5))
    assert read_layout(as_raster(np.rot90(paper, 1).copy())).turn_deg == 90
    assert read_layout(as_raster(np.rot90(paper, -1).copy())).turn_deg == 270


@pytest.mark.parametrize("fill", [0, 255])
def test_empty_page_is_no_log(fill: int) -> None:
    found = read_layout(as_raster(np.full((2000, 800), fill, np.uint8)))
    assert found.kind != "curve_log"
    assert found.findings


def test_form_is_no_log() -> None:
    rng = np.random.default_rng(6)
    paper = np.zeros((1100, WIDTH), np.uint8)
    _draw_header(paper, rng)
    _draw_header(paper[550:], rng)
    assert read_layout(as_raster(paper)).kind != "curve_log"


def test_noise_is_no_log() -> None:
    paper = (np.random.default_rng(7).random((3000, 800)) < 0.3).astype(np.uint8) * 255
    assert read_layout(as_raster(paper)).kind != "curve_log"


def test_wave_trains_are_no_curve_track() -> None:
    paper, borders = drawn_log(np.random.default_rng(8))
    rows = np.arange(LOG_ROWS)[:, None]
    waves = np.sin((np.arange(500)[None] + 3 * np.sin(rows / 90)) / 3.5) > -0.2
    paper[HEADER_ROWS:, 350:850] = waves * np.uint8(255)
    found = read_layout(as_raster(paper))
    (told,) = [finding for finding in found.findings if finding.code == "image_track"]
    first, last = map(float, re.findall(r"Columns (\d+) to (\d+) px", told.message)[0])
    assert (first, last) == (pytest.approx(350, abs=20), pytest.approx(850, abs=20))
    np.testing.assert_allclose(edges(the_log(found), 2500), borders[:2], atol=1.0)


@pytest.mark.parametrize("rows", [1, 5, 60, 300])
def test_tiny_pages_do_not_fail(rows: int) -> None:
    assert read_layout(as_raster(np.zeros((rows, 40), np.uint8))).kind == "unknown"


@pytest.mark.parametrize("divisions", [4, 5, 8, 10, 20])
def test_read_grid_counts_divisions(divisions: int) -> None:
    seen = grid.read_grid(np.linspace(100.0, 600.0, divisions + 1), 100.0, 600.0, 3.0)
    assert seen is not None
    assert (seen.scale, seen.divisions) == ("linear", divisions)


def test_read_grid_knows_what_is_left_of_a_faded_one() -> None:
    ones_and_fives = [np.log10(v * 10.0**k / 0.2) / 4 for k in range(-1, 4) for v in (1, 5)]
    inner = np.array([200 + 800 * p for p in ones_and_fives if 0 < p < 1])
    found = grid.read_grid(inner, 200, 1000, 3)
    assert found is not None
    assert (found.scale, found.decades, found.decade_start) == ("log", 4.0, 2.0)
    middle = grid.read_grid(np.array([600.0]), 200, 1000, 3)
    assert middle is not None
    assert (middle.scale, middle.divisions) == ("linear", 2)
    assert grid.read_grid(np.array([500.0]), 200, 1000, 3) is None


def test_read_grid_refuses_scattered_rules() -> None:
    rng = np.random.default_rng(9)
    assert grid.read_grid(np.sort(rng.uniform(100, 600, 5)), 100.0, 600.0, 1.0) is None


def test_refine_line_row_follows_a_tilted_line() -> None:
    paper = np.zeros((60, 400), np.uint8)
    for col in range(400):
        paper[round(30 + 0.01 * (col - 200)) + np.array([0, 1]), col] = 255
    row = refine_line_row(as_raster(paper), 28.0, (50, 350), 0.01)
    assert row == pytest.approx(30.5, abs=0.3)
    assert np.isnan(refine_line_row(as_raster(np.zeros_like(paper)), 28.0, (50, 350)))


def test_straighten_undoes_a_drift() -> None:
    drift = np.linspace(-6, 6, 50)
    bent = np.zeros((50, 80), np.float32)
    bent[np.arange(50), np.rint(40 + drift).astype(int)] = 1
    assert lines.straighten(bent, np.rint(drift))[:, 40].min() == 1


def test_picture_shows_borders(plain: tuple[PageLayout, np.ndarray]) -> None:
    paper, _ = drawn_log(np.random.default_rng(1))
    picture = draw_layout(as_raster(paper), plain[0], 0.5)
    assert picture.shape == (2500, 440, 3)
    coloured = picture.max(axis=2).astype(int) - picture.min(axis=2) > 60
    assert coloured.any(axis=1)[300:].all()


@pytest.mark.scans
@pytest.mark.skipif(not SCANS, reason="VEERNET_SCANS names no folder with the real scans")
@pytest.mark.parametrize("stem", ["4704500864_gr_d", "4709901572_gr_n_d", "4705900879_gr_d_p"])
def test_real_scan_borders(stem: str) -> None:
    truth = json.loads((PAGES / f"{stem}.page.json").read_text())
    raster = open_raster((Path(SCANS) / f"{stem}.tif").read_bytes(), stem)
    found = read_layout(raster)
    section = next(s for s in truth["sections"] if s["kind"] == "main")
    log = next(s for s in found.sections if s.kind == "main")
    for track in section["tracks"]:
        for row, col in [*track["left_px"], *track["right_px"]]:
            if log.row_top < row < log.row_bottom:
                assert np.abs(edges(log, row) - col).min() <= 3


def test_the_tag_of_a_small_fax_keeps_its_two_resolutions() -> None:
    """Faxes of 204 x 98 dpi: the vertical one must not be taken for the horizontal one."""

    def blank(row0: int, row1: int) -> U8:
        return np.zeros((row1 - row0, 40), np.uint8)

    fax = Raster(40, 40, False, Dpi(down=98.0, across=204.0), blank, blank, lambda: ())
    assert read_layout(fax).dpi == (98.0, 204.0)
