"""Options that several commands share; names, ranges and help of those of digitising come from ``config``.

In: a parser to add options to, or parsed arguments. Out: a configuration. Nothing heavy is imported here,
so that help appears at once.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from veernet_core.config import OPTION_DEFAULTS, OPTIONS, DigitiseConfig, Option, configured


def add_digitise_options(parser: argparse.ArgumentParser) -> None:
    """Everything that a person may set of a digitisation."""
    for name, option in OPTIONS.items():
        _add(parser, name, option)


def _add(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    flag, default = "--" + name.replace("_", "-"), OPTION_DEFAULTS[name]
    text = option.help.replace("%", "%%")
    if option.kind == "flag":
        action = argparse.BooleanOptionalAction if default else "store_true"
        parser.add_argument(flag, action=action, default=default, help=text)
    elif option.kind == "choice":
        parser.add_argument(flag, choices=option.choices, default=default, help=text)
    else:
        shown = "" if default is None else f" [{default}]"
        parser.add_argument(flag, type=float, default=default, help=text + shown)


def config_of(args: argparse.Namespace) -> DigitiseConfig:
    """The configuration that parsed options describe.

    Raises
    ------
    ValueError
        Where an option is out of range.
    """
    return configured(vars(args))


def require_writable(out: Path) -> None:
    """Make an output folder now: a place that cannot be written is no reason to digitise first.

    Raises
    ------
    WriteError
    """
    from veernet_core.errors import WriteError

    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise WriteError(f"cannot be written: {error.strerror or error}", str(out)) from error


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def add_index_options(parser: argparse.ArgumentParser) -> None:
    """The archive's index and what its columns mean."""
    parser.add_argument(
        "--index", type=Path, metavar="TABLE", help="the archive's index, CSV or Parquet"
    )
    parser.add_argument(
        "--index-map",
        default="generic",
        metavar="MAP",
        help="what its columns mean: generic, kansas, texas, or a JSON file",
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which model runs where."""
    parser.add_argument("--model", type=Path, help="a model bundle; the shipped one if omitted")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of the network; auto: as the results in the folder were made, else what is fastest here",
    )
    parser.add_argument("--batch-tiles", type=_count, help="tiles per batch on the device")
