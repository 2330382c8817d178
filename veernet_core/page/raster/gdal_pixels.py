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
from collections.abc import Iterator
from typing import Any

import numpy as np

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8
from veernet_core.errors import DecodeError, plain_text
from veernet_core.page.raster.cut_strips import (
    can_end_early,
    padded,
    present_rows,
    readable_to_the_end,
    whole_rows,
)
from veernet_core.page.raster.pixels import (
    PAPER,
    ChunkedPixels,
    Damage,
    check_limits,
    merge_damage,
)
from veernet_core.page.raster.rasterio_alone import (
    MemoryFile,
    NotGeoreferencedWarning,
    RasterioError,
    Window,
    rasterio,
)
from veernet_core.page.raster.stream_checks import CHECKED, stream_damage
from veernet_core.page.raster.tiff import FAX_CODECS, GROUP_4, RUN_LENGTHS, TiffPage
from veernet_core.page.raster.tones import is_read_by_codes, tone_converter

_CHUNK_ROWS = 256
_MAX_WHOLE_BLOCK_ROWS = 4096
_GDAL_CACHE_MB = 32
_MAX_MESSAGES = 20_000
_UNNOTICED_LINES = 24
"""Lines after a flipped bit that libtiff takes before one is impossible: 99 of 100 in trials on real pages."""


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
        if messages is None:  # what is said outside of a read is for nobody
            return False
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
_AT_END = re.compile(r"EOF|Fax4Decode: ?Premature EOL.*got 0,")
_AT_ROW = re.compile(r"Y offset (\d+)")
_HARMLESS = re.compile(
    r"TIFFReadDirectory|TIFFFetchNormalTag|[Uu]nknown field|ExtraSamples"
    r"|libpng: (?!IDAT)"  # chunks that no pixel needs: what is wrong with pixels fails the read
    r"|unknown JFIF revision|Adobe color transform"
)


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
        self._data, self._name = padded(data, page), name
        self._memory = MemoryFile(self._data)
        # A fax strip is worth keeping up to its first bad line. GDAL looks at this when it opens.
        self._is_fax = page is not None and page.compression in FAX_CODECS
        self._dataset = _open_dataset(self._memory, name, page, forgiving=self._is_fax)
        weakref.finalize(self, _close, self._dataset, self._memory)
        self._forgiving: tuple[int, Any, Any] | None = None
        self.height_px, self.width_px = self._dataset.height, self._dataset.width
        check_limits(self.height_px, self.width_px, name, limits)
        if page is not None and page.height_px != self.height_px:
            page = None  # the directory was understood differently: do not build on it
        self._page = page
        self._present = None if page is None else present_rows(page, len(data))
        self.is_read_by_codes = is_read_by_codes(self._dataset)
        self.channels, self.is_bilevel, self._to_tone = tone_converter(self._dataset, name, page)
        if self.is_bilevel:  # read once, into `PackedPixels`
            self.cache_bytes = 0
        self._known: list[Damage] = []
        self._good: dict[int, int | None] = {}
        self._last_ink: dict[int, int] = {}
        self._size_bytes = len(data)
        self._end = self.height_px
        self._leaf_rows = 1 if page is None else page.block_rows
        self._is_sequential = page is None or page.block_rows > _MAX_WHOLE_BLOCK_ROWS
        if self._leaf_rows <= _MAX_WHOLE_BLOCK_ROWS:
            self.chunk_rows = self._leaf_rows * max(1, round(_CHUNK_ROWS / self._leaf_rows))
        else:
            self._leaf_rows = 1
        for damage in stream_damage(data, page, self.height_px):
            self._note(damage)

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
        with _MESSAGES.collect() as messages:
            try:
                raw = _read_window(self._dataset, first, last)
            except (RasterioError, MemoryError) as error:
                raw, failure = None, error
        if raw is not None and not self._are_sound(first, last):
            raw, failure = None, DecodeError(f"{self._name}: a strip fails its checksum")
        if raw is None:
            if self._page is not None and can_end_early(self._page):
                self._salvage(out, base, first, last)
            else:
                self._isolate(out, base, first, last, _failed_row(failure))
            return
        out[first - base : last - base] = self._to_tone(raw)
        for damage in self._damage_in(messages, first, last):
            self._note(damage)
        if self._is_fax and self._page is not None and self._page.compression != GROUP_4:
            self._note_silent_end(out[first - base : last - base], first, last)

    def _are_sound(self, first: int, last: int) -> bool:
        """Whether the strips of a window are what was written: libtiff looks at no checksum of a deflate
        stream that unpacks to as many bytes as it expects, and takes any codes of LZW and PackBits.
        """
        if self._page is None or self._page.compression not in CHECKED:
            return True
        if not can_end_early(self._page):
            return True
        rows = self._page.block_rows
        good = {block: self._good_rows(block) for block in range(first // rows, -(-last // rows))}
        return all(
            n is None or n >= min(rows, self.height_px - block * rows) for block, n in good.items()
        )

    def _note_silent_end(self, tone: U8, first: int, last: int) -> None:
        """Of lines after the end of a Group 3 stream libtiff says nothing: in a strip that is cut or
        damaged the blank rows at its foot are taken to be missing.
        """
        assert self._page is not None
        rows = self._page.block_rows
        inked = first + np.flatnonzero((tone < PAPER).any(axis=1))
        for block in range(first // rows, -(-last // rows)):
            top, bottom = block * rows, min((block + 1) * rows, self.height_px)
            own = inked[(inked >= top) & (inked < bottom)]
            self._last_ink[block] = int(own[-1]) if len(own) else self._last_ink.get(block, top - 1)
            harmed = [d.last for d in self._known if top < d.last <= bottom]
            if last < bottom or not (harmed or self._is_cut(block)):
                continue
            end = max([self._last_ink[block] + 1, *harmed, top])
            if end < bottom:
                self._note(Damage(end, bottom, "missing"))

    def _is_cut(self, block: int) -> bool:
        place = None if self._page is None else self._page.place_of(block)
        return place is not None and sum(place) > self._size_bytes

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

    def _salvage(self, out: U8, base: int, first: int, last: int) -> None:
        """Read strip by strip what a window that failed as a whole has: whole strips, and the start of
        strips whose stream ends early.
        """
        assert self._page is not None
        rows = self._page.block_rows
        for block in range(first // rows, -(-last // rows)):
            a, b = max(first, block * rows), min(last, (block + 1) * rows)
            good = min(b, block * rows + (self._good_rows(block) or 0))
            if a < good:
                try:
                    with _MESSAGES.collect():
                        raw = _read_window(self._forgiving_dataset(block), a, good)
                    out[a - base : good - base] = self._to_tone(raw)
                except (RasterioError, MemoryError, DecodeError):
                    good = a
            if max(a, good) < b:
                self._note(Damage(max(a, good), b, "damaged"))

    def _good_rows(self, block: int) -> int | None:
        """Rows at the start of a strip that can be trusted; None where the codec is not followed."""
        if block not in self._good:
            assert self._page is not None
            self._good[block] = whole_rows(self._data, self._page, block)
        return self._good[block]

    def _forgiving_dataset(self, block: int) -> Any:
        """The file opened so that the decoded part of a broken strip is handed out; the last is kept."""
        if self._forgiving is None or self._forgiving[0] != block:
            assert self._page is not None
            if self._forgiving is not None:
                self._forgiving[2]()
            memory = MemoryFile(readable_to_the_end(self._data, self._page, block))
            dataset = _open_dataset(memory, self._name, self._page, forgiving=True)
            close = weakref.finalize(self, _close, dataset, memory)
            self._forgiving = (block, dataset, close)
        return self._forgiving[1]

    def _note(self, damage: Damage) -> None:
        self._known.append(damage)
        self._damage.append(damage)

    def _damage_in(self, messages: list[str], first: int, last: int) -> list[Damage]:
        found: dict[tuple[int, int], Damage] = {}
        for message in messages:
            match = _AT_LINE.search(message)
            if match and self._page is not None:
                is_end = bool(_AT_END.search(message))
                damage = self._damaged_lines(int(match[1]), int(match[2]), is_end)
            elif _HARMLESS.search(message):
                continue
            else:
                # what follows damage in a JPEG is garbage, and libjpeg speaks of the first only
                is_jpeg = self._page is None and "libjpeg" in message
                if is_jpeg and self._known:  # its rows are known
                    continue
                damage = Damage(first, self.height_px if is_jpeg else last, "damaged")
            if damage.first < damage.last:
                found[damage.first, damage.last] = damage
        return merge_damage(list(found.values()))

    def _damaged_lines(self, line: int, block: int, is_end: bool) -> Damage:
        assert self._page is not None
        rows = self._page.block_rows
        top = block // self._page.blocks_per_row * rows
        bottom = min(top + rows, self.height_px)
        # Group 4 codes each line by the one above, and lines without an end mark are found by counting:
        # after one bad line the strip is rubbish, and so are the lines before one is impossible.
        codec = self._page.compression
        to_the_end = is_end or codec in (GROUP_4, RUN_LENGTHS)
        last = bottom if to_the_end else min(top + line + 1, bottom)
        first = top + max(0, line - (_UNNOTICED_LINES if to_the_end and not is_end else 0))
        return Damage(min(first, bottom), last, "damaged")


def _read_window(dataset: Any, first: int, last: int) -> Any:
    with rasterio.Env(GDAL_CACHEMAX=_GDAL_CACHE_MB):
        return dataset.read(window=Window(0, first, dataset.width, last - first))


def _failed_row(error: BaseException) -> int | None:
    """Row at which GDAL says a scanline-wise read failed."""
    match = _AT_ROW.search(str(error.__cause__))
    return int(match[1]) if match else None


def _close(dataset: Any, memory: Any) -> None:
    dataset.close()
    memory.close()


def _open_dataset(
    memory: MemoryFile, name: str, page: TiffPage | None, forgiving: bool = False
) -> Any:
    directory = 1 if page is None else page.directory
    target = memory.name if directory == 1 else f"GTIFF_DIR:{directory}:{memory.name}"
    # catch_warnings is not thread-safe, hence the lock: a scan has no georeference, and says so.
    with _OPEN_LOCK, warnings.catch_warnings(), _MESSAGES.collect():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            with rasterio.Env(
                GDAL_CACHEMAX=_GDAL_CACHE_MB,
                GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR",
                GTIFF_IGNORE_READ_ERRORS="YES" if forgiving else "NO",
            ):
                return rasterio.open(target)
        except RasterioError as error:
            memory.close()
            raise DecodeError(f"rasterio cannot open it ({plain_text(error)})", name) from error
