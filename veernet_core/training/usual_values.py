"""Fit which values measurements usually have, and how much they say of which curve a line is.

In: logs of wells, by kind of measurement. Out: `domain.usual_values.ValueEvidence` as JSON values, and how
often pairs of curves were named rightly in wells that were left out.
Does not belong here: reading tables (`flows.studies.fit_values`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Any

import numpy as np
from scipy.special import expit

from veernet_core.curve import physical
from veernet_core.curve.evidence.doubts import LEAST_ODDS
from veernet_core.curve.tracking.value_costs import position_costs
from veernet_core.datatypes import F64, CurveSpec, Scale
from veernet_core.domain.curve_kinds import curve_kind, curve_kinds
from veernet_core.domain.usual_values import UsualValues, ValueEvidence

Well = Mapping[str, F64]
"""Values by kind of measurement, on common depths a row of a strip apart."""
STEPS = 80
ROWS_PER_FT = 10
"""Of a strip at 200 dpi, five inches to a hundred feet."""
FOLDS = 5
_WINDOWS_FT = (5, 10, 20, 40, 80, 160)
_LONG_FT = 400
_SPREAD = 1.5
"""Steps over which counts of readings are smoothed."""


@dataclass(frozen=True, slots=True)
class KindOf:
    """One kind of measurement: the curves that measure it, its units, the ends of its axis.

    Attributes
    ----------
    scales : curve of the vocabulary whose usual scales it is drawn on
    """

    mnemonics: tuple[str, ...]
    units: Mapping[str, float]
    first: float
    last: float
    scales: str
    log: bool = False


def kinds_of() -> dict[str, KindOf]:
    """The kinds that public logs have enough of."""
    ohmm = tuple(k.mnemonic for k in curve_kinds() if k.units[:1] == ("OHMM",))
    return {
        "gamma": KindOf(("GR",), {"GAPI": 1.0, "API": 1.0}, -150.0, 450.0, "GR"),
        "potential": KindOf(("SP",), {"MV": 1.0}, -600.0, 600.0, "SP"),
        "caliper": KindOf(("CALI",), {"IN": 1.0, "CM": 1 / 2.54, "MM": 1 / 25.4}, 1.0, 21.0, "CALI"),
        "density": KindOf(("RHOB",), {"G/C3": 1.0, "K/M3": 0.001}, 1.0, 4.0, "RHOB"),
        "porosity": KindOf(("NPHI", "DPHI", "SPHI", "PHI"), {"PU": 1.0, "V/V": 100.0}, -60.0, 120.0, "NPHI"),
        "time": KindOf(("DT",), {"US/F": 1.0, "US/M": 0.3048}, 0.0, 300.0, "DT"),
        "resistivity": KindOf(ohmm, {"OHMM": 1.0}, -1.0, 4.0, "ILD", log=True),
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """How often the values of a stretch name two curves rightly, in wells that were left out.

    Attributes
    ----------
    pairs : int
    right : float
        Share of those that are named with a chance of at least 0.95.
    named : float
        Share of pairs that are.
    """

    pairs: int
    right: float
    named: float


def fit_values(wells: Sequence[Well], seed: int) -> tuple[dict[str, Any], Named]:
    """Fit on wells; what weighs the evidence is fitted on wells that their values were not counted in.

    Returns
    -------
    dict
        JSON values of `ValueEvidence`.
    Named
        Of stretches of ``_LONG_FT`` ft.
    """
    trials: list[_Trial] = []
    for fold in range(FOLDS):
        rest = [w for k, w in enumerate(wells) if k % FOLDS != fold]
        draft = ValueEvidence(count_values(rest), 1.0, np.inf, 1.0, 1.0)
        rng = np.random.default_rng([seed, fold])
        for well in wells[fold::FOLDS]:
            trials += _trials(well, draft, rng)
    short = [t for t in trials if t.feet < _LONG_FT]
    ways = product((20.0, 40.0, 80.0, 160.0, 320.0, 640.0), (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0))
    # least loss, of those whose sure words are kept
    kept = [way for way in ways if _keeps_its_word(short, *way)]
    rows, most = min(kept, key=lambda way: _loss(short, lambda t: _by_stretch(t, *way)))
    long = [t for t in trials if t.feet >= _LONG_FT]
    slope = min(np.geomspace(0.5, 20, 24), key=lambda s: _loss(long, lambda t: s * t.mean))
    sure = [t.mean > 0 for t in long if expit(slope * abs(t.mean)) >= LEAST_ODDS]
    whole = float(_LONG_FT * ROWS_PER_FT)
    evidence = ValueEvidence(count_values(wells), rows, most, round(float(slope), 3), whole)
    named = Named(len(long), float(np.mean(sure)), len(sure) / len(long))
    return evidence_to_json(evidence), named


def count_values(wells: Sequence[Well]) -> tuple[UsualValues, ...]:
    """Shares of the values of each kind; every well counts as much, and one more well that reads anything."""
    out = []
    for name, kind in kinds_of().items():
        total = np.ones(STEPS) / STEPS
        axis = (kind.mnemonics, kind.units, kind.first, kind.last, kind.log)
        blank = UsualValues(*axis, total)
        for well in wells:
            if name in well:
                place = blank.at(well[name], next(iter(kind.units)))
                place = place[np.isfinite(place)]
                counts = np.bincount(
                    (place * STEPS).clip(0, STEPS - 1).astype(int), minlength=STEPS
                )
                total += _smoothed(counts / max(1, counts.sum()))
        out.append(replace(blank, shares=total / total.sum()))
    return tuple(out)


def _smoothed(shares: F64) -> F64:
    reach = np.arange(-6, 7)
    weight = np.exp(-0.5 * (reach / _SPREAD) ** 2)
    padded = np.convolve(shares, weight / weight.sum(), mode="same")
    return np.asarray(padded / max(padded.sum(), 1e-12))


def evidence_to_json(evidence: ValueEvidence) -> dict[str, Any]:
    """Inverse of `evidence_from_json`."""
    kinds = [
        {
            "mnemonics": list(kind.mnemonics),
            "units": dict(kind.units),
            "first": kind.first,
            "last": kind.last,
            "log": kind.log,
            "shares": [round(float(s), 7) for s in kind.shares],
        }
        for kind in evidence.kinds
    ]
    return {
        "reading_rows": evidence.reading_rows,
        "most": evidence.most,
        "slope": evidence.slope,
        "whole_rows": evidence.whole_rows,
        "kinds": kinds,
    }


# ---- trials ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Trial:
    """A stretch of two curves, and how much more each of the two costs under the other's name, in all."""

    feet: int
    one: float
    two: float
    rows: int

    @property
    def mean(self) -> float:
        return (self.one + self.two) / self.rows


def _by_stretch(trial: _Trial, rows: float, most: float) -> float:
    return float(sum(np.clip(d / rows, -most, most) for d in (trial.one, trial.two)))


def _keeps_its_word(trials: Sequence[_Trial], rows: float, most: float) -> bool:
    """Whether of the names that are told with a chance of at least ``LEAST_ODDS`` as many are right, in
    stretches of every length.
    """
    told = np.array([_by_stretch(trial, rows, most) for trial in trials])
    sure = expit(np.abs(told)) >= LEAST_ODDS
    feet = np.array([trial.feet for trial in trials])
    shares = [(told[sure & (feet == length)] > 0).mean() for length in set(feet[sure].tolist())]
    return all(share >= LEAST_ODDS for share in shares)


def _loss(trials: Sequence[_Trial], chance: Callable[[_Trial], float]) -> float:
    """Mean log loss where ``chance`` gives the nats for the right naming."""
    return float(np.mean([np.logaddexp(0.0, -chance(t)) for t in trials]))


def _trials(well: Well, evidence: ValueEvidence, rng: np.random.Generator) -> list[_Trial]:
    """A stretch of each length of every pair of kinds, drawn on usual scales."""
    out = []
    for a, b in combinations(well, 2):
        specs = [_spec(kind, rng) for kind in (a, b)]
        drawn = [_frac(well[kind], spec) for kind, spec in zip((a, b), specs)]
        known = np.isfinite(drawn[0]) & np.isfinite(drawn[1])
        if known.sum() < _LONG_FT * ROWS_PER_FT // 2:
            continue
        costs = position_costs(specs, np.array(drawn)[:, known], evidence)
        if costs is None:
            continue
        for feet in (*_WINDOWS_FT, _LONG_FT):
            rows = min(feet * ROWS_PER_FT, costs.shape[2])
            at = int(rng.integers(0, costs.shape[2] - rows + 1))
            part = costs[:, :, at : at + rows].sum(axis=2)
            out.append(_Trial(feet, part[0, 1] - part[0, 0], part[1, 0] - part[1, 1], rows))
    return out


def _spec(name: str, rng: np.random.Generator) -> CurveSpec:
    kind = kinds_of()[name]
    unit = next(iter(kind.units))
    found = curve_kind(kind.scales)
    ends = [(a, b) for u, a, b in found.ranges if u == unit] if found is not None else []
    ends = [e for e in ends if not kind.log or min(e) > 0][:4]
    left, right = ends[int(rng.integers(0, len(ends)))]
    scale: Scale = "log" if kind.log else "linear"
    return CurveSpec(kind.mnemonics[0], unit, left, right, scale=scale, wrap="one")


def _frac(value: F64, spec: CurveSpec) -> F64:
    """Where a value is drawn, within the track; NaN where it has left it by more than a wrap."""
    frac = physical.frac_at(value, spec)
    return np.where(np.abs(frac - 0.5) < 1.5, frac - np.floor(frac), np.nan)
