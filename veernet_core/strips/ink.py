"""One pen's ink out of a colour scan.

In: RGB rows with white paper, the colour of a curve, the colours of the other curves. Out: how much
of that curve's ink every pixel holds, 0 to 255, soft at the edges as an anti-aliased line is.
Does not belong here: which curve has which colour, geometry, paper balance (`raster`).

Model. A pixel on the edge of a line is a mixture of paper and ink, so in a perceptual space it lies
on the line from white to the pen's colour: its *direction* from white says which ink it is, its
length along that direction how much of it. Directions are compared in CIE Lab with lightness
weighted down, which is steady against anti-aliasing, palettes and JPEG. Black, always on the page
as text and grid, and the other pens compete for every pixel; the nearest direction wins, softly.
"""

from __future__ import annotations

import re
from functools import lru_cache

import cv2
import numpy as np

from veernet_core.datatypes import F32, F64, U8

_BITS = 6
_LIGHTNESS_WEIGHT = 0.6
_ACHROMATIC_CHROMA = 14.0
_TOLERANCE_DEG = 30.0
_RIVAL_SOFTNESS_DEG = 4.0
_GREY_GAMMA = 2.0
_FILL_PX = 15
_FILL_LEFT = 0.15
_BLACK = "#000000"


def separate_ink(rgb: U8, colour: str | None, others: tuple[str, ...] = ()) -> U8:
    """How much of one pen's ink every pixel holds.

    Parameters
    ----------
    rgb : uint8 [rows, cols, 3]
        White paper, as `Raster.read_rgb` gives it.
    colour : str or None
        The pen, ``#rrggbb``. None: all ink that is not of one of the ``others``.
    others : tuple of str
        Colours of the other pens; one equal to ``colour`` is ignored.

    Returns
    -------
    uint8 [rows, cols]
        0 none, 255 full ink. Areas filled with the pen's colour are kept faint, and so is a grey
        grid behind a black pen. Ink hidden under another pen is not seen.

    Raises
    ------
    ValueError
        A colour that is not ``#rrggbb``, or an array of another shape.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"rgb must be uint8 [rows, cols, 3], got {rgb.dtype} {rgb.shape}")
    pen = None if colour is None else colour.lower()
    rivals = tuple(sorted({other.lower() for other in others} - {pen}))
    table = _plain_table(rivals) if pen is None else _pen_table(pen, rivals)
    ink: U8 = table[_table_index(rgb)]
    return _without_fills(ink)


def _table_index(rgb: U8) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    drop = 8 - _BITS
    red, green, blue = ((rgb[..., channel] >> drop).astype(np.int32) for channel in range(3))
    index: np.ndarray[tuple[int, ...], np.dtype[np.int32]] = (
        (red << (2 * _BITS)) | (green << _BITS) | blue
    )
    return index


@lru_cache(maxsize=64)
def _pen_table(pen: str, rivals: tuple[str, ...]) -> U8:
    """Ink of a pen for every colour of a 6-bit cube, flattened."""
    own = _from_white(_parse(pen))
    chroma = float(np.hypot(own[1], own[2]))
    return _black_table(pen, rivals) if chroma < _ACHROMATIC_CHROMA else _hue_table(pen, rivals)


def _hue_table(pen: str, rivals: tuple[str, ...]) -> U8:
    pixels = _cube()
    own = _from_white(_parse(pen))
    angle = _angle_deg(pixels, own)
    amount = _amount(pixels, own)
    near = np.clip((_TOLERANCE_DEG - angle) / (0.4 * _TOLERANCE_DEG), 0.0, 1.0)
    return _to_byte(amount * near * _wins(pixels, angle, (*rivals, _BLACK)))


def _black_table(pen: str, rivals: tuple[str, ...]) -> U8:
    """Ink of a black or grey pen: its darkness without hue; lighter greys kept faint."""
    pixels = _cube()
    own = _from_white(_parse(pen))
    amount = np.clip(pixels[:, 0] / own[0], 0.0, None)
    too_dark = np.clip((amount - 1.3) / 0.4, 0.0, 0.8)  # black text over a grey pen
    chroma = np.hypot(pixels[:, 1], pixels[:, 2])
    achromatic = np.clip((40.0 - chroma) / 20.0, 0.0, 1.0)
    rivals = tuple(r for r in rivals if np.hypot(*_from_white(_parse(r))[1:]) >= _ACHROMATIC_CHROMA)
    wins = _wins(pixels, _angle_deg(pixels, own), rivals)
    ink = np.clip(amount, 0.0, 1.0) ** _GREY_GAMMA * achromatic * wins
    return _to_byte(ink * (1.0 - too_dark))


@lru_cache(maxsize=16)
def _plain_table(rivals: tuple[str, ...]) -> U8:
    """Darkness of all ink that is nearer to black, or to no known pen, than to a rival."""
    pixels = _cube()
    left = np.ones(len(pixels))
    for rival in rivals:
        angle = _angle_deg(pixels, _from_white(_parse(rival)))
        left *= np.clip(angle / (0.5 * _TOLERANCE_DEG) - 0.5, 0.0, 1.0)
    return _to_byte(np.linalg.norm(pixels, axis=1) / 100.0 * left)


def _wins(pixels: F64, own_angle: F64, rivals: tuple[str, ...]) -> F64:
    """Soft share of a pixel that is nearer to the own direction than to every rival's."""
    wins = np.ones(len(pixels))
    for rival in rivals:
        margin = _angle_deg(pixels, _from_white(_parse(rival))) - own_angle
        wins = np.minimum(wins, 1.0 / (1.0 + np.exp(-margin / _RIVAL_SOFTNESS_DEG)))
    return wins


def _amount(pixels: F64, own: F64) -> F64:
    """Coverage: length along the pen's direction, in pen lengths."""
    amount: F64 = np.clip(pixels @ own / float(own @ own), 0.0, 1.0)
    return amount


def _angle_deg(pixels: F64, direction: F64) -> F64:
    weight = np.array([_LIGHTNESS_WEIGHT, 1.0, 1.0])
    a, b = pixels * weight, direction * weight
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b)
    cosine = np.divide(a @ b, norms, out=np.zeros(len(a)), where=norms > 1e-6)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), dtype=np.float64)


@lru_cache(maxsize=1)
def _cube() -> F64:
    """Every colour of the 6-bit cube, as a vector from white: [n, (darkness, a, b)]."""
    levels = np.arange(2**_BITS) * (255.0 / (2**_BITS - 1))
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    return _lab_from_white(np.stack([red.ravel(), green.ravel(), blue.ravel()], axis=1))


def _from_white(rgb: F64) -> F64:
    vector: F64 = _lab_from_white(rgb[None])[0]
    # A white pen leaves no ink; give it a direction that nothing matches instead of dividing by 0.
    return vector if np.linalg.norm(vector) > 1.0 else np.array([-100.0, 0.0, 0.0])


def _lab_from_white(rgb: F64) -> F64:
    pixels: F32 = (rgb[None] / 255.0).astype(np.float32)
    lab = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2Lab), dtype=np.float64)[0]
    return np.column_stack([100.0 - lab[:, 0], lab[:, 1], lab[:, 2]])


def _parse(colour: str) -> F64:
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValueError(f"colour must be #rrggbb, got {colour!r}")
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def _to_byte(share: F64) -> U8:
    return np.rint(np.clip(share, 0.0, 1.0) * 255.0).astype(np.uint8)


def _without_fills(ink: U8) -> U8:
    """Fade areas too large in both directions to be a line: lithology and shading."""
    if min(ink.shape) < _FILL_PX:
        return ink
    # Hatching leaves holes in a fill: closing them first shows the area as one.
    small = np.ones((3, 3), dtype=np.uint8)
    large = np.ones((_FILL_PX, _FILL_PX), dtype=np.uint8)
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, small)
    fill = cv2.morphologyEx(closed, cv2.MORPH_OPEN, large)
    if not fill.any():
        return ink
    share = fill.astype(np.float32) * ((1.0 - _FILL_LEFT) / 255.0)
    return np.rint(ink * (1.0 - share)).astype(np.uint8)
