"""A stage that gives other results must have another version (``tests/golden.py`` says how)."""

from __future__ import annotations

import json

import pytest
from golden import STORED, differs, golden, updated

from veernet_core.provenance import ALGORITHMS, algorithms, settings, settings_hash


@pytest.fixture(scope="module")
def now() -> dict[str, list[object]]:
    return golden()


@pytest.mark.parametrize("stage", ALGORITHMS)
def test_results_are_those_of_this_version(stage: str, now: dict[str, list[object]]) -> None:
    stored = json.loads(STORED.read_text())[stage]
    assert stored["version"] == ALGORITHMS[stage], "write the golden outputs anew"
    assert not differs(stage, stored["values"], now[stage]), (
        f"other results under the same version: raise ALGORITHMS[{stage!r}], then run tests/golden.py"
    )
    assert stored["values"], "a stage without outputs proves nothing"


def test_other_results_are_stored_only_under_another_version() -> None:
    stored = {"page": {"version": 1, "values": [1.0, "curve_log"]}}
    assert updated(stored, {"page": [1.0004, "curve_log"]}, {"page": 1})["page"]["version"] == 1
    for other in ([1.1, "curve_log"], [1.0, "unknown"], [1.0], [None, "curve_log"]):
        with pytest.raises(ValueError, match="raise ALGORITHMS of page"):
            updated(stored, {"page": other}, {"page": 1})
        assert updated(stored, {"page": other}, {"page": 2})["page"]["values"] == other


def test_every_default_is_in_the_settings() -> None:
    assert settings()["digitise"]["gate"]["min_r2"] == 0.85
    assert {"floor", "observed", "identity"} <= settings()["tracking"].keys()
    assert len(settings_hash()) == 12
    assert algorithms().split()[0] == f"decode-{ALGORITHMS['decode']}"
