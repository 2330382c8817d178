"""The networks that read pages, on the command line: training, and how their marks are decoded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from flows import wording
from flows.cli.options import Group, add_json, add_out, add_seed, count, group, number, say_report

_FOREVER_MIN = 1e9


def _add_truth(parser: argparse.ArgumentParser) -> None:
    """Real scans that people have read, and whether their wells are left out in turn."""
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--scans", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders of real scans that people have read; only drawn pages if omitted",
    )  # fmt: skip
    place.add_argument(
        "--truth", type=Path, default=Path("tests/data/pages"), metavar="DIR",
        help="folder of what people read on them",
    )  # fmt: skip
    text = "shares of the wells, each left out of one network; 0: none is left out"
    number(place, "--folds", "FOLDS", text, 0, int)


def _add_minutes(place: Group, what: str) -> None:
    text = f"wall time at most, minutes, for {what}; more than will pass: no limit"
    number(place, "--minutes", "MINUTES", text, _FOREVER_MIN)


def _add_init(place: Group, kind: str) -> None:
    text = f"a {kind} network to go on from; random weights if omitted"
    place.add_argument("--init", type=Path, metavar="FILE", help=text)


def _say_of(args: argparse.Namespace) -> Callable[[str], None]:
    """Where lines about the work go: none of them among what programs read."""
    return partial(print, file=sys.stderr if args.json else sys.stdout, flush=True)


def fill_train_pages(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Train the network that marks sections, tracks and depth column on a page: on drawn pages, "
        "then on those that people have read. `veernet calibrate-pages` comes next."
    )
    add_out(parser, "folder for the networks", Path("runs/pages"))
    place = group(parser, wording.TRAINING)
    number(place, "--steps", "STEPS", "optimiser steps", 3000, count)
    _add_minutes(place, "each network")
    _add_init(place, "layout")
    number(group(parser, wording.DRAWINGS), "--pages", "PAGES", "pages to draw", 600, count)
    _add_truth(parser)
    add_seed(parser, 1, "drawings and first weights")
    add_json(parser, "one JSON object: the files written and their figures")
    parser.set_defaults(run=_train_pages)


def _train_pages(args: argparse.Namespace) -> int:
    import torch

    from flows.studies.report import Report
    from flows.studies.train_pages import run_training
    from veernet_core.training.pages import PageTrainConfig

    torch.set_num_threads(1)
    config = PageTrainConfig(seed=args.seed, steps=args.steps, minutes=args.minutes)
    start = args.init.read_bytes() if args.init is not None else None
    drawn = (args.out, args.pages, config, args.scans, args.truth, args.folds, start)
    paths = run_training(*drawn, say=_say_of(args))
    told = [f"{path} (not calibrated yet: veernet calibrate-pages {args.out})" for path in paths]
    say_report(args, Report("\n".join(told), files=[str(path) for path in paths]))
    return 0


def fill_train_print(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Train the network that tells print from lines, on drawn sheets."
    add_out(parser, "folder for sheets and network", Path("runs/print"))
    place = group(parser, wording.TRAINING)
    number(place, "--steps", "STEPS", "optimiser steps", 4000, count)
    _add_minutes(place, "the fit")
    _add_init(place, "print")
    place = group(parser, wording.DRAWINGS)
    number(place, "--sheets", "SHEETS", "sheets to draw", 8000, count)
    place.add_argument(
        "--fonts", type=Path, nargs="*", default=[], metavar="DIR",
        help="folders of font files; those of this machine if omitted",
    )  # fmt: skip
    add_seed(parser, 1, "drawings and first weights")
    add_json(parser, "one JSON object: the files written and their figures")
    parser.set_defaults(run=_train_print)


def _train_print(args: argparse.Namespace) -> int:
    import torch

    from flows.studies.report import Report
    from flows.studies.train_print import run_training
    from veernet_core.training.prints import PrintTrainConfig

    torch.set_num_threads(1)
    config = PrintTrainConfig(seed=args.seed, steps=args.steps, minutes=args.minutes)
    start = args.init.read_bytes() if args.init is not None else None
    path = run_training(args.out, args.sheets, config, args.fonts, start, _say_of(args))
    say_report(args, Report(str(path), files=[str(path)]))
    return 0


def fill_calibrate_pages(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Fit how the marks of the layout network are decoded, on wells left out. Needs --scans and "
        "--folds."
    )
    parser.add_argument("models", type=Path, help="the folder that train-pages --folds left")
    text = "times that each weight is tried"
    number(group(parser, wording.TRAINING), "--rounds", "ROUNDS", text, 1, count)
    _add_truth(parser)
    add_json(parser, "one JSON object: the files written and their figures")
    parser.set_defaults(run=_calibrate_pages)


def _calibrate_pages(args: argparse.Namespace) -> int:
    from flows.studies.report import Report
    from flows.studies.train_pages import run_calibration

    if not args.scans or args.folds < 2:
        raise ValueError(
            "--scans and --folds (at least 2) are needed: figures are of wells left out"
        )
    pages = (args.models, args.folds, args.scans, args.truth, args.rounds)
    score = run_calibration(*pages, say=_say_of(args))
    say_report(args, Report(str(score), **asdict(score)))
    return 0
