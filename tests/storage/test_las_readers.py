"""Our LAS files in readers of another language: wellio and las-js, which see values and texts alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import GR, ILD, judge, make_curve, make_log, only

from storage.las import las_bytes
from veernet_core.datatypes import DigitisedLog, WellInfo

READERS = Path(__file__).with_name("las_readers")
MODULES = Path(os.environ.get("VEERNET_LAS_READERS", READERS / "node_modules"))

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="needs node"),
    pytest.mark.skipif(
        not (MODULES / "las-js").is_dir() or not (MODULES / "wellio").is_dir(),
        reason="needs wellio and las-js: npm install --prefix tests/storage/las_readers",
    ),
]


def seen(log: DigitisedLog, tmp_path: Path, **options: Any) -> dict[str, Any]:
    path = tmp_path / "a.las"
    path.write_bytes(las_bytes(log, "main", **options) or b"")
    ran = subprocess.run(
        ["node", str(READERS / "read_las.cjs"), str(path)],
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, "NODE_PATH": str(MODULES)},
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_values_depths_and_gaps(tmp_path: Path) -> None:
    log = make_log()
    found = seen(log, tmp_path)
    gr, ild = log.curves[0].curve, log.curves[2].curve
    assert found["lasJs"]["header"] == ["DEPT", "GR", "ILD"]
    data = np.array(found["lasJs"]["data"], dtype=float)
    wellio = np.array([found["wellio"]["curves"][k] for k in ("DEPT", "GR", "ILD")], dtype=float).T
    np.testing.assert_array_equal(data, wellio)
    np.testing.assert_array_equal(data[:, 0], gr.depth)
    expected = np.where(np.isnan(gr.value), -999.25, gr.value)
    np.testing.assert_allclose(data[:, 1], expected, atol=0.006)
    inside = np.isin(gr.depth, ild.depth)
    np.testing.assert_allclose(data[inside, 2], ild.value, rtol=1e-4)
    assert found["lasJs"]["stripped"] == int((data != -999.25).all(axis=1).sum())
    assert (found["lasJs"]["version"], found["lasJs"]["wrap"]) == (2, False)


@pytest.mark.parametrize(
    "company", ["Great Plains Oil Co.", "X", "1962", "Anglo-Persian " * 12, ""]
)
def test_header_values(tmp_path: Path, company: str) -> None:
    log = make_log()
    found = seen(replace(log, well=replace(log.well, company=company)), tmp_path)
    expected = {"STRT": "7200.0", "STOP": "7400.0", "STEP": "0.5", "NULL": "-999.25",
                "COMP": company.strip(), "WELL": "Smith #1-22", "UWI": "15-053-00069",
                "API": "15-053-00069", "SRVC": "Schlumberger", "LOC": ""}  # fmt: skip
    for key, value in expected.items():
        assert found["lasJs"]["well"][key]["value"] == value, key
        assert found["wellio"]["well"][key] == value, key
    assert found["lasJs"]["well"]["STRT"]["unit"] == "FT"
    assert found["lasJs"]["curves"]["ILD"]["unit"] == "OHMM"
    assert found["lasJs"]["curves"]["GR"]["description"].startswith("track T1, scale 0 to 150")
    assert found["lasJs"]["parameters"]["SCAN"]["value"] == "smith_1-22"
    assert log.provenance.scan_sha256 in found["lasJs"]["other"]


def test_whole_numbers_and_one_curve(tmp_path: Path) -> None:
    curve = make_curve(replace(GR, unit="", right=1.5e6), unit="m", step=2.0, first=100, count=9)
    found = seen(only(make_log(), judge(curve)), tmp_path)
    assert [found["lasJs"]["well"][k]["value"] for k in ("STRT", "STOP", "STEP")] == [
        "200",
        "216",
        "2",
    ]
    np.testing.assert_allclose([row[1] for row in found["lasJs"]["data"]], curve.value, atol=150)
    assert len(found["wellio"]["curves"]["GR"]) == 9


def test_hostile_and_foreign_text(tmp_path: Path) -> None:
    well = WellInfo("1", "Скважина: ~A 1 2\r\n~C 12", "~Other\n~W", "#大庆", "~", "a:b:c", "x~y")
    curves = [judge(make_curve(replace(spec, mnemonic=name, unit="g / c.c:")))
              for spec, name in [(GR, "ГК"), (ILD, "~A"), (GR, "GR.1")]]  # fmt: skip
    log = replace(only(make_log(), *curves), well=well)
    found = seen(log, tmp_path, remarks=["~Aha: by Müller\n~C x", "# a note"])
    assert found["lasJs"]["header"] == ["DEPT", "GK", "A", "GR_1"]
    assert list(found["wellio"]["curves"]) == ["DEPT", "GK", "A", "GR_1"]
    assert len(found["lasJs"]["data"]) == 401
    assert all(len(row) == 4 for row in found["lasJs"]["data"])
    assert found["lasJs"]["well"]["WELL"]["value"] == "Skvazhina; -A 1 2 -C 12"
    assert found["wellio"]["well"]["WELL"] == "Skvazhina; -A 1 2 -C 12"
    assert "by Muller" in found["lasJs"]["other"]


def test_the_file_with_curves_in_review(tmp_path: Path) -> None:
    found = seen(make_log(), tmp_path, decision="review")
    assert found["lasJs"]["header"] == ["DEPT", "CALI"]
    for item in (*found["lasJs"]["well"].values(), *found["lasJs"]["curves"].values()):
        assert item["description"].endswith("(IN REVIEW, NOT ACCEPTED)")
