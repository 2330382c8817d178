"""Two runs at once on one destination: each reports an outcome for every scan that it planned."""

from __future__ import annotations

from pathlib import Path

import pytest
from batch_support import begin, params, run_plain, stand_in, work_chunk, write_archive

from flows.archive.report import make_report
from flows.archive.run_spec import RunSpec
from storage.compact import compact
from storage.objects import ObjectStore


def test_scans_that_a_later_run_took_over_are_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch)
    write_archive(tmp_path / "scans", 6)
    settings = params(tmp_path / "scans", tmp_path / "out")
    first, second = begin(settings), begin(settings)
    assert first.spec.run_id < second.spec.run_id
    for chunk in range(first.plan.chunks(0)):
        for prepared in (first, second):
            work_chunk(prepared, 0, chunk)
    compact(ObjectStore(settings.dest))
    for prepared in (first, second):
        report = make_report(settings, prepared.spec, prepared.plan, 1.0)
        assert (report.done, report.lost, report.planned) == (6, 0, 6)


def test_scans_without_any_record_are_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    write_archive(tmp_path / "scans", 6)
    settings = params(tmp_path / "scans", tmp_path / "out")
    done, _ = run_plain(settings)
    monkeypatch.setenv("CHEAP_ENGINE_MODEL", "cheap-2")
    monkeypatch.setattr("flows.engine.loading._LOADED", {})
    again = begin(params(tmp_path / "scans", tmp_path / "out", redo="outdated"))
    assert isinstance(again.spec, RunSpec)
    assert again.spec.run_id > done.spec.run_id
    report = make_report(settings, again.spec, again.plan, 1.0)
    assert (report.planned, report.lost) == (6, 6)
