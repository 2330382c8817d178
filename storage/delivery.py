"""From a person's decision to what is delivered: LAS, CSV and the datasets follow it.

In: published log folders and the decisions in ``reviews/``. Out: the files of those folders and the
rows of the datasets as the final decisions have them; ``log.json`` is never touched. Everything here
may be repeated at any time and changes nothing where all is in line. How decisions are kept
(``storage.reviews``) and how results are first published (``storage.publish``) do not belong here.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.compact import compact
from storage.damage import DAMAGE
from storage.datasets import replace_rows
from storage.ledger import generations, read_ledger
from storage.log_files import RECORD, SAMPLES, delivered_files
from storage.objects import ObjectStore
from storage.records import Record, provenance_of, read_record, spec_of
from storage.review_files import (
    ask_for_review_files,
    review_files_written,
    wants_review_files,
)
from storage.reviews import Review, in_force, read_reviews, review_columns, reviewed_logs
from storage.tables import REVIEW_COLUMNS, curves_table, parquet_bytes
from veernet_core.datatypes import (
    EVIDENCE,
    Bool,
    DepthAxis,
    DigitisedLog,
    DoubtfulStretch,
    Finding,
    GateVerdict,
    JudgedCurve,
    QualityEstimate,
    RecoveredCurve,
    ScanRef,
    Section,
    WellInfo,
)

_DELIVERED = (".las", ".csv")
_TOUCHING = 1e-6
"""Depths this near to an end of a stretch lie in it."""


def deliver(store: ObjectStore, log_ids: Collection[str] | None = None) -> list[str]:
    """Bring files and datasets in line with the decisions in force.

    Parameters
    ----------
    store : ObjectStore
        The output folder or bucket.
    log_ids : collection of str, optional
        All that anybody has decided about where left out.

    Returns
    -------
    list of str
        Logs of which anything had to be changed.

    Raises
    ------
    StorageError, WriteError
    """
    wanted = reviewed_logs(store) if log_ids is None else sorted(log_ids)
    found = {log_id: _apply(store, log_id) for log_id in wanted}
    decided = {log_id: outcome for log_id, outcome in found.items() if outcome is not None}
    changed = [log_id for log_id, (touched, _) in decided.items() if touched]
    stale = _stale_rows(store, {log_id: rows for log_id, (_, rows) in decided.items()})
    if stale and generations(store)[0]:
        compact(store, stale)
    elif stale and store.local_root is not None:
        replace_rows(store.local_root, stale)
    return sorted({*changed, *stale})


def apply_reviews(store: ObjectStore, log_ids: Collection[str]) -> list[str]:
    """Bring only the files of those of the logs in line that anybody has decided about.

    To be called after the logs were published anew and before the datasets are brought up to date,
    which then follow. Returns the logs that were changed.
    """
    wanted = [log_id for log_id in reviewed_logs(store) if log_id in log_ids]
    return [log_id for log_id in wanted if (_apply(store, log_id) or (False, []))[0]]


def add_review_files(store: ObjectStore) -> list[str]:
    """From now on files with the curves in review belong to every log of this destination.

    Logs that are there already get theirs; those are returned. Does nothing where this was asked for before.

    Raises
    ------
    StorageError, WriteError
    """
    if not ask_for_review_files(store):
        return []
    data = store.get_or_none("verdicts.parquet")
    logs: list[str] = []
    if data is not None:
        table = pq.read_table(io.BytesIO(data), columns=["log_id", "decision"])
        logs = sorted({r["log_id"] for r in table.to_pylist() if r["decision"] != "reject"})
    changed = [log_id for log_id in logs if (_apply(store, log_id) or (False, []))[0]]
    review_files_written(store)
    return changed


def fresh_logs(store: ObjectStore) -> set[str]:
    """Logs with a result that no catalogue of the ledger has yet."""
    ledger = read_ledger(store)
    new = set(ledger.new_segments)
    return {r.log_id for r in ledger.latest.values() if r.segment in new and r.status == "done"}


def decided_log(store: ObjectStore, log_id: str) -> DigitisedLog | None:
    """A published log with the decisions in force, and without the stretches that people took out.

    None where its folder is gone or damaged.
    """
    document = store.get_or_none(f"logs/{log_id}/{RECORD}")
    table = store.get_or_none(f"logs/{log_id}/{SAMPLES}")
    if document is None or table is None:
        return None
    try:
        record, samples = read_record(document), pq.read_table(io.BytesIO(table))
        decided = in_force(record, samples, read_reviews(store, log_id))
        log = _with_decisions(restored_log(record, samples), decided)
    except (ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    return _without_stretches(log, decided)


def restored_log(record: Record, samples: pa.Table, stem: str | None = None) -> DigitisedLog:
    """A log as far as its published files tell: all that LAS, CSV and the datasets need.

    Evidence and track positions are not published; they are NaN. Sections have no tracks; of the findings
    there is damage alone.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where the document is of another kind or does not fit the samples.
    """
    curves, start = [], 0
    for curve in record["curves"]:
        count = int(curve["samples"])
        curves.append(_restored_curve(curve, samples.slice(start, count)))
        start += count
    if start != samples.num_rows:
        raise ValueError(f"{samples.num_rows} samples, {start} expected")
    scan = record["scan"]
    return DigitisedLog(
        scan=ScanRef("", stem or scan["stem"], scan["sha256"], int(scan["size_bytes"])),
        well=WellInfo(**record["well"]),
        sections=tuple(
            Section(s["section_id"], s["row_top"], s["row_bottom"], _restored_depth(s["depth"]), ())
            for s in record["sections"]
        ),
        curves=tuple(curves),
        findings=tuple(_restored_damage(record)),
        provenance=provenance_of(record),
        dpi=_number(scan["dpi"]),
    )


def _restored_damage(record: Record) -> Iterator[Finding]:
    for stored in record.get("findings", ()):
        name, rows = stored["code"], stored["rows"]
        if name in DAMAGE and rows:
            yield Finding.of(name, stored["message"], rows=tuple(rows))


def _restored_depth(stored: Record | None) -> DepthAxis | None:
    if stored is None:
        return None
    return DepthAxis(stored["unit"], np.array(stored["anchors"], dtype=np.float64))


def _restored_curve(curve: dict[str, Any], part: pa.Table) -> JudgedCurve:
    count = part.num_rows
    recovered = RecoveredCurve(
        spec=spec_of(curve["spec"]),
        section_id=curve["section_id"],
        track_id=curve["track_id"],
        depth_unit=curve["depth_unit"],
        depth=part["depth"].to_numpy().astype(np.float64),
        value=part["value"].to_numpy().astype(np.float64),
        frac=np.full(count, np.nan),
        observed=part["observed"].to_numpy().astype(np.bool_),
        confidence=part["confidence"].to_numpy().astype(np.float64),
        evidence=np.full((count, len(EVIDENCE)), np.nan),
        doubtful=tuple(DoubtfulStretch(**doubt) for doubt in curve.get("doubtful", ())),
    )
    quality = QualityEstimate(**{name: _number(v) for name, v in curve["quality"].items()})
    verdict = GateVerdict(curve["decision"], tuple(curve["reasons"]), curve["policy_id"])
    return JudgedCurve(recovered, quality, verdict)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _apply(store: ObjectStore, log_id: str) -> tuple[bool, list[dict[str, Any]]] | None:
    """Write what differs of a log's files; whether anything did, and its review columns.

    None where the folder is gone or damaged: there is nothing to deliver.
    """
    document = store.get_or_none(f"logs/{log_id}/{RECORD}")
    table = store.get_or_none(f"logs/{log_id}/{SAMPLES}")
    if document is None or table is None:
        return None
    try:
        record, samples = read_record(document), pq.read_table(io.BytesIO(table))
        reviews = read_reviews(store, log_id)
        decided = in_force(record, samples, reviews)
        log = _with_decisions(restored_log(record, samples), decided)
    except (ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    files = delivered_files(
        _without_stretches(log, decided),
        log_id,
        _remarks(log, decided, record),
        include_review=wants_review_files(store),
    )
    files[SAMPLES] = parquet_bytes(_samples(log, log_id, decided))
    present = {info.key.rsplit("/", 1)[-1] for info in store.listing(f"logs/{log_id}/")}
    gone = [name for name in present if name.endswith(_DELIVERED) and name not in files]
    touched = False
    for name, data in files.items():
        if store.get_or_none(f"logs/{log_id}/{name}") != data:
            store.put(f"logs/{log_id}/{name}", data)
            touched = True
    store.delete(f"logs/{log_id}/{name}" for name in gone)
    return touched or bool(gone), review_columns(record, samples, reviews)


def _with_decisions(log: DigitisedLog, decided: Sequence[Review | None]) -> DigitisedLog:
    curves = [
        judged
        if review is None or review.final is None
        else replace(judged, verdict=replace(judged.verdict, decision=review.final))
        for judged, review in zip(log.curves, decided, strict=True)
    ]
    return replace(log, curves=tuple(curves))


def _within(judged: JudgedCurve, review: Review | None) -> Bool:
    """Samples that a person accepted the curve without."""
    depth = judged.curve.depth
    inside: Bool = np.zeros(len(depth), np.bool_)
    for first, last in review.stretches if review is not None else ():
        inside |= (depth >= first - _TOUCHING) & (depth <= last + _TOUCHING)
    return inside


def _without_stretches(log: DigitisedLog, decided: Sequence[Review | None]) -> DigitisedLog:
    """The log as LAS and CSV have it: no values where a person accepted a curve without them."""
    curves = []
    for judged, review in zip(log.curves, decided, strict=True):
        gone = _within(judged, review)
        if gone.any():
            curve = judged.curve
            curve = replace(curve, value=np.where(gone, np.nan, curve.value),
                            observed=curve.observed & ~gone)  # fmt: skip
            judged = replace(judged, curve=curve)
        curves.append(judged)
    return replace(log, curves=tuple(curves))


def _samples(log: DigitisedLog, log_id: str, decided: Sequence[Review | None]) -> pa.Table:
    """Every sample as the machine made it; where a person accepted the curve without it, it is rejected."""
    table = curves_table(log, log_id)
    pairs = zip(log.curves, decided, strict=True)
    gone = np.concatenate([np.zeros(0, np.bool_), *(_within(*pair) for pair in pairs)])
    if not gone.any():
        return table
    place = table.schema.get_field_index("decision")
    field = table.schema.field(place)
    final = pc.if_else(pa.array(gone), "reject", table["decision"].cast(pa.string()))
    return table.set_column(place, field, final.cast(field.type))


def _remarks(
    log: DigitisedLog, decided: Sequence[Review | None], record: Record
) -> dict[str, list[str]]:
    """What people decided, by section, for the LAS file's ~Other."""
    words = {"accept": "accepted", "reject": "rejected", "return": "returned to review"}
    lines: dict[str, list[str]] = {}
    for judged, review, curve in zip(log.curves, decided, record["curves"], strict=True):
        if review is not None:
            note = f": {review.note}" if review.note else ""
            unit = judged.curve.depth_unit
            spans = ", ".join(f"{a:g} to {b:g} {unit}" for a, b in review.stretches)
            note = f" without values from {spans}{note}" if spans else note
            lines.setdefault(judged.curve.section_id, []).append(
                f"Reviewed: {judged.curve.spec.mnemonic} in {judged.curve.track_id} "
                f"{words[review.action]} by {review.reviewer} on {review.when}{note} "
                f"(machine: {curve['decision']})"
            )
    return lines


def _stale_rows(store: ObjectStore, decided: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Logs whose rows in ``verdicts.parquet`` tell other decisions than those in force."""
    data = store.get_or_none("verdicts.parquet")
    if data is None or not decided:
        return []
    file = pq.ParquetFile(io.BytesIO(data))
    have = [name for name in REVIEW_COLUMNS if name in file.schema_arrow.names]
    table = file.read(columns=["log_id", *have])
    rows = table.filter(pc.is_in(table["log_id"].cast("string"), pa.array(sorted(decided))))
    shown: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        shown.setdefault(row.pop("log_id"), []).append({n: row.get(n) for n in REVIEW_COLUMNS})
    return sorted(log_id for log_id, want in decided.items() if shown.get(log_id, []) != want)
