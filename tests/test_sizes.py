"""Files and functions stay short enough to be read at once: 400 lines, 60 lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("veernet_core", "storage", "flows", "deploy", "tests")
FILE_LINES, FUNCTION_LINES = 400, 60


def sources() -> list[Path]:
    return [file for name in SOURCES for file in sorted((ROOT / name).rglob("*.py"))]


def long_functions(text: str) -> Iterator[str]:
    """Functions that are longer and have no comment above them that says why."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > FUNCTION_LINES and not lines[first - 2].lstrip().startswith("# "):
                yield f"{node.name}: {size} lines"


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    sizes = {f.relative_to(ROOT): len(f.read_text("utf-8").splitlines()) for f in sources()}
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}


def test_a_long_function_says_why_it_is_long() -> None:
    found = [
        f"{f.relative_to(ROOT)} {name}"
        for f in sources()
        for name in long_functions(f.read_text("utf-8"))
    ]
    assert found == []


def test_a_long_function_is_found_and_a_reason_is_heard() -> None:
    body = "\n".join(f"    x = {k}" for k in range(70))
    assert list(long_functions(f"def f():\n{body}\n")) == ["f: 71 lines"]
    assert list(long_functions(f"# one loop over every pixel\n@fast\ndef f():\n{body}\n")) == []
