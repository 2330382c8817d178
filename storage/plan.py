"""The plan of a run: which scans need work and why, from one listing of the source.

In: the scans that a source lists, the ledger, what the run requires. Out: units of work in shards and
chunks, written as immutable manifests that workers read by number. Nothing is downloaded here; whether a
changed file really holds other bytes is found out by whoever reads it.
How a source is listed (``storage.listing``), what the work is, and the order in which machines do it, do
not belong here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa

from storage.ledger import (
    ROOT,
    Ledger,
    Record,
    bytes_to_table,
    mismatches,
    outdated,
    table_to_bytes,
)
from storage.listing import Listed
from storage.listings import ObjectInfo
from storage.names import safe_name
from storage.objects import ObjectStore
from storage.required import Requirement
from storage.scans import page_stem, split_page

RUNS = ROOT + "runs/"

MAX_DEATHS_IN_COMPANY = 2
"""After so many dead workers a unit is tried alone, so that its neighbours are safe from it."""
MAX_DEATHS_ALONE = 3
"""After so many dead workers on this unit alone it is quarantined."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One scan to be digitised, as the listing shows it.

    Attributes
    ----------
    sidecar_key, dra_key : str
        The sidecar and the registration file; empty where there is none.
    desk_key : str
        The desk's sidecar in the destination, used in the place of the one beside the scan.
    indexed : str
        What the archive's index gives of the scan (JSON); empty where it says nothing.
    sidecar_version : str
        Of all that is given of the scan; empty where nothing is.
    log_id : str
        Folder under ``logs/``, decided here because only the listing shows colliding stems.
    reasons : str
        Why there is work to do.
    known : str
        The finished result's record (JSON), where there is one and work is not forced: if the bytes
        turn out to give the same key again, it stands.
    tries : int
        Tries so far under the same requirement.
    shard, chunk : int
    alone : bool
        Whether the chunk holds only this unit, because workers died on it.
    page : int
        Of a file with several, from 1; 0 where the scan is the whole file.
    rivals : str
        Other scans that the sidecar may belong to (JSON); empty where there are none.
    """

    source_key: str
    source_version: str
    size_bytes: int
    sidecar_key: str
    sidecar_version: str
    log_id: str
    reasons: str
    known: str = ""
    tries: int = 0
    shard: int = 0
    chunk: int = 0
    alone: bool = False
    dra_key: str = ""
    indexed: str = ""
    desk_key: str = ""
    page: int = 0
    rivals: str = ""

    def known_record(self) -> Record | None:
        """The finished result that may still stand."""
        return Record(**json.loads(self.known)) if self.known else None

    def unit_id(self, requirement: Requirement) -> str:
        """Identity of this work as far as a listing tells; names what is staged for it."""
        parts = (self.source_key, self.source_version, self.sidecar_version, *requirement.parts)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the listed scans a run concerns.

    ``since`` and ``until`` bound the time of the newest of scan, sidecar and registration, half-open.
    ``redo_outdated``: also results that an older version, model or numerics made.
    """

    limit: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    force: bool = False
    redo_outdated: bool = False

    def covers(self, listed: Listed) -> bool:
        """Whether the scan lies in the time span."""
        times = [listed.scan.modified]
        times += [info.modified for info in (listed.sidecar, listed.dra, listed.desk) if info]
        newest = max(times)
        return (self.since is None or newest >= self.since) and (
            self.until is None or newest < self.until
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do.

    Attributes
    ----------
    units : tuple of Unit
        In the order of source keys, with shard and chunk assigned.
    quarantine : tuple of Unit
        Units on which workers died too often; they become records without being touched.
    listed, up_to_date, outdated : int
        Scans in the source and span; those of them with nothing to do; and those whose result stands though
        the software has moved on.
    moved_on : tuple of str
        In what the software has moved on since, the most frequent first.
    collisions : tuple of str
        Stems that several scans share; their log ids carry a hash.
    """

    units: tuple[Unit, ...]
    quarantine: tuple[Unit, ...]
    listed: int
    up_to_date: int
    collisions: tuple[str, ...]
    outdated: int = 0
    moved_on: tuple[str, ...] = ()

    @property
    def shards(self) -> int:
        """Number of shards."""
        return 1 + max((unit.shard for unit in self.units), default=-1)

    def chunks(self, shard: int) -> int:
        """Number of chunks of a shard."""
        return 1 + max((u.chunk for u in self.units if u.shard == shard), default=-1)

    def reasons(self) -> Counter[str]:
        """How many units have work for which kind of reason."""
        return _kinds(unit.reasons.split("; ") for unit in self.units)


def _kinds(reasons: Iterable[Iterable[str]]) -> Counter[str]:
    """How often each kind of reason is among those of a scan."""
    counts: Counter[str] = Counter()
    for group in reasons:
        counts.update({reason.split(":")[0] for reason in group})
    return counts


def make_plan(
    scans: Sequence[Listed],
    ledger: Ledger,
    requirement: Requirement,
    selection: Selection,
    deaths: tuple[Counter[str], Counter[str]],
    chunk_logs: int,
    shard_logs: int,
    desk: Mapping[str, ObjectInfo] | None = None,
) -> Plan:
    """Compare what the source lists with what the ledger records; pure.

    Parameters
    ----------
    deaths : pair of Counter
        Dead workers by unit id, in company and alone.
    chunk_logs, shard_logs : int
        Largest number of logs in a chunk, and in a shard.
    desk : mapping of str to ObjectInfo, optional
        Sidecars made at the desk, by log id.
    """
    names, collisions = name_logs([listed.scan.key for listed in scans], ledger.latest)
    if desk:
        scans = [replace(listed, desk=desk.get(names[listed.scan.key])) for listed in scans]
    covered = [listed for listed in scans if selection.covers(listed)]
    work: list[Unit] = []
    quarantine: list[Unit] = []
    for listed in covered:
        key = listed.scan.key
        unit = _unit(listed, names[key], ledger.latest.get(key), requirement, selection)
        if unit is None:
            continue
        unit_id = unit.unit_id(requirement)
        company, alone = deaths[0][unit_id], deaths[1][unit_id]
        if alone >= MAX_DEATHS_ALONE and not selection.force:
            quarantine.append(replace(unit, tries=company + alone))
            continue
        work.append(replace(unit, alone=company >= MAX_DEATHS_IN_COMPANY))
        if selection.limit is not None and len(work) >= selection.limit:
            break
    standing = _standing(covered, ledger.latest, requirement)
    left = [] if selection.redo_outdated or selection.force else [r for r in standing if r]
    return Plan(
        units=tuple(_assign(work, chunk_logs, shard_logs)),
        quarantine=tuple(quarantine),
        listed=len(covered),
        up_to_date=sum(not reasons for reasons in standing),
        collisions=collisions,
        outdated=len(left),
        moved_on=tuple(kind for kind, _ in _kinds(left).most_common()),
    )


def name_logs(
    keys: Sequence[str], recorded: Mapping[str, Record]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """A log id for every scan, and the stems that several scans share.

    An id once recorded stays, so that a growing archive never renames a folder. Where stems
    collide (also if they differ only in case, which some file systems do not tell apart), the new
    ones carry a hash of their key.
    """
    by_stem: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        by_stem[safe_name(_stem(key)).casefold()].append(key)
    taken = {record.log_id.casefold(): key for key, record in recorded.items()}
    names: dict[str, str] = {}
    collisions = []
    for stem, group in by_stem.items():
        if len(group) > 1:
            collisions.append(stem)
        owner = taken.get(stem)
        for key in group:
            plain = safe_name(_stem(key))
            unique = len(group) == 1 and owner in (None, key)
            names[key] = recorded[key].log_id if key in recorded else (
                plain if unique else f"{plain}-{_digest(key)}"
            )  # fmt: skip
    return names, tuple(sorted(collisions))


def write_manifests(store: ObjectStore, run_id: str, plan: Plan) -> None:
    """Write the plan's shards as objects that workers read by number."""
    by_shard: dict[int, list[Unit]] = defaultdict(list)
    for unit in plan.units:
        by_shard[unit.shard].append(unit)
    for shard, units in by_shard.items():
        table = pa.Table.from_pylist([asdict(unit) for unit in units], schema=_UNIT_SCHEMA)
        store.put(manifest_key(run_id, shard), table_to_bytes(table))


def manifest_key(run_id: str, shard: int) -> str:
    """Key of a shard's manifest."""
    return f"{RUNS}{run_id}/shard-{shard:05d}.parquet"


def read_manifest(store: ObjectStore, run_id: str, shard: int) -> list[Unit]:
    """Units of one shard, in order."""
    table = bytes_to_table(store.get(manifest_key(run_id, shard)))
    rows: list[dict[str, Any]] = table.to_pylist()
    return [Unit(**row) for row in rows]


def _unit(
    listed: Listed,
    log_id: str,
    recorded: Record | None,
    requirement: Requirement,
    selection: Selection,
) -> Unit | None:
    sidecar_version = listed.given_version
    reasons = mismatches(listed.scan.version, sidecar_version, requirement, recorded)
    if selection.redo_outdated:
        reasons += outdated(requirement, recorded)
    if selection.force and not reasons:
        reasons = ("forced",)
    if not reasons:
        return None
    done = recorded is not None and recorded.status == "done" and not selection.force
    retried = recorded is not None and recorded.status == "retry" and len(reasons) == 1
    return Unit(
        source_key=listed.scan.key,
        source_version=listed.scan.version,
        size_bytes=listed.scan.size_bytes,
        sidecar_key=listed.sidecar.key if listed.sidecar else "",
        sidecar_version=sidecar_version,
        dra_key=listed.dra.key if listed.dra else "",
        indexed=listed.indexed,
        desk_key=listed.desk.key if listed.desk else "",
        page=listed.page,
        rivals=json.dumps(listed.rivals) if listed.rivals and not listed.desk else "",
        log_id=log_id,
        reasons="; ".join(reasons),
        known=json.dumps(asdict(recorded)) if recorded and done else "",
        tries=recorded.tries if retried and recorded else 0,
    )


def _standing(
    covered: Iterable[Listed], recorded: Mapping[str, Record], requirement: Requirement
) -> list[tuple[str, ...]]:
    """For every scan whose result is what was asked for: in what the software has moved on since."""
    found = []
    for listed in covered:
        record = recorded.get(listed.scan.key)
        if not mismatches(listed.scan.version, listed.given_version, requirement, record):
            found.append(outdated(requirement, record))
    return found


def _assign(units: Sequence[Unit], chunk_logs: int, shard_logs: int) -> Iterator[Unit]:
    for first in range(0, len(units), shard_logs):
        chunk, filled = 0, 0
        for unit in units[first : first + shard_logs]:
            if filled and (unit.alone or filled >= chunk_logs):
                chunk, filled = chunk + 1, 0
            yield replace(unit, shard=first // shard_logs, chunk=chunk)
            filled = chunk_logs if unit.alone else filled + 1


def _stem(key: str) -> str:
    file, page = split_page(key)
    return page_stem(PurePosixPath(file).stem, page)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


_ARROW = {"int": pa.int64(), "bool": pa.bool_(), "str": pa.string()}
_UNIT_SCHEMA = pa.schema([(f.name, _ARROW[str(f.type)]) for f in fields(Unit)])
