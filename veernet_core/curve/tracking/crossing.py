"""What moving sideways within a row costs: little along ink, much over blank paper."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet_core.curve.tracking.costs import JointCosts
from veernet_core.datatypes import F32, INKED


def strokes_across(ink: NDArray[np.uint8], most_share: float = 0.75) -> NDArray[np.uint8]:
    """Ink along which a curve may have moved sideways within a row, [rows, cols].

    A stroke between two rows may lie in either; a row that is inked nearly all along is a line of
    the grid and leads nowhere.
    """
    grid = (ink > INKED).mean(axis=1) > most_share
    own = np.where(grid[:, None], 0, ink).astype(np.uint8)
    return np.maximum(own, np.vstack([own[:1], own[:-1]]))


def crossing_costs(across: NDArray[np.uint8], costs: JointCosts) -> F32:
    """Cumulative cost of crossing a row from its left end, [rows, cols]; ink is cheap to cross.

    ``across`` is what ``strokes_across`` makes of the strip.
    """
    return np.cumsum(move_costs(costs)[across], axis=1, dtype=np.float32)


def move_costs(costs: JointCosts) -> F32:
    """Cost of moving sideways over a pixel, by its ink: a stroke within a row leaves a line. [256]."""
    return (costs.along + costs.across * (1 - np.arange(256) / 255)).astype(np.float32)


def blank_columns(across: NDArray[np.uint8]) -> F32:
    """Number of blank columns up to each pixel of a row, [rows, cols]."""
    return np.cumsum(across < INKED, axis=1, dtype=np.float32)
