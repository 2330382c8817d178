"""A recogniser's file with fewer characters to tell apart: the rows of its last layer that are wanted.

In: an ONNX file of a network that ends in one probability for each character. Out: the same file with the
wanted characters alone; they share out the probability among them. An eighth of the time goes into characters
that no log shows. Does not belong here: which characters those are (`engine`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.protobuf import field, fields, numbers, varint

_GRAPH, _INITIALIZER, _OUTPUT, _KNOWN_SHAPES = 7, 5, 12, 13
"""Fields of a model, and of its graph."""
_DIMS, _NAME, _RAW = 1, 8, 9
"""Fields of a tensor."""
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
        field(_GRAPH, _graph(value, count, wanted, found)) if number == _GRAPH else raw
        for number, value, raw in fields(model)
    ]
    if not found:
        raise ValueError(f"no tensor of the recogniser has {count} classes")
    return b"".join(parts)


def _graph(data: bytes, count: int, wanted: Sequence[int], found: list[str]) -> bytes:
    parts = []
    for number, value, raw in fields(data):
        if number == _INITIALIZER:
            raw = field(number, _tensor(value, count, wanted, found))
        elif number == _OUTPUT:
            name = next(content for n, content, _ in fields(value) if n == 1)
            raw = field(number, field(1, name) + _FLOATS)
        elif number == _KNOWN_SHAPES:
            continue  # they are worked out anew
        parts.append(raw)
    return b"".join(parts)


def _tensor(data: bytes, count: int, wanted: Sequence[int], found: list[str]) -> bytes:
    """A tensor, with the wanted columns alone where it has one for each class."""
    own = list(fields(data))
    dims = [d for number, value, _ in own if number == _DIMS for d in numbers(value)]
    if not dims or dims[-1] != count:
        return data
    values = next((value for number, value, _ in own if number == _RAW), None)
    if values is None:
        raise ValueError("the last layer of the recogniser is not stored as plain numbers")
    columns = np.frombuffer(values, dtype="<f4").reshape(-1, count)[:, list(wanted)]
    found.append(next(value.decode() for number, value, _ in own if number == _NAME))
    out = [field(_DIMS, b"".join(varint(d) for d in (*dims[:-1], len(wanted))))]
    out += [raw for number, _, raw in own if number not in (_DIMS, _RAW)]
    return b"".join([*out, field(_RAW, columns.tobytes())])
