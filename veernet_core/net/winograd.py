"""Convolutions of 3 x 3 by Winograd's method, which multiplies less: for CPUs that gain nothing by bfloat16.

In: a folded network in float32. Out: the same network, whose 3 x 3 convolutions go through NNPACK, which comes
with torch: 1.3 times as fast as a whole on a CPU with AVX2 alone; probabilities differ by 2e-6 at most. With
AVX-512 nothing was measured, and torch's own convolutions stay. Does not belong here: which layers there are
(`model`), and bfloat16 (`one_step`). Source: Lavin and Gray, 2015, arXiv 1509.09308.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def is_supported() -> bool:
    """Whether this CPU has AVX2 and no AVX-512, and torch has NNPACK."""
    return torch.backends.cpu.get_cpu_capability() == "AVX2" and bool(torch._nnpack_available())


class WinogradConv(nn.Conv2d):
    """A convolution of 3 x 3 with stride 1 that keeps the size; for inference only."""

    def forward(self, x: Tensor) -> Tensor:
        """``[B, cin, h, w]`` to ``[B, cout, h, w]``; each of a batch alone, so that none changes another."""
        x = x.contiguous()
        parts = [
            torch._nnpack_spatial_convolution(x[k : k + 1], self.weight, self.bias, 1)
            for k in range(len(x))
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def use_winograd(network: nn.Module) -> None:
    """Let all convolutions of a network that it suits run by Winograd's method, in place."""
    for parent in list(network.modules()):
        for name, conv in parent.named_children():
            if isinstance(conv, nn.Conv2d) and _suits(conv):
                setattr(parent, name, _as_winograd(conv))


def uses_winograd(network: nn.Module) -> bool:
    """Whether ``use_winograd`` was called: images and weights then lie channel by channel in memory."""
    return any(isinstance(module, WinogradConv) for module in network.modules())


def _suits(conv: nn.Conv2d) -> bool:
    shape = (conv.kernel_size, conv.stride, conv.padding, conv.dilation)
    return shape == ((3, 3), (1, 1), (1, 1), (1, 1)) and conv.groups == 1


def _as_winograd(conv: nn.Conv2d) -> WinogradConv:
    out = WinogradConv(conv.in_channels, conv.out_channels, 3, padding=1, bias=False)
    out.weight = nn.Parameter(conv.weight.detach().contiguous(), requires_grad=False)
    if conv.bias is not None:
        out.bias = nn.Parameter(conv.bias.detach(), requires_grad=False)
    return out
