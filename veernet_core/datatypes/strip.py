"""One rectified track, what the network says of it, and the path of a curve through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes.words import F32, F64, U8, Bool, Style, require


@dataclass(frozen=True, slots=True)
class Strip:
    """A block of one rectified track, for curves of one ink.

    Attributes
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink.
    left_col, right_col : float
        Strip columns of the track's borders; a margin lies outside them.
    scan_rows : float64 [rows]
        Scan row, on the section's reference line, of every strip row.
    section_index, track_index : int
    curve_indices : tuple of int
        Which of the track's curves are drawn in this ink.
    styles : tuple of str
        Their line styles, in the same order; empty where nothing is known.
    first_row : int
        Index of this block's first row in the whole track's strip.
    keep_rows : tuple of int
        ``(start, stop)`` rows of this block that are its own; the rest overlaps the neighbours.
    all_ink : uint8 [rows, cols] or None
        Everything on the paper, grid and other pens included, where ``ink`` is that of one pen: borders are
        mostly printed in another colour. With the first pen of a block only; None elsewhere.
    """

    ink: U8
    left_col: float
    right_col: float
    scan_rows: F64
    section_index: int = 0
    track_index: int = 0
    curve_indices: tuple[int, ...] = ()
    styles: tuple[Style, ...] = ()
    first_row: int = 0
    keep_rows: tuple[int, int] = (0, 0)
    all_ink: U8 | None = None

    def __post_init__(self) -> None:
        require(
            self.ink.ndim == 2 and self.ink.dtype == np.uint8, "strip ink must be uint8 [row, col]"
        )
        same = self.all_ink is None or self.all_ink.shape == self.ink.shape
        require(same, "a strip's own ink and all ink differ in shape")
        require(len(self.scan_rows) == self.ink.shape[0], "strip rows and scan rows differ")
        require(0 <= self.left_col < self.right_col <= self.ink.shape[1], "track outside strip")

    @property
    def track_width_px(self) -> float:
        """Width of the track in strip pixels."""
        return self.right_col - self.left_col

    @property
    def printed(self) -> U8:
        """The ink in which borders are looked for, uint8 [rows, cols]."""
        return self.ink if self.all_ink is None else self.all_ink


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the network says about a strip.

    Attributes
    ----------
    position : float16 [3, rows, cols]
        For every style class a distribution over the columns of each row (sums to 1): where the
        curves of this style are. Several curves of a style share the mass.
    presence : float32 [3, rows]
        Probability that a curve of this style is drawn at this row.
    mask : float16 [4, rows, cols] or None
        Softmax over background and the three styles.
    """

    position: NDArray[np.float16]
    presence: F32
    mask: NDArray[np.float16] | None = None

    def __post_init__(self) -> None:
        require(
            self.position.ndim == 3 and self.position.shape[:2] == self.presence.shape,
            "posterior position and presence shapes differ",
        )


class Predictor(Protocol):
    """What the spine needs of a network."""

    model_id: str
    calibration: Mapping[str, Any]

    @property
    def numerics(self) -> str:
        """How it computes: precision, engine and kind of device."""

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """Sub-pixel position of one curve, per strip row.

    Attributes
    ----------
    frac : float64 [rows]
        Position in track widths (unfolded for wraps); NaN where the curve is off its
        scale.
    evidence : float64 [rows, n_evidence]
        Columns named in ``EVIDENCE``, each in [0, 1].
    observed : bool [rows]
        False where the position is bridged.
    scan_rows : float64 [rows]
    wrap_odds, name_odds : float64 [rows] or None
        Chance that the wrap index is right, and that it is this curve and not another one of its style; None
        where there is nothing to mistake it for.
    """

    frac: F64
    evidence: F64
    observed: Bool
    scan_rows: F64
    wrap_odds: F64 | None = None
    name_odds: F64 | None = None

    def __post_init__(self) -> None:
        n = len(self.frac)
        require(
            len(self.evidence) == n and len(self.observed) == n and len(self.scan_rows) == n,
            "trace arrays differ in length",
        )


EVIDENCE: tuple[str, ...] = ("mass", "presence", "ink", "margin", "support")
"""Per-row evidence of a trace: posterior mass within 3 px, presence, ink under the path, margin of the
path's posterior over the best rival outside it, and inked share of the way from the row above."""
