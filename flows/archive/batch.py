"""The archive run as Prefect flows: discover, fan out in chunks, gate, publish, compact, report.

In: parameters (``flows.archive.params``). Out: a small summary, and artifacts for people. The tasks wrap
the functions of ``flows.archive.chunk`` and add when, where and how often. What has been done is known from
the ledger alone: Prefect's own states are for looking at, and no run needs them to go on.
No science and no storage formats here.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import numpy as np
from prefect import Flow, flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.exceptions import UnfinishedRun
from prefect.futures import PrefectFuture
from prefect.tasks import Task, exponential_backoff

from flows.archive import alarm
from flows.archive.canary import watch_shard
from flows.archive.chunk import (
    STAGED,
    ChunkSummary,
    Gated,
    Traced,
    gate_chunk,
    publish_chunk,
    trace_chunk,
)
from flows.archive.form import with_parameters
from flows.archive.outcomes import quarantine_records
from flows.archive.params import ArchiveParams
from flows.archive.report import (
    RunReport,
    dashboard_is_stale,
    keep_report,
    make_report,
    publish_report,
    refresh_dashboard,
)
from flows.archive.run_spec import RunSpec, spec_key
from flows.archive.runners import task_runner
from flows.archive.setup import Prepared, check_places, prepare_run
from flows.archive.shards import run_on_pool
from flows.archive.words import ShownProgress, shard_run_name, shard_words, span_words
from flows.engine.loading import NumericsError
from storage.compact import Compaction, compact
from storage.delivery import add_review_files, apply_reviews, fresh_logs
from storage.errors import StorageError
from storage.ledger import ATTEMPTS, append, segment_name
from storage.numerics import fix_numerics
from storage.objects import ObjectStore
from storage.plan import RUNS, Plan, read_manifest, write_manifests
from veernet_core.errors import VeernetError

Progress = Callable[[ChunkSummary], None]
QUARANTINE_SHARD = 99_999
_MAX_LOST_IN_A_ROW = 3
_LEFTOVERS_KEPT = timedelta(days=30)


class ArchiveIncompleteError(VeernetError):
    """Infrastructure trouble outlasted all retries for some scans."""

    code = "archive_incomplete"


def _worth_retrying(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry what may pass; a scan's own trouble is never raised, so the rest is refused rights."""
    error: object = state.result(raise_on_failure=False)
    if isinstance(error, StorageError):
        return error.retryable
    return not isinstance(error, VeernetError)


_TASK: dict[str, Any] = {
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(backoff_factor=5),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": _worth_retrying,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


@task(name="read and trace scans", task_run_name="read and trace scans {scans}", **_TASK)
def trace(spec: RunSpec, shard: int, chunk: int, scans: str) -> Traced:
    """Read, try and trace the scans of a chunk; stage what comes out.

    No ``timeout_seconds``: in a thread it interrupts nothing. Decoders have a wall-clock limit of
    their own (``flows.engine.decoders``), and a worker that makes no progress ends itself.
    """
    return trace_chunk(spec, shard, chunk)


@task(name="judge curves", task_run_name="judge the curves of scans {scans}", **_TASK)
def quality_gate(spec: RunSpec, traced: Traced, scans: str) -> Gated:
    """Accept, review or reject every curve of a chunk."""
    return gate_chunk(spec, traced)


@task(name="write results", task_run_name="write the results of scans {scans}", **_TASK)
def publish(spec: RunSpec, gated: Gated, shard: int, chunk: int, scans: str) -> ChunkSummary:
    """Write LAS, CSV, Parquet, overlays and records of a chunk."""
    return publish_chunk(spec, gated, shard, chunk)


@task(
    name="list the scans and plan the work",
    task_run_name="list the scans and plan the work",
    **_TASK,
)
def discover(settings: ArchiveParams) -> Prepared:
    """List the source, compare with the ledger, write the manifests."""
    prepared = prepare_run(settings)
    if not settings.dry_run and (prepared.plan.units or prepared.plan.quarantine):
        dest = ObjectStore(settings.dest)
        _fix_numerics(dest, prepared.spec.requirement.numerics, settings.redo == "outdated")
        dest.put(spec_key(prepared.spec.run_id), prepared.spec.to_bytes())
        write_manifests(dest, prepared.spec.run_id, prepared.plan)
        _quarantine(dest, prepared)
    return prepared


@task(
    name="write files with curves in review",
    task_run_name="write files with curves in review",
    **_TASK,
)
def review_files(dest: str) -> None:
    """Have files with the curves in review at the destination, for logs that are there already too."""
    add_review_files(ObjectStore(dest))


def _fix_numerics(dest: ObjectStore, wanted: str, anew: bool) -> None:
    """Fix for the destination how its results are computed.

    Raises
    ------
    NumericsError
        Where another run has fixed others in this very moment.
    """
    held = fix_numerics(dest, wanted, anew) if wanted else ""
    if held != wanted:
        raise NumericsError(f"another run has just begun with {held}, not {wanted}", dest.uri)


@task(name="bring the datasets up to date", task_run_name="bring the datasets up to date", **_TASK)
def compact_datasets(dest: str) -> Compaction:
    """Bring the datasets up to date with the ledger and with what people decided."""
    store = ObjectStore(dest)
    apply_reviews(store, fresh_logs(store))
    return compact(store)


@task(name="build the dashboard", task_run_name="build the dashboard", **_TASK)
def dashboard(dest: str) -> str:
    """Rebuild ``dashboard/`` at the destination; gives its URI."""
    return refresh_dashboard(ObjectStore(dest))


@flow(
    name="veernet-shard",
    flow_run_name=shard_run_name,
    persist_result=False,
    validate_parameters=False,
)
def digitise_shard(
    dest: str,
    run_id: str,
    shard: int,
    in_flight: int = 2,
    accelerator_limit: str | None = None,
    progress: Progress | None = None,
    scans: str = "",
) -> list[int]:
    """Digitise every chunk of one shard; gives the chunks that infrastructure trouble has cost.

    ``scans`` says which scans of the run they are, for its name.
    """
    store = ObjectStore(dest)
    spec = RunSpec.from_bytes(store.get(spec_key(run_id)))
    counts = sorted(Counter(unit.chunk for unit in read_manifest(store, run_id, shard)).items())
    sizes = [count for _, count in counts]
    shown = ShownProgress(sum(sizes), progress)
    with _accelerator(accelerator_limit):
        spec = watch_shard(spec, shard)
        return list(_run_chunks(spec, shard, sizes, in_flight, shown))


@flow(
    name="veernet-archive", flow_run_name="digitise what is new in {source}", persist_result=False
)
@with_parameters
def archive(**parameters: Any) -> dict[str, Any]:
    """Digitise what is new or changed in an archive; every log exactly once.

    Returns
    -------
    dict
        The fields of ``flows.archive.report.RunReport``.

    Raises
    ------
    ArchiveIncompleteError
        Where infrastructure trouble outlasted the retries; the next run does the rest.
    """
    return run_archive(ArchiveParams(**parameters)).as_dict()


def run_archive(
    settings: ArchiveParams, start: Callable[[Plan], Progress | None] | None = None
) -> RunReport:
    """The body of ``archive``; must run inside a flow.

    Parameters
    ----------
    settings : ArchiveParams
    start : callable, optional
        Told the plan; gives what is to be called after each chunk (progress for a terminal).
    """
    log = get_run_logger()
    started = time.monotonic()
    spent: list[float] = []
    check_places(settings.source, settings.dest, settings.dry_run)
    prepared = discover(settings)
    plan, spec = prepared.plan, prepared.spec
    log.info(
        "%d scans listed, %d up to date, %d outdated (%s), %d to do (%s), %d quarantined",
        plan.listed, plan.up_to_date, plan.outdated, ", ".join(plan.moved_on) or "nothing",
        len(plan.units),
        ", ".join(f"{kind}: {n}" for kind, n in plan.reasons().items()) or "nothing",
        len(plan.quarantine),
    )  # fmt: skip
    if not settings.dry_run:
        if settings.include_review:
            review_files(settings.dest)
        _run_shards(settings, spec, plan, _counted(start(plan) if start else None, spent))
        compact_datasets(settings.dest)
    report = make_report(settings, spec, plan, time.monotonic() - started)
    keep_report(report, settings, spec, sum(spent) if spent else None)
    if not settings.dry_run:
        if dashboard_is_stale(ObjectStore(settings.dest)):
            dashboard(settings.dest)
        if plan.units:
            _tidy(settings.dest, spec.run_id)
    publish_report(report, settings)
    alarm.tell(report, settings.dest)
    if report.lost:
        raise ArchiveIncompleteError(f"{report.lost} scans without an outcome", settings.dest)
    return report


def _counted(progress: Progress | None, spent: list[float]) -> Progress:
    """``progress`` that also notes the seconds each chunk held the device."""

    def note(summary: ChunkSummary) -> None:
        spent.append(summary.trace_seconds)
        if progress is not None:
            progress(summary)

    return note


def _quarantine(dest: ObjectStore, prepared: Prepared) -> None:
    records = quarantine_records(prepared.spec, prepared.plan.quarantine)
    if records:
        append(dest, segment_name(prepared.spec.run_id, QUARANTINE_SHARD, 0), records)


def _run_shards(
    settings: ArchiveParams, spec: RunSpec, plan: Plan, progress: Progress | None
) -> None:
    common: dict[str, Any] = {
        "dest": settings.dest,
        "run_id": spec.run_id,
        "in_flight": settings.in_flight,
        "accelerator_limit": settings.accelerator_limit,
    }
    scans = [
        shard_words(spec, k, n) for k, n in sorted(Counter(u.shard for u in plan.units).items())
    ]
    whole = ShownProgress(len(plan.units), progress) if plan.units else None
    if settings.shard_deployment is None:
        here: Flow[..., list[int]] = digitise_shard.with_options(
            task_runner=task_runner(settings.engine, settings.in_flight)
        )
        for shard in range(plan.shards):
            here(**common, shard=shard, progress=whole, scans=scans[shard])
        return
    shards = [{**common, "shard": shard, "scans": words} for shard, words in enumerate(scans)]
    run_on_pool(settings.shard_deployment, shards, settings.shard_slots, whole)


def _accelerator(limit: str | None) -> AbstractContextManager[None]:
    if limit is None:
        return nullcontext()
    return concurrency(limit, strict=True, raise_on_lease_renewal_failure=False)


@dataclass(frozen=True, slots=True)
class _Chain:
    """One chunk's tasks under way."""

    chunk: int
    last: PrefectFuture[ChunkSummary]


def _run_chunks(
    spec: RunSpec, shard: int, sizes: Sequence[int], in_flight: int, progress: Progress | None
) -> Iterator[int]:
    """Keep a few chunks of these sizes under way; give the numbers of those that failed for good."""
    chunks = len(sizes)
    firsts = shard * spec.shard_logs + np.cumsum([0, *sizes])
    waiting: deque[_Chain] = deque()
    lost_in_a_row = 0
    for chunk in range(chunks + in_flight):
        if len(waiting) == in_flight or (chunk >= chunks and waiting):
            chain = waiting.popleft()
            summary = _settled(chain)
            lost_in_a_row = 0 if summary else lost_in_a_row + 1
            if summary is None:
                yield chain.chunk
            elif progress:
                progress(summary)
        if chunk < chunks and lost_in_a_row < _MAX_LOST_IN_A_ROW:
            scans = span_words(int(firsts[chunk]), sizes[chunk], spec.planned)
            traced = trace.submit(spec, shard, chunk, scans)
            gated = quality_gate.submit(spec, cast(Any, traced), scans)
            published = publish.submit(spec, cast(Any, gated), shard, chunk, scans)
            waiting.append(_Chain(chunk, published))


def _settled(chain: _Chain) -> ChunkSummary | None:
    chain.last.wait()
    try:
        outcome: object = chain.last.result(raise_on_failure=False)
    except UnfinishedRun as error:  # a step before it failed, so that it never began
        outcome = error
    if isinstance(outcome, ChunkSummary):
        return outcome
    logging.getLogger(__name__).error("chunk %d is lost: %s", chain.chunk, outcome)
    return None


def _tidy(dest: str, run_id: str) -> None:
    """Remove this run's manifests, and what dead runs left long ago."""
    store = ObjectStore(dest)
    store.delete([info.key for info in store.listing(f"{RUNS}{run_id}/")])
    horizon = datetime.now(UTC) - _LEFTOVERS_KEPT
    for prefix in (RUNS, STAGED, ATTEMPTS):
        store.delete([i.key for i in store.listing(prefix) if i.modified < horizon])
    store.sweep_temp(older_than_s=86_400)


def in_process(
    settings: ArchiveParams, start: Callable[[Plan], Progress | None] | None = None
) -> RunReport:
    """The archive run as a flow in this process, with progress for a terminal.

    Raises
    ------
    VeernetError
        As ``archive``.
    """

    @flow(
        name="veernet-archive",
        flow_run_name=f"digitise what is new in {settings.source}",
        persist_result=False,
    )
    def archive_here() -> RunReport:
        return run_archive(settings, start)

    return archive_here()
