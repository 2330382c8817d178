"""Reads and tries the scans of a chunk ahead of the digitiser.

In: units of work. Out: scans that decode, in order, and records of those that go no further. How a scan is
tried in a child process does not belong here (``flows.engine.decoders``).
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from flows.archive.outcomes import failure_of, same_again, sha256_of
from flows.archive.run_spec import RunSpec
from flows.engine.decoders import DecoderCrashError, Decoders, DecoderSettings, DecoderTimeoutError
from flows.engine.loading import Engine
from storage.errors import StorageError
from storage.known import known_sidecar
from storage.ledger import Record, result_key
from storage.objects import ObjectStore
from storage.plan import Unit
from storage.scans import page_stem, shared_sidecar, split_page
from veernet_core.datatypes import ScanRef
from veernet_core.errors import VeernetError, of_scan
from veernet_core.page.raster.file_pages import page_alone

if TYPE_CHECKING:
    from veernet_core.pipeline import ScanInput


class ScanReader:
    """Reads and tries scans ahead of the digitiser; keeps records of those that go no further."""

    def __init__(
        self, spec: RunSpec, engine: Engine, units: list[Unit], begin: Callable[[], None]
    ) -> None:
        self._spec = spec
        self._begin = begin
        self._units = units
        self._source = ObjectStore(spec.source)
        self._files = _Files(self._source)
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
            self._begin()
            yield result

    def _read(self, unit: Unit) -> ScanInput | Record:
        uri = self._source.uri_of(unit.source_key)
        data: bytes | None = None
        try:
            data = self._files.get(unit)
            sidecar = self._given(unit)
        except StorageError as error:
            if error.retryable:
                self.unreachable.append(error)
            return failure_of(self._spec, unit, error)
        except Exception as error:
            return failure_of(self._spec, unit, of_scan(error, uri, "read"), sha256_of(data))
        sha, sidecar_sha = sha256_of(data), sha256_of(sidecar)
        good = [r for r in (self._spec.requirement, self._spec.released) if r is not None]
        same = same_again(unit, {result_key(sha, sidecar_sha, r) for r in good})
        if same is not None:
            return same
        trouble = self._tried(data, uri, unit.page)
        if trouble is not None:
            return failure_of(self._spec, unit, trouble, sha, sidecar_sha)
        from veernet_core.pipeline import ScanInput

        self.sent[uri] = unit
        ref = ScanRef(uri, _name(unit).rsplit(".", 1)[0], sha, len(data))
        return ScanInput(ref, page_alone(data, unit.page, uri) if unit.page else data, sidecar)

    def _given(self, unit: Unit) -> bytes | None:
        """One sidecar of all that is given of a scan."""
        if unit.rivals:
            place = self._source.uri_of(unit.sidecar_key)
            raise shared_sidecar(place, [_name(unit), *json.loads(unit.rivals)])
        sidecar = self._source.get(unit.sidecar_key) if unit.sidecar_key else None
        if unit.desk_key:
            sidecar = ObjectStore(self._spec.dest).get(unit.desk_key)
        dra = self._source.get(unit.dra_key) if unit.dra_key else None
        indexed = json.loads(unit.indexed) if unit.indexed else None
        return known_sidecar(sidecar, dra, indexed, _name(unit))

    def _tried(self, data: bytes, uri: str, page: int) -> VeernetError | None:
        """Try the scan in a child; one that kills or hangs its decoder gets another chance."""
        error: VeernetError | None = None
        for _ in range(self._spec.max_tries):
            error = self._decoders.try_scan(data, uri, self._spec.config.limits, page)
            if not isinstance(error, DecoderCrashError | DecoderTimeoutError):
                break
        return error


class _Files:
    """The files of units; of one with several pages the bytes are kept until another one is asked for."""

    def __init__(self, source: ObjectStore) -> None:
        self._source, self._lock = source, threading.Lock()
        self._kept: tuple[str, bytes] = ("", b"")

    def get(self, unit: Unit) -> bytes:
        """Bytes of a unit's file."""
        key = split_page(unit.source_key)[0]
        if not unit.page:
            return self._source.get(key)
        with self._lock:  # readers of other pages of the file wait for its bytes
            if self._kept[0] != key:
                self._kept = (key, self._source.get(key))
            return self._kept[1]


def _name(unit: Unit) -> str:
    """Name of a scan: that of its file, with the page where it has several."""
    file, page = split_page(unit.source_key.rsplit("/", 1)[-1])
    stem, dot, suffix = file.rpartition(".")
    return f"{page_stem(stem, page)}{dot}{suffix}"


_DECODERS: dict[DecoderSettings, Decoders] = {}
_DECODERS_LOCK = threading.Lock()


def _decoders(settings: DecoderSettings) -> Decoders:
    """The children of this process, shared by all its chunks."""
    with _DECODERS_LOCK:
        if settings not in _DECODERS:
            _DECODERS[settings] = Decoders(settings)
        return _DECODERS[settings]
