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

if TYPE_CHECKING:
    from prefect.server.api.server import SubprocessASGIServer

_GUARDS: list[subprocess.Popen[bytes]] = []


def start_embedded_server() -> None:
    """Start the embedded server now and tie it to this process; nothing where a server is set."""
    from prefect.server.api.server import SubprocessASGIServer as Embedded
    from prefect.settings import get_current_settings

    if _GUARDS or get_current_settings().api.url is not None:
        return
    server = Embedded()
    threading.Thread(target=_guard_when_there, args=(server,), daemon=True).start()
    server.start()


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
