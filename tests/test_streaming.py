"""Items streamed through steps: order, batches, failures, and what must not run ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from veernet_core.datatypes import Posterior, Strip
from veernet_core.errors import GeometryError, VeernetError
from veernet_core.streaming import GROUP_STRIPS, Steps, read_ahead, stream

EMPTY = Posterior(np.zeros((3, 2, 4), np.float16), np.zeros((3, 2), np.float32))


def strip(number: int) -> Strip:
    ink = np.zeros((2, 4), np.uint8)
    return Strip(ink, 0.0, 3.0, np.arange(2.0), first_row=number)


class Traced(list[int]):
    """First rows of the strips that were traced for one item."""


class Work:
    """Steps that note what was done; item ``n`` has ``n`` strips, and a negative one cannot be read."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.count: dict[int, int] = {}
        self.fails: dict[str, set[int]] = {"strips": set(), "trace": set(), "finish": set()}

    def steps(self) -> Steps[int, Any, list[int]]:
        return Steps(self.prepare, self.strips, self.posteriors, self.trace, self.finish)

    def prepare(self, item: int) -> tuple[int, Traced]:
        if item < 0:
            raise VeernetError("no scan")
        return item, Traced()

    def strips(self, record: tuple[int, Traced]) -> Iterator[Strip]:
        for k in range(record[0]):
            if record[0] in self.fails["strips"] and k == 1:
                raise GeometryError("off the page")
            yield strip(k)

    def posteriors(self, strips: Sequence[Strip]) -> list[Posterior]:
        self.batches.append(len(strips))
        return [EMPTY] * len(strips)

    def trace(self, record: tuple[int, Traced], done: Strip, _: Posterior) -> None:
        if record[0] in self.fails["trace"]:
            raise VeernetError("cannot be traced")
        record[1].append(done.first_row)

    def finish(self, record: tuple[int, Traced]) -> list[int]:
        if record[0] in self.fails["finish"]:
            raise VeernetError("cannot be finished")
        return list(record[1])


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("items", [[], [0], [3, 0, 9, 1, 0, 2], [1] * 20])
def test_every_item_comes_out_in_order_with_all_its_strips(items: list[int], workers: int) -> None:
    work = Work()
    results = list(stream(items, work.steps(), workers))
    assert results == [(n, list(range(n))) for n in items]
    assert sum(work.batches) == sum(items)
    assert all(size <= GROUP_STRIPS for size in work.batches)


def test_strips_of_neighbours_share_batches() -> None:
    work = Work()
    list(stream([1] * GROUP_STRIPS, work.steps()))
    assert work.batches == [GROUP_STRIPS]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("strips", "off the page"),
        ("trace", "cannot be traced"),
        ("finish", "cannot be finished"),
    ],
)
def test_one_that_fails_in_any_step_never_stops_the_others(step: str, message: str) -> None:
    work = Work()
    work.fails[step].add(3)
    results = list(stream([2, 3, -1, 5], work.steps()))
    assert [item for item, _ in results] == [2, 3, -1, 5]
    assert results[0][1] == [0, 1]
    assert results[3][1] == [0, 1, 2, 3, 4]
    errors = [result for _, result in results if isinstance(result, VeernetError)]
    assert [e.message for e in errors] == [message, "no scan"]


def test_a_batch_that_fails_costs_only_the_item_it_fails_for() -> None:
    work = Work()
    good = work.posteriors

    def posteriors(strips: Sequence[Strip]) -> list[Posterior]:
        if any(s.first_row == 2 for s in strips):
            raise RuntimeError("out of luck")
        return good(strips)

    steps = replace(work.steps(), posteriors=posteriors)
    results = list(stream([2, 3, 1], steps))
    assert [result for _, result in results if not isinstance(result, VeernetError)] == [
        [0, 1],
        [0],
    ]
    (failed,) = [result for _, result in results if isinstance(result, VeernetError)]
    assert (failed.code, failed.stage) == ("internal_error", "infer")


def test_items_are_taken_lazily() -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for n in range(10_000):
            taken.append(n)
            yield 0

    results = stream(source(), Work().steps())
    next(results)
    assert len(taken) < 100
    results.close()


def test_what_is_done_is_handed_out_while_the_next_item_is_waited_for() -> None:
    waited, go_on = threading.Event(), threading.Event()

    class Late(Work):
        def trace(self, record: tuple[int, Traced], done: Strip, posterior: Posterior) -> None:
            assert waited.wait(10)  # the result is not there before the next item is waited for
            super().trace(record, done, posterior)

    def source() -> Iterator[int]:
        yield from (GROUP_STRIPS, 0)
        waited.set()
        assert go_on.wait(10)

    results = stream(source(), Late().steps())
    assert next(results) == (GROUP_STRIPS, list(range(GROUP_STRIPS)))
    assert waited.is_set()
    assert not go_on.is_set()
    go_on.set()
    assert list(results) == [(0, [])]


def test_read_ahead_passes_errors_on_and_stops_when_abandoned() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise RuntimeError("broken")

    ahead = read_ahead(source(), 2)
    assert next(ahead) == 1
    with pytest.raises(RuntimeError, match="broken"):
        next(ahead)
    endless = read_ahead(iter(range(10**9)), 2)
    assert next(endless) == 0
    endless.close()


def test_read_ahead_is_bounded() -> None:
    made = []
    third = threading.Event()

    def source() -> Iterator[int]:
        for n in range(100):
            made.append(n)
            if n == 3:
                third.set()
            yield n

    ahead = read_ahead(source(), 2)
    assert next(ahead) == 0
    assert third.wait(5)
    assert not threading.Event().wait(0.3)
    assert len(made) <= 4
    assert list(ahead) == list(range(1, 100))
