"""Shards of a run on a work pool: each a flow run of its own, started once, waited for, followed by the ledger.

In: a deployment's name and what each shard is told. Out: nothing, when all have ended. What a shard does is
``flows.archive.batch.digitise_shard``.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from prefect.deployments import run_deployment

from flows.archive.words import ShownProgress
from flows.dashboard.live import Live
from storage.objects import ObjectStore

_SHARD_POLL_S = 5.0
_FOLLOW_EVERY_S = 20.0


def run_on_pool(
    deployment: str,
    shards: Sequence[dict[str, Any]],
    slots: int,
    shown: ShownProgress | None,
) -> None:
    """Run shards on a work pool, so many at once, and wait for all.

    Parameters
    ----------
    deployment : str
        ``flow/deployment``.
    shards : sequence of dict
        Parameters of each; ``shard`` and ``run_id`` name it: the same one is never started twice.
    """
    if not shards:
        return
    with ThreadPoolExecutor(slots) as pool:
        begun = [pool.submit(_run, deployment, parameters) for parameters in shards]
        _follow(begun, ObjectStore(shards[0]["dest"]), shards[0]["run_id"], shown)


def _run(deployment: str, parameters: dict[str, Any]) -> None:
    run_deployment(
        deployment,
        parameters=parameters,
        idempotency_key=f"{parameters['run_id']}-{parameters['shard']}",
        poll_interval=_SHARD_POLL_S,
        as_subflow=False,
    )


def _follow(
    shards: Sequence[Future[None]], dest: ObjectStore, run_id: str, shown: ShownProgress | None
) -> None:
    """Wait for shards on other machines; how far they are, the ledger knows."""
    live, are_at_work = Live(dest), True
    while are_at_work:
        are_at_work = bool(wait(shards, timeout=_FOLLOW_EVERY_S).not_done)
        run = live.state()["run"]
        if shown is not None and run is not None and run["run_id"] == run_id:
            shown.reached(run["finished"], run["failed"])
    for shard in shards:
        shard.result()
