"""Outage drill: the store goes away for a minute in the middle of a run, and nothing is lost or doubled.

    python tests/drills/outage_drill.py [--logs 60] [--minutes 1]

An S3 server stands behind a gateway of ours. When a third of the logs are published, the gateway cuts all
connections and refuses new ones for a minute. Printed: how the run ended, and whether a second one had
anything left to do. Every log must be in the datasets exactly once, with the bytes of an undisturbed run.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

from kill_drill import check_exactly_once, environment, fingerprint
from prefect_site import _free_port, process, s3_environment
from small_archive import write_archive

from storage.objects import ObjectStore

LIMIT_S = 900.0


class Gateway:
    """Passes connections on to a port of this machine, unless it is shut."""

    def __init__(self, target: int) -> None:
        self._target, self._open = target, True
        self._live: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port = _free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        threading.Thread(target=self._serve, daemon=True).start()

    def shut(self) -> None:
        """Cut what is connected, and every new connection."""
        self._open = False
        with self._lock:
            live, self._live = self._live, set()
        for one in live:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
                one.close()

    def open(self) -> None:
        """Let connections through again."""
        self._open = True

    def _serve(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if not self._open:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                client.close()
                continue
            with self._lock:
                self._live |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.close()
            with self._lock:
                self._live.discard(one)


def batch(port: int, dest: str, work: Path) -> subprocess.Popen[bytes]:
    """``veernet batch`` from bucket to bucket through a port."""
    command = [sys.executable, "-m", "flows.cli.batch", "--source", "s3://logs/scans"]
    return subprocess.Popen(
        [*command, "--dest", f"s3://logs/{dest}", "--chunk-logs", "4", "--canary", "off"],
        env=environment(work / f"home-{dest}") | s3_environment(f"http://127.0.0.1:{port}"),
    )


def copied(store: ObjectStore, folder: Path) -> Path:
    """A destination as a folder."""
    for info in store.listing():
        path = folder / info.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.get(info.key))
    return folder


def published(store: ObjectStore) -> int:
    """Logs whose folder is whole."""
    return sum(info.key.endswith("/log.json") for info in store.listing("logs/"))


def wait_for_s3(port: int) -> None:
    """Until the server accepts connections."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise TimeoutError("no S3 server")


def disturbed(gateway: Gateway, rough: ObjectStore, work: Path, logs: int, away_s: float) -> int:
    """A run in the middle of which the store goes away; its exit status."""
    run = batch(gateway.port, "rough", work)
    end = time.monotonic() + LIMIT_S
    while published(rough) < logs // 3 and run.poll() is None:
        assert time.monotonic() < end, "no progress"
        time.sleep(0.5)
    assert run.poll() is None, "the run ended before the store went away"
    print(f"store away with {published(rough)} of {logs} logs published", flush=True)
    gateway.shut()
    time.sleep(away_s)
    gateway.open()
    began = time.monotonic()
    code = run.wait(LIMIT_S)
    done = published(rough)
    print(
        f"back; the run ended {time.monotonic() - began:.0f} s later with status {code}, {done} logs"
    )
    return code


def drill(work: Path, logs: int, away_s: float) -> None:
    """Run the drill in a folder; raises AssertionError where it fails."""
    s3 = _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(s3)]
    direct = s3_environment(f"http://127.0.0.1:{s3}")
    with process(command, dict(os.environ), work / "s3.log"), mock.patch.dict(os.environ, direct):
        wait_for_s3(s3)
        import boto3

        boto3.client("s3").create_bucket(Bucket="logs")
        write_archive(work / "scans", logs)
        source = ObjectStore("s3://logs/scans")
        for path in (work / "scans").rglob("*.tif"):
            source.put(path.relative_to(work / "scans").as_posix(), path.read_bytes())
        gateway = Gateway(s3)
        rough = ObjectStore("s3://logs/rough")
        code = disturbed(gateway, rough, work, logs, away_s)
        assert batch(gateway.port, "rough", work).wait(LIMIT_S) == 0
        assert batch(gateway.port, "quiet", work).wait(LIMIT_S) == 0
        folders = [copied(ObjectStore(f"s3://logs/{n}"), work / n) for n in ("rough", "quiet")]
    for folder in folders:
        check_exactly_once(folder, logs)
    ours, theirs = (fingerprint(folder) for folder in folders)
    assert ours == theirs, sorted(set(ours.items()) ^ set(theirs.items()))[:5]
    print(
        f"status {code}; then all {logs} logs exactly once, {len(ours)} files, all bytes equal to those"
        " of an undisturbed run"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--logs", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=1.0)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="veernet-outage-"))
    try:
        drill(work, options.logs, 60 * options.minutes)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
