"""Fitting the print network on drawn sheets.

In: a folder of drawn sheets and a `PrintTrainConfig`. Out: weights with their record; any checkpoint can be
used. Real pages are for measuring only. Does not belong here: how sheets are drawn (`synth.prints`).
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from veernet_core.datatypes import Rng
from veernet_core.net.precision import mixed_precision
from veernet_core.net.prints import (
    SHIPPED,
    PrintNetConfig,
    PrintOutput,
    PrintUNet,
    pack_print,
    unpack_print,
)
from veernet_core.synth.prints.hands import Hand
from veernet_core.synth.prints.sheets import draw_print
from veernet_core.training.small_nets import descend, follow, learning_rate

_FALL, _LEAST_RATE, _MOST_NORM = 0.5, 0.01, 3.0


@dataclass(frozen=True, slots=True)
class PrintTrainConfig:
    """Settings of a run; it ends after ``steps`` or ``minutes``, whichever comes first."""

    seed: int = 1
    steps: int = 4000
    batch: int = 6
    crop: int = 320
    learning_rate: float = 3e-3
    warmup_steps: int = 50
    ema: float = 0.995
    checkpoint_every: int = 200
    minutes: float = 1e9


def draw_sheets(folder: Path, seeds: Sequence[int], hands: Sequence[Hand]) -> None:
    """Draw one sheet a seed, uint8 [3, rows, cols]; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = folder / f"{seed:06d}.npy"
        if not path.exists():
            sheet = draw_print(np.random.default_rng([91, seed]), hands)
            temporary = folder / f"part-{seed:06d}.npy"
            np.save(temporary, np.stack([sheet.ink, sheet.print, sheet.core]))
            temporary.rename(path)


def print_loss(out: PrintOutput, layers: Tensor) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of print and core, weighted towards ink; layers float [B, 3, h, w] in 0 to 1."""
    ink, text, core = layers.unbind(dim=1)
    weight = 0.2 + ink + text
    plain = functional.binary_cross_entropy_with_logits(out.print.float(), text, weight)
    small = functional.max_pool2d(core[:, None], 2)[:, 0]
    logits = out.core.float()
    middle = functional.binary_cross_entropy_with_logits(logits, small, 1 + 2 * small)
    p = logits.sigmoid()
    overlap = 1 - (2 * (p * small).sum() + 1) / (p.sum() + small.sum() + 1)
    parts = {"print": plain.item(), "core": middle.item(), "overlap": overlap.item()}
    return 4 * plain + 2 * middle + 0.5 * overlap, parts


def _batch(rng: Rng, pages: Sequence[Path], config: PrintTrainConfig) -> Tensor:
    crops = []
    for _ in range(config.batch):
        sheet = np.load(pages[int(rng.integers(len(pages)))], mmap_mode="r")
        top, left = (int(rng.integers(0, n - config.crop + 1)) for n in sheet.shape[1:])
        crop = np.array(sheet[:, top : top + config.crop, left : left + config.crop])
        if rng.random() < 0.3:
            crop[0] = (crop[0] * rng.uniform(0.6, 1.0)).astype(np.uint8)
        crops.append(crop)
    return torch.from_numpy(np.stack(crops)).float().div_(255)


def fit_print(
    folder: Path,
    drawn: Path,
    config: PrintTrainConfig,
    start: bytes | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Fit the network on the sheets of a folder, those that appear meanwhile too.

    Returns
    -------
    Path
        The weights: an average over the last steps, in half precision.

    Raises
    ------
    FileNotFoundError
        No sheet has been drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    rng = np.random.default_rng([config.seed, 17])
    model = PrintUNet(PrintNetConfig()) if start is None else unpack_print(start).model()
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=0.01)
    begun, losses, out = time.monotonic(), [], folder / SHIPPED
    pages: list[Path] = []
    for step in range(config.steps):
        if step % config.checkpoint_every == 0:
            pages = sorted(drawn.glob("[0-9]*.npy"))
            if not pages:
                raise FileNotFoundError(f"no drawn sheets in {drawn}")
        minutes = (time.monotonic() - begun) / 60
        done = max(step / config.steps, minutes / config.minutes)
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(
                config.learning_rate, step, config.warmup_steps, done, _FALL, _LEAST_RATE
            )
        losses.append(_step(model.train(), optimiser, _batch(rng, pages, config)))
        follow(average, model, min(config.ema, step / (step + 10)))
        last = step + 1 == config.steps or minutes >= config.minutes
        if last or (step + 1) % config.checkpoint_every == 0:
            mean = {k: float(np.mean([p[k] for p in losses[-100:]])) for k in losses[-1]}
            record = {**asdict(config), "sheets": len(pages), "steps": step + 1, "loss": mean}
            out.write_bytes(pack_print(average.eval(), record))
            say(json.dumps({"step": step + 1, "minutes": round(minutes, 1), **mean}))
        if last:
            break
    return out


def _step(model: PrintUNet, optimiser: torch.optim.Optimizer, layers: Tensor) -> dict[str, float]:
    x = layers[:, :1].contiguous(memory_format=torch.channels_last)
    with mixed_precision("cpu"):
        out = model(x)
    loss, parts = print_loss(out, layers)
    descend(loss, model, optimiser, _MOST_NORM)
    return parts
