"""What ``veernet batch`` says: the plan, how far the run is, what came of it; for people or for programs.

In: the plan and the report of a run. Out: lines on standard error, or one JSON object on standard output. What
the run does is ``flows.archive.batch``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.cli.plain import one_line

if TYPE_CHECKING:
    from flows.archive.batch import Progress
    from flows.archive.chunk import ChunkSummary
    from flows.archive.params import ArchiveParams
    from flows.archive.report import RunReport
    from storage.plan import Plan

_SHOWN_FAILURES = 20
_SHOWN_LOGS = 200
_QUIET_LINE_EVERY_S = 30.0


def say(text: str) -> None:
    """A line for people."""
    print(one_line(text), file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Words:
    """How much is said: only failures, or the report as JSON and nothing else on standard output."""

    quiet: bool = False
    as_json: bool = False

    def start(self, plan: Plan) -> Progress | None:
        """Say the plan; gives what is told after each chunk."""
        if self.quiet:
            return None
        say(_planned(plan))
        _say_outdated(plan.outdated, plan.moved_on)
        return _Progress(len(plan.units)) if plan.units else None

    def report(self, report: RunReport, settings: ArchiveParams) -> None:
        """Say what came of the run."""
        if self.as_json:
            print(json.dumps(report.as_dict(), ensure_ascii=False, default=str), flush=True)
        if report.dry_run:
            if not self.quiet:
                _say_plan(report)
            return
        _say_failures(report)
        _say_canary(report, settings, self.quiet)
        if not self.quiet:
            _say_outcome(report, settings)


def _planned(plan: Plan) -> str:
    reasons = ", ".join(f"{kind}: {count:,}" for kind, count in plan.reasons().items())
    return (
        f"{plan.listed:,} scans listed, {plan.up_to_date:,} up to date, "
        f"{len(plan.units):,} to do{f' ({reasons})' if reasons else ''}"
    )


def _say_plan(report: RunReport) -> None:
    reasons = ", ".join(f"{kind}: {count:,}" for kind, count in report.reasons.items())
    say(f"{report.listed:,} scans, {report.planned:,} to do ({reasons or 'nothing'})")
    _say_outdated(report.outdated, report.moved_on)


def _say_outdated(count: int, moved_on: Sequence[str]) -> None:
    """Say which results an older version, model or precision made; they stand until asked for anew."""
    if count:
        say(
            f"{count:,} results are outdated ({', '.join(moved_on)} have changed since); they stand, "
            "--redo outdated makes them anew"
        )


class _Progress:
    """Counts and an estimate of the time left: a moving line on a terminal, else now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._logs = self._failed = 0
        self._started = time.monotonic()
        self._shown = self._started
        self._terminal = sys.stderr.isatty()

    def __call__(self, summary: ChunkSummary) -> None:
        self._logs += summary.logs
        self._failed += summary.failed
        now = time.monotonic()
        ended = self._logs >= self._total
        if self._terminal or ended or now - self._shown >= _QUIET_LINE_EVERY_S:
            self._shown = now
            self._show(now - self._started, ended)

    def _show(self, elapsed: float, ended: bool) -> None:
        left = elapsed / self._logs * (self._total - self._logs)
        line = (
            f"{self._logs:,}/{self._total:,} logs, {self._failed:,} without a result, "
            f"{self._logs / elapsed:.1f}/s, {left:,.0f} s left"
        )
        ending = "\n" if ended or not self._terminal else "\r"
        print(line.ljust(78), end=ending, file=sys.stderr, flush=True)


def _say_failures(report: RunReport) -> None:
    for row in report.failures[:_SHOWN_FAILURES]:
        say(f"{row['uri']}: {row['message']} [{row['code']}, {row['status']}] {row['remedy']}")
    hidden = report.without_result - min(len(report.failures), _SHOWN_FAILURES)
    if hidden > 0:
        say(f"… and {hidden:,} more, see failures.parquet")


def _say_canary(report: RunReport, settings: ArchiveParams, quiet: bool) -> None:
    if not report.canary:
        return
    if report.canary["healthy"]:
        figures = report.canary["figures"].items()
        if not quiet:
            say("canary healthy: " + ", ".join(f"{style} R² {f['r2']:.3f}" for style, f in figures))
        return
    held = settings.canary == "hold"
    what = "accepted curves are held for review" if held else "see the report"
    say(f"the canary has collapsed ({', '.join(report.canary['broken'])}): {what}")


def _say_outcome(report: RunReport, settings: ArchiveParams) -> None:
    if report.collisions:
        say(f"{len(report.collisions)} stems are shared by several scans; folders carry a hash")
    say(
        f"{report.done:,} logs done, {report.without_result:,} without a result; curves: "
        f"{report.accepted:,} accepted, {report.review:,} for review, {report.rejected:,} "
        f"rejected; {report.seconds:.0f} s"
    )
    _say_logs(report, settings)
    from storage.objects import ObjectStore

    say(f"results: {settings.dest}")
    say(f"dashboard: {ObjectStore(settings.dest).uri_of('dashboard/index.html')}")


def _say_logs(report: RunReport, settings: ArchiveParams) -> None:
    """A line for every log of the run, as long as a person can read them."""
    from storage.ledger import read_ledger
    from storage.objects import ObjectStore

    latest = read_ledger(ObjectStore(settings.dest)).latest.values()
    own = [r for r in latest if r.status == "done" and r.segment.startswith(report.run_id)]
    for record in own[:_SHOWN_LOGS]:
        say(
            f"{record.log_id}: {record.accepted} accepted, {record.review} for review,"
            f" {record.rejected} rejected"
        )
    if len(own) > _SHOWN_LOGS:
        say(f"… and {len(own) - _SHOWN_LOGS:,} more, see verdicts.parquet")
