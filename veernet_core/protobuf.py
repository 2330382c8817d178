"""Messages of protocol buffers, the format of ONNX files: their fields, read and written without a schema.

In: bytes. Out: numbers of fields and their contents. Does not belong here: what the fields of a file mean.
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _BYTES = 0, 2
_WIDTHS = {1: 8, 5: 4}


def fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, content and all bytes of each field of a message."""
    at = 0
    while at < len(data):
        begin = at
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == _VARINT:
            first, (_, at) = at, _read_varint(data, at)
        elif kind == _BYTES:
            size, first = _read_varint(data, at)
            at = first + size
        else:
            first, at = at, at + _WIDTHS[kind]
        yield tag >> 3, data[first:at], data[begin:at]


def numbers(content: bytes) -> Iterator[int]:
    """Whole numbers, not negative, that lie one behind the other, or one alone."""
    at = 0
    while at < len(content):
        number, at = _read_varint(content, at)
        yield number


def field(number: int, content: bytes) -> bytes:
    """A field that holds bytes, a text or a message."""
    return varint(number << 3 | _BYTES) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """A whole number, not negative, in seven bits a byte."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
