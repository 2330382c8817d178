"""Words and kinds of arrays that all data share."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from veernet_core.errors import GeometryError

Style = Literal["solid", "dashed", "dotted"]
Scale = Literal["linear", "log", "hybrid"]
Wrap = Literal["none", "one", "all"]
DepthUnit = Literal["ft", "m"]
Decision = Literal["accept", "review", "reject"]
Source = Literal["sidecar", "header", "template", "guess"]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]
Rng = np.random.Generator
STYLES: tuple[Style, ...] = ("solid", "dashed", "dotted")
FT_PER: dict[DepthUnit, float] = {"ft": 1.0, "m": 1 / 0.3048}
"""Feet in a unit of depth."""
DEEPEST: dict[DepthUnit, float] = {"ft": 65_000.0, "m": 20_000.0}
"""No well reaches this depth: the longest are 15 km long."""
INKED = 110
"""Tone of a strip above which a pixel counts as ink."""
UPRIGHT_PEAK = 0.266
"""Height of the distribution over the columns at an upright curve: a Gaussian 1.5 px wide."""
WRAP_COUNTS: dict[Wrap, int] = {"none": 0, "one": 1, "all": 4}
"""Most wrap count on each side, by off-scale mode."""
RESISTIVITIES = frozenset({"ILD", "ILM", "SFL", "RXO", "RES"})
"""Curves that are plotted on logarithmic scales."""


class Dpi(NamedTuple):
    """Resolution, pixels per inch, down the page and across it: fax machines scan 98 x 204."""

    down: float
    across: float

    @property
    def turned(self) -> Dpi:
        """That of the page turned by a quarter."""
        return Dpi(self.across, self.down)


def require(condition: bool, message: str) -> None:
    """Refuse data that break an invariant.

    Raises
    ------
    GeometryError
    """
    if not condition:
        raise GeometryError(message)


def flag_runs(flags: Bool) -> list[tuple[int, int]]:
    """Half-open runs of True.

    Examples
    --------
    >>> flag_runs(np.array([True, True, False, True]))
    [(0, 2), (3, 4)]
    """
    padded = np.concatenate([[False], flags, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2])]


def row_runs(flags: Bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Half-open runs of True along the rows of [rows, cols], from top to bottom: first columns, and ends.

    Examples
    --------
    >>> first, end = row_runs(np.array([[True, True, False], [False, False, True]]))
    >>> first.tolist(), end.tolist()
    ([0, 2], [2, 3])
    """
    edges = np.flatnonzero(np.diff(np.pad(flags, ((0, 0), (1, 1))).ravel()))
    cols = edges % (flags.shape[1] + 2)
    return cols[::2], cols[1::2]
