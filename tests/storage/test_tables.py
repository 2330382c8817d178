"""Records and tables: what went in comes out, strictly typed, the same bytes every time."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from factories import GR, judge, make_curve, make_log, only

from storage.log_files import log_files
from storage.records import log_record, record_bytes
from storage.tables import (
    FIELDS,
    curves_table,
    failure_row,
    fields_markdown,
    parquet_bytes,
    rows_table,
    schema,
    verdict_rows,
    verdict_rows_of,
)
from veernet_core.datatypes import WellInfo
from veernet_core.errors import SidecarError

CONTRACT_CURVES = [
    "log_id", "uwi", "section_id", "track_id", "mnemonic", "unit", "depth", "depth_unit", "value",
    "confidence", "observed", "decision",
]  # fmt: skip
CONTRACT_VERDICTS = {
    "log_id", "uwi", "section_id", "track_id", "mnemonic", "decision", "reasons", "r2_estimate",
    "r2_lower", "r2_upper", "r2_reference", "coverage", "longest_gap", "depth_residual", "model_id",
    "seconds",
}  # fmt: skip


def read(data: bytes) -> pa.Table:
    return pq.ParquetFile(io.BytesIO(data)).read()


def refuse_constant(text: str) -> None:
    raise AssertionError(f"not strict JSON: {text}")


def test_record_is_strict_sorted_and_repeats() -> None:
    data = record_bytes(make_log())
    assert data == record_bytes(make_log())
    record = json.loads(data, parse_constant=refuse_constant)
    assert record == log_record(make_log())
    assert list(record) == sorted(record)
    assert record["schema_version"] == 2
    assert [c["decision"] for c in record["curves"]] == [
        "accept", "review", "accept", "accept", "reject",
    ]  # fmt: skip
    assert record["curves"][0]["quality"]["r2_reference"] == 0.981
    assert record["curves"][1]["quality"]["r2_reference"] is None
    assert record["curves"][4]["reasons"] == ["r2_estimate_below_threshold", "low_coverage"]
    main = record["sections"][0]
    assert main["depth"]["anchors"] == [[150.0, 7200.0], [4000.0, 7400.0]]
    assert main["depth"]["residual"] == 0.21
    assert main["tracks"][0]["right_px"] == [[100.0, 700.0], [4000.0, 702.0]]
    assert record["findings"][0]["rows"] == [1200, 1260]


def test_record_does_not_know_place_or_time() -> None:
    log = make_log()
    moved = replace(
        log, scan=replace(log.scan, uri="s3://elsewhere/x.tif"), stage_seconds=(("infer", 99.0),)
    )
    assert record_bytes(moved) == record_bytes(log)


def test_the_place_of_a_scan_is_told_where_others_have_its_stem() -> None:
    log = make_log()
    stem = log.scan.stem
    for files, place in (
        (log_files(log, stem), None),
        (log_files(log, f"{stem}-1a2b"), log.scan.uri),
        (log_files(log, stem, with_place=True), log.scan.uri),
    ):
        assert json.loads(files["log.json"])["scan"].get("place") == place


def test_record_of_empty_log_and_odd_text() -> None:
    log = make_log()
    empty = replace(log, sections=(), curves=(), findings=(), dpi=float("nan"))
    record = json.loads(record_bytes(empty), parse_constant=refuse_constant)
    assert record["curves"] == []
    assert record["scan"]["dpi"] is None
    odd = replace(log, well=WellInfo(uwi="\udcff</script>", name="Müller\x00"))
    record = json.loads(record_bytes(odd))
    assert record["well"]["uwi"] == "?</script>"
    assert record["well"]["name"] == "Müller\x00"
    assert parquet_bytes(curves_table(odd, "a"))


def test_section_without_depth() -> None:
    log = make_log()
    section = replace(log.sections[0], depth=None)
    record = log_record(replace(log, sections=(section,)))["sections"][0]
    assert record["depth"] is None
    assert record["depth_refused"] is None
    assert list(record["scales"]) == [track.track_id for track in section.tracks]
    assert "scales" not in log_record(log)["sections"][0]


def test_curves_table_holds_every_sample() -> None:
    log = make_log()
    table = read(parquet_bytes(curves_table(log, "id1")))
    assert table.column_names == CONTRACT_CURVES
    assert table.schema.equals(schema("curves"), check_metadata=True)
    frame = table.to_pandas()
    assert len(frame) == sum(len(j.curve.depth) for j in log.curves)
    assert set(frame["log_id"]) == {"id1"}
    nphi = frame[(frame["mnemonic"] == "NPHI")]
    truth = log.curves[4].curve
    assert set(nphi["decision"]) == {"reject"}
    np.testing.assert_array_equal(nphi["depth"], truth.depth)
    np.testing.assert_array_equal(nphi["value"], truth.value)
    gr = table.filter(pa.compute.equal(table["section_id"], "main")).slice(0, 401)
    assert gr["value"].null_count == 25
    assert gr["confidence"].null_count == 25
    np.testing.assert_array_equal(gr["observed"].to_numpy(), log.curves[0].curve.observed)


def test_observed_is_never_true_without_a_value() -> None:
    curve = make_curve(GR, count=4)
    curve = replace(curve, value=np.array([1.0, np.nan, np.inf, 2.0]))
    table = curves_table(only(make_log(), judge(curve)), "a")
    assert table["observed"].to_pylist() == [True, False, False, True]
    assert table["value"].to_pylist() == [1.0, None, None, 2.0]
    assert table["confidence"].is_null().to_pylist() == [False, True, True, False]


def test_parquet_repeats_and_has_a_row_group_per_log() -> None:
    first, second = curves_table(make_log("a"), "a"), curves_table(make_log("b"), "b")
    data = parquet_bytes(first, second)
    assert data == parquet_bytes(curves_table(make_log("a"), "a"), curves_table(make_log("b"), "b"))
    file = pq.ParquetFile(io.BytesIO(data))
    assert file.metadata.num_row_groups == 2
    assert file.read_row_group(1).equals(second)
    column = file.metadata.row_group(0).column(8)
    assert column.compression == "ZSTD"
    assert "BYTE_STREAM_SPLIT" in column.encodings


def test_parquet_of_nothing_keeps_its_schema() -> None:
    empty = replace(make_log(), curves=())
    table = read(parquet_bytes(curves_table(empty, "a")))
    assert table.num_rows == 0
    assert table.schema.equals(schema("curves"))
    assert read(parquet_bytes(rows_table("verdicts", []))).schema.equals(schema("verdicts"))


def test_duckdb_reads_labels_as_text() -> None:
    samples = read(parquet_bytes(curves_table(make_log(), "a")))
    counted = duckdb.sql(
        "select mnemonic, count(value) from samples where decision='accept' group by 1 order by 1"
    ).fetchall()
    assert samples.num_rows
    assert counted == [("GR", 376 + 81), ("ILD", 380)]


def test_verdict_rows() -> None:
    log = make_log()
    rows = verdict_rows(log, "a")
    assert set(rows[0]) >= CONTRACT_VERDICTS
    assert list(rows[0]) == [field.name for field in FIELDS["verdicts"]]
    table = read(parquet_bytes(rows_table("verdicts", rows)))
    back = table.to_pylist()
    assert [row["decision"] for row in back] == ["accept", "review", "accept", "accept", "reject"]
    assert back[4]["reasons"] == ["r2_estimate_below_threshold", "low_coverage"]
    assert back[0]["r2_reference"] == 0.981
    assert back[1]["r2_reference"] is None
    assert (back[0]["samples"], back[0]["samples_observed"], back[0]["samples_bridged"]) == (
        401, 366, 10,
    )  # fmt: skip
    assert (back[2]["left"], back[2]["scale"], back[2]["spec_source"]) == (0.2, "log", "sidecar")
    assert verdict_rows_of(json.loads(record_bytes(log)), "a") == rows


def test_seconds_only_where_asked() -> None:
    log = make_log()
    assert {row["seconds"] for row in verdict_rows(log, "a")} == {None}
    assert {row["seconds"] for row in verdict_rows(log, "a", with_seconds=True)} == {1.75}
    assert verdict_rows(replace(log, stage_seconds=()), "a") == verdict_rows(log, "a")


def test_failure_row() -> None:
    row = failure_row("s3://b/x.tif", SidecarError("depth.unit is 'yd'", where="x.sidecar.json"))
    assert row == {
        "uri": "s3://b/x.tif",
        "stage": "sidecar",
        "code": "bad_sidecar",
        "remedy": "Correct the named field, or remove the sidecar.",
        "message": "x.sidecar.json: depth.unit is 'yd'",
    }
    assert failure_row("u", ZeroDivisionError("x"))["code"] == "internal_error"
    assert read(parquet_bytes(rows_table("failures", [row]))).to_pylist() == [row]


@pytest.mark.parametrize("dataset", sorted(FIELDS))
def test_every_column_is_described(dataset: str) -> None:
    target = schema(dataset)
    assert json.loads(target.metadata[b"veernet"])["dataset"] == dataset
    assert len(set(target.names)) == len(target.names)
    for field in target:
        assert field.metadata[b"description"].endswith(b".")
        assert b"unit" in field.metadata
    assert fields_markdown(dataset).count("\n") == len(target) + 2
