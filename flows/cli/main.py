"""The command line. Each command is a thin shell around a function elsewhere.

Exit codes: 0 all scans processed (whatever their verdicts), 1 some scans failed for technical reasons
(listed), 2 bad usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from veernet_core import __version__
from veernet_core.config import DigitiseConfig, GatePolicy
from veernet_core.datatypes import DigitisedLog
from veernet_core.errors import VeernetError
from veernet_core.pipeline import FailedScan

if TYPE_CHECKING:
    from storage.index_table import IndexTable


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    parser = _parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        code: int = args.run(args)
        return code
    except (VeernetError, FileNotFoundError, ValueError) as error:
        print(f"veernet: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("veernet: interrupted; finished scans are kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="veernet", description="Digitise scanned paper well logs into curves with a verdict."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_demo(commands)
    _add_digitise(commands)
    _add_inspect(commands)
    _add_batch(commands)
    _add_dashboard(commands)
    _add_evaluate_pages(commands)
    from flows.cli import models as model_cli

    model_cli.add_parsers(commands)
    return parser


def _add_demo(commands: Any) -> None:
    parser = commands.add_parser("demo", help="draw a small archive, digitise it, show the result")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(run=_demo)


def _add_digitise(commands: Any) -> None:
    parser = commands.add_parser("digitise", help="digitise files, folders or globs")
    parser.add_argument("scans", nargs="+", metavar="SCAN")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--step", type=float, help="depth step in the log's unit")
    parser.add_argument("--min-r2", type=float, default=GatePolicy().min_r2)
    parser.add_argument("--depth-unit", choices=("ft", "m"), help="where the sidecar states none")
    parser.add_argument(
        "--include-review",
        action="store_true",
        help="also write <stem>.review.las with the curves in review, marked so in every header line",
    )
    _add_index_options(parser)
    _add_gate_options(parser)
    _add_model_options(parser)
    parser.set_defaults(run=_digitise)


def _add_index_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--index", type=Path, metavar="TABLE", help="the archive's index, CSV or Parquet"
    )
    parser.add_argument(
        "--index-map",
        default="generic",
        metavar="MAP",
        help="what its columns mean: generic, kansas, texas, or a JSON file",
    )


def _add_gate_options(parser: argparse.ArgumentParser) -> None:
    gate = GatePolicy()
    parser.add_argument("--reject-r2", type=float, default=gate.reject_r2)
    parser.add_argument("--min-coverage", type=float, default=gate.min_coverage)
    parser.add_argument("--max-depth-residual-ft", type=float, default=gate.max_depth_residual_ft)
    parser.add_argument(
        "--require-printed-scales",
        action="store_true",
        help="accept a stated scale only where the same was read on the page",
    )
    parser.add_argument(
        "--canary",
        action="store_true",
        help="digitise drawn logs with known truth first; after a collapse accept nothing",
    )


def _add_inspect(commands: Any) -> None:
    parser = commands.add_parser("inspect", help="write a draft sidecar and a picture to correct")
    parser.add_argument("scans", nargs="+", metavar="SCAN")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--depth-unit", choices=("ft", "m"), help="where nothing states one")
    parser.set_defaults(run=_inspect)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, help="a model bundle; the shipped one if omitted")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--batch-tiles", type=int, help="tiles per batch on the device")


def _add_batch(commands: Any) -> None:
    from flows.cli import batch as batch_cli

    batch_cli.add_parser(commands).set_defaults(run=batch_cli.run)


def _add_dashboard(commands: Any) -> None:
    parser = commands.add_parser("dashboard", help="(re)build the dashboard of a folder of results")
    parser.add_argument("out", metavar="OUT", help="a folder, or the URI of a bucket")
    parser.add_argument("--min-r2", type=float, default=GatePolicy().min_r2)
    parser.add_argument("--serve", action="store_true", help="serve it, so that people can review")
    parser.add_argument("--host", default="127.0.0.1", help="a wider address demands --token")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--token", default="", help="demanded of every reader (16 letters or more)")
    parser.add_argument(
        "--model", type=Path, help="bundle for corrected logs; the shipped one if omitted"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.set_defaults(run=_dashboard)


def _add_evaluate_pages(commands: Any) -> None:
    parser = commands.add_parser("evaluate-pages", help="measure page reading")
    parser.add_argument(
        "--scans", type=Path, help="folder of real scans; drawn pages only if omitted"
    )
    parser.add_argument("--truth", type=Path, default=Path("tests/data/pages"))
    parser.add_argument("--half", choices=("dev", "report", "all"), default="all")
    parser.add_argument("--only", nargs="+", default=[], metavar="STEM")
    parser.add_argument("--no-drawn", action="store_true", help="leave out the drawn pages")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn pages")
    parser.add_argument("-o", "--out", type=Path, help="file for all results as JSON")
    parser.set_defaults(run=_evaluate_pages)


def _demo(args: argparse.Namespace) -> int:
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
    _run_local(scans, args.out, DigitiseConfig(), None, "auto", "float32", None)
    # a damaged scan is part of the demo: it shows in the failures, not in the exit code
    return 0


def _digitise(args: argparse.Namespace) -> int:
    from flows.local.digitise import find_scans, read_index_file

    if args.step is not None and args.step <= 0:
        raise ValueError(f"--step must be positive, not {args.step}")
    if not -10 <= args.min_r2 <= 1:
        raise ValueError(f"--min-r2 must lie below 1, not {args.min_r2}")
    base = DigitiseConfig()
    config = replace(
        base,
        step=args.step,
        depth_unit=args.depth_unit,
        gate=replace(
            base.gate,
            min_r2=args.min_r2,
            reject_r2=args.reject_r2,
            min_coverage=args.min_coverage,
            max_depth_residual_ft=args.max_depth_residual_ft,
            require_printed_scales=args.require_printed_scales,
        ),
    )
    scans = find_scans(args.scans)
    if args.canary:
        from flows.archive.canary import watch_local

        model = (args.model, args.device, args.precision, args.batch_tiles)
        config = watch_local(args.out, config, *model)
    index = read_index_file(args.index, args.index_map) if args.index is not None else None
    return _run_local(
        scans,
        args.out,
        config,
        args.model,
        args.device,
        args.precision,
        args.batch_tiles,
        index,
        args.include_review,
    )


def _inspect(args: argparse.Namespace) -> int:
    from flows.local.digitise import find_scans
    from flows.local.inspect import check_targets, inspect_scans
    from veernet_core.page.ocr.text import RapidReader

    scans = find_scans(args.scans)
    check_targets(scans, args.out)
    config = DigitiseConfig(depth_unit=args.depth_unit)
    failures = inspect_scans(scans, args.out, RapidReader(), config)
    for _, error in failures:
        print(f"  {error}", file=sys.stderr)
    return 1 if failures else 0


def _evaluate_pages(args: argparse.Namespace) -> int:
    from flows.studies import evaluate_pages as pages
    from veernet_core.page.ocr.text import RapidReader

    reader = RapidReader()
    results: list[pages.PageResult] = []
    drawn = iter(()) if args.no_drawn else pages.evaluate_drawn(reader, args.seed, args.only)
    if args.scans is not None:
        drawn = chain(
            pages.evaluate_scans(args.scans, args.truth, args.half, reader, args.only), drawn
        )
    for result in drawn:
        results.append(result)
        print("\n".join(pages.page_lines(result)), flush=True)
    print("\n" + pages.table(results))
    if args.out is not None:
        args.out.write_text(pages.to_json(results), encoding="utf-8")
    return 0


def _run_local(
    scans: list[Path],
    out: Path,
    config: DigitiseConfig,
    model: Path | None,
    device: str,
    precision: str,
    batch_tiles: int | None,
    index: IndexTable | None = None,
    include_review: bool = False,
) -> int:
    from flows.local.digitise import digitise_files
    from veernet_core.net.bundle import load_predictor
    from veernet_core.page.ocr.text import RapidReader

    bundle = model.read_bytes() if model is not None else None
    predictor = load_predictor(bundle, device, precision, batch_tiles)
    started = time.monotonic()

    def say(done: int, result: DigitisedLog | FailedScan) -> None:
        spent = time.monotonic() - started
        left = spent / done * (len(scans) - done)
        print(f"[{done}/{len(scans)}, {left:.0f} s left] {_line(result)}", flush=True)

    report = digitise_files(
        scans, out, predictor, config, say, RapidReader(), index, include_review
    )
    print(f"dashboard: {report.dashboard}")
    if report.failures:
        print(f"{len(report.failures)} of {len(scans)} scans failed:", file=sys.stderr)
        for _, error in report.failures:
            print(f"  {error}", file=sys.stderr)
    return report.exit_code


def _line(result: DigitisedLog | FailedScan) -> str:
    if isinstance(result, FailedScan):
        return f"{result.ref.stem}: failed ({result.error.code})"
    parts = []
    for judged in result.curves:
        estimate = judged.quality.r2_estimate
        reasons = ",".join(judged.verdict.reasons)
        parts.append(
            f"{judged.curve.spec.mnemonic} {judged.verdict.decision} R2~{estimate:.2f} ({reasons})"
        )
    findings = sorted({f.code for f in result.findings})
    tail = f"  findings: {', '.join(findings)}" if findings else ""
    return f"{result.scan.stem}: {'; '.join(parts) or 'no curves'}{tail}"


def _dashboard(args: argparse.Namespace) -> int:
    from functools import partial

    from flows.dashboard import build_in
    from storage.delivery import deliver
    from storage.objects import ObjectStore

    store = ObjectStore(args.out)
    if store.local_root is not None and not store.local_root.is_dir():
        raise FileNotFoundError(f"{args.out}: no such folder; run `veernet digitise` first")
    if not args.serve:
        deliver(store)
        print(build_in(store, min_r2=args.min_r2))
        return 0
    from flows.dashboard.serve import serve
    from flows.local.digitise import digitise_again

    redo = partial(digitise_again, model=args.model, device=args.device)
    serve(store, host=args.host, port=args.port, token=args.token, min_r2=args.min_r2, redo=redo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
