"""The archive run: faults of scans, machines and stores, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import flow_support
import pytest
from batch_support import (
    begin,
    latest,
    params,
    run_plain,
    s3_server,
    scan_bytes,
    stand_in,
    work_chunk,
)
from flow_support import rows
from small_network import SMALL_NETWORK

from flows.archive.chunk import trace_chunk
from flows.archive.run_spec import RunSpec
from flows.cli import batch as batch_cli
from flows.engine.decoders import (
    DecoderCrashError,
    DecoderMemoryError,
    Decoders,
    DecoderSettings,
    DecoderTimeoutError,
)
from storage.compact import compact
from storage.errors import StorageError
from storage.ledger import mark_attempt
from storage.objects import ObjectStore
from veernet_core.config import RasterLimits
from veernet_core.errors import DecodeError

engine, archive, out = flow_support.engine, flow_support.archive, flow_support.out
behind_a_proxy = flow_support.behind_a_proxy


def test_broken_decoders_are_outcomes_and_harm_no_neighbour(archive: Path, out: Path) -> None:
    for name in ("crash", "hang"):
        (archive / f"{name}.tif").write_bytes(scan_bytes(len(name)))
    (archive / "broken.tif").write_bytes(b"II*\0nonsense")
    (archive / "empty.tif").write_bytes(b"")
    run_plain(params(archive, out, decode_limit_s=3.0, max_tries=2))
    found = latest(out)
    assert (found["crash.tif"].code, found["crash.tif"].status) == (
        "decoder_crashed",
        "quarantined",
    )
    assert (found["hang.tif"].code, found["hang.tif"].status) == ("decoder_timeout", "quarantined")
    assert found["broken.tif"].status == "failed"
    assert found["empty.tif"].code == "empty_file"
    assert sum(record.status == "done" for record in found.values()) == 10
    failures = {str(row["uri"]).rsplit("/", 1)[-1]: row for row in rows(out / "failures.parquet")}
    assert failures.keys() == {"crash.tif", "hang.tif", "broken.tif", "empty.tif"}
    assert all(row["remedy"] for row in failures.values())
    assert run_plain(params(archive, out, max_tries=2))[0].plan.units == ()


def test_out_of_memory_is_tried_again_and_then_quarantined(archive: Path, out: Path) -> None:
    (archive / "oom.tif").write_bytes(scan_bytes(3))
    states = []
    for _ in range(4):
        run_plain(params(archive, out))
        record = latest(out)["oom.tif"]
        states.append((record.status, record.tries))
    assert states == [("retry", 1), ("retry", 2), ("quarantined", 3), ("quarantined", 3)]
    assert latest(out)["oom.tif"].code == "out_of_memory"


def test_an_unreadable_object_is_an_outcome(archive: Path, out: Path) -> None:
    gone = archive / "0000" / "well-000004.tif"
    prepared = begin(params(archive, out))
    gone.unlink()
    for chunk in range(prepared.plan.chunks(0)):
        work_chunk(prepared, 0, chunk)
    record = latest(out)["well-000004.tif"]
    assert (record.status, record.code) == ("retry", "not_found")


def test_a_worker_that_dies_leaves_a_mark_and_the_scan_ends_in_quarantine(
    archive: Path, out: Path
) -> None:
    (archive / "0000" / "well-000005-deadly.tif").write_bytes(scan_bytes(5))
    script = (  # each run is a process of its own; what they all load is loaded once
        "import os, sys; sys.path[:0] = [sys.argv[3]]\n"
        "from batch_support import params, run_plain\n"
        "for _ in range(6):\n"
        "    if not os.fork():\n"
        "        run_plain(params(sys.argv[1], sys.argv[2], chunk_logs=4))\n"
        "        os._exit(0)\n"
        "    print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)\n"
    )
    tests = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", script, str(archive), str(out), str(tests)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert ended.stdout.split() == ["137"] * 5 + ["0"]
    record = latest(out)["well-000005-deadly.tif"]
    assert (record.status, record.tries) == ("quarantined", 5)
    assert sum(r.status == "done" for r in latest(out).values()) == 10


def test_trouble_at_the_destination_is_raised_and_the_next_try_succeeds(
    archive: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = begin(params(archive, out))
    real, calls = ObjectStore.put, 0

    def put(self: ObjectStore, key: str, data: bytes, *, create: bool = False) -> bool:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StorageError("503 Slow Down", key)
        return real(self, key, data, create=create)

    monkeypatch.setattr(ObjectStore, "put", put)
    with pytest.raises(StorageError):
        work_chunk(prepared, 0, 0)
    assert not list((out / "_veernet/attempts").rglob("*.json")), "an orderly end leaves no mark"
    assert work_chunk(prepared, 0, 0).done == 4


def test_a_source_that_is_gone_altogether_is_infrastructure(archive: Path, out: Path) -> None:
    prepared = begin(params(archive, out))
    archive.rename(archive.with_name("away"))
    with pytest.raises(StorageError):
        trace_chunk(prepared.spec, 0, 0)
    archive.with_name("away").rename(archive)
    assert work_chunk(prepared, 0, 0).done == 4


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="needs /dev/full")
def test_a_full_disk_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, data: real(Path("/dev/full"), data))
    with pytest.raises(StorageError, match="Free space") as caught:
        ObjectStore(str(tmp_path)).put_folder("logs/w", {"log.json": b"x" * 99}, last="log.json")
    assert caught.value.code == "no_space"
    assert not list((tmp_path / "logs").glob("*"))


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        pool = Decoders(DecoderSettings(1, 4.0, 3000, "cheap_check:check"))
        yield pool
        pool.close()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("crash.tif", DecoderCrashError),
        ("hang.tif", DecoderTimeoutError),
        ("greedy.tif", DecoderMemoryError),
        ("fine.tif", type(None)),
    ],
)
def test_a_child_that_dies_is_replaced(decoders: Decoders, name: str, kind: type) -> None:
    error = decoders.try_scan(scan_bytes(1), name, RasterLimits())
    assert type(error) is kind
    assert decoders.try_scan(scan_bytes(1), "next.tif", RasterLimits()) is None


def test_a_bad_file_keeps_its_own_error(decoders: Decoders) -> None:
    error = decoders.try_scan(b"not an image", "x.tif", RasterLimits())
    assert isinstance(error, DecodeError)
    assert error.where
    assert error.remedy


def test_orphaned_children_end() -> None:
    """A child whose parent is killed ends when its pipe closes."""
    script = (
        "import os, signal\nfrom flows.engine.decoders import *\nfrom veernet_core.config import RasterLimits\n"
        "pool = Decoders(DecoderSettings(1, 60, 3000, 'cheap_check:check'))\n"
        "pool.try_scan(b'x', 'x.tif', RasterLimits())\n"
        "print(pool._idle.get()._process.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    child = Path("/proc") / done.stdout.strip()
    for _ in range(100):
        if not child.exists() or "Z" in (child / "stat").read_text().split()[2]:
            return
        threading.Event().wait(0.05)
    pytest.fail("the child lives on")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--source", "{tmp}/none", "--dest", "{tmp}/o"], "does not exist"),
        (["--source", "{scans}", "--dest", "{scans}/out"], "inside the source"),
        (["--source", "{scans}", "--dest", "{scans}"], "inside the source"),
        (["--source", "{scans}/0000", "--dest", "{scans}"], "inside the destination"),
        (["--source", "{tmp}/empty", "--dest", "{tmp}/o"], "no scans found"),
        (["--source", "{scans}", "--dest", "ftp://x/y"], "unknown scheme"),
        (["--source", "{scans}", "--dest", "{tmp}/o", "--min-r2", "2"], "--min-r2"),
        (["--source", "{scans}", "--dest", "{tmp}/o", "--engine", "abacus"], "--engine"),
        (["--source", "{scans}", "--dest", "{tmp}/file"], "folder"),
    ],
)
def test_bad_usage_ends_at_once_with_a_remedy(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], word: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    names = {"tmp": str(tmp_path), "scans": str(archive)}
    assert batch_cli.main([option.format(**names) for option in options]) == 2
    said = capsys.readouterr().err
    assert word in said
    assert "Traceback" not in said
    assert "prefect" not in sys.modules or said


def test_a_missing_bucket_and_refused_rights(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with s3_server(monkeypatch):
        assert batch_cli.main(["--source", "s3://nowhere/x", "--dest", str(tmp_path / "o")]) == 2
        assert "does not exist" in capsys.readouterr().err
        assert batch_cli.main(["--source", str(archive), "--dest", "s3://nowhere/x"]) == 2
        assert "does not exist" in capsys.readouterr().err


def test_the_command_line_never_loads_prefect_for_bad_input(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom flows.cli import batch as batch_cli\n"
        f"code = batch_cli.main(['--source', '{tmp_path}/none', '--dest', '{tmp_path}/o'])\n"
        "sys.exit(code if 'prefect' not in sys.modules else 99)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 2


def test_the_specification_survives_its_file(archive: Path, out: Path) -> None:
    spec = begin(params(archive, out, step=0.25)).spec
    assert RunSpec.from_bytes(spec.to_bytes()) == spec
    assert json.loads(spec.to_bytes())["config"]["step"] == 0.25


@pytest.mark.server
@pytest.mark.slow
def test_batch_in_process(
    archive: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind_a_proxy: None
) -> None:
    """The real command in its own process, behind a proxy: nothing to start, exit codes, an idle re-run."""
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (archive / "crash.tif").write_bytes(scan_bytes(1))
    command = [sys.executable, "-m", "flows.cli.batch", "--source", str(archive)]
    command += ["--dest", str(out), "--chunk-logs", "4", "--max-tries", "1"]
    command += ["--model", str(SMALL_NETWORK)]
    first = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert first.returncode == 1, first.stderr
    assert "10 logs done, 1 without a result" in first.stderr
    assert "decoder_crashed" in first.stderr
    assert "Traceback" not in first.stderr
    assert (out / "dashboard" / "index.html").is_file()
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    again = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert (again.returncode, "0 to do" in again.stderr) == (0, True), again.stderr
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()} == before


def test_marks_of_the_dead_do_not_outlive_success(archive: Path, out: Path) -> None:
    store = ObjectStore(str(out))
    prepared = begin(params(archive, out))
    unit = prepared.plan.units[0].unit_id(prepared.spec.requirement)
    mark_attempt(store, "old/00000-00000-aa", [unit], alone=False)
    run_plain(params(archive, out))
    compact(store)
    assert latest(out)["well-000000.tif"].status == "done"
