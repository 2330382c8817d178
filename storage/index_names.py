"""Which scan a row of an index names, by the file or URL that it gives.

In: a given file or URL, and the place of a scan. Out: whether the one names the other, and how nearly. The
same file name in another folder is another scan. What a row says does not belong here
(``storage.index_table``).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from storage.scans import page_stem, split_page

_ROOTED = re.compile(r"[/\\]|[A-Za-z]:[/\\]|[A-Za-z][\w+.-]*://")
"""How a place begins that is told from the root of some machine."""
_SAME_SUFFIX = {".tiff": ".tif", ".jpeg": ".jpg"}


class Nearness(NamedTuple):
    """How nearly a given file is a scan: whether its suffix is no other one; folders that agree; whether the
    suffix is given; how few folders the scan lies below those given (as a negative number; 0 where none
    are), and case.
    """

    fits: bool
    folders: int
    suffix: bool
    depth: int
    case: bool


@lru_cache(maxsize=1 << 16)
def nearness(given: str, scan: str, unique: bool = False) -> Nearness | None:
    """How nearly a given file is a scan; None where it is another one.

    Parameters
    ----------
    given : str
        File or URL as the index gives it. The folders it tells must all be those of the scan; of a place
        told from the root of another machine, or a URL, the last one.
    scan : str
        Path or URI of the scan, as far as it is known: a lone file name may lie in any folder.
    unique : bool
        Whether no two scans of the archive have one name, whatever their folders.

    Examples
    --------
    >>> nearness("sub/c3.tif", "/archive/sub/c3.tif")
    Nearness(fits=True, folders=1, suffix=True, depth=-1, case=True)
    >>> nearness("sub/c3.tif", "/archive/idx3/c3.tif") is None
    True
    """
    told, here = members(path_of(given)), members(scan)
    if not told or not here or stem(told[-1]) != stem(here[-1]):
        return None
    pairs = zip(told[-2::-1], here[-2::-1])
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    agrees = shared == min(len(told), len(here)) - 1
    if not (agrees or unique or (shared and _ROOTED.match(given))):
        return None
    suffixes = [PurePosixPath(name[-1]).suffix for name in (told, here)]
    same = len({_SAME_SUFFIX.get(suffix, suffix) for suffix in suffixes}) == 1
    exact = [_plain(text).rstrip("/").rpartition("/")[2] for text in (path_of(given), scan)]
    depth = min(0, len(told) - len(here)) if len(told) > 1 else 0
    return Nearness(same or not suffixes[0], shared, same, depth, exact[0] == exact[1])


@lru_cache(maxsize=1 << 16)
def members(name: str) -> tuple[str, ...]:
    """Folders and file of a path or URL, in the form in which names are compared."""
    parts = _plain(name).casefold().split("/")
    return tuple(part for part in parts if part not in ("", ".", ".."))


@lru_cache(maxsize=1 << 16)
def stem(name: str) -> str:
    """The last member without its suffix, in the form in which names are compared."""
    return PurePosixPath((members(name) or ("",))[-1]).stem


def folder_of(given: str) -> str:
    """The folder in which a given file or a scan lies; empty where none is told."""
    parts = members(path_of(given))
    return parts[-2] if len(parts) > 1 else ""


def url_path(url: str) -> str:
    """Path of a URL; empty where it cannot be told."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


@lru_cache(maxsize=1 << 16)
def path_of(given: str) -> str:
    """The path of a given file or URL; a page of a file (``x.pdf#page=2``) as the file it would be."""
    file, page = split_page(given)
    path = url_path(file) if "://" in file else file
    if page == 1:
        return path
    folder, slash, name = path.rpartition("/")
    plain, dot, suffix = name.rpartition(".")
    return f"{folder}{slash}{page_stem(plain or suffix, page)}{dot if plain else ''}{suffix if plain else ''}"


@lru_cache(maxsize=1 << 16)
def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", unquote(name).replace("\\", "/"))
