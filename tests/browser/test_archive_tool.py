"""The archive as data: where and when, wells side by side, saved views, the run under way, empty states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import serving, until
from dashboard_archive import ledger_record, made_archive

from flows.dashboard import build_dashboard
from flows.dashboard.places import keep_coordinates
from flows.dashboard.serve import make_app
from storage.ledger import append, segment_name
from storage.objects import ObjectStore
from storage.plan import Plan, Unit, write_manifests

Open = Callable[..., Any]
LOGS = 400
SETTLED = "(document.documentElement.dataset.settled || 'no') !== 'no'"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up logs of which half have a Kansas county, and two have coordinates."""
    out = tmp_path_factory.mktemp("tool")
    made_archive(out, LOGS)
    table = out / "wells.csv"
    table.write_text(
        "UWI,Latitude,Longitude\n15-000-00000,38.5,-98.25\n15-002-00001,38.6,-98.3\n,1,1\n"
    )
    assert keep_coordinates(ObjectStore(str(out)), table) == 2
    build_dashboard(out)
    return out


def opened(open_page: Open, out: Path, place: str = "", width: int = 1280) -> Any:
    page = open_page((out / "dashboard" / "index.html").as_uri() + place, width, 900)
    until(page, SETTLED)
    return page


def shown(page: Any) -> list[str]:
    found: list[str] = page.evaluate(
        "veernetOverview.passes().reduce((a, p, i) => p ? [...a, veernetOverview.logs.text.log_id[i]] : a, [])"
    )
    return found


def test_the_map_filters_by_county(
    archive: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    page = opened(open_page, archive, "#per=logs")
    rows = {row["log_id"]: row for row in pq.read_table(archive / "verdicts.parquet").to_pylist()}
    spot = page.locator("#map .spot[aria-label^='Ellsworth, Kansas']")
    own = [name for name, row in rows.items() if row["uwi"].startswith("15-053-")]
    assert spot.get_attribute("aria-label") == f"Ellsworth, Kansas, {len(own)} logs"
    page.locator("#map").scroll_into_view_if_needed()
    shoot(page, "map")
    spot.focus()
    page.keyboard.press("Enter")
    until(page, SETTLED)
    assert shown(page) == own
    assert "county" in page.inner_text("#chips")
    assert "2 logs at their wells' coordinates" not in page.inner_text("#map-note")
    page.click("#clear")
    until(page, SETTLED)
    assert "2 logs at their wells' coordinates" in page.inner_text("#map-note")


def test_the_years_filter(archive: Path, open_page: Open) -> None:
    page = opened(open_page, archive, "#per=logs")
    rows = pq.read_table(archive / "verdicts.parquet").to_pylist()
    bar = page.locator("#years .year").nth(7)
    assert bar.locator("title").text_content() == "1942: 7 logs"
    bar.click(force=True)
    until(page, SETTLED)
    assert set(shown(page)) == {r["log_id"] for r in rows if r["log_date"].startswith("1942")}


def test_a_view_is_saved_and_shared(archive: Path, open_page: Open) -> None:
    page = opened(open_page, archive)
    page.fill("#search", "Smith 1")
    page.select_option("#state", "1")
    page.click("#views summary")
    assert page.is_visible("#views-none")
    page.fill("#view-name", "the <b>doubtful</b> Smiths")
    page.click("#views-form button >> nth=0")
    assert "Kept" in page.inner_text("#views-said")
    until(page, SETTLED)
    before = shown(page)
    page.click("#clear")
    until(page, SETTLED)
    assert len(shown(page)) == LOGS
    page.reload()
    until(page, SETTLED)
    page.click("#views summary")
    link = page.locator("#views-list a")
    assert link.inner_text() == "the <b>doubtful</b> Smiths"
    link.click()
    until(
        page, f"{SETTLED} && veernetOverview.passes().reduce((a, b) => a + b, 0) === {len(before)}"
    )
    assert shown(page) == before
    assert (
        opened(open_page, archive, "#" + page.evaluate("veernetOverview.address()")).input_value(
            "#search"
        )
        == "Smith 1"
    )
    page.click("#views summary")
    page.click("#views-list button")
    assert page.locator("#views-list li").count() == 0


def test_ticked_wells_are_seen_side_by_side(
    demo: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    page = opened(open_page, demo)
    for name in ("clean-triple-combo", "two-solid-curves"):
        page.locator("#rows .row", has_text=name).locator(".tick").click()
    assert page.inner_text("#compare") == "Side by side (2)"
    until(page, "(document.documentElement.dataset.place || '').includes('pick=')")
    page.click("#compare")
    page.wait_for_selector("html[data-ready]")
    assert page.locator("#lanes canvas[role=img]").count() == 2
    page.locator("#names button", has_text="GR").first.wait_for()
    whole = [page.input_value("#from"), page.input_value("#to")]
    page.focus("#lanes")
    page.keyboard.press("+")
    until(page, f"document.getElementById('from').value !== '{whole[0]}'")
    picture = shoot(page, "side-by-side")
    assert (abs(picture.astype(int) - [0, 114, 178]).sum(axis=2) < 60).sum() > 200, (
        "no curve is drawn"
    )
    again = open_page(page.url, 1280, 900)
    again.wait_for_selector("html[data-ready]")
    assert float(again.input_value("#from")) == pytest.approx(
        float(page.input_value("#from")), abs=0.1
    )
    again.keyboard.press("Tab")
    page.goto(page.url.split("#")[0])
    page.wait_for_selector("html[data-ready]")
    assert "tick the wells" in page.inner_text("#empty")


def test_sources_that_disagree_are_marked(
    tmp_path: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    from two_sources import UWI, two_scans

    from flows.dashboard.overview import refresh_pages
    from storage.composites import write_composites

    store = two_scans(tmp_path)
    build_dashboard(tmp_path)
    assert write_composites(store) == [UWI]
    refresh_pages(store)
    page = open_page((tmp_path / "dashboard/logs/b/index.html").as_uri())
    assert "1025.0 to 1029.5 ft" in page.inner_text("#others")
    shoot(page, "other-sources")
    page.click("#others a >> text=1025.0")
    page.wait_for_selector("html[data-ready]")
    assert page.is_checked("#over")
    assert page.locator("#lanes canvas[role=img]").count() == 1
    assert "1 stretch" in page.inner_text("#note")
    assert float(page.input_value("#from")) < 1025 < 1029.5 < float(page.input_value("#to"))
    shoot(page, "over-one-another")


def test_the_run_under_way_is_told(
    tmp_path: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    made_archive(tmp_path, 20)
    build_dashboard(tmp_path)
    store = ObjectStore(str(tmp_path))
    units = [Unit(f"{k}.tif", "v", 1, "", "", f"log-{k}", "new", chunk=k // 4) for k in range(12)]
    write_manifests(store, "20260101T000000", Plan(tuple(units), (), 12, 0, ()))
    with serving(make_app(store)) as address:
        page = open_page(f"{address}/dashboard/index.html", 1280, 900)
        until(page, "document.documentElement.dataset.live === '0/12'")
        records = [
            ledger_record(unit, "failed" if k == 3 else "done") for k, unit in enumerate(units[:4])
        ]
        append(store, segment_name("20260101T000000", 0, 0), records)
        until(page, "document.documentElement.dataset.live === '4/12'")
        told = page.inner_text("#live")
        assert "4 of 12 logs" in told
        assert "1 without a result" in told
        assert "left" in told
        shoot(page, "live")
        store.delete([info.key for info in store.listing("_veernet/runs/")])
        until(page, "document.documentElement.dataset.live === 'ended'")
        page.click("#live-reload")
        until(page, "document.documentElement.dataset.live === 'none'")
        assert page.is_hidden("#live")


def test_an_empty_archive_says_what_to_do(
    tmp_path: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    build_dashboard(tmp_path)
    page = opened(open_page, tmp_path)
    assert "veernet digitise" in page.inner_text("#empty")
    for place in ("#map-empty", "#years-empty"):
        assert "have been digitised" in page.inner_text(place)
    assert page.locator("svg text").count() == 0, "a chart without anything in it"
    shoot(page, "empty")


def test_places_that_are_not_known_say_how_to_give_them(tmp_path: Path, open_page: Open) -> None:
    made_archive(tmp_path, 5)
    table = pq.read_table(tmp_path / "verdicts.parquet")
    at = table.schema.get_field_index("uwi")
    blank = pa.array([""] * len(table)).cast(table.schema.field("uwi").type)
    pq.write_table(
        table.set_column(at, table.schema.field(at), blank), tmp_path / "verdicts.parquet"
    )
    build_dashboard(tmp_path)
    page = opened(open_page, tmp_path)
    assert "--coordinates TABLE" in page.inner_text("#map-empty")


ABROAD = {
    "15-053-00001": (38.7, -98.2),
    "NO 34/10-A-8": (61.17, 2.19),
    "NO 15/9-F-1": (58.44, 1.89),
    "FJ 1": (-17.8, 179.9),
    "NZ 1": (-39.6, -176.2),
}


def test_wells_anywhere_are_on_the_map_and_others_say_why(
    tmp_path: Path, open_page: Open, shoot: Callable[..., Any]
) -> None:
    made_archive(tmp_path, 8)
    table = pq.read_table(tmp_path / "verdicts.parquet")
    names = sorted(set(table["log_id"].to_pylist()))
    uwi = dict(zip(names, [*ABROAD, "UK 9/13", "", "15-053-00002"], strict=True))
    at = table.schema.get_field_index("uwi")
    own = pa.array([uwi[name] for name in table["log_id"].to_pylist()]).cast(
        table.schema.field(at).type
    )
    pq.write_table(table.set_column(at, table.schema.field(at), own), tmp_path / "verdicts.parquet")
    places = tmp_path / "wells.csv"
    rows = [f"{well},{lat},{lon}" for well, (lat, lon) in ABROAD.items()]
    places.write_text("\n".join(["uwi,latitude,longitude", *rows]) + "\n")
    assert keep_coordinates(ObjectStore(str(tmp_path)), places) == len(ABROAD)
    build_dashboard(tmp_path)
    page = opened(open_page, tmp_path, "#per=logs")
    assert f"{len(ABROAD)} logs at their wells' coordinates" in page.inner_text("#map-note")
    said = page.inner_text("#map-without")
    assert "1 log not on the map: neither a UWI nor a county is stated" in said
    assert "1 log not on the map: its UWI is in no table of coordinates" in said
    page.locator("#map").scroll_into_view_if_needed()
    shoot(page, "map-abroad")
    ticks = page.locator("#map .tick").all_text_contents()
    assert {"60°N", "0°", "60°E", "120°W"} <= set(ticks)
    # Fiji and Chatham lie on both sides of 180 degrees, Kansas and Norway do not part them
    page.click("#map-without button >> nth=0")
    until(page, SETTLED)
    assert len(shown(page)) == 1
    page.click("#clear")
    page.evaluate("location.hash = 'per=logs&near=60 2 3'")
    until(page, "veernetOverview.passes().reduce((a, b) => a + b, 0) === 2")
    assert {uwi[name] for name in shown(page)} == {"NO 34/10-A-8", "NO 15/9-F-1"}
    page.evaluate("location.hash = 'per=logs&near=-25 -178 20'")
    until(page, f"{SETTLED} && veernetOverview.chosen.near === '-25 -178 20'")
    assert {uwi[name] for name in shown(page)} == {"FJ 1", "NZ 1"}
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map svg path[class^=fill]").first.bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)  # the dot in the north-west
    until(page, f"{SETTLED} && veernetOverview.passes().reduce((a, b) => a + b, 0) === 1")
    assert {uwi[name] for name in shown(page)} == {"FJ 1"}
