"""The networks that find and read print, of ONNX files, computed by torch in bfloat16.

In: a file; images float32. Out: what the network says of them, float32. Convolutions are computed in bfloat16,
together with the bias, activation or sum that follows; products of matrices and probabilities in float32. What
is said of an image does not depend on those that are computed with it, bit for bit. Lines of print that are
nearly as wide are computed together: each call costs as much again as a short line. Only operators of these
networks are known. Does not belong here: the file (`onnx_file`), and how steps are put together (`onnx_steps`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from veernet_core.datatypes import F32
from veernet_core.net.onnx_file import read_graph
from veernet_core.net.onnx_steps import Convolution, Step, fused

_MOST_LINES = 16
_WIDER, _WIDER_PX = 1.2, 16
"""How much wider than the narrowest line of a batch its widest may be: they are filled up to that."""


class Bfloat16Networks:
    """Makes the networks of the OCR engine (`page.ocr.engine.Networks`).

    Parameters
    ----------
    threads : int
        Of one call.
    """

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    def detector(self, file: bytes) -> Callable[[F32], F32]:
        """See `Networks.detector`."""
        return OnnxNetwork(file, self._threads)

    def reader(self, file: bytes) -> Callable[[Sequence[F32]], list[F32]]:
        """See `Networks.reader`."""
        return OnnxNetwork(file, self._threads).read_lines


class OnnxNetwork:
    """A network; one instance serves any number of threads.

    Parameters
    ----------
    file : bytes
    threads : int
        Of one call.
    precision : torch.dtype
        Of convolutions.

    Raises
    ------
    ValueError
        The file holds an operator or a tensor that is not known here.
    """

    def __init__(
        self, file: bytes, threads: int = 1, precision: torch.dtype = torch.bfloat16
    ) -> None:
        graph = read_graph(file)
        self._threads, self._precision = threads, precision
        self._input, self._steps = graph.input, fused(graph)
        unknown = {s.operator for s in self._steps if s.operator not in _OPERATORS and not s.conv}
        if unknown:
            raise ValueError(f"operators that are not known: {', '.join(sorted(unknown))}")
        self._constants = {
            name: torch.from_numpy(value)
            for name, value in graph.constants.items()
            if any(name in step.inputs for step in self._steps)
        }
        self._layers = {
            step.output: _Layer(step.conv, precision) for step in self._steps if step.conv
        }
        last = {name: k for k, step in enumerate(self._steps) for name in step.inputs}
        self._done_with = [
            [name for name in set(step.inputs) if last[name] == k]
            for k, step in enumerate(self._steps)
        ]
        # from here on rows are gone, and what is left of a line is computed with its like alone
        self._parting = next(
            (k + 1 for k, step in enumerate(self._steps) if step.operator == "AveragePool"), None
        )

    def __call__(self, images: F32) -> F32:
        """What the network says of images float32 [images, channels, rows, cols]."""
        with self._at_work():
            out = self._run(torch.from_numpy(images), [images.shape[3]] * len(images))
            whole: F32 = torch.stack(out).float().numpy()
        return whole

    def read_lines(self, lines: Sequence[F32]) -> list[F32]:
        """What the network says of lines of print float32 [rows, cols], each as wide as it is."""
        out: list[F32] = [np.zeros(0, np.float32)] * len(lines)
        with self._at_work():
            for batch in _alike([line.shape[1] for line in lines]):
                widths = [lines[k].shape[1] for k in batch]
                images = torch.zeros(len(batch), 3, lines[batch[0]].shape[0], max(widths))
                for image, k in zip(images, batch):
                    image[..., : lines[k].shape[1]] = torch.from_numpy(lines[k])
                for k, said in zip(batch, self._run(images, widths)):
                    out[k] = said.float().numpy()
        return out

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        before = torch.get_num_threads()
        if before != self._threads:
            torch.set_num_threads(self._threads)
        try:
            with torch.inference_mode():
                yield
        finally:
            if before != self._threads:
                torch.set_num_threads(before)

    def _run(self, images: Tensor, widths: Sequence[int]) -> list[Tensor]:
        x = images.to(self._precision).contiguous(memory_format=torch.channels_last)
        return self._from(0, {**self._constants, self._input: x}, widths)

    def _from(self, first: int, values: dict[str, Tensor], widths: Sequence[int]) -> list[Tensor]:
        """The answer for each image of a batch, from a step on."""
        own = _Widths(widths)
        for k in range(first, len(self._steps)):
            if k == self._parting and own.uneven:
                return self._apart(k, values[self._steps[k - 1].output], own)
            step = self._steps[k]
            values[step.output] = self._step(step, values, own)
            for name in self._done_with[k]:
                values.pop(name, None)
        return list(values[self._steps[-1].output])

    def _step(self, step: Step, values: dict[str, Tensor], own: _Widths) -> Tensor:
        inputs = [values[name] for name in step.inputs if name]
        if step.conv is not None:
            if step.conv.weight.shape[3] > 1:
                own.clear(inputs[0])
            return self._layers[step.output](inputs)
        if own.uneven and (step.operator, step.settings.get("axes")) == ("ReduceMean", [2, 3]):
            return torch.cat([_pooled(image) for image in own.images(inputs[0])])
        return _OPERATORS[step.operator](inputs, step.settings)

    def _apart(self, first: int, x: Tensor, own: _Widths) -> list[Tensor]:
        """The rest of the steps for images of one width together."""
        images = list(own.images(x))
        out = [x] * len(images)
        for width in sorted(set(own.widths)):
            same = [k for k, w in enumerate(own.widths) if w == width]
            part = torch.cat([images[k] for k in same]).contiguous(
                memory_format=torch.channels_last
            )
            values = {**self._constants, self._steps[first - 1].output: part}
            for k, said in zip(same, self._from(first, values, [width] * len(same))):
                out[k] = said
        return out


def _alike(widths: Sequence[int]) -> Iterator[list[int]]:
    """Lines, by place, that are computed together: from narrow to wide, nearly as wide ones."""
    batch: list[int] = []
    for k in sorted(range(len(widths)), key=lambda k: widths[k]):
        most = _WIDER * widths[batch[0]] + _WIDER_PX if batch else 0
        if batch and (len(batch) == _MOST_LINES or widths[k] > most):
            yield batch
            batch = []
        batch.append(k)
    if batch:
        yield batch


class _Widths:
    """Columns that the images of a batch fill, of as many as the widest has."""

    def __init__(self, widths: Sequence[int]) -> None:
        self.widths = widths
        self.uneven = len(set(widths)) > 1

    def _own(self, x: Tensor) -> list[int]:
        """Columns filled of a map, which may be smaller than the images."""
        return [-(-width * x.shape[3] // max(self.widths)) for width in self.widths]

    def clear(self, x: Tensor) -> None:
        """Clear the columns that are not filled: there a convolution sees what it sees beyond an image."""
        if self.uneven:
            for image, own in zip(x, self._own(x)):
                image[..., own:] = 0

    def images(self, x: Tensor) -> Iterator[Tensor]:
        """What each image fills, [1, C, h, own]."""
        for k, own in enumerate(self._own(x)):
            yield x[k : k + 1, :, :, :own]


class _Layer:
    """A convolution with what follows it in one step."""

    def __init__(self, conv: Convolution, precision: torch.dtype) -> None:
        self._conv, self._precision = conv, precision
        weight = torch.from_numpy(conv.weight).to(precision)
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = None if conv.bias is None else torch.from_numpy(conv.bias).to(precision)

    def __call__(self, inputs: Sequence[Tensor]) -> Tensor:
        conv = self._conv
        x = inputs[0].to(self._precision)
        if conv.transposed:
            y = F.conv_transpose2d(x, self._weight, self._bias, conv.stride, groups=conv.groups)
            return F.relu(y, inplace=True) if conv.activation == "relu" else y
        if conv.pad_after:
            x = F.pad(x, (0, conv.pad_after[1], 0, conv.pad_after[0]))
        shape = (list(conv.padding), list(conv.stride), [1, 1], conv.groups)
        one_step: Any = torch.ops.mkldnn._convolution_pointwise
        if len(inputs) > 1:
            other = inputs[1].to(self._precision)
            added: Tensor = one_step.binary(
                x, other, self._weight, self._bias, *shape, "add", None, None, [], None
            )
            return added
        how = "none" if conv.activation == "gelu" else ""
        out: Tensor = one_step(x, self._weight, self._bias, *shape, conv.activation, [], how)
        return out


# ---- operators -----------------------------------------------------------------------------------------

Operator = Callable[[Sequence[Tensor], Any], Tensor]


def _pooled(x: Tensor) -> Tensor:
    """Mean of each channel, [B, C, 1, 1]: along memory, which is many times faster than ``mean``."""
    b, c, h, w = x.shape
    sums = x.permute(0, 2, 3, 1).reshape(b, h * w, c).sum(1, dtype=torch.float32)
    return (sums / (h * w)).to(x.dtype).reshape(b, c, 1, 1)


def _mean(own: Sequence[Tensor], settings: Any) -> Tensor:
    if settings["axes"] == [2, 3]:
        return _pooled(own[0])
    return own[0].mean(settings["axes"], keepdim=True)


def _highest(own: Sequence[Tensor], settings: Any) -> Tensor:
    """Maximum of squares of 2 x 2, each pixel the upper left one of its own."""
    if (settings["kernel_shape"], settings["strides"]) != ([2, 2], [1, 1]):
        raise ValueError("pooling of another size")
    x = F.pad(own[0], (0, 1, 0, 1), value=float("-inf"))
    rows = torch.maximum(x[:, :, 1:], x[:, :, :-1])
    return torch.maximum(rows[..., 1:], rows[..., :-1])


def _both(operation: Callable[[Tensor, Tensor], Tensor]) -> Operator:
    """Of two tensors, in the finer of their precisions; a single number takes that of the other."""

    def run(own: Sequence[Tensor], settings: Any) -> Tensor:
        a, b = own
        if a.dtype != b.dtype and a.is_floating_point():
            a, b = (a, b.to(a.dtype)) if b.numel() == 1 else (a.float(), b.float())
        return operation(a, b)

    return run


def _slice(own: Sequence[Tensor], settings: Any) -> Tensor:
    x, starts, ends, axes = own[:4] if len(own) > 3 else (*own, torch.arange(len(own[1])))
    for start, end, axis in zip(starts.tolist(), ends.tolist(), axes.tolist()):
        first, last = (
            min(at, x.shape[axis]) if at >= 0 else at + x.shape[axis] for at in (start, end)
        )
        x = x.narrow(axis, first, last - first)
    return x


def _reshape(own: Sequence[Tensor], settings: Any) -> Tensor:
    x, shape = own[0], own[1].tolist()
    return x.reshape([x.shape[k] if n == 0 else n for k, n in enumerate(shape)])


def _squeeze(own: Sequence[Tensor], settings: Any) -> Tensor:
    x = own[0]
    for axis in sorted(settings["axes"], reverse=True):
        x = x.squeeze(axis)
    return x


def _doubled(own: Sequence[Tensor], settings: Any) -> Tensor:
    if settings.get("mode") != "nearest":
        raise ValueError("enlarging in another way")
    return F.interpolate(own[0], scale_factor=own[2].tolist()[2:], mode="nearest")


_OPERATORS: dict[str, Operator] = {
    "Add": _both(torch.add),
    "AveragePool": lambda own, s: F.avg_pool2d(own[0], s["kernel_shape"], s["strides"]),
    "Concat": lambda own, s: torch.cat(list(own), s.get("axis", 0)),
    "Div": _both(torch.div),
    "GlobalAveragePool": lambda own, s: _pooled(own[0]),
    "HardSigmoid": lambda own, s: (own[0] * s["alpha"] + s["beta"]).clamp_(0, 1),
    "MatMul": lambda own, s: torch.matmul(own[0].float(), own[1].float()),
    "MaxPool": _highest,
    "Mul": _both(torch.mul),
    "Pow": lambda own, s: own[0].pow(own[1].to(own[0].dtype)),
    "ReduceMean": _mean,
    "Relu": lambda own, s: F.relu(own[0]),
    "Reshape": _reshape,
    "Resize": _doubled,
    "Shape": lambda own, s: torch.tensor(own[0].shape),
    "Sigmoid": lambda own, s: torch.sigmoid(own[0]),
    "Slice": _slice,
    "Softmax": lambda own, s: own[0].float().softmax(s["axis"]),
    "Sqrt": lambda own, s: own[0].sqrt(),
    "Squeeze": _squeeze,
    "Sub": _both(torch.sub),
    "Transpose": lambda own, s: own[0].permute(s["perm"]),
    "Unsqueeze": lambda own, s: own[0].unsqueeze(s["axes"][0]),
}
