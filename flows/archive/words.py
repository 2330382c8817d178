"""What people read on Prefect's pages: names of runs and tasks in words, and how far a run is.

In: a run's specification, counts of finished chunks. Out: texts, and a progress artifact on the run's page.
What a run leaves when it has ended is made in ``flows.archive.report``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.runtime import flow_run

from flows.archive.chunk import ChunkSummary
from flows.archive.run_spec import RunSpec

PROGRESS = "veernet-progress"
EVERY_S = 10.0
"""Seconds between two updates of the progress: each is a request to the server."""
_LOG = logging.getLogger(__name__)


def span_words(first: int, count: int, total: int) -> str:
    """Which scans of how many, counted from 1.

    Examples
    --------
    >>> span_words(32, 32, 9120), span_words(0, 1, 1)
    ('33 to 64 of 9,120', '1 of 1')
    """
    whole = max(total, first + count)
    last = f" to {first + count:,}" if count > 1 else ""
    return f"{first + 1:,}{last} of {whole:,}"


def shard_words(spec: RunSpec, shard: int, scans: int) -> str:
    """Which scans of the run a shard is."""
    return span_words(shard * spec.shard_logs, scans, spec.planned)


def shard_run_name() -> str:
    """Name of a shard's flow run, from its parameters: those of an older caller say no scans."""
    given: dict[str, Any] = dict(flow_run.parameters or {})
    scans = given.get("scans") or f"of shard {given.get('shard')} of {given.get('run_id')}"
    return f"digitise scans {scans}"


class ShownProgress:
    """A bar on the page of the flow run it is made in, with what is done in words.

    Called with the summary of each chunk; also passes it on. A server that does not take it ends nothing.
    """

    # no dataclass: Prefect takes those apart and puts copies together where they are parameters

    def __init__(self, total: int, also: Callable[[ChunkSummary], None] | None = None) -> None:
        self.total, self.also = total, also
        self._done = self._failed = 0
        self._started = time.monotonic()
        self._artifact: UUID | None = None
        self._tell(create=True)

    def __call__(self, summary: ChunkSummary) -> None:
        """A chunk is finished."""
        self.reached(self._done + summary.logs, self._failed + summary.failed)
        if self.also is not None:
            self.also(summary)

    def reached(self, done: int, failed: int) -> None:
        """How many scans are finished, and how many of them failed."""
        self._done, self._failed = done, failed
        if done >= self.total or time.monotonic() - self._told > EVERY_S:
            self._tell()

    @property
    def words(self) -> str:
        """How far the run is."""
        text = f"{self._done:,} of {self.total:,} scans are finished"
        if self._failed:
            text += f", {self._failed:,} of them without a result"
        elapsed = time.monotonic() - self._started
        if 0 < self._done < self.total:
            left_min = elapsed / self._done * (self.total - self._done) / 60
            text += f"; about {left_min:,.0f} minutes left"
        return text

    def _tell(self, create: bool = False) -> None:
        share = 100.0 * min(self._done / max(self.total, 1), 1.0)
        self._told = time.monotonic()
        try:
            if create:
                made: Any = create_progress_artifact(share, key=PROGRESS, description=self.words)
                self._artifact = made
            elif self._artifact is not None:
                update_progress_artifact(self._artifact, progress=share, description=self.words)
        except Exception as error:  # the progress is for looking at; the run goes on without it
            _LOG.debug("the progress was not told: %s", error)
