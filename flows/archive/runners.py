"""One setting, ``engine``, that decides where tasks run: this machine, Dask or Ray.

In: ``local``, ``dask://host:port`` (or ``dask://`` for a cluster on this machine), ``ray://host:port``
(or ``ray://``). Out: a Prefect task runner. What the tasks do is the same everywhere.
"""

from __future__ import annotations

from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from veernet_core.errors import VeernetError

TASKS_PER_CHUNK = 3


class EngineError(VeernetError):
    """The engine setting cannot be used here."""

    code = "bad_engine"


def task_runner(engine: str, in_flight: int) -> TaskRunner[Any]:
    """The task runner for an engine.

    Parameters
    ----------
    engine : str
    in_flight : int
        Chunks under way at once; the local runner has a thread for each of their tasks, so that a
        waiting task never keeps a running one from a thread.

    Raises
    ------
    EngineError
    """
    kind, _, address = engine.partition("://")
    if engine == "local":
        runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=TASKS_PER_CHUNK * in_flight + 1)
        return runner
    try:
        if kind == "dask":
            return _dask(address, in_flight)
        if kind == "ray":
            from prefect_ray import RayTaskRunner

            ray: TaskRunner[Any] = RayTaskRunner(address=engine if address else None)
            return ray
    except ImportError as error:
        raise EngineError(f"{error.name} is not installed", engine) from error
    raise EngineError(f"unknown engine {engine!r}", engine)


def _dask(address: str, in_flight: int) -> TaskRunner[Any]:
    from prefect_dask import DaskTaskRunner

    here = {"n_workers": in_flight, "threads_per_worker": 1}
    runner: TaskRunner[Any] = (
        DaskTaskRunner(address=f"tcp://{address}")
        if address
        else DaskTaskRunner(cluster_kwargs=here)
    )
    return runner
