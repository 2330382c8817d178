"""The strip of a log in a browser: samples, zoom, doubtful stretches, logs of any length."""

from __future__ import annotations

import os
import re
from pathlib import Path

import browser_support
import numpy as np
import pytest
from browser_support import Open, Shoot, crop, press, samples, settled, tall_log, url_of, view, well

from flows.dashboard.well import write_well_page
from storage.log_files import log_files
from storage.publish import publish_local
from veernet_core.curve.slabs import SLAB_ROWS

tall = browser_support.tall


def test_a_sample_reads_as_the_dataset_has_it(demo: Path, open_page: Open) -> None:
    page = well(open_page(url_of(demo, "skewed-gamma-neutron")))
    curve = samples(demo, log_id="skewed-gamma-neutron", mnemonic="GR")
    seen = np.flatnonzero([value is not None for value in curve["value"]])
    for index in seen[[len(seen) // 5, len(seen) // 2, -20]]:
        page.fill("#goto", str(curve["depth"][index]))
        page.press("#goto", "Enter")
        words = page.inner_text("#readout")
        found = re.search(r"Depth ([\d.]+) ft.*?GR ([-\d.]+) GAPI", words, re.DOTALL)
        assert found, words
        assert float(found[1]) == pytest.approx(curve["depth"][index], abs=0.01)
        assert float(found[2]) == pytest.approx(curve["value"][index], rel=1e-4)
        assert ("observed" if curve["observed"][index] else "bridged") in words


def test_curves_are_drawn_on_their_ink(tall: Path, open_page: Open) -> None:
    page = well(open_page(url_of(tall, "tall")))
    page.click("#tracks button:nth-child(2)")
    press(page, "1")
    page.evaluate("document.getElementById('ink').value = 100")
    page.click(".panel-strip + * , .key:nth-of-type(2)", trial=True)
    page.locator(".head.strip .key").nth(1).click()
    settled(page)
    strip = crop(page, "canvas.panel-strip").astype(int)
    blue = (strip[..., 2] - strip[..., 0] > 60) & (strip[..., 2] > 120)
    page.locator("#curves-shown").click()
    settled(page)
    ink = crop(page, "canvas.panel-strip").astype(int).max(axis=2) < 60
    rows = [y for y in range(20, len(ink) - 20) if blue[y].any() and ink[y].any()]
    assert len(rows) > 0.8 * (len(ink) - 40)
    apart = [abs(np.flatnonzero(blue[y]).mean() - np.flatnonzero(ink[y]).mean()) for y in rows]
    assert np.median(apart) < 1.0


def test_zoom_reaches_single_pixels(tall: Path, open_page: Open, shoot: Shoot) -> None:
    page = well(open_page(url_of(tall, "tall", "section=main&track=T1&depth=2400")))
    page.click("#pixels")
    assert view(page)[0] == 8.0
    shoot(page, "single-pixels")
    page.locator("#curves-shown").click()
    settled(page)
    strip = crop(page, "canvas.panel-strip").astype(int).sum(axis=2)
    dark = strip < strip.max() - 250
    starts = np.nonzero(np.diff(dark.astype(int), axis=1) == 1)[1]
    assert len(starts) > 20
    assert len(set(starts % 8)) == 1  # every ink edge lies on the grid of strip pixels


def test_zoom_keeps_the_point_under_the_pointer_and_the_plot_in_step(
    tall: Path, open_page: Open
) -> None:
    page = well(open_page(url_of(tall, "tall", "section=main&track=T1")))
    box = page.locator("canvas.panel-strip").first.bounding_box()
    plot = page.locator("canvas.panel-plot").first.bounding_box()
    assert (box["y"], box["height"]) == (plot["y"], plot["height"])
    page.mouse.move(box["x"] + 100, box["y"] + 200)

    def depth() -> float:
        page.mouse.move(box["x"] + 101, box["y"] + 200)
        page.mouse.move(box["x"] + 100, box["y"] + 200)
        found = re.search(r"Depth ([\d.]+)", page.inner_text("#readout"))
        assert found
        return float(found[1])

    before, zoom = depth(), view(page)[0]
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    assert view(page)[0] > 4 * zoom
    assert depth() == pytest.approx(before, abs=0.3)
    _, top = view(page)
    page.mouse.wheel(0, 400)
    assert view(page)[1] > top


def test_far_view_loads_no_full_size_picture(tall: Path, open_page: Open) -> None:
    page = open_page("about:blank")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[-1]))
    page.goto(url_of(tall, "tall", "section=main&zoom=0.01"))
    well(page)
    pictures = [name for name in loaded if name.startswith("strip-")]
    assert pictures
    assert all("8th" in name for name in pictures)
    press(page, "1")
    settled(page)
    full = {name for name in loaded if name.startswith("strip-") and "8th" not in name}
    assert 1 <= len(full) <= 4  # of ten: at most two a track


def test_doubtful_stretches_are_found_and_shown(tall: Path, open_page: Open) -> None:
    page = well(open_page(url_of(tall, "tall")))
    words = page.inner_text("#doubt")
    assert "50.0 ft without a value" in words  # 200 samples of 0.25 ft
    assert "7.5 ft bridged" in words
    press(page, "]")
    zoom, top = view(page)
    middle = top + page.locator("canvas.panel-strip").first.bounding_box()["height"] / zoom / 2
    assert middle == pytest.approx(3100 / 8000 * 5 * SLAB_ROWS, abs=40)
    assert "no value" in page.inner_text("#readout")
    assert "track=" in page.evaluate(
        "() => new Promise((done) => setTimeout(() => done(location.hash), 500))"
    )


def renderer_seconds() -> dict[int, float]:
    """CPU seconds of every page process of a chromium, by process id."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if b"--type=renderer" in (stat.parent / "cmdline").read_bytes():
                times = stat.read_text().rsplit(")", 1)[1].split()[11:13]
                found[int(stat.parent.name)] = sum(map(int, times)) / os.sysconf("SC_CLK_TCK")
        except OSError:
            continue
    return found


def test_large_log_opens_at_once(tmp_path: Path, open_page: Open) -> None:
    log = tall_log(rows=100_000, count=100_000)
    folder = publish_local(tmp_path, "large", log_files(log, "large"))
    path = write_well_page(folder, tmp_path / "dashboard")
    page = open_page("about:blank")
    before = renderer_seconds()
    page.goto(path.as_uri())
    well(page)
    spent = max(now - before.get(pid, 0.0) for pid, now in renderer_seconds().items())
    ready_ms = page.evaluate("() => performance.getEntriesByType('navigation')[0].domComplete")
    print(f"100,000 rows, 400,000 samples: {spent:.2f} s of CPU; ready after {ready_ms:.0f} ms")
    # work, not wall time: tests share their machine
    assert spent < 1.5
