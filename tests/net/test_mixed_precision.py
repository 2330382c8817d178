"""Networks are trained in bfloat16 only where it is quicker."""

from __future__ import annotations

import pytest
import torch

from veernet_core.net import precision


@pytest.mark.parametrize(
    ("instructions", "expected"), [(True, torch.bfloat16), (False, torch.float32)]
)
def test_a_cpu_without_the_instructions_trains_in_float32(
    monkeypatch: pytest.MonkeyPatch, instructions: bool, expected: torch.dtype
) -> None:
    monkeypatch.setattr(precision, "multiplies_in_bfloat16", lambda: instructions)
    net = torch.nn.Conv2d(1, 1, 3)
    with precision.mixed_precision("cpu"):
        assert net(torch.zeros(1, 1, 8, 8)).dtype == expected
