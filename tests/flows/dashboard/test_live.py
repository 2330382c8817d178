"""The run under way, as manifests and segments tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dashboard_archive import ledger_record
from starlette.testclient import TestClient

from flows.dashboard.live import FORGOTTEN, Live
from flows.dashboard.serve import make_app
from storage.ledger import append, segment_name
from storage.objects import ObjectStore
from storage.plan import RUNS, Plan, Unit, write_manifests

RUN = "20260101T000000"


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    """Ten logs in two shards, four to a chunk."""
    units = [
        Unit(f"{k}.tif", "v", 1, "", "", f"log-{k}", "new", shard=k // 8, chunk=k % 8 // 4)
        for k in range(10)
    ]
    store = ObjectStore(str(tmp_path))
    write_manifests(store, RUN, Plan(tuple(units), (), 10, 0, ()))
    return store


def test_counts_rate_and_time_left(store: ObjectStore) -> None:
    live = Live(store)
    began = live.state()["run"]
    assert (began["planned"], began["finished"], began["left_s"]) == (10, 0, None)
    units = [Unit(f"{k}.tif", "v", 1, "", "", f"log-{k}", "new") for k in range(4)]
    records = [ledger_record(unit, "failed" if k == 1 else "done") for k, unit in enumerate(units)]
    append(store, segment_name(RUN, 0, 0), records)
    now = datetime.now(UTC) + timedelta(seconds=400)
    run = live.state(now)["run"]
    assert (run["finished"], run["done"], run["failed"]) == (4, 3, 1)
    assert (run["accepted"], run["review"], run["rejected"]) == (3, 3, 3)
    assert run["seconds"] == pytest.approx(400, abs=20)
    assert run["left_s"] == pytest.approx(run["seconds"] / 4 * 6, rel=1e-3)
    assert run["silent_s"] == pytest.approx(400, abs=20)


def test_a_finished_or_forgotten_run_is_none(store: ObjectStore) -> None:
    assert Live(store).state(datetime.now(UTC) + FORGOTTEN + timedelta(minutes=1)) == {"run": None}
    store.delete([info.key for info in store.listing(RUNS)])
    assert Live(store).state() == {"run": None}


def test_the_newest_run_is_shown(store: ObjectStore) -> None:
    unit = Unit("9.tif", "v", 1, "", "", "log-9", "new")
    write_manifests(store, "20260102T000000", Plan((unit,), (), 1, 0, ()))
    run = Live(store).state()["run"]
    assert (run["run_id"], run["planned"]) == ("20260102T000000", 1)


def test_the_server_tells_it(store: ObjectStore) -> None:
    answer = TestClient(make_app(store), base_url="http://127.0.0.1").get("/api/progress")
    assert answer.json()["run"]["planned"] == 10
