"""Commands that work on models: their options reach the study that is run, and nothing else runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flows.cli import models, page_models
from flows.cli.main import main
from flows.studies.report import Report


def parsed(fill: Callable[[argparse.ArgumentParser], None], *words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    fill(parser)
    return parser.parse_args(words)


class Called(list[tuple[Any, ...]]):
    """Stands in for a study: keeps what it was given."""

    def __call__(self, *given: Any, **named: Any) -> Report:
        self.append((*given, named) if named else given)
        return Report("done", right=2)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Called]:
    def replaced(place: str) -> Called:
        called = Called()
        monkeypatch.setattr(place, called)
        return called

    return replaced


Study = Callable[[str], Called]


def test_defaults_of_training_are_those_of_the_published_runs() -> None:
    args = parsed(models.fill_train)
    assert (args.preset, args.steps, args.decay_steps) == ("small", 6000, 1500)
    assert (args.learning_rate, args.mask_loss, args.seed) == (2e-3, "tversky", 1)
    assert args.out == Path("runs/train")
    assert args.init is None


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--preset", "huge"],
        ["train", "--mask-loss", "hinge"],
        ["train", "--steps", "0"],
        ["train", "--steps", "1.5"],
        ["evaluate", "--sets", "mine"],
        ["compare-losses", "--stages", "ternary"],
        ["benchmark", "--precision", "float16"],
        ["calibrate"],
        ["calibrate-pages"],
        ["completion", "cmd.exe"],
    ],
)
def test_what_no_command_knows_is_bad_usage(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "usage" in capsys.readouterr().err


def test_evaluation_without_words_measures_the_network_on_drawings(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    run = study("flows.studies.evaluate.run_evaluation")
    assert main(["evaluate", "--count", "7", "--sets", "own", "--seed", "3"]) == 0
    assert run == [(None, None, None, ["own"], 7, 3, None)]
    assert capsys.readouterr().out == "done\n"


def test_evaluation_of_a_folder_needs_its_references(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = study("flows.studies.reference.compare_folder")
    assert main(["evaluate", str(tmp_path)]) == 2
    assert main(["evaluate", "--reference", str(tmp_path)]) == 2
    assert "together" in capsys.readouterr().err
    assert not run
    words = ["evaluate", str(tmp_path), "--reference", str(tmp_path), "--min-r2", "0.9"]
    assert main([*words, "--write-back"]) == 0
    ((results, reference, out, write_back, policy),) = run
    assert (results, reference, out, write_back) == (tmp_path, tmp_path, None, True)
    assert policy.min_r2 == 0.9


@pytest.mark.parametrize(("named", "expected"), [([], []), (["faint"], ["faint"])])
def test_shifts_are_all_where_none_is_named(
    study: Study, named: list[str], expected: list[str]
) -> None:
    run = study("flows.studies.calibrate.run_shifts")
    assert main(["evaluate", "--count", "5", "--min-r2", "0.8", "--shifts", *named]) == 0
    ((model, curves, shifts, count, seed, out, config),) = run
    assert (model, curves, shifts, count, seed, out) == (None, None, expected, 5, 11, None)
    assert config.gate.min_r2 == 0.8


def test_flags_are_written_where_a_folder_is_given(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = study("flows.studies.flags.run_flags")
    monkeypatch.setattr("veernet_core.net.bundle.load_predictor", lambda data: ("net", data))
    model = tmp_path / "m.safetensors"
    model.write_bytes(b"weights")
    out = tmp_path / "tables"
    assert main(["evaluate", "--flags", str(tmp_path), "--model", str(model), "-o", str(out)]) == 0
    assert run == [(tmp_path, ("net", b"weights"))]
    assert (out / "flags.md").read_text() == "done"


def test_a_calibrated_bundle_replaces_the_one_given_unless_another_place_is(
    study: Study, tmp_path: Path
) -> None:
    run = study("flows.studies.calibrate.run_calibration")
    model, other = tmp_path / "m.safetensors", tmp_path / "other.safetensors"
    words = ["calibrate", "--model", str(model), "--jobs", "2", "--count", "9"]
    assert main(words) == 0
    assert main([*words, "-o", str(other), "--plots", str(tmp_path)]) == 0
    plots = Path("runs/calibration")
    assert run == [(model, model, 9, 21, plots, 2), (model, other, 9, 21, tmp_path, 2)]


def test_losses_are_compared_at_one_budget(study: Study, tmp_path: Path) -> None:
    from veernet_core.training.compare import CANDIDATES
    from veernet_core.training.strip_pools import TINY, StudyConfig

    run = study("flows.studies.compare.run_study")
    assert main(["compare-losses", "-o", str(tmp_path), "--tiny", "--losses", "dice"]) == 0
    assert main(["compare-losses", "-o", str(tmp_path), "--steps", "3", "--batch", "2"]) == 0
    tiny, own = run
    assert tiny == (tmp_path, TINY, ["binary", "multiclass"], ["dice"], 3, 2)
    assert (own[1].steps, own[1].batch, own[1].pool) == (3, 2, 1500)
    assert type(own[1]) is StudyConfig
    assert own[3] == list(CANDIDATES)


def test_a_benchmark_is_run_as_told_and_its_figures_are_for_programs_too(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    run = study("flows.studies.benchmark.run")
    assert main(["benchmark", "--rows", "900", "--dpi", "100", "--device", "cpu", "--json"]) == 0
    assert run == [(900, 100, "cpu", "float32")]
    assert json.loads(capsys.readouterr().out) == {"report": "done", "right": 2}


def test_training_writes_a_bundle_that_is_not_calibrated_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from veernet_core.net import bundle
    from veernet_core.net.model import NetConfig, VeerNet
    from veernet_core.training import fit as fitting

    net = VeerNet(NetConfig((8, 8, 8, 8, 8), decoder_width=8, layers=0)).eval()
    seen: dict[str, Any] = {}

    @dataclass
    class State:
        average: VeerNet

    def fit(config: Any, out: Path, **options: Any) -> State:
        seen.update(config=config, **options)
        out.mkdir(parents=True)
        (out / "record.json").write_text('{"steps": 5}')
        options["report"](5, {"total": 1.0})
        return State(net)

    monkeypatch.setattr(fitting, "fit", fit)
    monkeypatch.setattr(
        "veernet_core.training.pictures.strip_pictures", lambda *_: {"strips-0.png": b"PNG"}
    )
    start = tmp_path / "start.safetensors"
    start.write_bytes(bundle.pack(net, {}, {}))
    out = tmp_path / "run"
    words = ["train", "-o", str(out), "--steps", "5", "--init", str(start), "--quiet"]
    assert main(words) == 0
    assert seen["config"].decay_steps == 5, "no more than there are steps"
    assert seen["initial"].keys() == bundle.unpack(start.read_bytes()).weights.keys()
    written = bundle.unpack((out / "veernet-small.safetensors").read_bytes())
    assert written.record == {"steps": 5}
    assert written.calibration == {}
    assert (out / "strips-0.png").read_bytes() == b"PNG"
    assert "veernet calibrate --model" in capsys.readouterr().out


def test_pages_are_trained_on_with_the_wells_left_out_in_turn(
    study: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []

    def run(*given: Any, say: Callable[[str], None]) -> list[Path]:
        say("a line about the work")
        seen.append(given)
        return [tmp_path / "layout.safetensors"]

    monkeypatch.setattr("flows.studies.train_pages.run_training", run)
    words = ["train-pages", "-o", str(tmp_path), "--steps", "4", "--pages", "6", "--folds", "3"]
    assert main([*words, "--scans", str(tmp_path), "--json"]) == 0
    ((out, pages, config, scans, truth, folds, start),) = seen
    assert (out, pages, scans, folds, start) == (tmp_path, 6, [tmp_path], 3, None)
    assert (config.steps, config.seed, config.minutes) == (4, 1, 1e9)
    assert truth == Path("tests/data/pages")
    out_text, err = capsys.readouterr()
    assert json.loads(out_text)["files"] == [str(tmp_path / "layout.safetensors")]
    assert err == "a line about the work\n", "not among what programs read"


def test_print_is_trained_with_the_fonts_that_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []

    def run(*given: Any) -> Path:
        seen.append(given[:-1])
        return tmp_path / "print.safetensors"

    monkeypatch.setattr("flows.studies.train_print.run_training", run)
    start = tmp_path / "start"
    start.write_bytes(b"weights")
    words = ["train-print", "-o", str(tmp_path), "--sheets", "5", "--fonts", "a", "b"]
    assert main([*words, "--init", str(start), "--minutes", "2"]) == 0
    ((out, sheets, config, fonts, initial),) = seen
    assert (out, sheets, fonts, initial) == (tmp_path, 5, [Path("a"), Path("b")], b"weights")
    assert (config.steps, config.minutes) == (4000, 2)
    assert str(tmp_path / "print.safetensors") in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--folds", "5"], ["--scans", "x"], ["--scans", "x", "--folds", "1"]]
)
def test_decoding_is_fitted_on_wells_left_out_alone(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], study: Study
) -> None:
    run = study("flows.studies.train_pages.run_calibration")
    assert main(["calibrate-pages", str(tmp_path), *words]) == 2
    assert "wells left out" in capsys.readouterr().err
    assert not run


def test_the_score_of_decoding_is_for_programs_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import asdict

    from veernet_core.evaluation.layout_score import LayoutScore

    score = LayoutScore()
    monkeypatch.setattr("flows.studies.train_pages.run_calibration", lambda *given, say: score)
    words = ["calibrate-pages", str(tmp_path), "--scans", str(tmp_path), "--folds", "2", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told.keys() == {"report", *asdict(score)}


def test_options_of_page_commands_have_the_defaults_of_their_studies() -> None:
    pages = parsed(page_models.fill_train_pages)
    assert (pages.steps, pages.pages, pages.folds, pages.scans) == (3000, 600, 0, [])
    prints = parsed(page_models.fill_train_print)
    assert (prints.steps, prints.sheets, prints.fonts) == (4000, 8000, [])
    fitted = parsed(page_models.fill_calibrate_pages, "models")
    assert (fitted.models, fitted.rounds) == (Path("models"), 1)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_every_shell_is_told_how_to_complete(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    assert "veernet" in capsys.readouterr().out


def test_usual_values_are_fitted_on_a_table_of_wells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    depth = np.arange(0, 900, 0.5)
    rows = [
        pd.DataFrame({"file": f"w{k:02}", "curve": name, "unit": unit, "depth": depth,
                      "value": middle + 0.2 * k / 20 + swing * np.sin(depth / 20 + k)})
        for k in range(24)
        for name, unit, middle, swing in (("GR", "GAPI", 80.0, 30.0), ("CALI", "IN", 8.5, 0.3))
    ]  # fmt: skip
    pd.concat(rows).to_parquet(tmp_path / "wells.parquet")
    out = tmp_path / "values"
    words = ["fit-values", "--curves", str(tmp_path / "wells.parquet"), "-o", str(out), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["wells"], told["right"]) == (16, 1.0)  # every third is kept for measuring
    assert {
        kind["mnemonics"][0]
        for kind in json.loads((out / "usual_values.json").read_text())["kinds"]
    } >= {"GR", "CALI"}
