"""Drawn strips of one stage of the loss study, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F32, F64
from veernet_core.synth.strips import SynthConfig, SynthStrip, draw_strip
from veernet_core.training.batches import inside_track

Stage = Literal["binary", "multiclass"]
CURVES: dict[Stage, tuple[str, ...]] = {
    "binary": ("curve",),
    "multiclass": ("curve 1 (solid)", "curve 2 (broken)"),
}
"""Curve classes of each stage; the mask's class ``k + 1`` is curve ``k``."""


@dataclass(frozen=True, slots=True)
class StudyConfig:
    """Budget and data of every run of a study; equal for all losses.

    Attributes
    ----------
    steps : optimiser steps
    batch : strips per step
    pool : distinct training strips per seed
    rows, cols : size of a training strip, px
    test_strips, test_rows : strips judged on (the same for every run), and their height, px
    severity : largest degradation drawn
    widths, decoder_width : shape of the network
    """

    steps: int = 2000
    batch: int = 6
    pool: int = 1500
    rows: int = 128
    cols: int = 256
    test_strips: int = 60
    test_rows: int = 320
    severity: float = 0.6
    learning_rate: float = 3e-3
    warmup: int = 30
    data_seed: int = 0
    widths: tuple[int, int, int, int, int] = (8, 12, 16, 24, 32)
    decoder_width: int = 12


TINY = StudyConfig(
    steps=2, batch=2, pool=4, rows=64, cols=128, test_strips=5, test_rows=320, warmup=1,
    widths=(8, 8, 8, 8, 8), decoder_width=8,
)  # fmt: skip
"""For tests: seconds for all runs together; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Drawn strips of one size as arrays; at most one curve of each class a strip.

    Attributes
    ----------
    ink, mask : uint8 [n, rows, cols]
    inside : float32 [n, cols]
    x, steep : float32 [n, classes, rows]
        Strip column of every curve (0 where there is none) and columns crossed in the row.
    visible : float32 [n, classes, rows]
    left, right : float64 [n]
        Track borders, strip columns.
    """

    ink: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    inside: F32
    x: F32
    steep: F32
    visible: F32
    left: F64
    right: F64

    def share(self, classes: int) -> F64:
        """Share of the pixels of each class, background first; float64 [classes]."""
        counts = np.bincount(self.mask.ravel(), minlength=classes)
        return np.asarray(counts / counts.sum())


@lru_cache(maxsize=4)
def draw_pool(config: StudyConfig, stage: Stage, seed: int, test: bool = False) -> Pool:
    """Draw a pool; test strips come from seeds that training never uses, whatever ``seed`` is."""
    rng = np.random.default_rng(
        [config.data_seed, 41, 999_983 if test else seed, stage == "binary"]
    )
    rows, count = (config.test_rows, config.test_strips) if test else (config.rows, config.pool)
    most = len(CURVES[stage])
    size = SynthConfig(rows, config.cols, max_severity=config.severity, max_curves=most)
    strips: list[SynthStrip] = []
    while len(strips) < count:
        strip = draw_strip(rng, size)
        kinds = _classes(strip, stage)
        if len(kinds) and len(set(kinds)) == len(kinds):
            strips.append(strip)
    return _stack(strips, stage)


def _classes(strip: SynthStrip, stage: Stage) -> list[int]:
    """Curve class of each curve: one in the binary stage; solid or broken in the other."""
    return [0 if stage == "binary" else min(int(s), 1) for s in strip.style]


def _stack(strips: Sequence[SynthStrip], stage: Stage) -> Pool:
    n, classes = len(strips), len(CURVES[stage])
    rows, cols = strips[0].ink.shape
    x, steep, visible = (np.zeros((n, classes, rows), np.float32) for _ in range(3))
    inside = np.zeros((n, cols), np.float32)
    for i, strip in enumerate(strips):
        inside[i] = inside_track(strip.left_col, strip.right_col, cols)
        for k, c in enumerate(_classes(strip, stage)):
            x[i, c] = np.nan_to_num(strip.x[k])
            steep[i, c] = strip.steep[k]
            visible[i, c] = strip.visible[k]
    return Pool(
        np.stack([s.ink for s in strips]),
        np.minimum(np.stack([s.mask for s in strips]), classes).astype(np.uint8),
        inside,
        x,
        steep,
        visible,
        np.array([s.left_col for s in strips]),
        np.array([s.right_col for s in strips]),
    )
