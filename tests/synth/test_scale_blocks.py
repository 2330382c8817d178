"""Drawn scale blocks: what is said to be there is there."""

import numpy as np

from veernet_core.synth.scale_blocks.draw import draw_block
from veernet_core.synth.scale_blocks.hands import LAYOUTS


def test_same_seed_same_block() -> None:
    a, b = (draw_block(np.random.default_rng(3)) for _ in range(2))
    assert a.words == b.words
    assert a.scales == b.scales
    assert np.array_equal(a.ink, b.ink)


def test_scales_span_tracks_and_have_two_ends() -> None:
    for seed in range(40):
        block = draw_block(np.random.default_rng(seed))
        borders = {x for left, right, _ in block.tracks for x in (left, right)}
        halves = {(left + right) / 2 for left, right, _ in block.tracks}
        joined = {(a + d) / 2 for a, _, _ in block.tracks for _, d, _ in block.tracks}
        assert block.scales
        for scale in block.scales:
            assert scale.left != scale.right
            assert scale.name
            assert {scale.left_px, scale.right_px} <= borders | halves | joined
            assert not scale.log or min(scale.left, scale.right) > 0


def test_several_independent_layouts() -> None:
    assert len(LAYOUTS) >= 8
