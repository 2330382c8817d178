"""Everything on a page that is no log: log headings, tables, remarks, sketches, legends, small plots.

In: a `Sheet` and a `Block` of kind `form`. Out: ink, in several hands. Does not belong here: scales.
"""

from __future__ import annotations

import itertools

import cv2
import numpy as np

from veernet_core.synth.layouts.plan import Block, PagePlan
from veernet_core.synth.layouts.sheet import Sheet

Area = tuple[float, float, float, float]


def draw_form(sheet: Sheet, plan: PagePlan, block: Block) -> None:
    """Fill a block with one to four parts of random hands."""
    rng = sheet.rng
    margin = float(rng.uniform(0, 0.08)) * plan.width
    parts = int(rng.integers(1, 5))
    edges = np.sort(rng.uniform(block.top, block.bottom, parts - 1))
    rows = [float(block.top), *map(float, edges), float(block.bottom)]
    left, right = margin, plan.width - 1 - float(rng.uniform(0, 0.1)) * plan.width
    logs = [b for b in plan.blocks if b.columns]
    if logs and rng.random() < 0.5:
        left, right = max(0.0, logs[0].columns[0].left), min(right, logs[0].columns[-1].right)
    for top, bottom in itertools.pairwise(rows):
        if bottom - top < 30 * plan.scale_px:
            continue
        hand = _HANDS[int(rng.integers(len(_HANDS)))]
        gap = float(rng.uniform(0, 20)) * plan.scale_px
        hand(sheet, plan, (top + gap, bottom - gap, left, right))


def _table(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """Ruled boxes with print in them, upright or on its side."""
    rng = sheet.rng
    top, bottom, left, right = area
    turns = int(rng.choice([0, 0, 1, 3]))
    rows = int(rng.integers(1, 14))
    cols = int(rng.integers(1, 9))
    row_edges = np.linspace(top, bottom, rows + 1)
    col_edges = np.concatenate([[left], np.sort(rng.uniform(left, right, cols - 1)), [right]])
    stroke = max(1, round(float(rng.uniform(0.8, 4)) * plan.scale_px))
    drawn = rng.random() < 0.85
    for row in row_edges:
        if drawn:
            sheet.line((row, left), (row, right), stroke)
    for col in col_edges:
        if drawn and rng.random() < 0.9:
            sheet.line((top, col), (bottom, col), stroke)
    cell = (bottom - top) / rows
    size = float(np.clip(rng.uniform(0.25, 0.6) * cell, 8 * plan.scale_px, 26 * plan.scale_px))
    for row in 0.5 * (row_edges[1:] + row_edges[:-1]):
        for a, b in itertools.pairwise(col_edges):
            if rng.random() < 0.7 and b - a > 3 * size:
                count = 1 if turns else max(1, int((b - a) / (9 * size)))
                sheet.text(row, 0.5 * (a + b), sheet.words(min(count, 4)), size, turns=turns)


def _title(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """A service company's black bar with white print, beside lines of the heading."""
    rng = sheet.rng
    top, bottom, left, right = area
    share = float(rng.uniform(0.1, 0.3))
    edge = (
        left + (1 - share) * (right - left) if rng.random() < 0.7 else left + share * (right - left)
    )
    bar = (edge, right) if edge > 0.5 * (left + right) else (left, edge)
    tone = (0, 0, 0)
    if plan.colour:
        tone = tuple(int(v) for v in rng.integers(0, 160, 3))  # type: ignore[assignment]
    sheet.fill(top, bottom, *bar, tone)
    size = min(60 * plan.scale_px, 0.3 * (bar[1] - bar[0]))
    sheet.text(0.5 * (top + bottom), sum(bar) / 2, sheet.words(1), size, (255, 255, 255), turns=3)
    rest = (left, edge) if bar[1] == right else (edge, right)
    _table(sheet, plan, (top, bottom, *rest))


def _print(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """Paragraphs of remarks."""
    rng = sheet.rng
    top, bottom, left, right = area
    size = float(rng.uniform(10, 26)) * plan.scale_px
    turns = int(rng.choice([0, 0, 0, 1, 3]))
    step = 1.5 * size
    lines = (
        np.arange(left + step, right - step, step)
        if turns
        else np.arange(top + step, bottom - step, step)
    )
    for at in lines:
        if rng.random() < 0.25:
            continue
        count = max(
            1, int(rng.uniform(0.2, 1) * ((bottom - top) if turns else (right - left)) / (8 * size))
        )
        words = sheet.words(min(count, 12))
        if turns:
            sheet.text(
                float(rng.uniform(0.35, 0.65)) * (top + bottom), at, words, size, turns=turns
            )
        else:
            sheet.text(
                at, left + float(rng.uniform(0.3, 0.6)) * (right - left), words, size, turns=0
            )


def _boxes(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """Frames one under another, each with a title and print, as mud logs have them."""
    rng = sheet.rng
    top, bottom, left, right = area
    row = top
    while row < bottom - 40 * plan.scale_px:
        end = min(bottom, row + float(rng.uniform(60, 300)) * plan.scale_px)
        sheet.box(row, end, left, right, max(1, round(float(rng.uniform(1, 5)) * plan.scale_px)))
        _print(sheet, plan, (row, end, left + 5, right - 5))
        row = end + float(rng.uniform(4, 40)) * plan.scale_px


def _legend(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """Swatches of rock types with their names."""
    rng = sheet.rng
    top, bottom, left, right = area
    size = float(rng.uniform(9, 16)) * plan.scale_px
    for row in np.arange(top + 2 * size, bottom - size, 2.2 * size):
        for col in np.linspace(left + 2 * size, right - 12 * size, int(rng.integers(2, 6))):
            tone = tuple(int(v) for v in rng.integers(0, 255, 3)) if plan.colour else (90, 90, 90)
            sheet.fill(row - 0.6 * size, row + 0.6 * size, col, col + 2.5 * size, tone)  # type: ignore[arg-type]
            sheet.text(row, col + 7 * size, sheet.words(1), size, turns=0)
    sheet.box(top, bottom - 1, left, right, 1)


def _sketch(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """A tool string: stacked boxes along an axis, lines to labels on both sides."""
    rng = sheet.rng
    top, bottom, left, right = area
    axis = left + float(rng.uniform(0.2, 0.7)) * (right - left)
    row = top
    while row < bottom - 6:
        end = min(bottom - 1, row + float(rng.uniform(8, 120)) * plan.scale_px)
        half = float(rng.uniform(3, 22)) * plan.scale_px
        sheet.box(row, end, axis - half, axis + half, 1)
        if rng.random() < 0.6:
            reach = (
                float(rng.uniform(0.1, 0.25)) * (right - left) * (1 if rng.random() < 0.5 else -1)
            )
            sheet.line((end, axis), (end, axis + reach), 1)
            sheet.text(end, axis + 1.4 * reach, sheet.words(1), 13 * plan.scale_px, turns=0)
        row = end
    if rng.random() < 0.5:
        sheet.box(top, bottom - 1, left, right, 1)


def _plot(sheet: Sheet, plan: PagePlan, area: Area) -> None:
    """A small plot or plan with axes and a line: squared paper that is no log."""
    rng = sheet.rng
    top, bottom, left, right = area
    right = left + float(rng.uniform(0.3, 1.0)) * (right - left)
    lines = int(rng.integers(0, 12))
    for share in np.linspace(0, 1, lines):
        row, col = top + share * (bottom - top), left + share * (right - left)
        sheet.line((row, left), (row, right), 1, (120, 120, 120))
        sheet.line((top, col), (bottom, col), 1, (120, 120, 120))
    centre = (int(0.5 * (left + right)), int(0.5 * (top + bottom)))
    if rng.random() < 0.5:
        radius = int(0.4 * min(right - left, bottom - top))
        cv2.circle(sheet.pixels, centre, max(1, radius), (0, 0, 0), 1, cv2.LINE_AA)
    sheet.box(top, bottom - 1, left, right, max(1, round(2 * plan.scale_px)))
    sheet.text(top + 20 * plan.scale_px, centre[0], sheet.words(2), 16 * plan.scale_px, turns=0)


_HANDS = (_table, _table, _title, _print, _boxes, _legend, _sketch, _plot)
