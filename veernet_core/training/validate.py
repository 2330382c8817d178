"""A quick look at a model during training: position error on drawn strips it has not seen.

This is the generator grading its own homework; the verdict on a model comes from ``evaluation``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from veernet_core.net.model import VeerNet
from veernet_core.net.precision import mixed_precision
from veernet_core.training.batches import Batch, StripBatches, net_input


def validate(model: VeerNet, seed: int, device: str = "cpu", batches: int = 10) -> dict[str, float]:
    """Score a model.

    Returns
    -------
    dict
        ``dx_<style>``: median distance of the row's most likely column from the nearest curve of the
        style, px; ``near_<style>``: share of rows within 3 px; ``presence``: accuracy. Empty for a
        model without position head.
    """
    errors: dict[int, list[Tensor]] = {0: [], 1: [], 2: []}
    right, rows = 0.0, 0
    for batch, position, presence in _outputs(model, seed, device, batches):
        best = _centroid(position)
        for c in range(3):
            member = (batch["style"] == c)[:, :, None] & (batch["visible"] > 0)
            distance = (batch["x"] - best[:, c, None]).abs()
            distance = torch.where(member, distance, torch.inf).amin(1)
            errors[c].append(distance[torch.isfinite(distance)])
            right += float(((presence[:, c] > 0) == member.any(1)).sum())
            rows += presence[:, c].numel()
    if not rows:
        return {}
    scores = {"presence": right / rows}
    for c, name in enumerate(("solid", "dashed", "dotted")):
        dx = torch.cat(errors[c]).numpy()
        scores[f"dx_{name}"] = float(np.median(dx))
        scores[f"near_{name}"] = float((dx <= 3).mean())
    return scores


def _outputs(
    model: VeerNet, seed: int, device: str, count: int
) -> Iterator[tuple[Batch, Tensor, Tensor]]:
    data = StripBatches(seed, count)
    model.eval()
    for index in range(count):
        batch = {k: v.to(device) for k, v in data[index].items()}
        with torch.inference_mode(), mixed_precision(device):
            x = net_input(batch).contiguous(memory_format=torch.channels_last)
            output = model(x, condition=batch["condition"])
        if output.position is None or output.presence is None:
            return
        yield batch, output.position, output.presence


def _centroid(position: Tensor, reach: int = 4) -> Tensor:
    """Sub-pixel column of the peak, [B, 3, H]."""
    p = position.softmax(-1)
    peak = p.argmax(-1, keepdim=True)
    offsets = torch.arange(-reach, reach + 1, device=p.device)
    columns = (peak + offsets).clamp(0, p.shape[-1] - 1)
    mass = p.gather(-1, columns)
    out: Tensor = (mass * columns).sum(-1) / mass.sum(-1).clamp(min=1e-9)
    return out
