"""What a person needs who sees little or has no mouse: axe finds no grave fault, keys alone do the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from conftest import until

PAGES = {
    "/dashboard/index.html": "html[data-settled]:not([data-settled=no])",
    "/dashboard/method.html": "body[data-ready=yes]",
    "/dashboard/compare.html#logs=two-solid-curves,clean-triple-combo": "html[data-ready]",
    "/dashboard/logs/two-solid-curves/index.html": "body[data-ready=yes]",
    "/review?which=all": "html[data-stretch]",
    "/correct?log=two-solid-curves": "html[data-ready]",
}
GRAVE = ("serious", "critical")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_no_grave_fault(
    chromium: Any, served: tuple[str, Path, Any], address: str, scheme: str
) -> None:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, bypass_csp=True, color_scheme=scheme
    )
    try:
        page = context.new_page()
        page.goto(served[0] + address)
        page.wait_for_selector(PAGES[address], timeout=60_000)
        assert grave_faults(page) == []
        if address.startswith("/correct"):
            page.click("#confirm")
            page.wait_for_selector("#which:not([hidden]) [data-line='1']")
            assert grave_faults(page) == [], "while the line of a scale is asked for"
    finally:
        context.close()


def grave_faults(page: Any) -> list[tuple[str, list[str]]]:
    """What axe finds on a page, with the elements."""
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe is not installed")
    found = axe.Axe().run(page, options=RULES)["violations"]
    return [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found if v["impact"] in GRAVE]


def test_keys_alone_clear_the_queue(
    served: tuple[str, Path, Any], open_page: Callable[..., Any]
) -> None:
    address, out, app = served
    waiting = [
        row for row in pq.read_table(out / "verdicts.parquet").to_pylist()
        if row["decision"] == "review"
    ]  # fmt: skip
    assert waiting
    page = open_page(f"{address}/review", 1280, 900)
    page.wait_for_selector("html[data-stretch]")
    page.fill("#reviewer", "Ada")
    page.press("#reviewer", "Escape")
    chosen = (
        "[...document.querySelectorAll('#queue .item')].findIndex((n) => n.ariaSelected === 'true')"
    )
    decided_so_far = "document.querySelectorAll('#queue .mark.accept, #queue .mark.reject').length"
    for k in range(len(waiting)):
        page.keyboard.press("]")
        page.keyboard.press("a" if k % 2 else "r")
        until(page, f"{decided_so_far} === {k + 1}")
        if k + 1 < len(waiting):
            until(page, f"{chosen} === {k + 1}")
            page.wait_for_timeout(200)
    app.state.desk.finish(60)
    page.reload()
    until(page, "document.documentElement.dataset.ready === '1'")
    assert page.locator("#queue .item").count() == 0
    assert "Nothing left to look at" in page.inner_text("#about")
    decided = [
        row["reviewed_decision"] for row in pq.read_table(out / "verdicts.parquet").to_pylist()
        if row["decision"] == "review"
    ]  # fmt: skip
    assert sorted(decided) == sorted("accept" if k % 2 else "reject" for k in range(len(waiting)))
