"""Streams without a checksum, followed code by code: how far they are what an encoder writes.

In: the bytes of one LZW or PackBits strip. Out: how many bytes it unpacks to, and how many of them can be
trusted. A flipped bit in such a stream seldom stops a decoder. But an LZW encoder always takes the longest
string that it knows, so that each string is entered into its table once; a PackBits encoder ends a run with
each row; both give exactly what the strip holds.
Does not belong here: unpacking to pixels, which rows follow from that (`cut_strips`).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import U8

_CLEAR, _END, _FIRST_CODE, _MOST_CODES = 256, 257, 258, 4096
"""Codes of LZW that are no strings, the first one that is made as it goes, and how many there are."""
_CUT, _ENDED, _BROKEN, _TOO_LONG = 0, 1, 2, 3
_SLACK_BYTES = 4


def lzw_trusted(stream: bytes, row_bytes: int, wanted: int, most: int) -> int | None:
    """Bytes at the start of an LZW strip that can be trusted.

    Parameters
    ----------
    stream : bytes
        Perhaps cut off.
    row_bytes, wanted : int
        Bytes of a row, and of all rows of the strip.
    most : int
        Bytes of a full strip: some writers fill up the last one.

    Returns
    -------
    int or None
        ``wanted`` where the whole strip is sound; less where it ends early. Damage spoils its table, which
        is begun anew every few thousand codes: what was unpacked before that can be trusted. None for
        streams of the old kind (least significant bit first), which are not followed.
    """
    if len(stream) > 1 and stream[0] == 0 and stream[1] & 1:
        return None
    out = np.zeros(2 * most + 2 * _MOST_CODES, dtype=np.uint8)  # wrong codes may stand for more
    coded = np.frombuffer(stream, dtype=np.uint8)
    size, cleared, how, used = _follow_lzw(coded, out, 2 * most)
    if how == _BROKEN:
        return min(cleared, wanted)
    if size in (wanted, most) or (how == _CUT and size < wanted):
        return min(size, wanted)
    if how == _ENDED and size < wanted and size % row_bytes == 0:
        return size if len(stream) - used <= _SLACK_BYTES else 0
    return min(wanted, max(0, _seam(out[:size], row_bytes, size - wanted) - row_bytes))


def _seam(unpacked: U8, row_bytes: int, shift: int) -> int:
    """Where bytes begin that are shifted by so many: there the row above fits best when it is shifted too."""
    back = row_bytes + shift
    first = max(back, row_bytes)
    if back < 1 or len(unpacked) <= first + row_bytes:
        return 0
    here = unpacked[first:]
    plain = here != unpacked[first - row_bytes : len(unpacked) - row_bytes]
    moved = here != unpacked[first - back : len(unpacked) - back]
    gain = np.convolve(plain.astype(np.int64) - moved, np.ones(row_bytes, np.int64), mode="valid")
    # A curve that leans the same way gains too, but less: of several such places the first is taken.
    return first + int((gain >= gain.max() / 2).argmax()) if gain.max() > 0 else 0


def packbits_trusted(stream: bytes, row_bytes: int, wanted: int, most: int) -> int:
    """Bytes at the start of a PackBits strip that can be trusted; see `lzw_trusted`."""
    size, crossed = _follow_packbits(np.frombuffer(stream, dtype=np.uint8), row_bytes, most)
    if size in (wanted, most) or crossed < 0:
        return min(size, wanted)
    return min(crossed, wanted)


@numba.njit(cache=True, nogil=True)
def _follow_packbits(stream: U8, row_bytes: int, most: int) -> tuple[int, int]:
    """Bytes unpacked, and where the first row begins over whose end a run goes (-1: none)."""
    at, size, crossed = 0, 0, -1
    while at < len(stream) and size < most:
        head = int(stream[at])
        n = min(head + 1, len(stream) - at - 1) if head < 128 else 257 - head
        if head == 128 or (head > 128 and at + 1 >= len(stream)):
            n = 0
        if crossed < 0 and n and size // row_bytes != (size + n - 1) // row_bytes:
            crossed = size // row_bytes * row_bytes
        size += n
        at += head + 2 if head < 128 else (2 if head > 128 else 1)
    if at < len(stream) and crossed < 0 and size > most:
        crossed = most - row_bytes
    return size, crossed


@numba.njit(cache=True, nogil=True)
def _follow_lzw(stream: U8, out: U8, most: int) -> tuple[int, int, int, int]:
    """Bytes unpacked into ``out``, how many when the table was last begun anew, how it ended, bytes used.

    Most significant bit first, code width changed one code early. A string of the table lies in what was
    unpacked already: the string before it was entered, and the letter that followed.
    """
    length = np.ones(_MOST_CODES + 1, dtype=np.int64)
    place = np.zeros(_MOST_CODES + 1, dtype=np.int64)
    known = np.zeros((_MOST_CODES + 1, 256), dtype=np.int32)
    table, n_codes, width, before = 1, _FIRST_CODE, 9, -1
    size, cleared, has_strings = 0, 0, False
    at, n_bits = 0, 8 * len(stream)
    while at + width <= n_bits:
        code = _code(stream, at, width)
        at += width
        if code == _END:
            return size, cleared, _ENDED, (at + 7) >> 3
        if code == _CLEAR:
            table, n_codes, width, before, cleared = table + 1, _FIRST_CODE, 9, -1, size
            continue
        if code > n_codes or (code == n_codes and before < 0):
            return size, cleared, _BROKEN, at >> 3
        if size >= most:
            return size, cleared, _TOO_LONG, at >> 3
        has_strings = has_strings or code >= _FIRST_CODE
        last = size - length[before] if before >= 0 else 0
        if code < 256:
            out[size] = code
        n = length[before] + 1 if code == n_codes else length[code]
        source = last if code == n_codes else place[code]
        for k in range(0 if code >= _FIRST_CODE else n, min(n, len(out) - size)):
            out[size + k] = out[source + k]
        if before >= 0 and n_codes < _MOST_CODES:
            letter = out[last] if code == n_codes else out[size]
            if known[before, letter] == table and has_strings:
                return size, cleared, _BROKEN, at >> 3
            known[before, letter] = table
            length[n_codes], place[n_codes] = length[before] + 1, last
            n_codes += 1
        size, before = size + n, code
        width = 9 + (n_codes >= 511) + (n_codes >= 1023) + (n_codes >= 2047)
    return size, cleared, _CUT, len(stream)


@numba.njit(cache=True, nogil=True)
def _code(stream: NDArray[np.uint8], at: int, width: int) -> int:
    """The next code."""
    byte, word = at >> 3, 0
    for k in range(3):
        word = (word << 8) | (int(stream[byte + k]) if byte + k < len(stream) else 0)
    return (word >> (24 - (at & 7) - width)) & ((1 << width) - 1)
