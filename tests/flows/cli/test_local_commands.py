"""``digitise``, ``inspect``, ``demo``, ``dashboard`` and ``wells``: what they print, and for whom."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from factories import make_log

from flows.cli import dashboard as dashboard_command
from flows.cli import digitise as command
from flows.cli.main import main
from flows.local.inspect import Inspected
from flows.local.report import LocalReport
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.publish import publish_local
from veernet_core.datatypes import Finding
from veernet_core.errors import DecodeError


@pytest.fixture
def results(tmp_path: Path) -> Path:
    out = tmp_path / "results"
    for name in ("a", "b"):
        publish_local(out, name, log_files(make_log(name), name))
    bare = replace(make_log("c"), well=replace(make_log("c").well, uwi=""))
    publish_local(out, "c", log_files(bare, "c"))
    write_datasets(out)
    return out


def json_lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_wells_are_written_each_with_its_folder(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wells", str(results)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    uwi, folder = first.split(": ")
    assert uwi == "15-053-00069"
    assert {path.name for path in Path(folder).iterdir()} >= {"composite.json"}
    assert second.startswith("c: left out, it has accepted curves and no UWI")


def test_a_well_that_was_asked_for_in_vain_is_named_and_counts(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["wells", str(results), "--uwi", "99-001-00001", "--quiet"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "99-001-00001: no accepted curve"
    assert "no well has both a UWI and an accepted curve" in said


def test_wells_for_programs(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["wells", str(results), "--json", "--uwi", "15-053-00069", "--uwi", "9"]
    assert main(words) == 1
    told = json_lines(capsys)
    assert told[1] == {"uwi": "9", "folder": None}
    assert told[0]["uwi"] == "15-053-00069"
    assert Path(told[0]["folder"]).is_dir()
    assert told[2:] == [{"uwi": None, "log_id": "c"}]


@pytest.mark.parametrize("name", ["wells", "dashboard"])
def test_a_folder_that_is_not_there_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, str(tmp_path / "nowhere")]) == 2
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_a_dashboard_is_built_and_its_place_is_all_that_is_printed(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", str(results), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert Path(out.strip()).name == "index.html"
    assert Path(out.strip()).is_file()
    assert err == ""


def test_a_dashboard_for_programs_counts_what_it_shows(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", str(results), "--json"]) == 0
    (told,) = json_lines(capsys)
    assert told["logs"] == 3
    assert told["curves"] == 15
    assert Path(told["dashboard"]).is_file()


def test_serving_gets_what_the_command_line_says(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    made: dict[str, Any] = {}

    def serve(store: Any, **options: Any) -> None:
        seen.update(options)
        options["prepare"](options["say"])

    monkeypatch.setattr("flows.dashboard.opening.serve", serve)
    monkeypatch.setattr(
        "flows.dashboard.serve.prepared", lambda store, **options: made.update(options)
    )
    names = tmp_path / "reviewers"
    assert (
        main(["dashboard", str(results), "--reviewers", str(names), "--add-reviewer", "Ada"]) == 0
    )
    words = ["dashboard", str(results), "--serve", "--port", "8123", "--min-r2", "0.9"]
    assert main([*words, "--reviewers", str(names), "--token", "0123456789abcdef"]) == 0
    assert (seen["host"], seen["port"], made["min_r2"]) == ("127.0.0.1", 8123, 0.9)
    for told in (seen, made):
        assert told["token"] == "0123456789abcdef"
        assert list(told["reviewers"].values()) == ["Ada"]


def test_a_reviewer_without_a_file_is_refused(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dashboard", str(results), "--add-reviewer", "Ada"]) == 2
    assert "--reviewers" in capsys.readouterr().err


def test_those_who_want_quiet_are_told_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    dashboard_command._nothing("a line")
    command._nothing("a line")
    assert capsys.readouterr() == ("", "")


FOUND = Finding.of("depth_unknown", "Section main has no depth anchors.", section_id="main")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("a.tif", "b.tif"):
        (folder / name).write_bytes(b"II*\0")
    return folder


def fake_inspection(monkeypatch: pytest.MonkeyPatch, failures: list[Any]) -> None:
    def inspect_scans(scans, out, reader, config, say, each):  # type: ignore[no-untyped-def]
        assert config.depth_unit == "m"
        for scan in scans:
            done = Inspected(f"{scan.stem}: 1 section", (out / f"{scan.stem}.png",), (FOUND,))
            say(done.summary)
            if each is not None:
                each(str(scan), done)
        for uri, error in failures:
            if each is not None:
                each(uri, error)
        return failures

    monkeypatch.setattr("flows.local.inspect.inspect_scans", inspect_scans)


def test_inspecting_says_a_line_for_each_scan(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_inspection(monkeypatch, [])
    words = ["inspect", str(scans), "-o", str(tmp_path / "drafts"), "--depth-unit", "m"]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == ["a: 1 section", "b: 1 section"]
    assert main([*words, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_inspecting_for_programs_names_files_and_findings_and_fails_where_a_scan_does(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_inspection(monkeypatch, [("c.tif", DecodeError("ends early", "c.tif"))])
    words = ["inspect", str(scans), "-o", str(tmp_path / "drafts"), "--depth-unit", "m", "--json"]
    assert main(words) == 1
    out, err = capsys.readouterr()
    first, _, failed = (json.loads(line) for line in out.splitlines())
    assert first["scan"] == str(scans / "a.tif")
    assert first["files"] == [str(tmp_path / "drafts" / "a.png")]
    assert first["findings"] == [
        {"code": "depth_unknown", "severity": FOUND.severity, "message": FOUND.message}
    ]
    assert failed["failed"] == "decode_failed"
    assert "ends early" in failed["message"]
    assert "c.tif" in err


def fake_work(monkeypatch: pytest.MonkeyPatch, report: LocalReport) -> list[Any]:
    """Digitising without a network: keeps what was to be digitised and how."""
    seen: list[Any] = []

    def digitise_files(paths, out, predictor, config, watch, engines, index, review, **more):  # type: ignore[no-untyped-def]
        seen.append(SimpleNamespace(paths=paths, config=config, review=review, more=more))
        return report

    net = SimpleNamespace(model_id="m", numerics="float32/torch/cpu", calibration={})
    monkeypatch.setattr("veernet_core.net.bundle.load_predictor", lambda *_: net)
    monkeypatch.setattr("flows.local.digitise.digitise_files", digitise_files)
    monkeypatch.setattr("flows.cli.digitise._standing", lambda *_: {})
    return seen


def test_digitising_hands_on_its_options_and_names_failures(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = [
        ("b.tif", DecodeError("ends early", "b.tif")),
        ("a.tif", DecodeError("empty", "a.tif")),
    ]
    report = LocalReport(failures=failed, dashboard=tmp_path / "index.html")
    seen = fake_work(monkeypatch, report)
    out = tmp_path / "out"
    words = ["digitise", str(scans), "-o", str(out), "--min-r2", "0.95", "--include-review"]
    assert main([*words, "--jobs", "1", "--device", "cpu"]) == 1
    (work,) = seen
    assert [path.name for path in work.paths] == ["a.tif", "b.tif"]
    assert work.config.gate.min_r2 == 0.95
    assert work.review
    assert work.more["jobs"] == 1
    err = capsys.readouterr().err.splitlines()
    at = err.index("2 of 2 scans failed:")
    assert "a.tif" in err[at + 1], "in the order of their names"
    assert "b.tif" in err[at + 2]


def test_scans_whose_result_stands_are_passed_over_unless_forced(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = fake_work(monkeypatch, LocalReport(dashboard=tmp_path / "index.html"))
    stands = {scans / "a.tif": [{}]}
    monkeypatch.setattr("flows.cli.digitise._standing", lambda *_: stands)
    out = tmp_path / "out"
    words = ["digitise", str(scans), "-o", str(out), "--device", "cpu"]
    assert main(words) == 0
    assert [path.name for path in seen[-1].paths] == ["b.tif"]
    assert "1 of 2 scans are done already" in "".join(capsys.readouterr())
    assert main([*words, "--force"]) == 0
    assert len(seen[-1].paths) == 2
    stands[scans / "b.tif"] = [{}]
    assert main(words) == 0
    assert len(seen) == 2, "nothing is left to do"


def test_the_canary_may_hold_what_a_run_accepts(
    scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = fake_work(monkeypatch, LocalReport(dashboard=tmp_path / "index.html"))
    watched: list[Any] = []

    def watch_local(out, config, model, device, precision, tiles, hold):  # type: ignore[no-untyped-def]
        watched.append(hold)
        return replace(config, gate=replace(config.gate, min_r2=0.99))

    monkeypatch.setattr("flows.archive.canary.watch_local", watch_local)
    words = ["digitise", str(scans), "-o", str(tmp_path / "out"), "--device", "cpu", "--canary"]
    assert main(words) == 0
    assert main([*words, "report"]) == 0
    assert main([*words, "off"]) == 0
    assert watched == [True, False]
    assert [work.config.gate.min_r2 for work in seen][:2] == [0.99, 0.99]


def test_the_demo_draws_its_scans_with_their_sidecars(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = [
        SimpleNamespace(stem="one", tiff=b"II*\0", sidecar={"well": {"name": "A"}}),
        SimpleNamespace(stem="two", tiff=b"II*\0", sidecar=None),
    ]
    seeds: list[int] = []
    monkeypatch.setattr(
        "veernet_core.synth.pages.demo.demo_archive", lambda seed: seeds.append(seed) or drawn
    )
    failed = [("two.tif", DecodeError("cut", "two.tif"))]
    seen = fake_work(monkeypatch, LocalReport(failures=failed, dashboard=tmp_path / "i.html"))
    out = tmp_path / "out"
    assert main(["demo", "-o", str(out), "--seed", "4"]) == 0, "a damaged scan is part of it"
    assert seeds == [4]
    names = sorted(path.name for path in (out / "scans").iterdir())
    assert names == ["one.sidecar.json", "one.tif", "two.tif"]
    sidecar = json.loads((out / "scans" / "one.sidecar.json").read_text())
    assert sidecar == {"well": {"name": "A"}}
    assert [path.name for path in seen[0].paths] == ["one.tif", "two.tif"]
    assert "drawing a small archive" in capsys.readouterr().out
