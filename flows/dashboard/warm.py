"""Logs digitised ahead in the background, for a digitiser that remembers its slow steps.

In: work that is done for what the digitiser remembers of it alone. Out: nothing; trouble shows when the log
is corrected, and the end of the server breaks it off. One log at a time; of those that wait only the latest is
done. What is remembered belongs to ``flows.engine.kept``.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable


class Warm:
    """A thread that digitises logs which people have opened."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._done: set[tuple[str, str]] = set()
        self._next: tuple[str, Callable[[], object]] | None = None
        self._running = False

    def lock(self, log_id: str) -> threading.Lock:
        """Held while a log is digitised: what is under way for it is waited for, not done twice."""
        with self._guard:
            return self._locks[log_id]

    def is_busy(self, log_id: str) -> bool:
        """Whether a log is being digitised, or waits for it."""
        with self._guard:
            waits = self._next is not None and self._next[0] == log_id
            return waits or self._locks[log_id].locked()

    def begin(self, log_id: str, version: str, work: Callable[[], object]) -> bool:
        """Do a log's work soon; False where it was done for this version before."""
        with self._guard:
            if (log_id, version) in self._done:
                return False
            self._done.add((log_id, version))
            self._next = (log_id, work)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="digitise-ahead", daemon=True).start()
            return True

    def _run(self) -> None:
        while (job := self._take()) is not None:
            with self.lock(job[0]), contextlib.suppress(Exception):
                job[1]()

    def _take(self) -> tuple[str, Callable[[], object]] | None:
        with self._guard:
            job, self._next = self._next, None
            self._running = job is not None
            return job
