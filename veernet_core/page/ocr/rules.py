"""Print without the ruled lines around it: a rule beside a number must not be read as a digit.

In: ink of a region at the resolution of reading. Out: the same ink without long level and upright lines.
Does not belong here: finding and reading text, and what a rule means for the layout.
"""

from __future__ import annotations

import cv2
import numpy as np

from veernet_core.datatypes import F64, U8, Bool
from veernet_core.page.ocr.components import LETTER_INK

_RULE_IN = (0.32, 0.27)
"""Shortest horizontal and vertical line, inches: longer than any stroke of a letter of ordinary print."""


_STROKE_IN = 0.025
"""Width of a border, inches; a figure is wider, or stands beside it."""


def without_strokes_on(ink: U8, borders: F64, dpi: float) -> U8:
    """Take off strokes that lie wholly on a track's border: its dashes, which are too short for a rule.

    Parameters
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink.
    borders : float64 [n, 2]
        Column of each border in the first and in the last row.
    dpi : float
        Resolution of ``ink``.
    """
    if not len(borders):
        return ink
    _, labels, stats, centres = cv2.connectedComponentsWithStats(
        (ink >= LETTER_INK).astype(np.uint8)
    )
    share = centres[:, 1:] / max(1, ink.shape[0] - 1)
    at = borders[None, :, 0] * (1 - share) + borders[None, :, 1] * share
    off = np.abs(centres[:, :1] - at).min(axis=1)
    reach = _STROKE_IN * dpi
    gone = (stats[:, cv2.CC_STAT_WIDTH] <= reach) & (off <= reach / 2)
    gone[0] = False
    fringe = cv2.dilate(gone[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    beside = cv2.dilate(((labels > 0) & ~gone[labels]).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(fringe & (beside == 0), 0, ink).astype(np.uint8)


def without_rules(ink: U8, dpi: float) -> tuple[U8, Bool]:
    """Take ruled lines off; strokes of letters that cross a rule are closed again.

    Parameters
    ----------
    ink : uint8 [rows, cols]
        0 paper, 255 ink.
    dpi : float
        Resolution of ``ink``.

    Returns
    -------
    ink : uint8 [rows, cols]
    walls : bool [rows, cols]
        Where vertical lines stood: print on both sides of one is not one phrase.
    """
    walls = np.zeros(ink.shape, dtype=np.bool_)
    dark = (ink >= LETTER_INK).astype(np.uint8)
    level, upright = (max(8, round(inches * dpi)) for inches in _RULE_IN)
    out = ink.copy()
    for size in ((level, 1), (1, upright)):
        rule = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones(size[::-1], np.uint8))
        if not rule.any():
            continue
        if size[1] > 1:
            walls = rule > 0
        rule = cv2.dilate(rule, np.ones((3, 3), np.uint8))
        rest = np.where(rule > 0, 0, dark).astype(np.uint8)
        thick = 2 * max(3, round(0.03 * dpi)) + 1
        close = (thick, 1) if size[1] == 1 else (1, thick)
        bridged = cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones(close, np.uint8))
        gone = (rule > 0) & (bridged == 0)
        out[gone] = 0
        dark = (out >= LETTER_INK).astype(np.uint8)
    return out, walls
