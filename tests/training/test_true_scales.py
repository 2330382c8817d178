"""Which true scale a line of numbers is, where several have the same ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from veernet_core.training import true_scales as module
from veernet_core.training.true_scales import TrueScale

METHANE = TrueScale(100, 300, 0, 10000, "C1", "C1 (PPM)")
ETHANE = TrueScale(100, 300, 0, 10000, "C2", "C2 (PPM)")


def lines(monkeypatch: pytest.MonkeyPatch, gaps: dict[int, tuple[float, float]]) -> dict[int, str]:
    """The printed name of the true scale of each line, from its gaps to both names."""

    def gap(_: Any, scale: Any, true: TrueScale) -> float:
        return gaps[scale.line][int(true is ETHANE)]

    monkeypatch.setattr(module, "_name_gap", gap)
    candidates: list[Any] = [SimpleNamespace(line=n, y=10.0 * n) for n in gaps]
    block: Any = None
    found = module._by_line(block, candidates, (METHANE, ETHANE))
    return {line: true.mnemonic for line, true in found.items()}


def test_a_repeated_line_takes_no_name_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # the name of the second is seen near no line; the third repeats the first further down
    gaps = {0: (0.06, 1.0), 1: (1.0, 1.0), 2: (0.02, 1.0)}
    assert lines(monkeypatch, gaps) == {0: "C1", 1: "C2", 2: "C1"}


def test_names_stacked_above_their_lines_go_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = {0: (0.2, 0.1), 1: (0.8, 0.3)}
    assert lines(monkeypatch, gaps) == {0: "C1", 1: "C2"}


def test_both_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = {0: (0.1, 0.8), 1: (0.8, 0.1), 2: (0.1, 0.8), 3: (0.8, 0.1)}
    assert lines(monkeypatch, gaps) == {0: "C1", 1: "C2", 2: "C1", 3: "C2"}
