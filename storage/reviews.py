"""What people decided about curves, kept beside the machine's verdicts and never over them.

In: decisions of reviewers. Out: an append-only store ``reviews/<log_id>/<number>.json`` (one object a
decision, put with create-only mode, so that no decision is ever lost or changed), the decision in
force for every curve, and the files and rows that follow from it.

A decision names the curve it was made on by a hash of its samples and spec: it stays in force for
every later run that gives the same curve, is carried over to one that gives nearly the same
(``storage.carry``), and lapses where the curve becomes another. ``log.json``
always holds the machine's verdict; LAS, CSV and the ``curves`` dataset follow the final one;
``verdicts.parquet`` shows both. The verdict itself and the pages of the dashboard do not belong here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from storage.listings import ObjectInfo
from storage.objects import ObjectStore
from storage.records import Record, samples_of
from storage.tables import Row
from veernet_core.datatypes import Decision
from veernet_core.errors import VeernetError

REVIEWS = "reviews/"
Action = Literal["accept", "reject", "return", "withdraw", "correct"]
_FINAL: dict[str, Decision] = {"accept": "accept", "reject": "reject", "return": "review"}
_MAX_TEXT = 4000
_MAX_RACES = 50


class ReviewError(VeernetError):
    """A decision that cannot be recorded."""

    code = "bad_review"


class OutdatedReviewError(ReviewError):
    """The curve is no longer the one that was looked at."""

    code = "outdated_review"


@dataclass(frozen=True, slots=True)
class Review:
    """One decision of one person.

    Attributes
    ----------
    log_id, section_id, track_id, mnemonic : str
        The curve; ``section_id`` and the rest are empty for a correction of the whole log.
    curve_sha256 : str
        Hash of the curve that was looked at (``curve_hash``).
    action : str
        accept; reject; return (back to review, with a note); withdraw (an earlier decision of
        anybody); correct (a new sidecar was given and the log digitised again).
    reviewer, when, note : str
        Who, UTC time in ISO 8601, why.
    machine : str
        The machine's verdict at that time.
    details : str
        For a correction: the sidecar's text before and after, as JSON.
    null_depths : str
        For an accepted curve: stretches that are delivered without values, as JSON ``[[from, to], ...]`` in
        the curve's depth unit; empty where there are none.
    """

    log_id: str
    action: str
    reviewer: str
    when: str
    note: str = ""
    section_id: str = ""
    track_id: str = ""
    mnemonic: str = ""
    curve_sha256: str = ""
    machine: str = ""
    details: str = ""
    null_depths: str = ""

    def __post_init__(self) -> None:
        if self.action not in get_args(Action):
            raise ReviewError(f"unknown action {self.action!r}")
        if not self.reviewer.strip():
            raise ReviewError("a decision needs a name", remedy="Give your name, then decide.")
        if self.action == "return" and not self.note.strip():
            raise ReviewError("a returned curve needs a note", remedy="Say what to look at.")
        if self.null_depths:
            self._check_stretches()
        if len(self.note) > _MAX_TEXT or len(self.reviewer) > 200:
            raise ReviewError("the text is too long", remedy=f"Keep it under {_MAX_TEXT} letters.")

    @property
    def final(self) -> Decision | None:
        """What the curve's decision becomes; None where this action decides nothing."""
        return _FINAL.get(self.action)

    @property
    def stretches(self) -> tuple[tuple[float, float], ...]:
        """Depths from and to that are delivered without values."""
        return tuple((float(a), float(b)) for a, b in json.loads(self.null_depths or "[]"))

    def _check_stretches(self) -> None:
        try:
            bad = any(not a <= b for a, b in self.stretches)
        except (ValueError, TypeError):
            bad = True
        if bad or self.action != "accept":
            raise ReviewError(
                "stretches without values are [[from, to], ...] of an accepted curve",
                remedy="Give depths from the top down, and accept.",
            )


def curve_hash(record: Record, index: int, samples: pa.Table) -> str:
    """Identity of a recovered curve: its spec and samples, without confidence and verdict.

    Parameters
    ----------
    record : dict
        The log's ``log.json``.
    index : int
        Position of the curve in it.
    samples : pyarrow.Table
        The log's ``curves.parquet``.
    """
    curve = record["curves"][index]
    part = samples_of(record, index, samples)
    digest = hashlib.sha256(json.dumps(curve["spec"], sort_keys=True).encode())
    digest.update(f"{curve['section_id']}\n{curve['track_id']}\n{curve['depth_unit']}".encode())
    for name in ("depth", "value"):
        numbers = part[name].to_numpy().astype("<f8")
        digest.update(np.where(np.isnan(numbers), np.nan, numbers).tobytes())
    digest.update(np.packbits(part["observed"].to_numpy()).tobytes())
    return digest.hexdigest()


def record_review(store: ObjectStore, review: Review) -> str:
    """Append a decision; returns its key.

    Raises
    ------
    ReviewError
        Where others keep taking the next number.
    StorageError
    """
    data = json.dumps(asdict(review), sort_keys=True, ensure_ascii=False, indent=1)
    folder = f"{REVIEWS}{review.log_id}/"
    taken = [int(info.key[len(folder) :].split(".")[0]) for info in _numbered(store, folder)]
    for number in range(max(taken, default=0) + 1, max(taken, default=0) + 1 + _MAX_RACES):
        key = f"{folder}{number:06d}.json"
        if store.put(key, data.encode("utf-8", "replace"), create=True):
            return key
    raise ReviewError("others are reviewing the same log at this moment")


def read_reviews(store: ObjectStore, log_id: str) -> list[Review]:
    """Decisions on a log, oldest first; an object that is no decision is left out."""
    keys = sorted(info.key for info in _numbered(store, f"{REVIEWS}{log_id}/"))
    found = [_parsed(data) for data in store.get_many(keys)]
    return [review for review in found if review is not None and review.log_id == log_id]


def reviewed_logs(store: ObjectStore) -> list[str]:
    """Log ids that anybody has decided about, in order."""
    return sorted({info.key[len(REVIEWS) :].split("/")[0] for info in store.listing(REVIEWS)})


def in_force(record: Record, samples: pa.Table, reviews: Sequence[Review]) -> list[Review | None]:
    """For every curve of the log the decision that counts now: the last one made on this very curve."""
    return [now for now, _ in _decisions(record, samples, reviews)]


def review_columns(record: Record, samples: pa.Table, reviews: Sequence[Review]) -> list[Row]:
    """The columns of ``verdicts`` that tell of people's decisions, one row per curve.

    The decision in force, and where there is none the last one made on another form of the curve.
    """
    return [
        {
            "reviewed_decision": now.action if now else None,
            "reviewer": now.reviewer if now else None,
            "reviewed_note": now.note if now else None,
            "reviewed_at": now.when if now else None,
            "earlier_decision": earlier.action if earlier else None,
            "earlier_reviewer": earlier.reviewer if earlier else None,
            "earlier_at": earlier.when if earlier else None,
        }
        for now, earlier in _decisions(record, samples, reviews)
    ]


def _decisions(
    record: Record, samples: pa.Table, reviews: Sequence[Review]
) -> list[tuple[Review | None, Review | None]]:
    """For every curve the decision in force, or else the last that stands on an earlier form of it."""
    if not reviews:
        return [(None, None)] * len(record["curves"])
    result: list[tuple[Review | None, Review | None]] = []
    for index, curve in enumerate(record["curves"]):
        name = (curve["section_id"], curve["track_id"], curve["spec"]["mnemonic"])
        last: dict[str, Review] = {}
        for review in reviews:
            if (review.section_id, review.track_id, review.mnemonic) == name:
                last.pop(review.curve_sha256, None)  # the last one comes last in order
                last[review.curve_sha256] = review
        own = last.pop(curve_hash(record, index, samples), None)
        if own is not None:  # decided or withdrawn on this very curve
            result.append((own if own.final is not None else None, None))
            continue
        standing = [review for review in last.values() if review.final is not None]
        result.append((None, standing[-1] if standing else None))
    return result


def _numbered(store: ObjectStore, folder: str) -> Iterator[ObjectInfo]:
    """The decisions of a log among the objects of its folder."""
    for info in store.listing(folder):
        name = info.key[len(folder) :]
        if name.endswith(".json") and name.split(".")[0].isdigit():
            yield info


def _parsed(data: bytes) -> Review | None:
    known = {f.name for f in fields(Review)}
    try:
        document = json.loads(data)
        return Review(**{name: str(document[name]) for name in known & document.keys()})
    except (ValueError, TypeError, AttributeError, ReviewError):
        return None
