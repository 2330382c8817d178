"""``veernet evaluate-pages``: how well pages are read, against what people read on them."""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``evaluate-pages``."""
    parser.add_argument(
        "--scans", type=Path, help="folder of real scans; drawn pages only if omitted"
    )
    parser.add_argument("--truth", type=Path, default=Path("tests/data/pages"))
    parser.add_argument("--half", choices=("dev", "report", "all"), default="all")
    parser.add_argument("--only", nargs="+", default=[], metavar="STEM")
    parser.add_argument("--no-drawn", action="store_true", help="leave out the drawn pages")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn pages")
    parser.add_argument("-o", "--out", type=Path, help="file for all results as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure page reading and print the table."""
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
