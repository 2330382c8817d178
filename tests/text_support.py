"""An OCR engine for tests: it finds what was drawn on the page and reads what it was told is there.

In: the height of the drawn boxes. Out: `TextReader` answers. Numbers are not drawn as glyphs but as solid
blocks whose columns carry the digits in binary, so that reading is exact, quick and turns with the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from veernet_core.datatypes import U8, Dpi, Raster
from veernet_core.net.layout import layout_reader
from veernet_core.page.layout.maps import LayoutNet
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.ocr.text import upright
from veernet_core.page.results import TextBox

CELL = 4
_BITS = 17
LENGTH_PX, HEIGHT_PX = CELL * (_BITS + 5), CELL * 4


def as_raster(image: U8) -> Raster:
    """A raster of an ink array (255 ink)."""
    return Raster(
        height_px=image.shape[0],
        width_px=image.shape[1],
        is_colour=False,
        dpi_tag=None,
        read_ink=lambda a, b: image[a:b],
        read_rgb=lambda a, b: np.repeat(255 - image[a:b, :, None], 3, axis=2),
        drain_findings=lambda: (),
    )


def as_colour_raster(rgb: U8, dpi: float) -> Raster:
    """A raster of coloured pixels [rows, cols, 3]."""
    return Raster(
        height_px=rgb.shape[0],
        width_px=rgb.shape[1],
        is_colour=True,
        dpi_tag=Dpi(dpi, dpi),
        read_ink=lambda a, b: 255 - rgb[a:b].min(axis=2),
        read_rgb=lambda a, b: rgb[a:b],
        drain_findings=lambda: (),
    )


def draw_number(value: int, turned_deg: int = 0) -> U8:
    """A block that says ``value``: a bar, then bits, framed so that its way up can be told."""
    block = np.zeros((HEIGHT_PX, LENGTH_PX), dtype=np.uint8)
    block[-CELL:] = 255
    block[:, : 2 * CELL] = 255
    for bit in range(_BITS):
        if value >> bit & 1:
            left = (bit + 3) * CELL
            block[CELL : 2 * CELL, left : left + CELL] = 255
    block[:, -CELL:] = 255
    return np.ascontiguousarray(np.rot90(block, -turned_deg // 90))


def _decode(block: U8) -> str:
    """The number a level block says, or nothing."""
    image = cv2.resize(block, (LENGTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA) > 127
    framed = image[-CELL + 1 : -1].mean() > 0.9 and image[:, 1 : 2 * CELL - 1].mean() > 0.9
    if not framed or image[: HEIGHT_PX - CELL, -2 * CELL : -CELL].mean() > 0.1:
        return ""
    centres = (np.arange(_BITS) + 3) * CELL + CELL // 2
    bits = image[CELL + CELL // 2, centres]
    return str(int(sum(1 << int(k) for k in np.flatnonzero(bits))))


class WithLayout:
    """The part of a page reader that marks layouts, with the network that comes with the package."""

    def layout_net(self, data: bytes | None = None) -> LayoutNet:
        return layout_reader(data)

    def print_net(self, data: bytes | None = None) -> None:
        """No print network: print is found by its ink."""


class BlockReader:
    """`TextReader` that reads the blocks of ``draw_number``; ``misread`` replaces some of the answers."""

    def __init__(self, misread: dict[str, str] | None = None, confidence: float = 0.99) -> None:
        self.misread = misread or {}
        self.confidence = confidence
        self.calls = 0

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        """Connected blocks of the right size that say something in one of the turns."""
        self.calls += 1
        if not image.size:
            return []
        _, _, stats, _ = cv2.connectedComponentsWithStats(
            (image > 127).astype(np.uint8), connectivity=8
        )
        boxes = []
        for left, top, width, height, _ in stats[1:]:
            if not 0.5 * LENGTH_PX < max(width, height) < 2 * LENGTH_PX:
                continue
            piece = image[top : top + height, left : left + width]
            for turn in turns:
                text = _decode(upright(piece, turn))
                if text:
                    row, col = top + (height - 1) / 2, left + (width - 1) / 2
                    boxes.append(
                        TextBox(self._say(text), self.confidence, row, col, height, width, turn)
                    )
        return boxes

    def find(self, image: U8) -> list[TextBox]:
        """The blocks that say something in any turn."""
        return [
            replace(box, text="", confidence=0.0, turned_deg=box.turned_deg % 180)
            for box in self.read(image, (0, 90, 180, 270))
        ]

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        """What each line says if it is one block."""
        texts = [_decode(_trim(line)) if line.size else "" for line in lines]
        return [LineRead(self._say(text), self.confidence if text else 0.0) for text in texts]

    def _say(self, text: str) -> str:
        return self.misread.get(text, text)


def _trim(line: U8) -> U8:
    """Without blank margins."""
    rows, cols = np.flatnonzero((line > 127).any(axis=1)), np.flatnonzero((line > 127).any(axis=0))
    if not len(rows):
        return np.zeros((1, 1), dtype=np.uint8)
    return line[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
