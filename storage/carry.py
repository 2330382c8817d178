"""Reviews carry over to a log that is digitised again, where the curve stays what was looked at.

In: the published result, the one that will replace it, and the decisions on the former. Out: the same
decisions, recorded on the new curve, where it lies within ``MAX_SHIFT`` of the old one at every depth; else
nothing, so that the curve returns to the queue with the old decision shown. To be called before the new
folder is put in place: a crash in between leaves decisions on a curve that nobody has, which say nothing.
How decisions are kept does not belong here (``storage.reviews``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.log_files import RECORD, SAMPLES
from storage.objects import ObjectStore
from storage.records import Record, read_record, samples_of, spec_of
from storage.reviews import Review, curve_hash, in_force, read_reviews, record_review
from veernet_core.curve.physical import frac_at
from veernet_core.datatypes import F64

MAX_SHIFT = 0.005
"""How far a curve may move, track widths, and still be the one that was looked at."""


def carry_reviews(store: ObjectStore, log_id: str, files: Mapping[str, bytes]) -> int:
    """Record the decisions in force on a log's curves for those of its new files that are the same.

    Parameters
    ----------
    store : ObjectStore
        Output folder or bucket that holds the old result.
    log_id : str
    files : mapping of name to bytes
        The new folder's files.

    Returns
    -------
    int
        Decisions recorded.

    Raises
    ------
    StorageError, ReviewError
    """
    reviews = read_reviews(store, log_id)
    old = _published(store, log_id) if reviews else None
    if old is None:
        return 0
    new = read_record(files[RECORD]), pq.read_table(io.BytesIO(files[SAMPLES]))
    held = in_force(*new, reviews)
    count = 0
    for index, review in enumerate(in_force(*old, reviews)):
        place = None if review is None else _place(new[0], review)
        if review is None or place is None or held[place] is not None:
            continue
        if is_same_curve(old, index, new, place):
            record_review(store, _carried(review, new, place))
            count += 1
    return count


def is_same_curve(
    old: tuple[Record, pa.Table], index: int, new: tuple[Record, pa.Table], place: int
) -> bool:
    """Whether a curve keeps within ``MAX_SHIFT`` of another on the depths of either.

    A depth at which only one of them has a value counts as moved.
    """
    one, two = old[0]["curves"][index], new[0]["curves"][place]
    if (one["depth_unit"], one["spec"]["unit"]) != (two["depth_unit"], two["spec"]["unit"]):
        return False
    depth, frac = _positions(old, index, two["spec"])
    other_depth, other = _positions(new, place, two["spec"])
    if len(depth) != len(other_depth) or not np.allclose(depth, other_depth, rtol=0, atol=1e-6):
        return False
    moved = np.abs(frac - other)
    both_missing = np.isnan(frac) & np.isnan(other)
    return bool((both_missing | (moved <= MAX_SHIFT)).all())


def _published(store: ObjectStore, log_id: str) -> tuple[Record, pa.Table] | None:
    document = store.get_or_none(f"logs/{log_id}/{RECORD}")
    samples = store.get_or_none(f"logs/{log_id}/{SAMPLES}")
    if document is None or samples is None:
        return None
    try:
        return read_record(document), pq.read_table(io.BytesIO(samples))
    except (ValueError, KeyError, TypeError, pa.ArrowException):
        return None  # a damaged result is replaced; nobody can say what was looked at


def _place(record: Record, review: Review) -> int | None:
    """Which curve of a log a decision names."""
    name = (review.section_id, review.track_id, review.mnemonic)
    for index, curve in enumerate(record["curves"]):
        if (curve["section_id"], curve["track_id"], curve["spec"]["mnemonic"]) == name:
            return index
    return None


def _carried(review: Review, new: tuple[Record, pa.Table], place: int) -> Review:
    """The decision on the new curve: by whom and when it was made, and on which curve."""
    record, samples = new
    return replace(
        review,
        curve_sha256=curve_hash(record, place, samples),
        machine=record["curves"][place]["decision"],
        details=json.dumps({"carried_from": review.curve_sha256}),
    )


def _positions(
    log: tuple[Record, pa.Table], index: int, spec: Mapping[str, Any]
) -> tuple[F64, F64]:
    """Depths with a value, or without, and track positions under a spec's scale."""
    record, samples = log
    part = samples_of(record, index, samples)
    value = part["value"].to_numpy().astype(np.float64)
    return part["depth"].to_numpy().astype(np.float64), frac_at(value, spec_of(spec))
