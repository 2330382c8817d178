"""A log's results as the pages need them: its document and its samples.

In: an output place and a log id. Out: both, or an error in words.
"""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from storage.log_files import RECORD, SAMPLES
from storage.objects import ObjectStore
from storage.records import Record, read_record
from storage.reviews import ReviewError


class UnknownLogError(ReviewError):
    """There is no such log here."""

    code = "no_such_log"


def is_log_id(text: str) -> bool:
    """Whether a text can be the name of a log's folder."""
    return bool(text) and text[0] != "." and not set(text) & set("/\\\0")


def read_result(store: ObjectStore, log_id: str) -> tuple[Record, pa.Table]:
    """A log's document and samples.

    Raises
    ------
    UnknownLogError
    """
    if not is_log_id(log_id):
        raise UnknownLogError("no such log", log_id[:80])
    document = store.get_or_none(f"logs/{log_id}/{RECORD}")
    samples = store.get_or_none(f"logs/{log_id}/{SAMPLES}")
    if document is None or samples is None:
        raise UnknownLogError("its files are not here", log_id)
    try:
        record: Record = read_record(document)
        return record, pq.read_table(io.BytesIO(samples))
    except (ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise UnknownLogError(f"its files are damaged ({error})", log_id) from error
