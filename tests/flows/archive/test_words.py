"""What people read on Prefect's pages: names in words, how far a run is, which logs wait for a person."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dashboard_archive import ledger_record

from flows.archive import report, words
from flows.archive.chunk import ChunkSummary
from flows.archive.words import ShownProgress, span_words
from storage.ledger import append, segment_name
from storage.objects import ObjectStore
from storage.plan import Unit

RUN = "20260101T000000"


@pytest.mark.parametrize(
    ("first", "count", "total", "said"),
    [(32, 32, 9120, "33 to 64 of 9,120"), (0, 1, 1, "1 of 1"), (9119, 1, 9120, "9,120 of 9,120"),
     (4, 3, 0, "5 to 7 of 7")],
)  # fmt: skip
def test_scans_are_counted_from_one(first: int, count: int, total: int, said: str) -> None:
    assert span_words(first, count, total) == said


def test_a_shard_of_an_older_caller_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"shard": 2, "run_id": RUN}
    monkeypatch.setattr(words, "flow_run", SimpleNamespace(parameters=given))
    assert words.shard_run_name() == f"digitise scans of shard 2 of {RUN}"
    given["scans"] = "1 to 5 of 9"
    assert words.shard_run_name() == "digitise scans 1 to 5 of 9"


class Told:
    """Stands in for the server's progress artifacts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, broken: bool = False) -> None:
        self.rows: list[tuple[float, str]] = []
        self.broken = broken
        monkeypatch.setattr(words, "create_progress_artifact", self.create)
        monkeypatch.setattr(words, "update_progress_artifact", self.update)

    def create(self, progress: float, key: str, description: str) -> str:
        assert key == "veernet-progress"
        self.rows.append((progress, description))
        return "id"

    def update(self, artifact: str, progress: float, description: str) -> None:
        if self.broken:
            raise ConnectionError("no server")
        self.rows.append((progress, description))


def test_progress_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told, passed = Told(monkeypatch), []
    monkeypatch.setattr(words, "EVERY_S", -1.0)
    shown = ShownProgress(10, passed.append)
    shown(ChunkSummary(logs=4, done=3, failed=1))
    shown(ChunkSummary(logs=6, done=6))
    assert [share for share, _ in told.rows] == [0.0, 40.0, 100.0]
    assert told.rows[1][1].startswith(
        "4 of 10 scans are finished, 1 of them without a result; about"
    )
    assert told.rows[2][1] == "10 of 10 scans are finished, 1 of them without a result"
    assert [summary.logs for summary in passed] == [4, 6]


def test_progress_is_not_told_for_every_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(monkeypatch)
    shown = ShownProgress(100)
    for _ in range(100):
        shown(ChunkSummary(logs=1, done=1))
    assert [share for share, _ in told.rows] == [0.0, 100.0]


def test_a_server_that_takes_no_progress_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Told(monkeypatch, broken=True)
    passed: list[ChunkSummary] = []
    ShownProgress(1, passed.append)(ChunkSummary(logs=1, done=1))
    assert len(passed) == 1


def test_logs_in_review_are_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ObjectStore(str(tmp_path))
    units = [Unit(f"{name}.tif", "v", 1, "", "", name, "new") for name in ("a", "b [x]|1", "c")]
    records = [ledger_record(unit, "failed" if unit.log_id == "c" else "done") for unit in units]
    append(store, segment_name(RUN, 0, 0), records)
    append(
        store,
        segment_name("20250101T000000", 0, 0),
        [ledger_record(Unit("d.tif", "v", 1, "", "", "d", "new"))],
    )
    waiting = report._waiting(str(tmp_path), RUN)
    assert [record.log_id for record in waiting] == ["a", "b [x]|1"]
    monkeypatch.delenv(report.URL_VARIABLE, raising=False)
    text = report._review_lines(waiting, str(tmp_path))
    assert "2 curves of 2 logs wait for a person." in text
    assert f"| [a](file://{tmp_path}/dashboard/logs/a/index.html) | 1 | 1 | 1 |" in text
    assert "--serve" in text
    monkeypatch.setenv(report.URL_VARIABLE, "https://logs.example.org/")
    text = report._review_lines(waiting, str(tmp_path))
    assert "(https://logs.example.org/review)" in text
    assert r"| [b \[x\]\|1](https://logs.example.org/review?log=b%20%5Bx%5D%7C1) | 1 |" in text
    assert (
        report._link(str(tmp_path), "dashboard/index.html")
        == "https://logs.example.org/dashboard/index.html"
    )
