"""Batches of drawn strips, addressed by number: batch ``i`` of seed ``s`` is always the same.

In: a seed and an index; out: a dict of tensors. Because nothing is remembered between batches, a
run resumed from a checkpoint sees exactly the data it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from veernet_core.datatypes import STYLES
from veernet_core.net import losses
from veernet_core.synth.strips import MAX_CURVES, SynthConfig, SynthStrip, draw_strip

Batch = dict[str, Tensor]

SIZES: tuple[tuple[int, int, int, float], ...] = (
    (8, 256, 512, 0.5),
    (10, 192, 512, 0.1),
    (4, 512, 512, 0.1),
    (10, 256, 416, 0.1),
    (4, 256, 1024, 0.2),
)
"""(strips, rows, columns, share): equal pixels, so that every step costs the same."""


@dataclass(frozen=True, slots=True)
class StripBatches(Dataset[Batch]):
    """Drawn batches.

    Attributes
    ----------
    seed, count : int
    shapes : optional real curve shapes for the priors
    max_severity : float
    """

    seed: int
    count: int
    shapes: tuple[NDArray[np.float64], ...] = ()
    max_severity: float = 1.0

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self.seed, index])
        strips, rows, cols, _ = SIZES[rng.choice(len(SIZES), p=[s[3] for s in SIZES])]
        config = SynthConfig(rows, cols, max_severity=self.max_severity)
        return collate([draw_strip(rng, config, self.shapes or None) for _ in range(strips)])


def collate(strips: Sequence[SynthStrip]) -> Batch:
    """Stack strips of one size.

    Returns
    -------
    dict
        ink [B, H, W] uint8, inside [B, W] f32, x/steep/visible [B, K, H], style [B, K] (-1: none),
        mask [B, H, W] uint8.
    """
    rows, cols = strips[0].ink.shape
    shape = (len(strips), MAX_CURVES, rows)
    x, steep = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    visible = np.zeros(shape, np.float32)
    style = np.full(shape[:2], -1, np.int64)
    inside = np.zeros((len(strips), cols), np.float32)
    for b, strip in enumerate(strips):
        n = len(strip.x)
        x[b, :n] = np.nan_to_num(strip.x)
        steep[b, :n] = strip.steep
        visible[b, :n] = strip.visible
        style[b, :n] = strip.style
        inside[b] = inside_track(strip.left_col, strip.right_col, cols)
    return {
        "ink": torch.from_numpy(np.stack([s.ink for s in strips])),
        "inside": torch.from_numpy(inside),
        "x": torch.from_numpy(x),
        "steep": torch.from_numpy(steep),
        "visible": torch.from_numpy(visible),
        "style": torch.from_numpy(style),
        "mask": torch.from_numpy(np.stack([s.mask for s in strips])),
    }


def inside_track(left: float, right: float, cols: int) -> NDArray[np.float32]:
    """1 between the borders, 0 in the margins. Shape [cols]."""
    column = np.arange(cols)
    return ((column >= left) & (column <= right)).astype(np.float32)


def net_input(batch: Batch) -> Tensor:
    """Network input [B, 2, H, W] of a batch."""
    ink = batch["ink"].float() / 255
    inside = batch["inside"][:, None, :].expand_as(ink)
    return torch.stack([ink, inside], 1)


def targets(batch: Batch) -> tuple[Tensor, Tensor]:
    """Position target [B, 3, H, W] and presence [B, 3, H] of a batch."""
    cols = batch["ink"].shape[2]
    bells = losses.position_target(batch["x"], batch["steep"], batch["visible"], cols)
    member = torch.stack([batch["style"] == c for c in range(len(STYLES))], 1).float()
    target = torch.einsum("bck,bkhw->bchw", member, bells)
    present = (torch.einsum("bck,bkh->bch", member, batch["visible"]) > 0).float()
    return target, present
