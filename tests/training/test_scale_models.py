"""Fitting the models of scale reading on drawn blocks."""

from __future__ import annotations

import pytest

from veernet_core.page.scales.binder import read_block_scales
from veernet_core.page.scales.scorer import unpack_scorer
from veernet_core.training.scale_models import count_readings, fit_scales
from veernet_core.training.true_scales import drawn_blocks, is_same_name, is_same_scale


@pytest.mark.slow
def test_a_fit_reads_blocks_it_has_not_seen() -> None:
    hand = drawn_blocks(40, seed=1)
    wells = [f"well-{n % 8}" for n in range(len(hand))]
    real = [type(b)(b.block, b.scales, w) for b, w in zip(hand, wells)]
    folds = {w: n % 3 for n, w in enumerate(sorted(set(wells)))}
    whole, by_fold = fit_scales(real, drawn_blocks(80, seed=2), folds, {"note": "test"})
    assert sorted(by_fold) == [0, 1, 2]
    scorer = unpack_scorer(whole)
    right = read = 0
    for block in drawn_blocks(30, seed=3):
        for item in read_block_scales(block.block, scorer):
            if item.sure >= 0.9:
                read += 1
                right += any(
                    is_same_scale(item.scale, t)
                    and item.name is not None
                    and is_same_name(item.name, t)
                    for t in block.scales
                )
    assert read >= 15
    assert right / read > 0.9


def test_counts_of_readings_are_of_what_is_truly_there() -> None:
    from veernet_core.page.scales.scorer import shipped_scorer

    for block in drawn_blocks(10, seed=6):
        true, candidates, ends, whole, read, sure, wrong = count_readings(block, shipped_scorer())
        assert true == len(block.scales)
        assert true >= candidates >= ends >= whole
        assert read >= sure >= wrong


def test_same_input_same_model() -> None:
    blocks = drawn_blocks(14, seed=4)
    folds = {b.well: n % 2 for n, b in enumerate(blocks)}
    first, second = (fit_scales(blocks, (), folds, {})[0] for _ in range(2))
    assert first == second
