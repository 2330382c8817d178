"""The script that compares two output trees says what changed, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from compare_outputs import compare_trees, main

LAS = "~Version\nVERS. 2.0 :\n~Other\nConfiguration: {made}\n~ASCII\n{value}\n"


def write_tree(
    root: Path, value: float = 1.5, reason: str = "ok", made: str = "aaaa", stem: str = "w"
) -> Path:
    folder = root / "logs" / stem
    folder.mkdir(parents=True)
    curve = {"section_id": "main", "track_id": "T1", "mnemonic": "GR"}
    finding = {
        **curve,
        "code": "borders_off",
        "severity": "warning",
        "rows": [1, 9],
        "message": made,
    }
    log: dict[str, Any] = {
        "well": {"name": "A"},
        "sections": [{"section_id": "main", "row_top": 1.0}],
        "curves": [{**curve, "reasons": [reason], "decision": "accept", "policy_id": made}],
        "findings": [finding],
        "provenance": {"config_hash": made},
    }
    (folder / "log.json").write_text(json.dumps(log))
    table = pd.DataFrame({"depth": [1.0, 2.0, 3.0], "value": [value, 2.0, np.nan]})
    table = table.assign(**curve, confidence=0.9, observed=True, decision="accept")
    table.assign(unit="GAPI", depth_unit="ft").to_parquet(folder / "curves.parquet")
    (folder / "w.las").write_text(LAS.format(made=made, value=value))
    return root


def test_provenance_messages_and_renamed_codes_are_no_difference(tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", reason="lap_uncertain", made="aaaa")
    two = write_tree(tmp_path / "two", reason="wrap_uncertain", made="bbbb")
    assert compare_trees(one, two) == []
    assert main([str(one), str(two)]) == 0


def test_a_sample_is_told_in_every_file_that_holds_it(tmp_path: Path) -> None:
    one, two = write_tree(tmp_path / "one"), write_tree(tmp_path / "two", value=1.75)
    samples, las = compare_trees(one, two)
    assert samples == "w: main/T1/GR: value differs in 1 of 3 samples, by 0.25 at most"
    assert las.startswith("w: w.las: 1 of 4 lines differ")
    assert main([str(one), str(two)]) == 1


@pytest.mark.parametrize(("tolerance", "same"), [(0.25, True), (0.2, False)])
def test_the_tolerance_is_that_of_a_number(tmp_path: Path, tolerance: float, same: bool) -> None:
    one, two = write_tree(tmp_path / "one"), write_tree(tmp_path / "two", value=1.75)
    lines = compare_trees(one, two, tolerance=tolerance)
    assert [line for line in lines if "samples" in line] == ([] if same else lines[:1])


def test_another_reason_is_told(tmp_path: Path) -> None:
    one, two = write_tree(tmp_path / "one"), write_tree(tmp_path / "two", reason="low_coverage")
    assert compare_trees(one, two) == ['w: curves[0].reasons[0]: "ok" is now "low_coverage"']


def test_a_missing_log_counts_unless_others_are_named(tmp_path: Path) -> None:
    one, two = write_tree(tmp_path / "one"), write_tree(tmp_path / "two")
    write_tree(one, stem="x")
    assert compare_trees(one, two) == [f"x: not in {two}"]
    assert compare_trees(one, two, stems=["w"]) == []
    shutil.rmtree(two / "logs" / "w")
    assert compare_trees(one, two, stems=["w"]) == [f"w: not in {two}"]
