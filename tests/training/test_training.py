"""Training: exact resume, falling loss, reproducible data, no pickle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from veernet_core.errors import BundleError
from veernet_core.net.model import PRESETS, NetConfig, VeerNet
from veernet_core.synth.strips import SynthConfig, draw_strip
from veernet_core.training import batches, fit

SMALL = fit.TrainConfig(
    preset="small",
    steps=4,
    warmup_steps=2,
    decay_steps=2,
    validate_every=1000,
    checkpoint_every=2,
    workers=0,
)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "SIZES", ((2, 64, 128, 1.0),))
    monkeypatch.setitem(PRESETS, "small", NetConfig((8, 8, 16, 16, 16), decoder_width=8, layers=1))


def weights(state: fit.TrainState) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in state.average.state_dict().items()}


def test_resume_is_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = weights(fit.fit(SMALL, tmp_path / "whole"))

    class KilledError(Exception):
        pass

    def kill(step: int, parts: dict[str, float]) -> None:
        if step == 3:
            raise KilledError

    with pytest.raises(KilledError):
        fit.fit(SMALL, tmp_path / "parts", report=kill)
    resumed = weights(fit.fit(SMALL, tmp_path / "parts"))
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_loss_falls(tmp_path: Path) -> None:
    seen: list[float] = []
    config = replace(SMALL, steps=40, decay_steps=10, checkpoint_every=1000)
    fit.fit(config, tmp_path, report=lambda step, parts: seen.append(parts.get("position", np.nan)))
    values = [v for v in seen if np.isfinite(v)]
    assert values[-1] < values[0]


def test_paper_preset_trains_without_position_head(tmp_path: Path) -> None:
    config = replace(SMALL, preset="paper", mask_loss="dice", steps=1)
    state = fit.fit(config, tmp_path)
    assert state.average.presence is None


def test_batches_are_addressed_by_number() -> None:
    one, two = batches.StripBatches(3, 10)[7], batches.StripBatches(3, 100)[7]
    for key, value in one.items():
        assert torch.equal(value, two[key]), key
    other = batches.StripBatches(4, 10)[7]
    assert not torch.equal(one["ink"], other["ink"])


def test_listings_err_as_headers_do() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([0, 1, 1])
    seen = [batches.listing(rng, drawn) for _ in range(600)]
    for names, told in seen:
        assert names[0] == 0  # two broken curves of one style may be called by the other name
        assert names[1] == names[2] in (1, 2)
        assert len(set(told) - set(names.tolist())) <= 1  # listed, not drawn here
    share = np.mean([sorted(told) == [0, 1, 1] for _, told in seen])
    assert 0.45 < share < 0.7
    assert any(len(told) > 3 for _, told in seen)
    assert any(not told for _, told in seen)
    alone = {int(batches.listing(rng, np.array([1]))[0][0]) for _ in range(200)}
    assert alone == {0, 1, 2}
    both = np.array([1, 2])
    assert all((batches.listing(rng, both)[0] == both).all() for _ in range(100))


def test_a_renamed_curve_goes_by_its_name_in_the_mask() -> None:
    strip = draw_strip(np.random.default_rng(3), SynthConfig(64, 128, max_curves=1))
    while len(strip.style) != 1 or not strip.mask.any():
        strip = draw_strip(np.random.default_rng(int(strip.ink.sum())), SynthConfig(64, 128))
    other = batches.renamed(strip, (strip.style + 1) % 3)
    assert np.array_equal(other.mask > 0, strip.mask > 0)
    assert set(np.unique(other.mask)) == {0, 1 + int(other.style[0])}


def test_older_weights_start_a_network_that_is_told_styles() -> None:
    state = fit.TrainState.start(SMALL, torch.device("cpu"))
    older = VeerNet(replace(PRESETS["small"], told_styles=False)).eval()
    state.initialise(older.state_dict())
    x = torch.rand(1, 2, 64, 64)
    assert torch.allclose(state.average(x).mask, older(x).mask, atol=1e-4)
    with pytest.raises(BundleError, match="do not fit"):
        state.initialise(VeerNet(PRESETS["paper"]).state_dict())


def test_record_names_what_a_reader_needs(tmp_path: Path) -> None:
    fit.fit(replace(SMALL, steps=2), tmp_path)
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["config"]["seed"] == SMALL.seed
    assert {"torch", "numpy", "veernet", "python"} <= set(record["versions"])
    assert "history" in record
    # a checkpoint is safetensors: its header is JSON, not a pickle
    head = (tmp_path / "checkpoint.safetensors").read_bytes()
    assert head[8:9] == b"{"


def test_rate_warms_up_holds_and_falls_to_zero() -> None:
    config = replace(SMALL, steps=100, warmup_steps=10, decay_steps=20)
    rates = [fit.rate_at(s, config) for s in range(101)]
    assert rates[0] < rates[9] == rates[50] == config.learning_rate
    assert rates[90] < rates[80]
    assert rates[100] == 0
