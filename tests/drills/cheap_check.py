"""The stand-in's trial decode, with trouble on demand: what a decoder's child loads, so it loads little.

Words in a scan's name: see `cheap_engine`.
"""

from __future__ import annotations

import os
import time
from pathlib import PurePosixPath

import numpy as np

from flows.engine.decoders import decode_whole
from veernet_core.config import RasterLimits


def check(data: bytes, name: str, limits: RasterLimits) -> None:
    """The real trial decode, unless the name asks for trouble."""
    name = PurePosixPath(name).name
    if "crash" in name:
        os.abort()
    while "hang" in name:
        time.sleep(1)
    if "greedy" in name:
        np.ones(1 << 36, dtype=np.uint8)
    decode_whole(data, name, limits)
