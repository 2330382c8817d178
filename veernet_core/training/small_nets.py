"""What fitting the small networks has in common: the learning rate, one step, and the average of the weights.

In: networks and losses. Out: changed weights. Does not belong here: what is learned (`pages`, `prints`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def learning_rate(
    base: float, step: int, warmup_steps: int, share_done: float, fall: float, least: float
) -> float:
    """Rises over the first steps, stays, and falls over the last share ``fall`` of a run to ``least``."""
    warm = min(1.0, (step + 1) / warmup_steps)
    return base * warm * min(1.0, max(least, (1 - share_done) / fall))


def descend(
    loss: Tensor, model: nn.Module, optimiser: torch.optim.Optimizer, most_norm: float
) -> None:
    """One step down the gradient, which is cut at a norm."""
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), most_norm)
    optimiser.step()


def follow(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Move an exponential average of weights and running statistics towards the model."""
    with torch.no_grad():
        for own, new in zip(
            average.state_dict().values(), model.state_dict().values(), strict=True
        ):
            if own.dtype.is_floating_point:
                own.lerp_(new.to(own.dtype), 1 - keep)
            else:
                own.copy_(new)
