"""How often a measurement has which value: what tells curves of different kinds apart that one pen draws.

In: ``usual_values.json``, fitted by `training.usual_values` on public logs. Out: how likely a kind of
measurement has a value. A caliper reads 6 to 11 inches nearly everywhere; a potential at that place is rare.
Does not belong here: following curves, and which kinds there are (`curve_kinds`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet_core.domain.vocabulary import find_curve

F64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class UsualValues:
    """Values of one kind of measurement.

    Attributes
    ----------
    mnemonics : tuple of str
        The curves that measure it; among them values tell nothing.
    units : mapping
        By unit, what a value is multiplied by.
    first, last : float
        Ends of the axis; powers of ten where ``log``.
    log : bool
    shares : float64 [n]
        Share of readings in each of equal steps of the axis; sums to 1.
    """

    mnemonics: tuple[str, ...]
    units: Mapping[str, float]
    first: float
    last: float
    log: bool
    shares: F64

    def at(self, value: F64, unit: str) -> F64:
        """Place on the axis, 0 to 1 between its ends; NaN where a logarithm has none."""
        scaled = value * self.units[unit]
        if self.log:
            scaled = np.log10(np.where(scaled > 0, scaled, np.nan))
        return (scaled - self.first) / (self.last - self.first)

    def density(self, place: F64) -> F64:
        """Share per unit of the axis; beyond the ends that of the last step."""
        n = len(self.shares)
        step = np.nan_to_num(np.floor(place * n), nan=0.0).clip(0, n - 1).astype(np.int64)
        return np.asarray(self.shares[step] * n)


@dataclass(frozen=True, slots=True)
class ValueEvidence:
    """All kinds, and how much their values say.

    Attributes
    ----------
    kinds : tuple of UsualValues
    reading_rows : float
        Rows of a strip that say as much as one independent reading.
    most : float
        Nats that one curve can bring in one stretch between touches.
    slope, whole_rows : float
        Nats for each nat that the mean row of whole traces brings, and rows from which on traces are whole:
        a well that is odd is odd all along.
    """

    kinds: tuple[UsualValues, ...]
    reading_rows: float
    most: float
    slope: float
    whole_rows: float


@cache
def value_evidence() -> ValueEvidence:
    """What was fitted."""
    raw = (files("veernet_core.domain") / "usual_values.json").read_text("utf-8")
    return evidence_from_json(json.loads(raw))


def evidence_from_json(raw: Mapping[str, Any]) -> ValueEvidence:
    """As stored."""
    kinds = tuple(
        UsualValues(
            tuple(kind["mnemonics"]),
            dict(kind["units"]),
            kind["first"],
            kind["last"],
            kind["log"],
            np.array(kind["shares"]) / np.sum(kind["shares"]),
        )
        for kind in raw["kinds"]
    )
    return ValueEvidence(kinds, raw["reading_rows"], raw["most"], raw["slope"], raw["whole_rows"])


def usual_values(mnemonic: str, unit: str, evidence: ValueEvidence) -> UsualValues | None:
    """The usual values of a curve; None where its kind or its unit has none.

    Examples
    --------
    >>> usual_values("CALI", "IN", value_evidence()).last
    21.0
    >>> usual_values("CALI", "OHMM", value_evidence()) is None
    True
    """
    found = find_curve(mnemonic)
    name = mnemonic if found is None else found.kind.mnemonic
    for kind in evidence.kinds:
        if name in kind.mnemonics and unit.upper() in kind.units:
            return kind
    return None
