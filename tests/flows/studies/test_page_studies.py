"""Studies that fit models on pages: which pages they learn from, and that no page judges its own fit."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flows.studies import fit_scales, train_pages
from flows.studies.fit_scales import Fitted
from flows.studies.train_pages import read_pages, run_calibration, run_training
from flows.studies.truth_pages import TruthPage, check_models, find_pages, models_for
from veernet_core.datatypes import Dpi
from veernet_core.evaluation import layout_score
from veernet_core.evaluation.folds import fold_folder, fold_of, left_out
from veernet_core.evaluation.page_truth import PageTruth, TrueCurve, TrueSection, TrueTrack
from veernet_core.net.layout import SHIPPED, LayoutNetConfig, LayoutUNet, pack_layout, unpack_layout
from veernet_core.page.layout.decode import DecodeSettings
from veernet_core.page.models import SHIPPED as SHIPPED_MODELS
from veernet_core.page.results import TextBox
from veernet_core.training.pages import PageTrainConfig
from veernet_core.training.true_scales import drawn_blocks

TRUTH = {
    "header": {"uwi": "15-053-00069"},
    "sections": [
        {
            "kind": "main", "section_id": "main", "row_top": 100, "row_bottom": 700,
            "depth": {"unit": "ft", "anchors": [[150, 1000], [650, 1100]]},
            "tracks": [
                {"track_id": "T1", "left_px": [[100, 50]], "right_px": [[100, 300]], "scale": "linear",
                 "curves": [{"mnemonic": "GR", "left": 0, "right": 150, "printed": "GAMMA RAY"},
                            {"mnemonic": "SP", "left": None, "right": None}]},
                {"track_id": "T2", "left_px": [[100, 350]], "right_px": [[100, 600]],
                 "curves": [{"mnemonic": "ILD", "left": 0.2, "right": 2000, "scale": "log",
                             "left_px": 360, "right_px": 590}]},
                {"track_id": "T3", "left_px": [[100, 600]], "right_px": [[100, 640]], "curves": []},
            ],
        }
    ],
}  # fmt: skip


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of three scans, and one of truth for two of them."""
    scans, truth = tmp_path / "scans", tmp_path / "truth"
    scans.mkdir()
    truth.mkdir()
    for name in ("a", "b", "c"):
        Image.new("1", (700, 800), 1).save(scans / f"{name}.tif")
    for name, well in (("a", "15-053-00069"), ("b", "15-053-00070")):
        raw = {**TRUTH, "header": {"uwi": well}}
        (truth / f"{name}.page.json").write_text(json.dumps(raw))
    (scans / "notes.txt").write_text("no scan")
    return scans, truth


def test_pages_are_the_scans_that_somebody_has_read(places: tuple[Path, Path]) -> None:
    scans, truth = places
    pages = list(read_pages([scans], truth))
    assert [page.stem for page in pages] == ["a", "b"]
    assert [page.truth.well for page in pages] == ["1505300069", "1505300070"]
    assert pages[0].raw["sections"][0]["row_top"] == 100
    found = find_pages([scans], truth)
    assert [page.stem for page in found] == ["a", "b"]
    assert find_pages([scans], truth, only=["b"])[0].stem == "b"
    assert find_pages([scans], truth, groups=["own"]) == []
    with pytest.raises(FileNotFoundError, match="no truth"):
        find_pages([scans], scans)


def test_every_well_is_left_out_of_one_fold() -> None:
    wells = [f"15053{k:05d}" for k in range(200)]
    folds = [fold_of(well) for well in wells]
    assert set(folds) == set(range(5))
    for fold in range(5):
        assert [left_out(fold)(well) for well in wells] == [f == fold for f in folds]
    with pytest.raises(ValueError, match="cannot be left out"):
        fold_of("")
    with pytest.raises(ValueError, match="no fold 5"):
        left_out(5)


def truth_page(
    well: str, group: str = "development", scan: Path | None = Path("x.tif")
) -> TruthPage:
    truth = PageTruth(True, False, 0, None, (), well=well)
    return TruthPage("x", group, truth, scan)


def test_a_page_is_read_by_the_models_that_never_saw_its_well(tmp_path: Path) -> None:
    own = tmp_path / fold_folder(fold_of("W"))
    own.mkdir()
    (own / "scales.json").write_bytes(b"{}")
    models = models_for(truth_page("W"), tmp_path)
    assert models.files == {"scales.json": b"{}"}
    assert models_for(truth_page("W"), None) is SHIPPED_MODELS
    assert models_for(truth_page("W", "drawn-worn"), tmp_path) is SHIPPED_MODELS
    assert models_for(truth_page("W", scan=None), tmp_path) is SHIPPED_MODELS
    other = next(w for w in map(str, range(99)) if fold_of(w) != fold_of("W"))
    assert models_for(truth_page(other), tmp_path) is SHIPPED_MODELS


def test_models_of_another_number_of_folds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check_models(tmp_path)
    (tmp_path / "fold-0").mkdir()
    check_models(tmp_path)
    (tmp_path / "fold-7").mkdir()
    with pytest.raises(ValueError, match="fold-7"):
        check_models(tmp_path)


class Fits:
    """Stands in for the fit of the layout network: a file for each run, and what it learned from."""

    def __init__(self) -> None:
        self.runs: dict[str, tuple[list[str], bool]] = {}

    def __call__(self, folder, drawn, read, config, start, say):  # type: ignore[no-untyped-def]
        folder.mkdir(parents=True, exist_ok=True)
        self.runs[str(folder)] = ([path.name for path in read], start is not None)
        target = folder / "layout.safetensors"
        target.write_bytes(folder.name.encode() + bytes([len(read)]))
        return target


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> Fits:
    made = Fits()
    monkeypatch.setattr(train_pages, "fit_pages", made)
    monkeypatch.setattr(train_pages, "draw_examples", lambda folder, seeds: None)
    return made


CONFIG = PageTrainConfig(steps=1)


def test_without_hand_read_pages_a_network_learns_from_drawn_ones(
    fits: Fits, tmp_path: Path
) -> None:
    assert run_training(tmp_path, 3, CONFIG, say=lambda _: None) == [tmp_path / SHIPPED]
    assert fits.runs == {str(tmp_path / "drawn-only"): ([], False)}
    assert (tmp_path / SHIPPED).read_bytes() == b"drawn-only\0"


def test_wells_are_left_out_in_turn(fits: Fits, tmp_path: Path, places: tuple[Path, Path]) -> None:
    scans, truth = places
    said: list[str] = []
    done = run_training(
        tmp_path, 3, CONFIG, [scans], truth, folds=2, start=b"start", say=said.append
    )
    assert done == [tmp_path / SHIPPED, *(tmp_path / fold_folder(k) / SHIPPED for k in range(2))]
    assert str(tmp_path / "drawn-only") not in fits.runs, "it goes on from what is given"
    whole, started = fits.runs[str(tmp_path / "run")]
    assert (whole, started) == (["a.0.npy", "a.1.npy", "b.0.npy", "b.1.npy"], True)
    folds = {"a": fold_of("1505300069", 2), "b": fold_of("1505300070", 2)}
    for fold in range(2):
        files, _ = fits.runs[str(tmp_path / fold_folder(fold) / "run")]
        assert {name[0] for name in files} == {n for n, own in folds.items() if own != fold}
    assert said[0] == f"{tmp_path}: 2 hand-read pages"


def test_a_page_is_an_example_as_it_is_and_with_other_margins(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    scans, truth = places
    page = next(read_pages([scans], truth))
    plain, other = train_pages._examples(tmp_path / "read", page)
    first, second = np.load(plain), np.load(other)
    assert first.shape[0] == second.shape[0] == 12
    assert first.shape != second.shape or (first != second).any()
    stamp = plain.stat().st_mtime_ns
    assert train_pages._examples(tmp_path / "read", page) == [plain, other]
    assert plain.stat().st_mtime_ns == stamp, "what is there stays"
    turned = replace(page, truth=replace(page.truth, turn_deg=90))
    assert train_pages._examples(tmp_path / "read", turned) == []


def test_fitted_decoding_goes_into_every_file_with_the_score_of_pages_left_out(
    places: tuple[Path, Path], tmp_path: Path
) -> None:
    scans, truth = places
    net = LayoutUNet(LayoutNetConfig((8, 8, 8, 8, 8))).eval()
    for place in (tmp_path, tmp_path / "fold-0", tmp_path / "fold-1"):
        place.mkdir(exist_ok=True)
        (place / SHIPPED).write_bytes(pack_layout(net, {"steps": 3}, {}))
    said: list[str] = []
    score = run_calibration(tmp_path, 2, [scans], truth, rounds=0, say=said.append)
    assert [line.split(":")[0] for line in said] == ["a", "b"]
    for place in (tmp_path, tmp_path / "fold-0", tmp_path / "fold-1"):
        bundle = unpack_layout((place / SHIPPED).read_bytes())
        assert bundle.record == {"steps": 3}
        assert bundle.calibration["left_out"] == score.to_json()
        assert bundle.calibration["settings"]


def test_networks_that_find_no_track_give_nothing_to_fit_and_no_crash() -> None:
    evidence, right = layout_score.track_evidence([], DecodeSettings())
    assert evidence.shape == (0, 4)
    assert layout_score.fit_confidence(evidence, right) == {}


SECTION = TrueSection(
    "main", 100.0, 700.0, "ft", np.zeros((0, 2)),
    (
        TrueTrack("T2", np.array([[100.0, 350.0]]), np.array([[100.0, 600.0]]),
                  (TrueCurve("ILD", "DEEP", left=0.2, right=2000.0, scale="log", left_px=360.0,
                             right_px=590.0),)),
        TrueTrack("T1", np.array([[100.0, 50.0]]), np.array([[100.0, 300.0]]),
                  (TrueCurve("GR", "GAMMA", left=0.0, right=150.0), TrueCurve("SP"))),
        TrueTrack("T3", np.array([[100.0, 600.0]]), np.array([[100.0, 640.0]])),
    ),
)  # fmt: skip


def test_true_scales_are_those_with_both_ends_from_left_to_right() -> None:
    scales = list(fit_scales._true_scales(SECTION))
    assert [(s.mnemonic, s.left_px, s.right_px, s.left, s.right) for s in scales] == [
        ("GR", 50, 300, 0, 150), ("ILD", 360, 590, 0.2, 2000),
    ]  # fmt: skip
    assert [t.track_id for t in fit_scales._tracks(SECTION)] == ["T1", "T2"]


@pytest.mark.parametrize(
    ("scales", "grid"),
    [
        (("linear",), "linear"),
        (("log", "log"), "log"),
        (("linear", "log"), None),
        (("hybrid",), None),
    ],
)
def test_the_grid_of_a_track_is_that_of_its_scales_where_they_agree(
    scales: tuple[str, ...], grid: str | None
) -> None:
    track = replace(SECTION.tracks[0], curves=tuple(TrueCurve("X", scale=s) for s in scales))
    found = fit_scales._as_found(track)
    assert found.scale == grid
    assert found.borders_at(500.0) == (350.0, 600.0)
    assert found.confidence == 1.0


def test_sections_are_taken_from_top_to_bottom_with_the_resolution_of_the_page() -> None:
    from veernet_core.datatypes import Raster

    raster = Raster(2000, 1700, False, None, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore
    below = replace(SECTION, section_id="repeat", row_top=900.0, row_bottom=1500.0)
    truth = PageTruth(True, False, 0, None, (below, SECTION))
    page = TruthPage("x", "own", truth, Path("x.tif"))
    pairs, dpi = fit_scales._true_sections(page, raster)
    assert [found.section_id for found, _ in pairs] == ["main", "repeat"]
    assert [true for _, true in pairs] == [SECTION, below]
    assert dpi == Dpi(200, 200), "a page 8.5 inches wide"
    known = replace(page, truth=replace(truth, dpi=Dpi(98, 204)))
    assert fit_scales._true_sections(known, raster)[1] == Dpi(98, 204)


def test_print_is_read_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [TextBox("GAMMA RAY", 0.98, 80.0, 170.0, 20.0, 90.0)]
    reads: list[int] = []

    class Reader:
        def print_net(self) -> None:
            return None

    def read(*_: object) -> list[TextBox]:
        reads.append(1)
        return boxes

    monkeypatch.setattr(fit_scales, "read_block_print", read)
    monkeypatch.setattr(fit_scales, "tinted", lambda found, raster: found)
    path = tmp_path / "print" / "a.main.json"
    given = (path, None, None, (0, 100), Dpi(200, 200), Reader())
    first, again = (fit_scales._print(*given) for _ in range(2))  # type: ignore[arg-type]
    assert reads == [1]
    assert repr(first) == repr(again) == repr(boxes)


def test_a_page_that_cannot_be_read_is_left_out_and_said(
    places: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scans, truth = places
    (scans / "a.tif").write_bytes(b"nothing")
    (page,) = find_pages([scans], truth, only=["a"])
    assert list(fit_scales._blocks(page, None, tmp_path)) == []  # type: ignore[arg-type]
    assert "a is left out" in caplog.text
    turned = replace(page, truth=replace(page.truth, turn_deg=180))
    caplog.clear()
    assert list(fit_scales._blocks(turned, None, tmp_path)) == []  # type: ignore[arg-type]
    assert caplog.text == ""


def test_scales_are_fitted_whole_and_without_each_fold(
    places: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scans, truth = places
    blocks = drawn_blocks(12, seed=1)
    own = {"a": "1505300069", "b": "1505300070"}

    def blocks_of(page: TruthPage, *_: object):  # type: ignore[no-untyped-def]
        half = blocks[:6] if page.stem == "a" else blocks[6:]
        return [replace(block, well=own[page.stem]) for block in half]

    def fits(real, drawn, folds, record):  # type: ignore[no-untyped-def]
        assert len(drawn) == 10
        assert folds == {well: fold_of(well) for well in own.values()}
        assert record["pages"] == ["a", "b"]
        return shipped, dict.fromkeys(folds.values(), shipped)

    weights = resources.files("veernet_core.page.scales") / "weights"
    shipped = (weights / "scales.json").read_bytes()
    monkeypatch.setattr(fit_scales, "_blocks", blocks_of)
    monkeypatch.setattr(fit_scales, "fit_scales", fits)
    fitted = fit_scales.fit([scans], truth, tmp_path / "out", drawn=10)
    assert (fitted.pages, fitted.blocks, fitted.drawn) == (2, 12, 10)
    assert fitted.scales == sum(len(block.scales) for block in blocks)
    names = [str(path.relative_to(tmp_path / "out")) for path in fitted.files]
    assert names[0] == "scales.json"
    assert set(names[1:]) == {f"fold-{fold_of(well)}/scales.json" for well in own.values()}
    assert fitted.counts["development"][0] == fitted.scales
    assert fitted.table().splitlines()[0].strip().startswith("true")


def test_a_table_of_counts_has_a_row_for_each_group() -> None:
    counts = {"own": (1, 2, 3, 4, 5, 6, 7), "development": (10, 9, 8, 7, 6, 5, 4)}
    table = Fitted(1, 1, 1, 0, (), counts).table().splitlines()
    assert len(table) == 3
    assert table[1].split() == ["own", "1", "2", "3", "4", "5", "6", "7"]
    assert table[2].startswith("development  ")
