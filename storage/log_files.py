"""Which files a log becomes.

In: a ``DigitisedLog``. Out: file names and bytes. Does not belong here: writing them (`publish`,
`objects`), the datasets over all logs (`datasets`).

A log's folder also holds its part of the sample dataset (``curves.parquet``): the folder is published in one
step, so the datasets can always be rebuilt from the folders that exist.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from storage.las import las_bytes, text_findings
from storage.names import safe_name
from storage.records import record_bytes
from storage.section_table import csv_bytes
from storage.tables import (
    curves_table,
    parquet_bytes,
)
from veernet_core.datatypes import DigitisedLog

RECORD = "log.json"
SAMPLES = "curves.parquet"
_IN_REVIEW = ".review"


def log_files(
    log: DigitisedLog,
    log_id: str | None = None,
    *,
    include_review: bool = False,
    with_place: bool = False,
) -> dict[str, bytes]:
    """All files of ``logs/<log_id>/`` by name, in name order; the same log gives the same bytes.

    Parameters
    ----------
    log : DigitisedLog
    log_id : str, optional
        Folder name as the function ``log_id`` gave it; the scan's stem made safe where left out.
    include_review : bool
        Also write the curves in review, as ``<stem>.review.las``.
    with_place : bool
        Also say in ``log.json`` where the scan lay, which is said anyway if the folder is not called after
        the stem: other scans have it.

    Returns
    -------
    dict of str to bytes
        ``<stem>.las`` and ``.csv`` (``<stem>.<section_id>.…`` where the scan has several sections;
        none where no curve was accepted), ``log.json``, ``curves.parquet`` and the overlays. What LAS
        cannot spell exactly is a finding in ``log.json``.

    Raises
    ------
    WriteError
        Where a section's depths cannot be written as LAS.
    """
    stem = safe_name(log.scan.stem)
    log = with_text_findings(log)
    files = {
        RECORD: record_bytes(log, with_place or log_id not in (None, stem)),
        **delivered_files(log, log_id or stem, include_review=include_review),
    }
    for overlay in log.overlays:
        base = _free(safe_name(overlay.name, "overlay"), ".png", files)
        files[f"{base}.png"] = overlay.png
    return dict(sorted(files.items()))


def with_text_findings(log: DigitisedLog) -> DigitisedLog:
    """The log with a finding for every text that its LAS file must spell in other letters."""
    new = [finding for finding in text_findings(log) if finding not in log.findings]
    return replace(log, findings=(*log.findings, *new)) if new else log


def delivered_files(
    log: DigitisedLog,
    log_id: str,
    remarks: Mapping[str, Sequence[str]] | None = None,
    *,
    include_review: bool = False,
) -> dict[str, bytes]:
    """The files of a log that follow its decisions: samples, LAS and CSV.

    Parameters
    ----------
    remarks : mapping of section id to lines, optional
        Added to ``~Other`` of the section's LAS file.
    include_review : bool
        Also ``<stem>.review.las`` with the curves in review, marked so in every header line.

    Raises
    ------
    WriteError
        Where a section's depths cannot be written as LAS.
    """
    stem = safe_name(log.scan.stem)
    files = {SAMPLES: parquet_bytes(curves_table(log, log_id))}
    for section in log.sections:
        name = section.section_id
        base = stem if len(log.sections) == 1 else f"{stem}.{safe_name(name, 'section')}"
        if base.casefold().endswith(_IN_REVIEW):
            base += "_"  # a name that would say its curves are in review
        remarked = (remarks or {}).get(name, ())
        las, csv = las_bytes(log, name, remarked), csv_bytes(log, name)
        if las is not None and csv is not None:
            base = _free(base, ".las", files)
            files |= {f"{base}.las": las, f"{base}.csv": csv}
        doubtful = las_bytes(log, name, remarked, "review") if include_review else None
        if doubtful is not None:
            files[f"{_free(f'{base}{_IN_REVIEW}', '.las', files)}.las"] = doubtful
    return files


def _free(base: str, suffix: str, files: Collection[str]) -> str:
    """``base``, or with a number where the file exists (also in another case)."""
    lowered = {name.casefold() for name in files}
    name, number = base, 2
    while f"{name}{suffix}".casefold() in lowered:
        name, number = f"{base}_{number}", number + 1
    return name
