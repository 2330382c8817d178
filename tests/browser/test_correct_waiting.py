"""A log that waits for a person, brought to accepted curves on its picture, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import serving, set_depth, sidecar_now, to_correct

from flows.dashboard.serve import make_app
from flows.engine.page_engines import PageEngines
from flows.local.digitise import digitise_again, digitise_files
from flows.local.inspect import draft_again
from storage.kept import Kept, kept_folder
from storage.log_files import RECORD
from storage.objects import ObjectStore
from veernet_core.config import DigitiseConfig
from veernet_core.net.bundle import load_predictor
from veernet_core.synth.pages.demo import demo_archive

WAITING = "2-without-depth"
FOLLOWED = """async (points) => {
  const said = [], headers = {"Content-Type": "application/json", "X-Veernet": "1"};
  for (const at of points) {
    const body = JSON.stringify({log_id: veernetDesk.logId, turn: 0, points: [at], reach: 12});
    const answer = await fetch("/api/correct/follow", {method: "POST", headers, body});
    said.push((await answer.json()).path[0][1]);
  }
  return said;
}"""
"""Columns of the ink nearest to points, as the server finds them."""


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of the demo's log that prints too few depth numbers, with the real digitiser."""
    out = tmp_path / "out"
    made = os.environ.get("VEERNET_DEMO")
    if made:
        shutil.copytree(made, out, ignore=shutil.ignore_patterns("kept", "dashboard"))
    else:
        digitise_waiting(out)
    kept = Kept(kept_folder(ObjectStore(made or str(out))))
    app = make_app(
        ObjectStore(str(out)),
        redo=partial(digitise_again, kept=kept, device="cpu"),
        drafts=partial(draft_again, kept=kept, device="cpu"),
        ahead=True,
    )
    with serving(app) as address:
        yield address, out


def digitise_waiting(out: Path) -> None:
    """Draw and digitise the demo's second scan, as the demo does."""
    scan = next(scan for scan in demo_archive(0) if scan.stem == WAITING)
    (out / "scans").mkdir(parents=True)
    path = out / "scans" / f"{WAITING}.tif"
    path.write_bytes(scan.tiff)
    predictor, kept = load_predictor(device="cpu"), Kept(kept_folder(ObjectStore(str(out))))
    reader = PageEngines(numerics=predictor.numerics)
    digitise_files([path], out, predictor, DigitiseConfig(), reader=reader, kept=kept)


PRINTED = ((865.5, 6500), (1865.4, 6600))
"""Rows in the middle of the demo's second scan where its two depth numbers stand."""


def test_a_log_without_depth_is_brought_to_accepted_curves_by_clicks(
    waiting: tuple[str, Path], open_page: Callable[..., Any], shoot: Callable[..., Any]
) -> None:
    address, out = waiting
    assert not list((out / "logs" / WAITING).glob("*.las"))
    page = to_correct(open_page, address, WAITING)
    page.wait_for_selector("html[data-suggested]", timeout=300_000)
    before = sidecar_now(page)["sections"][0]
    assert before["depth"]["source"] == "guess"
    for (row, depth), (near, suggested) in zip(PRINTED, PRINTED, strict=True):
        assert at_row(before["depth"]["anchors"], near) == pytest.approx(suggested, abs=0.3)
        set_depth(page, row, 640, depth)
        assert page.is_hidden("#ask"), page.inner_text("#message")
    assert [depth for _, depth in sidecar_now(page)["sections"][0]["depth"]["anchors"]] == [
        6500,
        6600,
    ]
    page.click("#save")
    page.fill("#ask [name=name]", " ")
    page.click("#ask [type=submit]")
    assert "Type your name" in page.inner_text("#message")
    page.fill("#ask [name=name]", "Ada O'Neil")
    page.click("#ask [type=submit]")
    page.wait_for_selector("html[data-saved]", timeout=300_000)
    page.evaluate("veernetView.goTo(700)")
    page.wait_for_timeout(500)
    shoot(page, "corrected")
    record = json.loads((out / "logs" / WAITING / RECORD).read_bytes())
    decided = {c["spec"]["mnemonic"]: c["decision"] for c in record["curves"]}
    assert decided == {"GR": "accept", "NEU": "accept"}
    assert "2 accepted" in page.inner_text("#message")
    assert page.is_disabled("#confirm"), "what is accepted is no guess"
    assert list((out / "logs" / WAITING).glob("*.las"))
    kept = json.loads((out / "sidecars" / f"{WAITING}.sidecar.json").read_text())
    assert kept["edited"][-1]["who"] == "Ada O'Neil"
    assert kept["edited"][-1]["what"] == "depth set"
    for k, trace in enumerate(page.evaluate("veernetView.traces")):
        points = [point for point in trace["path"] if point]
        assert len(points) > 100
        found = page.evaluate(FOLLOWED, points[50:-50:40])
        away = [abs(px - at[1]) for px, at in zip(found, points[50:-50:40], strict=True)]
        assert sorted(away)[len(away) // 2] < 3, (k, away)


def at_row(anchors: list[list[float]], row: float) -> float:
    (top, first), (bottom, last) = anchors[0], anchors[-1]
    return first + (row - top) / (bottom - top) * (last - first)


OFFER: dict[str, Any] = {
    "sections": [{
        "section_id": "S1", "row_top": 10, "row_bottom": 900,
        "depth": {"unit": "ft", "anchors": [[100, 1000], [900, 1080]], "source": "guess"},
        "tracks": [{"track_id": "T1", "left_px": 20, "right_px": 300, "curves": [
            {"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150, "source": "header"},
            {"mnemonic": "UNREAD", "unit": "", "left": 0, "right": 1, "source": "guess"}]}],
    }]
}  # fmt: skip


def test_what_the_page_offers_fills_what_is_missing_and_one_key_confirms_it(
    waiting: tuple[str, Path], open_page: Callable[..., Any]
) -> None:
    page = to_correct(open_page, waiting[0], WAITING)
    page.wait_for_selector("html[data-suggested]", timeout=300_000)
    own = {"sections": [{"section_id": "S1", "row_top": 10, "row_bottom": 900,
                         "depth": {"unit": "ft", "anchors": [[5, 1], [9, 2]]},
                         "tracks": [{"track_id": "T1", "left_px": 20, "right_px": 300}]}]}  # fmt: skip

    def offered_to(value: dict[str, Any]) -> Any:
        page.evaluate(
            "([value, id]) => veernetDesk.discard({log_id: id, version: '', sidecar: value})",
            [value, WAITING],
        )
        page.evaluate("(offer) => veernetDesk.suggest(offer)", OFFER)
        assert not page.evaluate("veernetDesk.changed()"), "an offer is no change of a person's"
        return sidecar_now(page)

    filled = offered_to(own)["sections"][0]
    assert filled["depth"] == own["sections"][0]["depth"], "what a person has set stays"
    assert filled["tracks"][0]["curves"] == OFFER["sections"][0]["tracks"][0]["curves"]
    assert offered_to({"sections": []})["sections"] == OFFER["sections"]
    assert "Confirm 2 suggestions" in page.inner_text("#confirm")
    page.locator("#scan").focus()
    page.keyboard.press("c")
    (section,) = sidecar_now(page)["sections"]
    assert "source" not in section["depth"]
    read, unread = section["tracks"][0]["curves"]
    assert read["source"] == "header", "what was read surely is no suggestion"
    assert unread["source"] == "guess", "what could not be read is typed, and its line is clicked"
    assert "that was not read" in page.inner_text("#which")
    assert "click the one that is meant" in page.inner_text("#message")
    page.evaluate("veernetDesk.change('', (next) => next.sections[0].tracks[0].curves.pop())")
    page.evaluate("veernetDesk.change('', (next) => { next.sections[0].depth.source = 'guess'; })")
    page.keyboard.press("c")
    assert "Save digitises" in page.inner_text("#message")
    page.evaluate("(id) => localStorage.removeItem('veernet.correct.' + id)", WAITING)
