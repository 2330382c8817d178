"""The scans of a file on this machine's disk: one, or of a PDF or TIFF with several pages one for each page.

In: a path and an index. Out: scans to digitise, or why one cannot be. The first page has the name and the
sidecar of the file; page 2 of ``x.pdf`` is called ``x-p2``, also by its sidecar and its row of an index.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flows.local.beside import registration_beside, scans_of_stem, sidecar_beside
from storage.index_table import IndexTable
from storage.known import indexed_of, known_sidecar
from storage.scans import page_stem, page_uri
from veernet_core.datatypes import FailedScan, ScanInput, ScanRef
from veernet_core.errors import DecodeError, EmptyFileError, of_scan
from veernet_core.page.raster.file_pages import count_pages, page_alone

OfTheDesk = Callable[[ScanRef], bytes | None]
"""The sidecar that people made of a scan at the desk."""


def _no_desk(ref: ScanRef) -> bytes | None:
    return None


def read_scan(path: Path, index: IndexTable | None = None, desk: OfTheDesk = _no_desk) -> ScanInput:
    """A scan and what is known of it: its sidecar, its registration file (DRA), its row of an index.

    Parameters
    ----------
    path : Path
    index : IndexTable, optional
    desk : callable
        What the desk gives is used alone.

    Raises
    ------
    VeernetError
        If the file cannot be read or is empty, or what lies beside it cannot be used.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise DecodeError(
            "is a pipe or a device, no file",
            str(path),
            "Write what it gives to a file, and give that one.",
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DecodeError(
            f"cannot be read: {error.strerror}", str(path), "Check the path and its permissions."
        ) from error
    if not data:
        raise EmptyFileError("the file holds no bytes", str(path))
    ref = ScanRef(str(path), path.stem, hashlib.sha256(data).hexdigest(), len(data))
    own = desk(ref)
    return ScanInput(ref, data, given_of(path, index) if own is None else own)


def given_of(path: Path, index: IndexTable | None) -> bytes | None:
    """One sidecar of all that is given of a scan of this name: beside it, and in an index.

    Raises
    ------
    VeernetError
        If what is given cannot be used.
    """
    match = index.find(path.name, _place(path)) if index is not None else None
    return known_sidecar(
        sidecar_beside(path),
        registration_beside(path),
        indexed_of(match),
        path.name,
    )


def known_among(index: IndexTable, scans: Sequence[Path]) -> IndexTable:
    """The index where these scans are known, and those of their names beside them."""
    places = (other for path in scans for other in (path, *scans_of_stem(path)))
    return index.among(_place(place) for place in places)


def _place(path: Path) -> str:
    """Where a scan lies, from the root on; links are not followed: two links to one file are two scans."""
    return os.path.abspath(path)  # noqa: PTH100


def read_pages(
    path: Path, index: IndexTable | None = None, desk: OfTheDesk = _no_desk
) -> Iterator[ScanInput | FailedScan]:
    """Every scan of a file, in order of its pages; whatever one of them raises is its own failure.

    Parameters as for ``read_scan``.
    """
    ref = ScanRef(str(path), path.stem, "", 0)
    try:
        whole = read_scan(path, index, desk)
        pages = count_pages(whole.data)
    except Exception as error:
        yield FailedScan(ref, of_scan(error, ref.uri, "read"))
        return
    yield _one_page(path, whole, 1, index, desk) if pages > 1 else whole
    for page in range(2, pages + 1):
        yield _one_page(path, whole, page, index, desk)


def _one_page(
    path: Path, whole: ScanInput, page: int, index: IndexTable | None, desk: OfTheDesk
) -> ScanInput | FailedScan:
    ref = replace(
        whole.ref, uri=page_uri(whole.ref.uri, page), stem=page_stem(whole.ref.stem, page)
    )
    try:
        data = page_alone(whole.data, page, ref.uri)
        if page == 1:
            return ScanInput(ref, data, whole.sidecar)
        own = desk(ref)
        named = path.with_name(f"{ref.stem}{path.suffix}")
        return ScanInput(ref, data, given_of(named, index) if own is None else own)
    except Exception as error:
        return FailedScan(ref, of_scan(error, ref.uri, "read"))
