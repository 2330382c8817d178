"""Scans streamed through the steps of the spine: threads, queues, and batches across scans.

In: items and what is done with each (`Steps`). Out: one result or error per item, in order. Items are
prepared a few at once in threads of their own and their strips are cut in another, ahead of the network;
what one item is traced to is worked out in a last thread while the network goes on. Strips of neighbouring
items share batches, and an item that fails never stops the others.
Does not belong here: what the steps do.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from veernet_core.datatypes import Posterior, Strip
from veernet_core.errors import VeernetError, of_scan

T = TypeVar("T")
Item = TypeVar("Item")
Record = TypeVar("Record")
Result = TypeVar("Result")

GROUP_STRIPS = 4
"""Strips handed to the network at once; bounds memory, not batch size."""
_MOST_FINISHED = 2
"""Results that may wait to be taken while the network goes on."""
_IDLE_S = 0.2
"""While the next strip is waited for, what is done is handed out this often."""


@dataclass(frozen=True, slots=True)
class Steps(Generic[Item, Record, Result]):
    """What is done with an item, in order.

    Attributes
    ----------
    prepare : callable ``(item) -> record``
        The record is what accumulates of this item; may run for several items at once.
    strips : callable ``(record) -> iterator of Strip``
    posteriors : callable ``(strips) -> list of Posterior``
        Strips of several items at once, in the calling thread.
    trace : callable ``(record, strip, posterior) -> None``
        Adds to the record; strips of one item come in order.
    finish : callable ``(record) -> result``
        Once all strips of the item are traced.
    """

    prepare: Callable[[Item], Record]
    strips: Callable[[Record], Iterator[Strip]]
    posteriors: Callable[[Sequence[Strip]], list[Posterior]]
    trace: Callable[[Record, Strip, Posterior], None]
    finish: Callable[[Record], Result]


def stream(
    items: Iterable[Item], steps: Steps[Item, Record, Result], prepare_workers: int = 1
) -> Iterator[tuple[Item, Result | VeernetError]]:
    """Take items through the steps.

    Parameters
    ----------
    items : iterable
        Consumed lazily.
    steps : Steps
    prepare_workers : int
        Items prepared at once; the results do not depend on it.

    Yields
    ------
    item, result or VeernetError
        In the order of the items. Whatever a step raises is the error of its item; ``where`` is empty
        where the step named no place.
    """
    jobs = _prepared(items, steps, prepare_workers)
    with ThreadPoolExecutor(1, "trace") as tracer:
        line = _Line(steps, tracer)
        for taken in _read_ahead(_strips(jobs, steps), 2 * GROUP_STRIPS, _IDLE_S):
            if taken is not None:
                line.take(*taken)
            yield from line.results(_MOST_FINISHED)
        line.close()
        yield from line.results(0)


@dataclass(slots=True, eq=False)
class _Job(Generic[Item, Record]):
    """One item on its way: its record, or why it failed, and what of it is being traced."""

    item: Item
    record: Record | None = None
    error: VeernetError | None = None
    tracing: list[Future[None]] = field(default_factory=list)


class _Line(Generic[Item, Record, Result]):
    """The jobs under way: strips waiting for the network, and jobs waiting to be finished.

    There is one tracing thread: what is traced first is finished first, while the network goes on.
    """

    def __init__(self, steps: Steps[Item, Record, Result], tracer: ThreadPoolExecutor) -> None:
        self.steps, self.tracer = steps, tracer
        self.jobs: deque[_Job[Item, Record]] = deque()
        self.pending: list[tuple[_Job[Item, Record], Strip]] = []
        self.earlier: list[Future[None]] = []
        self.finished: deque[tuple[Item, Future[Result | VeernetError]]] = deque()

    def take(self, job: _Job[Item, Record], strip: Strip | None) -> None:
        """A job, or its next strip; jobs none of whose strips wait any longer are finished."""
        if not self.jobs or self.jobs[-1] is not job:
            self.jobs.append(job)
        if strip is not None:
            self.pending.append((job, strip))
        if len(self.pending) >= GROUP_STRIPS:
            self._infer_pending()
        while len(self.jobs) > 1 and all(j is not self.jobs[0] for j, _ in self.pending):
            self._finish_first()

    def close(self) -> None:
        """No more jobs come."""
        self._infer_pending()
        while self.jobs:
            self._finish_first()

    def results(self, most_waiting: int) -> Iterator[tuple[Item, Result | VeernetError]]:
        """What is done; waits for it while more than so many results are outstanding."""
        while self.finished and (self.finished[0][1].done() or len(self.finished) > most_waiting):
            item, future = self.finished.popleft()
            yield item, future.result()

    def _infer_pending(self) -> None:
        """Posteriors of the waiting strips."""
        live = [(job, strip) for job, strip in self.pending if job.error is None]
        self.pending = []
        if live:
            self._infer(live)

    def _infer(self, live: list[tuple[_Job[Item, Record], Strip]]) -> None:
        """Posteriors of a group of strips; their tracing is handed on."""
        try:
            posteriors = self.steps.posteriors([strip for _, strip in live])
        except Exception as error:
            self._infer_each(live, error)
            return
        while self.earlier:  # posteriors are large: never more than two groups of them
            self.earlier.pop().exception()
        for (job, strip), posterior in zip(live, posteriors):
            assert job.record is not None
            job.tracing.append(self.tracer.submit(self.steps.trace, job.record, strip, posterior))
            self.earlier.append(job.tracing[-1])

    def _infer_each(self, live: list[tuple[_Job[Item, Record], Strip]], error: Exception) -> None:
        """After a failure, each item's strips alone: the others have nothing to do with it."""
        jobs = list({id(job): job for job, _ in live}.values())
        if len(jobs) == 1:
            jobs[0].error = of_scan(error, "", "infer")
            return
        for one in jobs:
            self._infer([pair for pair in live if pair[0] is one])

    def _finish_first(self) -> None:
        job = self.jobs.popleft()
        self.finished.append((job.item, self.tracer.submit(_finish, job, self.steps)))


def _finish(job: _Job[Item, Record], steps: Steps[Item, Record, Result]) -> Result | VeernetError:
    try:
        for traced in job.tracing:
            traced.result()
        if job.error is not None or job.record is None:
            return job.error or VeernetError("nothing was prepared")
        return steps.finish(job.record)
    except Exception as error:
        return of_scan(error, "", "trace")


def _prepared(
    items: Iterable[Item], steps: Steps[Item, Record, Result], workers: int
) -> Iterator[_Job[Item, Record]]:
    """Items prepared, in order, a few at once."""

    def prepare(item: Item) -> _Job[Item, Record]:
        try:
            return _Job(item, steps.prepare(item))
        except Exception as error:
            return _Job(item, error=of_scan(error, ""))

    waiting: deque[Future[_Job[Item, Record]]] = deque()
    with ThreadPoolExecutor(workers, "page") as pool:
        for item in items:
            waiting.append(pool.submit(prepare, item))
            if len(waiting) >= workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _strips(
    jobs: Iterable[_Job[Item, Record]], steps: Steps[Item, Record, Result]
) -> Iterator[tuple[_Job[Item, Record], Strip | None]]:
    """Every job, followed by its strips."""
    for job in jobs:
        yield job, None
        if job.record is None:
            continue
        try:
            for strip in steps.strips(job.record):
                yield job, strip
        except Exception as error:
            job.error = of_scan(error, "", "rectify")
            yield job, None


def read_ahead(source: Iterator[T], depth: int) -> Generator[T, None, None]:
    """Run an iterator in a thread, a bounded number of items ahead.

    Parameters
    ----------
    source : iterator
        What it raises is raised here, in its place.
    depth : int
        Most items that wait to be taken.
    """
    for item in _read_ahead(source, depth, None):
        assert item is not None
        yield item


def _read_ahead(
    source: Iterator[T], depth: int, idle_s: float | None
) -> Generator[T | None, None, None]:
    """As `read_ahead`, with None each time that no item has come for ``idle_s``."""
    line: queue.Queue[tuple[str, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def pump() -> None:
        try:
            for item in source:
                if not _offer(line, ("item", item), stop):
                    return
            _offer(line, ("end", None), stop)
        except BaseException as error:
            _offer(line, ("error", error), stop)

    threading.Thread(target=pump, daemon=True, name="read-ahead").start()
    try:
        while True:
            try:
                kind, value = line.get(timeout=idle_s)
            except queue.Empty:
                yield None
                continue
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()


def _offer(
    line: queue.Queue[tuple[str, Any]], message: tuple[str, Any], stop: threading.Event
) -> bool:
    """Put a message into a queue; False where nobody waits for it any longer."""
    while not stop.is_set():
        try:
            line.put(message, timeout=0.2)
            return True
        except queue.Full:
            continue
    return False
