"""Pixels behind one face: rows of upright tones, whatever the file.

A `PixelSource` gives any run of rows as 8-bit luminance or RGB (255 = paper white) and tells which
rows it could not read; such rows come back as blank paper, never as decoder garbage. Here: the
face, the sources held in memory, orientation, size limits. The decoders are `gdal_pixels`,
`pdf_pixels` and `pillow_pixels`.
Does not belong here: codecs, which decoder to try, paper and ink levels, findings (`raster`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import numpy as np

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8
from veernet_core.errors import TooLargeError

PAPER = 255
_MAX_TURNED_BYTES = 1 << 30

DamageKind = Literal["damaged", "missing", "doubtful"]


@dataclass(frozen=True, slots=True)
class Damage:
    """Rows ``first <= row < last`` that could not be read; the doubtful are given as they were decoded."""

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


class ChunkedPixels(PixelSource):
    """Decodes whole chunks of rows and keeps the last ones, in bounded memory."""

    chunk_rows: int = 256
    cache_bytes: int = 96 << 20

    def __init__(self) -> None:
        self._cache: OrderedDict[int, U8] = OrderedDict()
        self._damage: list[Damage] = []

    @abstractmethod
    def _decode(self, row0: int, row1: int) -> U8:
        """Decode one chunk."""

    def read(self, row0: int, row1: int) -> U8:  # noqa: D102
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
        while len(self._cache) > max(2, self.cache_bytes // max(1, chunk.nbytes)):
            self._cache.popitem(last=False)
        return chunk

    def take_damage(self) -> list[Damage]:  # noqa: D102
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


def over_white(samples: U8, channels: int, has_alpha: bool) -> U8:
    """Planes ``[bands, rows, cols]`` to tone, with an alpha plane laid over white paper."""
    tone = samples[:channels]
    if has_alpha:
        alpha = samples[channels].astype(np.float32) / 255.0
        tone = np.rint(tone * alpha + PAPER * (1.0 - alpha)).astype(np.uint8)
    return tone[0] if channels == 1 else np.ascontiguousarray(np.moveaxis(tone, 0, -1))


def sixteen_bits(top: int) -> int:
    """Bits in use in samples of 16, by the largest one: scanners of 10, 12 and 14 bits write into 16."""
    return next(bits for bits in (10, 12, 14, 16) if top < 2**bits)


def merge_damage(damage: list[Damage]) -> list[Damage]:
    """Union of overlapping or touching ranges of one kind, in row order."""
    out: list[Damage] = []
    for d in sorted(damage, key=lambda d: (d.kind, d.first)):
        if out and out[-1].kind == d.kind and d.first <= out[-1].last:
            out[-1] = Damage(out[-1].first, max(out[-1].last, d.last), d.kind)
        else:
            out.append(d)
    return sorted(out, key=lambda d: d.first)
