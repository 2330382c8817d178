"""Results of version 0.1.0 are read as today's; those of a newer version are refused with what to do."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import GR, judge, make_curve, make_log, only

from flows.dashboard import dashboard_data, read_archive
from storage.datasets import write_datasets
from storage.delivery import deliver, restored_log
from storage.log_files import RECORD, SAMPLES, log_files
from storage.numerics import fix_numerics, fixed_numerics
from storage.objects import ObjectStore
from storage.publish import publish_local
from storage.records import NewerResultError, read_record
from storage.reviews import Review, curve_hash, record_review

ADDED = ("numerics", "settings_hash", "algorithms")


@pytest.fixture
def old_tree(tmp_path: Path) -> Path:
    """A folder of results with the schema and the codes of version 0.1.0."""
    log = only(make_log("a"), judge(make_curve(GR), "review", reasons=("lap_uncertain",)))
    files = log_files(log, "a")
    record = json.loads(files[RECORD])
    record["schema_version"] = 1
    for name in (*ADDED, "options"):
        del record["provenance"][name]
    publish_local(tmp_path, "a", files | {RECORD: json.dumps(record).encode()})
    write_datasets(tmp_path)
    path = tmp_path / "verdicts.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("reasons")
    reasons = pa.array([["lap_uncertain"]], table.schema.field("reasons").type)
    earlier = [name for name in table.column_names if name.startswith("earlier_")]
    old = table.set_column(place, "reasons", reasons).drop_columns([*ADDED, *earlier])
    pq.write_table(old, path)
    return tmp_path


def test_the_dashboard_shows_old_results_under_todays_codes(old_tree: Path) -> None:
    data = dashboard_data(read_archive(ObjectStore(str(old_tree))))
    assert [row["code"] for row in data["reasons"]] == ["wrap_uncertain"]
    assert data["failures"] == []


def test_old_results_are_restored_and_rewritten_as_todays(old_tree: Path) -> None:
    record = read_record((old_tree / "logs/a" / RECORD).read_bytes())
    assert record["curves"][0]["reasons"] == ["wrap_uncertain"]
    log = restored_log(record, pq.read_table(old_tree / "logs/a" / SAMPLES))
    assert log.provenance.algorithms == ""
    assert log.provenance.options == "{}"
    write_datasets(old_tree)
    (row,) = pq.read_table(old_tree / "verdicts.parquet").to_pylist()
    assert (row["reasons"], row["algorithms"]) == (["wrap_uncertain"], "")


def test_reviews_on_old_results_stay_in_force(old_tree: Path) -> None:
    store = ObjectStore(str(old_tree))
    raw = json.loads(store.get(f"logs/a/{RECORD}"))
    samples = pq.read_table(io.BytesIO(store.get(f"logs/a/{SAMPLES}")))
    curve = raw["curves"][0]
    # the hash as version 0.1.0 computed it, from the document as it lies there
    record_review(
        store,
        Review("a", "accept", "M. Okafor", "2024-05-06T07:08:09Z", "", curve["section_id"],
               curve["track_id"], "GR", curve_hash(raw, 0, samples), "review"),
    )  # fmt: skip
    assert deliver(store) == ["a"]
    (row,) = pq.read_table(io.BytesIO(store.get("verdicts.parquet"))).to_pylist()
    assert row["reviewed_decision"] == "accept"
    assert any(path.suffix == ".las" for path in (old_tree / "logs/a").iterdir())


def test_results_of_a_newer_version_are_refused_with_what_to_do(old_tree: Path) -> None:
    path = old_tree / "logs/a" / RECORD
    record = json.loads(path.read_bytes()) | {"schema_version": 99}
    path.write_text(json.dumps(record))
    with pytest.raises(NewerResultError, match="Upgrade veernet"):
        read_record(path.read_bytes())
    with pytest.raises(NewerResultError):
        write_datasets(old_tree)


def test_the_first_run_fixes_how_a_destination_is_computed(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    assert fixed_numerics(store) == ""
    assert fix_numerics(store, "float32 torch cpu") == "float32 torch cpu"
    assert fix_numerics(store, "bfloat16 torch cuda") == "float32 torch cpu"
    assert fixed_numerics(store) == "float32 torch cpu"
    assert fix_numerics(store, "bfloat16 torch cuda", anew=True) == "bfloat16 torch cuda"
    assert fixed_numerics(store) == "bfloat16 torch cuda"
