"""Runs over many pages: a page costs itself only, and two runs are held side by side."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from flows.cli import pages as command
from flows.studies import page_rows, truth_pages
from flows.studies.evaluate_pages import Options, failed, measure_pages
from veernet_core.evaluation.folds import FOLDS
from veernet_core.evaluation.page_truth import truth_from_json

PAGES = Path(__file__).resolve().parents[1] / "data" / "pages"
STEM = "33-025-02180-0003"
READ_ONLY = Options(digitise=False)


def page(scan: Path) -> truth_pages.TruthPage:
    truth = truth_from_json((PAGES / f"{STEM}.page.json").read_bytes(), STEM)
    return truth_pages.TruthPage(STEM, "own", truth, scan)


def test_a_page_that_fails_costs_that_page_only(tmp_path: Path) -> None:
    scan = tmp_path / "x.tif"
    scan.write_bytes(b"no image")
    blank = next(truth_pages.drawn_cases(only=["blank"]))
    bad, gone, good = measure_pages([page(scan), page(tmp_path / "gone.tif"), blank], READ_ONLY)
    assert bad.error
    assert "gone.tif" in gone.error
    assert good.error == ""
    assert len(bad.curves) == 7


@pytest.mark.slow
def test_a_process_that_dies_costs_that_page_only() -> None:
    blank = next(truth_pages.drawn_cases(only=["blank"]))
    results = list(
        measure_pages([DyingPage("dies", "own", blank.truth, None), blank], READ_ONLY, 2)
    )
    assert {r.name: r.error for r in results} == {"dies": "the process died", "blank": ""}


class DyingPage(truth_pages.TruthPage):
    """A page whose scan takes the process with it."""

    def read_bytes(self) -> bytes:
        os._exit(1)


def test_two_runs_are_held_side_by_side(tmp_path: Path) -> None:
    rows = failed(page(tmp_path / "x"), "broken").curves
    page_rows.write_rows(tmp_path / page_rows.CURVES_FILE, rows)
    changed = [replace(rows[0], ends_read=True, found="C1 0..42000"), *rows[1:]]
    lines = page_rows.compare(changed, tmp_path)
    assert lines[0] == "7 curves in both runs, 0 only in this one"
    assert "ends_read: 1 more, 0 fewer" in lines
    assert f"    + {STEM}/main/GAS C1 0.0..42000.0: nothing -> C1 0..42000" in lines
    assert page_rows.compare(rows, tmp_path)[1] == "name_read: 0 more, 0 fewer"


def test_accepted_curves_are_listed_for_the_eye(tmp_path: Path) -> None:
    rows = list(failed(page(tmp_path / "x"), "broken").curves)
    rows[1] = replace(rows[1], accepted=True, right=True, picture="overlay-a-b")
    page_rows.write_overlays(tmp_path / "o.csv", rows)
    text = (tmp_path / "o.csv").read_text().splitlines()
    assert text[1:] == [f"{STEM}/overlay-a-b.png,GAS,C2,yes,"]


def test_the_command_names_the_groups_and_folds_there_are() -> None:
    assert command._GROUPS == truth_pages.ALL_GROUPS
    assert command._DEFAULT_FOLDS == FOLDS
