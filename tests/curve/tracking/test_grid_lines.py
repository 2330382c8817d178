"""Lines of the grid are told from curves by going on where no curve is, and as narrowly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet_core.curve.tracking import traces as decode
from veernet_core.curve.tracking.grid_lines import trust_in_ink
from veernet_core.datatypes import CurveSpec, Posterior, Strip

F64 = NDArray[np.float64]
ROWS, COLS, LINE = 1000, 300, 200
CURVE = 80 + 40 * np.sin(np.arange(ROWS) / 30)
RIDE = slice(400, 500)


def inked(path: F64, width: int = 1) -> NDArray[np.uint8]:
    ink = np.zeros((ROWS, COLS), np.uint8)
    for row, x in enumerate(np.rint(path).astype(int)):
        ink[row, x : x + width] = 255
    return ink


def density(path: F64) -> NDArray[np.float32]:
    z = np.arange(COLS) - path[:, None]
    return (0.27 * np.exp(-0.5 * (z / 1.5) ** 2)).astype(np.float32)


def grid(broken: int = 1) -> NDArray[np.uint8]:
    ink = np.zeros((ROWS, COLS), np.uint8)
    ink[np.arange(ROWS) % 40 < 40 // broken, LINE] = 255
    return ink


@pytest.mark.parametrize("broken", [1, 2])
def test_a_line_that_goes_on_without_a_curve_is_not_trusted(broken: int) -> None:
    trust = trust_in_ink(grid(broken) | inked(CURVE), density(CURVE))
    assert (trust[:, LINE] < 1).mean() > 0.9
    assert (trust[np.arange(ROWS), np.rint(CURVE).astype(int)] == 1).all()


def test_a_curve_that_rides_a_line_is_trusted_where_it_is_wider() -> None:
    path = CURVE.copy()
    path[RIDE] = LINE
    trust = trust_in_ink(grid() | inked(path, width=3), density(path))
    assert (trust[410:490, LINE] == 1).all()
    assert (trust[:380, LINE] < 1).all()


def test_a_flat_curve_with_no_line_under_it_is_trusted() -> None:
    flat = np.full(ROWS, float(LINE))
    flat[RIDE] = 100
    trust = trust_in_ink(inked(flat), density(flat))
    assert (trust[:390, LINE] == 1).all()


def test_blank_paper_is_trusted() -> None:
    assert (trust_in_ink(np.zeros((50, COLS), np.uint8), density(CURVE)[:50]) == 1).all()


def test_a_lone_curve_is_not_lost_to_a_line_that_looks_a_little_more_like_it() -> None:
    ink = grid() | inked(CURVE, width=2)
    one, line = density(CURVE), density(np.full(ROWS, float(LINE)))
    position = np.full((3, ROWS, COLS), 1 / COLS, np.float32)
    position[0] = one
    position[0, RIDE] = 0.1 * one[RIDE] + 0.6 * line[RIDE]
    presence = np.zeros((3, ROWS), np.float32)
    presence[0] = 1
    strip = Strip(ink, 10.0, 290.0, np.arange(ROWS, dtype=np.float64))
    specs = [CurveSpec("GR", "GAPI", 0.0, 150.0)]
    (trace,), _ = decode.trace_block(strip, Posterior(position.astype(np.float16), presence), specs)
    assert np.abs(trace.frac * 280 + 10 - CURVE)[RIDE].max() < 4
