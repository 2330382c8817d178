"""Fitting: the loop, its checkpoint and its record.

In: ``TrainConfig`` and a folder for the run; out: a model bundle, a record and pictures. A run killed
at any point resumes exactly; no pickle is ever written or read.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Sampler

import veernet_core
from veernet_core.errors import BundleError
from veernet_core.net import losses
from veernet_core.net.model import PRESETS, NetOutput, VeerNet
from veernet_core.net.precision import mixed_precision
from veernet_core.training.batches import Batch, StripBatches, net_input, targets
from veernet_core.training.validate import validate

PIXEL_SHARE = (0.9824, 0.0103, 0.0051, 0.0022)
"""Measured split of background, solid, dashed and dotted over 300 drawn strips."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Settings of a run.

    Attributes
    ----------
    steps : total optimiser steps
    decay_steps : the last steps, over which the learning rate falls to zero
    mask_loss : one of ``losses.MASK_LOSSES``
    """

    preset: str = "small"
    seed: int = 1
    steps: int = 6000
    warmup_steps: int = 150
    decay_steps: int = 1500
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    ema: float = 0.998
    mask_loss: str = "tversky"
    mask_weight: float = 0.3
    presence_weight: float = 0.3
    validate_every: int = 500
    checkpoint_every: int = 250
    workers: int = 1
    max_severity: float = 1.0


def rate_at(step: int, config: TrainConfig) -> float:
    """Learning rate: warm-up, plateau, linear decay."""
    warm = min(1.0, (step + 1) / config.warmup_steps)
    left = (config.steps - step) / max(1, config.decay_steps)
    return config.learning_rate * warm * float(np.clip(left, 0.0, 1.0))


def total_loss(
    output: NetOutput, batch: Batch, config: TrainConfig, weights: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Weighted sum of the heads' losses and its parts."""
    classes = output.mask.shape[1]
    target = batch["mask"].long().clamp(max=classes - 1)
    valid = torch.ones_like(target, dtype=torch.float32)
    mask = losses.MASK_LOSSES[config.mask_loss](output.mask, target, valid, weights[:classes])
    parts = {"mask": float(mask.detach())}
    if output.position is None or output.presence is None:
        return mask, parts
    gaussians, present = targets(batch)
    position = losses.position_loss(output.position, gaussians)
    presence = losses.presence_loss(output.presence, present)
    parts |= {"position": float(position.detach()), "presence": float(presence.detach())}
    return position + config.mask_weight * mask + config.presence_weight * presence, parts


@dataclass(slots=True)
class TrainState:
    """Everything that changes during a run."""

    model: VeerNet
    average: VeerNet
    optimiser: torch.optim.Optimizer
    step: int = 0

    @classmethod
    def start(cls, config: TrainConfig, device: torch.device) -> TrainState:
        """A fresh state, reproducible from the seed."""
        torch.manual_seed(config.seed)
        model = VeerNet(PRESETS[config.preset]).to(device).channels_last()
        average = VeerNet(PRESETS[config.preset]).to(device).channels_last()
        average.load_state_dict(model.state_dict())
        optimiser = torch.optim.AdamW(
            model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        return cls(model, average.eval(), optimiser)

    def initialise(self, weights: Mapping[str, Tensor]) -> None:
        """Start from given weights; what they lack stays as it is (it starts as the identity).

        Raises
        ------
        BundleError
            If they are of a network of another shape.
        """
        try:
            kept = {**self.model.state_dict(), **weights}
            for module in (self.model, self.average):
                module.load_state_dict(kept)
        except RuntimeError as error:
            raise BundleError(f"weights do not fit the preset: {error}") from error

    def save(self, path: Path) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        tensors: dict[str, Tensor] = {}
        for prefix, module in (("model", self.model), ("average", self.average)):
            tensors |= {f"{prefix}.{k}": v for k, v in module.state_dict().items()}
        for index, slot in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{k}": v for k, v in slot.items()}
        tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        part = path.with_suffix(".part")
        safetensors.torch.save_file(tensors, part, {"step": str(self.step)})
        part.replace(path)

    def load(self, path: Path) -> None:
        """Restore from a checkpoint."""
        with safetensors.safe_open(path, "pt") as file:
            self.step = int(file.metadata()["step"])
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
        for prefix, module in (("model.", self.model), ("average.", self.average)):
            module.load_state_dict(_strip_prefix(tensors, prefix))
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _strip_prefix(tensors, "optimiser.").items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = value
        merged = self.optimiser.state_dict()
        merged["state"] = state
        self.optimiser.load_state_dict(merged)

    def update_average(self, decay: float) -> None:
        """Exponential moving average of weights; buffers follow the model."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters()):
                slow.lerp_(fast, 1 - decay)
            for kept, now in zip(self.average.buffers(), self.model.buffers()):
                if kept.dtype.is_floating_point:
                    kept.lerp_(now, 1 - decay)
                else:
                    kept.copy_(now)


def _strip_prefix(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}


class _From(Sampler[int]):
    """Indices from a step on, so that a resumed run goes on with the data it had not seen."""

    def __init__(self, start: int, stop: int) -> None:
        self.indices = range(start, stop)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices)

    def __len__(self) -> int:
        return len(self.indices)


Report = Callable[[int, dict[str, float]], None]


def fit(
    config: TrainConfig,
    run_dir: Path,
    *,
    device: str = "cpu",
    shapes: tuple[NDArray[np.float64], ...] = (),
    initial: Mapping[str, Tensor] | None = None,
    report: Report = lambda step, parts: None,
) -> TrainState:
    """Train, or go on training.

    Parameters
    ----------
    config : TrainConfig
    run_dir : Path
        Holds ``checkpoint.safetensors`` and ``record.json``; created if absent.
    device : str
    shapes : real curve shapes for the priors, optional
    initial : weights to start from, optional; a checkpoint in ``run_dir`` goes first
    report : called with the step and the smoothed losses

    Returns
    -------
    TrainState
        ``average`` is the model to ship.
    """
    run_dir.mkdir(parents=True, exist_ok=True)
    checkpoint, record_path = run_dir / "checkpoint.safetensors", run_dir / "record.json"
    state = TrainState.start(config, torch.device(device))
    if initial is not None:
        state.initialise(initial)
    history: list[dict[str, float]] = []
    if checkpoint.exists():
        state.load(checkpoint)
        history = json.loads(record_path.read_text())["history"]
        history = [entry for entry in history if entry["step"] <= state.step]
    loader = _batches(config, shapes, state.step)
    weights = losses.class_weights(torch.tensor(PIXEL_SHARE)).to(device)
    smooth: dict[str, float] = {}
    clock = time.monotonic()
    for batch in loader:
        parts = _step(state, {k: v.to(device) for k, v in batch.items()}, config, weights)
        for key, value in parts.items():
            smooth[key] = 0.98 * smooth.get(key, value) + 0.02 * value
        report(state.step, smooth)
        last = state.step == config.steps
        if state.step % config.validate_every == 0 or last:
            scores = validate(state.average, config.seed + 1_000_003, device)
            entry = {"step": state.step, "seconds": time.monotonic() - clock, **smooth, **scores}
            history.append({k: round(float(v), 5) for k, v in entry.items()})
            report(state.step, scores)
        if state.step % config.checkpoint_every == 0 or last:
            state.save(checkpoint)
            _write_record(record_path, config, history, len(shapes))
    return state


def _batches(
    config: TrainConfig, shapes: tuple[NDArray[np.float64], ...], step: int
) -> DataLoader[dict[str, Tensor]]:
    """The batches from a step on."""
    return DataLoader(
        StripBatches(config.seed, config.steps, shapes, config.max_severity),
        batch_size=None,
        sampler=_From(step, config.steps),
        num_workers=config.workers,
        prefetch_factor=6 if config.workers else None,
    )


def _step(
    state: TrainState, batch: Batch, config: TrainConfig, weights: Tensor
) -> dict[str, float]:
    for group in state.optimiser.param_groups:
        group["lr"] = rate_at(state.step, config)
    state.model.train()
    x = net_input(batch).contiguous(memory_format=torch.channels_last)
    with mixed_precision(x.device.type):
        output = state.model(x, condition=batch["condition"])
    loss, parts = total_loss(output, batch, config, weights)
    state.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.model.parameters(), 1.0)
    state.optimiser.step()
    state.step += 1
    state.update_average(config.ema)
    return parts


def _write_record(
    path: Path, config: TrainConfig, history: list[dict[str, float]], shapes: int
) -> None:
    record: dict[str, Any] = {
        "config": asdict(replace(config)),
        "network": asdict(PRESETS[config.preset]),
        "versions": {
            "veernet": veernet_core.__version__,
            "torch": torch.__version__.split("+")[0],
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "data": f"drawn by veernet_core.synth; batch i of seed s is reproducible; {shapes} real curve "
        "shapes mixed in",
        "history": history,
    }
    path.write_text(json.dumps(record, indent=1))
