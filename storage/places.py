"""URIs of places: a folder, or a bucket with a prefix. Nothing is contacted here."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from storage.errors import BadUriError

S3_SCHEMES = ("s3", "s3a")
_SCHEMES = (*S3_SCHEMES, "gs", "az", "abfs", "abfss", "azure")


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


def why_no_folder(path: str) -> str:
    """Why a path is no folder, in words; empty where it is one."""
    if Path(path).is_dir():
        return ""
    return (
        "is a file, and a folder is needed" if Path(path).exists() else "the folder does not exist"
    )
