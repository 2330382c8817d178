"""Pages of the dashboard in a browser: what they show of the datasets, and where things lie on them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
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
)
from PIL import Image

from flows.dashboard.well import write_well_page
from storage.log_files import log_files
from storage.publish import publish_local
from veernet_core.curve.slabs import SLAB_ROWS, draw_slabs
from veernet_core.datatypes import DepthAxis, DigitisedLog, Overlay

Open = Callable[..., Any]


Shoot = Callable[[Any, str], np.ndarray[Any, Any]]


WIDTHS = ((1280, 900), (820, 1180))


HOSTILE = '</script><img src=x onerror="window.bad=1">\'&\u202eabc'


def verdicts(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.ParquetFile(out / "verdicts.parquet").read().to_pylist()
    return rows


def samples(out: Path, **wanted: str) -> dict[str, np.ndarray[Any, Any]]:
    """Samples of one curve from the ``curves`` dataset."""
    parts = [pq.ParquetFile(part).read() for part in sorted((out / "curves").glob("*.parquet"))]
    table = pa.concat_tables(parts, promote_options="permissive")
    keep = np.ones(table.num_rows, dtype=bool)
    for name, value in wanted.items():
        keep &= np.array([text == value for text in table[name].to_pylist()])
    chosen = table.filter(pa.array(keep))
    return {name: np.array(chosen[name].to_pylist()) for name in table.column_names}


def well(page: Any) -> Any:
    page.wait_for_selector("body[data-ready=yes]")
    settled(page)
    return page


def settled(page: Any) -> None:
    """Wait until the pictures in sight have come and are drawn."""
    drawn = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))"
    page.evaluate(drawn)
    if page.locator("#stage[data-zoom]").count():
        page.wait_for_selector("#stage[data-waiting='0']")
    page.evaluate(drawn)


def view(page: Any) -> tuple[float, float]:
    """Zoom (screen px a strip row) and first strip row in sight."""
    settled(page)
    shown = page.evaluate("() => ({...document.getElementById('stage').dataset})")
    return float(shown["zoom"]), float(shown["top"])


def press(page: Any, *keys: str) -> None:
    page.focus("#stage")
    for key in keys:
        page.keyboard.press(key)


def crop(page: Any, selector: str) -> np.ndarray[Any, Any]:
    """Pixels [rows, cols, 3] of an element."""
    return np.asarray(
        Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")
    )


def url_of(out: Path, log_id: str, spot: str = "") -> str:
    path = out / "dashboard" / "logs" / log_id / "index.html"
    return path.as_uri() + (f"#{spot}" if spot else "")


def tall_log(rows: int = 5 * SLAB_ROWS, count: int = 8_000) -> DigitisedLog:
    """A log of many rows with strip pictures: ink is the very curve, where the samples say it is."""
    top, step = 2000.0, 0.25
    axis = DepthAxis("ft", np.array([[0.0, top], [rows - 1.0, top + count * step]]), residual=0.3)
    track, other = make_track("T1", 200, 700, GR, CALI), make_track("T2", 800, 1300, ILD, NPHI)
    section = replace(make_section("main", "ft", 1.0, 2.0, track, other), row_top=0.0,
                      row_bottom=float(rows), depth=axis)  # fmt: skip
    curves, at = [], np.arange(count)
    for number, (spec, name) in enumerate(((GR, "T1"), (CALI, "T1"), (ILD, "T2"), (NPHI, "T2"))):
        frac = 0.5 + 0.35 * np.sin(at / (211.0 + 40 * number)) * np.cos(at / 1717.0)
        curves.append(judge(make_curve(spec, "main", name, step=step, first=int(top / step),
                                       count=count, frac=frac, holes=((3000, 3200),),
                                       bridged=((5000, 5030),))))  # fmt: skip
    strips = []
    for number in range(2):
        frac = curves[2 * number].curve.frac
        ink = np.zeros((rows, 532), dtype=np.uint8)
        ink[::40] = 120
        col = np.interp(np.arange(rows), at * (rows - 1) / count, np.nan_to_num(frac, nan=0.5))
        column = np.rint(16 + col * 499).astype(int)
        for off in (-1, 0, 1):
            ink[np.arange(rows), column + off] = 255
        strips += [
            Overlay(f"strip-main-T{number + 1}-{slab.name}", png)
            for slab, png in draw_slabs(ink, 16.0, 515.0, np.arange(rows) * 1.0, 0, number)
        ]
    return replace(
        make_log("tall"), sections=(section,), curves=tuple(curves), overlays=tuple(strips)
    )


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tall log and its page."""
    out = tmp_path_factory.mktemp("tall")
    folder = publish_local(out, "tall", log_files(tall_log(), "tall"))
    write_well_page(folder, out / "dashboard")
    return out
