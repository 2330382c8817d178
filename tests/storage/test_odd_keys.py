"""Buckets with odd keys, on stand-ins that speak as S3, Google's and Azure's services do."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from batch_support import s3_server

from storage.errors import OddNameError
from storage.listing import list_scans
from storage.objects import ObjectStore

WHEN = {"google": "2024-01-01T00:00:00.000Z", "azure": "Mon, 01 Jan 2024 00:00:00 GMT"}
PAGE = 3
GOOD = ("a.tif", "b/c.tif", "d e%2F+#ü.tif", "z/y.tif")
ODD = ("b//c.tif", "./d.tif", "e\nf.tif", "h\t.tif", "q/../r.tif")


class Bucket(BaseHTTPRequestHandler):
    """Lists and serves the keys of a set; pages are short."""

    keys: set[str] = set()
    kind = "google"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if "list-type" in query or query.get("comp") == "list":
            return self._send(200, self._listing(query).encode(), "application/xml")
        key = unquote(parts.path).partition("/logs/")[2]
        if key in self.keys:
            return self._send(200, key.encode(), "image/tiff")
        return self._send(404, b"<Error><Code>NoSuchKey</Code></Error>", "application/xml")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _listing(self, query: dict[str, str]) -> str:
        prefix, kind = query.get("prefix", ""), self.kind
        names = sorted(key for key in self.keys if key.startswith(prefix))
        first = int(query.get("continuation-token" if kind == "google" else "marker", "0"))
        page, more = names[first : first + PAGE], first + PAGE < len(names)
        if kind == "google":
            encode = quote if query.get("encoding-type") == "url" else escape
            rows = "".join(
                f"<Contents><Key>{encode(key)}</Key><LastModified>{WHEN[kind]}</LastModified>"
                f'<ETag>"e{len(key)}"</ETag><Size>{self._size(key)}</Size></Contents>'
                for key in page
            )
            token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
            return (
                '<?xml version="1.0"?><ListBucketResult xmlns="http://doc.s3.amazonaws.com/2006-03-01">'
                f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{rows}</ListBucketResult>"
            )
        rows = "".join(
            f"<Blob><Name>{escape(key)}</Name><Properties><Last-Modified>{WHEN[kind]}</Last-Modified>"
            f"<Content-Length>{self._size(key)}</Content-Length><Etag>e{len(key)}</Etag>"
            "<BlobType>BlockBlob</BlobType><Content-Type>image/tiff</Content-Type></Properties></Blob>"
            for key in page
        )
        token = str(first + PAGE) if more else ""
        return (
            '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="logs">'
            f"<Blobs>{rows}</Blobs><NextMarker>{token}</NextMarker></EnumerationResults>"
        )

    @staticmethod
    def _size(key: str) -> int:
        return 0 if key.endswith("/") else len(key.encode())

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("ETag", '"e"'),
            ("x-ms-version", "2023-11-03"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


Put = Callable[[str], None]


def settings(kind: str, port: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{port}"
    if kind == "google":
        return {"GOOGLE_BASE_URL": url, "GOOGLE_SKIP_SIGNATURE": "true"}
    return {
        "AZURE_STORAGE_ENDPOINT": url,
        "AZURE_STORAGE_ACCOUNT_NAME": "acc",
        "AZURE_SKIP_SIGNATURE": "true",
    }


@pytest.fixture(params=["google", "azure", "s3"])
def bucket(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Put]]:
    """URI of an empty bucket, and what puts an object of any name there."""
    if request.param == "s3":
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.s3.models import s3_backends

        with s3_server(monkeypatch) as (_, client):
            client.create_bucket(Bucket="logs")

            def put(key: str) -> None:
                data = b"" if key.endswith("/") else key.encode()
                s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("logs", key, data)

            yield "s3://logs", put
        return
    handler = type("Of", (Bucket,), {"keys": set(), "kind": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in settings(request.param, server.server_port).items():
        monkeypatch.setenv(name, value)
    yield {"google": "gs://logs", "azure": "az://logs"}[request.param], handler.keys.add
    server.shutdown()


@pytest.mark.parametrize("odd", [*((key,) for key in ODD), ODD])
def test_an_odd_key_costs_that_object_alone(bucket: tuple[str, Put], odd: tuple[str, ...]) -> None:
    uri, put = bucket
    for key in GOOD:
        put(f"p/{key}")
    store = ObjectStore(f"{uri}/p")
    before = {info.key: info for info in store.listing()}
    assert set(before) == set(GOOD)
    for key in odd:
        put(f"p/{key}")
    listed = list(store.listing())
    assert sorted(info.key for info in listed) == sorted([*GOOD, *odd])
    assert {info.key: info for info in listed if info.key in before} == before
    for key in GOOD:
        assert store.get(key) == f"p/{key}".encode()
    for key in odd:
        with pytest.raises(OddNameError, match="Rename it") as caught:
            store.get(key)
        assert caught.value.where == f"{uri}/p/{key}"


def test_a_key_that_begins_with_a_slash_is_told_by_its_name(bucket: tuple[str, Put]) -> None:
    uri, put = bucket
    for key in ("/x.tif", "/in/y.tif", "in/y.tif", "-.tif", "w.tif", "//v.tif"):
        put(key)
    keys = [info.key for info in ObjectStore(uri).listing()]
    assert sorted(keys) == ["-.tif", "//v.tif", "/in/y.tif", "/x.tif", "in/y.tif", "w.tif"]
    with pytest.raises(OddNameError, match="Rename it") as caught:
        ObjectStore(uri).get("/x.tif")
    assert caught.value.where == f"{uri}//x.tif"
    assert [info.key for info in ObjectStore(f"{uri}/in").listing()] == ["y.tif"]


def test_the_mark_of_a_folder_is_no_scan(bucket: tuple[str, Put]) -> None:
    uri, put = bucket
    for key in ("p/", "p/x.tif/", "p/x.tif/y.tif", "p/z.tif"):
        put(key)
    store = ObjectStore(f"{uri}/p")
    assert [found.scan.key for found in list_scans(store)] == ["x.tif/y.tif", "z.tif"]
    with pytest.raises(OddNameError, match=re.escape("the name ends in '/'")) as caught:
        store.get("x.tif")
    assert caught.value.where == f"{uri}/p/x.tif/"


def test_an_empty_object_that_is_a_file_is_still_a_scan(bucket: tuple[str, Put]) -> None:
    uri, put = bucket
    put("p/w.tif")
    store = ObjectStore(f"{uri}/p")
    assert [found.scan.key for found in list_scans(store)] == ["w.tif"]
