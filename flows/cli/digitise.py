"""``veernet demo``, ``digitise`` and ``inspect``: scans on this machine, at once."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flows.cli.options import (
    add_digitise_options,
    add_index_options,
    add_model_options,
    config_of,
    require_writable,
)
from veernet_core.config import OPTIONS, DigitiseConfig

if TYPE_CHECKING:
    from storage.index_table import IndexTable
    from veernet_core.datatypes import DigitisedLog
    from veernet_core.pipeline import FailedScan


def fill_demo(parser: argparse.ArgumentParser) -> None:
    """Options of ``demo``."""
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=demo, model=None, device="auto", precision="float32", batch_tiles=None)


def fill_digitise(parser: argparse.ArgumentParser) -> None:
    """Options of ``digitise``."""
    parser.add_argument("scans", nargs="+", metavar="SCAN")
    parser.add_argument("-o", "--out", type=Path, required=True)
    add_digitise_options(parser)
    parser.add_argument(
        "--canary",
        action="store_true",
        help="digitise drawn logs with known truth first; after a collapse accept nothing",
    )
    parser.add_argument(
        "--include-review",
        action="store_true",
        help="also write <stem>.review.las with the curves in review, marked so in every header line",
    )
    add_index_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=digitise)


def fill_inspect(parser: argparse.ArgumentParser) -> None:
    """Options of ``inspect``."""
    parser.add_argument("scans", nargs="+", metavar="SCAN")
    parser.add_argument("-o", "--out", type=Path, required=True)
    unit = OPTIONS["depth_unit"]
    parser.add_argument("--depth-unit", choices=unit.choices, help=unit.help)
    parser.set_defaults(run=inspect)


def demo(args: argparse.Namespace) -> int:
    """Draw a small archive and digitise it."""
    import json

    from veernet_core.synth.pages import demo_archive

    source = args.out / "scans"
    source.mkdir(parents=True, exist_ok=True)
    print(f"drawing a small archive in {source}")
    scans = []
    for scan in demo_archive(args.seed):
        path = source / f"{scan.stem}.tif"
        path.write_bytes(scan.tiff)
        if scan.sidecar is not None:
            sidecar = json.dumps(scan.sidecar, indent=1)
            (source / f"{scan.stem}.sidecar.json").write_text(sidecar, encoding="utf-8")
        scans.append(path)
    _run_local(scans, args, DigitiseConfig())
    # a damaged scan is part of the demo: it shows in the failures, not in the exit code
    return 0


def digitise(args: argparse.Namespace) -> int:
    """Digitise files, folders or globs."""
    config = config_of(args)
    from flows.local.digitise import find_scans, read_index_file

    scans = find_scans(args.scans)
    require_writable(args.out)
    if args.canary:
        from flows.archive.canary import watch_local

        model = (args.model, args.device, args.precision, args.batch_tiles)
        config = watch_local(args.out, config, *model)
    index = read_index_file(args.index, args.index_map) if args.index is not None else None
    return _run_local(scans, args, config, index, args.include_review)


def inspect(args: argparse.Namespace) -> int:
    """Write a draft sidecar and a picture of every scan."""
    from flows.engine.page_engines import PageEngines
    from flows.local.digitise import find_scans
    from flows.local.inspect import check_targets, inspect_scans

    scans = find_scans(args.scans)
    check_targets(scans, args.out)
    require_writable(args.out)
    config = DigitiseConfig(depth_unit=args.depth_unit)
    failures = inspect_scans(scans, args.out, PageEngines(), config)
    for _, error in failures:
        print(f"  {error}", file=sys.stderr)
    return 1 if failures else 0


def _run_local(
    scans: list[Path],
    args: argparse.Namespace,
    config: DigitiseConfig,
    index: IndexTable | None = None,
    include_review: bool = False,
) -> int:
    from flows.engine.page_engines import PageEngines
    from flows.local.digitise import digitise_files
    from veernet_core.net.bundle import load_predictor

    bundle = args.model.read_bytes() if args.model is not None else None
    predictor = load_predictor(bundle, args.device, args.precision, args.batch_tiles)
    started = time.monotonic()

    def say(done: int, result: DigitisedLog | FailedScan) -> None:
        spent = time.monotonic() - started
        n = max(len(scans), done)  # a PDF may hold several
        left = spent / done * (n - done)
        print(f"[{done}/{n}, {left:.0f} s left] {_line(result)}", flush=True)

    report = digitise_files(
        scans, args.out, predictor, config, say, PageEngines(), index, include_review
    )
    print(f"dashboard: {report.dashboard}")
    if report.failures:
        print(f"{len(report.failures)} of {len(scans)} scans failed:", file=sys.stderr)
        for _, error in report.failures:
            print(f"  {error}", file=sys.stderr)
    return report.exit_code


def _line(result: DigitisedLog | FailedScan) -> str:
    from veernet_core.curve.gate import quality_note
    from veernet_core.pipeline import FailedScan

    if isinstance(result, FailedScan):
        return f"{result.ref.stem}: failed ({result.error.code})"
    parts = []
    for judged in result.curves:
        reasons = ",".join(judged.verdict.reasons)
        note = quality_note(judged)
        parts.append(f"{judged.curve.spec.mnemonic} {judged.verdict.decision} {note} ({reasons})")
    findings = sorted({f.code for f in result.findings})
    tail = f"  findings: {', '.join(findings)}" if findings else ""
    return f"{result.scan.stem}: {'; '.join(parts) or 'no curves'}{tail}"
