"""The pages of a PDF, each as a document of its own.

In: bytes of any file. Out: the number of its pages, and the bytes of a document with one of them.
Does not belong here: rendering (`pdf_pixels`), what a page is called.
"""

from __future__ import annotations

import io

import pypdfium2

from veernet_core.errors import DecodeError, plain_text
from veernet_core.page.raster.pdf_pixels import PDFIUM_LOCK


def count_pages(data: bytes) -> int:
    """Pages of a PDF; 1 for any other file, and for a PDF that cannot be opened: decoding it says why."""
    if b"%PDF-" not in data[:1024]:
        return 1
    with PDFIUM_LOCK:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError:
            return 1
        try:
            return max(1, len(document))
        finally:
            document.close()


def page_alone(data: bytes, page: int, name: str) -> bytes:
    """A document with one page of a PDF; ``data`` itself where it has no other.

    The page is the same for the same ``data``, the bytes are not: they are no identity.

    Parameters
    ----------
    data : bytes
    page : int
        From 1.
    name : str
        For messages.

    Raises
    ------
    DecodeError
        There is no such page, or it is damaged.
    """
    pages = count_pages(data)
    if not 1 <= page <= pages:
        raise DecodeError(f"there is no page {page}, the file has {pages}", name)
    if pages == 1:
        return data
    with PDFIUM_LOCK:
        whole = pypdfium2.PdfDocument(data)
        single = pypdfium2.PdfDocument.new()
        out = io.BytesIO()
        try:
            single.import_pages(whole, [page - 1])
            single.save(out)
        except pypdfium2.PdfiumError as error:
            raise DecodeError(f"the PDF page is damaged ({plain_text(error)})", name) from error
        finally:
            single.close()
            whole.close()
    return out.getvalue()
