"""From the samples of a file to tone: whatever the file's depth and polarity, white is 255 and ink is 0."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from raster_support import saved, tiff
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile

from veernet_core.errors import UnsupportedFormatError
from veernet_core.page.raster.tiff import read_pages
from veernet_core.page.raster.tones import is_read_by_codes, tone_converter

WHITE, INK = 255, 0
TRUTH = np.full((6, 9), WHITE, np.uint8)
TRUTH[2, 3:7] = INK
BILEVEL = (TRUTH == WHITE).astype(np.uint8)


def tones(data: bytes) -> tuple[int, bool, np.ndarray]:
    """Channels, whether the file has two tones, and its tones."""
    pages = read_pages(data) if data[:2] in (b"II", b"MM") else [None]
    with MemoryFile(data) as memory, memory.open() as dataset:
        channels, is_bilevel, convert = tone_converter(dataset, "x.tif", pages[0])
        return channels, is_bilevel, np.squeeze(convert(dataset.read()))


@pytest.mark.parametrize(
    ("samples", "options", "bilevel"),
    [
        (BILEVEL, {"nbits": 1}, True),
        (1 - BILEVEL, {"nbits": 1, "photometric": "MINISWHITE"}, True),
        (BILEVEL * np.uint8(15), {"nbits": 4}, False),
        (TRUTH, {}, False),
        (255 - TRUTH, {"photometric": "MINISWHITE"}, False),
        (BILEVEL * np.uint16(65535), {}, False),
        (BILEVEL * np.uint16(4095), {}, False),
        (BILEVEL, {}, True),
        (BILEVEL * np.uint8(15), {}, False),
    ],
    ids=[
        "1 bit", "1 bit, 0 white", "4 bits", "8 bits", "8 bits, 0 white", "16 bits", "12 of 16",
        "0 and 1 in bytes", "0 to 15 in bytes",
    ],
)  # fmt: skip
def test_depth_and_polarity_of_a_grey_file_are_undone(
    samples: np.ndarray, options: dict[str, object], bilevel: bool
) -> None:
    channels, is_bilevel, got = tones(tiff(samples, **options))
    assert (channels, is_bilevel) == (1, bilevel)
    np.testing.assert_array_equal(got, TRUTH)


def test_tones_between_black_and_white_keep_their_order_and_their_ends() -> None:
    for depth, kind in ((8, np.uint8), (16, np.uint16)):
        ramp = np.linspace(0, 2**depth - 1, 64).astype(kind)[None].repeat(4, axis=0)
        got = tones(tiff(ramp))[2].astype(int)
        assert (got[0, 0], got[0, -1]) == (0, 255)
        assert (np.diff(got[0]) > 0).all()
        np.testing.assert_allclose(got[0], np.linspace(0, 255, 64), atol=1.0)


def test_a_palette_of_greys_is_grey_and_one_of_colours_is_colour() -> None:
    codes = np.where(TRUTH == WHITE, 7, 8).astype(np.uint8)
    black = {7: (255, 255, 255, 255), 8: (0, 0, 0, 255)}
    channels, _, got = tones(tiff(codes, colormap=black))
    assert channels == 1
    np.testing.assert_array_equal(got, TRUTH)
    red = black | {8: (200, 10, 20, 255)}
    channels, _, got = tones(tiff(codes, colormap=red))
    assert channels == 3
    np.testing.assert_array_equal(got[2, 4], [200, 10, 20])
    np.testing.assert_array_equal(got[0, 0], [255, 255, 255])


def test_what_is_transparent_is_paper() -> None:
    rgba = np.zeros((6, 9, 4), np.uint8)
    rgba[2, 3:7, 3] = 255
    channels, _, got = tones(saved(Image.fromarray(rgba), "PNG"))
    assert channels == 3
    np.testing.assert_array_equal(got.min(axis=2), TRUTH)


def test_a_transparency_of_zeros_everywhere_means_nothing() -> None:
    rgba = np.dstack([np.repeat(TRUTH[..., None], 3, axis=2), np.zeros_like(TRUTH)])
    np.testing.assert_array_equal(tones(saved(Image.fromarray(rgba), "PNG"))[2].min(axis=2), TRUTH)


def test_print_of_four_inks_is_turned_into_light() -> None:
    inks = np.zeros((4, 6, 9), np.uint8)
    inks[3][TRUTH == INK] = 255  # black ink
    inks[1:3, 4, 4] = 255  # magenta and yellow
    channels, _, got = tones(tiff(inks, photometric="CMYK"))
    assert channels == 3
    np.testing.assert_array_equal(got[2, 4], [0, 0, 0])
    np.testing.assert_array_equal(got[4, 4], [255, 0, 0])
    np.testing.assert_array_equal(got[0, 0], [255, 255, 255])


class _FourInks:
    """What is asked of an open file whose decoder hands out its four inks as they are."""

    dtypes, count, height, width = ("uint8",) * 4, 4, 1, 3
    colorinterp = (ColorInterp.cyan, ColorInterp.magenta, ColorInterp.yellow, ColorInterp.black)
    inks = np.array([[[0, 255, 51]], [[0, 0, 51]], [[0, 0, 51]], [[255, 0, 51]]], np.uint8)

    def tags(self, band: int = 0, ns: str = "") -> dict[str, str]:
        return {"NBITS": "8"} if band else {}


def test_black_ink_darkens_the_other_three_where_the_decoder_leaves_them_apart() -> None:
    channels, is_bilevel, convert = tone_converter(_FourInks(), "x.tif")
    assert (channels, is_bilevel) == (3, False)
    got = convert(_FourInks.inks)
    np.testing.assert_array_equal(got, [[[0, 0, 0], [0, 255, 255], [163, 163, 163]]])


def test_a_palette_of_one_dark_colour_is_read_by_its_codes() -> None:
    codes = np.where(TRUTH == WHITE, 1, 0).astype(np.uint8)
    black, plain = {0: (0, 0, 0, 255), 1: (0, 0, 0, 255)}, {0: (0, 0, 0, 255), 1: (255,) * 4}
    np.testing.assert_array_equal(tones(tiff(codes, colormap=black))[2], TRUTH)
    for colormap, expected in ((black, True), (plain, False)):
        with MemoryFile(tiff(codes, colormap=colormap)) as memory, memory.open() as dataset:
            # a file of bytes has 256 colours; those that are not given are black
            assert is_read_by_codes(dataset) is expected
    with MemoryFile(tiff(TRUTH)) as memory, memory.open() as dataset:
        assert not is_read_by_codes(dataset)


@pytest.mark.parametrize("samples", [TRUTH.astype(np.float32), TRUTH.astype(np.int16)])
def test_pixels_without_a_fixed_black_and_white_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(UnsupportedFormatError, match="no fixed black and white"):
        tones(tiff(samples))


def test_more_bands_than_colours_are_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="9 bands"):
        tones(tiff(np.repeat(TRUTH[None], 9, axis=0)))
