"""How files reach a local folder: whole or not at all.

In: file names and bytes. Out: a folder or a file that was exchanged in one step. Does not belong here: what is
in the files (`log_files`, `datasets`), buckets (`objects`), and the ledger of what was done.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from veernet_core.errors import WriteError

UNFINISHED = ".unfinished-"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def publish_local(out: Path, log_id: str, files: Mapping[str, bytes]) -> Path:
    """Write a log's folder ``out/logs/<log_id>`` in one step; an older one is replaced whole.

    The files are written and synced in a hidden folder beside it, then renamed. Where the system
    can exchange two folders (Linux), a reader sees the old or the new one at every moment;
    elsewhere there is an instant with neither. A crash leaves the old folder, the new one or
    (elsewhere) none, and perhaps a hidden one, which ``remove_unfinished`` clears.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WriteError
        Where the disk is full or not writable.
    """
    return publish_folder(out / "logs" / log_id, files)


def publish_folder(target: Path, files: Mapping[str, bytes]) -> Path:
    """Write a folder of files in one step, as ``publish_local`` does; what was there is gone.

    Raises
    ------
    WriteError
        Where the disk is full or not writable.
    """
    with new_folder(target) as folder:
        for name, data in files.items():
            _write_synced(folder / name, data)
    return target


def remove_unfinished(out: Path) -> None:
    """Delete what crashed writers left behind. Only while no other process writes to ``out``."""
    for parent in (out, out / "logs"):
        for path in parent.glob(f"{UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A hidden folder that takes the place of ``target`` if the block ends well, else vanishes."""
    folder = target.with_name(f"{UNFINISHED}{uuid4().hex}")
    try:
        folder.mkdir(parents=True)
        yield folder
        sync_to_disk(folder)
        _swap(folder, target)
        sync_to_disk(target.parent)
    except OSError as error:
        raise WriteError(f"{error.strerror or error}", str(target)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, target: Path) -> None:
    """Put ``folder`` in the place of ``target``; then ``folder`` is gone or the old target."""
    if not target.exists():
        folder.rename(target)
    elif not _exchange(folder, target):
        old = folder.with_name(folder.name + "-old")
        target.rename(old)
        folder.rename(target)
        old.rename(folder)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders atomically (Linux ``renameat2``); False where that is not possible."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    if not call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE):
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), str(second))


def replace_file(path: Path, data: bytes) -> None:
    """Write a file in one step in the place of an older one.

    Raises
    ------
    WriteError
        Where the disk is full or not writable.
    """
    hidden = path.with_name(f"{UNFINISHED}{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(hidden, data)
        hidden.replace(path)
        sync_to_disk(path.parent)
    except OSError as error:
        raise WriteError(f"{error.strerror or error}", str(path)) from error
    finally:
        hidden.unlink(missing_ok=True)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())


def sync_to_disk(path: Path) -> None:
    """Flush a file or a folder's entries to disk, where the system can do that."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.EACCES):
            raise
    finally:
        os.close(handle)
