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
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from storage.bucket_entries import Entry
from storage.odd_keys import folder_entry, is_odd, list_bucket
from veernet_core.errors import VeernetError

TEMP_PREFIX = "_veernet/tmp/"
"""Where folders are built before they are moved into place on a file system."""

REQUEST_TIMEOUT_S = 60
RETRY_BUDGET_S = 90
_PAUSES_S = (0.5, 2.0)
_PARALLEL_REQUESTS = 16
_T = TypeVar("_T")
_S3 = ("s3", "s3a")
_ENDPOINTS = (
    "AWS_ENDPOINT_URL", "GOOGLE_BASE_URL", "AZURE_STORAGE_ENDPOINT", "AZURITE_BLOB_STORAGE_URL",
)  # fmt: skip
"""Variables of the environment that name a store of one's own."""
_SCHEMES = (*_S3, "gs", "az", "abfs", "abfss", "azure")


class StorageError(VeernetError):
    """Trouble with a store; ``retryable`` tells whether another try may help."""

    code = "storage_failed"
    stage = "storage"
    remedy = "Check the network and the store's status, then run again: finished logs are kept."
    retryable = True


class NoSuchPlaceError(StorageError):
    """The bucket, container or folder does not exist."""

    code = "no_such_place"
    remedy = (
        "Check the spelling of the URI, the region and the endpoint; create it if it is missing."
    )
    retryable = False


class AccessError(StorageError):
    """The store refuses these credentials."""

    code = "access_denied"
    remedy = (
        "Give this identity list and read rights on the source, and list, read, write and delete "
        "rights on the destination; check the credentials in the environment."
    )
    retryable = False


class NotFoundError(StorageError):
    """There is no object of this name."""

    code = "not_found"
    remedy = "The object was removed after it was listed; run again."
    retryable = False


class OddNameError(StorageError):
    """The name of an object is none that can be read or written."""

    code = "odd_name"
    retryable = False


class FullError(StorageError):
    """The destination has no space or quota left."""

    code = "no_space"
    remedy = "Free space at the destination, then run again: finished logs are kept."


class NoCreateOnlyError(StorageError):
    """The store lacks put-if-absent, on which the ledger rests."""

    code = "no_create_only"
    remedy = "Use a store with conditional writes (AWS S3, GCS, Azure, SeaweedFS, Ceph, a folder)."
    retryable = False


class BadUriError(StorageError):
    """The URI is of no known kind."""

    code = "bad_uri"
    remedy = "Use a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix."
    retryable = False


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


def split_uri(uri: str) -> tuple[str, str, str]:
    """Scheme, bucket and prefix; a local path gives ``("file", "", absolute path)``."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", "", str(Path(unquote(parts.path)).resolve())
    if parts.scheme in _SCHEMES and "://" in uri:
        if not parts.netloc:
            raise BadUriError("the URI names no bucket", uri)
        # Not parts.path: keys may contain '?' and '#'.
        rest = uri.split("://", 1)[1]
        return parts.scheme, parts.netloc, rest.partition("/")[2].strip("/")
    if "://" in uri:
        raise BadUriError(f"unknown scheme {parts.scheme!r}", uri)
    if not uri.strip():
        raise BadUriError("empty URI", uri)
    return "file", "", str(Path(uri).expanduser().resolve())


def is_inside(inner: str, outer: str) -> bool:
    """Whether the place ``inner`` is ``outer`` itself or lies under it."""
    a, b = split_uri(inner), split_uri(outer)
    if a[:2] != b[:2]:
        return False
    path, root = a[2].strip("/"), b[2].strip("/")
    return path == root or root == "" or path.startswith(root + "/")


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
            raise _translated(error, self.uri) from error

    def check_readable(self) -> None:
        """Ask the store for its first object.

        Raises
        ------
        NoSuchPlaceError, AccessError, StorageError
        """
        if self.is_local and not Path(self.path).is_dir():
            raise NoSuchPlaceError("the folder does not exist", self.uri)
        next(iter(self.listing()), None)

    def check_writable(self) -> None:
        """Write and remove a small object, so that trouble shows before any work is done.

        Raises
        ------
        NoSuchPlaceError, AccessError, NoCreateOnlyError, StorageError
        """
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
            yield from _local_listing(Path(self.path), prefix)
            return
        told: set[str] = set()
        try:
            for meta in self._usual_listing(prefix):
                told.add(meta["path"])
                yield _info(meta, self.is_local)
        except (BaseError, OSError, ValueError) as error:
            trouble = _translated(error, self.uri_of(prefix))
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
                    yield _info(entry.called(key).meta(), self.is_local)
        except Exception as error:  # of another library, whose classes are not imported here
            raise _translated(error, self.uri_of(prefix)) from error

    def get(self, key: str) -> bytes:
        """All bytes of an object.

        Raises
        ------
        NotFoundError, AccessError, OddNameError, StorageError
        """
        if self.is_local:
            try:
                return self._persist(key, partial(_local_bytes, Path(self.path), key))
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
            except (BaseError, OSError, ValueError, OddNameError) as error:
                translated = _translated(error, self.uri_of(key))
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
            raise _translated(error, str(target)) from error
        finally:
            for left in (fresh, *olds):
                shutil.rmtree(left, ignore_errors=True)

    def _renamed(self, fresh: Path, target: Path, olds: list[Path]) -> bool:
        """Put ``fresh`` in the place of ``target``; False where another run was faster, and it is to be
        tried again. Folders moved out of the way are added to ``olds``."""
        if target.exists():
            old = fresh.with_name(f"{fresh.name}.old{len(olds)}")
            olds.append(old)
            with contextlib.suppress(FileNotFoundError):
                os.rename(target, old)
        try:
            os.rename(fresh, target)
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


def _local_listing(root: Path, prefix: str) -> Iterator[ObjectInfo]:
    """All files under a folder, whatever they are called; what is no UTF-8 in a name is escaped, so that it
    can be told."""
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
            path = os.path.join(folder, name)
            try:
                stat = os.stat(path)
            except OSError:
                continue  # gone meanwhile, or a link to nothing
            seconds, rest = divmod(stat.st_mtime_ns, 10**9)
            modified = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
            key = Path(path).relative_to(root).as_posix()
            told = key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            meta = {"path": told, "size": stat.st_size, "last_modified": modified, "e_tag": None}
            yield _info(meta, is_local=True)


def _refused(error: OSError) -> None:
    """A folder that cannot be read is told, not passed over; one that is gone meanwhile is."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise _translated(error, str(error.filename)) from error


def _local_bytes(root: Path, key: str) -> bytes:
    try:
        return (root / key).read_bytes()
    except FileNotFoundError:
        if "\\x" in key:
            raise OddNameError("the name is no UTF-8 text", f"{root}/{key}") from None
        raise


_UNFINISHED_PUT = re.compile(r"#\d+$")
"""Names under which the library writes a file before it is whole."""
_ODD_NAME = re.compile(r'Path "(.*?)"(?::| contained|$)', re.DOTALL)


def _is_told_as(entry: Entry, meta: Mapping[str, Any]) -> bool:
    """Whether the usual client tells this object, whose name begins with '/', as ``meta``."""
    tag = (meta.get("e_tag") or "").strip('"')
    return "/" + meta["path"] == entry.key and tag == entry.e_tag.strip('"')


def _info(meta: Mapping[str, Any], is_local: bool) -> ObjectInfo:
    modified: datetime = meta["last_modified"]
    tag = (meta.get("e_tag") or "").strip('"')
    version = f"{meta['size']}-{modified.timestamp():.6f}" if is_local or not tag else tag
    return ObjectInfo(meta["path"], int(meta["size"]), version, modified)


_PATTERNS: tuple[tuple[type[StorageError], tuple[str, ...], str], ...] = (
    (FullError, ("no space left", "disk quota", "quota exceeded", "os error 28"), "no space left"),
    (
        NoSuchPlaceError,
        ("nosuchbucket", "bucket does not exist", "containernotfound", "not a directory"),
        "the bucket or folder does not exist",
    ),
    (
        AccessError,
        ("accessdenied", "403 forbidden", "401 unauthorized", "permission denied",
         "invalidaccesskeyid", "signaturedoesnotmatch", "expiredtoken"),
        "access denied",
    ),
    (
        AccessError,
        ("169.254.169.254", "metadata.google", "credential"),
        "no credentials found",
    ),
)  # fmt: skip


_MOST_SWAPS = 100
"""Times a folder is given way to by runs that publish the same one at the same time."""
_ODD_HINTS = (
    "error parsing path", "invalid path", "illegal character sequence", "non-unicode",
    "could not parse path",
)  # fmt: skip
_UNREADABLE_LISTING = "invalid list response"
"""What the library says of names that are no text in its sense; also of an answer that is no listing."""
_LOCAL_REMEDY = "Check that the folder can be made and written, then run again."


def _translated(error: Exception, where: str) -> StorageError:
    """The library's error as one of ours, by its text (the classes differ between stores)."""
    text = str(error)
    low = text.lower()
    for kind, needles, reason in _PATTERNS:
        if any(needle in low for needle in needles):
            return kind(reason, where)
    if isinstance(error, OddNameError):
        return error
    if any(hint in low for hint in _ODD_HINTS):
        named = _ODD_NAME.search(text)
        name = f": {named[1]!r}" if named else ""
        return OddNameError(f"an object's name cannot be read{name}", where)
    if isinstance(error, FileNotFoundError):
        return NotFoundError("there is no such object", where)
    first_line = text.splitlines()[0] if text else type(error).__name__
    return StorageError(first_line[:300], where, _LOCAL_REMEDY if where.startswith("/") else None)
