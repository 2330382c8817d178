"""Decisions of people: kept beside the machine's, in force for the very curve, delivered everywhere."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import lasio
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import GR, judge, make_curve, make_log, only

from storage.datasets import replace_rows, write_datasets
from storage.delivery import add_review_files, apply_reviews, deliver, restored_log
from storage.log_files import delivered_files, log_files
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.reviews import (
    Review,
    ReviewError,
    curve_hash,
    in_force,
    read_reviews,
    record_review,
    reviewed_logs,
)
from veernet_core.datatypes import DigitisedLog

WHEN = "2024-05-06T07:08:09Z"


def publish(out: Path, log: DigitisedLog, log_id: str = "a") -> None:
    publish_local(out, log_id, log_files(log, log_id))


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    for log_id in ("a", "b"):
        publish(tmp_path, make_log(log_id), log_id)
    write_datasets(tmp_path)
    return ObjectStore(str(tmp_path))


def files(store: ObjectStore, log_id: str = "a") -> tuple[dict[str, object], pa.Table]:
    samples = pq.read_table(io.BytesIO(store.get(f"logs/{log_id}/curves.parquet")))
    return json.loads(store.get(f"logs/{log_id}/log.json")), samples


def decide(
    store: ObjectStore, index: int, action: str, log_id: str = "a", note: str = "why"
) -> None:
    record, samples = files(store, log_id)
    curve = record["curves"][index]  # type: ignore[index]
    record_review(
        store,
        Review(log_id, action, "M. Okafor", WHEN, note, curve["section_id"], curve["track_id"],
               curve["spec"]["mnemonic"], curve_hash(record, index, samples), curve["decision"]),
    )  # fmt: skip


def verdicts(store: ObjectStore) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = pq.read_table(
        io.BytesIO(store.get("verdicts.parquet"))
    ).to_pylist()
    return rows


def sample_decisions(store: ObjectStore) -> dict[tuple[str, str, str], str]:
    root = store.local_root
    assert root is not None
    table = pa.concat_tables(
        pq.ParquetFile(p).read().cast(pq.ParquetFile(p).schema_arrow)
        for p in sorted((root / "curves").glob("*.parquet"))
    )
    keys = ("log_id", "section_id", "mnemonic", "decision")
    return {(r["log_id"], r["section_id"], r["mnemonic"]): r["decision"]
            for r in table.select(keys).to_pylist()}  # fmt: skip


def test_accepted_curve_enters_las_and_datasets_and_rejected_one_leaves(store: ObjectStore) -> None:
    before = store.get("logs/a/log.json")
    decide(store, 1, "accept", note="good: traced well ~ see core")
    decide(store, 2, "reject")
    assert deliver(store) == ["a"]
    las = lasio.read(io.StringIO(store.get("logs/a/a.main.las").decode()))
    assert las.keys() == ["DEPT", "GR", "CALI"]
    assert "CALI in T1 accepted by M. Okafor on 2024-05-06T07:08:09Z" in las.other
    assert "(machine: review)" in las.other
    assert "ILD in T2 rejected by M. Okafor" in las.other
    assert store.get("logs/a/a.main.csv").splitlines()[0] == b"DEPT,GR,CALI"
    assert store.get("logs/a/log.json") == before
    rows = [row for row in verdicts(store) if row["log_id"] == "a"]
    assert [row["decision"] for row in rows] == ["accept", "review", "accept", "accept", "reject"]
    assert [row["reviewed_decision"] for row in rows] == [None, "accept", "reject", None, None]
    assert rows[1]["reviewer"] == "M. Okafor"
    assert rows[1]["reviewed_note"] == "good: traced well ~ see core"
    assert rows[1]["reviewed_at"] == WHEN
    final = sample_decisions(store)
    assert final["a", "main", "CALI"] == "accept"
    assert final["a", "main", "ILD"] == "reject"
    assert final["b", "main", "CALI"] == "review"
    assert deliver(store) == []


def test_patched_datasets_equal_rebuilt_ones(store: ObjectStore) -> None:
    decide(store, 1, "accept")
    deliver(store)
    patched, parts = verdicts(store), sample_decisions(store)
    root = store.local_root
    assert root is not None
    part = (root / "curves" / "part-00000.parquet").read_bytes()
    write_datasets(root)
    assert verdicts(store) == patched
    assert sample_decisions(store) == parts
    assert (root / "curves" / "part-00000.parquet").read_bytes() == part


def test_return_and_withdraw(store: ObjectStore) -> None:
    machine = {name: store.get(f"logs/a/{name}") for name in ("a.main.las", "curves.parquet")}
    decide(store, 0, "return", note="depth shift?")
    deliver(store)
    assert store.get("logs/a/a.main.csv").splitlines()[0] == b"DEPT,ILD"
    assert sample_decisions(store)["a", "main", "GR"] == "review"
    decide(store, 0, "withdraw")
    assert deliver(store) == ["a"]
    assert {name: store.get(f"logs/a/{name}") for name in machine} == machine
    assert verdicts(store)[0]["reviewed_decision"] is None
    assert [review.action for review in read_reviews(store, "a")] == ["return", "withdraw"]


def test_las_vanishes_with_its_last_curve_and_comes_back(store: ObjectStore) -> None:
    decide(store, 3, "reject")
    deliver(store)
    assert not store.exists("logs/a/a.repeat.las")
    assert not store.exists("logs/a/a.repeat.csv")
    decide(store, 3, "accept")
    deliver(store)
    assert store.exists("logs/a/a.repeat.las")


def test_decision_survives_the_same_result_and_lapses_with_another(store: ObjectStore) -> None:
    root = store.local_root
    assert root is not None
    decide(store, 1, "accept")
    deliver(store)
    publish(root, make_log("a"))
    assert b"CALI" not in store.get("logs/a/a.main.csv").splitlines()[0]
    assert apply_reviews(store, ["b"]) == []
    assert apply_reviews(store, ["a", "b"]) == ["a"]
    assert b"CALI" in store.get("logs/a/a.main.csv").splitlines()[0]
    other = make_log("a")
    moved = judge(make_curve(GR, frac=other.curves[0].curve.frac * 0.9), "review")
    publish(root, replace(other, curves=(other.curves[0], moved, *other.curves[2:])))
    record, samples = files(store)
    assert in_force(record, samples, read_reviews(store, "a")) == [None] * 5
    deliver(store)
    assert {row["reviewed_decision"] for row in verdicts(store)} == {None}


def test_hash_ignores_confidence_and_verdict_but_not_values(tmp_path: Path) -> None:
    curve = make_curve(GR, holes=((3, 9),))
    hashes = []
    for judged in (
        judge(curve),
        judge(replace(curve, confidence=curve.confidence / 2), "reject", (0.1, 0.0, 0.2)),
        judge(replace(curve, value=curve.value + 1e-9)),
        judge(replace(curve, spec=replace(curve.spec, right=151.0))),
    ):
        publish(tmp_path, only(make_log("a"), judged))
        record, samples = files(ObjectStore(str(tmp_path)))
        hashes.append(curve_hash(record, 0, samples))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_restored_log_gives_the_same_files(store: ObjectStore) -> None:
    record, samples = files(store)
    first = log_files(make_log("a"), "a")
    again = delivered_files(restored_log(record, samples), "a")
    assert again == {name: first[name] for name in again}
    assert {n for n in first if n.endswith((".las", ".csv"))} == {
        n for n in again if n.endswith((".las", ".csv"))
    }
    with pytest.raises(ValueError, match="samples"):
        restored_log(record, samples.slice(1))


def test_store_only_appends(store: ObjectStore) -> None:
    for action in ("accept", "reject", "withdraw"):
        decide(store, 0, action)
    keys = sorted(info.key for info in store.listing("reviews/"))
    assert keys == [f"reviews/a/{n:06d}.json" for n in (1, 2, 3)]
    store.put("reviews/a/notes.txt", b"not ours")
    store.put("reviews/a/000004.json", b"{half")
    assert len(read_reviews(store, "a")) == 3
    decide(store, 0, "reject")
    assert store.exists("reviews/a/000005.json")
    assert reviewed_logs(store) == ["a"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "approve"},
        {"reviewer": "  "},
        {"action": "return", "note": ""},
        {"note": "x" * 5000},
    ],
)
def test_bad_decisions_are_refused(wrong: dict[str, str]) -> None:
    fields = {"log_id": "a", "action": "accept", "reviewer": "M", "when": WHEN, "note": "n"} | wrong
    with pytest.raises(ReviewError):
        Review(**fields)


def test_log_without_rows_is_added_by_rebuilding(store: ObjectStore) -> None:
    root = store.local_root
    assert root is not None
    publish(root, make_log("c"), "c")
    replace_rows(root, ["c"])
    assert [row["log_id"] for row in verdicts(store)] == ["a"] * 5 + ["b"] * 5 + ["c"] * 5


def test_damaged_and_vanished_logs_do_not_stop_the_others(store: ObjectStore) -> None:
    decide(store, 1, "accept", "a")
    decide(store, 1, "accept", "b")
    record_review(store, Review("gone", "accept", "M", WHEN))
    store.put("logs/a/log.json", b"{")
    assert deliver(store) == ["b"]
    assert deliver(store) == []


def las_names(store: ObjectStore, log_id: str) -> list[str]:
    keys = [info.key.rsplit("/", 1)[-1] for info in store.listing(f"logs/{log_id}/")]
    return sorted(key for key in keys if key.endswith(".las"))


def test_files_with_curves_in_review_follow_the_decisions(store: ObjectStore) -> None:
    plain = ["a.main.las", "a.repeat.las"]
    assert las_names(store, "a") == plain
    assert add_review_files(store) == ["a", "b"]
    assert las_names(store, "a") == ["a.main.las", "a.main.review.las", "a.repeat.las"]
    assert add_review_files(store) == []
    decide(store, 1, "accept")
    deliver(store)
    assert las_names(store, "a") == plain
    decide(store, 0, "return")
    decide(store, 1, "return")
    deliver(store)
    las = lasio.read(io.StringIO(store.get("logs/a/a.main.review.las").decode()))
    assert las.keys() == ["DEPT", "GR", "CALI"]
    assert "GR in T1 returned to review" in las.other
    assert "b.main.review.las" in las_names(store, "b")


def test_a_request_for_review_files_that_dies_is_finished_by_the_next(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:

        def dies(*_: object) -> None:
            raise OSError("gone")

        patch.setattr("storage.delivery._apply", dies)
        with pytest.raises(OSError, match="gone"):
            add_review_files(store)
    assert add_review_files(store) == ["a", "b"]


def test_a_curve_is_accepted_without_a_stretch(store: ObjectStore) -> None:
    record, samples = files(store)
    curve, start = record["curves"][1], record["curves"][0]["samples"]  # type: ignore[index]
    own = samples.slice(start, curve["samples"])
    depth, value = own["depth"].to_pylist(), own["value"].to_pylist()
    first, last = depth[10], depth[14]
    record_review(
        store,
        Review("a", "accept", "M. Okafor", WHEN, "", curve["section_id"], curve["track_id"],
               curve["spec"]["mnemonic"], curve_hash(record, 1, samples), curve["decision"],
               null_depths=json.dumps([[first, last]])),
    )  # fmt: skip
    assert deliver(store) == ["a"]
    las = lasio.read(io.StringIO(store.get("logs/a/a.main.las").decode()))
    delivered = dict(zip(las["DEPT"], las["CALI"], strict=True))
    for k in range(8, 17):
        if 10 <= k <= 14:
            assert delivered[depth[k]] != delivered[depth[k]]
        else:
            assert delivered[depth[k]] == pytest.approx(value[k], abs=1e-3)
    assert f"accepted by M. Okafor on {WHEN} without values from {first:g} to {last:g}" in las.other
    after = files(store)[1].slice(start, curve["samples"])
    assert after["value"].to_pylist() == value
    assert after["decision"].to_pylist()[8:17] == ["accept"] * 2 + ["reject"] * 5 + ["accept"] * 2
    assert in_force(*files(store), read_reviews(store, "a"))[1] is not None  # type: ignore[arg-type]
    assert deliver(store) == []


@pytest.mark.parametrize(
    ("action", "stretches"),
    [("reject", "[[1, 2]]"), ("accept", "[[2, 1]]"), ("accept", "[1]"), ("accept", "no JSON")],
)
def test_bad_stretches_are_refused(action: str, stretches: str) -> None:
    with pytest.raises(ReviewError, match="stretches"):
        Review("a", action, "M. Okafor", WHEN, null_depths=stretches)
