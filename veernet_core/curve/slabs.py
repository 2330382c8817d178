"""The rectified strip as plain pictures that a viewer can load piece by piece.

In: the ink of one track's strip. Out: PNG slabs at full size, and the same at an eighth of it for
the far view. Each states in its own text chunk where it lies, so that a viewer needs nothing else.
Curves are not drawn in: the viewer lays them over the ink. Files do not belong here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from veernet_core.datatypes import F64, U8

SLAB_ROWS = 4096
"""Picture rows of a slab; a viewer holds two or three of them at once."""

REDUCTIONS = (1, 8)
"""Strip pixels per picture pixel, across and down."""

TEXT_KEY = "veernet"
_BITS = {1: 2, 8: 4}
"""Bits of grey: four shades suffice at full size, where most scans are black and white."""


@dataclass(frozen=True, slots=True)
class Slab:
    """Where a picture lies.

    Attributes
    ----------
    section, track : int
        Indices in the log.
    reduction : int
        Strip pixels per picture pixel.
    first_row, rows, cols : int
        Strip rows it covers, and the strip's width; the picture may end in paper below and right.
    strip_rows : int
        Rows of the whole strip.
    left_col, right_col : float
        Strip columns of the track's borders.
    scan_row, scan_rows_per_row : float
        Scan row of strip row 0, and scan rows per strip row.
    """

    section: int
    track: int
    reduction: int
    first_row: int
    rows: int
    cols: int
    strip_rows: int
    left_col: float
    right_col: float
    scan_row: float
    scan_rows_per_row: float

    @property
    def name(self) -> str:
        """End of the file's stem."""
        return f"{self.first_row:06d}" + ("" if self.reduction == 1 else f"-{self.reduction}th")


def draw_slabs(
    ink: U8, left_col: float, right_col: float, scan_rows: F64, section: int, track: int
) -> Iterator[tuple[Slab, bytes]]:
    """Cut a strip into pictures.

    Parameters
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink.
    left_col, right_col : float
    scan_rows : float64 [rows], evenly spaced
    section, track : int

    Yields
    ------
    Slab, bytes
        Where the picture lies, and its PNG; the same strip gives the same bytes.
    """
    rows, cols = ink.shape
    pace = float(scan_rows[-1] - scan_rows[0]) / (rows - 1) if rows > 1 else 1.0
    for reduction in REDUCTIONS:
        span = SLAB_ROWS * reduction
        for first in range(0, rows, span):
            part = ink[first : first + span]
            slab = Slab(section, track, reduction, first, len(part), cols, rows, left_col, right_col,
                        float(scan_rows[0]), pace)  # fmt: skip
            yield slab, _png(_reduced(part, reduction), slab)


def read_slab(text: str) -> Slab | None:
    """What a picture's text chunk says; None where it is not of this kind."""
    try:
        return Slab(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _reduced(ink: U8, reduction: int) -> U8:
    """Mean ink of squares; paper is added below and right to fill the last ones."""
    if reduction == 1:
        return ink
    rows, cols = (-(-n // reduction) for n in ink.shape)
    padded = np.zeros((rows * reduction, cols * reduction), dtype=np.uint8)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    out: U8 = cv2.resize(padded, (cols, rows), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return out


def _png(ink: U8, slab: Slab) -> bytes:
    bits = _BITS[slab.reduction]
    steps = 2**bits - 1
    index = ((ink.astype(np.uint16) * steps + 127) // 255).astype(np.uint8)
    picture = Image.frombytes("P", (ink.shape[1], ink.shape[0]), index.tobytes())
    picture.putpalette([255 - 255 * level // steps for level in range(steps + 1) for _ in "rgb"])
    about = PngInfo()
    about.add_text(TEXT_KEY, json.dumps(asdict(slab), sort_keys=True))
    sink = io.BytesIO()
    picture.save(sink, "PNG", bits=bits, pnginfo=about)
    return sink.getvalue()
