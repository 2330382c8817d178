"""A narrow network for tests that need curves and not their accuracy: an eighth of the shipped one's work.

It was trained with the project's own command on 450 steps of drawn strips (widths 8 to 40), and carries the
calibration of the shipped bundle.
"""

from __future__ import annotations

from pathlib import Path

from veernet_core.net.bundle import LoadedPredictor, load_predictor

SMALL_NETWORK = Path(__file__).parent / "data" / "small-network.safetensors"


def small_predictor() -> LoadedPredictor:
    """The narrow network, resident like the shipped one."""
    return load_predictor(SMALL_NETWORK.read_bytes(), device="cpu")
