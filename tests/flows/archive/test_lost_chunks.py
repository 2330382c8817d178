"""A chunk of which a step failed for good is lost; the others go on."""

from __future__ import annotations

from typing import Any

from prefect.exceptions import UnfinishedRun

from flows.archive.batch import _Chain, _settled


class NeverBegun:
    def wait(self) -> None:
        return

    def result(self, raise_on_failure: bool) -> Any:
        raise UnfinishedRun("Run is in PENDING state")


def test_a_step_that_never_began_loses_its_chunk_alone() -> None:
    assert _settled(_Chain(3, NeverBegun())) is None  # type: ignore[arg-type]
