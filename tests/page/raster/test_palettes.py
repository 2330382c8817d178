"""Palettes whose colours are lost: the codes tell the picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from raster_support import drawing, saved

from veernet_core.page.raster.decoding import open_raster

INK = drawing(600, 300)


def coded(codes: np.ndarray, colours: bytes, kind: str = "TIFF") -> bytes:
    image = Image.fromarray(codes.astype(np.uint8), "L").convert("L")
    image = Image.frombytes("P", image.size, image.tobytes())
    image.putpalette(colours)
    return saved(image, kind)


def read(data: bytes) -> tuple[np.ndarray, list[str]]:
    raster = open_raster(data, "x")
    assert not raster.is_colour
    return raster.read_ink(0, raster.height_px), [f.code for f in raster.drain_findings()]


@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
@pytest.mark.parametrize("colour", [0, 90])
@pytest.mark.parametrize(("paper", "pen"), [(0, 1), (255, 0), (0, 31), (14, 3), (1, 0), (200, 20)])
def test_codes_of_a_palette_without_contrast_are_tones(
    paper: int, pen: int, colour: int, kind: str
) -> None:
    ink, codes = read(coded(np.where(INK, pen, paper), bytes([colour] * 768), kind))
    assert ((ink > 128) == (INK > 0)).all()
    assert codes == ["palette_lost"]


def test_tones_between_paper_and_ink_are_kept() -> None:
    grey = np.where(INK, 0, 255)
    grey[100:200, 100:200] = 128
    ink, _ = read(coded(grey, bytes(768)))
    assert 100 < ink[150, 150] < 160


def test_where_the_order_of_colours_is_lost_every_colour_is_ink() -> None:
    codes = np.where(INK, 1, 0)
    codes[100:110] = 14
    ink, _ = read(coded(codes, bytes(768)))
    assert (ink[100:110] == 255).all()
    assert ((ink > 128) == ((INK > 0) | (codes == 14))).all()


def test_a_palette_with_colours_is_used_as_it_is() -> None:
    colours = bytes([255] * 3 + [0] * 765)
    ink, codes = read(coded(np.where(INK, 5, 0), colours))
    assert ((ink > 128) == (INK > 0)).all()
    assert codes == []
