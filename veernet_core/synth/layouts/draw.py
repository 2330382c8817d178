"""A drawn page with the exact place of its parts, ready for fitting the layout network.

In: a ``numpy.random.Generator``. Out: `LayoutPage`. Does not belong here: how the network sees a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, U8, Rng
from veernet_core.synth.layouts.forms import draw_form
from veernet_core.synth.layouts.logs import draw_log
from veernet_core.synth.layouts.plan import PagePlan, draw_plan
from veernet_core.synth.layouts.scale_blocks import draw_scales
from veernet_core.synth.layouts.sheet import Sheet
from veernet_core.synth.layouts.wear import Bend, bend_page, draw_bend, scanned


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """A drawn page: ``ink`` and ``chroma`` uint8 [height, width], what was planned, how it is bent."""

    ink: U8
    chroma: U8
    plan: PagePlan
    bend: Bend


def draw_layout_page(rng: Rng) -> LayoutPage:
    """Draw one page of a random layout, worn or clean."""
    plan = draw_plan(rng)
    sheet = Sheet(rng, plan.height, plan.width, plan.turned)
    for block in plan.blocks:
        if block.kind == "form":
            draw_form(sheet, plan, block)
        elif block.kind == "scales":
            draw_scales(sheet, plan, block)
        elif block.kind == "log":
            draw_log(sheet, plan, block)
    worn = bool(rng.random() < (0.15 if plan.colour else 0.75))
    bend = draw_bend(rng, plan.height, plan.width, worn)
    ink, chroma = scanned(rng, bend_page(sheet.pixels, bend), worn, plan.colour)
    return LayoutPage(ink, chroma, plan, bend)


def border_course(bend: Bend, col: float, rows: F64) -> F64:
    """Page columns of flat column ``col`` at page rows, [n]."""
    return col + np.interp(rows, np.arange(len(bend.drift)), bend.drift)
