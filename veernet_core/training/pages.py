"""Fitting the layout network on drawn and hand-read pages.

In: folders of `PageExample` files (drawn ones made by `draw_examples`), a `PageTrainConfig`. Out:
weights with their record. Any checkpoint can be read, used and trained further. Does not belong here:
how targets are made (`page_targets`), the network (`net.layout`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from veernet_core.datatypes import U8, Rng
from veernet_core.net.layout import (
    LayoutBundle,
    LayoutNetConfig,
    LayoutOutput,
    LayoutUNet,
    pack_layout,
    unpack_layout,
)
from veernet_core.net.precision import mixed_precision
from veernet_core.synth.layouts.draw import draw_layout_page
from veernet_core.training.page_targets import IGNORED, PageExample, drawn_example
from veernet_core.training.small_nets import descend, follow, learning_rate

_AREA_WEIGHTS = (0.6, 0.8, 1.2, 1.0, 2.0, 1.2)

_FALL, _LEAST_RATE, _MOST_NORM = 0.4, 0.02, 5.0


@dataclass(frozen=True, slots=True)
class PageTrainConfig:
    """Settings of a run. ``read_share``: share of crops from hand-read pages, where there are any."""

    seed: int = 1
    steps: int = 4000
    batch: int = 4
    rows: int = 320
    learning_rate: float = 2e-3
    warmup_steps: int = 30
    ema: float = 0.996
    read_share: float = 0.4
    checkpoint_every: int = 50
    minutes: float = 1e9


# ---- examples on disk --------------------------------------------------------------------------------


def save_example(example: PageExample, path: Path) -> None:
    """Write an example as one array, uint8 [13, rows / 2, 640], that crops can be read from."""
    layers = example.layers
    cells = layers.shape[1] // 2
    parts = [
        layers.reshape(4, cells, 2, 640).transpose(0, 2, 1, 3).reshape(8, cells, 640),
        np.concatenate([example.areas, example.edges[0]], axis=1)[None],
        np.concatenate([example.edges[1], np.zeros_like(example.areas)], axis=1)[None],
        example.lines,
    ]
    np.save(path, np.concatenate(parts))


def load_crop(path: Path, first: int, cells: int) -> PageExample:
    """Rows of cells of an example, padded with unknown ones at its end."""
    data = np.array(np.load(path, mmap_mode="r")[:, first : first + cells])
    missing = cells - data.shape[1]
    if missing:
        data = np.pad(data, ((0, 0), (0, missing), (0, 0)))
        data[8, cells - missing :, :320] = IGNORED
    layers = data[:8].reshape(4, 2, cells, 640).transpose(0, 2, 1, 3).reshape(4, 2 * cells, 640)
    edges = np.stack([data[8, :, 320:], data[9, :, :320]])
    return PageExample(np.ascontiguousarray(layers), data[8, :, :320], data[10:12], edges)


def example_cells(path: Path) -> int:
    """Rows of cells of an example."""
    return int(np.load(path, mmap_mode="r").shape[1])


def draw_examples(folder: Path, seeds: Sequence[int]) -> None:
    """Draw one page a seed; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        path = folder / f"{seed:06d}.npy"
        if not path.exists():
            page = draw_layout_page(np.random.default_rng([77, seed]))
            temporary = path.with_suffix(".part.npy")
            save_example(drawn_example(page), temporary)
            temporary.rename(path)


# ---- batches -----------------------------------------------------------------------------------------


def changed(rng: Rng, crop: PageExample) -> PageExample:
    """A crop mirrored, darkened, with noise and blank stretches; the truth follows."""
    layers, areas, lines, edges = crop.layers, crop.areas, crop.lines, crop.edges
    if rng.random() < 0.4:
        layers, areas = layers[:, :, ::-1], areas[:, ::-1]
        lines, edges = lines[::-1, :, ::-1], edges[:, :, ::-1]
    if rng.random() < 0.1:
        layers, areas = layers[:, ::-1], areas[::-1]
        lines, edges = lines[:, ::-1], edges[::-1, ::-1]
    gain = rng.uniform(0.7, 1.35, (4, 1, 1)) if rng.random() < 0.7 else np.ones((4, 1, 1))
    out = layers.astype(np.float32) * gain.astype(np.float32)
    if rng.random() < 0.3:
        out += rng.normal(0, rng.uniform(2, 20), out.shape).astype(np.float32)
    for _ in range(int(rng.poisson(0.5))):
        row, col = int(rng.integers(0, out.shape[1])), int(rng.integers(0, out.shape[2]))
        tall, wide = int(rng.integers(2, 60)), int(rng.integers(4, 200))
        out[:3, row : row + tall, col : col + wide] *= rng.choice([0.0, 0.3])
    return PageExample(np.clip(out, 0, 255).astype(np.uint8), areas, lines, edges)


class PageCrops:
    """Random crops of examples; pages that appear while training runs are taken up."""

    def __init__(self, drawn: Path, read: Sequence[Path], config: PageTrainConfig) -> None:
        self._drawn, self._read, self._config = drawn, list(read), config
        self._pages: list[Path] = []

    def refresh(self) -> int:
        """Look for new drawn pages; how many there are."""
        self._pages = sorted(p for p in self._drawn.glob("[0-9]*.npy") if ".part" not in p.name)
        return len(self._pages)

    def batch(self, rng: Rng) -> dict[str, Tensor]:
        """Layers and targets of a batch."""
        crops = [self._crop(rng) for _ in range(self._config.batch)]

        def stack(name: str) -> Tensor:
            parts: list[U8] = [np.ascontiguousarray(getattr(c, name)) for c in crops]
            return torch.from_numpy(np.stack(parts))

        return {name: stack(name) for name in ("layers", "areas", "lines", "edges")}

    def _crop(self, rng: Rng) -> PageExample:
        own = self._read and (rng.random() < self._config.read_share or not self._pages)
        pages = self._read if own else self._pages
        path = pages[int(rng.integers(len(pages)))]
        cells = self._config.rows // 2
        first = int(rng.integers(-cells // 3, max(1, example_cells(path) - cells // 2)))
        return changed(rng, load_crop(path, max(0, first), cells))


# ---- fitting -----------------------------------------------------------------------------------------


def layout_loss(out: LayoutOutput, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of areas, weighted binary cross-entropy of lines and edges, where truth is known."""
    target = batch["areas"].long()
    known = target != IGNORED
    weights = torch.tensor(_AREA_WEIGHTS)
    areas = functional.cross_entropy(
        out.areas.float(), target.clamp(max=len(_AREA_WEIGHTS)) * known + IGNORED * ~known,
        weights, ignore_index=IGNORED,
    )  # fmt: skip
    areas = torch.nan_to_num(areas)
    wide = known.repeat_interleave(2, dim=2)
    lines = _soft_bce(out.lines, batch["lines"], wide)
    edges = _soft_bce(out.edges, batch["edges"], known)
    parts = {"areas": areas.item(), "lines": lines.item(), "edges": edges.item()}
    return areas + 8 * lines + 4 * edges, parts


def _soft_bce(logits: Tensor, target: Tensor, known: Tensor) -> Tensor:
    soft = target.float() / 255
    loss = functional.binary_cross_entropy_with_logits(logits.float(), soft, reduction="none")
    weight = (1 + 6 * soft) * known[:, None]
    return (loss * weight).sum() / (known.sum() * soft.shape[1] + 1)


def fit_pages(
    folder: Path,
    drawn: Path,
    read: Sequence[Path],
    config: PageTrainConfig,
    start: bytes | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Fit the network.

    Parameters
    ----------
    folder : Path
        Of the run: ``layout.safetensors`` (averaged weights) and ``log.jsonl``.
    drawn : Path
        Folder of drawn examples; may still be filling up.
    read : sequence of Path
        Hand-read examples.
    config : PageTrainConfig
    start : bytes, optional
        A layout bundle to go on from.
    say : callable
        Told how the run goes.

    Returns
    -------
    Path
        The weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    bundle = unpack_layout(start) if start is not None else None
    model, average = _nets(bundle)
    optimiser = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.01)
    crops, rng = PageCrops(drawn, read, config), np.random.default_rng(config.seed)
    begun, losses = time.monotonic(), []
    record: dict[str, Any] = {"config": asdict(config), "read_pages": sorted(p.stem for p in read)}
    record["before"] = bundle.record if bundle else None
    out = folder / "layout.safetensors"
    for step in range(config.steps):
        pages = crops.refresh() if step % 50 == 0 else record["drawn_pages"]
        record["drawn_pages"] = pages
        share = max(step / config.steps, (time.monotonic() - begun) / 60 / config.minutes)
        rate = learning_rate(
            config.learning_rate, step, config.warmup_steps, share, _FALL, _LEAST_RATE
        )
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(model, optimiser, crops.batch(rng)))
        follow(average, model, min(config.ema, (step + 1) / (step + 10)))
        last = step + 1 == config.steps or share >= 1
        if last or (step + 1) % config.checkpoint_every == 0:
            mean = {k: float(np.mean([p[k] for p in losses[-100:]])) for k in losses[-1]}
            record |= {"steps": step + 1, "loss": mean}
            out.write_bytes(pack_layout(average.eval(), record, {}))
            minutes = round((time.monotonic() - begun) / 60, 1)
            say(json.dumps({"step": step + 1, "minutes": minutes, **mean}))
        if last:
            break
    return out


def _nets(bundle: LayoutBundle | None) -> tuple[LayoutUNet, LayoutUNet]:
    """The network to train, and the one that follows it as a moving average."""
    model = bundle.model() if bundle else LayoutUNet(LayoutNetConfig())
    average = LayoutUNet(model.config)
    average.load_state_dict(model.state_dict())
    return model.to(memory_format=torch.channels_last).train(), average  # type: ignore[call-overload]


def _step(
    model: LayoutUNet, optimiser: torch.optim.Optimizer, batch: dict[str, Tensor]
) -> dict[str, float]:
    layers = batch["layers"].float().div_(255).contiguous(memory_format=torch.channels_last)
    with mixed_precision("cpu"):
        out = model(layers)
    loss, parts = layout_loss(out, batch)
    descend(loss, model, optimiser, _MOST_NORM)
    return parts
