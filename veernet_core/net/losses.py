"""Losses: five for the mask behind one signature, and the row-wise ones for positions and presence.

In: logits and targets of a batch with a validity mask; out: a scalar. Class weights come from the
measured pixel split (``class_weights``). No optimisation here.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from veernet_core.datatypes import UPRIGHT_PEAK

MaskLoss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""``(logits [B, C, H, W], target int64 [B, H, W], valid [B, H, W], weights [C]) -> scalar``."""


def class_weights(pixel_share: Tensor) -> Tensor:
    """Class weights from the measured pixel split: inverse square-root share, mean 1.

    Parameters
    ----------
    pixel_share : [C]
        Share of pixels of each class; sums to 1.

    Returns
    -------
    Tensor [C]
        The full inverse ratio (97:3 gives 32:1) over-corrects recall; the square root is the usual
        compromise and is what the loss study starts from.
    """
    weight = pixel_share.clamp(min=1e-6).rsqrt()
    return weight / weight.mean()


def _one_hot(target: Tensor, classes: int) -> Tensor:
    return F.one_hot(target, classes).permute(0, 3, 1, 2).float()


def _overlap(logits: Tensor, target: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """True-positive, false-positive and false-negative mass per class, [C]."""
    p = logits.float().softmax(1) * valid[:, None]
    t = _one_hot(target, logits.shape[1]) * valid[:, None]
    tp = (p * t).sum((0, 2, 3))
    return tp, p.sum((0, 2, 3)) - tp, t.sum((0, 2, 3)) - tp


def tversky_loss(alpha: float, beta: float) -> MaskLoss:
    """Tversky loss; ``beta > alpha`` punishes misses more; exactly Dice at 0.5/0.5.

    Source: Salehi et al., 2017, arXiv 1706.05721.
    """

    def loss(logits: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
        tp, fp, fn = _overlap(logits, target, valid)
        index = (tp + 1.0) / (tp + alpha * fp + beta * fn + 1.0)
        return ((1 - index) * weights).sum() / weights.sum()

    return loss


def dice_loss(logits: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
    """Soft Dice loss per class, weighted. Source: Milletari et al., 2016, arXiv 1606.04797."""
    tp, fp, fn = _overlap(logits, target, valid)
    dice = (2 * tp + 2.0) / (2 * tp + fp + fn + 2.0)
    return ((1 - dice) * weights).sum() / weights.sum()


def _weighted_mean(per_pixel: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
    weight = weights[target] * valid
    return (per_pixel * weight).sum() / weight.sum().clamp(min=1)


def focal_loss(gamma: float = 2.0) -> MaskLoss:
    """Focal loss. Source: Lin et al., 2017, arXiv 1708.02002."""

    def loss(logits: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
        log_p = logits.float().log_softmax(1).gather(1, target[:, None])[:, 0]
        return _weighted_mean(-((1 - log_p.exp()) ** gamma) * log_p, target, valid, weights)

    return loss


def smoothed_cross_entropy(smoothing: float = 0.1) -> MaskLoss:
    """Label-smoothed cross-entropy. Source: Szegedy et al., 2016, arXiv 1512.00567."""

    def loss(logits: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
        per_pixel = F.cross_entropy(
            logits.float(), target, reduction="none", label_smoothing=smoothing
        )
        return _weighted_mean(per_pixel, target, valid, weights)

    return loss


def lovasz_softmax(logits: Tensor, target: Tensor, valid: Tensor, weights: Tensor) -> Tensor:
    """Lovasz-softmax, classes present. Source: Berman et al., 2018, arXiv 1705.08790."""
    keep = valid.bool().flatten()
    p = logits.float().softmax(1).permute(0, 2, 3, 1).flatten(0, 2)[keep]
    labels = target.flatten()[keep]
    losses, used = [], []
    for c in range(p.shape[1]):
        truth = (labels == c).float()
        if truth.sum() == 0:
            continue
        error, order = (truth - p[:, c]).abs().sort(descending=True)
        losses.append((error * _lovasz_gradient(truth[order])).sum() * weights[c])
        used.append(weights[c])
    if not losses:
        return logits.sum() * 0
    return torch.stack(losses).sum() / torch.stack(used).sum()


def _lovasz_gradient(truth: Tensor) -> Tensor:
    total = truth.sum()
    jaccard = 1 - (total - truth.cumsum(0)) / (total + (1 - truth).cumsum(0))
    return torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])


MASK_LOSSES: dict[str, MaskLoss] = {
    "dice": dice_loss,
    "tversky": tversky_loss(0.3, 0.7),
    "focal": focal_loss(),
    "lovasz": lovasz_softmax,
    "smoothed_ce": smoothed_cross_entropy(),
}


def position_target(x: Tensor, steep: Tensor, weight: Tensor, cols: int) -> Tensor:
    """Gaussian targets over the columns at exact sub-pixel positions.

    Parameters
    ----------
    x, steep, weight : [B, K, H]
        Column of each curve, columns crossed in the row, and 1 where it is visible (else 0).
    cols : int

    Returns
    -------
    Tensor [B, K, H, cols]
        Each visible row sums to 1. The Gaussian is 1.5 px wide, wider where the curve is steep.
    """
    sigma = (1.5 + 0.3 * steep).clamp(max=30.0)
    column = torch.arange(cols, device=x.device, dtype=torch.float32)
    z = (column - torch.nan_to_num(x)[..., None]) / sigma[..., None]
    gaussian = torch.exp(-0.5 * z * z) + 1e-12
    return gaussian / gaussian.sum(-1, keepdim=True) * weight[..., None]


def position_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Row-wise cross-entropy.

    Rows where a curve is steep, and those beside them, count for more, up to four times an upright one: they
    are few, and a peak that is cut off costs more R² than anything else; its tip stands still.

    Parameters
    ----------
    logits : [B, 3, H, W]
    target : [B, 3, H, W]
        Rows sum to the number of visible curves of the style; several share the row's mass.

    Returns
    -------
    Tensor
        Mean over rows that show a curve.
    """
    count = target.sum(-1)
    entropy = -(target * logits.log_softmax(-1)).sum(-1) / count.clamp(min=1)
    height = target.amax(-1).clamp(min=1e-6) / UPRIGHT_PEAK
    weight = F.max_pool1d((1 - height.log()).clamp(1, 4), 5, 1, 2) * (count > 0.5)
    return (entropy * weight).sum() / weight.sum().clamp(min=1)


def presence_loss(logits: Tensor, present: Tensor) -> Tensor:
    """Binary cross-entropy of presence, [B, 3, H]."""
    return F.binary_cross_entropy_with_logits(logits, present)
