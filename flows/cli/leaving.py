"""The end of a command's process: at once, when all is written and every library has said goodbye.

A worker thread of Arrow may still let go of a Python object while the interpreter is taken down. CPython ends
that thread in a way that aborts the whole process (status 134), a run that did all its work among them.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
from collections.abc import Callable

INTERRUPTED = 130
"""Exit code of a command that was stopped by a person, as shells have it."""

_status = [1]
"""What the process ends with; 1 as long as nothing else is known."""
_hurry: list[bool] = []
"""Not empty where threads that are still at work are not waited for."""


def run_and_leave(main: Callable[[], int]) -> None:
    """Run a command and end the process with its status. To be called before libraries are loaded: what they
    register for the end is done first.
    """
    atexit.register(_end)
    try:
        _status[0] = main()
    except SystemExit as stop:
        _status[0] = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        raise
    if _hurry:
        _end()
    sys.exit(_status[0])


def leave_threads() -> None:
    """Let the process end while threads are at work: nothing that they do is wanted any longer."""
    _hurry.append(True)


def _end() -> None:
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(_status[0])
