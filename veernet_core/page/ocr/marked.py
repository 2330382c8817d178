"""Print found by what the print network marks: phrases whose middles run together.

In: the network's maps of a region. Out: rectangles, one for each phrase, and the ink without all that is no
print. Does not belong here: the network (`net.prints`), and what the print says.
"""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np

from veernet_core.datatypes import U8, Bool
from veernet_core.page.ocr.components import Print

_MIDDLE, _MARKED, _KEPT, _INK = 110, 110, 90, 60
"""Levels, of 255: of the middle of a phrase, of its letters, of ink that is left for reading, and of ink."""
_FEWEST_CELLS, _NARROWEST, _LOWEST = 12, 4, 5
_REACH = 0.75
"""How far letters reach above and below the middle that is marked, in heights of it."""


class PrintMarks(Protocol):
    """The print network, handed in from outside."""

    def mark_print(self, ink: U8) -> tuple[U8, U8]:
        """Probability, uint8 [rows, cols], of print and of the middle of a phrase."""
        ...


class PrintNets(Protocol):
    """Where the print network comes from."""

    def print_net(self, data: bytes | None = None) -> PrintMarks | None:
        """The network of a file's bytes, or the one that comes with the package; None: none is at hand."""


def find_marked(ink: U8, text: U8, core: U8, walls: Bool | None = None) -> list[Print]:
    """Phrases that are marked, from top to bottom.

    Parameters
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink, at the resolution of reading.
    text, core : uint8 [rows, cols]
        The network's maps.
    walls : bool [rows, cols], optional
        Vertical lines: no phrase crosses one.
    """
    middle = core > _MIDDLE if walls is None else (core > _MIDDLE) & ~walls
    _, _, stats, _ = cv2.connectedComponentsWithStats(middle.astype(np.uint8), connectivity=4)
    own = (text > _MARKED) & (ink > _INK)
    found = []
    for left, top, wide, tall, area in stats[1:]:
        if area < _FEWEST_CELLS or wide < _NARROWEST:
            continue
        row0, row1 = max(0, int(top - _REACH * tall) - 1), int(top + (1 + _REACH) * tall) + 2
        col0, col1 = max(0, left - 4), left + wide + 5
        inside = own[row0:row1, col0:col1]
        rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if len(rows) < _LOWEST:
            continue
        height = int(rows[-1] - rows[0]) + 1
        pad = max(2, round(0.2 * height))
        found.append(
            Print(
                max(0, row0 + int(rows[0]) - pad),
                min(ink.shape[0], row0 + int(rows[-1]) + 1 + pad),
                max(0, int(col0 + cols[0]) - pad),
                min(ink.shape[1], int(col0 + cols[-1]) + 1 + pad),
                float(height),
            )
        )
    return sorted(found, key=lambda p: (p.row0, p.col0))


def unmarked_taken_off(ink: U8, text: U8) -> U8:
    """The ink that is marked as print, uint8 [rows, cols]."""
    return np.where(text > _KEPT, ink, 0).astype(np.uint8)
