"""Tracks drawn with pens of several colours: what colour scans and digital rasters show.

In: a ``numpy.random.Generator``. Out: a ``ColouredSheet``: the picture, and for every pen the truth of its
curve once its ink is told from the rest. Where a pen was painted over by another its ink is gone.
Does not belong here: telling inks apart (`strips.ink`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from veernet_core.datatypes import F32, F64, U8, Rng
from veernet_core.synth import degrade
from veernet_core.synth.strips import Inked, SynthConfig, SynthStrip, draw_sheet, labelled

PENS = (
    "#ff0000", "#0000ff", "#00a000", "#000000", "#ff00ff", "#00bfbf", "#bf6000", "#ff8000", "#800080",
    "#4040c0", "#bf3f3f", "#000080", "#008040",
)  # fmt: skip
_GRIDS = ("#000000", "#808080", "#c0c0c0", "#a0c0a0", "#90b0d0", "#d0a080")


@dataclass(frozen=True, slots=True)
class ColouredSheet:
    """A drawn track in colour.

    Attributes
    ----------
    rgb : uint8 [rows, cols, 3]
        At the resolution of the scan.
    colours : tuple of str
        The pen of every curve, ``#rrggbb``; no two are the same.
    rows, cols : int
        Of the strip at the strips' resolution.
    left, right : float
        Nominal borders there.
    inked : tuple of Inked
    """

    rgb: U8
    colours: tuple[str, ...]
    rows: int
    cols: int
    left: float
    right: float
    inked: tuple[Inked, ...]

    def strip_of(self, curve: int, ink: U8) -> SynthStrip:
        """The strip of one pen, of whose ink a picture of the scan's size is given."""
        final = degrade.at_strip_dpi(ink, self.rows, self.cols)
        return labelled(final, [self.inked[curve]], self.left, self.right)


def draw_coloured(
    rng: Rng, config: SynthConfig, shapes: Sequence[F64] | None = None
) -> ColouredSheet:
    """Draw one track, each curve in a colour of its own."""
    sheet = draw_sheet(rng, config, shapes)
    colours = tuple(str(c) for c in rng.choice(PENS, size=len(sheet.inked), replace=False))
    canvas = np.full((config.rows, config.cols, 3), 255, np.float32)
    canvas = _painted(canvas, sheet.background, str(rng.choice(_GRIDS)))
    for curve, colour in zip(sheet.inked, colours):
        canvas = _painted(canvas, curve.alpha, colour)
    rgb = _scanned(rng, canvas, config.scan_dpi, sheet.severity)
    return ColouredSheet(
        rgb, colours, config.rows, config.cols, sheet.left, sheet.right, tuple(sheet.inked)
    )


def _painted(canvas: F32, cover: F32, colour: str) -> F32:
    tone = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], np.float32)
    share = cover[..., None]
    return np.asarray(canvas * (1 - share) + tone * share, dtype=np.float32)


def _scanned(rng: Rng, canvas: F32, dpi: int, severity: float) -> U8:
    """A digital raster as it is, or a scan of its print: soft, uneven, grainy, compressed."""
    if dpi != degrade.STRIP_DPI:
        canvas = degrade.at_dpi(canvas, dpi)
    if rng.random() < 0.5:  # of a plotting program: no paper, no lens
        return np.rint(canvas).clip(0, 255).astype(np.uint8)
    canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 0.6 + 0.6 * severity)))
    shape = (canvas.shape[0], canvas.shape[1])
    uneven = degrade.smooth_field(rng, shape, rng.uniform(40, 300))[..., None]
    canvas = canvas * (1 + np.float32(0.06 * severity) * uneven)
    grain = rng.uniform(1, 4 + 16 * severity)
    canvas = canvas + rng.standard_normal(canvas.shape, dtype=np.float32) * np.float32(grain)
    rgb = np.rint(canvas).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 92))]
        rgb = np.asarray(cv2.imdecode(cv2.imencode(".jpg", rgb, quality)[1], cv2.IMREAD_COLOR))
    return rgb
