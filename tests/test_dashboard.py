"""The dashboard is parsed as a browser would, its numbers recounted, its hostile names disarmed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from factories import CALI, GR, ILD, judge, make_curve, make_log, only

from flows.dashboard import REASONS, build_dashboard, dashboard_data
from flows.dashboard import data as dashboard
from storage.publish import log_files, publish_local, write_datasets
from storage.tables import failure_row
from veernet_core.config import GatePolicy
from veernet_core.curve.quality import judge as gate
from veernet_core.datatypes import DigitisedLog, WellInfo
from veernet_core.errors import DecodeError

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


class Page(HTMLParser):
    """Elements, their attributes, and text by element; scripts are raw, as in a browser."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.text.append(data)


def publish(out: Path, log: DigitisedLog, log_id: str | None = None) -> None:
    log_id = log_id or log.scan.stem
    publish_local(out, log_id, log_files(log, log_id))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    publish(tmp_path, make_log("b"))
    publish(tmp_path, replace(make_log("a", uwi="15-1"), overlays=()))
    publish(tmp_path, only(make_log("c", uwi=""), judge(make_curve(GR), "reject", (-0.4, -1, 0.1))))
    publish(tmp_path, only(make_log("d", uwi="15-4"), judge(make_curve(ILD))))
    write_datasets(tmp_path, [failure_row("x/<bad>.tif", DecodeError("ends early"))])
    return tmp_path


def read(path: Path) -> tuple[Page, dict[str, object]]:
    page = Page(path.read_text("utf-8"))
    return page, json.loads(page.scripts[0])


def test_counts(archive: Path) -> None:
    data = dashboard_data(archive)
    assert data["summary"] == {
        "wells": 4, "logs": 4, "failed": 1, "logs_accept": 1, "logs_review": 2, "logs_reject": 1,
        "curves": 12, "accept": 7, "review": 2, "reject": 3,
    }  # fmt: skip
    assert [log["log_id"] for log in data["logs"]] == ["a", "b", "c", "d"]
    assert data["logs"][1]["worst_r2"] == 0.31
    assert data["logs"][1]["mnemonics"] == ["CALI", "GR", "ILD", "NPHI"]
    columns = data["histogram"]["columns"]
    assert sum(sum(column.values()) for column in columns) == 12
    assert columns[0] == {"accept": 0, "review": 0, "reject": 1}
    assert columns[1 + 6] == {"accept": 0, "review": 0, "reject": 2}
    assert columns[1 + 17] == {"accept": 0, "review": 2, "reject": 0}
    assert columns[1 + 19] == {"accept": 7, "review": 0, "reject": 0}
    totals = {reason["code"]: reason["total"] for reason in data["reasons"]}
    assert totals == {
        "ok": 8,
        "low_coverage": 2,
        "r2_bound_below_threshold": 2,
        "r2_estimate_below_threshold": 2,
    }


def test_two_scans_of_one_well_are_one_well(tmp_path: Path) -> None:
    publish(tmp_path, make_log("a"))
    publish(tmp_path, make_log("b"))
    summary = dashboard_data(tmp_path)["summary"]
    assert (summary["wells"], summary["logs"]) == (1, 2)


def test_page_is_self_contained_and_repeats(archive: Path) -> None:
    path = build_dashboard(archive)
    assert path == archive / "dashboard" / "index.html"
    first = path.read_bytes()
    assert build_dashboard(archive).read_bytes() == first
    page, shown = read(path)
    assert sorted(shown["details"]) == ["a", "b", "c", "d"]  # type: ignore[call-overload]
    loads = [
        a.get("src", "") + a.get("href", "")
        for tag, a in page.tags
        if tag in ("script", "link", "img")
    ]
    assert set(loads) <= {"", "data:,"}
    outside = set(re.findall(r"(?:https?:)?//[\w.]+", first.decode()))
    assert outside <= {"http://www.w3.org"}
    assert not re.search(r"@import|url\(", first.decode())
    assert str(archive) not in first.decode()


def test_failures_reasons_and_cards_need_no_script(archive: Path) -> None:
    page, _ = read(build_dashboard(archive))
    text = " ".join(" ".join(page.text).split())
    assert "x/<bad>.tif" in text
    assert "decode_failed" in text
    assert "rescan or re-export it as a G4 TIFF" in text
    assert REASONS["low_coverage"] in text
    assert "7 curves accepted" in text


def test_links_point_at_files(archive: Path) -> None:
    publish(archive, make_log("q?1#2 %20井"), "q#2 %20井")
    path = build_dashboard(archive)
    details = read(path)[1]["details"]
    links = [
        link["href"]
        for detail in details.values()  # type: ignore[attr-defined]
        for link in detail["overlays"] + detail["downloads"]
    ]
    assert len(links) == 6 * 2 + 8 + 4 + 4
    for href in links:
        assert (path.parent / unquote(href)).is_file(), href
        assert not set("?#\"'<> ") & set(href)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    spec = replace(CALI, mnemonic=HOSTILE[:60], unit="<i>")
    curve = judge(make_curve(spec), "review", reasons=(HOSTILE,))
    log = replace(only(make_log("x"), curve), well=WellInfo(HOSTILE, "\u202eبئر\u2028", HOSTILE))
    publish(tmp_path, log)
    write_datasets(tmp_path, [failure_row(HOSTILE, DecodeError(HOSTILE))])
    html = build_dashboard(tmp_path).read_text("utf-8")
    page = Page(html)
    assert len(page.scripts) == 2
    assert [tag for tag, _ in page.tags if tag in ("img", "i", "b") and tag != "b"].count(
        "img"
    ) == 0
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert "\u2028" not in html
    shown = json.loads(page.scripts[0])
    assert shown["logs"][0]["uwi"] == HOSTILE
    assert shown["details"]["x"]["well"]["name"] == "\u202eبئر\u2028"
    assert HOSTILE in " ".join(page.text)


def test_script_never_parses_markup() -> None:
    script = (Path(dashboard.__file__).parent / "templates" / "overview.js").read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", script)
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(", script)
    assert "</" not in script


def test_plot_keeps_peaks_gaps_and_confidence(tmp_path: Path) -> None:
    frac = np.full(20_000, 0.4)
    frac[12_345] = 0.9
    curve = make_curve(GR, count=20_000, frac=frac, holes=((4_000, 8_000),), bridged=((0, 500),))
    publish(tmp_path, only(make_log("x"), judge(curve)))
    plot = dashboard_data(tmp_path)["details"]["x"]["curves"][0]["plot"]
    bins = len(plot["low"])
    assert bins == dashboard.PLOT_BINS
    peak = 12_345 * bins // 20_000
    assert (plot["low"][peak], plot["high"][peak]) == (400, 900)
    assert max(v for v in plot["high"][peak + 1 :] if v is not None) == 400
    assert plot["low"][bins * 3 // 10] is None
    assert plot["confidence"][bins * 3 // 10] == -1
    assert plot["observed"][0] == 0
    assert plot["observed"][-1] == 100
    assert plot["confidence"][0] == 30
    assert (plot["top"], plot["base"]) == (curve.depth[0], curve.depth[-1])


def test_log_scale_is_plotted_by_track_position(tmp_path: Path) -> None:
    curve = make_curve(ILD, count=11, frac=np.linspace(0.0, 1.0, 11))
    publish(tmp_path, only(make_log("x"), judge(curve)))
    plot = dashboard_data(tmp_path)["details"]["x"]["curves"][0]["plot"]
    assert plot["low"] == list(range(0, 1001, 100))


def test_many_logs_go_into_files_of_their_own(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "EMBEDDED_LOGS", 2)
    path = build_dashboard(archive)
    shown = read(path)[1]
    assert shown["details"] == {}
    for log in shown["logs"]:  # type: ignore[attr-defined]
        text = (path.parent / log["detail"]).read_text("utf-8")
        found = re.fullmatch(r"showDetail\((.*)\);\n", text)
        assert found
        assert json.loads(found[1])["log_id"] == log["log_id"]


def test_empty_output(tmp_path: Path) -> None:
    page, shown = read(build_dashboard(tmp_path))
    assert shown["logs"] == []
    assert "None." in page.text


def test_damaged_folder_is_listed_and_does_not_stop_the_page(archive: Path) -> None:
    (archive / "logs" / "a" / "log.json").write_text("{")
    (archive / "logs" / "b" / "curves.parquet").write_bytes(b"PAR1")
    data = dashboard_data(archive)
    assert [log["log_id"] for log in data["logs"]] == ["b", "c", "d"]
    assert [row["code"] for row in data["failures"]] == ["decode_failed", "damaged_result"]
    assert {curve["plot"] for curve in data["details"]["b"]["curves"]} == {None}


def test_verdicts_serve_where_folders_are_elsewhere(archive: Path) -> None:
    before = dashboard_data(archive)
    (archive / "logs").rename(archive / "moved")
    data = dashboard_data(archive)
    assert data["summary"] == before["summary"]
    assert data["details"] == {}
    assert build_dashboard(archive).is_file()


def test_unknown_reason_is_readable(tmp_path: Path) -> None:
    publish(tmp_path, only(make_log("x"), judge(make_curve(GR), reasons=("brand_new_code",))))
    assert dashboard_data(tmp_path)["reasons"][0]["sentence"] == "Brand new code."


def test_every_code_of_the_gate_has_a_sentence() -> None:
    values = [-1.0, 0.3, 0.8, 0.9, float("nan")]
    codes = {
        *frozenset(
            {
                "scale_guess",
                "uncalibrated_model",
                "identity_ambiguous",
                "lap_uncertain",
                "depth_residual",
            }
        ),
        "identity_ambiguous",
    }
    for r2, coverage, span, dx, residual in product(values, [0, 0.5, 1], [0, 1], [0.1, 5], [0, 9]):
        quality = judge(make_curve(GR), r2=(r2, r2 - 0.1, r2 + 0.02)).quality
        quality = replace(quality, coverage=coverage, span_frac=span, expected_abs_dx_pct=dx,
                          depth_residual=residual)  # fmt: skip
        for reference in (float("nan"), 0.2):
            measured = replace(quality, r2_reference=reference)
            codes |= set(gate(measured, (), GatePolicy()).reasons)
    assert len(codes) > 9
    assert codes - REASONS.keys() == set()


def test_threshold_moves_in_the_histogram(archive: Path) -> None:
    def cut(min_r2: float) -> float:
        page, _ = read(build_dashboard(archive, min_r2=min_r2))
        return next(float(a["x1"]) for _, a in page.tags if a.get("class") == "threshold")

    assert cut(0.95) - cut(0.85) == pytest.approx(17 * 20 * 0.1)
