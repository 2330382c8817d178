"""The page of one log: its strips with the curves drawn over them, beside an ordinary log plot.

In: a log's folder. Out: ``dashboard/logs/<log id>/`` with the page and its samples, which open from
disk. The page shows what was delivered: no sample is smoothed or added here, no verdict changed.
Pictures stay in the log's folder; the viewer loads the few that are in sight.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.dashboard.decided import decided_curves
from flows.dashboard.other_sources import other_sources
from flows.dashboard.shipped import script_json
from flows.dashboard.tiles import Picture, Track, strip_pictures
from storage.composites import AGREE
from storage.log_files import RECORD, SAMPLES
from storage.objects import ObjectStore
from storage.publish import publish_folder
from storage.records import SCHEMA_VERSION, Record, jsonable, read_record
from storage.reviews import Review, in_force, read_reviews
from storage.tables import Row
from veernet_core.datatypes import F64, U8
from veernet_core.errors import WriteError
from veernet_core.findings import proviso, sentence

ASSETS = ("theme.css", "well.css", "well.js", "served.js", "review.js")
"""Files all well pages share, in ``dashboard/assets``."""

DECISIONS = {"accept": "accepted", "review": "review", "reject": "rejected"}

_UNKNOWN = 127
_BRIDGED = 128
_FALLBACK_DPI = 200.0
_CHART_PX = (420.0, 120.0)


class DamagedResultError(WriteError):
    """A log's folder cannot be shown."""

    code = "damaged_result"


def write_well_page(log_dir: Path, dashboard_dir: Path) -> Path:
    """Write ``dashboard/logs/<log id>/index.html`` and return its path.

    The same folder gives the same bytes. The page links to the files in ``log_dir`` by relative
    paths, so both folders must move together.

    Parameters
    ----------
    log_dir : Path
        ``OUT/logs/<log id>``.
    dashboard_dir : Path
        ``OUT/dashboard``; the shared assets are written to it where they are missing or old.

    Raises
    ------
    DamagedResultError
        If the log's record cannot be read.
    WriteError
        If the page cannot be written.
    """
    target = dashboard_dir / "logs" / log_dir.name
    base = Path(os.path.relpath(log_dir, target)).as_posix()
    files = well_files(log_dir, base, ObjectStore(str(log_dir.parents[1])))
    _write_assets(dashboard_dir)
    return publish_folder(target, files) / "index.html"


def well_files(log_dir: Path, base: str, store: ObjectStore | None = None) -> dict[str, bytes]:
    """The files of a log's page.

    Parameters
    ----------
    log_dir : Path
        A folder named by the log's id.
    base : str
        Relative path from the page to the log's folder, with ``/`` between its parts.
    store : ObjectStore, optional
        Of the output: decisions of people in force are shown beside the verdicts, and where other sources of
        the well disagree.

    Raises
    ------
    DamagedResultError
    """
    try:
        record: Record = read_record((log_dir / RECORD).read_bytes(), accept_newer=True)
        names = sorted(path.name for path in log_dir.iterdir() if path.is_file())
        link = "/".join(quote(part, safe="") if part != ".." else part for part in base.split("/"))
        reviews = read_reviews(store, log_dir.name) if store else ()
        decided = _decided(record, log_dir, reviews)
        shown = _viewer(record, log_dir, link, decided)
        others = other_sources(store, record["well"]["uwi"], log_dir.name) if store else []
        page = _page(record, log_dir, names, link, decided, others)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, pa.ArrowException) as error:
        raise DamagedResultError(f"{type(error).__name__}: {error}", str(log_dir)) from error
    return {"index.html": page, "data.js": f"veernetWell({script_json(shown)});\n".encode()}


def asset_files() -> dict[str, bytes]:
    """Style and script of the page."""
    templates = package_files("flows") / "dashboard" / "templates"
    return {name: (templates / name).read_bytes() for name in ASSETS}


def _write_assets(dashboard_dir: Path) -> None:
    """Keep the shared files as this version has them; an unchanged file is not touched."""
    folder = dashboard_dir / "assets"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in asset_files().items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != data:
                part = path.with_name(f".{name}.part")
                part.write_bytes(data)
                part.replace(path)
    except OSError as error:
        raise WriteError(f"{error.strerror or error}", str(folder)) from error


# ---- what the viewer draws -------------------------------------------------------------------


def _viewer(record: Record, log_dir: Path, link: str, decided: Sequence[Review | None]) -> Row:
    """Sections, tracks, pictures and samples for the script."""
    pictures = strip_pictures(log_dir)
    samples = _samples(log_dir / SAMPLES, record["curves"])
    numbered = list(zip(decided_curves(record["curves"], decided), samples))
    return {
        "log_id": log_dir.name,
        "uwi": record["well"]["uwi"],
        "name": record["well"]["name"],
        "sections": [
            _section(section, index, record["scan"]["dpi"], pictures, numbered, link)
            for index, section in enumerate(record["sections"])
        ],
    }


def _section(
    section: Row,
    index: int,
    dpi: float | None,
    pictures: Mapping[Track, tuple[Picture, ...]],
    curves: Sequence[tuple[Row, Row | None]],
    link: str,
) -> Row:
    """One section. Strip rows are the viewer's vertical axis: without pictures they are assumed."""
    seen = [p.slab for (s, _), shown in pictures.items() if s == index for p in shown]
    pace = seen[0].scan_rows_per_row if seen else (dpi or _FALLBACK_DPI) / _FALLBACK_DPI
    length = section["row_bottom"] - section["row_top"]
    depth = section["depth"]
    return {
        "id": section["section_id"],
        "rows": seen[0].strip_rows if seen else max(2, round(length / pace)),
        "scan_row": seen[0].scan_row if seen else section["row_top"] + (pace - 1) / 2,
        "pace": pace,
        "unit": None if depth is None else depth["unit"],
        "anchors": [] if depth is None else depth["anchors"],
        "tracks": [
            {
                "id": track["track_id"],
                **_strip(pictures.get((index, number), ()), link),
                "curves": [
                    _curve(curve, samples)
                    for curve, samples in curves
                    if (curve["section_id"], curve["track_id"])
                    == (section["section_id"], track["track_id"])
                ],
            }
            for number, track in enumerate(section["tracks"])
        ],
    }


def _strip(pictures: Sequence[Picture], link: str) -> Row:
    """A track's pictures; ``strip`` is None where there are none."""
    if not pictures:
        return {"strip": None}
    first = pictures[0].slab
    return {
        "strip": {
            "cols": first.cols,
            "left": first.left_col,
            "right": first.right_col,
            "slabs": [
                {
                    "href": f"{link}/{quote(picture.name, safe='')}",
                    "reduction": picture.slab.reduction,
                    "first": picture.slab.first_row,
                    "rows": picture.slab.rows,
                }
                for picture in pictures
            ],
        }
    }


def _curve(curve: Row, samples: Row | None) -> Row:
    spec, quality = curve["spec"], curve["quality"]
    return {
        **{name: spec[name] for name in ("mnemonic", "unit", "left", "right", "scale", "wrap")},
        "decision": curve["decision"],
        "r2": quality["r2_estimate"],
        "r2_lower": quality["r2_lower"],
        "doubtful": curve.get("doubtful", []),
        "without": curve["without"],
        "samples": samples,
    }


def _samples(path: Path, curves: Sequence[Row]) -> list[Row | None]:
    """Samples of a log's curves in their order; None where they are missing or do not fit."""
    counts = [int(curve["samples"]) for curve in curves]
    try:
        table = pq.ParquetFile(path).read(columns=["depth", "value", "confidence", "observed"])
    except (OSError, KeyError, pa.ArrowException):
        return [None] * len(curves)
    if table.num_rows != sum(counts):
        return [None] * len(curves)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    starts = np.cumsum([0, *counts])[: len(counts)]
    return [
        _packed({name: data[start : start + count] for name, data in columns.items()})
        for start, count in zip(starts, counts)
    ]


def _packed(samples: Mapping[str, Any]) -> Row | None:
    """Samples as base64: value float32 (NaN: none) and a byte of confidence in per cent.

    The byte is 127 where confidence is not known, and 128 more where the sample is bridged.
    Depths are regular, as delivered: first and step.
    """
    depth: F64 = samples["depth"].astype(np.float64)
    if not len(depth):
        return None
    value = samples["value"].astype(np.float32)
    sure = samples["confidence"].astype(np.float64)
    per_cent = np.where(
        np.isfinite(sure), np.rint(100 * np.nan_to_num(sure)).clip(0, 100), _UNKNOWN
    )
    bridged = np.isfinite(value) & ~samples["observed"].astype(bool)
    state: U8 = (per_cent + _BRIDGED * bridged).astype(np.uint8)
    step = (depth[-1] - depth[0]) / (len(depth) - 1) if len(depth) > 1 else 1.0
    return {
        "first": depth[0],
        "step": round(float(step), 9),
        "count": len(depth),
        "value": base64.b64encode(value.astype("<f4").tobytes()).decode(),
        "state": base64.b64encode(state.tobytes()).decode(),
    }


# ---- what needs no script --------------------------------------------------------------------


def _decided(record: Record, log_dir: Path, reviews: Sequence[Review]) -> list[Review | None]:
    """For every curve the decision of a person that is in force."""
    if not reviews:
        return [None] * len(record["curves"])
    samples = pq.ParquetFile(log_dir / SAMPLES).read()
    return list(in_force(record, samples, reviews))


def _page(
    record: Record,
    log_dir: Path,
    names: Sequence[str],
    link: str,
    decided: Sequence[Review | None],
    others: Sequence[Row],
) -> bytes:
    final = [curve["decision"] for curve in decided_curves(record["curves"], decided)]
    shown = jsonable(
        {
            "log_id": log_dir.name,
            "well": record["well"],
            "scan": record["scan"],
            "provenance": record["provenance"],
            "newer": record.get("schema_version", 0) > SCHEMA_VERSION,
            "counts": {d: final.count(d) for d in DECISIONS},
            "words": DECISIONS,
            "curves": [
                {**c, "review": asdict(r) if r else None} for c, r in zip(record["curves"], decided)
            ],
            "sections": [_depth_facts(section) for section in record["sections"]],
            "findings": record["findings"],
            "others": others,
            "apart_pct": 100 * AGREE,
            "pictures": [_file(log_dir, n, link) for n in names if n.startswith("overlay-")],
            "downloads": [_file(log_dir, n, link) for n in names if not n.endswith(".png")],
        }
    )
    return _template().render(**shown).encode("utf-8", "replace")


@cache
def _template() -> jinja2.Template:
    source = (package_files("flows") / "dashboard" / "templates" / "well.html.j2").read_text(
        "utf-8"
    )
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "figure": _figure,
        "r2": _r2,
        "share": _share,
        "sentence": sentence,
        "proviso": proviso,
        "quoted": _quoted,
    }
    return environment.from_string(source)


def _file(log_dir: Path, name: str, link: str) -> Row:
    size = (log_dir / name).stat().st_size
    return {"name": name, "href": f"{link}/{quote(name, safe='')}", "kilobytes": -(-size // 1000)}


def _quoted(text: str) -> str:
    """A part of an address."""
    return quote(text, safe="")


def _figure(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _r2(value: float | None) -> str:
    """Below 0 a curve explains less than its mean does; by how much says nothing."""
    return "below 0" if value is not None and value < 0 else _figure(value)


def _share(value: float | None) -> str:
    """Per cent; never rounded up to 100."""
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if 0.995 < value < 1 else f"{100 * value:.0f} %"


def _depth_facts(section: Row) -> Row:
    """A section's depth axis: anchors, slope between them, and how far each leaves one line."""
    depth = section["depth"]
    facts = {
        "section_id": section["section_id"],
        "row_top": section["row_top"],
        "row_bottom": section["row_bottom"],
        "tracks": section["tracks"],
        "depth": depth,
    }
    if depth is None:
        return facts
    rows, depths = np.array(depth["anchors"], dtype=np.float64).T
    slope, offset = np.polyfit(rows, depths, 1)
    departure = depths - (slope * rows + offset)
    pace = np.diff(depths) / np.diff(rows)
    anchors = [
        {"row": row, "depth": at, "departure": off, "pace": per_row}
        for row, at, off, per_row in zip(rows, depths, departure, [*pace, None])
    ]
    return {**facts, "anchors": anchors, "chart": _departure_chart(depths, departure)}


def _departure_chart(depths: F64, departure: F64) -> Row:
    """Points of the departures' chart in its own pixels, and the figures at its edges."""
    width, height = _CHART_PX
    limit = max(float(np.abs(departure).max()), 1e-3)
    across = (depths - depths[0]) / (depths[-1] - depths[0])
    points = [
        [round(46 + (width - 56) * float(t), 1), round(height / 2 - 44 * float(d) / limit, 1)]
        for t, d in zip(across, departure)
    ]
    return {"points": points, "limit": limit, "width": width, "height": height}
