"""What a run requires, and in what a recorded result differs from it."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from storage.required import Requirement, asked_otherwise, differences, moved_on
from veernet_core.config import DigitiseConfig, configured
from veernet_core.datatypes import MadeWith
from veernet_core.provenance import ALGORITHMS, made_with, provenance

CONFIG = DigitiseConfig()
MADE = made_with(CONFIG, "model-1", "float32 torch cpu")
NEED = Requirement.of(MADE, CONFIG)


def test_what_was_made_as_required_differs_in_nothing() -> None:
    assert asked_otherwise(NEED, MADE) == moved_on(NEED, MADE) == []
    assert MADE.parts == NEED.parts


@pytest.mark.parametrize(
    ("field", "word"),
    [
        ("model_id", "model"),
        ("numerics", "numerics"),
        ("settings_hash", "settings"),
        ("algorithms", "algorithms"),
    ],
)
def test_what_the_software_brings_has_moved_on_and_was_not_asked_otherwise(
    field: str, word: str
) -> None:
    was = replace(MADE, **{field: "older"})
    assert asked_otherwise(NEED, was) == []
    (line,) = moved_on(NEED, was)
    assert line == f"{word}: older -> {getattr(NEED, field)}"
    assert was.parts != NEED.parts


def test_an_option_of_a_person_is_asked_otherwise_and_nothing_has_moved_on() -> None:
    other = configured({"min_r2": 0.9})
    was = made_with(other, MADE.model_id, MADE.numerics)
    assert [line.partition(":")[0] for line in asked_otherwise(NEED, was)] == ["config"]
    assert moved_on(NEED, was) == []


def test_a_release_that_changes_no_result_changes_nothing() -> None:
    was = replace(MADE, version="0.0.1")
    assert asked_otherwise(NEED, was) == moved_on(NEED, was) == []
    assert was.parts == MADE.parts


def test_results_of_0_1_are_compared_by_the_hash_of_that_version() -> None:
    old = MadeWith(MADE.model_id, CONFIG.hash_of_0_1(), "0.1.0")
    assert asked_otherwise(NEED, old) == []
    assert asked_otherwise(NEED, replace(old, config_hash="another")) != []
    assert [line.partition(":")[0] for line in moved_on(NEED, old)] == [
        "numerics",
        "settings",
        "algorithms",
    ]
    assert old.parts == (MADE.model_id, CONFIG.hash_of_0_1(), "0.1.0")


def test_an_absent_value_is_told_as_none() -> None:
    assert differences(("model", "", "m"), ("same", "x", "x")) == ["model: none -> m"]


def test_the_provenance_of_a_log_says_what_it_was_made_with() -> None:
    origin = provenance("ab" * 32, b"{}", MADE, configured({"step": 0.25}))
    assert origin.made_with == MADE
    assert asdict(origin)["options"] == '{"step": 0.25}'
    assert [part.rsplit("-", 1)[0] for part in origin.algorithms.split()] == list(ALGORITHMS)
