"""Every example in a docstring gives what it says."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("veernet_core", "storage", "flows")


def with_examples() -> list[str]:
    """Modules whose docstrings hold examples."""
    files = [file for name in SOURCES for file in sorted((ROOT / name).rglob("*.py"))]
    return [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in files
        if "    >>> " in file.read_text("utf-8")
    ]


@pytest.mark.parametrize("name", with_examples())
def test_examples_give_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0


def test_there_are_examples() -> None:
    assert len(with_examples()) >= 20
