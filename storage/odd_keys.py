"""Names of objects that the store's usual client refuses, and a listing that tells them all the same.

In: the name of an S3 bucket and a prefix. Out: every object, in the form in which the usual client tells it.
Keys of a bucket are free text: they may hold empty or dot-only folder names, line breaks, or bytes that are
no UTF-8. The usual client gives up a whole listing where it meets one. Reading such objects does not belong
here: they are to be renamed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_to_bytes


def is_odd(key: str) -> bool:
    """Whether the usual client cannot read an object of this name, or would read another one instead."""
    return any(part in ("", ".", "..") for part in key.split("/")) or any(
        char < " " or char == "\x7f" for char in key
    )


def list_bucket(bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Every object of an S3 bucket under a prefix, whatever it is called.

    Parameters
    ----------
    bucket, prefix : str
        The prefix is empty or ends in '/'.

    Yields
    ------
    dict
        ``path`` (relative to the prefix; bytes that are no UTF-8 as ``\\xff``), ``size``,
        ``last_modified`` and ``e_tag``.

    Raises
    ------
    botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError
    """
    # Names come percent-encoded and are decoded here: the client would replace what is no UTF-8.
    pages = _client().get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, EncodingType="url"):
        for entry in page.get("Contents", ()):
            raw = unquote_to_bytes(entry["Key"].replace("+", " "))
            path = raw.decode("utf-8", "backslashreplace")[len(prefix) :].removesuffix("/")
            if path:
                yield {
                    "path": path,
                    "size": entry["Size"],
                    "last_modified": entry["LastModified"],
                    "e_tag": entry["ETag"],
                }


def _client() -> Any:
    """A client under the settings of the environment that the usual one follows."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    named = os.environ.get
    unsigned = named("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true", "yes")
    # A session of its own: the default one is not safe to share between threads.
    return boto3.session.Session().client(
        "s3",
        region_name=named("AWS_REGION") or named("AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_url=named("AWS_ENDPOINT_URL") or named("AWS_ENDPOINT") or None,
        config=Config(
            s3={"addressing_style": "path"}, signature_version=UNSIGNED if unsigned else None
        ),
    )
