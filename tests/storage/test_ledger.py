"""Ledger, plan and compaction: exactly once, whoever dies when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_support import NEED, record

from storage.ledger import (
    Ledger,
    Record,
    append,
    deaths,
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
from storage.objects import ObjectStore
from storage.plan import (
    Selection,
    make_plan,
    name_logs,
    read_manifest,
    write_manifests,
)

NOBODY: tuple[Counter[str], Counter[str]] = (Counter(), Counter())


def listed(key: str, version: str = "v1", sidecar: str = "", day: int = 1) -> Listed:
    when = datetime(2026, 10, day, tzinfo=UTC)
    side = ObjectInfo(key + ".sidecar.json", 1, sidecar, when) if sidecar else None
    return Listed(ObjectInfo(key, 10, version, when), side)


def plan_of(scans: list[Listed], ledger: Ledger | None = None, **selection: object):  # type: ignore[no-untyped-def]
    chosen = Selection(**selection)  # type: ignore[arg-type]
    return make_plan(scans, ledger or Ledger(), NEED, chosen, NOBODY, 4, 10)


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
