"""Opening scans: every format, both polarities, and files that are damaged, cut or hostile."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from raster_support import EXACT, HEIGHT, INK, WIDTH, codes, drawing, g4, grey, saved, tiff, whole

from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.pillow_pixels import pillow_pixels


@pytest.mark.parametrize("name", EXACT)
def test_every_format_gives_the_same_ink(name):
    raster = open_raster(EXACT[name], name)
    assert (raster.height_px, raster.width_px) == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(whole(raster), INK * 255)
    assert not raster.is_colour
    assert raster.drain_findings() == ()
    np.testing.assert_array_equal(raster.read_rgb(3, 90), np.repeat(grey(INK)[3:90, :, None], 3, 2))


@pytest.mark.parametrize("name", ["g4 min-is-white", "grey tiles", "png grey", "pdf 1-bit"])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, HEIGHT), st.integers(0, HEIGHT)), max_size=5))
def test_windows_in_any_order_are_pieces_of_the_whole(name, rows):
    raster = open_raster(EXACT[name], name)
    for a, b in rows:
        np.testing.assert_array_equal(
            raster.read_ink(min(a, b), max(a, b)), INK[min(a, b) : max(a, b)] * 255
        )


@pytest.mark.parametrize("rows", [(-1, 5), (5, 4), (0, HEIGHT + 1)])
def test_rows_outside_the_page_are_refused(rows):
    with pytest.raises(ValueError, match="outside the page"):
        open_raster(EXACT["grey"], "x").read_ink(*rows)


@pytest.mark.parametrize("kind", ["JPEG", "PDF"])
def test_lossy_formats_keep_the_ink_close(kind):
    soft = np.asarray(Image.fromarray(grey(INK)).resize((406, 1400), Image.Resampling.BILINEAR))
    raster = open_raster(saved(Image.fromarray(soft), kind, quality=92, resolution=200), "x")
    assert (raster.height_px, raster.width_px) == soft.shape
    assert np.abs(whole(raster).astype(int) - (255 - soft)).mean() < 6


def test_jpeg_in_tiff_colour():
    rgb = np.full((3, 256, 256), 255, np.uint8)
    rgb[1:, 100:140, 60:200] = 0
    data = tiff(
        rgb, compress="JPEG", photometric="YCBCR", tiled=True, blockxsize=128, blockysize=128
    )
    raster = open_raster(data, "x")
    assert raster.is_colour
    np.testing.assert_allclose(raster.read_rgb(120, 121)[0, 130], (255, 0, 0), atol=12)


def test_colour_is_told_from_grey_and_ink_is_darkness():
    rgb = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    rgb[INK == 1] = (0, 0, 0)
    rgb[:, 100:103] = (0, 0, 255)
    raster = open_raster(saved(Image.fromarray(rgb), "PNG"), "x")
    assert raster.is_colour
    np.testing.assert_array_equal(raster.read_rgb(0, HEIGHT), rgb)
    ink = whole(raster)
    assert ink[10, 101] == 255 - 29
    assert ink[10, 50] == 0


def test_tinted_noisy_paper_becomes_white_and_faint_ink_black():
    rng = np.random.default_rng(0)
    paper = np.array([240.0, 226.0, 190.0])
    page = np.where(INK[..., None] == 1, 60.0, paper) + rng.normal(0, 2, (HEIGHT, WIDTH, 3))
    rgb = np.clip(page, 0, 255).astype(np.uint8)
    raster = open_raster(saved(Image.fromarray(rgb), "PNG"), "x")
    assert not raster.is_colour  # the tint is the paper's
    ink = whole(raster).astype(float)
    assert ink[INK == 0].mean() < 4
    assert ink[INK == 1].mean() > 245


def test_alpha_lies_over_white():
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    rgba[..., 3] = INK * 255  # black everywhere, opaque only on the ink
    expected = INK * 255
    np.testing.assert_array_equal(
        whole(open_raster(saved(Image.fromarray(rgba), "PNG"), "x")), expected
    )
    np.testing.assert_array_equal(
        whole(open_raster(saved(Image.fromarray(rgba), "TIFF"), "x")), expected
    )


def test_cmyk():
    cmyk = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    cmyk[..., 3] = INK * 255
    data = saved(Image.fromarray(cmyk, "CMYK"), "TIFF")
    np.testing.assert_array_equal(whole(open_raster(data, "x")), INK * 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "JPEG", "TIFF 1-bit"])
def test_orientation_is_undone(kind, orientation):
    upright = Image.fromarray(np.kron(grey(drawing(160, 96)), np.ones((2, 2), np.uint8)))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # transposes that store it turned
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    if kind == "TIFF 1-bit":
        data = saved(stored.convert("1"), "TIFF", compression="group4", tiffinfo={274: orientation})
    elif kind == "TIFF":
        data = saved(stored, "TIFF", tiffinfo={274: orientation})
    else:
        exif = Image.Exif()
        exif[274] = orientation
        data = saved(stored, "JPEG", exif=exif, quality=95)
    raster = open_raster(data, "x")
    ink = whole(raster)
    assert ink.shape == (upright.height, upright.width)
    assert np.abs(ink.astype(int) - (255 - np.asarray(upright))).mean() < 4
    np.testing.assert_array_equal(raster.read_ink(7, 40), ink[7:40])


def test_dpi_tags():
    image = Image.fromarray(grey(INK))
    assert open_raster(saved(image, "TIFF", dpi=(204, 196)), "x").dpi_tag == Dpi(
        down=196.0, across=204.0
    )
    assert open_raster(saved(image, "JPEG", dpi=(300, 300)), "x").dpi_tag == Dpi(300.0, 300.0)
    assert open_raster(saved(image, "PNG"), "x").dpi_tag is None
    assert open_raster(saved(image, "PDF", resolution=150), "x").dpi_tag == pytest.approx(
        (150, 150), abs=1
    )
    turned = saved(image, "TIFF", dpi=(204, 196), tiffinfo={274: 6})
    assert open_raster(turned, "x").dpi_tag == Dpi(down=204.0, across=196.0)


def test_tallest_page_is_read_and_the_others_are_reported():
    pages = [Image.fromarray(grey(drawing(h, 100, h))).convert("1") for h in (50, 400, 90)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="group4")
    raster = open_raster(data, "x")
    np.testing.assert_array_equal(whole(raster), 255 - np.asarray(pages[1].convert("L")))
    (finding,) = raster.drain_findings()
    assert finding.code == "pages_ignored"
    assert "2 ignored" in finding.message
    assert "page 2" in finding.message


def test_a_negative_is_reported_and_not_inverted():
    for data in (g4(1 - INK), tiff(255 - grey(INK))):
        raster = open_raster(data, "x")
        np.testing.assert_array_equal(whole(raster), (1 - INK) * 255)
        assert codes(raster) == ["dark_page"]


def patched(data: bytes, tag: int, value: int) -> bytes:
    """One short value of the first directory changed in place."""
    out = bytearray(data)
    at = data.find(struct.pack("<HHI", tag, 3, 1), 8)
    assert at > 0
    struct.pack_into("<H", out, at + 8, value)
    return bytes(out)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 12, 16])
@pytest.mark.parametrize("min_is_white", [False, True])
def test_both_polarities_at_any_depth(bits, min_is_white):
    full = 2**bits - 1
    codes = INK if min_is_white else 1 - INK
    samples = codes * (np.uint16(full) if bits > 8 else np.uint8(full))
    data = tiff(samples, nbits=bits, photometric="MINISWHITE" if min_is_white else "MINISBLACK")
    raster = open_raster(data, "x")
    np.testing.assert_array_equal(whole(raster), INK * 255)
    assert raster.drain_findings() == ()


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("coloured", [False, True])
def test_palettes_at_any_depth(bits, coloured):
    paper, ink = (1, 0) if bits == 1 else (2**bits - 1, 2**bits // 2)
    colours = np.zeros((3, 2**bits), np.uint16)
    colours[:, paper] = 65_535
    colours[:, ink] = (65_535, 0, 0) if coloured else 0
    codes = np.where(INK, ink, paper)
    data = palette_tiff(codes, bits, colours)
    raster = open_raster(data, "x")
    assert raster.is_colour == coloured
    if coloured:
        expected = np.where(INK[..., None] == 1, np.uint8([255, 0, 0]), np.uint8(255))
        np.testing.assert_array_equal(raster.read_rgb(0, HEIGHT), expected)
    else:
        np.testing.assert_array_equal(whole(raster), INK * 255)


def palette_tiff(codes: np.ndarray, bits: int, colours: np.ndarray) -> bytes:
    """A TIFF with a palette, written by hand: GDAL writes palettes of 8 and 16 bits only."""
    height, width = codes.shape
    if bits == 16:
        pixels = codes.astype("<u2").tobytes()
    else:
        planes = codes.astype(np.uint8)[..., None] >> np.arange(bits - 1, -1, -1) & 1
        pixels = np.packbits(planes.reshape(height, -1), axis=1).tobytes()
    table = colours.astype("<u2").tobytes()
    values = {
        256: width, 257: height, 258: bits, 259: 1, 262: 3, 273: 8, 277: 1, 278: height,
        279: len(pixels), 320: 8 + len(pixels),
    }  # fmt: skip
    entries = b"".join(
        struct.pack("<HHII", tag, 3, colours.size, value)
        if tag == 320
        else struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in sorted(values.items())
    )
    directory = 8 + len(pixels) + len(table)
    head = struct.pack("<2sHI", b"II", 42, directory)
    return head + pixels + table + struct.pack("<H", len(values)) + entries + bytes(4)


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("kind", ["TIFF", "TIFF min-is-white", "PNG"])
def test_few_significant_bits_in_sixteen(bits, kind):
    paper, full = 2**bits - 40, 2**bits - 1
    samples = np.where(INK, np.uint16(30), np.uint16(paper))
    if kind == "PNG":
        data = saved(Image.fromarray(samples), "PNG")
    elif kind == "TIFF":
        data = tiff(samples)
    else:
        data = tiff(np.uint16(full) - samples, photometric="MINISWHITE")
    np.testing.assert_array_equal(whole(open_raster(data, "x")), INK * 255)


def test_zeros_and_ones_in_bytes_are_black_and_white():
    np.testing.assert_array_equal(whole(open_raster(tiff(1 - INK), "x")), INK * 255)


@pytest.mark.parametrize("bits", [12, 16])
def test_the_second_decoder_knows_the_depth_too(bits):
    data = tiff((1 - INK) * np.uint16(2**bits - 1))
    np.testing.assert_array_equal(
        pillow_pixels(data, "tiff", "x", RasterLimits()).read(0, HEIGHT), grey(INK)
    )
