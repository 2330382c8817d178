"""Options that several commands share; names, ranges and help of those of digitising come from ``config``.

In: a parser to add options to, or parsed arguments. Out: a configuration. Every number says its unit and its
default; groups have the same names everywhere (``flows.wording``). Nothing heavy is imported here, so that help
appears at once.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows import wording
from veernet_core.config import OPTION_DEFAULTS, OPTIONS, DigitiseConfig, Option, configured

if TYPE_CHECKING:
    from flows.studies.report import Report

Group = argparse._ArgumentGroup


def group(parser: argparse.ArgumentParser, title: str) -> Group:
    """The parser's group of this name; made where it is missing."""
    known = (own for own in parser._action_groups if own.title == title)
    return next(known, None) or parser.add_argument_group(title)


def number(
    place: Group | argparse.ArgumentParser,
    flag: str,
    unit: str,
    text: str,
    default: float | None = None,
    kind: Callable[[str], Any] = float,
) -> None:
    """Add an option that is a number of something.

    Parameters
    ----------
    place : argument group or parser
    flag : str
        ``--steps``.
    unit : str
        What is counted or measured, in capitals; shown after the flag.
    text : str
        One sentence; where the default is None it says what holds then ("none: ...").
    default : float or None
    kind : callable
        ``float``, ``count`` or ``int``.
    """
    place.add_argument(flag, type=kind, default=default, metavar=unit, help=text)


def count(text: str) -> int:
    """A whole number of 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def add_scans(parser: argparse.ArgumentParser) -> None:
    """The scans to be read, as arguments."""
    parser.add_argument(
        "scans",
        nargs="+",
        metavar="SCAN",
        help="files (TIFF, PNG, JPEG, PDF), folders or globs; what is known of a scan is read from "
        "<stem>.sidecar.json and <stem>.dra beside it",
    )


def add_out(parser: argparse.ArgumentParser, text: str, default: Path | None = None) -> None:
    """Where the command writes; required where it has no default."""
    place = group(parser, wording.RESULTS)
    place.add_argument(
        "-o",
        "--out",
        type=Path,
        default=default,
        required=default is None,
        metavar="OUT",
        help=text,
    )
    parser.set_defaults(out_is_folder=True)


def add_out_if_wanted(parser: argparse.ArgumentParser, text: str) -> None:
    """Where the command writes besides printing; nowhere where it is left out."""
    group(parser, wording.RESULTS).add_argument("-o", "--out", type=Path, metavar="OUT", help=text)


def add_digitise_options(parser: argparse.ArgumentParser) -> None:
    """Everything that a person may set of a digitisation."""
    for name, option in OPTIONS.items():
        add_option(parser, name, option)


def add_option(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    """One option of digitising, in its group."""
    place = group(parser, wording.group_of(name))
    flag, default = "--" + name.replace("_", "-"), OPTION_DEFAULTS[name]
    text = option.help.replace("%", "%%")
    if option.kind == "flag":
        action = argparse.BooleanOptionalAction if default else "store_true"
        place.add_argument(flag, action=action, default=default, help=text)
    elif option.kind == "choice":
        place.add_argument(flag, choices=option.choices, default=default, help=text)
    else:
        number(place, flag, wording.UNITS[name], text, default)


def add_include_review(parser: argparse.ArgumentParser) -> None:
    """Whether curves in review are delivered too."""
    group(parser, wording.RESULTS).add_argument(
        "--include-review",
        action="store_true",
        help="also write <stem>.review.las with the curves in review, marked so in every header "
        "line",
    )


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

    refuse_file(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise WriteError(f"cannot be written: {error.strerror or error}", str(out)) from error


def refuse_file(out: Path) -> None:
    """Refuse an output folder where a file lies, or that would lie below one.

    Raises
    ------
    WriteError
    """
    from veernet_core.errors import WriteError

    for place in (out, *out.parents):
        if place.exists() and not place.is_dir():
            raise WriteError(
                "is a file, and results need a folder", str(place), "Give another place with -o."
            )


def device(text: str) -> str:
    """The name of a device."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is none of auto, cpu, cuda, cuda:N")
    return text


def add_index_options(parser: argparse.ArgumentParser) -> None:
    """The archive's index and what its columns mean."""
    place = group(parser, wording.SCANS)
    place.add_argument(
        "--index",
        type=Path,
        metavar="TABLE",
        help="the archive's index of its scans, CSV or Parquet; none if omitted",
    )
    place.add_argument(
        "--index-map",
        default="generic",
        metavar="MAP",
        help="what its columns mean: generic, kansas, texas, or a JSON file",
    )


def add_model(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """Which model bundle."""
    text = "the model bundle" if required else "a model bundle; the shipped one if omitted"
    group(parser, wording.NETWORK).add_argument(
        "--model", type=Path, required=required, metavar="BUNDLE", help=text
    )


def add_device(parser: argparse.ArgumentParser, default: str = "auto") -> None:
    """Where the network runs."""
    text = "where the network runs: auto (a GPU where there is one), cpu, cuda or cuda:N"
    group(parser, wording.NETWORK).add_argument(
        "--device", type=device, default=default, metavar="DEVICE", help=text
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which model runs where."""
    add_model(parser)
    add_device(parser)
    place = group(parser, wording.NETWORK)
    place.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of the network; auto: as the results in the folder were made, else what is fastest "
        "here",
    )
    text = "strip tiles at once on the device; none: as many as suit it"
    number(place, "--batch-tiles", "TILES", text, None, count)


def add_jobs(
    parser: argparse.ArgumentParser,
    default: int | None = 1,
    text: str = "processes side by side, one CPU core each",
) -> None:
    """How much goes on at once; ``--workers`` is the name of version 0.1.0."""
    place = group(parser, wording.NETWORK)
    number(place, "--jobs", "JOBS", text, default, count)
    place.add_argument(
        "--workers", dest="jobs", type=count, default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def add_seed(parser: argparse.ArgumentParser, default: int, of: str) -> None:
    """What randomness begins with."""
    place = group(parser, wording.DRAWINGS)
    number(place, "--seed", "NUMBER", f"any whole number: other {of}", default, int)


def add_quiet(parser: argparse.ArgumentParser, words: str = "say nothing but failures") -> None:
    """Less on the terminal."""
    group(parser, wording.TERMINAL).add_argument("--quiet", action="store_true", help=words)


def say_report(args: argparse.Namespace, report: Report) -> None:
    """Print a study's report, for people or for programs."""
    print(report.as_json() if args.json else report, flush=True)


def add_json(parser: argparse.ArgumentParser, words: str) -> None:
    """What programs read, on standard output, and nothing else there."""
    group(parser, wording.TERMINAL).add_argument(
        "--json", action="store_true", help=f"print {words}, for programs"
    )
