"""Strips of a TIFF whose stream ends before the strip does: how many rows are there.

In: the bytes of a file and the directory entry of its page. Out: row counts. A stream that merely ends is
told from one that is damaged: what follows damage cannot be trusted, what comes before an end can.
Does not belong here: fax strips (libtiff says at which line they break), pixels.
"""

from __future__ import annotations

import zlib

from veernet_core.page.raster.tiff import (
    DEFLATE,
    LZW,
    PACKBITS,
    UNCOMPRESSED,
    TiffPage,
    with_byte_counts,
    with_strip,
)

_MAX_PAD_BYTES = 256 << 20
_CODECS = frozenset({UNCOMPRESSED, LZW, PACKBITS, *DEFLATE})
_CLEAR, _END, _FIRST_CODE = 256, 257, 258
"""Codes of LZW that are no strings, and the first one that is made as it goes."""


def can_end_early(page: TiffPage) -> bool:
    """Whether the rows before the end of a cut strip of this page can be counted and read."""
    return page.compression in _CODECS and page.row_bytes > 0 and page.blocks_per_row == 1


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


def whole_rows(data: bytes, page: TiffPage, block: int) -> int:
    """Rows at the start of a strip that its bytes hold; 0 where the stream is damaged.

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
    if page.compression == UNCOMPRESSED:
        size: int | None = len(stream)
    elif page.compression == PACKBITS:
        size = _packbits_size(stream)
    elif page.compression == LZW:
        size = _lzw_size(stream, wanted)
    else:
        is_cut = start + count > len(data)
        size = _deflate_size(stream, wanted, is_cut)
    return 0 if size is None else min(size, wanted) // page.row_bytes


def _packbits_size(stream: bytes) -> int:
    at = size = 0
    while at < len(stream):
        head = stream[at]
        if head < 128:
            size += min(head + 1, len(stream) - at - 1)
            at += head + 2
        else:
            size += 257 - head if head > 128 and at + 1 < len(stream) else 0
            at += 2 if head > 128 else 1
    return size


def _deflate_size(stream: bytes, wanted: int, is_cut: bool) -> int | None:
    """Bytes that a stream unpacks to; None where it is damaged: it ends neither with its checksum nor
    with the file.
    """
    unpacker = zlib.decompressobj()
    try:
        size = len(unpacker.decompress(stream, wanted + 1))
    except zlib.error:
        return None
    return size if size <= wanted and (is_cut or unpacker.eof) else None


def _inflated(stream: bytes, wanted: int) -> bytes | None:
    """What a stream, perhaps cut off, unpacks to; None where it is damaged."""
    try:
        return zlib.decompressobj().decompress(stream, wanted)
    except zlib.error:
        return None


def _lzw_size(stream: bytes, wanted: int) -> int | None:
    """The same for LZW as TIFF has it (most significant bit first, code width changed early)."""
    width, held, buffer, size = 9, 0, 0, 0
    lengths: list[int] = [1] * _FIRST_CODE
    before = 0
    for byte in stream:
        buffer, held = (buffer << 8 | byte) & 0xFFFFFF, held + 8
        if held < width:
            continue
        held -= width
        code = buffer >> held & ((1 << width) - 1)
        if code == _END or size >= wanted:
            break
        if code == _CLEAR:
            width, lengths, before = 9, [1] * _FIRST_CODE, 0
            continue
        if code > len(lengths) or (code == len(lengths) and not before):
            return None
        length = lengths[code] if code < len(lengths) else before + 1
        if before:
            lengths.append(before + 1)
        size, before = size + length, length
        width = min(12, max(9, (len(lengths) + 1).bit_length()))
    return size
