"""``veernet demo``, ``digitise`` and ``inspect``: scans on this machine, at once."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.cli.options import (
    add_digitise_options,
    add_index_options,
    add_model_options,
    config_of,
    require_writable,
)
from flows.cli.progress import Show, ShownPredictor
from veernet_core.config import OPTIONS, DigitiseConfig

if TYPE_CHECKING:
    from flows.local.digitise import LocalReport
    from storage.index_table import IndexTable


def fill_demo(parser: argparse.ArgumentParser) -> None:
    """Options of ``demo``."""
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--seed", type=int, default=0, help="of the drawings")
    parser.set_defaults(run=demo, model=None, device="auto", precision="auto", batch_tiles=None)


def fill_digitise(parser: argparse.ArgumentParser) -> None:
    """Options of ``digitise``."""
    parser.add_argument("scans", nargs="+", metavar="SCAN", help="files, folders or globs")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
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
    parser.add_argument(
        "--force", action="store_true", help="also do scans again whose result stands"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing but failures")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object per log, for programs"
    )
    add_index_options(parser)
    add_model_options(parser)
    parser.set_defaults(run=digitise)


def fill_inspect(parser: argparse.ArgumentParser) -> None:
    """Options of ``inspect``."""
    parser.add_argument("scans", nargs="+", metavar="SCAN", help="files, folders or globs")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    unit = OPTIONS["depth_unit"]
    parser.add_argument("--depth-unit", choices=unit.choices, help=unit.help)
    parser.set_defaults(run=inspect)


def demo(args: argparse.Namespace) -> int:
    """Draw a small archive and digitise it."""
    import json

    from veernet_core.synth.pages.demo import demo_archive

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
    _decide_precision(args)
    _run_local(scans, args, DigitiseConfig())
    # a damaged scan is part of the demo: it shows in the failures, not in the exit code
    return 0


def digitise(args: argparse.Namespace) -> int:
    """Digitise files, folders or globs."""
    config = config_of(args)
    from flows.local.digitise import find_scans, read_index_file

    scans = find_scans(args.scans)
    require_writable(args.out)
    _decide_precision(args)
    if args.canary:
        from flows.archive.canary import watch_local

        model = (args.model, args.device, args.precision, args.batch_tiles)
        config = watch_local(args.out, config, *model)
    index = read_index_file(args.index, args.index_map) if args.index is not None else None
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
    quiet, as_json = getattr(args, "quiet", False), getattr(args, "json", False)
    done = {} if getattr(args, "force", True) else _standing(scans, args, config, index)
    if done and include_review:
        from storage.delivery import add_review_files
        from storage.objects import ObjectStore

        add_review_files(ObjectStore(str(args.out)))
    left = [path for path in scans if path not in done]
    with Show(len(left), quiet, as_json) as show:
        if done:
            show.say(f"{len(done)} of {len(scans)} scans are done already; --force does them again")
        if not left:
            show.say(f"dashboard: {args.out / 'dashboard' / 'index.html'}")
            return 0
        report = _digitise(left, args, config, index, include_review, show)
    show.say(f"dashboard: {report.dashboard}")
    if report.failures:
        print(f"{len(report.failures)} of {len(scans)} scans failed:", file=sys.stderr)
        for _, error in report.failures:
            print(f"  {error}", file=sys.stderr)
    return report.exit_code


def _digitise(
    scans: list[Path],
    args: argparse.Namespace,
    config: DigitiseConfig,
    index: IndexTable | None,
    include_review: bool,
    show: Show,
) -> LocalReport:
    show.doing("loading the network")
    from flows.engine.page_engines import PageEngines
    from flows.local.digitise import digitise_files
    from flows.local.numerics import keep_numerics
    from storage.kept import Kept, kept_folder
    from storage.objects import ObjectStore
    from veernet_core.net.bundle import load_predictor

    bundle = args.model.read_bytes() if args.model is not None else None
    predictor = load_predictor(bundle, args.device, args.precision, args.batch_tiles)
    keep_numerics(args.out, predictor.numerics)
    return digitise_files(
        scans, args.out, ShownPredictor(predictor, show), config, show.scan,
        PageEngines(numerics=predictor.numerics), index,
        include_review, started=lambda stem: show.doing(f"reading {stem}"),
        kept=Kept(kept_folder(ObjectStore(str(args.out)))),
    )  # fmt: skip


def _standing(
    scans: list[Path], args: argparse.Namespace, config: DigitiseConfig, index: IndexTable | None
) -> dict[Path, list[dict[str, Any]]]:
    """The scans that need not be done again."""
    from flows.dashboard.method import bundle_bytes
    from flows.local.standing import requirement, standing

    bundle = args.model.read_bytes() if args.model is not None else bundle_bytes()
    if bundle is None:
        return {}
    return standing(scans, args.out, requirement(config, bundle, args.precision), index)
