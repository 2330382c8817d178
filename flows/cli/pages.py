"""``veernet evaluate-pages``: how well pages are read, and what comes of it, on the command line."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import wording
from flows.cli.options import (
    add_device,
    add_jobs,
    add_json,
    add_out,
    add_out_if_wanted,
    add_quiet,
    add_seed,
    count,
    group,
    number,
    say_report,
)

if TYPE_CHECKING:
    from flows.studies.evaluate_pages import PageResult

_GROUPS = ("development", "own", "given", "drawn-plotted", "drawn-worn", "cases")
_DEFAULT_FOLDS = 5


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``evaluate-pages``."""
    parser.description = (
        "Measure page reading, and the yield: of the curves that a person can read and follow, the "
        "share that is accepted and as printed. Pages seen in development, pages read later, pages "
        "whose truth lies beside the scan, and drawn ones are counted apart."
    )
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--scans", type=Path, nargs="+", action="extend", default=[], metavar="DIR",
        help="folders of scans whose truth is known; the project's own drawn cases if omitted",
    )  # fmt: skip
    place.add_argument(
        "--truth", type=Path, default=Path("tests/data/pages"), metavar="DIR",
        help="folder of hand-read truth",
    )  # fmt: skip
    place.add_argument("--groups", nargs="+", choices=_GROUPS, metavar="GROUP",
                       help=f"which pages to measure: {', '.join(_GROUPS)}; all in DIR if omitted")  # fmt: skip
    place.add_argument(
        "--only", nargs="+", default=[], metavar="STEM", help="only these scans; all if omitted"
    )
    text = "shares of the wells, each left out of one folder of --models"
    number(place, "--folds", "FOLDS", text, _DEFAULT_FOLDS, count)
    add_seed(parser, 0, "drawn cases")
    place = group(parser, wording.WORK)
    place.add_argument("--no-digitise", action="store_true", help="read only, trace nothing")
    place.add_argument(
        "--statements", action="store_true",
        help="cross-check true and falsified sidecars with print",
    )  # fmt: skip
    place = group(parser, wording.NETWORK)
    place.add_argument(
        "--models", type=Path, metavar="DIR",
        help="folder of fold-<k>/ with fitted models; each page is read with those that left its "
        "well out; the shipped ones if omitted",
    )  # fmt: skip
    add_device(parser)
    add_jobs(parser)
    add_out_if_wanted(parser, "folder for curves.csv, pages.json, table.txt, overlays.csv")
    place = group(parser, wording.RESULTS)
    place.add_argument(
        "--against", type=Path, metavar="OUT", help="an earlier OUT: what changed, curve by curve"
    )
    place.add_argument("--pictures", action="store_true", help="keep overlays of accepted curves")
    add_quiet(parser, "print the table alone, no line per page")
    add_json(parser, "one JSON object: the table in words, pages and curves")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure pages and print the table."""
    from flows.studies import evaluate_pages, page_figures, page_rows
    from flows.studies.report import Report

    if args.pictures and args.out is None:
        raise ValueError("--pictures needs a folder to keep them in: -o OUT")
    options = evaluate_pages.Options(
        digitise=not args.no_digitise,
        statements=args.statements,
        models=args.models,
        folds=args.folds,
        pictures=args.out / "pictures" if args.pictures else None,
        device=args.device,
    )
    results: list[PageResult] = []
    for result in evaluate_pages.measure_pages(_pages(args), options, args.jobs):
        results.append(result)
        if not args.quiet and not args.json:
            print("\n".join(page_figures.page_lines(result)), flush=True)
        if args.out is not None:
            _write(args.out, results)
    rows = [row for result in results for row in result.curves]
    changed = page_rows.compare(rows, args.against) if args.against is not None else []
    words = "\n".join(["", page_figures.table(results), *(["", *changed] if changed else [])])
    pages = json.loads(page_figures.to_json(results))
    curves = [asdict(row) for row in rows]
    say_report(args, Report(words, pages=pages, curves=curves, changed=changed))
    return 0


def _pages(args: argparse.Namespace) -> list[Any]:
    from flows.studies import truth_pages

    groups = args.groups or (_GROUPS[:-1] if args.scans else _GROUPS[-1:])
    pages = []
    if args.scans:
        pages += truth_pages.find_pages(args.scans, args.truth, groups, args.only)
    if _GROUPS[-1] in groups:
        pages += truth_pages.drawn_cases(args.seed, args.only)
    if not pages:
        raise ValueError("no page is left to be measured; see --groups and --only")
    if args.models is not None:
        truth_pages.check_models(args.models, args.folds)
    return pages


def _write(out: Path, results: list[PageResult]) -> None:
    """All results so far, after each page: a long run may be stopped."""
    from flows.studies import page_figures, page_rows

    out.mkdir(parents=True, exist_ok=True)
    rows = [row for result in results for row in result.curves]
    page_rows.write_rows(out / page_rows.CURVES_FILE, rows)
    page_rows.write_overlays(out / "overlays.csv", rows)
    (out / "pages.json").write_text(page_figures.to_json(results), encoding="utf-8")
    (out / "table.txt").write_text(page_figures.table(results) + "\n", encoding="utf-8")


def _add_truth(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Options that say where scans with truth are."""
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--scans", type=Path, nargs="+", action="extend", required=True, metavar="DIR",
        help="folders of scans whose truth is known",
    )  # fmt: skip
    place.add_argument(
        "--truth", type=Path, default=Path("tests/data/pages"), metavar="DIR",
        help="folder of hand-read truth",
    )  # fmt: skip
    return place


def fill_fit_scales(parser: argparse.ArgumentParser) -> None:
    """Options of ``fit-scales``."""
    parser.description = "Fit the models that read scales, for all wells and with wells left out."
    place = _add_truth(parser)
    number(place, "--drawn", "BLOCKS", "drawn scale blocks to fit on besides", 2000, int)
    add_seed(parser, 5, "drawn blocks")
    add_out(
        parser, "folder for scales.json, fold-<k>/scales.json and the print that was read",
        Path("runs/scales"),
    )  # fmt: skip
    place.add_argument(
        "--layouts", type=Path, metavar="DIR",
        help="folder of layout networks by fold: fit on borders as they read them too; given ones if omitted",
    )  # fmt: skip
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=run_fit_scales)


def run_fit_scales(args: argparse.Namespace) -> int:
    """Fit the models and say what they were fitted on."""
    from flows.studies.fit_scales import fit
    from flows.studies.report import Report

    fitted = fit(args.scans, args.truth, args.out, args.drawn, args.seed, args.layouts)
    words = (
        f"{fitted.scales} scales in {fitted.blocks} blocks of {fitted.pages} pages,"
        f" and {fitted.drawn} drawn blocks"
    )
    lines = [words, fitted.table(), *(str(path) for path in fitted.files)]
    figures = asdict(fitted) | {"files": [str(path) for path in fitted.files]}
    say_report(args, Report("\n".join(lines), **figures))
    return 0


def fill_fit_pens(parser: argparse.ArgumentParser) -> None:
    """Options of ``fit-pens``."""
    parser.description = (
        "Fit which inks of a track are lines of pens, on hand-read pages in colour, for all wells and with "
        "wells left out."
    )
    _add_truth(parser)
    add_out(parser, "folder for drawn_pens.json and fold-<k>/drawn_pens.json", Path("runs/pens"))
    add_json(parser, "one JSON object: the file written and its figures")
    parser.set_defaults(run=run_fit_pens)


def run_fit_pens(args: argparse.Namespace) -> int:
    """Fit the model and say what it was fitted on."""
    from flows.studies.fit_pens import run_fit

    say_report(args, run_fit(args.scans, args.truth, args.out))
    return 0
