"""What became of a scan, as a record of the ledger: done, failed, to be tried again, or quarantined.

In: a unit of work and its trouble, or what was done before. Out: records. Work itself does not belong here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace

from flows.archive.run_spec import RunSpec
from flows.engine.decoders import DecoderCrashError, DecoderTimeoutError
from storage.errors import OddNameError, StorageError
from storage.ledger import Record, Status, mismatches, outdated, read_ledger
from storage.objects import ObjectStore
from storage.plan import Unit
from veernet_core.errors import OutOfMemoryError, UnexpectedError, VeernetError

_TRANSIENT = (OutOfMemoryError, StorageError, UnexpectedError)


def quarantine_records(spec: RunSpec, units: Iterable[Unit]) -> list[Record]:
    """Records of scans on which workers died too often; they are not touched again."""
    return [
        failure_of(
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


def done_elsewhere(spec: RunSpec, dest: ObjectStore, units: list[Unit]) -> list[Record]:
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


def record_of(spec: RunSpec, unit: Unit, status: Status) -> Record:
    """The record of a unit, as far as the run and the listing tell."""
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


def failure_of(
    spec: RunSpec,
    unit: Unit,
    error: VeernetError,
    scan_sha256: str = "",
    sidecar_sha256: str = "",
    tries: int | None = None,
    status: Status | None = None,
) -> Record:
    """A scan's trouble as its outcome: final, to be tried again, or quarantined."""
    record = record_of(spec, unit, status or _status(error, unit.tries + 1, spec.max_tries))
    other = error.where and not error.where.startswith(record.uri)  # a sidecar and its field
    return replace(
        record,
        scan_sha256=scan_sha256,
        sidecar_sha256=sidecar_sha256,
        stage=error.stage,
        code=error.code,
        message=f"{error.where}: {error.message}" if other else error.message,
        remedy=error.remedy,
        tries=tries or (spec.max_tries if _kills(error) else record.tries),
    )


def _status(error: VeernetError, tries: int, max_tries: int) -> Status:
    if _kills(error):
        return "quarantined"
    if isinstance(error, _TRANSIENT) and not isinstance(error, OddNameError):
        return "quarantined" if tries >= max_tries else "retry"
    return "failed"


def _kills(error: VeernetError) -> bool:
    return isinstance(error, DecoderCrashError | DecoderTimeoutError)


def same_again(unit: Unit, keys: Collection[str]) -> Record | None:
    """The finished result, if the file has changed but what it would be made from has not."""
    known = unit.known_record()
    if known is None or known.key not in keys:
        return None
    return replace(known, source_version=unit.source_version, sidecar_version=unit.sidecar_version)


def sha256_of(data: bytes | None) -> str:
    """Hash of bytes; empty where there are none."""
    return "" if data is None else hashlib.sha256(data).hexdigest()
