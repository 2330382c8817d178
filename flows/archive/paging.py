"""How many scans the PDFs and TIFFs of a source are: one for each page.

In: listed files. Out: pages by key. Only files that are new or changed are read: of a TIFF its directories,
a PDF whole, in a child process: one that harms its decoder must not end the plan. What a page is
called does not belong here (``storage.scans``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flows.engine.decoders import Decoders, DecoderSettings
from storage.errors import StorageError
from storage.listing import CountPages, remember_pages, remembered_pages
from storage.listings import ObjectInfo
from storage.objects import ObjectStore
from storage.parts import part_of
from veernet_core.page.raster import tiff_pages

_REQUESTS = 32
"""Small reads of a store at once."""


def page_counter(
    source: ObjectStore, dest: ObjectStore, settings: DecoderSettings, keep: bool
) -> CountPages:
    """What counts the pages of files, and with ``keep`` remembers them at the destination."""

    def count(files: Sequence[ObjectInfo]) -> dict[str, int]:
        counts, fresh = remembered_pages(dest, files)
        if fresh:
            counts |= _counted(source, fresh, settings)
            if keep:
                remember_pages(dest, files, counts)
        return counts

    return count


def _counted(
    source: ObjectStore, files: Sequence[ObjectInfo], settings: DecoderSettings
) -> dict[str, int]:
    """Pages of each file; one that cannot be read now is left out, reading it as a scan tells why."""
    decoders = Decoders(settings)

    def in_pdf(file: ObjectInfo) -> int:
        try:
            data = source.get(file.key)
        except StorageError:
            return 0
        return decoders.count_pages(data, source.uri_of(file.key))

    def in_tiff(file: ObjectInfo) -> int:
        def read(offset: int, length: int) -> bytes:
            end = min(offset + length, file.size_bytes)
            return b"" if end <= offset else part_of(source, file.key, offset, end - offset)

        try:
            return tiff_pages.count_pages(read)
        except StorageError:
            return 0

    pdfs = [file for file in files if file.key.lower().endswith(".pdf")]
    tiffs = [file for file in files if not file.key.lower().endswith(".pdf")]
    counts: dict[str, int] = {}
    try:
        for group, pages, width in (
            (pdfs, in_pdf, settings.processes),
            (tiffs, in_tiff, _REQUESTS),
        ):
            with ThreadPoolExecutor(width) as pool:
                counts |= zip((f.key for f in group), pool.map(pages, group))
    finally:
        decoders.close()
    return {key: count for key, count in counts.items() if count}
