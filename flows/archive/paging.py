"""How many scans the PDFs of a source are: one for each page.

In: listed files. Out: pages by key. Only files that are new or changed are read, and opened in a child
process: one that harms its decoder must not end the plan. What a page is called does not belong here
(``storage.scans``).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flows.engine.decoders import Decoders, DecoderSettings
from storage.errors import StorageError
from storage.listing import CountPages, remember_pages, remembered_pages
from storage.listings import ObjectInfo
from storage.objects import ObjectStore


def page_counter(
    source: ObjectStore, dest: ObjectStore, settings: DecoderSettings, keep: bool
) -> CountPages:
    """What counts the pages of PDFs, and with ``keep`` remembers them at the destination."""

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

    def pages(file: ObjectInfo) -> int:
        try:
            data = source.get(file.key)
        except StorageError:
            return 0
        return decoders.count_pages(data, source.uri_of(file.key))

    try:
        with ThreadPoolExecutor(settings.processes) as pool:
            found = zip(files, pool.map(pages, files), strict=True)
            return {file.key: count for file, count in found if count}
    finally:
        decoders.close()
