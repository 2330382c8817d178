"""A picture of what was found on a page: for a person who checks it.

In: a raster and its layout. Out: an RGB image. Does not belong here: finding anything, encoding.
"""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import F64, U8, Raster, px_at
from veernet_core.page.results import PageLayout, SectionFound, TrackFound

_BLOCK_ROWS = 2048
_CURVES, _DEPTH = (30, 110, 230), (20, 150, 60)
_KINDS = {
    "header": (120, 120, 120),
    "scales": (200, 120, 0),
    "main": (30, 110, 230),
    "repeat": (120, 60, 200),
    "tail": (150, 90, 60),
    "other": (90, 90, 90),
}
_LINES = ((245, 170, 170), (235, 90, 90), (200, 0, 0))
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_layout(raster: Raster, layout: PageLayout, scale: float = 0.25) -> U8:
    """The page, smaller, with sections, borders and depth lines drawn on it.

    Parameters
    ----------
    raster : Raster
    layout : PageLayout
    scale : float
        Picture pixels per page pixel.

    Returns
    -------
    uint8 [rows, cols, 3]
        RGB.
    """
    picture = shrink_page(raster, scale)
    for section in layout.sections:
        _draw_section(picture, section, scale)
    return picture


def shrink_page(raster: Raster, scale: float) -> U8:
    """The page without marks, at ``scale``; thin lines are kept visible."""
    cols = max(1, round(raster.width_px * scale))
    parts = []
    for row0 in range(0, raster.height_px, _BLOCK_ROWS):
        row1 = min(raster.height_px, row0 + _BLOCK_ROWS)
        size = (cols, max(1, round(row1 * scale) - round(row0 * scale)))
        parts.append(cv2.resize(raster.read_rgb(row0, row1), size, interpolation=cv2.INTER_AREA))
    paper = np.concatenate(parts).astype(np.int16)
    return np.asarray(np.clip(255 - (255 - paper) * 1.3, 0, 255), np.uint8)


def _draw_section(picture: U8, section: SectionFound, scale: float) -> None:
    colour = _KINDS[section.kind]
    top, bottom = round(section.row_top * scale), round(section.row_bottom * scale)
    cols = picture.shape[1]
    cv2.rectangle(picture, (1, top), (cols - 2, max(top, bottom - 1)), colour, 2)
    _draw_lines(picture, section, scale)
    for track in section.tracks:
        _draw_track(picture, track, top, scale)
    text = (
        f"{section.section_id} ({section.kind}) rows {section.row_top:.0f}-{section.row_bottom:.0f}"
    )
    _label(picture, f"{text} {100 * section.confidence:.0f}%", (8, top + 16), colour)


def _draw_track(picture: U8, track: TrackFound, top: int, scale: float) -> None:
    colour = _CURVES if track.kind == "curves" else _DEPTH
    for knots in (track.left_knots, track.right_knots):
        points = np.round(knots[:, ::-1] * scale * 16).astype(np.int32)
        cv2.polylines(picture, [points[:, None]], False, colour, 1, cv2.LINE_AA, 4)
    left = round(float(track.left_knots[0, 1]) * scale)
    _label(picture, _describe(track), (left + 3, top + 34), colour)


def _describe(track: TrackFound) -> str:
    if track.kind == "depth":
        return "depth"
    if track.scale == "log":
        return f"log {track.decades:g} dec from {track.decade_start:g}"
    return f"linear /{track.divisions}" if track.scale == "linear" else "no grid"


def _draw_lines(picture: U8, section: SectionFound, scale: float) -> None:
    centre = reference_knots(section)
    if centre is None or len(section.depth_lines) == 0:
        return
    cols = px_at(centre, section.depth_lines[:, 0])
    for (row, weight), col in zip(section.depth_lines, cols, strict=True):
        reach = (8, 14, 22)[int(weight)] * max(1.0, 4 * scale)
        start = (round((col - reach) * scale * 16), round(row * scale * 16))
        end = (round((col + reach) * scale * 16), round(row * scale * 16))
        cv2.line(picture, start, end, _LINES[int(weight)], 1, cv2.LINE_AA, 4)


def reference_knots(section: SectionFound) -> F64 | None:
    """Middle of the depth column, or left border of the first track, [n, 2]; None without tracks."""
    depth = [track for track in section.tracks if track.kind == "depth"]
    if depth:
        rows = depth[0].left_knots[:, 0]
        right = px_at(depth[0].right_knots, rows)
        return np.column_stack([rows, 0.5 * (depth[0].left_knots[:, 1] + right)])
    return section.tracks[0].left_knots if section.tracks else None


def _label(picture: U8, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, text, at, _FONT, 0.45, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.putText(picture, text, at, _FONT, 0.45, colour, 1, cv2.LINE_AA)
