"""Pictures of strips a model has not seen: what it was given, and where it sees curves."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from veernet_core.net.model import VeerNet
from veernet_core.training.batches import StripBatches, net_input

_COLOURS = np.array([[178, 114, 0], [0, 94, 213], [115, 158, 0]], np.float32)
"""Blue, vermilion and green (BGR) for solid, dashed and dotted."""


def strip_pictures(
    model: VeerNet, device: str = "cpu", seed: int = 99, count: int = 3
) -> dict[str, bytes]:
    """PNG pictures by file name; empty for a model without position head."""
    data = StripBatches(seed, count)
    out: dict[str, bytes] = {}
    for index in range(count):
        batch = {k: v.to(device) for k, v in data[index].items()}
        with torch.inference_mode():
            output = model.eval()(net_input(batch), condition=batch["condition"])
        if output.position is None or output.presence is None:
            return {}
        position = output.position.softmax(-1) * torch.sigmoid(output.presence)[..., None]
        tiles = [
            _tile(ink, p)
            for ink, p in zip(batch["ink"].cpu().numpy()[:4], position.cpu().numpy()[:4])
        ]
        out[f"strips-{index}.png"] = cv2.imencode(".png", np.vstack(tiles))[1].tobytes()
    return out


def _tile(ink: NDArray[np.uint8], position: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The strip beside itself with the posterior laid over."""
    paper = 255 - np.repeat(ink[..., None], 3, axis=2).astype(np.float32)
    shown = 255 - (255 - paper) * 0.35
    for strength, colour in zip(np.clip(position * 6, 0, 1), _COLOURS):
        shown = shown * (1 - strength[..., None]) + colour * strength[..., None]
    gap = np.zeros((len(ink), 4, 3), np.float32)
    return np.hstack([paper, gap, shown]).clip(0, 255).astype(np.uint8)
