"""The page of one log: what it says, what it links to, and that nothing from outside becomes markup."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow.parquet as pq
import pytest
from factories import GR, ILD, judge, make_curve, make_log, make_section, make_track, only
from PIL import Image

from flows.dashboard.tiles import strip_pictures
from flows.dashboard.well import DamagedResultError, well_files, write_well_page
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.reviews import Review, curve_hash, record_review
from veernet_core.curve.slabs import REDUCTIONS, SLAB_ROWS, TEXT_KEY, draw_slabs, read_slab
from veernet_core.datatypes import U8, DigitisedLog, Overlay, WellInfo

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202e\u2028"


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def ink_of(rows: int, cols: int = 60) -> U8:
    """A strip with a different line of ink in every row."""
    ink: U8 = np.zeros((rows, cols), dtype=np.uint8)
    ink[np.arange(rows), np.arange(rows) % cols] = 255
    ink[:, 5] = np.arange(rows) % 256
    return ink


def with_strips(log: DigitisedLog, rows: int = 500) -> DigitisedLog:
    """The log with the strip pictures of its first track, as the pipeline names them."""
    made = draw_slabs(ink_of(rows), 4.0, 55.0, 100.0 + 2.0 * np.arange(rows), 0, 0)
    strips = tuple(Overlay(f"strip-main-T1-{slab.name}", png) for slab, png in made)
    return replace(log, overlays=(*log.overlays, *strips))


def publish(out: Path, log: DigitisedLog, log_id: str = "a") -> Path:
    return publish_local(out, log_id, log_files(log, log_id))


def written(out: Path, log: DigitisedLog, log_id: str = "a") -> tuple[Page, dict[str, Any], Path]:
    path = write_well_page(publish(out, log, log_id), out / "dashboard")
    return Page(path.read_text("utf-8")), viewer_data(path.parent / "data.js"), path


def viewer_data(path: Path) -> dict[str, Any]:
    found = re.fullmatch(r"veernetWell\((.*)\);\n", path.read_text("ascii"))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_samples_reach_the_viewer_as_delivered(tmp_path: Path) -> None:
    curve = make_curve(GR, count=401, holes=((100, 125),), bridged=((200, 210),))
    log = only(make_log("a"), judge(curve))
    _, data, _ = written(tmp_path, log)
    shown = data["sections"][0]["tracks"][0]["curves"][0]["samples"]
    value = np.frombuffer(base64.b64decode(shown["value"]), "<f4")
    state = np.frombuffer(base64.b64decode(shown["state"]), np.uint8)
    depth = shown["first"] + np.arange(shown["count"]) * shown["step"]
    assert np.allclose(depth, curve.depth)
    assert np.array_equal(value, curve.value.astype(np.float32), equal_nan=True)
    assert np.array_equal(np.flatnonzero(state >= 128), np.arange(200, 210))
    known = np.isfinite(curve.confidence)
    assert np.abs((state & 127)[known] / 100 - curve.confidence[known]).max() <= 0.0051
    assert set(state[~known]) == {127}


def test_every_link_points_at_a_file(tmp_path: Path) -> None:
    log_id = "q#2 %20井 50%"
    page, data, path = written(tmp_path, with_strips(make_log("q?1#2 %20井")), log_id)
    links = [a["href"] for tag, a in page.tags if tag == "a" and "href" in a]
    links += [a["src"] for tag, a in page.tags if tag == "script"]
    links += [a["href"] for tag, a in page.tags if tag == "link" and a["rel"] == "stylesheet"]
    links += [s["href"] for s in data["sections"][0]["tracks"][0]["strip"]["slabs"]]
    links.remove("../../index.html")
    assert len([href for href in links if "/logs/" in href]) >= 8
    for href in links:
        assert (path.parent / unquote(href)).resolve().is_file(), href
        assert not set("?#\"'<> ") & set(href)


def test_page_loads_nothing_from_elsewhere_and_repeats(tmp_path: Path) -> None:
    page, _, path = written(tmp_path, make_log("a"))
    first = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert sorted(first) == ["data.js", "index.html"]
    assert write_well_page(tmp_path / "logs" / "a", tmp_path / "dashboard") == path
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == first
    assets = sorted((tmp_path / "dashboard" / "assets").iterdir())
    everything = [*first.values(), *(asset.read_bytes() for asset in assets)]
    for data in everything:
        assert not re.search(rb"(?:https?:)?//(?!www\.w3\.org)[\w-]+\.\w", data)
    assert str(tmp_path) not in path.read_text("utf-8")
    policy = next(a["content"] for t, a in page.tags if "http-equiv" in a)
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    spec = replace(GR, mnemonic=HOSTILE[:60], unit="<i>")
    curve = judge(make_curve(spec), "review", reasons=(HOSTILE,))
    log = only(make_log("x"), curve)
    track = make_track("T<1>", 200, 700, spec)
    section = replace(make_section("<b>", "ft", 7200.0, 7400.0, track))
    moved = replace(curve, curve=replace(curve.curve, section_id="<b>", track_id="T<1>"))
    finding = replace(make_log("x").findings[0], message=HOSTILE, remedy=HOSTILE)
    log = replace(log, sections=(section,), curves=(moved,), findings=(finding,),
                  well=WellInfo(HOSTILE, "\u202eبئر\u2028", HOSTILE))  # fmt: skip
    page, data, path = written(tmp_path, log)
    assert [tag for tag, _ in page.tags if tag in ("img", "i") and tag == "img"] == []
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert not [a for _, a in page.tags if "style" in a]
    scripts = [a for tag, a in page.tags if tag == "script"]
    assert all("src" in a for a in scripts)
    assert HOSTILE in " ".join(page.text)
    assert data["sections"][0]["tracks"][0]["curves"][0]["mnemonic"] == HOSTILE[:60]
    assert not re.search(rb"[<>\x80-\xff]", (path.parent / "data.js").read_bytes())


def test_script_never_parses_markup() -> None:
    folder = Path(__file__).resolve().parents[3] / "flows" / "dashboard" / "templates"
    for name in ("well.js", "method.js"):
        script = (folder / name).read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", script)
        assert not re.search(r"fetch\(|XMLHttpRequest|import\(", script)


def test_words_of_verdicts_depth_and_findings(tmp_path: Path) -> None:
    page, _, _ = written(tmp_path, make_log("a"))
    for said in (
        "The lower bound of the R² estimate is below the threshold.",
        "Hardly any of the depth range has a recovered value.",
        "0.45 to -0.15 V/V , linear, dashed; scale from header",
        "The paper is folded here.", "Check depths near the fold.", "residual 0.21 ft",
        "2 anchors", "SHA-256", "model veernet-0.1-test", "3 accepted", "1 review", "1 rejected",
    ):  # fmt: skip
        assert said in page.words, said


def test_slabs_are_the_strip_and_say_where_they_lie() -> None:
    rows = 2 * SLAB_ROWS + 77
    ink = ink_of(rows)
    made = list(draw_slabs(ink, 4.0, 55.0, 10.0 + 0.5 * np.arange(rows), 1, 2))
    again = list(draw_slabs(ink, 4.0, 55.0, 10.0 + 0.5 * np.arange(rows), 1, 2))
    assert made == again
    for reduction in REDUCTIONS:
        parts = [(slab, png) for slab, png in made if slab.reduction == reduction]
        starts = [slab.first_row for slab, _ in parts]
        assert starts == list(np.cumsum([0, *(slab.rows for slab, _ in parts)])[:-1])
        assert sum(slab.rows for slab, _ in parts) == rows
        for slab, png in parts:
            picture = Image.open(io.BytesIO(png))
            assert read_slab(picture.info[TEXT_KEY]) == slab
            assert (slab.section, slab.track, slab.scan_row, slab.scan_rows_per_row) == (
                1,
                2,
                10,
                0.5,
            )
            shown = 255 - np.asarray(picture.convert("L"), dtype=float)
            part = ink[slab.first_row : slab.first_row + slab.rows].astype(float)
            tall, wide = (-(-n // reduction) for n in part.shape)
            padded = np.zeros((tall * reduction, wide * reduction))
            padded[: part.shape[0], : part.shape[1]] = part
            mean = padded.reshape(tall, reduction, wide, reduction).mean((1, 3))
            assert shown.shape == mean.shape
            assert np.abs(shown - mean).max() <= (43 if reduction == 1 else 10)


def test_pictures_are_found_by_what_they_say_not_by_name(tmp_path: Path) -> None:
    folder = publish(tmp_path, with_strips(make_log("a"), rows=SLAB_ROWS + 9))
    (folder / "strip-main-T1-000000.png").rename(folder / "strip-zzz.png")
    (folder / "strip-broken.png").write_bytes(b"\x89PNG\r\n\x1a\nhalf")
    (folder / "strip-other.png").write_bytes((folder / "overlay-main-T1.png").read_bytes())
    pictures = strip_pictures(folder)
    assert list(pictures) == [(0, 0)]
    found = [(p.slab.reduction, p.slab.first_row, p.slab.rows) for p in pictures[0, 0]]
    assert found == [(1, 0, SLAB_ROWS), (1, SLAB_ROWS, 9), (8, 0, SLAB_ROWS + 9)]


def test_missing_pictures_and_samples_leave_the_rest(tmp_path: Path) -> None:
    folder = publish(tmp_path, make_log("a"))
    (folder / "curves.parquet").write_bytes(b"PAR1")
    path = write_well_page(folder, tmp_path / "dashboard")
    data = viewer_data(path.parent / "data.js")
    assert data["sections"][0]["tracks"][0]["strip"] is None
    assert data["sections"][0]["tracks"][0]["curves"][0]["samples"] is None
    assert "3 accepted" in Page(path.read_text("utf-8")).words


def test_section_without_depth_shows_its_strip(tmp_path: Path) -> None:
    log = with_strips(make_log("a"))
    log = replace(log, sections=(replace(log.sections[0], depth=None),), curves=())
    page, data, _ = written(tmp_path, log)
    assert data["sections"][0]["anchors"] == []
    assert data["sections"][0]["rows"] == 500
    assert "No depth axis" in page.words
    assert "no curves" in page.words


def test_nothing_found_is_said(tmp_path: Path) -> None:
    log = replace(make_log("a"), sections=(), curves=(), overlays=(), findings=())
    page, data, _ = written(tmp_path, log)
    assert data["sections"] == []
    assert "No section was found on this scan." in page.words
    assert "No LAS: no curve was accepted." in page.words


@pytest.mark.parametrize("text", ["{", "[]", '{"curves": []}', ""])
def test_damaged_record_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    folder = publish(tmp_path, make_log("a"))
    (folder / "log.json").write_text(text)
    with pytest.raises(DamagedResultError, match="digitise the scan again"):
        write_well_page(folder, tmp_path / "dashboard")
    assert not (tmp_path / "dashboard" / "logs").exists()


def test_newer_record_is_shown_with_a_notice(tmp_path: Path) -> None:
    folder = publish(tmp_path, make_log("a"))
    record = json.loads((folder / "log.json").read_text())
    (folder / "log.json").write_text(json.dumps({**record, "schema_version": 99}))
    path = write_well_page(folder, tmp_path / "dashboard")
    assert "written by a newer version" in Page(path.read_text("utf-8")).words


def test_departure_of_anchors_is_measured_from_one_line(tmp_path: Path) -> None:
    log = make_log("a")
    anchors = np.array([[0.0, 0.0], [100.0, 12.0], [200.0, 20.0], [300.0, 30.0]])
    axis = log.sections[0].depth
    assert axis is not None
    log = replace(log, sections=(replace(log.sections[0], depth=replace(axis, anchors=anchors)),))
    page, _, _ = written(tmp_path, replace(log, curves=()))
    slope, offset = np.polyfit(anchors[:, 0], anchors[:, 1], 1)
    for row, depth in anchors:
        assert f"{depth - slope * row - offset:+.3f}" in page.words


def test_decision_of_a_person_stands_beside_the_verdict(tmp_path: Path) -> None:
    folder = publish(tmp_path, make_log("a"))
    record = json.loads((folder / "log.json").read_text())
    samples = pq.ParquetFile(folder / "curves.parquet").read()
    curve = record["curves"][1]
    review = Review("a", "accept", "O'Neil <b>", "2024-05-06T07:08:09Z", "ink is clear",
                    curve["section_id"], curve["track_id"], curve["spec"]["mnemonic"],
                    curve_hash(record, 1, samples), curve["decision"])  # fmt: skip
    record_review(ObjectStore(str(tmp_path)), review)
    path = write_well_page(folder, tmp_path / "dashboard")
    words = Page(path.read_text("utf-8")).words
    assert "Accepted by O'Neil <b> , 2024-05-06T07:08:09Z: ink is clear" in words
    assert "? review" in words, "the machine's verdict stays in the table"
    assert "4 accepted" in words, "the head counts what is in force, as the overview does"
    name = curve["spec"]["mnemonic"]
    sections = viewer_data(path.parent / "data.js")["sections"]
    shown = [c for section in sections for track in section["tracks"] for c in track["curves"]]
    assert [c["decision"] for c in shown if c["mnemonic"] == name] == ["accept"]
    assert "Accepted by" not in Page(well_files(folder, "x")["index.html"].decode()).words


def test_an_r2_below_0_is_no_figure(tmp_path: Path) -> None:
    log = only(make_log("a"), judge(make_curve(GR), "review", (-9.99, -9.99, 0.43)))
    page, _, _ = written(tmp_path, log)
    assert "-9.99" not in page.words
    assert "below 0 0.43" in page.words


def test_what_a_person_accepted_a_curve_without_reaches_the_viewer(tmp_path: Path) -> None:
    folder = publish(tmp_path, make_log("a"))
    record = json.loads((folder / "log.json").read_text())
    samples = pq.ParquetFile(folder / "curves.parquet").read()
    curve = record["curves"][1]
    review = Review("a", "accept", "Ada", "2024-05-06T07:08:09Z", "", curve["section_id"],
                    curve["track_id"], curve["spec"]["mnemonic"], curve_hash(record, 1, samples),
                    curve["decision"],
                    null_depths="[[1210, 1215], [1200, 1202], [1201, 1204]]")  # fmt: skip
    record_review(ObjectStore(str(tmp_path)), review)
    path = write_well_page(folder, tmp_path / "dashboard")
    sections = viewer_data(path.parent / "data.js")["sections"]
    shown = [c for section in sections for track in section["tracks"] for c in track["curves"]]
    name = curve["spec"]["mnemonic"]
    assert {c["mnemonic"]: c["without"] for c in shown if c["without"]} == {
        name: [[1200.0, 1204.0], [1210.0, 1215.0]]
    }


def test_large_log_is_written_and_stays_small(tmp_path: Path) -> None:
    curves = [judge(make_curve(replace(ILD, mnemonic=f"C{k}"), step=0.1, count=100_000))
              for k in range(5)]  # fmt: skip
    log = make_log("a")
    track = make_track("T1", 200, 700, *(c.curve.spec for c in curves))
    log = replace(
        log, sections=(make_section("main", "ft", 0.0, 12000.0, track),), curves=tuple(curves)
    )
    _, data, path = written(tmp_path, log)
    assert sum(c["samples"]["count"] for c in data["sections"][0]["tracks"][0]["curves"]) == 500_000
    assert (path.parent / "data.js").stat().st_size < 4_000_000
