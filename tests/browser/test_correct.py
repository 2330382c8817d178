"""Correcting a log on its picture, in a real browser: tools, wrong clicks, two people on one log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import correct_support
import pytest
from conftest import on_screen, set_depth, sidecar_now, until
from correct_support import STEM, opened

without_depth = correct_support.without_depth
at_work = correct_support.at_work
desk = correct_support.desk


def test_a_border_is_dragged_undone_and_survives_a_reload(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, _ = desk
    page = opened(open_page, address)
    before = sidecar_now(page)["sections"][0]["tracks"][0]["left_px"]
    row = sidecar_now(page)["sections"][0]["row_top"] + 300
    col = page.evaluate(f"veernetDesk.at(veernetDesk.value.sections[0].tracks[0].left_px, {row})")
    page.click("[data-tool=border]")
    x, y = on_screen(page, row, col)
    far = page.evaluate("1 / veernetView.pxPerScreen()")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 25 * far, y, steps=4)
    page.mouse.up()
    until(page, "document.documentElement.dataset.borders === '1'")

    def left(at: float) -> float:
        return float(
            page.evaluate(f"veernetDesk.at(veernetDesk.value.sections[0].tracks[0].left_px, {at})")
        )

    assert left(row) == pytest.approx(col - 25, abs=1.5)
    page.reload()
    page.wait_for_selector("html[data-ready='1']")
    assert "unsaved work" in page.inner_text("#message")
    assert left(row) == pytest.approx(col - 25, abs=1.5)
    page.click("#undo")
    assert sidecar_now(page)["sections"][0]["tracks"][0]["left_px"] == before


def test_the_page_opens_where_depth_is_missing(desk: Any, open_page: Callable[..., Any]) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    assert page.locator("[data-tool=depth][aria-pressed=true]").count() == 1
    assert "has no depth" in page.inner_text("#message")
    page.wait_for_selector("html[data-suggested]")
    asked = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    assert any("/api/correct/state" in name for name in asked)
    assert not any("suggest" in name for name in asked), "what was refused is in the log's record"
    section = sidecar_now(page)["sections"][0]
    box = page.locator("#scan").bounding_box()
    _, y = page.evaluate(f"veernetView.screenOf({section['row_top']}, 0)")
    assert box["y"] < y < box["y"] + box["height"] / 2
    assert sidecar_now(page)["well"]["name"] == truth["well"]["name"]


SUGGESTED = """(() => {
  const section = {depth: {unit: "ft", source: "guess", confidence: 0.5,
                           anchors: [[100, 1000], [900, 1080]]}};
  const seen = [];
  for (const [row, depth] of POINTS) {
    veernetDesk.addAnchor(section, row, depth);
    seen.push([section.depth.anchors, section.depth.source || ""]);
  }
  return seen;
})()"""


def test_a_depth_that_is_set_leaves_the_other_suggestion(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, desk[0])

    def after(*points: tuple[float, float]) -> Any:
        given = [list(point) for point in points]
        return page.evaluate(SUGGESTED.replace("POINTS", json.dumps(given)))

    corrected, both = after((101, 1005), (899, 1085))
    assert corrected == [[[101, 1005], [900, 1080]], "guess"]
    assert both == [[[101, 1005], [899, 1085]], ""]
    (between,) = after((500, 1040))
    assert between == [[[100, 1000], [500, 1040], [900, 1080]], "guess"]
    (elsewhere,) = after((500, 8040))
    assert elsewhere == [[[100, 1000], [500, 8040]], "guess"]


def test_depths_in_the_list_are_whole_and_corrected_one_by_one(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    for row, depth in (truth["sections"][0]["depth"]["anchors"][k] for k in (0, -1)):
        set_depth(page, row, 400, depth + 10000.25)
    assert page.evaluate(
        "[...document.querySelectorAll('#panel input')].every((n) => n.scrollWidth <= n.clientWidth)"
    )
    first, last = page.locator("#panel input.depth").all()
    first.fill("99999")
    first.press("Enter")
    assert "must grow down the page" in page.inner_text("#message")
    assert len(sidecar_now(page)["sections"][0]["depth"]["anchors"]) == 2
    last.fill("20000")
    last.press("Enter")
    assert sidecar_now(page)["sections"][0]["depth"]["anchors"][1][1] == 20000


def test_a_border_dragged_over_another_is_refused(desk: Any, open_page: Callable[..., Any]) -> None:
    page = opened(open_page, desk[0])
    tracks = sidecar_now(page)["sections"][0]["tracks"]
    assert len(tracks) == 2
    row = sidecar_now(page)["sections"][0]["row_top"] + 300
    page.click("[data-tool=border]")
    left, middle = (
        page.evaluate(f"veernetDesk.at(veernetDesk.value.sections[0].tracks[1].{side}, {row})")
        for side in ("left_px", "right_px")
    )
    inside = page.evaluate(
        f"veernetDesk.at(veernetDesk.value.sections[0].tracks[0].left_px, {row})"
    )
    x, y = on_screen(page, row, left)
    target, _ = page.evaluate(f"veernetView.screenOf({row}, {inside + 40})")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(target, y, steps=5)
    page.mouse.up()
    until(page, "document.documentElement.dataset.borders === '1'")
    assert "lies over another" in page.inner_text("#message")
    assert sidecar_now(page)["sections"][0]["tracks"] == tracks
    assert middle > left


def test_a_border_let_go_near_its_printed_line_is_put_onto_it(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, desk[0])
    row = sidecar_now(page)["sections"][0]["row_top"] + 300
    column = f"veernetDesk.at(veernetDesk.value.sections[0].tracks[0].left_px, {row})"
    printed = page.evaluate(column)
    page.click("[data-tool=border]")
    assert "Snap to printed lines: on" in page.inner_text("#message")

    def dragged(by: float) -> float:
        before = page.evaluate("Number(document.documentElement.dataset.borders || 0)")
        x, y = on_screen(page, row, page.evaluate(column))
        far = page.evaluate("1 / veernetView.pxPerScreen()")
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + by * far, y, steps=3)
        page.mouse.up()
        until(page, f"Number(document.documentElement.dataset.borders) > {before}")
        return float(page.evaluate(column))

    assert dragged(4) == pytest.approx(printed, abs=1)
    assert "lies on the printed line" in page.inner_text("#message")
    page.click("[data-tool=border]")
    page.keyboard.press("m")
    assert "Snap to printed lines: off" in page.inner_text("#message")
    assert dragged(4) == pytest.approx(printed + 4, abs=1.5)


def test_a_depth_is_put_onto_the_printed_line_beside_the_click(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    row, depth = truth["sections"][0]["depth"]["anchors"][1]

    said: list[str] = []

    def set_at(at: float, col: float = 640) -> float:
        set_depth(page, at, col, depth)
        ((found, _),) = sidecar_now(page)["sections"][0]["depth"]["anchors"]
        said.append(page.inner_text("#message"))
        page.click("#undo")
        return float(found)

    printed = set_at(row)
    assert printed == pytest.approx(row, abs=4)
    assert set_at(printed + 3) == pytest.approx(printed, abs=1)
    assert set_at(printed + 1, 300) == pytest.approx(printed, abs=1.5), (
        "wherever the line is clicked"
    )
    assert all("One depth is set" in words for words in said)
    page.click("[data-tool=depth]")
    page.keyboard.press("m")
    assert set_at(printed + 3) == pytest.approx(printed + 3, abs=1.5)


def test_borders_beside_their_line_are_confirmed_or_moved(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, truth = desk

    def with_finding(route: Any) -> None:
        state = route.fetch().json()
        section = state["sidecar"]["sections"][0]
        where = {"section_id": section["section_id"], "track_id": section["tracks"][0]["track_id"]}
        off = {"code": "borders_off", "message": "the left border is printed 3 % to the right"}
        anchors = truth["sections"][0]["depth"]
        section["depth"] = anchors
        state["findings"] = [{**off, "rows": [700, 1200], **where}]
        curve = {"mnemonic": section["tracks"][0]["curves"][0]["mnemonic"], "decision": "review"}
        state["curves"] = [
            {**curve, **where, "codes": ["borders_off"], "reasons": [], "doubtful": []}
        ]
        route.fulfill(json=state)

    page = open_page("about:blank")
    page.route("**/api/correct/state*", with_finding)
    page.goto(f"{address}/correct?log={STEM}")
    page.wait_for_selector("html[data-ready='1']")
    assert "printed 3 % to the right: drag it onto the line" in page.inner_text("#message")
    assert page.locator("[data-tool=border][aria-pressed=true]").count() == 1
    page.click("#panel .off button")
    track = sidecar_now(page)["sections"][0]["tracks"][0]
    assert track["borders_confirmed"] is True
    assert page.locator("#panel .off").count() == 0
    x, y = on_screen(
        page, 900, page.evaluate(f"veernetDesk.at({json.dumps(track['left_px'])}, 900)")
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=3)
    page.mouse.up()
    until(page, "document.documentElement.dataset.borders === '1'")
    assert "borders_confirmed" not in sidecar_now(page)["sections"][0]["tracks"][0]
    page.unroute("**/api/correct/state*")


def test_a_border_that_lies_off_the_printed_line_is_said_after_the_save(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    page.fill("#reviewer", "Ada")
    anchors = truth["sections"][0]["depth"]["anchors"]
    for row, depth in (anchors[0], anchors[-1]):
        set_depth(page, row, 400, depth)

    def with_finding(route: Any) -> None:
        state = route.fetch().json()
        off = {"code": "borders_off", "message": "T1 is printed 3 % to the right", "rows": None}
        route.fulfill(json={**state, "findings": [off]})

    page.route("**/api/correct/state*", with_finding)
    page.click("#save")
    page.wait_for_selector("html[data-saved]", timeout=300_000)
    assert "look at the borders again: T1 is printed 3 %" in page.inner_text("#message")
    page.unroute("**/api/correct/state*")


def test_a_log_without_curves_leads_from_the_queue_to_its_scan(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, _ = desk
    page = open_page(f"{address}/review?log={STEM}", 1280, 900)
    page.click("#about a")
    page.wait_for_selector("html[data-ready='1']")
    page.wait_for_selector("#scan[data-ready='1']")
    assert f"/correct?log={STEM}" in page.url
    assert page.locator("[data-tool=depth][aria-pressed=true]").count() == 1


def test_a_turned_page_comes_back_with_undo(desk: Any, open_page: Callable[..., Any]) -> None:
    address, _, _ = desk
    page = opened(open_page, address)
    before, size = (
        sidecar_now(page),
        page.evaluate("[veernetView.page.width, veernetView.page.height]"),
    )
    page.click("#turn")
    until(page, "veernetView.page.turn === 90")
    assert page.evaluate("[veernetView.page.height, veernetView.page.width]") == size
    assert sidecar_now(page) == {**before, "turn_deg": 90, "sections": []}
    page.click("#undo")
    until(page, "veernetView.page.turn === 0")
    assert page.evaluate("[veernetView.page.width, veernetView.page.height]") == size
    assert sidecar_now(page) == before


def test_a_page_of_which_nothing_is_known_is_seen_whole(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, _, _ = desk

    def bare(route: Any) -> None:
        state = route.fetch().json()
        route.fulfill(json={**state, "sidecar": {"sections": []}, "curves": [], "traces": []})

    page = open_page("about:blank")
    page.route("**/api/correct/state*", bare)
    page.goto(f"{address}/correct?log={STEM}")
    page.wait_for_selector("html[data-ready='1']")
    assert "lies on its side" in page.inner_text("#message")
    box = page.locator("#scan").bounding_box()
    right, _ = page.evaluate("veernetView.screenOf(0, veernetView.page.width)")
    assert right <= box["x"] + box["width"]
    page.unroute("**/api/correct/state*")


def test_two_clicks_give_a_tall_section(desk: Any, open_page: Callable[..., Any]) -> None:
    address, _, truth = desk
    page = opened(open_page, address)
    page.click("[data-tool=section]")
    top, bottom = 40, truth["sections"][0]["row_bottom"] - 30
    for row in (top, bottom):
        page.mouse.click(*on_screen(page, row, 300))
    (section,) = sidecar_now(page)["sections"]
    assert section["row_top"] == pytest.approx(top, abs=4)
    assert section["row_bottom"] == pytest.approx(bottom, abs=4)


def test_a_damaged_sidecar_leaves_a_page_to_begin_on(
    desk: Any, open_page: Callable[..., Any]
) -> None:
    address, out, _ = desk
    (out / "sidecars").mkdir()
    bad = {
        "well": {"name": "Ada 1"},
        "sections": [{"tracks": [{"track_id": "T1", "left_px": "wide"}]}],
    }
    (out / "sidecars" / f"{STEM}.sidecar.json").write_text(json.dumps(bad))
    page = opened(open_page, address)
    assert "left_px" in page.inner_text("#panel")
    assert sidecar_now(page)["well"]["name"] == "Ada 1"
    assert len(sidecar_now(page)["sections"][0]["tracks"]) == 2
