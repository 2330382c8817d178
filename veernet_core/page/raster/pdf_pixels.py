"""PDF with one raster page, rendered by pdfium at the resolution of the raster in it.

In: bytes. Out: `PdfPixels`.
Does not belong here: splitting documents, paper and ink levels, findings.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8
from veernet_core.errors import DecodeError, UnsupportedFormatError
from veernet_core.page.raster.pixels import ChunkedPixels, check_limits

_PDFIUM_LOCK = threading.RLock()
"""pdfium must never be entered by two threads at once, whatever the document."""


class PdfPixels(ChunkedPixels):
    """The one page of a PDF, rendered at the resolution of the raster embedded in it.

    Raises
    ------
    DecodeError
        Damaged, encrypted.
    UnsupportedFormatError
        Several pages, or no raster image on the page.
    TooLargeError
        Beyond the limits.
    """

    chunk_rows = 1024

    def __init__(self, data: bytes, name: str, limits: RasterLimits) -> None:
        super().__init__()
        with _PDFIUM_LOCK:
            try:
                self._document = pypdfium2.PdfDocument(data)
                n_pages = len(self._document)
            except pypdfium2.PdfiumError as error:
                raise DecodeError(f"PDF cannot be opened ({error})", where=name) from error
            if n_pages != 1:
                raise UnsupportedFormatError(
                    f"PDF with {n_pages} pages",
                    where=name,
                    remedy="Split the PDF into one file per log, each with one page.",
                )
            self._page = self._document[0]
            self._measure(name)
        check_limits(self.height_px, self.width_px, name, limits)
        if self.is_bilevel:  # read once, into `PackedPixels`
            self.cache_bytes = 0

    def _measure(self, name: str) -> None:
        images = list(self._page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE]))
        scales = [scale for image in images if (scale := _pixels_per_point(image)) is not None]
        if not scales:
            raise UnsupportedFormatError(
                "the PDF page holds no raster image",
                where=name,
                remedy="Print the page to a 300 dpi TIFF.",
            )
        across, down = max(scales)
        if self._page.get_rotation() in (90, 270):
            across, down = down, across
        width_pt, height_pt = self._page.get_size()
        self.width_px, self.height_px = round(width_pt * across), round(height_pt * down)
        self.dpi = (across * 72.0, down * 72.0)
        depths = [image.get_metadata() for image in images]
        grey = {pdfium_c.FPDF_COLORSPACE_DEVICEGRAY, pdfium_c.FPDF_COLORSPACE_CALGRAY}
        self.is_bilevel = all(d.bits_per_pixel == 1 and d.colorspace in grey for d in depths)
        self.channels = 1 if all(d.colorspace in grey for d in depths) else 3

    def _decode(self, row0: int, row1: int) -> U8:
        with _PDFIUM_LOCK:
            kind = pdfium_c.FPDFBitmap_Gray if self.channels == 1 else pdfium_c.FPDFBitmap_BGR
            bitmap = pypdfium2.PdfBitmap.new_native(self.width_px, row1 - row0, kind)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, self.width_px, row1 - row0)
            # The page keeps its exact pixel size and is shifted up, so bands join without a seam.
            pdfium_c.FPDF_RenderPageBitmap(
                bitmap, self._page, 0, -row0, self.width_px, self.height_px, 0,
                pdfium_c.FPDF_ANNOT | (pdfium_c.FPDF_GRAYSCALE if self.channels == 1 else 0),
            )  # fmt: skip
            pixels: U8 = np.array(bitmap.to_numpy(), dtype=np.uint8)
        if self.channels == 1:
            return pixels.reshape(row1 - row0, self.width_px)
        return np.ascontiguousarray(pixels[..., ::-1])


def _pixels_per_point(image: Any) -> tuple[float, float] | None:
    """Resolution of an image object along and across the page, or None where it has no extent."""
    width_px, height_px = image.get_px_size()
    left, bottom, right, top = image.get_bounds()
    if right - left <= 0 or top - bottom <= 0 or not width_px or not height_px:
        return None
    matrix = image.get_matrix()
    if abs(matrix.b) > abs(matrix.a):
        width_px, height_px = height_px, width_px
    return width_px / (right - left), height_px / (top - bottom)
