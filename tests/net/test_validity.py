"""What is strip and what is padding, level by level; and the file of a small network."""

from __future__ import annotations

import pytest
import torch

from veernet_core.errors import BundleError
from veernet_core.net.small_files import pack_small, unpack_small, with_weights
from veernet_core.net.validity import Validity, levels


def mask(rows: int, cols: int, height: int = 16, width: int = 12) -> torch.Tensor:
    out = torch.zeros(2, 1, height, width)
    out[:, :, :rows, :cols] = 1
    return out


@pytest.mark.parametrize("value", [0.0, -3.5])
@pytest.mark.parametrize(("rows", "cols"), [(16, 12), (7, 12), (16, 5), (1, 1), (9, 11)])
def test_a_known_rectangle_clears_what_its_mask_does(rows: int, cols: int, value: float) -> None:
    x = torch.randn(2, 3, 16, 12)
    by_mask = Validity(mask(rows, cols)).clear(x.clone(), value)
    by_rectangle = Validity(mask(rows, cols), (rows, cols)).clear(x.clone(), value)
    assert torch.equal(by_mask, by_rectangle)
    assert torch.equal(by_mask[:, :, :rows, :cols], x[:, :, :rows, :cols])
    assert bool((by_mask[:, :, rows:] == value).all())


@pytest.mark.parametrize(("rows", "cols"), [(16, 12), (7, 5), (1, 3)])
def test_levels_know_the_same_by_mask_and_by_rectangle(rows: int, cols: int) -> None:
    level: Validity | None
    for level in levels(Validity(mask(rows, cols), (rows, cols)), 2):
        assert level is not None
        assert level.filled is not None
        own = level.mask[0, 0]
        wanted = torch.zeros_like(own)
        wanted[: level.filled[0], : level.filled[1]] = 1
        assert torch.equal(own, wanted)


def test_without_a_mask_there_is_none_at_any_level() -> None:
    assert levels(None, 3) == [None] * 3


def small() -> torch.nn.Module:
    torch.manual_seed(5)
    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))


def test_a_packed_network_comes_back_in_half_precision() -> None:
    model = small()
    data = pack_small(model, {"format": "small-1", "record": {"steps": 3}})
    assert data == pack_small(model, {"record": {"steps": 3}, "format": "small-1"})
    content, weights = unpack_small(data, "small-1")
    assert content["record"] == {"steps": 3}
    again = with_weights(small(), weights, "small")
    assert not again.training
    for name, value in again.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(value, model.state_dict()[name].half().float())


def test_another_format_and_weights_that_do_not_fit_are_refused() -> None:
    data = pack_small(small(), {"format": "small-1"})
    with pytest.raises(BundleError, match="small-2"):
        unpack_small(data, "small-2")
    _, weights = unpack_small(data, "small-1")
    wider = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.BatchNorm2d(4))
    with pytest.raises(BundleError, match="small"):
        with_weights(wider, weights, "small")
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack_small(b"not a file of weights", "small-1")
