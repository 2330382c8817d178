"""How many scans a file holds, and each of them as a file of its own.

In: bytes of any file. Out: the number of its pages, and the bytes of a file with one of them. A PDF and a TIFF
may hold several. Does not belong here: rendering, decoding, what a page is called.
"""

from __future__ import annotations

from veernet_core.errors import DecodeError
from veernet_core.page.raster import pdf_pages, tiff_pages


def count_pages(data: bytes) -> int:
    """Pages of a file; 1 also for one that cannot be opened: decoding it says why."""
    if tiff_pages.is_tiff(data):
        return tiff_pages.count_pages(lambda offset, length: data[offset : offset + length])
    return pdf_pages.count_pages(data)


def page_alone(data: bytes, page: int, name: str) -> bytes:
    """A file with one page of a file; ``data`` itself where it has no other.

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
    if not tiff_pages.is_tiff(data):
        return pdf_pages.page_alone(data, page, name)
    count = count_pages(data)
    if page == count == 1:
        return data
    alone = tiff_pages.page_alone(data, page)
    if alone is None:
        raise DecodeError(f"there is no page {page}, the file has {count}", name)
    return alone
