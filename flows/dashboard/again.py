"""A log digitised again under a corrected sidecar: where its scan lies, and how the result enters.

In: an output place, a log id and a sidecar. Out: the log's folder, its rows in the datasets, its entry in the
ledger. Who corrected what, and when this runs, belongs to ``review``.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow.parquet as pq

from flows.dashboard.archive import scan_sources
from storage.carry import carry_reviews
from storage.compact import compact
from storage.datasets import replace_rows, write_datasets
from storage.desk_sidecars import desk_sidecars, sidecar_key
from storage.ledger import append, read_ledger, segment_name
from storage.local_names import LogNames
from storage.log_files import RECORD, log_files
from storage.names import safe_name
from storage.objects import ObjectStore
from storage.records import Record
from storage.review_files import wants_review_files
from storage.reviews import ReviewError
from storage.runs import read_runs
from storage.scans import SIDECAR_SUFFIX, page_stem, split_page
from veernet_core.datatypes import DigitisedLog, FailedScan, ScanInput, ScanRef
from veernet_core.errors import VeernetError
from veernet_core.page.raster.file_pages import page_alone

Redo = Callable[[ScanInput, Mapping[str, Any]], DigitisedLog | FailedScan]
"""Digitises one scan under the options it was made with, by name, and ``numerics``."""


class NoSourceError(ReviewError):
    """The scan cannot be digitised again from here."""

    code = "no_source"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scan lies: its folder, the stem of its sidecar there, its key (of a PDF with the page)."""

    store: ObjectStore
    stem: str
    key: str

    @property
    def uri(self) -> str:
        """As people know it."""
        return self.store.uri_of(self.key)

    @property
    def name(self) -> str:
        """The name that the scan has, or a page of a file would have, as a file."""
        return self.stem + PurePosixPath(split_page(self.key)[0]).suffix

    def scan(self, sidecar: bytes | None, name: str = "") -> ScanInput:
        """The scan with a sidecar, to be digitised.

        Raises
        ------
        VeernetError
        """
        file, page = split_page(self.key)
        data = self.store.get(file)
        ref = ScanRef(self.uri, name or self.stem, hashlib.sha256(data).hexdigest(), len(data))
        return ScanInput(ref, page_alone(data, page, ref.uri), sidecar)


def place_of(store: ObjectStore, log_id: str) -> Place | None:
    """The place of a log's scan, also of one that failed; None where it is not known or the scan is gone."""
    uri = scan_sources(store).get(log_id, ("", ""))[0]
    if not uri:
        uri = next((uri for uri in failed_uris(store) if failed_id(store, uri) == log_id), "")
    return _place(uri)


def failed_uris(store: ObjectStore) -> list[str]:
    """Scans without a result."""
    root = store.local_root
    if root is not None:
        path = root / "failures.parquet"
        names = pq.ParquetFile(path).read(columns=["uri"])["uri"] if path.is_file() else []
        return [str(name) for name in names]
    latest = read_ledger(store).latest.values()
    return [record.uri for record in latest if record.status != "done"]


def failed_id(store: ObjectStore, uri: str) -> str:
    """Log id that a failed scan has in the ledger, or gets when it succeeds."""
    for record in read_ledger(store).latest.values():
        if record.uri == uri:
            return record.log_id
    place, root = _place(uri), store.local_root
    if place is None or root is None:
        return safe_name(Path(split_page(uri)[0]).stem)
    sha256 = hashlib.sha256(place.store.get(split_page(place.key)[0])).hexdigest()
    return LogNames(root).name(Path(uri), sha256, place.stem)


def _place(uri: str) -> Place | None:
    folder, _, name = uri.rpartition("/")
    if not name or (not folder and not Path(split_page(name)[0]).is_file()):
        return None
    file, page = split_page(name)
    store = ObjectStore(folder or ".")
    stem = page_stem(file.rpartition(".")[0] or file, page)
    with contextlib.suppress(VeernetError):
        if store.exists(file):
            return Place(store, stem, name)
    return None


def sidecar_in_use(store: ObjectStore, log_id: str, place: Place | None) -> bytes | None:
    """The sidecar of a log: the desk's, else the one beside the scan."""
    own = store.get_or_none(sidecar_key(log_id))
    if own is not None or place is None:
        return own
    named = place.store.get_or_none(place.name + SIDECAR_SUFFIX)
    return place.store.get_or_none(place.stem + SIDECAR_SUFFIX) if named is None else named


def version_of(sidecar: bytes | None) -> str:
    """What tells two states of a sidecar apart."""
    return "" if sidecar is None else hashlib.sha256(sidecar).hexdigest()[:16]


def item_of(place: Place, record: Record | None, sidecar: bytes | None) -> ScanInput:
    """A log's scan with a sidecar.

    Raises
    ------
    VeernetError
        The scan has changed since the log was made.
    """
    item = place.scan(sidecar, record["scan"]["stem"] if record is not None else "")
    if record is not None and item.ref.sha256 != record["scan"]["sha256"]:
        raise NoSourceError("the scan has changed since it was digitised", place.uri)
    return item


def digitise_again(
    store: ObjectStore,
    log_id: str,
    place: Place,
    record: Record | None,
    sidecar: bytes,
    redo: Redo,
) -> None:
    """Digitise a scan under a sidecar and publish the result; then the sidecar is the log's.

    Raises
    ------
    VeernetError
        The scan has changed, or cannot be digitised so; nothing is changed then.
    """
    result = digitise_alone(store, log_id, place, record, sidecar, redo)
    store.put(sidecar_key(log_id), sidecar)
    files = log_files(result, log_id, include_review=wants_review_files(store))
    carry_reviews(store, log_id, files)
    store.put_folder(f"logs/{log_id}", files, last=RECORD)
    _enter(store, log_id, result, place)


def digitise_alone(
    store: ObjectStore,
    log_id: str,
    place: Place,
    record: Record | None,
    sidecar: bytes,
    redo: Redo,
) -> DigitisedLog:
    """Digitise a scan under a sidecar; nothing is published.

    Raises
    ------
    VeernetError
        The scan has changed, or cannot be digitised so.
    """
    item = item_of(place, record, sidecar)
    result = redo(item, settings_of(store, log_id, record))
    if isinstance(result, FailedScan):
        raise result.error
    return result


def settings_of(store: ObjectStore, log_id: str, record: Record | None) -> Mapping[str, Any]:
    """The options that a log was made with, and its numerics: from its own record; for one of version
    0.1.0, which kept none, and for a scan that failed, from the report of the run.
    """
    runs = read_runs(store)
    if record is None:
        return runs[-1].settings if runs else {}
    made = record["provenance"]
    if made["algorithms"]:
        return {**made["options"], "numerics": made["numerics"]}
    run_id = scan_sources(store).get(log_id, ("", ""))[1]
    own = [run.settings for run in runs if run.run_id == run_id]
    return own[0] if own else {}


def _enter(store: ObjectStore, log_id: str, log: DigitisedLog, place: Place) -> None:
    """Bring the new result into the datasets, by the ledger where there is one."""
    known = [r for r in read_ledger(store).latest.values() if r.log_id == log_id]
    if not known:
        _enter_local(store, log_id, place)
        return
    decisions = [judged.verdict.decision for judged in log.curves]
    made = log.provenance
    _, plus, others = known[0].sidecar_version.partition("+")
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-review"
    record = replace(
        known[0],
        status="done",
        stage="", code="", message="", remedy="",
        scan_sha256=log.scan.sha256,
        sidecar_version=f"{desk_sidecars(store)[log_id].version}{plus}{others}",
        sidecar_sha256=made.sidecar_sha256,
        **asdict(made.made_with),
        curves=len(decisions),
        accepted=decisions.count("accept"),
        review=decisions.count("review"),
        rejected=decisions.count("reject"),
        samples=sum(len(judged.curve.depth) for judged in log.curves),
        run_id=run_id,
    )  # fmt: skip
    append(store, segment_name(run_id, 0, 0), [record])
    compact(store)


def _enter_local(store: ObjectStore, log_id: str, place: Place) -> None:
    root = store.local_root
    if root is None:
        return
    own = Path(place.uri).absolute()
    named = {uri for uri in failed_uris(store) if Path(uri).absolute() == own}
    if named:
        write_datasets(root, (), named)
    else:
        replace_rows(root, [log_id])
