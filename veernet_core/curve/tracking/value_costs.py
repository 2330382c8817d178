"""What it costs a curve to follow a path, by the values it would have there.

In: paths as track positions, and the scales of the curves. Out: nats, by `domain.usual_values` and by what the
curves are: a minimum lies below its mean.
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
from veernet_core.domain.curve_kinds import curve_kind
from veernet_core.domain.usual_values import ValueEvidence, usual_values, value_evidence

_STEPS = 200
"""Places across a track at which a curve's costs are worked out."""
_APART = 0.01
"""Distance between paths, track widths, within which none of them is the greater one."""
_OUT_OF_ORDER = 4.0
"""Nats that a row costs a curve at another place than its own among curves that can never change places."""


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
        None where values tell nothing: no order is known, nor the kinds of all curves, or all are of one kind.
    """
    evidence = evidence or value_evidence()
    order = _order(specs)
    if order is not None:
        return _order_costs(order, specs[0], frac)
    if not _are_of_kinds(specs, evidence):
        return None
    place = (np.nan_to_num(frac) * _STEPS).clip(0, _STEPS - 1).astype(np.int64)
    costs = np.stack([_table(spec, evidence)[place] for spec in specs])
    return np.asarray(np.where(np.isfinite(frac), costs, 0.0))


def values_tell(specs: Sequence[CurveSpec]) -> bool:
    """Whether values can tell the curves apart: by their order, or by their kinds."""
    return _order(specs) is not None or _are_of_kinds(specs, value_evidence())


def _are_of_kinds(specs: Sequence[CurveSpec], evidence: ValueEvidence) -> bool:
    """Whether all curves are of known kinds, and not of one."""
    kinds = [usual_values(spec.mnemonic, spec.unit, evidence) for spec in specs]
    return all(kind is not None for kind in kinds) and len({id(kind) for kind in kinds}) > 1


def _order(specs: Sequence[CurveSpec]) -> list[int] | None:
    """Place of each curve from the greatest on, where what they are leaves one order only; None else, and where
    they are not drawn on one scale.
    """
    scales = {(s.left, s.right, s.scale, s.unit.upper()) for s in specs}
    if len(specs) < 2 or len(scales) > 1 or any(s.wrap != "none" for s in specs):
        return None
    kinds = [curve_kind(s.mnemonic) for s in specs]
    above = [
        sum(kind is not None and other.mnemonic in kind.at_most for other in specs)
        for kind in kinds
    ]
    return above if sorted(above) == list(range(len(specs))) else None


def _order_costs(order: Sequence[int], spec: CurveSpec, frac: F64) -> F64:
    """Cost per row of each curve on each path, [curves, paths, rows]; paths that touch tell nothing."""
    greater = frac if spec.right > spec.left else -frac
    ahead = greater[None, :] - greater[:, None]
    place = (ahead > _APART).sum(axis=1)
    apart = np.abs(ahead) > _APART
    known = apart.sum(axis=1) == len(frac) - 1
    wrong = place[None] != np.array(order)[:, None, None]
    return np.asarray(np.where(wrong & known[None], _OUT_OF_ORDER, 0.0))


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
