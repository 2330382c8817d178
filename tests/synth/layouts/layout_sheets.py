"""Plans, blocks and sheets of drawn layouts of which every number is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet_core.synth.layouts.plan import Block, Column, DepthPlan, GridPlan, PagePlan
from veernet_core.synth.layouts.sheet import Sheet

GRID = GridPlan(
    divisions=10, decades=None, start=1, heavy_every=5, fine_px=1, heavy_px=3, border_px=3,
    colour=(0, 0, 0), border_colour=(0, 0, 0), dash=None, verticals=True, horizontals="full",
)  # fmt: skip
DEPTH = DepthPlan(
    pitch_px=20.0, medium_every=5, heavy_every=10, number_every=10, first=1000, per_number=50,
    place="on", turned=False, through=False,
)  # fmt: skip


def track(left: float, right: float, curves: int = 0, **grid: object) -> Column:
    return Column("curves", left, right, replace(GRID, **grid), curves)  # type: ignore[arg-type]


def log_block(*columns: Column, rows: tuple[int, int] = (40, 640)) -> Block:
    return Block("log", *rows, columns)


def page_plan(*blocks: Block, colour: bool = False, width: int = 800) -> PagePlan:
    return PagePlan(width, max(b.bottom for b in blocks) + 20, 1.0, colour, False, blocks, DEPTH)


class NoNotes(Sheet):
    """A sheet on which no text is printed, so that lines alone are seen."""

    def text(self, *_: object, **__: object) -> tuple[int, int]:  # type: ignore[override]
        return 1, 1


def blank_sheet(plan: PagePlan, seed: int = 0, notes: bool = False) -> Sheet:
    make = Sheet if notes else NoNotes
    return make(np.random.default_rng(seed), plan.height, plan.width)


def dark(sheet: Sheet) -> np.ndarray:
    """Where something is inked, bool [rows, cols]."""
    return sheet.pixels.min(axis=2) < 128
