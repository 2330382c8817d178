"""The network on a CPU in bfloat16, run by OpenVINO.

In: a folded network; out: the same call, more than twice as fast on CPUs that multiply in bfloat16
(measured by ``veernet benchmark``; in float32 OpenVINO gains next to nothing, so that torch keeps that
job). The package is optional: without it bfloat16 falls to torch.
"""

from __future__ import annotations

import importlib.util
import threading
import warnings
from typing import Any

import torch
from torch import Tensor, nn

from veernet_core.net.model import STRIDE, STYLE_CONDITION, NetOutput, VeerNet


def available() -> bool:
    """Whether OpenVINO is installed and this CPU has bfloat16 instructions."""
    if importlib.util.find_spec("openvino") is None:
        return False
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class _Tensors(nn.Module):
    """The network with tensors only, as conversion wants it."""

    def __init__(self, model: VeerNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, valid: Tensor, condition: Tensor) -> tuple[Tensor, ...]:
        """Logits of the heads that there are."""
        out = self.model(x, valid, condition)
        if out.position is None or out.presence is None:
            return (out.mask,)
        if not out.mask.shape[1]:
            return out.position, out.presence
        return out.mask, out.position, out.presence


class CpuEngine:
    """A compiled network for any batch and any padded size.

    Parameters
    ----------
    model : VeerNet
        Folded, in evaluation mode, on the CPU.
    """

    def __init__(self, model: VeerNet) -> None:
        import openvino

        size = 2 * STRIDE
        example = (
            torch.zeros(1, 2, size, size),
            torch.ones(1, 1, size, size),
            torch.zeros(1, STYLE_CONDITION),
        )
        with torch.no_grad(), warnings.catch_warnings():
            # sizes that tracing takes for constants are channels and heads, which are
            warnings.simplefilter("ignore")
            converted = openvino.convert_model(_Tensors(model).eval(), example_input=example)
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "bf16",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        }
        self._compiled = openvino.Core().compile_model(converted, "CPU", settings)
        self._lock = threading.Lock()

    def __call__(self, x: Tensor, valid: Tensor, condition: Tensor) -> NetOutput:
        """As ``VeerNet.forward`` with all its arguments."""
        inputs = [t.contiguous().numpy() for t in (x, valid, condition)]
        with self._lock:  # one inference request, one caller at a time
            arrays = [torch.from_numpy(a.copy()) for a in self._compiled(inputs).to_tuple()]
        if len(arrays) == 1:
            return NetOutput(arrays[0], None, None)
        *masks, position, presence = arrays
        return NetOutput(masks[0] if masks else position[:, :0], position, presence)
