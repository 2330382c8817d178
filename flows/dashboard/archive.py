"""What an output folder or bucket holds, read once for the dashboard: datasets, runs, canary.

In: an ``ObjectStore``. Out: an ``Archive`` of tables and plain rows. The datasets are believed;
``log.json`` is read only for logs without a row in them. Nothing is written or laid out here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.dashboard.other_sources import composed_at
from flows.dashboard.places import read_coordinates
from storage.ledger import ROOT, read_ledger
from storage.log_files import RECORD
from storage.objects import ObjectStore
from storage.records import Record, read_record
from storage.reviews import REVIEWS
from storage.runs import RunRecord, read_runs
from storage.tables import FIELDS, Row, conformed, rows_table, verdict_rows_of
from veernet_core.errors import VeernetError
from veernet_core.findings import entry_of

CANARY = ROOT + "canary/"
_CANARIES = 60
MAX_RECORDS = 5000
"""Logs without a row in the datasets of which ``log.json`` is read; the rest are shown by name."""

_NEEDED = ("log_id", "decision")


class OldResultsError(VeernetError):
    """A dataset that this version cannot show."""

    code = "unreadable_dataset"


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything the overview is made of.

    Attributes
    ----------
    verdicts : pyarrow.Table
        Columns of ``FIELDS["verdicts"]``, rows in order of log id.
    bare : dict of log id to document
        Logs without curves; the document is empty where it was not read.
    failures : list of rows
    sources : dict of log id to (URI of the scan, run id)
    runs : list of RunRecord, oldest first
    canary : list of measurements, oldest first
    coordinates : dict of well to (latitude, longitude)
        As far as a person gave them (``places.keep_coordinates``).
    """

    verdicts: pa.Table
    bare: dict[str, Record] = field(default_factory=dict)
    failures: list[Row] = field(default_factory=list)
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)
    runs: list[RunRecord] = field(default_factory=list)
    canary: list[Row] = field(default_factory=list)
    coordinates: dict[str, tuple[float, float]] = field(default_factory=dict)


def read_archive(store: ObjectStore) -> Archive:
    """Read what there is; an empty archive is one without rows.

    Raises
    ------
    OldResultsError
        Where a dataset lacks what every version has, or is no Parquet file.
    StorageError
    """
    verdicts = read_verdicts(store)
    runs = read_runs(store)
    sources = _sources(store, runs)
    known = set(verdicts["log_id"].cast(pa.string()).unique().to_pylist())
    names = sorted((set(_published(store)) | _finished(store, sources)) - known)
    found, damaged = _records(store, names)
    rows = [row for name, record in found.items() for row in _rows(record, name)]
    if rows:
        verdicts = _sorted(pa.concat_tables([verdicts, rows_table("verdicts", rows)]))
    bare = {name: record for name, record in found.items() if not record.get("curves")}
    failures = read_failures(store) + damaged
    canary, coordinates = read_canary(store), read_coordinates(store)
    return Archive(verdicts, bare, failures, sources, runs, canary, coordinates)


def logs_without_curves(store: ObjectStore) -> dict[str, Record]:
    """Documents of the logs that have no curve; at most ``MAX_RECORDS`` of them are read.

    Raises
    ------
    OldResultsError, StorageError
    """
    known = set(read_verdicts(store)["log_id"].cast(pa.string()).unique().to_pylist())
    published = set(_published(store)) | _finished(store, scan_sources(store))
    found, _ = _records(store, sorted(published - known))
    return {name: record for name, record in found.items() if not record.get("curves")}


def damaged_row(log_id: str, error: Exception) -> Row:
    """A failure row for a log folder that cannot be read."""
    known = entry_of("damaged_result")
    return {
        "uri": f"logs/{log_id}",
        "stage": known.stage,
        "code": known.code,
        "remedy": known.remedy,
        "message": f"{type(error).__name__}: {error}",
    }


def read_canary(store: ObjectStore) -> list[Row]:
    """The latest canary reports, oldest first: run, figures by line style, limits, what is broken."""
    keys = sorted(info.key for info in store.listing(CANARY) if info.key.endswith(".json"))
    rows = []
    for key in keys[-_CANARIES:]:
        data = store.get_or_none(key)  # a run may remove old ones meanwhile
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            report = json.loads(data or b"")
            figures = {style: dict(r) for style, r in report["readings"].items()}
            name = key.removeprefix(CANARY).removesuffix(".json")
            rows.append({"run": name, "figures": figures, "limits": dict(report["limits"]),
                         "broken": list(report["broken"]), "model_id": report["model_id"]})  # fmt: skip
    return rows


def read_verdicts(store: ObjectStore) -> pa.Table:
    """``verdicts.parquet`` of this or an older version, in order of log id; empty where absent.

    Raises
    ------
    OldResultsError
        Where it is no such dataset.
    StorageError
    """
    table = _dataset(store, "verdicts.parquet")
    if table is None:
        return rows_table("verdicts", [])
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise OldResultsError(f"no column {', '.join(missing)}", store.uri_of("verdicts.parquet"))
    try:
        return _sorted(conformed(table, "verdicts"))
    except (pa.ArrowException, ValueError) as error:
        raise OldResultsError(str(error), store.uri_of("verdicts.parquet")) from error


def read_failures(store: ObjectStore) -> list[Row]:
    """Scans without a result: ``failures.parquet``, no value missing."""
    table = _dataset(store, "failures.parquet")
    blank = {column.name: "" for column in FIELDS["failures"]}
    rows = [] if table is None else table.to_pylist()
    return [{name: row.get(name) or "" for name in blank} for row in rows]


def _dataset(store: ObjectStore, key: str) -> pa.Table | None:
    data = store.get_or_none(key)
    if data is None:
        return None
    try:
        return pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError) as error:
        raise OldResultsError(f"no whole Parquet file ({error})", store.uri_of(key)) from error


def _sorted(table: pa.Table) -> pa.Table:
    keys = pa.table({"log": table["log_id"].cast(pa.string()), "row": pa.array(range(len(table)))})
    order = pc.sort_indices(keys, [("log", "ascending"), ("row", "ascending")])
    return table.unify_dictionaries().combine_chunks().take(order)


def scan_sources(store: ObjectStore) -> dict[str, tuple[str, str]]:
    """URI of every log's scan and the run that digitised it, by log id, as far as they are known."""
    return _sources(store, read_runs(store))


def _sources(store: ObjectStore, runs: Sequence[RunRecord]) -> dict[str, tuple[str, str]]:
    found = {log_id: (uri, run.run_id) for run in runs for log_id, uri in run.scans.items()}
    latest = read_ledger(store).latest.values()
    return found | {r.log_id: (r.uri, r.run_id) for r in latest if r.status == "done"}


def _published(store: ObjectStore) -> Iterator[str]:
    """Names of the log folders, where listing them is cheap (not on a bucket)."""
    root = store.local_root
    if root is None or not (root / "logs").is_dir():
        return
    for path in (root / "logs").iterdir():
        if path.name[0] != "." and (path / RECORD).is_file():
            yield path.name


def _finished(store: ObjectStore, sources: Mapping[str, tuple[str, str]]) -> set[str]:
    """On a bucket the ledger says which logs there are."""
    return set() if store.is_local else set(sources)


def _records(store: ObjectStore, names: Sequence[str]) -> tuple[dict[str, Record], list[Row]]:
    found: dict[str, Record] = {name: {} for name in names[MAX_RECORDS:]}
    damaged = []
    for name in names[:MAX_RECORDS]:
        try:
            record = read_record(store.get(f"logs/{name}/{RECORD}"))
            _rows(record, name)
            found[name] = record
        except (VeernetError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            damaged.append(damaged_row(name, error))
    return found, damaged


def _rows(record: Record, log_id: str) -> list[Row]:
    return verdict_rows_of(record, log_id) if record else []


def stale_pages(out: Path, pages: Path, since: float) -> list[Path]:
    """Log folders whose page is missing, or older than their results, decisions or a moment.

    ``since`` is in seconds, as file systems count.
    """
    stale = []
    decided = {path.name: path.stat().st_mtime for path in (out / REVIEWS).glob("*/")}
    composed = composed_at(out)
    for name in sorted(_published(ObjectStore(str(out)))):
        folder, page = out / "logs" / name, pages / name / "index.html"
        changes = (decided.get(name, 0.0), composed.get(name, 0.0))
        newest = max(since, (folder / RECORD).stat().st_mtime, *changes)
        if not page.is_file() or page.stat().st_mtime < newest:
            stale.append(folder)
    return stale
