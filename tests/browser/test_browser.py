"""The dashboard in a real browser: what people see and do, from disk and served."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import browser_support
import pyarrow.parquet as pq
import pytest
from browser_support import (
    HOSTILE,
    WIDTHS,
    Open,
    Shoot,
    press,
    samples,
    settled,
    url_of,
    verdicts,
    view,
    well,
)
from conftest import until
from factories import (
    GR,
    judge,
    make_curve,
    make_log,
    make_section,
    make_track,
    only,
)

from flows.dashboard import build_dashboard
from flows.dashboard.method import write_method_page
from flows.dashboard.well import write_well_page
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from veernet_core.datatypes import WellInfo

tall = browser_support.tall


def test_overview_counts_what_the_datasets_hold(demo: Path, open_page: Open, shoot: Shoot) -> None:
    page = open_page((demo / "dashboard" / "index.html").as_uri())
    page.wait_for_selector("#rows .row")
    cards = dict(
        reversed(card.inner_text().split("\n")[:2]) for card in page.locator(".card").all()
    )
    rows = verdicts(demo)
    by = Counter(row["decision"] for row in rows)
    logs = len(list((demo / "logs").glob("*/log.json")))  # one may have no curve
    failures = pq.ParquetFile(demo / "failures.parquet").read().to_pylist()
    assert len(rows) >= 6
    assert {name: int(value) for name, value in cards.items()} == {
        "wells": logs, "logs": logs, "curves": len(rows), "curves accepted": by["accept"],
        "in review": by["review"], "rejected": by["reject"], "scans failed": len(failures),
    }  # fmt: skip
    assert page.locator("#rows .row").count() == logs
    for failure in failures:
        assert failure["remedy"] in page.inner_text("#failures")
    shoot(page, "overview")


def test_threshold_moves_what_would_pass(demo: Path, open_page: Open) -> None:
    page = open_page((demo / "dashboard" / "index.html").as_uri())
    page.wait_for_selector("#whatif li")

    def passing(threshold: float) -> int:
        page.locator("#threshold").evaluate(
            "(node, value) => { node.value = value; node.dispatchEvent(new Event('input')); }",
            str(threshold),
        )
        found = re.search(r"curves that pass\s+(\d+) of (\d+)", page.inner_text("#whatif"))
        assert found, page.inner_text("#whatif")
        assert int(found[2]) == len(verdicts(demo))
        return int(found[1])

    numbers = [passing(threshold) for threshold in (0.5, 0.85, 0.99)]
    assert numbers[1] == sum(row["decision"] == "accept" for row in verdicts(demo))
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[2]


def test_search_leaves_one_log_and_opens_its_well(
    demo: Path, open_page: Open, shoot: Shoot
) -> None:
    page = open_page((demo / "dashboard" / "index.html").as_uri())
    page.fill("#search", "two solid")
    until(page, "document.querySelectorAll('#rows .row').length === 1")
    page.click("#rows .row a")
    well(page)
    assert page.inner_text("h1") == "TWO SOLID CURVES"
    rows = [row for row in verdicts(demo) if row["log_id"] == "two-solid-curves"]
    assert page.locator("#verdicts tbody tr").count() == len(rows)
    for row in rows:
        assert row["mnemonic"] in page.inner_text("#verdicts")
    shoot(page, "well")
    press(page, "]")
    settled(page)
    shoot(page, "zoom")


def test_log_without_pictures_or_curves_opens(tmp_path: Path, open_page: Open) -> None:
    nothing = replace(make_log("n"), sections=(), curves=(), overlays=())
    for name, log in (("plain", make_log("plain")), ("none", nothing)):
        write_well_page(publish_local(tmp_path, name, log_files(log, name)), tmp_path / "dashboard")
    page = well(open_page(url_of(tmp_path, "plain")))
    assert page.locator("canvas.panel-plot").count() == 2
    page.click("#sections button:nth-child(2)")
    settled(page)
    assert "T3" in page.inner_text("#stage")
    page = open_page(url_of(tmp_path, "none"))
    assert not page.locator("#viewer").is_visible()
    assert "No section was found" in page.inner_text("main")


def test_hostile_names_are_shown_as_text(tmp_path: Path, open_page: Open, shoot: Shoot) -> None:
    spec = replace(GR, mnemonic=HOSTILE[:40], unit="<b>x</b>")
    curve = judge(make_curve(spec), "review", reasons=("r2_bound_below_threshold",))
    track = make_track("T1", 200, 700, spec)
    log = replace(only(make_log("x"), curve), sections=(make_section("main", "ft", 7200, 7400, track),),
                  well=WellInfo(HOSTILE, HOSTILE, HOSTILE, HOSTILE))  # fmt: skip
    log_id = "q'#1 %20 \u0628\u0626\u0631"
    publish_local(tmp_path, log_id, log_files(log, log_id))
    write_datasets(tmp_path)
    page = open_page(build_dashboard(tmp_path).as_uri())
    page.wait_for_selector("#rows .row")
    assert "onerror" in page.inner_text("#rows")
    page.click("#rows .row a")
    well(page)
    assert HOSTILE in page.evaluate("document.querySelector('h1').textContent")
    for _ in range(2):
        assert page.evaluate("window.bad") is None
        assert page.locator("img").count() == 0
    shoot(page, "hostile")


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_pages_fit_their_width(
    demo: Path, open_page: Open, shoot: Shoot, width: int, height: int
) -> None:
    places = ["index.html", "method.html", "logs/two-solid-curves/index.html"]
    for place in places:
        page = open_page((demo / "dashboard" / place).as_uri(), width, height, touch=width < 1000)
        settled(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        shoot(page, f"{place.split('/')[0].split('.')[0]}-{width}")
        assert wide <= width, place


def test_fingers_drag_the_strip(tall: Path, open_page: Open) -> None:
    page = well(open_page(url_of(tall, "tall", "section=main&track=T1"), 820, 1180, touch=True))
    press(page, "1")
    _, top = view(page)
    box = page.locator("canvas.panel-strip").first.bounding_box()
    x, y = box["x"] + 60, box["y"] + 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 120, steps=4)
    page.mouse.up()
    assert view(page)[1] == pytest.approx(top + 120, abs=2)


EVALUATION = {
    "model_id": "0123456789ab", "strips": 3, "seed": 1,
    "overlaps": [
        {"method": "veernet", "set": "own", "label": label, "true_positive": tp,
         "false_positive": fp, "false_negative": fn}
        for label, (tp, fp, fn) in enumerate([(97_000, 500, 500), (900, 300, 300), (400, 600, 400)])
    ],
    "curves": {
        "method": ["veernet"] * 4, "set": ["own"] * 4, "style": ["solid", "solid", "dashed", "dotted"],
        "same_style": [1] * 4, "visible": [1.0] * 4, "coverage": [1.0, 0.9, 0.95, None],
        "r2": [0.99, 0.4, 0.9, None], "median_dx_pct": [0.1] * 4, "span": [0.5] * 4,
        "mask_recall": [0.9, 0.85, 0.5, 0.1], "mask_iou": [0.6] * 4,
    },
}  # fmt: skip


LOSSES = {
    "budget": {}, "best": {}, "against_published": ["A sentence about the published result."],
    "rows": [
        {"stage": "binary", "loss": loss, "curve": "curve", "seeds": 2, "mae": mae, "mse": mae**2,
         "mae_sd": 0.001, "recall": recall, "precision": 0.5, "iou": 0.4}
        for loss, mae, recall in (("dice", 0.03, 0.6), ("tversky 0.2/0.8", 0.02, 0.9), ("focal", 0.01, 0.7))
    ],
}  # fmt: skip


def test_method_page_moves_with_its_knobs(tmp_path: Path, open_page: Open, shoot: Shoot) -> None:
    (tmp_path / "evaluation.json").write_text(json.dumps(EVALUATION))
    (tmp_path / "losses.json").write_text(json.dumps(LOSSES))
    write_method_page(ObjectStore(str(tmp_path / "out")), measured=[tmp_path])
    page = well(open_page((tmp_path / "out" / "dashboard" / "method.html").as_uri()))
    assert page.locator(".missing").count() == 0
    assert "another model" in page.inner_text(".notice")

    def slide(name: str, value: int) -> str:
        page.locator(f"#{name}").evaluate(
            "(node, v) => { node.value = v; node.dispatchEvent(new Event('input')); }", value
        )
        words: str = page.inner_text(f"#{name.split('-')[0]}-text")
        return words

    background, curves = 97_000 / 98_000, (900 / 1500 + 400 / 1400) / 2
    assert f"{curves:.3f}" in slide("pool-weight", 0)
    assert f"{background:.3f}" in slide("pool-weight", 100)
    assert "49.0 balances" in slide("share", 980)
    assert "2 of 4 curves; 1 of those (50 %)" in slide("recall-least", 80)
    assert "3 of 4 curves; 2 of those" in slide("recall-least", 50)
    ranks = lambda: [row.split("\t")[1] for row in page.inner_text("#loss-table tbody").split("\n")]  # noqa: E731
    assert ranks() == ["focal", "tversky 0.2/0.8", "dice"]
    page.click("button[data-criterion=recall]")
    assert ranks() == ["tversky 0.2/0.8", "focal", "dice"]
    page.click("button[data-criterion=knob]")
    assert ranks()[2] == "focal"
    shoot(page, "method")


def test_method_page_names_the_command_for_what_was_not_measured(
    tmp_path: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.dashboard.method._shipped", lambda: tmp_path / "nothing")
    write_method_page(ObjectStore(str(tmp_path / "out")))
    page = well(open_page((tmp_path / "out" / "dashboard" / "method.html").as_uri()))
    words = page.locator(".missing").all_inner_texts()
    assert sum("veernet evaluate" in said for said in words) == 2
    assert sum("veernet compare-losses" in said for said in words) == 1
    assert page.locator("#reliability figure").count() == 3  # the bundle ships with its own


def test_a_decision_reaches_the_datasets_without_the_mouse(
    served: tuple[str, Path, Any], open_page: Open, shoot: Shoot
) -> None:
    address, out, app = served
    before = {row["mnemonic"]: row for row in verdicts(out) if row["log_id"] == "two-solid-curves"}
    records = {path: path.read_bytes() for path in out.glob("logs/*/log.json")}
    page = open_page(f"{address}/review?log=two-solid-curves", 1280, 1000)
    page.wait_for_selector("#queue .item")
    page.fill("#reviewer", "Ada O'Neil")
    page.press("#reviewer", "Escape")
    until(page, "document.documentElement.dataset.shown")
    mnemonic = page.evaluate("document.documentElement.dataset.shown").split("/")[1]
    page.frame_locator("#page").locator("canvas.panel-strip").first.wait_for()
    settled(page)
    shoot(page, "review")
    decided = "reject" if before[mnemonic]["decision"] != "reject" else "accept"
    page.keyboard.press(decided[0])
    until(page, "document.getElementById('message').textContent.length > 0")
    until(page, "document.getElementById('state').textContent === 'everything delivered'")
    app.state.desk.finish(60)
    row = next(r for r in verdicts(out)
               if (r["log_id"], r["mnemonic"]) == ("two-solid-curves", mnemonic))  # fmt: skip
    assert row["reviewed_decision"] == decided
    assert row["reviewer"] == "Ada O'Neil"
    assert row["decision"] == before[mnemonic]["decision"]
    curve = samples(out, log_id="two-solid-curves", mnemonic=mnemonic)
    assert set(curve["decision"]) == {decided}
    assert {path: path.read_bytes() for path in out.glob("logs/*/log.json")} == records


def test_served_well_page_leads_to_the_review(
    served: tuple[str, Path, Any], open_page: Open
) -> None:
    address, _, _ = served
    page = well(open_page(f"{address}/dashboard/logs/two-solid-curves/index.html"))
    page.click("text=Review this log")
    page.wait_for_selector("#queue .item")
    assert "log=two-solid-curves" in page.url
