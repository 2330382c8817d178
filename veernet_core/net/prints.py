"""The print network: a small U-Net that marks which ink is print and where phrases run, and its file.

In: ink uint8 [rows, cols] at the resolution of reading; out: uint8 maps. Weights are safetensors with the
training record in the header; nothing is ever unpickled. Does not belong here: finding phrases in the maps.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
import safetensors
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from veernet_core.errors import BundleError
from veernet_core.net.small_files import pack_small, unpack_small, with_weights

FORMAT = "veernet-print-1"
SHIPPED = "veernet-print.safetensors"
_STRIDE = 32
_PRINT, _CORE = slice(0, 4), slice(4, 5)


@dataclass(frozen=True, slots=True)
class PrintNetConfig:
    """Shape of the network: channels of its levels."""

    widths: tuple[int, ...] = (12, 24, 32, 48, 64)


class PrintOutput(NamedTuple):
    """Logits: print [B, h, w], core [B, h / 2, w / 2]."""

    print: Tensor
    core: Tensor


class PrintUNet(nn.Module):
    """U-Net on cells of 2 x 2 pixels; its head tells the four pixels of a cell apart."""

    def __init__(self, config: PrintNetConfig) -> None:
        super().__init__()
        self.config = config
        w = config.widths
        self.stem = _conv(1, w[0], 2, 4)
        self.first = _conv(w[0], w[0])
        self.down = nn.ModuleList(
            nn.Sequential(_conv(a, b, 2), _conv(b, b)) for a, b in itertools.pairwise(w)
        )
        self.narrow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(w))
        self.up = nn.ModuleList(_conv(a, a) for a in w[:-1])
        self.head = nn.Conv2d(w[0], 5, 1)

    def forward(self, x: Tensor) -> PrintOutput:
        """Float [B, 1, h, w] in 0 to 1, both a multiple of 32."""
        levels = [self.first(self.stem(x))]
        for step in self.down:
            levels.append(step(levels[-1]))
        y = levels[-1]
        for place in range(len(self.down) - 1, -1, -1):
            y = functional.interpolate(self.narrow[place](y), scale_factor=2.0, mode="nearest")
            y = self.up[place](y + levels[place])
        y = self.head(y)
        return PrintOutput(functional.pixel_shuffle(y[:, _PRINT], 2)[:, 0], y[:, _CORE][:, 0])


def _conv(inside: int, outside: int, stride: int = 1, size: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, size, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


# ---- the file ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PrintBundle:
    """Weights, shape and training record."""

    network: PrintNetConfig
    weights: Mapping[str, Tensor]
    record: Mapping[str, Any]

    def model(self) -> PrintUNet:
        """The network with these weights, in evaluation mode.

        Raises
        ------
        BundleError
            If they do not fit.
        """
        return with_weights(PrintUNet(self.network), self.weights, "print")


def pack_print(model: PrintUNet, record: Mapping[str, Any]) -> bytes:
    """Serialise; weights in half precision; same content, same bytes."""
    content = {"format": FORMAT, "network": asdict(model.config), "record": dict(record)}
    return pack_small(model, content)


def unpack_print(data: bytes) -> PrintBundle:
    """Read a print bundle.

    Raises
    ------
    BundleError
        If the bytes are no print bundle.
    """
    try:
        content, weights = unpack_small(data, FORMAT)
        network = PrintNetConfig(tuple(content["network"]["widths"]))
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise BundleError(f"not a print bundle: {error}") from error
    return PrintBundle(network, weights, content["record"])


def print_marker(data: bytes | None = None) -> PrintMarker:
    """The network of a file, or the one that comes with the package, ready to mark print.

    Raises
    ------
    BundleError
        If the bytes are no print bundle.
    """
    if data is None:
        data = resources.files("veernet_core.net.weights").joinpath(SHIPPED).read_bytes()
    return PrintMarker(unpack_print(data).model())


class PrintMarker:
    """Marks the print of pieces of pages with a network."""

    def __init__(self, model: PrintUNet) -> None:
        self._model = model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def mark_print(self, ink: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Mark ink uint8 [rows, cols], 255 ink, at the resolution of reading.

        Returns
        -------
        print : uint8 [rows, cols]
            Probability of being ink of upright print, 255 for sure.
        core : uint8 [rows, cols]
            Probability of being the middle of a phrase.
        """
        rows, cols = ink.shape
        padded = np.pad(ink, ((0, -rows % _STRIDE), (0, -cols % _STRIDE)))
        with torch.inference_mode():
            x = torch.from_numpy(padded).float().div_(255)[None, None]
            out = self._model(x.contiguous(memory_format=torch.channels_last))
            core = functional.interpolate(out.core[:, None], scale_factor=2.0, mode="bilinear")
            maps = [(m.sigmoid() * 255 + 0.5).to(torch.uint8) for m in (out.print[0], core[0, 0])]
        text, middle = (m.numpy()[:rows, :cols] for m in maps)
        return text, middle
