"""What a person sees while scans are digitised: a moving bar on a terminal, plain lines in a log, or JSON.

In: events of a run. Out: text on the terminal. Nothing is decided here.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from flows.cli.plain import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

    from veernet_core.datatypes import DigitisedLog, FailedScan, Posterior, Strip
    from veernet_core.errors import VeernetError
    from veernet_core.pipeline import Predictor

_LONGEST_NAME = 40
_READ, _TRACED = 0.45, 0.45
"""Shares of a scan's time that go into reading its page and into tracing; the rest is writing."""


class Show:
    """Reports scans as they go; used as a context.

    Parameters
    ----------
    total : int
        Scans to do.
    quiet : bool
        Say nothing but failures.
    as_json : bool
        One JSON object a log on standard output, and nothing else there.
    shared : collection of str
        Stems that several scans have: these are told with their folders.
    """

    def __init__(
        self,
        total: int,
        quiet: bool = False,
        as_json: bool = False,
        shared: Collection[str] = (),
    ) -> None:
        self._total, self._quiet, self._json = total, quiet, as_json
        self._shared = shared
        self._started = time.monotonic()
        self._done = self._read = 0
        self._rows_to_trace = self._rows_traced = 0.0
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task: Any = None

    def __enter__(self) -> Show:
        if sys.stderr.isatty() and not self._quiet:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
            )

            columns = (
                TextColumn("{task.fields[scans]}"), BarColumn(), TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"), TextColumn("{task.description}", markup=False),
            )  # fmt: skip
            console = Console(stderr=True)
            self._bar = Progress(*columns, console=console, redirect_stdout=not self._json)
            self._bar.start()
            scans = f"0/{self._total}"
            self._task = self._bar.add_task("starting", total=self._total, scans=scans, left="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def doing(self, words: str) -> None:
        """What is being done at this moment; only seen on a terminal."""
        if self._bar is not None:
            self._bar.update(self._task, description=words)

    def found(self, more: int) -> None:
        """A file holds more scans than one."""
        self._total += more
        self._move()

    def read(self, stem: str, rows: float) -> None:
        """A scan's page was read; told how many rows of its tracks are to be traced."""
        with self._lock:
            self._read += 1
            self._rows_to_trace += rows
        self._move()

    def traced(self, rows: float) -> None:
        """Told how many rows of a track went through the network."""
        with self._lock:
            self._rows_traced += rows
        self._move()

    def share(self) -> float:
        """How much of the work is done, 0 to 1."""
        read = max(self._read, self._done)
        whole = max(self._rows_to_trace, self._rows_traced, 1.0)
        done = _READ * read + _TRACED * max(read * self._rows_traced / whole, self._done)
        total = max(self._total, read)  # a PDF may hold several
        return min(1.0, (done + (1 - _READ - _TRACED) * self._done) / max(total, 1))

    def left_s(self) -> float:
        """Seconds that the rest will take at the speed so far; NaN before anything is done."""
        share = self.share()
        return (time.monotonic() - self._started) * (1 - share) / share if share else float("nan")

    def _move(self) -> None:
        if self._bar is not None:
            left, total = self.left_s(), max(self._total, self._done)
            self._bar.update(
                self._task,
                completed=self.share() * total,
                total=total,
                scans=f"{self._done}/{total}",
                left=f"{left:,.0f} s left" if left == left else "",
                refresh=True,
            )

    def scan(self, done: int, result: DigitisedLog | FailedScan) -> None:
        """One scan is done."""
        self._done = done
        total = max(self._total, done)
        self._move()
        if self._json:
            print(json.dumps(as_row(result), ensure_ascii=False), flush=True)
        elif not self._quiet:
            line = one_line(line_of(result, self._shared))
            print(f"[{done}/{total}, {self.left_s():,.0f} s left] {line}", flush=True)

    def say(self, words: str) -> None:
        """A line for people."""
        if not self._quiet and not self._json:
            print(words, flush=True)


class ShownPredictor:
    """A predictor that says which track it is at."""

    def __init__(self, predictor: Predictor, show: Show) -> None:
        self._predictor, self._show = predictor, show
        self.model_id = predictor.model_id
        self.numerics = predictor.numerics
        self.calibration = predictor.calibration

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        """Posterior of each strip, in order."""
        if strips:
            at = strips[0]
            self._show.doing(
                f"tracing section {at.section_index + 1}, track {at.track_index + 1},"
                f" scan row {at.scan_rows[0]:,.0f}"
            )
        found = self._predictor.predict(strips)
        self._show.traced(sum(float(s.scan_rows[-1] - s.scan_rows[0]) for s in strips))
        return found


def as_row(result: DigitisedLog | FailedScan) -> dict[str, Any]:
    """A result as plain data, for programs."""
    from storage.records import jsonable
    from veernet_core.pipeline import FailedScan

    if isinstance(result, FailedScan):
        error = result.error
        return {"scan": result.ref.uri, "failed": error.code, "message": str(error)}
    curves = [
        {
            "section_id": j.curve.section_id, "track_id": j.curve.track_id,
            "mnemonic": j.curve.spec.mnemonic, "decision": j.verdict.decision,
            "reasons": list(j.verdict.reasons), "r2_estimate": j.quality.r2_estimate,
            "r2_lower": j.quality.r2_lower,
        }
        for j in result.curves
    ]  # fmt: skip
    findings = sorted({f.code for f in result.findings})
    row: dict[str, Any] = jsonable(
        {"scan": result.scan.uri, "curves": curves, "findings": findings}
    )
    return row


def line_of(result: DigitisedLog | FailedScan, shared: Collection[str] = ()) -> str:
    """A result in one line; with its place where it failed, and where it shares its stem."""
    from veernet_core.curve.gate import quality_note
    from veernet_core.pipeline import FailedScan

    if isinstance(result, FailedScan):
        return f"{result.ref.uri}: failed ({result.error.code})"
    parts = []
    for judged in result.curves:
        reasons = ",".join(judged.verdict.reasons)
        note = quality_note(judged)
        name = judged.curve.spec.mnemonic
        name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        parts.append(f"{name} {judged.verdict.decision} {note} ({reasons})")
    findings = sorted({f.code for f in result.findings})
    tail = f"  findings: {', '.join(findings)}" if findings else ""
    name = result.scan.uri if result.scan.stem in shared else result.scan.stem
    return f"{name}: {'; '.join(parts) or 'no curves'}{tail}"


def failure_line(uri: str, error: VeernetError) -> str:
    """Why a scan failed, in one line that names the scan."""
    text = str(error)
    return one_line(text if uri in text else f"{uri}: {text}")


def shared_stems(scans: Sequence[Path]) -> set[str]:
    """Stems that several of these files have."""
    counts = Counter(path.stem for path in scans)
    return {stem for stem, count in counts.items() if count > 1}
