"""The archive run: whole batches, faults, and what people are told."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path
from typing import Any

import flow_support
import pyarrow.parquet as pq
import pytest
from batch_support import (
    CURVES_PER_LOG,
    SAMPLES_PER_LOG,
    begin,
    deliverables,
    latest,
    params,
    run_plain,
    s3_server,
    scan_bytes,
    stand_in,
    work_chunk,
)
from flow_support import rows

from flows.archive.chunk import gate_chunk, publish_chunk, trace_chunk
from flows.archive.setup import prepare_run
from flows.engine.loading import NumericsError, get_engine
from storage.errors import StorageError
from storage.ledger import read_ledger
from storage.numerics import fix_numerics
from storage.objects import ObjectStore

engine, archive, out = flow_support.engine, flow_support.archive, flow_support.out


def test_every_log_once(archive: Path, out: Path) -> None:
    prepared, _ = run_plain(params(archive, out))
    assert len(prepared.plan.units) == 10
    assert len(list((out / "logs").iterdir())) == 10
    assert len(rows(out / "verdicts.parquet")) == 10 * CURVES_PER_LOG
    samples = pq.read_table(out / "curves")
    assert samples.num_rows == 10 * SAMPLES_PER_LOG
    assert not list(ObjectStore(str(out)).listing("_veernet/staged/"))
    assert not list(ObjectStore(str(out)).listing("_veernet/attempts/"))


def test_a_finished_batch_is_idle_and_rewrites_nothing(archive: Path, out: Path) -> None:
    run_plain(params(archive, out))
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in out.rglob("*") if p.is_file()}
    prepared, compaction = run_plain(params(archive, out))
    assert (prepared.plan.units, compaction.changed_logs) == ((), 0)
    assert prepared.plan.up_to_date == 10
    after = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in out.rglob("*") if p.is_file()}
    assert after == before


def test_new_changed_and_touched_scans(archive: Path, out: Path) -> None:
    run_plain(params(archive, out))
    before = deliverables(out)
    touched = archive / "0000" / "well-000001.tif"
    os.utime(touched, (1e9, 1e9))
    (archive / "0000" / "well-000002.tif").write_bytes(scan_bytes(777))
    (archive / "0000" / "well-000003.sidecar.json").write_text("{}")
    (archive / "new.tif").write_bytes(scan_bytes(778))
    prepared, _ = run_plain(params(archive, out))
    kinds = {u.source_key[-15:]: u.reasons.split(":")[0] for u in prepared.plan.units}
    assert kinds == {
        "new.tif": "new",
        "well-000001.tif": "scan",
        "well-000002.tif": "scan",
        "well-000003.tif": "sidecar",
    }
    after = deliverables(out)
    changed = {
        p.split("/")[1] for p in after if p.startswith("logs/") and before.get(p) != after[p]
    }
    assert changed == {"new", "well-000002", "well-000003"}
    assert run_plain(params(archive, out))[0].plan.units == ()


def test_same_bytes_whatever_the_chunks(archive: Path, tmp_path: Path) -> None:
    run_plain(params(archive, tmp_path / "a"))
    run_plain(params(archive, tmp_path / "b", chunk_logs=3, shard_logs=5, decoders=1))
    assert deliverables(tmp_path / "a") == deliverables(tmp_path / "b")


def test_a_new_model_makes_results_outdated_and_redoes_them_in_place_when_asked(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_plain(params(archive, out))
    monkeypatch.setenv("CHEAP_ENGINE_MODEL", "cheap-2")
    monkeypatch.setattr("flows.engine.loading._LOADED", {})
    plan = begin(params(archive, out)).plan
    assert (len(plan.units), plan.up_to_date) == (0, 0)
    assert (plan.outdated, plan.moved_on) == (plan.listed, ("model",))
    assert {row["model_id"] for row in rows(out / "verdicts.parquet")} == {"cheap-1"}
    prepared, _ = run_plain(params(archive, out, redo="outdated"))
    assert {u.reasons for u in prepared.plan.units} == {"model: cheap-1 -> cheap-2"}
    assert {row["model_id"] for row in rows(out / "verdicts.parquet")} == {"cheap-2"}
    assert pq.read_table(out / "curves").num_rows == 10 * SAMPLES_PER_LOG
    assert len(list((out / "curves").iterdir())) == 1


def test_a_machine_that_computes_otherwise_is_refused_unless_all_is_made_anew(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix_numerics(ObjectStore(str(out)), "float32 made-up cpu")
    monkeypatch.setenv("CHEAP_ENGINE_NUMERICS", "float32 made-up cuda")
    monkeypatch.setattr("flows.engine.loading._LOADED", {})
    with pytest.raises(NumericsError, match="--redo outdated"):
        prepare_run(params(archive, out))
    spec = prepare_run(params(archive, out, redo="outdated")).spec
    assert spec.requirement.numerics == "float32 made-up cuda"


def test_the_gate_has_the_last_word(archive: Path, out: Path) -> None:
    """Verdicts come from the gate task, not from whatever tracing left in the staged log."""
    run_plain(params(archive, out, min_r2=0.0))
    assert {row["decision"] for row in rows(out / "verdicts.parquet")} == {"accept"}
    run_plain(params(archive, out, min_r2=1.0))
    assert {row["decision"] for row in rows(out / "verdicts.parquet")} == {"review"}
    assert not list((out / "logs").rglob("*.las")), "files of accepted curves must not stay"


def test_duplicate_stems_get_folders_of_their_own(archive: Path, out: Path) -> None:
    for folder in ("a", "b"):
        (archive / folder).mkdir()
        (archive / folder / "log.tif").write_bytes(scan_bytes(hash(folder) % 1000))
    prepared, _ = run_plain(params(archive, out))
    assert prepared.plan.collisions == ("log",)
    folders = [p.name for p in (out / "logs").iterdir() if p.name.startswith("log-")]
    assert len(folders) == 2
    assert run_plain(params(archive, out))[0].plan.units == ()


def test_s3_gives_the_same_bytes_as_a_folder(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_plain(params(archive, out))
    with s3_server(monkeypatch) as (_, client):
        client.create_bucket(Bucket="logs")
        source, dest = ObjectStore("s3://logs/scans"), ObjectStore("s3://logs/out")
        local = ObjectStore(str(archive))
        source.put_many({info.key: local.get(info.key) for info in local.listing()})
        run_plain(params(source.uri, dest.uri))
        keys = [i.key for i in dest.listing() if not i.key.startswith("_veernet/")]
        assert {key: dest.get(key) for key in keys} == deliverables(out)
        assert run_plain(params(source.uri, dest.uri))[0].plan.units == ()


def test_odd_keys_in_a_bucket_cost_those_scans_alone(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    odd = ("a//b.tif", "./c.tif", "new\nline.tif")
    with s3_server(monkeypatch) as (_, client):
        client.create_bucket(Bucket="logs")
        source, local = ObjectStore("s3://logs/scans"), ObjectStore(str(archive))
        source.put_many({info.key: local.get(info.key) for info in local.listing()})
        run_plain(params(source.uri, out))
        for number, key in enumerate(
            odd
        ):  # the server's own front door refuses some of these names
            data = scan_bytes(500 + number)
            s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("logs", f"scans/{key}", data)
        prepared, _ = run_plain(params(source.uri, out))
        assert {unit.source_key for unit in prepared.plan.units} == set(odd), "the others stand"
        records = {r.source_key: r for r in read_ledger(ObjectStore(str(out))).latest.values()}
        assert run_plain(params(source.uri, out))[0].plan.units == ()
    failed = {key: record for key, record in records.items() if record.status != "done"}
    assert len(records) == 10 + len(odd)
    assert {(key, r.status, r.code) for key, r in failed.items()} == {
        (key, "failed", "odd_name") for key in odd
    }
    failures = {row["uri"]: row for row in rows(out / "failures.parquet")}
    assert failures.keys() == {f"s3://logs/scans/{key}" for key in odd}
    assert all(str(row["remedy"]).startswith("Rename it") for row in failures.values())


def test_what_was_staged_is_not_traced_again(archive: Path, out: Path) -> None:
    first = begin(params(archive, out))
    traced = trace_chunk(first.spec, 0, 0)
    stamps = {p: p.stat().st_mtime_ns for p in (out / "_veernet/staged").iterdir()}
    assert len(stamps) == len(traced.staged) == 4
    second = begin(params(archive, out))
    again = trace_chunk(second.spec, 0, 0)
    assert set(again.staged) == set(traced.staged)
    assert {p: p.stat().st_mtime_ns for p in (out / "_veernet/staged").iterdir()} == stamps


def test_a_damaged_staged_log_is_traced_anew(archive: Path, out: Path) -> None:
    prepared = begin(params(archive, out))
    traced = trace_chunk(prepared.spec, 0, 0)
    victim = out / "_veernet/staged" / traced.staged[1]
    victim.write_bytes(victim.read_bytes()[:-9])
    with pytest.raises(StorageError, match="gone"):
        publish_chunk(prepared.spec, gate_chunk(prepared.spec, traced), 0, 0)
    assert work_chunk(prepared, 0, 0).done == 4


def test_a_gate_that_fails_on_one_log_costs_that_log(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = begin(params(archive, out))
    traced = trace_chunk(prepared.spec, 0, 0)
    engine = type(
        get_engine(prepared.spec.model, prepared.spec.device, prepared.spec.requirement.numerics)
    )
    judge = engine.judge

    def stumble(self: Any, log: Any, policy: Any) -> Any:
        if log.scan.stem == "well-000001":
            raise ZeroDivisionError
        return judge(self, log, policy)

    monkeypatch.setattr(engine, "judge", stumble)
    gated = pickle.loads(pickle.dumps(gate_chunk(prepared.spec, traced)))
    summary = publish_chunk(prepared.spec, gated, 0, 0)
    assert (summary.done, summary.failed) == (3, 1)
    (failed,) = [r for r in latest(out).values() if r.status != "done"]
    assert (failed.source_key.rsplit("/", 1)[-1], failed.status) == ("well-000001.tif", "retry")
    assert (failed.code, failed.stage) == ("internal_error", "gate")
    assert "ZeroDivisionError" in failed.message
    assert failed.remedy
    assert len(failed.scan_sha256) == 64
    assert not list((out / "_veernet/staged").iterdir())
    monkeypatch.undo()
    stand_in(monkeypatch)
    run_plain(params(archive, out))
    assert {record.status for record in latest(out).values()} == {"done"}


def test_publishing_twice_or_by_two_workers_changes_nothing(archive: Path, out: Path) -> None:
    prepared = begin(params(archive, out))
    gated = gate_chunk(prepared.spec, trace_chunk(prepared.spec, 0, 0))
    staged = {p: p.read_bytes() for p in (out / "_veernet/staged").iterdir()}
    first = publish_chunk(prepared.spec, gated, 0, 0)
    before = deliverables(out)
    for path, data in staged.items():
        path.write_bytes(data)
    second = publish_chunk(prepared.spec, gated, 0, 0)
    assert (first.done, second.done) == (4, 4)
    assert deliverables(out) == before
    assert trace_chunk(prepared.spec, 0, 0).recorded_before
    assert len(read_ledger(ObjectStore(str(out))).latest) == 4


def test_two_runs_at_once_on_one_destination(archive: Path, out: Path, tmp_path: Path) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            run_plain(params(archive, out))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_plain(params(archive, out))
    run_plain(params(archive, tmp_path / "alone"))
    assert errors == []
    assert deliverables(out) == deliverables(tmp_path / "alone")
