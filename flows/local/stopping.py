"""How a run is stopped: Ctrl-C and a plain ``kill`` end it in order, and what was finished is written.

In: signals to the main thread. Out: `KeyboardInterrupt` where work can be left, none while books are written.
Does not belong here: what is said to people (``flows.cli``).
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from flows.local.report import LocalReport

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WRITING = "veernet: writing what is finished; interrupt once more to leave without it"


class Interrupted(KeyboardInterrupt):
    """A local run was stopped; ``report`` is what it had done, all of it written."""

    def __init__(self, report: LocalReport) -> None:
        super().__init__()
        self.report = report


@contextmanager
def stopped_by_kill() -> Iterator[None]:
    """A plain ``kill`` or the end of the terminal raises `KeyboardInterrupt` within, as Ctrl-C does."""
    with _handled(signal.default_int_handler, _SIGNALS[1:]):
        yield


@contextmanager
def unbroken() -> Iterator[None]:
    """What is done within is finished: the first signal to stop is answered in words, the second one counts."""
    told: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if told:
            signal.default_int_handler(number, frame)
        told.append(number)
        sys.stderr.write(f"{_WRITING}\n")

    with _handled(note, _SIGNALS):
        yield


@contextmanager
def _handled(handler: Any, numbers: tuple[signal.Signals, ...]) -> Iterator[None]:
    """A handler in place of the ones that are set; an ignored signal (``nohup``) stays ignored.

    Nothing is set outside the main thread, which alone may do so.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        heard = [n for n in numbers if signal.getsignal(n) != signal.SIG_IGN]
        before = {number: signal.signal(number, handler) for number in heard}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)
