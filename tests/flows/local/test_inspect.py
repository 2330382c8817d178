"""Drafts and pictures: what is written can be corrected, given back, and is then used as given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from text_support import WithLayout

from flows.cli import main as cli
from flows.engine.page_engines import PageEngines
from flows.local import inspect
from flows.local.pages import read_scan
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import U8, Raster
from veernet_core.page.drafts.annotate import MAX_PICTURES, PICTURE_HEIGHT_PX, inspect_pictures
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import Sidecar, parse_sidecar
from veernet_core.page.ocr.engine import LineRead
from veernet_core.page.results import TextBox
from veernet_core.synth.pages.draw import draw_page, tiff_bytes


class Blind(WithLayout):
    """An OCR engine that reads nothing."""

    def read(self, image: U8, turns: tuple[int, ...]) -> list[TextBox]:
        return []

    def find(self, image: U8) -> list[TextBox]:
        return []

    def recognise(self, lines: Sequence[U8], digits_only: bool = False) -> list[LineRead]:
        return [LineRead("", 0.0)] * len(lines)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scans") / "smith.tif"
    page = draw_page(np.random.default_rng(2), kind="gamma_neutron", rows=3000)
    path.write_bytes(tiff_bytes(page))
    path.with_name("truth.json").write_text(json.dumps(page.sidecar))
    return path


def test_a_draft_and_a_picture_are_written(scan: Path, tmp_path: Path) -> None:
    done = inspect.inspect_scan(read_scan(scan), tmp_path / "out", DigitiseConfig(), Blind())
    assert [p.name for p in done.files] == ["smith.sidecar.json", "smith.inspect.png"]
    draft = json.loads(done.files[0].read_text())
    (section,) = draft["sections"]
    assert "anchors" not in (section.get("depth") or {})
    assert [c["source"] for t in section["tracks"] for c in t["curves"]] == ["guess", "guess"]
    picture = cv2.imread(str(done.files[1]))
    assert picture is not None
    assert picture.shape[1] <= 1700
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    assert (spread > 60).any(), "geometry is drawn in colour"


def test_one_correction_is_enough(scan: Path, tmp_path: Path) -> None:
    """Depth anchors and one scale are stated; borders and rows stay as they were found."""
    truth = json.loads(scan.with_name("truth.json").read_text())["sections"][0]
    inspect.inspect_scan(read_scan(scan), tmp_path, DigitiseConfig(), Blind())
    draft = json.loads((tmp_path / "smith.sidecar.json").read_text())
    found = draft["sections"][0]
    fix = {
        "section_id": found["section_id"],
        "depth": {"unit": "ft", "anchors": truth["depth"]["anchors"][:2]},
        "tracks": [{"track_id": "T1", "curves": truth["tracks"][0]["curves"]}],
    }
    item = read_scan(scan)
    corrected = pipeline.ScanInput(item.ref, item.data, json.dumps({"sections": [fix]}).encode())
    log = pipeline.prepare(corrected, DigitiseConfig(), Blind())
    (section,) = log.sections
    assert section.depth is not None
    assert section.depth.source == "sidecar"
    assert [[c.source for c in t.curves] for t in section.tracks] == [["sidecar"], ["guess"]]
    assert section.row_top == pytest.approx(found["row_top"], abs=1)


def test_the_whole_way_with_the_real_engine(scan: Path, tmp_path: Path) -> None:
    assert cli.main(["inspect", str(scan), "-o", str(tmp_path)]) == 0
    text = (tmp_path / "smith.sidecar.json").read_bytes()
    truth = parse_sidecar(scan.with_name("truth.json").read_bytes(), "truth.json")
    page = Raster(3000, 1740, False, None, None, None, tuple)  # type: ignore[arg-type]
    (want,), _ = given_sections(truth, page)
    (got,), _ = given_sections(parse_sidecar(text, "smith.sidecar.json"), page)
    assert want.depth is not None
    assert got.depth is not None
    rows = np.linspace(want.row_top, want.row_bottom, 30)
    assert np.abs(got.depth.depth_at(rows) - want.depth.depth_at(rows)).max() < 0.5


def test_failures_are_told_and_do_not_stop_the_others(
    scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"no scan")
    failures = inspect.inspect_scans([bad, scan], tmp_path / "out", Blind())
    assert [uri for uri, _ in failures] == [str(bad)]
    assert (tmp_path / "out" / "smith.sidecar.json").exists()
    assert f"{bad}: failed" in capsys.readouterr().out


def test_nothing_is_written_over(scan: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(scan.read_bytes())
    (tmp_path / "a.sidecar.json").write_text("{}")
    assert cli.main(["inspect", str(tmp_path / "a.tif"), "-o", str(tmp_path)]) == 2
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.tif").write_bytes(scan.read_bytes())
    assert cli.main(["inspect", str(tmp_path), "-o", str(tmp_path / "out")]) == 2
    assert (tmp_path / "a.sidecar.json").read_text() == "{}"


def test_long_pages_become_several_pictures_of_bounded_size() -> None:
    def rows(a: int, b: int) -> U8:
        return np.full((b - a, 40, 3), 255, np.uint8)

    page = Raster(250_000, 40, True, None, lambda a, b: rows(a, b)[..., 0], rows, tuple)
    shapes = [image.shape for image in inspect_pictures(page, None, None)]
    assert 1 < len(shapes) <= MAX_PICTURES + 1
    assert max(shape[0] for shape in shapes) <= PICTURE_HEIGHT_PX + 1


def test_a_stated_sidecar_is_drawn_without_reading(scan: Path) -> None:
    stated: Sidecar = parse_sidecar(scan.with_name("truth.json").read_bytes(), "truth.json")
    item = read_scan(scan)
    item = pipeline.ScanInput(item.ref, item.data, scan.with_name("truth.json").read_bytes())
    done = pipeline.read_scan(item, DigitiseConfig(), PageEngines())
    assert done.reading is None
    (picture,) = inspect_pictures(done.raster, stated, None)
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    assert (spread > 60).any()
