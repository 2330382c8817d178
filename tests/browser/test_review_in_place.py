"""Review at the place in doubt, by keys alone, in a real browser."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import lasio
import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import on_screen, serving, until
from factories import (
    CALI,
    GR,
    ILD,
    NPHI,
    judge,
    make_curve,
    make_log,
    make_section,
    make_track,
    only,
)

from flows.dashboard import build_dashboard
from flows.dashboard.serve import make_app
from flows.local.digitise import digitise_files
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig, configured
from veernet_core.net.bundle import load_predictor
from veernet_core.pipeline import ScanInput
from veernet_core.synth.pages.demo import demo_archive

STEM = "two-solid-curves"
NAN = float("nan")
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def digitised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder with a log of two solid curves in one track, and the network."""
    out = tmp_path_factory.mktemp("two")
    scan = next(scan for scan in demo_archive(0) if scan.stem == STEM)
    (out / "scans").mkdir()
    (out / "scans" / f"{STEM}.tif").write_bytes(scan.tiff)
    (out / "scans" / f"{STEM}.sidecar.json").write_text(json.dumps(scan.sidecar))
    predictor = load_predictor(device="cpu")
    digitise_files([out / "scans" / f"{STEM}.tif"], out, predictor, DigitiseConfig())
    build_dashboard(out)
    return out, predictor


@pytest.fixture
def desk(digitised: tuple[Path, Any], tmp_path: Path) -> Iterator[tuple[str, Path, Any]]:
    """Address, folder and application of a served copy."""
    source, predictor = digitised
    out = tmp_path / "out"
    shutil.copytree(source, out)

    def redo(item: ScanInput, settings: Mapping[str, Any]) -> Any:
        return next(iter(pipeline.digitise_many([item], predictor, configured(settings))))

    app = make_app(ObjectStore(str(out)), redo=redo)
    with serving(app) as address:
        yield address, out, app


def curves(out: Path) -> dict[str, tuple[Any, Any]]:
    """Depths and values of the log's curves."""
    table = pq.ParquetFile(out / "logs" / STEM / "curves.parquet").read().to_pandas()
    return {
        str(name): (rows["depth"].to_numpy(), rows["value"].to_numpy(dtype=float))
        for name, rows in table.groupby("mnemonic", observed=True)
    }


def shown(page: Any) -> str:
    """Wait for the curve under review and its page; the curve."""
    page.wait_for_selector("html[data-stretch]")
    page.frame_locator("#page").locator("#stage[data-waiting='0']").wait_for()
    return str(page.evaluate("document.documentElement.dataset.shown")).split("/")[1]


def named(page: Any) -> None:
    page.fill("#reviewer", "Ada")
    page.press("#reviewer", "Escape")


def test_a_curve_opens_at_its_worst_stretch_and_is_accepted_without_it(
    desk: tuple[str, Path, Any], open_page: Open, shoot: Callable[..., Any]
) -> None:
    address, out, app = desk
    page = open_page(f"{address}/review?which=all", 1280, 1000)
    named(page)
    name = shown(page)
    stretches = page.evaluate("fetch('/api/log?log_id=two-solid-curves').then((r) => r.json())")[
        "curves"
    ]
    (own,) = [c["stretches"] for c in stretches if c["mnemonic"] == name]
    first = page.evaluate("document.documentElement.dataset.stretch")
    assert [float(v) for v in first.split("/")] == [own[0]["depth_from"], own[0]["depth_to"]]
    assert own[0]["why"] in page.inner_text("#stretch")
    assert own[0]["settle"] in page.inner_text("#stretch")
    stage = page.frame_locator("#page").locator("#stage")
    assert float(stage.get_attribute("data-zoom")) >= 0.5
    middle = (own[0]["depth_from"] + own[0]["depth_to"]) / 2
    readout = page.frame_locator("#page").locator("#readout").inner_text()
    assert float(readout.split()[1]) == pytest.approx(middle, abs=1.0)
    shoot(page, "stretch")
    steps = next((k for k, s in enumerate(own) if not s["withheld"]), None)
    while steps is None:
        page.keyboard.press("j")
        until(page, f"!document.documentElement.dataset.shown.endsWith('/{name}')")
        name = shown(page)
        (own,) = [c["stretches"] for c in stretches if c["mnemonic"] == name]
        steps = next((k for k, s in enumerate(own) if not s["withheld"]), None)
    for _ in range(steps):
        page.keyboard.press("]")
    page.keyboard.press("z")
    assert "1 stretch without values" in page.inner_text("[data-action=accept]")
    page.keyboard.press("a")
    until(page, "document.getElementById('message').textContent.includes('accepted')")
    app.state.desk.finish(60)
    las = lasio.read(io.StringIO((out / "logs" / STEM / f"{STEM}.las").read_text()))
    depth = las["DEPT"]
    inside = (depth >= own[steps]["depth_from"]) & (depth <= own[steps]["depth_to"])
    assert inside.any()
    assert np.isnan(las[name][inside]).all()
    assert np.isfinite(las[name][~inside]).mean() > 0.8
    page.goto(f"{address}/dashboard/logs/{STEM}/index.html")
    page.wait_for_selector("body[data-ready=yes]")
    at, values = curves(out)[name]
    traced = (at >= own[steps]["depth_from"]) & (at <= own[steps]["depth_to"]) & np.isfinite(values)
    page.fill("#goto", str(at[traced][traced.sum() // 2]))
    page.press("#goto", "Enter")
    assert f"{name} accepted without a value here" in page.inner_text("#readout")
    assert "accepted without values here" in page.inner_text(".legend")
    page.fill("#goto", str(depth[~inside & np.isfinite(las[name])][0]))
    page.press("#goto", "Enter")
    assert "accepted without" not in page.inner_text("#readout")


def test_the_scale_under_review_is_whole_and_the_others_leave_the_scan_its_room(
    tmp_path: Path, open_page: Open
) -> None:
    specs = (GR, CALI, ILD, NPHI)
    track = make_track("T1", 200, 700, *specs)
    judged = [judge(make_curve(spec), "review", reasons=("scale_guess",)) for spec in specs]
    section = make_section("main", "ft", 1000.0, 1000.5, track)
    log = replace(make_log("four"), sections=(section,), curves=tuple(judged))
    publish_local(tmp_path, "four", log_files(log, "four"))
    write_datasets(tmp_path)
    build_dashboard(tmp_path)
    with serving(make_app(ObjectStore(str(tmp_path)))) as address:
        page = open_page(f"{address}/review?log=four", 1280, 900)
        for _ in range(2):
            name = shown(page)
            frame = page.frame_locator("#page")
            own = frame.locator(f".head.plot .scale:has-text('{name}')")
            own.wait_for()
            assert frame.locator(".head.plot .scale").count() == 1
            assert frame.locator(".head.plot .key").count() == 3
            assert frame.locator(".tools").bounding_box()["height"] < 40, "one row of tools"
            assert "Press g, then c" in page.inner_text("#why")
            page.keyboard.press("j")
            until(page, f"!document.documentElement.dataset.shown.endsWith('/{name}')")
        name = shown(page)
        named(page)
        page.keyboard.press("a")
        until(page, "document.getElementById('message').textContent.includes('is a guess')")
        spec = next(spec for spec in specs if spec.mnemonic == name)
        assert f"{spec.left:g} to {spec.right:g} {spec.unit}" in page.inner_text("#message")
        page.keyboard.press("a")
        until(page, "document.getElementById('message').textContent.includes('accepted')")
        page.goto(f"{address}/dashboard/logs/four/index.html")
        page.wait_for_selector("body[data-ready=yes]")
        assert page.locator(".head.plot .scale").count() == 4, "the log's own page has room"


def test_two_curves_that_changed_places_are_put_back(
    desk: tuple[str, Path, Any], open_page: Open
) -> None:
    address, out, app = desk
    before = curves(out)
    page = open_page(f"{address}/review?log={STEM}", 1280, 1000)
    named(page)
    name = shown(page)
    assert page.locator("#page").bounding_box()["height"] >= 420, "the scan has room"
    other = page.inner_text("[data-key=x]").split()[-1]
    start, stop = map(float, page.evaluate("document.documentElement.dataset.stretch").split("/"))
    assert float(page.input_value("#swap-from")) == pytest.approx((start + stop) / 2, abs=0.01)
    page.fill("#swap-from", "")
    page.press("#swap-from", "Escape")
    page.keyboard.press("x")
    assert "Type the depth" in page.inner_text("#message")
    page.fill("#swap-from", str((start + stop) / 2))
    page.press("#swap-from", "Escape")
    page.keyboard.press("x")
    until(page, "document.getElementById('message').textContent.includes('change places')")
    app.state.desk.finish(300)
    kept = json.loads((out / "sidecars" / f"{STEM}.sidecar.json").read_text())
    assert kept["edited"][-1]["who"] == "Ada"
    assert "changed places" in kept["edited"][-1]["what"]
    after = curves(out)
    scales = {
        c["mnemonic"]: (c["left"], c["right"])
        for t in kept["sections"][0]["tracks"]
        for c in t["curves"]
    }

    def frac(found: dict[str, tuple[Any, Any]], curve: str, at: Any) -> Any:
        left, right = scales[curve]
        depth, value = found[curve]
        return (np.interp(at, depth, value) - left) / (right - left)

    depth = before[name][0]
    above, below = depth[depth < start - 5], depth[depth > stop + 5]
    for one, two in ((name, other), (other, name)):
        kept_above = np.abs(frac(after, one, above) - frac(before, one, above))
        moved = np.abs(frac(after, one, below) - frac(before, two, below))
        assert np.nanmedian(kept_above) < 0.002
        assert np.nanmedian(moved) < 0.005
        assert (moved[np.isfinite(moved)] < 0.02).mean() > 0.9


def test_curves_change_places_on_the_scan_as_any_other_change(
    desk: tuple[str, Path, Any], open_page: Open
) -> None:
    page = open_page(
        f"{desk[0]}/correct?log={STEM}&section=main&track=T1&curve=GR&row=1500", 1280, 900
    )
    page.wait_for_selector("html[data-ready='1']")
    before = page.evaluate("veernetDesk.value")
    paths = {
        t["mnemonic"]: [p for p in t["path"] if p] for t in page.evaluate("veernetView.traces")
    }
    page.click("[data-tool=swap]")
    x, y = on_screen(page, 1500, 200)
    page.mouse.click(x, y)
    assert page.is_visible("#ask"), page.inner_text("#message")
    assert page.input_value("#ask [name=other]") == "CALI"
    depth = float(page.input_value("#ask [name=depth]"))
    page.fill("#ask [name=to]", str(depth - 5))
    page.click("#ask [type=submit]")
    assert "above the first" in page.inner_text("#message")
    page.fill("#ask [name=to]", "")
    page.click("#ask [type=submit]")
    until(page, "document.getElementById('message').textContent.includes('changed places from')")
    curves = page.evaluate("veernetDesk.value.sections[0].tracks[0].curves")
    for curve, other in zip(curves, reversed(curves), strict=True):
        points = curve["points"]
        for row, px in points[:: len(points) // 8]:
            followed = paths[(curve if row < 1490 else other)["mnemonic"]]
            assert abs(np.interp(row, *np.array(followed).T) - px) < 3 or 1490 < row < 1510
    page.click("#undo")
    assert page.evaluate("veernetDesk.value") == before
    page.click("[data-tool=swap]")
    page.evaluate("veernetPanel.choose({section: 0, track: 1, curve: -1})")
    page.mouse.click(*on_screen(page, 1500, 900))
    assert "Choose the curve" in page.inner_text("#message")


def test_a_curve_without_ink_says_so_and_leads_to_its_scan(tmp_path: Path, open_page: Open) -> None:
    nothing = judge(
        make_curve(GR, holes=((0, 401),)), "reject", (NAN, NAN, NAN), ("nothing_recovered",)
    )
    log = only(make_log("empty"), nothing)
    publish_local(tmp_path, "empty", log_files(log, "empty"))
    write_datasets(tmp_path)
    build_dashboard(tmp_path)
    with serving(make_app(ObjectStore(str(tmp_path)))) as address:
        page = open_page(f"{address}/review?which=all", 1280, 900)
        page.wait_for_selector("html[data-stretch]")
        assert "No ink of this curve was found" in page.inner_text("#stretch")
        assert "log=empty" in page.get_attribute("#on-scan", "href")
        page.close()  # while the server is there: the log's own page may still be loading
