"""The objects of a bucket as its own service lists them, with their keys untouched.

In: a bucket of S3, GCS or Azure, and a prefix of keys. Out: entries. The clients here follow the settings of
the environment that the usual one follows, and are imported where they are used: only buckets with odd names
need them. Which names are odd does not belong here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

_GOOGLE = "https://storage.googleapis.com"
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_EMULATED = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
"""Account and key of the emulator of Azure, the same for everybody."""
_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a bucket."""

    key: str
    size_bytes: int
    modified: datetime
    e_tag: str

    def called(self, key: str) -> Entry:
        """The same object under another name."""
        return replace(self, key=key)

    def meta(self) -> dict[str, Any]:
        """In the form of the usual client's listing."""
        return {
            "path": self.key,
            "size": self.size_bytes,
            "last_modified": self.modified,
            "e_tag": self.e_tag,
        }


def _named(*names: str) -> str:
    """The first of these variables of the environment that is set."""
    return next((value for value in map(os.environ.get, names) if value), "")


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes")


def _text(quoted: str) -> str:
    r"""A key that came percent-encoded; bytes that are no UTF-8 as ``\xff``."""
    return unquote_to_bytes(quoted.replace("+", " ")).decode("utf-8", "backslashreplace")


# ---- S3 --------------------------------------------------------------------------------------


def s3_entries(bucket: str, prefix: str) -> Iterator[Entry]:
    """Objects of an S3 bucket whose key begins with ``prefix``.

    Raises
    ------
    botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError
    """
    # Names come percent-encoded and are decoded here: the client would replace what is no UTF-8.
    pages = _s3_client().get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, EncodingType="url"):
        for found in page.get("Contents", ()):
            key = _text(found["Key"])
            yield Entry(key, found["Size"], found["LastModified"], found["ETag"])


def _s3_client() -> Any:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    # A session of its own: the default one is not safe to share between threads.
    return boto3.session.Session().client(
        "s3",
        region_name=_named("AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1",
        endpoint_url=_named("AWS_ENDPOINT_URL", "AWS_ENDPOINT") or None,
        config=Config(
            s3={"addressing_style": "path"},
            signature_version=UNSIGNED if _is_set("AWS_SKIP_SIGNATURE") else None,
        ),
    )


# ---- GCS -------------------------------------------------------------------------------------


def google_entries(bucket: str, prefix: str) -> Iterator[Entry]:
    """Objects of a GCS bucket whose key begins with ``prefix``, from the interface that the usual client
    uses too: its tags of versions are those of the other one.

    Raises
    ------
    google.auth.exceptions.GoogleAuthError, requests.RequestException
    """
    import xml.etree.ElementTree as ElementTree

    session, base = _google_session(), _named("GOOGLE_BASE_URL") or _GOOGLE
    asked = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
    while True:
        answer = session.get(f"{base.rstrip('/')}/{bucket}", params=asked, timeout=_TIMEOUT_S)
        answer.raise_for_status()
        root = ElementTree.fromstring(answer.content)
        for node in root.iter():  # names of elements carry a namespace
            node.tag = node.tag.rpartition("}")[2]
        for found in root.iter("Contents"):
            field = {node.tag: node.text or "" for node in found}
            modified = datetime.fromisoformat(field["LastModified"])
            yield Entry(_text(field["Key"]), int(field["Size"]), modified, field["ETag"])
        token = root.findtext("NextContinuationToken")
        if not token:
            return
        asked["continuation-token"] = token


def _google_session() -> Any:
    import requests

    if _is_set("GOOGLE_SKIP_SIGNATURE"):
        return requests.Session()
    import google.auth
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.service_account import Credentials

    path = _named("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH")
    text, scopes = _named("GOOGLE_SERVICE_ACCOUNT_KEY"), [_GOOGLE_SCOPE]
    if path:
        credentials = Credentials.from_service_account_file(path, scopes=scopes)
    elif text:
        credentials = Credentials.from_service_account_info(json.loads(text), scopes=scopes)
    else:
        credentials, _ = google.auth.default(scopes=scopes)
    return AuthorizedSession(credentials)


# ---- Azure -----------------------------------------------------------------------------------


def azure_entries(bucket: str, prefix: str) -> Iterator[Entry]:
    """Blobs of an Azure container whose name begins with ``prefix``.

    Parameters
    ----------
    bucket : str
        A container, or ``container@account.host`` as in ``abfss://`` URIs.
    prefix : str

    Raises
    ------
    azure.core.exceptions.AzureError
    """
    from azure.storage.blob import ContainerClient

    container, _, host = bucket.partition("@")
    url, credential = _azure_account(host.partition(".")[0])
    with ContainerClient(url, container, credential=credential) as client:
        for blob in client.list_blobs(name_starts_with=prefix or None):
            yield Entry(blob.name, blob.size or 0, blob.last_modified, blob.etag or "")


def _azure_account(account: str) -> tuple[str, Any]:
    """Address and credentials of an account; that of the environment where none is given."""
    if _is_set("AZURE_STORAGE_USE_EMULATOR"):
        base = _named("AZURITE_BLOB_STORAGE_URL") or "http://127.0.0.1:10000"
        return f"{base.rstrip('/')}/{_EMULATED[0]}", dict(
            zip(("account_name", "account_key"), _EMULATED, strict=True)
        )
    account = account or _named("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_ACCOUNT_NAME")
    endpoint = _named("AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT")
    return endpoint or f"https://{account}.blob.core.windows.net", _azure_credential(account)


def _azure_credential(account: str) -> Any:
    from azure.core.credentials import AzureSasCredential
    from azure.identity import ClientSecretCredential, DefaultAzureCredential

    if _is_set("AZURE_SKIP_SIGNATURE"):
        return None
    key = _named(
        "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY"
    )
    if key:
        return {"account_name": account, "account_key": key}
    sas = _named("AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN")
    if sas:
        return AzureSasCredential(sas.removeprefix("?"))
    tenant = _named("AZURE_STORAGE_TENANT_ID", "AZURE_TENANT_ID")
    client = _named("AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID")
    secret = _named("AZURE_STORAGE_CLIENT_SECRET", "AZURE_CLIENT_SECRET")
    if tenant and client and secret:
        return ClientSecretCredential(tenant, client, secret)
    return DefaultAzureCredential()
