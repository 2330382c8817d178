"""Coloured print, read once more in the ink of its pen alone.

In: boxes of print and the pixels they stand in. Out: the same boxes, coloured ones as the ink of their colour
says: without borders, black notes and other pens that touch them; lines of two colours that were read as one
are two.
Does not belong here: finding print in all ink (`print_reading`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import U8, Raster
from veernet_core.page.ocr.components import find_print
from veernet_core.page.ocr.layers import layer_ink, pens_of
from veernet_core.page.ocr.recognition import recognised
from veernet_core.page.ocr.rules import without_rules
from veernet_core.page.ocr.text import READ_DPI, TextReader, overlap, rescale, to_raster
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import TextBox

_SAME_PRINT = 0.4
"""Share of the smaller of two boxes from which they show the same print."""
_COVERED = 0.5
"""Share of a box that others show, from which nothing else is in it."""


def with_coloured(
    boxes: Sequence[TextBox], raster: Raster, rows: tuple[int, int], reader: TextReader, dpi: float
) -> list[TextBox]:
    """Boxes of a band of the page with coloured print read by its colour; as they are on a page without colour.

    Parameters
    ----------
    boxes : sequence of TextBox
        In pixels of the raster, with ``tint``.
    raster : Raster
    rows : (first, last)
        Half-open.
    reader : TextReader
    dpi : float
        Resolution of the page.
    """
    if not raster.is_colour or all(b.tint in ("", BLACK) for b in boxes):
        return list(boxes)
    rgb = raster.read_rgb(*rows)
    pens = pens_of(rgb)
    own = [
        b for k in range(len(pens) - 1) for b in _of_pen(rgb, pens, k, boxes, rows[0], reader, dpi)
    ]
    return sorted(_replaced(boxes, own), key=lambda box: (box.row, box.col))


def _of_pen(
    rgb: U8,
    pens: Sequence[str],
    index: int,
    boxes: Sequence[TextBox],
    row0: int,
    reader: TextReader,
    dpi: float,
) -> list[TextBox]:
    """Print in the ink of one pen, where print was found in all ink too."""
    scale = min(3.0, READ_DPI / dpi)
    ink, walls = without_rules(rescale(layer_ink(rgb, pens, index), scale), READ_DPI)
    known = _mask(boxes, ink.shape, row0, scale)
    found = [
        p
        for p in find_print(ink, READ_DPI, walls)
        if known[p.row0 : p.row1, p.col0 : p.col1].mean() > _SAME_PRINT
    ]
    read = [b for b in recognised(ink, found, reader) if b.text]
    return [replace(to_raster(b, scale, row0, 0), tint=pens[index]) for b in read]


def _mask(boxes: Sequence[TextBox], shape: tuple[int, ...], row0: int, scale: float) -> U8:
    """1 where print was found, uint8 [rows, cols] of the rescaled picture."""
    out = np.zeros(shape, dtype=np.uint8)
    for b in boxes:
        top, bottom = (scale * (b.row - row0 + s * b.height_px / 2) for s in (-1, 1))
        left, right = (scale * (b.col + s * b.width_px / 2) for s in (-1, 1))
        out[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = 1
    return out


def _replaced(boxes: Sequence[TextBox], own: Sequence[TextBox]) -> list[TextBox]:
    """Boxes of which those that the ink of a pen shows as well as all ink give way to it."""
    kept: list[TextBox] = []
    dropped: set[int] = set()
    for box in boxes:
        same = [b for b in own if overlap(box, b) > _SAME_PRINT]
        if not same:
            kept.append(box)
            continue
        theirs = _clear(same)
        if box.tint in ("", BLACK) and (box.confidence > theirs or _share(box, same) < _COVERED):
            kept.append(box)
            dropped |= {id(b) for b in same if box.confidence > theirs}
    return kept + [_compared(b, boxes) for b in own if id(b) not in dropped]


def _clear(boxes: Sequence[TextBox]) -> float:
    """Mean probability of the characters."""
    letters = sum(len(box.text) for box in boxes)
    return sum(len(box.text) * box.confidence for box in boxes) / max(1, letters)


def _share(box: TextBox, others: Sequence[TextBox]) -> float:
    """Share of a box that others cover."""
    area = box.height_px * box.width_px
    return sum(overlap(box, b) * min(area, b.height_px * b.width_px) for b in others) / area


def _compared(box: TextBox, boxes: Sequence[TextBox]) -> TextBox:
    """A box with the share of its words that all ink shows in the same place, and what else was read there."""
    there = [b for b in boxes if overlap(box, b) > _SAME_PRINT]
    if not there:
        return replace(box, agreed=0.5)
    theirs = {word for b in there for word in b.text.split()}
    words = box.text.split()
    share = sum(word in theirs for word in words) / max(1, len(words))
    also = there[0].text if len(there) == 1 and share < 1 and len(words) == 1 else ""
    return replace(box, agreed=share, also=also)
