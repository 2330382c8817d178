"""A Prefect server, workers and an S3 server of their own, on the loopback, for drills and tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from flows.archive.lifeline import reach_loopback_directly
from flows.cli.batch import EMBEDDED_SERVER

reach_loopback_directly()

DRILLS = Path(__file__).resolve().parent
ROOT = DRILLS.parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Server:
    """A running Prefect server, and the variables of those who talk to it."""

    url: str
    environment: dict[str, str]

    def cli(self, *arguments: str, timeout_s: float = 180) -> str:
        """Output of a ``prefect`` command."""
        return self._run([str(BIN / "prefect"), *arguments], timeout_s)

    def set_up(self) -> None:
        """Pools, limit, automation and deployments, as the runbook says."""
        self._run([sys.executable, str(ROOT / "deploy" / "setup_server.py")], 180)
        self.cli("deploy", "--all", "--prefect-file", "deploy/prefect.yaml")

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Answer of the API to a POST."""
        return httpx.post(f"{self.url}{path}", json=body or {}, timeout=60).json()

    def read(self, path: str) -> Any:
        """Answer of the API to a GET."""
        return httpx.get(f"{self.url}{path}", timeout=60).json()

    def _run(self, command: list[str], timeout_s: float) -> str:
        done = subprocess.run(
            command,
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def s3_environment(endpoint: str) -> dict[str, str]:
    """Variables that point every S3 client at the server."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }


@contextmanager
def process(
    command: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A child process with a process group of its own, ended with the block."""
    with log.open("ab") as sink:
        child = subprocess.Popen(
            command, env=environment, stdout=sink, stderr=sink, cwd=ROOT, start_new_session=True
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                kill_tree(child)


def kill_tree(child: subprocess.Popen[bytes]) -> None:
    """SIGKILL for a process and all its descendants at once: a power cut."""
    doomed = [child.pid]
    parents = _parents()
    for pid in doomed:
        doomed += [other for other, parent in parents.items() if parent == pid]
    for pid in doomed:
        os.kill(pid, signal.SIGSTOP)
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    child.wait()


def _parents() -> dict[int, int]:
    """Parent of every process."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in listed.stdout.splitlines())
    return {int(pid): int(parent) for pid, parent in rows}


@contextmanager
def prefect_server(folder: Path, extra: dict[str, str]) -> Iterator[Server]:
    """Start a real server on the loopback and wait until it answers."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        **EMBEDDED_SERVER,
        **extra,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": url,
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with process(command, environment, folder / "server.log") as child:
        _wait_for(url, child, folder / "server.log")
        yield Server(url, environment)


def worker(server: Server, folder: Path, pool: str = "veernet-cpu") -> Any:
    """A process worker (a context manager)."""
    command = [str(BIN / "prefect"), "worker", "start", "--pool", pool]
    return process(command, server.environment, folder / f"worker-{pool}.log")


def _wait_for(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(360):
        assert child.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise TimeoutError(f"no server at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
