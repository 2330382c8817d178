"""The plan of machines follows from measured seconds."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def plan() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "deploy" / "plan.py"
    spec = importlib.util.spec_from_file_location("fleet_plan", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fleet_plan"] = module
    spec.loader.exec_module(module)
    return module


def test_a_million_scans_of_a_minute_of_a_core(plan: ModuleType) -> None:
    """10^6 minutes over a share of 1 are 694.4 core-days; 16 cores do 16 of them a day, for 24 hours' price."""
    need = plan.need(plan.Machine("x", 16, 0.8), 60.0, 1_000_000, 7.0, 1.0)
    assert need.core_days == pytest.approx(694.44, abs=0.01)
    assert need.machines == 7
    assert need.usd_per_1000 == pytest.approx(1000 / 60 / 16 * 0.8)
    half = plan.need(plan.Machine("x", 16, 0.8), 60.0, 1_000_000, 7.0, 0.5)
    assert half.machines == 13
    assert half.usd_per_1000 == pytest.approx(2 * need.usd_per_1000)
    with pytest.raises(ValueError, match="more than 0"):
        plan.need(plan.Machine("x", 16, 0.8), 60.0, 0, 7.0, 1.0)


def test_seconds_come_from_the_benchmark(
    plan: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [{"processor_s": s, "curves": {"a": 3, "b": 0}} for s in (50, 90, 64)]
    costs = {plan.PAGES: {"before": runs[:1], "after": runs}}
    (tmp_path / "s.json").write_text(json.dumps({"costs": costs}))
    options = ["--measured", str(tmp_path / "s.json"), "--scans", "1000", "--busy", "1"]
    assert plan.main([*options, "--machine", "ours:2:0.5"]) == 0
    out = capsys.readouterr().out
    assert "1,000 scans of 32.0 processor seconds" in out
    assert "| ours | 0 | 1 | 2.22 |" in out
