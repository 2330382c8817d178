"""Which files of a source are scans: by their suffix, and none that veernet made itself.

In: a key, and whether other keys exist. Out: whether it is to be digitised. Results may lie inside the
source: their overlays, tiles and inspection pictures are images too. What is known of a scan does not
belong here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from veernet_core.errors import SidecarError

SCAN_SUFFIXES = frozenset({".tif", ".tiff", ".png", ".jpg", ".jpeg", ".pdf"})
_PAGED_SUFFIXES = frozenset({".pdf", ".tif", ".tiff"})
SIDECAR_SUFFIX = ".sidecar.json"
MARKERS = frozenset({"log.json", "curves.parquet", "verdicts.parquet"})
"""Names of files by which results are known."""

_PAGE = re.compile(r"(.+)#page=([1-9]\d*)")
_PAGE_STEM = re.compile(r"(.+)-p([1-9]\d*)")
_RESULT_FOLDERS = frozenset({"logs", "dashboard", "curves", "reviews", "_veernet"})
_INSPECTED = re.compile(r"(.+)\.inspect(?:-\d+)?\.png")


def is_scan(key: str) -> bool:
    """Whether an object's name is that of a scan."""
    return PurePosixPath(key.lower()).suffix in SCAN_SUFFIXES


def may_hold_pages(key: str) -> bool:
    """Whether a file of this name may hold several scans, one a page."""
    return PurePosixPath(key.lower()).suffix in _PAGED_SUFFIXES


def page_uri(uri: str, page: int) -> str:
    """Place of one page of a file; the first one's is that of the file."""
    return uri if page == 1 else f"{uri}#page={page}"


def page_stem(stem: str, page: int) -> str:
    """Name of one page of a file, of which its sidecar has it too; the first one's is that of the file."""
    return stem if page == 1 else f"{stem}-p{page}"


def split_page(uri: str) -> tuple[str, int]:
    """File and page of a place: undoes ``page_uri``.

    Examples
    --------
    >>> split_page("a/x.pdf#page=2"), split_page("a/x#1.tif")
    (('a/x.pdf', 2), ('a/x#1.tif', 1))
    """
    match = _PAGE.fullmatch(uri)
    return (match[1], int(match[2])) if match else (uri, 1)


def page_of_stem(stem: str) -> tuple[str, int]:
    """Stem of a file and page of which this would be the name: undoes ``page_stem``.

    Examples
    --------
    >>> page_of_stem("x-p2"), page_of_stem("x")
    (('x', 2), ('x', 1))
    """
    match = _PAGE_STEM.fullmatch(stem)
    return (match[1], int(match[2])) if match else (stem, 1)


def shared_sidecar(sidecar: str, scans: Sequence[str]) -> SidecarError:
    """The error of a sidecar that may be that of several scans.

    Parameters
    ----------
    sidecar : str
        Its place.
    scans : sequence of str
        Names of the scans, that of the scan that fails first.
    """
    named = " and ".join(sorted(scans))
    return SidecarError(
        f"it may be the sidecar of {named}",
        sidecar,
        f"Call it {scans[0]}{SIDECAR_SUFFIX} if it is that of {scans[0]}, so that it says whose it is, or"
        " give the scans different names.",
    )


def is_own_picture(key: str, exists: Callable[[str], bool]) -> bool:
    """Whether an image is part of results: in the folder of a log, under ``logs``, ``dashboard`` and the
    like of an output, or a picture of ``veernet inspect`` beside its draft.

    Parameters
    ----------
    key : str
        With ``/`` between folders.
    exists : callable
        Whether there is a file of this key; asked for ``MARKERS`` and sidecars only.

    Examples
    --------
    >>> there = {"out/verdicts.parquet"}.__contains__
    >>> is_own_picture("out/logs/a/overlay-main-T1.png", there), is_own_picture("out/a.png", there)
    (True, False)
    """
    folder, _, name = key.rpartition("/")
    if all(exists(_join(folder, marker)) for marker in ("log.json", "curves.parquet")):
        return True
    parts = folder.split("/")
    for depth, part in enumerate(parts):
        if part in _RESULT_FOLDERS and exists(_join("/".join(parts[:depth]), "verdicts.parquet")):
            return True
    picture = _INSPECTED.fullmatch(name)
    return picture is not None and exists(_join(folder, picture[1] + SIDECAR_SUFFIX))


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
