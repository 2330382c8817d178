"""The same run on another engine: Dask, several processes on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from batch_support import deliverables, params, run_plain, scan_bytes, stand_in, write_archive

from flows.archive.runners import EngineError, task_runner


def test_local_runner_has_a_thread_for_every_waiting_task() -> None:
    runner = task_runner("local", in_flight=3)
    assert runner._max_workers >= 9  # type: ignore[attr-defined]


def test_unknown_engine_is_an_error_with_a_remedy() -> None:
    with pytest.raises(EngineError, match="dask://"):
        task_runner("abacus://", 1)


@pytest.mark.server
@pytest.mark.slow
def test_dask_cluster_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("prefect_dask", reason="needs veernet[dask]")
    stand_in(monkeypatch)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    write_archive(tmp_path / "scans", 20)
    (tmp_path / "scans" / "crash.tif").write_bytes(scan_bytes(999))
    command = [sys.executable, "-m", "flows.cli.batch", "--source", str(tmp_path / "scans")]
    command += ["--dest", str(tmp_path / "dask"), "--engine", "dask://", "--chunk-logs", "4"]
    done = subprocess.run(
        [*command, "--max-tries", "1"],
        capture_output=True, text=True, check=False, timeout=500, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "20 logs done, 1 without a result" in done.stderr
    run_plain(params(tmp_path / "scans", tmp_path / "local", max_tries=1))
    ours = deliverables(tmp_path / "dask")
    assert {k: v for k, v in ours.items() if not k.startswith("dashboard/")} == deliverables(
        tmp_path / "local"
    )
