"""Ends Prefect's embedded server when this process dies in whatever way.

In: nothing. Out: a server that lives no longer than the run. Prefect stops its embedded server on an
orderly exit only; after a SIGKILL it would stay for ever, with its memory and its database.
Run as a module, this file is the guard: it waits for its standard input to close, then ends the
process it was named.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from veernet_core.errors import VeernetError, plain_text

if TYPE_CHECKING:
    from prefect.server.api.server import SubprocessASGIServer

LOOPBACK = ("127.0.0.1", "localhost", "::1")
START_LIMIT_S, MOST_BUSY = 60.0, 3.0
"""A server that does not answer in this time is given up; on a busy machine in up to three times as long,
and where Prefect's own setting says otherwise, then."""
_LIMIT_VARIABLE = "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"


class ServerStartError(VeernetError):
    """The embedded server did not start."""

    code = "server_not_started"


_GUARDS: list[subprocess.Popen[bytes]] = []


def start_embedded_server() -> None:
    """Start the embedded server now and tie it to this process; nothing where a server is set."""
    reach_loopback_directly()
    from prefect.server.api.server import SubprocessASGIServer as Embedded
    from prefect.settings import get_current_settings

    if _GUARDS or get_current_settings().api.url:
        return
    server = Embedded()
    threading.Thread(target=_guard_when_there, args=(server,), daemon=True).start()
    _start(server)


def reach_loopback_directly() -> None:
    """Have this process and its children talk to this machine without a proxy, whatever is set.

    A proxy cannot reach our loopback; through one the server seems never to start.
    """
    for name in ("NO_PROXY", "no_proxy"):
        known = [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]
        if "*" not in known:
            os.environ[name] = ",".join([*known, *(h for h in LOOPBACK if h not in known)])


def _start(server: SubprocessASGIServer) -> None:
    """Start the server and wait until it answers, or say why it does not.

    Raises
    ------
    ServerStartError
    """
    limit_s = _start_limit_s()
    trouble: list[Exception] = []

    def run() -> None:
        try:
            server.start(timeout=int(limit_s))
        except Exception as error:
            trouble.append(error)

    starter = threading.Thread(target=run, daemon=True)
    starter.start()
    end = time.monotonic() + limit_s
    while starter.is_alive() and time.monotonic() < end:
        starter.join(0.1)
        code = _exit_code(server)
        if code is not None:
            raise ServerStartError(f"its process ended with status {code}", server.api_url)
    if starter.is_alive():
        server.stop()
        raise ServerStartError(f"no answer after {limit_s:g} s", server.api_url)
    if trouble:
        raise ServerStartError(plain_text(trouble[0]), server.api_url) from trouble[0]


def _start_limit_s() -> float:
    given = os.environ.get(_LIMIT_VARIABLE)
    if given:
        return float(given)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 1.0
    return START_LIMIT_S * min(MOST_BUSY, max(1.0, load / (os.cpu_count() or 1)))


def _exit_code(server: SubprocessASGIServer) -> int | None:
    """Exit status of a server that is gone for good; with status 3 its port was taken and it is retried."""
    process = server.server_process
    code = process.poll() if process is not None else None
    return None if code in (None, 3) else code


def _guard_when_there(server: SubprocessASGIServer) -> None:
    """Tie the server down as soon as it exists: starting takes seconds in which we may die."""
    while server.server_process is None:
        time.sleep(0.01)
    _GUARDS.append(_guard(server.server_process.pid))


def _guard(pid: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "flows.archive.lifeline", str(pid)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_and_end(pid: int) -> None:
    handle = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None
    sys.stdin.buffer.read()
    try:
        if handle is None:
            os.kill(pid, signal.SIGTERM)
        else:
            signal.pidfd_send_signal(handle, signal.SIGTERM)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _wait_and_end(int(sys.argv[1]))
