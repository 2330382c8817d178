"""The ink of each pen of a coloured picture: print of one colour without the lines of all others.

In: pixels. Out: the colours of its pens, and for each of them ink, 0 to 255. Ink is what a pixel lacks to
white; its direction in colour is that of its pen, also where a soft edge has less of it, and red and dark red
have two.
Does not belong here: the ink a curve is traced on (`strips.ink`), and the colour of words (`tints`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from veernet_core.datatypes import F32, U8, Bool
from veernet_core.page.ocr.tints import BLACK, rgb_of

_BINS = 12
"""Bins of each channel of a direction, for counting."""
_APART, _WITHIN = 0.24, 0.4
"""Angle between two pens, at least, and from a pen to its own pixels, at most; radians."""
_FRINGE = 0.02
"""How much nearer to a coloured pen, as a cosine, the smoothed edge of a black letter may be."""
_STRONG = 190.0
"""Ink, in one channel at least, of a pixel that counts for its pen."""
_BLACK, _FRINGED = 80, 0.6
"""Brightest black; share of pixels next to black or another pen from which a colour is none of a pen."""
_FEWEST_PX, _FEWEST_SHARE = 100, 0.002
"""Pixels of a pen: print of one word is as many."""
_MOST_PENS = 8
_PALE = 90.0
"""Ink of grey grids and fills in every channel: black print has more."""


def pens_of(rgb: U8) -> list[str]:
    """Colours in which something is drawn or printed, as ``#rrggbb``, the most ink first; black is the last.

    Parameters
    ----------
    rgb : uint8 [rows, cols, 3]
    """
    ink = 255.0 - rgb.astype(np.float32)
    strong = ink.max(axis=2) > _STRONG
    ways = _directions(ink[strong])
    if not len(ways):
        return [BLACK]
    cells = np.rint(ways * _BINS).astype(np.int64) @ np.array([400, 20, 1])
    _, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    least = max(_FEWEST_PX, _FEWEST_SHARE * len(ways))
    found = [_direction(BLACK)]
    pens: list[str] = []
    beside = _widened(rgb.max(axis=2) < _BLACK)
    for cell in np.argsort(-counts, kind="stable"):
        if counts[cell] < least or len(pens) == _MOST_PENS:
            break
        way = _directions(ways[inverse == cell].mean(axis=0, keepdims=True))[0]
        if any(_angle(way, other) <= _APART for other in found):
            continue
        own = np.zeros(strong.shape, dtype=np.bool_)
        own[strong] = inverse == cell
        if beside[own].mean() < _FRINGED:
            found.append(way)
            pens.append(_hex(ink[own]))
            beside |= _widened(own)
    return [*pens, BLACK]


def _hex(ink: F32) -> str:
    """The colour of the stronger half of the ink of a pen, float32 [n, 3]."""
    strongest = ink[np.argsort(-np.linalg.norm(ink, axis=1))]
    r, g, b = 255 - np.median(strongest[: max(6, len(strongest) // 2)], axis=0).astype(int)
    return f"#{r:02x}{g:02x}{b:02x}"


def _widened(flags: Bool) -> Bool:
    """Pixels of a pen and those next to them: smoothed letters have edges of other hues there."""
    return np.asarray(cv2.dilate(flags.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def layer_inks(rgb: U8, pens: Sequence[str]) -> Iterator[U8]:
    """Ink of each of several pens, uint8 [rows, cols], in their order.

    Parameters
    ----------
    rgb : uint8 [rows, cols, 3]
    pens : sequence of str
        Of ``pens_of``.
    """
    ink = 255.0 - rgb.astype(np.float32)
    ways = _directions(ink.reshape(-1, 3))
    alike = np.stack([ways @ _direction(p) for p in pens])
    nearest = alike.argmax(axis=0)
    for index, pen in enumerate(pens):
        if pen == BLACK:
            rivals = np.delete(alike, index, axis=0).max(axis=0, initial=0)
            own = alike[index] > rivals - _FRINGE
            strength = (np.median(ink, axis=2) - _PALE) * 255.0 / (255.0 - _PALE)
        else:
            own = (nearest == index) & (alike[index] > np.cos(_WITHIN))
            strength = ink.max(axis=2)
        kept = np.where(own.reshape(rgb.shape[:2]), strength, 0)
        yield np.asarray(np.clip(kept, 0, 255), dtype=np.uint8)


def _directions(ink: F32) -> F32:
    """Unit vectors, float32 [n, 3]; zeros where there is no ink."""
    return np.asarray(
        ink / np.maximum(np.linalg.norm(ink, axis=1, keepdims=True), 1e-6), np.float32
    )


def _direction(pen: str) -> F32:
    ink = 255.0 - np.array([rgb_of(pen)], dtype=np.float32)
    return np.asarray(_directions(ink)[0], np.float32)


def _angle(one: F32, other: F32) -> float:
    return float(np.arccos(np.clip(one @ other, -1, 1)))
