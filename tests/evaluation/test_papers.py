"""Families of paper: all draw, and differ in what they say they differ in."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.datatypes import Posterior, Strip
from veernet_core.evaluation import traced
from veernet_core.evaluation.papers import PAPERS, paper_samples


@pytest.mark.parametrize("family", PAPERS)
def test_a_family_draws_and_is_reproducible(family: str) -> None:
    one, two = (paper_samples(PAPERS[family], 3, 5, 256) for _ in range(2))
    assert len(one) == len(two) >= 1
    for a, b in zip(one, two):
        assert np.array_equal(a.strip.ink, b.strip.ink)
        assert np.array_equal(a.frac, b.frac, equal_nan=True)
        assert a.frac.shape == a.visible.shape == (len(a.specs), 256)


def test_coloured_pens_come_one_strip_each_and_know_the_track() -> None:
    inked = 0
    for index in range(12):
        samples = paper_samples(PAPERS["coloured pens"], 3, index, 256)
        for k, sample in enumerate(samples):
            assert len(sample.specs) == 1
            assert sample.specs[0] == sample.track[k]
            assert len(sample.track) == len(samples)
            assert len({s.colour for s in sample.track}) == len(samples)
            assert sample.strip.all_ink is not None
            # all that is in the pen's ink is in all ink
            own = sample.strip.ink > 200
            assert (sample.strip.all_ink[own] > 100).sum() >= 0.95 * own.sum()
            inked += bool(own.any())
    assert inked > 12


def test_half_of_the_tracks_hardly_move() -> None:
    small = []
    for index in range(60):
        for sample in paper_samples(PAPERS["ordinary"], 4, index, 128):
            known = [f[np.isfinite(f)] for f in sample.frac]
            small += [f.std() < 0.05 for f in known if len(f) > 20]
    assert 0.35 < np.mean(small) < 0.85


class Flat:
    """A network that knows nothing."""

    model_id, numerics = "flat", "none"

    def predict(self, strips: list[Strip]) -> list[Posterior]:
        rows, cols = strips[0].ink.shape
        position = np.full((3, rows, cols), 1 / cols, np.float16)
        return [Posterior(position, np.full((3, rows), 0.01, np.float32))]


def test_families_take_turns_and_are_told() -> None:
    found: dict[str, int] = {}
    for index in range(12):
        curves, pixels = traced.trace_sample(Flat(), 2, index)
        assert pixels == []
        for curve in curves:
            assert curve.paper == list(PAPERS)[index % len(PAPERS)]
            found[curve.paper] = found.get(curve.paper, 0) + 1
    assert set(found) == set(PAPERS)
