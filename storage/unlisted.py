"""Logs that the datasets lack: a run that was broken off had published their folders and no more.

In: an output folder or bucket. Out: the same with those logs in its datasets. Does not belong here: how
datasets are written (`datasets`, `compact`).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from storage.compact import compact
from storage.datasets import log_folders, write_datasets
from storage.ledger import generations, read_ledger
from storage.log_files import RECORD
from storage.objects import ObjectStore
from storage.records import read_record


def list_unlisted(store: ObjectStore) -> bool:
    """Bring logs that were finished by runs that were broken off into the datasets.

    Returns whether there were any. Does nothing where the datasets are whole.

    Raises
    ------
    StorageError, WriteError, CompactionError
    """
    if generations(store)[0] or read_ledger(store).new_segments:
        return compact(store).changed_logs > 0
    root = store.local_root
    if root is None or not has_unlisted(root):
        return False
    write_datasets(root)
    return True


def has_unlisted(out: Path) -> bool:
    """Whether a folder without a ledger has a log whose curves are not in its datasets."""
    known = _listed(out / "verdicts.parquet")
    return any(_has_curves(folder) for folder in log_folders(out) if folder.name not in known)


def _listed(path: Path) -> set[str]:
    """Logs of a dataset; none where it is not there or damaged."""
    with suppress(OSError, KeyError, pa.ArrowException):
        column = pq.ParquetFile(path).read(columns=["log_id"])["log_id"]
        return set(column.cast(pa.string()).unique().to_pylist())
    return set()


def _has_curves(folder: Path) -> bool:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return bool(read_record((folder / RECORD).read_bytes())["curves"])
    return False
