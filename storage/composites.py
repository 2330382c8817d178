"""One table for each well: every curve from its best accepted source, beside the logs' own files.

In: published logs and the decisions on them. Out: ``wells/<UWI>/`` with LAS, CSV, Parquet and
``composite.json``, which names each curve's source and says where other sources of the same curve disagree:
the same curve stands in a 2-inch, a 5-inch and a repeat section, and on several scans. Nothing is spliced or
interpolated: a curve comes whole from one source. Files of single logs do not belong here
(``storage.publish``, ``storage.delivery``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from storage.damage import damage_lines
from storage.delivery import decided_log
from storage.las import las_bytes
from storage.names import safe_name
from storage.objects import ObjectStore
from storage.section_table import csv_bytes
from storage.tables import Row, parquet_bytes
from veernet_core.curve.physical import frac_at
from veernet_core.datatypes import (
    Bool,
    DigitisedLog,
    JudgedCurve,
    RecoveredCurve,
    Section,
    WellInfo,
)

WELLS = "wells/"
SECTION = "composite"
"""What a table of a well is called where a log has the name of its section."""
AGREE = 0.02
"""Track widths that two sources may differ by: each promises to be within a hundredth of the width."""


_PUT_TOGETHER = (
    "This table is put together: the scan, sidecar and model above are those of its first curve. "
    "Each curve's own source follows."
)


@dataclass(frozen=True, slots=True)
class Source:
    """An accepted curve and the log it is from."""

    log_id: str
    log: DigitisedLog
    judged: JudgedCurve

    @property
    def curve(self) -> RecoveredCurve:
        """The curve."""
        return self.judged.curve

    @property
    def place(self) -> Row:
        """What names the source."""
        curve = self.curve
        return {"log_id": self.log_id, "section_id": curve.section_id, "track_id": curve.track_id,
                "mnemonic": curve.spec.mnemonic, "scan_sha256": self.log.scan.sha256}  # fmt: skip


def write_composites(store: ObjectStore, uwis: Collection[str] | None = None) -> list[str]:
    """Write the table of every well that has an accepted curve; returns their UWIs.

    Parameters
    ----------
    store : ObjectStore
        Output folder or bucket.
    uwis : collection of str, optional
        Only these wells; all where left out, and then tables of wells without an accepted curve go.

    Raises
    ------
    StorageError, WriteError
    """
    written: dict[str, str] = {}
    for uwi, log_ids in _logs_by_well(store, uwis):
        files = composite_files(uwi, _sources(store, log_ids))
        if not files:
            continue
        folder = safe_name(uwi)
        for name, data in files.items():
            if store.get_or_none(f"{WELLS}{folder}/{name}") != data:
                store.put(f"{WELLS}{folder}/{name}", data)
        keep = {f"{WELLS}{folder}/{name}" for name in files}
        old = [info.key for info in store.listing(f"{WELLS}{folder}/") if info.key not in keep]
        store.delete(old)
        written[uwi] = folder
    if uwis is None:
        held = {f"{WELLS}{folder}/" for folder in written.values()}
        gone = [i.key for i in store.listing(WELLS) if not i.key.startswith(tuple(held))]
        store.delete(gone)
    return sorted(written)


def composite_files(uwi: str, sources: Sequence[Source]) -> dict[str, bytes]:
    """The files of a well by name; empty where it has no accepted curve.

    Raises
    ------
    WriteError
        Where depths cannot be written as LAS.
    """
    chosen = _chosen(sources)
    if not chosen:
        return {}
    stem = safe_name(uwi)
    described = [_described(best, others) for best, others in chosen]
    files = {
        f"{stem}.parquet": parquet_bytes(_table(uwi, chosen)),
        "composite.json": _json({"uwi": uwi, "curves": described}),
    }
    units = sorted({best.curve.depth_unit for best, _ in chosen})
    for unit in units:
        own = [k for k, (best, _) in enumerate(chosen) if best.curve.depth_unit == unit]
        log = _as_log(uwi, [chosen[k][0] for k in own])
        name = stem if len(units) == 1 else f"{stem}.{unit}"
        remarks = [_PUT_TOGETHER, *(line for k in own for line in _remarks(described[k], unit))]
        remarks += _damage([chosen[k][0] for k in own])
        las, csv = las_bytes(log, SECTION, remarks), csv_bytes(log, SECTION)
        assert las is not None
        assert csv is not None
        files |= {f"{name}.las": las, f"{name}.csv": csv}
    return files


def _logs_by_well(
    store: ObjectStore, uwis: Collection[str] | None
) -> Iterator[tuple[str, list[str]]]:
    """Wells and their logs with a curve that is accepted in the end."""
    wells: dict[str, set[str]] = {}
    for uwi, log_id in _accepted(store):
        if uwi and (uwis is None or uwi in uwis):
            wells.setdefault(uwi, set()).add(log_id)
    for uwi in sorted(wells):
        yield uwi, sorted(wells[uwi])


def logs_without_uwi(store: ObjectStore) -> list[str]:
    """Logs that have an accepted curve and are of no known well."""
    return sorted({log_id for uwi, log_id in _accepted(store) if not uwi})


def _accepted(store: ObjectStore) -> Iterator[tuple[str | None, str]]:
    """The UWI and the log of every curve that is accepted in the end."""
    data = store.get_or_none("verdicts.parquet")
    if data is None:
        return
    names = ["uwi", "log_id", "decision", "reviewed_decision"]
    for row in pq.read_table(io.BytesIO(data), columns=names).to_pylist():
        if (row["reviewed_decision"] or row["decision"]) == "accept":
            yield row["uwi"], row["log_id"]


def _sources(store: ObjectStore, log_ids: Sequence[str]) -> list[Source]:
    logs = [(log_id, decided_log(store, log_id)) for log_id in log_ids]
    return [
        Source(log_id, log, judged)
        for log_id, log in logs
        if log is not None
        for judged in log.curves
        if judged.verdict.decision == "accept" and np.isfinite(judged.curve.value).any()
    ]


def _chosen(sources: Sequence[Source]) -> list[tuple[Source, list[Source]]]:
    """The best source of every curve, and the other ones, by mnemonic, unit and depth unit."""
    groups: dict[tuple[str, str, str], list[Source]] = {}
    for source in sources:
        spec = source.curve.spec
        key = (spec.mnemonic.upper(), spec.unit.upper(), source.curve.depth_unit)
        groups.setdefault(key, []).append(source)
    ranked = [sorted(groups[key], key=_rank) for key in sorted(groups)]
    return [(group[0], group[1:]) for group in ranked]


def _rank(source: Source) -> tuple[float, int, str, str, str]:
    """Best first: the lower bound of R², then the number of values, then by name."""
    lower = source.judged.quality.r2_lower
    values = int(np.isfinite(source.curve.value).sum())
    place = source.place
    return (-lower if np.isfinite(lower) else 1.0, -values, place["log_id"], place["section_id"],
            place["track_id"])  # fmt: skip


def _differs(best: Source, other: Source) -> tuple[Bool, Bool]:
    """Of the best source's depths: where the other has a value too, and where the two disagree."""
    mine, theirs = best.curve, other.curve
    there = np.interp(mine.depth, theirs.depth, theirs.value, left=np.nan, right=np.nan)
    one, two = (frac_at(value, mine.spec) for value in (mine.value, there))
    common: Bool = np.isfinite(one) & np.isfinite(two)
    apart: Bool = common & (np.abs(np.where(common, one - two, 0.0)) > AGREE)
    return common, apart


def _described(best: Source, others: Sequence[Source]) -> Row:
    lower = best.judged.quality.r2_lower
    found = []
    for other in others:
        common, apart = _differs(best, other)
        share = float(apart.sum() / common.sum()) if common.any() else None
        found.append({**other.place, "common_depths": int(common.sum()),
                      "share_apart": None if share is None else round(share, 4),
                      "apart": _stretches(best.curve, common, apart)})  # fmt: skip
    return {**best.place, "unit": best.curve.spec.unit, "depth_unit": best.curve.depth_unit,
            "r2_lower": round(float(lower), 4) if np.isfinite(lower) else None, "others": found}  # fmt: skip


def _stretches(curve: RecoveredCurve, common: Bool, apart: Bool) -> list[list[float]]:
    """Depths from and to of runs that disagree; depths that cannot be compared part no run."""
    rows = np.flatnonzero(common)
    ends = np.flatnonzero(np.diff(np.concatenate([[False], apart[rows], [False]]).astype(np.int8)))
    return [
        [float(curve.depth[rows[first]]), float(curve.depth[rows[last - 1]])]
        for first, last in ends.reshape(-1, 2).tolist()
    ]


def _remarks(described: Row, unit: str) -> list[str]:
    """Lines for the LAS file: where a curve is from, and where other sources disagree."""
    lines = [f"Source: {_named(described)}"]
    for other in described["others"]:
        stretches = ", ".join(f"{a:g} to {b:g}" for a, b in other["apart"])
        what = f"disagrees at {stretches} {unit}" if stretches else "agrees"
        compared = what if other["common_depths"] else "has no depth in common"
        lines.append(f"Other source: {_named(other)} {compared}")
    return lines


def _damage(sources: Sequence[Source]) -> list[str]:
    """Lines about damage of the scans, once for every section that a curve is from."""
    lines = [
        f"Damage of the scan of log {source.log_id}, section {section.section_id}: {line}"
        for source in sources
        for section in source.log.sections
        if section.section_id == source.curve.section_id
        for line in damage_lines(source.log.findings, section)
    ]
    return list(dict.fromkeys(lines))


def _named(place: Row) -> str:
    words = "{mnemonic} of log {log_id}, section {section_id}, track {track_id}, scan SHA-256 {scan_sha256}"
    return words.format(**place)


def _as_log(uwi: str, sources: Sequence[Source]) -> DigitisedLog:
    """The curves as one section of one log, under the well's header of the best source."""
    first = sources[0].log
    logs = ", ".join(sorted({source.log_id for source in sources}))
    scan = replace(first.scan, stem=f"put together from {logs}")
    section = Section(SECTION, 0.0, 2.0, None, ())
    curves = tuple(
        replace(s.judged, curve=replace(s.curve, section_id=SECTION, doubtful=())) for s in sources
    )
    well = _well(uwi, [s.log.well for s in sources])
    return replace(first, scan=scan, well=well, sections=(section,), curves=curves, findings=())


def _well(uwi: str, headers: Sequence[WellInfo]) -> WellInfo:
    """The header of the best source; what it does not say is taken from the first that does."""
    known = {
        item.name: next((text for h in headers if (text := getattr(h, item.name))), "")
        for item in fields(WellInfo)
    }
    return WellInfo(**known | {"uwi": uwi})


def _table(uwi: str, chosen: Sequence[tuple[Source, list[Source]]]) -> pa.Table:
    """Every sample of the chosen curves, its source, and how many other sources have it or disagree."""
    parts = []
    for best, others in chosen:
        curve, place = best.curve, best.place
        count = len(curve.depth)
        compared = [_differs(best, other) for other in others]
        sums = [np.sum([np.zeros(count, np.int32), *(c[k] for c in compared)], axis=0, dtype=np.int32)
                for k in (0, 1)]  # fmt: skip
        known = np.isfinite(curve.value)
        parts.append(pa.table({
            "uwi": [uwi] * count, "mnemonic": [curve.spec.mnemonic] * count,
            "unit": [curve.spec.unit] * count, "depth": curve.depth,
            "depth_unit": [curve.depth_unit] * count,
            "value": pa.array(curve.value, mask=~known),
            "confidence": pa.array(curve.confidence, mask=~known | ~np.isfinite(curve.confidence)),
            "observed": curve.observed & known,
            "log_id": [place["log_id"]] * count, "section_id": [place["section_id"]] * count,
            "track_id": [place["track_id"]] * count,
            "other_sources": sums[0], "other_sources_apart": sums[1],
        }))  # fmt: skip
    return pa.concat_tables(parts)


def _json(document: Row) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
