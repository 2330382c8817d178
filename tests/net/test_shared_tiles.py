"""Tiles that show the same are computed once, and their posteriors are the same bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from veernet_core.datatypes import Strip
from veernet_core.net.model import NetConfig, VeerNet
from veernet_core.net.strips import StripPredictor, TilePlan


@pytest.fixture(scope="module")
def model() -> VeerNet:
    """A small network with weights by chance."""
    torch.manual_seed(0)
    return VeerNet(NetConfig((8, 8, 8, 16, 16), decoder_width=8, layers=1)).eval()


def strip(rng: np.random.Generator, rows: int, cols: int) -> Strip:
    """A strip of noise."""
    ink = (rng.random((rows, cols)) * 255).astype(np.uint8)
    return Strip(ink, 16.0, cols - 17.0, np.arange(rows, dtype=np.float64))


def test_what_two_tiles_show_alike_is_computed_once(
    model: VeerNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    ink = strip(np.random.default_rng(4), 640, 64)
    plan = TilePlan(rows=128, overlap=32, batch=1)

    def block(first: int, last: int, keep: tuple[int, int]) -> Strip:
        return replace(
            ink, ink=ink.ink[first:last], scan_rows=ink.scan_rows[first:last], keep_rows=keep
        )

    # as blocks of 256 rows that see 64 rows around: the last tile of one is the first of the next
    blocks = [block(0, 320, (0, 256)), block(192, 576, (64, 320)), block(448, 640, (64, 192))]
    alone = [StripPredictor(model, "m", plan=plan).predict([b])[0] for b in blocks]
    counted: list[int] = []
    forward = StripPredictor._forward

    def counting(self: StripPredictor, tiles: list[object], *rest: object) -> object:
        counted.append(len(tiles))
        return forward(self, tiles, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(StripPredictor, "_forward", counting)
    for calls, backwards in (([blocks], 1), ([[b] for b in blocks], 1), ([blocks[::-1]], -1)):
        one = StripPredictor(model, "m", plan=plan)
        counted.clear()
        made = [p for call in calls for p in one.predict(call)][::backwards]
        assert sum(counted) == 3 + 3 + 1
        for a, b in zip(alone, made):
            assert a.position.tobytes() == b.position.tobytes()
            assert a.presence.tobytes() == b.presence.tobytes()


def test_tiles_of_other_styles_or_borders_are_not_shared(model: VeerNet) -> None:
    plain = strip(np.random.default_rng(5), 96, 64)
    others = [plain, replace(plain, styles=("dashed",)), replace(plain, right_col=40.0)]
    together = StripPredictor(model, "m").predict(others)
    for one, posterior in zip(others, together, strict=True):
        alone = StripPredictor(model, "m").predict([one])[0]
        assert alone.position.tobytes() == posterior.position.tobytes()
