"""Model work on the command line: every published number comes from one of these commands."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from flows import wording
from flows.cli.options import (
    add_device,
    add_jobs,
    add_json,
    add_model,
    add_option,
    add_out,
    add_out_if_wanted,
    add_quiet,
    add_seed,
    count,
    group,
    number,
    say_report,
)
from veernet_core.config import OPTIONS

_LOSSES = ("dice", "tversky", "focal", "lovasz", "smoothed_ce")
_SETS = ("own", "heldout", "heldout-degraded", "matplotlib")


def _add_shapes(parser: argparse.ArgumentParser, more: str = "") -> None:
    text = (
        "Parquet table `file, curve, depth, value` of real curves to draw; made-up ones if omitted"
    )
    place = group(parser, wording.DRAWINGS)
    place.add_argument("--curves", type=Path, metavar="TABLE", help=text + more)


def fill_train(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Train a network on drawn strips, or go on training where OUT holds a run that was "
        "stopped. The bundle it writes is not calibrated: `veernet calibrate` comes next."
    )
    add_out(parser, "folder for checkpoints, bundle, record and pictures", Path("runs/train"))
    place = group(parser, wording.TRAINING)
    place.add_argument(
        "--preset", choices=("small", "base", "paper"), default="small",
        help="size of the network; paper: the published mask-only one",
    )  # fmt: skip
    number(place, "--steps", "STEPS", "optimiser steps", 6000, count)
    text = "steps at the end over which the learning rate falls to nothing"
    number(place, "--decay-steps", "STEPS", text, 1500, count)
    number(place, "--learning-rate", "RATE", "of AdamW, change per step", 2e-3)
    place.add_argument(
        "--mask-loss", choices=_LOSSES, default="tversky", help="loss of the mask head"
    )
    place.add_argument(
        "--init", type=Path, metavar="FILE",
        help="a bundle whose weights to start from; random ones if omitted",
    )  # fmt: skip
    _add_shapes(parser, "; two wells of three are used")
    add_seed(parser, 1, "drawings and first weights")
    add_device(parser, "cpu")
    place = group(parser, wording.NETWORK)
    number(place, "--threads", "THREADS", "CPU threads; 0: one per core", 0, int)
    add_quiet(parser, "no progress bar")
    add_json(parser, "one JSON object: the bundle and the record of its training")
    parser.set_defaults(run=_train)


def _train(args: argparse.Namespace) -> int:
    import torch
    from tqdm import tqdm

    from flows.studies.evaluate import load_shapes
    from flows.studies.report import Report
    from veernet_core.net import bundle
    from veernet_core.synth.priors import as_plotted
    from veernet_core.training.fit import TrainConfig, fit
    from veernet_core.training.pictures import strip_pictures

    if args.threads:
        torch.set_num_threads(args.threads)
    config = TrainConfig(
        preset=args.preset,
        seed=args.seed,
        steps=args.steps,
        decay_steps=min(args.decay_steps, args.steps),
        learning_rate=args.learning_rate,
        mask_loss=args.mask_loss,
    )
    initial = bundle.unpack(args.init.read_bytes()).weights if args.init is not None else None
    shapes = tuple(as_plotted(*shape) for shape in load_shapes(args.curves, training=True))
    with tqdm(total=config.steps, unit="step", disable=args.quiet) as bar:

        def report(step: int, parts: dict[str, float]) -> None:
            bar.update(step - bar.n)
            bar.set_postfix({k: f"{v:.3f}" for k, v in parts.items()})

        state = fit(
            config, args.out, device=args.device, shapes=shapes, initial=initial, report=report
        )
    record = json.loads((args.out / "record.json").read_text())
    target = args.out / f"veernet-{args.preset}.safetensors"
    target.write_bytes(bundle.pack(state.average, {}, record))
    for name, png in strip_pictures(state.average, args.device).items():
        (args.out / name).write_bytes(png)
    words = f"{target} (not calibrated yet: veernet calibrate --model {target})"
    say_report(args, Report(words, bundle=str(target), record=record))
    return 0


def fill_evaluate(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Four studies, by what is given. Nothing: the network on drawn strips with truth (error of "
        "the exported curve, masks, positions). OUT and --reference: results against LAS files of "
        "the same wells; files are matched by UWI or API number, else by name, and R², mean error "
        "and depth lag are reported; the lag is never taken out of the score. --shifts: what the "
        "gate accepts, and how much of it is bad, under faults it was not fitted on. --flags: how "
        "often each reason that forbids acceptance is right."
    )
    parser.add_argument(
        "results", nargs="?", type=Path, metavar="RESULTS",
        help="a folder of results, with --reference; none: the network itself is measured",
    )  # fmt: skip
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--reference", type=Path, metavar="DIR", help="LAS files of the same wells as RESULTS"
    )
    place.add_argument(
        "--shifts", nargs="*", metavar="SHIFT",
        help="what the gate accepts under shifts it was not fitted on; all of them if none is named",
    )  # fmt: skip
    place.add_argument(
        "--flags", type=Path, metavar="DIR",
        help="how often each reason that forbids acceptance is right, on drawn pages with truth",
    )  # fmt: skip
    place.add_argument(
        "--sets", nargs="+", choices=_SETS, default=list(_SETS), metavar="SET",
        help=f"drawings to measure the network on: {', '.join(_SETS)}; all if omitted",
    )  # fmt: skip
    number(place, "--count", "DRAWN", "drawn strips per set, tracks per shift", 60, count)
    _add_shapes(parser)
    add_seed(parser, 11, "drawings")
    add_out_if_wanted(parser, "folder for the tables; they are only printed if omitted")
    parser.set_defaults(out_is_folder=True)
    group(parser, wording.RESULTS).add_argument(
        "--write-back", action="store_true",
        help="with --reference: measured R² replaces the estimate in records and verdicts",
    )  # fmt: skip
    add_option(parser, "min_r2", OPTIONS["min_r2"])
    add_model(parser)
    group(parser, wording.NETWORK).add_argument(
        "--paper", type=Path, metavar="BUNDLE",
        help="a bundle of the `paper` preset to compare with; none if omitted",
    )  # fmt: skip
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=_evaluate)


def _evaluate(args: argparse.Namespace) -> int:
    if (args.results is None) != (args.reference is None):
        raise ValueError("give a folder of results and --reference together, or neither")
    if args.reference is not None:
        from flows.studies.reference import compare_folder
        from veernet_core.config import GatePolicy

        policy = GatePolicy(min_r2=args.min_r2)
        report = compare_folder(args.results, args.reference, args.out, args.write_back, policy)
        say_report(args, report)
        return 0
    if args.shifts is not None:
        from flows.studies.calibrate import run_shifts
        from veernet_core.config import DigitiseConfig, GatePolicy

        config = DigitiseConfig(gate=GatePolicy(min_r2=args.min_r2))
        shifts = (args.model, args.curves, args.shifts, args.count, args.seed, args.out, config)
        say_report(args, run_shifts(*shifts))
        return 0
    if args.flags is not None:
        return _flags(args)
    from flows.studies.evaluate import run_evaluation

    drawn = (args.model, args.paper, args.curves, args.sets, args.count, args.seed, args.out)
    say_report(args, run_evaluation(*drawn))
    return 0


def _flags(args: argparse.Namespace) -> int:
    from flows.studies.flags import run_flags
    from veernet_core.net.bundle import load_predictor

    predictor = load_predictor(args.model.read_bytes() if args.model is not None else None)
    report = run_flags(args.flags, predictor)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "flags.md").write_text(report, encoding="utf-8")
    say_report(args, report)
    return 0


def fill_calibrate(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Fit what a network's confidences mean and what its traces are worth, on drawn strips, and "
        "put both into the bundle. Safe to repeat."
    )
    add_model(parser, required=True)
    add_out_if_wanted(parser, "the calibrated bundle; over --model if omitted")
    group(parser, wording.RESULTS).add_argument(
        "--plots", type=Path, default=Path("runs/calibration"), metavar="DIR",
        help="folder for reliability diagrams",
    )  # fmt: skip
    place = group(parser, wording.DRAWINGS)
    text = "drawn tracks to fit on; half as many more for the report"
    number(place, "--count", "DRAWN", text, 600, count)
    add_seed(parser, 21, "drawings")
    add_jobs(parser, os.cpu_count() or 1)
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> int:
    from flows.studies.calibrate import run_calibration

    out = args.out or args.model
    report = run_calibration(args.model, out, args.count, args.seed, args.plots, args.jobs)
    say_report(args, report)
    return 0


def fill_fit_gate(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Fit the level at which curves are accepted anew on drawn tracks, and if asked what traces are "
        "worth; confidences stay as they are. Goes on where it was stopped."
    )
    add_model(parser, required=True)
    add_out_if_wanted(parser, "the bundle; over --model if omitted")
    group(parser, wording.RESULTS).add_argument(
        "--tracks", type=Path, default=Path("runs/drawn"), metavar="DIR",
        help="folder where traced tracks are kept",
    )  # fmt: skip
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--curves", type=Path, metavar="TABLE",
        help="Parquet table `file, curve, unit, depth, value` of real curves",
    )  # fmt: skip
    number(place, "--count", "DRAWN", "drawn tracks to fit on, of invented shapes", 480, count)
    number(place, "--logged", "DRAWN", "more of them, half of their curves real", 0, int)
    number(place, "--check", "DRAWN", "drawn tracks that fit nothing, for the report", 480, count)
    place.add_argument(
        "--weights",
        action="store_true",
        help="fit the weights of the evidence, too, not the level alone",
    )
    add_seed(parser, 2727, "drawings")
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=_fit_gate)


def _fit_gate(args: argparse.Namespace) -> int:
    from flows.studies.fit_gate import Drawn, run_fit_gate

    drawn = Drawn(args.count, args.logged, args.check, args.seed)
    out = args.out or args.model
    say_report(args, run_fit_gate(args.model, out, drawn, args.curves, args.tracks, args.weights))
    return 0


def fill_fit_values(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Fit which values measurements usually have: they tell apart curves that one pen draws."
    )
    place = group(parser, wording.DRAWINGS)
    place.add_argument(
        "--curves", type=Path, required=True, metavar="TABLE",
        help="Parquet table `file, curve, unit, depth, value` of real curves",
    )  # fmt: skip
    add_out(parser, "folder for usual_values.json", Path("runs/values"))
    add_seed(parser, 27, "stretches that are tried")
    add_json(parser, "one JSON object: the file written and its figures")
    parser.set_defaults(run=_fit_values)


def _fit_values(args: argparse.Namespace) -> int:
    from flows.studies.fit_values import run_fit

    say_report(args, run_fit(args.curves, args.out, args.seed))
    return 0


def fill_fit_touches(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Fit which of two paths is which below a place where they touch, on drawn tracks whose "
        "curves touch, run on each other and part."
    )
    add_model(parser)
    place = group(parser, wording.DRAWINGS)
    number(place, "--count", "DRAWN", "drawn tracks to fit on", 300, count)
    _add_shapes(parser, "; two wells of three are used")
    add_out(parser, "folder for touch_odds.json", Path("runs/touches"))
    add_seed(parser, 33, "drawings and first weights")
    add_quiet(parser, "no progress bar")
    add_json(parser, "one JSON object: the file written and its figures")
    parser.set_defaults(run=_fit_touches)


def _fit_touches(args: argparse.Namespace) -> int:
    from tqdm import tqdm

    from flows.studies.fit_touches import run_fit

    with tqdm(total=args.count, unit="strip", disable=args.quiet) as bar:
        given = args.model, args.curves, args.out, args.count, args.seed
        report = run_fit(*given, lambda done: bar.update(done - bar.n) and None)
    say_report(args, report)
    return 0


def fill_compare(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Train with every loss at one budget and judge the exported curves. Small networks on "
        "small strips, so that the default takes two CPU cores about two hours. Safe to stop: "
        "finished runs are kept and the same command goes on."
    )
    add_out(parser, "folder for runs and tables", Path("runs/losses"))
    place = group(parser, wording.TRAINING)
    number(place, "--steps", "STEPS", "optimiser steps per run", 1500, count)
    number(place, "--seeds", "RUNS", "per loss and stage, each with other drawings", 3, count)
    place.add_argument(
        "--stages", nargs="+", choices=("binary", "multiclass"), default=["binary", "multiclass"],
        help="curve or not, and which style; both if omitted",
    )  # fmt: skip
    place.add_argument(
        "--losses", nargs="+", metavar="LOSS", help="names of losses; all if omitted"
    )
    number(place, "--batch", "STRIPS", "strips per step", 6, count)
    number(place, "--pool", "STRIPS", "distinct strips per seed", 1500, count)
    place.add_argument(
        "--tiny", action="store_true", help="seconds in all, for a test of the command"
    )
    add_jobs(parser, 2)
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=_compare)


def _compare(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from flows.studies.compare import run_study
    from veernet_core.training.compare import CANDIDATES
    from veernet_core.training.strip_pools import TINY, StudyConfig

    if min(args.steps, args.seeds, args.batch, args.pool) < 1:
        raise ValueError("--steps, --seeds, --batch and --pool must be positive")
    config = TINY
    if not args.tiny:
        config = replace(StudyConfig(), steps=args.steps, batch=args.batch, pool=args.pool)
    names = args.losses or list(CANDIDATES)
    say_report(args, run_study(args.out, config, args.stages, names, args.seeds, args.jobs))
    return 0


def fill_benchmark(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = "Draw one tall log and time every stage of digitising it."
    place = group(parser, wording.DRAWINGS)
    number(place, "--rows", "PX", "height of the scan, pixels", 100_000, count)
    number(place, "--dpi", "DPI", "its resolution; 400 dpi is 3,480 px wide", 200, count)
    add_device(parser, "cpu")
    group(parser, wording.NETWORK).add_argument(
        "--precision", choices=("float32", "bfloat16"), default="float32", help="of the network"
    )
    add_json(parser, "one JSON object: the report in words and its figures")
    parser.set_defaults(run=_benchmark)


def _benchmark(args: argparse.Namespace) -> int:
    from flows.studies.benchmark import run

    say_report(args, run(args.rows, args.dpi, args.device, args.precision))
    return 0
