"""What a local run leaves for people while it is at work: its record, the datasets, the dashboard.

In: the run's summary so far. Out: files in its output folder, brought up to date now and then, so that a run
that is killed leaves no more behind than a minute's work. Does not belong here: the logs' own folders
(``digitise``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flows.archive.setup import new_run_id
from flows.dashboard import build_dashboard
from flows.local.report import Clock, LocalReport, TimedPredictor, run_record
from storage import delivery, runs, tables
from storage.datasets import write_datasets
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig

SHARE = 0.05
"""Most of a run's time that goes into keeping its books."""
EVERY_S = 60.0
"""Datasets and dashboard are not written more often than this."""


@dataclass(slots=True)
class _Chore:
    """Something to be done again and again, as long as it takes little of the time."""

    do: Callable[[], None]
    least_s: float
    last: float = field(default_factory=time.monotonic)
    took_s: float = 0.0

    def if_due(self) -> None:
        """Do it where it was not done for long enough; what goes wrong waits for the end of the run."""
        began = time.monotonic()
        if began - self.last >= max(self.least_s, self.took_s / SHARE):
            with suppress(Exception):  # scans go on; at the end the same trouble is raised
                self.do()
            self.last = time.monotonic()
            self.took_s = self.last - began


class Books:
    """The books of one run; used by one thread."""

    def __init__(
        self, out: Path, summary: LocalReport, predictor: TimedPredictor, config: DigitiseConfig
    ) -> None:
        self._out, self._summary, self._predictor, self._config = out, summary, predictor, config
        self._store, self._clock, self._run_id = ObjectStore(str(out)), Clock(), new_run_id()
        self._chores = (_Chore(self._record, 0.0), _Chore(self.close, EVERY_S))

    def scan_is_done(self) -> None:
        """To be called after each scan."""
        for chore in self._chores:
            chore.if_due()

    def close(self) -> None:
        """Write all: what is done and what failed is in the datasets and the dashboard.

        Raises
        ------
        WriteError, StorageError
        """
        summary = self._summary
        rows = [tables.failure_row(uri, error) for uri, error in summary.failures]
        delivery.apply_reviews(self._store, summary.decisions)
        try:
            write_datasets(self._out, rows, list(summary.scans.values()))
        finally:
            self._record()
            summary.dashboard = build_dashboard(self._out, min_r2=self._config.gate.min_r2)

    def _record(self) -> None:
        made = (self._summary, self._predictor, self._config, self._clock, self._run_id)
        runs.write_run(self._store, run_record(*made))
