"""What paper and scanner do to a drawn page: skew, drift, folds, fading, speckle, edges, thresholds.

In: RGB sheet and how far its columns drift at every row. Out: ink and colourfulness (uint8) as a decoded
scan shows them. The bend of the page is exact, so that the truth can follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from veernet_core.datatypes import F32, F64, U8, Rng
from veernet_core.synth.degrade import smooth_field


@dataclass(frozen=True, slots=True)
class Bend:
    """Where a flat page lands: column c of row r goes to c + drift[r], row r + slope (c - centre)."""

    drift: F64
    slope: float
    centre: float


def draw_bend(rng: Rng, height: int, width: int, worn: bool) -> Bend:
    """Skew and slow wander of the paper; nothing for digital rasters."""
    rows = np.arange(height, dtype=np.float64)
    if not worn:
        return Bend(np.zeros(height), 0.0, width / 2)
    slope = float(rng.normal(0, 0.004)) if rng.random() < 0.7 else float(rng.normal(0, 0.012))
    knots = np.cumsum(rng.normal(0, 0.004 * width, max(3, height // max(1, width // 2) + 3)))
    wander = np.interp(rows, np.linspace(0, height, len(knots)), knots)
    drift = -slope * (rows - height / 2) + cv2.GaussianBlur(wander[:, None], (1, 301), 60)[:, 0]
    return Bend(drift - float(np.median(drift)), slope, width / 2)


def bend_page(pixels: U8, bend: Bend) -> U8:
    """The page as the scanner sees it."""
    if not bend.drift.any() and bend.slope == 0:
        return pixels
    height, width = pixels.shape[:2]
    cols, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    rows = rows - np.float32(bend.slope) * (cols - np.float32(bend.centre))
    cols = cols - bend.drift.astype(np.float32)[:, None]
    return np.asarray(
        cv2.remap(
            pixels,
            cols,
            rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255,) * 3,
        )
    )


def scanned(rng: Rng, pixels: U8, worn: bool, colour: bool) -> tuple[U8, U8]:
    """Ink [height, width] (255 is ink) and colourfulness of a page after copying and scanning."""
    chroma = (
        (pixels.max(axis=2) - pixels.min(axis=2))
        if colour
        else np.zeros(pixels.shape[:2], np.uint8)
    )
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    ink = np.asarray(255 - grey, np.uint8)
    if not worn:
        if not colour and rng.random() < 0.7:
            ink = np.asarray(ink > rng.integers(60, 200), np.uint8) * np.uint8(255)
        return ink, np.asarray(chroma, np.uint8)
    density = _copied(rng, np.asarray(ink, np.float32) / np.float32(255))
    if rng.random() < 0.85 and not colour:
        cut = 0.5 + np.float32(rng.normal(0, 0.1))
        return np.asarray(density > cut, np.uint8) * np.uint8(255), np.asarray(chroma, np.uint8)
    return np.asarray(np.clip(density, 0, 1) * 255, np.uint8), np.asarray(chroma, np.uint8)


def _copied(rng: Rng, density: F32) -> F32:
    height, width = density.shape
    if rng.random() < 0.4:
        kernel = np.ones((2, 2), np.uint8)
        density = np.asarray(
            cv2.dilate(density, kernel) if rng.random() < 0.7 else cv2.erode(density, kernel)
        )
    if rng.random() < 0.6:
        density = np.asarray(cv2.GaussianBlur(density, (0, 0), float(rng.uniform(0.4, 1.1))))
    if rng.random() < 0.6:
        fade = smooth_field(rng, (height, width), float(rng.uniform(80, 900)))
        weak = np.float32(rng.uniform(0, 0.35 if rng.random() < 0.8 else 0.7))
        density = density * np.clip(1 - weak * np.clip(fade, 0, 2), 0.05, 1)
    if rng.random() < 0.5:
        density = _folded(rng, density)
    if rng.random() < 0.5:
        density = density + np.float32(rng.uniform(0.05, 0.25)) * rng.standard_normal(
            density.shape, dtype=np.float32
        )
    if rng.random() < 0.4:
        specks = rng.random(density.shape, dtype=np.float32) < rng.choice([0.0005, 0.002, 0.01])
        density = np.maximum(density, specks.astype(np.float32))
    return _edged(rng, density)


def _folded(rng: Rng, density: F32) -> F32:
    """Dark creases, white creases, and blots."""
    height, width = density.shape
    for _ in range(int(rng.poisson(2))):
        row = int(rng.integers(0, height))
        rows = slice(row, row + int(rng.integers(1, 12)))
        if rng.random() < 0.6:
            shade = np.clip(rng.normal(0.5, 0.6, (1, width)), 0, 1).astype(np.float32)
            density[rows] = np.maximum(density[rows], shade)
        else:
            density[rows] *= np.float32(0.1)
    for _ in range(int(rng.poisson(1))):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (
            int(rng.integers(3, max(4, width // 15))),
            int(rng.integers(3, max(4, width // 12))),
        )
        cover = np.zeros(density.shape, np.uint8)
        cv2.ellipse(cover, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1, -1)
        tone = np.float32(rng.uniform(0.3, 1)) if rng.random() < 0.6 else np.float32(-1)
        density = density + cover * tone
    return density


def _edged(rng: Rng, density: F32) -> F32:
    """Black edges of the scanner beside the paper."""
    height, width = density.shape
    for side in (0, 1):
        if rng.random() < 0.15:
            reach = rng.uniform(0.002, 0.05) * width
            edge = reach * (1 + 0.5 * smooth_field(rng, (height, 2), 300)[:, :1])
            cols = np.arange(width)[None]
            dark = cols < edge if side == 0 else cols > width - edge
            density = np.maximum(density, dark.astype(np.float32))
    return density
