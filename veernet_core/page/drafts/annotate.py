"""The picture a person corrects a draft with: the page with everything that was found drawn on it.

In: a `Raster`, the draft `Sidecar` and the `PageReading` behind it. Out: RGB pictures, from top to
bottom of the page, small enough to be opened: geometry, depth numbers as read (green: used, red: they
contradict the fit), and each track's scales with their sources.
Does not belong here: files; the drawing of borders and sections (`picture`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from veernet_core.datatypes import F64, U8, Dpi, Raster, px_at
from veernet_core.page.drafts import picture
from veernet_core.page.known.place import place
from veernet_core.page.known.sidecar import Sidecar, SidecarCurve, SidecarSection, SidecarTrack
from veernet_core.page.results import DepthLabel, PageLayout, PageReading, SectionFound, TrackFound

PICTURE_WIDTH_PX, PICTURE_HEIGHT_PX = 1200, 9000
MAX_PICTURES = 12
_GREEN, _RED, _BLUE = (0, 130, 0), (200, 0, 0), (0, 60, 190)
_LINE_PX = 15
_MOST_ANCHORS = 400


def inspect_pictures(
    raster: Raster, draft: Sidecar | None, reading: PageReading | None
) -> Iterator[U8]:
    """Draw what is known of a page.

    Parameters
    ----------
    raster : Raster
        Upright.
    draft : Sidecar or None
        As ``draft_of`` makes it.
    reading : PageReading or None

    Yields
    ------
    uint8 [rows, cols, 3]
        RGB; as many pictures of ``PICTURE_HEIGHT_PX`` rows as it takes, ``MAX_PICTURES`` at most (the
        scale goes down with the length of the page).
    """
    layout = (
        reading.layout if reading is not None else PageLayout("unknown", 0, Dpi(200.0, 200.0), ())
    )
    layout, _, _ = place(draft, layout, raster.height_px)
    scale = min(
        1.0,
        PICTURE_WIDTH_PX / raster.width_px,
        MAX_PICTURES * PICTURE_HEIGHT_PX / raster.height_px,
    )
    rows = math.ceil(PICTURE_HEIGHT_PX / scale)
    for top in range(0, raster.height_px, rows):
        bottom = min(raster.height_px, top + rows)
        image = picture.draw_layout(
            _window(raster, top, bottom), _shifted(layout, top, bottom), scale
        )
        pen = _Pen(np.ascontiguousarray(image), top, bottom, scale)
        for section in () if draft is None else draft.sections:
            _draw_section(pen, section, _labels(reading, section.section_id))
        yield pen.image


class _Pen:
    """Writes on one picture in page coordinates; what lies on other pictures is left out."""

    def __init__(self, image: U8, top: int, bottom: int, scale: float) -> None:
        self.image, self.top, self.bottom, self.scale = image, top, bottom, scale

    def write(
        self, row: float, col: float, text: str, colour: tuple[int, int, int], line: int = 0
    ) -> None:
        """Text that starts at a page position, ``line`` lines further down, on white."""
        if not self.top <= row < self.bottom:
            return
        at = (int(col * self.scale), int((row - self.top) * self.scale) + (line + 1) * _LINE_PX)
        face, size = cv2.FONT_HERSHEY_SIMPLEX, 0.42
        (width, height), _ = cv2.getTextSize(text, face, size, 1)
        corner = (at[0] + width + 1, at[1] - height - 2)
        cv2.rectangle(self.image, (at[0] - 1, at[1] + 3), corner, (255, 255, 255), -1)
        cv2.putText(self.image, text, at, face, size, colour, 1, cv2.LINE_AA)

    def mark(self, row: float, left: float, right: float, colour: tuple[int, int, int]) -> None:
        """A horizontal line between two page columns."""
        if self.top <= row < self.bottom:
            y = round((row - self.top) * self.scale)
            ends = (round(left * self.scale), y), (round(right * self.scale), y)
            cv2.line(self.image, *ends, colour, 1)


def _draw_section(pen: _Pen, section: SidecarSection, labels: tuple[DepthLabel, ...]) -> None:
    top = section.row_top or 0.0
    line = 0
    for text in _section_texts(section):
        pen.write(top, 4, text, _BLUE, line)
        line += 1
    for track in section.tracks:
        if track.left_px is None:
            continue
        for k, curve in enumerate(track.curves or ()):
            sure = curve.source in ("sidecar", "header")
            col = px_at(np.array(track.left_px, dtype=np.float64), top) + 6
            pen.write(top, col, _curve_text(track, curve), _GREEN if sure else _RED, line + k)
    _draw_depth(pen, section, labels)


def _section_texts(section: SidecarSection) -> list[str]:
    depth = section.depth
    if depth is None or not depth.anchors:
        return [f"{section.section_id}: no depth"]
    (_, first), (_, last) = depth.anchors[0], depth.anchors[-1]
    residual = f", residual {depth.residual:.2f}" if math.isfinite(depth.residual) else ""
    return [
        f"{section.section_id}: {first:g} to {last:g} {depth.unit or '(no unit)'}{residual}"
        f" [{depth.source}{_percent(depth.confidence)}]"
    ]


def _curve_text(track: SidecarTrack, curve: SidecarCurve) -> str:
    left, right = ("?" if end is None else f"{end:g}" for end in (curve.left, curve.right))
    return (
        f"{track.track_id} {curve.mnemonic} {left} - {right} {curve.unit}, {curve.scale},"
        f" {curve.style} [{curve.source}{_percent(curve.confidence)}]"
    )


def _percent(confidence: float) -> str:
    return f" {confidence:.2f}" if math.isfinite(confidence) else ""


def _draw_depth(pen: _Pen, section: SidecarSection, labels: tuple[DepthLabel, ...]) -> None:
    """Anchors across the depth column, and the numbers as they were read."""
    left, right = _column(section)
    anchors = section.depth.anchors if section.depth is not None else ()
    every = max(1, len(anchors) // _MOST_ANCHORS)
    for row, depth in anchors[::every]:
        pen.mark(row, left, right, _BLUE)
        if not labels:
            pen.write(row, right + 2, f"{depth:g}", _BLUE)
    for label in labels:
        colour = _GREEN if label.used else _RED
        pen.mark(label.row, left - 12, right + 12, colour)
        pen.write(label.row, right + 2, f"{label.depth:g}", colour)


def _column(section: SidecarSection) -> tuple[float, float]:
    """Columns between which depth marks are drawn."""
    if section.depth_column is not None:
        left, right = (float(np.mean([px for _, px in border])) for border in section.depth_column)
        return left, right
    borders = [t.left_px[0][1] for t in section.tracks if t.left_px is not None]
    start = min(borders, default=0.0)
    return start - 20.0, start + 20.0


def _labels(reading: PageReading | None, section_id: str) -> tuple[DepthLabel, ...]:
    if reading is None or section_id not in reading.depths:
        return ()
    return reading.depths[section_id].labels


# ---- windows --------------------------------------------------------------------------------------


def _window(raster: Raster, top: int, bottom: int) -> Raster:
    """Some rows of a page as a page of their own."""
    return replace(
        raster,
        height_px=bottom - top,
        read_ink=lambda a, b: raster.read_ink(a + top, b + top),
        read_rgb=lambda a, b: raster.read_rgb(a + top, b + top),
    )


def _shifted(layout: PageLayout, top: int, bottom: int) -> PageLayout:
    """The sections that reach into some rows of a page, in coordinates of those rows."""
    sections = tuple(
        _moved(s, float(top)) for s in layout.sections if s.row_bottom > top and s.row_top < bottom
    )
    return replace(layout, sections=sections)


def _moved(section: SectionFound, top: float) -> SectionFound:
    return replace(
        section,
        row_top=section.row_top - top,
        row_bottom=section.row_bottom - top,
        tracks=tuple(_moved_track(track, top) for track in section.tracks),
        depth_lines=_up(section.depth_lines, top),
    )


def _moved_track(track: TrackFound, top: float) -> TrackFound:
    return replace(
        track,
        left_knots=_up(track.left_knots, top),
        right_knots=_up(track.right_knots, top),
        middle_knots=None,
    )


def _up(knots: F64, top: float) -> F64:
    return knots - np.array([top, 0.0]) if len(knots) else knots
