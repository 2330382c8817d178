"""Drawn pages of many layouts: what is said to be where is there."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.synth.layouts.draw import border_course, draw_layout_page
from veernet_core.synth.layouts.plan import draw_plan
from veernet_core.synth.layouts.sheet import Sheet
from veernet_core.synth.layouts.wear import Bend, bend_page


def test_plans_are_many_layouts() -> None:
    plans = [draw_plan(np.random.default_rng(seed)) for seed in range(80)]
    columns = [block.columns for plan in plans for block in plan.blocks if block.kind == "log"]
    tracks = {sum(c.kind == "curves" for c in cols) for cols in columns}
    assert tracks >= {1, 2, 3, 4}
    assert {c.kind for cols in columns for c in cols} >= {
        "curves",
        "depth",
        "lithology",
        "text",
        "picture",
    }
    places = {
        [c.kind for c in cols].index("depth")
        for cols in columns
        if "depth" in [c.kind for c in cols]
    }
    assert len(places) >= 3
    assert {plan.colour for plan in plans} == {True, False}
    assert any(cols[0].left < 0 for cols in columns), "a border off the paper"
    assert any(c.grid is not None and c.grid.decades for cols in columns for c in cols)


def test_blocks_follow_one_another() -> None:
    for seed in range(20):
        plan = draw_plan(np.random.default_rng(seed))
        assert plan.blocks[0].top == 0
        assert plan.blocks[-1].bottom == plan.height
        for above, below in zip(plan.blocks, plan.blocks[1:]):
            assert above.bottom == below.top


def test_the_same_seed_draws_the_same_page() -> None:
    one, two = (draw_layout_page(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.ink, two.ink)


def test_borders_follow_the_bend() -> None:
    sheet = Sheet(np.random.default_rng(1), 900, 400)
    sheet.line((0, 100), (900, 100), 1)
    bend = Bend(np.linspace(-20, 20, 900), 0.004, 200.0)
    ink = 255 - bend_page(sheet.pixels, bend)[..., 0].astype(float)
    rows = np.arange(50.0, 850.0, 100)
    seen = [float((ink[int(r)] * np.arange(400)).sum() / ink[int(r)].sum()) for r in rows]
    np.testing.assert_allclose(seen, border_course(bend, 100, rows), atol=0.6)


@pytest.mark.parametrize("seed", range(4))
def test_paper_is_lighter_than_ink_and_something_is_printed(seed: int) -> None:
    page = draw_layout_page(np.random.default_rng(seed))
    assert page.ink.shape == page.chroma.shape == (page.plan.height, page.plan.width)
    assert 0.005 < (page.ink > 128).mean() < 0.6
    assert page.plan.colour or not page.chroma.any()
