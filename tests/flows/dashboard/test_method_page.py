"""The method page's data: taken from what was measured, and nothing where nothing was."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flows.dashboard import method
from flows.dashboard.method import method_data, method_files, write_method_page
from flows.engine.bundle_facts import read_bundle
from flows.studies.evaluate import CURVE_COLUMNS, evaluation_json
from storage.objects import ObjectStore
from veernet_core.datatypes import Posterior
from veernet_core.errors import BundleError
from veernet_core.evaluation.drawings import by_veernet, evaluate
from veernet_core.metrics import Overlap
from veernet_core.net import bundle


def shown(files: dict[str, bytes]) -> dict[str, Any]:
    found = re.fullmatch(r"veernetMethod\((.*)\);\n", files["method-data.js"].decode("ascii"))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_bundle_is_read_as_the_network_reads_it() -> None:
    data = bundle.shipped_bytes()
    whole = bundle.unpack(data)
    assert read_bundle(data) == (whole.model_id, whole.calibration, whole.record)


@pytest.mark.parametrize("data", [b"", b"\x04\0\0\0\0\0\0\0null", b"\xff" * 64])
def test_what_is_no_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        method_data(data, [])


def test_reliability_is_the_bundles_own() -> None:
    data = shown(method_files(measured=[]))
    calibration = bundle.unpack(bundle.shipped_bytes()).calibration
    assert data["reliability"] == calibration["measured"]
    assert data["evaluation"] is None
    assert data["losses"] is None


def test_page_names_the_commands_of_what_is_missing(tmp_path: Path) -> None:
    page = method_files(measured=[tmp_path])["method.html"].decode()
    assert page.count('class="missing"') == 3
    assert "veernet evaluate --curves TABLE -o DIR" in page
    assert "veernet compare-losses -o DIR" in page
    assert 'id="overlap-chart"' not in page


def test_first_folder_that_has_a_whole_file_gives_it(tmp_path: Path) -> None:
    for name, text in (("a", "{ half"), ("b", '{"model_id": "b"}'), ("c", '{"model_id": "c"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "evaluation.json").write_text(text)
    data = method_data(None, [tmp_path / name for name in "abc"])
    assert data["evaluation"] == {"model_id": "b"}
    assert data["foreign"]


def test_evaluation_of_this_very_model_is_not_foreign(tmp_path: Path) -> None:
    model_id = read_bundle(bundle.shipped_bytes())[0]
    (tmp_path / "evaluation.json").write_text(json.dumps({"model_id": model_id}))
    assert not method_data(None, [tmp_path])["foreign"]


def test_written_whole_and_only_where_it_changed(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    path = Path(write_method_page(store))
    names = {
        "method.html",
        "method-data.js",
        "assets/theme.css",
        "assets/method.css",
        "assets/method.js",
    }
    folder = tmp_path / "dashboard"
    written = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    assert written == names
    before = {name: (folder / name).stat().st_mtime_ns for name in names}
    write_method_page(store)
    assert {name: (folder / name).stat().st_mtime_ns for name in names} == before
    for match in re.findall(r'(?:src|href)="([^"#]+)"', path.read_text("utf-8")):
        assert match in {*names, "data:,", "index.html"}


def test_package_without_weights_still_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(method, "bundle_bytes", lambda: None)
    files = method_files(measured=[])
    assert "veernet calibrate" in files["method.html"].decode()
    assert shown(files)["model"]["id"] == "none"


def test_evaluation_counts_masks_curve_by_curve() -> None:
    class Truthful:
        """A network that answers solid ink everywhere: full recall of solid, none of the rest."""

        def predict(self, strips: Any) -> list[Posterior]:
            rows, cols = strips[0].ink.shape
            mask = np.zeros((4, rows, cols), np.float16)
            mask[1] = 1
            flat = np.full((3, rows, cols), 1 / cols, np.float16)
            return [Posterior(flat, np.ones((3, rows), np.float32), mask)]

    table, overlaps = evaluate({"veernet": (Truthful(), by_veernet)}, ["own"], 3, 5)
    solid = table["style"] == "solid"
    assert (table["mask_recall"][solid & (table["visible"] > 0.1)] == 1).all()
    assert not (table["mask_recall"][~solid] > 0).any()
    assert overlaps["veernet", "own", 0].true_positive == 0
    text = evaluation_json(table, overlaps, {"model_id": "m", "strips": 3, "seed": 5})
    told = json.loads(text)
    assert told["model_id"] == "m"
    assert sorted(told["curves"]) == sorted(CURVE_COLUMNS)
    assert {len(column) for column in told["curves"].values()} == {len(table)}
    assert "NaN" not in text


def test_evaluation_json_keeps_the_pixel_counts() -> None:
    table = pd.DataFrame({name: ["x"] for name in CURVE_COLUMNS})
    text = evaluation_json(table, {("veernet", "own", 2): Overlap(3, 4, 5)}, {})
    assert json.loads(text)["overlaps"] == [
        {"method": "veernet", "set": "own", "label": 2, "true_positive": 3, "false_positive": 4,
         "false_negative": 5}
    ]  # fmt: skip
