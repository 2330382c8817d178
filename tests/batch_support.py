"""What the tests of the archive run share: small archives, a stand-in engine, an S3 server."""

from __future__ import annotations

import os
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DRILLS = Path(__file__).resolve().parent / "drills"
sys.path.insert(0, str(DRILLS))

from prefect_site import s3_environment  # noqa: E402
from small_archive import scan_bytes, write_archive  # noqa: E402

from flows.archive.chunk import ChunkSummary, gate_chunk, publish_chunk, trace_chunk  # noqa: E402
from flows.archive.outcomes import quarantine_records  # noqa: E402
from flows.archive.params import ArchiveParams  # noqa: E402
from flows.archive.setup import Prepared, prepare_run  # noqa: E402
from storage.compact import Compaction, compact  # noqa: E402
from storage.ledger import Record, append, read_ledger, segment_name  # noqa: E402
from storage.objects import ObjectStore  # noqa: E402
from storage.plan import write_manifests  # noqa: E402

__all__ = ["scan_bytes", "write_archive"]
SAMPLES_PER_LOG, CURVES_PER_LOG = 800, 2


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the stand-in engine, here and in child processes."""
    monkeypatch.setenv("VEERNET_TEST_ENGINE", "cheap_engine:engine")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(DRILLS), os.environ.get("PYTHONPATH", "")])
    )
    monkeypatch.setattr("flows.engine.loading._LOADED", {})


def params(source: object, dest: object, **more: Any) -> ArchiveParams:
    """Parameters with chunks small enough to have several."""
    return ArchiveParams(
        **{"source": str(source), "dest": str(dest), "chunk_logs": 4, "decode_limit_s": 60} | more
    )


def begin(settings: ArchiveParams) -> Prepared:
    """Plan and write manifests, as the flow's first task does."""
    prepared = prepare_run(settings)
    dest = ObjectStore(settings.dest)
    write_manifests(dest, prepared.spec.run_id, prepared.plan)
    records = quarantine_records(prepared.spec, prepared.plan.quarantine)
    if records:
        append(dest, segment_name(prepared.spec.run_id, 99_999, 0), records)
    return prepared


def work_chunk(prepared: Prepared, shard: int, chunk: int) -> ChunkSummary:
    """One chunk through its three tasks."""
    traced = trace_chunk(prepared.spec, shard, chunk)
    return publish_chunk(prepared.spec, gate_chunk(prepared.spec, traced), shard, chunk)


def run_plain(settings: ArchiveParams) -> tuple[Prepared, Compaction]:
    """A whole run without Prefect."""
    prepared = begin(settings)
    for shard in range(prepared.plan.shards):
        for chunk in range(prepared.plan.chunks(shard)):
            work_chunk(prepared, shard, chunk)
    return prepared, compact(ObjectStore(settings.dest))


def latest(dest: object) -> dict[str, Record]:
    """The ledger's word on every scan, by file name."""
    records = read_ledger(ObjectStore(str(dest))).latest
    return {key.rsplit("/", 1)[-1]: record for key, record in records.items()}


def deliverables(out: Path) -> dict[str, bytes]:
    """Every delivered file (the ledger tells of the runs, so it differs between them)."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.relative_to(out).parts[0] != "_veernet"
    }


@contextmanager
def s3_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    """A real S3-speaking server on the loopback: its endpoint, and a boto3 client."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # the buckets of a server outlive it within the process: begin with none
    request = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=30).close()
    for name, value in s3_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    try:
        yield endpoint, boto3.client("s3", endpoint_url=endpoint)
    finally:
        server.stop()
