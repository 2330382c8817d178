"""``veernet demo``, ``digitise`` and ``inspect``: scans on this machine, at once."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import wording
from flows.cli.leaving import INTERRUPTED, leave_threads
from flows.cli.options import (
    add_digitise_options,
    add_include_review,
    add_index_options,
    add_jobs,
    add_json,
    add_model_options,
    add_option,
    add_out,
    add_quiet,
    add_scans,
    add_seed,
    config_of,
    group,
    require_writable,
)
from flows.cli.plain import one_line
from flows.cli.progress import Show, ShownPredictor, failure_line, shared_stems
from veernet_core.config import OPTIONS, DigitiseConfig

if TYPE_CHECKING:
    from flows.local.inspect import Inspected
    from flows.local.report import LocalReport
    from storage.index_table import IndexTable
    from veernet_core.errors import VeernetError


def fill_demo(parser: argparse.ArgumentParser) -> None:
    """Options of ``demo``."""
    parser.description = (
        "Draw nine scans with faults that real ones have, digitise them, and build the dashboard. "
        "The first is read and accepted unaided, the second waits for a person at the desk. Needs "
        "no input and no network; takes one to two minutes on two cores."
    )
    add_out(parser, "folder for scans, results and dashboard")
    add_seed(parser, 0, "drawings")
    add_quiet(parser)
    add_json(parser, "one JSON object per log")
    parser.set_defaults(run=demo, model=None, device="auto", precision="auto", batch_tiles=None)


def fill_digitise(parser: argparse.ArgumentParser) -> None:
    """Options of ``digitise``."""
    parser.description = (
        "Digitise scans on this machine. Scans whose result stands are passed over; the results "
        "are LAS, CSV and Parquet, a verdict for every curve, and a dashboard. Exit code 1 where a "
        "scan has no result."
    )
    add_scans(parser)
    add_index_options(parser)
    add_out(parser, "folder for the results")
    add_digitise_options(parser)
    add_include_review(parser)
    group(parser, wording.VERDICTS).add_argument(
        "--canary",
        nargs="?",
        choices=("hold", "report", "off"),
        const="hold",
        default="off",
        help="digitise drawn logs with known truth first, and after a collapse hold the run's "
        "accepted curves for review, or only report it; alone: hold",
    )
    group(parser, wording.WORK).add_argument(
        "--force", action="store_true", help="also do scans again whose result stands"
    )
    add_model_options(parser)
    text = (
        "scans read at once, each with memory of its own; half the cores, four at most, if omitted"
    )
    add_jobs(parser, None, text)
    add_quiet(parser)
    add_json(parser, "one JSON object per log")
    parser.set_defaults(run=digitise)


def fill_inspect(parser: argparse.ArgumentParser) -> None:
    """Options of ``inspect``."""
    parser.description = (
        "Read scans and show what would be used, without tracing anything: for each scan a draft "
        "sidecar (<stem>.sidecar.json) and pictures of the page with borders, depth lines and "
        "scales (<stem>.inspect.png). Correct the draft, put it beside the scan, then digitise. A "
        "draft is never written over a sidecar."
    )
    add_scans(parser)
    add_out(parser, "folder for drafts and pictures")
    add_option(parser, "depth_unit", OPTIONS["depth_unit"])
    add_quiet(parser)
    add_json(parser, "one JSON object per scan: its files, its sections and what was found wanting")
    parser.set_defaults(run=inspect)


def demo(args: argparse.Namespace) -> int:
    """Draw a small archive and digitise it."""
    import json

    from veernet_core.synth.pages.demo import demo_archive

    require_writable(args.out)
    source = args.out / "scans"
    source.mkdir(parents=True, exist_ok=True)
    if not args.quiet and not args.json:
        print(f"drawing a small archive in {source}")
    scans = []
    for scan in demo_archive(args.seed):
        path = source / f"{scan.stem}.tif"
        path.write_bytes(scan.tiff)
        if scan.sidecar is not None:
            sidecar = json.dumps(scan.sidecar, indent=1)
            (source / f"{scan.stem}.sidecar.json").write_text(sidecar, encoding="utf-8")
        scans.append(path)
    _decide_precision(args)
    _run_local(scans, args, DigitiseConfig())
    # a damaged scan is part of the demo: it shows in the failures, not in the exit code
    return 0


def digitise(args: argparse.Namespace) -> int:
    """Digitise files, folders or globs."""
    config = config_of(args)
    from flows.local.digitise import find_scans, read_index_file
    from flows.local.pages import known_among

    scans = find_scans(args.scans)
    require_writable(args.out)
    _decide_precision(args)
    if args.canary != "off":
        from flows.archive.canary import watch_local

        model = (args.model, args.device, args.precision, args.batch_tiles)
        with redirect_stdout(sys.stderr) if args.json else nullcontext():
            config = watch_local(args.out, config, *model, args.canary == "hold")
    index = None
    if args.index is not None:
        index = known_among(read_index_file(args.index, args.index_map), scans)
    return _run_local(scans, args, config, index, args.include_review)


def _decide_precision(args: argparse.Namespace) -> None:
    """Put the precision of the folder's results in the place of ``auto``."""
    from flows.local.numerics import folder_precision

    args.precision = folder_precision(args.out, args.precision, args.device)


def inspect(args: argparse.Namespace) -> int:
    """Write a draft sidecar and a picture of every scan."""
    from flows.engine.page_engines import PageEngines
    from flows.local.digitise import find_scans
    from flows.local.inspect import check_targets, inspect_scans

    scans = find_scans(args.scans)
    check_targets(scans, args.out)
    require_writable(args.out)
    config = DigitiseConfig(depth_unit=args.depth_unit)
    say = _nothing if args.quiet or args.json else _print_line
    each = _print_inspected if args.json else None
    failures = inspect_scans(scans, args.out, PageEngines(), config, say, each)
    for uri, error in failures:
        print(f"  {failure_line(uri, error)}", file=sys.stderr)
    return 1 if failures else 0


def _nothing(line: str) -> None:
    """What is said when nothing is to be said."""


def _print_inspected(uri: str, done: Inspected | VeernetError) -> None:
    """One scan as a JSON object on a line."""
    import json

    from veernet_core.errors import VeernetError

    if isinstance(done, VeernetError):
        row: dict[str, Any] = {"scan": uri, "failed": done.code, "message": str(done)}
    else:
        findings = [
            {"code": f.code, "severity": f.severity, "message": f.message} for f in done.findings
        ]
        files = [str(path) for path in done.files]
        row = {"scan": uri, "summary": done.summary, "files": files, "findings": findings}
    print(json.dumps(row, ensure_ascii=False), flush=True)


def _print_line(line: str) -> None:
    print(one_line(line), flush=True)


def _run_local(
    scans: list[Path],
    args: argparse.Namespace,
    config: DigitiseConfig,
    index: IndexTable | None = None,
    include_review: bool = False,
) -> int:
    quiet, as_json = getattr(args, "quiet", False), getattr(args, "json", False)
    done = {} if getattr(args, "force", True) else _standing(scans, args, config, index)
    if done and include_review:
        from storage.delivery import add_review_files
        from storage.objects import ObjectStore

        add_review_files(ObjectStore(str(args.out)))
    left = [path for path in scans if path not in done]
    with Show(len(left), quiet, as_json, shared_stems(scans)) as show:
        if done:
            show.say(f"{len(done)} of {len(scans)} scans are done already; --force does them again")
        if not left:
            show.say(f"dashboard: {_brought_up_to_date(args.out, config)}")
            return 0
        try:
            report = _digitise(left, args, config, index, include_review, show)
        except KeyboardInterrupt as stop:
            return _stopped(getattr(stop, "report", None), len(done), args)
    show.say(f"dashboard: {report.dashboard}")
    if report.failures:
        print(f"{len(report.failures)} of {len(scans)} scans failed:", file=sys.stderr)
        for uri, error in sorted(report.failures, key=lambda failure: failure[0]):
            print(f"  {failure_line(uri, error)}", file=sys.stderr)
    return report.exit_code


def _brought_up_to_date(out: Path, config: DigitiseConfig) -> Path:
    """The dashboard's page; a run that was killed may have left finished logs out of it."""
    from storage.unlisted import has_unlisted, list_unlisted

    page = out / "dashboard" / "index.html"
    if page.is_file() and not has_unlisted(out):
        return page
    from flows.dashboard import build_dashboard
    from storage.objects import ObjectStore

    list_unlisted(ObjectStore(str(out)))
    return build_dashboard(out, min_r2=config.gate.min_r2)


def _stopped(report: LocalReport | None, before: int, args: argparse.Namespace) -> int:
    """Say what an interrupted run leaves and how to go on; the exit code."""
    leave_threads()
    if not hasattr(args, "force"):
        rest = "The same command draws and digitises everything anew."
    else:
        rest = f"The same command{' without --force' if args.force else ''} does the rest."
    now = 0 if report is None else len(report.scans)
    if report is None or report.dashboard is None or not now + before:
        print(f"veernet: interrupted before a scan was finished. {rest}", file=sys.stderr)
        return INTERRUPTED
    counts = f"{now} {'scan' if now == 1 else 'scans'} now{f', {before} before' if before else ''}"
    print(
        f"veernet: interrupted. What was finished ({counts}) is in the dashboard: {report.dashboard}\n"
        f"  {rest}",
        file=sys.stderr,
    )
    return INTERRUPTED


def _digitise(
    scans: list[Path],
    args: argparse.Namespace,
    config: DigitiseConfig,
    index: IndexTable | None,
    include_review: bool,
    show: Show,
) -> LocalReport:
    show.doing("loading the network")
    from flows.engine.memory import keep_freed_blocks
    from flows.engine.page_engines import PageEngines
    from flows.local.digitise import digitise_files
    from flows.local.numerics import keep_numerics
    from flows.local.report import Watch
    from flows.local.stopping import stopped_by_kill
    from storage.kept import Kept, kept_folder
    from storage.objects import ObjectStore
    from veernet_core.net.bundle import load_predictor

    keep_freed_blocks()
    bundle = args.model.read_bytes() if args.model is not None else None
    predictor = load_predictor(bundle, args.device, args.precision, args.batch_tiles)
    keep_numerics(args.out, predictor.numerics)
    watch = Watch(
        show.scan, lambda stem: show.doing(f"reading {stem}"), found=show.found, was_read=show.read
    )
    with stopped_by_kill():
        return digitise_files(
            scans, args.out, ShownPredictor(predictor, show), config, watch,
            PageEngines(numerics=predictor.numerics), index, include_review,
            jobs=getattr(args, "jobs", None), kept=Kept(kept_folder(ObjectStore(str(args.out)))),
        )  # fmt: skip


def _standing(
    scans: list[Path], args: argparse.Namespace, config: DigitiseConfig, index: IndexTable | None
) -> dict[Path, list[dict[str, Any]]]:
    """The scans that need not be done again."""
    from flows.engine.bundle_facts import bundle_bytes
    from flows.local.standing import requirement, standing

    bundle = args.model.read_bytes() if args.model is not None else bundle_bytes()
    if bundle is None:
        return {}
    return standing(scans, args.out, requirement(config, bundle, args.precision), index)
