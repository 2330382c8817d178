"""A made-up archive of any size for the dashboard's tests and timings: datasets without folders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.ledger import Record, Status
from storage.objects import ObjectStore
from storage.plan import Unit
from storage.runs import RunRecord, write_run
from storage.tables import FIELDS, Row, parquet_bytes, rows_table, schema

CURVES = ("GR", "SP", "CALI", "ILD", "ILM", "SFL", "RHOB", "NPHI", "DT", "NEU")
SERVICES = ("Schlumberger", "Halliburton", "Welex", "Lane-Wells", "Birdwell", "Dresser Atlas", "")


def made_archive(out: Path, logs: int, seed: int = 0, most_curves: int = 5) -> None:
    """Write ``verdicts.parquet``, ``failures.parquet`` and two runs' reports of ``logs`` made-up logs."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most_curves + 1, logs)
    log = np.repeat(np.arange(logs), counts)
    estimate = np.clip(1 - 0.12 * rng.exponential(1.0, len(log)), -2, 1)
    lower = estimate - 0.15 * rng.random(len(log)) * (1.1 - estimate)
    decision = np.where(lower >= 0.85, 0, np.where(estimate < 0.5, 2, 1))
    words = {
        "log_id": [f"log_{k:06d}" for k in range(logs)],
        "uwi": [f"15-{k % 200:03d}-{k // 2:05d}" for k in range(logs)],
        "well": [f"Smith {k % 97} #{k % 9 + 1}-{k // 97}" for k in range(logs)],
        "company": [f"Operator {k % 211}" for k in range(logs)],
        "service_company": [SERVICES[k % len(SERVICES)] for k in range(logs)],
        "log_date": [f"{1935 + k % 60}-0{k % 9 + 1}-11" for k in range(logs)],
    }
    columns = {name: _coded(values, log) for name, values in words.items()}
    columns["mnemonic"] = _coded(CURVES, rng.integers(0, len(CURVES), len(log)))
    columns["decision"] = _coded(("accept", "review", "reject"), decision)
    columns["reasons"] = pa.array(
        [["ok"], ["r2_bound_below_threshold"], ["r2_estimate_below_threshold", "low_coverage"]]
    ).take(pa.array(decision))
    numbers = {"r2_estimate": estimate, "r2_lower": lower, "r2_upper": np.minimum(estimate + 0.02, 1),
               "coverage": np.clip(1.05 - 0.2 * rng.random(len(log)), 0, 1)}  # fmt: skip
    columns |= {name: pa.array(values) for name, values in numbers.items()}
    target = schema("verdicts")
    whole = [
        columns[f.name].cast(target.field(f.name).type)
        if f.name in columns
        else pa.nulls(len(log), target.field(f.name).type)
        for f in FIELDS["verdicts"]
    ]
    store = ObjectStore(str(out))
    store.put("verdicts.parquet", parquet_bytes(pa.table(whole, schema=target)))
    failure: Row = {"uri": "a/b.tif", "stage": "decode", "code": "decode_failed", "remedy": "Rescan.",
                    "message": "ends early"}  # fmt: skip
    store.put("failures.parquet", parquet_bytes(rows_table("failures", [failure])))
    for night in (1, 2):
        chosen = range(night - 1, logs, 2)
        write_run(store, RunRecord(
            f"2024010{night}T000000", f"2024-01-0{night}T00:00:00Z", "batch", "s3://a/", 3600.0 * night,
            1800.0, len(chosen), 1, len(log) // 2, *(int((decision == k).sum()) // 2 for k in range(3)),
            scans={words["log_id"][k]: f"s3://a/county{k % 40:02d}/{k}.tif" for k in chosen},
        ))  # fmt: skip


def _coded(values: list[str] | tuple[str, ...], codes: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(values)))


def ledger_record(unit: Unit, status: Status = "done") -> Record:
    """What a run records of a finished scan: three curves, one of each verdict."""
    done = status == "done"
    made = ("", "m", "c", "0.1", unit.log_id, unit.source_key)
    return Record(unit.source_key, unit.source_version, *made, status, curves=3 * done,
                   accepted=1 * done, review=1 * done, rejected=1 * done)  # fmt: skip
