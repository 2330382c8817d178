"""Strips of a TIFF whose stream ends before the strip does: how many rows are there.

In: the bytes of a file and the directory entry of its page. Out: row counts. A stream that merely ends is
told from one that is damaged: what follows damage cannot be trusted, what comes before an end can.
Does not belong here: fax strips (libtiff says at which line they break), pixels.
"""

from __future__ import annotations

import zlib

import numpy as np

from veernet_core.datatypes import Bool
from veernet_core.page.raster.strip_codes import lzw_trusted, packbits_trusted
from veernet_core.page.raster.tiff import (
    DEFLATE,
    FAX_CODECS,
    LZW,
    PACKBITS,
    UNCOMPRESSED,
    TiffPage,
    with_byte_counts,
    with_strip,
)

_MAX_PAD_BYTES = 256 << 20
_CODECS = frozenset({UNCOMPRESSED, LZW, PACKBITS, *DEFLATE})


def can_end_early(page: TiffPage) -> bool:
    """Whether the rows before the end of a cut strip of this page can be counted and read."""
    return page.compression in _CODECS and page.row_bytes > 0 and page.blocks_per_row == 1


def present_rows(page: TiffPage, size_bytes: int) -> Bool | None:
    """Which rows have a strip or tile in the file; None where the directory does not tell."""
    n_bands = -(-page.height_px // page.block_rows)
    n_blocks = n_bands * page.blocks_per_row
    if not len(page.offsets) or len(page.offsets) % n_blocks:
        return None
    sizes_known = len(page.offsets) == len(page.byte_counts)
    # Without sizes a strip is there where it begins in the file.
    counts = page.byte_counts if sizes_known else np.ones_like(page.offsets)
    ends = page.offsets + counts
    is_fax = page.compression in FAX_CODECS
    # A fax strip that is cut off still decodes up to the cut; of other codecs only whole strips.
    reached = page.offsets < size_bytes if is_fax else ends <= size_bytes
    if can_end_early(page):  # the first strip that the file's end cuts has rows too
        reached |= page.offsets < size_bytes
    written = reached & (page.offsets > 0) & (counts > 0)
    bands = written.reshape(-1, n_bands, page.blocks_per_row).all(axis=(0, 2))
    return np.repeat(bands, page.block_rows)[: page.height_px]


def padded(data: bytes, page: TiffPage | None) -> bytes:
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


def readable_to_the_end(data: bytes, page: TiffPage, block: int) -> bytes:
    """The file so that libtiff decodes a strip whose stream ends early, as far as it goes."""
    if page.compression in DEFLATE:
        return _with_whole_stream(data, page, block)
    if page.compression == UNCOMPRESSED and page.place_of(block) is not None:
        wanted = int((page.offsets + page.byte_counts)[page.offsets < len(data)].max(initial=0))
        return data + bytes(min(_MAX_PAD_BYTES, max(0, wanted - len(data))))
    return with_byte_counts(data, page.directory, cut=True)


def _with_whole_stream(data: bytes, page: TiffPage, block: int) -> bytes:
    """With what a strip has packed anew and filled up: of a cut stream libdeflate decodes nothing."""
    wanted = page.row_bytes * min(page.block_rows, page.height_px - block * page.block_rows)
    start, count = page.place_of(block) or (0, 0)
    unpacked = _inflated(data[start : start + count], wanted) or b""
    whole = zlib.compress(unpacked[:wanted].ljust(wanted, b"\0"), 1)
    return with_strip(data, page.directory, block, whole)


def whole_rows(data: bytes, page: TiffPage, block: int) -> int | None:
    """Rows at the start of a strip that its bytes hold and that can be trusted; 0 where the stream is damaged
    from its start, None where it is coded in a way that is not followed.

    Parameters
    ----------
    data : bytes
        The file, perhaps cut off.
    page : TiffPage
        Of strips with a codec for which ``can_end_early`` holds.
    block : int
        Which strip.
    """
    place = page.place_of(block)
    if place is None:
        return 0
    start, count = place
    stream = data[start : start + count]
    wanted = page.row_bytes * min(page.block_rows, page.height_px - block * page.block_rows)
    most = page.row_bytes * page.block_rows
    if page.compression == UNCOMPRESSED:
        size: int | None = len(stream)
    elif page.compression == PACKBITS:
        size = packbits_trusted(stream, page.row_bytes, wanted, most)
    elif page.compression == LZW:
        size = lzw_trusted(stream, page.row_bytes, wanted, most)
        if size is None:
            return None
    else:
        is_cut = start + count > len(data)
        size = _deflate_size(stream, most, is_cut)
    return 0 if size is None else min(size, wanted) // page.row_bytes


def _deflate_size(stream: bytes, most: int, is_cut: bool) -> int | None:
    """Bytes that a stream unpacks to; None where it is damaged: it ends neither with its checksum nor
    with the file.
    """
    unpacker = zlib.decompressobj()
    try:
        size = len(unpacker.decompress(stream, most + 1))
    except zlib.error:
        return None
    return size if size <= most and (is_cut or unpacker.eof) else None


def _inflated(stream: bytes, wanted: int) -> bytes | None:
    """What a stream, perhaps cut off, unpacks to; None where it is damaged."""
    try:
        return zlib.decompressobj().decompress(stream, wanted)
    except zlib.error:
        return None
