"""Shards on a work pool, the watchdog of a worker, and the form of a deployment."""

from __future__ import annotations

import inspect
import threading
import time
from typing import Any

import pytest

from flows import wording
from flows.archive import shards, watchdog
from flows.archive.form import with_parameters
from flows.archive.params import ArchiveParams
from flows.archive.watchdog import Watchdog


class Pool:
    """Stands for Prefect: notes what is run, and how many at once."""

    def __init__(self, broken: int | None = None) -> None:
        self.calls: list[dict[str, Any]] = []
        self.at_once = self.most = 0
        self.broken, self.lock = broken, threading.Lock()

    def run(self, name: str, **call: Any) -> None:
        with self.lock:
            self.calls.append(call | {"name": name})
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.01)
        with self.lock:
            self.at_once -= 1
        if call["parameters"]["shard"] == self.broken:
            raise RuntimeError("lost")


def parameters(dest: object, count: int) -> list[dict[str, Any]]:
    return [{"dest": str(dest), "run_id": "r1", "shard": k} for k in range(count)]


def test_every_shard_is_run_once_under_a_key_of_its_own_and_no_more_at_once_than_slots(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool()
    monkeypatch.setattr(shards, "run_deployment", pool.run)
    shards.run_on_pool("flow/dep", parameters(tmp_path, 7), 2, None)
    assert sorted(call["idempotency_key"] for call in pool.calls) == [f"r1-{k}" for k in range(7)]
    assert {call["name"] for call in pool.calls} == {"flow/dep"}
    assert 1 <= pool.most <= 2


def test_a_shard_that_fails_fails_the_run_after_the_others_have_ended(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(broken=1)
    monkeypatch.setattr(shards, "run_deployment", pool.run)
    with pytest.raises(RuntimeError, match="lost"):
        shards.run_on_pool("flow/dep", parameters(tmp_path, 5), 2, None)
    assert len(pool.calls) == 5


def test_a_run_without_shards_asks_nothing_of_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool()
    monkeypatch.setattr(shards, "run_deployment", pool.run)
    shards.run_on_pool("flow/dep", [], 2, None)
    assert pool.calls == []


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    codes: list[int] = []
    monkeypatch.setattr(watchdog.os, "_exit", codes.append)
    return codes


def test_a_worker_without_progress_is_ended_with_its_own_exit_code(ended: list[int]) -> None:
    with Watchdog(0.02):
        deadline = time.monotonic() + 5
        while not ended and time.monotonic() < deadline:
            time.sleep(0.01)
    assert ended == [75]


def test_progress_begins_the_time_anew_and_an_end_stops_it(ended: list[int]) -> None:
    with Watchdog(30.0) as dog:
        first = dog._timer
        dog.progress()
        second = dog._timer
        assert first is not None
        assert second is not None
        assert first.finished.is_set()
        assert not second.finished.is_set()
    assert second.finished.is_set()
    assert ended == []


def test_a_limit_of_zero_never_ends_a_worker() -> None:
    with Watchdog(0) as dog:
        assert dog._timer is None


def test_the_form_asks_for_every_parameter_in_the_order_of_the_groups() -> None:
    @with_parameters
    def run(**given: Any) -> None:
        """Digitise an archive."""

    order = [name for names in wording.GROUPS.values() for name in names]
    shown = inspect.signature(run).parameters
    assert list(shown) == order
    assert set(order) == set(ArchiveParams.model_fields)
    for name, field in ArchiveParams.model_fields.items():
        assert shown[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert (shown[name].default is inspect.Parameter.empty) == field.is_required()
        assert f"{name}: {field.description}" in (run.__doc__ or "")
    assert (run.__doc__ or "").startswith("Digitise an archive.")
