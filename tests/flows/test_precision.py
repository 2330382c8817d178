"""The precision of the network is decided once for a destination, and every later run keeps to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.engine import loading, precision
from flows.engine.loading import chosen_numerics
from flows.engine.page_engines import PageEngines
from flows.local.numerics import folder_precision, keep_numerics
from storage.numerics import fixed_numerics
from storage.objects import ObjectStore
from storage.runs import RunRecord, write_run
from veernet_core.net import precision as net_precision


def machine(
    patch: pytest.MonkeyPatch, bfloat16: bool, single: float = 2.0, half: float = 1.0
) -> None:
    """Make this a machine with or without the instructions, with these seconds a convolution."""
    patch.setattr(net_precision, "multiplies_in_bfloat16", lambda: bfloat16)
    patch.setattr(precision, "measured_seconds", lambda: (single, half))


@pytest.mark.parametrize(
    ("instructions", "single", "half", "expected"),
    [
        (True, 2.0, 1.0, "bfloat16"),
        (True, 2.0, 1.9, "float32"),  # it has them and they bring nothing
        (True, 1.0, 3.0, "float32"),
        (False, 2.0, 1.0, "float32"),  # imitated
    ],
)
def test_bfloat16_only_where_it_pays(
    monkeypatch: pytest.MonkeyPatch, instructions: bool, single: float, half: float, expected: str
) -> None:
    machine(monkeypatch, instructions, single, half)
    assert precision.best_precision("cpu") == expected


def test_an_accelerator_keeps_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, True)
    assert precision.best_precision("cuda:0") == "float32"


def test_both_precisions_are_timed() -> None:
    single, half = precision.measured_seconds()
    assert single > 0
    assert half > 0


def test_numerics_that_are_fixed_decide_and_auto_asks_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loading, "best_precision", lambda device: "bfloat16")
    assert chosen_numerics("cpu", "auto") == ("cpu", "bfloat16")
    assert chosen_numerics("auto", "float32 torch cpu") == ("cpu", "float32")
    # results of the first version do not say: they were computed in float32
    assert chosen_numerics("cpu", "") == ("cpu", "float32")


def test_a_folder_keeps_the_precision_of_its_first_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, True)
    out = tmp_path / "out"
    assert folder_precision(out, "auto", "cpu") == "bfloat16"
    keep_numerics(out, "bfloat16 torch cpu")
    machine(monkeypatch, False)
    assert folder_precision(out, "auto", "cpu") == "bfloat16"
    assert folder_precision(out, "float32", "cpu") == "float32"
    keep_numerics(out, "float32 torch cpu")
    machine(monkeypatch, True)
    assert folder_precision(out, "auto", "cpu") == "float32"
    assert fixed_numerics(ObjectStore(str(out))) == "float32 torch cpu"


def test_a_folder_of_an_older_version_keeps_to_what_its_runs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, True)
    run = RunRecord("20260101", "2026-01-01T00:00:00", settings={"numerics": "float32 torch cpu"})
    write_run(ObjectStore(str(tmp_path)), run)
    assert folder_precision(tmp_path, "auto", "cpu") == "float32"


@pytest.mark.parametrize(
    ("numerics", "expected"),
    [
        ("bfloat16 openvino cpu", True),
        ("bfloat16 torch cpu", False),
        ("float32 torch cpu", False),
        ("", False),
    ],
)
def test_text_is_looked_for_as_the_destination_computes(numerics: str, expected: bool) -> None:
    """The numerics of a destination say how text is found there too: they are all its provenance names."""
    assert PageEngines(numerics=numerics)._bfloat16 is expected
