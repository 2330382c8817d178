"""What the review looks at: curves by what is to be gained, and logs that must be corrected before it.

In: an output place and what was decided since its datasets were written. Out: rows for the page. Decisions
belong to ``review``, the stretches of one curve to ``stretches``.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from flows.dashboard.archive import logs_without_curves, read_failures, read_verdicts
from flows.dashboard.odds import chance_bad, interval_of
from flows.dashboard.packing import natural
from storage.objects import ObjectStore
from storage.records import Record, jsonable
from storage.tables import Row
from veernet_core.findings import entry_of, proviso, sentence

QUEUE = 500
"""Rows that are handed out at once."""
CurveKey = tuple[str, str, str, str]
"""Log, section, track and mnemonic of a curve."""


def doubtful_curves(
    store: ObjectStore,
    min_r2: float,
    which: str,
    log_id: str,
    said: Mapping[CurveKey, str],
) -> list[Row]:
    """Curves to look at: open ones by what there is to gain, others by how much of them is in doubt.

    Parameters
    ----------
    store : ObjectStore
    min_r2 : float
        Threshold that the doubt is measured against.
    which : str
        ``open``, ``decided`` or ``all``.
    log_id : str
        Only curves of this log; empty for all logs.
    said : mapping
        Decisions that the datasets do not have yet.
    """
    table = read_verdicts(store)
    table = table.filter(_mask(table, which, log_id)).combine_chunks()
    gain, doubt = _gain(table, min_r2), _in_doubt(table, min_r2)
    wanted = np.flatnonzero(_wanted(table, which, said))
    empty = table["coverage"].to_numpy() == 0
    first = gain if which == "open" else doubt
    keys = (_rank(table)[wanted], empty[wanted], -doubt[wanted], -first[wanted])
    order = wanted[np.lexsort(keys)]
    rows = table.take(order[:QUEUE]).to_pylist()
    for row, value in zip(rows, doubt[order]):
        row["doubt"] = float(value)
        last = said.get(_key(row))
        if last is not None:
            row["reviewed_decision"] = None if last == "withdraw" else last
    return [*(_shown(row) for row in rows), *({} for _ in order[QUEUE:])]


def _rank(table: pa.Table) -> NDArray[np.int64]:
    """Place of each row's log in the natural order of names."""
    names = pc.dictionary_encode(table["log_id"].cast(pa.string())).combine_chunks()
    order = sorted(range(len(names.dictionary)), key=lambda k: natural(names.dictionary[k].as_py()))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    out: NDArray[np.int64] = rank[names.indices.to_numpy()]
    return out


def has_curves(store: ObjectStore) -> bool:
    """Whether the datasets have any curve."""
    data = store.get_or_none("verdicts.parquet")
    return data is not None and pq.ParquetFile(io.BytesIO(data)).metadata.num_rows > 0


def stuck_logs(store: ObjectStore, log_id: str = "") -> list[Row]:
    """Logs without a curve or with rejected ones alone, and scans that failed, with what each of them needs."""
    rows = [
        {"kind": "log", "log_id": name, "uri": "", "well": _title(record), **_needs(record)}
        for name, record in logs_without_curves(store).items()
        if log_id in ("", name)
    ]
    if not log_id:
        rows += [_failed(row) for row in read_failures(store)] + _rejected(store)
    return sorted(rows, key=lambda row: natural(row["log_id"] or row["uri"]))


_NEEDS = {
    "section": "It has no track: set the section's rows and its tracks on the scan.",
    "depth": "It has no depth: click two or more depth lines and type their depths.",
    "scale": "It has no scale: draw a box round each printed scale and type its ends.",
}
"""What a log lacks, by the tool that gives it."""


def _needs(record: Record) -> Row:
    """The gravest finding of a log, and the tool that mends it."""
    found = sorted(record.get("findings") or (), key=lambda f: f["severity"] != "error")
    tracks = any(section["tracks"] for section in record.get("sections") or ())
    without_depth = any(section["depth"] is None for section in record.get("sections") or ())
    tool = "section" if not tracks else "depth" if without_depth else "scale"
    return {"needs": _NEEDS[tool], "tool": tool, "why": found[0]["message"] if found else ""}


def _rejected(store: ObjectStore) -> list[Row]:
    """Logs all of whose curves the machine rejected, and nobody decided otherwise."""
    names = ["log_id", "well", "uwi", "mnemonic", "decision", "reviewed_decision", "reasons"]
    table = read_verdicts(store).select(names).combine_chunks()
    log = pc.dictionary_encode(table["log_id"].cast(pa.string())).combine_chunks()
    codes = log.indices.to_numpy()
    rejected = pc.equal(table["decision"].cast(pa.string()), "reject").to_numpy()
    open_ = rejected & pc.is_null(table["reviewed_decision"]).to_numpy()
    other = np.bincount(codes[~open_], minlength=len(log.dictionary)) > 0
    logs: dict[str, list[Row]] = {}
    for row in table.filter(pa.array(~other[codes])).to_pylist():
        logs.setdefault(row["log_id"], []).append(row)
    found = []
    for log_id, curves in logs.items():
        reason = Counter(code for c in curves for code in c["reasons"] or ()).most_common(1)
        code = reason[0][0] if reason else ""
        unread = all(c["mnemonic"].startswith("UNREAD") for c in curves)
        needs = _NEEDS["scale"] if unread else f"All its curves are rejected. {_remedy_of(code)}"
        found.append({"kind": "log", "log_id": log_id, "uri": "", "well": curves[0]["well"] or "",
                      "needs": needs, "tool": "scale" if unread else "", "why": sentence(code)})  # fmt: skip
    return found


def _failed(row: Row) -> Row:
    remedy = row["remedy"] or _remedy_of(row["code"])
    return {"kind": "scan", "log_id": "", "uri": row["uri"], "well": "", "needs": remedy, "tool": "",
            "why": f"{row['stage']}: {row['message']}"}  # fmt: skip


def _remedy_of(code: str) -> str:
    try:
        return entry_of(code).remedy
    except KeyError:
        return ""


def _title(record: Record) -> str:
    well = record.get("well") or {}
    return str(well.get("name") or well.get("uwi") or "")


def _gain(table: pa.Table, threshold: float) -> NDArray[np.float64]:
    """What is likely to be gained from a look at each curve, for each thing that is to be settled there.

    The share of its depths that has values, times the chance that they are good enough. A track in which hardly
    anything was traced comes last, one that waits for a single answer first.
    """
    good = 1 - np.nan_to_num(_chance_bad(table, threshold), nan=0.5)
    owner, _ = _flat(table["reasons"])
    reasons = np.bincount(owner, minlength=len(table))
    covered = np.nan_to_num(table["coverage"].to_numpy().astype(np.float64))
    gain: NDArray[np.float64] = np.round(covered * good / np.maximum(reasons, 1), 6)
    return gain


def _in_doubt(table: pa.Table, threshold: float) -> NDArray[np.float64]:
    """How much of the depths of each curve's section has values in doubt, 0 to 1.

    What is open of its R², and the share of its depths that may belong to another curve, lie on another one's
    ink, or are otherwise in doubt and have values: either may make a sample wrong. Where there is no value
    there is nothing to doubt.
    """
    doubt = 1 - (1 - _doubt(table, threshold)) * (1 - _share_in_doubt(table))
    covered: NDArray[np.float64] = np.nan_to_num(table["coverage"].to_numpy().astype(np.float64))
    return np.round(covered * doubt, 6)


def _share_in_doubt(table: pa.Table) -> NDArray[np.float64]:
    """Share of each curve's depths that have values in doubt; all of them where the curve itself may be
    another one of its track.
    """
    owner, found = _flat(table["doubtful"])
    length = found["depth_to"].to_numpy() - found["depth_from"].to_numpy()
    kept = ~found["withheld"].to_numpy(zero_copy_only=False)
    doubtful = np.bincount(owner[kept], length[kept], len(table))
    span = table["depth_base"].to_numpy() - table["depth_top"].to_numpy()
    share: NDArray[np.float64] = np.clip(np.nan_to_num(doubtful / np.maximum(span, 1e-9)), 0, 1)
    share = np.maximum(share, np.nan_to_num(table["shared_ink"].to_numpy().astype(np.float64)))
    owner, codes = _flat(table["reasons"])
    swapped = owner[np.isin(codes["value"].to_numpy().astype(str), _MAY_BE_ANOTHER)]
    share[swapped] = 1.0
    return share


_MAY_BE_ANOTHER = ["identity_ambiguous"]
"""Reasons of a verdict that put the whole curve in another one's place."""


def _flat(lists: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Table]:
    """Items of a column of lists, one a row, and the row that each belongs to."""
    whole = lists.combine_chunks()
    owner = pc.list_parent_indices(whole).to_numpy().astype(np.int64)
    items = pc.list_flatten(whole)
    if pa.types.is_struct(items.type):
        return owner, pa.Table.from_struct_array(items)
    return owner, pa.table({"value": items})


def _doubt(table: pa.Table, threshold: float) -> NDArray[np.float64]:
    """1 where it is open whether the curve is good, 0 where it is certain; 1 without an estimate."""
    doubt = 1 - np.abs(2 * _chance_bad(table, threshold) - 1)
    return np.where(np.isfinite(doubt), np.round(doubt, 6), 1.0)


def _chance_bad(table: pa.Table, threshold: float) -> NDArray[np.float64]:
    """Chance that each curve's R² is below the threshold; NaN without an estimate."""
    estimate, lower = (
        table[name].to_numpy().astype(np.float64) for name in ("r2_estimate", "r2_lower")
    )
    chance: NDArray[np.float64] = chance_bad(estimate, lower, threshold, interval_of(table))
    return chance


def _mask(table: pa.Table, which: str, log_id: str) -> pa.Array:
    """Rows that may be wanted: decisions of this session are looked at afterwards."""
    if log_id:
        return pc.equal(table["log_id"].cast(pa.string()), log_id)
    if which == "open":
        doubtful = pc.equal(table["decision"].cast(pa.string()), "review")
        return pc.or_(doubtful, pc.is_valid(table["earlier_decision"]))
    return pa.array(np.ones(len(table), dtype=np.bool_))


def _wanted(table: pa.Table, which: str, said: Mapping[CurveKey, str]) -> NDArray[np.bool_]:
    """Rows that are wanted, also by what was said since the datasets were written."""
    decided: NDArray[np.bool_] = pc.is_valid(table["reviewed_decision"]).to_numpy().copy()
    logs = pa.array(sorted({key[0] for key in said}), pa.string())
    fresh = np.flatnonzero(pc.is_in(table["log_id"].cast(pa.string()), logs).to_numpy())
    for at, row in zip(fresh, table.select(_KEY).take(fresh).to_pylist()):
        if _key(row) in said:
            decided[at] = said[_key(row)] != "withdraw"
    if which == "all":
        return np.ones(len(table), np.bool_)
    if which == "decided":
        return decided
    returned = pc.equal(table["decision"].cast(pa.string()), "review").to_numpy()
    changed = pc.is_valid(table["earlier_decision"]).to_numpy()
    out: NDArray[np.bool_] = (returned | changed) & ~decided
    return out


_SHOWN = (
    "log_id", "uwi", "well", "section_id", "track_id", "mnemonic", "unit", "decision", "r2_estimate",
    "r2_lower", "r2_upper", "r2_reference", "coverage", "longest_gap", "depth_unit", "depth_top",
    "depth_base", "doubt", "doubtful", "shared_ink", "shared_with",
    "reviewed_decision", "reviewer", "reviewed_note", "reviewed_at",
    "earlier_decision", "earlier_reviewer", "earlier_at",
)  # fmt: skip


def _shown(row: Row) -> Row:
    shown: Row = jsonable({name: row[name] for name in _SHOWN})
    codes = row["reasons"] or []
    words = {"reasons": [sentence(code) for code in codes], "proviso": proviso(codes)}
    return shown | {"kind": "curve"} | words


_KEY = ["log_id", "section_id", "track_id", "mnemonic"]


def _key(row: Mapping[str, Any]) -> CurveKey:
    return row["log_id"], row["section_id"], row["track_id"], row["mnemonic"]
