"""What of a scan could not be read stands in its LAS files with rows and depths, as in ``log.json``."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import lasio
import numpy as np
import pyarrow.parquet as pq
import pytest
from factories import make_log

from storage.damage import damage_lines
from storage.delivery import restored_log
from storage.las import las_bytes
from storage.log_files import RECORD, SAMPLES, log_files
from storage.records import read_record
from veernet_core.datatypes import DepthAxis, DigitisedLog, Finding, Raster, Section
from veernet_core.page.raster.turning import turned

AXIS = DepthAxis("ft", np.array([[100.0, 1000.0], [2100.0, 1100.0]]))
SECTION = Section("main", 100.0, 2100.0, AXIS, ())


def damaged(first: int, last: int, code: str = "damaged_rows") -> Finding:
    return Finding.of(code, f"Rows {first}-{last} are damaged.", rows=(first, last))


@pytest.mark.parametrize(
    ("finding", "depths"),
    [
        (damaged(300, 499), "1010.0 to 1020.0 FT"),
        (damaged(0, 299, "missing_rows"), "1000.0 to 1010.0 FT"),
        (damaged(1900, 9000), "1090.0 to 1100.0 FT"),
        (damaged(0, 99), ""),
        (damaged(2100, 2200), ""),
        (Finding.of("dark_page"), ""),
        (Finding.of("scale_contradicted", rows=(300, 499)), ""),
    ],
)
def test_rows_as_depths_of_the_section(finding: Finding, depths: str) -> None:
    lines = damage_lines([finding], SECTION)
    expected = f"{finding.message} In this section: {depths}."
    assert lines == ([expected] if depths else [])


def test_without_a_depth_axis_nothing_is_told() -> None:
    assert damage_lines([damaged(300, 499)], replace(SECTION, depth=None)) == []


def damaged_log() -> DigitisedLog:
    log = make_log()
    section = replace(log.sections[0], row_top=100.0, row_bottom=2100.0, depth=AXIS)
    return replace(log, sections=(section,), findings=(damaged(300, 499), *log.findings))


def test_las_tells_what_log_json_tells_also_after_a_review() -> None:
    log = damaged_log()
    data = las_bytes(log, "main")
    assert data is not None
    other = lasio.read(data.decode("ascii").replace("\r\n", "\n")).other
    line = "Damage of the scan: Rows 300-499 are damaged. In this section: 1010.0 to 1020.0 FT."
    assert line in other
    files = log_files(log)
    assert "Rows 300-499" in json.dumps(json.loads(files[RECORD])["findings"])
    samples = pq.read_table(io.BytesIO(files[SAMPLES]))
    again = restored_log(read_record(files[RECORD]), samples)
    assert las_bytes(again, "main") == data
    assert b"Damage" not in (las_bytes(make_log(), "main") or b"")


@pytest.mark.parametrize(("turn", "rows"), [(0, (10, 19)), (180, (80, 89)), (90, (0, 39))])
def test_rows_of_findings_are_those_of_the_turned_page(turn: int, rows: tuple[int, int]) -> None:
    def read(a: int, b: int) -> np.ndarray:
        return np.zeros((b - a, 40), dtype=np.uint8)

    raster = Raster(100, 40, False, None, read, read, lambda: (damaged(10, 19),))
    (finding,) = turned(raster, turn).drain_findings()
    assert finding.rows == rows
    assert ("turned" in finding.message) is (turn != 0)
