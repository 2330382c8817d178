"""The command line: names of the commands, and where each lives.

A command's options are added, and what it needs is imported, when it is the one that is run: help appears
at once. Exit codes: 0 all scans processed (whatever their verdicts), 1 some scans failed for technical
reasons (listed), 2 bad usage.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.cli.leaving import INTERRUPTED, run_and_leave
from flows.cli.plain import one_line
from veernet_core import __version__

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("demo", "digitise:fill_demo", "draw a small archive, digitise it, show the result"),
    ("digitise", "digitise:fill_digitise", "digitise files, folders or globs"),
    ("inspect", "digitise:fill_inspect", "write a draft sidecar and a picture to correct"),
    ("batch", "batch:fill", "digitise what is new or changed in an archive (folder or bucket)"),
    ("dashboard", "dashboard:fill", "(re)build the dashboard of a folder of results"),
    (
        "wells",
        "wells:fill",
        "write one table for each well: each curve from its best accepted source",
    ),
    ("evaluate-pages", "pages:fill", "measure page reading"),
    ("fit-scales", "pages:fill_fit_scales", "fit the models that read scales"),
    (
        "fit-pens",
        "pages:fill_fit_pens",
        "fit which inks of a page in colour are pens",
    ),
    (
        "fit-values",
        "models:fill_fit_values",
        "fit usual values, which tell curves of one pen apart",
    ),
    (
        "fit-touches",
        "models:fill_fit_touches",
        "fit which of two paths is which below a touch",
    ),
    ("fit-gate", "models:fill_fit_gate", "fit the level at which curves are accepted"),
    ("train", "models:fill_train", "train a model, or go on training"),
    (
        "evaluate",
        "models:fill_evaluate",
        "score the model on drawings with truth, or results against reference LAS files",
    ),
    (
        "train-pages",
        "page_models:fill_train_pages",
        "train the network that reads layouts of pages",
    ),
    (
        "train-print",
        "page_models:fill_train_print",
        "train the network that tells print from lines",
    ),
    (
        "calibrate-pages",
        "page_models:fill_calibrate_pages",
        "fit how its marks are decoded, on wells left out",
    ),
    ("calibrate", "models:fill_calibrate", "fit confidence maps and the quality model"),
    (
        "compare-losses",
        "models:fill_compare",
        "train with every loss at one budget and judge the exported curves",
    ),
    ("benchmark", "models:fill_benchmark", "time the stages on a tall drawn log"),
    ("completion", "completion:fill", "print what makes a shell complete commands and options"),
)
"""Name, place of the function that adds the options (below ``flows.cli``), and help."""
_ALIASES = {"digitise": ["digitize"]}


class _Help(argparse.HelpFormatter):
    """Help that names the default of every option that has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = _sentence(action.help or "")
        plain = isinstance(action.default, str | int | float | Path) and action.default != ""
        shown = plain and not isinstance(action.default, bool) and action.default != "==SUPPRESS=="
        if action.option_strings and shown and f"[{action.default}]" not in text:
            return f"{text} [%(default)s]"
        return text


def _sentence(text: str) -> str:
    """With a capital and a full stop; a word of the command's own stays as it is typed."""
    first = text.split(" ")[0]
    own = first.endswith((",", ":")) or not first.isalpha()
    ending = "" if text.endswith((".", "]")) else "."
    return (text if own else text[:1].upper() + text[1:]) + ending


class _Parser(argparse.ArgumentParser):
    """A parser that gets its options when it is used."""

    place = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"formatter_class": _Help, **options})

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in the base class, with the options of the place added first."""
        if self.place:
            module, _, function = self.place.partition(":")
            self.place = ""
            getattr(importlib.import_module(f"flows.cli.{module}"), function)(self)
        return super().parse_known_args(args, namespace)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    from flows.cli.options import refuse_file
    from flows.cli.quiet import silence_libraries
    from veernet_core.errors import VeernetError

    silence_libraries()
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show ends nothing
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        if getattr(args, "out_is_folder", False) and args.out is not None:
            refuse_file(args.out)
        code: int = args.run(args)
        return code
    except (VeernetError, OSError, ValueError) as error:
        print(f"veernet: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("veernet: interrupted.", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="veernet", description="Digitise scanned paper well logs into curves with a verdict."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for name, place, text in COMMANDS:
        commands.add_parser(name, help=text, aliases=_ALIASES.get(name, ())).place = place
    return parser


def entry() -> None:
    """The command in a process of its own."""
    run_and_leave(main)


if __name__ == "__main__":
    entry()
