"""``veernet batch``: the archive run in this process, with nothing to start.

In: command-line arguments. Out: progress and a summary on standard error, an exit code. Where
``PREFECT_API_URL`` names a server, the run is recorded there; else Prefect starts one of its own
for the length of the run. What the run does is ``flows.archive.batch``;
it is imported on use, and Prefect with it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError

from flows.archive.params import ArchiveParams
from flows.archive.setup import EmptySourceError, PlacesError, check_places
from flows.cli.quiet import OUR_PACKAGES, silence_libraries
from flows.engine.loading import NumericsError
from storage.errors import StorageError
from storage.index_table import IndexTableError
from storage.objects import ObjectStore
from veernet_core.errors import BundleError, VeernetError

if TYPE_CHECKING:
    from flows.archive.batch import Progress
    from flows.archive.chunk import ChunkSummary
    from flows.archive.report import RunReport
    from storage.plan import Plan

EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE = 0, 1, 2
_SHOWN_FAILURES = 20
_SHOWN_LOGS = 200
_QUIET_LINE_EVERY_S = 30.0

EMBEDDED_SERVER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_DATABASE_TIMEOUT": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows,storage,veernet_core",
    "DO_NOT_TRACK": "1",
}
"""Settings without which the embedded server loses most task runs, or finds its database locked on a
machine that is busy with other things. Its own log is silent: what goes wrong there reaches the client as an
error, and when it is stopped it reports work it was told to drop."""

_USAGE_ERRORS = (
    NumericsError,
    StorageError,
    PlacesError,
    EmptySourceError,
    BundleError,
    IndexTableError,
)


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``batch``: the fields of ``ArchiveParams``."""
    parser.description = (
        "Digitise what is new or changed in an archive. Safe to stop and start again at any time: every "
        "log is done exactly once."
    )
    for name, field in ArchiveParams.model_fields.items():
        option = "--" + name.replace("_", "-")
        text = (field.description or "").replace("%", "%%")
        if field.annotation is bool and field.default:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, help=text)
        elif field.annotation is bool:
            parser.add_argument(option, action="store_true", default=None, help=text)
        else:
            default = "" if field.is_required() or field.default is None else f" [{field.default}]"
            parser.add_argument(option, required=field.is_required(), help=text + default)
    parser.add_argument("--verbose", action="store_true", help="Show Prefect's own log.")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the archive flow; 0 all processed, 1 some scans failed, 2 bad usage."""
    given = {
        name: getattr(args, name)
        for name in ArchiveParams.model_fields
        if getattr(args, name, None) is not None
    }
    try:
        settings = ArchiveParams.model_validate(given)
        settings = settings.model_copy(
            update={
                "source": ObjectStore(settings.source).uri,
                "dest": ObjectStore(settings.dest).uri,
            }
        )
        check_places(settings.source, settings.dest, settings.dry_run)
    except ValidationError as error:
        for item in error.errors():
            _say(f"--{str(item['loc'][0]).replace('_', '-')}: {item['msg']}")
        return EXIT_USAGE
    except VeernetError as error:
        _say(str(error))
        return EXIT_USAGE
    return _run_flow(settings, verbose=args.verbose)


def _run_flow(settings: ArchiveParams, verbose: bool) -> int:
    for name, value in EMBEDDED_SERVER.items():
        os.environ.setdefault(name, value)
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")
    from flows.archive.batch import ArchiveIncompleteError, in_process
    from flows.archive.lifeline import start_embedded_server

    _log_to_stderr()
    try:
        start_embedded_server()
        report = in_process(settings, start=_start)
    except KeyboardInterrupt:
        _say("stopped; finished logs are kept, run again to do the rest")
        return 130
    except ArchiveIncompleteError as error:
        _say(str(error))
        return EXIT_SOME_FAILED
    except VeernetError as error:
        _say(str(error))
        return EXIT_USAGE if isinstance(error, _USAGE_ERRORS) else EXIT_SOME_FAILED
    _say_report(report, settings)
    return EXIT_SOME_FAILED if report.without_result else EXIT_OK


def _log_to_stderr() -> None:
    """Warnings of our own packages as plain lines; tracebacks are for ``--verbose``."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    for name in OUR_PACKAGES:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def _start(plan: Plan) -> Progress | None:
    reasons = ", ".join(f"{kind}: {count:,}" for kind, count in plan.reasons().items())
    _say(
        f"{plan.listed:,} scans listed, {plan.up_to_date:,} up to date, "
        f"{len(plan.units):,} to do{f' ({reasons})' if reasons else ''}"
    )
    _say_outdated(plan.outdated, plan.moved_on)
    return _Progress(len(plan.units)) if plan.units else None


def _say_outdated(count: int, moved_on: Sequence[str]) -> None:
    """Say which results an older version, model or precision made; they stand until asked for anew."""
    if count:
        _say(
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


def _say_report(report: RunReport, settings: ArchiveParams) -> None:
    if report.dry_run:
        reasons = ", ".join(f"{kind}: {count:,}" for kind, count in report.reasons.items())
        _say(f"{report.listed:,} scans, {report.planned:,} to do ({reasons or 'nothing'})")
        _say_outdated(report.outdated, report.moved_on)
        return
    if report.collisions:
        _say(f"{len(report.collisions)} stems are shared by several scans; folders carry a hash")
    for row in report.failures[:_SHOWN_FAILURES]:
        _say(f"{row['uri']}: {row['message']} [{row['code']}, {row['status']}] {row['remedy']}")
    hidden = report.without_result - min(len(report.failures), _SHOWN_FAILURES)
    if hidden > 0:
        _say(f"… and {hidden:,} more, see failures.parquet")
    _say(
        f"{report.done:,} logs done, {report.without_result:,} without a result; curves: "
        f"{report.accepted:,} accepted, {report.review:,} for review, {report.rejected:,} "
        f"rejected; {report.seconds:.0f} s"
    )
    if report.canary and report.canary["healthy"]:
        figures = report.canary["figures"].items()
        _say("canary healthy: " + ", ".join(f"{style} R² {f['r2']:.3f}" for style, f in figures))
    elif report.canary:
        _say(
            f"the canary has collapsed ({', '.join(report.canary['broken'])}): "
            + (
                "accepted curves are held for review"
                if settings.canary == "hold"
                else "see the report"
            )
        )
    _say_logs(report, settings)
    _say(f"results: {settings.dest}")
    _say(f"dashboard: {ObjectStore(settings.dest).uri_of('dashboard/index.html')}")


def _say_logs(report: RunReport, settings: ArchiveParams) -> None:
    """A line for every log of the run, as long as a person can read them."""
    from storage.ledger import read_ledger

    latest = read_ledger(ObjectStore(settings.dest)).latest.values()
    own = [r for r in latest if r.status == "done" and r.segment.startswith(report.run_id)]
    for record in own[:_SHOWN_LOGS]:
        _say(
            f"{record.log_id}: {record.accepted} accepted, {record.review} for review,"
            f" {record.rejected} rejected"
        )
    if len(own) > _SHOWN_LOGS:
        _say(f"… and {len(own) - _SHOWN_LOGS:,} more, see verdicts.parquet")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """``python -m flows.cli.batch``: the ``batch`` command alone."""
    silence_libraries()
    parser = argparse.ArgumentParser(prog="veernet batch")
    fill(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
