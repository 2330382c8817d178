"""A real browser and a small digitised archive for the pages' tests.

Needs Debian's chromium on the path and the package ``playwright``; skipped with a reason where
either is missing. Every page must end without a console error, a failed request or a request to
another host. ``VEERNET_SCREENSHOTS`` names a folder that keeps the pictures the tests take;
``VEERNET_DEMO`` an output folder of ``veernet demo``, to save the minute of making one: ``.ci/run`` has one.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.dashboard import build_dashboard

sys.path.insert(0, str(Path(__file__).parents[1]))

CHROMIUM = shutil.which("chromium")
DEMO_SCANS = ("clean-triple-combo", "skewed-gamma-neutron", "two-solid-curves")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scans of the demo and a file that is none, digitised with the shipped weights."""
    out = tmp_path_factory.mktemp("archive") / "demo"
    made = os.environ.get("VEERNET_DEMO")
    if made:
        shutil.copytree(made, out)
        build_dashboard(out)
    else:
        digitise_demo(out)
    return out


def digitise_demo(out: Path) -> None:
    """Draw and digitise into a folder."""
    from flows.local.digitise import digitise_files
    from veernet_core.config import DigitiseConfig
    from veernet_core.net.bundle import load_predictor
    from veernet_core.synth.pages.demo import demo_archive

    scans = out / "scans"
    scans.mkdir(parents=True)
    for scan in demo_archive(0):
        if scan.stem in DEMO_SCANS and scan.sidecar is not None:
            (scans / f"{scan.stem}.tif").write_bytes(scan.tiff)
            (scans / f"{scan.stem}.sidecar.json").write_text(json.dumps(scan.sidecar), "utf-8")
    (scans / "broken.tif").write_bytes(b"no image at all")
    found = sorted(scans.glob("*.tif"))
    digitise_files(found, out, load_predictor(device="cpu"), DigitiseConfig())


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Opens pages that are watched: ``open_page(url, width, height)``."""
    contexts, troubles = [], []

    def open_(url: str, width: int = 1280, height: int = 900, touch: bool = False) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, accept_downloads=False
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda m: m.type in ("error", "warning") and troubles.append(m.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("requestfailed", lambda request: _note_failure(request, troubles))
        page.on("request", lambda request: _note_host(request.url, troubles))
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not troubles, "\n".join(troubles)


def _note_failure(request: Any, troubles: list[str]) -> None:
    # a page that is left stops its loading
    if "ERR_ABORTED" not in (request.failure or ""):
        troubles.append(f"{request.url}: {request.failure}")


def _note_host(url: str, troubles: list[str]) -> None:
    if not url.startswith(("file://", "http://127.0.0.1:", "data:", "blob:", "about:")):
        troubles.append(f"request to another host: {url}")


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """An application behind a server of its own; gives its address."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)
    getattr(app, "whole", app).state.desk.finish(60)


def until(page: Any, condition: str) -> None:
    """Wait for a condition in the page (its policy forbids the browser's own way, which is eval)."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def to_correct(open_page: Callable[..., Any], address: str, log_id: str) -> Any:
    """The correction page of a log, ready."""
    page = open_page(f"{address}/correct?log={log_id}", 1280, 900)
    page.wait_for_selector("html[data-ready='1']")
    page.wait_for_selector("#scan[data-ready='1']")
    return page


def on_screen(page: Any, row: float, col: float) -> tuple[float, float]:
    page.evaluate(f"veernetView.goTo({row})")
    page.wait_for_timeout(300)
    x, y = page.evaluate(f"veernetView.screenOf({row}, {col})")
    return float(x), float(y)


def set_depth(page: Any, row: float, col: float, depth: float) -> None:
    page.click("[data-tool=depth]")
    page.mouse.click(*on_screen(page, row, col))
    page.fill("#ask [name=depth]", str(depth))
    page.click("#ask [type=submit]")


def sidecar_now(page: Any) -> Any:
    return page.evaluate("veernetDesk.value")


@pytest.fixture
def served(demo: Path, tmp_path: Path) -> Iterator[tuple[str, Path, Any]]:
    """A copy of the demo behind its own server: address, folder, application."""
    from flows.dashboard.serve import make_app
    from storage.objects import ObjectStore

    out = tmp_path / "out"
    shutil.copytree(demo, out)
    app = make_app(ObjectStore(str(out)))
    with serving(app) as address:
        yield address, out, app


@pytest.fixture
def shoot(tmp_path: Path) -> Callable[[Any, str], np.ndarray[Any, Any]]:
    """Takes a picture of a page, keeps it small, and returns its pixels [rows, cols, 3]."""
    folder = Path(os.environ.get("VEERNET_SCREENSHOTS") or tmp_path)

    def shoot_(page: Any, name: str) -> np.ndarray[Any, Any]:
        from PIL import Image

        folder.mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(48, Image.Quantize.MAXCOVERAGE).save(folder / f"{name}.png", optimize=True)
        return np.asarray(picture)

    return shoot_
