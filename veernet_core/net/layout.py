"""The layout network: a small U-Net that marks what lies where on a shrunken page, and its file.

In: uint8 layers [4, rows, 640]; out: uint8 maps. Weights are safetensors with the training record and
the calibration of the decoding in the header; nothing is ever unpickled. Does not belong here: pages,
what the marks mean.
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

FORMAT = "veernet-layout-1"
SHIPPED = "veernet-layout.safetensors"
_TILE, _MARGIN = 512, 128


@dataclass(frozen=True, slots=True)
class LayoutNetConfig:
    """Shape of the network: channels of its five levels."""

    widths: tuple[int, ...] = (16, 32, 48, 64, 96)
    channels: int = 4
    areas: int = 6
    lines: int = 2
    edges: int = 2


class LayoutOutput(NamedTuple):
    """Logits: areas [B, 6, h, w], lines [B, 2, h, 2w], edges [B, 2, h, w] at cells of 2 x 2 pixels."""

    areas: Tensor
    lines: Tensor
    edges: Tensor


def _conv(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class _Across(nn.Module):
    """Adds what the whole row and the whole column of a map hold, so that far cells agree."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.row = nn.Conv1d(width, width, 5, padding=2)
        self.column = nn.Conv1d(width, width, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape."""
        down = self.row(x.mean(dim=3))[..., None]
        across = self.column(x.mean(dim=2))[:, :, None]
        return x + functional.relu(down + across)


class LayoutUNet(nn.Module):
    """U-Net on cells of 2 x 2 input pixels; the first level is a patch embedding."""

    def __init__(self, config: LayoutNetConfig) -> None:
        super().__init__()
        self.config = config
        w = config.widths
        self.stem = nn.Sequential(
            nn.Conv2d(config.channels, w[0], 4, 2, 1, bias=False),
            nn.BatchNorm2d(w[0]),
            nn.ReLU(inplace=True),
        )
        self.down = nn.ModuleList(
            nn.Sequential(_conv(a, b, 2), _conv(b, b)) for a, b in itertools.pairwise(w)
        )
        self.first = _conv(w[0], w[0])
        self.across = nn.ModuleList([_Across(w[-1]), _Across(w[-2])])
        self.narrow = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in itertools.pairwise(w))
        self.up = nn.ModuleList(_conv(a, a) for a in w[:-1])
        self.head = nn.Conv2d(w[0], config.areas + 2 * config.lines + config.edges, 1)

    def forward(self, x: Tensor) -> LayoutOutput:
        """Float [B, 4, h, w] in 0 to 1, both a multiple of 32."""
        levels = [self.first(self.stem(x))]
        for step in self.down:
            levels.append(step(levels[-1]))
        y = self.across[0](levels[-1])
        for place in range(len(self.down) - 1, -1, -1):
            y = functional.interpolate(self.narrow[place](y), scale_factor=2.0, mode="nearest")
            y = self.up[place](y + levels[place])
            if place == len(self.down) - 1:
                y = self.across[1](y)
        return self._split(self.head(y))

    def _split(self, y: Tensor) -> LayoutOutput:
        c = self.config
        lines = y[:, c.areas : c.areas + 2 * c.lines]
        batch, _, height, width = lines.shape
        lines = lines.reshape(batch, c.lines, 2, height, width).permute(0, 1, 3, 4, 2)
        lines = lines.reshape(batch, c.lines, height, 2 * width)
        return LayoutOutput(y[:, : c.areas], lines, y[:, c.areas + 2 * c.lines :])


# ---- the file ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LayoutBundle:
    """Weights, shape, training record, and the calibration of what is decoded from the maps."""

    network: LayoutNetConfig
    weights: Mapping[str, Tensor]
    record: Mapping[str, Any]
    calibration: Mapping[str, Any]

    def model(self) -> LayoutUNet:
        """The network with these weights, in evaluation mode."""
        return with_weights(LayoutUNet(self.network), self.weights, "layout")


def pack_layout(
    model: LayoutUNet, record: Mapping[str, Any], calibration: Mapping[str, Any]
) -> bytes:
    """Serialise; weights in half precision; same content, same bytes."""
    content = {
        "format": FORMAT,
        "network": asdict(model.config),
        "record": dict(record),
        "calibration": dict(calibration),
    }
    return pack_small(model, content)


def unpack_layout(data: bytes) -> LayoutBundle:
    """Read a layout bundle.

    Raises
    ------
    BundleError
        If the bytes are no layout bundle.
    """
    try:
        content, weights = unpack_small(data, FORMAT)
        shape = content["network"]
        network = LayoutNetConfig(**{**shape, "widths": tuple(shape["widths"])})
    except (ValueError, KeyError, TypeError, safetensors.SafetensorError) as error:
        raise BundleError(f"not a layout bundle: {error}") from error
    return LayoutBundle(network, weights, content["record"], content["calibration"])


def layout_reader(data: bytes | None = None) -> LayoutReader:
    """The network of a file, or the one that comes with the package, ready to mark pages.

    Raises
    ------
    BundleError
        If the bytes are no layout bundle.
    """
    if data is None:
        data = resources.files("veernet_core.net.weights").joinpath(SHIPPED).read_bytes()
    bundle = unpack_layout(data)
    return LayoutReader(bundle.model(), bundle.calibration.get("settings", {}))


# ---- reading -----------------------------------------------------------------------------------------


class MapsRead(NamedTuple):
    """Probabilities as uint8: areas [6, h, 320], lines [2, h, 640], edges [2, h, 320]."""

    areas: NDArray[np.uint8]
    lines: NDArray[np.uint8]
    edges: NDArray[np.uint8]


class LayoutReader:
    """Marks whole pages with a network, tile by tile; the same answer wherever tiles are cut but for
    what a tile does not see.
    """

    def __init__(self, model: LayoutUNet, settings: Mapping[str, float] | None = None) -> None:
        self._model = model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.settings: Mapping[str, float] = settings or {}

    def mark(self, layers: NDArray[np.uint8]) -> MapsRead:
        """Mark layers uint8 [4, rows, 640]; rows even."""
        rows, step = layers.shape[1], _TILE - 2 * _MARGIN
        parts: list[tuple[NDArray[np.uint8], ...]] = []
        for first in range(0, rows, step):
            top = max(0, first - _MARGIN)
            bottom = min(rows, first + step + _MARGIN)
            maps = self._tile(layers[:, top:bottom])
            own = slice((first - top) // 2, (min(rows, first + step) - top) // 2)
            parts.append(tuple(m[:, own] for m in maps))
        return MapsRead(*(np.concatenate(maps, axis=1) for maps in zip(*parts)))

    def _tile(self, layers: NDArray[np.uint8]) -> MapsRead:
        rows = layers.shape[1]
        padded = np.pad(layers, ((0, 0), (0, -rows % 32), (0, 0)))
        with torch.inference_mode():
            x = torch.from_numpy(padded).float().div_(255)[None]
            out = self._model(x.contiguous(memory_format=torch.channels_last))
        maps = (out.areas.softmax(dim=1), out.lines.sigmoid(), out.edges.sigmoid())
        tall = -(-rows // 2)
        return MapsRead(*((m[0, :, :tall] * 255 + 0.5).to(torch.uint8).numpy() for m in maps))
