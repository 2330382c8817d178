"""A recogniser's file with fewer characters to tell apart: the rows of its last layer that are wanted.

In: an ONNX file of a network that ends in one probability for each character. Out: the same file with the
wanted characters alone; they share out the probability among them. An eighth of the time goes into characters
that no log shows. The few parts of the format that are touched are read and written here, so that nothing has
to be installed for it. Does not belong here: which characters those are (`engine`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

_GRAPH, _INITIALIZER, _OUTPUT, _KNOWN_SHAPES = 7, 5, 12, 13
"""Fields of a model, and of its graph."""
_DIMS, _NAME, _RAW = 1, 8, 9
"""Fields of a tensor."""
_VARINT, _BYTES = 0, 2
_WIDTHS = {1: 8, 5: 4}
_FLOATS = b"\x12\x04\x0a\x02\x08\x01"
"""Type of an output: floats, of any shape."""


def with_classes(model: bytes, count: int, wanted: Sequence[int]) -> bytes:
    """The file of a network that tells fewer classes apart.

    Parameters
    ----------
    model : bytes
    count : int
        Classes of the network; tensors whose last dimension is so long are its last layer.
    wanted : sequence of int
        Classes that stay, in the order of the result.

    Raises
    ------
    ValueError
        No tensor of the file has that many classes, or its values lie elsewhere than in the file.
    """
    found: list[str] = []
    parts = [
        _field(_GRAPH, _graph(value, count, wanted, found)) if number == _GRAPH else raw
        for number, value, raw in _fields(model)
    ]
    if not found:
        raise ValueError(f"no tensor of the recogniser has {count} classes")
    return b"".join(parts)


def _graph(data: bytes, count: int, wanted: Sequence[int], found: list[str]) -> bytes:
    parts = []
    for number, value, raw in _fields(data):
        if number == _INITIALIZER:
            raw = _field(number, _tensor(value, count, wanted, found))
        elif number == _OUTPUT:
            name = next(own for n, own, _ in _fields(value) if n == 1)
            raw = _field(number, _field(1, name) + _FLOATS)
        elif number == _KNOWN_SHAPES:
            continue  # they are worked out anew
        parts.append(raw)
    return b"".join(parts)


def _tensor(data: bytes, count: int, wanted: Sequence[int], found: list[str]) -> bytes:
    """A tensor, with the wanted columns alone where it has one for each class."""
    fields = list(_fields(data))
    dims = [d for number, value, _ in fields if number == _DIMS for d in _numbers(value)]
    if not dims or dims[-1] != count:
        return data
    values = next((value for number, value, _ in fields if number == _RAW), None)
    if values is None:
        raise ValueError("the last layer of the recogniser is not stored as plain numbers")
    columns = np.frombuffer(values, dtype="<f4").reshape(-1, count)[:, list(wanted)]
    found.append(next(value.decode() for number, value, _ in fields if number == _NAME))
    out = [_field(_DIMS, b"".join(_varint(d) for d in (*dims[:-1], len(wanted))))]
    out += [raw for number, _, raw in fields if number not in (_DIMS, _RAW)]
    return b"".join([*out, _field(_RAW, columns.tobytes())])


# ---- the format --------------------------------------------------------------------------------------


def _fields(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
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


def _numbers(content: bytes) -> Iterator[int]:
    """Numbers that lie one behind the other, or one alone."""
    at = 0
    while at < len(content):
        number, at = _read_varint(content, at)
        yield number


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
