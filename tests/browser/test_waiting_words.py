"""Nothing is blank without a word, and a person's name is typed once, in a real browser."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import serving, until
from starlette.applications import Starlette

from flows.dashboard import build_dashboard
from flows.dashboard.door import Door
from flows.dashboard.opening import Opening
from flows.dashboard.serve import make_app
from storage.datasets import write_datasets
from storage.objects import ObjectStore
from storage.unlisted import list_unlisted

LOG = "two-solid-curves"
Open = Callable[..., Any]


@pytest.fixture
def served(demo: Path, tmp_path: Path) -> Iterator[str]:
    out = tmp_path / "out"
    shutil.copytree(demo, out)
    with serving(make_app(ObjectStore(str(out)))) as address:
        yield address


def hold(page: Any, pattern: str) -> list[Any]:
    """Requests are held back until ``let_go``."""
    held: list[Any] = [False]
    page.route(pattern, lambda route: route.continue_() if held[0] else held.append(route))
    return held


def let_go(held: list[Any]) -> None:
    held[0] = True
    for route in held[1:]:
        route.continue_()


def test_the_name_is_typed_once_shown_and_can_be_changed(served: str, open_page: Open) -> None:
    page = open_page(f"{served}/review?log={LOG}")
    page.wait_for_selector("#queue .item")
    assert not page.is_visible("#reviewer-change")
    page.click("#reviewer")
    page.keyboard.type("Ada O'Neil")  # and the page is left without leaving the field
    page.goto(f"{served}/correct?log={LOG}")
    page.wait_for_selector("html[data-ready='1']")
    assert page.input_value("#reviewer") == "Ada O'Neil"
    assert page.evaluate("veernetReviewer.name()") == "Ada O'Neil"
    assert page.locator("#reviewer.known").count() == 1
    page.click("#reviewer-change")
    page.keyboard.type("Grace")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") != "reviewer"
    page.goto(f"{served}/review?log={LOG}")
    page.wait_for_selector("#queue .item")
    assert page.input_value("#reviewer") == "Grace"
    until(page, "document.documentElement.dataset.shown")
    page.keyboard.press("a")
    until(page, "document.getElementById('message').textContent.length > 0")
    assert "Give your name" not in page.inner_text("#message")


def test_another_tab_takes_the_name_over(served: str, open_page: Open) -> None:
    page = open_page(f"{served}/review?log={LOG}")
    page.wait_for_selector("#queue .item")
    other = page.context.new_page()
    other.goto(f"{served}/correct?log={LOG}")
    other.wait_for_selector("html[data-ready='1']")
    other.fill("#reviewer", "Ada")
    until(page, "document.getElementById('reviewer').value === 'Ada'")


def test_the_scan_says_that_it_is_on_its_way(served: str, open_page: Open) -> None:
    page = open_page("about:blank")
    held = hold(page, "**/api/tile?**")
    page.goto(f"{served}/correct?log={LOG}")
    page.wait_for_selector("html[data-ready='1']")
    words = page.locator("#scan .waiting")
    assert "being read" in words.inner_text()
    until(page, "document.querySelector('#scan .waiting').offsetHeight > 200")
    style = "getComputedStyle(document.querySelector('#scan .waiting')).pointerEvents"
    assert page.evaluate(style) == "none", "tools can be used meanwhile"
    let_go(held)
    until(page, "!document.querySelector('#scan .waiting:not(.rest)')")
    until(page, "document.querySelector('#scan .waiting.rest').textContent === ''")
    assert page.locator("#scan canvas").count() >= 1


def test_parts_of_the_scan_that_are_still_to_come_are_said(served: str, open_page: Open) -> None:
    page = open_page("about:blank")
    held: list[Any] = []

    def first_only(route: Any) -> None:
        if held and held[0] is not True:
            held.append(route)
        else:
            held[:] = held or [False]
            route.continue_()

    page.route("**/api/tile?**", first_only)
    page.goto(f"{served}/correct?log={LOG}")
    page.wait_for_selector("html[data-ready='1']")
    until(
        page, "document.querySelector('#scan .rest')?.textContent.includes('More of the picture')"
    )
    let_go(held)
    until(page, "document.querySelector('#scan .rest').textContent === ''")


def test_suggested_depths_can_be_read_on_a_dark_screen(served: str, open_page: Open) -> None:
    page = open_page("about:blank")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{served}/correct?log=1-unaided-sonic")
    field = page.locator("#panel .anchor[title=suggested] input").first
    field.wait_for()
    ink, ground = field.evaluate(
        "(n) => [getComputedStyle(n).color, getComputedStyle(n).backgroundColor]"
    )
    light = [sum(int(v) for v in re.findall(r"\d+", c)[:3]) for c in (ink, ground)]
    assert light[0] - light[1] > 300, (ink, ground)


def test_a_scan_that_cannot_be_read_is_said(served: str, chromium: Any) -> None:
    page = chromium.new_page()  # its console is full of trouble
    page.route("**/api/tile?**", lambda route: route.fulfill(status=204, body=b""))
    page.goto(f"{served}/correct?log={LOG}")
    page.wait_for_selector("#scan .waiting.failed")
    assert "could not be read" in page.inner_text("#scan .waiting")
    page.close()


def test_pages_of_an_earlier_build_are_replaced_once_the_server_is_ready(
    demo: Path, tmp_path: Path, open_page: Open
) -> None:
    out = tmp_path / "out"
    shutil.copytree(demo, out)
    shutil.rmtree(out / "logs" / LOG)
    write_datasets(out)
    build_dashboard(out)  # of an earlier day: without this log
    shutil.copytree(demo / "logs" / LOG, out / "logs" / LOG)
    store, go_on = ObjectStore(str(out)), threading.Event()

    def prepare(say: Callable[[str], None]) -> Starlette:
        say("building the pages")
        assert go_on.wait(60)
        list_unlisted(store)
        build_dashboard(out)
        return make_app(store)

    opening = Opening(store, Door(), prepare)
    opening.start()
    with serving(opening) as address:
        page = open_page(f"{address}/dashboard/index.html#per=logs")
        page.wait_for_selector("#rows .row")
        until(page, "document.getElementById('opening').textContent.includes('building the pages')")
        before = page.locator("#rows .row").count()
        go_on.set()
        page.wait_for_selector(f"#rows .row:nth-child({before + 1})")
        assert not page.is_visible("#opening")
        page.goto(f"{address}/review")
        page.frame_locator("#page").locator("#stage[data-waiting='0']").wait_for()


def test_strips_of_a_log_say_that_they_are_on_their_way(served: str, open_page: Open) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        "window.said = []; const put = CanvasRenderingContext2D.prototype.fillText;"
        "CanvasRenderingContext2D.prototype.fillText ="
        " function (words, ...at) { window.said.push(words); return put.call(this, words, ...at); };"
    )
    held = hold(page, "**/strip-*.png")
    page.goto(f"{served}/dashboard/logs/{LOG}/index.html", wait_until="commit")
    until(page, "window.said.some((words) => words.includes('on its way'))")
    let_go(held)
    page.wait_for_selector("#stage[data-waiting='0']")
    page.evaluate("window.said = []")
    page.keyboard.press("+")
    page.click("#in")
    until(page, "window.said.length > 0")
    assert not page.evaluate("window.said.some((words) => words.includes('on its way'))")
