"""Stores: the same interface over a folder and a real S3-speaking server."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
import pytest
from batch_support import s3_server
from prefect_site import s3_environment

from storage.errors import (
    AccessError,
    BadUriError,
    FullError,
    NoCreateOnlyError,
    NoSuchPlaceError,
    NotFoundError,
    OddNameError,
    StorageError,
)
from storage.errors import translated_error as _translated
from storage.objects import ObjectStore
from storage.places import is_inside

AWKWARD = ["a b.tif", "ü/№ 7.tif", "x#1.tif", "y%20z.tif", "q?&=.tif", "w[1]*.tif", "a+b.tif"]


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, s3_server(patch) as (_, client):
        client.create_bucket(Bucket="archive")
        yield "s3://archive"


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, bucket: str) -> ObjectStore:
    name = request.node.name.replace("[", "-").replace("]", "")
    return ObjectStore(str(tmp_path / "store") if request.param == "folder" else f"{bucket}/{name}")


def test_round_trip_of_awkward_keys(store: ObjectStore) -> None:
    for number, key in enumerate(AWKWARD):
        store.put(key, bytes([number]))
    listed = {info.key: info for info in store.listing()}
    assert set(listed) == set(AWKWARD)
    for number, key in enumerate(AWKWARD):
        assert store.get(key) == bytes([number])
        assert listed[key].size_bytes == 1
        assert listed[key].modified.tzinfo is not None


def test_create_only_lets_one_writer_win(store: ObjectStore) -> None:
    wins: list[int] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        if store.put("ledger/segment", bytes([number]), create=True):
            wins.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert store.get("ledger/segment") == bytes(wins)


def test_version_follows_the_bytes(store: ObjectStore) -> None:
    store.put("a", b"one")
    first = next(iter(store.listing())).version
    store.put("a", b"other")
    assert next(iter(store.listing())).version != first


def test_missing_things(store: ObjectStore) -> None:
    assert list(store.listing("nothing/")) == []
    assert store.get_or_none("nothing") is None
    assert not store.exists("nothing")
    store.put("there", b"1")
    assert store.exists("there")
    store.delete(["there", "nothing"])
    assert not store.exists("there")
    with pytest.raises(NotFoundError, match="nothing"):
        store.get("nothing")


def test_folder_is_replaced_whole(store: ObjectStore) -> None:
    store.put_folder("logs/w", {"log.json": b"1", "w.las": b"1"}, last="log.json")
    store.put_folder("logs/w", {"log.json": b"2", "w.csv": b"2"}, last="log.json")
    assert {i.key: store.get(i.key) for i in store.listing("logs/")} == {
        "logs/w/log.json": b"2",
        "logs/w/w.csv": b"2",
    }


def test_prefix_does_not_match_a_longer_name(store: ObjectStore) -> None:
    store.put("log/a", b"")
    store.put("logs/b", b"")
    assert [info.key for info in store.listing("log/")] == ["log/a"]


def test_marker_is_written_last_in_a_bucket(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that dies leaves a folder without its marker, also over an older version."""
    store = ObjectStore(f"{bucket}/dies")
    store.put_folder("logs/w", {"log.json": b"1", "w.las": b"1"}, last="log.json")

    def fail(files: object) -> None:
        raise StorageError("connection lost", "w.las")

    monkeypatch.setattr(store, "put_many", fail)
    with pytest.raises(StorageError):
        store.put_folder("logs/w", {"log.json": b"2", "w.las": b"2"}, last="log.json")
    assert not store.exists("logs/w/log.json")


def test_no_such_bucket(bucket: str) -> None:
    with pytest.raises(NoSuchPlaceError, match="not-there") as caught:
        ObjectStore("s3://not-there/x").check_readable()
    assert "spelling" in str(caught.value)
    with pytest.raises(NoSuchPlaceError):
        ObjectStore("s3://not-there/x").check_writable()


def test_a_store_without_create_only_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ObjectStore, "put", lambda *args, **kwargs: True)
    with pytest.raises(NoCreateOnlyError, match="conditional writes"):
        ObjectStore(str(tmp_path)).check_writable()


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(NoSuchPlaceError):
        ObjectStore(str(tmp_path / "nothing")).check_readable()


def test_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="folder"):
        ObjectStore(str(tmp_path / "file")).check_writable()


def test_dead_server_is_an_error_with_a_remedy(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.objects.RETRY_BUDGET_S", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StorageError, match="run again") as caught:
        ObjectStore(f"{bucket}/x").check_readable()
    assert caught.value.retryable


@pytest.mark.parametrize("uri", ["ftp://host/x", "s3:///x", ""])
def test_bad_uri(uri: str) -> None:
    with pytest.raises(BadUriError):
        ObjectStore(uri)


@pytest.mark.parametrize(
    ("text", "kind", "retryable"),
    [
        ("No space left on device (os error 28)", FullError, True),
        ("<Code>AccessDenied</Code>", AccessError, False),
        ("403 Forbidden", AccessError, False),
        ("Permission denied (os error 13)", AccessError, False),
        ("<Code>NoSuchBucket</Code>", NoSuchPlaceError, False),
        ("503 Slow Down", StorageError, True),
    ],
)
def test_errors_are_told_apart(text: str, kind: type[StorageError], retryable: bool) -> None:
    error = _translated(OSError(text), "s3://b/k")
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.remedy
    assert "s3://b/k" in str(error)


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("/a/b", "/a", True),
        ("/a", "/a", True),
        ("/ab", "/a", False),
        ("/a/../c", "/a", False),
        ("s3://b/x/y", "s3://b/x/", True),
        ("s3://b/xy", "s3://b/x", False),
        ("s3://b/x", "s3://b", True),
        ("s3://c/x", "s3://b/x", False),
        ("/b/x", "s3://b/x", False),
    ],
)
def test_is_inside(inner: str, outer: str, expected: bool) -> None:
    assert is_inside(inner, outer) is expected


def test_inside_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "scans")
    assert is_inside(str(tmp_path / "link" / "out"), str(tmp_path / "scans"))


def test_store_travels_between_processes(store: ObjectStore) -> None:
    store.put("a", b"1")
    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_runs_that_publish_the_same_folder_at_once_all_succeed(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))

    def publish(number: int) -> None:
        for _ in range(40):
            store.put_folder("logs/w", {"log.json": b"%d" % number, "w.las": b"x"}, last="log.json")

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(publish, range(6)))
    assert sorted(p.name for p in (tmp_path / "logs" / "w").iterdir()) == ["log.json", "w.las"]
    assert [p.name for p in (tmp_path / "logs").iterdir()] == ["w"]
    store.sweep_temp(-1.0)
    assert not [p for p in tmp_path.rglob("*") if ".old" in p.name]


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
