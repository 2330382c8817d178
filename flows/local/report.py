"""What a local run counts, measures and tells while it works, and what remains of it in its store.

In: results, failures and the time. Out: `LocalReport`, and the record of the run. Does not belong here: the
work itself (``digitise``), and words for people (``flows.cli``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flows.engine.memory import Release
from storage import runs
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import DigitisedLog, FailedScan, Posterior, Predictor, Strip
from veernet_core.errors import VeernetError


@dataclass(slots=True)
class LocalReport:
    """What a local run did: log ids with their logs' verdict counts and scans, and failures."""

    decisions: dict[str, dict[str, int]] = field(default_factory=dict)
    scans: dict[str, str] = field(default_factory=dict)
    failures: list[tuple[str, VeernetError]] = field(default_factory=list)
    dashboard: Path | None = None

    @property
    def exit_code(self) -> int:
        """0 if every scan was processed, else 1."""
        return 1 if self.failures else 0


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of the work while it goes on; all but ``scan`` from several threads.

    Attributes
    ----------
    scan : called after each scan with the number done and its result
    started : called with the stem of each scan whose page begins to be read
    found : called with how many scans a file holds beyond one, when that is known
    was_read : called with the stem of each scan whose page is read and the scan rows of all its tracks
    """

    scan: Callable[[int, DigitisedLog | FailedScan], None] = lambda done, result: None
    started: Callable[[str], None] = lambda stem: None
    found: Callable[[int], None] = lambda more: None
    was_read: Callable[[str, float], None] = lambda stem, rows: None


UNWATCHED = Watch()
"""Nobody is told."""


@dataclass(frozen=True, slots=True)
class Clock:
    """When a run began."""

    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _start: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since then."""
        return time.monotonic() - self._start


class TimedPredictor:
    """A predictor that counts the seconds the network is at work."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self.model_id = predictor.model_id
        self.numerics = predictor.numerics
        self.calibration = predictor.calibration
        self.seconds = 0.0
        self._release = Release()

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order."""
        began = time.monotonic()
        self._release()
        try:
            return self._predictor.predict(strips)
        finally:
            self.seconds += time.monotonic() - began


def run_record(
    summary: LocalReport,
    predictor: TimedPredictor,
    config: DigitiseConfig,
    clock: Clock,
    run_id: str,
) -> runs.RunRecord:
    """The run as its store remembers it: counts, options, where its scans lie, and what it took."""
    counts = summary.decisions.values()
    return runs.RunRecord(
        run_id=run_id,
        started=f"{clock.began:%Y-%m-%dT%H:%M:%SZ}",
        logs=len(counts),
        failed=len(summary.failures),
        curves=sum(sum(by.values()) for by in counts),
        accepted=sum(by["accept"] for by in counts),
        review=sum(by["review"] for by in counts),
        rejected=sum(by["reject"] for by in counts),
        settings={
            **config.option_values(),
            "model_id": predictor.model_id,
            "numerics": predictor.numerics,
        },
        seconds=round(clock.seconds, 3),
        device_seconds=round(predictor.seconds, 3),
        scans={name: str(Path(uri).absolute()) for name, uri in summary.scans.items()},
    )


def count_decisions(log: DigitisedLog) -> dict[str, int]:
    """Curves of a log by decision."""
    counts = {"accept": 0, "review": 0, "reject": 0}
    for judged in log.curves:
        counts[judged.verdict.decision] += 1
    return counts
