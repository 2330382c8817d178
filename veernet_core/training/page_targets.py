"""What the layout network should answer, from drawn pages and from hand-read ones.

In: a `synth.layouts` page, or a raster with what a person read on it (``tests/data/pages/README.md``).
Out: `PageExample`, the network's input with targets of the same cells. Does not belong here: fitting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from veernet_core.datatypes import F64, U8, Bool, Raster, px_at
from veernet_core.page.layout.maps import AREAS, CELL, INPUT_WIDTH, PageInput, page_input
from veernet_core.synth.layouts.draw import LayoutPage, border_course
from veernet_core.synth.layouts.plan import Block

IGNORED = 255
"""Area class of cells of which nothing is known."""
_CLASS = {name: number for number, name in enumerate(AREAS)}
_LINE_SIGMA, _EDGE_SIGMA = 0.8, 0.8
_COLUMN_AREA = {"curves": "curves", "depth": "depth"}


@dataclass(frozen=True, slots=True)
class PageExample:
    """Input and targets of one page.

    Attributes
    ----------
    layers : uint8 [4, rows, 640]
    areas : uint8 [rows / 2, 320]
        Class of every cell, 255 where it is unknown.
    lines : uint8 [2, rows / 2, 640]
    edges : uint8 [2, rows / 2, 320]
        255 on the line, falling off beside it.
    """

    layers: U8
    areas: U8
    lines: U8
    edges: U8


class _Targets:
    """Targets being filled in; rows and columns are given in page pixels."""

    def __init__(self, page: PageInput, background: int) -> None:
        cells = page.layers.shape[1] // CELL
        self.rows_px = (np.arange(cells) + 0.5) * CELL * page.row_px - 0.5
        self.cols_px = (np.arange(INPUT_WIDTH // CELL) + 0.5) * CELL * page.col_px - 0.5
        self.page = page
        self.areas = np.full((cells, INPUT_WIDTH // CELL), background, np.uint8)
        self.lines = np.zeros((2, cells, INPUT_WIDTH), np.uint8)
        self.edges = np.zeros((2, cells, INPUT_WIDTH // CELL), np.uint8)

    def mark_line(self, side: int, rows: Bool, course_px: F64) -> None:
        """Mark a border on cell rows where ``rows`` (bool) holds; ``course_px`` [cells]."""
        at = (course_px + 0.5) / self.page.col_px - 0.5
        cols = np.arange(INPUT_WIDTH)
        soft = np.exp(-0.5 * ((cols[None] - at[:, None]) / _LINE_SIGMA) ** 2)
        marks = np.where(rows[:, None], soft * 255, 0).astype(np.uint8)
        np.maximum(self.lines[side], marks, out=self.lines[side])

    def mark_edge(self, side: int, rows_px: F64, cols: Bool) -> None:
        """Mark the end of a log, at row ``rows_px`` [320] of every cell column where ``cols`` holds."""
        step = CELL * self.page.row_px
        off = (self.rows_px[:, None] - rows_px[None]) / step
        soft = np.exp(-0.5 * (off / _EDGE_SIGMA) ** 2)
        marks = np.where(cols[None], soft * 255, 0).astype(np.uint8)
        np.maximum(self.edges[side], marks, out=self.edges[side])

    def example(self) -> PageExample:
        """The finished example."""
        return PageExample(self.page.layers, self.areas, self.lines, self.edges)


# ---- drawn -------------------------------------------------------------------------------------------


def drawn_example(page: LayoutPage) -> PageExample:
    """Input and targets of a drawn page."""
    seen = page_input(_as_raster(page.ink, page.chroma, page.plan.colour))
    targets = _Targets(seen, _CLASS["margin"])
    bend = page.bend
    drift = np.interp(targets.rows_px, np.arange(len(bend.drift)), bend.drift)
    flat_rows = targets.rows_px[:, None] - bend.slope * (targets.cols_px[None] - bend.centre)
    flat_cols = targets.cols_px[None] - drift[:, None]
    for block in page.plan.blocks:
        inside = (flat_rows >= block.top) & (flat_rows < block.bottom)
        if block.kind == "form":
            targets.areas[inside] = _CLASS["form"]
        if block.kind in ("scales", "log"):
            _mark_columns(targets, block, inside, flat_cols)
            _mark_borders(targets, page, block)
        if block.kind == "log":
            _mark_ends(targets, page, block, flat_cols)
    return targets.example()


def _mark_columns(targets: _Targets, block: Block, inside: Bool, flat_cols: F64) -> None:
    for column in block.columns:
        here = inside & (flat_cols >= column.left) & (flat_cols <= column.right)
        name = "scales" if block.kind == "scales" else _COLUMN_AREA.get(column.kind, "other")
        targets.areas[here] = _CLASS[name]


def _mark_borders(targets: _Targets, page: LayoutPage, block: Block) -> None:
    for column in block.columns:
        if column.kind != "curves":
            continue
        for side, col in enumerate((column.left, column.right)):
            course = border_course(page.bend, col, targets.rows_px)
            rows = targets.rows_px - page.bend.slope * (course - page.bend.centre)
            targets.mark_line(side, (rows >= block.top) & (rows < block.bottom), course)


def _mark_ends(targets: _Targets, page: LayoutPage, block: Block, flat_cols: F64) -> None:
    left, right = block.columns[0].left, block.columns[-1].right
    for side, row in enumerate((block.top, block.bottom)):
        tilt = page.bend.slope * (targets.cols_px - page.bend.centre)
        place = np.asarray(row + tilt, np.float64)
        at = np.clip(np.searchsorted(targets.rows_px, place), 0, len(targets.rows_px) - 1)
        own = flat_cols[at, np.arange(len(at))]
        if 0 < row < page.plan.height:
            targets.mark_edge(side, place, (own >= left) & (own <= right))


def _as_raster(ink: U8, chroma: U8, colour: bool) -> Raster:
    """Ink and colourfulness as a raster."""

    def rgb(first: int, last: int) -> U8:
        flat = np.zeros((last - first, ink.shape[1], 3), np.uint8)
        flat[..., 0] = chroma[first:last]
        return flat

    height, width = ink.shape
    return Raster(height, width, colour, None, lambda a, b: ink[a:b], rgb, lambda: ())


# ---- hand-read ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """How a hand-read page is varied: columns cut off (negative: blank added) at both sides, and
    rows stretched.
    """

    cut_left: int = 0
    cut_right: int = 0
    stretch: float = 1.0


def varied(raster: Raster, change: Change) -> Raster:
    """The page with columns cut off or added."""
    left, right = max(0, change.cut_left), raster.width_px - max(0, change.cut_right)
    pads = (max(0, -change.cut_left), max(0, -change.cut_right))

    def ink(first: int, last: int) -> U8:
        return np.pad(raster.read_ink(first, last)[:, left:right], ((0, 0), pads))

    def rgb(first: int, last: int) -> U8:
        part = raster.read_rgb(first, last)[:, left:right]
        return np.pad(part, ((0, 0), pads, (0, 0)), constant_values=255)

    width = right - left + sum(pads)
    return replace(raster, width_px=width, read_ink=ink, read_rgb=rgb)


def read_example(raster: Raster, truth: Mapping[str, Any], change: Change) -> PageExample:
    """Input and targets of a hand-read page.

    Parameters
    ----------
    raster : Raster
    truth : mapping
        ``<stem>.page.json``.
    change : Change
        ``stretch`` is taken at the shrinking of rows.
    """
    seen = _stretched(page_input(varied(raster, change)), change.stretch)
    return seen_example(seen, truth, change, not raster.is_colour)


def seen_example(
    seen: PageInput, truth: Mapping[str, Any], change: Change, paper: bool
) -> PageExample:
    """Targets for a page that is shrunk already; on ``paper`` what is not told is blank."""
    targets = _Targets(seen, IGNORED)
    sections = [s for s in truth.get("sections") or () if s.get("row_top") is not None]
    logs = [s for s in sections if s["kind"] in ("main", "repeat") and s.get("tracks")]
    for section in sections:
        if section in logs:
            _mark_log(targets, section, change, paper)
        elif section["kind"] == "scales" and logs:
            _mark_scales(targets, section, logs, change)
        elif section["kind"] in ("header", "tail"):
            rows = _within(targets, section)
            targets.areas[rows] = _CLASS["form"]
    return targets.example()


def _stretched(page: PageInput, stretch: float) -> PageInput:
    if stretch == 1.0:
        return page
    import cv2

    rows = round(page.layers.shape[1] * stretch / CELL) * CELL
    layers = np.stack([cv2.resize(layer, (INPUT_WIDTH, rows)) for layer in page.layers])
    return PageInput(layers, page.col_px, page.row_px * page.layers.shape[1] / rows)


def _within(targets: _Targets, section: Mapping[str, Any]) -> Bool:
    out: Bool = (targets.rows_px >= section["row_top"]) & (targets.rows_px < section["row_bottom"])
    return out


def _course(targets: _Targets, knots: Any, change: Change) -> F64:
    """A border at every cell row, page pixels of the varied page."""
    knots = np.array(knots if isinstance(knots, list) else [[0.0, knots]], np.float64)
    out: F64 = px_at(knots, targets.rows_px) - change.cut_left
    return out


def _mark_log(targets: _Targets, section: Mapping[str, Any], change: Change, paper: bool) -> None:
    rows = _within(targets, section)
    courses = [
        (_course(targets, t["left_px"], change), _course(targets, t["right_px"], change), t)
        for t in section["tracks"]
        if t.get("left_px") is not None
    ]
    if paper:
        targets.areas[rows] = _CLASS["margin"]
    for left, right, track in courses:
        curves = track.get("scale") != "none"
        inside = (targets.cols_px[None] >= left[:, None]) & (
            targets.cols_px[None] <= right[:, None]
        )
        targets.areas[rows[:, None] & inside] = _CLASS["curves" if curves else "other"]
        if curves:
            targets.mark_line(0, rows, left)
            targets.mark_line(1, rows, right)
    column = section.get("depth_column")
    if column and courses:
        middle = 0.5 * (section["row_top"] + section["row_bottom"])
        near = min(
            courses, key=lambda c: abs(float(np.interp(middle, targets.rows_px, c[0])) - column[0])
        )
        sway = near[0] - float(np.interp(middle, targets.rows_px, near[0])) - change.cut_left
        inside = (targets.cols_px[None] >= (column[0] + sway)[:, None]) & (
            targets.cols_px[None] <= (column[1] + sway)[:, None]
        )
        free = targets.areas != _CLASS["curves"]
        targets.areas[rows[:, None] & inside & free] = _CLASS["depth"]
    _mark_read_ends(targets, section, courses)


def _mark_read_ends(targets: _Targets, section: Mapping[str, Any], courses: list[Any]) -> None:
    for side, name in enumerate(("row_top", "row_bottom")):
        row = float(section[name])
        if not targets.rows_px[0] + 4 < row < targets.rows_px[-1] - 4:
            continue
        left = min(float(np.interp(row, targets.rows_px, c[0])) for c in courses)
        right = max(float(np.interp(row, targets.rows_px, c[1])) for c in courses)
        cols = (targets.cols_px >= left) & (targets.cols_px <= right)
        targets.mark_edge(side, np.full(len(targets.cols_px), row), cols)


def _mark_scales(
    targets: _Targets, section: Mapping[str, Any], logs: list[Any], change: Change
) -> None:
    """A scale block lies over the tracks of the nearest log; its borders stand above theirs."""
    middle = 0.5 * (section["row_top"] + section["row_bottom"])
    log = min(logs, key=lambda s: min(abs(s["row_top"] - middle), abs(s["row_bottom"] - middle)))
    rows = _within(targets, section)
    tracks = [t for t in log["tracks"] if t.get("left_px") is not None]
    lefts = [_course(targets, t["left_px"], change) for t in tracks]
    rights = [_course(targets, t["right_px"], change) for t in tracks]
    left, right = np.min(lefts, axis=0), np.max(rights, axis=0)
    inside = (targets.cols_px[None] >= left[:, None]) & (targets.cols_px[None] <= right[:, None])
    targets.areas[rows[:, None] & inside] = _CLASS["scales"]
    for a, b, track in zip(lefts, rights, tracks):
        if track.get("scale") != "none":
            targets.mark_line(0, rows, a)
            targets.mark_line(1, rows, b)
