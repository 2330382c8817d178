"""The loss study: every loss at the same budget, on the same strips, judged on the exported curve.

In: ``StudyConfig``, the name of a stage, of a loss and a seed; out: one row of figures per curve class,
and the tables, ranks and sentences made from many such rows. The network and the strips are small, so
that many runs fit into hours of a CPU: the study ranks losses, it does not train the product.

Two stages, as published: ``binary`` (one curve a strip, curve or background) and ``multiclass`` (at
most one solid and one broken curve a strip). Class 0 is the background. No files and no plots here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from veernet_core import metrics
from veernet_core.curve.classical import mask_centroids
from veernet_core.datatypes import F32, F64, Strip
from veernet_core.net import losses
from veernet_core.net.model import NetConfig, NetOutput, VeerNet
from veernet_core.training.strip_pools import CURVES, Pool, Stage, StudyConfig, draw_pool

TVERSKY_SWEEP = ((0.4, 0.6), (0.3, 0.7), (0.2, 0.8), (0.1, 0.9))
PUBLISHED_WEIGHT = 42.0
PUBLISHED_SHARE = 0.97


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way of training: a mask loss, the row-wise cross-entropy, or both added.

    ``knob`` names the family whose asymmetry can be set; the curve is exported from the position head where
    ``position`` is trained, else from the mask.
    """

    mask: losses.MaskLoss | None = None
    position: bool = False
    knob: str = ""


def _candidates() -> dict[str, Candidate]:
    sweep = {
        f"tversky {a}/{b}": Candidate(losses.tversky_loss(a, b), knob="tversky")
        for a, b in TVERSKY_SWEEP
    }
    return {
        "dice": Candidate(losses.dice_loss, knob="tversky"),
        **sweep,
        "focal": Candidate(losses.focal_loss()),
        "lovasz": Candidate(losses.lovasz_softmax),
        "smoothed CE": Candidate(losses.smoothed_cross_entropy()),
        "weighted CE": Candidate(losses.smoothed_cross_entropy(0.0)),
        "row-wise CE": Candidate(None, True),
        "row-wise CE + tversky 0.3/0.7": Candidate(losses.tversky_loss(0.3, 0.7), True),
    }


CANDIDATES: dict[str, Candidate] = _candidates()
"""What is compared, by name. Tversky at 0.5/0.5 is Dice (``tversky_is_dice``), so Dice starts the sweep."""


@dataclass(frozen=True, slots=True)
class WeightDerivation:
    """Class weights from a measured pixel split, with every step of the way.

    Attributes
    ----------
    share : share of the pixels, background first
    inverse_ratio : background pixels per curve pixel: the weight that would balance the classes
    used : the weights all losses get: inverse square root of the share, mean 1
    """

    share: tuple[float, ...]
    inverse_ratio: float
    used: tuple[float, ...]

    def text(self) -> str:
        """The derivation in words."""
        split = " : ".join(f"{100 * s:.2f}" for s in self.share)
        used = ", ".join(f"{w:.2f}" for w in self.used)
        return (
            f"Measured split, background : curves = {split} % of the pixels. Balance would take a "
            f"weight of {self.inverse_ratio:.1f} on curve pixels (background / curves). Full balance "
            f"trades precision for recall, so every loss gets the inverse square root of the share, "
            f"mean 1: {used} (background first)."
        )


def published_weight() -> str:
    """What the published class weight says of the pixel split it is quoted with."""
    implied = 1 / (1 + PUBLISHED_WEIGHT)
    balance = PUBLISHED_SHARE / (1 - PUBLISHED_SHARE)
    return (
        f"The published weight of {PUBLISHED_WEIGHT:.0f} is quoted with a background of "
        f"{100 * PUBLISHED_SHARE:.0f} %, but 97 : 3 balances at {balance:.1f}; "
        f"{PUBLISHED_WEIGHT:.0f} belongs to {100 * implied:.2f} % curve pixels."
    )


def derive_weights(share: Sequence[float] | F64) -> WeightDerivation:
    """Class weights from the shares of the pixels, background first; shares sum to 1."""
    split = np.asarray(share, dtype=np.float64)
    used = losses.class_weights(torch.from_numpy(split))
    curves = float(split[1:].sum())
    ratio = float(split[0]) / curves if curves > 0 else float("inf")
    return WeightDerivation(tuple(split.tolist()), ratio, tuple(used.tolist()))


def tversky_is_dice(seed: int = 0) -> tuple[float, float]:
    """Largest difference of loss and of gradient between Tversky at 0.5/0.5 and Dice."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 3, 32, 32, generator=generator, requires_grad=True)
    target = torch.randint(0, 3, (2, 32, 32), generator=generator)
    valid, weights = torch.ones(2, 32, 32), torch.tensor([0.3, 1.2, 1.5])
    out = []
    for loss in (losses.dice_loss, losses.tversky_loss(0.5, 0.5)):
        value = loss(logits, target, valid, weights)
        (gradient,) = torch.autograd.grad(value, logits)
        out.append((value.detach(), gradient))
    (one, first), (two, second) = out
    return float((one - two).abs()), float((first - second).abs().max())


def train(config: StudyConfig, stage: Stage, name: str, seed: int) -> VeerNet:
    """One network, trained with one loss; the same seed gives the same start and the same batches."""
    pool = draw_pool(config, stage, seed)
    classes = len(CURVES[stage])
    torch.manual_seed(seed)
    model = VeerNet(
        NetConfig(config.widths, config.decoder_width, 1, classes + 1, classes, told_styles=False)
    ).channels_last()
    weights = torch.tensor(derive_weights(pool.share(classes + 1)).used, dtype=torch.float32)
    optimiser = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.01)
    rng = np.random.default_rng([config.data_seed, 43, seed])
    model.train()
    for step in range(config.steps):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * _rate(step, config)
        take = rng.integers(0, len(pool.ink), config.batch)
        loss = _loss(model(_input(pool, take)), pool, take, CANDIDATES[name], weights)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    return model.eval()


def _rate(step: int, config: StudyConfig) -> float:
    """Warm-up, then linear decay over the last 40 % of the steps."""
    left = (config.steps - step) / max(1.0, 0.4 * config.steps)
    return float(min(1.0, (step + 1) / config.warmup, left))


def _input(pool: Pool, take: NDArray[np.integer]) -> Tensor:
    """Network input [B, 2, H, W]."""
    ink = torch.from_numpy(pool.ink[take]).float() / 255
    inside = torch.from_numpy(pool.inside[take])[:, None, :].expand_as(ink)
    return torch.stack([ink, inside], 1).contiguous(memory_format=torch.channels_last)


def _loss(
    output: NetOutput,
    pool: Pool,
    take: NDArray[np.integer],
    candidate: Candidate,
    weights: Tensor,
) -> Tensor:
    total = output.mask.sum() * 0
    if candidate.mask is not None:
        target = torch.from_numpy(pool.mask[take]).long()
        valid = torch.ones_like(target, dtype=torch.float32)
        total = total + candidate.mask(output.mask, target, valid, weights)
    if candidate.position:
        assert output.position is not None
        x, steep, visible = (torch.from_numpy(a[take]) for a in (pool.x, pool.steep, pool.visible))
        gaussians = losses.position_target(x, steep, visible, pool.ink.shape[2])
        total = total + losses.position_loss(output.position, gaussians)
    return total


def run_one(config: StudyConfig, stage: Stage, name: str, seed: int) -> list[dict[str, Any]]:
    """Train one network and judge it: one row of figures per curve class.

    Returns
    -------
    list of dict
        ``mae``, ``mse`` (track widths), ``r2`` (median over curves) of the curve exported by the
        product's cheapest path; the same with ``_centroid`` for the published read-out of a mask;
        ``precision``, ``recall``, ``f1``, ``iou``, ``ece`` of the mask's class, and the three pools
        of IoU. NaN where a loss does not train the mask.
    """
    model = train(config, stage, name, seed)
    return judge_model(model, config, stage, name)


def judge_model(
    model: VeerNet, config: StudyConfig, stage: Stage, name: str
) -> list[dict[str, Any]]:
    """Judge a trained network on the study's test strips; see ``run_one``."""
    test = draw_pool(config, stage, 0, test=True)
    candidate = CANDIDATES[name]
    curves = CURVES[stage]
    mask, position = _infer(model, test)
    overlaps = {c: metrics.overlap(mask.argmax(1), test.mask, c) for c in range(len(curves) + 1)}
    rows = []
    for c, curve in enumerate(curves):
        density = position[:, c] if candidate.position else mask[:, c + 1]
        row: dict[str, Any] = {"stage": stage, "loss": name, "curve": curve}
        row |= _graded(test, c, [_by_path(d, t) for d, t in zip(density, _strips(test))], "")
        if candidate.mask is not None:
            centroids = [
                mask_centroids(m.astype(np.float16), t, c) for m, t in zip(mask, _strips(test))
            ]
            row |= _graded(test, c, centroids, "_centroid")
            o = overlaps[c + 1]
            row |= {"precision": o.precision, "recall": o.recall, "f1": o.f1, "iou": o.iou}
            row |= {"ece": pixel_ece(mask[:, c + 1], test.mask == c + 1)}
            row |= {f"iou_{k}": v for k, v in metrics.pools(overlaps).items()}
        rows.append(row)
    return rows


def _infer(model: VeerNet, test: Pool) -> tuple[F32, F32]:
    """Mask [n, classes + 1, rows, cols] and position [n, classes, rows, cols] as probabilities."""
    masks, positions = [], []
    with torch.inference_mode():
        for i in range(len(test.ink)):
            output = model(_input(test, np.array([i])))
            assert output.position is not None
            masks.append(output.mask.float().softmax(1)[0].numpy())
            positions.append(output.position.softmax(-1)[0].numpy())
    return np.stack(masks), np.stack(positions)


def _strips(test: Pool) -> list[Strip]:
    at = np.arange(test.ink.shape[1], dtype=np.float64)
    return [
        Strip(ink, left, right, at)
        for ink, left, right in zip(test.ink, test.left.tolist(), test.right.tolist())
    ]


def _by_path(density: F32, strip: Strip) -> F64:
    """Track position per row: cheapest path through -log(density), centroid of ± 4 px around it."""
    path = cheapest_path(-np.log(density.astype(np.float64) + 1e-4))
    columns = path[:, None] + np.arange(-4, 5)
    inside = (columns >= 0) & (columns < density.shape[1])
    mass = np.take_along_axis(density, columns.clip(0, density.shape[1] - 1), 1) * inside
    total = mass.sum(axis=1)
    centroid = (mass * columns).sum(axis=1) / np.maximum(total, 1e-9)
    column = np.where(total > 1e-6, centroid, path)
    return np.asarray((column - strip.left_col) / strip.track_width_px)


def cheapest_path(cost: F64, slope: float = 0.05, jump: float = 6.0) -> NDArray[np.int64]:
    """Path that minimises cost plus ``min(slope * |dx|, jump)`` per row; int64 [rows].

    The rule by which the product follows a lone curve, without the parts that look at ink: the study
    compares densities, not decoders.
    """
    rows, cols = cost.shape
    at = np.arange(cols)
    came_from = np.zeros((rows, cols), np.int64)
    total = cost[0].copy()
    for r in range(1, rows):
        left, right = total - slope * at, total + slope * at
        low, high = np.minimum.accumulate(left), np.minimum.accumulate(right[::-1])[::-1]
        # the last column at which the running minimum fell is where it comes from
        source_l = np.maximum.accumulate(np.where(left <= low, at, 0))
        source_r = np.minimum.accumulate(np.where(right <= high, at, cols - 1)[::-1])[::-1]
        from_left = low + slope * at <= high - slope * at
        best = np.where(from_left, low + slope * at, high - slope * at)
        source = np.where(from_left, source_l, source_r)
        cheapest = int(total.argmin())
        leap = total[cheapest] + jump < best
        came_from[r] = np.where(leap, cheapest, source)
        total = np.where(leap, total[cheapest] + jump, best) + cost[r]
    path = np.empty(rows, np.int64)
    path[-1] = total.argmin()
    for r in range(rows - 1, 0, -1):
        path[r - 1] = came_from[r, path[r]]
    return path


def _graded(test: Pool, c: int, recovered: Sequence[F64], suffix: str) -> dict[str, float]:
    """Error of exported curves; where nothing was exported, the middle of the track is its guess."""
    scores = []
    for i, found in enumerate(recovered):
        visible = test.visible[i, c] > 0
        if visible.sum() < 30:
            continue
        truth = (test.x[i, c].astype(np.float64) - test.left[i]) / (test.right[i] - test.left[i])
        scores.append(metrics.score_curve(np.nan_to_num(found, nan=0.5), truth, visible))
    values = {
        "mae": np.mean([s.mae for s in scores]) if scores else np.nan,
        "mse": np.mean([s.mse for s in scores]) if scores else np.nan,
        "r2": np.nanmedian([s.r2 for s in scores]) if scores else np.nan,
        "r2_over_085": np.mean([s.r2 > 0.85 for s in scores]) if scores else np.nan,
    }
    return {key + suffix: float(value) for key, value in values.items()}


def pixel_ece(p: F32, event: NDArray[np.bool_], least: float = 0.02, bins: int = 15) -> float:
    """Expected calibration error (equal width) over the pixels given at least ``least``."""
    given = p >= least
    return metrics.calibration_error(p[given].astype(np.float64), event[given], bins)
