"""Objects with odd names: they cost themselves alone, and are told with a remedy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
import pytest
import store_support
from batch_support import s3_server
from prefect_site import s3_environment

from storage.errors import (
    AccessError,
    NoSuchPlaceError,
    OddNameError,
)
from storage.errors import translated_error as _translated
from storage.objects import ObjectStore

bucket, store = store_support.bucket, store_support.store


ODD = [b"bad\xff.tif", b"new\nline.tif", b"tab\t.tif", b"a b%2F+#\xc3\xbc.tif", b"back\\slash.tif"]


def test_an_odd_name_on_disk_costs_that_file_alone(tmp_path: Path) -> None:
    for name in (*ODD, b"ok.tif"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    store = ObjectStore(str(tmp_path))
    keys = {info.key for info in store.listing()}
    assert keys == {
        "bad\\xff.tif", "new\nline.tif", "tab\t.tif", "a b%2F+#ü.tif", "back\\slash.tif", "ok.tif"
    }  # fmt: skip
    for key in keys - {"bad\\xff.tif"}:
        assert store.get(key).decode() == key
    with pytest.raises(OddNameError, match=r"bad\\xff.tif.*Rename it") as caught:
        store.get("bad\\xff.tif")
    assert not caught.value.retryable


ODD_KEYS = ("p/b//c.tif", "p/./d.tif", "p/e\nf.tif", "p//i.tif", "p/h\t.tif", "p/q/../r.tif")


def put_odd(client: Any, key: str) -> None:
    """Into the server's memory: its own front door refuses some of these names."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("odd", key, key.encode())


@pytest.fixture
def odd_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with s3_server(monkeypatch) as (_, client):
        client.create_bucket(Bucket="odd")
        yield client


@pytest.mark.parametrize("odd", [*((key,) for key in ODD_KEYS), ODD_KEYS])
def test_an_odd_key_in_a_bucket_costs_that_object_alone(
    odd_bucket: Any, odd: tuple[str, ...]
) -> None:
    good = ["a.tif", "b/c.tif", "d e%2F+#ü.tif", "z/y.tif"]
    store = ObjectStore("s3://odd/p")
    for key in good:
        store.put(key, key.encode())
    before = {info.key: info for info in store.listing()}
    assert set(before) == set(good)
    for key in odd:
        put_odd(odd_bucket, key)
    listed = list(store.listing())
    names = {key.removeprefix("p/") for key in odd}
    assert sorted(info.key for info in listed) == sorted([*good, *names])
    assert {info.key: info for info in listed if info.key in before} == before
    for key in good:
        assert store.get(key) == key.encode()
    for name in names:
        with pytest.raises(OddNameError, match="Rename it") as caught:
            store.get(name)
        assert caught.value.where == f"s3://odd/p/{name}"
        assert not caught.value.retryable


def test_an_odd_key_elsewhere_in_the_bucket_changes_nothing(odd_bucket: Any) -> None:
    for key in ("p/a.tif", "p/in/b.tif", "q//c.tif", "px/./d.tif"):
        put_odd(odd_bucket, key)
    assert [i.key for i in ObjectStore("s3://odd/p").listing()] == ["a.tif", "in/b.tif"]
    assert [i.key for i in ObjectStore("s3://odd").listing("p/in/")] == ["p/in/b.tif"]
    found = {i.key for i in ObjectStore("s3://odd").listing()}
    assert found == {"p/a.tif", "p/in/b.tif", "q//c.tif", "px/./d.tif"}
    put_odd(odd_bucket, "p/in/./e.tif")
    assert {i.key for i in ObjectStore("s3://odd/p").listing("in/")} == {"in/b.tif", "in/./e.tif"}


class Listing(BaseHTTPRequestHandler):
    """A server of which one key is no UTF-8, as some are; that of the other tests has no such keys."""

    def do_GET(self) -> None:
        encoded = "encoding-type=url" in self.path
        keys = (
            (b"a b%2Bc.tif", b"bad%FFbyte.tif") if encoded else (b"a b+c.tif", b"bad\xffbyte.tif")
        )
        body = b"<ListBucketResult><IsTruncated>false</IsTruncated>"
        if encoded:
            body += b"<EncodingType>url</EncodingType>"
        for key in keys:
            body += (
                b"<Contents><Key>" + key + b"</Key><LastModified>2024-01-01T00:00:00.000Z"
                b'</LastModified><ETag>"e1"</ETag><Size>7</Size></Contents>'
            )
        found = "list-type=2" in self.path
        body = body + b"</ListBucketResult>" if found else b"<Error><Code>NoSuchKey</Code></Error>"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def test_bytes_that_are_no_text_in_a_key_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name, value in s3_environment(f"http://127.0.0.1:{server.server_port}").items():
        monkeypatch.setenv(name, value)
    try:
        store = ObjectStore("s3://odd")
        listed = {info.key: (info.version, info.size_bytes) for info in store.listing()}
        assert listed == {"a b+c.tif": ("e1", 7), "bad\\xffbyte.tif": ("e1", 7)}
        with pytest.raises(OddNameError, match=r"no UTF-8 text.*Rename it"):
            store.get("bad\\xffbyte.tif")
    finally:
        server.shutdown()


def test_a_local_listing_tells_what_the_library_tells(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for key in ("a/b.tif", "c.tif", "d/e f/ü.tif"):
        store.put(key, key.encode())
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "half.tif#3").write_bytes(b"")
    told = {}
    for key in ("a/b.tif", "c.tif", "d/e f/ü.tif"):
        meta = obstore.head(store.client(), key)
        told[key] = (meta["size"], f"{meta['size']}-{meta['last_modified'].timestamp():.6f}")
    listed = {info.key: (info.size_bytes, info.version) for info in store.listing()}
    assert listed.pop(
        "nowhere"
    )  # a link to nothing is listed, so that it fails as a scan and is not passed over
    assert listed == told
    assert [info.key for info in store.listing("d/")] == ["d/e f/ü.tif"]
    assert list(store.listing("missing/")) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('Encountered object with invalid path: Error parsing Path "a//b.tif": x', "a//b.tif"),
        ('Could not parse path: Error parsing Path "a/./b.tif": Encountered', "a/./b.tif"),
        ('Path "/bad%FF.tif" contained non-unicode characters', "/bad%FF.tif"),
    ],
)
def test_an_odd_key_of_a_bucket_is_named_with_its_remedy(text: str, name: str) -> None:
    error = _translated(ValueError(text), "s3://b/")
    assert type(error) is OddNameError
    assert name in str(error)
    assert "Rename it" in str(error)
    assert not error.retryable


def test_a_folder_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(AccessError, match="closed"):
        list(ObjectStore(str(tmp_path)).listing())


def test_a_file_in_the_place_of_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    store = ObjectStore(str(tmp_path / "taken"))
    for check in (store.check_readable, store.check_writable):
        with pytest.raises(NoSuchPlaceError, match="is a file, and a folder is needed"):
            check()
    with pytest.raises(NoSuchPlaceError, match="does not exist"):
        ObjectStore(str(tmp_path / "none")).check_readable()
