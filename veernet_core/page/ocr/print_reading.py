"""Reading the upright print of a scale block, found in two ways: by its ink and by the print network.

In: rows of a raster, an OCR engine, and the network where it is at hand. Out: ``TextBox``es. Ruled lines are
taken off by rules in one way and by the network in the other; what both read alike is right more often.
Does not belong here: finding lines of running text (`text`), and what print means.
"""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import F64, U8, Raster
from veernet_core.page.ocr.coloured import with_coloured
from veernet_core.page.ocr.components import find_print
from veernet_core.page.ocr.marked import PrintMarks, find_marked, unmarked_taken_off
from veernet_core.page.ocr.merging import merged
from veernet_core.page.ocr.recognition import clearer, recognised
from veernet_core.page.ocr.rules import without_rules, without_strokes_on
from veernet_core.page.ocr.text import (
    READ_DPI,
    TILE_OVERLAP,
    TILE_ROWS,
    TextReader,
    join,
    rescale,
    to_raster,
)
from veernet_core.page.ocr.tints import tinted
from veernet_core.page.results import TextBox

_BLACK, _PALE, _VIVID = 120, 110, 90
"""Of 255: a pixel darker than the first in all channels is black print; one whose lowest channel is below
the second and whose channels differ by more than the third is coloured print."""


def read_print(
    raster: Raster,
    row0: int,
    row1: int,
    reader: TextReader,
    dpi: float,
    net: PrintMarks | None = None,
    borders: F64 | None = None,
) -> list[TextBox]:
    """Read the upright print of a band of the page, found by its ink and by the print network.

    Parameters
    ----------
    raster : Raster
    row0, row1 : int
        Half-open; clipped to the page.
    reader : TextReader
        Only reads lines that are already cut out.
    dpi : float
        Resolution of the page.
    net : PrintMarks, optional
        The print network; without it print is found by its ink alone.
    borders : float64 [n, 2], optional
        Column of each border of a track in ``row0``, and how far it moves to the right in a row.

    Returns
    -------
    list of TextBox
        In pixels of the raster, from top to bottom.
    """
    row0, row1 = max(0, row0), min(raster.height_px, row1)
    scale = min(3.0, READ_DPI / dpi)
    tile, seam = (round(rows / scale) for rows in (TILE_ROWS, TILE_OVERLAP))
    boxes: list[TextBox] = []
    for top in range(row0, max(row0 + 1, row1 - seam), tile - seam):
        last = min(top + tile, row1)
        if last - top < 8:
            continue
        bare = _ready(print_ink(raster, top, last), scale, borders, top - row0)
        found = _read_ink(bare, reader, net)
        if raster.is_colour:  # without colour nothing was taken off that a second look could find
            page = _ready(raster.read_ink(top, last), scale, borders, top - row0)
            found = clearer(found, bare, page, reader)
        boxes = join(boxes, [to_raster(box, scale, top, 0) for box in found])
    found = tinted(sorted(boxes, key=lambda box: (box.row, box.col)), raster)
    return with_coloured(found, raster, (row0, row1), reader, dpi)


def _ready(ink: U8, scale: float, borders: F64 | None, below: int) -> U8:
    """Ink of a tile at the resolution of reading, without strokes on borders; ``below``: rows to its top."""
    ink = rescale(ink, scale)
    if borders is None:
        return ink
    ends = np.array([0, ink.shape[0] - 1]) / scale + below
    return without_strokes_on(ink, scale * (borders[:, :1] + borders[:, 1:] * ends[None]), READ_DPI)


def _read_ink(ink: U8, reader: TextReader, net: PrintMarks | None) -> list[TextBox]:
    """Print of one tile, in its pixels."""
    bare, walls = without_rules(ink, READ_DPI)
    inked = recognised(bare, find_print(bare, READ_DPI, walls), reader)
    if net is None:
        return inked
    text, core = net.mark_print(ink)
    found = find_marked(ink, text, core, walls)
    return merged(inked, recognised(unmarked_taken_off(ink, text), found, reader))


def print_ink(raster: Raster, row0: int, row1: int) -> U8:
    """Ink that may be print, uint8 [rows, cols]: on colour pages without grey grids and pale fills."""
    if not raster.is_colour:
        return raster.read_ink(row0, row1)
    rgb = raster.read_rgb(row0, row1)
    low, high = rgb.min(axis=2), rgb.max(axis=2)
    core = (high < _BLACK) | ((low < _PALE) & (high - low > _VIVID))
    # the soft edge of a letter belongs to it; a grey line away from print does not
    edge = cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.where(edge, 255 - low, 0).astype(np.uint8)
