"""A suggested scale is confirmed on its line: all lines are shown, and a person says which one it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conftest import on_screen, sidecar_now, to_correct, until

STEM = "two-solid-curves"
GUESSED = """([id, tracks]) => {
  const value = JSON.parse(JSON.stringify(veernetDesk.value));
  for (const track of value.sections[0].tracks) for (const curve of track.curves)
    if (tracks.includes(track.track_id)) curve.source = "guess"; else delete curve.source;
  veernetDesk.discard({log_id: id, version: veernetDesk.version, sidecar: value});
}"""
"""The curves of some tracks are suggestions."""


@pytest.fixture
def page(served: Any, open_page: Callable[..., Any]) -> Any:
    """A log with two solid curves in its first track, which are suggestions."""
    page = to_correct(open_page, served[0], STEM)
    page.evaluate(GUESSED, [STEM, ["T1"]])
    page.locator("#scan").focus()
    return page


def curves(page: Any, track: int = 0) -> Any:
    return sidecar_now(page)["sections"][0]["tracks"][track]["curves"]


def trace_at(page: Any, name: str, row: float) -> float:
    trace = next(t for t in page.evaluate("veernetView.traces") if t["mnemonic"] == name)
    points = [point for point in trace["path"] if point]
    return float(min(points, key=lambda point: abs(point[0] - row))[1])


def test_nothing_is_confirmed_before_its_lines_are_seen(page: Any) -> None:
    before = curves(page)
    assert "Confirm 2 suggestions" in page.inner_text("#confirm")
    page.keyboard.press("c")
    assert curves(page) == before
    assert page.evaluate("veernetView.lines.found.map((l) => l.names)") == [["GR"], ["CALI"]]
    words = page.evaluate("document.querySelector('#scan svg').textContent")
    assert "GR" in words
    assert "CALI" in words
    page.keyboard.press("c")
    assert curves(page) == before, "with two lines the answer is a number"
    assert "number of its line" in page.inner_text("#message")


def test_the_line_that_is_named_is_the_curve(page: Any) -> None:
    page.keyboard.press("c")
    row = page.evaluate("veernetView.lines.row")
    colours = page.evaluate("veernetView.lines.found.map((l) => l.colour)")
    assert len(set(colours)) == 2
    page.keyboard.press("2")
    first, second = curves(page)
    assert "source" not in first
    ((at, px),) = first["points"]
    assert at == pytest.approx(row, abs=0.1)
    assert px == pytest.approx(trace_at(page, "CALI", row), abs=0.1)
    assert second["source"] == "guess", "whose line was taken is asked for next"
    assert "CALI" in page.inner_text("#which b bdi")
    assert page.is_disabled("#which [data-line='2'], #which button[disabled]")
    page.keyboard.press("1")
    first, second = curves(page)
    assert "source" not in second
    at, px = second["points"][0]
    assert px == pytest.approx(trace_at(page, "GR", at), abs=0.1)
    assert page.is_hidden("#which")
    assert page.is_disabled("#confirm")
    assert "Save digitises" in page.inner_text("#message")
    assert page.evaluate("veernetDesk.summary()").count("confirmed on its line at") == 2
    page.click("#undo")
    page.click("#undo")
    assert [curve["source"] for curve in curves(page)] == ["guess", "guess"]


def test_a_line_that_is_not_traced_is_clicked_on_the_scan(page: Any) -> None:
    page.keyboard.press("c")
    row = page.evaluate("veernetView.lines.row")
    page.keyboard.press("0")
    assert "Click the line that is GR" in page.inner_text("#message")
    col = trace_at(page, "CALI", row)
    page.mouse.click(*page.evaluate(f"veernetView.screenOf({row}, {col})"))
    until(page, "!veernetDesk.isGuess(veernetDesk.value.sections[0].tracks[0].curves[0])")
    ((at, px),) = curves(page)[0]["points"]
    assert at == pytest.approx(row, abs=2)
    # where a line runs across, its ink is wider than it is thick
    assert px == pytest.approx(col, abs=5)
    assert abs(px - trace_at(page, "GR", at)) > 20
    assert "colour" not in curves(page)[0], "the pen is black"


def test_what_was_not_read_is_typed_and_confirmed_like_the_others(page: Any) -> None:
    page.evaluate("""() => veernetDesk.change("", (next) => {
      const [curve] = next.sections[0].tracks[0].curves;
      Object.assign(curve, {mnemonic: "UNREAD", unit: "FRAC", left: 0, right: 1});
    })""")
    assert "Confirm 2 suggestions" in page.inner_text("#confirm")
    page.keyboard.press("c")
    assert page.input_value("#which [name=left]") == ""
    page.click("#which [data-line='1']")
    assert "Type the curve's name" in page.inner_text("#message")
    page.fill("#which [name=mnemonic]", "GR")
    page.fill("#which [name=unit]", "GAPI")
    page.click("#which [data-line='1']")
    assert "two ends of the scale" in page.inner_text("#message")
    page.fill("#which [name=left]", "0")
    page.fill("#which [name=right]", "150")
    page.select_option("#which [name=wrap]", "one")
    assert "GAPI" in page.inner_text("#which [data-line='1']")
    page.click("#which [data-line='1']")
    curve = curves(page)[0]
    assert (curve["mnemonic"], curve["left"], curve["right"]) == ("GR", 0, 150)
    assert curve["wrap"] == "one"
    assert "source" not in curve
    assert len(curve["points"]) == 1


def test_what_is_typed_for_one_scale_is_suggested_for_those_guessed_alike(page: Any) -> None:
    page.evaluate("""() => veernetDesk.change("", (next) => {
      const own = next.sections[0].tracks[0].curves;
      for (const curve of own) Object.assign(curve, {unit: "", left: 0.2, right: 200, scale: "linear"});
      own.push({...own[0], mnemonic: "ILM", right: 20, style: "dashed", source: "guess"});
    })""")
    page.keyboard.press("c")
    page.select_option("#which [name=scale]", "log")
    page.fill("#which [name=unit]", "OHMM")
    page.click("#which [data-line='1']")
    own, alike, other = curves(page)
    assert (own["scale"], own["unit"]) == ("log", "OHMM")
    assert (alike["scale"], alike["unit"], alike["source"]) == ("log", "OHMM", "guess")
    assert (other["scale"], other["unit"]) == ("linear", "")
    assert page.input_value("#which [name=scale]") == "log", "the next question offers it"


def test_many_depths_are_folded_away(page: Any) -> None:
    assert page.locator("#panel details.depths").count() == 0
    page.evaluate("""() => veernetDesk.change("", (next) => {
      const depth = next.sections[0].depth;
      depth.anchors = Array.from({length: 40}, (_, k) => [10 * k, 1000 + k]);
    })""")
    assert page.inner_text("#panel details.depths summary") == "40 depths, 1,000 to 1,039 ft"
    assert not page.is_visible("#panel .anchor")
    page.click("#panel details.depths summary")
    assert page.is_visible("#panel .anchor")
    page.evaluate("veernetPanel.draw()")
    assert page.is_visible("#panel .anchor"), "what was unfolded stays so"


def test_a_suggestion_that_is_left_is_one_still_and_the_next_is_shown(page: Any) -> None:
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    assert page.is_hidden("#which")
    assert "c shows the next one" in page.inner_text("#message")
    page.keyboard.press("c")
    assert "CALI" in page.inner_text("#which b bdi")
    page.keyboard.press("Escape")
    assert [curve["source"] for curve in curves(page)] == ["guess", "guess"]
    page.keyboard.press("c")
    assert "GR" in page.inner_text("#which b bdi")


def test_a_curve_without_a_line_is_taken_off(page: Any) -> None:
    page.keyboard.press("c")
    page.keyboard.press("Delete")
    assert [curve["mnemonic"] for curve in curves(page)] == ["CALI"]
    assert "CALI" in page.inner_text("#which b bdi"), "the next one is shown"
    assert page.evaluate("veernetDesk.summary()") == "GR taken off"


def test_a_suggestion_that_is_corrected_in_the_list_is_one_still(page: Any) -> None:
    field = page.locator("#panel input[aria-label='GR at the right border']")
    field.fill("120")
    field.press("Enter")
    assert curves(page)[0] | {"right": 120, "source": "guess"} == curves(page)[0]
    page.click("#panel .curve.guess button:has-text('Confirm')")
    assert page.input_value("#which [name=right]") == "120"


def test_the_only_line_of_a_track_is_confirmed_by_its_number_too(
    served: Any, open_page: Callable[..., Any]
) -> None:
    page = to_correct(open_page, served[0], "skewed-gamma-neutron")
    page.evaluate(GUESSED, ["skewed-gamma-neutron", ["T2"]])
    page.locator("#scan").focus()
    page.keyboard.press("c")
    assert page.is_visible("#which")
    assert curves(page, 1)[0]["source"] == "guess"
    page.keyboard.press("c")
    assert curves(page, 1)[0]["source"] == "guess", "another pen may lie in the track, untraced"
    page.keyboard.press("1")
    (curve,) = curves(page, 1)
    assert "source" not in curve
    at, px = curve["points"][0]
    assert px == pytest.approx(trace_at(page, curve["mnemonic"], at), abs=0.1)


def test_curves_of_one_style_are_asked_for_though_their_scales_were_given(
    served: Any, open_page: Callable[..., Any]
) -> None:
    page = to_correct(open_page, served[0], STEM)
    assert all("source" not in curve for curve in curves(page))
    assert "Which line of track T1 is GR?" in page.inner_text("#message")
    page.locator("#scan").focus()
    page.keyboard.press("c")
    page.keyboard.press("1")
    assert len(curves(page)[0]["points"]) == 1
    assert page.is_disabled("#confirm"), "with one of the two named the other is"


def test_a_scale_that_is_drawn_a_box_round_asks_for_its_line(page: Any) -> None:
    page.click("[data-tool=scale]")
    section = sidecar_now(page)["sections"][0]
    row, track = section["row_top"] + 200, section["tracks"][0]
    left = page.evaluate(f"veernetDesk.at({json.dumps(track['left_px'])}, {row})")
    x, y = on_screen(page, row, left + 30)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 30, steps=3)
    page.mouse.up()
    for name, value in (("mnemonic", "GR"), ("left", "0"), ("right", "200")):
        page.fill(f"#ask [name={name}]", value)
    page.click("#ask [type=submit]")
    until(page, "!document.getElementById('which').hidden")
    assert page.input_value("#which [name=right]") == "200"
    assert curves(page)[0]["source"] == "guess"
    page.keyboard.press("1")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    assert "source" not in curves(page)[0]


def test_the_question_is_in_sight_on_a_narrow_window(
    served: Any, open_page: Callable[..., Any]
) -> None:
    page = to_correct(open_page, served[0], STEM)
    page.set_viewport_size({"width": 820, "height": 1000})
    page.locator("#scan").focus()
    page.keyboard.press("c")
    page.wait_for_timeout(400)
    card = page.locator("#which").bounding_box()
    assert card["x"] >= 0
    assert card["x"] + card["width"] <= 820
    assert card["y"] + card["height"] <= 1000
    row = page.evaluate("veernetView.lines.row")
    px = page.evaluate("veernetView.lines.found[0].px")
    x, y = page.evaluate(f"veernetView.screenOf({row}, {px})")
    assert 0 < x < 820
    assert 0 < y < card["y"], "the line is not under the question"
