"""The overview: one look at the archive, as files that open from disk and need no network.

In: an output folder or bucket. Out: ``dashboard/index.html``, its assets and its data, which are
script files because a page opened from disk may load nothing else. Data files are named by their
content and the page is put last, so that a reader never sees an old page with new data. What is
shown is decided in ``data``, the page of one well in ``well``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from flows.dashboard.archive import (
    damaged_row,
    read_archive,
    read_failures,
    read_verdicts,
    stale_pages,
)
from flows.dashboard.data import dashboard_data
from flows.dashboard.method import write_method_page
from flows.dashboard.odds import interval_of
from flows.dashboard.shipped import script_json, templates
from flows.dashboard.well import write_well_page
from storage.objects import ObjectStore
from storage.tables import Row
from veernet_core import __version__
from veernet_core.config import GatePolicy
from veernet_core.errors import VeernetError

INDEX = "dashboard/index.html"
COMPARE = "dashboard/compare.html"
MAX_PAGES = 2000
"""Pages of single logs that one build writes; the served form makes the others when asked."""

_DATA = "dashboard/data/"
_ASSETS = "dashboard/assets/"
_PAGES = "dashboard/logs"
_SHOWN_FAILURES = 200
_SAY_EVERY_S = 5.0

Say = Callable[[str], None]


def build_dashboard(
    out: Path, *, min_r2: float = GatePolicy().min_r2, max_pages: int = MAX_PAGES
) -> Path:
    """Write the dashboard of a folder and return the path of its page; see ``build_in``."""
    return Path(build_in(ObjectStore(str(out)), min_r2=min_r2, max_pages=max_pages))


def build_in(
    store: ObjectStore,
    *,
    min_r2: float = GatePolicy().min_r2,
    max_pages: int = MAX_PAGES,
    say: Say | None = None,
) -> str:
    """Write the dashboard of a folder or bucket and return the path or URI of its page.

    Only pages of logs that changed are written again. The same results give the same bytes.

    Parameters
    ----------
    store : ObjectStore
        Folder or bucket with ``verdicts.parquet``, ``failures.parquet`` and ``logs/``
        where they exist.
    min_r2 : float
        Acceptance threshold to mark.
    max_pages : int
        Pages of single logs to write at most (none on a bucket).
    say : callable, optional
        Told how far the pages are, now and then.

    Raises
    ------
    OldResultsError
        Where a dataset cannot be read.
    StorageError
        Where the pages cannot be written.
    """
    put_assets(store)
    write_method_page(store)
    root = store.local_root
    damaged = _write_pages(root, max_pages, say) if root is not None else []
    files = overview_files(store, min_r2, damaged)
    page = files.pop("index.html")
    wanted = {f"{_DATA}{name}": data for name, data in files.items()}
    present = {info.key for info in store.listing(_DATA)}
    store.put_many({key: data for key, data in wanted.items() if key not in present})
    store.put(INDEX, page)
    store.delete(sorted(present - wanted.keys()))
    return store.uri_of(INDEX)


def overview_files(
    store: ObjectStore, min_r2: float, damaged: list[Row] | None = None
) -> dict[str, bytes]:
    """The overview page and its data files by name."""
    archive = read_archive(store)
    root = store.local_root
    pages = {page.parent.name for page in (root / _PAGES).glob("*/index.html")} if root else set()
    known = {row["uri"] for row in archive.failures}
    archive.failures.extend(row for row in damaged or [] if row["uri"] not in known)
    interval = interval_of(archive.verdicts)
    data = dashboard_data(archive, min_r2=min_r2, interval=interval, pages=pages)
    columns = data.pop("columns")
    files: dict[str, bytes] = {}
    for name in ("logs", "curves"):
        files |= _script(name, columns[name])
    shared = {key: data[key] for key in ("words", "blocking", "flat", "interval", "min_r2", "runs",
                                         "canary")}  # fmt: skip
    files |= _script("facts", shared)
    page = render(data, sorted(files, reverse=True))
    return {**files, "index.html": page.encode("utf-8")}


def render(data: Mapping[str, Any], scripts: list[str]) -> str:
    """The overview of ``dashboard_data``. Every text from outside is escaped.

    Parameters
    ----------
    scripts : list of str
        Names of the data files to load.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((templates() / "overview.html.j2").read_text("utf-8"))
    return template.render(**data, scripts=scripts, shown_failures=_SHOWN_FAILURES)


def put_assets(store: ObjectStore) -> None:
    """Write styles and scripts where they differ from those present."""
    for source in templates().iterdir():
        key = COMPARE if source.name == "compare.html" else f"{_ASSETS}{source.name}"
        if source.name.endswith((".css", ".js")) or key == COMPARE:
            data = source.read_bytes()
            if store.get_or_none(key) != data:
                store.put(key, data)


def _script(name: str, data: Any) -> dict[str, bytes]:
    text = f"veernetData({script_json(name)}, {script_json(data)});\n".encode("ascii")
    return {f"{name}-{hashlib.sha256(text).hexdigest()[:12]}.js": text}


def refresh_pages(store: ObjectStore) -> None:
    """Write again the pages of logs that are older than what they show; nothing on a bucket."""
    if store.local_root is not None and store.exists(INDEX):
        _write_pages(store.local_root, MAX_PAGES)


def shown_in(store: ObjectStore) -> dict[str, int]:
    """How many logs and curves the datasets have, and scans without a result."""
    verdicts = read_verdicts(store)
    logs = len(verdicts["log_id"].unique())
    return {"logs": logs, "curves": len(verdicts), "failed": len(read_failures(store))}


def _write_pages(out: Path, most: int, say: Say | None = None) -> list[Row]:
    """Pages of the logs that changed; failure rows for folders that cannot be shown."""
    damaged: list[Row] = []
    stale = stale_pages(out, out / _PAGES, _changed_at(out / _PAGES))[:most]
    told = time.monotonic()
    for done, folder in enumerate(stale):
        if say is not None and time.monotonic() - told > _SAY_EVERY_S:
            told = time.monotonic()
            say(f"{done:,} of {len(stale):,} pages of logs are written")
        try:
            write_well_page(folder, out / "dashboard")
        except (VeernetError, OSError, ValueError, KeyError, TypeError) as error:
            damaged.append(damaged_row(folder.name, error))
    return damaged


def _changed_at(pages: Path) -> float:
    """When pages began to be made as they are now; older ones are to be written again."""
    mark, made_with = pages / ".made-with", _made_with()
    if not mark.is_file() or mark.read_text("utf-8", "replace") != made_with:
        pages.mkdir(parents=True, exist_ok=True)
        mark.write_text(made_with, "utf-8")
    return mark.stat().st_mtime


def _made_with() -> str:
    """What pages of logs are made with: they are written again where it changes."""
    sources = sorted(path.name for path in templates().iterdir() if path.name.startswith("well."))
    data = b"".join((templates() / name).read_bytes() for name in sources)
    return f"{__version__} {hashlib.sha256(data).hexdigest()[:16]}"
