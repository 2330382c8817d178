"""Printed lines beside a border or a depth that a person sets on the scan."""

from __future__ import annotations

import numpy as np
import pytest

from flows.dashboard.scan_image import ScanImage
from veernet_core.datatypes import Raster

ROWS, COLS = 900, 500
DRIFT = 0.02
"""Columns that the page's borders move to the right per row."""


@pytest.fixture(scope="module")
def image() -> ScanImage:
    """A skewed page: a border at column 100, a depth line at row 450, printed in pale colours."""
    page = np.full((ROWS, COLS, 3), 250, np.uint8)
    rows, cols = np.arange(ROWS), np.arange(COLS)
    for k in (0, 1):
        page[rows, np.rint(100 + DRIFT * rows).astype(int) + k] = (150, 150, 250)
        page[np.rint(450 - DRIFT * cols).astype(int) + k, cols] = (120, 200, 120)
    raster = Raster(ROWS, COLS, True, None, _unused, lambda a, b: page[a:b], tuple)
    return ScanImage(raster)


def _unused(first: int, last: int) -> np.ndarray:
    raise AssertionError("the scan's own colours are read")


@pytest.mark.parametrize("beside", [-5.0, 0.0, 4.0])
def test_the_line_beside_a_border_is_found_along_its_drift(image: ScanImage, beside: float) -> None:
    knots = np.array([[0.0, 100.5], [ROWS, 100.5 + DRIFT * ROWS]]) + np.array([0.0, beside])
    off = image.line_beside(knots, (0, ROWS), 8)
    assert off == pytest.approx(-beside, abs=0.6)


def test_no_line_is_near(image: ScanImage) -> None:
    assert image.line_beside(np.array([[0.0, 300.0]]), (0, ROWS), 8) is None
    assert image.line_beside(np.array([[0.0, 300.0]]), (ROWS, ROWS + 50), 8) is None
    assert image.depth_line_beside(200, 250, -DRIFT, (130, 480), 6) is None
    assert image.depth_line_beside(-900, 250, -DRIFT, (130, 480), 6) is None
    assert image.depth_line_beside(450, 250, -DRIFT, (480, 130), 6) is None


@pytest.mark.parametrize("beside", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("col", [20.0, 250.0])
def test_the_depth_line_beside_a_click_is_found_along_its_tilt(
    image: ScanImage, beside: float, col: float
) -> None:
    row = 450.5 - DRIFT * col + beside
    off = image.depth_line_beside(row, col, -DRIFT, (130, 480), 6)
    assert off == pytest.approx(-beside, abs=0.6)
