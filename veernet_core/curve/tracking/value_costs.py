"""What it costs a curve to follow a path, by the values it would have there.

In: paths as track positions, and the scales of the curves. Out: nats, by `domain.usual_values`.
Does not belong here: what follows from them (`identity`, `evidence.kinds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from scipy.special import expit

from veernet_core.curve.evidence.doubts import LEAST_ODDS
from veernet_core.curve.physical import value_at
from veernet_core.datatypes import F64, WRAP_COUNTS, Bool, CurveSpec
from veernet_core.domain.usual_values import ValueEvidence, usual_values, value_evidence

_STEPS = 200
"""Places across a track at which a curve's costs are worked out."""


def position_costs(
    specs: Sequence[CurveSpec], frac: F64, evidence: ValueEvidence | None = None
) -> F64 | None:
    """Cost per row of every curve following every path, [curves, paths, rows]; 0 where a path has no position.

    Parameters
    ----------
    specs : sequence of CurveSpec
        Curves that one pen draws.
    frac : float64 [paths, rows]
        Within the track; NaN unknown.
    evidence : ValueEvidence, optional
        What was fitted, unless given.

    Returns
    -------
    float64 [curves, paths, rows] or None
        None where values tell nothing: the kind of a curve is not known, or all are of one kind.
    """
    evidence = evidence or value_evidence()
    if not are_of_kinds(specs, evidence):
        return None
    place = (np.nan_to_num(frac) * _STEPS).clip(0, _STEPS - 1).astype(np.int64)
    costs = np.stack([_table(spec, evidence)[place] for spec in specs])
    return np.asarray(np.where(np.isfinite(frac), costs, 0.0))


def are_of_kinds(specs: Sequence[CurveSpec], evidence: ValueEvidence | None = None) -> bool:
    """Whether all curves are of known kinds, and not of one."""
    evidence = evidence or value_evidence()
    kinds = [usual_values(spec.mnemonic, spec.unit, evidence) for spec in specs]
    return all(kind is not None for kind in kinds) and len({id(kind) for kind in kinds}) > 1


def by_readings(total: F64) -> F64:
    """Nats that values cost in each stretch, from costs summed up over its rows.

    Parameters
    ----------
    total : float64 [curves, paths, stretches]

    Returns
    -------
    float64 [curves, paths, stretches]
        0 for the path that costs a curve least.
    """
    evidence = value_evidence()
    nats = total / evidence.reading_rows
    return np.asarray(np.minimum(nats - nats.min(axis=1, keepdims=True), evidence.most))


def costs_of_pens(
    specs: Sequence[CurveSpec], pens: Sequence[int], frac: F64, seen: Bool
) -> F64 | None:
    """`position_costs` among the curves of each pen, [curves, paths, rows]; None where no values tell.

    Parameters
    ----------
    pens : sequence of int
        Of every curve; curves of one pen are told apart, others have no costs.
    frac : float64 [paths, rows]
        One path for each curve, in the order of ``specs``.
    seen : bool [paths, rows]
        Rows in which another path of a pen is not seen say nothing.
    """
    out: F64 | None = None
    for pen in set(pens):
        own = np.flatnonzero(np.array(pens) == pen)
        costs = position_costs([specs[int(k)] for k in own], frac[own]) if len(own) > 1 else None
        if costs is None:
            continue
        costs = costs * seen[own].all(axis=0)
        out = np.zeros((len(specs), *frac.shape)) if out is None else out
        out[own] = costs.max(axis=1, keepdims=True)
        out[np.ix_(own, own)] = costs
    return out


def told_by_values(specs: Sequence[CurveSpec], frac: F64) -> bool:
    """Whether values name the curves of one pen with a chance of at least ``LEAST_ODDS``.

    Parameters
    ----------
    specs : sequence of CurveSpec
    frac : float64 [curves, rows]
        Their whole traces, in the order of ``specs``; NaN where not seen.
    """
    known = np.isfinite(frac).all(axis=0)
    within = frac[:, known] - np.floor(frac[:, known])
    costs = position_costs(specs, within) if known.any() else None
    if costs is None:
        return False
    evidence, rows = value_evidence(), costs.shape[2]
    mean = costs.mean(axis=2)
    order = np.arange(len(specs))
    others = [mean[order, list(p)].sum() for p in permutations(order) if p != tuple(order)]
    ahead = min(others) - mean[order, order].sum()
    nats = evidence.slope * ahead * min(1.0, rows / evidence.whole_rows)
    return bool(expit(nats) >= LEAST_ODDS)


def _table(spec: CurveSpec, evidence: ValueEvidence) -> F64:
    """Cost of each place across the track, whatever the wrap, [_STEPS]."""
    kind = usual_values(spec.mnemonic, spec.unit, evidence)
    assert kind is not None
    most = WRAP_COUNTS[spec.wrap]
    edges = np.arange(-most * _STEPS, (most + 1) * _STEPS + 1) / _STEPS
    at = kind.at(value_at(edges, spec), spec.unit)
    middle = np.nan_to_num((at[1:] + at[:-1]) / 2, nan=-1.0)
    width = np.nan_to_num(np.abs(np.diff(at)))
    share = (kind.density(middle) * width).reshape(2 * most + 1, _STEPS).sum(axis=0)
    return np.asarray(-np.log(share + 1e-9))
