"""Steps of a network put together: a convolution and what is done with its result at once.

In: a graph as the file has it, bias, normalisation, activation and sum each a node of its own. Out: the same
steps with convolutions that do all that themselves. Does not belong here: how a step is computed
(`onnx_network`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from veernet_core.datatypes import F32
from veernet_core.net.onnx_file import Graph, Node


@dataclass(frozen=True, slots=True)
class Convolution:
    """What a convolution needs to know.

    Attributes
    ----------
    weight : float32, as ONNX has it
    bias : float32 [channels] or None
    activation : 'none', 'relu', 'gelu' or 'swish'
    padding, stride : (rows, cols)
    pad_after : (rows, cols) below and to the right alone, or None
    """

    weight: F32
    bias: F32 | None
    activation: str
    padding: tuple[int, int]
    stride: tuple[int, int]
    pad_after: tuple[int, int] | None
    groups: int
    transposed: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A node, with all that a convolution needs where it is one; its second input is then added."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    settings: Mapping[str, Any]
    conv: Convolution | None = None


def fused(graph: Graph) -> list[Step]:
    """The steps of a graph, in order, with convolutions that do at once what follows them.

    Raises
    ------
    ValueError
        A convolution is of a kind that is not known.
    """
    steps: list[Step] = []
    taken: set[str] = set()
    followers = _Followers(graph)
    made = {graph.input}
    for node in graph.nodes:
        if node.output in taken:
            continue
        if node.operator in ("Conv", "ConvTranspose"):
            step, gone = _with_followers(node, graph, followers, made)
            taken |= gone
        else:
            step = Step(node.operator, node.inputs, node.output, node.settings)
        steps.append(step)
        made.add(step.output)
    return steps


class _Followers:
    """Which nodes take a value."""

    def __init__(self, graph: Graph) -> None:
        self._of: defaultdict[str, list[Node]] = defaultdict(list)
        for node in graph.nodes:
            for name in node.inputs:
                self._of[name].append(node)

    def only(self, name: str, operator: str) -> Node | None:
        """The one node that takes a value, where it is of this kind."""
        own = self._of[name]
        return own[0] if len(own) == 1 and own[0].operator == operator else None

    def chain(self, name: str, operators: tuple[str, ...]) -> list[Node] | None:
        """Nodes of these kinds, each the only one to take what the one before it gives."""
        out: list[Node] = []
        for operator in operators:
            node = self.only(name, operator)
            if node is None:
                return None
            out.append(node)
            name = node.output
        return out

    def pair(self, name: str, first: str, second: str) -> tuple[Node, Node] | None:
        """The two nodes that take a value, where they are of these kinds."""
        own = {node.operator: node for node in self._of[name]}
        if len(self._of[name]) == 2 and set(own) == {first, second}:
            return own[first], own[second]
        return None


def _with_followers(
    node: Node, graph: Graph, followers: _Followers, made: set[str]
) -> tuple[Step, set[str]]:
    """A convolution with what follows it, and the outputs of the nodes that went into it."""
    conv, inputs = _convolution(node, graph), node.inputs[:1]
    conv, gone = _normalised(node.output, conv, graph, followers)
    out = gone[-1].output if gone else node.output
    activation, own = _activation(out, followers)
    if own:
        conv = replace(conv, activation=activation)
    elif conv.groups == 1 and not conv.transposed:
        total = followers.only(out, "Add")
        others = [name for name in total.inputs if name != out] if total else []
        if total is not None and len(others) == 1 and others[0] in made:
            inputs, own = (*inputs, others[0]), [total]
    gone += own
    out = own[-1].output if own else out
    return Step("Conv", inputs, out, {}, conv), {n.output for n in gone}


def _convolution(node: Node, graph: Graph) -> Convolution:
    s, weight = node.settings, graph.constants[node.inputs[1]]
    pads = s.get("pads", [0, 0, 0, 0])
    same = s.get("auto_pad") == "SAME_UPPER"
    after = (weight.shape[2] - 1, weight.shape[3] - 1) if same else None
    odd = pads[:2] != pads[2:] or (same and s["strides"] != [1, 1])
    if odd or s.get("dilations", [1, 1]) != [1, 1] or weight.ndim != 4:
        raise ValueError("a convolution of a kind that is not known")
    bias = graph.constants[node.inputs[2]] if len(node.inputs) > 2 else None
    padding = (0, 0) if same else (pads[0], pads[1])
    stride = (s["strides"][0], s["strides"][1])
    transposed = node.operator == "ConvTranspose"
    return Convolution(weight, bias, "none", padding, stride, after, s.get("group", 1), transposed)


def _normalised(
    out: str, conv: Convolution, graph: Graph, followers: _Followers
) -> tuple[Convolution, list[Node]]:
    """A convolution that does the sums with a constant of each channel, and the normalisations, that follow;
    and the nodes that computed them.
    """
    gone: list[Node] = []
    while True:
        total, norm = followers.only(out, "Add"), followers.only(out, "BatchNormalization")
        channels = conv.weight.shape[1] * conv.groups if conv.transposed else conv.weight.shape[0]
        bias = np.zeros(channels, np.float32) if conv.bias is None else conv.bias
        if total is not None:
            constant = [graph.constants[n] for n in total.inputs if n in graph.constants]
            if not constant or constant[0].size != channels:
                return conv, gone
            conv = replace(conv, bias=bias + constant[0].reshape(-1))
        elif norm is not None and not conv.transposed:
            gain, offset, mean, variance = (graph.constants[n] for n in norm.inputs[1:])
            gain = gain / np.sqrt(variance + norm.settings.get("epsilon", 1e-5))
            weight = conv.weight * gain[:, None, None, None]
            conv = replace(conv, weight=weight, bias=(bias - mean) * gain + offset)
        else:
            return conv, gone
        follower = total or norm
        assert follower is not None
        gone.append(follower)
        out = follower.output


def _activation(out: str, followers: _Followers) -> tuple[str, list[Node]]:
    """The activation of a value, as the nodes that compute it."""
    relu = followers.only(out, "Relu")
    if relu is not None:
        return "relu", [relu]
    swish = followers.pair(out, "Sigmoid", "Mul")
    if swish is not None and followers.only(swish[0].output, "Mul") is swish[1]:
        return "swish", list(swish)
    halves = followers.pair(out, "Div", "Mul")
    if halves is not None:
        curve = followers.chain(halves[0].output, ("Erf", "Add", "Mul", "Mul"))
        if curve is not None and curve[2] is halves[1]:
            return "gelu", [halves[0], *curve]
    return "none", []
