"""Ends a worker that makes no progress, because nothing else can interrupt a stuck driver."""

from __future__ import annotations

import logging
import os
import threading

from veernet_core.errors import VeernetError

_LOG = logging.getLogger(__name__)


class StalledError(VeernetError):
    """No log of a chunk was finished for a long time."""

    code = "stalled"


class Watchdog:
    """Ends this process where no progress was made for too long.

    A call stuck in a device driver cannot be interrupted in any other way. The mark of the attempt
    stays, so the next run knows what it was stuck on.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Watchdog:
        self.progress()
        return self

    def __exit__(self, *exc: object) -> None:
        self._cancel()

    def progress(self) -> None:
        """Say that there was progress: the time begins anew."""
        self._cancel()
        if self._limit_s > 0:
            self._timer = threading.Timer(self._limit_s, self._end)
            self._timer.daemon = True
            self._timer.start()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        _LOG.critical("%s", StalledError(f"no log finished for {self._limit_s:g} s"))
        os._exit(75)
