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
from veernet_core.page.ocr.layers import layer_inks, pens_of
from veernet_core.page.ocr.merging import clearness, compared, groups_of, says
from veernet_core.page.ocr.recognition import recognised
from veernet_core.page.ocr.rules import without_rules
from veernet_core.page.ocr.text import READ_DPI, TextReader, rescale, to_raster
from veernet_core.page.ocr.tints import BLACK
from veernet_core.page.results import TextBox

_FOUND = 0.4
"""Share of print of one pen that must stand where print was found in all ink."""
_SURE = 0.95
"""Probability from which print that was read alike in two ways is not read once more."""
_CLEAR = 0.8
"""Probability from which print is read clearly."""


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
    unsure = [b for b in boxes if b.agreed != 1.0 or b.confidence < _SURE]
    if not raster.is_colour or all(b.tint in ("", BLACK) for b in boxes) or not unsure:
        return list(boxes)
    rgb = raster.read_rgb(*rows)
    pens = pens_of(rgb)
    own = [
        replace(b, tint=pen)
        for pen, ink in zip(pens, layer_inks(rgb, pens))
        if pen != BLACK
        for b in _of_pen(ink, unsure, rows[0], reader, dpi)
    ]
    return sorted(_joined(boxes, own), key=lambda box: (box.row, box.col))


def _of_pen(
    layer: U8, boxes: Sequence[TextBox], row0: int, reader: TextReader, dpi: float
) -> list[TextBox]:
    """Print in the ink of one pen, where print was found in all ink too and is not read surely there."""
    scale = min(3.0, READ_DPI / dpi)
    ink, walls = without_rules(rescale(layer, scale), READ_DPI)
    known = _mask(boxes, ink.shape, row0, scale)
    found = [
        p
        for p in find_print(ink, READ_DPI, walls)
        if known[p.row0 : p.row1, p.col0 : p.col1].mean() > _FOUND
    ]
    return [to_raster(b, scale, row0, 0) for b in recognised(ink, found, reader) if b.text]


def _mask(boxes: Sequence[TextBox], shape: tuple[int, ...], row0: int, scale: float) -> U8:
    """1 where print was found, uint8 [rows, cols] of the rescaled picture."""
    out = np.zeros(shape, dtype=np.uint8)
    for b in boxes:
        top, bottom = (scale * (b.row - row0 + s * b.height_px / 2) for s in (-1, 1))
        left, right = (scale * (b.col + s * b.width_px / 2) for s in (-1, 1))
        out[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1] = 1
    return out


def _joined(boxes: Sequence[TextBox], own: Sequence[TextBox]) -> list[TextBox]:
    """Of what both show, the reading that the engine is surer of; what all ink alone shows stays."""
    out: list[TextBox] = []
    for one, other in groups_of(boxes, own):
        if one and other and says(one) == says(other):
            out += [replace(b, agreed=1.0, tint=other[0].tint) for b in one]
        elif not other:
            out += one
        elif one and (_are_lines(other) or _is_clearer(other, one)):
            out += [compared(b, one, len(one) == len(other) == 1) for b in other]
        else:
            out += one
    return out


def _is_clearer(own: Sequence[TextBox], boxes: Sequence[TextBox]) -> bool:
    """Whether print of one pen is read more surely, and no figure of it is lost under a curve."""
    whole = len(says(own)) >= len(says(boxes)) - 1
    return whole and clearness(own) > clearness(boxes)


def _are_lines(own: Sequence[TextBox]) -> bool:
    """Whether clear print of several pens stands one above the other, where all ink shows one line."""
    clear = [b for b in own if b.confidence >= _CLEAR]
    return any(
        a.tint != b.tint
        and abs(a.row - b.row) > 0.5 * min(a.height_px, b.height_px)
        and abs(a.row - b.row) < 1.5 * max(a.height_px, b.height_px)
        for a in clear
        for b in clear
    )
