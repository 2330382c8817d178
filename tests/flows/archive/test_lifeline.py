"""The embedded server starts behind a proxy, and one that does not start says so in time."""

from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import flow_support
import httpx
import pytest

from flows.archive import lifeline

ROOT = Path(__file__).resolve().parents[3]
behind_a_proxy = flow_support.behind_a_proxy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_reached_without_the_proxy(behind_a_proxy: None, host: str) -> None:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://{host}:{server.server_port}/"
    try:
        with pytest.raises(httpx.HTTPError):
            httpx.get(url)
        lifeline.reach_loopback_directly()
        assert httpx.get(url).status_code == 200
    finally:
        server.shutdown()


@pytest.mark.parametrize(
    ("known", "then"),
    [
        ("", "127.0.0.1,localhost,::1"),
        ("corp.example, localhost", "corp.example,localhost,127.0.0.1,::1"),
        ("*", "*"),
    ],
)
def test_what_is_set_already_stays(monkeypatch: pytest.MonkeyPatch, known: str, then: str) -> None:
    monkeypatch.setenv("NO_PROXY", known)
    monkeypatch.setenv("no_proxy", known)
    lifeline.reach_loopback_directly()
    lifeline.reach_loopback_directly()
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == then


def stand_in(start: Any, code: int | None = None) -> Any:
    process = SimpleNamespace(poll=lambda: code)
    return SimpleNamespace(
        start=start, stop=lambda: None, server_process=process, api_url="http://127.0.0.1:1/api"
    )


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (stand_in(lambda timeout: time.sleep(30), code=1), "ended with status 1"),
        (stand_in(lambda timeout: time.sleep(30)), "no answer after 1 s"),
        (stand_in(lambda timeout: exec("raise RuntimeError('disk full')")), "disk full"),
    ],
)
def test_a_server_that_does_not_start_says_why(
    monkeypatch: pytest.MonkeyPatch, server: Any, reason: str
) -> None:
    monkeypatch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "1")
    before = time.monotonic()
    with pytest.raises(lifeline.ServerStartError, match=reason) as refusal:
        lifeline._start(server)
    assert time.monotonic() - before < 10
    assert refusal.value.remedy


@pytest.mark.parametrize(("load", "limit_s"), [(0.1, 60), (2.0, 60), (5.0, 150), (50.0, 180)])
def test_a_busy_machine_gets_more_time(
    monkeypatch: pytest.MonkeyPatch, load: float, limit_s: float
) -> None:
    monkeypatch.delenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert lifeline._start_limit_s() == limit_s
