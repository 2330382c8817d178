"""`fit-pens` measures the inks of pages in colour and writes a model for all wells and one for each fold."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from flows.studies.fit_pens import run_fit
from veernet_core.evaluation.folds import fold_of
from veernet_core.evaluation.page_truth import well_key
from veernet_core.page.scales.drawn_inks import unpack_pens

ROWS = 1600
RED, BLUE = (220, 20, 20), (20, 20, 220)


def page(folder: Path, truth: Path, stem: str, seed: int, coloured: bool = True) -> str:
    """A track with a red curve, which the truth names, and blue rules and specks, which it does not."""
    rng = np.random.default_rng(seed)
    rgb = np.full((ROWS, 500, 3), 255, dtype=np.uint8)
    if coloured:
        rgb[:, 60:450:60] = BLUE
        for row, col in rng.integers(0, (ROWS, 400), (80, 2)):
            rgb[row : row + 3, 50 + col : 60 + col] = BLUE
    cols = 250 + 110 * np.sin(np.arange(ROWS) / rng.uniform(90, 200) + seed)
    line = np.stack([cols, np.arange(ROWS)], axis=1).round().astype(np.int32)
    cv2.polylines(rgb, [line], False, RED if coloured else (0, 0, 0), 3)
    cv2.imwrite(str(folder / f"{stem}.png"), rgb[..., ::-1])
    curve = {"mnemonic": "GR", "left": 0, "right": 150, "colour": "red", "traceable": "easy"}
    log = {
        "section_id": "main", "kind": "main", "row_top": 0, "row_bottom": ROWS,
        "depth": {"unit": "ft", "anchors": [[10, 100], [1500, 200]]},
        "tracks": [{"track_id": "T1", "left_px": 50, "right_px": 450, "curves": [curve]}],
    }  # fmt: skip
    value = {"page": "curve_log", "well_key": stem, "dpi": [200, 200], "sections": [log]}
    (truth / f"{stem}.page.json").write_text(json.dumps(value), "utf-8")
    return stem


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    for name in ("scans", "truth"):
        (tmp_path / name).mkdir()
    return tmp_path / "scans", tmp_path / "truth", tmp_path / "out"


def test_models_for_all_wells_and_without_those_of_each_fold(
    folders: tuple[Path, Path, Path],
) -> None:
    scans, truth, out = folders
    stems = [page(scans, truth, f"well-{k}", k) for k in range(8)]
    report = run_fit([scans], truth, out)
    assert (report.figures["pages"], report.figures["pens"]) == (8, 8)
    # the level of each fold rests on a handful of pens here
    assert report.figures["found"] >= 4
    assert report.figures["wrong"] <= 1
    raw = (out / "drawn_pens.json").read_bytes()
    assert json.loads(raw)["record"]["pages"] == sorted(stems)
    assert unpack_pens(raw).level <= 1.0
    folds = {f"fold-{fold_of(well_key(stem))}" for stem in stems}
    assert {p.parent.name for p in out.glob("fold-*/drawn_pens.json")} == folds


def test_pages_without_colour_are_an_error_that_says_so(folders: tuple[Path, Path, Path]) -> None:
    scans, truth, out = folders
    page(scans, truth, "grey", 1, coloured=False)
    with pytest.raises(ValueError, match="in colour"):
        run_fit([scans], truth, out)
