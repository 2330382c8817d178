"""LAS 2.0 and CSV: the accepted curves of one section as a table that other software reads.

In: a ``DigitisedLog`` and a section id. Out: bytes, or None where no curve was accepted.
Here belong the rules of the LAS 2.0 standard (CWLS 1992, updates of 2014 and 2017) and the text of
the header. Which curve is accepted, and any file or object name, do not belong here.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, gcd, isfinite, lcm, log10

import lasio
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, CurveSpec, DepthUnit, DigitisedLog, JudgedCurve, WellInfo
from veernet_core.errors import WriteError

NULL = -999.25
"""The value that stands for *not observed* in LAS files."""

_STEP_DIGITS = 6
_LAS_UNIT: dict[DepthUnit, str] = {"ft": "FT", "m": "M"}
_INDEX_NAMES = ("DEPT", "DEPTH", "TIME", "INDEX")
_LETTERS = str.maketrans(
    {"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l",
     "Đ": "D", "đ": "d", "Þ": "Th", "þ": "th", "ð": "d", "µ": "u", "μ": "u", "Ω": "ohm",
     "°": "deg", "–": "-", "—": "-", "−": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One accepted curve on the table's depths.

    Attributes
    ----------
    name : str
        Mnemonic, unique in the table and legal in LAS.
    judged : JudgedCurve
    value : float64 [n]
        Rounded to ``decimals``; NaN not observed; never equal to ``NULL``.
    decimals : int
    """

    name: str
    judged: JudgedCurve
    value: F64
    decimals: int


@dataclass(frozen=True, slots=True)
class SectionTable:
    """Accepted curves of one section on common depths ``(first + i) * step``, i < ``count``."""

    unit: DepthUnit
    step: Decimal
    first: int
    count: int
    columns: tuple[Column, ...]

    def depth_text(self) -> list[str]:
        """Every depth as exact decimal text."""
        return [f"{(self.first + i) * self.step:f}" for i in range(self.count)]


def las_bytes(log: DigitisedLog, section_id: str, remarks: Sequence[str] = ()) -> bytes | None:
    """LAS 2.0 file of the accepted curves of a section.

    Depths are whole multiples of STEP (LAS 2.0, ~W). Decimals are chosen per curve from its scale.

    Parameters
    ----------
    log : DigitisedLog
    section_id : str
    remarks : sequence of str
        Lines to add to ``~Other``: what people decided.

    Returns
    -------
    bytes or None
        ASCII text with CRLF line ends; None where no curve was accepted.

    Raises
    ------
    WriteError
        Where depths are no whole multiples of one decimal step.
    """
    table = section_table(log, section_id)
    if table is None:
        return None
    depths = table.depth_text()
    las = lasio.LASFile()
    del las.version["DLM"]
    _fill_well(las, log.well, _LAS_UNIT[table.unit])
    las.other = "\n".join([*_other_lines(log, section_id), *map(_other_line, remarks)])
    las.append_curve(
        "DEPT", np.array([float(text) for text in depths]), _LAS_UNIT[table.unit], descr="Depth"
    )
    for column in table.columns:
        las.append_curve(column.name, column.value, _header(column.judged.curve.spec.unit, ""),
                         descr=_describe(column))  # fmt: skip
    formats = {0: f"%.{_decimals(table.step)}f"}
    formats |= {i: f"%.{column.decimals}f" for i, column in enumerate(table.columns, start=1)}
    text = io.StringIO()
    las.write(text, version=2, wrap=False, STRT=depths[0], STOP=depths[-1], STEP=f"{table.step:f}",
              column_fmt=formats)  # fmt: skip
    return text.getvalue().replace("\n", "\r\n").encode("ascii")


def csv_bytes(log: DigitisedLog, section_id: str) -> bytes | None:
    """CSV with the table of ``las_bytes``: header row ``DEPT`` and mnemonics, NULL as empty cell.

    Returns
    -------
    bytes or None
        ASCII text with LF line ends; None where no curve was accepted.

    Raises
    ------
    WriteError
        As ``las_bytes``.
    """
    table = section_table(log, section_id)
    if table is None:
        return None
    columns = [table.depth_text()]
    for column in table.columns:
        columns.append(
            ["" if np.isnan(value) else f"{value:.{column.decimals}f}" for value in column.value]
        )
    lines = [",".join(["DEPT", *(column.name for column in table.columns)])]
    lines += [",".join(cells) for cells in zip(*columns)]
    return ("\n".join(lines) + "\n").encode("ascii")


def section_table(log: DigitisedLog, section_id: str) -> SectionTable | None:
    """Accepted curves of a section on their common depths; None where there are none.

    Raises
    ------
    WriteError
        Where depths are no whole multiples of one decimal step, or units differ.
    """
    members = [j for j in log.curves if j.curve.section_id == section_id and len(j.curve.depth)]
    accepted = [j for j in members if j.verdict.decision == "accept"]
    if not accepted:
        return None
    units = {j.curve.depth_unit for j in accepted}
    if len(units) > 1:
        raise WriteError(
            f"depth units differ between curves: {sorted(units)}", f"section {section_id}"
        )
    depths = [j.curve.depth for j in accepted]
    if max(map(len, depths)) == 1:
        depths = [j.curve.depth for j in members]
    step = _common_step(depths, section_id)
    indices = [_whole_multiples(j.curve.depth, step, section_id) for j in accepted]
    first = min(int(index[0]) for index in indices)
    count = max(int(index[-1]) for index in indices) - first + 1
    names = unique_mnemonics([j.curve.spec.mnemonic for j in accepted])
    columns = []
    for name, judged, index in zip(names, accepted, indices):
        decimals = value_decimals(judged.curve.spec, judged.curve.value)
        value = np.full(count, np.nan)
        value[index - first] = _printable(judged.curve.value, decimals)
        columns.append(Column(name, judged, value, decimals))
    return SectionTable(units.pop(), step, first, count, tuple(columns))


def ascii_text(text: str) -> str:
    """Printable ASCII nearest to ``text``: accents dropped, controls to blanks, the rest to ``?``.

    Examples
    --------
    >>> ascii_text("Müller–Straße\\t№ 7")
    'Muller-Strasse No 7'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).translate(_LETTERS)
    kept = []
    for char in plain:
        category = unicodedata.category(char)
        if category in ("Mn", "Cf"):
            continue
        if category[0] in "CZ":
            kept.append(" ")
        else:
            kept.append(char if char.isascii() else "?")
    return " ".join("".join(kept).split())


def unique_mnemonics(mnemonics: Sequence[str]) -> list[str]:
    """Legal LAS mnemonics in the same order; a repeated one (whatever its case) gets a number.

    Examples
    --------
    >>> unique_mnemonics(["GR", "GR", "DEPT", "R.T:"])
    ['GR', 'GR_2', 'DEPT_2', 'R_T']
    """
    taken = {name.upper() for name in _INDEX_NAMES}
    names = []
    for mnemonic in mnemonics:
        base = re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_text(mnemonic)).strip("_-") or "CURVE"
        name, number = base, 2
        while name.upper() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.upper())
        names.append(name)
    return names


def value_decimals(spec: CurveSpec, value: F64) -> int:
    """Decimals that keep 1/10,000 of a linear scale, or of the smallest value on a logarithmic one.

    Parameters
    ----------
    spec : CurveSpec
    value : float64 [n]
        In ``spec.unit``; NaN not observed.
    """
    smallest = abs(spec.right - spec.left)
    if spec.scale == "log":
        positive = value[np.isfinite(value) & (value > 0)]
        smallest = min([spec.left, spec.right, *([float(positive.min())] if len(positive) else [])])
    return min(max(4 - floor(log10(smallest)), 0), 18)


def _printable(value: F64, decimals: int) -> F64:
    """Values as they will be printed; one that would read as NULL moves by its last digit."""
    finite: F64 = np.where(np.isfinite(value), value, np.nan)
    rounded: F64 = np.round(finite, decimals).astype(np.float64) + 0.0
    rounded[np.abs(rounded - NULL) < 1e-9] = NULL + 10.0 ** -max(decimals, 2)
    return rounded


def _common_step(depths: Sequence[F64], section_id: str) -> Decimal:
    """Coarsest decimal step of which every curve's smallest interval is a whole multiple."""
    scale = 10**_STEP_DIGITS
    smallest = [float(np.diff(d).min()) for d in depths if len(d) > 1]
    intervals = [round(interval * scale) if isfinite(interval) else 0 for interval in smallest]
    if not intervals or min(intervals) <= 0:
        raise WriteError(
            "no depth step: depths must increase and be two or more", f"section {section_id}"
        )
    step = Fraction(gcd(*intervals), scale)
    decimals = 0
    while lcm(step.denominator, 10**decimals) != 10**decimals:
        decimals += 1
    return Decimal(int(step * 10**decimals)).scaleb(-decimals)


def _whole_multiples(depth: F64, step: Decimal, section_id: str) -> NDArray[np.int64]:
    """Integers k with depth = k * step; a WriteError where there are none."""
    index = np.rint(depth / float(step))
    off = np.abs(depth - index * float(step))
    if not np.all(np.isfinite(depth)) or off.max() > 1e-3 * float(step):
        raise WriteError(
            f"depths are no whole multiples of {step:f} (off by {off.max():g})",
            f"section {section_id}",
            "Choose a depth step with at most six decimals.",
        )
    return index.astype(np.int64)


def _decimals(step: Decimal) -> int:
    return max(-int(step.as_tuple().exponent), 0)


def _header(text: str, blank: str = " ") -> str:
    """Text that cannot break a header line: no colon (it ends the value), blanks as ``blank``."""
    return ascii_text(text).replace(":", ";").replace(" ", blank)


def _fill_well(las: lasio.LASFile, well: WellInfo, unit: str) -> None:
    """All mandatory ~Well items (LAS 2.0, section 5.4); empty where the fact is not known."""
    facts = {"COMP": well.company, "WELL": well.name, "FLD": well.field_name, "CNTY": well.county,
             "STAT": well.state, "CTRY": well.country, "SRVC": well.service_company,
             "DATE": well.date, "UWI": well.uwi}  # fmt: skip
    if re.fullmatch(r"[\d-]+", well.uwi) and len(well.uwi.replace("-", "")) in (10, 12, 14):
        facts["API"] = well.uwi
    else:
        del las.well["API"]
    del las.well["PROV"]
    for mnemonic, text in facts.items():
        las.well[mnemonic].value = _header(text)
    for mnemonic in ("STRT", "STOP", "STEP"):
        las.well[mnemonic].unit = unit
    las.well["NULL"].value = f"{NULL:.2f}"


def _describe(column: Column) -> str:
    spec, track = column.judged.curve.spec, column.judged.curve.track_id
    renamed = "" if column.name == spec.mnemonic else f"{spec.mnemonic}, "
    scale = f"{spec.left:g} to {spec.right:g} {spec.scale}"
    return _header(f"{renamed}track {track}, scale {scale}, {spec.style}")


def _other_lines(log: DigitisedLog, section_id: str) -> list[str]:
    """~Other: what the file was made from and with, and the verdict on every curve."""
    made = log.provenance
    facts = [
        ("Digitised from a scanned paper log by", f"veernet {made.version}"),
        ("Scan", log.scan.stem),
        ("Scan SHA-256", made.scan_sha256),
        ("Sidecar SHA-256", made.sidecar_sha256 or "none"),
        ("Section", section_id),
        ("Model", made.model_id),
        ("Configuration", made.config_hash),
        ("Gate policy", ", ".join(sorted({j.verdict.policy_id for j in log.curves}))),
    ]
    lines = [f"{key}: {value}" for key, value in facts]
    lines.append("Only accepted curves are in this file. Verdicts of the section:")
    lines += [_verdict_line(j) for j in log.curves if j.curve.section_id == section_id]
    return [_other_line(line) for line in lines]


def _other_line(text: str) -> str:
    """Text that can neither start a section nor a comment."""
    return re.sub(r"^[~#]+", "", ascii_text(text))


def _verdict_line(judged: JudgedCurve) -> str:
    curve, quality, verdict = judged.curve, judged.quality, judged.verdict
    figures = (
        f"R2 estimate {_figure(quality.r2_estimate)} "
        f"[{_figure(quality.r2_lower)}, {_figure(quality.r2_upper)}], "
        f"coverage {_figure(quality.coverage)}"
    )
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    return f"{curve.spec.mnemonic} in {curve.track_id}: {verdict.decision}{reasons}, {figures}"


def _figure(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "unknown"
