"""What the held-out drawings are made of: curves on paper, their pens, and the frame of a strip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import (
    F64,
    Bool,
    CurveSpec,
    Strip,
    Style,
)
from veernet_core.errors import GeometryError

Shape: TypeAlias = "NDArray[Any] | tuple[str, NDArray[Any]]"
"""Values on regular depths (0.5 ft), or a mnemonic and such values."""
Polyline: TypeAlias = tuple[F64, F64]
"""Columns and rows of the vertices of one pen-down stroke, pixels, rows increasing."""
Cap = Literal["butt", "round", "projecting"]
Join = Literal["round", "bevel", "miter"]
Family = Literal["gamma", "resistivity", "backup", "porosity"]
Tone = Literal["grey", "bilevel"]
MARGIN_PX = DigitiseConfig().margin_px
STEP_FT = 0.5


@dataclass(frozen=True, slots=True)
class HeldoutStrip:
    """One drawn track with its truth.

    Attributes
    ----------
    strip : Strip
    specs : tuple of CurveSpec, one per curve
    frac : float64 [n_curves, rows]
        Unwrapped track position of the *ink* at every row centre; NaN where no ink was drawn
        (off scale, pen lifted). A pegged curve sits at 0 or 1. Dash gaps are not NaN.
    depth : float64 [rows]
        Depth of every row centre, ft.
    visible : bool [n_curves, rows]
        False where nothing is drawn, or the finish erased or buried the ink.
    ident : str
        Which plotter, track family and finish made it.
    """

    strip: Strip
    specs: tuple[CurveSpec, ...]
    frac: F64
    depth: F64
    visible: Bool
    ident: str

    def __post_init__(self) -> None:
        rows = self.strip.ink.shape[0]
        if self.frac.shape != (len(self.specs), rows) or self.visible.shape != self.frac.shape:
            raise GeometryError("held-out truth does not match its strip")


@dataclass(frozen=True, slots=True)
class Pen:
    """How one curve is inked. Lengths in pixels; ``on_px`` = 0 draws a continuous line."""

    style: Style
    width_px: float
    on_px: float = 0.0
    off_px: float = 0.0
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Course:
    """Where one curve goes: vertices in unwrapped track fractions, and what is inked of them.

    ``lifts`` are row intervals with the pen up. ``peg`` holds the pen at the edge when off scale.
    """

    row: F64
    frac: F64
    wraps: int = 0
    peg: bool = False
    lifts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Strip geometry: size, borders, sideways wander (px per row) and depth of every row."""

    rows: int
    cols: int
    left: float
    width: float
    wander_px: F64
    depth: F64
    rows_per_ft: float

    def column(self, frac: F64, row: F64) -> F64:
        """Strip column of a track fraction at a strip row."""
        shift = np.interp(row, np.arange(self.rows), self.wander_px)
        out: F64 = self.left + frac * self.width + shift
        return out
