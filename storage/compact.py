"""From published log folders to the datasets: ``curves/``, ``verdicts`` and ``failures``.

In: the ledger and the folders under ``logs/``. Out: every log exactly once in the datasets, whoever
else runs and whenever the process dies. Three rules make it so:

1. A log belongs to one file under ``curves/`` for good. A new result replaces its rows there in one
   put, so that readers never see them twice or not at all.
2. What will be written is first committed as a catalogue, put with create-only mode: of several
   compactions at once, one wins each generation and the others start again from it.
3. A catalogue counts as written only when its mark ``.done`` is there; whoever finds one without
   it writes its files again: the same bytes, because they depend on the catalogue alone.

Which scans are done (``storage.ledger``) and what their rows mean (``storage.tables``) do not
belong here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.errors import NotFoundError
from storage.ledger import (
    CATALOG,
    SEGMENTS,
    Ledger,
    Record,
    catalog_key,
    done_key,
    generations,
    read_catalog,
    read_ledger,
    records_to_table,
    table_to_bytes,
)
from storage.log_files import RECORD, SAMPLES
from storage.objects import ObjectStore
from storage.records import read_record
from storage.reviews import read_reviews, review_columns, reviewed_logs
from storage.tables import (
    Row,
    conformed,
    parquet_bytes,
    parquet_writer,
    rows_table,
    schema,
    verdict_rows_of,
    write_group,
)
from veernet_core.errors import VeernetError

PART_SAMPLES = 4_000_000
PART_LOGS = 1_000
"""A file of ``curves/`` is closed at so many rows or logs."""

_READ_AHEAD = 16
_MAX_RACES = 20


class CompactionError(VeernetError):
    """The datasets could not be brought up to date."""

    code = "compaction_failed"


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did: logs whose rows were written, and files of ``curves/`` touched."""

    changed_logs: int = 0
    parts_written: int = 0


def compact(store: ObjectStore, refresh: Collection[str] = ()) -> Compaction:
    """Bring the datasets up to date with the ledger; does nothing where they are.

    Parameters
    ----------
    refresh : collection of str
        Log ids whose rows are to be written anew although the ledger has nothing new, because a
        person decided about them. They are named in the catalogue, so that a compaction that dies
        is finished by the next one.

    Raises
    ------
    CompactionError
        Where a published folder is gone, or other runs keep winning.
    StorageError
    """
    for _ in range(_MAX_RACES):
        numbers, written = generations(store)
        current = numbers[-1] if numbers else 0
        if current and current not in written:
            _materialise(store, current)
            continue
        ledger = read_ledger(store)
        if ledger.generation != current:
            continue
        if current and not ledger.new_segments and not refresh:
            return Compaction()
        following = current + 1
        if store.put(catalog_key(following), _catalog_bytes(ledger, refresh), create=True):
            return _materialise(store, following)
    raise CompactionError("other runs on this destination keep compacting")


def _catalog_bytes(ledger: Ledger, refresh: Collection[str] = ()) -> bytes:
    records = [ledger.latest[key] for key in sorted(ledger.latest)]
    parts = _with_new_parts(records, ledger.parts)
    table = records_to_table(records).append_column(
        "part", pa.array([parts.get(record.log_id, "") for record in records], pa.string())
    )
    folded = sorted(ledger.new_segments + ledger.stale_segments)
    about = {"folded": json.dumps(folded)}
    if refresh:
        about["refresh"] = json.dumps(sorted(refresh))
    return table_to_bytes(table, about)


def _with_new_parts(records: Iterable[Record], parts: dict[str, str]) -> dict[str, str]:
    """Every finished log with its file: members in order of log id, named by the members."""
    fresh = sorted(
        (r for r in records if r.status == "done" and r.log_id not in parts),
        key=lambda record: record.log_id,
    )
    result = dict(parts)
    group: list[str] = []
    samples = 0
    for index, record in enumerate(fresh):
        group.append(record.log_id)
        samples += record.samples
        is_last = index + 1 == len(fresh)
        if is_last or samples >= PART_SAMPLES or len(group) >= PART_LOGS:
            digest = hashlib.sha256("\n".join(group).encode()).hexdigest()[:16]
            result.update(dict.fromkeys(group, f"part-{digest}.parquet"))
            group, samples = [], 0
    return result


def _materialise(store: ObjectStore, generation: int) -> Compaction:
    """Write every file that differs between this catalogue and the one before it."""
    numbers, _ = generations(store)
    before = read_catalog(store, generation - 1 if generation - 1 in numbers else 0)
    now = read_catalog(store, generation)
    changed = _changed(before, now) | now.refresh
    touched = sorted({now.parts[log] for log in changed if log in now.parts})
    by_part: dict[str, list[Record]] = {name: [] for name in touched}
    for record in now.latest.values():
        if now.parts.get(record.log_id) in by_part and record.status == "done":
            by_part[now.parts[record.log_id]].append(record)
    for name in touched:
        if store.exists(catalog_key(generation + 1)):
            return Compaction()
        _write_part(store, name, by_part[name])
    _write_verdicts(store, now, changed)
    _write_failures(store, now)
    store.flush()
    store.put(done_key(generation), b"", create=True)
    _sweep(store, generation, before.folded)
    return Compaction(len(changed), len(touched))


def _changed(before: Ledger, now: Ledger) -> set[str]:
    """Log ids whose published rows differ between two catalogues."""
    old = {record.log_id: record for record in before.latest.values()}
    return {
        record.log_id
        for record in now.latest.values()
        if _identity(old.get(record.log_id)) != _identity(record)
    }


def _identity(record: Record | None) -> tuple[str, ...] | None:
    if record is None:
        return None
    if record.status != "done":
        return ("absent",)
    return record.status, record.key, record.run_id


def _write_part(store: ObjectStore, name: str, records: Sequence[Record]) -> None:
    key = f"curves/{name}"
    if not records:
        store.delete([key])
        return
    sink = io.BytesIO()
    target = schema("curves")
    writer = parquet_writer(sink, target)
    ordered = sorted(records, key=lambda record: record.log_id)
    names = [f"logs/{record.log_id}/{SAMPLES}" for record in ordered]
    for data in _in_order(store, names):
        write_group(writer, pq.read_table(io.BytesIO(data)).select(target.names).cast(target))
    writer.close()
    store.put(key, sink.getvalue())


def _write_verdicts(store: ObjectStore, now: Ledger, changed: set[str]) -> None:
    """Keep the rows of unchanged logs, take those of changed ones from their ``log.json``."""
    done = {record.log_id for record in now.latest.values() if record.status == "done"}
    fresh = sorted(changed & done)
    documents = _in_order(store, [f"logs/{log_id}/{RECORD}" for log_id in fresh])
    reviewed = set(reviewed_logs(store))
    rows = [
        row
        for log_id, document in zip(fresh, documents, strict=True)
        for row in _verdict_rows(store, read_record(document), log_id, log_id in reviewed)
    ]
    table = rows_table("verdicts", rows)
    data = store.get_or_none("verdicts.parquet")
    if data is not None:
        kept = conformed(pq.read_table(io.BytesIO(data)), "verdicts")
        gone = pc.is_in(kept["log_id"].cast(pa.string()), pa.array(sorted(changed), pa.string()))
        table = pa.concat_tables([kept.filter(pc.invert(gone)), table])
    store.put("verdicts.parquet", parquet_bytes(_by_log(table)))


def _verdict_rows(
    store: ObjectStore, record: dict[str, Any], log_id: str, reviewed: bool
) -> list[Row]:
    rows = verdict_rows_of(record, log_id)
    if not reviewed:
        return rows
    samples = pq.read_table(io.BytesIO(store.get(f"logs/{log_id}/{SAMPLES}")))
    told = review_columns(record, samples, read_reviews(store, log_id))
    return [row | columns for row, columns in zip(rows, told, strict=True)]


def _by_log(table: pa.Table) -> pa.Table:
    """Rows by log id, in their order within a log; dictionaries no longer tell their history."""
    keys = pa.table({"log": table["log_id"].cast(pa.string()), "row": np.arange(len(table))})
    ordered = table.take(pc.sort_indices(keys, [("log", "ascending"), ("row", "ascending")]))
    plain = [
        pa.field(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type)
        for f in table.schema
    ]
    return ordered.cast(pa.schema(plain)).combine_chunks().cast(table.schema)


def _write_failures(store: ObjectStore, now: Ledger) -> None:
    failed = [record for record in now.latest.values() if record.status != "done"]
    rows: list[Row] = [
        {"uri": r.uri, "stage": r.stage, "code": r.code, "remedy": r.remedy, "message": r.message}
        for r in sorted(failed, key=lambda record: record.uri)
    ]
    store.put("failures.parquet", parquet_bytes(rows_table("failures", rows)))


def _in_order(store: ObjectStore, keys: Sequence[str]) -> Iterator[bytes]:
    """Bytes of the objects in order, a few fetched ahead so that memory stays flat."""
    with ThreadPoolExecutor(_READ_AHEAD) as pool:
        for start in range(0, len(keys), _READ_AHEAD):
            try:
                yield from pool.map(store.get, keys[start : start + _READ_AHEAD])
            except NotFoundError as error:
                raise CompactionError("a published result is gone", error.where) from error


def _sweep(store: ObjectStore, generation: int, folded: frozenset[str]) -> None:
    """Remove what no one needs any more: segments and catalogues before the previous one.

    The segments of this generation stay until the next, so that its catalogue can be checked.
    """
    store.delete(f"{SEGMENTS}{name}.ledger.parquet" for name in sorted(folded))
    names = [info.key for info in store.listing(CATALOG)]
    store.delete(key for key in names if key < f"{CATALOG}{generation - 1:08d}")
