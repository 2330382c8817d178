"""Ledger, plan and compaction: exactly once, whoever dies when."""

from __future__ import annotations

import io
import json
import os
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from factories import make_log
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import compact as compact_module
from storage.compact import CompactionError, compact
from storage.ledger import (
    Ledger,
    Record,
    append,
    deaths,
    generations,
    mark_attempt,
    mismatches,
    outdated,
    read_ledger,
    read_segment,
    records_to_table,
    table_to_records,
)
from storage.listing import Listed, list_scans
from storage.listings import ObjectInfo
from storage.log_files import RECORD, log_files
from storage.objects import ObjectStore
from storage.plan import (
    Selection,
    make_plan,
    name_logs,
    read_manifest,
    write_manifests,
)
from storage.required import Requirement
from storage.staged import StagedError, staged_from_bytes, staged_to_bytes

NEED = Requirement(
    "model-1", "config-1", "0.2.0", "float32 torch cpu", "settings-1", "page-1", "config-0"
)
NOBODY: tuple[Counter[str], Counter[str]] = (Counter(), Counter())


def record(key: str, **more: object) -> Record:
    base = Record(
        source_key=key,
        source_version="v1",
        sidecar_version="",
        model_id=NEED.model_id,
        config_hash=NEED.config_hash,
        version=NEED.version,
        numerics=NEED.numerics,
        settings_hash=NEED.settings_hash,
        algorithms=NEED.algorithms,
        log_id=Path(key).stem,
        uri=f"/scans/{key}",
        status="done",
        scan_sha256="ab" * 32,
        run_id="run1",
    )
    return replace(base, **more)  # type: ignore[arg-type]


def listed(key: str, version: str = "v1", sidecar: str = "", day: int = 1) -> Listed:
    when = datetime(2026, 10, day, tzinfo=UTC)
    side = ObjectInfo(key + ".sidecar.json", 1, sidecar, when) if sidecar else None
    return Listed(ObjectInfo(key, 10, version, when), side)


def plan_of(scans: list[Listed], ledger: Ledger | None = None, **selection: object):  # type: ignore[no-untyped-def]
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return make_plan(scans, ledger or Ledger(), NEED, chosen, NOBODY, 4, 10)


def publish(store: ObjectStore, item: Record) -> None:
    files = log_files(make_log(stem=item.log_id), item.log_id)
    store.put_folder(f"logs/{item.log_id}", files, last=RECORD)


# --- what is required against what is recorded ---------------------------------------------------


def test_nothing_to_do_for_an_equal_record() -> None:
    assert mismatches("v1", "", NEED, record("a.tif")) == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"source_version": "v0"}, "scan: v0 -> v1"),
        ({"sidecar_version": "s0"}, "sidecar: s0 -> none"),
        ({"config_hash": "old"}, "config: old -> config-1"),
    ],
)
def test_each_mismatch_is_named(change: dict[str, str], word: str) -> None:
    assert mismatches("v1", "", NEED, record("a.tif", **change)) == (word,)
    assert outdated(NEED, record("a.tif", **change)) == ()


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"model_id": "old"}, "model: old -> model-1"),
        ({"numerics": "bfloat16 torch cuda"}, "numerics: bfloat16 torch cuda -> float32 torch cpu"),
        ({"settings_hash": "old"}, "settings: old -> settings-1"),
        ({"algorithms": "page-0"}, "algorithms: page-0 -> page-1"),
    ],
)
def test_an_upgrade_makes_outdated_and_asks_for_nothing(change: dict[str, str], word: str) -> None:
    old = record("a.tif", **change)
    assert mismatches("v1", "", NEED, old) == ()
    assert outdated(NEED, old) == (word,)
    assert old.key != record("a.tif").key


def test_a_release_that_changes_no_result_makes_nothing_outdated() -> None:
    old = record("a.tif", version="0.1.9")
    assert mismatches("v1", "", NEED, old) == outdated(NEED, old) == ()
    assert old.key == record("a.tif").key


def test_all_mismatches_are_listed() -> None:
    old = record("a.tif", source_version="v0", config_hash="old", model_id="old")
    assert [m.split(":")[0] for m in mismatches("v1", "", NEED, old)] == ["scan", "config"]


def of_0_1(key: str, **more: object) -> Record:
    """A record as version 0.1.0 wrote it."""
    blank = {"numerics": "", "settings_hash": "", "algorithms": "", "version": "0.1.0"}
    return record(key, config_hash="config-0", **{**blank, **more})


def test_a_result_of_0_1_0_stands_where_its_options_are_the_same() -> None:
    assert mismatches("v1", "", NEED, of_0_1("a.tif")) == ()
    assert [r.split(":")[0] for r in outdated(NEED, of_0_1("a.tif"))] == [
        "numerics",
        "settings",
        "algorithms",
    ]
    other = record("a.tif", config_hash="config-9", algorithms="", version="0.1.0")
    assert mismatches("v1", "", NEED, other) == ("config: config-9 -> config-0",)


def test_segments_of_0_1_0_are_read() -> None:
    table = records_to_table([of_0_1("a.tif")])
    old = table.drop_columns(["numerics", "settings_hash", "algorithms"])
    assert table_to_records(old) == [of_0_1("a.tif")]


def test_final_outcomes_stand_and_passing_trouble_is_tried_again() -> None:
    assert mismatches("v1", "", NEED, record("a.tif", status="failed", code="x")) == ()
    assert mismatches("v1", "", NEED, record("a.tif", status="quarantined", code="x")) == ()
    assert mismatches("v1", "", NEED, record("a.tif", status="retry", code="x", tries=2)) == (
        "retry after x (try 3)",
    )


# --- the plan ------------------------------------------------------------------------------------


def test_listing_pairs_scans_with_sidecars_and_passes_over_the_rest(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    for key in ("b/x.TIF", "b/x.sidecar.json", "a.pdf", "notes.txt", "lonely.sidecar.json"):
        store.put(key, b"1")
    found = list_scans(store)
    assert [(f.scan.key, f.sidecar.key if f.sidecar else "") for f in found] == [
        ("a.pdf", ""),
        ("b/x.TIF", "b/x.sidecar.json"),
    ]


def test_only_what_differs_is_planned_with_its_reason() -> None:
    ledger = Ledger(latest={"a.tif": record("a.tif"), "b.tif": record("b.tif", config_hash="old")})
    plan = plan_of([listed("a.tif"), listed("b.tif"), listed("c.tif")], ledger)
    assert [(u.source_key, u.reasons) for u in plan.units] == [
        ("b.tif", "config: old -> config-1"),
        ("c.tif", "new"),
    ]
    assert (plan.listed, plan.up_to_date, plan.outdated) == (3, 1, 0)


def test_what_is_outdated_is_counted_and_redone_only_when_asked() -> None:
    ledger = Ledger(
        latest={
            "a.tif": record("a.tif"),
            "b.tif": record("b.tif", model_id="old", algorithms="page-0"),
            "c.tif": record("c.tif", algorithms="page-0", status="failed", code="x"),
            "d.tif": record("d.tif", algorithms="page-0", config_hash="old"),
        }
    )
    scans = [listed(f"{name}.tif") for name in "abcd"]
    plan = plan_of(scans, ledger)
    assert [(u.source_key, u.reasons) for u in plan.units] == [("d.tif", "config: old -> config-1")]
    assert (plan.up_to_date, plan.outdated) == (1, 2)
    assert plan.moved_on == ("algorithms", "model")
    again = plan_of(scans, ledger, redo_outdated=True)
    assert [u.source_key for u in again.units] == ["b.tif", "c.tif", "d.tif"]
    assert again.units[0].reasons == "model: old -> model-1; algorithms: page-0 -> page-1"
    assert (again.up_to_date, again.outdated) == (1, 0)


def test_force_limit_and_time_span() -> None:
    ledger = Ledger(latest={"a.tif": record("a.tif")})
    scans = [listed(f"{c}.tif", day=d) for d, c in enumerate("abcde", start=1)]
    keys = lambda **kw: [u.source_key for u in plan_of(scans, ledger, **kw).units]  # noqa: E731
    assert keys(force=True) == ["a.tif", "b.tif", "c.tif", "d.tif", "e.tif"]
    assert keys(limit=2) == ["b.tif", "c.tif"]
    span = {"since": datetime(2026, 10, 3, tzinfo=UTC), "until": datetime(2026, 10, 5, tzinfo=UTC)}
    assert keys(**span) == ["c.tif", "d.tif"]


def test_shards_and_chunks_keep_order_and_size() -> None:
    plan = plan_of([listed(f"{n:03d}.tif") for n in range(23)])
    assert [u.source_key for u in plan.units] == [f"{n:03d}.tif" for n in range(23)]
    assert Counter((u.shard, u.chunk) for u in plan.units) == {
        (0, 0): 4, (0, 1): 4, (0, 2): 2, (1, 0): 4, (1, 1): 4, (1, 2): 2, (2, 0): 3,
    }  # fmt: skip
    assert (plan.shards, plan.chunks(0), plan.chunks(2)) == (3, 3, 1)


def test_a_scan_that_kills_workers_is_tried_alone_and_then_quarantined() -> None:
    scans = [listed(f"{c}.tif") for c in "abc"]
    unit_id = plan_of(scans).units[1].unit_id(NEED)
    plan = lambda company, alone, **kw: make_plan(  # noqa: E731
        scans, Ledger(), NEED, Selection(**kw),
        (Counter({unit_id: company}), Counter({unit_id: alone})), 4, 10,
    )  # fmt: skip
    assert [u.chunk for u in plan(1, 0).units] == [0, 0, 0]
    assert [(u.chunk, u.alone) for u in plan(2, 2).units] == [(0, False), (1, True), (2, False)]
    assert [u.source_key for u in plan(2, 3).quarantine] == ["b.tif"]
    assert [u.source_key for u in plan(2, 3).units] == ["a.tif", "c.tif"]
    assert plan(2, 3, force=True).quarantine == ()


def test_manifest_round_trip(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    ledger = Ledger(latest={"003.tif": record("003.tif", model_id="old")})
    plan = plan_of([listed(f"{n:03d}.tif", sidecar="s") for n in range(23)], ledger)
    write_manifests(store, "run", plan)
    read = [unit for shard in range(3) for unit in read_manifest(store, "run", shard)]
    assert read == list(plan.units)
    assert read[3].known_record() == ledger.latest["003.tif"]


def test_colliding_stems_get_a_hash_and_names_never_change() -> None:
    names, collisions = name_logs(["a/x.tif", "b/x.tif", "b/X.png", "y.tif"], {})
    assert collisions == ("x",)
    assert names["y.tif"] == "y"
    assert len({n.casefold() for n in names.values()}) == 4
    assert all(names[k].lower().startswith("x-") for k in ("a/x.tif", "b/x.tif", "b/X.png"))
    first, _ = name_logs(["a/x.tif"], {})
    assert first == {"a/x.tif": "x"}
    grown, _ = name_logs(["a/x.tif", "b/x.tif"], {"a/x.tif": record("a/x.tif", log_id="x")})
    assert grown["a/x.tif"] == "x"
    assert grown["b/x.tif"] == names["b/x.tif"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("aA/.x-", min_size=1, max_size=6), unique=True, max_size=12))
def test_log_ids_are_unique_on_any_file_system(keys: list[str]) -> None:
    names, _ = name_logs(keys, {})
    assert len({name.casefold() for name in names.values()}) == len(keys)


# --- segments ------------------------------------------------------------------------------------


def test_records_survive_parquet() -> None:
    records = [record("a.tif", message="Zeile\n„ü“", tries=3), record("b.tif", status="failed")]
    assert table_to_records(records_to_table(records)) == records


def test_a_chunk_is_recorded_once(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    assert append(store, "run1/00000-00000", [record("a.tif")])
    assert not append(store, "run1/00000-00000", [record("a.tif", status="failed")])
    kept = read_segment(store, "run1/00000-00000")
    assert kept is not None
    assert kept[0].status == "done"


def test_the_last_run_wins_whatever_the_order_of_arrival(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    append(store, "run2/00000-00000", [record("a.tif", model_id="new", run_id="run2")])
    append(store, "run1/00000-00000", [record("a.tif", model_id="old")])
    assert read_ledger(store).latest["a.tif"].model_id == "new"


def test_marks_of_deaths_are_counted(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    kept = mark_attempt(store, "run1/00000-00000-aa", ["u1", "u2"], alone=False)
    mark_attempt(store, "run1/00000-00000-bb", ["u1"], alone=True)
    company, alone, keys = deaths(store)
    assert (company["u1"], company["u2"], alone["u1"]) == (1, 1, 1)
    store.delete([kept])
    assert deaths(store)[0]["u1"] == 0
    assert len(keys) == 2


# --- compaction ----------------------------------------------------------------------------------


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


# --- staged logs ---------------------------------------------------------------------------------


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
