"""LAS 2.0: the curves of one section as a file that other software reads.

In: a ``DigitisedLog`` and a section id. Out: bytes, or None where there is no curve to deliver.
Here belong the rules of the LAS 2.0 standard (CWLS 1992, updates of 2014 and 2017) and the text of
the header. Which curve is accepted, and any file or object name, do not belong here.

The file keeps to what readers of several languages take: titles of one word; a header line of mnemonic,
unit, value from column 17 on, one blank and a colon; ``~A`` with the mnemonics; no ``~`` or second
colon inside a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite

from storage.damage import damage_lines
from storage.las_text import (
    ascii_text,
    exact_text,
    header_text,
    is_exact,
    other_text,
    unique_mnemonics,
)
from storage.section_table import NULL, Column, SectionTable, csv_bytes, section_table
from veernet_core.datatypes import (
    Decision,
    DepthUnit,
    DigitisedLog,
    Finding,
    JudgedCurve,
    WellInfo,
)
from veernet_core.findings import proviso

__all__ = ["NULL", "ascii_text", "csv_bytes", "las_bytes", "text_findings", "unique_mnemonics"]

LOSSY_TEXT = "text_transliterated"
"""Finding: text that LAS, which is ASCII, holds in another spelling."""
TRUE_VERTICAL = "true_vertical_depth"
"""Finding: the form says that depths are true vertical ones."""
IN_REVIEW = "IN REVIEW, NOT ACCEPTED"
"""What every header line of a file with curves in review says."""

_LAS_UNIT: dict[DepthUnit, str] = {"ft": "FT", "m": "M"}
_VALUE_COLUMN = 16
_LEAST_GAP = 4
"""Blanks between unit and value; with fewer some readers take them for one word."""
_WELL_ITEMS = (
    ("COMP", "company", "COMPANY"),
    ("WELL", "name", "WELL"),
    ("FLD", "field_name", "FIELD"),
    ("LOC", "location", "LOCATION"),
    ("CNTY", "county", "COUNTY"),
    ("STAT", "state", "STATE"),
    ("CTRY", "country", "COUNTRY"),
    ("SRVC", "service_company", "SERVICE COMPANY"),
    ("DATE", "date", "DATE"),
    ("UWI", "uwi", "UNIQUE WELL ID"),
)
"""Mnemonic, member of ``WellInfo`` and description of the ~Well items after NULL."""
_DATUM_ITEMS = (
    ("EKB", "elevation_kb", "ELEVATION OF KELLY BUSHING"),
    ("EDF", "elevation_df", "ELEVATION OF DERRICK FLOOR"),
    ("EGL", "elevation_gl", "ELEVATION OF GROUND"),
    ("LMF", "datum", "LOG MEASURED FROM"),
)
"""The same of the ~Parameter items that say what depths are measured from; only those that are known."""


@dataclass(slots=True)
class _Writer:
    """Header lines, and the exact spelling of all text that they hold in another one."""

    mark: str = ""
    exact: list[str] = field(default_factory=list)

    def line(self, mnemonic: str, unit: str, value: str, description: str) -> str:
        left = f"{mnemonic}.{unit}"
        gap = max(_LEAST_GAP, _VALUE_COLUMN - len(left))
        note = f" ({self.mark})" if self.mark else ""
        return f"{left}{' ' * gap}{value} : {description}{note}"

    def text(self, what: str, text: str, written: str) -> str:
        """``written``; where it does not say all of ``text``, that is noted."""
        if not is_exact(text, written):
            self.exact.append(f"Exact text of {what}: {exact_text(text)}")
        return written


def las_bytes(
    log: DigitisedLog,
    section_id: str,
    remarks: Sequence[str] = (),
    decision: Decision = "accept",
) -> bytes | None:
    """LAS 2.0 file of the curves of a section with one verdict.

    Depths are whole multiples of STEP (LAS 2.0, ~W). Decimals are chosen from the scale. Text that is not
    ASCII is transliterated; its exact spelling stands in ``~Other`` as a JSON string.

    Parameters
    ----------
    log : DigitisedLog
    section_id : str
    remarks : sequence of str
        Lines to add to ``~Other``: what people decided.
    decision : {'accept', 'review'}
        Which curves; those in review are marked so in every header line.

    Returns
    -------
    bytes or None
        ASCII text with CRLF line ends; None where there is no such curve.

    Raises
    ------
    WriteError
        Where depths are no whole multiples of one decimal step.
    """
    table = section_table(log, section_id, decision)
    if table is None:
        return None
    writer = _Writer("" if decision == "accept" else IN_REVIEW)
    vertical = any(finding.code == TRUE_VERTICAL for finding in log.findings)
    names = unique_mnemonics([column.mnemonic for column in table.columns])
    lines = [
        "~Version",
        writer.line("VERS", "", "2.0", "CWLS LOG ASCII STANDARD - VERSION 2.0"),
        writer.line("WRAP", "", "NO", "ONE LINE PER DEPTH STEP"),
        "~Well",
        *_well_lines(writer, log.well, table),
        "~Curve",
        writer.line(
            "DEPT", _LAS_UNIT[table.unit], "", "TRUE VERTICAL DEPTH" if vertical else "DEPTH"
        ),
        *(_curve_line(writer, name, column) for name, column in zip(names, table.columns)),
        "~Parameter",
        *_parameter_lines(writer, log, section_id, _LAS_UNIT[table.unit]),
        "~Other",
        *_other_lines(writer, log, section_id, remarks, decision),
        *_data_lines(table, names),
    ]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def text_findings(log: DigitisedLog) -> tuple[Finding, ...]:
    """Findings for the text of a log that LAS holds in another spelling, one for the well and one a curve."""
    changed = []
    for mnemonic, name, _ in _WELL_ITEMS:
        text = getattr(log.well, name)
        if not is_exact(text, header_text(text)):
            changed.append(f"{mnemonic} {header_text(text)}")
    found = []
    if changed:
        message = f"LAS is ASCII: text of the well is written as {', '.join(changed)}."
        found.append(Finding.of(LOSSY_TEXT, message))
    for judged in log.curves:
        curve = judged.curve
        written = unique_mnemonics([curve.spec.mnemonic])[0]
        unit = header_text(curve.spec.unit, "")
        if not (is_exact(curve.spec.mnemonic, written) and is_exact(curve.spec.unit, unit)):
            name = curve.spec.mnemonic
            message = f"LAS is ASCII: curve {name} is written as {written} [{unit}]."
            found.append(
                Finding.of(
                    LOSSY_TEXT,
                    message,
                    section_id=curve.section_id,
                    track_id=curve.track_id,
                    mnemonic=name,
                )
            )
    return tuple(found)


def _well_lines(writer: _Writer, well: WellInfo, table: SectionTable) -> Iterable[str]:
    """All mandatory ~Well items (LAS 2.0, section 5.4); empty where the fact is not known."""
    depths, unit = table.depth_text(), _LAS_UNIT[table.unit]
    yield writer.line("STRT", unit, depths[0], "START DEPTH")
    yield writer.line("STOP", unit, depths[-1], "STOP DEPTH")
    yield writer.line("STEP", unit, f"{table.step:f}", "STEP")
    yield writer.line("NULL", "", f"{NULL:.2f}", "NULL VALUE")
    for mnemonic, name, description in _WELL_ITEMS:
        text = getattr(well, name)
        value = writer.text(mnemonic, text, header_text(text))
        yield writer.line(mnemonic, "", value, description)
    if re.fullmatch(r"[\d-]+", well.uwi) and len(well.uwi.replace("-", "")) in (10, 12, 14):
        yield writer.line("API", "", well.uwi, "API NUMBER")


def _curve_line(writer: _Writer, name: str, column: Column) -> str:
    spec, track = column.judged.curve.spec, column.judged.curve.track_id
    unit = writer.text(f"unit of {name}", spec.unit, header_text(spec.unit, ""))
    writer.text(f"curve {name}", spec.mnemonic, name)
    writer.text(f"printed name of {name}", spec.printed, header_text(spec.printed))
    renamed = "" if name == spec.mnemonic else f"{spec.mnemonic}, "
    scale = f"{spec.left:g} to {spec.right:g} {spec.scale}"
    printed = f"printed {spec.printed}, " if spec.printed else ""
    about = header_text(f"{renamed}{printed}track {track}, scale {scale}, {spec.style}")
    return writer.line(name, unit, "", about)


def _parameter_lines(writer: _Writer, log: DigitisedLog, section_id: str, unit: str) -> list[str]:
    """What the file was made of, and what its depths are measured from; ``unit``: of depths and elevations."""
    scan = writer.text("SCAN", log.scan.stem, header_text(log.scan.stem))
    section = writer.text("SECT", section_id, header_text(section_id))
    return [
        writer.line("SCAN", "", scan, "SCANNED PAPER LOG"),
        writer.line("SECT", "", section, "SECTION OF THE SCAN"),
        *(
            writer.line(item, "" if item == "LMF" else unit, header_text(text), description)
            for item, name, description in _DATUM_ITEMS
            if (text := getattr(log.well, name))
        ),
    ]


def _other_lines(
    writer: _Writer,
    log: DigitisedLog,
    section_id: str,
    remarks: Sequence[str],
    decision: Decision,
) -> list[str]:
    """~Other: what the file was made from and with, the verdict on every curve, damage of the scan, and exact
    spellings.

    The first line is short: one reader's pattern for the title takes time exponential in its words.
    """
    made = log.provenance
    if decision == "accept":
        kind = "Only accepted curves are in this file."
    else:
        kind = f"{IN_REVIEW}. The curves in this file wait for a person's decision."
    lines = [
        f"Scan: {log.scan.stem}",
        f"Digitised from a scanned paper log by: veernet {made.version}",
        f"Scan SHA-256: {made.scan_sha256}",
        f"Sidecar SHA-256: {made.sidecar_sha256 or 'none'}",
        f"Section: {section_id}",
        f"Model: {made.model_id}",
        f"Configuration: {made.config_hash}",
        f"Gate policy: {', '.join(sorted({j.verdict.policy_id for j in log.curves}))}",
        f"{kind} Verdicts of the section:",
        *(_verdict_line(j) for j in log.curves if j.curve.section_id == section_id),
        *(f"Damage of the scan: {line}" for line in _damage(log, section_id)),
    ]
    written = [other_text(line) for line in lines]
    for number, remark in enumerate(remarks, 1):
        written.append(writer.text(f"remark {number}", remark, other_text(remark)))
    return [*written, *writer.exact]


def _damage(log: DigitisedLog, section_id: str) -> list[str]:
    own = [section for section in log.sections if section.section_id == section_id]
    return [line for section in own for line in damage_lines(log.findings, section)]


def _verdict_line(judged: JudgedCurve) -> str:
    curve, quality, verdict = judged.curve, judged.quality, judged.verdict
    limits = proviso(verdict.reasons)
    figures = (
        f"R2 estimate {_figure(quality.r2_estimate)} "
        f"[{_figure(quality.r2_lower)}, {_figure(quality.r2_upper)}]{limits and f' {limits}'}, "
        f"coverage {_figure(quality.coverage)}"
    )
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    return f"{curve.spec.mnemonic} in {curve.track_id}: {verdict.decision}{reasons}, {figures}"


def _figure(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "unknown"


def _data_lines(table: SectionTable, names: Sequence[str]) -> list[str]:
    """The ~A line with the mnemonics, and a line for every depth."""
    null = f"{NULL:.2f}"
    columns = [["~A DEPT", *table.depth_text()]]
    for name, column in zip(names, table.columns):
        columns.append([name, *(cell or null for cell in column.cells)])
    widths = [max(map(len, cells)) for cells in columns]
    rows = [list(row) for row in zip(*columns)]
    rows[0][0] = f"~A {'DEPT'.rjust(widths[0] - 3)}"
    return ["  ".join(cell.rjust(width) for cell, width in zip(row, widths)) for row in rows]
