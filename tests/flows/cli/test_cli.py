"""The command line: exit codes, clear errors, and packages that resolve to this project."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import lasio
import numpy as np
import pandas as pd
import pytest
from small_network import SMALL_NETWORK

from flows.cli import main as cli
from flows.local.digitise import find_scans
from veernet_core.config import OPTIONS, configured

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``veernet demo`` made: the folder named by VEERNET_DEMO, where it has just been run."""
    if made := os.environ.get("VEERNET_DEMO"):
        return Path(made)
    out = tmp_path_factory.mktemp("demo") / "out"
    assert cli.main(["demo", "-o", str(out)]) == 0
    return out


def test_demo_shows_every_kind_of_outcome(demo: Path) -> None:
    verdicts = pd.read_parquet(demo / "verdicts.parquet")
    assert {"accept", "review"} <= set(verdicts["decision"])
    assert (demo / "dashboard" / "index.html").stat().st_size > 5_000
    assert len(list((demo / "logs").iterdir())) >= 8


def test_the_first_log_of_the_demo_is_accepted_unaided_and_the_second_waits_for_a_person(
    demo: Path,
) -> None:
    assert not list((demo / "scans").glob("[12]-*.sidecar.json"))
    verdicts = pd.read_parquet(demo / "verdicts.parquet").set_index("log_id")
    own = verdicts.loc["1-unaided-sonic"]
    assert dict(zip(own["mnemonic"], own["decision"], strict=True)) == dict.fromkeys(
        ("GR", "CALI", "DT"), "accept"
    )
    assert "2-without-depth" not in verdicts.index
    record = json.loads((demo / "logs" / "2-without-depth" / "log.json").read_text())
    assert [s["depth"] for s in record["sections"]] == [None]
    assert len(record["sections"][0]["tracks"]) == 2


def test_demo_las_holds_only_accepted_curves(demo: Path) -> None:
    verdicts = pd.read_parquet(demo / "verdicts.parquet")
    accepted = verdicts[verdicts["decision"] == "accept"]
    files = list((demo / "logs").glob("*/*.las"))
    assert len(files) == accepted["log_id"].nunique()
    for path in files:
        las = lasio.read(path)
        own = accepted[accepted["log_id"] == path.parent.name]
        assert set(las.keys()[1:]) == set(own["mnemonic"])
        depth = las.index
        assert np.allclose(depth / 0.5, np.round(depth / 0.5))
        assert las.well["NULL"].value == -999.25


def test_curves_dataset_keeps_the_rejected(demo: Path) -> None:
    curves = pd.read_parquet(demo / "curves")
    verdicts = pd.read_parquet(demo / "verdicts.parquet")
    keys = ["log_id", "section_id", "track_id", "mnemonic"]
    have = set(map(tuple, curves[keys].drop_duplicates().to_numpy()))
    assert have == set(map(tuple, verdicts[keys].to_numpy()))
    assert not (curves["value"] == -999.25).any()


def test_bad_scans_are_listed_with_a_remedy(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "broken.tif").write_bytes(b"II*\x00 but no more")
    (folder / "empty.tif").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    good = next((demo / "scans").glob("skewed-gamma-neutron.tif"))
    (folder / good.name).write_bytes(good.read_bytes())
    command = ["digitise", str(folder), "-o", str(tmp_path / "out"), "--model", str(SMALL_NETWORK)]
    assert cli.main(command) == 1
    err = capsys.readouterr().err
    for name in ("broken.tif", "empty.tif", "text.png"):
        assert name in err
    assert "Traceback" not in err
    failures = pd.read_parquet(tmp_path / "out" / "failures.parquet")
    assert len(failures) == 3
    assert failures["remedy"].str.len().min() > 10
    assert (tmp_path / "out" / "logs" / good.stem / "log.json").exists()


@pytest.mark.parametrize(
    "argv",
    [
        ["digitise", "no-such-file.tif", "-o", "x"],
        ["digitise"],
        ["unknown"],
        [],
        ["dashboard", "no-such-folder"],
        ["digitise", ".", "-o", "x", "--step", "-1"],
        ["digitise", ".", "-o", "x", "--min-r2", "2"],
    ],
)
def test_bad_usage_is_exit_2(
    argv: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(argv) == 2


def test_find_scans(tmp_path: Path) -> None:
    for name in ("a.tif", "b.PNG", "c.txt", "sub/d.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    names = [p.name for p in find_scans([str(tmp_path), str(tmp_path / "a.tif")])]
    assert names == ["a.tif", "b.PNG", "d.pdf"]
    assert [p.name for p in find_scans([str(tmp_path / "*.tif")])] == ["a.tif"]


OUT_OF_REACH = [
    ("--step", "0.33333333"),
    ("--step", "0.1234567"),
    ("--step", "1e-4"),
    ("--step", "nan"),
    ("--step", "inf"),
    ("--step", "500"),
    ("--min-r2", "nan"),
    ("--reject-r2", "nan"),
    ("--min-coverage", "1.5"),
    ("--max-depth-residual-ft", "-1"),
]


@pytest.mark.parametrize(("option", "value"), [*OUT_OF_REACH, ("--batch-tiles", "0")])
def test_options_that_cannot_be_met_are_refused_before_any_work(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    out = tmp_path / "out"
    assert cli.main(["digitise", str(tmp_path / "a.tif"), "-o", str(out), option, value]) == 2
    assert option.lstrip("-").split("-")[0] in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(("option", "value"), OUT_OF_REACH)
def test_batch_refuses_them_too(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    places = ["--source", str(tmp_path / "in"), "--dest", str(tmp_path / "out")]
    assert cli.main(["batch", *places, option, value]) == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize("step", [0.5, 0.1, 0.1524, 0.01, 2.0, 0.333333])
def test_steps_that_can_be_written_are_taken(step: float) -> None:
    assert configured({"step": step}).step == step


def test_an_output_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    for command in ("digitise", "inspect"):
        argv = [command, str(tmp_path / "a.tif"), "-o", str(tmp_path / "file" / "out")]
        assert cli.main(argv) == 2
        assert "is a file, and results need a folder" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["flows", "storage", "veernet_core"])
def test_packages_resolve_here(package: str) -> None:
    assert Path(importlib.import_module(package).__file__ or "").parents[1] == ROOT


def seconds_of(code: str) -> float:
    """Processor time of a fresh interpreter, its own start taken off; the least of three."""
    timed = f"import os; t = os.times(); {code}; u = os.times(); print(u.user - t.user + u.system - t.system)"
    runs = [
        subprocess.run(
            [sys.executable, "-c", timed], check=True, cwd=ROOT, capture_output=True, text=True
        )
        for _ in range(3)
    ]
    return min(float(run.stdout.split()[-1]) for run in runs)


def test_help_appears_at_once() -> None:
    heavy = "{'prefect', 'torch', 'numpy', 'scipy', 'pydantic', 'pyarrow'} & sys.modules.keys()"
    code = f"import sys; from flows.cli.main import main; assert main(['--help']) == 0; assert not {heavy}"
    assert seconds_of(code) < 0.5
    assert seconds_of("import veernet_core") < 0.5


def test_help_of_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for name, _, _ in cli.COMMANDS:
        assert cli.main([name, "--help"]) == 0
        assert f"veernet {name}" in capsys.readouterr().out
    assert cli.main(["digitize", "--help"]) == 0


def test_digitise_and_batch_share_the_options_of_digitising(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for command in ("digitise", "batch"):
        assert cli.main([command, "--help"]) == 0
        text = " ".join(capsys.readouterr().out.split())
        for name, option in OPTIONS.items():
            assert "--" + name.replace("_", "-") in text
            assert option.help in text
