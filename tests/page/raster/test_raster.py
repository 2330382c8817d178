"""Opening scans: every format, both polarities, and files that are damaged, cut or hostile."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import threading
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.windows import Window

from veernet_core.config import RasterLimits
from veernet_core.datatypes import Dpi, Raster
from veernet_core.errors import (
    DecodeError,
    EmptyFileError,
    TooLargeError,
    UnsupportedFormatError,
)
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.pillow_pixels import pillow_pixels
from veernet_core.page.raster.tiff import read_pages

HEIGHT, WIDTH = 700, 203


def drawing(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """Ink, 1 on 0: a few curves, a grid, and one mark that breaks every symmetry."""
    rng = np.random.default_rng(seed)
    ink = np.zeros((height, width), np.uint8)
    rows = np.arange(height)
    for _ in range(3):
        phase, period = rng.uniform(0, 6), rng.uniform(20, 60)
        col = (width / 2 + 0.4 * width * np.sin(rows / period + phase)).astype(int)
        ink[rows, col] = 1
        ink[rows, np.minimum(col + 1, width - 1)] = 1
    ink[::50] = 1
    ink[3:9, 5:30] = 1
    return ink


def tiff(samples: np.ndarray, **options: object) -> bytes:
    """Write [rows, cols] or [bands, rows, cols] as a TIFF with GDAL creation options."""
    bands = samples if samples.ndim == 3 else samples[None]
    colormap = options.pop("colormap", None)
    with warnings.catch_warnings(), MemoryFile() as memory:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with memory.open(
            driver="GTiff",
            count=bands.shape[0],
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=bands.dtype.name,
            **options,
        ) as dataset:
            if colormap:
                dataset.write_colormap(1, colormap)
            dataset.write(bands)
        return bytes(memory.read())


def g4(ink: np.ndarray, min_is_white: bool = True, **options: object) -> bytes:
    photometric = "MINISWHITE" if min_is_white else "MINISBLACK"
    codes = ink if min_is_white else 1 - ink
    return tiff(codes, nbits=1, compress="CCITTFAX4", photometric=photometric, **options)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def grey(ink: np.ndarray) -> np.ndarray:
    return (1 - ink) * np.uint8(255)


def whole(raster: Raster) -> np.ndarray:
    return raster.read_ink(0, raster.height_px)


def codes(raster: Raster) -> list[str]:
    return [finding.code for finding in raster.drain_findings()]


INK = drawing()
EXACT = {
    "g4 min-is-white": g4(INK),
    "g4 min-is-black": g4(INK, False),
    "g4 one strip": g4(INK, blockysize=HEIGHT),
    "g4 one row strips": g4(INK, blockysize=1),
    "g4 tiles": g4(INK, tiled=True, blockxsize=64, blockysize=64),
    "g3": tiff(INK, nbits=1, compress="CCITTFAX3", photometric="MINISWHITE"),
    "1-bit lzw": tiff(INK, nbits=1, compress="LZW", photometric="MINISWHITE"),
    "1-bit packbits min-is-black": tiff(1 - INK, nbits=1, compress="PACKBITS"),
    "grey": tiff(grey(INK)),
    "grey min-is-white": tiff(255 - grey(INK), photometric="MINISWHITE", compress="DEFLATE"),
    "grey tiles": tiff(grey(INK), tiled=True, blockxsize=128, blockysize=128, compress="LZW"),
    "4-bit grey": tiff((1 - INK) * np.uint8(15), nbits=4),
    "16-bit": tiff((1 - INK) * np.uint16(65535)),
    "palette": tiff(
        INK + np.uint8(7), colormap={7: (255, 255, 255, 255), 8: (0, 0, 0, 255)}, compress="LZW"
    ),
    "rgb": tiff(np.repeat(grey(INK)[None], 3, axis=0), photometric="RGB"),
    "big tiff": tiff(grey(INK), BIGTIFF="YES"),
    "big endian": tiff(grey(INK), ENDIANNESS="BIG"),
    "png 1-bit": saved(Image.fromarray(grey(INK)).convert("1"), "PNG"),
    "png grey": saved(Image.fromarray(grey(INK)), "PNG"),
    "png palette": saved(Image.fromarray(grey(INK)).convert("P"), "PNG"),
    "png 16-bit": saved(Image.fromarray((1 - INK) * np.uint16(65535)), "PNG"),
    "pdf 1-bit": saved(Image.fromarray(grey(INK)).convert("1"), "PDF", resolution=200),
}


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


# ---- damage ----------------------------------------------------------------------------------


def damaged(data: bytes, at: int, n: int = 30, seed: int = 1) -> bytes:
    out = bytearray(data)
    out[at : at + n] = np.random.default_rng(seed).integers(0, 256, n, dtype=np.uint8).tobytes()
    return bytes(out)


def strip_spans(data: bytes) -> list[tuple[int, int]]:
    (page,) = read_pages(data)
    return [(int(a), int(b)) for a, b in zip(page.offsets, page.byte_counts, strict=True)]


def test_damaged_strip_is_blank_and_reported():
    data = g4(INK, blockysize=100)
    offset, count = strip_spans(data)[3]
    raster = open_raster(damaged(data, offset + count // 2), "x")
    ink = whole(raster)
    (finding,) = raster.drain_findings()
    assert finding.code == "damaged_rows"
    assert finding.rows is not None
    first, last = finding.rows
    assert 300 <= first < last == 399
    assert not ink[first : last + 1].any()
    other = np.r_[0:300, 400:HEIGHT]
    np.testing.assert_array_equal(ink[other], INK[other] * 255)
    assert raster.drain_findings() == ()


def test_damage_in_one_strip_loses_the_rest_but_not_the_start():
    data = g4(INK, blockysize=HEIGHT)
    (offset, count), *_ = strip_spans(data)
    raster = open_raster(damaged(data, offset + count // 2, 60), "x")
    (finding,) = raster.drain_findings()
    assert finding.rows is not None
    assert finding.rows[0] > HEIGHT // 4
    # A fax line may decode wrongly without an error just before the first reported one.
    good = finding.rows[0] - 20
    np.testing.assert_array_equal(raster.read_ink(0, good), INK[:good] * 255)
    assert not raster.read_ink(finding.rows[0], HEIGHT).any()


@pytest.mark.parametrize("compress", ["LZW", "DEFLATE"])
def test_damaged_grey_strip(compress):
    data = tiff(grey(INK), compress=compress, blockysize=64)
    offset, count = strip_spans(data)[5]
    raster = open_raster(damaged(data, offset, count - 1), "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert {f.code for f in findings} == {"damaged_rows"}
    assert all(f.rows is not None and 320 <= f.rows[0] <= f.rows[1] < 384 for f in findings)
    np.testing.assert_array_equal(ink[:320], INK[:320] * 255)
    np.testing.assert_array_equal(ink[384:], INK[384:] * 255)


def with_directory_first(data: bytes) -> bytes:
    """Pillow writes the directory before the pixels, as scanners do: a cut spares it."""
    assert read_pages(data[:2000]), "directory must lie in the head"
    return data


@pytest.mark.parametrize("rows_per_strip", [50, HEIGHT])
def test_truncated_fax_keeps_its_leading_rows(rows_per_strip):
    data = with_directory_first(g4(INK, blockysize=rows_per_strip))
    offset, count = strip_spans(data)[HEIGHT // rows_per_strip // 2]
    raster = open_raster(data[: offset + count // 2], "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert findings
    assert {f.code for f in findings} <= {"missing_rows", "damaged_rows"}
    first = min(f.rows[0] for f in findings if f.rows)
    assert first > HEIGHT // 4
    np.testing.assert_array_equal(ink[: first - 20], INK[: first - 20] * 255)
    assert not ink[first:].any()
    assert max(f.rows[1] for f in findings if f.rows) == HEIGHT - 1


@pytest.mark.parametrize("rows_per_strip", [40, HEIGHT])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_cut_group_3_file_names_every_row_that_is_lost(share, rows_per_strip):
    data = tiff(
        INK, nbits=1, compress="CCITTFAX3", photometric="MINISWHITE", blockysize=rows_per_strip
    )
    raster = open_raster(data[: int(share * len(data))], "x")
    wrong = (whole(raster) != INK * 255).any(axis=1)
    told = [f.rows for f in raster.drain_findings() if f.rows is not None]
    assert told
    for first, last in told:
        wrong[max(0, first - 20) : last + 1] = False
    assert not wrong.any()


def test_a_file_whose_list_of_strips_is_cut_off_is_no_blank_page():
    data = EXACT["g4 one row strips"]
    for size in (4864, 3000):
        with pytest.raises(DecodeError):
            open_raster(data[:size], "x")


CUT_CODECS = ["LZW", "DEFLATE", "PACKBITS", None]


@pytest.mark.parametrize("rows_per_strip", [50, HEIGHT])
@pytest.mark.parametrize("compress", CUT_CODECS)
def test_truncated_grey_keeps_all_rows_that_are_there(compress, rows_per_strip):
    options = {"compress": compress} if compress else {}
    noisy = grey(INK) - np.random.default_rng(0).integers(0, 8, INK.shape, dtype=np.uint8) * (
        1 - INK
    )
    data = with_directory_first(tiff(noisy, blockysize=rows_per_strip, **options))
    offset, count = strip_spans(data)[HEIGHT // rows_per_strip // 2]
    cut = data[: offset + count // 2]
    raster = open_raster(cut, "x")
    whole_page = whole(open_raster(data, "x"))
    ink = whole(raster)
    findings = raster.drain_findings()
    assert {f.code for f in findings} <= {"missing_rows", "damaged_rows"}
    first = min(f.rows[0] for f in findings if f.rows)
    assert first == pytest.approx(HEIGHT // 2 + (25 if rows_per_strip == 50 else 0), abs=15)
    np.testing.assert_array_equal(ink[:first], whole_page[:first])
    assert not ink[first:].any()
    assert max(f.rows[1] for f in findings if f.rows) == HEIGHT - 1
    for a, b in ((600, 700), (0, 10), (first - 5, first + 5)):  # in any order
        np.testing.assert_array_equal(raster.read_ink(a, b), ink[a:b])


@pytest.mark.parametrize("compress", ["LZW", "DEFLATE"])
def test_a_stream_that_is_damaged_is_no_stream_that_ends(compress):
    data = tiff(grey(INK), compress=compress, blockysize=HEIGHT)
    (offset, count), *_ = strip_spans(data)
    for seed in range(5):
        broken = damaged(data, offset + count // 2, 40, seed)
        try:
            raster = open_raster(broken, "x")
        except DecodeError:
            continue  # nothing of the one strip can be trusted
        wrong = whole(raster) != INK * 255
        told = [f.rows for f in raster.drain_findings() if f.rows]
        for a, b in told:
            wrong[a : b + 1] = False
        assert not wrong.any()


CODECS = [
    ("CCITTFAX4", {"nbits": 1, "photometric": "MINISWHITE"}),
    ("CCITTFAX3", {"nbits": 1, "photometric": "MINISWHITE"}),
    ("LZW", {}),
    ("DEFLATE", {}),
    ("PACKBITS", {}),
    ("NONE", {}),
]


def with_counts(data: bytes, *, value: int | None, number: int | None = None) -> bytes:
    """The byte counts set to a value, or taken out of the directory; of one strip or of all."""
    out = bytearray(data)
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", data, 4)[0]
    entries = struct.unpack_from(order + "H", data, at)[0]
    for entry in range(entries):
        place = at + 2 + 12 * entry
        tag, kind, count = struct.unpack_from(order + "HHI", data, place)
        if tag != 279:
            continue
        if value is None:
            struct.pack_into(order + "H", out, place, 65_000)  # a tag of nobody's
            return bytes(out)
        size = {3: 2, 4: 4}[kind]
        start = (
            place + 8 if count * size <= 4 else struct.unpack_from(order + "I", data, place + 8)[0]
        )
        for i in range(count) if number is None else [number]:
            out[start + i * size : start + (i + 1) * size] = value.to_bytes(
                size, "little" if order == "<" else "big"
            )
    return bytes(out)


@pytest.mark.parametrize("rows_per_strip", [64, HEIGHT])
@pytest.mark.parametrize("value", [0, None])
@pytest.mark.parametrize(("codec", "options"), CODECS)
def test_strips_without_a_byte_count_are_read(codec, options, value, rows_per_strip):
    samples = INK if "nbits" in options else grey(INK)
    data = tiff(samples, compress=codec, blockysize=rows_per_strip, **options)
    raster = open_raster(with_counts(data, value=value), "x")
    np.testing.assert_array_equal(whole(raster), INK * 255)
    assert raster.drain_findings() == ()


def with_offsets_beyond(data: bytes) -> bytes:
    """Every strip placed behind the end of the file."""
    at = bytes(data).find(struct.pack("<HH", 273, 4))
    count, place = struct.unpack_from("<II", data, at + 4)
    out = bytearray(data)
    start = at + 8 if count == 1 else place
    struct.pack_into(f"<{count}I", out, start, *[len(data) + 1000] * count)
    return bytes(out)


@pytest.mark.parametrize("rows_per_strip", [64, HEIGHT])
@pytest.mark.parametrize(("codec", "options"), CODECS)
def test_strips_that_lie_nowhere_and_have_no_size_are_refused_or_named(
    codec, options, rows_per_strip
):
    samples = INK if "nbits" in options else grey(INK)
    data = tiff(samples, compress=codec, blockysize=rows_per_strip, **options)
    try:
        raster = open_raster(with_offsets_beyond(with_counts(data, value=None)), "x")
    except DecodeError:
        return
    assert not whole(raster).any()
    lost = np.zeros(HEIGHT, dtype=bool)
    for finding in raster.drain_findings():
        if finding.rows is not None:
            lost[finding.rows[0] : finding.rows[1] + 1] = True
    assert lost.all()


@pytest.mark.parametrize("rows", [1, 400])
@pytest.mark.parametrize(("codec", "options"), CODECS[:4])
def test_a_page_that_is_shorter_than_it_says_gives_the_rows_it_has(codec, options, rows):
    samples = INK if "nbits" in options else grey(INK)
    data = bytearray(tiff(samples, compress=codec, blockysize=HEIGHT, **options))
    for tag in (257, 278):
        entry = bytes(data).find(struct.pack("<HHI", tag, 3, 1))
        struct.pack_into("<H", data, entry + 8, HEIGHT + rows)
    raster = open_raster(bytes(data), "x")
    ink = whole(raster)
    assert len(ink) == HEIGHT + rows
    np.testing.assert_array_equal(ink[: HEIGHT - 1], INK[:-1] * 255)
    assert not ink[HEIGHT:].any()
    told = [f.rows for f in raster.drain_findings() if f.rows is not None]
    assert told[0][0] in (HEIGHT - 1, HEIGHT)
    assert told[-1][1] == HEIGHT + rows - 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_truncated_streams_keep_their_start(kind):
    page = np.kron(grey(drawing(1200, 300)), np.ones((2, 2), np.uint8))
    page -= np.random.default_rng(0).integers(0, 2, page.shape, dtype=np.uint8) * (page > 0)
    data = saved(Image.fromarray(page), kind, quality=95)
    raster = open_raster(data[: len(data) // 2], "x")
    ink = whole(raster)
    findings = raster.drain_findings()
    assert findings
    first = min(f.rows[0] for f in findings if f.rows)
    assert first > 400
    assert np.abs(ink[:first].astype(int) - (255 - page[:first])).mean() < 4
    assert max(f.rows[1] for f in findings if f.rows) == 2399


def test_a_strip_that_was_never_written_is_paper_not_black():
    data = bytearray(tiff(grey(INK), blockysize=100))
    (page,) = read_pages(bytes(data))
    where = bytes(data).find(struct.pack("<7H", *page.byte_counts.astype(int).tolist()))
    assert where > 0
    data[where + 4 : where + 6] = bytes(2)
    at = bytes(data).find(struct.pack("<7I", *page.offsets.astype(int).tolist()))
    data[at + 8 : at + 12] = bytes(4)
    raster = open_raster(bytes(data), "x")
    assert not raster.read_ink(200, 300).any()
    assert codes(raster) == ["missing_rows"]


def test_damage_is_seen_even_where_the_application_silences_logging(caplog):
    import logging

    data = g4(INK, blockysize=100)
    offset, count = strip_spans(data)[3]
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.CRITICAL)
    try:
        raster = open_raster(damaged(data, offset + count // 2), "x")
    finally:
        root.setLevel(level)
    assert codes(raster) == ["damaged_rows"]
    assert not caplog.records  # turned into a finding, not noise


def test_many_damaged_strips_give_a_bounded_number_of_findings():
    data = bytearray(g4(drawing(4000, 203), blockysize=20))
    rng = np.random.default_rng(0)
    for offset, count in strip_spans(bytes(data))[::2]:
        data[offset : offset + count] = rng.bytes(count)
    findings = open_raster(bytes(data), "x").drain_findings()
    assert 0 < len(findings) <= 21


# ---- bit depths, polarity, palettes ----------------------------------------------------------


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


# ---- refusals --------------------------------------------------------------------------------


def test_empty_and_unknown():
    with pytest.raises(EmptyFileError) as empty:
        open_raster(b"", "void.tif")
    assert empty.value.where == "void.tif"
    for data in (b"hello", b"\x00" * 5000, b"<html></html>", b"BM" + bytes(100), b"II"):
        with pytest.raises(UnsupportedFormatError) as unknown:
            open_raster(data, "x.tif")
        assert unknown.value.where == "x.tif"


@pytest.mark.parametrize(
    "head", [b"II*\x00", b"MM\x00*", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"%PDF-1.7\n"]
)
@settings(max_examples=30, deadline=None)
@given(tail=st.binary(max_size=300))
def test_garbage_behind_a_signature_is_a_decode_error(head, tail):
    with pytest.raises(DecodeError) as refusal:
        open_raster(head + tail, "x")
    assert refusal.value.where == "x"


@settings(max_examples=80, deadline=None)
@given(
    name=st.sampled_from(["g4 min-is-white", "grey tiles", "big tiff", "png grey", "rgb"]),
    at=st.integers(0, 600),
    junk=st.binary(min_size=1, max_size=8),
)
def test_any_damaged_header_is_decoded_or_refused_cleanly(name, at, junk):
    data = bytearray(EXACT[name])
    data[at : at + len(junk)] = junk
    with contextlib.suppress(DecodeError):  # any other exception fails the test
        raster = open_raster(bytes(data), name, RasterLimits(20_000, 5_000, 20_000_000))
        raster.read_ink(0, raster.height_px)


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint32"])
def test_pixels_without_black_and_white_are_refused_clearly(dtype):
    with pytest.raises(UnsupportedFormatError, match=dtype):
        open_raster(tiff(INK.astype(dtype)), "x")


def test_an_image_of_many_bands_is_refused_before_decoding():
    with pytest.raises(UnsupportedFormatError, match="9 bands"):
        open_raster(tiff(np.repeat(grey(INK)[None], 9, axis=0)), "x")


@pytest.mark.parametrize("name", ["g4 min-is-white", "png grey", "pdf 1-bit"])
def test_limits_are_checked_before_decoding(name):
    for limits in (
        RasterLimits(max_height_px=HEIGHT - 1),
        RasterLimits(max_width_px=WIDTH - 1),
        RasterLimits(max_pixels=HEIGHT * WIDTH - 1),
    ):
        with pytest.raises(TooLargeError) as refusal:
            open_raster(EXACT[name], "x", limits)
        assert refusal.value.where == "x"


def test_a_bomb_is_refused_in_little_memory():
    bomb = bytearray(g4(INK))
    (page,) = read_pages(bytes(bomb))
    assert page.height_px == HEIGHT
    entry = bytes(bomb).find(struct.pack("<HHI", 257, 3, 1))
    bomb[entry : entry + 12] = struct.pack("<HHII", 257, 4, 1, 900_000_000)
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        open_raster(bytes(bomb), "x")
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_pdf_with_two_pages_or_without_a_raster():
    pages = [Image.fromarray(grey(INK))] * 2
    with pytest.raises(UnsupportedFormatError, match="2 pages"):
        open_raster(saved(pages[0], "PDF", save_all=True, append_images=pages[1:]), "x")
    empty = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n"
    )
    with pytest.raises(UnsupportedFormatError, match="no raster"):
        open_raster(empty, "x")


# ---- the second decoder ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g4 min-is-white", "g4 min-is-black", "rgb", "grey", "16-bit"])
def test_second_decoder_agrees_with_the_first(name):
    source = pillow_pixels(EXACT[name], "tiff", "x", RasterLimits())
    np.testing.assert_array_equal(
        source.read(0, HEIGHT),
        np.squeeze(grey(INK))[:, :, None].repeat(3, 2) if source.channels == 3 else grey(INK),
    )


def test_second_decoder_takes_over_with_a_finding(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise rasterio.errors.RasterioIOError("refused for the test")

    monkeypatch.setattr("veernet_core.page.raster.gdal_pixels.rasterio.open", refuse)
    raster = open_raster(EXACT["g4 min-is-white"], "x")
    np.testing.assert_array_equal(whole(raster), INK * 255)
    assert codes(raster) == ["second_decoder"]
    with pytest.raises(DecodeError, match=r"refused for the test.*Pillow cannot"):
        open_raster(b"II*\x00garbage", "x")


# ---- threads, memory, real scans -------------------------------------------------------------


@pytest.mark.parametrize("name", ["g4 min-is-white", "grey tiles", "png grey", "pdf 1-bit"])
def test_many_threads_read_one_raster(name):
    raster = open_raster(EXACT[name], name)
    wrong: list[int] = []

    def read(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(20):
            a, b = sorted(rng.integers(0, HEIGHT + 1, 2).tolist())
            if not np.array_equal(raster.read_ink(a, b), INK[a:b] * 255):
                wrong.append(seed)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("rows_per_strip", [128, 60_000])
def test_a_tall_scan_takes_little_memory(rows_per_strip, tmp_path: Path):
    height, width = 60_000, 3_300
    path = tmp_path / "tall.tif"
    band = np.tile(drawing(1000, width), (1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=1, dtype="uint8",
            nbits=1, compress="CCITTFAX4", photometric="MINISWHITE", blockysize=rows_per_strip,
        ) as dataset:  # fmt: skip
            for row in range(0, height, 1000):
                dataset.write(band, 1, window=Window(0, row, width, 1000))
    data = path.read_bytes()
    tracemalloc.start()
    raster = open_raster(data, "tall.tif")
    for row in range(height - 1000, -1, -20_000):  # backwards on purpose
        np.testing.assert_array_equal(raster.read_ink(row, row + 1000), band * 255)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < height * width / 8 + 60e6


@pytest.mark.scans
@pytest.mark.skipif(
    "VEERNET_SCANS" not in os.environ, reason="VEERNET_SCANS names no folder of scans"
)
def test_real_scans_open_with_light_paper():
    paths = sorted(Path(os.environ["VEERNET_SCANS"]).glob("*.tif"))
    assert paths
    for path in paths:
        raster = open_raster(path.read_bytes(), path.name)
        middle = raster.height_px // 2
        share = (raster.read_ink(middle, min(middle + 2000, raster.height_px)) > 127).mean()
        assert 0.005 < share < 0.5, path.name
        assert raster.is_colour == path.name.startswith("33-0"), path.name
        assert raster.drain_findings() == (), path.name
