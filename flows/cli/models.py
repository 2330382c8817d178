"""Model work on the command line: every published number comes from one of these commands."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

SHAPES_HELP = "Parquet table `file, curve, depth, value` of real curves to draw (optional)"


def fill_train(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--preset", choices=("small", "base", "paper"), default="small")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/train"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--decay-steps", type=int, default=1500)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--curves", type=Path, help=SHAPES_HELP + "; two wells of three are used")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mask-loss", default="tversky")
    parser.add_argument("--init", type=Path, help="a bundle whose weights to start from")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; all cores if 0")
    parser.set_defaults(run=_train)


def _train(args: argparse.Namespace) -> int:
    import torch
    from tqdm import tqdm

    from flows.studies.evaluate import load_shapes
    from veernet_core.net import bundle
    from veernet_core.net.losses import MASK_LOSSES
    from veernet_core.synth.priors import as_plotted
    from veernet_core.training.fit import TrainConfig, fit
    from veernet_core.training.pictures import strip_pictures

    if args.mask_loss not in MASK_LOSSES:
        raise ValueError(f"--mask-loss must be one of {', '.join(MASK_LOSSES)}")
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
    with tqdm(total=config.steps, unit="step") as bar:

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
    print(f"{target} (not calibrated yet: veernet calibrate --model {target})")
    return 0


def fill_evaluate(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("results", nargs="?", type=Path, metavar="OUT", help="a folder of results")
    parser.add_argument("--reference", type=Path, metavar="DIR", help="LAS files of the same wells")
    parser.add_argument(
        "--write-back",
        action="store_true",
        help="with --reference: measured R² replaces the estimate in records and verdicts",
    )
    parser.add_argument(
        "--shifts",
        nargs="*",
        metavar="SHIFT",
        help="what the gate accepts under shifts it was not fitted on; all of them if none is named",
    )
    parser.add_argument(
        "--flags",
        type=Path,
        metavar="DIR",
        help="how often each reason that forbids acceptance is right, on drawn pages with truth",
    )
    parser.add_argument(
        "--min-r2",
        type=float,
        default=0.85,
        help="with --reference and --shifts: the gate's threshold",
    )
    parser.add_argument("--model", type=Path, help="a model bundle; the shipped one if omitted")
    parser.add_argument("--paper", type=Path, help="a bundle of the `paper` preset to compare with")
    parser.add_argument("--curves", type=Path, help=SHAPES_HELP)
    parser.add_argument("--count", type=int, default=60, help="strips per test set")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument(
        "--sets", nargs="+", default=["own", "heldout", "heldout-degraded", "matplotlib"]
    )
    parser.add_argument("-o", "--out", type=Path, help="folder for the tables")
    parser.set_defaults(run=_evaluate)


def _evaluate(args: argparse.Namespace) -> int:
    if (args.results is None) != (args.reference is None):
        raise ValueError("give a folder of results and --reference together, or neither")
    if args.reference is not None:
        from flows.studies.reference import compare_folder
        from veernet_core.config import GatePolicy

        policy = GatePolicy(min_r2=args.min_r2)
        print(compare_folder(args.results, args.reference, args.out, args.write_back, policy))
        return 0
    if args.shifts is not None:
        from flows.studies.calibrate import run_shifts
        from veernet_core.config import DigitiseConfig, GatePolicy

        config = DigitiseConfig(gate=GatePolicy(min_r2=args.min_r2))
        print(
            run_shifts(
                args.model, args.curves, args.shifts, args.count, args.seed, args.out, config
            )
        )
        return 0
    if args.flags is not None:
        return _flags(args)
    from flows.studies.evaluate import run_evaluation

    print(
        run_evaluation(
            args.model, args.paper, args.curves, args.sets, args.count, args.seed, args.out
        )
    )
    return 0


def _flags(args: argparse.Namespace) -> int:
    from flows.studies.flags import run_flags
    from veernet_core.net.bundle import load_predictor

    predictor = load_predictor(args.model.read_bytes() if args.model is not None else None)
    report = run_flags(args.flags, predictor)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "flags.md").write_text(report, encoding="utf-8")
    print(report)
    return 0


def fill_calibrate(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--count", type=int, default=600, help="tracks to fit on; half as many more for the report"
    )
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("-o", "--out", type=Path, help="calibrated bundle; --model if omitted")
    parser.add_argument(
        "--plots",
        type=Path,
        default=Path("runs/calibration"),
        help="folder for reliability diagrams",
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes, one CPU core each"
    )
    parser.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> int:
    from flows.studies.calibrate import run_calibration

    out = args.out or args.model
    print(run_calibration(args.model, out, args.count, args.seed, args.plots, args.workers))
    return 0


def fill_compare(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.description = (
        "Small networks on small strips, so that the default takes two CPU cores about two hours. "
        "Safe to stop: finished runs are kept and the same command goes on."
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/losses"))
    parser.add_argument("--steps", type=int, default=1500, help="optimiser steps per run")
    parser.add_argument("--seeds", type=int, default=3, help="runs per loss and stage")
    parser.add_argument("--stages", nargs="+", default=["binary", "multiclass"])
    parser.add_argument("--losses", nargs="+", help="names of losses; all if omitted")
    parser.add_argument("--workers", type=int, default=2, help="runs at once, one CPU core each")
    parser.add_argument("--batch", type=int, default=6, help="strips per step")
    parser.add_argument("--pool", type=int, default=1500, help="distinct strips per seed")
    parser.add_argument(
        "--tiny", action="store_true", help="seconds in all, for a test of the command"
    )
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
    print(run_study(args.out, config, args.stages, names, args.seeds, args.workers))
    return 0


def fill_benchmark(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--rows", type=int, default=100_000, help="height of the scan")
    parser.add_argument("--dpi", type=int, default=200, help="its resolution; 400 is 3,480 px wide")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.set_defaults(run=_benchmark)


def _benchmark(args: argparse.Namespace) -> int:
    from flows.studies.benchmark import run

    print(run(args.rows, args.dpi, args.device, args.precision))
    return 0


def fill_train_pages(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/pages"))
    parser.add_argument("--pages", type=int, default=600, help="pages to draw")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--minutes", type=float, default=1e9, help="at most, for each network")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--init", type=Path, help="a layout network to go on from")
    _add_read_pages(parser)
    parser.set_defaults(run=_train_pages)


def _add_read_pages(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scans", type=Path, nargs="*", default=[], help="folders of real scans")
    parser.add_argument("--truth", type=Path, default=Path("tests/data/pages"))
    parser.add_argument("--folds", type=int, default=0, help="networks with whole wells left out")


def _train_pages(args: argparse.Namespace) -> int:
    import torch

    from flows.studies.train_pages import run_training
    from veernet_core.training.pages import PageTrainConfig

    torch.set_num_threads(1)
    config = PageTrainConfig(seed=args.seed, steps=args.steps, minutes=args.minutes)
    start = args.init.read_bytes() if args.init is not None else None
    for path in run_training(
        args.out, args.pages, config, args.scans, args.truth, args.folds, start
    ):
        print(f"{path} (not calibrated yet: veernet calibrate-pages {args.out})")
    return 0


def fill_train_print(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/print"))
    parser.add_argument("--sheets", type=int, default=8000, help="sheets to draw")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=1e9, help="at most, for the fit")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", type=Path, nargs="*", default=[], help="folders of font files")
    parser.add_argument("--init", type=Path, help="a print network to go on from")
    parser.set_defaults(run=_train_print)


def _train_print(args: argparse.Namespace) -> int:
    import torch

    from flows.studies.train_print import run_training
    from veernet_core.training.prints import PrintTrainConfig

    torch.set_num_threads(1)
    config = PrintTrainConfig(seed=args.seed, steps=args.steps, minutes=args.minutes)
    start = args.init.read_bytes() if args.init is not None else None
    print(run_training(args.out, args.sheets, config, args.fonts, start))
    return 0


def fill_calibrate_pages(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("models", type=Path, help="the folder that train-pages --folds left")
    parser.add_argument("--rounds", type=int, default=1, help="how often each weight is tried")
    _add_read_pages(parser)
    parser.set_defaults(run=_calibrate_pages)


def _calibrate_pages(args: argparse.Namespace) -> int:
    from flows.studies.train_pages import run_calibration

    if not args.scans or args.folds < 2:
        raise ValueError(
            "--scans and --folds (at least 2) are needed: figures are of wells left out"
        )
    print(run_calibration(args.models, args.folds, args.scans, args.truth, args.rounds))
    return 0
