"""The overview as a data tool, in a real browser: filters, address, threshold, export, widths."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import until
from dashboard_archive import made_archive

from flows.dashboard import build_dashboard

Open = Callable[..., Any]
LOGS = 400


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up archive: two logs of every well."""
    out = tmp_path_factory.mktemp("overview")
    made_archive(out, LOGS)
    table = pq.read_table(out / "verdicts.parquet")
    twice = [f"15-001-{int(name[4:]) // 2:05d}" for name in table["log_id"].to_pylist()]
    uwi = table.schema.get_field_index("uwi")
    column = pa.array(twice).cast(table.schema.field("uwi").type)
    pq.write_table(table.set_column(uwi, table.schema.field(uwi), column), out / "verdicts.parquet")
    build_dashboard(out)
    return out


@pytest.fixture(scope="module")
def rows(archive: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(archive / "verdicts.parquet").to_pylist()
    return found


def opened(open_page: Open, out: Path, place: str = "", width: int = 1280) -> Any:
    page = open_page((out / "dashboard" / "index.html").as_uri() + place, width, 900)
    page.wait_for_selector("html[data-ready]")
    return page


def exported(page: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.evaluate("veernetOverview.csv()"))))


def test_wells_come_first_and_lead_to_their_logs(
    archive: Path, rows: list[dict[str, Any]], open_page: Open, shoot: Callable[..., Any]
) -> None:
    page = opened(open_page, archive)
    wells = {row["uwi"] for row in rows}
    assert f"{len(wells)} wells, {LOGS} of {LOGS} logs" in page.inner_text("#count")
    table = exported(page)
    assert {row["uwi"] for row in table} == wells
    for row in table[:20]:
        own = [r for r in rows if r["uwi"] == row["uwi"]]
        assert int(row["logs"]) == len({r["log_id"] for r in own})
        assert int(row["accepted"]) == sum(r["decision"] == "accept" for r in own)
        assert float(row["r2_min"]) == pytest.approx(min(r["r2_estimate"] for r in own), abs=1e-4)
    shoot(page, "wells")
    first = page.locator("#rows .row").first
    uwi = first.locator("small").inner_text()
    first.click(position={"x": 60, "y": 10})
    assert page.input_value("#per") == "logs"
    assert {row["uwi"] for row in exported(page)} == {uwi}
    assert page.locator("#rows .row").count() == 2


def test_the_address_restores_the_view(archive: Path, open_page: Open) -> None:
    page = opened(open_page, archive)
    page.select_option("#per", "logs")
    page.fill("#search", "Smith 1")
    page.select_option("#state", "1")
    page.click("#facet-mnemonic button >> nth=1")
    page.click("#grid [data-key=worst]")
    page.locator("#threshold").evaluate(
        "(n) => { n.value = 0.7; n.dispatchEvent(new Event('input')); }"
    )
    until(page, "(document.documentElement.dataset.place || '').includes('threshold=0.7')")
    before, count = exported(page), page.inner_text("#count")
    again = opened(open_page, archive, "#" + page.url.split("#", 1)[1])
    assert exported(again) == before
    assert again.inner_text("#count") == count
    assert again.inner_text("#threshold-value") == "0.70"
    assert again.inner_text("#whatif") == page.inner_text("#whatif")
    assert 0 < len(before) < LOGS


def test_every_panel_follows_the_filter(
    archive: Path, rows: list[dict[str, Any]], open_page: Open
) -> None:
    page = opened(open_page, archive)
    page.fill("#search", "log_00001")
    until(page, "veernetOverview.passes().reduce((a, b) => a + b, 0) === 10")
    own = [row for row in rows if row["log_id"].startswith("log_00001")]
    cards = {
        node.get_attribute("data-card"): int(node.locator("b").inner_text().replace(",", ""))
        for node in page.locator("#cards .card").all()
    }
    assert cards["logs"] == 10
    assert cards["curves"] == len(own)
    for decision in ("accept", "review", "reject"):
        assert cards[decision] == sum(row["decision"] == decision for row in own)
    reasons = page.evaluate(
        "[...document.querySelectorAll('#reasons tbody tr')].filter((r) => !r.hidden)"
        ".map((r) => [r.dataset.code, [1, 2, 3].reduce((s, k) => s + Number(r.cells[k].textContent), 0)])"
    )
    codes = [code for row in own for code in row["reasons"]]
    assert dict(reasons) == {code: codes.count(code) for code in set(codes)}
    page.fill("#search", "no such well")
    until(page, "!document.getElementById('empty').hidden")
    assert "clear some" in page.inner_text("#empty")


def test_a_threshold_lists_what_it_adds_and_loses(
    archive: Path, rows: list[dict[str, Any]], open_page: Open
) -> None:
    page = opened(open_page, archive)
    for threshold in (0.7, 0.95):
        page.locator("#threshold").evaluate(
            "(n, v) => { n.value = v; n.dispatchEvent(new Event('input')); }", str(threshold)
        )
        passing = {
            k for k, row in enumerate(rows)
            if round(row["r2_lower"], 4) >= threshold and "low_coverage" not in row["reasons"]
        }  # fmt: skip
        now = {k for k, row in enumerate(rows) if row["decision"] == "accept"}
        summaries = page.locator("#changes summary").all_inner_texts()
        numbers = [int(words.split()[1].replace(",", "")) for words in summaries]
        assert numbers == [len(passing - now), len(now - passing)]


@pytest.mark.parametrize("width", [820, 1280])
def test_nothing_is_cut(
    archive: Path, open_page: Open, shoot: Callable[..., Any], width: int
) -> None:
    page = opened(open_page, archive, width=width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = page.evaluate(
        "[...document.querySelectorAll('.chart text')].filter((t) => { const b = t.getBoundingClientRect(),"
        " s = t.ownerSVGElement.getBoundingClientRect(); return b.left < s.left - 1 || b.right > s.right + 1"
        " || b.bottom > s.bottom + 1; }).map((t) => t.textContent)"
    )
    assert cut == []
    small = page.evaluate(
        "[...document.querySelectorAll('.chart text')].filter((t) => parseFloat(getComputedStyle(t).fontSize)"
        " * t.getScreenCTM().a < 10.9).map((t) => t.textContent)"
    )
    assert small == []
    over = page.evaluate(
        "[...document.querySelectorAll('.chart svg')].flatMap((svg) => {"
        " const texts = [...svg.querySelectorAll('text')].map((t) => [t.textContent,"
        " t.getBoundingClientRect()]);"
        " return texts.flatMap(([a, p], i) => texts.slice(i + 1).filter(([, q]) => p.left < q.right - 1"
        " && q.left < p.right - 1 && p.top < q.bottom - 3 && q.top < p.bottom - 3).map(([b]) => [a, b])); })"
    )
    assert over == [], "texts of a chart lie over each other"
    outside = page.evaluate(
        "[...document.querySelectorAll('#map .outline')].filter((o) => { const b = o.getBoundingClientRect(),"
        " s = o.ownerSVGElement.getBoundingClientRect(); return b.top < s.top || b.bottom > s.bottom"
        " || b.left < s.left || b.right > s.right; }).length"
    )
    assert outside == 0, "states are whole"
    assert page.locator("#map .outline").count() > 0
    shoot(page, f"overview-{width}")


def test_the_cost_of_a_thousand_logs(archive: Path, open_page: Open) -> None:
    page = opened(open_page, archive)
    page.fill("#price", "3.6")
    row = page.locator("#runs tbody tr").first
    seconds = float(row.get_attribute("data-seconds-per-log"))
    assert row.locator(".cost").inner_text() == f"{seconds:.2f}"
