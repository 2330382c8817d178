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
from typing import TYPE_CHECKING

from pydantic import ValidationError

from flows import wording
from flows.archive.params import ArchiveParams
from flows.cli.batch_words import Words, say
from flows.cli.leaving import INTERRUPTED, run_and_leave
from flows.cli.options import Group, add_json, add_quiet, group
from flows.cli.quiet import OUR_PACKAGES, silence_libraries
from veernet_core.errors import BundleError, VeernetError

if TYPE_CHECKING:
    from flows.archive.report import RunReport

EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE = 0, 1, 2

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

_METAVARS = {"source": "URI", "dest": "URI", "index": "URI", "model": "URI", "since": "TIME", "until": "TIME",
             "depth_unit": "{ft,m}", "canary": "{hold,report,off}", "redo": "{changed,outdated}",
             "precision": "{auto,float32,bfloat16}"}  # fmt: skip
"""What stands for a value in help."""


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``batch``: the fields of ``ArchiveParams``."""
    parser.description = (
        "Digitise what is new or changed in an archive. Safe to stop and start again at any time: "
        "every log is done exactly once."
    )
    for title, names in wording.GROUPS.items():
        for name in names:
            _add(group(parser, title), name)
    add_quiet(parser, "say nothing but scans without a result and a collapsed canary")
    add_json(parser, "the run's report as one JSON object")
    place = group(parser, wording.TERMINAL)
    place.add_argument("--verbose", action="store_true", help="show Prefect's own log")
    parser.set_defaults(run=run)


def _add(place: Group, name: str) -> None:
    """A field of the parameters as an option; its value is checked by the model."""
    field = ArchiveParams.model_fields[name]
    flags = ["--" + name.replace("_", "-"), *(["-o", "--out"] if name == "dest" else [])]
    text = (field.description or "").replace("%", "%%")
    if field.annotation is bool and field.default:
        place.add_argument(*flags, dest=name, action=argparse.BooleanOptionalAction, help=text)
        return
    if field.annotation is bool:
        place.add_argument(*flags, dest=name, action="store_true", default=None, help=text)
        return
    default = "" if field.is_required() or field.default is None else f" [{field.default}]"
    place.add_argument(
        *flags,
        dest=name,
        required=field.is_required(),
        metavar=wording.UNITS.get(name) or _METAVARS.get(name, name.rsplit("_", 1)[-1].upper()),
        help=text + default,
    )


def run(args: argparse.Namespace) -> int:
    """Run the archive flow; 0 all processed, 1 some scans failed, 2 bad usage."""
    given = {
        name: getattr(args, name)
        for name in ArchiveParams.model_fields
        if getattr(args, name, None) is not None
    }
    from flows.archive.setup import check_places
    from storage.objects import ObjectStore

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
            say(f"--{str(item['loc'][0]).replace('_', '-')}: {item['msg']}")
        return EXIT_USAGE
    except VeernetError as error:
        say(str(error))
        return EXIT_USAGE
    words = Words(args.quiet, args.json)
    return _run_flow(settings, words, verbose=args.verbose)


def _run_flow(settings: ArchiveParams, words: Words, verbose: bool) -> int:
    for name, value in EMBEDDED_SERVER.items():
        os.environ.setdefault(name, value)
    if not verbose:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
        os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "CRITICAL")
    _log_to_stderr()
    try:
        report = _report(settings, words)
    except KeyboardInterrupt:
        say(
            "interrupted. Finished logs are kept: the same command does the rest, and "
            f"`veernet dashboard {settings.dest}` shows them."
        )
        return INTERRUPTED
    except VeernetError as error:
        say(str(error))
        return EXIT_USAGE if _is_usage(error) else EXIT_SOME_FAILED
    words.report(report, settings)
    return EXIT_SOME_FAILED if report.without_result else EXIT_OK


def _report(settings: ArchiveParams, words: Words) -> RunReport:
    """Run it; where there is nothing to digitise, and no server keeps a record of runs, without Prefect."""
    from flows.archive.idle import run_idle, server_is_named

    if not server_is_named():
        report = run_idle(settings, words.start)
        if report is not None:
            return report
    from flows.archive.batch import in_process
    from flows.archive.lifeline import start_embedded_server

    start_embedded_server()
    return in_process(settings, start=words.start)


def _is_usage(error: VeernetError) -> bool:
    """Whether what was asked for cannot be done, rather than some scans."""
    from flows.archive.setup import EmptySourceError, PlacesError
    from flows.engine.loading import NumericsError
    from storage.errors import StorageError
    from storage.index_table import IndexTableError

    usage = (NumericsError, StorageError, PlacesError, EmptySourceError)
    return isinstance(error, (*usage, BundleError, IndexTableError))


def _log_to_stderr() -> None:
    """Warnings of our own packages as plain lines; tracebacks are for ``--verbose``."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    for name in OUR_PACKAGES:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def main(arguments: list[str] | None = None) -> int:
    """``python -m flows.cli.batch``: the ``batch`` command alone."""
    silence_libraries()
    parser = argparse.ArgumentParser(prog="veernet batch")
    fill(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    run_and_leave(main)
