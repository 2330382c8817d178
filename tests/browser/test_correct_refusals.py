"""Correcting a log in a browser: wrong clicks, odd names and addresses, two people at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

import correct_support
from conftest import on_screen, set_depth, sidecar_now, until
from correct_support import STEM, opened

without_depth = correct_support.without_depth
at_work = correct_support.at_work
desk = correct_support.desk


def test_names_with_markup_stay_text(desk: Any, open_page: Callable[..., Any]) -> None:
    page = opened(open_page, desk[0])
    name = "<img src=x onerror=alert(1)>"
    field = page.locator("#panel .curve input[aria-label=name]").first
    field.fill(name)
    field.press("Enter")
    page.locator("#panel details.well summary").click()
    well = page.locator("#panel details.well input[aria-label=well]")
    well.fill(name)
    well.press("Enter")
    assert sidecar_now(page)["sections"][0]["tracks"][0]["curves"][0]["mnemonic"] == name
    assert sidecar_now(page)["well"]["name"] == name
    assert page.locator("img[src=x]").count() == 0


def test_a_wrong_address_says_what_is_wrong_and_where_to_go(desk: Any, chromium: Any) -> None:
    context = chromium.new_context()
    try:
        page = context.new_page()
        for path, words in {
            "/correct?log=%3Cb%3Enonsense": "no log of this name",
            "/correct": "no such log",
            "/correct?scan=no.tif": "no scan of this name failed here",
            "/review?log=%3Cb%3Enonsense": "no log of this name",
            "/dashboard/logs/nonsense/index.html": "no such page here",
            "/nowhere": "no such page here",
        }.items():
            page.goto(desk[0] + path)
            page.wait_for_selector("main a[href='/dashboard/index.html']")
            assert words in page.inner_text("body"), path
            assert page.locator("main b").count() == 0
    finally:
        context.close()


def test_wrong_clicks_are_refused_with_a_reason(desk: Any, open_page: Callable[..., Any]) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    anchors = truth["sections"][0]["depth"]["anchors"]
    (row, depth), (below, _) = anchors[0], anchors[-1]
    set_depth(page, row, 400, depth)
    page.click("[data-tool=depth]")
    page.mouse.click(*on_screen(page, row, 500))
    until(
        page, "document.getElementById('message').textContent.includes('set in this row already')"
    )
    set_depth(page, below, 400, depth - 50)
    assert "must grow down the page" in page.inner_text("#message")
    page.keyboard.press("Escape")
    assert len(sidecar_now(page)["sections"][0]["depth"]["anchors"]) == 1
    page.fill("#reviewer", "Ada")
    page.click("#save")
    assert "two or more" in page.inner_text("#message")
    tracks = sidecar_now(page)["sections"][0]["tracks"]
    page.click("[data-tool=track]")
    middle = (row + below) / 2
    inside = page.evaluate(
        f"veernetDesk.at(veernetDesk.value.sections[0].tracks[0].left_px, {middle})"
    )
    x, y = on_screen(page, middle, inside + 20)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=3)
    page.mouse.up()
    assert "lies over another" in page.inner_text("#message")
    assert sidecar_now(page)["sections"][0]["tracks"] == tracks


def two_at_once(desk: Any, open_page: Callable[..., Any]) -> tuple[Any, Any, float]:
    """Two people, one with markup in her name, have set other depths on one log.

    Gives the pages of both, and the second one's first depth.
    """
    address, _, truth = desk
    first, second = opened(open_page, address), opened(open_page, address)
    anchors = truth["sections"][0]["depth"]["anchors"]
    for page, who, shift in ((first, "<b>Ada</b>", 0), (second, "Ben", 100)):
        page.fill("#reviewer", who)
        for row, depth in (anchors[0], anchors[-1]):
            set_depth(page, row, 400, depth + shift)
    return first, second, anchors[0][1] + 100


def depth_and_hand(sidecar: Mapping[str, Any]) -> tuple[float, str]:
    """The first depth of a kept sidecar, and who saved it."""
    return sidecar["sections"][0]["depth"]["anchors"][0][1], sidecar["edited"][-1]["who"]


def kept_by(desk: Any) -> tuple[float, str]:
    return depth_and_hand(json.loads((desk[1] / "sidecars" / f"{STEM}.sidecar.json").read_text()))


def test_two_people_on_one_log_lose_nothing(desk: Any, open_page: Callable[..., Any]) -> None:
    first, second, mine = two_at_once(desk, open_page)
    first.click("#save")
    first.wait_for_selector("html[data-saved]", timeout=300_000)
    second.click("#save")
    second.wait_for_selector("#message button", timeout=300_000)
    assert "<b>Ada</b> saved it" in second.inner_text("#message")
    assert first.locator("#panel b").count() == 0
    assert sidecar_now(second)["sections"][0]["depth"]["anchors"][0][1] == mine
    assert kept_by(desk) == (mine - 100, "<b>Ada</b>")
    second.click("#message button >> nth=1")
    assert sidecar_now(second)["sections"][0]["depth"]["anchors"][0][1] == mine - 100


def test_two_people_who_save_at_once_lose_nothing(
    desk: Any, at_work: threading.Event, open_page: Callable[..., Any]
) -> None:
    first, second, mine = two_at_once(desk, open_page)
    at_work.clear()
    for page in (first, second):
        page.click("#save")
        until(page, "document.getElementById('message').textContent.includes('Being digitised')")
    at_work.set()
    first.wait_for_selector("html[data-saved]", timeout=300_000)
    second.wait_for_selector("#message button", timeout=300_000)
    assert "your work is kept here" in second.inner_text("#message")
    assert sidecar_now(second)["sections"][0]["depth"]["anchors"][0][1] == mine
    second.click("#message button >> nth=0")
    second.wait_for_selector("html[data-saved]", timeout=300_000)
    assert kept_by(desk) == (mine, "Ben")
