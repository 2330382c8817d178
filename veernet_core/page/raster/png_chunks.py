"""Which rows of a PNG come from blocks that keep their checksums.

In: bytes. Out: `Damage` by rows. A decoder goes on through a damaged block until the stream makes no sense
any more, or to the end; what it gave until then is wrong.
Does not belong here: decoding, findings.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from veernet_core.page.raster.pixels import Damage

_HEAD = 8
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def png_damage(data: bytes) -> list[Damage]:
    """Rows that come after the first block of pixels with a wrong checksum.

    Parameters
    ----------
    data : bytes
        A PNG, perhaps cut off: the decoder itself tells where it ends.

    Returns
    -------
    list of Damage
        Empty where all blocks are sound, where only a checksum is wrong (the stream's own one holds), and
        where the head cannot be read.
    """
    blocks = list(_pixel_blocks(data))
    first = next((n for n, (_, is_sound) in enumerate(blocks) if not is_sound), None)
    if first is None or len(data) < 33:
        return []
    width, height, bits, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if _ends_well([body for body, _ in blocks]):
        return []
    row_bytes = 1 + -(-width * bits * _SAMPLES.get(kind, 1) // 8)
    good = 0 if interlaced else _size([body for body, _ in blocks[:first]]) // row_bytes
    return [Damage(good, height, "damaged")] if good < height else []


def _pixel_blocks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Bodies of whole IDAT chunks, and whether each keeps its checksum."""
    at = _HEAD
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        name, end = data[at + 4 : at + 8], at + 8 + size
        if end + 4 > len(data) or name == b"IEND":
            return
        if name == b"IDAT":
            (sum_,) = struct.unpack_from(">I", data, end)
            yield data[at + 8 : end], zlib.crc32(data[at + 4 : end]) == sum_
        at = end + 4


def _ends_well(bodies: list[bytes]) -> bool:
    """Whether a stream unpacks up to its own checksum, and that holds."""
    unpacker = zlib.decompressobj()
    try:
        for body in bodies:
            while body:
                unpacker.decompress(body, 1 << 20)
                body = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof


def _size(bodies: list[bytes]) -> int:
    """Bytes that the start of a stream unpacks to."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        for body in bodies:
            while body:
                size += len(unpacker.decompress(body, 1 << 20))
                body = unpacker.unconsumed_tail
    except zlib.error:
        return size
    return size
