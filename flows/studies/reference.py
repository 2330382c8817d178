"""``veernet evaluate OUT --reference DIR``: an output folder against LAS files of the same wells.

In: a folder of results and a folder of LAS files. Out: a table (``reference.parquet``, ``reference.md``)
with one row per recovered curve, scored or with the reason why not; on request the measured R² goes
into the logs' records and verdicts. How two curves are compared: ``veernet_core.evaluation.reference``.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import lasio
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from flows.studies.report import Report
from storage import publish
from storage.compact import compact
from storage.datasets import log_folders, replace_rows
from storage.delivery import restored_log
from storage.ledger import generations
from storage.log_files import RECORD, SAMPLES, delivered_files
from storage.objects import ObjectStore
from storage.records import jsonable, read_record
from storage.review_files import wants_review_files
from veernet_core.config import GatePolicy
from veernet_core.curve import gate
from veernet_core.datatypes import FT_PER, DigitisedLog, JudgedCurve
from veernet_core.evaluation import reference
from veernet_core.evaluation.reference import ReferenceScore

_IDENTIFIERS = ("UWI", "API", "APIN", "WELLID")
_FEET, _METRES = ("F", "FT", "FEET"), ("M", "METER", "METRE", "METERS", "METRES")
_FT_PER_UNIT = dict.fromkeys(_FEET, FT_PER["ft"]) | dict.fromkeys(_METRES, FT_PER["m"])
_FROM_ESTIMATE = frozenset(
    {"ok", "no_estimate", "nothing_recovered", "r2_reference_below_threshold", "low_coverage",
     "r2_bound_below_threshold", "r2_estimate_below_threshold", "flat_judged_by_position",
     "flat_and_uncertain"}
)  # fmt: skip
"""Reasons that ``gate.judge`` finds itself; all others are flags that stay."""


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """One LAS file: whose well, and its curves on depths in feet."""

    path: Path
    identifiers: tuple[str, ...]
    depth_ft: np.ndarray[Any, np.dtype[np.float64]]
    curves: dict[str, tuple[str, np.ndarray[Any, np.dtype[np.float64]]]]


def compare_folder(
    out: Path,
    references: Path,
    target: Path | None = None,
    write_back: bool = False,
    policy: GatePolicy | None = None,
) -> Report:
    """Compare every curve of an output folder with its reference; returns the report (Markdown).

    Parameters
    ----------
    target : Path, optional
        Folder for the tables; ``out/reference`` if omitted.
    write_back : bool
        Whether measured R² and the verdicts that follow under ``policy`` replace the estimated ones.
    policy : GatePolicy, optional
        The default one if omitted.

    Raises
    ------
    FileNotFoundError
        Where there are no results or no LAS files.
    """
    folders = log_folders(out)
    if not folders:
        raise FileNotFoundError(f"{out}: no digitised logs; run `veernet digitise` first")
    policy = policy or GatePolicy()
    delivered = (out / "logs").resolve()  # a result is no reference for itself
    paths = sorted(
        p
        for p in references.rglob("*")
        if p.suffix.lower() == ".las" and delivered not in p.resolve().parents
    )
    if not paths:
        raise FileNotFoundError(f"{references}: no LAS files")
    files, notes = _read_all(paths)
    rows: list[dict[str, Any]] = []
    for folder in folders:
        log = _read_log(folder)
        scored = [_score(folder.name, judged, log, files) for judged in log.curves]
        rows += scored
        if write_back:
            _write_back(folder, log, [row["r2"] for row in scored], policy)
    if write_back:
        _refresh(out, sorted({row["log_id"] for row in rows if np.isfinite(row["r2"])}))
    table = pd.DataFrame(rows)
    target = target or out / "reference"
    target.mkdir(parents=True, exist_ok=True)
    table.to_parquet(target / "reference.parquet", index=False)
    report = _report(table, notes, write_back, policy.min_r2)
    (target / "reference.md").write_text(report, encoding="utf-8")
    return Report(report, curves=rows, notes=notes)


def _read_all(paths: Sequence[Path]) -> tuple[list[ReferenceFile], list[str]]:
    files, notes = [], []
    for path in paths:
        try:
            files.append(read_reference(path))
        except (ValueError, KeyError, OSError, lasio.exceptions.LASHeaderError,
                lasio.exceptions.LASDataError) as error:  # fmt: skip
            notes.append(f"{path.name} cannot be read and was left out: {error}")
    return files, notes


def read_reference(path: Path) -> ReferenceFile:
    """A LAS file as arrays; NULL is NaN.

    Raises
    ------
    ValueError
        Where the file holds no depths, or depths in an unknown unit.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        las = lasio.read(path, ignore_header_errors=True)
    if not las.curves or len(las.curves) < 2:
        raise ValueError("no curves")
    unit = str(las.curves[0].unit or las.well["STRT"].unit).strip().upper().rstrip(".")
    if unit not in _FT_PER_UNIT:
        raise ValueError(f"depth unit {unit!r} is not known")
    given = [str(las.well[key].value) for key in _IDENTIFIERS if key in las.well]
    depth = np.asarray(las.index, dtype=np.float64) * _FT_PER_UNIT[unit]
    curves = {
        curve.mnemonic: (str(curve.unit), pd.to_numeric(pd.Series(curve.data), errors="coerce").to_numpy(float))
        for curve in las.curves[1:]
    }  # fmt: skip
    return ReferenceFile(path, tuple(given), depth, curves)


def _read_log(folder: Path) -> DigitisedLog:
    record = read_record((folder / RECORD).read_bytes())
    samples = pq.ParquetFile(folder / SAMPLES).read()
    return restored_log(record, samples, folder.name)


def _score(
    log_id: str, judged: JudgedCurve, log: DigitisedLog, files: Sequence[ReferenceFile]
) -> dict[str, Any]:
    """One row: the best covered reference of the same well and kind of curve, or why there is none."""
    curve, spec = judged.curve, judged.curve.spec
    row: dict[str, Any] = {
        "log_id": log_id, "uwi": log.well.uwi, "section_id": curve.section_id,
        "track_id": curve.track_id, "mnemonic": spec.mnemonic, "unit": spec.unit,
        "decision": judged.verdict.decision, "r2_estimate": judged.quality.r2_estimate,
        "depth_unit": curve.depth_unit, "reference": "", "reference_mnemonic": "", "note": "",
    }  # fmt: skip
    nothing: dict[str, Any] = {f.name: float("nan") for f in fields(ReferenceScore)}
    row |= nothing | {"samples": 0, "lag_at_limit": False}
    own = [f for f in files if _of_well(f, log.well.uwi, log_id, log.scan.stem)]
    if not own:
        return row | {"note": "no_reference_well"}
    best: tuple[ReferenceScore, dict[str, Any]] | None = None
    note = "no_reference_curve"
    for file in own:
        name = reference.best_mnemonic(spec.mnemonic, file.curves)
        if name is None:
            continue
        unit, values = file.curves[name]
        factor = reference.unit_factor(unit, spec.unit)
        per_ft = 1 / FT_PER[curve.depth_unit]
        score = reference.compare_curves(
            curve.depth, curve.value, file.depth_ft * per_ft, values * (factor or 1.0), spec,
            curve.depth_unit,
        )  # fmt: skip
        if score is None:
            note = "no_common_depths"
        elif best is None or score.samples > best[0].samples:
            told = "" if factor is not None else f"unit_not_converted: {unit} to {spec.unit}"
            best = score, {"reference": file.path.name, "reference_mnemonic": name, "note": told}
    return row | {"note": note} if best is None else row | asdict(best[0]) | best[1]


def _of_well(file: ReferenceFile, uwi: str, log_id: str, stem: str) -> bool:
    """By identifier where both state one, else by file name."""
    given = [i for i in file.identifiers if sum(c.isdigit() for c in i) >= 8]
    if given and sum(c.isdigit() for c in uwi) >= 8:
        return any(reference.same_well(uwi, i) for i in given)
    return any(reference.same_stem(file.path.stem, name) for name in (log_id, stem))


def _write_back(
    folder: Path, log: DigitisedLog, measured: Sequence[float], policy: GatePolicy
) -> None:
    """Publish a log anew with measured R² and the verdicts that follow from it."""
    if not np.isfinite(measured).any():
        return
    record = read_record((folder / RECORD).read_bytes())
    curves = []
    for judged, stored, r2 in zip(log.curves, record["curves"], measured, strict=True):
        if np.isfinite(r2):
            judged = _rejudged(judged, round(float(r2), 6), policy)
            stored["quality"]["r2_reference"] = judged.quality.r2_reference
            stored["decision"] = judged.verdict.decision
            stored["policy_id"] = judged.verdict.policy_id
            stored["reasons"] = list(judged.verdict.reasons)
        curves.append(judged)
    patched = replace(log, curves=tuple(curves))
    text = json.dumps(
        jsonable(record), sort_keys=True, allow_nan=False, ensure_ascii=False, indent=1
    )
    files = {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix not in (".las", ".csv")}
    wanted = wants_review_files(ObjectStore(str(folder.parents[1])))
    files |= delivered_files(patched, folder.name, include_review=wanted)
    files[RECORD] = (text + "\n").encode()
    publish.publish_folder(folder, dict(sorted(files.items())))


def _rejudged(judged: JudgedCurve, r2: float, policy: GatePolicy) -> JudgedCurve:
    """The verdict a measured R² gives; flags found before stay."""
    measured = replace(judged.quality, r2_reference=r2)
    flags = [reason for reason in judged.verdict.reasons if reason not in _FROM_ESTIMATE]
    return replace(judged, quality=measured, verdict=gate.judge(measured, flags, policy))


def _refresh(out: Path, log_ids: Sequence[str]) -> None:
    store = ObjectStore(str(out))
    if generations(store)[0]:
        compact(store, log_ids)
    else:
        replace_rows(out, log_ids)


def _report(table: pd.DataFrame, notes: Sequence[str], written: bool, min_r2: float) -> str:
    scored = table[np.isfinite(table["r2"].astype(float))]
    lines = [
        "# Recovered curves against reference files",
        "",
        f"{len(scored)} of {len(table)} curves have a reference. R² and MAE are without any shift of "
        "depth: at 300 depths, and (native) at all depths of the reference. The lag is the recovered "
        "depth minus the reference's by best correlation within ± 5 ft (* at the end of that range); "
        "`if shifted` is what R² would be without it, and is not a score.",
        "",
        "| log | curve | reference | verdict | R² | MAE | % of width | R² native | MAE native | lag | "
        "if shifted | samples |",
        "|" + "---|" * 12,
    ]
    for row in scored.to_dict("records"):
        star = "*" if row["lag_at_limit"] else ""
        lines.append(
            f"| {row['log_id']} | {row['mnemonic']} | {row['reference']}: {row['reference_mnemonic']} "
            f"| {row['decision']} | {row['r2']:.3f} | {row['mae']:.3g} {row['unit']} "
            f"| {row['mae_pct']:.2f} | {row['r2_native']:.3f} | {row['mae_native']:.3g} "
            f"| {row['lag']:+.1f}{star} {row['depth_unit']} | {row['r2_if_shifted']:.3f} "
            f"| {row['samples']} |"
        )
    for decision, group in scored.groupby("decision", observed=True):
        good = float((group["r2"] >= min_r2).mean())
        lines += [
            "",
            f"{decision}: {len(group)} curves, median R² {group['r2'].median():.3f}, "
            f"{100 * good:.0f} % of them at {min_r2} or more.",
        ]
    missing = table[~np.isfinite(table["r2"].astype(float))]
    if len(missing):
        counts = missing["note"].value_counts()
        lines += ["", "Not compared: " + ", ".join(f"{n} {why}" for why, n in counts.items()) + "."]
    told = scored[scored["note"] != ""]
    lines += [f"- {r['log_id']} {r['mnemonic']}: {r['note']}" for r in told.to_dict("records")]
    lines += [f"- {note}" for note in notes]
    if written:
        lines += ["", "The measured R² was written into the logs' records and their verdicts."]
    return "\n".join(lines) + "\n"
