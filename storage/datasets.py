"""The datasets over all logs of a local folder: ``curves/``, ``verdicts.parquet`` and ``failures.parquet``.

In: the published log folders. Out: files that hold each log exactly once. Does not belong here: the log
folders themselves (`log_files`, `publish`), and datasets in a bucket.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from storage.log_files import RECORD, SAMPLES
from storage.objects import ObjectStore
from storage.publish import UNFINISHED, new_folder, replace_file, sync_to_disk
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
from veernet_core.errors import WriteError

LOGS_PER_PART = 256
"""Logs in one file of the ``curves`` dataset, one row group each."""


def write_datasets(
    out: Path, failures: Sequence[Row] = (), processed_uris: Collection[str] = ()
) -> None:
    """Rebuild ``curves/``, ``verdicts.parquet`` and ``failures.parquet`` from the log folders.

    Every published log is in the datasets exactly once, in order of log id, whatever was in them
    before. ``failures.parquet`` keeps earlier failures except of scans that were processed since; it
    is written first, so that a damaged log folder does not hide them.

    Parameters
    ----------
    out : Path
    failures : sequence of rows
        Failures of this run (``tables.failure_row``); the last row of a scan counts.
    processed_uris : collection of str
        Scans that this run processed; their earlier failures are dropped.

    Raises
    ------
    WriteError
        Where a log folder is damaged, or the disk is full or not writable.
    """
    kept = _merged_failures(out / "failures.parquet", failures, processed_uris)
    replace_file(out / "failures.parquet", parquet_bytes(rows_table("failures", kept)))
    folders = log_folders(out)
    store = ObjectStore(str(out))
    reviewed = set(reviewed_logs(store))
    rows = [row for folder in folders for row in _read_verdicts(folder, store, reviewed)]
    with new_folder(out / "curves") as parts:
        for number, start in enumerate(range(0, len(folders), LOGS_PER_PART)):
            _write_part(
                parts / f"part-{number:05d}.parquet", folders[start : start + LOGS_PER_PART]
            )
    replace_file(out / "verdicts.parquet", parquet_bytes(rows_table("verdicts", rows)))


def replace_rows(out: Path, log_ids: Collection[str]) -> None:
    """Bring the rows of some logs in ``curves/`` and ``verdicts.parquet`` up to their folders.

    Only the files that hold these logs are rewritten. A log that is in none of them yet makes the
    datasets be rebuilt whole.

    Raises
    ------
    WriteError
        As ``write_datasets``.
    """
    parts = _parts_of(out, log_ids)
    found = {log_id for members in parts.values() for log_id in members} & set(log_ids)
    expected = {name for name in log_ids if (out / "logs" / name / RECORD).is_file()}
    empty = {name for name in expected - found if not _read_record(out / "logs" / name)["curves"]}
    if expected - found - empty or not (out / "verdicts.parquet").is_file():
        write_datasets(out)
        return
    for path, members in parts.items():
        hidden = path.with_name(f"{UNFINISHED}{uuid4().hex}")
        present = [out / "logs" / name for name in members]
        _write_part(hidden, [folder for folder in present if (folder / RECORD).is_file()])
        hidden.replace(path)
    store = ObjectStore(str(out))
    reviewed = set(reviewed_logs(store))
    rows = [
        row for name in expected for row in _read_verdicts(out / "logs" / name, store, reviewed)
    ]
    old = conformed(pq.ParquetFile(out / "verdicts.parquet").read(), "verdicts").to_pylist()
    kept = [row for row in old if row["log_id"] not in log_ids]
    rows = sorted([*kept, *rows], key=lambda row: row["log_id"])
    replace_file(out / "verdicts.parquet", parquet_bytes(rows_table("verdicts", rows)))


def _parts_of(out: Path, log_ids: Collection[str]) -> dict[Path, list[str]]:
    """Files of ``curves/`` that hold any of the logs, each with all its logs in order."""
    parts = {}
    for path in sorted((out / "curves").glob("part-*.parquet")):
        column = pq.ParquetFile(path).read(columns=["log_id"])["log_id"].cast(pa.string())
        members = column.unique().to_pylist()
        if not set(members).isdisjoint(log_ids):
            parts[path] = members
    return parts


def log_folders(out: Path) -> list[Path]:
    """Published log folders of ``out`` in name order; hidden ones (unfinished) are left out."""
    logs = out / "logs"
    if not logs.is_dir():
        return []
    return sorted(
        folder for folder in logs.iterdir() if folder.name[0] != "." and (folder / RECORD).is_file()
    )


def taken_ids(out: Path) -> dict[str, str]:
    """Log ids in use in ``out`` with their scans' SHA-256: the ``taken`` of ``log_id``."""
    return {folder.name: str(_read_record(folder)["scan"]["sha256"]) for folder in log_folders(out)}


def _read_record(folder: Path) -> Row:
    try:
        record: Row = read_record((folder / RECORD).read_bytes())
        record["scan"]["sha256"], record["curves"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder / RECORD, error) from error
    return record


def _read_verdicts(folder: Path, store: ObjectStore, reviewed: Collection[str]) -> list[Row]:
    try:
        record = _read_record(folder)
        rows = verdict_rows_of(record, folder.name)
        if folder.name in reviewed:
            reviews = read_reviews(store, folder.name)
            told = review_columns(record, _read_samples(folder), reviews)
            rows = [row | columns for row, columns in zip(rows, told, strict=True)]
        return rows
    except (KeyError, TypeError) as error:
        raise _damaged(folder / RECORD, error) from error


def _write_part(path: Path, folders: Iterable[Path]) -> None:
    writer = parquet_writer(path, schema("curves"))
    try:
        for folder in folders:
            write_group(writer, _read_samples(folder))
    finally:
        writer.close()
    sync_to_disk(path)


def _read_samples(folder: Path) -> pa.Table:
    try:
        table = pq.ParquetFile(folder / SAMPLES).read()
        return table.select(schema("curves").names).cast(schema("curves"))
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise _damaged(folder / SAMPLES, error) from error


def _damaged(path: Path, error: Exception) -> WriteError:
    return WriteError(
        f"damaged result file ({type(error).__name__}: {error})",
        str(path),
        "Delete this log's folder and digitise the scan again.",
    )


def _merged_failures(path: Path, new: Sequence[Row], processed: Collection[str]) -> list[Row]:
    rows: dict[str, Row] = {}
    if path.is_file():
        try:
            rows = {row["uri"]: row for row in pq.ParquetFile(path).read().to_pylist()}
        except (OSError, KeyError, pa.ArrowException) as error:
            raise WriteError(
                f"damaged ({error})", str(path), "Delete the file and run again."
            ) from error
    for uri in processed:
        rows.pop(uri, None)
    rows |= {row["uri"]: row for row in new}
    return [rows[uri] for uri in sorted(rows)]
