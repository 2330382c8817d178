"""A run that is stopped, or killed: what was finished can be seen, and it is said how to go on."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from test_failures import CONFIG, SHORT, Upright

from flows.cli.main import main
from flows.dashboard.review_queue import doubtful_curves
from flows.local import books, digitise
from flows.local.report import LocalReport, Watch
from flows.local.stopping import Interrupted, stopped_by_kill, unbroken
from storage.objects import ObjectStore
from storage.runs import read_runs
from storage.unlisted import has_unlisted, list_unlisted
from veernet_core.errors import WriteError
from veernet_core.synth.pages.draw import draw_page, tiff_bytes


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scans")
    for seed, stem in enumerate("abc"):
        page = draw_page(np.random.default_rng(seed), kind="gamma_neutron", rows=SHORT, dpi=100)
        (folder / f"{stem}.tif").write_bytes(tiff_bytes(page))
        (folder / f"{stem}.sidecar.json").write_text(json.dumps(page.sidecar))
    return sorted(folder.glob("*.tif"))


def listed(out: Path) -> set[str]:
    if not (out / "verdicts.parquet").is_file():
        return set()
    return set(pq.read_table(out / "verdicts.parquet")["log_id"].to_pylist())


def stop_after(scans: int) -> Watch:
    def scan(done: int, result: Any) -> None:
        if done == scans:
            raise KeyboardInterrupt

    return Watch(scan)


def test_a_stopped_run_tells_what_it_has_done(scans: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Interrupted) as stop:
        digitise.digitise_files(scans, tmp_path, Upright(), CONFIG, stop_after(2))
    assert set(stop.value.report.scans) == {"a", "b"}
    assert stop.value.report.dashboard == tmp_path / "dashboard" / "index.html"
    assert listed(tmp_path) == {"a", "b"}
    (run,) = read_runs(ObjectStore(str(tmp_path)))
    assert set(run.scans) == {"a", "b"}


def test_a_stop_does_not_wait_for_a_page_that_is_being_read(
    scans: list[Path], tmp_path: Path
) -> None:
    go_on, waits = threading.Event(), threading.Event()

    def started(stem: str) -> None:
        if stem == "c":
            waits.set()
            go_on.wait(60)

    def scan(done: int, result: Any) -> None:
        assert waits.wait(60)
        raise KeyboardInterrupt

    try:
        with pytest.raises(Interrupted):
            digitise.digitise_files(
                scans, tmp_path, Upright(), CONFIG, Watch(scan, started), jobs=1
            )
        assert not go_on.is_set()
        assert "a" in listed(tmp_path)
    finally:
        go_on.set()


def test_a_run_keeps_its_books_while_it_works(
    scans: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "EVERY_S", 0.0)
    monkeypatch.setattr(books, "SHARE", 1e9)
    seen: list[tuple[set[str], set[str]]] = []

    def scan(done: int, result: Any) -> None:
        runs = read_runs(ObjectStore(str(tmp_path)))
        seen.append((listed(tmp_path), {name for run in runs for name in run.scans}))

    digitise.digitise_files(scans, tmp_path, Upright(), CONFIG, Watch(scan))
    assert seen == [(set(), set()), ({"a"}, {"a"}), ({"a", "b"}, {"a", "b"})]
    assert len(read_runs(ObjectStore(str(tmp_path)))) == 1


def test_trouble_with_the_books_stops_no_scan(
    scans: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise WriteError("the disk is full", "verdicts.parquet")

    monkeypatch.setattr(books, "EVERY_S", 0.0)
    monkeypatch.setattr(books, "write_datasets", full)
    with pytest.raises(WriteError, match="full"):
        digitise.digitise_files(scans, tmp_path, Upright(), CONFIG)
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"a", "b", "c"}


def test_books_take_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    done: list[float] = []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def work() -> None:
        done.append(now[0])
        now[0] += 10.0

    chore = books._Chore(work, 60.0, last=0.0)
    while now[0] < 1000.0:
        chore.if_due()
        now[0] += 1.0
    assert done[0] == 60.0
    assert all(later - earlier >= 10.0 / books.SHARE for earlier, later in pairwise(done))
    assert len(done) > 3


@pytest.mark.parametrize("again", ["dashboard", "digitise"])
def test_what_a_killed_run_had_finished_is_shown_by_the_next_command(
    scans: list[Path], tmp_path: Path, again: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    out = tmp_path / "out"
    digitise.digitise_files(scans, out, Upright(), CONFIG)
    before = pq.read_table(out / "verdicts.parquet")
    for name in ("verdicts.parquet", "dashboard/index.html"):
        (out / name).unlink()
    assert has_unlisted(out)
    if again == "dashboard":
        assert main(["dashboard", str(out)]) == 0
    else:
        stands: dict[Path, list[Any]] = {path: [] for path in scans}
        monkeypatch.setattr("flows.cli.digitise._standing", lambda *given: stands)
        assert main(["digitise", str(scans[0].parent), "-o", str(out)]) == 0
    assert pq.read_table(out / "verdicts.parquet").equals(before)
    assert (out / "dashboard" / "index.html").is_file()
    store = ObjectStore(str(out))
    assert doubtful_curves(store, 0.85, "all", "", {})
    assert not list_unlisted(store), "they are listed now"


def test_logs_without_curves_are_not_taken_for_unlisted_ones(
    scans: list[Path], tmp_path: Path
) -> None:
    digitise.digitise_files(scans[:2], tmp_path, Upright(), CONFIG)
    path = tmp_path / "logs" / "a" / "log.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"curves": []}))
    pq.write_table(
        pq.read_table(tmp_path / "verdicts.parquet", filters=[("log_id", "=", "b")]),
        tmp_path / "verdicts.parquet",
    )
    assert not has_unlisted(tmp_path)


@pytest.mark.parametrize(
    ("before", "now", "more", "words"),
    [
        (0, 0, [], ["before a scan was finished", "The same command does the rest."]),
        (0, 1, [], ["(1 scan now)", "index.html", "The same command does the rest."]),
        (3, 2, [], ["(2 scans now, 3 before)"]),
        (0, 2, ["--force"], ["The same command without --force does the rest."]),
    ],
)
def test_it_is_said_how_to_go_on(
    before: int, now: int, more: list[str], words: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for number in range(6):
        (tmp_path / f"{number}.tif").write_bytes(b"")
    files = sorted(tmp_path.glob("*.tif"))
    report = LocalReport(scans={str(k): str(k) for k in range(now)})
    report.dashboard = tmp_path / "out" / "dashboard" / "index.html"

    def stopped(*given: Any) -> LocalReport:
        raise Interrupted(report)

    monkeypatch.setattr("flows.cli.digitise._digitise", stopped)
    stands: dict[Path, list[Any]] = {path: [] for path in files[:before]}
    monkeypatch.setattr("flows.cli.digitise._standing", lambda *given: stands)
    assert main(["digitise", str(tmp_path), "-o", str(tmp_path / "out"), *more]) == 130
    said = capsys.readouterr().err
    assert said.startswith("veernet: interrupted")
    assert said.endswith(".\n")
    for word in words:
        assert word in said


def test_a_plain_kill_is_an_interruption() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_kill(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopped_by_kill():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_books_are_finished_unless_they_are_interrupted_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # tests may themselves run where the signal is ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with unbroken():
            os.kill(os.getpid(), signal.SIGINT)
            assert "writing what is finished" in capsys.readouterr().err
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
