"""Parquet: samples, verdicts and failures as tables whose every column is described once.

In: a ``DigitisedLog`` or an error. Out: Arrow tables, rows, and deterministic Parquet bytes.
``FIELDS`` is the one list of columns: Arrow schemas, their metadata and the documentation come from
it. Where the bytes go does not belong here.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.records import Record, jsonable, log_record, storable
from veernet_core.datatypes import F64, Bool, DigitisedLog, JudgedCurve
from veernet_core.errors import VeernetError, of_scan
from veernet_core.findings import current_code

SCHEMA_VERSION = 2
Row = dict[str, Any]

_TYPES: dict[str, pa.DataType] = {
    "label": pa.dictionary(pa.int32(), pa.string()),
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "number": pa.float64(),
    "small number": pa.float32(),
    "count": pa.int64(),
    "flag": pa.bool_(),
    "stretches": pa.list_(
        pa.struct(
            [
                pa.field("depth_from", pa.float64()),
                pa.field("depth_to", pa.float64()),
                pa.field("reason", pa.string()),
                pa.field("withheld", pa.bool_()),
            ]
        )
    ),
}
"""Kinds of column. A label is a text that repeats and is stored as a dictionary."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: name, kind (a key of ``_TYPES``), unit ('' where it has none), meaning."""

    name: str
    kind: str
    unit: str
    description: str


_LOG_ID = Field("log_id", "label", "", "Folder of the log under logs/.")
_UWI = Field("uwi", "label", "", "Unique well identifier as stated; empty where not known.")
_SECTION = Field("section_id", "label", "", "Run of the scan with one depth axis.")
_TRACK = Field("track_id", "label", "", "Track in which the curve is drawn.")
_MNEMONIC = Field("mnemonic", "label", "", "Curve name as on the log or in the sidecar.")
_UNIT = Field("unit", "label", "", "Unit of the curve's values.")
_DEPTH_UNIT = Field("depth_unit", "label", "", "Unit of depths: ft or m.")
_DECISION = Field("decision", "label", "", "The machine's verdict: accept, review or reject.")
_FINAL = Field("decision", "label", "", "Final decision: a person's on this very curve, else the "
               "machine's verdict: accept, review or reject.")  # fmt: skip
REVIEW_COLUMNS = (
    "reviewed_decision", "reviewer", "reviewed_note", "reviewed_at",
    "earlier_decision", "earlier_reviewer", "earlier_at",
)  # fmt: skip
"""Columns of ``verdicts`` that tell of a person's decision; null where there is none."""

FIELDS: dict[str, tuple[Field, ...]] = {
    "curves": (
        _LOG_ID,
        _UWI,
        _SECTION,
        _TRACK,
        _MNEMONIC,
        _UNIT,
        Field("depth", "number", "depth_unit", "A whole multiple of the depth step."),
        _DEPTH_UNIT,
        Field("value", "number", "unit", "Recovered value; null where not observed."),
        Field("confidence", "small number", "1",
              "Calibrated probability that the position is within 1 % of the track's width; "
              "null where value is null."),
        Field("observed", "flag", "", "False where the value is bridged or null."),
        _FINAL,
    ),
    "verdicts": (
        _LOG_ID,
        _UWI,
        _SECTION,
        _TRACK,
        _MNEMONIC,
        _UNIT,
        Field("left", "number", "unit", "Value at the track's left edge."),
        Field("right", "number", "unit", "Value at the track's right edge."),
        Field("scale", "label", "", "linear or log."),
        Field("style", "label", "", "Line style: solid, dashed or dotted."),
        Field("wrap", "label", "", "Off-scale mode: none, one or all."),
        Field("colour", "label", "", "Ink colour #rrggbb; null where not stated."),
        Field("spec_source", "label", "", "Where the spec came from: sidecar, header, template or "
              "guess."),
        _DECISION,
        Field("reasons", "texts", "", "Stable codes of what decided the verdict."),
        Field("doubtful", "stretches", "depth_unit", "Stretches in doubt: from, to, reason (crossing, wrap, "
              "gap, faint_ink, impossible, border, print), and whether the curve is delivered without values "
              "there."),
        Field("policy_id", "label", "", "Gate policy that made the verdict."),
        Field("r2_estimate", "number", "1", "Estimate of the recovered R²."),
        Field("r2_lower", "number", "1", "Lower bound of the estimate."),
        Field("r2_upper", "number", "1", "Upper bound of the estimate."),
        Field("r2_reference", "number", "1", "R² against a reference; null where there is none."),
        Field("coverage", "number", "1", "Share of the depths from its first value to its last that have "
              "one; above and below there is a `gap` in ``doubtful``."),
        Field("longest_gap", "number", "depth_unit", "Longest run without a value."),
        Field("depth_residual", "number", "depth_unit", "Scatter of the depth evidence; null where "
              "not known."),
        Field("span_frac", "number", "track width", "Range of the curve across the track."),
        Field("shared_ink", "number", "1", "Share of the samples read from ink that lie on another curve of "
              "the track, within 1 % of its width; null in results of older versions."),
        Field("shared_with", "label", "", "That other curve; empty where there is none."),
        Field("expected_abs_dx_pct", "number", "% of track width", "Expected median |dx|."),
        _DEPTH_UNIT,
        Field("depth_top", "number", "depth_unit", "First depth; null without samples."),
        Field("depth_base", "number", "depth_unit", "Last depth; null without samples."),
        Field("samples", "count", "", "Depths of the curve, with or without a value."),
        Field("samples_observed", "count", "", "Samples read from ink."),
        Field("samples_bridged", "count", "", "Samples across short gaps, flagged."),
        Field("scan_sha256", "label", "", "SHA-256 of the scan's bytes."),
        Field("model_id", "label", "", "Model that traced the curve."),
        Field("config_hash", "label", "", "Hash of what a person chose."),
        Field("version", "label", "", "Version of veernet."),
        Field("numerics", "label", "", "Precision, engine and device of the network."),
        Field("settings_hash", "label", "", "Hash of the defaults of all settings."),
        Field("algorithms", "label", "", "Version of every stage's algorithm."),
        Field("well", "label", "", "Name of the well as stated; empty where not known."),
        Field("company", "label", "", "Operator as stated."),
        Field("field", "label", "", "Oil or gas field as stated."),
        Field("county", "label", "", "County as stated; empty where not known."),
        Field("state", "label", "", "State or province as stated; empty where not known."),
        Field("service_company", "label", "", "Who ran the log, as stated."),
        Field("log_date", "label", "", "Date of the log as stated, in its own notation."),
        Field("reviewed_decision", "label", "", "What a person decided on this very curve: accept, "
              "reject or return; null where nobody did. `decision` stays the machine's."),
        Field("reviewer", "label", "", "Who decided."),
        Field("reviewed_note", "text", "", "Why."),
        Field("reviewed_at", "text", "", "UTC time of the decision, ISO 8601."),
        Field("earlier_decision", "label", "", "What a person decided on another form of this curve, before "
              "it was digitised anew; null where a decision is in force or nobody ever decided."),
        Field("earlier_reviewer", "label", "", "Who decided then."),
        Field("earlier_at", "text", "", "UTC time of that decision, ISO 8601."),
        Field("seconds", "number", "s", "Processing time of the whole scan. Null in "
              "verdicts.parquet, whose bytes must not depend on the clock; filled in run reports."),
    ),
    "failures": (
        Field("uri", "text", "", "The scan that could not be processed."),
        Field("stage", "label", "", "Stage that failed."),
        Field("code", "label", "", "Stable code of the error."),
        Field("remedy", "text", "", "What to do."),
        Field("message", "text", "", "What was wrong with this scan."),
    ),
}  # fmt: skip
"""Columns of every dataset, in order."""


def schema(dataset: str, extra: Mapping[str, Any] | None = None) -> pa.Schema:
    """Arrow schema of a dataset; units and descriptions are field metadata.

    Parameters
    ----------
    dataset : str
        A key of ``FIELDS``.
    extra : mapping, optional
        JSON-ready facts to add to the schema's own metadata (key ``veernet``).
    """
    about = {"dataset": dataset, "schema_version": SCHEMA_VERSION, **(extra or {})}
    columns = [
        pa.field(
            field.name,
            _TYPES[field.kind],
            metadata={"unit": field.unit, "description": field.description},
        )
        for field in FIELDS[dataset]
    ]
    return pa.schema(columns, metadata={"veernet": json.dumps(about, sort_keys=True)})


def fields_markdown(dataset: str) -> str:
    """The columns of a dataset as a Markdown table, for the documentation."""
    lines = ["| Column | Type | Unit | Meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{f.name}` | {_TYPES[f.kind]} | {f.unit} | {f.description} |" for f in FIELDS[dataset]
    ]
    return "\n".join(lines) + "\n"


def curves_table(log: DigitisedLog, log_id: str) -> pa.Table:
    """Every sample of every curve, rejected ones included, in the order of the log.

    Returns
    -------
    pyarrow.Table
        Columns of ``FIELDS["curves"]``; value and confidence are null where not observed and not
        bridged.
    """
    target = schema("curves")
    parts = [_samples(judged, log_id, log.well.uwi, target) for judged in log.curves]
    whole = pa.concat_tables([target.empty_table(), *parts]).unify_dictionaries()
    return whole.combine_chunks()


def verdict_rows(log: DigitisedLog, log_id: str, *, with_seconds: bool = False) -> list[Row]:
    """One row per curve with the columns of ``FIELDS["verdicts"]``.

    Parameters
    ----------
    log : DigitisedLog
    log_id : str
    with_seconds : bool
        Fill ``seconds`` from the clock, for run reports; result files leave it null.
    """
    rows = verdict_rows_of(log_record(log), log_id)
    if with_seconds:
        seconds = sum(duration for _, duration in log.stage_seconds)
        rows = [row | {"seconds": seconds} for row in rows]
    return rows


def verdict_rows_of(record: Record, log_id: str) -> list[Row]:
    """Verdict rows from a ``log.json`` document: datasets are rebuilt from what was published."""
    made, well = record["provenance"], record["well"]
    common = {
        **dict.fromkeys(REVIEW_COLUMNS),
        "log_id": log_id,
        "uwi": well["uwi"],
        "well": well.get("name", ""),
        "company": well.get("company", ""),
        "field": well.get("field_name", ""),
        "county": well.get("county", ""),
        "state": well.get("state", ""),
        "service_company": well.get("service_company", ""),
        "log_date": well.get("date", ""),
        "scan_sha256": record["scan"]["sha256"],
        "model_id": made["model_id"],
        "config_hash": made["config_hash"],
        "version": made["version"],
        "numerics": made["numerics"],
        "settings_hash": made["settings_hash"],
        "algorithms": made["algorithms"],
        "seconds": None,
    }
    names = [field.name for field in FIELDS["verdicts"]]
    rows = []
    for curve in record["curves"]:
        spec = curve["spec"]
        row = {
            "doubtful": [],
            "shared_ink": None,
            "shared_with": None,
            **spec,
            **curve["quality"],
            **curve,
            **common,
            "spec_source": spec["source"],
        }
        rows.append({name: row[name] for name in names})
    return rows


def failure_row(uri: str, error: BaseException) -> Row:
    """One row of ``failures``: what a person needs to act.

    An exception of another kind than ``VeernetError`` is a bug or broken infrastructure; its code
    is ``internal_error``.
    """
    failure = of_scan(error, "") if isinstance(error, Exception) else VeernetError("was broken off")
    where = f"{failure.where}: " if failure.where else ""
    return {
        "uri": uri,
        "stage": failure.stage,
        "code": failure.code,
        "remedy": failure.remedy,
        "message": f"{where}{failure.message}",
    }


def rows_table(dataset: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as a table of the dataset's schema."""
    return pa.Table.from_pylist(jsonable(rows), schema=schema(dataset))


def conformed(table: pa.Table, dataset: str) -> pa.Table:
    """A table of this or an older version with the columns and codes of today; missing ones are null."""
    target = schema(dataset)
    if dataset == "verdicts" and "reasons" in table.column_names:
        table = _with_current_reasons(table)
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in target
    ]
    return pa.table(columns, schema=target)


def _with_current_reasons(table: pa.Table) -> pa.Table:
    """Old names of reasons become today's; most tables hold none and are handed on."""
    column = table["reasons"]
    words = pc.list_flatten(column).unique().to_pylist()
    if all(current_code(word) == word for word in words):
        return table
    rows = [
        None if row is None else [current_code(code) for code in row] for row in column.to_pylist()
    ]
    place = table.column_names.index("reasons")
    return table.set_column(place, "reasons", pa.array(rows, column.type))


def parquet_bytes(*tables: pa.Table) -> bytes:
    """Parquet file of one or more tables of one schema, one row group each.

    The same tables give the same bytes with the same pyarrow: fixed codec and level, no clock.
    """
    sink = io.BytesIO()
    writer = parquet_writer(sink, tables[0].schema)
    for table in tables:
        write_group(writer, table)
    writer.close()
    return sink.getvalue()


def parquet_writer(sink: Any, target: pa.Schema) -> pq.ParquetWriter:
    """Writer with the project's fixed settings to a path or binary stream.

    Closing it makes a valid file of what was written so far: on an error, discard the sink.
    """
    return pq.ParquetWriter(
        sink,
        target,
        compression="zstd",
        compression_level=6,
        use_dictionary=[field.name for field in target if pa.types.is_dictionary(field.type)],
        column_encoding={
            field.name: "BYTE_STREAM_SPLIT" for field in target if pa.types.is_floating(field.type)
        },
        version="2.6",
        data_page_version="1.0",
    )


def write_group(writer: pq.ParquetWriter, table: pa.Table) -> None:
    """Append a table as one row group; an empty one adds none."""
    if table.num_rows:
        writer.write_table(table, row_group_size=table.num_rows)


def _samples(judged: JudgedCurve, log_id: str, uwi: str, target: pa.Schema) -> pa.Table:
    curve = judged.curve
    count = len(curve.depth)
    labels = {
        "log_id": log_id,
        "uwi": uwi,
        "section_id": curve.section_id,
        "track_id": curve.track_id,
        "mnemonic": curve.spec.mnemonic,
        "unit": curve.spec.unit,
        "depth_unit": curve.depth_unit,
        "decision": judged.verdict.decision,
    }
    missing: Bool = ~np.isfinite(curve.value)
    columns: dict[str, pa.Array] = {name: _repeated(text, count) for name, text in labels.items()}
    columns["depth"] = pa.array(curve.depth)
    columns["value"] = _nullable(curve.value, missing)
    columns["confidence"] = _nullable(curve.confidence, missing).cast(pa.float32())
    columns["observed"] = pa.array(curve.observed & ~missing)
    return pa.table([columns[field.name] for field in target], schema=target)


def _repeated(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(count, dtype=np.int32)), pa.array([storable(text)], pa.string())
    )


def _nullable(values: F64, missing: Bool) -> pa.Array:
    return pa.array(values, mask=missing | ~np.isfinite(values))
