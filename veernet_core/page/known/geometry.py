"""Rows, borders and the reference line of a section, checked against the page."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from veernet_core.datatypes import F64, Track, TrackGeometry, px_at
from veernet_core.errors import GeometryError

EDGE_SLACK_PX = 2.0
_LEAST_ON_PAGE = 0.5
"""Share of a track that must be on the paper: of less, nobody could say where its other border is."""
_LEAST_DEPTH_COLUMN = 0.15
"""Width of the narrowest depth column, as a share of the narrowest track."""


def rows_on_page(top: float, bottom: float, where: str, height_px: int) -> tuple[float, float]:
    """A range of rows on the scan, but for the edge of its outermost ones, which is clipped.

    Raises
    ------
    GeometryError
    """
    outside = top < -EDGE_SLACK_PX or bottom > height_px + EDGE_SLACK_PX
    if outside or min(bottom, height_px) - top < 2:
        raise GeometryError(
            f"rows {top:g} to {bottom:g} lie outside the scan of {height_px} rows"
            f" (0 to {height_px - 1})",
            where=where,
        )
    return max(0.0, top), min(float(height_px), bottom)


def require_anchors_on_page(
    anchors: Sequence[tuple[float, float]], where: str, height_px: int
) -> None:
    """Refuse depth anchors ``(row, depth)`` that lie outside the page.

    Raises
    ------
    GeometryError
    """
    for index, (row, value) in enumerate(anchors):
        if not -EDGE_SLACK_PX <= row <= height_px + EDGE_SLACK_PX:
            raise GeometryError(
                f"row {row:g} of the anchor at depth {value:g} lies outside the scan of"
                f" {height_px} rows",
                where=f"{where}.depth.anchors[{index}]",
                remedy="Correct the row, or give the scan that the anchors were measured on.",
            )


def reference_line(column: F64 | None, tracks: Sequence[Track]) -> F64:
    """Where anchors were measured: centre of the depth column, else first track's left border.

    Where the depth column is not known it is the widest gap between neighbouring tracks, if that is a
    column's width (0.75 in beside tracks of 2.5 in) and not a ruled border.
    """
    if column is not None:
        return column
    ordered = sorted((t.geometry for t in tracks), key=lambda g: float(g.left_knots[0, 1]))
    gaps = [(a.right_knots, b.left_knots) for a, b in itertools.pairwise(ordered)]
    if gaps:
        left, right = max(gaps, key=lambda gap: gap[1][0, 1] - gap[0][0, 1])
        narrowest = min(g.right_knots[0, 1] - g.left_knots[0, 1] for g in ordered)
        if right[0, 1] - left[0, 1] >= _LEAST_DEPTH_COLUMN * narrowest:
            return middle_line(left, right)
    return ordered[0].left_knots if ordered else np.zeros((1, 2))


def middle_line(left: F64, right: F64) -> F64:
    """Knots of the line midway between two borders."""
    rows = np.union1d(left[:, 0], right[:, 0])
    centre = px_at(left, rows) / 2 + px_at(right, rows) / 2
    return np.column_stack([rows, centre])


def array_of(knots: Iterable[tuple[float, float]]) -> F64:
    """Knots as float64 [n, 2]."""
    return np.array(list(knots), dtype=np.float64)


def geometry_of(track_id: str, left: F64, right: F64, where: str) -> TrackGeometry:
    """Borders as ``[row, px]`` knots, checked against each other.

    Raises
    ------
    GeometryError
    """
    try:
        return TrackGeometry(track_id, left, right)
    except GeometryError as error:
        raise GeometryError(error.message, where=where) from error


def require_on_page(
    geometry: TrackGeometry, rows: tuple[float, float], where: str, width_px: int
) -> bool:
    """Whether some of a track lies off the page in the given rows; half of it or more must be on it.

    Raises
    ------
    GeometryError
        Less is on the page.
    """
    knots = np.concatenate([geometry.left_knots[:, 0], geometry.right_knots[:, 0], rows])
    knots = np.unique(np.clip(knots, *rows))
    left, right = geometry.left_px(knots), geometry.right_px(knots)
    last = width_px - 1
    on_page = np.minimum(right, last) - np.maximum(left, 0.0)
    if float(np.mean(on_page / (right - left))) < _LEAST_ON_PAGE:
        raise GeometryError(
            f"track {geometry.track_id} spans columns {left.min():g} to {right.max():g},"
            f" the scan has columns 0 to {last}",
            where=where,
        )
    # A border may be given at the outer edge of the outermost pixel.
    return bool(left.min() < -EDGE_SLACK_PX or right.max() > last + EDGE_SLACK_PX)
