"""What a worker does with one chunk of logs: trace and stage, judge, publish and record.

In: a run's specification and the number of a chunk. Out: small facts. Arrays travel through the
destination store as staged objects, never through results of tasks. Each of the three steps may be
repeated at any time, by anyone: its bytes depend on the work's key alone.
No Prefect here (``flows.archive.batch`` wraps these functions), and no science (``flows.engine.loading``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from flows.engine.decoders import DecoderCrashError, Decoders, DecoderSettings, DecoderTimeoutError
from flows.engine.loading import Engine, get_engine
from storage.carry import carry_reviews
from storage.known import known_sidecar
from storage.ledger import (
    ROOT,
    Record,
    Requirement,
    Status,
    append,
    mark_attempt,
    mismatches,
    outdated,
    read_ledger,
    read_segment,
    result_key,
    segment_name,
)
from storage.objects import ObjectStore, StorageError
from storage.plan import RUNS, Unit, read_manifest
from storage.publish import RECORD, log_files
from storage.review_files import wants_review_files
from storage.staged import StagedError, staged_from_bytes, staged_to_bytes
from veernet_core.config import DigitiseConfig, GatePolicy, RasterLimits
from veernet_core.datatypes import DigitisedLog, Finding, GateVerdict, ScanRef
from veernet_core.errors import OutOfMemoryError, UnexpectedError, VeernetError, of_scan

if TYPE_CHECKING:
    from veernet_core.pipeline import ScanInput

STAGED = ROOT + "staged/"
_LOG = logging.getLogger(__name__)
_TRANSIENT = (OutOfMemoryError, StorageError, UnexpectedError)


class StalledError(VeernetError):
    """No log of a chunk was finished for a long time."""

    code = "stalled"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What every task of a run needs to know; small, picklable, stored beside the manifests.

    Attributes
    ----------
    model : str or None
        URI of the model bundle; None is the shipped one.
    device : str
        Where the network runs.
    decoders : DecoderSettings
    max_tries : int
        Tries of a scan whose decoder dies, or whose trouble may pass, before it is quarantined.
    stall_limit_s : float
        A worker that finishes no log for so long ends itself; 0 switches this off.
    canary : str
        ``hold`` suspends acceptance after a collapse, ``report`` only tells of it, ``off``.
    released : Requirement or None
        In a held run, what its logs would be made with otherwise: such results stand.
    """

    source: str
    dest: str
    run_id: str
    config: DigitiseConfig
    requirement: Requirement
    model: str | None = None
    device: str = "auto"
    decoders: DecoderSettings = field(default_factory=DecoderSettings)
    max_tries: int = 3
    stall_limit_s: float = 3600.0
    canary: str = "hold"
    released: Requirement | None = None

    def to_bytes(self) -> bytes:
        """JSON for the destination store."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @staticmethod
    def from_bytes(data: bytes) -> RunSpec:
        """The inverse of ``to_bytes``."""
        raw = json.loads(data)
        config = raw["config"]
        config["gate"] = GatePolicy(**config["gate"])
        config["limits"] = RasterLimits(**config["limits"])
        raw["config"] = DigitiseConfig(**config)
        raw["requirement"] = Requirement(**raw["requirement"])
        if raw.get("released"):
            raw["released"] = Requirement(**raw["released"])
        raw["decoders"] = DecoderSettings(**raw["decoders"])
        return RunSpec(**raw)


def spec_key(run_id: str) -> str:
    """Key of a run's specification on the destination."""
    return f"{RUNS}{run_id}/run.json"


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
class Gated:
    """A traced chunk with the gate's word on every staged unit."""

    traced: Traced
    judged: tuple[Judged, ...] = ()


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
    removed, and traced anew by the next run.
    """
    engine = get_engine(spec.model, spec.device, spec.requirement.numerics)
    dest = ObjectStore(spec.dest)
    judged = []
    for unit_id in traced.staged:
        data = dest.get_or_none(STAGED + unit_id)
        if data is None:
            continue
        try:
            log = engine.judge(staged_from_bytes(data), spec.config.gate)
        except StagedError:
            dest.delete([STAGED + unit_id])
            continue
        verdicts = tuple(curve.verdict for curve in log.curves)
        judged.append(Judged(unit_id, verdicts, log.findings))
    return Gated(traced, tuple(judged))


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
    missing = {unit.source_key for unit in units} - {record.source_key for record in records}
    if missing:
        records += _done_elsewhere(spec, dest, [u for u in units if u.source_key in missing])
    dest.flush()
    records.sort(key=lambda record: record.source_key)
    if not append(dest, gated.traced.name, records):
        records = read_segment(dest, gated.traced.name) or records
    dest.delete(STAGED + unit_id for unit_id in gated.traced.staged)
    return _summary(records, gated.traced.seconds)


def quarantine_records(spec: RunSpec, units: Iterable[Unit]) -> list[Record]:
    """Records of scans on which workers died too often; they are not touched again."""
    return [
        _failure(
            spec,
            unit,
            DecoderCrashError(
                f"workers died {unit.tries} times while they worked on this scan",
                remedy="Look at the scan and the workers' memory; run again with --force to retry.",
            ),
            tries=unit.tries,
            status="quarantined",
        )
        for unit in units
    ]


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
    reader = _Reader(spec, engine, units, attempt)
    staged: list[str] = []
    records: list[Record] = []
    with _Watchdog(spec.stall_limit_s) as watchdog:
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
                records.append(_failure(spec, unit, kept, scan_sha256=ref.sha256))
    if len(reader.unreachable) == len(units):
        ObjectStore(spec.source).check_readable()
    records += reader.records
    return staged, records


def _staged_bytes(log: DigitisedLog) -> bytes | VeernetError:
    try:
        return staged_to_bytes(log)
    except Exception as error:
        return of_scan(error, log.scan.uri, "write")


class _Reader:
    """Reads and tries scans ahead of the digitiser; keeps records of those that go no further."""

    def __init__(self, spec: RunSpec, engine: Engine, units: list[Unit], attempt: _Attempt) -> None:
        self._spec = spec
        self._attempt = attempt
        self._units = units
        self._source = ObjectStore(spec.source)
        self._decoders = _decoders(replace(spec.decoders, check=engine.decoder_check))
        self.sent: dict[str, Unit] = {}
        self.records: list[Record] = []
        self.unreachable: list[StorageError] = []

    def items(self) -> Iterator[ScanInput]:
        """Scans that decode, in order; ``processes`` are read and tried at once."""
        width = self._spec.decoders.processes
        waiting: deque[Future[ScanInput | Record]] = deque()
        with ThreadPoolExecutor(width, thread_name_prefix="read") as pool:
            for unit in self._units:
                waiting.append(pool.submit(self._read, unit))
                if len(waiting) > 2 * width:
                    yield from self._settle(waiting.popleft())
            while waiting:
                yield from self._settle(waiting.popleft())

    def _settle(self, future: Future[ScanInput | Record]) -> Iterator[ScanInput]:
        result = future.result()
        if isinstance(result, Record):
            self.records.append(result)
        else:
            self._attempt.begin()
            yield result

    def _read(self, unit: Unit) -> ScanInput | Record:
        uri = self._source.uri_of(unit.source_key)
        data: bytes | None = None
        try:
            data = self._source.get(unit.source_key)
            sidecar = self._stated(unit)
        except StorageError as error:
            if error.retryable:
                self.unreachable.append(error)
            return _failure(self._spec, unit, error)
        except Exception as error:
            return _failure(self._spec, unit, of_scan(error, uri, "read"), _sha256(data))
        sha, sidecar_sha = _sha256(data), _sha256(sidecar)
        good = [r for r in (self._spec.requirement, self._spec.released) if r is not None]
        same = _same_again(unit, {result_key(sha, sidecar_sha, r) for r in good})
        if same is not None:
            return same
        trouble = self._tried(data, uri)
        if trouble is not None:
            return _failure(self._spec, unit, trouble, sha, sidecar_sha)
        from veernet_core.pipeline import ScanInput

        self.sent[uri] = unit
        stem = unit.source_key.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        return ScanInput(ScanRef(uri, stem, sha, len(data)), data, sidecar)

    def _stated(self, unit: Unit) -> bytes | None:
        """One sidecar of all that is stated of a scan."""
        sidecar = self._source.get(unit.sidecar_key) if unit.sidecar_key else None
        dra = self._source.get(unit.dra_key) if unit.dra_key else None
        indexed = json.loads(unit.indexed) if unit.indexed else None
        return known_sidecar(sidecar, dra, indexed, unit.source_key.rsplit("/", 1)[-1])

    def _tried(self, data: bytes, uri: str) -> VeernetError | None:
        """Try the scan in a child; one that kills or hangs its decoder gets another chance."""
        error: VeernetError | None = None
        for _ in range(self._spec.max_tries):
            error = self._decoders.try_scan(data, uri, self._spec.config.limits)
            if not isinstance(error, DecoderCrashError | DecoderTimeoutError):
                break
        return error


_DECODERS: dict[DecoderSettings, Decoders] = {}
_DECODERS_LOCK = threading.Lock()


def _decoders(settings: DecoderSettings) -> Decoders:
    """The children of this process, shared by all its chunks."""
    with _DECODERS_LOCK:
        if settings not in _DECODERS:
            _DECODERS[settings] = Decoders(settings)
        return _DECODERS[settings]


def _done_elsewhere(spec: RunSpec, dest: ObjectStore, units: list[Unit]) -> list[Record]:
    """Records of units whose staged logs are gone, because another run has published them.

    Raises
    ------
    StorageError
        Where there is no such record (yet).
    """
    latest = read_ledger(dest).latest
    found = []
    for unit in units:
        record = latest.get(unit.source_key)
        required = spec.requirement
        if (
            record is None
            or mismatches(unit.source_version, unit.sidecar_version, required, record)
            or outdated(required, record)
        ):
            raise StorageError("a staged log is gone", dest.uri_of(unit.source_key))
        found.append(record)
    return found


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
    try:
        files = log_files(log, unit.log_id, include_review=wants_review_files(dest))
    except Exception as error:
        failure = of_scan(error, log.scan.uri, "write")
        return _failure(spec, unit, failure, made.scan_sha256, made.sidecar_sha256)
    carry_reviews(dest, unit.log_id, files)
    dest.put_folder(f"logs/{unit.log_id}", files, last=RECORD)
    decisions = [curve.verdict.decision for curve in curves]
    return replace(
        _record(spec, unit, "done"),
        scan_sha256=made.scan_sha256,
        sidecar_sha256=made.sidecar_sha256,
        curves=len(curves),
        accepted=decisions.count("accept"),
        review=decisions.count("review"),
        rejected=decisions.count("reject"),
        samples=sum(len(curve.curve.depth) for curve in curves),
    )


def _record(spec: RunSpec, unit: Unit, status: Status) -> Record:
    return Record(
        source_key=unit.source_key,
        source_version=unit.source_version,
        sidecar_version=unit.sidecar_version,
        model_id=spec.requirement.model_id,
        config_hash=spec.requirement.config_hash,
        version=spec.requirement.version,
        numerics=spec.requirement.numerics,
        settings_hash=spec.requirement.settings_hash,
        algorithms=spec.requirement.algorithms,
        log_id=unit.log_id,
        uri=ObjectStore(spec.source).uri_of(unit.source_key),
        status=status,
        tries=unit.tries + 1,
        run_id=spec.run_id,
    )


def _failure(
    spec: RunSpec,
    unit: Unit,
    error: VeernetError,
    scan_sha256: str = "",
    sidecar_sha256: str = "",
    tries: int | None = None,
    status: Status | None = None,
) -> Record:
    """A scan's trouble as its outcome: final, to be tried again, or quarantined."""
    record = _record(spec, unit, status or _status(error, unit.tries + 1, spec.max_tries))
    return replace(
        record,
        scan_sha256=scan_sha256,
        sidecar_sha256=sidecar_sha256,
        stage=error.stage,
        code=error.code,
        message=error.message,
        remedy=error.remedy,
        tries=tries or (spec.max_tries if _kills(error) else record.tries),
    )


def _status(error: VeernetError, tries: int, max_tries: int) -> Status:
    if _kills(error):
        return "quarantined"
    if isinstance(error, _TRANSIENT):
        return "quarantined" if tries >= max_tries else "retry"
    return "failed"


def _kills(error: VeernetError) -> bool:
    return isinstance(error, DecoderCrashError | DecoderTimeoutError)


def _same_again(unit: Unit, keys: Collection[str]) -> Record | None:
    """The finished result, if the file has changed but what it would be made from has not."""
    known = unit.known_record()
    if known is None or known.key not in keys:
        return None
    return replace(known, source_version=unit.source_version, sidecar_version=unit.sidecar_version)


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()


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


class _Watchdog:
    """Ends this process where no progress was made for too long.

    A call stuck in a device driver cannot be interrupted in any other way. The mark of the attempt
    stays, so the next run knows what it was stuck on.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._timer: threading.Timer | None = None

    def __enter__(self) -> _Watchdog:
        self.progress()
        return self

    def __exit__(self, *exc: object) -> None:
        self._cancel()

    def progress(self) -> None:
        self._cancel()
        if self._limit_s > 0:
            self._timer = threading.Timer(self._limit_s, self._end)
            self._timer.daemon = True
            self._timer.start()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        _LOG.critical("%s", StalledError(f"no log finished for {self._limit_s:g} s"))
        os._exit(75)
