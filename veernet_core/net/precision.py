"""In which numbers networks are trained and measured: coarse ones where the machine multiplies in them.

Does not belong here: what a run digitises with: ``flows.engine.precision`` decides that.
"""

from __future__ import annotations

import torch


def multiplies_in_bfloat16() -> bool:
    """Whether this CPU has instructions for it (AMX or AVX-512); else it is imitated, seven times slower."""
    return torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()


def mixed_precision(device_type: str) -> torch.autocast:
    """Convolutions in bfloat16 on accelerators and on CPUs that have it, all in float32 elsewhere.

    Parameters
    ----------
    device_type : str
        ``cpu``, ``cuda``.
    """
    pays = device_type != "cpu" or multiplies_in_bfloat16()
    return torch.autocast(device_type, torch.bfloat16, enabled=pays)
