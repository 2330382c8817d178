"""The hand-made sidecars of real scans: well formed, and their lines lie on ink.

The scans are not part of the repository; where the environment variable VEERNET_SCANS names a
folder that holds them, borders and depth lines are checked against the pixels.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8, Raster, Section
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import Sidecar, parse_sidecar
from veernet_core.page.raster.decoding import open_raster

FOLDER = Path(__file__).resolve().parents[2] / "data" / "sidecars"
FILES = sorted(FOLDER.glob("*.sidecar.json"))
STEMS = [path.name.removesuffix(".sidecar.json") for path in FILES]
BORDERS_NOT_PRINTED = {
    "4705300069_gr_i": {("T1", "left")},
    "4705900805_la": {("T2T3", "left"), ("T2T3", "right")},
    "4705100539_s": {("T2T3", "left")},
    "4710700351_ml": {("T2T3", "right")},
}
"""Borders worked out from the grid lines beside them, because the paper does not show them."""
NEAR_PX = 2
WINDOW_ROWS = 50
BORDER_INK, BORDER_SHARE = 0.3, 0.8
DEPTH_INK, DEPTH_SHARE = 0.5, 0.9
SHEAR = 0.012


def load(stem: str) -> Sidecar:
    path = FOLDER / f"{stem}.sidecar.json"
    return parse_sidecar(path.read_bytes(), path.name)


def test_there_are_sidecars() -> None:
    assert FILES


@pytest.mark.parametrize("stem", STEMS)
def test_sidecar_states_everything_that_tracing_needs(stem: str) -> None:
    for section in load(stem).sections:
        assert section.row_top is not None
        assert section.row_bottom is not None
        assert section.depth is not None
        assert section.depth.unit == "ft"
        assert len(section.depth.anchors) >= 4
        assert section.depth_column is not None
        assert section.tracks
        for track in section.tracks:
            assert track.left_px is not None
            assert track.right_px is not None
            assert track.curves


@pytest.mark.parametrize("stem", STEMS)
def test_depth_scale_is_steady(stem: str) -> None:
    """Folds and stretched paper change the scale by a few per cent; a misread number by more."""
    for section in load(stem).sections:
        assert section.depth is not None
        rows, depths = np.array(section.depth.anchors).T
        scale = np.diff(rows) / np.diff(depths)
        np.testing.assert_allclose(scale, np.median(scale), rtol=0.06)


@pytest.mark.parametrize("stem", STEMS)
def test_points_lie_inside_their_section(stem: str) -> None:
    for section in load(stem).sections:
        assert section.row_top is not None
        assert section.row_bottom is not None
        for track in section.tracks:
            for curve in track.curves:
                for row, _ in curve.points:
                    assert section.row_top <= row <= section.row_bottom


# ---- against the scans -----------------------------------------------------------------------


def open_scan(stem: str) -> Raster:
    folder = os.environ.get("VEERNET_SCANS")
    if not folder:
        pytest.skip("VEERNET_SCANS does not name a folder with the scans")
    path = Path(folder) / f"{stem}.tif"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the folder named by VEERNET_SCANS")
    return open_raster(path.read_bytes(), path.name)


def sections_of(stem: str, raster: Raster) -> tuple[Section, ...]:
    sections, _ = given_sections(load(stem), raster)
    assert sections
    return sections


@pytest.mark.scans
@pytest.mark.parametrize("stem", STEMS)
def test_borders_are_on_printed_lines(stem: str) -> None:
    raster = open_scan(stem)
    for section in sections_of(stem, raster):
        for track in section.tracks:
            geometry = track.geometry
            for side, px in (("left", geometry.left_px), ("right", geometry.right_px)):
                if (geometry.track_id, side) in BORDERS_NOT_PRINTED.get(stem, set()):
                    continue
                starts = np.linspace(section.row_top, section.row_bottom - WINDOW_ROWS, 60)
                found = [_line_ink(raster, int(row), px) for row in starts]
                share = np.mean(np.array(found) >= BORDER_INK)
                assert share >= BORDER_SHARE, (geometry.track_id, side, share)


def _line_ink(raster: Raster, row: int, px: Callable[[F64], F64]) -> float:
    """Share of rows inked along a border, at the best of the offsets within ``NEAR_PX``."""
    rows = np.arange(row, row + WINDOW_ROWS)
    cols = np.round(px(rows.astype(np.float64))).astype(int)
    ink = raster.read_ink(row, row + WINDOW_ROWS)
    offsets = range(-NEAR_PX, NEAR_PX + 1)
    return max(_inked(ink, rows - row, cols + offset) for offset in offsets)


@pytest.mark.scans
@pytest.mark.parametrize("stem", STEMS)
def test_depth_anchors_are_on_printed_lines(stem: str) -> None:
    """Close to the depth column, on both sides of it, nine anchors in ten meet a printed line."""
    raster = open_scan(stem)
    for section in sections_of(stem, raster):
        assert section.depth is not None
        found = [_anchor_ink(raster, section, row) for row in section.depth.anchors[:, 0]]
        assert np.mean(np.array(found) >= DEPTH_INK) >= DEPTH_SHARE, np.round(found, 2)


def _anchor_ink(raster: Raster, section: Section, row: float) -> float:
    """Ink along the depth line on both sides of the column, the lower of the two sides.

    The line is looked for near the perpendicular to the depth column: a scan may be sheared, too.
    """
    centre = float(np.interp(row, *section.reference_px.T))
    right = [t.geometry.left_px(np.array([row]))[0] for t in section.tracks]
    left = [t.geometry.right_px(np.array([row]))[0] for t in section.tracks]
    sides = []
    if beyond := [px for px in right if px > centre]:
        sides.append(np.arange(min(beyond) + 8, min(beyond) + 108))
    if before := [px for px in left if px < centre]:
        sides.append(np.arange(max(before) - 108, max(before) - 8))
    reach = 12
    top = max(0, round(row) - reach)
    ink = raster.read_ink(top, min(round(row) + reach + 1, raster.height_px))
    around = np.interp([row - 1000, row + 1000], *section.reference_px.T)
    tilt = -(around[1] - around[0]) / 2000
    return min(_best_row(ink, row - top, cols, centre, tilt) for cols in sides)


def _best_row(ink: U8, row: float, cols: F64, centre: float, expected_tilt: float) -> float:
    columns = np.round(cols).astype(int)
    best = 0.0
    for tilt in expected_tilt + np.linspace(-SHEAR, SHEAR, 7):
        for offset in range(-NEAR_PX, NEAR_PX + 1):
            rows = np.round(row + offset + tilt * (cols - centre)).astype(int)
            if rows.min() >= 0 and rows.max() < len(ink):
                best = max(best, _inked(ink, rows, columns))
    return best


def _inked(ink: U8, rows: NDArray[np.int_], cols: NDArray[np.int_]) -> float:
    return float((ink[rows, cols] > 96).mean())
