"""The curves of one section as a table on common depths, its cells as they will be printed; and CSV.

In: a ``DigitisedLog``, a section id and the decision whose curves are wanted. Out: ``SectionTable`` or
its CSV bytes, None where there are none. The header and the rules of LAS (``storage.las``) do not belong
here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, gcd, isfinite, lcm, log10

import numpy as np
from numpy.typing import NDArray

from storage.las_text import numbered
from storage.records import storable
from veernet_core.datatypes import F64, CurveSpec, Decision, DepthUnit, DigitisedLog, JudgedCurve
from veernet_core.errors import WriteError

NULL = -999.25
"""The value that stands for *not observed* in LAS files."""

_STEP_DIGITS = 6
_LINEAR_SHARE = 2e-4
"""Largest last digit of a linear scale's values, as a share of the scale."""
_LOG_DIGITS = 5
"""Digits of a value on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Column:
    """One curve on the table's depths.

    Attributes
    ----------
    judged : JudgedCurve
    cells : list of str [n]
        Values as they are printed; empty where not observed; none reads as ``NULL``.
    """

    judged: JudgedCurve
    cells: list[str]

    @property
    def mnemonic(self) -> str:
        """The curve's name, exactly as on the log or in the sidecar."""
        return self.judged.curve.spec.mnemonic


@dataclass(frozen=True, slots=True)
class SectionTable:
    """Curves of one section on common depths ``(first + i) * step``, i < ``count``."""

    unit: DepthUnit
    step: Decimal
    first: int
    count: int
    columns: tuple[Column, ...]

    def depth_text(self) -> list[str]:
        """Every depth as exact decimal text."""
        return [f"{(self.first + i) * self.step:f}" for i in range(self.count)]


def csv_bytes(log: DigitisedLog, section_id: str) -> bytes | None:
    """CSV of the accepted curves of a section: ``DEPT`` and mnemonics, NULL as empty cell.

    Mnemonics are exact; a repeated one gets a number, as in the LAS file.

    Returns
    -------
    bytes or None
        UTF-8 text with LF line ends; None where no curve was accepted.

    Raises
    ------
    WriteError
        As ``section_table``.
    """
    table = section_table(log, section_id)
    if table is None:
        return None
    names = numbered([storable(column.mnemonic) for column in table.columns])
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["DEPT", *names])
    writer.writerows(zip(table.depth_text(), *(column.cells for column in table.columns)))
    return text.getvalue().encode("utf-8")


def section_table(
    log: DigitisedLog, section_id: str, decision: Decision = "accept"
) -> SectionTable | None:
    """Curves of a section with one verdict on their common depths; None where there are none.

    Raises
    ------
    WriteError
        Where depths are no whole multiples of one decimal step, or units differ.
    """
    members = [j for j in log.curves if j.curve.section_id == section_id and len(j.curve.depth)]
    chosen = [j for j in members if j.verdict.decision == decision]
    if not chosen:
        return None
    units = {j.curve.depth_unit for j in chosen}
    if len(units) > 1:
        raise WriteError(
            f"depth units differ between curves: {sorted(units)}", f"section {section_id}"
        )
    depths = [j.curve.depth for j in chosen]
    if max(map(len, depths)) == 1:
        depths = [j.curve.depth for j in members]
    step = _common_step(depths, section_id)
    indices = [_whole_multiples(j.curve.depth, step, section_id) for j in chosen]
    first = min(int(index[0]) for index in indices)
    count = max(int(index[-1]) for index in indices) - first + 1
    columns = []
    for judged, index in zip(chosen, indices):
        value = np.full(count, np.nan)
        value[index - first] = judged.curve.value
        columns.append(Column(judged, _cells(judged.curve.spec, value)))
    return SectionTable(units.pop(), step, first, count, tuple(columns))


def value_decimals(spec: CurveSpec, value: float) -> int:
    """Decimals of a value: the last digit is at most 1/5,000 of a linear scale, the fifth digit of a
    value on a logarithmic one.

    Parameters
    ----------
    spec : CurveSpec
    value : float
        In ``spec.unit``.
    """
    if spec.scale == "log":
        smallest = abs(value) if value else min(spec.left, spec.right)
        return min(max(_LOG_DIGITS - 1 - floor(log10(smallest)), 0), 18)
    span = abs(spec.right - spec.left)
    if spec.scale_points:
        values, fracs = np.array(spec.scale_points).T
        span = float(np.abs(np.diff(values) / np.diff(fracs)).min())
    return min(max(ceil(-log10(_LINEAR_SHARE * span) - 1e-9), 0), 18)


def _cells(spec: CurveSpec, values: F64) -> list[str]:
    """Values as text; one that would read as NULL moves by its last digit."""
    linear = value_decimals(spec, 0.0) if spec.scale != "log" else None
    cells = []
    for value in values.tolist():
        if not isfinite(value):
            cells.append("")
            continue
        decimals = value_decimals(spec, value) if linear is None else linear
        text = f"{value:.{decimals}f}"
        if abs(float(text) - NULL) < 1e-9:
            text = f"{NULL + 10.0 ** -max(decimals, 2):.{max(decimals, 2)}f}"
        cells.append(text if float(text) else text.lstrip("-"))
    return cells


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
