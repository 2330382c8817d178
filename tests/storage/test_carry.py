"""Reviews carry over to a curve that hardly moved, and lapse, still shown, where it moved."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from factories import GR, ILD, judge, make_curve, make_log, only

from storage.carry import MAX_SHIFT, carry_reviews
from storage.datasets import write_datasets
from storage.log_files import RECORD, SAMPLES, log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.records import read_record
from storage.reviews import Review, curve_hash, in_force, read_reviews, record_review
from veernet_core.curve.physical import frac_at, value_at
from veernet_core.datatypes import F64, CurveSpec, DigitisedLog

WHEN = "2024-05-06T07:08:09Z"
HYBRID = replace(GR, scale="hybrid", scale_points=((0.0, 0.0), (50.0, 0.5), (150.0, 1.0)))


def log_with(spec: CurveSpec, shift: F64 | float = 0.0, decision: str = "review") -> DigitisedLog:
    """A log of one curve, moved by so many track widths."""
    curve = make_curve(spec)
    value = value_at(frac_at(curve.value, spec) + shift, spec)
    moved = replace(curve, value=np.where(np.isnan(curve.value), np.nan, value))
    return only(make_log("a"), judge(moved, decision))  # type: ignore[arg-type]


def decided(store: ObjectStore, action: str = "accept") -> Review:
    record = read_record(store.get(f"logs/a/{RECORD}"))
    samples = pq.read_table(io.BytesIO(store.get(f"logs/a/{SAMPLES}")))
    curve = record["curves"][0]
    review = Review(
        "a", action, "M. Okafor", WHEN, "why", curve["section_id"], curve["track_id"],
        curve["spec"]["mnemonic"], curve_hash(record, 0, samples), curve["decision"],
    )  # fmt: skip
    record_review(store, review)
    return review


def again(out: Path, log: DigitisedLog) -> tuple[int, list[Review | None], dict[str, object]]:
    """Publish a log anew as every run does; what was carried, what is in force, the row of verdicts."""
    store, files = ObjectStore(str(out)), log_files(log, "a")
    count = carry_reviews(store, "a", files)
    publish_local(out, "a", files)
    write_datasets(out)
    record = read_record(store.get(f"logs/a/{RECORD}"))
    samples = pq.read_table(io.BytesIO(store.get(f"logs/a/{SAMPLES}")))
    (row,) = pq.read_table(io.BytesIO(store.get("verdicts.parquet"))).to_pylist()
    return count, in_force(record, samples, read_reviews(store, "a")), row


@pytest.mark.parametrize("spec", [GR, ILD, HYBRID], ids=["GR", "ILD", "hybrid"])
def test_a_decision_stays_where_the_curve_keeps_within_the_limit(
    tmp_path: Path, spec: CurveSpec
) -> None:
    publish_local(tmp_path, "a", log_files(log_with(spec), "a"))
    old = decided(ObjectStore(str(tmp_path)))
    count, (held,), row = again(tmp_path, log_with(spec, 0.9 * MAX_SHIFT, "accept"))
    assert count == 1
    assert held is not None
    assert (held.action, held.reviewer, held.when, held.note) == (
        "accept",
        "M. Okafor",
        WHEN,
        "why",
    )
    assert held.machine == "accept"
    assert held.curve_sha256 != old.curve_sha256
    assert old.curve_sha256 in held.details
    assert (row["reviewed_decision"], row["earlier_decision"]) == ("accept", None)
    # the same once more: nothing is recorded twice
    assert again(tmp_path, log_with(spec, 0.9 * MAX_SHIFT, "accept"))[0] == 0


@pytest.mark.parametrize("spec", [GR, ILD], ids=lambda spec: spec.mnemonic)
def test_a_decision_lapses_where_one_sample_moved_further_and_is_still_shown(
    tmp_path: Path, spec: CurveSpec
) -> None:
    publish_local(tmp_path, "a", log_files(log_with(spec), "a"))
    decided(ObjectStore(str(tmp_path)))
    shift = np.zeros(len(make_curve(spec).depth))
    shift[np.flatnonzero(np.isfinite(make_curve(spec).value))[3]] = 1.1 * MAX_SHIFT
    count, held, row = again(tmp_path, log_with(spec, shift))
    assert (count, held) == (0, [None])
    assert row["reviewed_decision"] is None
    assert (row["earlier_decision"], row["earlier_reviewer"], row["earlier_at"]) == (
        "accept",
        "M. Okafor",
        WHEN,
    )


def test_a_sample_that_came_or_went_is_another_curve(tmp_path: Path) -> None:
    log = log_with(GR)
    publish_local(tmp_path, "a", log_files(log, "a"))
    decided(ObjectStore(str(tmp_path)))
    curve = log.curves[0].curve
    value = curve.value.copy()
    value[np.flatnonzero(np.isfinite(value))[2]] = np.nan
    missing = replace(log, curves=(replace(log.curves[0], curve=replace(curve, value=value)),))
    assert again(tmp_path, missing)[0] == 0


def test_a_withdrawn_decision_neither_carries_over_nor_is_shown(tmp_path: Path) -> None:
    publish_local(tmp_path, "a", log_files(log_with(GR), "a"))
    store = ObjectStore(str(tmp_path))
    decided(store)
    decided(store, "withdraw")
    count, held, row = again(tmp_path, log_with(GR, 0.5 * MAX_SHIFT))
    assert (count, held, row["earlier_decision"]) == (0, [None], None)


def test_nothing_is_read_or_written_without_decisions(tmp_path: Path) -> None:
    publish_local(tmp_path, "a", log_files(log_with(GR), "a"))
    assert again(tmp_path, log_with(GR, 0.5 * MAX_SHIFT))[0] == 0
    assert not (tmp_path / "reviews").exists()
