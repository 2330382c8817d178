"""Rows of damaged streams, as they are told before a pixel is decoded: of pages, strips and PDF images."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from PIL import Image
from raster_support import INK, drawing, g4, grey, saved, tiff

from veernet_core.page.raster.pdf_streams import (
    _all_group_4,
    _of_deflate,
    _of_group_4,
    page_damage,
)
from veernet_core.page.raster.pixels import Damage
from veernet_core.page.raster.stream_checks import CHECKED, jpeg_stream_damage, stream_damage
from veernet_core.page.raster.tiff import LZW, PACKBITS, read_pages

ROWS, COLS = 320, 200
GREY = np.clip(grey(drawing(ROWS, COLS)) * 0.85 + 20, 0, 255).astype(np.uint8)
JPEG = saved(Image.fromarray(GREY), "JPEG", quality=75, restart_marker_rows=2)
STRIPS = tiff(GREY, compress="JPEG", blockysize=64)


def cut(data: bytes, share: float = 0.5) -> bytes:
    return data[: int(len(data) * share)]


def test_sound_streams_have_no_damaged_rows() -> None:
    assert stream_damage(JPEG, None, ROWS) == []
    assert stream_damage(saved(Image.fromarray(GREY), "PNG"), None, ROWS) == []
    assert stream_damage(STRIPS, read_pages(STRIPS)[0], ROWS) == []
    assert stream_damage(b"BM is no format of which streams are followed", None, ROWS) == []


def test_a_jpeg_that_ends_early_lacks_its_lower_rows() -> None:
    (damage,) = stream_damage(cut(JPEG), None, ROWS)
    assert 60 < damage.first < 260
    assert damage.last == ROWS


def test_damage_below_the_page_is_none() -> None:
    whole = stream_damage(cut(JPEG), None, ROWS)
    first = whole[0].first
    assert stream_damage(cut(JPEG), None, first) == []
    assert stream_damage(cut(JPEG), None, first + 5) == [Damage(first, first + 5, whole[0].kind)]


def test_a_coding_that_is_not_followed_is_trusted() -> None:
    progressive = saved(Image.fromarray(GREY), "JPEG", progressive=True)
    assert jpeg_stream_damage(cut(progressive)) == []


def test_a_damaged_strip_names_its_own_rows_alone() -> None:
    page = read_pages(STRIPS)[0]
    place = page.place_of(2)
    assert place is not None
    harmed = bytearray(STRIPS)
    middle = place[0] + place[1] // 2
    harmed[middle : middle + 20] = b"\xff" * 20
    found = stream_damage(bytes(harmed), page, ROWS)
    assert found
    assert all(128 <= d.first < d.last <= 192 for d in found)


def test_strips_that_are_not_in_the_file_are_not_followed() -> None:
    page = read_pages(STRIPS)[0]
    place = page.place_of(4)
    assert place is not None
    assert stream_damage(STRIPS[: place[0] + place[1] // 2], page, ROWS) == []
    gone = replace(page, offsets=page.offsets * np.uint64(0))
    assert stream_damage(STRIPS, gone, ROWS) == []


def test_of_tiffs_only_jpeg_strips_are_followed_here() -> None:
    assert {LZW, PACKBITS} < CHECKED
    data = tiff(GREY, compress="LZW", blockysize=64)
    assert stream_damage(cut(data, 0.9), read_pages(data)[0], ROWS) == []


BODY = zlib.compress(GREY.tobytes())
SIZE = ROWS * COLS


def test_a_deflated_image_is_followed_to_its_checksum() -> None:
    assert _of_deflate(BODY, SIZE, ROWS) == []
    wrong = BODY[:-4] + struct.pack(">I", 1)
    assert _of_deflate(wrong, SIZE, ROWS) == [Damage(0, ROWS, "doubtful")]
    with_filters = zlib.compress(bytes(SIZE + ROWS))
    assert _of_deflate(with_filters[:-4] + bytes(4), SIZE, ROWS)[0].kind == "doubtful"


def test_a_deflated_image_of_another_size_is_damaged() -> None:
    short = zlib.compress(GREY[:-9].tobytes())
    assert _of_deflate(short, SIZE, ROWS) == [], "its own checksum is right"
    assert _of_deflate(short[:-4] + bytes(4), SIZE, ROWS) == [Damage(0, ROWS, "damaged")]


def test_a_cut_deflated_image_gives_the_rows_it_has() -> None:
    steps = zlib.compress(np.random.default_rng(0).integers(0, 255, SIZE, np.uint8).tobytes())
    (damage,) = _of_deflate(steps[: len(steps) // 2], SIZE, ROWS)
    assert damage.kind == "missing"
    assert damage.first == pytest.approx(ROWS / 2, abs=4)
    assert damage.last == ROWS
    assert _of_deflate(b"", SIZE, ROWS) == [Damage(0, ROWS, "missing")]


def test_noise_is_no_deflated_image() -> None:
    assert _of_deflate(b"\x78\x9c" + b"\xff" * 40, SIZE, ROWS) == [Damage(0, ROWS, "damaged")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"/DecodeParms<</K -1/Columns 10>>", True),
        (b"/K  -1 /K -1", True),
        (b"/K 0", False),
        (b"/K -1 /K 4", False),
        (b"/Filter/CCITTFaxDecode", False),
        (b"/K -1/EncodedByteAlign true", False),
    ],
)
def test_fax_images_are_followed_where_all_are_of_group_4(text: bytes, expected: bool) -> None:
    assert _all_group_4(text) == expected


def group_4(ink: np.ndarray) -> bytes:
    data = g4(ink, blockysize=ink.shape[0])
    place = read_pages(data)[0].place_of(0)
    assert place is not None
    return data[place[0] : sum(place)]


def test_a_fax_image_that_is_cut_lacks_its_lower_lines() -> None:
    stream = group_4(INK)
    height, width = INK.shape
    assert _of_group_4(stream, (width, height)) == []
    found = _of_group_4(stream[: len(stream) // 2], (width, height))
    assert found
    assert height / 4 < found[0].first < 3 * height / 4
    assert found[-1].last == height


def damage_of(data: bytes, size_px: tuple[int, int]) -> list[Damage]:
    document = pypdfium2.PdfDocument(data)
    try:
        return page_damage(document[0], data, size_px)
    finally:
        document.close()


def test_rows_of_an_image_are_told_in_rows_of_the_page_it_lies_on() -> None:
    data = saved(Image.fromarray(GREY), "PDF", resolution=100)
    assert damage_of(data, (COLS, ROWS)) == []
    start = data.index(b"stream", data.index(b"/Image"))
    end = data.index(b"endstream", start)
    harmed = bytearray(data)
    middle = (start + end) // 2
    harmed[middle : middle + 60] = bytes(60)
    own = damage_of(bytes(harmed), (COLS, ROWS))
    double = damage_of(bytes(harmed), (2 * COLS, 2 * ROWS))
    assert own
    assert double
    assert own[0].first > 40
    for one, two in zip(own, double, strict=True):
        assert two.first == pytest.approx(2 * one.first, abs=2)
        assert two.last == pytest.approx(2 * one.last, abs=2)
        assert two.kind == one.kind
