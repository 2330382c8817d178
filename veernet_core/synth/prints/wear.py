"""What copying and scanning do to print: low resolution, bleeding, dropouts, specks, one bit, JPEG.

In: ink at the resolution of reading. Out: the ink as it is read, and where drawn marks land on it.
Does not belong here: what is printed (`sheets`).
"""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import F32, U8, Rng
from veernet_core.synth.degrade import smooth_field

_MAX_SKEW = 0.035


def skewed(rng: Rng, layers: list[U8]) -> list[U8]:
    """Layers uint8 [rows, cols] turned by up to 2 degrees together."""
    if rng.random() < 0.3:
        return layers
    slope = float(np.clip(rng.normal(0, 0.01), -_MAX_SKEW, _MAX_SKEW))
    rows, cols = layers[0].shape
    matrix = np.array(
        [[1, slope, -slope * rows / 2], [-slope, 1, slope * cols / 2]], dtype=np.float64
    )
    return [np.asarray(cv2.warpAffine(a, matrix, (cols, rows)), dtype=np.uint8) for a in layers]


def worn(rng: Rng, ink: U8) -> U8:
    """Ink uint8 [rows, cols] after copying, scanning at some resolution, and scaling back."""
    rows, cols = ink.shape
    roll = rng.random()
    native = (
        1.0
        if roll < 0.3
        else float(rng.uniform(0.38, 1.0) if roll < 0.7 else rng.uniform(1.0, 1.5))
    )
    size = (max(8, round(cols * native)), max(8, round(rows * native)))
    how = cv2.INTER_AREA if native < 1 else cv2.INTER_LINEAR
    density: F32 = np.asarray(cv2.resize(ink, size, interpolation=how), np.float32)
    density /= np.float32(255)
    if rng.random() < 0.12:  # a digital page, never on paper
        out = density * np.float32(rng.uniform(0.6, 1.0))
        if rng.random() < 0.4:
            out = (density > rng.uniform(0.25, 0.6)).astype(np.float32)
    else:
        out = _copied(rng, density)
        if rng.random() < 0.8:
            out = (out > 0.5 + np.float32(rng.normal(0, 0.09))).astype(np.float32)
            out = _dirt(rng, out)
        elif rng.random() < 0.5:
            out = _jpeg(rng, out)
    back = cv2.INTER_AREA if native > 1 else cv2.INTER_LINEAR
    whole = np.clip(out * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(whole, (cols, rows), interpolation=back), dtype=np.uint8)


def _copied(rng: Rng, density: F32) -> F32:
    if rng.random() < 0.5:
        kernel = np.ones((2, 2), np.uint8) if rng.random() < 0.7 else np.ones((3, 3), np.uint8)
        grow = rng.random() < 0.7
        density = np.asarray(cv2.dilate(density, kernel) if grow else cv2.erode(density, kernel))
    density = np.asarray(cv2.GaussianBlur(density, (0, 0), float(rng.uniform(0.35, 1.3))))
    if rng.random() < 0.5:  # ink that is missing in places
        lost = smooth_field(rng, density.shape, float(rng.uniform(1.5, 12)))
        density = density * (1 - np.float32(rng.uniform(0.1, 0.6)) * np.clip(lost, 0, 1.5))
    if rng.random() < 0.4:
        fade = smooth_field(rng, density.shape, float(rng.uniform(60, 400)))
        density = density * np.clip(
            1 - np.float32(rng.uniform(0.1, 0.45)) * np.clip(fade, 0, 2), 0.05, 1
        )
    if rng.random() < 0.25:  # paper that turned dark
        dark = smooth_field(rng, density.shape, float(rng.uniform(20, 300)))
        density = density + np.float32(rng.uniform(0.1, 0.45)) * np.clip(dark, 0, 2)
    if rng.random() < 0.6:
        spread = np.float32(rng.uniform(0.03, 0.3 if rng.random() < 0.3 else 0.15))
        density = density + spread * rng.standard_normal(density.shape, dtype=np.float32)
    return np.asarray(density, np.float32)


def _dirt(rng: Rng, out: F32) -> F32:
    """Specks of one or several pixels, and pinholes."""
    if rng.random() < 0.5:
        share = float(rng.choice([0.0003, 0.001, 0.004, 0.015]))
        specks = (rng.random(out.shape, dtype=np.float32) < share).astype(np.float32)
        if rng.random() < 0.5:
            specks = np.asarray(cv2.dilate(specks, np.ones((2, 2), np.uint8)), np.float32)
        out = np.maximum(out, specks)
    if rng.random() < 0.3:
        out = out * (rng.random(out.shape, dtype=np.float32) > float(rng.choice([0.01, 0.04])))
    for _ in range(int(rng.poisson(0.5))):  # a blot
        centre = (int(rng.integers(0, out.shape[1])), int(rng.integers(0, out.shape[0])))
        axes = (int(rng.integers(2, 14)), int(rng.integers(2, 14)))
        cv2.ellipse(out, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    return out


def _jpeg(rng: Rng, out: F32) -> F32:
    grey = np.clip(255 - out * 255, 0, 255).astype(np.uint8)
    done, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 80))])
    if not done:
        return out
    decoded = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(1.0 - np.asarray(decoded, np.float32) / 255, np.float32)
