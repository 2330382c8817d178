"""The colour of a scale is that of its own print, else of its own pen, never of its neighbour's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.datatypes import Raster
from veernet_core.page.results import CurveFound, Reading, SectionFound, TextBox, TrackFound
from veernet_core.page.scales.candidates import BlockText, block_text, frames_of
from veernet_core.page.scales.colours import print_colours
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.tokens import read_tokens

TOP, ROWS = 400, (200, 224)
BLUE, GREEN, BLACK = (0, 0, 255), (0, 255, 0), (0, 0, 0)


def drawn(
    prints: tuple[tuple[int, int, int], ...], pens: dict[int, tuple[int, int, int]]
) -> Raster:
    """Two rows of print 20 px tall in a track from 100 to 500, and level lines at some rows."""
    rgb = np.full((TOP + 50, 600, 3), 255, dtype=np.uint8)
    for row, colour in zip(ROWS, prints, strict=True):
        for left, right in ((104, 116), (240, 360), (470, 496)):
            rgb[row - 7 : row + 7 : 2, left:right:2] = colour
    for row, colour in pens.items():
        rgb[row : row + 2, 100:500] = colour
    ink = (255 - rgb.min(axis=2)).astype(np.uint8)
    return Raster(
        len(rgb), 600, True, None, lambda a, b: ink[a:b], lambda a, b: rgb[a:b], lambda: ()
    )


def block(raster: Raster) -> tuple[BlockText, SectionFound]:
    borders = [np.array([[TOP, px]], float) for px in (100.0, 500.0)]
    section = SectionFound(
        "main",
        "main",
        TOP,
        TOP + 900,
        (TrackFound(borders[0], borders[1], "curves"),),
        np.zeros((0, 2)),
    )
    boxes = [
        TextBox(text, 0.99, row, col, 20.0, width)
        for row, name in zip(ROWS, ("ROP", "GAMMA"), strict=True)
        for text, col, width in (("0", 110.0, 12.0), (name, 300.0, 120.0), ("50", 483.0, 26.0))
    ]
    ink = ScaleInk(raster.read_ink(0, TOP + 50), 0, 0.0, 100.0, TOP)
    return block_text(read_tokens(boxes, 0.0, 300.0), ink, frames_of(section)), section


def curve(name: str, row: int) -> CurveFound:
    ends = [Reading(v, "header", 0.95, row, col) for v, col in ((0.0, 100.0), (50.0, 500.0))]
    return CurveFound(
        "main", 0, Reading(name, "header", 0.95, row), None, ends[0], ends[1], "linear", None
    )


def colours(raster: Raster) -> list[str | None]:
    text, _ = block(raster)
    curves = [curve(n, r) for n, r in zip(("ROP", "GR"), ROWS, strict=True)]
    return [c.colour for c in print_colours(curves, text, raster)]


def test_print_close_below_in_another_colour_is_not_taken() -> None:
    assert colours(drawn((BLUE, GREEN), {})) == ["#0000ff", "#00ff00"]


def test_black_print_takes_the_colour_of_the_pen_below_it() -> None:
    assert colours(drawn((BLACK, BLACK), {238: GREEN}))[1] == "#00ff00"


def test_black_print_beside_coloured_print_is_black() -> None:
    assert colours(drawn((BLACK, GREEN), {})) == ["#000000", "#00ff00"]


def test_a_page_without_coloured_print_tells_no_colours() -> None:
    assert colours(drawn((BLACK, BLACK), {})) == [None, None]


def test_black_letters_with_smoothed_edges_of_two_hues_are_black() -> None:
    raster = drawn((BLACK, GREEN), {})
    rgb = raster.read_rgb(0, raster.height_px)
    for left, right in ((104, 116), (240, 360), (470, 496)):
        stem = rgb[ROWS[0] - 7 : ROWS[0] + 7]
        stem[:, left:right:4] = (230, 140, 60)  # left edges, reddish
        stem[:, left + 1 : right : 4] = (30, 30, 40)
        stem[:, left + 2 : right : 4] = (60, 140, 220)  # right edges, bluish
    assert colours(raster) == ["#000000", "#00ff00"]


def test_a_black_pen_under_black_print_is_black_though_the_row_above_has_a_coloured_line() -> None:
    """GR over a green line, DCAL over a black one: the green line stands as near above DCAL."""
    raster = drawn((BLACK, BLACK), {212: GREEN, 236: BLACK})
    text, _ = block(raster)
    curves = [
        replace(curve(n, r), pen_row=float(line))
        for n, r, line in zip(("GR", "DCAL"), ROWS, (212, 236), strict=True)
    ]
    assert [c.colour for c in print_colours(curves, text, raster)] == ["#00ff00", "#000000"]


def test_names_all_in_one_colour_say_nothing_where_lines_have_others() -> None:
    """All names in violet, one line red and one black: the black pen is not violet."""
    violet = (115, 0, 156)
    raster = drawn((violet, violet), {212: (255, 0, 0), 236: BLACK})
    text, _ = block(raster)
    curves = [
        replace(curve(n, r), pen_row=float(line))
        for n, r, line in zip(("AVG", "MIN"), ROWS, (212, 236), strict=True)
    ]
    assert [c.colour for c in print_colours(curves, text, raster)] == ["#ff0000", "#000000"]


@pytest.mark.parametrize(("second", "doubtful"), [(BLUE, True), (GREEN, False)])
def test_a_scale_whose_numbers_and_line_are_of_two_pens_is_in_doubt(
    second: tuple[int, int, int], doubtful: bool
) -> None:
    """Rate of penetration printed over gamma: green numbers were read, the line above them was the blue one's.
    Where the other scale's numbers are green too, green is the ink of the print.
    """
    raster = drawn((GREEN, second), {212: BLUE, 236: BLUE})
    text, _ = block(raster)
    tints = {ROWS[0]: "#00ff00", ROWS[1]: "#0000ff" if second == BLUE else "#00ff00"}
    text = replace(text, tokens=tuple(replace(t, tint=tints[round(t.row)]) for t in text.tokens))
    curves = [
        replace(curve(n, r), pen_row=float(line))
        for n, r, line in zip(("GR", "ROP"), ROWS, (212, 236), strict=True)
    ]
    first, _ = print_colours(curves, text, raster)
    assert (first.left.confidence <= DOUBTFUL) == doubtful
    assert first.colour == ("#00ff00" if doubtful else "#0000ff")


def test_black_notes_on_its_line_do_not_take_a_scale_its_colour() -> None:
    """A mud log with its bit record printed into the grid, on the line of the gas scale."""
    raster = drawn((BLUE, BLACK), {})
    rgb = raster.read_rgb(0, raster.height_px)
    rgb[ROWS[0] - 7 : ROWS[0] + 7, 370:460] = BLACK
    text, _ = block(raster)
    note = replace(text.tokens[0], text="SEC FX65D", x0=370.0, x1=460.0)
    text = replace(text, tokens=(*text.tokens, note))
    curves = [replace(curve("ROP", ROWS[0]), printed="ROP"), curve("GR", ROWS[1])]
    assert [c.colour for c in print_colours(curves, text, raster)] == ["#0000ff", "#000000"]


def test_a_black_rule_beside_coloured_print_is_no_sample_of_its_pen() -> None:
    """The line under a scale in blue is the frame of the box: its width tells nothing of the blue pen."""
    raster = drawn((BLUE, BLACK), {ROWS[0] + 12: BLACK, ROWS[1] + 12: BLACK})
    text, _ = block(raster)
    found = [
        replace(curve(name, row), pen_row=row + 12.0, stroke_px=2.0)
        for name, row in zip(("ROP", "GR"), ROWS, strict=True)
    ]
    assert [c.stroke_px for c in print_colours(found, text, raster)] == [0.0, 2.0]


def test_a_scale_of_half_a_track_has_the_colour_of_its_own_half() -> None:
    """A clear black curve was looked for in the red of the scale beside it, and nothing was found."""
    raster = drawn((BLACK, BLACK), {})
    rgb = raster.read_rgb(0, TOP + 50).copy()
    rgb[212:214, 100:300], rgb[212:214, 300:500] = GREEN, BLACK
    for left, right in ((280, 296), (304, 320)):
        rgb[193:207:2, left:right:2] = BLACK
    ink = (255 - rgb.min(axis=2)).astype(np.uint8)
    halves = replace(raster, read_ink=lambda a, b: ink[a:b], read_rgb=lambda a, b: rgb[a:b])
    text, _ = block(halves)
    read = [replace(curve(n, 200), part=p) for n, p in (("ROP", (0.0, 0.5)), ("COND", (0.5, 1.0)))]
    assert [c.colour for c in print_colours(read, text, halves)] == ["#00ff00", "#000000"]
