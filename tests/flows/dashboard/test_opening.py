"""The served form shows what is there at once, says what it is doing, and waits for no one to look away."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from factories import make_log
from starlette.applications import Starlette
from starlette.testclient import TestClient

from flows.dashboard import build_in
from flows.dashboard.archive import OldResultsError
from flows.dashboard.door import Door
from flows.dashboard.opening import Opening, serve
from flows.dashboard.serve import prepared
from storage.datasets import write_datasets
from storage.log_files import log_files
from storage.objects import ObjectStore
from storage.publish import publish_local

PAGE = {"accept": "text/html"}
TOKEN = "a-token-of-enough-letters"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    publish_local(tmp_path, "a", log_files(make_log("a"), "a"))
    write_datasets(tmp_path)
    return tmp_path


class Held:
    """Prepares the whole application when it is told to."""

    def __init__(self, store: ObjectStore) -> None:
        self.store, self.go_on = store, threading.Event()

    def __call__(self, say: Callable[[str], None]) -> Starlette:
        say("building the pages")
        assert self.go_on.wait(60)
        return prepared(
            self.store, token="", reviewers={}, min_r2=0.85, redo=None, say=lambda words: None
        )


@pytest.fixture
def held(out: Path) -> Iterator[tuple[Held, Opening]]:
    store = ObjectStore(str(out))
    work = Held(store)
    yield work, Opening(store, Door(), work)
    work.go_on.set()


def client(app: Any) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


def test_pages_of_an_earlier_build_are_shown_at_once(held: tuple[Held, Opening], out: Path) -> None:
    build_in(ObjectStore(str(out)))
    work, opening = held
    opening.start()
    web = client(opening)
    page = web.get("/dashboard/index.html", headers=PAGE)
    assert page.text == (out / "dashboard" / "index.html").read_text()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert '"opening":true' in web.get("/dashboard/assets/served.js").text
    assert web.get("/api/opening").json() == {"ready": False, "doing": "building the pages"}
    work.go_on.set()
    assert opening.done.wait(60)
    assert web.get("/api/opening").json() == {"ready": True}
    assert '"opening":false' in web.get("/dashboard/assets/served.js").text


def test_pages_of_another_version_are_not_shown(out: Path) -> None:
    store = ObjectStore(str(out))
    build_in(store)
    (out / "dashboard" / "assets" / "overview-desk.js").write_text("old();")
    work = Held(store)
    opening = Opening(store, Door(), work)
    opening.start()
    web = client(opening)
    assert "Building the pages" in web.get("/dashboard/index.html", headers=PAGE).text
    work.go_on.set()
    assert opening.done.wait(60)
    assert "Building the pages" not in web.get("/dashboard/index.html", headers=PAGE).text


def test_a_page_that_is_not_there_yet_says_what_is_being_done(
    held: tuple[Held, Opening],
) -> None:
    work, opening = held
    opening.start()
    web = client(opening)
    for path in (
        "/dashboard/index.html",
        "/review",
        "/correct?log=a",
        "/dashboard/logs/a/index.html",
    ):
        page = web.get(path, headers=PAGE)
        assert page.status_code == 200
        assert "Building the pages" in page.text
        assert 'http-equiv="refresh"' in page.text
    assert web.get("/dashboard/assets/overview.css").status_code == 200
    work.go_on.set()
    assert opening.done.wait(60)
    assert "Building the pages" not in web.get("/review", headers=PAGE).text
    assert web.get("/dashboard/logs/a/index.html", headers=PAGE).status_code == 200


def test_what_only_the_whole_can_answer_waits_for_it(held: tuple[Held, Opening]) -> None:
    work, opening = held
    opening.start()
    threading.Timer(0.5, work.go_on.set).start()
    began = time.monotonic()
    found = client(opening).get("/api/queue?which=all").json()
    assert time.monotonic() - began >= 0.4
    assert found["total"] == len(make_log("a").curves)


def test_nobody_comes_in_earlier_than_later(out: Path) -> None:
    store = ObjectStore(str(out))
    build_in(store)
    work = Held(store)
    opening = Opening(store, Door(TOKEN), work)
    opening.start()
    web = client(opening)
    for path in ("/dashboard/index.html", "/api/opening", "/dashboard/assets/served.js", "/review"):
        assert web.get(path, headers=PAGE).status_code == 401, path
    bearer = {"Authorization": f"Bearer {TOKEN}", **PAGE}
    assert web.get("/dashboard/index.html", headers=bearer).status_code == 200
    hidden = web.get("/_veernet/numerics.json", headers=bearer)
    assert "Building the pages" in hidden.text
    assert web.get("/dashboard/../failures.parquet", headers=bearer).status_code != 500
    work.go_on.set()


def test_a_server_that_cannot_get_ready_ends_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "verdicts.parquet").write_bytes(b"no dataset")

    def prepare(say: Callable[[str], None]) -> Starlette:
        raise OldResultsError("no dataset", "verdicts.parquet")

    with ThreadPoolExecutor(1) as beside:  # where a loop of the browser's tests runs, no other may
        served = beside.submit(
            serve, ObjectStore(str(tmp_path)), host="127.0.0.1", port=0, token="", reviewers={},
            prepare=prepare, say=lambda words: None,
        )  # fmt: skip
        with pytest.raises(OldResultsError):
            served.result(60)
    assert capsys.readouterr().out.startswith("dashboard: http://127.0.0.1:0/")


def test_nothing_that_takes_long_to_load_is_needed_for_the_first_page() -> None:
    code = (
        "import sys, uvicorn, flows.cli.dashboard, flows.dashboard.opening;"
        "print(sorted({'torch', 'scipy', 'numba', 'rasterio', 'pyarrow', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
