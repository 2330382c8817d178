"""Compaction and staged logs: nothing is lost or doubled, whoever dies when."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from factories import make_log
from ledger_support import record

from storage import compact as compact_module
from storage.compact import CompactionError, compact
from storage.ledger import (
    Record,
    append,
    generations,
    read_ledger,
)
from storage.log_files import RECORD, log_files
from storage.objects import ObjectStore
from storage.staged import StagedError, staged_from_bytes, staged_to_bytes


def publish(store: ObjectStore, item: Record) -> None:
    files = log_files(make_log(stem=item.log_id), item.log_id)
    store.put_folder(f"logs/{item.log_id}", files, last=RECORD)


def rows_by_log(store: ObjectStore) -> Counter[str]:
    counts: Counter[str] = Counter()
    for info in store.listing("curves/"):
        table = pq.read_table(io.BytesIO(store.get(info.key)))
        counts.update(table["log_id"].to_pylist())
    return counts


def verdict_logs(store: ObjectStore) -> list[str]:
    return list(pq.read_table(io.BytesIO(store.get("verdicts.parquet")))["log_id"].to_pylist())


def filled(tmp_path: Path, names: str = "abcd") -> ObjectStore:
    store = ObjectStore(str(tmp_path / "out"))
    for number, name in enumerate(names):
        item = record(f"{name}.tif", samples=100)
        publish(store, item)
        append(store, f"run1/00000-{number:05d}", [item])
    return store


def test_every_log_once_and_idle_when_nothing_is_new(tmp_path: Path) -> None:
    store = filled(tmp_path)
    append(store, "run1/00001-00000", [record("bad.tif", status="failed", code="bad_sidecar")])
    assert compact(store).changed_logs == 5
    rows = rows_by_log(store)
    assert set(rows) == set("abcd")
    assert len(set(rows.values())) == 1
    assert Counter(verdict_logs(store)).keys() == set("abcd")
    failures = pq.read_table(io.BytesIO(store.get("failures.parquet"))).to_pylist()
    assert [(f["uri"], f["code"]) for f in failures] == [("/scans/bad.tif", "bad_sidecar")]
    before = snapshot(store)
    assert compact(store).changed_logs == 0
    assert snapshot(store) == before


def test_a_new_result_replaces_the_old_rows_in_place(tmp_path: Path) -> None:
    store = filled(tmp_path)
    compact(store)
    parts = sorted(info.key for info in store.listing("curves/"))
    once = rows_by_log(store)
    again = record("b.tif", model_id="new", run_id="run2")
    publish(store, again)
    append(store, "run2/00000-00000", [again])
    assert compact(store).parts_written == 1
    assert rows_by_log(store) == once
    assert sorted(info.key for info in store.listing("curves/")) == parts
    append(store, "run3/00000-00000", [record("b.tif", status="failed", run_id="run3")])
    compact(store)
    assert set(rows_by_log(store)) == set("acd")
    assert "b" not in verdict_logs(store)


def test_later_logs_leave_earlier_files_alone(tmp_path: Path) -> None:
    store = filled(tmp_path)
    compact(store)
    old = {info.key: store.get(info.key) for info in store.listing("curves/")}
    for name in "ef":
        publish(store, record(f"{name}.tif"))
        append(store, f"run2/00000-{name}", [record(f"{name}.tif", run_id="run2")])
    compact(store)
    now = {info.key: store.get(info.key) for info in store.listing("curves/")}
    assert old.items() <= now.items()
    assert set(rows_by_log(store)) == set("abcdef")
    assert verdict_logs(store) == sorted(verdict_logs(store))


@pytest.mark.parametrize("dies_at", range(1, 9))
def test_a_compaction_that_dies_at_any_write_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    monkeypatch.setattr(compact_module, "PART_LOGS", 2)
    undisturbed = filled(tmp_path / "quiet")
    compact(undisturbed)
    store = filled(tmp_path / "rough")
    writes = 0
    real = ObjectStore.put

    def put(self: ObjectStore, key: str, data: bytes, *, create: bool = False) -> bool:
        nonlocal writes
        writes += 1
        if writes == dies_at:
            raise KeyboardInterrupt
        return real(self, key, data, create=create)

    monkeypatch.setattr(ObjectStore, "put", put)
    try:
        compact(store)
    except KeyboardInterrupt:
        assert dies_at <= 6
    monkeypatch.setattr(ObjectStore, "put", real)
    compact(store)
    assert snapshot(store, "_veernet") == snapshot(undisturbed, "_veernet")


def test_compactions_at_once_neither_lose_nor_double(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact_module, "PART_LOGS", 2)
    store = filled(tmp_path, "abcdefgh")
    errors: list[BaseException] = []

    def work(number: int) -> None:
        try:
            name = f"late{number}"
            publish(store, record(f"{name}.tif"))
            append(store, f"run1/00009-{number:05d}", [record(f"{name}.tif")])
            compact(store)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    compact(store)
    assert errors == []
    rows = rows_by_log(store)
    assert set(rows) == {*"abcdefgh", "late0", "late1", "late2", "late3"}
    assert len(set(rows.values())) == 1


def test_a_segment_left_by_a_dead_sweep_changes_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path)
    left = store.get("_veernet/segments/run1/00000-00000.ledger.parquet")
    for run in ("run1", "run2", "run3"):
        publish(store, record("a.tif", model_id=run, run_id=run))
        append(store, f"{run}/00001-00000", [record("a.tif", model_id=run, run_id=run)])
        compact(store)
    store.put("_veernet/segments/run1/00000-00000.ledger.parquet", left)
    before = snapshot(store)
    assert compact(store).changed_logs == 0
    assert snapshot(store) == before
    assert read_ledger(store).latest["a.tif"].model_id == "run3"


def test_old_segments_and_catalogues_are_swept(tmp_path: Path) -> None:
    store = filled(tmp_path)
    for number in range(4):
        item = record("a.tif", run_id=f"run{number + 2}")
        publish(store, item)
        append(store, f"run{number + 2}/00000-00000", [item])
        compact(store)
    numbers, written = generations(store)
    assert numbers == sorted(written) == [3, 4]
    assert len(list(store.listing("_veernet/segments/"))) == 1


def test_a_folder_removed_by_hand_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.delete([info.key for info in store.listing("logs/b/")])
    with pytest.raises(CompactionError, match="--force"):
        compact(store)


def snapshot(store: ObjectStore, without: str = "\0") -> dict[str, bytes]:
    return {i.key: store.get(i.key) for i in store.listing() if not i.key.startswith(without)}


def test_a_staged_log_comes_back_exactly() -> None:
    data = staged_to_bytes(make_log())
    again = staged_from_bytes(data)
    assert staged_to_bytes(again) == data
    assert log_files(again, "x") == log_files(make_log(), "x")


@pytest.mark.parametrize("cut", [0, 7, 12, 200, -5])
def test_damaged_staged_bytes_are_an_error(cut: int) -> None:
    with pytest.raises(StagedError):
        staged_from_bytes(staged_to_bytes(make_log())[:cut])


def test_old_leftovers_beside_are_swept(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for name, age in (("old", 7200), ("young", 10)):
        folder = tmp_path / "_veernet" / "tmp" / name
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age, time.time() - age))
    store.sweep_temp(older_than_s=3600)
    assert [p.name for p in (tmp_path / "_veernet" / "tmp").iterdir()] == ["young"]


def test_json_of_the_catalogue_names_its_segments(tmp_path: Path) -> None:
    store = filled(tmp_path)
    compact(store)
    data = store.get("_veernet/catalog/00000001.parquet")
    folded = pq.read_schema(io.BytesIO(data)).metadata[b"folded"]
    assert json.loads(folded) == [f"run1/00000-{n:05d}" for n in range(4)]
