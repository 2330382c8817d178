"""``veernet completion``: what a shell must read once to complete commands and options."""

from __future__ import annotations

import argparse

_SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def fill(parser: argparse.ArgumentParser) -> None:
    """Options of ``completion``."""
    parser.description = 'For bash: eval "$(veernet completion bash)", for good in ~/.bashrc.'
    parser.add_argument("shell", choices=_SHELLS, help="which shell")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the shell's code."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["veernet"], shell=args.shell))
    return 0
