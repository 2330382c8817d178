"""README, the model card and the other documents keep to their form, and what they name exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from veernet_core import findings

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (
    "README.md",
    "CHANGELOG.md",
    ".github/CONTRIBUTING.md",
    "deploy/README.md",
    "flows/README.md",
    "storage/README.md",
    "tests/README.md",
    "veernet_core/README.md",
    "veernet_core/net/weights/MODEL_CARD.md",
)
TOP_LEVEL = {
    "pyproject.toml", "flows", "veernet_core", "storage", "deploy", "tests", "README.md", "LICENSE",
    "CHANGELOG.md", "requirements.lock",
}  # fmt: skip
LINK = re.compile(r"\]\(([^)#:]+)\)")
PATH = re.compile(r"`((?:flows|storage|veernet_core|deploy|tests|\.ci)/[\w./-]+)`")


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 8192


def test_readme_has_the_reasons_of_the_register() -> None:
    assert findings.short_verdict_table() in (ROOT / "README.md").read_text("utf-8")


def test_the_short_table_has_every_reason_that_blocks_and_no_other() -> None:
    rows = findings.short_verdict_table().split("\n")[2:]
    blocking = [
        e for e in findings.REGISTER.values() if "verdict" in e.used_as and e.blocks != "no"
    ]
    assert [row.split("`")[1] for row in rows] == [e.code for e in blocking]
    assert all(e.sentence in row for e, row in zip(blocking, rows, strict=True))
    assert "| `ok` |" not in findings.short_verdict_table()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_a_document_names_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    missing = [p for p in LINK.findall(text) if not ((ROOT / name).parent / p).exists()]
    missing += [p for p in PATH.findall(text) if not (ROOT / p).exists()]
    assert missing == []


def test_a_change_takes_at_most_three_lines() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    changes = re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    assert changes
    assert max(change.count("\n") + 1 for change in changes) <= 3


def test_the_top_level_is_short() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_every_dependency_is_pinned() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8").lower().replace("_", "-")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    needed = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    tests = re.search(r"^test = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert needed
    assert tests
    names = re.findall(r'^  "([A-Za-z0-9_-]+)', needed[1] + tests[1], re.MULTILINE)
    assert len(names) > 30
    assert [n for n in names if f"\n{n.lower().replace('_', '-')}==" not in lock] == []
