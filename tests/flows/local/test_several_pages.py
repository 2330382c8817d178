"""A PDF of several pages: each is a scan with a name, a sidecar and an outcome of its own."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from PIL import Image
from test_failures import CONFIG, Blind, Upright

from flows.local import digitise, inspect
from veernet_core.synth.pages.draw import draw_page, tiff_bytes

HEIGHTS = (900, 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``wells.pdf``: two logs of different heights, and a page on which nothing is."""
    folder = tmp_path_factory.mktemp("scans")
    drawn = [
        draw_page(np.random.default_rng(2), kind="gamma_neutron", rows=rows, dpi=100)
        for rows in HEIGHTS
    ]
    images = [Image.open(io.BytesIO(tiff_bytes(page))).convert("L") for page in drawn]
    out = io.BytesIO()
    images[0].save(out, "PDF", save_all=True, append_images=images[1:], resolution=100)
    document = pypdfium2.PdfDocument(out.getvalue())
    document.new_page(300, 300)
    document.save(folder / "wells.pdf")
    for stem, page in zip(("wells", "wells-p2"), drawn):
        (folder / f"{stem}.sidecar.json").write_text(json.dumps(page.sidecar))
    return folder


def test_every_page_is_a_log_of_its_own(folder: Path, tmp_path: Path) -> None:
    scan, out = folder / "wells.pdf", tmp_path / "out"
    report = digitise.digitise_files([scan], out, Upright(), CONFIG)
    assert report.scans == {"wells": str(scan), "wells-p2": f"{scan}#page=2"}
    verdicts = pd.read_parquet(out / "verdicts.parquet")
    assert set(verdicts["log_id"]) == {"wells", "wells-p2"}
    (failure,) = pd.read_parquet(out / "failures.parquet").to_dict("records")
    assert (failure["uri"], failure["code"]) == (f"{scan}#page=3", "unsupported_format")
    again = digitise.digitise_files([scan], out, Upright(), CONFIG)
    assert again.scans == report.scans
    assert len(pd.read_parquet(out / "failures.parquet")) == 1
    (document, samples) = (out / "logs" / "wells-p2" / n for n in ("log.json", "curves.parquet"))
    assert json.loads(document.read_text())["scan"]["stem"] == "wells-p2"
    assert samples.is_file()


def test_the_same_file_in_another_folder_is_other_logs(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    report = digitise.digitise_files(
        [folder / "wells.pdf", other / "wells.pdf"], tmp_path / "out", Upright(), CONFIG
    )
    assert len(report.scans) == 4
    assert len(set(report.scans.values())) == 4


def test_inspect_writes_a_draft_of_every_page(folder: Path, tmp_path: Path) -> None:
    failures = inspect.inspect_scans([folder / "wells.pdf"], tmp_path, Blind())
    assert [(uri, error.code) for uri, error in failures] == [
        (f"{folder / 'wells.pdf'}#page=3", "unsupported_format")
    ]
    names = {path.name for path in tmp_path.glob("*.sidecar.json")}
    assert names == {"wells.sidecar.json", "wells-p2.sidecar.json"}
    beside = inspect.inspect_scans([folder / "wells.pdf"], folder, Blind(), report=str)
    assert "would be overwritten" in str(dict(beside)[f"{folder / 'wells.pdf'}#page=2"])
