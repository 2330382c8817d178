"""Kill drill: a batch killed with SIGKILL at random moments loses nothing and doubles nothing.

    python tests/drills/kill_drill.py [--logs 240] [--kills 10] [--seed 1]

An archive of small scans is digitised once undisturbed, and once by ``veernet batch`` runs that are
killed: after a random number of logs and milliseconds, in the middle of writing a log's folder, and
while the datasets are being compacted. Then one run is left in peace. Every file of the two results
must have the same bytes, and every log must be in the datasets exactly once. The network is
replaced by ``cheap_engine``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from small_archive import write_archive

HERE = Path(__file__).resolve().parent
CURVES_PER_LOG, SAMPLES_PER_CURVE = 2, 400
_WORK_MS = "30"
_START_LIMIT = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"


def environment(home: Path) -> dict[str, str]:
    """Variables of the runs: the stand-in engine, and a Prefect home of their own."""
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "VEERNET_TEST_ENGINE": "cheap_engine:engine",
        "CHEAP_ENGINE_MS": _WORK_MS,
        "PREFECT_HOME": str(home),
        # a full machine is no reason to end a drill: what is proven is that nothing is lost
        _START_LIMIT: os.environ.get(_START_LIMIT, "300"),
    }


def start(source: Path, dest: Path, home: Path) -> subprocess.Popen[bytes]:
    """``veernet batch`` in a process of its own."""
    command = [sys.executable, "-m", "flows.cli.batch", "--source", str(source)]
    return subprocess.Popen(
        [*command, "--dest", str(dest), "--chunk-logs", "8"],
        env=environment(home),
        stderr=subprocess.DEVNULL,
    )


_OF_RUNS = ("_veernet/", "dashboard/index.html", "dashboard/data/")


def fingerprint(out: Path) -> dict[str, str]:
    """Hash of every delivered file (the ledger and the dashboard's overview tell of the runs, so they
    differ).
    """
    files = {
        path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*")) if path.is_file()
    }
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.startswith(_OF_RUNS)
    }


def moment(kind: str, dest: Path, rng: random.Random) -> Callable[[], bool]:
    """When to kill: a test that is called again and again."""
    if kind == "folder":
        old = set((dest / "_veernet/tmp").glob("*"))
        return lambda: bool(set((dest / "_veernet/tmp").glob("[0-9a-f]*")) - old)
    if kind == "compaction":
        return lambda: (
            any((dest / "curves").glob("*"))
            or any(
                not path.with_suffix(".done").exists()
                for path in (dest / "_veernet/catalog").glob("*.parquet")
            )
        )
    old = set((dest / "_veernet/staged").glob("*")) | set((dest / "logs").glob("*"))
    seen, goal, jitter_s = set(old), len(old) + rng.randint(1, 60), rng.uniform(0.0, 0.1)

    def after_some_logs() -> bool:
        seen.update((dest / "_veernet/staged").glob("*"), (dest / "logs").glob("*"))
        if len(seen) < goal:
            return False
        time.sleep(jitter_s)
        return True

    return after_some_logs


def run_and_kill(kind: str, source: Path, dest: Path, home: Path, rng: random.Random) -> bool:
    """Start a run and kill it at such a moment; False where it ended before."""
    process = start(source, dest, home)
    due = moment(kind, dest, rng)
    while process.poll() is None:
        if due():
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.001)
    return False


def check_exactly_once(out: Path, logs: int) -> None:
    """Every log is in every dataset once, and no folder is half-written."""
    folders = list((out / "logs").iterdir())
    whole = [path for path in folders if (path / "log.json").is_file()]
    assert len(folders) == len(whole) == logs, (len(folders), len(whole))
    with duckdb.connect() as db:
        verdicts, logs_judged = db.sql(
            f"select count(*), count(distinct log_id) from '{out}/verdicts.parquet'"
        ).fetchall()[0]
        samples, logs_sampled = db.sql(
            f"select count(*), count(distinct log_id) from '{out}/curves/*.parquet'"
        ).fetchall()[0]
    assert (verdicts, logs_judged) == (logs * CURVES_PER_LOG, logs)
    assert (samples, logs_sampled) == (logs * CURVES_PER_LOG * SAMPLES_PER_CURVE, logs)


def drill(work: Path, logs: int, kills: int, seed: int) -> None:
    """Run the drill in a folder; raises AssertionError where it fails."""
    rng = random.Random(seed)
    source, quiet, rough = work / "scans", work / "quiet", work / "rough"
    write_archive(source, logs)
    began = time.monotonic()
    assert start(source, quiet, work / "home-quiet").wait() == 0
    print(f"undisturbed run: {logs} logs, {time.monotonic() - began:.1f} s")
    kinds = ["logs"] * (kills - 4) + ["folder"] * 2
    rng.shuffle(kinds)
    killed = 0
    for kind in [*kinds, "compaction", "compaction"]:
        hit = run_and_kill(kind, source, rough, work / "home-rough", rng)
        killed += hit
        done = len(list(rough.glob("logs/*/log.json")))
        print(f"killed at {kind:10s}: {'yes' if hit else 'no (ended)'}; {done}/{logs} folders")
    assert start(source, rough, work / "home-rough").wait() == 0
    check_exactly_once(quiet, logs)
    check_exactly_once(rough, logs)
    ours, theirs = fingerprint(rough), fingerprint(quiet)
    assert ours == theirs, sorted(set(ours.items()) ^ set(theirs.items()))[:5]
    before = {path: path.stat().st_mtime_ns for path in rough.rglob("*") if path.is_file()}
    assert start(source, rough, work / "home-rough").wait() == 0
    assert before == {p: p.stat().st_mtime_ns for p in rough.rglob("*") if p.is_file()}
    print(
        f"{killed} kills: {len(ours)} files, all bytes equal; every log exactly once; idle re-run"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--logs", type=int, default=240)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="veernet-kill-"))
    try:
        drill(work, options.logs, options.kills, options.seed)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
