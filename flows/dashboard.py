"""The dashboard: one page that shows people the accepted, the doubtful and the rejected wells.

In: an output folder. Out: ``dashboard/index.html`` in it, which opens from disk, needs no network
and links to the files of the logs beside it. ``dashboard_data`` prepares everything shown as plain
data; the template only lays it out. Verdicts are made elsewhere and never changed here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from markupsafe import Markup

from storage.publish import RECORD, SAMPLES, log_folders, publish_folder
from storage.records import Record, jsonable
from storage.tables import Row, verdict_rows_of
from veernet_core.config import GatePolicy
from veernet_core.datatypes import F64

PLOT_BINS = 320
"""Depth bins of a curve's plot; each keeps its extremes, so that no peak is lost."""

EMBEDDED_LOGS = 150
"""Up to so many logs the page holds their details; beyond, each log's are in a file beside it."""

_HISTOGRAM_BINS = 20

REASONS: dict[str, str] = {
    "ok": "Every check passed.",
    "r2_reference_below_threshold": "Measured R² against the reference curve is too low.",
    "r2_bound_below_threshold": "The lower bound of the R² estimate is below the threshold.",
    "r2_estimate_below_threshold": "The R² estimate is too low to use the curve.",
    "no_estimate": "R² could not be estimated.",
    "nothing_recovered": "No curve was found in the ink.",
    "flat_judged_by_position": "The curve is nearly flat, so its position was judged, not its R².",
    "flat_and_uncertain": "The curve is nearly flat and its position is too uncertain.",
    "low_coverage": "Too much of the depth range has no recovered value.",
    "depth_residual": "The depth marks scatter too much around the fitted depth axis.",
    "no_depth": "Depth could not be read, so the curve has no depth axis.",
    "scale_guess": "The scale was guessed, not read from the log or a sidecar.",
    "identity_ambiguous": "Curves of this track look alike; nothing says which is which.",
    "lap_uncertain": "Much of the curve lies off scale: one wrong turn at a border shifts it by a whole track.",
    "uncalibrated_model": "The model has no calibration, so its confidence cannot be trusted.",
}
"""Sentence for every reason code; a code that is not listed is shown as it is."""


@dataclass(frozen=True, slots=True)
class _Log:
    """What one log brings to the page; ``record`` is None where its folder is not in ``out``."""

    log_id: str
    rows: list[Row]
    record: Record | None = None
    folder: Path | None = None


def build_dashboard(out: Path, *, min_r2: float = GatePolicy().min_r2) -> Path:
    """Write ``out/dashboard/index.html`` and return its path.

    The page replaces the one before in one step. The same results give the same bytes.

    Parameters
    ----------
    out : Path
        Folder with ``logs/``, and ``verdicts.parquet`` and ``failures.parquet`` where they exist.
    min_r2 : float
        Acceptance threshold to mark in the histogram.

    Raises
    ------
    WriteError
        Where the page cannot be written.
    """
    data = dashboard_data(out, min_r2=min_r2)
    details = data.pop("details")
    apart: dict[str, bytes] = {}
    if len(details) > EMBEDDED_LOGS:
        for number, log in enumerate(data["logs"]):
            if log["log_id"] in details:
                log["detail"] = f"log-{number:06d}.js"
                call = f"showDetail({_script_json(details[log['log_id']])});\n"
                apart[log["detail"]] = call.encode("utf-8")
        details = {}
    data["details"] = details
    page = render(data).encode("utf-8")
    return publish_folder(out / "dashboard", {"index.html": page, **apart}) / "index.html"


def render(data: Mapping[str, Any]) -> str:
    """The page of ``dashboard_data``. Every text from outside is escaped, in HTML and in script."""
    templates = package_files("flows") / "templates"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((templates / "dashboard.html.j2").read_text("utf-8"))
    shown = {"logs": data["logs"], "details": data["details"], "reasons": data["reason_words"]}
    return template.render(
        **data,
        style=Markup((templates / "dashboard.css").read_text("utf-8")),
        script=Markup((templates / "dashboard.js").read_text("utf-8")),
        shown=Markup(_script_json(shown)),
    )


def dashboard_data(out: Path, *, min_r2: float = GatePolicy().min_r2) -> dict[str, Any]:
    """Everything the page shows, JSON-ready.

    A log's own folder is believed before ``verdicts.parquet``, which serves for logs whose folders
    are elsewhere. A damaged folder is listed among the failures; it does not stop the page.

    Parameters
    ----------
    out : Path
    min_r2 : float

    Returns
    -------
    dict
        ``summary`` (counts), ``logs`` (one table row each), ``details`` (by log id), ``failures``,
        ``reasons`` (code, sentence, counts by decision), ``reason_words``, ``histogram``,
        ``min_r2``.
    """
    logs, damaged = _read_logs(out)
    failures = _read_rows(out / "failures.parquet") + damaged
    rows = [row for log in logs for row in log.rows]
    details = {log.log_id: _detail(log) for log in logs if log.record is not None}
    data = {
        "summary": _summary(logs, rows, failures),
        "logs": [_log_row(log) for log in logs],
        "details": details,
        "failures": failures,
        "reasons": _reason_counts(rows),
        "reason_words": {code: _sentence(code) for row in rows for code in row["reasons"]},
        "histogram": _histogram(rows),
        "min_r2": min_r2,
    }
    plain: dict[str, Any] = jsonable(data)
    return plain


def _read_logs(out: Path) -> tuple[list[_Log], list[Row]]:
    """Logs in order of id, and failure rows for folders that cannot be read."""
    known: dict[str, _Log] = {}
    damaged = []
    for folder in log_folders(out):
        try:
            record: Record = json.loads((folder / RECORD).read_bytes())
            rows = verdict_rows_of(record, folder.name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            damaged.append(_damaged(folder, error))
            continue
        known[folder.name] = _Log(folder.name, rows, record, folder)
    elsewhere: dict[str, list[Row]] = {}
    seen = known.keys() | {Path(row["uri"]).name for row in damaged}
    for row in _read_rows(out / "verdicts.parquet"):
        if row["log_id"] not in seen:
            elsewhere.setdefault(row["log_id"], []).append(row)
    known |= {log_id: _Log(log_id, rows) for log_id, rows in elsewhere.items()}
    return [known[log_id] for log_id in sorted(known)], damaged


def _read_rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    rows: list[Row] = pq.ParquetFile(path).read().to_pylist()
    return rows


def _damaged(folder: Path, error: Exception) -> Row:
    return {
        "uri": f"logs/{folder.name}",
        "stage": "dashboard",
        "code": "damaged_result",
        "remedy": "Delete this folder and digitise the scan again.",
        "message": f"{type(error).__name__}: {error}",
    }


def _summary(logs: Sequence[_Log], rows: Sequence[Row], failures: Sequence[Row]) -> Row:
    curves = Counter(row["decision"] for row in rows)
    states = Counter(_state(log.rows) for log in logs)
    wells = {next((row["uwi"] for row in log.rows), "") or f"log {log.log_id}" for log in logs}
    return {
        "wells": len(wells),
        "logs": len(logs),
        "failed": len(failures),
        "logs_accept": states["accept"],
        "logs_review": states["review"],
        "logs_reject": states["reject"],
        "curves": len(rows),
        "accept": curves["accept"],
        "review": curves["review"],
        "reject": curves["reject"],
    }


def _state(rows: Sequence[Row]) -> str:
    """A log is accepted where all its curves are, rejected where all are (or it has none)."""
    decisions = {row["decision"] for row in rows}
    if decisions == {"accept"}:
        return "accept"
    return "reject" if decisions <= {"reject"} else "review"


def _log_row(log: _Log) -> Row:
    well = log.record["well"] if log.record else {}
    decisions = Counter(row["decision"] for row in log.rows)
    estimates = [r2 for row in log.rows if (r2 := _best_r2(row)) is not None]
    tops = [row["depth_top"] for row in log.rows if row["depth_top"] is not None]
    bases = [row["depth_base"] for row in log.rows if row["depth_base"] is not None]
    return {
        "log_id": log.log_id,
        "uwi": next((row["uwi"] for row in log.rows), well.get("uwi", "")),
        "well": well.get("name", ""),
        "company": well.get("company", ""),
        "field": well.get("field_name", ""),
        "state": _state(log.rows),
        "accept": decisions["accept"],
        "review": decisions["review"],
        "reject": decisions["reject"],
        "worst_r2": min(estimates, default=None),
        "mnemonics": sorted({row["mnemonic"] for row in log.rows}),
        "depth_top": min(tops, default=None),
        "depth_base": max(bases, default=None),
        "depth_unit": next((row["depth_unit"] for row in log.rows), ""),
        "reasons": sorted({code for row in log.rows for code in row["reasons"]}),
    }


def _best_r2(row: Row) -> float | None:
    """The measured R² where there is one, else the estimate."""
    for name in ("r2_reference", "r2_estimate"):
        if row[name] is not None and np.isfinite(row[name]):
            return float(row[name])
    return None


def _reason_counts(rows: Iterable[Row]) -> list[Row]:
    """Reasons with counts by decision, those that cost most acceptances first."""
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for code in row["reasons"]:
            counts.setdefault(code, Counter())[row["decision"]] += 1
    listed = [
        {"code": code, "sentence": _sentence(code), "total": by.total(), **_decisions(by)}
        for code, by in counts.items()
    ]
    return sorted(listed, key=lambda reason: (reason["accept"] - reason["total"], reason["code"]))


def _decisions(counts: Counter[str]) -> dict[str, int]:
    return {decision: counts[decision] for decision in ("accept", "review", "reject")}


def _sentence(code: str) -> str:
    return REASONS.get(code) or code.replace("_", " ").capitalize() + "."


def _histogram(rows: Iterable[Row]) -> Row:
    """Curves by decision and R² in equal bins of [0, 1]; those below zero or unknown apart."""
    bins = [Counter[str]() for _ in range(_HISTOGRAM_BINS)]
    below, unknown = Counter[str](), Counter[str]()
    for row in rows:
        r2 = _best_r2(row)
        if r2 is None:
            unknown[row["decision"]] += 1
        elif r2 < 0:
            below[row["decision"]] += 1
        else:
            bins[min(floor(r2 * _HISTOGRAM_BINS + 1e-9), _HISTOGRAM_BINS - 1)][row["decision"]] += 1
    columns = [below, *bins]
    return {
        "columns": [_decisions(column) for column in columns],
        "highest": max(column.total() for column in columns),
        "unknown": unknown.total(),
    }


def _detail(log: _Log) -> Row:
    """One log for the page: header, curves with their plots, pictures and files to download."""
    assert log.record is not None
    assert log.folder is not None
    record = log.record
    names = sorted(path.name for path in log.folder.iterdir() if path.is_file())
    plots = _plots(log.folder / SAMPLES, record["curves"])
    return {
        "log_id": log.log_id,
        "well": record["well"],
        "provenance": record["provenance"],
        "dpi": record["scan"]["dpi"],
        "sections": [
            {
                "section_id": section["section_id"],
                "rows": [section["row_top"], section["row_bottom"]],
                "depth": None if section["depth"] is None else {
                    "unit": section["depth"]["unit"],
                    "anchors": len(section["depth"]["anchors"]),
                    "residual": section["depth"]["residual"],
                    "source": section["depth"]["source"],
                },
            }
            for section in record["sections"]
        ],
        "curves": [{**curve, "plot": plot} for curve, plot in zip(record["curves"], plots)],
        "findings": record["findings"],
        "overlays": [_link(log.log_id, name) for name in names if name.endswith(".png")],
        "downloads": [_link(log.log_id, name) for name in names if not name.endswith(".png")],
    }  # fmt: skip


def _link(log_id: str, name: str) -> Row:
    return {"name": name, "href": f"../logs/{quote(log_id, safe='')}/{quote(name, safe='')}"}


def _plots(path: Path, curves: Sequence[Row]) -> list[Row | None]:
    """Plots of a log's curves in their order; None where its samples are missing or do not fit."""
    counts = [int(curve["samples"]) for curve in curves]
    try:
        table = pq.ParquetFile(path).read(columns=["depth", "value", "confidence", "observed"])
    except (OSError, pa.ArrowException):
        return [None] * len(curves)
    if table.num_rows != sum(counts):
        return [None] * len(curves)
    starts = np.cumsum([0, *counts])[: len(counts)]
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return [
        _plot(curve["spec"], {name: data[start : start + count] for name, data in columns.items()})
        for curve, start, count in zip(curves, starts, counts)
    ]


def _plot(spec: Row, samples: Mapping[str, Any]) -> Row | None:
    """Extremes of the track position, mean confidence and observed share in bins of depth.

    Positions are in thousandths of the track's width, confidence and share in hundredths; -1 where
    a bin has none.
    """
    depth: F64 = samples["depth"].astype(np.float64)
    value: F64 = samples["value"].astype(np.float64)
    if len(depth) < 2:
        return None
    frac = _track_position(spec, value)
    bins = min(PLOT_BINS, len(depth))
    edges = np.linspace(0, len(depth), bins + 1).astype(int)
    low, high, confidence, observed = [], [], [], []
    for start, stop in pairwise(edges):
        known = np.isfinite(frac[start:stop])
        part = frac[start:stop][known]
        sure = samples["confidence"][start:stop][known].astype(np.float64)
        sure = sure[np.isfinite(sure)]
        low.append(round(1000 * part.min()) if len(part) else None)
        high.append(round(1000 * part.max()) if len(part) else None)
        confidence.append(round(100 * sure.mean()) if len(sure) else -1)
        seen = samples["observed"][start:stop][known].astype(bool)
        observed.append(round(100 * seen.mean()) if len(part) else -1)
    return {
        "top": depth[0], "base": depth[-1], "low": low, "high": high, "confidence": confidence,
        "observed": observed,
    }  # fmt: skip


def _track_position(spec: Row, value: F64) -> F64:
    """Position in track widths of values, by the curve's scale; NaN where there is none."""
    left, right = float(spec["left"]), float(spec["right"])
    if spec["scale"] == "log":
        positive = np.where(value > 0, value, np.nan)
        out: F64 = np.log(positive / left) / np.log(right / left)
    else:
        out = (value - left) / (right - left)
    return np.where(np.isfinite(out), np.clip(out, -9.0, 9.0), np.nan)


def _script_json(data: Any) -> str:
    """JSON that cannot end a script element, start a comment in it, or break a line."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
