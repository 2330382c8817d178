"""The ledger: what has been done to every scan, kept on the destination store itself.

In: records of finished work. Out: the latest record of every scan, and which runs died on what.
Form: append-only segments, one object per chunk, put with create-only mode. A scan is done when
its record is in a segment, and only then; whatever else lies in the store is a leftover. No lock,
no server and no in-place update is needed, so any number of workers may write to any store that
has put-if-absent. Work is done at least once, its bytes depend on its key alone, the last record
wins: together that is exactly once.
Which scans need work (``storage.plan``), result rows and compaction (``storage.compact``) do not
belong here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from storage.objects import ObjectStore
from storage.required import Requirement, asked_otherwise, differences, moved_on
from veernet_core.datatypes import MadeWith

ROOT = "_veernet/"
SEGMENTS = ROOT + "segments/"
CATALOG = ROOT + "catalog/"
ATTEMPTS = ROOT + "attempts/"

Status = Literal["done", "failed", "retry", "quarantined"]


@dataclass(frozen=True, slots=True)
class Record:
    """The outcome of one scan.

    Attributes
    ----------
    source_key, source_version, sidecar_version : str
        What was listed; ``sidecar_version`` is empty where there is no sidecar.
    scan_sha256, sidecar_sha256 : str
        Hashes of the bytes that were read; empty where they could not be read.
    model_id, config_hash, version, numerics, settings_hash, algorithms : str
        What the result was made with; the last three are empty in records of version 0.1.0.
    log_id : str
        Name of the folder under ``logs/``.
    status : str
        ``done``; ``failed`` (final for these bytes and this software); ``retry`` (the next run
        tries again); ``quarantined`` (tried often enough).
    stage, code, message, remedy : str
        Why there is no result; empty where there is one.
    tries : int
        Tries so far under this key.
    curves, accepted, review, rejected, samples : int
        Counts of curves by verdict, and of rows in ``curves/``.
    run_id : str
        Run that made the result.
    segment : str
        Segment that holds this record; names sort by time, and the last record of a scan wins.
    """

    source_key: str
    source_version: str
    sidecar_version: str
    model_id: str
    config_hash: str
    version: str
    log_id: str
    uri: str
    status: Status
    scan_sha256: str = ""
    sidecar_sha256: str = ""
    stage: str = ""
    code: str = ""
    message: str = ""
    remedy: str = ""
    tries: int = 1
    curves: int = 0
    accepted: int = 0
    review: int = 0
    rejected: int = 0
    samples: int = 0
    run_id: str = ""
    segment: str = ""
    numerics: str = ""
    settings_hash: str = ""
    algorithms: str = ""

    @property
    def key(self) -> str:
        """Identity of the result: equal keys mean equal bytes."""
        return result_key(self.scan_sha256, self.sidecar_sha256, self.made_with)

    @property
    def made_with(self) -> MadeWith:
        """What the result was made with."""
        return MadeWith(**{f.name: getattr(self, f.name) for f in fields(MadeWith)})


RECORD_SCHEMA = pa.schema(
    [(f.name, pa.int64() if f.type == "int" else pa.string()) for f in fields(Record)]
)
"""One column per field of ``Record``."""


def result_key(scan_sha256: str, sidecar_sha256: str, made: MadeWith) -> str:
    """Hashes of scan and sidecar, and all that the result is made with, as 32 hex digits."""
    parts = (scan_sha256, sidecar_sha256, *made.parts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def mismatches(
    source_version: str,
    sidecar_version: str,
    required: Requirement,
    recorded: Record | None,
) -> tuple[str, ...]:
    """Every way in which the recorded result is not what was asked for; empty: nothing to do.

    What an upgrade of the software changes is not asked for: see ``outdated``.

    Parameters
    ----------
    source_version, sidecar_version : str
        What the source lists now.
    """
    if recorded is None:
        return ("new",)
    found = differences(
        ("scan", recorded.source_version, source_version),
        ("sidecar", recorded.sidecar_version, sidecar_version),
    ) + asked_otherwise(required, recorded.made_with)
    if recorded.status == "retry" and not found:
        found.append(f"retry after {recorded.code} (try {recorded.tries + 1})")
    return tuple(found)


def outdated(required: Requirement, recorded: Record | None) -> tuple[str, ...]:
    """Every way in which the software has moved on since the recorded result; it is redone only on demand."""
    if recorded is None:
        return ()
    return tuple(moved_on(required, recorded.made_with))


def records_to_bytes(records: Sequence[Record], metadata: Mapping[str, str] | None = None) -> bytes:
    """Records as a Parquet file, in the given order."""
    return table_to_bytes(records_to_table(records), metadata)


def records_to_table(records: Sequence[Record]) -> pa.Table:
    """Records as an Arrow table with ``RECORD_SCHEMA``."""
    return pa.Table.from_pylist([asdict(record) for record in records], schema=RECORD_SCHEMA)


def table_to_records(table: pa.Table) -> list[Record]:
    """The inverse of ``records_to_table``.

    Columns it does not know are ignored; those that version 0.1.0 did not write keep their defaults.
    """
    known = [name for name in RECORD_SCHEMA.names if name in table.column_names]
    rows: list[dict[str, Any]] = table.select(known).to_pylist()
    return [Record(**row) for row in rows]


def table_to_bytes(table: pa.Table, metadata: Mapping[str, str] | None = None) -> bytes:
    """A table as a whole Parquet file in memory, with fixed settings."""
    if metadata:
        table = table.replace_schema_metadata(dict(metadata))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=3)
    return sink.getvalue()


def bytes_to_table(data: bytes) -> pa.Table:
    """A Parquet file in memory as a table."""
    return pq.read_table(io.BytesIO(data))


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of an archive at one moment.

    Attributes
    ----------
    generation : int
        Number of the catalogue it starts from; 0 where there is none.
    parts : dict of log id to name
        Which file under ``curves/`` a log belongs to, for good.
    folded : frozenset of str
        Segments that were merged into this catalogue.
    latest : dict of source key to Record
        Catalogue and segments merged.
    new_segments : tuple of str
        Segments that add something to the catalogue.
    stale_segments : tuple of str
        Segments that add nothing (left by a sweep that died).
    refresh : frozenset of str
        Log ids whose rows this catalogue has written anew without a new result.
    """

    generation: int = 0
    parts: dict[str, str] = field(default_factory=dict)
    folded: frozenset[str] = frozenset()
    latest: dict[str, Record] = field(default_factory=dict)
    new_segments: tuple[str, ...] = ()
    stale_segments: tuple[str, ...] = ()
    refresh: frozenset[str] = frozenset()


def segment_name(run_id: str, shard: int, chunk: int) -> str:
    """Name of a chunk's segment; names sort by run, and with it by time."""
    return f"{run_id}/{shard:05d}-{chunk:05d}"


def append(store: ObjectStore, name: str, records: Sequence[Record]) -> bool:
    """Write the records of a finished chunk; False where this chunk was already recorded."""
    named = [replace(record, segment=name) for record in records]
    return store.put(f"{SEGMENTS}{name}.ledger.parquet", records_to_bytes(named), create=True)


def read_segment(store: ObjectStore, name: str) -> list[Record] | None:
    """Records of one chunk, or None where it has not been finished."""
    data = store.get_or_none(f"{SEGMENTS}{name}.ledger.parquet")
    return None if data is None else table_to_records(bytes_to_table(data))


def catalog_key(generation: int) -> str:
    """Key of a catalogue."""
    return f"{CATALOG}{generation:08d}.parquet"


def done_key(generation: int) -> str:
    """Key of the mark that a catalogue's datasets are written."""
    return f"{CATALOG}{generation:08d}.done"


def dashboard_key(generation: int) -> str:
    """Key of the mark that the dashboard shows this catalogue."""
    return f"{CATALOG}{generation:08d}.shown"


def generations(store: ObjectStore) -> tuple[list[int], set[int]]:
    """Catalogues there are, rising, and those whose datasets are written."""
    names = [info.key.removeprefix(CATALOG) for info in store.listing(CATALOG)]
    written = {int(n.split(".")[0]) for n in names if n.endswith(".done")}
    return sorted(int(n.split(".")[0]) for n in names if n.endswith(".parquet")), written


def read_catalog(store: ObjectStore, generation: int) -> Ledger:
    """One catalogue; generation 0 is the empty one."""
    if generation == 0:
        return Ledger()
    table = bytes_to_table(store.get(catalog_key(generation)))
    about = table.schema.metadata or {}
    folded = json.loads(about.get(b"folded", b"[]"))
    records = {record.source_key: record for record in table_to_records(table)}
    names = zip(table["log_id"].to_pylist(), table["part"].to_pylist(), strict=True)
    return Ledger(
        generation=generation,
        parts={log: part for log, part in names if part},
        folded=frozenset(folded),
        latest=records,
        refresh=frozenset(json.loads(about.get(b"refresh", b"[]"))),
    )


def read_ledger(store: ObjectStore) -> Ledger:
    """The latest catalogue and every segment written since."""
    numbers, _ = generations(store)
    base = read_catalog(store, numbers[-1] if numbers else 0)
    suffix = ".ledger.parquet"
    listed = (info.key for info in store.listing(SEGMENTS))
    names = sorted(
        key.removeprefix(SEGMENTS).removesuffix(suffix) for key in listed if key.endswith(suffix)
    )
    fresh = [name for name in names if name not in base.folded]
    latest = dict(base.latest)
    adding = []
    for name, data in zip(
        fresh, store.get_many(f"{SEGMENTS}{name}{suffix}" for name in fresh), strict=True
    ):
        wins = [
            record
            for record in table_to_records(bytes_to_table(data))
            if record.source_key not in latest or latest[record.source_key].segment < name
        ]
        latest.update({record.source_key: record for record in wins})
        if wins:
            adding.append(name)
    stale = tuple(name for name in fresh if name not in adding)
    return replace(base, latest=latest, new_segments=tuple(adding), stale_segments=stale)


def mark_attempt(store: ObjectStore, name: str, unit_ids: Sequence[str], alone: bool) -> str:
    """Say that a worker is about to work on these units; returns the mark's key.

    The mark is removed when the worker ends in any orderly way. One that stays tells of a death.
    """
    key = f"{ATTEMPTS}{name}.json"
    store.put(key, json.dumps({"units": list(unit_ids), "alone": alone}).encode())
    return key


def deaths(store: ObjectStore) -> tuple[Counter[str], Counter[str], tuple[str, ...]]:
    """How often a worker died on a unit: in company, alone; and the keys of the marks."""
    company: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    keys = tuple(info.key for info in store.listing(ATTEMPTS))
    for data in store.get_many(keys):
        mark = json.loads(data)
        (alone if mark["alone"] else company).update(mark["units"])
    return company, alone, keys
