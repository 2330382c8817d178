"""Network, losses, batching and bundle: shapes, invariances and refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from veernet_core.datatypes import Strip
from veernet_core.errors import BundleError, OutOfMemoryError
from veernet_core.net import bundle, cpu_engine, losses
from veernet_core.net.model import PRESETS, STYLE_CONDITION, NetConfig, Up, VeerNet, style_condition
from veernet_core.net.strips import StripPredictor, TilePlan

TINY = NetConfig((8, 8, 16, 16, 16), decoder_width=8, layers=1)


@pytest.fixture(scope="module")
def model() -> VeerNet:
    torch.manual_seed(0)
    return VeerNet(TINY).eval()


def strip(rng: np.random.Generator, rows: int, cols: int) -> Strip:
    ink = (rng.random((rows, cols)) * 255).astype(np.uint8)
    return Strip(ink, 16.0, cols - 17.0, np.arange(rows, dtype=np.float64))


def test_output_shapes(model: VeerNet) -> None:
    out = model(torch.rand(2, 2, 64, 96))
    assert out.mask.shape == (2, 4, 64, 96)
    assert out.position is not None
    assert out.position.shape == (2, 3, 64, 96)
    assert out.presence is not None
    assert out.presence.shape == (2, 3, 64)
    paper = VeerNet(PRESETS["paper"]).eval()(torch.rand(1, 2, 32, 32))
    assert paper.position is None
    assert paper.mask.shape == (1, 3, 32, 32)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2), st.integers(0, 2), st.integers(1, 96), st.integers(1, 96))
def test_padding_changes_nothing(down: int, right: int, rows: int, cols: int) -> None:
    torch.manual_seed(0)
    net = VeerNet(TINY).eval()
    height, width = -(-rows // 32) * 32, -(-cols // 32) * 32
    x = torch.zeros(1, 2, height, width)
    x[:, :, :rows, :cols] = torch.rand(1, 2, rows, cols)
    valid = torch.zeros(1, 1, height, width)
    valid[:, :, :rows, :cols] = 1
    padding = (0, 32 * right, 0, 32 * down)
    with torch.inference_mode():
        small = net(x, valid)
        large = net(torch.nn.functional.pad(x, padding), torch.nn.functional.pad(valid, padding))
    assert small.position is not None
    assert large.position is not None
    assert small.presence is not None
    assert large.presence is not None
    part = large.position[:, :, :rows, :cols]
    assert torch.allclose(small.position[:, :, :rows, :cols], part, atol=1e-4)
    assert torch.allclose(small.presence[:, :, :rows], large.presence[:, :, :rows], atol=1e-4)


def test_folding_changes_nothing() -> None:
    torch.manual_seed(3)
    trained = VeerNet(TINY)
    for module in trained.modules():  # as after training: no normalisation is the identity
        if isinstance(module, torch.nn.BatchNorm2d):
            for values in (module.weight.data, module.bias.data, module.running_mean):
                torch.nn.init.uniform_(values, 0.5, 1.5)
    folded = VeerNet(TINY)
    folded.load_state_dict(trained.state_dict())
    x, valid = torch.rand(2, 2, 64, 96), torch.ones(2, 1, 64, 96)
    valid[1, :, 40:] = valid[1, :, :, 70:] = 0
    condition = torch.tensor([style_condition([0, 0, 1]), style_condition([])])
    folded.eval().fold()
    for arguments in ((x, None, condition), (x, valid, condition), (x, valid, None)):
        a, b = trained.eval()(*arguments), folded(*arguments)
        assert torch.allclose(a.mask, b.mask, atol=1e-4)
        assert torch.allclose(a.position, b.position, atol=1e-4)
        assert torch.allclose(a.presence, b.presence, atol=1e-4)


def test_leaving_out_the_mask_changes_no_position() -> None:
    torch.manual_seed(4)
    whole, slim = VeerNet(TINY), VeerNet(TINY)
    slim.load_state_dict(whole.state_dict())
    slim.eval().fold().without_mask()
    x, valid = torch.rand(2, 2, 64, 96), torch.ones(2, 1, 64, 96)
    valid[1, :, 40:] = valid[1, :, :, 70:] = 0
    for arguments in ((x, None), (x, valid)):
        a, b = whole.eval().fold()(*arguments), slim(*arguments)
        assert b.mask.shape[1] == 0 < a.mask.shape[1]
        assert torch.allclose(a.position, b.position, atol=1e-5)
        assert torch.equal(a.presence, b.presence)


def test_a_network_of_masks_alone_keeps_them() -> None:
    paper = VeerNet(PRESETS["paper"]).eval().fold()
    x = torch.rand(1, 2, 32, 32)
    before = paper(x).mask
    assert torch.equal(paper.without_mask()(x).mask, before)


def test_company_and_order_change_nothing(model: VeerNet) -> None:
    rng = np.random.default_rng(1)
    strips = [strip(rng, 150, 120), strip(rng, 400, 120), strip(rng, 31, 64), strip(rng, 150, 120)]
    plan = TilePlan(rows=128, overlap=32, batch=1)
    alone = StripPredictor(model, "m", plan=plan)
    together = StripPredictor(model, "m", plan=TilePlan(rows=128, overlap=32, batch=3))
    single = [alone.predict([s])[0] for s in strips]
    for group in (together.predict(strips), together.predict(strips[::-1])[::-1]):
        for a, b in zip(single, group):
            assert np.allclose(a.position, b.position, atol=2e-3)
            assert np.allclose(a.presence, b.presence, atol=1e-3)


def test_listed_styles_count_to_two() -> None:
    assert style_condition([]) == [0.0] * STYLE_CONDITION
    assert style_condition([0, 2, 2, 2]) == [1.0, 0.0, 1.0, 0.0, 0.0, 1.0]


def test_styles_of_each_strip_reach_the_network_alone() -> None:
    torch.manual_seed(0)
    net = VeerNet(TINY).eval()
    for stage in (*net.ups, net.last):
        assert stage.told is not None
        torch.nn.init.normal_(stage.told.weight, std=0.3)
    plain = strip(np.random.default_rng(6), 64, 64)
    strips = [plain, replace(plain, styles=("solid", "dashed")), plain]
    one, other, again = StripPredictor(net, "m", plan=TilePlan(batch=4)).predict(strips)
    assert np.array_equal(one.position, again.position)
    assert np.abs(one.position.astype(float) - other.position.astype(float)).max() > 1e-3


def test_a_network_is_told_nothing_until_it_has_learned_to_listen() -> None:
    torch.manual_seed(0)
    net, x = VeerNet(TINY).eval(), torch.rand(1, 2, 64, 64)
    condition = torch.tensor([style_condition([0, 1, 1])])
    assert torch.equal(net(x, condition=condition).mask, net(x).mask)


def test_every_row_is_a_distribution(model: VeerNet) -> None:
    out = StripPredictor(model, "m").predict([strip(np.random.default_rng(2), 700, 100)])[0]
    assert np.allclose(out.position.astype(np.float64).sum(axis=2), 1, atol=0.02)


def test_no_seam_where_tiles_meet(model: VeerNet) -> None:
    rng = np.random.default_rng(3)
    plan = TilePlan(rows=128, overlap=64, batch=1)
    out = StripPredictor(model, "m", plan=plan).predict([strip(rng, 320, 96)])[0]
    step = np.abs(np.diff(out.position.astype(np.float64), axis=1)).mean(axis=(0, 2))
    seams = [63, 64, 127, 128, 191, 192]
    assert step[seams].max() < 3 * np.median(step)


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 96), st.integers(1, 96), st.sampled_from([torch.float32, torch.bfloat16]))
def test_clearing_padding_in_place_gives_what_the_mask_gives(
    rows: int, cols: int, precision: torch.dtype
) -> None:
    torch.manual_seed(0)
    net = VeerNet(TINY).eval().fold()
    x, valid = torch.rand(1, 2, 96, 96), torch.zeros(1, 1, 96, 96)
    valid[:, :, :rows, :cols] = 1
    with (
        torch.inference_mode(),
        torch.autocast("cpu", torch.bfloat16, precision == torch.bfloat16),
    ):
        one, other = net(x, valid), net(x, valid, filled=(rows, cols))
    inside = (slice(None), slice(None), slice(rows), slice(cols))
    assert one.position is not None
    assert other.position is not None
    assert torch.equal(one.position[inside], other.position[inside])
    assert torch.equal(one.mask[inside], other.mask[inside])
    assert one.presence is not None
    assert other.presence is not None
    assert torch.equal(one.presence[:, :, :rows], other.presence[:, :, :rows])


@pytest.mark.parametrize("filled", [None, (70, 50)])
def test_sums_and_activations_in_one_step_with_a_convolution_change_rounding_only(
    filled: tuple[int, int] | None,
) -> None:
    torch.manual_seed(0)
    net = VeerNet(TINY).eval().fold()
    x, valid = torch.rand(1, 2, 96, 64), torch.ones(1, 1, 96, 64)
    if filled is not None:
        valid.zero_()[:, :, : filled[0], : filled[1]] = 1
    condition = torch.tensor([style_condition([0, 1])])
    told = [up for up in net.modules() if isinstance(up, Up)]
    for up in told:  # untrained, the styles change nothing
        assert up.told is not None
        nn.init.normal_(up.told.weight, std=0.3)
    with torch.inference_mode():
        exact = net(x, valid, condition).position
        with torch.autocast("cpu", torch.bfloat16):
            usual = net(x, valid, condition).position
            fast = net.in_bfloat16()(x, valid, condition, filled).position
    assert exact is not None
    assert usual is not None
    assert fast is not None
    assert not torch.equal(fast, exact)
    assert (fast - exact).abs().max() <= 1.5 * (usual - exact).abs().max() + 1e-3


@pytest.mark.parametrize("rows", [60, 128, 129, 190, 320])
def test_a_strip_is_the_weighted_mean_of_its_tiles(
    model: VeerNet, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    seen: list[tuple[int, np.ndarray]] = []
    run = StripPredictor._run

    def noted(self: StripPredictor, tiles: list, strips: list) -> list:
        out = run(self, tiles, strips)
        seen.extend((tile.row, arrays[0]) for tile, arrays in zip(tiles, out))
        return out

    monkeypatch.setattr(StripPredictor, "_run", noted)
    plan = TilePlan(rows=128, overlap=32, batch=1)
    given_strip = strip(np.random.default_rng(6), rows, 70)
    out = StripPredictor(model, "m", plan=plan).predict([given_strip])[0].position
    total, weight = np.zeros((3, rows, 70)), np.zeros(rows)
    for row, tile in seen:
        n = min(128, rows)
        at = np.arange(n)
        up = (at + 0.5) / 32 if row > 0 else np.ones(n)
        down = (n - at - 0.5) / 32 if row + n < rows else np.ones(n)
        ramp = np.minimum(np.minimum(up, down), 1)
        total[:, row : row + n] += tile[:, :n, :70] * ramp[:, None]
        weight[row : row + n] += ramp
    assert len(seen) == (1 if rows <= 128 else 1 + -(-(rows - 128) // 96))
    assert np.allclose(out, total / weight[:, None], atol=1e-3)


def test_bfloat16_engine_agrees_with_float32(model: VeerNet) -> None:
    pytest.importorskip("openvino")
    if not cpu_engine.available():
        pytest.skip("this CPU has no bfloat16 instructions")
    rng = np.random.default_rng(5)
    strips = [strip(rng, 150, 120), replace(strip(rng, 64, 200), styles=("solid", "dotted"))]
    folded = VeerNet(TINY)
    folded.load_state_dict(model.state_dict())
    fast = StripPredictor(folded.eval().fold(), "m", precision=torch.bfloat16)
    assert fast._engine is not None
    for a, b in zip(StripPredictor(model, "m").predict(strips), fast.predict(strips)):
        assert np.allclose(a.position, b.position, atol=0.02)
        assert np.allclose(a.presence, b.presence, atol=0.05)


def test_out_of_memory_halves_once_then_fails_clearly(
    model: VeerNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    predictor = StripPredictor(model, "m", plan=TilePlan(batch=4))
    seen: list[int] = []

    def scarce(limit: int):  # type: ignore[no-untyped-def]
        original = StripPredictor._forward

        def forward(self, tiles, strips, batch):  # type: ignore[no-untyped-def]
            seen.append(batch)
            if batch > limit:
                raise torch.OutOfMemoryError("no memory")
            return original(self, tiles, strips, batch)

        return forward

    rng = np.random.default_rng(4)
    strips = [strip(rng, 64, 64) for _ in range(4)]
    more = [strip(rng, 64, 64) for _ in range(11)]
    expected = StripPredictor(model, "m").predict(more)
    monkeypatch.setattr(StripPredictor, "_forward", scarce(2))
    assert len(predictor.predict(strips)) == 4
    assert seen == [4, 2, 2]
    assert predictor.batch_tiles == 2
    predictor.batch_tiles = 4  # no tile is lost where several batches are on their way
    for ours, theirs in zip(predictor.predict(more), expected, strict=True):
        assert np.allclose(ours.position, theirs.position, atol=2e-3)
    monkeypatch.setattr(StripPredictor, "_forward", scarce(0))
    with pytest.raises(OutOfMemoryError, match=r"(do|does) not fit"):
        predictor.predict(strips)


# ---- losses ----------------------------------------------------------------------------------


def batch(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 4, 16, 16, generator=g)
    target = torch.randint(0, 4, (2, 16, 16), generator=g)
    return logits, target, torch.ones(2, 16, 16), torch.ones(4)


@pytest.mark.parametrize("seed", range(5))
def test_tversky_at_half_is_dice(seed: int) -> None:
    args = batch(seed)
    assert losses.tversky_loss(0.5, 0.5)(*args) == pytest.approx(
        float(losses.dice_loss(*args)), abs=1e-6
    )


def test_tversky_beta_punishes_misses() -> None:
    target = torch.zeros(1, 8, 8, dtype=torch.long)
    target[:, :, :4] = 1
    valid, weights = torch.ones(1, 8, 8), torch.tensor([0.0, 1.0])
    missed = torch.zeros(1, 2, 8, 8)
    missed[:, 0] = 4  # calls everything background
    spilled = torch.zeros(1, 2, 8, 8)
    spilled[:, 1] = 4  # calls everything curve
    for loss, sign in ((losses.tversky_loss(0.3, 0.7), 1), (losses.tversky_loss(0.7, 0.3), -1)):
        gap = loss(missed, target, valid, weights) - loss(spilled, target, valid, weights)
        even = losses.dice_loss(missed, target, valid, weights) - losses.dice_loss(
            spilled, target, valid, weights
        )
        assert sign * (gap - even) > 0


@pytest.mark.parametrize("name", losses.MASK_LOSSES)
def test_mask_losses_fall_with_agreement_and_ignore_padding(name: str) -> None:
    loss = losses.MASK_LOSSES[name]
    logits, target, valid, weights = batch(0)
    perfect = torch.nn.functional.one_hot(target, 4).permute(0, 3, 1, 2).float() * 12
    assert loss(perfect, target, valid, weights) < loss(logits, target, valid, weights)
    valid = valid.clone()
    valid[:, 8:] = 0
    changed = logits.clone()
    changed[:, :, 8:] = 50.0
    assert torch.allclose(
        loss(logits, target, valid, weights), loss(changed, target, valid, weights), atol=1e-5
    )
    logits.requires_grad_(True)
    loss(logits, target, valid, weights).backward()
    assert torch.isfinite(logits.grad).all()


def test_position_target_is_sub_pixel_exact() -> None:
    x = torch.tensor([[[10.3, 40.75]]])
    target = losses.position_target(x, torch.zeros(1, 1, 2), torch.ones(1, 1, 2), 64)
    mean = (target * torch.arange(64)).sum(-1)
    assert torch.allclose(mean, x, atol=1e-3)
    steep = losses.position_target(x, torch.full((1, 1, 2), 20.0), torch.ones(1, 1, 2), 64)
    assert steep.max() < target.max()


def test_position_loss_ignores_rows_without_curve() -> None:
    target = torch.zeros(1, 3, 4, 8)
    assert losses.position_loss(torch.randn(1, 3, 4, 8), target) == 0
    target[0, 0, 1, 3] = 1
    logits = torch.zeros(1, 3, 4, 8)
    logits[0, 0, 1, 3] = 20
    assert losses.position_loss(logits, target) < 1e-3


def test_class_weights_follow_the_measured_split() -> None:
    weights = losses.class_weights(torch.tensor([0.97, 0.03]))
    assert weights[1] / weights[0] == pytest.approx((0.97 / 0.03) ** 0.5, rel=1e-5)


# ---- bundle ----------------------------------------------------------------------------------


def test_bundle_round_trip_and_determinism(model: VeerNet) -> None:
    data = bundle.pack(model, {"confidence": {}}, {"config": {"seed": 1}})
    assert data == bundle.pack(model, {"confidence": {}}, {"config": {"seed": 1}})
    content = bundle.unpack(data)
    x = torch.rand(1, 2, 32, 32)
    assert torch.allclose(content.model()(x).mask, model(x).mask, atol=1e-5)
    assert content.record == {"config": {"seed": 1}}
    assert content.network == TINY


@pytest.mark.parametrize(
    "data", [b"", b"junk", b"\x80\x04pickle", (8).to_bytes(8, "little") + b"{}      "]
)
def test_bad_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        bundle.unpack(data, "x.safetensors")


def test_predictor_is_loaded_once(model: VeerNet) -> None:
    from concurrent.futures import ThreadPoolExecutor

    data = bundle.pack(model, {}, {"for": "this test"})
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: bundle.load_predictor(data, "cpu"), range(8)))
    assert len({id(p) for p in loaded}) == 1


def test_shipped_bundle_is_small_and_calibrated() -> None:
    data = bundle.shipped_bytes()
    assert len(data) <= 10_000_000
    content = bundle.unpack(data)
    assert {"confidence", "quality"} <= set(content.calibration)
    assert content.record["history"]
