"""One small interface to where bytes live: a folder, or a bucket on S3, GCS or Azure.

In: a URI (a path, ``file://``, ``s3://``, ``gs://``, ``az://``) and keys relative to it. Out:
bytes, listings, and errors that name the object, the reason and the remedy.
Every write is one atomic put of complete bytes; ``create=True`` makes it put-if-absent, the only
primitive the ledger needs. Here belongs what differs between stores. What the bytes mean, which
keys exist and who may write them do not belong here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from storage.bucket_entries import Entry
from storage.errors import (
    BrokenLinkError,
    NoCreateOnlyError,
    NoSuchPlaceError,
    NotFoundError,
    OddNameError,
    StorageError,
    translated_error,
)
from storage.listings import ObjectInfo, local_bytes, local_listing, object_info
from storage.odd_keys import folder_entry, is_odd, list_bucket
from storage.places import split_uri, why_no_folder

TEMP_PREFIX = "_veernet/tmp/"
"""Where folders are built before they are moved into place on a file system."""
REQUEST_TIMEOUT_S = 60
RETRY_BUDGET_S = 90
_PAUSES_S = (0.5, 2.0)
_PARALLEL_REQUESTS = 16
_T = TypeVar("_T")
_ENDPOINTS = (
    "AWS_ENDPOINT_URL", "GOOGLE_BASE_URL", "AZURE_STORAGE_ENDPOINT", "AZURITE_BLOB_STORAGE_URL",
)  # fmt: skip
"""Variables of the environment that name a store of one's own."""


class ObjectStore:
    """Objects under one URI. Cheap to make, safe to share between threads, picklable.

    Parameters
    ----------
    uri : str
        A folder or a bucket with an optional prefix. Nothing is created or contacted here.
    """

    def __init__(self, uri: str) -> None:
        self.scheme, self.bucket, self.path = split_uri(uri)
        self.is_local = self.scheme == "file"
        self.uri = self.path if self.is_local else uri.rstrip("/")
        self._client: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_client": None}

    def __repr__(self) -> str:
        return f"ObjectStore({self.uri!r})"

    def uri_of(self, key: str) -> str:
        """Full URI of a key."""
        return f"{self.uri.rstrip('/')}/{key}"

    @property
    def local_root(self) -> Path | None:
        """The folder, where the store is one."""
        return Path(self.path) if self.is_local else None

    def client(self, writing: bool = False) -> Any:
        """The obstore client, made on first use (a folder only when something is written)."""
        if self._client is None:
            self._client = self._connect(writing)
        return self._client

    def _connect(self, writing: bool) -> Any:
        try:
            if self.is_local:
                return LocalStore(self.path, mkdir=writing)
            return from_url(
                self.uri,
                client_options={
                    "timeout": f"{REQUEST_TIMEOUT_S}s",
                    "connect_timeout": "10s",
                    "allow_http": any(
                        os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS
                    ),
                },
                retry_config={
                    "max_retries": 6,
                    "retry_timeout": timedelta(seconds=RETRY_BUDGET_S),
                },
            )
        except (BaseError, OSError, ValueError) as error:
            raise translated_error(error, self.uri) from error

    def check_readable(self) -> None:
        """Ask the store for its first object.

        Raises
        ------
        NoSuchPlaceError, AccessError, StorageError
        """
        if self.is_local and (reason := why_no_folder(self.path)):
            raise NoSuchPlaceError(reason, self.uri)
        next(iter(self.listing()), None)

    def check_writable(self) -> None:
        """Write and remove a small object, so that trouble shows before any work is done.

        Raises
        ------
        NoSuchPlaceError, AccessError, NoCreateOnlyError, StorageError
        """
        if self.is_local and Path(self.path).is_file():
            raise NoSuchPlaceError(why_no_folder(self.path), self.uri)
        key = f"{TEMP_PREFIX}probe-{uuid.uuid4().hex[:12]}"
        self.put(key, b"ok", create=True)
        twice = self.put(key, b"ok", create=True)
        self.delete([key])
        if twice:
            raise NoCreateOnlyError("the store ignores If-None-Match on writes", self.uri)

    def listing(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """All objects whose key starts with the folder ``prefix`` (empty or ending in '/').

        Order is the store's own. A folder that does not exist lists as empty.
        """
        if self.is_local:
            yield from local_listing(Path(self.path), prefix)
            return
        told: set[str] = set()
        try:
            for meta in self._usual_listing(prefix):
                told.add(meta["path"])
                yield object_info(meta, self.is_local)
        except (BaseError, OSError, ValueError) as error:
            trouble = translated_error(error, self.uri_of(prefix))
            if not (isinstance(trouble, OddNameError) or _UNREADABLE_LISTING in str(error).lower()):
                raise trouble from error
        else:
            return
        yield from self._listing_of_odd_names(prefix, told)

    def _usual_listing(self, prefix: str) -> Iterator[Mapping[str, Any]]:
        """What the usual client tells of a bucket, but for names that begin with '/' as they are."""
        stripped: list[Entry] | None = None
        for batch in obstore.list(self.client(), prefix.rstrip("/") or None):
            if stripped is None:  # asked once the store has answered
                stripped = self._names_with_a_slash() if not (self.path or prefix) else []
                yield from (entry.meta() for entry in stripped)
            for meta in batch:
                same = (entry for entry in stripped if _is_told_as(entry, meta))
                slashed = next(same, None)
                if slashed is None:
                    yield meta
                else:
                    stripped.remove(slashed)

    def _names_with_a_slash(self) -> list[Entry]:
        """Objects at the bucket's root whose names begin with '/'; the usual client tells them without it."""
        try:
            found = list(list_bucket(self.scheme, self.bucket, "/"))
        except Exception:  # of another library: what the usual client tells is used as it is
            return []
        return [entry.called("/" + entry.key) for entry in found]

    def _listing_of_odd_names(self, prefix: str, told: set[str]) -> Iterator[ObjectInfo]:
        """What of a bucket is not ``told`` yet, also names that the usual client does not read."""
        root = self.path.strip("/") + "/" if self.path else ""
        try:
            for entry in list_bucket(self.scheme, self.bucket, root + prefix):
                key = prefix + entry.key
                if key not in told:
                    yield object_info(entry.called(key).meta(), self.is_local)
        except Exception as error:  # of another library, whose classes are not imported here
            raise translated_error(error, self.uri_of(prefix)) from error

    def get(self, key: str) -> bytes:
        """All bytes of an object.

        Raises
        ------
        NotFoundError, AccessError, OddNameError, StorageError
        """
        if self.is_local:
            try:
                return self._persist(key, partial(local_bytes, Path(self.path), key))
            except NotFoundError:
                if Path(self.path).is_dir():
                    raise
                # a folder that is gone altogether is a mount that may come back
                raise StorageError("the folder does not exist", self.uri) from None
        try:
            return self._bytes_in_bucket(key)
        except NotFoundError:
            if "\\x" in key:
                raise OddNameError("the name is no UTF-8 text", self.uri_of(key)) from None
            if self._ends_in_a_slash(key):
                raise OddNameError("the name ends in '/'", f"{self.uri_of(key)}/") from None
            raise

    def _bytes_in_bucket(self, key: str) -> bytes:
        if is_odd(key):
            raise OddNameError(f"an object's name cannot be read: {key!r}", self.uri_of(key))
        return self._persist(key, lambda: bytes(obstore.get(self.client(), key).bytes()))

    def _ends_in_a_slash(self, key: str) -> bool:
        """Whether an object is called so with a '/' behind, which the usual client tells without it."""
        full = f"{self.path.strip('/')}/{key}" if self.path else key
        try:
            return folder_entry(self.scheme, self.bucket, full) is not None
        except Exception:  # of another library, and only asked for a better message
            return False

    def get_or_none(self, key: str) -> bytes | None:
        """All bytes of an object, or None where there is none."""
        if self.is_local and not Path(self.path).is_dir():
            return None
        try:
            return self.get(key) if self.is_local else self._bytes_in_bucket(key)
        except NotFoundError:
            return None

    def exists(self, key: str) -> bool:
        """Whether an object of this name is there."""
        if self.is_local:
            return Path(self.path, key).is_file()
        if is_odd(key):
            return True  # names like this are only known from a listing
        try:
            self._persist(key, lambda: obstore.head(self.client(), key))
        except NotFoundError:
            return False
        return True

    def put(self, key: str, data: bytes, *, create: bool = False) -> bool:
        """Write an object in one atomic step.

        Parameters
        ----------
        create : bool
            Only where no object of this name exists.

        Returns
        -------
        bool
            False where ``create`` found an object; it is left as it is. (It may be this call's own,
            if the answer to a first try was lost: callers must cope with both.)
        """
        mode: Literal["create", "overwrite"] = "create" if create else "overwrite"

        def write() -> None:
            obstore.put(self.client(writing=True), key, data, mode=mode, use_multipart=False)

        try:
            self._persist(key, write)
        except AlreadyExistsError:
            return False
        return True

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those already gone are no error."""
        for key in keys:
            with contextlib.suppress(NotFoundError):
                self._persist(key, partial(obstore.delete, self.client(), key))

    def _persist(self, key: str, call: Callable[[], _T]) -> _T:
        """Result of a request; on a bucket it is tried again where that may help.

        The library retries errors of the server itself, but not a write whose answer timed out.
        """
        for pause_s in (*(() if self.is_local else _PAUSES_S), None):
            try:
                return call()
            except AlreadyExistsError:
                raise
            except (BaseError, OSError, ValueError, OddNameError, BrokenLinkError) as error:
                translated = translated_error(error, self.uri_of(key))
                if pause_s is None or not translated.retryable:
                    raise translated from error
                time.sleep(pause_s)
        raise AssertionError("unreachable")

    def get_many(self, keys: Iterable[str]) -> list[bytes]:
        """Bytes of many objects, in order, fetched in parallel."""
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            return list(pool.map(self.get, keys))

    def put_many(self, files: Mapping[str, bytes]) -> None:
        """Write many objects in parallel; returns when all are written."""
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            for _ in pool.map(lambda item: self.put(*item), files.items()):
                pass

    def put_folder(self, folder: str, files: Mapping[str, bytes], last: str) -> None:
        """Replace a whole folder by exactly these files.

        On a file system the folder is built aside and renamed: a reader sees all of it or none.
        A bucket has no rename: there the object ``last`` is removed first and written last, so a
        folder without it is not (yet) complete, and files of an earlier version are removed.

        Parameters
        ----------
        folder : str
            Key without a trailing slash.
        files : mapping of name to bytes
            Names relative to the folder.
        last : str
            The file whose presence means that the folder is complete.
        """
        if self.is_local:
            self._swap_folder(folder, files)
            return
        stale = {info.key for info in self.listing(folder + "/")}
        wanted = {f"{folder}/{name}": data for name, data in files.items()}
        if f"{folder}/{last}" in stale:
            self.delete([f"{folder}/{last}"])
        self.put_many({key: data for key, data in wanted.items() if key != f"{folder}/{last}"})
        self.delete(sorted(stale - wanted.keys()))
        self.put(f"{folder}/{last}", files[last])

    def _swap_folder(self, folder: str, files: Mapping[str, bytes]) -> None:
        token = uuid.uuid4().hex[:12]
        target = Path(self.path, folder)
        fresh = Path(self.path, TEMP_PREFIX, token)
        olds: list[Path] = []
        try:
            for name, data in files.items():
                path = fresh / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            target.parent.mkdir(parents=True, exist_ok=True)
            while not self._renamed(fresh, target, olds):
                pass
        except OSError as error:
            raise translated_error(error, str(target)) from error
        finally:
            for left in (fresh, *olds):
                shutil.rmtree(left, ignore_errors=True)

    def _renamed(self, fresh: Path, target: Path, olds: list[Path]) -> bool:
        """Put ``fresh`` in the place of ``target``; False where another run was faster, and it is to be
        tried again. Folders moved out of the way are added to ``olds``.
        """
        if target.exists():
            old = fresh.with_name(f"{fresh.name}.old{len(olds)}")
            olds.append(old)
            with contextlib.suppress(FileNotFoundError):
                target.rename(old)
        try:
            fresh.rename(target)
        except OSError as error:
            if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and len(olds) < _MOST_SWAPS:
                return False
            raise
        return True

    def sweep_temp(self, older_than_s: float) -> None:
        """Remove what crashed writers left aside, if it has not been touched for so long."""
        root = Path(self.path, TEMP_PREFIX)
        if not self.is_local or not root.is_dir():
            return
        horizon = time.time() - older_than_s
        for path in root.iterdir():
            if path.stat().st_mtime < horizon:
                shutil.rmtree(path, ignore_errors=True)

    def flush(self) -> None:
        """Bring written bytes to the disk, so that a record never outlives what it records."""
        if self.is_local:
            os.sync()


def _is_told_as(entry: Entry, meta: Mapping[str, Any]) -> bool:
    """Whether the usual client tells this object, whose name begins with '/', as ``meta``."""
    tag = (meta.get("e_tag") or "").strip('"')
    return "/" + meta["path"] == entry.key and tag == entry.e_tag.strip('"')


_MOST_SWAPS = 100
"""Times a folder is given way to by runs that publish the same one at the same time."""
_UNREADABLE_LISTING = "invalid list response"
"""What the library says of names that are no text in its sense; also of an answer that is no listing."""
