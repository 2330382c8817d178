"""No library's chatter reaches the terminal, whatever the files are like."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_network import SMALL_NETWORK

from flows.cli.quiet import silence_libraries
from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8
from veernet_core.errors import DecodeError
from veernet_core.page.raster.pillow_pixels import pillow_facts, pillow_pixels

PAGE = np.zeros((450, 350), np.uint8)
PAGE[::9] = PAGE[:, 20:330:33] = 1


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def grey(ink: U8) -> U8:
    return np.uint8(255) * (1 - ink)


def g4(ink: U8) -> bytes:
    return saved(
        Image.fromarray(grey(ink)).convert("1"), "TIFF", compression="group4", dpi=(200, 200)
    )


def entry_with(data: bytes, tag: int, kind: int) -> bytes:
    """A TIFF with another type for one entry of its directory."""
    changed = bytearray(data)
    at = struct.unpack_from("<I", changed, 4)[0]
    for place in range(at + 2, at + 2 + 12 * struct.unpack_from("<H", changed, at)[0], 12):
        if struct.unpack_from("<H", changed, place)[0] == tag:
            struct.pack_into("<H", changed, place + 2, kind)
    return bytes(changed)


def with_next_page(data: bytes, offset: int) -> bytes:
    """A TIFF whose directory says that another one lies at an offset."""
    changed = bytearray(data)
    at = struct.unpack_from("<I", changed, 4)[0]
    entries = struct.unpack_from("<H", changed, at)[0]
    struct.pack_into("<I", changed, at + 2 + 12 * entries, offset)
    return bytes(changed)


def with_exif(jpeg: bytes) -> bytes:
    """A JPEG whose EXIF block states more than it holds."""
    block = b"Exif\0\0II*\0\x08\0\0\0\x20\0" + b"\x12\x01\x03\0\xff\xff\xff\xff\x99\x99\x99\x99" * 3
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + jpeg[2:]


def with_profile(png: bytes) -> bytes:
    """A PNG with a colour profile that is none."""
    chunk = b"iCCPbad\0\0" + zlib.compress(b"nonsense")
    packed = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:33] + packed + png[33:]


JPEG = saved(Image.fromarray(grey(PAGE)), "JPEG")
PNG = saved(Image.fromarray(grey(PAGE)), "PNG")
PDF = saved(Image.fromarray(grey(PAGE)), "PDF", resolution=100)
SPECKS = (np.random.default_rng(1).random((400, 350)) < 0.2).astype(np.uint8)
FILES = {
    "bad_exif.jpg": with_exif(JPEG),
    "bad_profile.png": with_profile(PNG),
    "bad_type.tif": entry_with(g4(PAGE), 258, 99),
    "blank.tif": g4(np.zeros((450, 350), np.uint8)),
    "cut_jpg.jpg": JPEG[: len(JPEG) // 2],
    "cut_pdf.pdf": PDF[: len(PDF) * 2 // 3],
    "cut_png.png": PNG[: len(PNG) // 2],
    "cut_tif.tif": g4(PAGE)[: len(g4(PAGE)) // 2],
    "lost_page.tif": with_next_page(g4(PAGE), 1 << 30),
    "odd_entry.tif": entry_with(g4(PAGE), 282, 13),
    "specks.tif": g4(SPECKS),
    "text.tif": b"no picture",
}
OURS = re.compile(
    r"\[\d+/\d+.*|dashboard: .*|\d+ of \d+ scans failed:|\w+: (?:failed \(|curve_log|unknown|\w+ ).*"
    r"|/\S+: failed \(.*"
    r"|  +\S.*\[\w+\] .*|    (?:error|warning|info|note): .*|    /\S+(?:, /\S+)*|batch: .*|veernet: .*"
)
CHATTER = re.compile(
    r"Warning|warn\(|TIFF\w+:|site-packages|Traceback|\[(?:INFO|WARN|ERROR)|\bINFO\b"
)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


def said(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli.main", *arguments],
        capture_output=True,
        text=True,
        timeout=900,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()


@pytest.mark.slow
def test_digitise_and_inspect_say_what_is_ours_alone(scans: Path, tmp_path: Path) -> None:
    lines = said("digitise", str(scans), "-o", str(tmp_path / "out"))
    lines += said("inspect", str(scans), "-o", str(tmp_path / "drafts"))
    assert sum("failed" in line for line in lines) >= 3
    # a failure may quote its decoder
    free = [line for line in lines if "[decode_failed]" not in line]
    assert [line for line in lines if not OURS.fullmatch(line)] == []
    assert [line for line in free if CHATTER.search(line)] == []


@pytest.mark.slow
@pytest.mark.server
def test_batch_says_what_is_ours_alone(scans: Path, tmp_path: Path) -> None:
    """Decoders in processes of their own, and a server; some files that make libraries speak are enough."""
    for name in FILES:
        if name not in ("bad_exif.jpg", "cut_pdf.pdf", "cut_tif.tif", "odd_entry.tif"):
            (scans / name).unlink()
    places = ("--source", str(scans), "--dest", str(tmp_path / "out"))
    lines = said("batch", *places, "--model", str(SMALL_NETWORK))
    assert lines
    # a failure may quote its decoder; a line of a batch tells the code and the outcome
    free = [line for line in lines if "[decode_failed, failed]" not in line]
    assert [line for line in free if CHATTER.search(line)] == []


def test_the_second_decoder_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    silence_libraries()
    for name, data in FILES.items():
        kind = {"jpg": "jpeg", "png": "png", "tif": "tiff"}.get(name.rpartition(".")[2])
        if kind is None:
            continue
        pillow_facts(data, kind)
        try:
            pillow_pixels(data, kind, name, RasterLimits())
        except DecodeError:
            continue
    assert capfd.readouterr().err == ""


SPEAKING = """
import logging, warnings
from flows.cli.quiet import silence_libraries
silence_libraries()
logging.getLogger("azure.identity").warning("chatter")
logging.warning("chatter")
warnings.warn("chatter")
logging.getLogger("flows.archive.canary").warning("ours")
"""


def test_logs_and_warnings_of_libraries_are_silent_and_ours_are_not() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    assert (done.stdout, done.stderr.splitlines()) == ("", ["ours"])
