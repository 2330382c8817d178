"""The logged part of a drawn page: tracks with their grids and curves, and the columns between them.

In: a `Sheet` and a `Block` of kind `log`. Out: ink. Does not belong here: scale headers and forms.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from veernet_core.datatypes import F64
from veernet_core.synth.layouts.plan import (
    INKS,
    Block,
    Colour,
    Column,
    DepthPlan,
    GridPlan,
    PagePlan,
)
from veernet_core.synth.layouts.sheet import Sheet
from veernet_core.synth.priors import draw_shape


def draw_log(sheet: Sheet, plan: PagePlan, block: Block) -> None:
    """Ink a log: columns first, then what crosses them."""
    for column in block.columns:
        if column.tint is not None:
            sheet.fill(block.top, block.bottom, column.left, column.right, column.tint)
    _depth_lines(sheet, plan, block)
    for column in block.columns:
        _DRAW[column.kind](sheet, plan, block, column)
    rng = sheet.rng
    if rng.random() < 0.5:
        width = max(1, round(float(rng.uniform(1, 4)) * plan.scale_px))
        left, right = block.columns[0].left, block.columns[-1].right
        for row in (block.top, block.bottom - 1)[: int(rng.integers(1, 3))]:
            sheet.line((row, left), (row, right), width)


def _depth_lines(sheet: Sheet, plan: PagePlan, block: Block) -> None:
    depth = plan.depth
    count = int((block.bottom - block.top) / depth.pitch_px) + 1
    for column in block.columns:
        grid = column.grid
        if grid is None or (column.kind == "depth" and not depth.through):
            continue
        if grid.horizontals == "none":
            continue
        for k in range(count):
            row = block.top + k * depth.pitch_px
            _horizontal(sheet, column, grid, row, _weight(depth, k))


def _weight(depth: DepthPlan, k: int) -> int:
    return 2 if k % depth.heavy_every == 0 else 1 if k % depth.medium_every == 0 else 0


def _horizontal(sheet: Sheet, column: Column, grid: GridPlan, row: float, weight: int) -> None:
    width = (grid.fine_px, (grid.fine_px + grid.heavy_px) // 2, grid.heavy_px)[weight]
    if grid.horizontals == "ticks" and weight < 2:
        reach = 0.06 * (column.right - column.left)
        sheet.line((row, column.left), (row, column.left + reach), width, grid.colour)
        sheet.line((row, column.right - reach), (row, column.right), width, grid.colour)
        return
    dash = (
        (2, 4)
        if grid.horizontals == "dotted" and weight < 2
        else grid.dash
        if weight == 0
        else None
    )
    sheet.line((row, column.left), (row, column.right), width, grid.colour, dash)


# ---- tracks ------------------------------------------------------------------------------------------


def grid_columns(grid: GridPlan) -> list[tuple[float, int]]:
    """Vertical lines inside a track: (fraction of its width, 0 fine or 1 heavy)."""
    if grid.decades is None:
        return [
            (k / grid.divisions, int(k % grid.heavy_every == 0)) for k in range(1, grid.divisions)
        ]
    low = math.log10(grid.start)
    lines = []
    for decade in range(int(grid.decades) + 2):
        for digit in range(1, 10):
            at = (math.log10(digit) + decade - low) / grid.decades
            if 0 < at < 1:
                lines.append((at, int(digit == 1)))
    return lines


def _track(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    grid = column.grid
    assert grid is not None
    if grid.verticals:
        for share, heavy in grid_columns(grid):
            col = column.left + share * (column.right - column.left)
            width = grid.heavy_px if heavy else grid.fine_px
            sheet.line(
                (block.top, col),
                (block.bottom, col),
                width,
                grid.colour,
                None if heavy else grid.dash,
            )
    for col in (column.left, column.right):
        sheet.line((block.top, col), (block.bottom, col), grid.border_px, grid.border_colour)
    _curves(sheet, plan, block, column)
    _notes(sheet, plan, block, column)


def _curves(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    rng = sheet.rng
    rows = np.arange(block.top, block.bottom, max(1.0, 1.5 * plan.scale_px))
    for _ in range(column.curves):
        colour: Colour = INKS[int(rng.integers(len(INKS)))] if plan.colour else (0, 0, 0)
        shape = draw_shape(rng, len(rows)) if len(rows) > 8 else np.full(len(rows), 0.5)
        if rng.random() < 0.15:
            shape = np.full(len(rows), rng.uniform(0, 1)) + 0.002 * rng.normal(size=len(rows))
        elif rng.random() < 0.4:
            shape = shape + rng.lognormal(-3.7, 0.7) * rng.normal(size=len(rows))
        start = int(len(rows) * rng.uniform(0, 0.4)) if rng.random() < 0.25 else 0
        wrapped = np.mod(shape, 1.0) if rng.random() < 0.15 else np.clip(shape, -0.02, 1.03)
        cols = column.left + wrapped * (column.right - column.left)
        width = max(1, round(float(rng.uniform(0.8, 4)) * plan.scale_px))
        if rng.random() < 0.08:
            _filled(sheet, rows[start:], cols[start:], column, colour, plan)
        _stroke(sheet, rows[start:], cols[start:], width, colour, plan.scale_px)


def _stroke(sheet: Sheet, rows: F64, cols: F64, width: int, colour: Colour, scale: float) -> None:
    """A solid, dashed or dotted pen, broken where the curve wraps."""
    rng = sheet.rng
    style = rng.random()
    reach = len(rows)
    cuts = np.flatnonzero(np.abs(np.diff(cols)) > 0.6 * (np.ptp(cols) + 1)) + 1
    if style < 0.4:
        step = max(2, round(float(rng.uniform(3, 25))))
        cuts = np.union1d(cuts, np.arange(0, reach, step))
    parts = np.split(np.arange(reach), cuts)
    for number, part in enumerate(parts):
        if len(part) > 1 and (style >= 0.4 or number % 2 == 0):
            sheet.path(rows[part], cols[part], width, colour)


def _filled(
    sheet: Sheet, rows: F64, cols: F64, column: Column, colour: Colour, plan: PagePlan
) -> None:
    """Shade from a curve to a border, in colour or by hatching."""
    edge = column.left if sheet.rng.random() < 0.5 else column.right
    if plan.colour:
        shape = np.concatenate(
            [np.stack([cols, rows], 1), np.stack([np.full(len(rows), edge), rows], 1)[::-1]]
        )
        pale = tuple(int(255 - 0.4 * (255 - c)) for c in colour)
        cv2.fillPoly(sheet.pixels, [shape.astype(np.int32)], pale)
        return
    for k in range(0, len(rows), 4):
        sheet.line((rows[k], edge), (rows[k], cols[k]), 1)


def _notes(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    """Scale ends printed again, casing notes and arrows inside the grid."""
    rng = sheet.rng
    for _ in range(int(rng.poisson(0.7))):
        row = float(rng.uniform(block.top, block.bottom))
        col = float(rng.uniform(column.left, column.right))
        size = float(rng.uniform(11, 26)) * plan.scale_px
        sheet.text(row, col, sheet.words(1), size)
        if rng.random() < 0.3:
            sheet.line((row + size, col - size), (row + size, col + size), 1)


# ---- other columns -----------------------------------------------------------------------------------


def _depth(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    rng, depth = sheet.rng, plan.depth
    turns = (1 if rng.random() < 0.5 else 3) if depth.turned else 0
    size = float(rng.uniform(14, 34)) * plan.scale_px
    size = min(size, 0.45 * (column.right - column.left)) if not depth.turned else size
    size = max(size, 7)
    count = int((block.bottom - block.top) / depth.pitch_px) + 1
    middle = 0.5 * (column.left + column.right)
    tick = float(rng.choice([0, 0.12, 0.2])) * (column.right - column.left)
    for k in range(count):
        row = block.top + k * depth.pitch_px
        if tick and k % depth.medium_every == 0:
            sheet.line((row, column.left), (row, column.left + tick), 1)
            sheet.line((row, column.right - tick), (row, column.right), 1)
        if k % depth.number_every == 0:
            value = depth.first + depth.per_number * (k // depth.number_every)
            lift = {"above": -0.7, "on": 0.0, "below": 0.7}[depth.place] * size
            sheet.text(row + lift, middle, str(value), size, turns=turns)
    if rng.random() < 0.4:
        width = max(1, round(float(rng.uniform(1, 3)) * plan.scale_px))
        for col in (column.left, column.right):
            sheet.line((block.top, col), (block.bottom, col), width)


def _lithology(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    """Beds with patterns: bricks, dots, dashes; in colour or black."""
    rng = sheet.rng
    row = float(block.top)
    solid = rng.random() < 0.3
    while row < block.bottom:
        end = min(block.bottom, row + float(rng.lognormal(3.6, 0.9)) * plan.scale_px + 4)
        inside = rng.uniform(0, 0.8) if rng.random() < 0.25 else 0
        left = column.left + inside * (column.right - column.left)
        if plan.colour and (solid or rng.random() < 0.7):
            tone = [int(v) for v in rng.integers(60, 255, 3)]
            sheet.fill(row, end, left, column.right, (tone[0], tone[1], tone[2]))
        if not solid:
            _pattern(sheet, (row, end, left, column.right), plan.scale_px)
        row = end
    if rng.random() < 0.7:
        sheet.box(block.top, block.bottom - 1, column.left, column.right, 1)


def _pattern(sheet: Sheet, area: tuple[float, float, float, float], scale: float) -> None:
    rng = sheet.rng
    top, bottom, left, right = area
    step = max(3, int(rng.uniform(6, 20) * scale))
    kind = int(rng.integers(4))
    for number, row in enumerate(np.arange(top, bottom, step)):
        if kind in (0, 1):
            sheet.line((row, left), (row, right), 1, dash=None if kind == 0 else (6, 5))
        if kind == 0:
            for col in np.arange(left + (number % 2) * step, right, 2 * step):
                sheet.line((row, col), (min(bottom, row + step), col), 1)
        elif kind == 2:
            sheet.line((row, left + (number % 2) * 3), (row, right), 2, dash=(2, step))


def _text(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    """Descriptions of samples: lines of small print in blocks."""
    rng = sheet.rng
    size = float(rng.uniform(9, 18)) * plan.scale_px
    row = block.top + size
    width = column.right - column.left
    while row < block.bottom - size:
        for _ in range(int(rng.integers(1, 7))):
            if row >= block.bottom - size:
                break
            words = sheet.words(max(1, int(width / (size * 6))))
            tall, wide = sheet.text(row, -9999, words, size, turns=0)
            share = min(1.0, width / max(1, wide))
            words = words[: max(1, int(len(words) * share * rng.uniform(0.6, 1)))]
            sheet.text(
                row,
                column.left + 0.5 * min(width, wide * len(words) / 40 + width * 0.5),
                words,
                size,
                turns=0,
            )
            row += 1.3 * max(size, tall * 0.8)
        row += float(rng.exponential(60)) * plan.scale_px
    if rng.random() < 0.7:
        sheet.box(block.top, block.bottom - 1, column.left, column.right, 1)


def _picture(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    """Wave trains, variable density or a coloured image that fills its column."""
    rng = sheet.rng
    top, bottom = block.top, block.bottom
    left, right = max(0, round(column.left)), min(sheet.size[1], round(column.right))
    if right - left < 4:
        return
    cols = np.arange(right - left)[None] / max(1, right - left)
    wander = np.cumsum(rng.normal(size=(bottom - top, 1)), axis=0) * rng.uniform(0.0, 0.004)
    if rng.random() < 0.6:
        waves = np.sin(2 * np.pi * (rng.uniform(4, 18) * cols + wander) + rng.uniform(0, 6))
        grain = np.asarray(rng.normal(size=(bottom - top, 1)) * rng.uniform(0, 0.4))
        value = waves * (0.4 + cols * rng.uniform(-0.4, 1)) + grain
    else:
        small = rng.normal(size=(max(2, (bottom - top) // 40), 8))
        value = np.asarray(
            cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC),
            np.float64,
        )
    shade = np.clip(0.5 + 0.5 * value, 0, 1)
    if plan.colour and rng.random() < 0.7:
        ends = rng.integers(0, 255, (3, 3))
        stops = np.stack([np.interp(shade, [0, 0.5, 1], ends[:, c]) for c in range(3)], axis=2)
        sheet.pixels[top:bottom, left:right] = stops.astype(np.uint8)
    else:
        dark = (
            np.where(shade > rng.uniform(0.4, 0.7), 255, 0) if rng.random() < 0.6 else 255 * shade
        )
        sheet.pixels[top:bottom, left:right] = np.asarray(dark, np.uint8)[..., None]


def _blank(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    if sheet.rng.random() < 0.7:
        sheet.box(block.top, block.bottom - 1, column.left, column.right, 1)
    if sheet.rng.random() < 0.4:
        _notes(sheet, plan, block, column)


_DRAW = {
    "curves": _track, "depth": _depth, "lithology": _lithology, "text": _text, "picture": _picture,
    "blank": _blank,
}  # fmt: skip
