"""Names of objects that the store's usual client refuses or tells otherwise than they are, and a listing that
tells them as they are.

In: a bucket on S3, GCS or Azure, and a prefix. Out: every object by its real key, in the form in which the
usual client tells it. Keys of a bucket are free text: they may hold empty or dot-only folder names, line
breaks, bytes that are no UTF-8, or begin or end in '/'. The usual client gives up a whole listing where it
meets one, and tells a key at the bucket's root without the '/' that it begins with. Reading such objects does
not belong here: they are to be renamed.
"""

from __future__ import annotations

from collections.abc import Iterator

from storage.bucket_entries import Entry, azure_entries, google_entries, s3_entries

LISTED_IN_FULL = {
    "s3": s3_entries,
    "s3a": s3_entries,
    "gs": google_entries,
    "az": azure_entries,
    "azure": azure_entries,
    "abfs": azure_entries,
    "abfss": azure_entries,
}
"""What lists every key of a bucket, by the scheme of its URI."""


def is_odd(key: str) -> bool:
    """Whether the usual client cannot read an object of this name, or would read another one instead."""
    return any(part in ("", ".", "..") for part in key.split("/")) or any(
        char < " " or char == "\x7f" for char in key
    )


def list_bucket(scheme: str, bucket: str, prefix: str) -> Iterator[Entry]:
    r"""Every object of a bucket under a prefix, whatever it is called.

    Parameters
    ----------
    scheme, bucket : str
        Of the URI.
    prefix : str
        Empty or ending in '/'.

    Yields
    ------
    Entry
        With the key relative to the prefix and without the '/' that it ends in; bytes that are no UTF-8 as
        ``\xff``. The mark of the folder itself is passed over.

    Raises
    ------
    Exception
        Of the client of that kind of store.
    """
    for entry in LISTED_IN_FULL[scheme](bucket, prefix):
        key = entry.key[len(prefix) :].removesuffix("/")
        if key:
            yield entry.called(key)


def folder_entry(scheme: str, bucket: str, key: str) -> Entry | None:
    """The object that is called as ``key`` with a '/' behind, where there is one."""
    wanted = f"{key}/"
    return next(
        (entry for entry in LISTED_IN_FULL[scheme](bucket, wanted) if entry.key == wanted), None
    )
