"""Colour tells curves apart: pens drawn, mixed with paper, compressed, and found again."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from veernet_core.strips.ink import separate_ink

PENS = {"#ff0000": 60, "#0000ff": 130, "#00c800": 200, "#000000": 270, "#ff8000": 330}
SHAPE = (300, 400)


def coverage(centre: float, width: float = 3.0) -> np.ndarray:
    """Anti-aliased line wandering around a column, float [rows, cols] in 0..1."""
    rows, cols = np.mgrid[: SHAPE[0], : SHAPE[1]]
    x = centre + 20 * np.sin(rows / 25.0)
    return np.clip((width + 1) / 2 - np.abs(cols - x), 0, 1)


def page(grid: bool = True) -> np.ndarray:
    rgb = np.full((*SHAPE, 3), 255.0)
    if grid:
        rgb[::20] = rgb[:, ::40] = (123, 132, 123)  # greys of palette files are not quite grey
    for pen, centre in PENS.items():
        ink = np.array([int(pen[i : i + 2], 16) for i in (1, 3, 5)])
        share = coverage(centre)[..., None]
        rgb = rgb * (1 - share) + ink * share
    return np.rint(rgb).astype(np.uint8)


def jpeg(rgb: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=85)
    return np.asarray(Image.open(stream))


def palette(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).quantize(32).convert("RGB"))


@pytest.mark.parametrize("pen", PENS)
@pytest.mark.parametrize(
    "spoil", [lambda rgb: rgb, jpeg, palette], ids=["clean", "jpeg", "palette"]
)
def test_each_pen_is_found_and_the_others_are_not(pen, spoil):
    ink = separate_ink(spoil(page()), pen, tuple(PENS)) / 255.0
    own = coverage(PENS[pen]) > 0.99
    assert np.median(ink[own]) > 0.7
    for other, centre in PENS.items():
        if other != pen:
            assert (ink[coverage(centre) > 0.99] > 0.4).mean() < 0.03, other
    nothing = np.max([coverage(c, 9.0) for c in PENS.values()], axis=0) == 0
    assert ink[nothing].mean() < 0.05  # paper and grey grid


@pytest.mark.parametrize("pen", PENS)
def test_soft_edges_keep_the_centre(pen):
    ink = separate_ink(page(grid=False), pen, tuple(PENS)).astype(float)
    rows = np.arange(SHAPE[0])
    x = PENS[pen] + 20 * np.sin(rows / 25.0)
    cols = np.arange(SHAPE[1])
    near = np.abs(cols[None] - x[:, None]) < 6
    centre = (ink * near * cols).sum(1) / (ink * near).sum(1)
    assert np.abs(centre - x).max() < 0.25


def test_similar_hues_go_to_the_nearest_pen():
    rgb = np.full((40, 60, 3), 255, np.uint8)
    rgb[:, 20:23], rgb[:, 40:43] = (255, 0, 0), (255, 128, 0)
    red = separate_ink(rgb, "#ff0000", ("#ff8000",))
    orange = separate_ink(rgb, "#ff8000", ("#ff0000",))
    assert red[:, 20:23].min() > 220
    assert red[:, 40:43].max() < 40
    assert orange[:, 40:43].min() > 220
    assert orange[:, 20:23].max() < 40


def test_filled_areas_are_faded_and_lines_are_not():
    rgb = np.full((200, 200, 3), 255, np.uint8)
    rgb[50:150, 20:80] = (0, 255, 255)
    rgb[60:150:8, 20:80] = (0, 0, 0)  # brick hatching over the fill
    cv2.line(rgb, (120, 0), (160, 199), (0, 255, 255), 4)
    ink = separate_ink(rgb, "#00ffff")
    assert ink[100:140, 30:70].mean() < 60
    assert ink[:, 110:].max(axis=1).min() > 200


def test_no_colour_means_all_ink_but_the_other_pens():
    ink = separate_ink(page(grid=False), None, ("#ff0000", "#0000ff"))
    for pen, centre in PENS.items():
        level = np.median(ink[coverage(centre) > 0.99])
        assert (level < 60) if pen in ("#ff0000", "#0000ff") else (level > 100), pen


def test_wrong_input_is_refused():
    rgb = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="#rrggbb"):
        separate_ink(rgb, "red")
    with pytest.raises(ValueError, match="uint8"):
        separate_ink(rgb[..., 0], "#ff0000")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 0xFFFFFF), min_size=1, max_size=3), st.integers(0, 2**32 - 1))
def test_any_colours_give_ink_and_paper_gives_none(colours, seed):
    pen, *others = [f"#{c:06x}" for c in colours]
    rgb = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    rgb[:10] = 255
    ink = separate_ink(rgb, pen, tuple(others))
    assert ink.shape == (30, 40)
    assert ink.dtype == np.uint8
    assert not ink[:10].any()
