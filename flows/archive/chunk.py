"""What a worker does with one chunk of logs: trace and stage, judge, publish and record.

In: a run's specification and the number of a chunk. Out: small facts. Arrays travel through the
destination store as staged objects, never through results of tasks. Each of the three steps may be
repeated at any time, by anyone: its bytes depend on the work's key alone.
No Prefect here (``flows.archive.batch`` wraps these functions), and no science (``flows.engine.loading``).
"""

from __future__ import annotations

import contextlib
import time
import uuid
from dataclasses import dataclass, replace

from flows.archive.outcomes import done_elsewhere, failure_of, record_of
from flows.archive.reading import ScanReader
from flows.archive.run_spec import RunSpec
from flows.archive.watchdog import Watchdog
from flows.engine.loading import Engine, get_engine
from storage.carry import carry_reviews
from storage.errors import StorageError
from storage.ledger import (
    ROOT,
    Record,
    append,
    mark_attempt,
    read_segment,
    segment_name,
)
from storage.log_files import RECORD, log_files
from storage.objects import ObjectStore
from storage.plan import Unit, read_manifest
from storage.review_files import wants_review_files
from storage.staged import StagedError, staged_from_bytes, staged_to_bytes
from veernet_core.datatypes import DigitisedLog, Finding, GateVerdict
from veernet_core.errors import VeernetError, of_scan

STAGED = ROOT + "staged/"


@dataclass(frozen=True, slots=True)
class Traced:
    """What tracing a chunk left: ids of staged units, and records of those without a result."""

    name: str
    staged: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    seconds: float = 0.0
    recorded_before: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate said of one staged unit."""

    unit_id: str
    verdicts: tuple[GateVerdict, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A staged unit on which the gate failed, and how."""

    unit_id: str
    error: VeernetError
    scan_sha256: str
    sidecar_sha256: str


@dataclass(frozen=True, slots=True)
class Gated:
    """A traced chunk with the gate's word on every staged unit."""

    traced: Traced
    judged: tuple[Judged, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkSummary:
    """Counts of one finished chunk."""

    logs: int = 0
    done: int = 0
    failed: int = 0
    accepted: int = 0
    review: int = 0
    rejected: int = 0
    samples: int = 0
    trace_seconds: float = 0.0


def trace_chunk(spec: RunSpec, shard: int, chunk: int) -> Traced:
    """Read, try, and trace every scan of a chunk; stage what comes out.

    A scan's trouble becomes a record. Trouble with the infrastructure (the destination, or a source
    of which nothing can be read) is raised, so that the chunk is tried again.

    Raises
    ------
    StorageError
    """
    dest = ObjectStore(spec.dest)
    name = segment_name(spec.run_id, shard, chunk)
    if read_segment(dest, name) is not None:
        return Traced(name, recorded_before=True)
    started = time.monotonic()
    units = chunk_units(dest, spec.run_id, shard, chunk)
    ids = {unit.unit_id(spec.requirement): unit for unit in units}
    staged = [unit_id for unit_id in ids if dest.exists(STAGED + unit_id)]
    todo = [unit for unit_id, unit in ids.items() if unit_id not in staged]
    if not todo:
        return Traced(name, tuple(staged), seconds=time.monotonic() - started)
    alone = len(units) == 1 and units[0].alone
    with _Attempt(dest, f"{name}-{uuid.uuid4().hex[:8]}", todo, spec, alone) as attempt:
        fresh, records = _trace(spec, dest, todo, attempt)
    return Traced(name, tuple(staged) + tuple(fresh), tuple(records), time.monotonic() - started)


def gate_chunk(spec: RunSpec, traced: Traced) -> Gated:
    """Apply the acceptance gate to every staged log of a chunk.

    A log that is staged no more was published by another run at the same time; a damaged one is
    removed, and traced anew by the next run. Whatever the gate raises over a log is that log's failure.

    Raises
    ------
    StorageError
    """
    engine = get_engine(spec.model, spec.device, spec.requirement.numerics)
    dest = ObjectStore(spec.dest)
    said: list[Judged | Unjudged] = []
    for unit_id in traced.staged:
        data = dest.get_or_none(STAGED + unit_id)
        if data is None:
            continue
        try:
            log = staged_from_bytes(data)
        except StagedError:
            dest.delete([STAGED + unit_id])
            continue
        said.append(_judge(engine, spec, unit_id, log))
    return Gated(
        traced,
        tuple(item for item in said if isinstance(item, Judged)),
        tuple(item for item in said if isinstance(item, Unjudged)),
    )


def _judge(engine: Engine, spec: RunSpec, unit_id: str, log: DigitisedLog) -> Judged | Unjudged:
    try:
        log = engine.judge(log, spec.config.gate)
    except Exception as error:
        made = log.provenance
        failure = of_scan(error, log.scan.uri, "gate")
        return Unjudged(unit_id, failure, made.scan_sha256, made.sidecar_sha256)
    return Judged(unit_id, tuple(curve.verdict for curve in log.curves), log.findings)


def publish_chunk(spec: RunSpec, gated: Gated, shard: int, chunk: int) -> ChunkSummary:
    """Write the folder of every judged log, then record the chunk: from then on it is done.

    Raises
    ------
    StorageError
    """
    dest = ObjectStore(spec.dest)
    if gated.traced.recorded_before:
        return _summary(read_segment(dest, gated.traced.name) or [], 0.0)
    units = chunk_units(dest, spec.run_id, shard, chunk)
    ids = {unit.unit_id(spec.requirement): unit for unit in units}
    records = list(gated.traced.records)
    published = (_publish(spec, dest, ids[item.unit_id], item) for item in gated.judged)
    records += [record for record in published if record is not None]
    records += [
        failure_of(spec, ids[item.unit_id], item.error, item.scan_sha256, item.sidecar_sha256)
        for item in gated.unjudged
    ]
    missing = {unit.source_key for unit in units} - {record.source_key for record in records}
    if missing:
        records += done_elsewhere(spec, dest, [u for u in units if u.source_key in missing])
    dest.flush()
    records.sort(key=lambda record: record.source_key)
    if not append(dest, gated.traced.name, records):
        records = read_segment(dest, gated.traced.name) or records
    dest.delete(STAGED + unit_id for unit_id in gated.traced.staged)
    return _summary(records, gated.traced.seconds)


def chunk_units(dest: ObjectStore, run_id: str, shard: int, chunk: int) -> list[Unit]:
    """Units of one chunk, in order."""
    return [unit for unit in read_manifest(dest, run_id, shard) if unit.chunk == chunk]


class _Attempt:
    """The mark that these units are being traced; it stays only if the process dies meanwhile.

    It is set when the first scan goes to the network: loading and trial decoding cannot be a scan's
    fault, and a process killed then leaves no suspicion.
    """

    def __init__(
        self, dest: ObjectStore, name: str, units: list[Unit], spec: RunSpec, alone: bool
    ) -> None:
        self._dest, self._name, self._alone = dest, name, alone
        self._ids = [unit.unit_id(spec.requirement) for unit in units]
        self._key = ""

    def begin(self) -> None:
        if not self._key:
            self._key = mark_attempt(self._dest, self._name, self._ids, self._alone)

    def __enter__(self) -> _Attempt:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._key:
            with contextlib.suppress(StorageError):
                self._dest.delete([self._key])


def _trace(
    spec: RunSpec, dest: ObjectStore, units: list[Unit], attempt: _Attempt
) -> tuple[list[str], list[Record]]:
    engine = get_engine(spec.model, spec.device, spec.requirement.numerics)
    reader = ScanReader(spec, engine, units, attempt.begin)
    staged: list[str] = []
    records: list[Record] = []
    with Watchdog(spec.stall_limit_s) as watchdog:
        for outcome in engine.digitise(reader.items(), spec.config):
            watchdog.progress()
            ref = outcome.scan if isinstance(outcome, DigitisedLog) else outcome.ref
            unit = reader.sent[ref.uri]
            kept = _staged_bytes(outcome) if isinstance(outcome, DigitisedLog) else outcome.error
            if isinstance(kept, bytes):
                unit_id = unit.unit_id(spec.requirement)
                dest.put(STAGED + unit_id, kept)
                staged.append(unit_id)
            else:
                records.append(failure_of(spec, unit, kept, scan_sha256=ref.sha256))
    if len(reader.unreachable) == len(units):
        ObjectStore(spec.source).check_readable()
    records += reader.records
    return staged, records


def _staged_bytes(log: DigitisedLog) -> bytes | VeernetError:
    try:
        return staged_to_bytes(log)
    except Exception as error:
        return of_scan(error, log.scan.uri, "write")


def _publish(spec: RunSpec, dest: ObjectStore, unit: Unit, judged: Judged) -> Record | None:
    """Write a log's folder; None where another run has done so and removed the staged log."""
    data = dest.get_or_none(STAGED + judged.unit_id)
    if data is None:
        return None
    log = staged_from_bytes(data)
    curves = tuple(
        replace(curve, verdict=verdict)
        for curve, verdict in zip(log.curves, judged.verdicts, strict=True)
    )
    log = replace(log, curves=curves, findings=judged.findings)
    made = log.provenance
    with_review = wants_review_files(dest)
    try:
        files = log_files(log, unit.log_id, include_review=with_review)
    except Exception as error:
        failure = of_scan(error, log.scan.uri, "write")
        return failure_of(spec, unit, failure, made.scan_sha256, made.sidecar_sha256)
    carry_reviews(dest, unit.log_id, files)
    dest.put_folder(f"logs/{unit.log_id}", files, last=RECORD)
    decisions = [curve.verdict.decision for curve in curves]
    return replace(
        record_of(spec, unit, "done"),
        scan_sha256=made.scan_sha256,
        sidecar_sha256=made.sidecar_sha256,
        curves=len(curves),
        accepted=decisions.count("accept"),
        review=decisions.count("review"),
        rejected=decisions.count("reject"),
        samples=sum(len(curve.curve.depth) for curve in curves),
    )


def _summary(records: list[Record], trace_seconds: float) -> ChunkSummary:
    done = sum(record.status == "done" for record in records)
    return ChunkSummary(
        logs=len(records),
        done=done,
        failed=len(records) - done,
        accepted=sum(record.accepted for record in records),
        review=sum(record.review for record in records),
        rejected=sum(record.rejected for record in records),
        samples=sum(record.samples for record in records),
        trace_seconds=trace_seconds,
    )
