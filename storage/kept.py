"""Results of slow steps kept in a folder, so that a log that is digitised again costs seconds.

In: bytes under a key that names everything they were made of. Out: the same bytes, or nothing. The folder is
bounded in size, the longest unused go first; it may be deleted at any time, and a damaged or missing file only
costs the step. Several threads and processes may share it. What is kept, and under which keys, does not belong
here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from pathlib import Path

from storage.ledger import ROOT
from storage.objects import ObjectStore

KEPT = ROOT + "kept/"
"""Where a destination on disk keeps them."""
MOST_BYTES = 2 << 30
_LEFT = 0.8
"""Share of the bound that is left when room is made."""
_DIGEST = 16


def kept_folder(store: ObjectStore) -> Path:
    """Where results of a destination are kept: within it on disk, for a bucket among this person's caches."""
    if store.local_root is not None:
        return store.local_root / KEPT
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "veernet" / "kept"


class Kept:
    """A folder of results by key.

    Parameters
    ----------
    folder : Path
        Made when the first result is kept.
    most_bytes : int
        Bound of its size.
    """

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._most = folder, most_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def get(self, key: str) -> bytes | None:
        """What is kept under a key of letters and digits; None where nothing whole is."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        whole = data[:_DIGEST] == _digest(data[_DIGEST:])
        return data[_DIGEST:] if whole else None

    def put(self, key: str, data: bytes) -> None:
        """Keep a result. A disk that is full or read-only is no trouble: nothing is kept then."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(data) + data)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._make_room(len(data) + _DIGEST)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _make_room(self, added: int) -> None:
        """Remove the longest unused files once the folder is larger than its bound."""
        with self._lock:
            if self._bytes is not None:
                self._bytes += added
            if self._bytes is not None and self._bytes <= self._most:
                return
            files = sorted(self._files())
            self._bytes = sum(size for _, size, _ in files)
            if self._bytes <= self._most:
                return
            for _, size, path in files:
                if self._bytes <= self._most * _LEFT:
                    break
                path.unlink(missing_ok=True)
                self._bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Last use, size and place of every file."""
        found = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        return found


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()
