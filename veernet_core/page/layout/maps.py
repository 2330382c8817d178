"""What the layout network sees of a page, and what it answers.

In: a raster, read once by windows. Out: `PageInput`, the page shrunk to a fixed width so that thin
rules stay visible; `LayoutMaps`, what the network marks on it. Does not belong here: the network
itself (`net.layout`), what the marks mean together (`decode`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from veernet_core.datatypes import F32, U8, Raster

INPUT_WIDTH = 640
"""Columns of the input, whatever the width of the page; rows are twice as coarse as columns."""
INPUT_CHANNELS = 4
CELL = 2
"""Rows and columns of the input per cell of the answer."""
AREAS = ("margin", "form", "scales", "curves", "depth", "other")
"""Classes of an area: blank paper, header and tables, scale block, curve track, depth column, and
columns of text, lithology or pictures."""
LINES = ("left", "right")
"""Borders of curve tracks."""
EDGES = ("top", "bottom")
"""First and last row of a log."""
_WINDOW_ROWS = 256


@dataclass(frozen=True, slots=True)
class PageInput:
    """A page as the network sees it.

    Attributes
    ----------
    layers : uint8 [4, rows, 640]
        Ink; ink of thin vertical lines kept (mean down, maximum across); of thin horizontal lines
        (mean across, maximum down); colourfulness.
    col_px, row_px : float
        Page pixels per input column and per input row.
    """

    layers: U8
    col_px: float
    row_px: float


class LayoutMaps(Protocol):
    """What the network marks, as probabilities (uint8, 255 is 1).

    Attributes
    ----------
    areas : uint8 [6, cells down, 320]
        `AREAS`, adding up to 1.
    lines : uint8 [2, cells down, 640]
        `LINES`, at the columns of the input.
    edges : uint8 [2, cells down, 320]
        `EDGES`.
    """

    @property
    def areas(self) -> U8:
        """See above."""

    @property
    def lines(self) -> U8:
        """See above."""

    @property
    def edges(self) -> U8:
        """See above."""


class LayoutNet(Protocol):
    """The layout network, handed in from outside.

    ``settings`` are the weights of `decode.DecodeSettings` that were fitted to it.
    """

    @property
    def settings(self) -> Mapping[str, float]:
        """Weights for decoding its marks."""

    def mark(self, layers: U8) -> LayoutMaps:
        """Mark the layers of a `PageInput`."""
        ...


class LayoutNets(Protocol):
    """Where the layout network comes from."""

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        """The network of a file's bytes, or the one that comes with the package."""


def page_input(raster: Raster) -> PageInput:
    """Shrink a page for the network; one pass by windows of rows."""
    col_px = raster.width_px / INPUT_WIDTH
    row_px = CELL * col_px
    rows = max(CELL * 16, -(-round(raster.height_px / row_px) // CELL) * CELL)
    layers = np.zeros((INPUT_CHANNELS, rows, INPUT_WIDTH), np.uint8)
    for first in range(0, rows, _WINDOW_ROWS):
        last = min(rows, first + _WINDOW_ROWS)
        top, bottom = round(first * row_px), min(raster.height_px, round(last * row_px))
        if bottom <= top:
            break
        ink = raster.read_ink(top, bottom)
        chroma = None
        if raster.is_colour:
            rgb = raster.read_rgb(top, bottom)
            chroma = np.asarray(rgb.max(axis=2) - rgb.min(axis=2), np.uint8)
        done = min(last - first, max(1, round((bottom - top) / row_px)))
        layers[:, first : first + done] = shrink(ink, chroma, done)
    return PageInput(layers, col_px, row_px)


def shrink(ink: U8, chroma: U8 | None, rows: int) -> U8:
    """Layers of a window of rows, uint8 [4, rows, 640]; see `PageInput`."""
    height, width = ink.shape
    out = np.zeros((INPUT_CHANNELS, rows, INPUT_WIDTH), np.uint8)
    down = np.asarray(cv2.resize(ink, (width, rows), interpolation=cv2.INTER_AREA), np.uint8)
    out[0] = _resized(down, (INPUT_WIDTH, rows))
    out[1] = _kept(down, width / INPUT_WIDTH)
    across = _resized(ink, (INPUT_WIDTH, height))
    out[2] = _kept(np.ascontiguousarray(across.T), height / rows, rows).T
    if chroma is not None:
        out[3] = _resized(chroma, (INPUT_WIDTH, rows))
    return out


def _resized(image: U8, size: tuple[int, int]) -> U8:
    smaller = image.shape[1] >= size[0] and image.shape[0] >= size[1]
    kind = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=kind), np.uint8)


def _kept(image: U8, step: float, columns: int = INPUT_WIDTH) -> U8:
    """Maximum over ``step`` columns, at ``columns`` places."""
    reach = max(1, int(np.ceil(step)))
    if reach > 1:
        image = np.asarray(cv2.dilate(image, np.ones((1, reach), np.uint8)), np.uint8)
    at = np.clip(((np.arange(columns) + 0.5) * step).astype(np.int64), 0, image.shape[1] - 1)
    return image[:, at]


def probabilities(marks: U8) -> F32:
    """Marks as float32 from 0 to 1."""
    return np.asarray(marks, np.float32) / np.float32(255)
