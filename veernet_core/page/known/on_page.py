"""Rows and columns that a person gives beside borders and anchors, checked against the page.

In: a section of a sidecar. Out: nothing, or an error that names what lies off the page: a sidecar that was made
for another scan, or for one of another resolution, is not half-used. Does not belong here: borders across the
page and section rows (`geometry`), the order of knots (`sidecar`).
"""

from __future__ import annotations

from collections.abc import Iterable

from veernet_core.errors import GeometryError
from veernet_core.page.known.geometry import EDGE_SLACK_PX, array_of, middle_line
from veernet_core.page.known.sidecar import SidecarSection

_Points = Iterable[tuple[float, float]]


def require_given_on_page(section: SidecarSection, where: str, size_px: tuple[int, int]) -> None:
    """Refuse knots, paths and stretches of rows off the page.

    Parameters
    ----------
    section : SidecarSection
    where : str
        For messages.
    size_px : (height, width)

    Raises
    ------
    GeometryError
    """
    height, width = size_px
    if section.depth_column is not None:
        at = f"{where}.depth_column"
        left, right = section.depth_column
        for knots in (left, right):
            _require_rows(_rows(knots), at, height)
        middle = middle_line(array_of(left), array_of(right))
        _require_columns(middle[:, 1].tolist(), at, width)
        if any(a >= b for (_, a), (_, b) in zip(left, right)):
            raise GeometryError("its right border must lie right of the left one", where=at)
    for t, track in enumerate(section.tracks):
        at = f"{where}.tracks[{t}]"
        for name, border in (("left_px", track.left_px), ("right_px", track.right_px)):
            _require_rows(_rows(border or ()), f"{at}.{name}", height)
        for c, curve in enumerate(track.curves or ()):
            own, more = f"{at}.curves[{c}]", curve.more
            for name, part in (("left_px", more.left_px), ("right_px", more.right_px)):
                _require_rows(_rows(part or ()), f"{own}.{name}", height)
            rows = [row for stretch in more.null_rows for row in stretch]
            _require_rows(rows, f"{own}.null_rows", height)
            for name, path in (("points", curve.points), ("redrawn", more.redrawn)):
                _require_rows(_rows(path), f"{own}.{name}", height)
                _require_columns([col for _, col in path], f"{own}.{name}", width)


def _rows(points: _Points) -> list[float]:
    return [row for row, _ in points]


def _require_rows(rows: Iterable[float], where: str, height_px: int) -> None:
    for row in rows:
        if not -EDGE_SLACK_PX <= row <= height_px + EDGE_SLACK_PX:
            raise _off(f"row {row:g}", f"{height_px} rows", where)


def _require_columns(cols: Iterable[float], where: str, width_px: int) -> None:
    for col in cols:
        if not -EDGE_SLACK_PX <= col <= width_px + EDGE_SLACK_PX:
            raise _off(f"column {col:g}", f"{width_px} columns", where)


def _off(what: str, extent: str, where: str) -> GeometryError:
    return GeometryError(
        f"{what} lies outside the scan of {extent}",
        where=where,
        remedy="Correct it, or give the scan that the sidecar was made for.",
    )
