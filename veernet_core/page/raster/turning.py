"""A page turned upright: rows and columns of the turned page, read from the one that is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from veernet_core.datatypes import U8, Finding, Raster
from veernet_core.errors import GeometryError

_MAX_TURNED_BYTES = 1 << 30


def turned(raster: Raster, turn_deg: int) -> Raster:
    """The page turned clockwise by 0, 90, 180 or 270 degrees.

    Upside-down pages stay windowed; pages on their side are turned in memory, once.

    Raises
    ------
    GeometryError
        A page on its side that is too large to turn.
    """
    if turn_deg == 0:
        return raster
    if turn_deg == 180:
        return replace(
            raster,
            read_ink=lambda a, b: _half_turn(raster.read_ink, raster.height_px, a, b),
            read_rgb=lambda a, b: _half_turn(raster.read_rgb, raster.height_px, a, b),
            drain_findings=lambda: _turned_rows(raster, turn_deg),
        )
    if raster.height_px * raster.width_px * (3 if raster.is_colour else 1) > _MAX_TURNED_BYTES:
        raise GeometryError(
            f"the page lies on its side and is too large to turn"
            f" ({raster.width_px} x {raster.height_px} px)",
            remedy="Turn the scan upright in an image editor and run again.",
        )
    ink, rgb = (
        _Quarter(raster.read_ink, raster, turn_deg),
        _Quarter(raster.read_rgb, raster, turn_deg),
    )
    tag = raster.dpi_tag
    return replace(
        raster,
        height_px=raster.width_px,
        width_px=raster.height_px,
        dpi_tag=None if tag is None else tag.turned,
        read_ink=ink,
        read_rgb=rgb,
        drain_findings=lambda: _turned_rows(raster, turn_deg),
    )


def _turned_rows(raster: Raster, turn_deg: int) -> tuple[Finding, ...]:
    """Findings with rows of the turned page; a run of stored rows crosses all rows of a page on its side."""
    out = []
    for finding in raster.drain_findings():
        rows = finding.rows
        if rows is not None and turn_deg == 180:
            rows = (raster.height_px - 1 - rows[1], raster.height_px - 1 - rows[0])
        elif rows is not None:
            rows = (0, raster.width_px - 1)
        if rows is not None:
            told = f"{finding.message} (Rows of the file, which lies turned by {turn_deg} degrees.)"
            finding = replace(finding, rows=rows, message=told)
        out.append(finding)
    return tuple(out)


def _half_turn(read: Callable[[int, int], U8], height_px: int, row0: int, row1: int) -> U8:
    return np.ascontiguousarray(read(height_px - row1, height_px - row0)[::-1, ::-1])


class _Quarter:
    """Rows of a page turned by a quarter; the page is read when the first rows are asked for."""

    def __init__(self, read: Callable[[int, int], U8], raster: Raster, turn_deg: int) -> None:
        self._read, self._height, self._turns = read, raster.height_px, -turn_deg // 90
        self._page: U8 | None = None

    def __call__(self, row0: int, row1: int) -> U8:
        if self._page is None:
            self._page = np.rot90(self._read(0, self._height), self._turns)
        return np.ascontiguousarray(self._page[row0:row1])
