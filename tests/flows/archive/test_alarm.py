"""A bad night is told: what is bad, and the post that a local receiver gets from a real server."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest
from batch_support import DRILLS, params, stand_in, write_archive
from prefect_site import prefect_server, process

from flows.archive import batch
from flows.archive.alarm import tell, what_is_bad
from flows.archive.batch import ArchiveIncompleteError, discover
from flows.archive.report import RunReport

ROOT = DRILLS.parents[1]
NIGHT = """
import sys, time
from pathlib import Path
from prefect import flow
from flows.archive.alarm import tell
from flows.archive.report import RunReport

@flow
def night():
    report = RunReport("20240506T0200", 10, 0, 10, done=4, failed=6,
                       canary={"healthy": False, "broken": ["solid/r2"]})
    assert tell(report, "s3://well-logs/digitised")
    while not Path(sys.argv[1]).exists():
        time.sleep(0.5)
    raise OSError("the disk is full")

night()
"""
LATE_S = 15


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


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """Address of a local receiver of posts, and what it got."""
    got: Queue[dict[str, Any]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", got
    server.shutdown()


@pytest.mark.server
@pytest.mark.slow
def test_a_receiver_hears_of_a_bad_night(
    tmp_path: Path, receiver: tuple[str, Queue[dict[str, Any]]]
) -> None:
    """A run that tells of a collapsed canary and lost scans, is late, and then fails."""
    url, got = receiver
    go_on = tmp_path / "go-on"
    with prefect_server(tmp_path, {}) as server:
        setup = [sys.executable, str(ROOT / "deploy" / "setup_server.py"), "--tell", url,
                 "--late-h", str(LATE_S / 3600)]  # fmt: skip
        for _ in range(2):  # may be run again
            subprocess.run(setup, env=server.environment, cwd=ROOT, check=True, timeout=180)
        names = sorted(found["name"] for found in server.ask("/automations/filter"))
        assert names == ["veernet: mark dead runs", "veernet: tell of a bad night",
                         "veernet: tell of a run that does not end"]  # fmt: skip
        night = [sys.executable, "-c", NIGHT, str(go_on)]
        with process(night, server.environment, tmp_path / "night.log"):
            bad, late = heard(got, tmp_path), heard(got, tmp_path)
            go_on.touch()
            failed = heard(got, tmp_path)
    assert bad["event"] == "veernet.bad-night"
    assert "6 of 10 scans have no result." in bad["text"]
    assert "canary has collapsed (solid/r2)" in bad["text"]
    assert late["event"] == "veernet.late"
    assert failed["event"] == "prefect.flow-run.Failed"
    assert "the disk is full" in failed["text"]
    assert bad["run"] == late["run"] == failed["run"]
    # the server may tell of a failure twice, and of a late run again on a slow machine: of nothing else
    told = {(heard_of["event"], heard_of["run"]) for heard_of in (late, failed)}
    assert {(more["event"], more["run"]) for more in got.queue} <= told


def heard(got: Queue[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """The next post; where none comes, what server and run said."""
    try:
        return got.get(timeout=120)
    except Empty:
        logs = [folder / "server.log", folder / "night.log"]
        raise AssertionError("\n".join(log.read_text()[-3000:] for log in logs)) from None
