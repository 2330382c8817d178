"""TIFF, PNG and JPEG through rasterio, by windows, with every sign of damage noticed.

In: bytes, and for a TIFF the directory entry of the wanted page. Out: `GdalPixels`.
Does not belong here: paper and ink levels, findings, other formats.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile
from rasterio.windows import Window

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8, Bool
from veernet_core.errors import DecodeError, UnsupportedFormatError
from veernet_core.page.raster.pixels import (
    PAPER,
    ChunkedPixels,
    Damage,
    check_limits,
    merge_damage,
    over_white,
)
from veernet_core.page.raster.tiff import FAX_CODECS, GROUP_4, TiffPage

_CHUNK_ROWS = 256
_MAX_WHOLE_BLOCK_ROWS = 4096
_GDAL_CACHE_MB = 32
_MAX_PAD_BYTES = 256 << 20
_MAX_MESSAGES = 20_000
_MAX_BANDS = 8


class _DecoderMessages(logging.Filter):
    """Keeps what GDAL says during a read, per thread, out of the log and out of other threads.

    libtiff fills the rest of a damaged strip with rubbish and only logs it; without this the damage
    would be silent.
    """

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        messages: list[str] | None = getattr(self._local, "messages", None)
        if messages is None:
            return True
        if len(messages) < _MAX_MESSAGES:
            messages.append(record.getMessage())
        return False

    @contextlib.contextmanager
    def collect(self) -> Iterator[list[str]]:
        messages: list[str] = []
        self._local.messages = messages
        try:
            yield messages
        finally:
            self._local.messages = None


_MESSAGES = _DecoderMessages()
_GDAL_LOG = logging.getLogger("rasterio._err")
_GDAL_LOG.addFilter(_MESSAGES)
_GDAL_LOG.setLevel(logging.WARNING)  # an application that silences its log must not silence damage
_OPEN_LOCK = threading.Lock()
_AT_LINE = re.compile(r"at (?:line|scanline) (\d+) of (?:strip|tile) (\d+)")
_AT_ROW = re.compile(r"Y offset (\d+)")
_HARMLESS = re.compile(r"TIFFReadDirectory|TIFFFetchNormalTag|[Uu]nknown field|ExtraSamples")


class GdalPixels(ChunkedPixels):
    """TIFF, PNG or JPEG through rasterio, by windows.

    Parameters
    ----------
    data : bytes
    name : str
        For messages.
    limits : RasterLimits
    page : TiffPage or None
        Directory of the wanted page of a TIFF; None for other formats.

    Raises
    ------
    DecodeError
        rasterio cannot open the file.
    UnsupportedFormatError
        Pixels of a kind that has no fixed black and white (float, signed).
    TooLargeError
        Beyond the limits.
    """

    def __init__(
        self, data: bytes, name: str, limits: RasterLimits, page: TiffPage | None = None
    ) -> None:
        super().__init__()
        self._memory = MemoryFile(_padded(data, page))
        self._dataset = _open_dataset(self._memory, name, page)
        weakref.finalize(self, _close, self._dataset, self._memory)
        self.height_px, self.width_px = self._dataset.height, self._dataset.width
        check_limits(self.height_px, self.width_px, name, limits)
        if page is not None and page.height_px != self.height_px:
            page = None  # the directory was understood differently: do not build on it
        self._page = page
        self._present = None if page is None else _present_rows(page, len(data))
        self.channels, self.is_bilevel, self._to_tone = _tone_converter(self._dataset, name)
        if self.is_bilevel:  # read once, into `PackedPixels`
            self.cache_bytes = 0
        self._known: list[Damage] = []
        self._end = self.height_px
        self._leaf_rows = 1 if page is None else page.block_rows
        self._is_sequential = page is None or page.block_rows > _MAX_WHOLE_BLOCK_ROWS
        if self._leaf_rows <= _MAX_WHOLE_BLOCK_ROWS:
            self.chunk_rows = self._leaf_rows * max(1, round(_CHUNK_ROWS / self._leaf_rows))
        else:
            self._leaf_rows = 1

    def _decode(self, row0: int, row1: int) -> U8:
        shape = (row1 - row0, self.width_px, 3)[: 2 if self.channels == 1 else 3]
        out: U8 = np.full(shape, PAPER, dtype=np.uint8)
        for first, last in self._readable(row0, row1):
            self._read_into(out, row0, first, last)
        for damage in self._known:
            a, b = max(damage.first, row0), min(damage.last, row1)
            if a < b:
                out[a - row0 : b - row0] = PAPER
        return out

    def _readable(self, row0: int, row1: int) -> list[tuple[int, int]]:
        """Runs of rows whose strips lie in the file; the rest is noted as missing."""
        if self._present is None:
            present = np.ones(row1 - row0, dtype=np.bool_)
        else:
            present = self._present[row0:row1].copy()
        present[max(0, self._end - row0) :] = False
        edges = np.flatnonzero(np.diff(present)) + 1
        bounds = [0, *edges.tolist(), len(present)]
        runs = []
        for a, b in itertools.pairwise(bounds):
            if present[a]:
                runs.append((row0 + a, row0 + b))
            else:
                self._damage.append(Damage(row0 + a, row0 + b, "missing"))
        return runs

    def _read_into(self, out: U8, base: int, first: int, last: int) -> None:
        """Read rows; on failure isolate the unreadable blocks."""
        if first >= min(last, self._end):
            self._note(Damage(first, last, "missing"))
            return
        fax = self._page is not None and self._page.compression in FAX_CODECS
        with _MESSAGES.collect() as messages:
            try:
                # A fax strip is worth keeping up to its first bad line; other codecs are not.
                with rasterio.Env(
                    GDAL_CACHEMAX=_GDAL_CACHE_MB, GTIFF_IGNORE_READ_ERRORS="YES" if fax else "NO"
                ):
                    raw = self._dataset.read(window=Window(0, first, self.width_px, last - first))
            except (RasterioError, MemoryError) as error:
                raw, failure = None, error
        if raw is None:
            self._isolate(out, base, first, last, _failed_row(failure))
            return
        out[first - base : last - base] = self._to_tone(raw)
        for damage in self._damage_in(messages, first, last):
            self._note(damage)

    def _isolate(self, out: U8, base: int, first: int, last: int, failed: int | None) -> None:
        """Read what can be read of a window that failed as a whole."""
        if self._is_sequential and failed is not None and first <= failed < last:
            # libjpeg complains once and then hands out grey: this row must not be asked for again.
            self._end = failed
            self._note(Damage(failed, last, "missing"))
            if first < failed:
                self._read_into(out, base, first, failed)
            return
        middle = ((first + last) // 2) // self._leaf_rows * self._leaf_rows
        if first < middle < last:
            self._read_into(out, base, first, middle)
            self._read_into(out, base, middle, last)
        elif self._is_sequential:  # nothing after an unreadable row of one stream can be trusted
            self._end = first
            self._note(Damage(first, last, "missing"))
        else:
            self._note(Damage(first, last, "damaged"))

    def _note(self, damage: Damage) -> None:
        self._known.append(damage)
        self._damage.append(damage)

    def _damage_in(self, messages: list[str], first: int, last: int) -> list[Damage]:
        found: dict[tuple[int, int], Damage] = {}
        for message in messages:
            match = _AT_LINE.search(message)
            if match and self._page is not None:
                damage = self._damaged_lines(int(match[1]), int(match[2]))
            elif _HARMLESS.search(message):
                continue
            else:
                damage = Damage(first, last, "damaged")
            if damage.first < damage.last:
                found[damage.first, damage.last] = damage
        return merge_damage(list(found.values()))

    def _damaged_lines(self, line: int, block: int) -> Damage:
        assert self._page is not None
        rows = self._page.block_rows
        top = block // self._page.blocks_per_row * rows
        bottom = min(top + rows, self.height_px)
        # Group 4 codes each line by the one above: after one bad line the strip is rubbish.
        last = bottom if self._page.compression == GROUP_4 else min(top + line + 1, bottom)
        return Damage(min(top + line, bottom), last, "damaged")


def _failed_row(error: BaseException) -> int | None:
    """Row at which GDAL says a scanline-wise read failed."""
    match = _AT_ROW.search(str(error.__cause__))
    return int(match[1]) if match else None


def _close(dataset: Any, memory: Any) -> None:
    dataset.close()
    memory.close()


def _open_dataset(memory: MemoryFile, name: str, page: TiffPage | None) -> Any:
    directory = 1 if page is None else page.directory
    target = memory.name if directory == 1 else f"GTIFF_DIR:{directory}:{memory.name}"
    # catch_warnings is not thread-safe, hence the lock: a scan has no georeference, and says so.
    with _OPEN_LOCK, warnings.catch_warnings(), _MESSAGES.collect():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            with rasterio.Env(
                GDAL_CACHEMAX=_GDAL_CACHE_MB, GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"
            ):
                return rasterio.open(target)
        except RasterioError as error:
            memory.close()
            raise DecodeError(f"rasterio cannot open it ({error})", where=name) from error


def _present_rows(page: TiffPage, size_bytes: int) -> Bool | None:
    """Which rows have a strip or tile in the file; None where the directory does not tell."""
    n_bands = -(-page.height_px // page.block_rows)
    n_blocks = n_bands * page.blocks_per_row
    if not len(page.offsets) or len(page.offsets) != len(page.byte_counts):
        return None
    if len(page.offsets) % n_blocks:
        return None
    ends = page.offsets + page.byte_counts
    is_fax = page.compression in FAX_CODECS
    # A fax strip that is cut off still decodes up to the cut; of other codecs only whole strips.
    reached = page.offsets < size_bytes if is_fax else ends <= size_bytes
    written = reached & (page.offsets > 0) & (page.byte_counts > 0)
    bands = written.reshape(-1, n_bands, page.blocks_per_row).all(axis=(0, 2))
    return np.repeat(bands, page.block_rows)[: page.height_px]


def _padded(data: bytes, page: TiffPage | None) -> bytes:
    """Extend a truncated fax file with zeros to the end of the strip that is cut.

    libtiff refuses a strip that ends beyond the file; with the gap filled it decodes the lines that
    are there and reports the first bad one.
    """
    if page is None or page.compression not in FAX_CODECS or not len(page.offsets):
        return data
    if len(page.offsets) != len(page.byte_counts):
        return data
    started = (page.offsets < len(data)) & (page.offsets > 0)
    if not started.any():
        return data
    missing = int((page.offsets + page.byte_counts)[started].max()) - len(data)
    return data + bytes(missing) if 0 < missing <= _MAX_PAD_BYTES else data


# ---- from samples to tone --------------------------------------------------------------------

_ToneConverter = Callable[[Any], U8]


def _tone_converter(dataset: Any, name: str) -> tuple[int, bool, _ToneConverter]:
    """How raw samples [bands, rows, cols] of a dataset become luminance or RGB.

    Returns
    -------
    channels : int
    is_bilevel : bool
    convert : callable
    """
    dtype = dataset.dtypes[0]
    if dtype not in ("uint8", "uint16"):
        raise UnsupportedFormatError(
            f"pixels are {dtype}: no fixed black and white",
            where=name,
            remedy="Convert the scan to 8-bit grey or colour.",
        )
    if dataset.count > _MAX_BANDS:  # else a damaged header costs a decoding of thousands of them
        raise UnsupportedFormatError(f"{dataset.count} bands, not grey or colour", where=name)
    kinds = dataset.colorinterp
    if kinds[0] == ColorInterp.palette:
        return _palette_converter(dataset.colormap(1))
    to_byte = _to_byte(dataset)
    if dataset.count >= 4 and kinds[0] == ColorInterp.cyan:
        return 3, False, lambda raw: _cmyk_to_rgb(to_byte(raw))
    if dataset.count >= 3:
        has_alpha = dataset.count >= 4 and kinds[3] == ColorInterp.alpha
        return 3, False, lambda raw: over_white(to_byte(raw), 3, has_alpha)
    bits = int(dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    has_alpha = dataset.count == 2 and kinds[1] == ColorInterp.alpha
    return 1, bits == 1 and dataset.count == 1, lambda raw: over_white(to_byte(raw), 1, has_alpha)


def _palette_converter(
    colormap: dict[int, tuple[int, int, int, int]],
) -> tuple[int, bool, _ToneConverter]:
    rgba = np.full((256, 4), PAPER, dtype=np.float64)
    for code, colour in colormap.items():
        if code < 256:
            rgba[code] = colour
    alpha = rgba[:, 3:] / 255.0
    lut = np.rint(rgba[:, :3] * alpha + PAPER * (1.0 - alpha)).astype(np.uint8)
    if (lut == lut[:, :1]).all():
        grey = lut[:, 0].copy()
        is_bilevel = len(colormap) == 2 and set(grey[:2].tolist()) == {0, PAPER}
        return 1, is_bilevel, lambda raw: np.asarray(cv2.LUT(raw[0], grey), dtype=np.uint8)
    return 3, False, lambda raw: lut[raw[0]]


def _to_byte(dataset: Any) -> _ToneConverter:
    """Raw samples to 0..255 with 255 = white: bit depth and MINISWHITE undone."""
    bits = int(
        dataset.tags(1, ns="IMAGE_STRUCTURE").get(
            "NBITS", 16 if dataset.dtypes[0] == "uint16" else 8
        )
    )
    full = 2**bits - 1
    codes = np.arange(65_536 if dataset.dtypes[0] == "uint16" else 256)
    lut = np.rint(np.minimum(codes, full) * (255.0 / full)).astype(np.uint8)
    if dataset.tags(ns="IMAGE_STRUCTURE").get("MINISWHITE") == "YES":
        lut = np.uint8(255) - lut
    if np.array_equal(lut, codes):
        return lambda raw: np.asarray(raw, dtype=np.uint8)
    return lambda raw: lut[raw]


def _cmyk_to_rgb(samples: U8) -> U8:
    clear = 255.0 - samples[:4].astype(np.float32)
    return np.ascontiguousarray(np.rint(np.moveaxis(clear[:3] * clear[3] / 255.0, 0, -1)), np.uint8)
