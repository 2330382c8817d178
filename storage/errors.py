"""What can go wrong with a store, as one family of errors that name the object, the reason and the remedy.

In: errors of the libraries. Out: ``StorageError`` and its kinds. Does not belong here: when to try again
(`objects`).
"""

from __future__ import annotations

import re

from veernet_core.errors import VeernetError


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


class BrokenLinkError(StorageError):
    """A symbolic link leads to no file."""

    code = "broken_link"
    remedy = "Put the file back that it leads to (or mount its disk), or remove the link."
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


_ODD_NAME = re.compile(r'Path "(.*?)"(?::| contained|$)', re.DOTALL)
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
_ODD_HINTS = (
    "error parsing path", "invalid path", "illegal character sequence", "non-unicode",
    "could not parse path",
)  # fmt: skip
_LOCAL_REMEDY = "Check that the folder can be made and written, then run again."


def translated_error(error: Exception, where: str) -> StorageError:
    """The library's error as one of ours, by its text (the classes differ between stores)."""
    text = str(error)
    low = text.lower()
    for kind, needles, reason in _PATTERNS:
        if any(needle in low for needle in needles):
            return kind(reason, where)
    if isinstance(error, OddNameError | BrokenLinkError):
        return error
    if any(hint in low for hint in _ODD_HINTS):
        named = _ODD_NAME.search(text)
        name = f": {named[1]!r}" if named else ""
        return OddNameError(f"an object's name cannot be read{name}", where)
    if isinstance(error, FileNotFoundError):
        return NotFoundError("there is no such object", where)
    first_line = text.splitlines()[0] if text else type(error).__name__
    return StorageError(first_line[:300], where, _LOCAL_REMEDY if where.startswith("/") else None)
