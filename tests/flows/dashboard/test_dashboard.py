"""The overview is parsed as a browser would, its numbers recounted, its hostile names disarmed."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from dashboard_archive import made_archive
from factories import CALI, GR, ILD, judge, make_curve, make_log, only

from flows.dashboard import build_dashboard, dashboard_data, overview, read_archive
from flows.dashboard.archive import OldResultsError
from flows.dashboard.data import _year
from flows.dashboard.odds import chance_bad, interval_of
from flows.dashboard.packing import natural
from flows.engine.bundle_facts import bundle_bytes, read_bundle
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.runs import RunRecord, write_run
from storage.tables import failure_row
from veernet_core.datatypes import DigitisedLog, WellInfo
from veernet_core.errors import DecodeError
from veernet_core.findings import sentence

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
KINDS = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "i2": np.int16}


class Page(HTMLParser):
    """Elements, their attributes, and text outside scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.text.append(data)

    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def publish(out: Path, log: DigitisedLog, log_id: str | None = None) -> None:
    log_id = log_id or log.scan.stem
    publish_local(out, log_id, log_files(log, log_id))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    publish(tmp_path, make_log("b"))
    publish(tmp_path, replace(make_log("a", uwi="15-1"), overlays=()))
    publish(tmp_path, only(make_log("c", uwi=""), judge(make_curve(GR), "reject", (-0.4, -1, 0.1))))
    publish(tmp_path, only(make_log("d", uwi="15-4"), judge(make_curve(ILD))))
    publish(tmp_path, only(make_log("e", uwi="15-5")))
    write_datasets(tmp_path, [failure_row("x/<bad>.tif", DecodeError("ends early"))])
    return tmp_path


def data_of(out: Path, min_r2: float = 0.85) -> dict[str, Any]:
    return dashboard_data(read_archive(ObjectStore(str(out))), min_r2=min_r2)


def unpacked(value: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(value["data"]), KINDS[value["kind"]])


def labels(value: dict[str, Any]) -> list[Any]:
    return [value["names"][code] for code in unpacked(value["codes"])]


def test_counts(archive: Path) -> None:
    data = data_of(archive)
    assert data["summary"] == {
        "wells": 5, "logs": 5, "failed": 1, "curves": 12, "person": 0,
        "accept": 7, "review": 2, "reject": 3,
        "logs_accept": 1, "logs_review": 2, "logs_reject": 1, "logs_none": 1,
        "wells_accept": 1, "wells_review": 2, "wells_reject": 1, "wells_none": 1,
    }  # fmt: skip
    totals = {reason["code"]: reason["total"] for reason in data["reasons"]}
    assert totals == {
        "ok": 8, "low_coverage": 2, "r2_bound_below_threshold": 2, "r2_estimate_below_threshold": 2,
    }  # fmt: skip
    assert data["reasons"][0]["total"] - data["reasons"][0]["accept"] == 2
    assert data["reasons"][-1]["code"] == "ok"


def test_columns_hold_what_the_datasets_hold(archive: Path) -> None:
    columns = data_of(archive)["columns"]
    logs, curves = columns["logs"], columns["curves"]
    assert logs["text"]["log_id"].split("\n") == ["a", "b", "c", "d", "e"]
    assert logs["text"]["uwi"].split("\n") == ["15-1", "15-053-00069", "", "15-4", "15-5"]
    assert unpacked(logs["state"]).tolist() == [1, 1, 2, 0, 3]
    assert unpacked(logs["worst"])[[0, 2, 4]].tolist() == [3100, -4000, -32768]
    assert labels(logs["label"]["decade"]) == ["1960s"] * 5
    for printed, year in {
        "29-Aug-10": 2010,
        "8/29/54": 1954,
        "1987-02-03": 1987,
        "": 0,
        "n/a": 0,
    }.items():
        assert _year(printed) == year
    assert labels(logs["label"]["service"]) == ["Schlumberger"] * 5
    assert labels(logs["label"]["folder"]) == ["not stated"] * 5
    rows = pq.read_table(archive / "verdicts.parquet").to_pylist()
    assert labels(curves["mnemonic"]) == [row["mnemonic"] for row in rows]
    assert labels(curves["reasons"]) == [row["reasons"] for row in rows]
    estimates = unpacked(curves["estimate"]) * 1e-4
    np.testing.assert_allclose(estimates, [row["r2_estimate"] for row in rows], atol=6e-5)
    assert [("accept", "review", "reject")[k] for k in unpacked(curves["machine"])] == [
        row["decision"] for row in rows
    ]


def test_two_scans_of_one_well_are_one_well(tmp_path: Path) -> None:
    publish(tmp_path, make_log("a"))
    publish(tmp_path, make_log("b"))
    summary = data_of(tmp_path)["summary"]
    assert (summary["wells"], summary["logs"]) == (1, 2)


def test_page_loads_only_its_own_files_and_repeats(archive: Path) -> None:
    path = build_dashboard(archive)
    assert path == archive / "dashboard" / "index.html"
    first = {p: p.read_bytes() for p in (archive / "dashboard").rglob("*") if p.is_file()}
    build_dashboard(archive)
    assert {p: p.read_bytes() for p in (archive / "dashboard").rglob("*") if p.is_file()} == first
    page = Page(path.read_text("utf-8"))
    loads = [a[key] for _, a in page.tags for key in ("src", "href") if key in a]
    assert len([a for tag, a in page.tags if tag == "script"]) == 8
    for load in set(loads) - {"data:,", "../review", "method.html"}:
        assert (path.parent / load).is_file(), load
    for data in first.values():
        outside = set(re.findall(rb"https?://[\w.]+", data))
        assert outside <= {b"http://www.w3.org"}
        assert str(archive).encode() not in data
        assert not re.search(rb"@import|url\(", data)


def test_old_data_files_go_and_other_results_get_other_names(archive: Path) -> None:
    build_dashboard(archive)
    before = {p.name for p in (archive / "dashboard" / "data").iterdir()}
    publish(archive, make_log("z"))
    write_datasets(archive)
    build_dashboard(archive)
    after = {p.name for p in (archive / "dashboard" / "data").iterdir()}
    assert len(after) == 3
    assert len(before & after) == 1


def test_failures_reasons_and_cards_need_no_script(archive: Path) -> None:
    words = Page(build_dashboard(archive).read_text("utf-8")).words()
    assert "x/<bad>.tif" in words
    assert "decode_failed" in words
    assert "rescan or re-export it as a G4 TIFF" in words
    assert sentence("low_coverage") in words
    assert "7 curves accepted" in words


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    spec = replace(CALI, mnemonic=HOSTILE[:60], unit="<i>")
    curve = judge(make_curve(spec), "review", reasons=(HOSTILE,))
    log = replace(only(make_log("x"), curve), well=WellInfo(HOSTILE, "\u202eبئر\u2028", HOSTILE))
    publish(tmp_path, log, "q#2 %20井'\"")
    write_datasets(tmp_path, [failure_row(HOSTILE, DecodeError(HOSTILE))])
    path = build_dashboard(tmp_path)
    html = path.read_text("utf-8")
    page = Page(html)
    assert not [tag for tag, a in page.tags if tag == "img" or (tag == "i" and "class" not in a)]
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert all(a.get("src") for tag, a in page.tags if tag == "script")
    assert HOSTILE in page.words()
    for script in (path.parent / "data").iterdir():
        text = script.read_text("ascii")
        assert "<" not in text
        assert re.fullmatch(r'veernetData\("\w+", .*\);\n', text, re.DOTALL)
    data = data_of(tmp_path)["columns"]["logs"]["text"]
    assert data["well"] == "\u202eبئر"
    assert data["log_id"] == "q#2 %20井'\""


@pytest.mark.parametrize(
    "name",
    [
        "overview.js",
        "overview-map.js",
        "overview-desk.js",
        "overview-view.js",
        "compare.js",
        "queue.js",
        "review.js",
    ],
)
def test_script_never_parses_markup(name: str) -> None:
    script = (overview.templates() / name).read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(", script
    )
    if name.startswith(("overview", "compare")) and name != "overview-desk.js":
        assert not re.search(r"fetch\(|XMLHttpRequest|import\(", script)


def test_empty_output(tmp_path: Path) -> None:
    words = Page(build_dashboard(tmp_path).read_text("utf-8")).words()
    assert "Run veernet digitise SCANS -o OUT" in words
    assert "None so far." in words
    assert "every scan gave a result" not in words
    assert data_of(tmp_path)["summary"]["logs"] == 0


def test_damaged_folders_are_listed_and_do_not_stop_the_page(archive: Path) -> None:
    publish(archive, make_log("f"))
    (archive / "logs" / "f" / "log.json").write_text("{")
    (archive / "logs" / "b" / "curves.parquet").write_bytes(b"PAR1")
    (archive / "logs" / ".unfinished-1").mkdir()
    (archive / "logs" / "half").mkdir()
    words = Page(build_dashboard(archive).read_text("utf-8")).words()
    assert "logs/f" in words
    assert "damaged_result" in words
    data = data_of(archive)
    assert data["columns"]["logs"]["count"] == 5
    assert [row["uri"] for row in data["failures"]] == ["x/<bad>.tif", "logs/f"]


def test_verdicts_serve_where_folders_are_elsewhere(archive: Path) -> None:
    (archive / "logs" / "e").rename(archive / "away")
    before = data_of(archive)
    (archive / "logs").rename(archive / "moved")
    assert data_of(archive)["summary"] == before["summary"]
    assert build_dashboard(archive).is_file()


def test_folders_serve_where_the_datasets_are_not_written_yet(archive: Path) -> None:
    before = data_of(archive)
    (archive / "verdicts.parquet").unlink()
    assert data_of(archive)["columns"] == before["columns"]


def test_verdicts_of_an_older_version(archive: Path) -> None:
    path = archive / "verdicts.parquet"
    table = pq.read_table(path)
    new = ["well", "company", "field", "service_company", "log_date", "reviewed_decision", "reviewer",
           "reviewed_note", "reviewed_at"]  # fmt: skip
    pq.write_table(table.drop_columns(new), path)
    data = data_of(archive)
    assert data["summary"]["accept"] == 7
    assert data["columns"]["logs"]["label"]["service"]["names"][0] == "not stated"
    pq.write_table(table.drop_columns(["decision"]), path)
    with pytest.raises(OldResultsError, match="no column decision"):
        build_dashboard(archive)
    path.write_bytes(b"PAR1 half")
    with pytest.raises(OldResultsError, match="no whole Parquet file"):
        build_dashboard(archive)


def test_only_changed_logs_get_new_pages(archive: Path) -> None:
    build_dashboard(archive)
    pages = {p: p.stat().st_mtime_ns for p in (archive / "dashboard" / "logs").glob("*/index.html")}
    assert len(pages) == 5
    publish(archive, make_log("b", name="Renamed"))
    build_dashboard(archive)
    changed = {p.parent.name for p, then in pages.items() if p.stat().st_mtime_ns != then}
    assert changed == {"b"}
    (archive / "dashboard" / "logs" / ".made-with").write_text("another version")
    build_dashboard(archive)
    assert all(p.stat().st_mtime_ns != then for p, then in pages.items())


def test_runs_and_source_folders(archive: Path) -> None:
    store = ObjectStore(str(archive))
    scans = {"a": "/in/kansas/a.tif", "b": "/in/ohio/b.tif", "c": "s3://x/ohio/c.tif"}
    write_run(store, RunRecord("20240102T0", "2024-01-02T03:04:05Z", logs=3, seconds=36.0, scans=scans,
                               device_seconds=18.0, accepted=7))  # fmt: skip
    store.put("_veernet/reports/zz.json", b"not a report")
    data = data_of(archive)
    assert [run["logs_per_hour"] for run in data["runs"]] == [300.0]
    assert data["runs"][0]["device_seconds_per_log"] == 6.0
    assert "scans" not in data["runs"][0]
    folders = labels(data["columns"]["logs"]["label"]["folder"])
    assert folders[3:] == ["not stated"] * 2
    assert [folder.split("/")[-1] for folder in folders[:3]] == ["kansas", "ohio", "ohio"]
    words = Page(build_dashboard(archive).read_text("utf-8")).words()
    assert "2024-01-02 03:04 local" in words
    assert "/in/kansas" not in words


def test_canary_history(archive: Path) -> None:
    reading = {
        "iou": 0.7,
        "f1": 0.8,
        "r2": 0.97,
        "recall": 0.9,
        "mae_pct": 0.4,
        "ece": None,
        "curves": 3,
    }
    report = {"model_id": "m", "version": "1", "readings": {"solid": reading},
              "limits": {"solid/r2": 0.9}, "broken": []}  # fmt: skip
    store = ObjectStore(str(archive))
    store.put("_veernet/canary/20240101/00000.json", json.dumps(report).encode())
    store.put(
        "_veernet/canary/20240102/00000.json",
        json.dumps(report | {"broken": ["solid/r2"]}).encode(),
    )
    store.put("_veernet/canary/20240103/00000.json", b"{}")
    canary = data_of(archive)["canary"]
    assert [row["run"] for row in canary] == ["20240101/00000", "20240102/00000"]
    assert canary[1]["broken"] == ["solid/r2"]
    assert canary[0]["figures"]["solid"]["iou"] == 0.7


def test_unknown_reason_is_readable(tmp_path: Path) -> None:
    publish(tmp_path, only(make_log("x"), judge(make_curve(GR), reasons=("brand_new_code",))))
    data = data_of(tmp_path)
    assert data["reasons"][0]["sentence"] == "Brand new code."
    assert data["blocking"] == [True]


def test_threshold_is_on_the_page(archive: Path) -> None:
    page = Page(build_dashboard(archive, min_r2=0.91).read_text("utf-8"))
    slider = next(a for _, a in page.tags if a.get("id") == "threshold")
    assert slider["value"] == "0.91"
    facts = next((archive / "dashboard" / "data").glob("facts-*.js")).read_text()
    assert '"min_r2":0.91' in facts


def test_chance_of_a_bad_curve() -> None:
    estimate, lower = np.array([0.95, 0.95, 0.5, np.nan]), np.array([0.9, 0.94, 0.1, np.nan])
    at_lower = chance_bad(estimate[:1], lower[:1], 0.9)
    assert at_lower[0] == pytest.approx(0.1)
    assert chance_bad(estimate[:1], lower[:1], 0.95)[0] == pytest.approx(0.5)
    chance = chance_bad(estimate, lower, 0.85)
    assert chance[1] < chance[0] < 0.1
    assert chance[2] > 0.5
    assert np.isnan(chance[3])
    assert chance_bad(estimate[:1], lower[:1], 0.9, interval=0.99)[0] == pytest.approx(0.01)
    rising = [chance_bad(estimate[:1], lower[:1], t)[0] for t in (0.5, 0.8, 0.9, 0.99)]
    assert rising == sorted(rising)


def test_interval_is_that_of_the_model(archive: Path) -> None:
    store = ObjectStore(str(archive))
    assert interval_of(read_archive(store).verdicts) == 0.9
    shipped = bundle_bytes()
    assert shipped is not None
    log = make_log("s")
    publish(
        archive, replace(log, provenance=replace(log.provenance, model_id=read_bundle(shipped)[0]))
    )
    write_datasets(archive)
    level = read_bundle(shipped)[1]["quality"]["level"]
    assert interval_of(read_archive(store).verdicts) == pytest.approx(1 / (1 + np.exp(-level)))


def test_natural_order() -> None:
    assert sorted(["a10", "A9", "b", "a²", "9", "10"], key=natural) == [
        "9",
        "10",
        "A9",
        "a10",
        "a²",
        "b",
    ]


def test_thousands_of_logs_are_counted_exactly(tmp_path: Path) -> None:
    made_archive(tmp_path, 3000)
    data = data_of(tmp_path)
    table = pq.read_table(tmp_path / "verdicts.parquet")
    assert data["summary"]["logs"] == 3000
    assert data["summary"]["curves"] == len(table)
    decisions = table["decision"].to_pylist()
    for decision in ("accept", "review", "reject"):
        assert data["summary"][decision] == decisions.count(decision)
    logs = data["columns"]["logs"]
    assert sorted(unpacked(logs["rank_log"]).tolist()) == list(range(3000))
    assert len(logs["label"]["folder"]["names"]) == 40
    counted = sum(unpacked(logs[decision]).sum() for decision in ("accept", "review", "reject"))
    assert counted == len(table)
