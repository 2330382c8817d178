"""Which images of a TIFF file are pages, and each of them as a file of its own.

In: a way to read bytes of a file, or the file. Out: the directories of its pages, and bytes with one of them.
Overviews, masks and thumbnails are no pages. A few kilobytes of a file are enough to list them. What else a
directory says does not belong here (``tiff``).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

ReadAt = Callable[[int, int], bytes]
"""``(offset, length)`` to the bytes there, fewer at the end of the file."""

_SIGNATURES = {b"II*\0": ("<", False), b"MM\0*": (">", False)}
_SIGNATURES |= {b"II+\0": ("<", True), b"MM\0+": (">", True)}
_MOST = 4096
_BLOCK_BYTES = 4096
_SUBFILE, _WIDTH, _HEIGHT = 254, 256, 257
_REDUCED, _PAGE, _MASK = 1, 2, 4
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True, slots=True)
class Directory:
    """One image of a TIFF file.

    Attributes
    ----------
    offset, link : int
        Where its directory lies, and the pointer from it to the next one.
    following : int
        What that pointer says.
    width_px, height_px : int
    subfile : int
        What kind of image the file says it is: 1 a reduced one, 2 a page of several, 4 a mask.
    """

    offset: int
    link: int
    following: int
    width_px: int
    height_px: int
    subfile: int


def is_tiff(data: bytes) -> bool:
    """Whether the bytes begin like a TIFF file."""
    return data[:4] in _SIGNATURES


def directories(read: ReadAt) -> tuple[Directory, ...]:
    """The images of a TIFF file, as far as the chain of its directories can be followed."""
    head = read(0, 16)
    if head[:4] not in _SIGNATURES:
        return ()
    order, big = _SIGNATURES[head[:4]]
    found: list[Directory] = []
    seen: set[int] = set()
    try:
        offset = struct.unpack_from(order + ("Q" if big else "I"), head, 8 if big else 4)[0]
        while offset and offset not in seen and len(found) < _MOST:
            seen.add(offset)
            found.append(_directory(read, order, big, offset))
            offset = found[-1].following
    except (struct.error, KeyError):
        pass  # a later directory beyond a truncation does not void the earlier ones
    return tuple(found)


def _directory(read: ReadAt, order: str, big: bool, offset: int) -> Directory:
    count_format, entry_bytes, word = ("Q", 20, "Q") if big else ("H", 12, "I")
    start = struct.calcsize(order + count_format)
    block = read(offset, _BLOCK_BYTES)
    entries = struct.unpack_from(order + count_format, block)[0]
    if entries > 65_535:
        raise KeyError("implausible directory")
    end = start + entries * entry_bytes
    if end + 8 > len(block):
        block = read(offset, end + 8)
    values: dict[int, int] = {}
    for at in range(start, end, entry_bytes):
        tag, kind = struct.unpack_from(order + "HH", block, at)
        if tag in (_SUBFILE, _WIDTH, _HEIGHT) and kind in _CODES:
            values[tag] = struct.unpack_from(order + _CODES[kind], block, at + (12 if big else 8))[
                0
            ]
    following = struct.unpack_from(order + word, block, end)[0]
    return Directory(
        offset, offset + end, following, values[_WIDTH], values[_HEIGHT], values.get(_SUBFILE, 0)
    )


def pages(images: tuple[Directory, ...]) -> tuple[tuple[Directory, ...], tuple[Directory, ...]]:
    """The images that are pages, and the pictures beside them that are none.

    Overviews and masks are neither: they belong to a page. A picture of at most half the width and half the
    height of the largest image is a thumbnail, unless the file says that it is a page.
    """
    whole = [image for image in images if not image.subfile & (_REDUCED | _MASK)]
    widest = max((image.width_px for image in whole), default=0)
    tallest = max((image.height_px for image in whole), default=0)
    small = [
        image
        for image in whole
        if 2 * image.width_px <= widest
        and 2 * image.height_px <= tallest
        and not image.subfile & _PAGE
    ]
    return tuple(image for image in whole if image not in small), tuple(small)


def count_pages(read: ReadAt) -> int:
    """Pages of a TIFF file; 1 where none can be told: decoding it says why."""
    return max(1, len(pages(directories(read))[0]))


def page_alone(data: bytes, page: int) -> bytes | None:
    """The file with one of its pages, from 1; thumbnails stay with the first. None where there is no such page.

    The pixels stay where they are; only the directories are linked in another way.
    """
    images = directories(lambda offset, length: data[offset : offset + length])
    own, small = pages(images)
    if not 1 <= page <= len(own):
        return None
    order, big = _SIGNATURES[data[:4]]
    chain = [own[page - 1], *(small if page == 1 else ())]
    is_last = own[page - 1] is images[-1]
    out = bytearray(data)
    ends = [*(image.offset for image in chain), chain[-1].following if is_last else 0]
    links = [8 if big else 4, *(image.link for image in chain)]
    for link, offset in zip(links, ends, strict=True):
        struct.pack_into(order + ("Q" if big else "I"), out, link, offset)
    return bytes(out)


def has_lost_pages(data: bytes) -> bool:
    """Whether the file names a further image that is not in it."""
    images = directories(lambda offset, length: data[offset : offset + length])
    last = images[-1].following if images else 0
    return bool(last) and last not in {image.offset for image in images} and len(images) < _MOST
