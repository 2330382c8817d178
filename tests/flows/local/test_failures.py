"""Whatever one scan raises, and wherever, is that scan's failure: the others are done, and it is said."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from text_support import WithLayout

from flows.local import digitise, inspect, pages
from flows.local.report import Watch
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import U8, Posterior, Strip
from veernet_core.errors import VeernetError, of_scan, plain_text
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.raster.gdal_pixels import GdalPixels
from veernet_core.page.results import TextBox
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

CONFIG = DigitiseConfig(overlays=False)
SHORT, TALL = 900, 1100


class Upright:
    """A network that sees a straight line everywhere, but stumbles over strips of the taller page."""

    model_id = "test"
    numerics = "float32"
    calibration: Mapping[str, Any] = {}

    def __init__(self, stumbles: bool = False) -> None:
        self.stumbles = stumbles

    def predict(self, strips: Sequence[Strip]) -> list[Posterior]:
        out = []
        for strip in strips:
            if self.stumbles and strip.scan_rows.max() > SHORT:
                cv2.LUT(np.zeros((2, 2), np.uint16), np.zeros(256, np.uint8))
            rows, cols = strip.ink.shape
            position = np.zeros((3, rows, cols), np.float16)
            position[:, :, cols // 2] = 1.0
            out.append(Posterior(position, np.ones((3, rows), np.float32)))
        return out


class Blind(WithLayout):
    """An OCR engine that reads nothing."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        return []

    def find(self, image: U8) -> list[TextBox]:
        return []

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        return [LineRead("", 0.0)] * len(lines)


class Broken(WithLayout):
    """An OCR engine that raises what no engine of ours would."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        raise IndexError("list index out of range")

    def find(self, image: U8) -> list[TextBox]:
        raise IndexError("list index out of range")

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        raise IndexError("list index out of range")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scans")
    for stem, rows in (("a", SHORT), ("b", TALL), ("c", SHORT)):
        page = draw_page(np.random.default_rng(2), kind="gamma_neutron", rows=rows, dpi=100)
        (folder / f"{stem}.tif").write_bytes(tiff_bytes(page))
        (folder / f"{stem}.sidecar.json").write_text(json.dumps(page.sidecar))
    return sorted(folder.glob("*.tif"))


def run(scans: Sequence[Path], out: Path, **changes: Any) -> pd.DataFrame:
    """Digitise; whatever happened, all that a run leaves behind is there."""
    given = {"predictor": Upright(), "config": CONFIG, **changes}
    report = digitise.digitise_files(scans, out, **given)
    assert (out / "dashboard" / "index.html").is_file()
    failures = pd.read_parquet(out / "failures.parquet")
    verdicts = pd.read_parquet(out / "verdicts.parquet")
    done = {path.stem for path in scans} - {Path(uri).stem for uri in failures["uri"]}
    assert set(verdicts["log_id"]) == done
    assert report.exit_code == (1 if len(failures) else 0)
    return failures


def only(failures: pd.DataFrame, stem: str, code: str, stage: str) -> str:
    (row,) = failures.to_dict("records")
    assert Path(row["uri"]).stem == stem
    assert (row["code"], row["stage"]) == (code, stage)
    assert row["remedy"]
    assert "OpenCV" not in row["message"]
    assert "Assertion failed" not in row["message"]
    return str(row["message"])


def test_a_network_that_fails_on_one_scan_costs_that_scan(scans: list[Path], tmp_path: Path):
    failures = run(scans, tmp_path / "out", predictor=Upright(stumbles=True))
    assert "cv2.error in" in only(failures, "b", "internal_error", "infer")


def test_a_decoder_that_fails_costs_that_scan(scans, tmp_path, monkeypatch):
    decode = GdalPixels._decode

    def refuse(self: GdalPixels, row0: int, row1: int) -> U8:
        if self.height_px > SHORT:
            cv2.LUT(np.zeros((2, 2), np.uint16), np.zeros(256, np.uint8))
        return decode(self, row0, row1)

    monkeypatch.setattr(GdalPixels, "_decode", refuse)
    message = only(run(scans, tmp_path / "out"), "b", "internal_error", "decode")
    assert "veernet_core.page.raster" in message
    failures = inspect.inspect_scans(scans, tmp_path / "drafts", Blind())
    assert [(Path(uri).stem, error.stage) for uri, error in failures] == [("b", "decode")]
    assert (tmp_path / "drafts" / "c.sidecar.json").is_file()


def test_tracing_and_writing_that_fail_cost_that_scan(scans, tmp_path, monkeypatch):
    def fall(log: Any, *rest: Any, **named: Any) -> Any:
        if log.scan.stem == "b":
            raise ZeroDivisionError
        return files(log, *rest, **named)

    files = digitise.log_files
    monkeypatch.setattr(digitise, "log_files", fall)
    failures = run(scans, tmp_path / "written")
    assert "ZeroDivisionError" in only(failures, "b", "internal_error", "write")
    monkeypatch.undo()

    def slip(strip: Strip, *_: Any) -> Any:
        if strip.scan_rows.max() > SHORT:
            raise AssertionError
        return trace(strip, *_)

    trace = digitise.trace_block
    monkeypatch.setattr(digitise, "trace_block", slip)
    assert "AssertionError" in only(run(scans, tmp_path / "traced"), "b", "internal_error", "trace")


def test_a_reader_that_fails_costs_the_scans_it_is_needed_for(scans, tmp_path):
    bare = tmp_path / "bare.tif"
    bare.write_bytes(scans[0].read_bytes())
    failures = run([bare, scans[1]], tmp_path / "out", reader=Broken())
    message = only(failures, "bare", "reading_failed", "page")
    assert "out of range" not in message


def test_a_sidecar_that_cannot_be_opened_costs_its_scan(scans, tmp_path, monkeypatch):
    def locked(path: Path) -> bytes | None:
        if path.stem == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return beside(path)

    beside = pages.sidecar_beside
    monkeypatch.setattr(pages, "sidecar_beside", locked)
    only(run(scans, tmp_path / "out"), "b", "internal_error", "read")


def test_what_was_done_is_written_where_a_run_is_interrupted(scans, tmp_path):
    def stop(done: int, result: Any) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digitise.digitise_files(scans, tmp_path, Upright(), CONFIG, Watch(stop))
    assert set(pd.read_parquet(tmp_path / "verdicts.parquet")["log_id"]) == {"a", "b"}
    assert (tmp_path / "failures.parquet").is_file()
    assert (tmp_path / "dashboard" / "index.html").is_file()


@pytest.mark.parametrize(("asked", "given"), [(0.1, "is 0.2 ft"), (1.0, None), (None, None)])
def test_a_step_that_is_changed_is_said(scans, tmp_path, asked, given):
    digitise.digitise_files(scans[:1], tmp_path, Upright(), replace(CONFIG, step=asked))
    log = json.loads((tmp_path / "logs" / "a" / "log.json").read_text())
    said = [f for f in log["findings"] if f["code"] == "step_coarsened"]
    assert [given in f["message"] for f in said] == ([] if given is None else [True])
    assert [f["severity"] for f in said] == ([] if given is None else ["warning"])


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("'/vsimem/3f1c/3f1c.tif' not recognized", "'the file' not recognized"),
        ("GTIFF_DIR:2:/vsimem/ab-1/ab-1. is bad", "the file is bad"),
        ("cannot identify <_io.BytesIO object at 0x7f00aa10>", "cannot identify the file"),
        ("two\n lines ", "two lines"),
    ],
)
def test_messages_carry_no_random_names(said: str, plain: str):
    assert plain_text(ValueError(said)) == plain


def test_our_own_errors_pass_unchanged():
    error = VeernetError("wrong", "", "Do this.")
    assert of_scan(error, "w.tif") is error
    assert error.where == "w.tif"
    assert of_scan(MemoryError(), "w.tif").code == "out_of_memory"
