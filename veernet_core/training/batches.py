"""Batches of drawn strips, addressed by number: batch ``i`` of seed ``s`` is always the same.

In: a seed and an index; out: a dict of tensors. Because nothing is remembered between batches, a
run resumed from a checkpoint sees exactly the data it would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from veernet_core.datatypes import STYLES
from veernet_core.net import losses
from veernet_core.net.model import STYLE_CONDITION, style_condition
from veernet_core.synth.strips import MAX_CURVES, SynthConfig, SynthStrip, draw_strip

Batch = dict[str, Tensor]

SIZES: tuple[tuple[int, int, int, float], ...] = (
    (8, 256, 512, 0.3),
    (10, 192, 512, 0.1),
    (4, 512, 512, 0.3),
    (10, 256, 416, 0.1),
    (4, 256, 1024, 0.2),
)
"""(strips, rows, columns, share): equal pixels, so that every step costs the same."""
STROKE_SHARE = 0.3
"""Of curves with strokes out and back, which training draws more often than they occur: they are few rows, and
easily taken for pieces of depth lines."""


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
        config = SynthConfig(rows, cols, max_severity=self.max_severity, stroke_share=STROKE_SHARE)
        drawn = [draw_strip(rng, config, self.shapes or None) for _ in range(strips)]
        listings = [listing(rng, strip.style) for strip in drawn]
        drawn = [renamed(s, names) for s, (names, _) in zip(drawn, listings)]
        return collate(drawn, [told for _, told in listings])


def listing(
    rng: np.random.Generator, drawn: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[int]]:
    """How a header lists the curves of a strip: the style it gives each, and the styles it states.

    Headers err. Where a track has one style only, or one of dashed and dotted, it may be called by
    another name, and then the ink goes by that name; a style may be left out; or nothing is stated. And
    a curve that is listed need not be drawn here: a backup scale shows for a few feet of a whole log.

    Parameters
    ----------
    rng : numpy.random.Generator
    drawn : int64 [K]
        Style class as drawn.

    Returns
    -------
    names : int64 [K]
        Style class each curve goes by.
    told : list of int
        Style classes the network is told; empty for nothing.
    """
    names = drawn.copy()
    styles = sorted(set(drawn.tolist()))
    broken = [s for s in styles if s > 0]
    if len(styles) == 1 and rng.random() < 0.15:
        names[:] = rng.integers(0, len(STYLES))
    elif len(broken) == 1 and rng.random() < 0.1:
        names[drawn == broken[0]] = 3 - broken[0]
    if (names == drawn).all() and rng.random() < 0.1:
        return names, []
    told = names.tolist()
    if len(styles) > 1 and rng.random() < 0.06:
        missing = rng.choice(sorted(set(told)))
        told = [s for s in told if s != missing]
    if (names == drawn).all() and rng.random() < (0.2 if told else 0.7):
        told = [*told, int(rng.integers(0, len(STYLES)))]
    return names, told


def renamed(strip: SynthStrip, names: NDArray[np.int64]) -> SynthStrip:
    """The strip with its curves under other styles, in the labels as in the mask."""
    label = np.arange(len(STYLES) + 1, dtype=np.uint8)
    label[1 + strip.style] = 1 + names
    return replace(strip, style=names, mask=label[strip.mask])


def collate(strips: Sequence[SynthStrip], told: Sequence[Sequence[int]]) -> Batch:
    """Stack strips of one size.

    Parameters
    ----------
    strips : SynthStrip
    told : style classes listed for each strip; empty where nothing is stated

    Returns
    -------
    dict
        ink [B, H, W] uint8, inside [B, W] f32, x/steep/visible [B, K, H], style [B, K] (-1: none),
        mask [B, H, W] uint8, condition [B, STYLE_CONDITION] f32.
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
        "condition": torch.tensor([style_condition(t) for t in told]).reshape(-1, STYLE_CONDITION),
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
    gaussians = losses.position_target(batch["x"], batch["steep"], batch["visible"], cols)
    member = torch.stack([batch["style"] == c for c in range(len(STYLES))], 1).float()
    target = torch.einsum("bck,bkhw->bchw", member, gaussians)
    present = (torch.einsum("bck,bkh->bch", member, batch["visible"]) > 0).float()
    return target, present
