"""A few bytes of an object, without the rest of it.

In: a store, a key and a stretch of bytes. Out: bytes. Whole objects do not belong here (``storage.objects``).
"""

from __future__ import annotations

import obstore
from obstore.exceptions import BaseError

from storage.errors import OddNameError, translated_error
from storage.listings import local_part
from storage.objects import ObjectStore
from storage.odd_keys import is_odd


def part_of(store: ObjectStore, key: str, offset: int, length: int) -> bytes:
    """Some bytes of an object, which must be that long.

    Raises
    ------
    NotFoundError, AccessError, OddNameError, StorageError
    """
    root = store.local_root
    if root is None and is_odd(key):
        raise OddNameError(f"an object's name cannot be read: {key!r}", store.uri_of(key))
    try:
        if root is not None:
            return local_part(root, key, offset, length)
        return bytes(obstore.get_range(store.client(), key, start=offset, length=length))
    except (BaseError, OSError, ValueError) as error:
        raise translated_error(error, store.uri_of(key)) from error
