"""Files with mutated headers and strips: none crashes or hangs the decoder, or passes for a log.

``VEERNET_FUZZ_S=600 python -m pytest tests/page/raster/test_fuzz.py`` looks for ten minutes; the seed of
every round is in the message of a failure, and ``VEERNET_FUZZ_SEED`` starts there.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from raster_support import EXACT, HEIGHT, INK, drawing, g4, grey, saved, tiff

from flows.engine.decoders import DecoderCrashError, Decoders, DecoderSettings, DecoderTimeoutError
from veernet_core.config import RasterLimits
from veernet_core.errors import DecodeError
from veernet_core.page.raster.decoding import open_raster

SECONDS = float(os.environ.get("VEERNET_FUZZ_S", "3"))
SEED = int(os.environ.get("VEERNET_FUZZ_SEED", "0"))
LIMITS = RasterLimits(20_000, 5_000, 20_000_000)
NOISY = np.random.default_rng(5).integers(0, 40, INK.shape, dtype=np.uint8)
FILES = {
    **EXACT,
    "16-bit min-is-white": tiff(INK * np.uint16(65535), photometric="MINISWHITE"),
    "packbits": tiff(grey(INK), compress="PACKBITS", blockysize=50),
    "deflate predictor": tiff(grey(INK), compress="DEFLATE", predictor=2, blockysize=64),
    "jpeg": saved(Image.fromarray(grey(INK) - NOISY * (1 - INK)), "JPEG"),
    "jpeg in tiff": tiff(grey(drawing(704, 208)), compress="JPEG", blockysize=64),
    "g3 strips": tiff(INK, nbits=1, compress="CCITTFAX3", photometric="MINISWHITE", blockysize=40),
    "g4 strips": g4(INK, blockysize=33),
    "pdf grey": saved(Image.fromarray(grey(INK)), "PDF", resolution=150),
    "turned": saved(Image.fromarray(grey(INK)), "TIFF", tiffinfo={274: 6}),
}
Change = Callable[[bytearray, np.random.Generator], None]


def flip_bits(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(0, len(data), int(rng.integers(1, 20))):
        data[at] ^= 1 << int(rng.integers(0, 8))


def flip_head(data: bytearray, rng: np.random.Generator) -> None:
    for at in rng.integers(0, min(600, len(data)), int(rng.integers(1, 6))):
        data[at] = int(rng.integers(0, 256))


def blot(data: bytearray, rng: np.random.Generator) -> None:
    at, n = int(rng.integers(0, len(data))), int(rng.integers(1, 200))
    data[at : at + n] = rng.bytes(len(data[at : at + n]))


def cut(data: bytearray, rng: np.random.Generator) -> None:
    del data[int(rng.integers(1, len(data))) :]


def drop(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(0, len(data)))
    del data[at : at + int(rng.integers(1, 100))]


def repeat(data: bytearray, rng: np.random.Generator) -> None:
    at = int(rng.integers(0, len(data)))
    data[at:at] = data[at : at + int(rng.integers(1, 100))]


def change_tag(data: bytearray, rng: np.random.Generator) -> None:
    """Another type, count or value for one entry of a TIFF's directory."""
    if data[:4] not in (b"II*\0", b"MM\0*") or len(data) < 8:
        return flip_head(data, rng)
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(order + "I", data, 4)[0]
    if at + 2 > len(data):
        return None
    entries = max(1, min(40, struct.unpack_from(order + "H", data, at)[0]))
    place = at + 2 + 12 * int(rng.integers(0, entries))
    if place + 12 > len(data):
        return None
    value = int(rng.choice([0, 1, 2, 3, 7, 255, 65_535, 1 << 20, (1 << 31) - 1, (1 << 32) - 1]))
    field, form = ((2, "H"), (4, "I"), (8, "I"), (8, "H"))[int(rng.integers(0, 4))]
    struct.pack_into(order + form, data, place + field, value & (0xFFFF if form == "H" else -1))
    return None


CHANGES: tuple[Change, ...] = (
    flip_bits,
    flip_head,
    blot,
    cut,
    drop,
    repeat,
    change_tag,
    change_tag,
)


def mutant(seed: int) -> tuple[str, bytes]:
    rng = np.random.default_rng(seed)
    name = list(FILES)[int(rng.integers(0, len(FILES)))]
    data = bytearray(FILES[name])
    for _ in range(int(rng.integers(1, 4))):
        if data:
            CHANGES[int(rng.integers(0, len(CHANGES)))](data, rng)
    return name, bytes(data)


def look(data: bytes, name: str, limits: RasterLimits) -> None:
    """Decode a file as the archive's children do, and require that what cannot be true is said.

    Run in a child process: see `flows.engine.decoders`.
    """
    raster = open_raster(data, name, limits)
    for row in range(0, raster.height_px, 512):
        rows = min(512, raster.height_px - row)
        ink = raster.read_ink(row, row + rows)
        assert ink.shape == (rows, raster.width_px)
        assert ink.dtype == np.uint8
    for finding in raster.drain_findings():
        assert "/vsimem" not in finding.message
        assert " 0x" not in finding.message
        if finding.rows is not None:
            assert 0 <= finding.rows[0] <= finding.rows[1] < raster.height_px


@pytest.mark.fuzz
def test_no_mutant_crashes_hangs_or_raises_anything_but_a_refusal(monkeypatch) -> None:
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parents[2]}")
    settings = DecoderSettings(processes=1, limit_s=60.0, memory_mb=3000, check="test_fuzz:look")
    decoders = Decoders(settings)
    end, seed, bad = time.monotonic() + SECONDS, SEED, []
    try:
        while time.monotonic() < end or seed == SEED:
            name, data = mutant(seed)
            error = decoders.try_scan(data, name, LIMITS)
            refused = error is None or isinstance(error, DecodeError)
            if isinstance(error, DecoderCrashError | DecoderTimeoutError) or not refused:
                bad.append(f"seed {seed} ({name}): {error}")
            elif error is not None and "/vsimem" in error.message:
                bad.append(f"seed {seed} ({name}) names a random file: {error.message}")
            seed += 1
    finally:
        decoders.close()
    print(f"{seed - SEED} mutants")
    assert not bad, "\n".join(bad[:20])


@pytest.mark.fuzz
def test_rows_that_no_finding_names_are_those_that_were_drawn(capfd) -> None:
    """A cut file: what is not named as lost is exactly what was drawn; nothing reaches the terminal."""
    end, seed = time.monotonic() + SECONDS / 3, SEED
    kinds = [name for name in FILES if name in EXACT and not name.startswith(("png", "pdf"))]
    while time.monotonic() < end or seed < SEED + 3:
        rng = np.random.default_rng(seed)
        name = kinds[int(rng.integers(0, len(kinds)))]
        data = FILES[name][: int(rng.integers(len(FILES[name]) // 3, len(FILES[name])))]
        seed += 1
        try:
            raster = open_raster(data, name)
        except DecodeError:
            continue
        if raster.height_px != HEIGHT or raster.width_px != INK.shape[1]:
            continue
        wrong = (raster.read_ink(0, HEIGHT) != INK * 255).any(axis=1)
        for finding in raster.drain_findings():
            if finding.rows is not None:
                # a fax line may decode wrongly without an error just before the first reported one
                wrong[max(0, finding.rows[0] - 20) : finding.rows[1] + 1] = False
        assert capfd.readouterr().err == "", f"a library chatters about {name}, {len(data)} bytes"
        assert not wrong.any(), (name, seed - 1, len(data), np.flatnonzero(wrong)[:5])
