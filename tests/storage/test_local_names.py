"""Scans and their folders: every scan its own, and never a picture that we made ourselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from factories import make_log, tiny_png

from flows.local.digitise import find_scans
from storage.datasets import write_datasets
from storage.listing import list_scans
from storage.local_names import LogNames
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.runs import RunRecord, write_run


def scan(folder: Path, name: str, data: bytes = b"x") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def output(out: Path, stem: str = "a") -> Path:
    publish_local(out, stem, log_files(make_log(stem), stem))
    write_datasets(out)
    scan(out / "dashboard" / "logs" / stem, "tile-0-0.png", tiny_png())
    return out


def found(*arguments: object) -> list[str]:
    return [path.as_posix() for path in find_scans([str(a) for a in arguments])]


def test_folders_that_are_called_like_scans_are_no_scans(tmp_path: Path) -> None:
    inner = scan(tmp_path / "x.tif", "y.TIF")
    assert found(tmp_path) == [inner.as_posix()]
    assert found(tmp_path / "x.tif") == [inner.as_posix()]
    assert found(tmp_path / "*.tif" / "*") == [inner.as_posix()]
    (tmp_path / "only" / "folder.tif").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        found(tmp_path / "only")


def test_results_inside_the_source_are_passed_over(tmp_path: Path) -> None:
    a = scan(tmp_path, "a.tif")
    out = output(tmp_path / "out")
    assert (out / "logs" / "a" / "overlay-main-T1.png").is_file()
    assert found(tmp_path) == [a.as_posix()]
    for inside in (out / "logs", out / "logs" / "a", out / "dashboard"):
        with pytest.raises(FileNotFoundError, match="veernet made"):
            found(inside)
    with pytest.raises(FileNotFoundError, match="veernet made"):
        found(out / "logs" / "a" / "overlay-main-T1.png")
    keys = [listed.scan.key for listed in list_scans(ObjectStore(str(tmp_path)))]
    assert keys == ["a.tif"]


def test_results_in_the_very_folder_of_the_scans(tmp_path: Path) -> None:
    a, b = scan(tmp_path, "a.tif"), scan(tmp_path / "logs2", "b.png")
    output(tmp_path)
    assert found(tmp_path) == [a.as_posix(), b.as_posix()]
    assert [s.scan.key for s in list_scans(ObjectStore(str(tmp_path)))] == ["a.tif", "logs2/b.png"]


def test_pictures_of_inspect_are_passed_over_beside_their_draft(tmp_path: Path) -> None:
    a = scan(tmp_path, "a.tif")
    for name in ("a.inspect.png", "a.inspect-2.png", "a.sidecar.json"):
        scan(tmp_path, name)
    kept = scan(tmp_path, "b.inspect.png")
    assert found(tmp_path) == [a.as_posix(), kept.as_posix()]
    keys = [listed.scan.key for listed in list_scans(ObjectStore(str(tmp_path)))]
    assert keys == ["a.tif", "b.inspect.png"]


def test_a_folder_logs_of_scans_is_no_result(tmp_path: Path) -> None:
    a = scan(tmp_path / "logs" / "a", "a.png")
    assert found(tmp_path) == [a.as_posix()]
    assert [s.scan.key for s in list_scans(ObjectStore(str(tmp_path)))] == ["logs/a/a.png"]


def test_one_file_named_in_several_ways_is_one_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(tmp_path, "a.tif")
    monkeypatch.chdir(tmp_path)
    assert found(".", "a.tif", tmp_path / "a.tif", "*.tif") == ["a.tif"]


def test_scans_of_one_stem_are_logs_of_their_own(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "out")
    a, b, c = (scan(tmp_path / folder, "log.tif") for folder in "abc")
    first, other, same = (
        names.name(a, "11" * 32),
        names.name(b, "22" * 32),
        names.name(c, "11" * 32),
    )
    assert (first, other) == ("log", "log-22222222")
    assert same.startswith("log-")
    assert len({first, other, same}) == 3
    assert names.name(a, "11" * 32) == first
    assert names.name(c, "11" * 32) == same


def test_names_stay_over_runs_and_a_moved_scan_keeps_its_own(tmp_path: Path) -> None:
    out, log = tmp_path / "out", make_log("log")
    a, b = scan(tmp_path / "a", "log.tif"), scan(tmp_path / "b", "log.tif")
    publish_local(out, "log", log_files(log, "log"))
    write_run(ObjectStore(str(out)), RunRecord("1", "", scans={"log": str(a)}))
    sha = log.scan.sha256
    assert LogNames(out).name(a, sha) == "log"
    assert LogNames(out).name(a, "33" * 32) == "log", "a scan made anew replaces the old one"
    assert LogNames(out).name(b, sha) != "log", "the same bytes still lie in the other folder"
    a.unlink()
    assert LogNames(out).name(b, sha) == "log"


def test_outputs_of_older_versions_without_places(tmp_path: Path) -> None:
    log = make_log("log")
    publish_local(tmp_path / "out", "log", log_files(log, "log"))
    moved = scan(tmp_path / "new", "log.tif")
    assert LogNames(tmp_path / "out").name(moved, log.scan.sha256) == "log"
    assert LogNames(tmp_path / "out").name(moved, "44" * 32) == "log-44444444"
