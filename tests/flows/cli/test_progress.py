"""What is said of a scan names it; counters are up to date when a line appears."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flows.cli.main import main
from flows.cli.options import require_writable
from flows.cli.progress import Show, failure_line, line_of, shared_stems
from flows.local.pages import read_pages
from veernet_core.datatypes import FailedScan, ScanRef
from veernet_core.errors import DecodeError, SidecarError, WriteError

FAILED = FailedScan(ScanRef("b/x.tif", "x", "0", 1), DecodeError("junk", "b/x.tif"))


def test_a_failure_is_told_with_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert line_of(FAILED) == "b/x.tif: failed (decode_failed)"
    with Show(2, shared={"x"}) as show:
        show.scan(1, FAILED)
    assert capsys.readouterr().out.startswith("[1/2, 0 s left] b/x.tif: failed")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (DecodeError("junk", "b/x.tif", "Do it."), "b/x.tif: junk [decode_failed] Do it."),
        (
            SidecarError("no object", "x.sidecar.json: well", "Do it."),
            "b/x.tif: x.sidecar.json: well: no object [bad_sidecar] Do it.",
        ),
    ],
)
def test_the_list_of_failures_names_the_scan(error: DecodeError, line: str) -> None:
    assert failure_line("b/x.tif", error) == line


def test_stems_that_several_scans_have() -> None:
    assert shared_stems([Path("a/x.tif"), Path("b/x.png"), Path("y.tif")]) == {"x"}


def test_a_file_of_several_pages_is_counted_when_it_is_opened(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Show(1) as show:
        show.found(2)
        show.scan(1, FAILED)
    assert capsys.readouterr().out.startswith("[1/3, ")


def test_the_bar_has_counted_a_scan_when_its_line_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    drawn: list[float] = []
    with Show(3, as_json=True) as show:
        assert show._bar is not None
        bar = show._bar
        monkeypatch.setattr(bar, "refresh", lambda: drawn.append(bar.tasks[0].completed))
        monkeypatch.setattr(
            "builtins.print", lambda *words, **more: drawn.append(-1.0 if words else 0.0)
        )
        show.scan(1, FAILED)
    assert drawn[:2] == [1.0, -1.0]


def test_a_pipe_is_a_failure_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    (failed,) = read_pages(tmp_path / "pipe.tif")
    assert isinstance(failed, FailedScan)
    assert "pipe" in failed.error.message
    assert failed.error.remedy.startswith("Write what it gives to a file")


def test_a_sidecar_that_is_a_pipe_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_bytes(b"II*\0")
    os.mkfifo(tmp_path / "x.sidecar.json")
    (failed,) = read_pages(tmp_path / "x.tif")
    assert isinstance(failed, FailedScan)
    assert failed.error.code == "bad_sidecar"


@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_an_output_that_is_a_file_is_said_to_be_one(tmp_path: Path, below: str) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(WriteError, match="is a file, and results need a folder") as caught:
        require_writable(tmp_path / "taken" / below)
    assert caught.value.where == str(tmp_path / "taken")
    assert "-o" in caught.value.remedy


@pytest.mark.parametrize(
    "command", ["demo", "digitise", "inspect", "train", "evaluate", "train-pages"]
)
def test_every_command_refuses_an_output_that_is_a_file(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("mine")
    (tmp_path / "x.tif").write_bytes(b"II*\0")
    scans = [str(tmp_path / "x.tif")] if command in ("digitise", "inspect") else []
    assert main([command, *scans, "-o", str(tmp_path / "taken")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize("device", ["tpu", "cuda:x", "gpu", ""])
def test_a_device_that_is_none_is_bad_usage(
    device: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["digitise", str(tmp_path), "--device", device, "-o", str(tmp_path / "out")]
    assert main(argv) == 2
    assert "is none of auto, cpu, cuda, cuda:N" in capsys.readouterr().err
