"""The images of a PDF page: where they lie, and the resolution of the one that covers the page.

In: a pdfium page. Out: `PlacedImage` for every image, also inside form objects, whose matrices count; the
page's resolution. A page is often put together: a scan cut into strips on rounded coordinates, a logo of
four times the resolution, a stamp.
Does not belong here: rendering. Callers hold pdfium's lock.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium_c

from veernet_core.datatypes import F64

_SAME_RESOLUTION = 0.05
"""How far apart the resolutions of strips of one scan may be: their coordinates are rounded."""
_LEAST_COVER, _PRINT_PER_PT = 0.1, 300.0 / 72.0
"""A page of which images cover less is drawn, not scanned, and rendered as if printed at 300 dpi."""
_DEEPEST_FORM = 16


@dataclass(frozen=True, slots=True)
class PlacedImage:
    """An image on a page, before the page's rotation.

    Attributes
    ----------
    per_pt : tuple of float
        Pixels to the unit of the page, across and down.
    width_pt, height_pt : float
        Extent on the page.
    bits, colorspace : int
    """

    per_pt: tuple[float, float]
    width_pt: float
    height_pt: float
    bits: int
    colorspace: int


def images_of(page: Any) -> list[PlacedImage]:
    """Every image of a page that has an extent."""
    placed = (_placed(page, raw, matrix) for raw, matrix in image_objects(page))
    return [image for image in placed if image is not None]


def image_objects(page: Any) -> list[tuple[Any, F64]]:
    """Every image object of a page, also inside forms, and its matrix from the unit square to the page."""
    objects = _objects(
        pdfium_c.FPDFPage_CountObjects(page.raw),
        lambda index: pdfium_c.FPDFPage_GetObject(page.raw, index),
        np.eye(3),
        _DEEPEST_FORM,
    )
    return list(objects)


def resolution(images: Sequence[PlacedImage], size_pt: tuple[float, float]) -> tuple[float, float]:
    """Pixels to the unit of the page, across and down, of the images that cover most of it.

    Images of about one resolution count together, as strips of one scan do; their mean over the page
    undoes the rounding of their coordinates.

    Parameters
    ----------
    images : sequence of PlacedImage
        One or more.
    size_pt : (width, height)
        Of the page, before its rotation.
    """
    covers = [
        sum(other.width_pt * other.height_pt for other in _alike(image, images)) for image in images
    ]
    best = int(np.argmax(covers))
    if covers[best] < _LEAST_COVER * size_pt[0] * size_pt[1]:
        return _PRINT_PER_PT, _PRINT_PER_PT
    group = _alike(images[best], images)
    across = sum(i.per_pt[0] * i.width_pt for i in group) / sum(i.width_pt for i in group)
    down = sum(i.per_pt[1] * i.height_pt for i in group) / sum(i.height_pt for i in group)
    return across, down


def user_unit(data: bytes) -> float:
    """Points (1/72 in) in the unit of the page: large pages state more than one. pdfium does not tell."""
    match = re.search(rb"/UserUnit\s+([0-9.]{1,12})", data)
    value = float(match[1]) if match and match[1].count(b".") <= 1 and match[1] != b"." else 1.0
    return value if value > 0 else 1.0


def _alike(image: PlacedImage, images: Sequence[PlacedImage]) -> list[PlacedImage]:
    return [
        other
        for other in images
        if all(abs(a / b - 1) <= _SAME_RESOLUTION for a, b in zip(image.per_pt, other.per_pt))
    ]


def _objects(
    n: int, get: Callable[[int], Any], matrix: F64, deepest: int
) -> Iterator[tuple[Any, F64]]:
    """Image objects, and the matrix from the page object's own space to the page."""
    for index in range(n):
        raw = get(index)
        kind = pdfium_c.FPDFPageObj_GetType(raw)
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            yield raw, _matrix(raw) @ matrix
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and deepest:
            yield from _objects(
                pdfium_c.FPDFFormObj_CountObjects(raw),
                partial(pdfium_c.FPDFFormObj_GetObject, raw),
                _matrix(raw) @ matrix,
                deepest - 1,
            )


def _matrix(raw: Any) -> F64:
    """Matrix of an object as rows [a b 0], [c d 0], [e f 1]: points are rows multiplied from the left."""
    m = pdfium_c.FS_MATRIX()
    if not pdfium_c.FPDFPageObj_GetMatrix(raw, m):
        return np.eye(3)
    return np.array([[m.a, m.b, 0.0], [m.c, m.d, 0.0], [m.e, m.f, 1.0]])


def _placed(page: Any, raw: Any, matrix: F64) -> PlacedImage | None:
    """An image is the unit square of its own space; a quarter turn swaps its sides on the page."""
    width_px, height_px = ctypes.c_uint(), ctypes.c_uint()
    if not pdfium_c.FPDFImageObj_GetImagePixelSize(raw, width_px, height_px):
        return None
    along, up = np.abs(matrix[0, :2]), np.abs(matrix[1, :2])
    sides = (width_px.value, float(np.hypot(*along))), (height_px.value, float(np.hypot(*up)))
    if along[1] > along[0]:
        sides = sides[::-1]
    (across_px, width_pt), (down_px, height_pt) = sides
    if min(width_pt, height_pt) <= 0 or not across_px or not down_px:
        return None
    facts = pdfium_c.FPDF_IMAGEOBJ_METADATA()
    pdfium_c.FPDFImageObj_GetImageMetadata(raw, page.raw, facts)
    per_pt = (across_px / width_pt, down_px / height_pt)
    return PlacedImage(per_pt, width_pt, height_pt, facts.bits_per_pixel, facts.colorspace)
