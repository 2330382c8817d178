"""Decoders behind one face: rows of upright pixels, whatever the file.

In: the bytes of a TIFF, PNG, JPEG or PDF. Out: a `PixelSource` that gives any run of rows as 8-bit
luminance or RGB (255 = paper white), and tells which rows it could not read. Rows that were damaged
or missing come back as blank paper, never as decoder garbage.
Does not belong here: which of these decoders to try, paper and ink levels, findings (`raster`).
"""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import re
import threading
import warnings
import weakref
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c
import rasterio
from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile
from rasterio.windows import Window

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8, Bool
from veernet_core.errors import DecodeError, TooLargeError, UnsupportedFormatError
from veernet_core.page.tiff import FAX_CODECS, GROUP_4, TiffPage

PAPER = 255
_CHUNK_ROWS = 256
_MAX_WHOLE_BLOCK_ROWS = 4096
_CACHE_BYTES = 96 << 20
_GDAL_CACHE_MB = 32
_MAX_PAD_BYTES = 256 << 20
_MAX_TURNED_BYTES = 1 << 30
_MAX_MESSAGES = 20_000

DamageKind = Literal["damaged", "missing"]


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows ``first <= row < last`` that could not be read."""

    first: int
    last: int
    kind: DamageKind


class PixelSource(ABC):
    """Upright pixels by rows.

    Attributes
    ----------
    height_px, width_px : int
    channels : int
        1 (luminance) or 3 (RGB).
    is_bilevel : bool
        Every pixel is 0 or 255.
    """

    height_px: int
    width_px: int
    channels: int
    is_bilevel: bool = False

    @abstractmethod
    def read(self, row0: int, row1: int) -> U8:
        """Rows ``row0 <= row < row1`` as uint8 [rows, width] or [rows, width, 3]; 255 is white."""

    def take_damage(self) -> list[Damage]:
        """Unreadable rows met since the last call."""
        return []


class PackedPixels(PixelSource):
    """A bilevel page held in memory, eight pixels to the byte.

    A 3,300 x 240,000 page takes 99 MB, and then any window is cheap in any order: one-strip G4
    files would otherwise be decoded from the top for every step back.
    """

    channels = 1
    is_bilevel = True

    def __init__(self, height_px: int, width_px: int) -> None:
        self.height_px, self.width_px = height_px, width_px
        self._bits: U8 = np.zeros((height_px, -(-width_px // 8)), dtype=np.uint8)
        self._damage: list[Damage] = []

    @classmethod
    def from_source(cls, source: PixelSource) -> PackedPixels:
        """Read a bilevel source once, from top to bottom."""
        packed = cls(source.height_px, source.width_px)
        for row in range(0, source.height_px, 1024):
            tone = source.read(row, min(row + 1024, source.height_px))
            packed._bits[row : row + len(tone)] = np.packbits(tone < 128, axis=1)
        packed._damage = source.take_damage()
        return packed

    def read(self, row0: int, row1: int) -> U8:  # noqa: D102
        ink = np.unpackbits(self._bits[row0:row1], axis=1, count=self.width_px)
        return ink * np.uint8(PAPER) ^ np.uint8(PAPER)

    def ink_share(self) -> float:
        """Share of the page's pixels that are black."""
        return float(np.bitwise_count(self._bits).sum(dtype=np.int64)) / (
            self.height_px * self.width_px
        )

    def take_damage(self) -> list[Damage]:  # noqa: D102
        damage, self._damage = self._damage, []
        return damage


class ArrayPixels(PixelSource):
    """A page that is small enough to be held whole."""

    def __init__(self, tone: U8, damage: list[Damage] | None = None) -> None:
        self._tone = tone
        self.height_px, self.width_px = tone.shape[:2]
        self.channels = 1 if tone.ndim == 2 else 3
        self._damage = damage or []

    def read(self, row0: int, row1: int) -> U8:  # noqa: D102
        return self._tone[row0:row1]

    def take_damage(self) -> list[Damage]:  # noqa: D102
        damage, self._damage = self._damage, []
        return damage


class _ChunkedPixels(PixelSource):
    """Decodes whole chunks of rows and keeps the last ones, in bounded memory."""

    chunk_rows: int = _CHUNK_ROWS

    def __init__(self) -> None:
        self._cache: OrderedDict[int, U8] = OrderedDict()
        self._damage: list[Damage] = []

    @abstractmethod
    def _decode(self, row0: int, row1: int) -> U8:
        """Decode one chunk."""

    def read(self, row0: int, row1: int) -> U8:
        shape = (row1 - row0, self.width_px, 3)[: 2 if self.channels == 1 else 3]
        out: U8 = np.empty(shape, dtype=np.uint8)
        for index in range(row0 // self.chunk_rows, -(-row1 // self.chunk_rows)):
            start = index * self.chunk_rows
            chunk = self._chunk(index)
            a, b = max(row0, start), min(row1, start + len(chunk))
            out[a - row0 : b - row0] = chunk[a - start : b - start]
        return out

    def _chunk(self, index: int) -> U8:
        if index in self._cache:
            self._cache.move_to_end(index)
            return self._cache[index]
        start = index * self.chunk_rows
        chunk = self._decode(start, min(start + self.chunk_rows, self.height_px))
        self._cache[index] = chunk
        while len(self._cache) > max(2, _CACHE_BYTES // max(1, chunk.nbytes)):
            self._cache.popitem(last=False)
        return chunk

    def take_damage(self) -> list[Damage]:
        damage, self._damage = self._damage, []
        return damage


class OrientedPixels(PixelSource):
    """Another source seen through an EXIF/TIFF orientation (1 to 8), upright.

    Mirrored and upside-down pages stay windowed; pages on their side are turned in memory.
    """

    def __init__(self, source: PixelSource, orientation: int) -> None:
        self._source, self._orientation = source, orientation
        self._turned: U8 | None = None
        self.channels, self.is_bilevel = source.channels, source.is_bilevel
        self.height_px, self.width_px = source.height_px, source.width_px
        if orientation >= 5:
            whole = source.read(0, source.height_px).swapaxes(0, 1)
            self._turned = _mirror(whole, {5: 1, 6: 2, 7: 3, 8: 4}[orientation])
            self.height_px, self.width_px = source.width_px, source.height_px

    def read(self, row0: int, row1: int) -> U8:  # noqa: D102
        if self._turned is not None:
            return np.ascontiguousarray(self._turned[row0:row1])
        if self._orientation in (3, 4):
            row0, row1 = self.height_px - row1, self.height_px - row0
        return np.ascontiguousarray(_mirror(self._source.read(row0, row1), self._orientation))

    def take_damage(self) -> list[Damage]:  # noqa: D102
        damage = self._source.take_damage()
        if self._turned is not None:
            return [Damage(0, self.height_px, d.kind) for d in damage[:1]]
        if self._orientation == 2:
            return damage
        height = self.height_px
        return [Damage(height - d.last, height - d.first, d.kind) for d in damage]


def _mirror(tone: U8, orientation: int) -> U8:
    """Undo orientations 1 to 4: flips of columns (2), both (3), rows (4)."""
    if orientation in (3, 4):
        tone = tone[::-1]
    return tone[:, ::-1] if orientation in (2, 3) else tone


def can_turn(source: PixelSource, orientation: int) -> bool:
    """Whether the page can be set upright in bounded memory."""
    size = source.height_px * source.width_px * source.channels
    return orientation <= 4 or size <= _MAX_TURNED_BYTES


def check_limits(height_px: int, width_px: int, name: str, limits: RasterLimits) -> None:
    """Refuse bombs before a pixel is decoded.

    Raises
    ------
    TooLargeError
        Height, width or their product exceeds the limits.
    """
    for value, limit, what in (
        (height_px, limits.max_height_px, "px tall"),
        (width_px, limits.max_width_px, "px wide"),
        (height_px * width_px, limits.max_pixels, "pixels in all"),
    ):
        if value > limit:
            raise TooLargeError(f"{value:,} {what}, the limit is {limit:,}", where=name)


# ---- GDAL ------------------------------------------------------------------------------------


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
_HARMLESS = re.compile(r"TIFFReadDirectory|TIFFFetchNormalTag|[Uu]nknown field|ExtraSamples")


class GdalPixels(_ChunkedPixels):
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
        self._page = page
        self._present = None if page is None else _present_rows(page, len(data))
        self._memory = MemoryFile(_padded(data, page))
        self._dataset = _open_dataset(self._memory, name, page)
        weakref.finalize(self, _close, self._dataset, self._memory)
        self.height_px, self.width_px = self._dataset.height, self._dataset.width
        check_limits(self.height_px, self.width_px, name, limits)
        self.channels, self.is_bilevel, self._to_tone = _tone_converter(self._dataset, name)
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
        """Read rows, halving on failure until the unreadable blocks are isolated."""
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
            except (RasterioError, MemoryError):
                raw = None
        if raw is None:
            self._halve(out, base, first, last)
            return
        out[first - base : last - base] = self._to_tone(raw)
        for damage in self._damage_in(messages, first, last):
            self._note(damage)

    def _halve(self, out: U8, base: int, first: int, last: int) -> None:
        leaf = self._leaf_rows
        middle = ((first + last) // 2) // leaf * leaf
        if first < middle < last:
            self._read_into(out, base, first, middle)
            self._read_into(out, base, middle, last)
            return
        self._note(Damage(first, last, "missing" if self._is_sequential else "damaged"))
        if self._is_sequential:
            self._end = first  # nothing after an unreadable row of one stream can be trusted

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
        return _merged(list(found.values()))

    def _damaged_lines(self, line: int, block: int) -> Damage:
        assert self._page is not None
        rows = self._page.block_rows
        top = block // self._page.blocks_per_row * rows
        bottom = min(top + rows, self.height_px)
        # Group 4 codes each line by the one above: after one bad line the strip is rubbish.
        last = bottom if self._page.compression == GROUP_4 else min(top + line + 1, bottom)
        return Damage(min(top + line, bottom), last, "damaged")


def _merged(damage: list[Damage]) -> list[Damage]:
    """Union of overlapping or touching ranges of one kind."""
    out: list[Damage] = []
    for d in sorted(damage, key=lambda d: (d.kind, d.first)):
        if out and out[-1].kind == d.kind and d.first <= out[-1].last:
            out[-1] = Damage(out[-1].first, max(out[-1].last, d.last), d.kind)
        else:
            out.append(d)
    return out


def merge_damage(damage: list[Damage]) -> list[Damage]:
    """Union of touching ranges, in row order; what is missing is not also called damaged."""
    return sorted(_merged(damage), key=lambda d: d.first)


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
    kinds = dataset.colorinterp
    if kinds[0] == ColorInterp.palette:
        return _palette_converter(dataset.colormap(1))
    to_byte = _to_byte(dataset)
    if dataset.count >= 4 and kinds[0] == ColorInterp.cyan:
        return 3, False, lambda raw: _cmyk_to_rgb(to_byte(raw))
    if dataset.count >= 3:
        has_alpha = dataset.count >= 4 and kinds[3] == ColorInterp.alpha
        return 3, False, lambda raw: _over_white(to_byte(raw), 3, has_alpha)
    bits = int(dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 8))
    has_alpha = dataset.count == 2 and kinds[1] == ColorInterp.alpha
    return 1, bits == 1 and dataset.count == 1, lambda raw: _over_white(to_byte(raw), 1, has_alpha)


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


def _over_white(samples: U8, channels: int, has_alpha: bool) -> U8:
    tone = samples[:channels]
    if has_alpha:
        alpha = samples[channels].astype(np.float32) / 255.0
        tone = np.rint(tone * alpha + PAPER * (1.0 - alpha)).astype(np.uint8)
    return tone[0] if channels == 1 else np.ascontiguousarray(np.moveaxis(tone, 0, -1))


def _cmyk_to_rgb(samples: U8) -> U8:
    clear = 255.0 - samples[:4].astype(np.float32)
    return np.ascontiguousarray(np.rint(np.moveaxis(clear[:3] * clear[3] / 255.0, 0, -1)), np.uint8)


# ---- PDF -------------------------------------------------------------------------------------

_PDFIUM_LOCK = threading.RLock()
"""pdfium must never be entered by two threads at once, whatever the document."""


class PdfPixels(_ChunkedPixels):
    """The one page of a PDF, rendered at the resolution of the raster embedded in it.

    Raises
    ------
    DecodeError
        Damaged, encrypted.
    UnsupportedFormatError
        Several pages, or no raster image on the page.
    TooLargeError
        Beyond the limits.
    """

    chunk_rows = 1024

    def __init__(self, data: bytes, name: str, limits: RasterLimits) -> None:
        super().__init__()
        with _PDFIUM_LOCK:
            try:
                self._document = pypdfium2.PdfDocument(data)
                n_pages = len(self._document)
            except pypdfium2.PdfiumError as error:
                raise DecodeError(f"PDF cannot be opened ({error})", where=name) from error
            if n_pages != 1:
                raise UnsupportedFormatError(
                    f"PDF with {n_pages} pages",
                    where=name,
                    remedy="Split the PDF into one file per log, each with one page.",
                )
            self._page = self._document[0]
            self._measure(name)
        check_limits(self.height_px, self.width_px, name, limits)

    def _measure(self, name: str) -> None:
        images = list(self._page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))
        scales = [scale for image in images if (scale := _pixels_per_point(image)) is not None]
        if not scales:
            raise UnsupportedFormatError(
                "the PDF page holds no raster image",
                where=name,
                remedy="Print the page to a 300 dpi TIFF.",
            )
        across, down = max(scales)
        if self._page.get_rotation() in (90, 270):
            across, down = down, across
        width_pt, height_pt = self._page.get_size()
        self.width_px, self.height_px = round(width_pt * across), round(height_pt * down)
        self.dpi = (across * 72.0, down * 72.0)
        depths = [image.get_metadata() for image in images]
        grey = {pdfium_c.FPDF_COLORSPACE_DEVICEGRAY, pdfium_c.FPDF_COLORSPACE_CALGRAY}
        self.is_bilevel = all(d.bits_per_pixel == 1 and d.colorspace in grey for d in depths)
        self.channels = 1 if all(d.colorspace in grey for d in depths) else 3

    def _decode(self, row0: int, row1: int) -> U8:
        with _PDFIUM_LOCK:
            kind = pdfium_c.FPDFBitmap_Gray if self.channels == 1 else pdfium_c.FPDFBitmap_BGR
            bitmap = pypdfium2.PdfBitmap.new_native(self.width_px, row1 - row0, kind)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, self.width_px, row1 - row0)
            # The page keeps its exact pixel size and is shifted up, so bands join without a seam.
            pdfium_c.FPDF_RenderPageBitmap(
                bitmap, self._page, 0, -row0, self.width_px, self.height_px, 0,
                pdfium_c.FPDF_ANNOT | (pdfium_c.FPDF_GRAYSCALE if self.channels == 1 else 0),
            )  # fmt: skip
            pixels = bitmap.to_numpy().copy()
        if self.channels == 1:
            return pixels.reshape(row1 - row0, self.width_px)
        return np.ascontiguousarray(pixels[..., ::-1])


def _pixels_per_point(image: Any) -> tuple[float, float] | None:
    """Resolution of an image object along and across the page, or None where it has no extent."""
    width_px, height_px = image.get_px_size()
    left, bottom, right, top = image.get_bounds()
    if right - left <= 0 or top - bottom <= 0 or not width_px or not height_px:
        return None
    matrix = image.get_matrix()
    if abs(matrix.b) > abs(matrix.a):
        width_px, height_px = height_px, width_px
    return width_px / (right - left), height_px / (top - bottom)


# ---- Pillow: the second opinion --------------------------------------------------------------

_PILLOW: dict[str, Callable[[io.BytesIO], Image.Image]] = {
    "tiff": TiffImagePlugin.TiffImageFile,
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
}


def pillow_pixels(
    data: bytes, kind: str, name: str, limits: RasterLimits, frame: int = 0
) -> PixelSource:
    """Decode with Pillow what rasterio refuses.

    Raises
    ------
    DecodeError
        Pillow refuses as well.
    TooLargeError
        Beyond the limits (Pillow's own bomb guard is smaller than a log and is bypassed).
    """
    try:
        with _PILLOW[kind](io.BytesIO(data)) as image:
            image.seek(frame)
            check_limits(image.height, image.width, name, limits)
            image.load()
            return _pillow_source(image)
    except TooLargeError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything on broken files
        raise DecodeError(f"Pillow cannot decode it either ({error})", where=name) from error


def _pillow_source(image: Image.Image) -> PixelSource:
    width, height = image.size
    if image.mode == "1":
        packed = PackedPixels(height, width)
        for row in range(0, height, 1024):
            band = np.asarray(image.crop((0, row, width, min(row + 1024, height))))
            packed._bits[row : row + len(band)] = np.packbits(~band, axis=1)
        return packed
    if image.mode.startswith("I;16"):
        return ArrayPixels(np.rint(np.asarray(image) / 257.0).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode}")
    if image.mode == "L":
        return ArrayPixels(np.array(image))
    rgba = np.array(image.convert("RGBA"))
    return ArrayPixels(_over_white(np.moveaxis(rgba, -1, 0), 3, True))


def pillow_facts(data: bytes, kind: str) -> tuple[int, tuple[float, float] | None]:
    """EXIF orientation and dpi of a PNG or JPEG, from its header; (1, None) where not stated."""
    try:
        with _PILLOW[kind](io.BytesIO(data)) as image:
            dpi = image.info.get("dpi")
            orientation = int(image.getexif().get(0x0112, 1))
    except Exception:  # a header that Pillow dislikes only costs its hints
        return 1, None
    return (orientation if 1 <= orientation <= 8 else 1), (
        (float(dpi[0]), float(dpi[1])) if dpi and dpi[0] > 0 and dpi[1] > 0 else None
    )
