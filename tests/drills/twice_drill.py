"""Twice drill: two runs at once on one destination lose nothing and double nothing.

    python tests/drills/twice_drill.py [--logs 60]

Two ``veernet batch`` processes, as two machines with one schedule would, digitise the same archive into the
same folder; a third run finds nothing to do. Every log must be in the datasets exactly once, with the bytes
of an undisturbed run. The network is replaced by ``cheap_engine``.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from kill_drill import check_exactly_once, fingerprint, start
from small_archive import write_archive


def drill(work: Path, logs: int) -> None:
    """Run the drill in a folder; raises AssertionError where it fails."""
    source, quiet, shared = work / "scans", work / "quiet", work / "shared"
    write_archive(source, logs)
    began = time.monotonic()
    pair = [start(source, shared, work / f"home-{n}") for n in range(2)]
    codes = [run.wait() for run in pair]
    print(f"two runs at once: status {codes}, {time.monotonic() - began:.0f} s", flush=True)
    assert codes == [0, 0]
    check_exactly_once(shared, logs)
    before = {path: path.stat().st_mtime_ns for path in shared.rglob("*") if path.is_file()}
    assert start(source, shared, work / "home-0").wait() == 0
    assert before == {p: p.stat().st_mtime_ns for p in shared.rglob("*") if p.is_file()}
    print("a third run changes nothing", flush=True)
    assert start(source, quiet, work / "home-1").wait() == 0
    ours, theirs = fingerprint(shared), fingerprint(quiet)
    assert ours == theirs, sorted(set(ours.items()) ^ set(theirs.items()))[:5]
    print(f"{logs} logs exactly once, {len(ours)} files, all bytes equal to an undisturbed run")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--logs", type=int, default=60)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="veernet-twice-"))
    try:
        drill(work, options.logs)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
