"""Which files a log becomes, and how they reach a local folder whole or not at all.

In: a ``DigitisedLog``. Out: file names and bytes; ``publish_local`` and ``write_datasets`` alone
touch the file system. Buckets and the ledger of what was done do not belong here.

A log's folder also holds its part of the sample dataset (``curves.parquet``): the folder is
published in one step, so the datasets can always be rebuilt from the folders that exist.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import re
import shutil
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from storage.las import las_bytes, text_findings
from storage.objects import ObjectStore
from storage.records import read_record, record_bytes
from storage.reviews import read_reviews, review_columns, reviewed_logs
from storage.section_table import csv_bytes
from storage.tables import (
    Row,
    conformed,
    curves_table,
    parquet_bytes,
    parquet_writer,
    rows_table,
    schema,
    verdict_rows_of,
    write_group,
)
from veernet_core.datatypes import DigitisedLog
from veernet_core.errors import WriteError

RECORD = "log.json"
SAMPLES = "curves.parquet"
LOGS_PER_PART = 256
"""Logs in one file of the ``curves`` dataset, one row group each."""

_UNFINISHED = ".unfinished-"
_IN_REVIEW = ".review"
_MAX_NAME_BYTES = 96
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def log_files(
    log: DigitisedLog, log_id: str | None = None, *, include_review: bool = False
) -> dict[str, bytes]:
    """All files of ``logs/<log_id>/`` by name, in name order; the same log gives the same bytes.

    Parameters
    ----------
    log : DigitisedLog
    log_id : str, optional
        Folder name as the function ``log_id`` gave it; the scan's stem made safe where left out.
    include_review : bool
        Also write the curves in review, as ``<stem>.review.las``.

    Returns
    -------
    dict of str to bytes
        ``<stem>.las`` and ``.csv`` (``<stem>.<section_id>.…`` where the scan has several sections;
        none where no curve was accepted), ``log.json``, ``curves.parquet`` and the overlays. What LAS
        cannot spell exactly is a finding in ``log.json``.

    Raises
    ------
    WriteError
        Where a section's depths cannot be written as LAS.
    """
    stem = safe_name(log.scan.stem)
    log = with_text_findings(log)
    files = {
        RECORD: record_bytes(log),
        **delivered_files(log, log_id or stem, include_review=include_review),
    }
    for overlay in log.overlays:
        base = _free(safe_name(overlay.name, "overlay"), ".png", files)
        files[f"{base}.png"] = overlay.png
    return dict(sorted(files.items()))


def with_text_findings(log: DigitisedLog) -> DigitisedLog:
    """The log with a finding for every text that its LAS file must spell in other letters."""
    new = [finding for finding in text_findings(log) if finding not in log.findings]
    return replace(log, findings=(*log.findings, *new)) if new else log


def delivered_files(
    log: DigitisedLog,
    log_id: str,
    remarks: Mapping[str, Sequence[str]] | None = None,
    *,
    include_review: bool = False,
) -> dict[str, bytes]:
    """The files of a log that follow its decisions: samples, LAS and CSV.

    Parameters
    ----------
    remarks : mapping of section id to lines, optional
        Added to ``~Other`` of the section's LAS file.
    include_review : bool
        Also ``<stem>.review.las`` with the curves in review, marked so in every header line.

    Raises
    ------
    WriteError
        Where a section's depths cannot be written as LAS.
    """
    stem = safe_name(log.scan.stem)
    files = {SAMPLES: parquet_bytes(curves_table(log, log_id))}
    for section in log.sections:
        name = section.section_id
        base = stem if len(log.sections) == 1 else f"{stem}.{safe_name(name, 'section')}"
        if base.casefold().endswith(_IN_REVIEW):
            base += "_"  # a name that would say its curves are in review
        remarked = (remarks or {}).get(name, ())
        las, csv = las_bytes(log, name, remarked), csv_bytes(log, name)
        if las is not None and csv is not None:
            base = _free(base, ".las", files)
            files |= {f"{base}.las": las, f"{base}.csv": csv}
        doubtful = las_bytes(log, name, remarked, "review") if include_review else None
        if doubtful is not None:
            files[f"{_free(f'{base}{_IN_REVIEW}', '.las', files)}.las"] = doubtful
    return files


def log_id(stem: str, sha256: str, taken: Mapping[str, str], place: str = "") -> str:
    """Folder name of a scan: its stem, made safe; a hash is appended where another scan has it.

    Parameters
    ----------
    stem : str
        File name without folders and extension; any text.
    sha256 : str
        Hash that tells scans of one stem apart.
    taken : mapping of str to str
        Names in use, and the hash of the scan that uses each. A scan keeps the name it has.
    place : str
        Where the scan lies: its hash tells copies of the same bytes apart.

    Examples
    --------
    >>> log_id("a/b", "77aa", {}), log_id("x", "77aa", {"X": "01"}), log_id("x", "01", {"x": "01"})
    ('a_b', 'x-77aa', 'x')
    """
    owners = {name.casefold(): owner for name, owner in taken.items()}
    plain = safe_name(stem)
    by_place = hashlib.sha256(f"{sha256} {place}".encode("utf-8", "replace")).hexdigest()
    for digest in (sha256, by_place):
        for digits in (0, 8, 16, 64):
            name = f"{plain}-{digest[:digits]}" if digits else plain
            if owners.get(name.casefold(), sha256) == sha256:
                return name
    raise ValueError(f"no free name for {stem!r} with hash {sha256}")


def safe_name(text: str, default: str = "scan") -> str:
    """``text`` as a file name on any system and as a segment of an object key.

    Letters of any script and single blanks stay (quote the name in URLs). Separators, controls,
    text-direction marks and what Windows forbids become ``_``; no leading or trailing dot or blank,
    no reserved name; long names are cut and end in a hash of the whole.

    Examples
    --------
    >>> safe_name("../Well №7: final"), safe_name("CON"), safe_name("...")
    ('_Well №7_ final', '_CON', 'scan')
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    spaced = " ".join(text.split())
    kept = "".join("_" if unicodedata.category(char)[0] == "C" else char for char in spaced)
    name = _FORBIDDEN.sub("_", kept).strip(". ")
    if len(name.encode()) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        name = name.encode()[: _MAX_NAME_BYTES - 9].decode("utf-8", "ignore") + f"-{digest}"
    if not name:
        return default
    return f"_{name}" if _RESERVED.fullmatch(name) or name[0] in "-~" else name


def publish_local(out: Path, log_id: str, files: Mapping[str, bytes]) -> Path:
    """Write a log's folder ``out/logs/<log_id>`` in one step; an older one is replaced whole.

    The files are written and synced in a hidden folder beside it, then renamed. Where the system
    can exchange two folders (Linux), a reader sees the old or the new one at every moment;
    elsewhere there is an instant with neither. A crash leaves the old folder, the new one or
    (elsewhere) none, and perhaps a hidden one, which ``remove_unfinished`` clears.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WriteError
        Where the disk is full or not writable.
    """
    return publish_folder(out / "logs" / log_id, files)


def publish_folder(target: Path, files: Mapping[str, bytes]) -> Path:
    """Write a folder of files in one step, as ``publish_local`` does; what was there is gone.

    Raises
    ------
    WriteError
        Where the disk is full or not writable.
    """
    with _new_folder(target) as folder:
        for name, data in files.items():
            _write_synced(folder / name, data)
    return target


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
    _replace_file(out / "failures.parquet", parquet_bytes(rows_table("failures", kept)))
    folders = log_folders(out)
    store = ObjectStore(str(out))
    reviewed = set(reviewed_logs(store))
    rows = [row for folder in folders for row in _read_verdicts(folder, store, reviewed)]
    with _new_folder(out / "curves") as parts:
        for number, start in enumerate(range(0, len(folders), LOGS_PER_PART)):
            _write_part(
                parts / f"part-{number:05d}.parquet", folders[start : start + LOGS_PER_PART]
            )
    _replace_file(out / "verdicts.parquet", parquet_bytes(rows_table("verdicts", rows)))


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
        hidden = path.with_name(f"{_UNFINISHED}{uuid4().hex}")
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
    _replace_file(out / "verdicts.parquet", parquet_bytes(rows_table("verdicts", rows)))


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


def remove_unfinished(out: Path) -> None:
    """Delete what crashed writers left behind. Only while no other process writes to ``out``."""
    for parent in (out, out / "logs"):
        for path in parent.glob(f"{_UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _free(base: str, suffix: str, files: Collection[str]) -> str:
    """``base``, or with a number where the file exists (also in another case)."""
    lowered = {name.casefold() for name in files}
    name, number = base, 2
    while f"{name}{suffix}".casefold() in lowered:
        name, number = f"{base}_{number}", number + 1
    return name


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
    _sync(path)


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


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A hidden folder that takes the place of ``target`` if the block ends well, else vanishes."""
    folder = target.with_name(f"{_UNFINISHED}{uuid4().hex}")
    try:
        folder.mkdir(parents=True)
        yield folder
        _sync(folder)
        _swap(folder, target)
        _sync(target.parent)
    except OSError as error:
        raise WriteError(f"{error.strerror or error}", str(target)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, target: Path) -> None:
    """Put ``folder`` in the place of ``target``; then ``folder`` is gone or the old target."""
    if not target.exists():
        folder.rename(target)
    elif not _exchange(folder, target):
        old = folder.with_name(folder.name + "-old")
        target.rename(old)
        folder.rename(target)
        old.rename(folder)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders atomically (Linux ``renameat2``); False where that is not possible."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    if not call(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE):
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(code, os.strerror(code), str(second))


def _replace_file(path: Path, data: bytes) -> None:
    hidden = path.with_name(f"{_UNFINISHED}{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(hidden, data)
        hidden.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise WriteError(f"{error.strerror or error}", str(path)) from error
    finally:
        hidden.unlink(missing_ok=True)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as sink:
        sink.write(data)
        sink.flush()
        os.fsync(sink.fileno())


def _sync(path: Path) -> None:
    """Flush a file or a folder's entries to disk, where the system can do that."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.EACCES):
            raise
    finally:
        os.close(handle)
