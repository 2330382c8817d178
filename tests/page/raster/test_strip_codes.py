"""Strips without a checksum: what is trusted of a whole, a cut and a damaged one is what was written."""

from __future__ import annotations

import numpy as np
import pytest
from raster_support import drawing, tiff

from veernet_core.page.raster.strip_codes import lzw_trusted, packbits_trusted
from veernet_core.page.raster.tiff import read_pages

HEIGHT, WIDTH = 300, 203


def strip_of(codec: str, seed: int = 0) -> tuple[bytes, bytes]:
    """The only strip of a drawing of grey bytes, and what it unpacks to."""
    pixels = (1 - drawing(HEIGHT, WIDTH, seed)) * np.uint8(255)
    data = tiff(pixels, compress=codec, blockysize=HEIGHT)
    place = read_pages(data)[0].place_of(0)
    assert place is not None
    return data[place[0] : sum(place)], pixels.tobytes()


def unpacked(stream: bytes, most: int) -> bytes:
    """An LZW stream by the book: codes of nine bits and more, the width changed one code early."""
    bits = int.from_bytes(stream, "big")
    total, at, width, out = 8 * len(stream), 0, 9, bytearray()
    table: list[bytes] = []
    before = b""
    while at + width <= total and len(out) < most:
        code = bits >> (total - at - width) & ((1 << width) - 1)
        at += width
        if code == 257:
            break
        if code == 256:
            table, before, width = [bytes([k]) for k in range(256)] + [b"", b""], b"", 9
            continue
        if code > len(table) or (code == len(table) and not before):
            break
        entry = table[code] if code < len(table) else before + before[:1]
        if before and len(table) < 4096:
            table.append(before + entry[:1])
        out += entry
        before = entry
        width = 9 + sum(len(table) >= n for n in (511, 1023, 2047))
    return bytes(out)


@pytest.mark.parametrize("seed", range(3))
def test_a_sound_strip_is_trusted_whole(seed: int) -> None:
    stream, pixels = strip_of("LZW", seed)
    assert unpacked(stream, len(pixels)) == pixels  # the reference decoder is right
    assert lzw_trusted(stream, WIDTH, len(pixels), len(pixels)) == len(pixels)
    stream, pixels = strip_of("PACKBITS", seed)
    assert packbits_trusted(stream, WIDTH, len(pixels), len(pixels)) == len(pixels)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_of_a_cut_strip_what_came_before_the_cut_is_trusted(share: float) -> None:
    stream, pixels = strip_of("LZW")
    cut = stream[: int(share * len(stream))]
    wanted = len(unpacked(cut, len(pixels)))
    assert 0 < wanted < len(pixels)
    assert lzw_trusted(cut, WIDTH, len(pixels), len(pixels)) == wanted


def test_an_empty_strip_is_not_trusted_at_all() -> None:
    assert lzw_trusted(b"", WIDTH, 1000, 1000) == 0
    assert packbits_trusted(b"", WIDTH, 1000, 1000) == 0


def test_streams_of_the_old_kind_are_not_followed() -> None:
    assert lzw_trusted(b"\x00\x01" + bytes(40), WIDTH, 1000, 1000) is None


@pytest.mark.parametrize("seed", range(3))
def test_after_a_flipped_bit_nothing_is_trusted_that_was_not_written(seed: int) -> None:
    stream, pixels = strip_of("LZW", seed)
    truth = np.frombuffer(pixels, np.uint8)
    wrong = 0
    for at in np.random.default_rng(seed).integers(8, 8 * len(stream) - 24, 20):
        harmed = bytearray(stream)
        harmed[at >> 3] ^= 128 >> (at & 7)
        trusted = lzw_trusted(bytes(harmed), WIDTH, len(pixels), len(pixels))
        assert trusted is not None
        got = np.frombuffer(unpacked(bytes(harmed), len(pixels)), np.uint8)[:trusted]
        wrong += len(got) < trusted or bool((got != truth[: len(got)]).any())
    assert wrong <= 1  # of 20: damage that gives another sound stream cannot be told


def test_a_last_strip_that_was_filled_up_is_trusted_as_far_as_it_is_wanted() -> None:
    stream, pixels = strip_of("LZW")
    assert lzw_trusted(stream, WIDTH, 100 * WIDTH, len(pixels)) == 100 * WIDTH


def packed(rows: list[list[tuple[int, bytes]]]) -> bytes:
    """PackBits of runs ``(times, bytes)``: one byte repeated, or bytes as they are."""
    out = bytearray()
    for row in rows:
        for times, body in row:
            out += bytes([257 - times]) if times > 1 else bytes([len(body) - 1])
            out += body
    return bytes(out)


ROW = [(10, b"\xff"), (1, b"abcd"), (6, b"\x00")]


def test_packbits_runs_end_with_each_row() -> None:
    assert packbits_trusted(packed([ROW] * 8), 20, 160, 160) == 160


def test_from_a_packbits_run_over_the_end_of_a_row_on_nothing_is_trusted() -> None:
    longer = [(14, b"\xff"), (1, b"abcd"), (6, b"\x00")]
    stream = packed([ROW, ROW, longer, *[ROW] * 5])
    assert packbits_trusted(stream, 20, 160, 160) == 2 * 20


def test_of_a_cut_packbits_strip_the_runs_that_are_there_are_trusted() -> None:
    stream = packed([ROW] * 8)
    each = len(stream) // 8
    assert packbits_trusted(stream[: 3 * each], 20, 160, 160) == 60
    assert packbits_trusted(stream[: 3 * each + 2], 20, 160, 160) == 70


def test_the_filler_of_packbits_stands_for_nothing() -> None:
    assert packbits_trusted(b"\x80\x80" + packed([ROW] * 8), 20, 160, 160) == 160
