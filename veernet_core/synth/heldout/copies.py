"""What happens to a print: lens, lamp, paper, toner, threshold, copies of copies; and which ink survives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from veernet_core.datatypes import (
    F32,
    U8,
    Bool,
)
from veernet_core.synth.heldout.data import Tone
from veernet_core.synth.heldout.forms import smooth_field
from veernet_core.synth.heldout.plotters import through_lens


@dataclass(frozen=True, slots=True)
class Finish:
    """A finished scan and where foreign dark matter buries what was drawn.

    ink : uint8 [rows, cols]; buried : bool [rows, cols]
    """

    ink: U8
    buried: Bool


def clean_scan(rng: np.random.Generator, ink: F32, tone: Tone | None = None) -> Finish:
    """A good scan: 1-bit at a fair threshold, or grey with a little lens blur; drawn by lot unless told."""
    nothing = np.zeros(ink.shape, np.bool_)
    lot: Tone = "bilevel" if rng.random() < 0.6 else "grey"
    if (tone or lot) == "bilevel":
        return Finish(np.where(ink > 0.42, 255, 0).astype(np.uint8), nothing)
    soft = through_lens(ink, rng.uniform(0.4, 0.7))
    return Finish(np.clip(soft * 255, 0, 255).astype(np.uint8), nothing)


def _blots(rng: np.random.Generator, shape: tuple[int, int], mean: float) -> F32:
    """Ragged dark spots as added density."""
    out = np.zeros(shape, np.float32)
    for _ in range(int(rng.poisson(mean * shape[0] / 2048))):
        centre = (int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0])))
        axes = (int(rng.gamma(2, 6)) + 1, int(rng.gamma(2, 8)) + 1)
        cv2.ellipse(out, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    ragged = through_lens(out, 4) + 0.12 * smooth_field(rng, shape, 6)
    return np.where(ragged > 0.45, 1.0, 0.0).astype(np.float32) * (out.any())


def _bands(rng: np.random.Generator, shape: tuple[int, int], mean: float) -> tuple[F32, F32]:
    """Fading (factor on ink, 0 to 1) and dark fog (added density) of folds, tape and tears."""
    fade, fog = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    row = np.arange(shape[0])[:, None]
    for _ in range(int(rng.poisson(mean * shape[0] / 2048))):
        centre, half = rng.uniform(0, shape[0]), rng.uniform(4, 45)
        wavy = centre + 3 * smooth_field(rng, (1, shape[1]), 60)
        profile = np.exp(-(((row - wavy) / half) ** 6)).astype(np.float32)
        if rng.random() < 0.55:
            fade *= 1 - profile * np.float32(rng.choice([1.0, rng.uniform(0.4, 0.9)]))
        else:
            fog += profile * np.float32(rng.uniform(0.2, 0.55))
    return fade, fog


def _speckle(rng: np.random.Generator, shape: tuple[int, int], amount: float) -> F32:
    """Toner dirt: single specks everywhere and clusters where a slow field is high."""
    field = np.exp(1.3 * smooth_field(rng, shape, 120))
    hits = rng.random(shape, dtype=np.float32) < amount * field
    dirt = hits.astype(np.float32)
    few = dirt * (rng.random(shape, dtype=np.float32) < 0.3)
    grown = np.asarray(cv2.dilate(few, np.ones((2, 2), np.uint8)), dtype=np.float32)
    out: F32 = np.maximum(dirt, grown)
    return out


def _threshold(rng: np.random.Generator, density: F32) -> F32:
    """1-bit decision: one level for the sheet, or relative to the surroundings."""
    if rng.random() < 0.6:
        return (density > rng.uniform(0.32, 0.55)).astype(np.float32)
    size = int(rng.choice([15, 31, 61]))
    mean = cv2.blur(density, (size, size))
    level = np.maximum(mean + rng.uniform(0.12, 0.25), 0.3)
    return np.asarray(density > level, dtype=np.float32)


def dirty_scan(rng: np.random.Generator, ink: F32, harm: float = 1.0) -> Finish:
    """A bad scan of a worn copy.

    Parameters
    ----------
    ink : float32 [rows, cols]
        Density 0 to 1.
    harm : float
        0 is nearly clean, 1 ordinary archive dirt, 2 ruin.
    """
    shape = (ink.shape[0], ink.shape[1])
    fade, fog = _bands(rng, shape, 0.9 * harm)
    blots = _blots(rng, shape, 2.0 * harm)
    across = np.linspace(-1, 1, shape[1], dtype=np.float32) * rng.choice([0.0, rng.normal(0, 0.3)])
    lamp = 1 + harm * (0.16 * smooth_field(rng, shape, 400) + np.float32(0.7) * across)
    sigma = rng.uniform(0.45, 0.7 + 0.5 * harm)
    density = through_lens(ink * fade, sigma, sigma * rng.uniform(0.8, 1.3))
    density = density * np.clip(lamp, 0.5, 1.35) * rng.uniform(1.0, 1.25)
    density += fog + 0.05 * harm * np.abs(smooth_field(rng, shape, 300))
    grain = rng.uniform(0.02, 0.10) * (0.4 + 0.6 * harm)
    density += grain * smooth_field(rng, shape, rng.uniform(1.2, 2.5))
    dirt = _speckle(rng, shape, 10 ** rng.uniform(-4.3, -2.7 + 0.25 * harm))
    density = np.maximum(np.maximum(density, dirt * 0.9), blots)
    if rng.random() < 0.15:
        return Finish(_grey_jpeg(rng, density), blots > 0.5)
    bits = _threshold(rng, density)
    if rng.random() < 0.35:
        again = through_lens(bits, rng.uniform(0.5, 1.0))
        bits = (again + 0.06 * smooth_field(rng, shape, 1.5) > rng.uniform(0.38, 0.6)).astype(
            np.float32
        )
    salt = (rng.random(shape, dtype=np.float32) < 10 ** rng.uniform(-4, -2)).astype(np.float32)
    pepper = (rng.random(shape, dtype=np.float32) < 10 ** rng.uniform(-5, -3)).astype(np.float32)
    bits = np.maximum(bits * (1 - salt), pepper)
    return Finish((bits * 255).astype(np.uint8), blots > 0.5)


def _grey_jpeg(rng: np.random.Generator, density: F32) -> U8:
    paper = 235 - 190 * np.clip(density, 0, 1)
    quality = [int(cv2.IMWRITE_JPEG_QUALITY), int(rng.integers(35, 85))]
    _, data = cv2.imencode(".jpg", np.clip(paper, 0, 255).astype(np.uint8), quality)
    grey: Any = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(255 - grey, dtype=np.uint8)


def surviving(layer: F32, finish: Finish, drawn: Bool) -> Bool:
    """Rows where enough of a curve's clean ink is still to be seen.

    Parameters
    ----------
    layer : float32 [rows, cols]
        Clean coverage of the curve alone.
    drawn : bool [rows]
        Rows where the curve exists at all. Rows in dash gaps follow the dashes around them.
    """
    core = layer > 0.5 * np.maximum(layer.max(axis=1, keepdims=True), 0.3)
    level = 0.5 * float(np.percentile(finish.ink, 99.5))
    seen = core & (finish.ink > max(level, 30)) & ~finish.buried
    total, left = core.sum(axis=1).astype(np.float64), seen.sum(axis=1).astype(np.float64)
    window = np.ones(13)
    total_near = np.convolve(total, window, "same")
    left_near = np.convolve(left, window, "same")
    inked = total_near > 1e-9
    share = np.where(inked, left_near / np.maximum(total_near, 1e-9), np.nan)
    if inked.any():
        at = np.arange(len(share))
        share = share[
            np.flatnonzero(inked)[np.searchsorted(at[inked], at).clip(max=inked.sum() - 1)]
        ]
    return drawn & (np.nan_to_num(share) >= 0.3)
