"""Wear of drawn print: other pixels, the same words in the same places."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.page.scales.tokens import numbers_of
from veernet_core.synth.prints.wear import skewed, worn
from veernet_core.synth.prints.words import any_name, any_number

CLEAN = np.zeros((120, 240), np.uint8)
CLEAN[40:80, 60:180] = 255


@pytest.mark.parametrize("seed", range(12))
def test_worn_print_has_its_size_and_its_ink_where_it_was(seed: int) -> None:
    out = worn(np.random.default_rng(seed), CLEAN)
    assert (out.shape, out.dtype) == (CLEAN.shape, np.uint8)
    assert out[46:74, 66:174].mean() > 60 + out[:30].mean()


def test_wear_is_the_same_for_the_same_numbers_and_another_for_others() -> None:
    one, again, other = (worn(np.random.default_rng(s), CLEAN) for s in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_layers_are_turned_together_and_stay_apart() -> None:
    marks = np.zeros_like(CLEAN)
    marks[58:62, 118:122] = 255
    moved = 0
    for seed in range(12):
        ink, mark, again = skewed(np.random.default_rng(seed), [CLEAN, marks, CLEAN.copy()])
        np.testing.assert_array_equal(ink, again)
        assert (ink[mark > 200] > 200).all()
        assert ink.shape == mark.shape == CLEAN.shape
        moved += bool((ink != CLEAN).any())
    assert 4 <= moved < 12  # some pages lie straight


def test_drawn_ends_of_scales_can_be_read_as_numbers_and_names_are_never_empty() -> None:
    rng = np.random.default_rng(1)
    texts = [any_number(rng) for _ in range(300)]
    assert sum(bool(numbers_of(text)) for text in texts) > 0.98 * len(texts)
    assert len(set(texts)) > 80
    assert all(any_name(rng).strip() for _ in range(300))
