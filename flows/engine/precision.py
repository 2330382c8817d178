"""Which precision the network computes in on this machine, where nobody says.

In: a device. Out: ``float32`` or ``bfloat16``. Decided once for a destination, when its first results are made,
and kept there (``storage.numerics``): two machines, or a busy hour, could decide otherwise. How the network
computes does not belong here. torch is imported on use: where the precision is known it is not needed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

AUTO = "auto"
_PAYS = 0.8
"""Share of the time of float32 at which bfloat16 is worth its coarser numbers."""
_ROUNDS = 5


def best_precision(device: str = AUTO) -> str:
    """``bfloat16`` on a CPU that multiplies in it (AMX or AVX-512) and is quicker so, else ``float32``.

    Parameters
    ----------
    device : str
        As for ``load_predictor``. Accelerators keep float32: nothing was measured there.
    """
    from veernet_core.net.bundle import chosen_device
    from veernet_core.net.precision import multiplies_in_bfloat16

    if chosen_device(device) != "cpu" or not multiplies_in_bfloat16():
        return "float32"
    single, half = measured_seconds()
    return "bfloat16" if half <= _PAYS * single else "float32"


def measured_seconds() -> tuple[float, float]:
    """Seconds of a convolution of the network's size in float32 and in bfloat16, the best of several rounds."""
    import torch

    x = torch.zeros(1, 64, 128, 128).contiguous(memory_format=torch.channels_last)
    kernel = torch.zeros(64, 64, 3, 3).contiguous(memory_format=torch.channels_last)
    pairs = [(x, kernel), (x.bfloat16(), kernel.bfloat16())]
    with torch.inference_mode():
        for pair in pairs:
            _seconds(*pair)  # the first call prepares the kernel
        rounds = [[_seconds(*pair) for pair in pairs] for _ in range(_ROUNDS)]
    single, half = (min(times) for times in zip(*rounds, strict=True))
    return single, half


def _seconds(x: Tensor, kernel: Tensor) -> float:
    from torch.nn import functional

    begun = time.perf_counter()
    functional.conv2d(x, kernel, padding=1)
    return time.perf_counter() - begun
