"""What decoders say while they read: damage is a finding with its rows, anything else costs nothing."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from raster_support import drawing, grey, saved

from veernet_core.page.raster.decoding import open_raster

INK = drawing(1500, 500)
PNG = saved(Image.fromarray(grey(INK)), "PNG")
JPEG = saved(Image.fromarray(grey(INK)), "JPEG")


def png_with(name: bytes, body: bytes, crc: int = 0) -> bytes:
    """A PNG with one more chunk behind its header."""
    chunk = name + body
    return PNG[:33] + struct.pack(">I", len(body)) + chunk + struct.pack(
        ">I", zlib.crc32(chunk) ^ crc
    ) + PNG[33:]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        png_with(b"iCCP", b"bad\0\0" + zlib.compress(b"nonsense")),
        png_with(b"gAMA", b"\0\0\0\0"),
        png_with(b"cHRM", b"\xff" * 32),
        png_with(b"tIME", b"\xff" * 7),
        png_with(b"zTXt", b"no end"),
        png_with(b"sBIT", b"\x63"),
        png_with(b"pHYs", b"\xff" * 9),
        png_with(b"tEXt", b"k\0v", crc=1),
        JPEG[:11] + b"\x09\x09" + JPEG[13:],  # an unknown revision of JFIF
    ],
)
def test_a_block_beside_the_pixels_that_is_wrong_costs_no_rows(data: bytes) -> None:
    raster = open_raster(data, "x")
    exact = not data.startswith(b"\xff")
    ink = raster.read_ink(0, 1500) > 128
    assert (ink != INK).mean() < (1e-9 if exact else 0.01)
    assert [f.code for f in raster.drain_findings()] == []


def test_what_follows_damage_in_a_jpeg_is_not_used() -> None:
    data = bytearray(JPEG)
    middle = len(data) // 2
    data[middle : middle + 2] = b"\xff\xd8"  # a marker in the midst of the pixels
    raster = open_raster(bytes(data), "x")
    ink = np.concatenate([raster.read_ink(row, row + 100) for row in range(0, 1500, 100)])
    findings = [f for f in raster.drain_findings() if f.rows is not None]
    assert findings
    first = min(f.rows[0] for f in findings if f.rows)
    assert max(f.rows[1] for f in findings if f.rows) == 1499
    assert 256 <= first <= 1024
    assert not ink[1100:].any()
    assert ((ink[:512] > 128) != INK[:512]).mean() < 0.01
