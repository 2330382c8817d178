"""Stores: the same interface over a folder and a real S3-speaking server."""

from __future__ import annotations

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import store_support

from storage.errors import (
    AccessError,
    BadUriError,
    FullError,
    NoCreateOnlyError,
    NoSuchPlaceError,
    NotFoundError,
    StorageError,
)
from storage.errors import translated_error as _translated
from storage.objects import ObjectStore
from storage.places import is_inside

AWKWARD = ["a b.tif", "ü/№ 7.tif", "x#1.tif", "y%20z.tif", "q?&=.tif", "w[1]*.tif", "a+b.tif"]


bucket, store = store_support.bucket, store_support.store


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
