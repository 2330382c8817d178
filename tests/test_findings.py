"""The register holds every code that the source uses, and no other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import veernet_core
from veernet_core import findings
from veernet_core.config import GatePolicy
from veernet_core.curve import gate
from veernet_core.datatypes import Finding, QualityEstimate
from veernet_core.errors import DecodeError, VeernetError

ROOT = Path(veernet_core.__file__).parents[1]
PACKAGES = ("veernet_core", "storage", "flows")
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
COLLECTED = {"flags", "reasons", "doubts"}
"""Lists of codes in the source."""


def trees() -> Iterator[ast.Module]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "findings.py":
                yield ast.parse(path.read_text("utf-8"), str(path))


def literals(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*literals(node.body), *literals(node.orelse))
        return
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def codes_of(node: ast.AST) -> Iterator[str]:
    """Texts at a place where only a code can stand."""
    if isinstance(node, ast.Call):
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in ("of", "_finding") and node.args:
            yield from literals(node.args[0])
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name == "append" and isinstance(of, ast.Name) and of.id in COLLECTED and node.args:
            yield from (t for t in literals(node.args[0]) if CODE.fullmatch(t))
    if isinstance(node, ast.ClassDef) and node.name.endswith("Error"):
        for part in node.body:
            if isinstance(part, ast.Assign) and getattr(part.targets[0], "id", "") == "code":
                yield from literals(part.value)
    if isinstance(node, ast.AugAssign) and getattr(node.target, "id", "") in COLLECTED:
        yield from (t for t in literals(node.value) if CODE.fullmatch(t))


def test_every_code_of_the_source_is_registered() -> None:
    used = {code for tree in trees() for node in ast.walk(tree) for code in codes_of(node)}
    assert len(used) > 60
    assert used - findings.REGISTER.keys() == set()


def test_every_registered_code_is_used() -> None:
    written = {text for tree in trees() for text in literals(tree)}
    assert findings.REGISTER.keys() - written == set()


def gate_codes() -> set[str]:
    """What the gate says over a grid of estimates."""
    nan = float("nan")
    values = [-1.0, 0.3, 0.8, 0.9, nan]
    codes: set[str] = set()
    for r2, coverage, span, dx, reference in product(
        values, [0.0, 0.5, 1.0], [0.0, 1.0], [0.1, 5.0], [nan, 0.2]
    ):
        estimate = QualityEstimate(r2, r2 - 0.1, r2 + 0.02, coverage, 0.0, 0.0, span, dx, reference)
        codes |= set(gate.judge(estimate, (), GatePolicy()).reasons)
    return codes | set(gate.depth_flags(9.0, "ft", GatePolicy()))


def test_every_reason_of_the_gate_is_registered_as_one() -> None:
    codes = gate_codes()
    assert len(codes) >= 9
    assert all("verdict" in findings.REGISTER[code].used_as for code in codes)


@pytest.mark.parametrize("entry", findings.REGISTER.values(), ids=lambda entry: entry.code)
def test_entries_are_whole(entry: findings.Entry) -> None:
    assert entry.used_as
    assert entry.sentence.endswith(".")
    assert entry.severity in ("info", "warning", "error")
    assert entry.blocks in ("no", "threshold", "yes")
    # where something is wrong, something can be done
    assert bool(entry.remedy) or entry.severity == "info" or entry.code == "cannot_serve"
    if "verdict" not in entry.used_as:
        assert entry.blocks == ("yes" if entry.used_as == ("failure",) else "no")


def test_aliases_are_unique_and_no_codes_themselves() -> None:
    aliases = [alias for entry in findings.REGISTER.values() for alias in entry.aliases]
    assert len(aliases) == len(set(aliases))
    assert set(aliases) & findings.REGISTER.keys() == set()
    assert findings.current_code("lap_uncertain") == "wrap_uncertain"
    assert findings.sentence("lap_uncertain") == findings.sentence("wrap_uncertain")
    assert findings.blocks("lap_uncertain") == "yes"


def test_a_finding_takes_its_words_from_the_register() -> None:
    finding = Finding.of("scale_contradicted", rows=(3, 9), mnemonic="GR")
    entry = findings.REGISTER["scale_contradicted"]
    assert (finding.stage, finding.severity) == (entry.stage, entry.severity)
    assert (finding.message, finding.remedy) == (entry.sentence, entry.remedy)
    assert (finding.rows, finding.mnemonic) == ((3, 9), "GR")
    assert Finding.of("scale_contradicted", "Another one.").message == "Another one."
    with pytest.raises(KeyError):
        Finding.of("no_such_code")


def test_errors_take_stage_and_remedy_from_the_register() -> None:
    entry = findings.REGISTER["decode_failed"]
    assert (DecodeError.stage, DecodeError.remedy) == (entry.stage, entry.remedy)
    assert DecodeError("x", remedy="Do that.").remedy == "Do that."
    kinds = [VeernetError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        assert kind.stage == findings.REGISTER[kind.code].stage


def test_the_table_is_printed() -> None:
    command = [sys.executable, "-m", "veernet_core.findings"]
    printed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert printed.strip() == findings.verdict_table()
    rows = printed.strip().split("\n")[2:]
    reasons = [e for e in findings.REGISTER.values() if "verdict" in e.used_as]
    assert len(rows) == len(reasons)
    assert f"| `low_coverage` | {findings.sentence('low_coverage')} | yes |" in printed
