"""Winograd's method changes the network's rounding only, and no batch, size or thread changes it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from veernet_core.net import bundle, winograd
from veernet_core.net.model import NetConfig, VeerNet, style_condition

TINY = NetConfig((8, 8, 16, 16, 16), decoder_width=8, layers=1)


@pytest.fixture(autouse=True)
def here() -> None:
    if not torch._nnpack_available():
        pytest.skip("this torch has no NNPACK")


def networks() -> tuple[VeerNet, VeerNet]:
    """A network as it is, and by Winograd's method."""
    torch.manual_seed(0)
    usual, quick = VeerNet(TINY).eval(), VeerNet(TINY).eval()
    quick.load_state_dict(usual.state_dict())
    quick = quick.fold(split=False).without_mask()
    winograd.use_winograd(quick)
    return usual, quick


@pytest.mark.parametrize("filled", [None, (70, 50)])
@pytest.mark.parametrize("size", [(32, 32), (96, 64), (160, 544)])
def test_probabilities_agree_to_rounding(
    size: tuple[int, int], filled: tuple[int, int] | None
) -> None:
    usual, quick = networks()
    assert winograd.uses_winograd(quick)
    assert not winograd.uses_winograd(usual)
    x = torch.rand(1, 2, *size)
    valid = torch.ones(1, 1, *size)
    if filled is not None:
        valid.zero_()[:, :, : filled[0], : filled[1]] = 1
    condition = torch.tensor([style_condition([0, 1])])
    with torch.inference_mode():
        a, b = usual(x, valid, condition), quick(x, valid, condition)
    assert a.position is not None
    assert b.position is not None
    assert a.presence is not None
    assert b.presence is not None
    assert torch.allclose(a.position.softmax(-1), b.position.softmax(-1), atol=1e-5)
    assert torch.allclose(a.presence.sigmoid(), b.presence.sigmoid(), atol=1e-5)


def test_neither_batch_nor_threads_change_a_number() -> None:
    _, quick = networks()
    x = torch.rand(3, 2, 64, 96)

    def alone(k: int) -> torch.Tensor:
        with torch.inference_mode():
            found: torch.Tensor = quick(x[k : k + 1]).position
        return found

    maps = torch.rand(3, 8, 32, 48)
    with torch.inference_mode():
        assert torch.equal(quick.stem.conv(maps)[1:2], quick.stem.conv(maps[1:2]))
    with ThreadPoolExecutor(3) as pool:
        at_once = list(pool.map(alone, [0, 1, 2] * 4))
    assert all(torch.equal(found, alone(k % 3)) for k, found in enumerate(at_once))


@pytest.mark.parametrize(("supported", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_it_is_used_in_float32_where_the_cpu_gains(
    supported: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd, "is_supported", lambda: supported)
    loaded = bundle._load(bundle.shipped_bytes(), "cpu", precision, None)
    assert not winograd.uses_winograd(loaded.model)
    monkeypatch.setattr(winograd, "is_supported", lambda: True)
    loaded = bundle._load(bundle.shipped_bytes(), "cpu", "float32", None)
    assert winograd.uses_winograd(loaded.model)
