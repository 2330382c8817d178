"""Depth columns where the layout names none: strips in which round numbers recur.

In: a raster and a section. Out: strips that may be depth columns.
Does not belong here: what they say (`column`).
"""

from __future__ import annotations

import numpy as np

from veernet_core.datatypes import Dpi, Raster, px_at
from veernet_core.page.depth.chain import label_weight
from veernet_core.page.depth.column import SECOND_ZOOM
from veernet_core.page.depth.labels import TURNS, LabelRead, labels_from_boxes
from veernet_core.page.ocr.text import TextReader, read_region
from veernet_core.page.results import SectionFound, TrackFound

_SEARCH_TILES, _SEARCH_IN, _STRIP_IN = 3, 5.0, 0.45


def search_columns(
    raster: Raster, section: SectionFound, reader: TextReader, dpi: Dpi
) -> list[TrackFound]:
    """Strips in which round numbers recur, where the layout names no depth column.

    A few tiles of the whole width are read; strips follow the nearest track border as it drifts.
    """
    labels: list[LabelRead] = []
    for row0 in _search_rows(section, dpi.down):
        row1 = min(row0 + round(_SEARCH_IN * dpi.down), raster.height_px)
        scale = float(np.mean(dpi)) / SECOND_ZOOM
        boxes = read_region(raster, row0, row1, 0, raster.width_px, reader, TURNS, scale)
        labels += [
            label for label in labels_from_boxes(raster, boxes, reader) if label_weight(label) > 0.4
        ]
    strips = []
    while labels:
        cols = np.array([label.col for label in labels])
        near = np.abs(cols[:, None] - cols[None, :]) < _STRIP_IN / 2 * dpi.across
        best = int(near.sum(axis=1).argmax())
        if near[best].sum() < 2:
            break
        strips.append(_strip(section, float(cols[near[best]].mean()), labels[best].row, dpi.across))
        labels = [label for label, taken in zip(labels, near[best]) if not taken]
    return strips[:3]


def _search_rows(section: SectionFound, dpi: float) -> list[int]:
    last = max(section.row_top, section.row_bottom - _SEARCH_IN * dpi)
    count = max(
        1, min(_SEARCH_TILES, int((section.row_bottom - section.row_top) / (_SEARCH_IN * dpi)))
    )
    return [int(row) for row in np.linspace(section.row_top, last, count)]


def _strip(section: SectionFound, col: float, row: float, dpi: float) -> TrackFound:
    """A strip around a column of the page that drifts as the nearest border does."""
    borders = [knots for track in section.tracks for knots in (track.left_knots, track.right_knots)]
    borders = borders or [np.array([[section.row_top, col]])]
    nearest = min(borders, key=lambda k: abs(px_at(k, row) - col))
    shift = col - px_at(nearest, row)
    half = np.array([0.0, _STRIP_IN * dpi])
    centre = nearest + np.array([0.0, shift])
    return TrackFound(centre - half, centre + half, "depth")
