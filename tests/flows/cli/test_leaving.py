"""A command's process ends with its status, whatever libraries still do."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = "from flows.cli.leaving import run_and_leave\n"


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN + code], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("run_and_leave(lambda: 0)", 0),
        ("run_and_leave(lambda: 3)", 3),
        ("import sys; run_and_leave(lambda: sys.exit(2))", 2),
        ("import sys; run_and_leave(lambda: sys.exit('said'))", 1),
        ("run_and_leave(lambda: 1 // 0)", 1),
    ],
)
def test_the_status_is_that_of_the_command(body: str, status: int) -> None:
    assert ended(body).returncode == status


def test_what_was_written_and_what_libraries_do_at_the_end_is_done_first() -> None:
    done = ended(
        "import atexit, threading, time\n"
        "def main():\n"
        "    atexit.register(lambda: print('goodbye'))\n"
        "    threading.Thread(target=lambda: (time.sleep(0.3), print('worked'))).start()\n"
        "    print('written', end='')\n"
        "    return 4\n"
        "run_and_leave(main)"
    )
    assert (done.returncode, done.stdout) == (4, "writtenworked\ngoodbye\n")


def test_a_thread_that_would_take_the_lock_while_the_interpreter_ends_aborts_nothing() -> None:
    """Worker threads of Arrow do so where they let go of a Python file."""
    done = ended(
        "import threading, time\n"
        "def main():\n"
        "    for _ in range(4):\n"
        "        threading.Thread(target=lambda: [time.sleep(0) for _ in iter(int, 1)], daemon=True).start()\n"
        "    return 0\n"
        "run_and_leave(main)"
    )
    assert (done.returncode, done.stderr) == (0, "")
