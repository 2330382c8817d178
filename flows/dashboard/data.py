"""What the overview shows, as plain data: counts, rankings, and columns packed for the browser.

In: an ``Archive``. Out: ``dashboard_data``'s dictionary, whose ``columns`` hold one value per log or
per curve, packed so that a page of 100,000 logs opens at once. Layout and files do not belong here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from flows.dashboard.archive import Archive
from flows.dashboard.packing import packed, packed_codes, packed_labels, ranks, texts
from flows.dashboard.places import Place, outlines, places_of, why_nowhere
from storage.records import jsonable
from storage.tables import Row
from veernet_core.config import GatePolicy
from veernet_core.findings import blocks, sentence
from veernet_core.page.header.dates import parse_date

DECISIONS = ("accept", "review", "reject")
STATES = (*DECISIONS, "none")
"""A log is accepted where all its curves are, rejected where all are, ``none`` without any curve."""

UNKNOWN = "not stated"
_SCALE = 1e-4
_NO_NUMBER = -32768
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class _Curves:
    """One value per curve; ``log`` is the row of its log. Decisions are indices into DECISIONS."""

    log: NDArray[np.int64]
    machine: NDArray[np.int64]
    final: NDArray[np.int64]
    person: NDArray[np.bool_]
    numbers: dict[str, NDArray[np.float64]]
    mnemonic: tuple[list[str], NDArray[np.int64]]
    reasons: tuple[list[list[str]], NDArray[np.int64]]


def dashboard_data(
    archive: Archive,
    *,
    min_r2: float = GatePolicy().min_r2,
    interval: float = 0.9,
    pages: Collection[str] = (),
) -> dict[str, Any]:
    """Everything the overview shows, JSON-ready.

    Parameters
    ----------
    archive : Archive
    min_r2 : float
        Acceptance threshold to mark.
    interval : float
        Probability that a curve's R² exceeds its lower bound (``odds.interval_of``).
    pages : collection of str
        Log ids that have a page of their own.

    Returns
    -------
    dict
        ``summary`` (counts), ``failures``, ``reasons`` (code, sentence, counts by final decision,
        those that cost most acceptances first), ``runs``, ``canary``, ``columns`` (``logs`` and
        ``curves``: packed for the browser), ``min_r2``.
    """
    names, uwis = _log_names(archive)
    curves = _curves(archive.verdicts, names)
    counts = np.stack(
        [np.bincount(curves.log[curves.final == k], minlength=len(names)) for k in range(3)], axis=1
    )
    has_page = set(pages)
    logs, well_states = _log_columns(archive, names, uwis, curves, counts)
    logs["page"] = packed(np.array([name in has_page for name in names], np.int64), "u1")
    words = sorted({code for group in curves.reasons[0] for code in group})
    data = {
        "summary": _summary(curves, counts, well_states, archive.failures),
        "failures": archive.failures,
        "reasons": _reason_counts(curves),
        "runs": [_run_row(asdict(run)) for run in archive.runs],
        "canary": archive.canary,
        "columns": {"logs": logs, "curves": _curve_columns(curves)},
        "words": {code: sentence(code) for code in words},
        "blocking": [any(blocks(code) == "yes" for code in group) for group in curves.reasons[0]],
        "flat": ["flat_judged_by_position" in group for group in curves.reasons[0]],
        "interval": interval,
        "min_r2": min_r2,
    }
    plain: dict[str, Any] = jsonable(data)
    return plain


def _log_names(archive: Archive) -> tuple[list[str], list[str]]:
    """Log ids in order, and the well each belongs to."""
    known = _of_first_curve(archive, "uwi")
    known |= {name: _well(record, "uwi") for name, record in archive.bare.items()}
    names = sorted(known)
    return names, [known[name] for name in names]


def _well(record: Row, key: str) -> str:
    well = record.get("well")
    return str(well.get(key) or "") if isinstance(well, dict) else ""


def _labels(table: pa.Table, name: str) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct texts of a column and the code of each row; null reads as an empty text."""
    column = pc.fill_null(table[name].cast(pa.string()), "").combine_chunks()
    encoded = column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy(zero_copy_only=False).astype(
        int
    )


def _curves(table: pa.Table, names: Sequence[str]) -> _Curves:
    rows = {name: row for row, name in enumerate(names)}
    log_names, log_codes = _labels(table, "log_id")
    lookup = np.array([rows[name] for name in log_names], dtype=np.int64)
    machine = _decision_codes(table, "decision", {d: i for i, d in enumerate(DECISIONS)}, 1)
    said = {"accept": 0, "return": 1, "reject": 2}
    person = _decision_codes(table, "reviewed_decision", said, -1)
    joined = pa.table({"reasons": pc.binary_join(table["reasons"], "\n")})
    groups, group_codes = _labels(joined, "reasons")
    numbers = ("r2_estimate", "r2_lower", "r2_upper", "r2_reference", "coverage")
    return _Curves(
        log=lookup[log_codes] if len(log_codes) else np.zeros(0, np.int64),
        machine=machine,
        final=np.where(person >= 0, person, machine),
        person=person >= 0,
        numbers={name: _numbers(table, name) for name in numbers},
        mnemonic=_labels(table, "mnemonic"),
        reasons=([group.split("\n") if group else [] for group in groups], group_codes),
    )


def _decision_codes(
    table: pa.Table, name: str, codes: dict[str, int], default: int
) -> NDArray[np.int64]:
    words, index = _labels(table, name)
    lookup = np.array([codes.get(word, default) for word in words], dtype=np.int64)
    return lookup[index] if len(index) else np.zeros(0, np.int64)


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    filled = pc.fill_null(table[name].cast(pa.float64()), float("nan")).to_numpy()
    out: NDArray[np.float64] = filled.astype(np.float64)
    return out


def best_r2(numbers: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The measured R² where there is one, else the estimate."""
    measured = numbers["r2_reference"]
    return np.where(np.isfinite(measured), measured, numbers["r2_estimate"])


def _log_columns(
    archive: Archive,
    names: Sequence[str],
    uwis: Sequence[str],
    curves: _Curves,
    counts: NDArray[np.int64],
) -> tuple[Row, NDArray[np.int64]]:
    facts = {name: _log_facts(archive, names, name, key) for name, key in _FACTS}
    sources = [archive.sources.get(name, ("", "")) for name in names]
    folders = _without_common([_folder(uri) for uri, _ in sources])
    wells = _codes([uwi or f"\0{name}" for uwi, name in zip(uwis, names)])
    per_well = np.zeros((int(wells.max(initial=-1)) + 1, 3), dtype=np.int64)
    np.add.at(per_well, wells, counts)
    shown = facts["well"]
    places = places_of(uwis, facts["county"], facts["state"], archive.coordinates)
    columns = {
        "count": len(names),
        "text": {
            "log_id": texts(names), "uwi": texts(uwis), "well": texts(shown),
        },
        "label": {
            "company": packed_labels(facts["company"]),
            "county": packed_labels([place.name if place else "" for place in places]),
            "field": packed_labels(facts["field"]),
            "nowhere": packed_labels([
                "" if place else why_nowhere(*given)
                for place, *given in zip(places, uwis, facts["county"], facts["state"])
            ]),
            "decade": packed_labels([_decade(_year(text)) for text in facts["log_date"]]),
            "service": packed_labels([text or UNKNOWN for text in facts["service_company"]]),
            "folder": packed_labels(folders),
            "run": packed_labels([run or UNKNOWN for _, run in sources]),
        },
        "year": packed(np.array([_year(text) for text in facts["log_date"]], np.int64), "u2"),
        "places": _placed(places),
        "state": packed(_states(counts), "u1"),
        "accept": packed(np.minimum(counts[:, 0], 65535), "u2"),
        "review": packed(np.minimum(counts[:, 1], 65535), "u2"),
        "reject": packed(np.minimum(counts[:, 2], 65535), "u2"),
        "worst": packed(_scaled(_worst_r2(curves, len(names))), "i2"),
        "well": packed(wells, "u4"),
        "rank_log": packed(ranks(names), "u4"),
        "rank_well": packed(ranks([w or u or n for w, u, n in zip(shown, uwis, names)]), "u4"),
    }  # fmt: skip
    return columns, _states(per_well)


_FACTS = (
    ("well", "name"),
    ("company", "company"),
    ("field", "field_name"),
    ("service_company", "service_company"),
    ("log_date", "date"),
    ("county", "county"),
    ("state", "state"),
)
"""Columns of ``verdicts`` and their names in the ``well`` of ``log.json``."""


def _log_facts(archive: Archive, names: Sequence[str], column: str, key: str) -> list[str]:
    """A fact of every log's header, from its first curve or from its document."""
    known = _of_first_curve(archive, column)
    return [known.get(name) or _well(archive.bare.get(name, {}), key) for name in names]


def _of_first_curve(archive: Archive, column: str) -> dict[str, str]:
    """Text of a column in the first row of every log, by log id."""
    log_names, log_codes = _labels(archive.verdicts, "log_id")
    values, codes = _labels(archive.verdicts, column)
    first = np.unique(log_codes, return_index=True)[1].tolist() if len(log_codes) else []
    return {log_names[log_codes[i]]: values[codes[i]] for i in first}


def _codes(values: Sequence[str]) -> NDArray[np.int64]:
    """A number for each distinct text, in order of appearance."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)


def _worst_r2(curves: _Curves, logs: int) -> NDArray[np.float64]:
    """Lowest R² of each log's curves; NaN where none is known."""
    worst = np.full(logs, np.inf)
    r2 = best_r2(curves.numbers)
    known = np.isfinite(r2)
    np.minimum.at(worst, curves.log[known], r2[known])
    return np.where(np.isfinite(worst), worst, np.nan)


def _curve_columns(curves: _Curves) -> Row:
    coverage = curves.numbers["coverage"]
    return {
        "count": len(curves.log),
        "log": packed(curves.log, "u4"),
        "machine": packed(curves.machine, "u1"),
        "final": packed(curves.final, "u1"),
        "person": packed(curves.person, "u1"),
        "mnemonic": {"names": curves.mnemonic[0], "codes": packed_codes(curves.mnemonic[1])},
        "reasons": {"names": curves.reasons[0], "codes": packed_codes(curves.reasons[1])},
        "estimate": packed(_scaled(curves.numbers["r2_estimate"]), "i2"),
        "lower": packed(_scaled(curves.numbers["r2_lower"]), "i2"),
        "measured": packed(_scaled(curves.numbers["r2_reference"]), "i2"),
        "coverage": packed(np.where(np.isfinite(coverage), np.rint(coverage * 100), 255), "u1"),
    }


def _scaled(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """R² in units of 0.0001; what is far below zero is cut at -3, what is not known is marked."""
    known = np.isfinite(values)
    return np.where(
        known, np.rint(np.clip(np.where(known, values, 0), -3, 1) / _SCALE), _NO_NUMBER
    ).astype(int)


def _states(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    total = counts.sum(axis=1)
    state = np.where(counts[:, 0] == total, 0, np.where(counts[:, 2] == total, 2, 1))
    return np.where(total == 0, 3, state)


def _folder(uri: str) -> str:
    if not uri:
        return ""
    path = uri if uri.startswith("/") else urlsplit(uri).path or uri
    return str(PurePosixPath(path).parent)


def _without_common(folders: Sequence[str]) -> list[str]:
    """Folders below the one that holds the deepest common one, so that a name is always left."""
    known = [PurePosixPath(folder).parts for folder in set(folders) if folder]
    depth = 0
    while known and all(len(p) > depth for p in known) and len({p[depth] for p in known}) == 1:
        depth += 1
    depth = max(depth - 1, 0)
    top = {folder: "/".join(PurePosixPath(folder).parts[depth:]) or "." for folder in set(folders)}
    return [top[folder] if folder else UNKNOWN for folder in folders]


def _year(text: str) -> int:
    """The year of a date in any notation, also of two digits; 0 where none is seen."""
    year = _YEAR.search(text)
    if year:
        return int(year[0])
    printed = parse_date(text)
    return printed[0] if printed else 0


def _decade(year: int) -> str:
    return f"{year // 10 * 10}s" if year else UNKNOWN


def _placed(places: Sequence[Place | None]) -> Row:
    """Degrees of counties, outlines of their states; wells' own coordinates in 0.0001 degrees."""
    known = {
        place.name: [place.latitude, place.longitude]
        for place in places
        if place and not place.exact
    }
    exact = [place is not None and place.exact for place in places]
    degrees = [(p.latitude, p.longitude) if p and p.exact else (0.0, 0.0) for p in places]
    own = np.rint(np.array(degrees, np.float64).reshape(-1, 2) * 1e4).astype(np.int64)
    names = [place.name for place in places if place and place.name]
    row = {"counties": known, "outlines": outlines(sorted(set(names)))}
    if any(exact):
        row |= {"latitude": packed(own[:, 0], "i4"), "longitude": packed(own[:, 1], "i4"),
                "own": packed(np.array(exact, np.int64), "u1")}  # fmt: skip
    return row


def _summary(
    curves: _Curves, counts: NDArray[np.int64], wells: NDArray[np.int64], failures: Sequence[Row]
) -> Row:
    logs = np.bincount(_states(counts), minlength=4)
    per_well = np.bincount(wells, minlength=4)
    total = counts.sum(axis=0)
    return {
        "wells": len(wells),
        "logs": len(counts),
        "curves": len(curves.log),
        "failed": len(failures),
        "person": int(curves.person.sum()),
        **{f"wells_{state}": int(per_well[k]) for k, state in enumerate(STATES)},
        **{f"logs_{state}": int(logs[k]) for k, state in enumerate(STATES)},
        **{decision: int(total[k]) for k, decision in enumerate(DECISIONS)},
    }


def _reason_counts(curves: _Curves) -> list[Row]:
    """Reasons with counts by final decision, those that cost most acceptances first."""
    groups, codes = curves.reasons
    table = np.zeros((len(groups), 3), dtype=np.int64)
    np.add.at(table, (codes, curves.final), 1)
    counts: dict[str, NDArray[np.int64]] = {}
    for group, row in zip(groups, table):
        for code in group:
            counts[code] = counts.get(code, 0) + row
    listed = [
        {
            "code": code,
            "sentence": sentence(code),
            "total": int(row.sum()),
            **{decision: int(row[k]) for k, decision in enumerate(DECISIONS)},
        }
        for code, row in counts.items()
    ]
    return sorted(listed, key=lambda row: (row["accept"] - row["total"], row["code"]))


def _run_row(run: Row) -> Row:
    """A run for the page: its scans' places stay out, its speed comes in."""
    row = {name: value for name, value in run.items() if name not in ("scans", "settings")}
    seconds, logs = run["seconds"], run["logs"]
    device = run["device_seconds"]
    row["logs_per_hour"] = 3600 * logs / seconds if logs and seconds and isfinite(seconds) else None
    row["seconds_per_log"] = seconds / logs if logs else None
    row["device_seconds_per_log"] = device / logs if logs and device is not None else None
    return row
