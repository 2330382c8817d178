"""On a page with colour, the inks of a track are told apart, and lines of pens from rules, fills and print."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.page.models import SHIPPED
from veernet_core.page.ocr.tints import same_hue
from veernet_core.page.results import InkFound, SectionFound, TrackFound
from veernet_core.page.scales.drawn_inks import INK_FEATURES, found_inks, inks_of

ROWS, LEFT, RIGHT = 3000, 50, 450
DPI = Dpi(200.0, 200.0)
RED, BLUE, BLACK, TAN = (220, 20, 20), (20, 20, 220), (0, 0, 0), (230, 200, 120)


def page() -> U8:
    rgb = np.full((ROWS, 500, 3), 255, dtype=np.uint8)
    rgb[:, LEFT : RIGHT + 1 : 40] = (120, 120, 120)
    rgb[::50, LEFT:RIGHT] = (120, 120, 120)
    return rgb


def with_pen(rgb: U8, colour: tuple[int, int, int], seed: int) -> U8:
    """A line that wanders down the track, 3 px wide."""
    steps = np.random.default_rng(seed).normal(0, 1.5, ROWS)
    cols = LEFT + 200 + 120 * np.sin(np.arange(ROWS) / 170.0 + seed) + np.cumsum(steps) * 0.1
    line = np.stack([np.clip(cols, LEFT + 10, RIGHT - 10), np.arange(ROWS)], axis=1)
    cv2.polylines(rgb, [line.round().astype(np.int32)], False, colour, 3)
    return rgb


def raster(rgb: U8) -> Raster:
    ink = (255 - rgb.min(axis=2)).astype(np.uint8)
    return Raster(ROWS, 500, True, None, lambda a, b: ink[a:b], lambda a, b: rgb[a:b], lambda: ())


def section(kind: str = "curves") -> SectionFound:
    borders = (np.array([[0.0, float(px)]]) for px in (LEFT, RIGHT))
    track = TrackFound(*borders, kind)  # type: ignore[arg-type]
    return SectionFound("main", "main", 100.0, ROWS - 100.0, (track,), np.zeros((0, 2)))


def found(rgb: U8, kind: str = "curves") -> list[InkFound]:
    return found_inks(raster(rgb), [section(kind)], DPI, SHIPPED)


def pens(rgb: U8) -> list[str]:
    return [ink.colour for ink in found(rgb) if ink.is_pen]


def test_each_pen_is_found_in_its_colour() -> None:
    drawn = pens(with_pen(with_pen(page(), RED, 1), BLUE, 2))
    assert len(drawn) == 2
    for colour in ("#dc1414", "#1414dc"):
        assert any(same_hue(colour, own) for own in drawn)


def test_a_grid_without_pens_has_none() -> None:
    assert pens(page()) == []


def test_coloured_rules_and_fills_are_no_pens() -> None:
    rgb = page()
    rgb[:, LEFT + 40 : RIGHT : 80] = BLUE
    rgb[::100, LEFT:RIGHT] = RED
    rgb[500:900, LEFT + 100 : LEFT + 300] = TAN
    assert pens(rgb) == []


def test_small_print_with_coloured_edges_is_no_pen() -> None:
    rgb = page()
    for row in range(0, ROWS, 24):
        for col in range(LEFT + 20, RIGHT - 20, 9):
            rgb[row : row + 12, col] = (219, 144, 58)
            rgb[row : row + 12, col + 1] = BLACK
            rgb[row : row + 12, col + 2] = (58, 144, 219)
    assert pens(rgb) == []


def test_a_page_without_colour_and_a_depth_column_tell_nothing() -> None:
    rgb = with_pen(page(), RED, 1)
    assert found_inks(replace(raster(rgb), is_colour=False), [section()], DPI, SHIPPED) == []
    assert found(rgb, "depth") == []


def test_features_say_what_is_drawn() -> None:
    (inks,) = inks_of(raster(with_pen(page(), RED, 1)), section(), DPI)
    red = next(i for i in inks if same_hue(i.colour, "#dc1414"))
    own = dict(zip(INK_FEATURES, red.features, strict=True))
    assert own["presence"] > 0.95
    assert own["ruled"] < 0.05
    assert 3 / 200 <= own["width_in"] <= 6 / 200  # 3 px across the line, more along a row
    assert own["runs"] == pytest.approx(1.0, abs=0.1)


def test_a_section_smaller_than_a_window_is_measured_all_the_same() -> None:
    small = replace(section(), row_top=200.0, row_bottom=230.0)
    (inks,) = inks_of(raster(with_pen(page(), RED, 1)), small, DPI)
    assert any(same_hue(i.colour, "#dc1414") for i in inks)
