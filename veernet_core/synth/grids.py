"""Grids of drawn strips: where their lines stand, how wide and how dark they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from veernet_core.datatypes import Rng

Line: TypeAlias = tuple[float, float, float]
"""Position, width, px, and darkness."""


@dataclass(frozen=True, slots=True)
class GridPlan:
    """Grid of a track: columns of vertical lines and rows of horizontal ones with weights.

    ``dash_px`` are the dashes of light lines; ``broken_px`` the mean lengths of print and gap where all
    lines break up at random. Zeros for whole lines.
    """

    vertical_px: tuple[Line, ...]
    horizontal_px: tuple[Line, ...]
    dash_px: tuple[float, float]
    broken_px: tuple[float, float]
    slope: float


def plan_grid(rng: Rng, rows: int, left: float, right: float) -> GridPlan:
    """Draw a linear or logarithmic grid.

    Returns
    -------
    GridPlan
        Lines as (position px, width px, darkness).
    """
    width = right - left
    tone = float(rng.choice([1.0, 0.9, 0.7, 0.45, 0.3]))
    fine = float(rng.uniform(0.7, 1.7))
    heavy = fine * (rng.uniform(1.0, 2.2) if rng.random() < 0.8 else rng.uniform(2.2, 4.5))
    vertical = _divisions(rng, left, width, fine, heavy, tone)
    border = (heavy * rng.uniform(1, 1.6), max(tone, float(rng.choice([1.0, tone]))))
    if rng.random() < 0.93:
        vertical += [(left, *border), (right, *border)]
    horizontal = _depth_lines(rng, rows, fine, heavy, tone)
    dash = (0.0, 0.0)
    if rng.random() < 0.25:
        dash = (float(rng.uniform(1.5, 14)), float(rng.uniform(2, 8)))
    broken = (0.0, 0.0)
    if rng.random() < 0.3:
        broken = (float(rng.lognormal(2.6, 1.0)), float(rng.lognormal(1.6, 0.8)))
    slope = float(rng.normal(0, 0.002))
    return GridPlan(tuple(vertical), tuple(horizontal), dash, broken, slope)


def _divisions(
    rng: Rng, left: float, width: float, fine: float, heavy: float, tone: float
) -> list[Line]:
    """Decades, linear divisions or nothing between the borders."""
    vertical: list[Line] = []
    kind = rng.random()
    if kind < 0.3:
        decades = int(rng.choice([1, 2, 3, 4]))
        first = int(rng.choice([1, 2]))
        marks = np.array([d * 10**k for k in range(decades + 1) for d in range(1, 10)], float)
        at = np.log10(marks / first) / decades
        for u, mark in zip(at, marks):
            if 0 < u < 1:
                major = np.log10(mark) % 1 == 0
                vertical.append((left + u * width, heavy if major else fine, tone))
    elif kind < 0.93:
        divisions = int(rng.choice([10, 10, 10, 10, 20, 5, 4, 8, 12]))
        every = int(rng.choice([5, 5, 2, 10]))
        for i in range(1, divisions):
            vertical.append((left + width * i / divisions, heavy if i % every == 0 else fine, tone))
    return vertical


def _depth_lines(rng: Rng, rows: int, fine: float, heavy: float, tone: float) -> list[Line]:
    horizontal: list[Line] = []
    if rng.random() < 0.93:
        pitch = float(rng.choice([8, 10, 13, 16, 20, 20, 25, 40, 50]) * rng.uniform(0.9, 1.1))
        every = int(rng.choice([5, 5, 10, 2]))
        offset = int(rng.integers(0, 10))
        for i, row in enumerate(np.arange(rng.uniform(0, pitch), rows, pitch)):
            horizontal.append((row, heavy if (i + offset) % every == 0 else fine, tone))
    return horizontal
