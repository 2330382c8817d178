"""The three forms of truth become one, with nothing lost that scores depend on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.studies.truth_pages import TruthPage, check_models, find_pages, models_for
from veernet_core.evaluation.folds import fold_of
from veernet_core.evaluation.page_truth import (
    TrueCurve,
    truth_drawn,
    truth_from_json,
    truth_handed_over,
)

PAGES = Path(__file__).resolve().parents[1] / "data" / "pages"
GR = {"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150, "scale": "linear"}
HANDED: dict[str, Any] = {
    "stem": "x",
    "kind": "curve log",
    "header": {"well": "ROGER", "api": None, "field": "WILDCAT"},
    "sections": [
        {
            "name": "main", "row_top": 100, "row_bottom": 15999, "depth_unit": "ft",
            "depth_anchors": [[200, 1000], [700, 1050]],
            "tracks": [{
                "track": "T1", "left_px": 50, "right_px": 500.5, "at_row": 300, "grid": "linear",
                "curves": [
                    GR | {"printed": "GAMMA", "style": "solid", "legible": True, "traceable": "hard"},
                    GR | {"left": 150, "right": 300, "backup_of": "GR", "legible": True,
                          "traceable": "hard", "style": "solid"},
                    GR | {"mnemonic": "SP", "left": None, "right": None, "per_division": 10,
                          "legible": True, "traceable": "easy", "style": "solid"},
                    GR | {"mnemonic": "X", "legible": False, "traceable": "easy"},
                    GR | {"mnemonic": "Y", "legible": True, "traceable": "no"},
                ],
            }],
        }
    ],
}  # fmt: skip


def test_truth_handed_over() -> None:
    truth = truth_handed_over(json.dumps(HANDED).encode(), "4705300069_x")
    assert (truth.group, truth.well, truth.is_log) == ("given", "4705300069", True)
    assert truth.seen_to == 15999
    assert truth.header == {"name": "ROGER", "field_name": "WILDCAT"}
    (section,) = truth.sections
    assert section.section_id == "main"
    np.testing.assert_array_equal(section.anchors, [[200, 1000], [700, 1050]])
    (track,) = section.tracks
    np.testing.assert_array_equal(track.left, [[300, 50]])
    np.testing.assert_array_equal(track.right, [[300, 500.5]])
    assert [c.is_stated for c in track.curves] == [True, True, True, False, True]
    followed = [c.mnemonic for c in track.curves if c.can_be_followed]
    assert followed == ["GR", "SP"], "a backup has no pen of its own; X is illegible, Y not drawn"


def test_truth_read_later_and_in_development() -> None:
    later = truth_from_json((PAGES / "33-025-02180-0003.page.json").read_bytes(), "a")
    assert (later.group, later.well) == ("own", "3302502180")
    (main,) = later.sections
    curves = [c for t in main.tracks for c in t.curves]
    assert {c.traceable for c in curves} <= {"easy", "hard", "no"}
    c1 = next(c for c in curves if c.mnemonic == "C1")
    assert (c1.printed, c1.colour, c1.left, c1.right) == ("C1 (ppm)", "red", 0, 42000)
    old = truth_from_json((PAGES / "AGI89.page.json").read_bytes(), "AGI89")
    assert old.group == "development"
    assert not any(c.can_be_followed for s in old.sections for t in s.tracks for c in t.curves)


def test_an_amplified_scale_has_a_pen_of_its_own() -> None:
    data = json.loads((PAGES / "33-025-02191-0002.page.json").read_bytes())
    truth = truth_from_json(json.dumps(data).encode())
    curves = [c for s in truth.sections for t in s.tracks for c in t.curves]
    (amplified,) = [c for c in curves if c.mnemonic == "AMP_AMPLIFIED"]
    assert amplified.backup_of is None
    assert amplified.can_be_followed


def test_drawn_truth_has_values_and_no_header() -> None:
    sidecar = {
        "well": {"name": "P01"},
        "sections": [{
            "section_id": "main", "row_top": 0, "row_bottom": 100,
            "depth": {"unit": "ft", "anchors": [[0, 0], [100, 10]]},
            "tracks": [{"track_id": "a", "left_px": 1, "right_px": 50, "curves": [GR]}],
        }],
    }  # fmt: skip
    data = json.dumps(sidecar).encode()
    truth = truth_drawn(data, b"DEPT,GR,SP\n0,1.5,\n0.5,2,-7\n", "p01d")
    assert (truth.group, truth.well) == ("drawn-worn", "P01")
    np.testing.assert_array_equal(truth.values["GR"], [[0, 1.5], [0.5, 2]])
    np.testing.assert_array_equal(truth.values["SP"], [[0, np.nan], [0.5, -7]])
    assert truth.header == {}
    assert "name" in truth.not_scored
    assert truth.sections[0].tracks[0].curves[0].can_be_followed
    assert truth_drawn(data, b"DEPT,GR\n0,1\n", "p01c").group == "drawn-plotted"


@pytest.mark.parametrize(
    ("curve", "stated"),
    [
        (TrueCurve("GR", left=0.0, right=1.0), True),
        (TrueCurve("GR", left=0.0), False),
        (TrueCurve("GR", per_division=5.0), True),
        (TrueCurve("GR", left=0.0, right=1.0, uncertain=True), False),
        (TrueCurve("GR", left=0.0, right=1.0, legible=False), False),
    ],
)
def test_a_scale_is_stated_where_a_person_can_read_it(curve: TrueCurve, stated: bool) -> None:
    assert curve.is_stated is stated


def test_pages_are_found_beside_their_truth(tmp_path: Path) -> None:
    scans, truth = tmp_path / "scans", tmp_path / "truth"
    scans.mkdir()
    truth.mkdir()
    for stem in ("hand", "given", "blind"):
        (scans / f"{stem}.tif").write_bytes(b"x")
    own = json.dumps({"page": "not_curve_log", "well_key": "W"})
    (truth / "hand.page.json").write_text(own)
    (scans / "given.truth.json").write_text(json.dumps(HANDED))
    pages = find_pages([scans, scans], truth)
    assert [(p.stem, p.group) for p in pages] == [("given", "given"), ("hand", "own")]
    assert [p.stem for p in find_pages([scans], truth, ["own"])] == ["hand"]
    assert find_pages([scans], truth, only=["given"])[0].read_bytes() == b"x"
    with pytest.raises(FileNotFoundError, match="no truth"):
        find_pages([truth], scans)


def test_each_page_is_read_by_models_that_never_saw_its_well(tmp_path: Path) -> None:
    truth = truth_from_json((PAGES / "33-025-02180-0003.page.json").read_bytes())
    page = TruthPage("x", "own", truth, tmp_path / "x.tif")
    fold = fold_of(truth.well)
    for k in range(5):
        (tmp_path / f"fold-{k}").mkdir()
        (tmp_path / f"fold-{k}" / "m.bin").write_bytes(bytes([k]))
    check_models(tmp_path)
    models = models_for(page, tmp_path)
    assert models.origin == f"fold-{fold}"
    assert models.load("m.bin", list, lambda: [-1]) == [fold]
    assert models.load("other.bin", list, lambda: [-1]) == [-1], "what is absent is the shipped one"
    (tmp_path / f"fold-{fold}" / "m.bin").unlink()
    assert models_for(page, tmp_path).origin == "shipped"
    drawn = TruthPage("p01c", "drawn-plotted", truth, tmp_path / "p01c.tif")
    assert models_for(drawn, tmp_path).origin == "shipped"
    with pytest.raises(ValueError, match="beyond 4 folds"):
        check_models(tmp_path, 4)
    with pytest.raises(FileNotFoundError, match="no fold-0"):
        check_models(tmp_path / "fold-0")


def test_a_scale_over_two_tracks_stands_in_a_track_of_its_own() -> None:
    """Uranium from -10 to 30 runs over the columns of thorium and of potassium."""
    truth = truth_from_json((PAGES / "42165379600000_Sec427Ph1_I22.page.json").read_bytes())
    (section,) = [s for s in truth.sections if s.tracks]
    tracks = {track.track_id: track for track in section.tracks}
    assert list(tracks) == ["T1", "T2", "T3", "T2T3"]
    assert [c.mnemonic for c in tracks["T2"].curves] == ["THOR"]
    assert [c.mnemonic for c in tracks["T2T3"].curves] == ["URAN"]
    assert tracks["T2T3"].left[0, 1] == tracks["T2"].left[0, 1]
    assert tracks["T2T3"].right[0, 1] == tracks["T3"].right[0, 1]
