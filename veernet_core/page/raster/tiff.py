"""The directory of a TIFF file, read without decoding a pixel.

In: the bytes of a file. Out: one `TiffPage` for each image in it, with the tags that the decoder
hides or hides too well: orientation, where every strip lies (so that a truncated file can be
salvaged and a strip that was never written is not taken for black), page sizes of a multi-page
file.
Does not belong here: decoding, polarity, judgement.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import Dpi

U64 = NDArray[np.uint64]

_TYPES = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4"}
_TYPES |= {10: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8"}
_MAX_PAGES = 4096
FAX_CODECS = frozenset({2, 3, 4})
"""TIFF compression codes of the CCITT family."""
RUN_LENGTHS, GROUP_4 = 2, 4
"""Of these: lines of run lengths without end marks, and the one that codes each line by the one above."""
UNCOMPRESSED, LZW, JPEG, PACKBITS = 1, 5, 7, 32773
DEFLATE = frozenset({8, 32946})
MIN_IS_WHITE, MIN_IS_BLACK, PALETTE = 0, 1, 3
"""Photometric codes of images with one sample a pixel."""


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
    dpi : Dpi or None
        As the file claims.
    is_reduced : bool
        An overview or a mask, not a page.
    photometric : int
        What the samples mean.
    row_bytes : int
        Bytes of a row of a strip before compression; 0 for tiles and separate planes.
    jpeg_tables : bytes
        Tables that all JPEG strips or tiles share.
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
    dpi: Dpi | None
    is_reduced: bool
    photometric: int = MIN_IS_BLACK
    row_bytes: int = 0
    jpeg_tables: bytes = b""

    def place_of(self, block: int) -> tuple[int, int] | None:
        """Offset and size in bytes of a strip or tile.

        None where it has none, and where the two lists of a damaged directory differ in length: then it is
        unknown which size is whose.
        """
        if block >= len(self.offsets) or len(self.offsets) != len(self.byte_counts):
            return None
        return int(self.offsets[block]), int(self.byte_counts[block])


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
        return tuple(page for page, _, _ in _walk(data))
    except (struct.error, ValueError, KeyError, IndexError, OverflowError):
        return ()


def with_byte_counts(data: bytes, directory: int, cut: bool = False) -> bytes:
    """The file with plausible byte counts of one image: none left out, none zero.

    Some writers leave the counts out or write zeros; decoders then refuse what is there. A strip or tile
    without a count is taken to reach to the next thing that the directory knows of, or to the end.

    Parameters
    ----------
    data : bytes
    directory : int
        1-based position of the image's directory.
    cut : bool
        Also have counts that reach beyond the end of the file end there.

    Returns
    -------
    bytes
        The same object where nothing is missing; else with a corrected directory appended.
    """
    try:
        found = [(page, at, raw) for page, at, raw in _walk(data) if page.directory == directory]
        return _counted(data, *found[0], cut) if found else data
    except (struct.error, ValueError, KeyError, IndexError, OverflowError):
        return data


def with_strip(data: bytes, directory: int, block: int, stream: bytes) -> bytes:
    """The file with other bytes for one strip or tile of an image, put at its end."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    for tags, values in (((273, 324), len(data)), ((279, 325), len(stream))):
        page, pointer, entries = next(f for f in _walk(data) if f[0].directory == directory)
        known = {struct.unpack_from(order + "H", entry)[0] for entry in entries}
        tag = next(tag for tag in tags if tag in known)
        array = (page.offsets if tag in (273, 324) else page.byte_counts).astype(np.int64)
        array[block] = values
        data = data + (stream if tag in (273, 324) else b"")
        data = _with_entry(data, order, big, pointer, entries, tag, array)
    return data


def _counted(data: bytes, page: TiffPage, pointer: int, entries: list[bytes], cut: bool) -> bytes:
    offsets, counts = page.offsets.astype(np.int64), page.byte_counts.astype(np.int64)
    if len(counts) != len(offsets):
        counts = np.zeros(len(offsets), dtype=np.int64)
    missing = (counts == 0) & (offsets > 0) & (offsets < len(data))
    beyond = cut & (offsets < len(data)) & (offsets + counts > len(data))
    if not (missing | beyond).any():
        return data
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    directory = struct.unpack_from(order + ("Q" if big else "I"), data, pointer)[0]
    marks = np.unique([*offsets[offsets > 0], directory, len(data)])
    following = marks[np.minimum(np.searchsorted(marks, offsets, "right"), len(marks) - 1)]
    counts = np.where(missing, following - offsets, counts)
    counts = np.where(beyond, len(data) - offsets, counts)
    tag = 325 if any(struct.unpack_from(order + "H", e)[0] == 324 for e in entries) else 279
    return _with_entry(data, order, big, pointer, entries, tag, counts)


def _with_entry(
    data: bytes,
    order: str,
    big: bool,
    pointer: int,
    entries: list[bytes],
    tag: int,
    values: NDArray[np.int64],
) -> bytes:
    """A file with a copy of one directory at its end in which a tag has other values."""
    out = bytearray(data) + bytes(-len(data) % 8)
    kind, word = (16, "Q") if big else (4, "I")
    packed = struct.pack(f"{order}{len(values)}{word}", *values.tolist())
    inline = 8 if big else 4
    if len(packed) > inline:
        place = struct.pack(order + word, len(out))
        out += packed + bytes(-len(packed) % 8)
    else:
        place = packed.ljust(inline, b"\0")
    own = struct.pack(order + ("HHQ" if big else "HHI"), tag, kind, len(values)) + place
    kept = [e for e in entries if struct.unpack_from(order + "H", e)[0] != tag]
    kept = sorted([*kept, own], key=lambda e: int(struct.unpack_from(order + "H", e)[0]))
    old = struct.unpack_from(order + word, data, pointer)[0]
    count_format = "Q" if big else "H"
    end = old + struct.calcsize(order + count_format) + sum(map(len, entries))
    following = data[end : end + inline].ljust(inline, b"\0")
    struct.pack_into(order + word, out, pointer, len(out))
    out += struct.pack(order + count_format, len(kept)) + b"".join(kept) + following
    return bytes(out)


def _walk(data: bytes) -> list[tuple[TiffPage, int, list[bytes]]]:
    """Every image: its tags, where the pointer to its directory lies, and the directory's entries."""
    order = {b"II": "<", b"MM": ">"}[data[:2]]
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    pointer = 8 if big else 4
    offset = struct.unpack_from(order + ("Q" if big else "I"), data, pointer)[0]
    pages: list[tuple[TiffPage, int, list[bytes]]] = []
    seen: set[int] = set()
    directory = 0
    while offset and offset not in seen and directory < _MAX_PAGES:
        seen.add(offset)
        directory += 1
        try:
            tags, entries, end = _read_directory(data, order, big, offset)
            pages.append((_page(tags, directory), pointer, entries))
            following = struct.unpack_from(order + ("Q" if big else "I"), data, end)[0]
        except (struct.error, ValueError, KeyError, IndexError):
            break  # a later directory beyond the truncation does not void the earlier ones
        offset, pointer = following, end
    return pages


def _read_directory(
    data: bytes, order: str, big: bool, offset: int
) -> tuple[dict[int, NDArray[np.generic]], list[bytes], int]:
    """Tags of a directory, its raw entries, and where the pointer to the next one lies."""
    count_format, entry_size = ("Q", 20) if big else ("H", 12)
    n_entries = struct.unpack_from(order + count_format, data, offset)[0]
    start = offset + struct.calcsize(count_format)
    if n_entries > 65_535:
        raise ValueError("implausible directory")
    tags: dict[int, NDArray[np.generic]] = {}
    for entry in range(n_entries):
        at = start + entry * entry_size
        with contextlib.suppress(ValueError, struct.error):  # a value beyond the file's end
            tag, values = _read_entry(data, order, big, at)
            tags[tag] = values
    end = start + n_entries * entry_size
    entries = [data[at : at + entry_size] for at in range(start, end, entry_size)]
    return tags, entries, end


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
        photometric=number(262, MIN_IS_BLACK),
        jpeg_tables=tags[347].tobytes() if 347 in tags else b"",
        row_bytes=0
        if tiled or number(284, 1) != 1
        else -(-width * number(277, 1) * number(258, 1) // 8),
    )


def _dpi(tags: dict[int, NDArray[np.generic]]) -> Dpi | None:
    per_inch = {2: 1.0, 3: 2.54}.get(int(tags[296].astype(np.int64)[0]) if 296 in tags else 2)
    if per_inch is None or 282 not in tags or 283 not in tags:
        return None
    x, y = (tags[tag].astype(np.float64) for tag in (282, 283))
    if len(x) < 2 or len(y) < 2 or x[1] <= 0 or y[1] <= 0 or x[0] <= 0 or y[0] <= 0:
        return None
    return Dpi(down=float(y[0] / y[1] * per_inch), across=float(x[0] / x[1] * per_inch))
