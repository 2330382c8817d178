"""``log.json``: everything known about one digitised scan, except its samples.

In: a ``DigitisedLog``. Out: plain data, and its bytes as strict JSON. Samples belong to the tables;
where the scan came from, when and how long it took belong to the run report, because the same scan,
model and configuration must give the same bytes anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from veernet_core.curve.evidence.shared import shared_ink
from veernet_core.datatypes import (
    CurveSpec,
    DepthAxis,
    DigitisedLog,
    Finding,
    JudgedCurve,
    Provenance,
    Section,
    Track,
)
from veernet_core.errors import VeernetError
from veernet_core.findings import current_code, proviso

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 2
"""1: version 0.1.0. 2: provenance names numerics, settings, algorithms and options; a curve may carry what
a person added to its spec."""
Record = dict[str, Any]


def samples_of(record: Record, index: int, samples: pa.Table) -> pa.Table:
    """The rows of one curve in the samples of its log.

    Parameters
    ----------
    record : dict
        The log's ``log.json``.
    index : int
        Position of the curve in it.
    samples : pyarrow.Table
        The log's ``curves.parquet``.
    """
    start = sum(int(c["samples"]) for c in record["curves"][:index])
    return samples.slice(start, int(record["curves"][index]["samples"]))


class NewerResultError(VeernetError):
    """A newer version of the software wrote the result."""

    code = "newer_result"


def log_record(log: DigitisedLog, with_place: bool = False) -> Record:
    """The ``log.json`` document as plain, JSON-ready data.

    Depths are in each section's unit, rows and columns in pixels of the scan. Figures that are not
    known (NaN in the log) are None. ``with_place``: also where the scan lay; only for scans that share their
    stem with others, because with it the document is not the same wherever an archive lies.
    """
    place = {"place": log.scan.uri} if with_place else {}
    record = {
        "schema_version": SCHEMA_VERSION,
        "scan": {
            "stem": log.scan.stem,
            "sha256": log.scan.sha256,
            "size_bytes": log.scan.size_bytes,
            "dpi": log.dpi,
            **place,
        },
        "provenance": {
            **asdict(log.provenance),
            "options": json.loads(log.provenance.options),
        },
        "well": asdict(log.well),
        "sections": [_section(section) for section in log.sections],
        "curves": [
            _curve(judged, *shared)
            for judged, shared in zip(
                log.curves, shared_ink([j.curve for j in log.curves]), strict=True
            )
        ],
        "findings": [_finding(finding) for finding in log.findings],
    }
    plain: Record = jsonable(record)
    return plain


def record_bytes(log: DigitisedLog, with_place: bool = False) -> bytes:
    """The document as UTF-8 JSON with sorted keys, without NaN; the same bytes every time."""
    text = json.dumps(
        log_record(log, with_place), sort_keys=True, allow_nan=False, ensure_ascii=False, indent=1
    )
    return (text + "\n").encode("utf-8")


def read_record(data: bytes, accept_newer: bool = False) -> Record:
    """The document of this or an older version, with today's fields and codes.

    Parameters
    ----------
    data : bytes
        ``log.json``. Nothing that identifies a curve is changed, so that reviews of it stay in force.
    accept_newer : bool
        Read what a newer version wrote as far as it is understood, to show it with a notice.

    Raises
    ------
    NewerResultError
        Where a newer version wrote it.
    ValueError, KeyError, TypeError
        Where it is of another kind.
    """
    record: Record = json.loads(data)
    version = int(record.get("schema_version", 1))
    if version > SCHEMA_VERSION and not accept_newer:
        raise NewerResultError(f"schema {version}, this version reads up to {SCHEMA_VERSION}")
    blank = {"numerics": "", "settings_hash": "", "algorithms": "", "options": {}}
    record["provenance"] = {**blank, **record["provenance"]}
    for curve in record["curves"]:
        curve["reasons"] = [current_code(code) for code in curve["reasons"]]
    for finding in record.get("findings", ()):
        finding["code"] = current_code(finding["code"])
    return record


def provenance_of(record: Record) -> Provenance:
    """The provenance in a document."""
    made = record["provenance"]
    return Provenance(**{**made, "options": json.dumps(made["options"], sort_keys=True)})


def jsonable(value: Any) -> Any:
    """Copy of ``value`` in JSON's own types: arrays to lists, not-finite numbers to None.

    Half characters (file names in another encoding) become ``?``: they cannot be stored.
    """
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, np.ndarray):
        return jsonable(value.tolist())
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return storable(value)
    return value


def storable(text: str) -> str:
    """Text that UTF-8 can hold: half characters become ``?``."""
    return text.encode("utf-8", errors="replace").decode("utf-8")


def _section(section: Section) -> Record:
    record = {
        "section_id": section.section_id,
        "row_top": section.row_top,
        "row_bottom": section.row_bottom,
        "depth": None if section.depth is None else _depth(section.depth),
        "reference_px": section.reference_px,
        "tracks": [_track(track) for track in section.tracks],
    }
    return record if section.depth is not None else record | _waiting(section)


def _waiting(section: Section) -> Record:
    """What is known of a section without depth, which has no curves: its scales, and a refused depth."""
    refused = section.depth_refused
    return {
        "depth_refused": None if refused is None else _depth(refused),
        "scales": {t.track_id: [_spec(spec) for spec in t.curves] for t in section.tracks},
    }


def _depth(axis: DepthAxis) -> Record:
    return {
        "unit": axis.unit,
        "anchors": axis.anchors,
        "residual": axis.residual,
        "source": axis.source,
    }


def _track(track: Track) -> Record:
    return {
        "track_id": track.track_id,
        "left_px": track.geometry.left_knots,
        "right_px": track.geometry.right_knots,
        "curves": [spec.mnemonic for spec in track.curves],
    }


def _curve(judged: JudgedCurve, shared_with: str, shared: float) -> Record:
    curve, verdict = judged.curve, judged.verdict
    samples = len(curve.depth)
    return {
        "section_id": curve.section_id,
        "track_id": curve.track_id,
        "spec": _spec(curve.spec),
        "printed": curve.spec.printed,
        "decision": verdict.decision,
        "reasons": list(verdict.reasons),
        "policy_id": verdict.policy_id,
        "doubtful": [asdict(doubt) for doubt in curve.doubtful],
        "quality": asdict(judged.quality),
        "r2_proviso": proviso(verdict.reasons),
        "shared_ink": round(shared, 4),
        "shared_with": shared_with,
        "depth_unit": curve.depth_unit,
        "depth_top": curve.depth[0] if samples else None,
        "depth_base": curve.depth[-1] if samples else None,
        "samples": samples,
        "samples_observed": int(np.count_nonzero(curve.observed)),
        "samples_bridged": int(np.count_nonzero(~curve.observed & np.isfinite(curve.value))),
    }


def _spec(spec: CurveSpec) -> Record:
    """The spec; what a person may add stands in it only where it was given, so that the specs of other
    curves, by which decisions know them, stay as they were.
    """
    return {
        name: value
        for name, value in asdict(spec).items()
        if name not in _APART and (name not in _ADDED or value not in (None, ()))
    }


_APART = ("printed", "stroke_px")
"""What was read beside a scale, and is no part of it."""
_ADDED = ("scale_points", "wrap_start", "null_rows", "redrawn")


def _finding(finding: Finding) -> Record:
    return asdict(finding)


def spec_of(stored: Mapping[str, Any]) -> CurveSpec:
    """The curve spec that a record holds as plain data."""
    points = ("points_px", "scale_points", "null_rows", "redrawn")
    tuples = {name: tuple(map(tuple, stored.get(name, ()))) for name in points}
    return CurveSpec(**{**stored, **tuples})
