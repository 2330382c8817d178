"""The directory of a TIFF file, read without decoding a pixel.

In: the bytes of a file. Out: one `TiffPage` for each image in it, with the tags that the decoder
hides or hides too well: orientation, where every strip lies (so that a truncated file can be
salvaged and a strip that was never written is not taken for black), page sizes of a multi-page
file.
Does not belong here: decoding, polarity, judgement.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

_TYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4"}
_TYPES |= {10: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_MAX_PAGES = 4096
FAX_CODECS = frozenset({2, 3, 4})
"""TIFF compression codes of the CCITT family."""
GROUP_4 = 4
UNCOMPRESSED = 1


@dataclass(frozen=True, slots=True)
class TiffPage:
    """Tags of one image of a TIFF file.

    Attributes
    ----------
    directory : int
        1-based position among the file's directories (GDAL's numbering).
    block_rows : int
        Rows of a strip or tile.
    blocks_per_row : int
        Tiles side by side; 1 for strips.
    offsets, byte_counts : uint64 [n_blocks]
        Where the strips or tiles lie in the file; zero where one was never written.
    dpi : tuple of float or None
        (horizontal, vertical), as the file claims.
    is_reduced : bool
        An overview or a mask, not a page.
    """

    directory: int
    width_px: int
    height_px: int
    compression: int
    orientation: int
    sample_format: int
    block_rows: int
    blocks_per_row: int
    offsets: U64
    byte_counts: U64
    dpi: tuple[float, float] | None
    is_reduced: bool


def read_pages(data: bytes) -> tuple[TiffPage, ...]:
    """List the images of a TIFF file.

    Parameters
    ----------
    data : bytes
        The whole file, possibly truncated.

    Returns
    -------
    tuple of TiffPage
        In file order; empty where the directory cannot be read (it may lie beyond a truncation).
    """
    try:
        return tuple(_walk(data))
    except (struct.error, ValueError, KeyError, IndexError, OverflowError):
        return ()


def _walk(data: bytes) -> list[TiffPage]:
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    offset = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    pages: list[TiffPage] = []
    seen: set[int] = set()
    directory = 0
    while offset and offset not in seen and directory < _MAX_PAGES:
        seen.add(offset)
        directory += 1
        try:
            tags, following = _read_directory(data, order, big, offset)
            pages.append(_page(tags, directory))
        except (struct.error, ValueError, KeyError, IndexError):
            break  # a later directory beyond the truncation does not void the earlier ones
        offset = following
    return pages


def _read_directory(
    data: bytes, order: str, big: bool, offset: int
) -> tuple[dict[int, NDArray[np.generic]], int]:
    count_format, entry_size = ("Q", 20) if big else ("H", 12)
    n_entries = struct.unpack_from(order + count_format, data, offset)[0]
    start = offset + struct.calcsize(count_format)
    if n_entries > 65_535:
        raise ValueError("implausible directory")
    tags: dict[int, NDArray[np.generic]] = {}
    for entry in range(n_entries):
        tag, values = _read_entry(data, order, big, start + entry * entry_size)
        tags[tag] = values
    end = start + n_entries * entry_size
    following = struct.unpack_from(order + ("Q" if big else "I"), data, end)[0]
    return tags, following


def _read_entry(data: bytes, order: str, big: bool, at: int) -> tuple[int, NDArray[np.generic]]:
    tag, kind, count = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, at)
    inline_size, value_at = (8, at + 12) if big else (4, at + 8)
    dtype = np.dtype(order + _TYPES.get(kind, "u1"))
    n_values = count * (2 if kind in (5, 10) else 1)
    if n_values * dtype.itemsize > inline_size:
        value_at = struct.unpack_from(order + ("Q" if big else "I"), data, value_at)[0]
    return tag, np.frombuffer(data, dtype=dtype, count=n_values, offset=value_at)


def _page(tags: dict[int, NDArray[np.generic]], directory: int) -> TiffPage:
    def number(tag: int, default: int | None = None) -> int:
        if tag not in tags:
            if default is None:
                raise KeyError(tag)
            return default
        return int(np.asarray(tags[tag]).astype(np.int64)[0])

    width, height = number(256), number(257)
    tiled = 322 in tags
    block_rows = number(323) if tiled else min(height, number(278, height))
    block_cols = number(322) if tiled else width
    if min(width, height, block_rows, block_cols) < 1:
        raise ValueError("an image without pixels")
    no_blocks = np.zeros(0, dtype=np.uint64)
    return TiffPage(
        directory=directory,
        width_px=width,
        height_px=height,
        compression=number(259, UNCOMPRESSED),
        orientation=number(274, 1),
        sample_format=number(339, 1),
        block_rows=block_rows,
        blocks_per_row=-(-width // block_cols),
        offsets=tags.get(324 if tiled else 273, no_blocks).astype(np.uint64),
        byte_counts=tags.get(325 if tiled else 279, no_blocks).astype(np.uint64),
        dpi=_dpi(tags),
        is_reduced=bool(number(254, 0) & 0b101),
    )


def _dpi(tags: dict[int, NDArray[np.generic]]) -> tuple[float, float] | None:
    per_inch = {2: 1.0, 3: 2.54}.get(int(tags[296].astype(np.int64)[0]) if 296 in tags else 2)
    if per_inch is None or 282 not in tags or 283 not in tags:
        return None
    x, y = (tags[tag].astype(np.float64) for tag in (282, 283))
    if len(x) < 2 or len(y) < 2 or x[1] <= 0 or y[1] <= 0 or x[0] <= 0 or y[0] <= 0:
        return None
    return float(x[0] / x[1] * per_inch), float(y[0] / y[1] * per_inch)
