"""A convolution on a CPU with the sum and the activation that follow, as one step over memory.

In: a folded convolution in bfloat16, its input, and what is added to its result. Out: the same as one after the
other, but that the sum is not rounded before the activation. Does not belong here: which layers are computed
so (`model`).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PRECISION = torch.bfloat16


def is_supported() -> bool:
    """Whether this CPU has the instructions that the step needs (AVX-512)."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def make_ready(conv: nn.Conv2d) -> None:
    """Round a convolution's parameters as ``one_step`` wants them; for inference only."""
    weight = conv.weight.detach().to(PRECISION, memory_format=torch.channels_last)
    conv.weight = nn.Parameter(weight, requires_grad=False)
    if conv.bias is not None:
        conv.bias = nn.Parameter(conv.bias.detach().to(PRECISION), requires_grad=False)


def is_ready(conv: nn.Conv2d) -> bool:
    """Whether ``make_ready`` was called for it."""
    return conv.weight.dtype == PRECISION


def one_step(conv: nn.Conv2d, x: Tensor, relu: bool, added: Tensor | None = None) -> Tensor:
    """``relu(conv(x) + added)``, float [B, C, h, w]; without ``relu`` or ``added`` that part is left out."""
    padding, stride = conv.padding, conv.stride
    assert not isinstance(padding, str)
    shape = (list(padding), list(stride), [1, 1], 1)
    x = _laid_out(x)
    step: Any = torch.ops.mkldnn._convolution_pointwise
    if added is None:
        out: Tensor = step(x, conv.weight, conv.bias, *shape, "relu" if relu else "none", [], "")
        return out
    activation = "relu" if relu else None
    summed: Tensor = step.binary(
        x, _laid_out(added), conv.weight, conv.bias, *shape, "add", None, activation, [], None
    )
    return summed


def _laid_out(x: Tensor) -> Tensor:
    """In the precision and layout of memory without which the sum is no part of the step."""
    return x.to(PRECISION).contiguous(memory_format=torch.channels_last)


def modulated(x: Tensor, gain: Tensor, offset: Tensor) -> Tensor:
    """``x * gain + offset`` of one image, both [1, C, 1, 1]: a normalisation is three times as fast."""
    mean, variance = torch.zeros(x.shape[1]), torch.ones(x.shape[1])
    return F.batch_norm(
        x, mean, variance, gain.flatten().float(), offset.flatten().float(), eps=0.0
    )
