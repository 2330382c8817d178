"""Depth columns where the layout names none: strips in which round numbers recur, and narrow places.

In: a raster and a section. Out: strips that may be depth columns.
Does not belong here: what they say (`column`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, Dpi, Raster, px_at
from veernet_core.page.depth.chain import label_weight
from veernet_core.page.depth.column import SECOND_ZOOM
from veernet_core.page.depth.labels import TURNS, LabelRead, labels_from_boxes
from veernet_core.page.ocr.text import TextReader, read_region
from veernet_core.page.results import SectionFound, TrackFound

_SEARCH_TILES, _SEARCH_IN, _STRIP_IN = 3, 5.0, 0.45
_NARROWEST_IN, _NARROW_IN = 0.2, 1.3


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


def narrow_places(section: SectionFound, dpi: float, width_px: int) -> list[TrackFound]:
    """Where depth numbers may stand that a reading of the whole width misses: tracks too narrow for most
    curves (a casing collar track often holds the numbers), and what is free between and beside tracks.

    Parameters
    ----------
    section : SectionFound
    dpi : float
        Across.
    width_px : int
        Of the page.

    Returns
    -------
    list of TrackFound
        From left to right.
    """
    tracks = sorted(section.tracks, key=lambda track: float(track.left_knots[0, 1]))
    if not tracks:
        return []
    first, last = tracks[0].left_knots, tracks[-1].right_knots
    reach = _NARROW_IN * dpi
    rights = [_moved(first, -reach, width_px), *(track.right_knots for track in tracks)]
    lefts = [*(track.left_knots for track in tracks), _moved(last, reach, width_px)]
    free = [TrackFound(a, b, "depth") for a, b in zip(rights, lefts)]
    narrow = [replace(t, kind="depth") for t in tracks if t.kind == "curves"]
    wanted = [t for t in [*free, *narrow] if _NARROWEST_IN * dpi <= _width(t) <= reach + 1]
    return sorted(wanted, key=lambda track: float(track.left_knots[0, 1]))


def _moved(border: F64, by: float, width_px: int) -> F64:
    """A border moved sideways, kept on the page."""
    return np.stack([border[:, 0], np.clip(border[:, 1] + by, 0.0, width_px - 1.0)], axis=1)


def _width(track: TrackFound) -> float:
    row = float(track.left_knots[0, 0])
    return px_at(track.right_knots, row) - px_at(track.left_knots, row)


def lines_beside(section: SectionFound, column: TrackFound) -> list[F64]:
    """Left borders of the tracks of curves, where the depth lines of a column are looked for: the next on its
    right first, then those further right, then those on its left.
    """
    row = float(column.left_knots[0, 0])
    centre = (px_at(column.left_knots, row) + px_at(column.right_knots, row)) / 2
    curves = [track.left_knots for track in section.tracks if track.kind == "curves"]
    away = [px_at(knots, row) - centre for knots in curves]
    order = sorted(range(len(curves)), key=lambda n: (away[n] < 0, abs(away[n])))
    return [curves[n] for n in order]


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
