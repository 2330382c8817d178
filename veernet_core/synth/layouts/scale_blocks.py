"""Scale headers of drawn pages, in several hands: boxed, arrowed, ruled and typed.

In: a `Sheet` and a `Block` of kind `scales`. Out: ink. Does not belong here: tracks and forms.
"""

from __future__ import annotations

from veernet_core.synth.layouts.plan import INKS, Block, Colour, Column, PagePlan
from veernet_core.synth.layouts.sheet import Sheet


def draw_scales(sheet: Sheet, plan: PagePlan, block: Block) -> None:
    """Ink the scales above or below a log, one cell per column."""
    rng = sheet.rng
    hand = ("boxed", "arrowed", "ruled", "typed")[int(rng.choice(4, p=[0.35, 0.2, 0.3, 0.15]))]
    stroke = max(1, round(float(rng.uniform(1, 4)) * plan.scale_px))
    framed = rng.random() < 0.8
    left, right = block.columns[0].left, block.columns[-1].right
    if framed:
        for row in (block.top, block.bottom - 1):
            sheet.line((row, left), (row, right), stroke)
    for column in block.columns:
        if framed and hand != "typed":
            for col in (column.left, column.right):
                sheet.line((block.top, col), (block.bottom, col), stroke)
        if column.kind == "curves":
            span = (column.left, column.right)  # a double track is never cut in the header
            _cell(sheet, plan, block, span, hand, max(1, column.curves))
        else:
            _label(sheet, plan, block, column)


def _cell(
    sheet: Sheet, plan: PagePlan, block: Block, span: tuple[float, float], hand: str, curves: int
) -> None:
    """Name, line and ends of every curve of a track, stacked."""
    rng = sheet.rng
    size = float(rng.uniform(11, 24)) * plan.scale_px
    size = max(6.0, min(size, (block.bottom - block.top) / (3.0 * curves)))
    left, right = span
    inset = 0.02 * (right - left)
    step = (block.bottom - block.top) / curves
    for number in range(curves):
        top = block.top + number * step
        base = top + 0.65 * step
        colour: Colour = INKS[int(rng.integers(len(INKS)))] if plan.colour else (0, 0, 0)
        sheet.text(
            base - 1.4 * size,
            0.5 * (left + right),
            sheet.words(int(rng.integers(1, 3))),
            size,
            colour,
        )
        _scale_line(sheet, base, (left + inset, right - inset), hand, colour, plan)
        below = base + (0.9 * size if rng.random() < 0.6 else -0.8 * size)
        sheet.text(below, left + inset + 1.5 * size, sheet.number(), size, colour)
        sheet.text(below, right - inset - 1.5 * size, sheet.number(), size, colour)
        if hand == "ruled" and number:
            sheet.line((top, left), (top, right), 1)


def _scale_line(
    sheet: Sheet, row: float, span: tuple[float, float], hand: str, colour: Colour, plan: PagePlan
) -> None:
    rng = sheet.rng
    width = max(1, round(float(rng.uniform(1, 4)) * plan.scale_px))
    dash = (int(rng.integers(3, 14)), int(rng.integers(2, 9))) if rng.random() < 0.4 else None
    if hand == "typed":
        if rng.random() < 0.5:
            sheet.line((row, span[0]), (row, span[1]), 1, colour, (6, 4))
        return
    sheet.line((row, span[0]), (row, span[1]), width, colour, dash)
    tick = 8 * plan.scale_px
    if hand == "arrowed":
        for col, inward in ((span[0], 1), (span[1], -1)):
            for k in range(int(tick)):
                sheet.line(
                    (row - k / 2, col + inward * k), (row + k / 2, col + inward * k), 1, colour
                )
    elif hand == "ruled":
        for share in (0, 0.25, 0.5, 0.75, 1):
            col = span[0] + share * (span[1] - span[0])
            sheet.line((row - tick, col), (row + tick, col), 1, colour)


def _label(sheet: Sheet, plan: PagePlan, block: Block, column: Column) -> None:
    size = float(sheet.rng.uniform(10, 20)) * plan.scale_px
    name = {"depth": "DEPTH", "lithology": "LITH", "text": "DESCRIPTION", "picture": "VDL"}.get(
        column.kind, ""
    )
    middle = 0.5 * (column.left + column.right)
    if not name or sheet.rng.random() < 0.15:
        return
    narrow = column.right - column.left < 4 * size
    sheet.text(0.5 * (block.top + block.bottom), middle, name, size, turns=1 if narrow else None)
    if sheet.rng.random() < 0.5 and not narrow:
        sheet.text(0.5 * (block.top + block.bottom) + 1.5 * size, middle, "FEET", size)
