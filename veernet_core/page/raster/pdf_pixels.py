"""PDF with one raster page, rendered by pdfium at the resolution of the raster that covers it.

In: bytes. Out: `PdfPixels`.
Does not belong here: splitting documents, paper and ink levels, findings.
"""

from __future__ import annotations

import atexit
import threading
import weakref

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium_c

from veernet_core.config import RasterLimits
from veernet_core.datatypes import U8, Dpi
from veernet_core.errors import DecodeError, UnsupportedFormatError, plain_text
from veernet_core.page.raster.pdf_images import images_of, resolution, user_unit
from veernet_core.page.raster.pdf_streams import page_damage
from veernet_core.page.raster.pixels import PAPER, ChunkedPixels, check_limits

PDFIUM_LOCK = threading.RLock()
"""pdfium must never be entered by two threads at once, whatever the document."""


class _Opened:
    """A document and its page: pdfium must be left, like it is entered, by one thread at a time, the page
    before the document, and both before pdfium ends.
    """

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self.document = document
        self.page: pypdfium2.PdfPage | None = None
        _OPEN.add(self)

    def close(self) -> None:
        """Close both; nothing where that is done."""
        with PDFIUM_LOCK:
            if self in _OPEN:
                _OPEN.remove(self)
                if self.page is not None:
                    self.page.close()
                self.document.close()


_OPEN: set[_Opened] = set()


@atexit.register  # after pdfium's own, hence before it
def _close_all() -> None:
    for opened in list(_OPEN):
        opened.close()


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
        with PDFIUM_LOCK:
            try:
                self._document = pypdfium2.PdfDocument(data)
                opened = _Opened(self._document)
                weakref.finalize(self, opened.close)
                n_pages = len(self._document)
            except pypdfium2.PdfiumError as error:
                raise DecodeError(
                    f"PDF cannot be opened ({plain_text(error)})", where=name
                ) from error
            if n_pages != 1:
                raise UnsupportedFormatError(
                    f"PDF with {n_pages} pages",
                    where=name,
                    remedy="Split the PDF into files of one page. `veernet digitise` and `veernet inspect` "
                    "take each page of a file as a scan.",
                )
            try:
                self._page = opened.page = self._document[0]
                self._measure(name, user_unit(data))
            except (pypdfium2.PdfiumError, ArithmeticError, ValueError) as error:
                raise DecodeError(f"the PDF page is damaged ({plain_text(error)})", name) from error
        if min(self.height_px, self.width_px) < 1:
            raise UnsupportedFormatError(
                "the PDF page has no extent where its image lies",
                where=name,
                remedy="Correct its page or crop box, or print it to a 300 dpi TIFF.",
            )
        check_limits(self.height_px, self.width_px, name, limits)
        with PDFIUM_LOCK:
            size_px = self.width_px, self.height_px
            self._known = page_damage(self._page, data, size_px)
        self._damage = list(self._known)
        if self.is_bilevel:  # read once, into `PackedPixels`
            self.cache_bytes = 0

    def _measure(self, name: str, unit_pt: float) -> None:
        images = images_of(self._page)
        if not images:
            raise UnsupportedFormatError(
                "the PDF page holds no raster image",
                where=name,
                remedy="Print the page to a 300 dpi TIFF.",
            )
        width_pt, height_pt = self._page.get_size()
        turned = self._page.get_rotation() in (90, 270)
        size_pt = (height_pt, width_pt) if turned else (width_pt, height_pt)
        across, down = resolution(images, size_pt)
        self.width_px, self.height_px = round(size_pt[0] * across), round(size_pt[1] * down)
        if turned:
            self.width_px, self.height_px = self.height_px, self.width_px
            across, down = down, across
        self.dpi = Dpi(down * 72.0 / unit_pt, across * 72.0 / unit_pt)
        grey = {pdfium_c.FPDF_COLORSPACE_DEVICEGRAY, pdfium_c.FPDF_COLORSPACE_CALGRAY}
        self.is_bilevel = all(i.bits == 1 and i.colorspace in grey for i in images)
        self.channels = 1 if all(i.colorspace in grey for i in images) else 3

    def _decode(self, row0: int, row1: int) -> U8:
        with PDFIUM_LOCK:
            kind = pdfium_c.FPDFBitmap_Gray if self.channels == 1 else pdfium_c.FPDFBitmap_BGR
            bitmap = pypdfium2.PdfBitmap.new_native(self.width_px, row1 - row0, kind)
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, self.width_px, row1 - row0)
            # The page keeps its exact pixel size and is shifted up, so bands join without a seam.
            pdfium_c.FPDF_RenderPageBitmap(
                bitmap, self._page, 0, -row0, self.width_px, self.height_px, 0,
                pdfium_c.FPDF_ANNOT | (pdfium_c.FPDF_GRAYSCALE if self.channels == 1 else 0),
            )  # fmt: skip
            pixels: U8 = np.array(bitmap.to_numpy(), dtype=np.uint8)
        for damage in self._known:
            if damage.kind != "doubtful":
                pixels[max(0, damage.first - row0) : max(0, damage.last - row0)] = PAPER
        if self.channels == 1:
            return pixels.reshape(row1 - row0, self.width_px)
        return np.ascontiguousarray(pixels[..., ::-1])
