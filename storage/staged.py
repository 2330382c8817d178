"""A digitised log as bytes on its way from the task that traced it to the task that publishes it.

In: a ``DigitisedLog``. Out: bytes with all arrays exact, and back. The form is private to one
version of the software and short-lived; it holds data only, so that reading it from a bucket cannot
run code (which is why it is no pickle). Formats for others (LAS, CSV, Parquet) do not belong here.
"""

from __future__ import annotations

import hashlib
import json
import types
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from veernet_core.datatypes import DigitisedLog
from veernet_core.errors import VeernetError

_MAGIC = b"VEERLOG1"


class StagedError(VeernetError):
    """A staged log that cannot be read back."""

    code = "bad_staged_log"


def staged_to_bytes(log: DigitisedLog) -> bytes:
    """The log as magic, SHA-256 of the rest, length of the JSON head, head, and the arrays."""
    blobs: list[bytes] = []
    head = json.dumps(_plain(log, blobs)).encode()
    body = b"".join([len(head).to_bytes(8, "little"), head, *blobs])
    return _MAGIC + hashlib.sha256(body).digest() + body


def staged_from_bytes(data: bytes) -> DigitisedLog:
    """The inverse of ``staged_to_bytes``.

    Raises
    ------
    StagedError
        Where the bytes are of another version or damaged.
    """
    try:
        if data[:8] != _MAGIC or hashlib.sha256(data[40:]).digest() != data[8:40]:
            raise ValueError("not a whole staged log")
        start = 48 + int.from_bytes(data[40:48], "little")
        log = _built(DigitisedLog, json.loads(data[48:start]), memoryview(data)[start:])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise StagedError(f"{type(error).__name__}: {error}") from error
    assert isinstance(log, DigitisedLog)
    return log


def _plain(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        dtype, shape = value.dtype.str, list(value.shape)
        return {"dtype": dtype, "shape": shape, **_stored(value.tobytes(), blobs)}
    if isinstance(value, bytes):
        return _stored(value, blobs)
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name), blobs) for f in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item, blobs) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _stored(data: bytes, blobs: list[bytes]) -> dict[str, int]:
    at = sum(map(len, blobs))
    blobs.append(data)
    return {"at": at, "size": len(data)}


def _built(kind: Any, value: Any, blob: memoryview) -> Any:
    """``value`` as ``kind``, a type annotation of ``datatypes``."""
    if value is None:
        return None
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _built(next(a for a in get_args(kind) if a is not type(None)), value, blob)
    if origin is np.ndarray:
        raw = blob[value["at"] : value["at"] + value["size"]]
        return np.frombuffer(raw, dtype=value["dtype"]).reshape(value["shape"]).copy()
    if origin is tuple:
        inner = get_args(kind)
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_built(k, item, blob) for k, item in zip(kinds, value, strict=True))
    if kind is bytes:
        return bytes(blob[value["at"] : value["at"] + value["size"]])
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _built(hints[name], item, blob) for name, item in value.items()})
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
