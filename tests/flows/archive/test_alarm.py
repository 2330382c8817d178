"""A bad night is told: what is bad, and that it is told before the run ends."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from batch_support import params, stand_in, write_archive

from flows.archive import batch
from flows.archive.alarm import tell, what_is_bad
from flows.archive.batch import ArchiveIncompleteError, discover
from flows.archive.report import RunReport


def test_what_is_bad() -> None:
    good = RunReport("r", 100, 0, 100, done=95, failed=5)
    assert what_is_bad(good, 0.05) == []
    assert what_is_bad(good, 0.04) == ["5 of 100 scans have no result."]
    ill = RunReport("r", 0, 0, 0, canary={"healthy": False, "broken": ["solid/r2"]})
    assert "solid/r2" in what_is_bad(ill, 1.0)[0]
    assert what_is_bad(RunReport("r", 0, 0, 0), 0.0) == []


@pytest.mark.parametrize("given", ["a tenth", "-1", "nan", ""])
def test_a_wrong_share_is_said_and_costs_no_night(
    given: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("VEERNET_TELL_FAILED_SHARE", given)
    assert not tell(RunReport("r", 100, 0, 100, done=90, failed=10), "dest")
    assert "VEERNET_TELL_FAILED_SHARE" in caplog.text


def test_the_share_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr("flows.archive.alarm.emit_event", lambda *_, **said: sent.append(said))
    monkeypatch.setenv("VEERNET_TELL_FAILED_SHARE", "0.05")
    assert tell(RunReport("r", 100, 0, 100, done=90, failed=10), "dest")
    assert sent[0]["payload"]["what"] == "10 of 100 scans have no result."


def test_a_run_tells_before_it_ends_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("flows.archive.alarm.emit_event", lambda name, **_: sent.append(name))
    monkeypatch.setattr(batch, "get_run_logger", lambda: logging.getLogger("test"))
    monkeypatch.setattr(batch, "discover", discover.fn)
    monkeypatch.setattr(batch, "publish_report", lambda *_: None)
    monkeypatch.setattr(batch, "make_report", lambda *_: RunReport("r", 4, 0, 4, done=3, lost=1))
    stand_in(monkeypatch)
    write_archive(tmp_path / "scans", 4)
    with pytest.raises(ArchiveIncompleteError):
        batch.run_archive(params(tmp_path / "scans", tmp_path / "out", dry_run=True))
    assert sent == ["veernet.bad-night"]
