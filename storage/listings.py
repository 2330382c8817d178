"""What listings say about objects, and the listing of a folder on a file system.

In: a folder, or an entry of a bucket's listing. Out: ``ObjectInfo``. Does not belong here: requests to a
bucket (`objects`), names that its usual client cannot read (`odd_keys`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storage.errors import BrokenLinkError, OddNameError, translated_error


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing says about an object.

    ``version`` changes whenever the bytes do: the entity tag in a bucket, size and time on a file
    system (not the inode, so that a copied archive stays known).
    """

    key: str
    size_bytes: int
    version: str
    modified: datetime


def local_listing(root: Path, prefix: str) -> Iterator[ObjectInfo]:
    """All files under a folder, whatever they are called; what is no UTF-8 in a name is escaped, so that it
    can be told.
    """
    seen = set()
    for folder, folders, names in os.walk(root / prefix, onerror=_refused, followlinks=True):
        place = os.path.realpath(folder)
        if place in seen:
            folders.clear()
            continue
        seen.add(place)
        for name in names:
            if _UNFINISHED_PUT.search(name):
                continue
            path = Path(folder, name)
            try:
                # a link to nothing is told too: what it stood for must not be missed without a word
                facts = path.stat() if path.exists() else path.lstat()
            except OSError:
                continue  # gone meanwhile
            if not (stat.S_ISREG(facts.st_mode) or stat.S_ISLNK(facts.st_mode)):
                continue  # a pipe or device: reading it might never end
            seconds, rest = divmod(facts.st_mtime_ns, 10**9)
            modified = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
            key = path.relative_to(root).as_posix()
            told = key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            meta = {"path": told, "size": facts.st_size, "last_modified": modified, "e_tag": None}
            yield object_info(meta, is_local=True)


def _refused(error: OSError) -> None:
    """A folder that cannot be read is told, not passed over; one that is gone meanwhile is."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise translated_error(error, str(error.filename)) from error


def local_bytes(root: Path, key: str) -> bytes:
    """All bytes of a file under a folder."""
    path = root / key
    try:
        return path.read_bytes()
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise BrokenLinkError("a link to a file that is not there", str(path)) from error
        if isinstance(error, FileNotFoundError) and "\\x" in key:
            raise OddNameError("the name is no UTF-8 text", str(path)) from None
        raise


def local_part(root: Path, key: str, offset: int, length: int) -> bytes:
    """Some bytes of a file under a folder; fewer where it ends before."""
    with (root / key).open("rb") as file:
        file.seek(offset)
        return file.read(length)


_UNFINISHED_PUT = re.compile(r"#\d+$")
"""Names under which the library writes a file before it is whole."""


def object_info(meta: Mapping[str, Any], is_local: bool) -> ObjectInfo:
    """An entry of a listing, in the form of the client's own."""
    modified: datetime = meta["last_modified"]
    tag = (meta.get("e_tag") or "").strip('"')
    version = f"{meta['size']}-{modified.timestamp():.6f}" if is_local or not tag else tag
    return ObjectInfo(meta["path"], int(meta["size"]), version, modified)
