"""What copying, folding and scanning do to a drawn strip.

In: ink coverage in [0, 1]; out: uint8 ink (0 paper, 255 ink) of the same shape; positions stay exact.
Nothing here knows about curves.
"""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import F32, U8, Rng

STRIP_DPI = 200
"""Resolution of drawn strips."""


def at_dpi(image: F32, dpi: int) -> F32:
    """A picture at the strips' resolution, [rows, cols] or [rows, cols, 3], as a scan of ``dpi`` shows it."""
    rows, cols = (round(n * dpi / STRIP_DPI) for n in image.shape[:2])
    way = cv2.INTER_AREA if dpi < STRIP_DPI else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (cols, rows), interpolation=way), dtype=np.float32)


def at_strip_dpi(scan: U8, rows: int, cols: int) -> U8:
    """A scan of any resolution at that of the strips: interpolated, or averaged down."""
    way = cv2.INTER_AREA if scan.shape[0] > rows else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(scan, (cols, rows), interpolation=way), dtype=np.uint8)


def smooth_field(rng: Rng, shape: tuple[int, int], cell_px: float) -> F32:
    """Unit-variance random field with features of about ``cell_px``."""
    small = tuple(max(2, int(np.ceil(n / cell_px)) + 1) for n in shape)
    coarse = rng.standard_normal(small, dtype=np.float32)
    field = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, dtype=np.float32)


def degrade(rng: Rng, ink: F32, severity: float) -> U8:
    """Degrade a strip.

    Parameters
    ----------
    ink : float32 [rows, cols]
        Coverage in [0, 1].
    severity : float
        0 (clean) to 1 (a bad photocopy).

    Returns
    -------
    uint8 [rows, cols]
    """
    image = ink
    if rng.random() < 0.25 + 0.5 * severity:
        image = _folds(rng, image, severity)
    if rng.random() < 0.5 * severity:
        image = _blots(rng, image)
    if rng.random() < 0.15 + 0.3 * severity:
        image = _weight(rng, image)
    sigma = rng.uniform(0, 0.5 + 0.7 * severity)
    if sigma > 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32)
    image = _toner(rng, image, severity)
    kind = rng.random()
    if kind < 0.68:
        out = _bilevel(rng, image, severity)
    elif kind < 0.8:
        out = _fine_bilevel(rng, image)
    else:
        out = _grey(rng, image)
    if rng.random() < 0.25:
        out = _resampled(rng, out)
    return out


def _folds(rng: Rng, image: F32, severity: float) -> F32:
    """Creases: a dark smear, a white line or a shaded band across the paper."""
    rows, cols = image.shape
    image = image.copy()
    at = int(rng.integers(0, rows))
    height = int(rng.integers(2, 30))
    band = slice(max(0, at - height // 2), min(rows, at + height // 2 + 1))
    kind = rng.random()
    if kind < 0.4:
        strength = rng.uniform(0.2, 0.9) * (0.4 + severity)
        grain = smooth_field(rng, (band.stop - band.start, cols), 2.5)
        image[band] = np.maximum(image[band], np.clip(strength * (0.3 + 0.7 * grain), 0, 1))
    elif kind < 0.7:
        image[band.start : band.start + max(1, height // 5)] *= np.float32(rng.uniform(0, 0.4))
    else:
        image[band] = np.clip(image[band] + np.float32(rng.uniform(0.05, 0.35)), 0, 1)
    return image


def _blots(rng: Rng, image: F32) -> F32:
    """Ink blots and correction tape."""
    rows, cols = image.shape
    cover = np.zeros((rows, cols), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        axes = (int(rng.lognormal(2.2, 0.7)) + 1, int(rng.lognormal(2.0, 0.7)) + 1)
        centre = (int(rng.integers(0, cols)), int(rng.integers(0, rows)))
        cv2.ellipse(cover, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1)
    soft = cover.astype(np.float32) / 255
    if rng.random() < 0.5:
        return np.asarray(np.maximum(image, soft * np.float32(rng.uniform(0.4, 1))))
    return np.asarray(image * (1 - soft))


def _weight(rng: Rng, image: F32) -> F32:
    """Thicker or thinner strokes, as exposure makes them."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    grow = rng.random() < 0.65
    other = cv2.dilate(image, kernel) if grow else cv2.erode(image, kernel)
    share = np.float32(rng.uniform(0.2, 1.0) * (1.0 if grow else 0.6))
    return np.asarray(image * (1 - share) + other * share)


def _toner(rng: Rng, image: F32, severity: float) -> F32:
    """Uneven exposure, grain and speckle."""
    shape = (image.shape[0], image.shape[1])
    out = image * np.float32(rng.uniform(0.75, 1.1))
    if severity > 0.1:
        exposure = smooth_field(rng, shape, rng.uniform(40, 300)) * np.float32(0.18 * severity)
        out = out + exposure * (0.4 + out)
    grain = np.float32(rng.uniform(0.0, 0.06 + 0.16 * severity))
    out = out + grain * rng.standard_normal(shape, dtype=np.float32)
    if rng.random() < 0.6 * severity:
        clumps = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), 0.8) * 2.2
        where = smooth_field(rng, shape, rng.uniform(20, 200)) + np.float32(rng.uniform(-1.5, 0.5))
        if rng.random() < 0.25:
            where = where + _near_side(rng, shape[1])
        speck = (clumps > rng.uniform(1.8, 3.2)) & (where > 0)
        out = np.maximum(out, speck.astype(np.float32))
    if rng.random() < 0.4 * severity:
        pits = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), 1.0) * 2.8
        out = np.where(pits > rng.uniform(1.6, 3.0), np.float32(0), out)
    return np.asarray(out, dtype=np.float32)


def _near_side(rng: Rng, cols: int) -> F32:
    """Dirt gathers where the paper was handled: 3 at one side, falling off over some columns."""
    off = np.arange(cols, dtype=np.float32) / np.float32(rng.uniform(30, 120))
    out: F32 = (3 * np.exp(-(off[::-1] if rng.random() < 0.5 else off))).astype(np.float32)
    return out


def _bilevel(rng: Rng, image: F32, severity: float) -> U8:
    threshold = rng.uniform(0.5 - 0.25 * (0.4 + severity), 0.5 + 0.16 * (0.4 + severity))
    return ((image > threshold) * np.uint8(255)).astype(np.uint8)


def _fine_bilevel(rng: Rng, image: F32) -> U8:
    """One-bit at a higher resolution, averaged down by the rectification."""
    rows, cols = image.shape
    factor = float(rng.choice([1.5, 2.0]))
    size = (round(cols * factor), round(rows * factor))
    large = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    bits = ((large > rng.uniform(0.35, 0.6)) * np.uint8(255)).astype(np.uint8)
    return np.asarray(cv2.resize(bits, (cols, rows), interpolation=cv2.INTER_AREA))


def _grey(rng: Rng, image: F32) -> U8:
    low, high = rng.uniform(0, 0.15), rng.uniform(0.6, 1.0)
    tone = np.clip(image, 0, 1) ** rng.uniform(0.6, 1.5)
    out = np.clip((low + (high - low) * tone) * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_GRAYSCALE)
    return np.asarray(out)


def _resampled(rng: Rng, out: U8) -> U8:
    """A coarser scan enlarged, or the softening of one interpolation."""
    rows, cols = out.shape
    if rng.random() < 0.35:
        factor = rng.uniform(0.5, 0.9)
        small = cv2.resize(
            out, (round(cols * factor), round(rows * factor)), interpolation=cv2.INTER_AREA
        )
        if rng.random() < 0.5:
            small = ((small > rng.uniform(90, 150)) * np.uint8(255)).astype(np.uint8)
        return np.asarray(cv2.resize(small, (cols, rows), interpolation=cv2.INTER_LINEAR))
    tap = rng.uniform(0, 0.5)
    kernel = np.array([tap / 2, 1 - tap, tap / 2])
    return np.asarray(cv2.sepFilter2D(out, -1, kernel, kernel))
