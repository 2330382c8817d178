"""A store that fails and hangs: errors and time-outs of a real S3 server behind a bad line."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from batch_support import (
    deliverables,
    latest,
    params,
    run_plain,
    s3_server,
    scan_bytes,
    stand_in,
    write_archive,
)

from storage.objects import ObjectStore


class BadLine(ThreadingHTTPServer):
    """Passes requests on; every fifth fails with 503, some hang or are cut after the server acted."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = urlsplit(target).netloc
        self.count = self.failed = self.hung = self.cut = 0
        self.broken_key = ""
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: BadLine

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            self.server.count += 1
            number = self.server.count
        if self.server.broken_key and self.server.broken_key in self.path:
            self._answer(500, b"", {})
        elif number % 40 == 17:
            self.server.hung += 1
            time.sleep(4)
            self.close_connection = True
        elif number % 5 == 3:
            self.server.failed += 1
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>", {})
        else:
            status, data, headers = self._forward(body)
            if number % 11 == 6:
                self.server.cut += 1
                self.close_connection = True
            else:
                self._answer(status, data, headers)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        line = http.client.HTTPConnection(self.server.target, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        line.request(self.command, self.path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.read(), dict(answer.getheaders())

    def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, value)
        length = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(data if self.command != "HEAD" else b"")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadLine]:
    stand_in(monkeypatch)
    monkeypatch.setattr("storage.objects.REQUEST_TIMEOUT_S", 2)
    with s3_server(monkeypatch) as (endpoint, client):
        client.create_bucket(Bucket="logs")
        server = BadLine(endpoint)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


def test_errors_timeouts_and_lost_answers_change_nothing(line: BadLine, tmp_path: Path) -> None:
    """Also a lost answer to a create-only put, which the retry then finds already written."""
    write_archive(tmp_path / "scans", 8)
    dest = ObjectStore("s3://logs/out")
    run_plain(params(tmp_path / "scans", dest.uri))
    assert min(line.failed, line.hung, line.cut) > 0
    run_plain(params(tmp_path / "scans", tmp_path / "out"))
    keys = [info.key for info in dest.listing() if not info.key.startswith("_veernet/")]
    assert {key: dest.get(key) for key in keys} == deliverables(tmp_path / "out")


def test_one_object_that_cannot_be_read_is_an_outcome(
    line: BadLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.objects.RETRY_BUDGET_S", 2)
    source = ObjectStore("s3://logs/scans")
    for name in ("a", "broken", "c"):
        source.put(f"{name}.tif", scan_bytes(len(name)))
    line.broken_key = "broken"
    run_plain(params(source.uri, tmp_path / "out"))
    found = latest(tmp_path / "out")
    assert {name: record.status for name, record in found.items()} == {
        "a.tif": "done", "broken.tif": "retry", "c.tif": "done",
    }  # fmt: skip
    line.broken_key = ""
    run_plain(params(source.uri, tmp_path / "out"))
    assert latest(tmp_path / "out")["broken.tif"].status == "done"
