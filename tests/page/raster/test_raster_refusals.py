"""Files that are refused, the second decoder, threads, memory and real scans."""

from __future__ import annotations

import contextlib
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
from raster_support import EXACT, HEIGHT, INK, WIDTH, codes, drawing, g4, grey, saved, tiff, whole
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from veernet_core.config import RasterLimits
from veernet_core.errors import (
    DecodeError,
    EmptyFileError,
    TooLargeError,
    UnsupportedFormatError,
)
from veernet_core.page.raster.decoding import open_raster
from veernet_core.page.raster.pillow_pixels import pillow_pixels
from veernet_core.page.raster.tiff import read_pages


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
