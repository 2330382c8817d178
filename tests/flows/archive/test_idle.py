"""Runs without work: no server, no Prefect, and the destination as it should be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from batch_support import latest, params, run_plain, stand_in, write_archive

from flows.archive.idle import run_idle, server_is_named
from flows.engine.loading import CoreEngine, known_engine
from storage.plan import Plan
from veernet_core.net.bundle import load_predictor


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stand_in(monkeypatch)
    write_archive(tmp_path / "scans", 5)
    return tmp_path / "scans"


def test_a_run_with_work_is_left_to_the_flow(archive: Path, tmp_path: Path) -> None:
    told: list[Plan] = []
    assert run_idle(params(archive, tmp_path / "out"), told.append) is None
    assert told == []
    assert latest(tmp_path / "out") == {}
    assert not (tmp_path / "out" / "logs").exists()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(archive: Path, tmp_path: Path) -> None:
    report = run_idle(params(archive, tmp_path / "out", dry_run=True))
    assert report is not None
    assert (report.listed, report.planned, report.reasons) == (5, 5, {"new": 5})
    assert not (tmp_path / "out").exists()


def test_an_idle_run_brings_the_destination_up_to_date_without_prefect(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run_plain(params(archive, out))
    before = latest(out)
    code = (
        "import sys; from flows.cli import batch, leaving\n"
        "def main():\n"
        "    code = batch.main(sys.argv[1:])\n"
        "    assert not {'prefect', 'torch'} & set(sys.modules), 'loaded'\n"
        "    return code\n"
        "leaving.run_and_leave(main)"
    )
    argv = ["--source", str(archive), "--dest", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "5 up to date, 0 to do" in done.stderr
    assert latest(out) == before
    assert (out / "dashboard" / "index.html").is_file()


def test_a_named_server_keeps_the_record_of_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_PROFILES_PATH", raising=False)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert not server_is_named()
    profiles = tmp_path / "profiles.toml"
    profiles.write_text('active = "ours"\n[profiles.ours]\n')
    assert not server_is_named()
    profiles.write_text('active = "ours"\n[profiles.ours]\nPREFECT_API_URL = "http://x/api"\n')
    assert server_is_named()
    profiles.unlink()
    monkeypatch.setenv("PREFECT_API_URL", "http://x/api")
    assert server_is_named()


def test_what_is_known_of_the_engine_is_what_it_says_when_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VEERNET_TEST_ENGINE", raising=False)
    loaded = load_predictor(None, "cpu", "float32")
    known = known_engine(None, "auto", "auto", loaded.numerics)
    assert known is not None
    assert (known.model_id, known.numerics) == (loaded.model_id, loaded.numerics)
    assert known.decoder_check == CoreEngine.decoder_check
    for other in (
        ("s3://m/b", "auto", "auto", loaded.numerics),
        (None, "cuda", "auto", loaded.numerics),
        (None, "auto", "bfloat16", loaded.numerics),
        (None, "auto", "auto", ""),
        (None, "auto", "auto", "float32 torch cuda"),
    ):
        assert known_engine(*other) is None
    monkeypatch.setenv("VEERNET_TEST_ENGINE", "cheap:engine")
    assert known_engine(None, "auto", "auto", loaded.numerics) is None
