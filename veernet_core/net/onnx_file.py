"""The graph of a network that lies in an ONNX file.

In: the bytes of the file. Out: its nodes in the order of the file, and its constants. Nothing has to be
installed for it. Does not belong here: what the operators compute (`onnx_network`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet_core.protobuf import fields, numbers

_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_NODE_INPUT, _NODE_OUTPUT, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5
_FLOAT, _INT, _TEXT, _TENSOR, _INTS = 2, 3, 4, 5, 8
"""Fields of an attribute that hold its value."""
_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9
_FLOATS, _WHOLE = 1, 7
_DTYPES = {_FLOATS: "<f4", _WHOLE: "<i8"}
_PLAIN_VALUES = {_FLOATS: 4, _WHOLE: 7}
"""Fields of a tensor that hold its values where they are not raw, by its type."""


@dataclass(frozen=True, slots=True)
class Node:
    """One step: an operator, the names of what it takes and gives, and its settings."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps in an order in which they can be computed; nodes that only rename are left out."""

    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]
    input: str
    output: str


def read_graph(file: bytes) -> Graph:
    """Read an ONNX file of one input and one output.

    Raises
    ------
    ValueError
        The file holds no such graph.
    """
    graph = next((list(fields(content)) for n, content, _ in fields(file) if n == _GRAPH), None)
    if graph is None:
        raise ValueError("the file holds no network")
    nodes = [_node(content) for n, content, _ in graph if n == _NODE]
    constants = dict(_tensor(content) for n, content, _ in graph if n == _INITIALIZER)
    inputs, outputs = (
        [_text(content, 1) for n, content, _ in graph if n == kind] for kind in (_INPUT, _OUTPUT)
    )
    inputs = [name for name in inputs if name not in constants]
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError("the network has more than one input or output")
    names: dict[str, str] = {}
    kept = []
    for node in nodes:
        own = tuple(names.get(name, name) for name in node.inputs)
        if node.operator == "Identity":
            names[node.output] = own[0]
        else:
            kept.append(Node(node.operator, own, node.output, node.settings))
    return Graph(tuple(kept), constants, inputs[0], names.get(outputs[0], outputs[0]))


def _node(data: bytes) -> Node:
    own = list(fields(data))
    inputs = tuple(content.decode() for n, content, _ in own if n == _NODE_INPUT)
    settings = dict(_setting(content) for n, content, _ in own if n == _ATTRIBUTE)
    return Node(_text(data, _OPERATOR), inputs, _text(data, _NODE_OUTPUT), settings)


def _setting(data: bytes) -> tuple[str, Any]:
    """Name and value of an attribute; whole numbers of a list may lie in one field or in many."""
    name, value, many = "", None, list[int]()
    for number, content, _ in fields(data):
        if number == 1:
            name = content.decode()
        elif number == _FLOAT:
            (value,) = struct.unpack("<f", content)
        elif number == _INT:
            value = _signed(next(numbers(content)))
        elif number == _TEXT:
            value = content.decode()
        elif number == _TENSOR:
            value = _tensor(content)[1]
        elif number == _INTS:
            many += map(_signed, numbers(content))
    return name, many or value


def _tensor(data: bytes) -> tuple[str, NDArray[Any]]:
    own = list(fields(data))
    dims = [d for n, content, _ in own if n == _DIMS for d in numbers(content)]
    kind = next((next(numbers(content)) for n, content, _ in own if n == _TYPE), 0)
    if kind not in _DTYPES:
        raise ValueError(f"a tensor of the network is of type {kind}")
    raw, plain = (
        b"".join(content for n, content, _ in own if n == number)
        for number in (_RAW, _PLAIN_VALUES[kind])
    )
    if raw or kind == _FLOATS:
        values = np.frombuffer(raw or plain, dtype=_DTYPES[kind])
    else:
        values = np.array([_signed(v) for v in numbers(plain)], dtype=_DTYPES[kind])
    return _text(data, _NAME), values.reshape(dims).copy()


def _text(data: bytes, number: int) -> str:
    """The first text of a field, empty where there is none."""
    return next((content.decode() for n, content, _ in fields(data) if n == number), "")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
