"""The scans of a source, each with what is known of it, from one listing.

In: a source store, the archive's index, how many pages its files have. Out: scans by key. Nothing is
downloaded here but what ``count_pages`` of the caller reads. Which of them need work does not belong
here (``storage.plan``).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pyarrow as pa

from storage.dra import DRA_SUFFIX
from storage.index_table import IndexTable
from storage.known import indexed_of
from storage.ledger import ROOT, bytes_to_table, table_to_bytes
from storage.listings import ObjectInfo
from storage.objects import ObjectStore
from storage.scans import (
    MARKERS,
    SIDECAR_SUFFIX,
    is_own_picture,
    is_scan,
    may_hold_pages,
    page_stem,
    page_uri,
    split_page,
)

PAGE_COUNTS = ROOT + "page-counts.parquet"
"""How many pages PDFs and TIFFs of the source have, at the destination; without it they are counted anew."""

CountPages = Callable[[Sequence[ObjectInfo]], Mapping[str, int]]
"""Pages of each of some files by key; a file that cannot be counted now is left out."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A scan of the source with its sidecar, its registration file and its entry in the index (JSON);
    ``desk`` is the sidecar made at the desk, in the destination.

    ``page`` counts the pages of a file with several, from 1; 0 where the scan is the whole file. The key of
    every page but the first names it, the version of every one does: a file that gets or loses pages
    is other scans.
    """

    scan: ObjectInfo
    sidecar: ObjectInfo | None
    dra: ObjectInfo | None = None
    indexed: str = ""
    page: int = 0
    desk: ObjectInfo | None = None
    rivals: tuple[str, ...] = ()

    @property
    def given_version(self) -> str:
        """Version of all that is given of the scan; that of the sidecar where it is alone."""
        own = self.desk or self.sidecar
        parts = [info.version if info else "" for info in (own, self.dra)]
        if self.indexed:
            parts.append(hashlib.sha256(self.indexed.encode()).hexdigest()[:16])
        if self.rivals and self.desk is None:
            parts.append(f"shared with {len(self.rivals)}")
        return "+".join(parts).rstrip("+")


def list_scans(
    source: ObjectStore,
    index: IndexTable | None = None,
    count_pages: CountPages = lambda files: {},
) -> list[Listed]:
    """Scans of the source by key, each with what is given of it.

    Other objects are passed over, and so are pictures that are part of results.

    Parameters
    ----------
    count_pages : callable
        Called once, with all PDFs and TIFFs. A file that it does not count is one scan.
    """
    scans: list[ObjectInfo] = []
    markers: set[str] = set()
    sidecars: dict[str, ObjectInfo] = {}
    registrations: dict[str, ObjectInfo] = {}
    for info in source.listing():
        name = info.key.lower()
        if name.endswith(SIDECAR_SUFFIX):
            sidecars[info.key[: -len(SIDECAR_SUFFIX)]] = info
        elif name.endswith(DRA_SUFFIX):
            registrations[_without_suffix(info.key)] = info
        elif is_scan(name):
            scans.append(info)
        elif name.rpartition("/")[2] in MARKERS:
            markers.add(info.key)

    def exists(key: str) -> bool:
        return key in markers or key.removesuffix(SIDECAR_SUFFIX) in sidecars

    # a bucket may hold an empty object for a folder called x.tif, told like a file of that name
    scans = [info for info in scans if info.size_bytes or source.exists(info.key)]
    scans = [info for info in scans if not is_own_picture(info.key, exists)]
    scans.sort(key=lambda info: info.key)
    several = [info for info in scans if may_hold_pages(info.key)]
    counts = count_pages(several) if several else {}
    pages = [page for info in scans for page in _pages(info, counts.get(info.key, 1))]
    known = None if index is None else index.among(source.uri_of(_named(*page)) for page in pages)
    listed = [_listed(source, scan, page, registrations, known) for scan, page in pages]
    return _with_sidecars(listed, sidecars)


def _pages(file: ObjectInfo, count: int) -> Iterator[tuple[ObjectInfo, int]]:
    """Each page of a file as an object of its own, with its number; a whole file has number 0."""
    if count == 1:
        yield file, 0
        return
    for page in range(1, count + 1):
        version = f"{file.version}+page{page}"
        yield replace(file, key=page_uri(file.key, page), version=version), page


def _named(scan: ObjectInfo, page: int) -> str:
    """Key that a page would have as a file."""
    file = split_page(scan.key)[0]
    return page_stem(_without_suffix(file), page or 1) + PurePosixPath(file).suffix


def _listed(
    source: ObjectStore,
    scan: ObjectInfo,
    page: int,
    registrations: Mapping[str, ObjectInfo],
    index: IndexTable | None,
) -> Listed:
    named = _named(scan, page)
    registration = registrations.get(_without_suffix(named))
    return Listed(scan, None, registration, _indexed(source, named, index), page)


def _with_sidecars(scans: Sequence[Listed], sidecars: Mapping[str, ObjectInfo]) -> list[Listed]:
    """Each scan with its sidecar: that called after its whole name, else that after its stem; and the other
    scans that would take the same.
    """
    names = [_named(listed.scan, listed.page) for listed in scans]
    chosen = [name if name in sidecars else _without_suffix(name) for name in names]
    takers: dict[str, list[str]] = defaultdict(list)
    for base, name in zip(chosen, names, strict=True):
        if base in sidecars:
            takers[base].append(name)
    return [
        replace(
            listed,
            sidecar=sidecars.get(base),
            rivals=tuple(n.rpartition("/")[2] for n in takers[base] if n != name),
        )
        for listed, base, name in zip(scans, chosen, names, strict=True)
    ]


def _indexed(source: ObjectStore, key: str, index: IndexTable | None) -> str:
    match = None if index is None else index.find(PurePosixPath(key).name, source.uri_of(key))
    given = indexed_of(match)
    return json.dumps(given, ensure_ascii=False, sort_keys=True) if given else ""


def _without_suffix(key: str) -> str:
    return key[: len(key) - len(PurePosixPath(key).suffix)]


def remembered_pages(
    dest: ObjectStore, files: Sequence[ObjectInfo]
) -> tuple[dict[str, int], list[ObjectInfo]]:
    """Pages of the files that earlier runs have counted, by key; and the files that are new or changed."""
    data = dest.get_or_none(PAGE_COUNTS)
    rows = [] if data is None else bytes_to_table(data).to_pylist()
    known = {(row["key"], row["version"]): row["pages"] for row in rows}
    counts = {f.key: known[f.key, f.version] for f in files if (f.key, f.version) in known}
    return counts, [file for file in files if file.key not in counts]


def remember_pages(
    dest: ObjectStore, files: Sequence[ObjectInfo], counts: Mapping[str, int]
) -> None:
    """Keep the number of pages of these files for later runs."""
    rows = [
        {"key": file.key, "version": file.version, "pages": counts[file.key]}
        for file in files
        if file.key in counts
    ]
    dest.put(PAGE_COUNTS, table_to_bytes(pa.Table.from_pylist(rows, schema=_COUNTS_SCHEMA)))


_COUNTS_SCHEMA = pa.schema([("key", pa.string()), ("version", pa.string()), ("pages", pa.int64())])
