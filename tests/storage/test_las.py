"""LAS and CSV are judged by readers we did not write, and by the values that went in."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import welly
from factories import CALI, GR, ILD, NPHI, judge, make_curve, make_log, only
from hypothesis import given, settings
from hypothesis import strategies as st
from las_support import conforms, read

from storage.las import las_bytes
from storage.las_text import ascii_text, unique_mnemonics
from storage.section_table import csv_bytes, value_decimals
from veernet_core.datatypes import CurveSpec, DigitisedLog, Finding, WellInfo
from veernet_core.errors import WriteError

MANDATORY = [
    "STRT", "STOP", "STEP", "NULL", "COMP", "WELL", "FLD", "LOC", "CNTY", "STAT", "CTRY", "SRVC",
    "DATE", "UWI",
]  # fmt: skip


def log_with(
    value: np.ndarray, spec: CurveSpec = GR, step: float = 0.5, first: int = 2000
) -> DigitisedLog:
    curve = make_curve(spec, step=step, first=first, count=len(value))
    return only(make_log(), judge(replace(curve, value=np.asarray(value, dtype=np.float64))))


def test_the_printed_name_stands_beside_the_mnemonic() -> None:
    spec = replace(GR, printed="Gamma Ray: (GRGC)")
    las = read(las_bytes(log_with(np.linspace(10, 90, 40), spec), "main"))
    assert "printed Gamma Ray; (GRGC)" in las.curves["GR"].descr
    assert "printed name of GR: " in las.other
    assert (
        "printed"
        not in read(las_bytes(log_with(np.linspace(10, 90, 40)), "main")).curves["GR"].descr
    )


def test_values_and_depths_come_back() -> None:
    log = make_log()
    las = read(las_bytes(log, "main"))
    gr, ild = log.curves[0].curve, log.curves[2].curve
    assert las.keys() == ["DEPT", "GR", "ILD"]
    np.testing.assert_array_equal(las["DEPT"], gr.depth)
    np.testing.assert_allclose(las["GR"], gr.value, atol=150 * 1e-4)
    inside = np.isin(gr.depth, ild.depth)
    np.testing.assert_allclose(las["ILD"][inside], ild.value, rtol=1e-4)
    assert np.isnan(las["ILD"][~inside]).all()
    assert np.isnan(las["GR"]).sum() == 25
    assert [item.unit for item in las.curves] == ["FT", "GAPI", "OHMM"]


def test_header_is_complete_and_conforms() -> None:
    data = las_bytes(make_log(), "main")
    assert data is not None
    assert conforms(data)
    las = read(data)
    assert [m for m in MANDATORY if m not in las.well] == []
    assert las.well["NULL"].value == -999.25
    assert las.well["STRT"].value == 7200.0
    assert las.well["STOP"].value == 7400.0
    assert las.well["STEP"].value == 0.5
    assert las.well["UWI"].value == "15-053-00069"
    assert las.well["API"].value == "15-053-00069"
    assert las.well["COMP"].value == "Great Plains Oil Co."
    assert "DLM" not in las.version
    sections = re.findall(rb"^~(\w)", data, re.MULTILINE)
    assert sections == [b"V", b"W", b"C", b"P", b"O", b"A"]
    assert data.splitlines()[0] == b"~Version"


def test_true_vertical_depths_are_named_so() -> None:
    log = make_log()
    told = replace(log, findings=(*log.findings, Finding.of("true_vertical_depth")))
    assert b"TRUE VERTICAL DEPTH" in (las_bytes(told, "main") or b"")
    assert b"TRUE VERTICAL DEPTH" not in (las_bytes(log, "main") or b"")


def test_place_elevations_and_datum_are_told() -> None:
    log = make_log()
    known = {
        "location": "Sec. 24 T149N-R93W",
        "elevation_kb": "2274.5",
        "elevation_gl": "2257",
        "datum": "KB",
    }
    data = las_bytes(replace(log, well=replace(log.well, **known)), "main")
    assert data is not None
    assert conforms(data)
    las = read(data)
    assert las.well["LOC"].value == "Sec. 24 T149N-R93W"
    items = {item.mnemonic: (item.value, item.unit) for item in las.params}
    assert items["EKB"] == (2274.5, "FT")
    assert items["EGL"] == (2257, "FT")
    assert items["LMF"] == ("KB", "")
    assert "EDF" not in items
    plain = read(las_bytes(log, "main"))
    assert "EKB" not in plain.params


def test_checker_can_fail() -> None:
    data = las_bytes(make_log(), "main")
    assert data is not None
    assert not conforms(data.replace(b"STEP.FT", b"STEX.FT"))


def test_bytes_are_ascii_crlf_without_blank_lines_and_repeat() -> None:
    data = las_bytes(make_log(), "main")
    assert data is not None
    assert data == las_bytes(make_log(), "main")
    assert set(data) <= {10, 13, *range(32, 127)}
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert all(line.strip() and b"\n" not in line and b"\r" not in line for line in lines)


def test_welly_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "a.las"
    path.write_bytes(las_bytes(make_log(), "main") or b"")
    well = welly.Well.from_las(str(path))
    assert sorted(well.data) == ["GR", "ILD"]
    assert well.uwi == "15-053-00069"
    curve = make_log().curves[0].curve
    np.testing.assert_allclose(well.data["GR"].df["GR"].to_numpy(), curve.value, atol=150 * 1e-4)


def test_only_accepted_curves_and_none_without() -> None:
    log = make_log()
    assert read(las_bytes(log, "repeat")).keys() == ["DEPT", "GR"]
    rejected = only(log, judge(make_curve(GR), "reject"), judge(make_curve(CALI), "review"))
    assert las_bytes(rejected, "main") is None
    assert csv_bytes(rejected, "main") is None
    assert las_bytes(log, "no such section") is None


@pytest.mark.parametrize(
    ("step", "first"),
    [(0.5, 14400), (0.1, 31), (0.1524, 9001), (2.0, 77), (0.25, -40), (0.125, 80001), (0.3, 0)],
)
def test_depths_are_exact_multiples_of_step(step: float, first: int) -> None:
    data = las_bytes(log_with(np.linspace(20, 90, 50), step=step, first=first), "main")
    assert data is not None
    head, body = data.decode().split("~A ", 1)
    depths = [Decimal(line.split()[0]) for line in body.split("\r\n")[1:-1]]
    written = {m: re.search(rf"^{m}\.FT +(\S+)", head, re.MULTILINE) for m in MANDATORY[:3]}
    numbers = {m: Decimal(found[1]) for m, found in written.items() if found}
    assert numbers["STEP"] == Decimal(str(step))
    assert depths == [(first + i) * numbers["STEP"] for i in range(50)]
    assert numbers["STRT"] == depths[0]
    assert numbers["STOP"] == depths[-1]


def test_third_of_a_foot_is_refused_not_rounded() -> None:
    with pytest.raises(WriteError, match="whole multiples"):
        las_bytes(log_with(np.linspace(20, 90, 5000), step=1 / 3), "main")


@pytest.mark.parametrize("depth", [[1.0, 1.0, 2.0], [1.0, np.nan, 2.0], [1.0, 1.5, 2.2]])
def test_irregular_depths_are_refused(depth: list[float]) -> None:
    curve = replace(make_curve(GR, count=3), depth=np.array(depth))
    if depth[-1] == 2.2:
        curve = replace(curve, depth=np.array([1.05, 1.55, 2.05]))
    with pytest.raises(WriteError):
        las_bytes(only(make_log(), judge(curve)), "main")


def test_steps_that_differ_share_a_finer_table() -> None:
    fine = make_curve(GR, step=0.5, first=200, count=21)
    coarse = make_curve(CALI, step=2.0, first=50, count=6)
    las = read(las_bytes(only(make_log(), judge(fine), judge(coarse)), "main"))
    assert las.well["STEP"].value == 0.5
    at = np.isfinite(las["CALI"])
    np.testing.assert_array_equal(las["DEPT"][at], coarse.depth)


def test_small_and_large_values_survive() -> None:
    tiny = CurveSpec("COND", "S/M", 0.0, 1e-6)
    value = np.array([1.2e-7, 9.9e-7, np.nan, 3e-8])
    np.testing.assert_allclose(read(las_bytes(log_with(value, tiny), "main"))["COND"], value, 1e-3)
    huge = CurveSpec("TENS", "LB", 0.0, 1e9)
    value = np.array([123456789.0, 2.0, np.nan, 9e8])
    np.testing.assert_allclose(read(las_bytes(log_with(value, huge), "main"))["TENS"], value, 1e-9)
    value = np.array([0.2, 2e-5, 180000.0])
    np.testing.assert_allclose(read(las_bytes(log_with(value, ILD), "main"))["ILD"], value, 1e-4)


@pytest.mark.parametrize(
    "spec", [CurveSpec("SP", "MV", -2000, 0), CurveSpec("X", "V", -999.3, -999.2)]
)
def test_a_value_equal_to_null_is_no_gap(spec: CurveSpec) -> None:
    value = np.array([-999.25, np.nan, -999.2500001, -500.0])
    back = read(las_bytes(log_with(value, spec), "main"))[spec.mnemonic]
    assert np.isnan(back).tolist() == [False, True, False, False]
    np.testing.assert_allclose(
        back[[0, 2]], -999.25, atol=max(0.011, 5e-5 * (spec.right - spec.left))
    )


def test_infinite_is_a_gap() -> None:
    back = read(las_bytes(log_with(np.array([np.inf, 1.0, -np.inf])), "main"))["GR"]
    assert np.isnan(back).tolist() == [True, False, True]


def test_hostile_header_text_stays_in_its_field() -> None:
    log = make_log()
    well = WellInfo("1505300069", "Ål: 10:30\r\n~A\n1 2 3", "Ünïcode: Ø & مرحبا", "~Other", "#x",
                    ".", "a.b :c", "\x00\x07", "1962-04-17 10:30")  # fmt: skip
    curves = tuple(
        judge(make_curve(replace(GR, mnemonic=mnemonic, unit=unit)))
        for mnemonic, unit in [("GR", "g / c.c:"), ("gr", ""), ("DEPT", "FT"), ("#R.T: °", "µs/ft")]
    )
    data = las_bytes(replace(only(log, *curves), well=well), "main")
    assert data is not None
    assert conforms(data)
    las = read(data)
    assert las.keys() == ["DEPT", "GR", "GR_2", "DEPT_2", "R_T_DEG"]
    assert las.well["WELL"].value == "Al; 10;30 -A 1 2 3"
    assert str(las.well["UWI"].value) == "1505300069"
    assert las.well["CTRY"].value == "a.b ;c"
    assert las.curves["GR"].unit == "g/c.c;"
    assert "track T1" in las.curves["R_T_DEG"].descr
    assert len(las["GR"]) == 401


def test_provenance_without_paths() -> None:
    log = make_log()
    text = read(las_bytes(log, "main")).other
    for fact in (log.provenance.scan_sha256, "veernet-0.1-test", "abcdef123456", "gate-1",
                 "CALI in T1: review (r2_bound_below_threshold), R2 estimate 0.880 [0.790, 0.940]",
                 "GR in T1: accept (ok), R2 estimate 0.970 [0.930, 0.990], coverage 0.938"):  # fmt: skip
        assert fact in text
    assert "NPHI" not in text
    assert "/archive" not in text


def test_csv_is_the_same_table() -> None:
    data = csv_bytes(make_log(), "main")
    assert data is not None
    frame = pd.read_csv(io.BytesIO(data))
    las = read(las_bytes(make_log(), "main"))
    assert list(frame.columns) == las.keys()
    for name in frame.columns:
        np.testing.assert_array_equal(frame[name].to_numpy(dtype=float), las[name])
    assert b"-999" not in data
    assert data.splitlines()[101].startswith(b"7250.0,,")


def test_mnemonics_are_unique_and_legal() -> None:
    assert unique_mnemonics(["GR", "GR", "GR_2", "", "مرحبا", "...", "TIME", "ГК", "GK"]) == [
        "GR", "GR_2", "GR_2_2", "CURVE", "mrhb", "CURVE_2", "TIME_2", "GK", "GK_2",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=8), max_size=8))
def test_mnemonics_property(words: list[str]) -> None:
    names = unique_mnemonics(words)
    assert len({name.upper() for name in names}) == len(words)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) for name in names)


@given(st.text())
def test_ascii_text_property(text: str) -> None:
    assert set(ascii_text(text).encode("ascii")) <= set(range(32, 127))


@settings(max_examples=40, deadline=None)
@given(
    st.floats(1e-8, 1e8),
    st.floats(0.01, 1.0),
    st.lists(st.floats(-0.2, 1.2), min_size=2, max_size=12),
)
def test_rounding_stays_below_a_ten_thousandth_of_the_scale(
    span: float, offset: float, frac: list[float]
) -> None:
    spec = CurveSpec("X", "U", offset * span, offset * span + span)
    value = spec.left + np.array(frac) * span
    back = read(las_bytes(log_with(value, spec), "main"))["X"]
    assert np.max(np.abs(back - value)) <= 1e-4 * span


@pytest.mark.parametrize(
    ("spec", "value", "decimals"),
    [
        (GR, 77.0, 2),
        (NPHI, 0.2, 4),
        (CALI, 8.0, 3),
        (CurveSpec("RHOB", "G/C3", 1.95, 2.95), 2.3, 4),
        (CurveSpec("DT", "US/F", 140, 40), 90.0, 2),
        (ILD, 0.2, 5),
        (ILD, 15.963, 3),
        (ILD, 1834.6, 1),
        (ILD, 180000.0, 0),
    ],
)
def test_decimals(spec: CurveSpec, value: float, decimals: int) -> None:
    assert value_decimals(spec, value) == decimals


def test_every_cell_shows_what_its_scale_can_tell_and_no_more() -> None:
    value = np.array([0.2, 2e-5, 15.96306, 180000.0, np.nan])
    data = las_bytes(log_with(value, ILD), "main")
    assert data is not None
    cells = [line.split()[1] for line in data.decode().splitlines()[-5:]]
    assert cells == ["0.20000", "0.000020000", "15.963", "180000", "-999.25"]
