"""Recovered curves against reference files: scores by hand, lags, matching, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import lasio
import numpy as np
import pandas as pd
import pytest
from factories import CALI, GR, ILD, judge, make_curve, make_log, only

from flows.cli import main as cli
from flows.studies.reference import compare_folder, read_reference
from storage import publish
from storage.datasets import write_datasets
from storage.log_files import log_files
from veernet_core.config import GatePolicy
from veernet_core.datatypes import DigitisedLog
from veernet_core.evaluation import reference

DEPTH = np.arange(1000, 1400) * 0.5


def wave(depth: np.ndarray) -> np.ndarray:
    return 75 + 40 * np.sin(depth / 7.0) + 15 * np.sin(depth / 1.7)


# ---- scores ----------------------------------------------------------------------------------


def test_equal_curves_score_one_and_have_no_lag() -> None:
    score = reference.compare_curves(DEPTH, wave(DEPTH), DEPTH, wave(DEPTH), GR, "ft")
    assert score is not None
    assert score.r2 == score.r2_native == score.coverage == 1.0
    assert score.mae == score.mae_pct == score.lag == 0.0
    assert not score.lag_at_limit


def test_an_offset_counts_in_units_and_in_track_widths() -> None:
    score = reference.compare_curves(DEPTH, wave(DEPTH) + 1.5, DEPTH, wave(DEPTH), GR, "ft")
    assert score is not None
    assert score.mae == pytest.approx(1.5)
    assert score.mae_native == pytest.approx(1.5)
    assert score.mae_pct == pytest.approx(1.0)  # GR is drawn 0 to 150
    assert score.lag == 0.0


def test_logarithmic_curves_are_compared_in_decades() -> None:
    value = 10 ** (1 + 0.8 * np.sin(DEPTH / 5))
    score = reference.compare_curves(DEPTH, 2 * value, DEPTH, value, ILD, "ft")
    assert score is not None
    assert score.mae_pct == pytest.approx(100 * np.log10(2) / 4)  # four decades a track
    negative = np.where(DEPTH < 550, -1.0, value)
    assert reference.compare_curves(DEPTH, negative, DEPTH, value, ILD, "ft") is not None


@pytest.mark.parametrize("lag", [-4.0, -1.3, 0.5, 2.5])
def test_a_lag_is_reported_and_never_applied(lag: float) -> None:
    score = reference.compare_curves(DEPTH, wave(DEPTH - lag), DEPTH, wave(DEPTH), GR, "ft")
    assert score is not None
    assert score.lag == pytest.approx(lag, abs=0.11)  # > 0: recovered too deep
    assert score.r2_native < 0.99
    assert score.r2_if_shifted > 0.99 > score.r2


def test_lag_in_metres_and_beyond_the_range() -> None:
    depth = np.arange(2000, 4000) * 0.1
    score = reference.compare_curves(depth, wave(depth - 1.0), depth, wave(depth), GR, "m")
    assert score is not None
    assert score.lag == pytest.approx(1.0, abs=0.04)
    slow = 75 + 40 * np.sin(DEPTH / 60)
    far = reference.compare_curves(
        DEPTH, 75 + 40 * np.sin((DEPTH - 12) / 60), DEPTH, slow, GR, "ft"
    )
    assert far is not None
    assert far.lag_at_limit


def test_holes_are_not_interpolated_and_coverage_tells() -> None:
    value = wave(DEPTH)
    value[100:200] = np.nan
    score = reference.compare_curves(DEPTH, value, DEPTH, wave(DEPTH), GR, "ft")
    assert score is not None
    assert score.samples == 300
    assert score.coverage == pytest.approx(0.75)
    assert score.r2_native == 1.0


def test_other_depths_order_and_nulls_of_the_reference() -> None:
    fine = np.arange(500, 700, 0.1)[::-1]
    known = wave(fine)
    known[::7] = np.nan
    score = reference.compare_curves(DEPTH, wave(DEPTH), fine, known, GR, "ft")
    assert score is not None
    assert score.r2 > 0.999


def test_too_little_in_common_is_no_score() -> None:
    assert reference.compare_curves(DEPTH, wave(DEPTH), DEPTH + 5000, wave(DEPTH), GR, "ft") is None
    nothing = np.full(len(DEPTH), np.nan)
    assert reference.compare_curves(DEPTH, nothing, DEPTH, wave(DEPTH), GR, "ft") is None
    assert reference.compare_curves(DEPTH, wave(DEPTH), DEPTH, nothing, GR, "ft") is None
    flat = reference.compare_curves(DEPTH, wave(DEPTH), DEPTH, np.full(len(DEPTH), 9.0), GR, "ft")
    assert flat is not None
    assert np.isnan(flat.r2)
    assert np.isnan(flat.lag)


# ---- matching --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("15-053-00069", "15053000690000", True),
        ("15-053-00069", "15-053-00069-01-00", True),
        ("15-053-00069", "15-053-00070", False),
        ("1234", "1234", False),
        ("", "", False),
        ("100/06-12-034-05W4/00", "100061203405400", True),
    ],
)
def test_wells(one: str, other: str, same: bool) -> None:
    assert reference.same_well(one, other) is same
    assert reference.same_well(other, one) is same


def test_stems() -> None:
    assert reference.same_stem("Smith_1-22", "smith 1 22")
    assert not reference.same_stem("___", "---")


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("GR", ["CALI", "SGR", "GR"], "GR"),
        ("GR", ["CALI", "SGR"], "SGR"),
        ("GR", ["GR:2", "CALI"], "GR:2"),
        ("ILD", ["RT", "LLD", "RILD"], "RILD"),
        ("ILD", ["ILM", "SFL"], None),
        ("XYZ", ["ABC"], None),
        ("XYZ", ["XYZ"], "XYZ"),
    ],
)
def test_mnemonics(wanted: str, offered: list[str], found: str | None) -> None:
    assert reference.best_mnemonic(wanted, offered) == found


def test_no_mnemonic_names_two_kinds() -> None:
    names = [name for kind in reference.ALIASES for name in kind]
    assert len(names) == len(set(names))


def test_units() -> None:
    assert reference.unit_factor("%", "V/V") == 0.01
    assert reference.unit_factor("k/m3", "G/C3") == pytest.approx(1e-3)
    assert reference.unit_factor("api", "GAPI") == 1.0
    assert reference.unit_factor("MV", "OHMM") is None


# ---- folders ---------------------------------------------------------------------------------


def write_las(
    path: Path, uwi: str, curves: dict[str, tuple[str, np.ndarray]], unit: str = "FT"
) -> None:
    las = lasio.LASFile()
    las.well["UWI"] = lasio.HeaderItem("UWI", value=uwi)
    las.append_curve("DEPT", DEPTH_LOG / (3.280839895 if unit == "M" else 1.0), unit)
    for name, (curve_unit, values) in curves.items():
        las.append_curve(name, values, curve_unit)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        las.write(file, version=2)


DEPTH_LOG = (14400 + np.arange(401)) * 0.5


def log_of(stem: str = "smith_1-22", uwi: str = "15-053-00069") -> DigitisedLog:
    bad = judge(make_curve(CALI), "accept")
    good = judge(
        make_curve(GR), "review", (0.8, 0.7, 0.9), ("r2_bound_below_threshold", "scale_guess")
    )
    fine = judge(make_curve(ILD, track_id="T2"), "review", reasons=("r2_bound_below_threshold",))
    return only(make_log(stem, uwi), good, bad, fine)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    log = log_of()
    publish.publish_local(out, "smith_1-22", log_files(log))
    write_datasets(out)
    gr, cali, ild = (c.curve.value for c in log.curves)
    curves = {"GRGC": ("API", gr), "CAL": ("MM", 25.4 * cali[::-1]), "RILD": ("OHMM", ild)}
    write_las(tmp_path / "las" / "a" / "other.LAS", "15053000690000", curves)
    (tmp_path / "las" / "broken.las").write_text("this is no LAS file")
    return out


def table_of(out: Path) -> pd.DataFrame:
    return pd.read_parquet(out / "reference" / "reference.parquet").set_index("mnemonic")


def test_a_folder_is_compared_by_well_and_alias(out: Path, tmp_path: Path) -> None:
    report = compare_folder(out, tmp_path / "las")
    table = table_of(out)
    assert table["reference_mnemonic"].to_dict() == {"GR": "GRGC", "CALI": "CAL", "ILD": "RILD"}
    assert table["r2"]["GR"] == pytest.approx(1.0, abs=1e-6)
    assert table["r2"]["CALI"] < 0.8
    assert table["mae"]["CALI"] < 10  # converted from millimetres
    assert "broken.las cannot be read" in report
    assert "never" not in report
    assert "3 of 3 curves have a reference" in report


def test_programs_get_the_figures(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["evaluate", str(out), "--reference", str(tmp_path / "las"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["report"] == (out / "reference" / "reference.md").read_text("utf-8")
    r2 = {row["mnemonic"]: row["r2"] for row in said["curves"]}
    assert r2 == pytest.approx(table_of(out)["r2"].to_dict())


def test_other_wells_are_not_compared(out: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "las").rglob("*.LAS"):
        path.unlink()
    write_las(tmp_path / "las" / "smith_1-22.las", "15053000700000", {"GR": ("", wave(DEPTH_LOG))})
    compare_folder(out, tmp_path / "las")
    assert set(table_of(out)["note"]) == {"no_reference_well"}
    # where the file states no identifier its name decides
    write_las(tmp_path / "las" / "smith_1-22.las", "", {"GR": ("", wave(DEPTH_LOG))})
    compare_folder(out, tmp_path / "las")
    notes = table_of(out)["note"].to_dict()
    assert notes["GR"].startswith("unit_not_converted")
    assert notes["ILD"] == "no_reference_curve"


def test_metric_references(out: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "las").rglob("*.LAS"):
        path.unlink()
    gr = make_curve(GR).value
    write_las(tmp_path / "las" / "m.las", "15053000690000", {"GR": ("GAPI", gr)}, unit="M")
    compare_folder(out, tmp_path / "las")
    assert table_of(out)["r2"]["GR"] > 0.999


def test_comparing_changes_nothing_unless_asked(out: Path, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    compare_folder(out, tmp_path / "las", tmp_path / "tables")
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


def test_write_back_fills_measured_r2_and_reissues_verdicts(out: Path, tmp_path: Path) -> None:
    compare_folder(out, tmp_path / "las", write_back=True)
    verdicts = pd.read_parquet(out / "verdicts.parquet").set_index("mnemonic")
    assert verdicts["r2_reference"]["GR"] == pytest.approx(1.0)
    # measured well, but its scale is still a guess
    assert verdicts["decision"]["GR"] == "review"
    assert list(verdicts["reasons"]["GR"]) == ["scale_guess"]
    assert verdicts["decision"]["CALI"] == "reject"
    assert verdicts["decision"]["ILD"] == "accept"
    las = lasio.read(next((out / "logs").glob("*/*.las")))
    assert las.keys() == ["DEPT", "ILD"]
    curves = pd.read_parquet(out / "curves")
    assert set(curves[curves["mnemonic"] == "CALI"]["decision"]) == {"reject"}
    once = {p: p.read_bytes() for p in (out / "logs").rglob("*") if p.is_file()}
    compare_folder(out, tmp_path / "las", write_back=True)
    assert {p: p.read_bytes() for p in (out / "logs").rglob("*") if p.is_file()} == once
    compare_folder(out, tmp_path / "las", write_back=True, policy=GatePolicy(min_r2=0.95))
    record = json.loads(next((out / "logs").glob("*/log.json")).read_text())
    assert {c["policy_id"] for c in record["curves"]} == {GatePolicy(min_r2=0.95).ident}


def test_command_line(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    las = str(tmp_path / "las")
    assert cli.main(["evaluate", str(out), "--reference", las]) == 0
    assert "Recovered curves against reference files" in capsys.readouterr().out
    assert cli.main(["evaluate", str(out)]) == 2
    assert cli.main(["evaluate", "--reference", las]) == 2
    assert cli.main(["evaluate", str(tmp_path / "nowhere"), "--reference", las]) == 2
    assert cli.main(["evaluate", str(out), "--reference", str(out)]) == 2


def test_unusable_references_say_why(tmp_path: Path) -> None:
    path = tmp_path / "x.las"
    write_las(path, "1", {"GR": ("", wave(DEPTH_LOG))}, unit="FURLONG")
    with pytest.raises(ValueError, match="FURLONG"):
        read_reference(path)
