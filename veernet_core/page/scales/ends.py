"""Values at a track's borders: what the numbers of a scale row agree on, and how sure that is.

In: a ``Row`` of numbers, the track with its grid, and what is usual for the curve. Out: ``Ends`` and their
confidence. Ends that nothing confirms (numbers in between, usual range, unit, grid, a second reading) are
never sure: one lost digit is a wrong curve.
Does not belong here: finding numbers (`scale_rows`), and to which curve a row belongs (`scales`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, Bool, Scale
from veernet_core.domain.vocabulary import CurveKind
from veernet_core.page.results import Stated, TrackFound
from veernet_core.page.scales.rows import LEGIBLE, Row

SURE, SIMILAR, LIKELY, DOUBTFUL, ASSUMED = 0.96, 0.92, 0.85, 0.6, 0.3
"""Confidence of a value that is confirmed; of a word that is badly read but like no other; of a value
read but unconfirmed, read with contradictions, not read."""
_LINEAR_TOLERANCE, _ROUND_TOLERANCE, _HALF_TOLERANCE, _LOG_TOLERANCE_DECADES = (
    0.03,
    0.055,
    0.09,
    0.15,
)
"""How far a number may stand from its place, in track widths; more where it names a round part of the scale,
and its very half."""
_FEWEST_AGREEING, _AGREEING_SHARE, _SPREAD, _PART_SPREAD = 3, 0.8, 0.35, 0.15
"""How many numbers of a row, and what share of them, must stand where a usual scale puts them, and over
what share of the track."""
_SURE_CONFIDENCE = 0.93


@dataclass(frozen=True, slots=True)
class Ends:
    """Values at the borders; ``support`` numbers in between agree, ``repaired``: a sign was added,
    ``extrapolated``: nothing is printed at a border."""

    left: float
    right: float
    scale: Scale
    support: int
    repaired: bool = False
    extrapolated: bool = False


def find_ends(row: Row, track: TrackFound, kind: CurveKind) -> Ends | None:
    """Values at the borders that the numbers of a row agree on."""
    usual = _usual_ends(row, kind)
    if usual is not None:
        return usual
    p, v = np.array(row.positions), np.array(row.values)
    if (np.diff(p) <= 0).any() or v[0] == v[-1]:
        return None
    if p[0] > 0 or p[-1] < 1:
        return _extrapolated(p, v)
    for signs in _signs(v):
        signed = v * signs
        if signed[0] == signed[-1]:
            continue
        for scale in ("linear", "log"):
            if len(v) > 2 and _fits(p, signed, scale):
                support = len(v) - 2
                return Ends(
                    float(signed[0]), float(signed[-1]), scale, support, bool((signs < 0).any())
                )
    if len(v) > 2:
        return None
    return Ends(float(v[0]), float(v[1]), _bare_scale(v, track), 0)


def _usual_ends(row: Row, kind: CurveKind) -> Ends | None:
    """The usual scale of a curve on which three or more numbers of a row, and most of them, stand.

    Neither a badly read number nor a missing one at the border hides it.
    """
    fewest, spread = (2, _PART_SPREAD) if kind.is_partial else (_FEWEST_AGREEING, _SPREAD)
    if len(row.values) < fewest:
        return None
    needed = max(fewest, _AGREEING_SHARE * len(row.values))
    found: dict[tuple[float, float], Ends] = {}
    most = 0
    for _, left, right in kind.ranges:
        for scale in kind.scales:
            agree = _agreeing(row, left, right, scale)
            if agree.sum() < max(needed, most) or np.ptp(np.array(row.printed)[agree]) < spread:
                continue
            if agree.sum() > most:
                found.clear()
            most = int(agree.sum())
            found[left, right] = Ends(left, right, scale, most - fewest + 1)
    return next(iter(found.values())) if len(found) == 1 else None


def _agreeing(row: Row, left: float, right: float, scale: Scale) -> Bool:
    """Which numbers stand where a scale puts them, bool [n]; one lost minus at an end is allowed."""
    values = np.array(row.values)
    if scale == "log" and (left <= 0 or right <= 0):
        return np.zeros(len(values), dtype=np.bool_)
    agree = _in_place(row, values, left, right, scale)
    for end in (0, -1):
        if not agree[end] and values[end] > 0:
            signed = values.copy()
            signed[end] *= -1
            agree |= _in_place(row, signed, left, right, scale)
    return agree


def _in_place(row: Row, values: F64, left: float, right: float, scale: Scale) -> Bool:
    if scale == "log":
        decades = math.log10(right / left)
        expected = np.log10(np.maximum(values, 1e-9) / left) / decades
        slack = np.full(len(values), _LOG_TOLERANCE_DECADES / abs(decades))
    else:
        expected = (values - left) / (right - left)
        slack = np.maximum(_slack(expected), _ROUND_TOLERANCE)
    off = [np.abs(np.array(p) - expected) for p in (row.positions, row.printed)]
    near: Bool = np.minimum(*off) <= slack
    return near


def _signs(values: F64) -> Iterable[F64]:
    """As read; then with a lost minus at the right end, or at the left."""
    ones = np.ones(len(values))
    yield ones
    for end in (-1, 0):
        flipped = ones.copy()
        flipped[end] = -1.0
        if values[end] > 0 and len(values) > 2:
            yield flipped


def _fits(p: F64, v: F64, scale: str) -> bool:
    """Whether all values in between lie where the end values put them."""
    if scale == "linear":
        expected = (v - v[0]) / (v[-1] - v[0])
        return bool((np.abs(p - expected) <= _slack(expected)).all())
    if (v <= 0).any() or abs(math.log10(v[-1] / v[0])) < 0.9:
        return False
    logs = np.log10(v)
    return bool(
        (np.abs(logs - (logs[0] + p * (logs[-1] - logs[0]))) <= _LOG_TOLERANCE_DECADES).all()
    )


def _slack(expected: F64) -> F64:
    """How far numbers may stand from their places on a linear scale, float64 [n]."""
    round_part = np.abs(expected * 20 - np.rint(expected * 20)) < 0.02
    slack = np.where(round_part, _ROUND_TOLERANCE, _LINEAR_TOLERANCE)
    out: F64 = np.where(np.abs(expected - 0.5) < 1e-3, _HALF_TOLERANCE, slack)
    return out


def _bare_scale(v: F64, track: TrackFound) -> Scale:
    """Spacing where only the ends are printed: the grid's, else by the ends."""
    can_be_log = bool((v > 0).all()) and abs(math.log10(v[-1] / v[0])) >= 0.9
    if not can_be_log:
        return "linear"
    return track.scale or "log"


def _extrapolated(p: F64, v: F64) -> Ends | None:
    """Ends beyond the outermost numbers, to two digits of the span."""
    if (p[-1] - p[0]) < 0.15:
        return None
    slope, start = np.polyfit(p, v, 1)
    if len(v) > 2 and np.abs(v - (start + slope * p)).max() > _LINEAR_TOLERANCE * abs(slope):
        return None
    step = 10.0 ** math.floor(math.log10(abs(slope)) - 1) * 5
    left, right = (round(value / step) * step for value in (start, start + slope))
    if left == right:
        return None
    return Ends(
        float(f"{left:.6g}"), float(f"{right:.6g}"), "linear", max(0, len(v) - 2), extrapolated=True
    )


def value_confidence(
    row: Row,
    ends: Ends,
    kind: CurveKind,
    unit: Stated | None,
    track: TrackFound,
    read_twice: bool = False,
) -> float:
    """How sure the end values are, by what confirms them; any contradiction makes them doubtful.

    The unit has a confidence of its own; where it is not printed, a scale is usual if it is in any unit.
    """
    stated = str(unit.value) if unit is not None and unit.source == "header" else ""
    units = (stated,) if stated else kind.units
    usual = any(kind.is_usual(ends.left, ends.right, u) for u in units)
    unread = row.confidence < LEGIBLE and not (ends.support or read_twice)
    if unread or is_contradicted(ends, kind, track):
        return DOUBTFUL
    if usual and ends.support >= (2 if ends.repaired else 1):
        return SURE
    if ends.repaired or (row.confidence < _SURE_CONFIDENCE and not read_twice):
        return LIKELY
    clear = bool(stated) and not kind.is_ambiguous(ends.left, ends.right, stated)
    if usual and (clear or read_twice or _grid_agrees(ends, track)):
        return SURE
    if ends.support >= 2 and stated:
        return SURE
    if read_twice and _is_round(ends):
        return SIMILAR
    return LIKELY if usual or ends.support or read_twice else DOUBTFUL


def is_contradicted(ends: Ends, kind: CurveKind, track: TrackFound) -> bool:
    """Whether ends are impossible for the curve, do not suit the track's grid, or are not printed."""
    return (
        not kind.is_possible(ends.left, ends.right)
        or ends.scale not in kind.scales
        or (track.scale is not None and track.scale != ends.scale)
        or _decades_differ(ends, track)
        or ends.extrapolated
    )


def _is_round(ends: Ends) -> bool:
    """Whether a tenth of the track is a round number, as it is on grids of ten divisions."""
    step = abs(ends.right - ends.left) / 10
    digits = step / 10.0 ** math.floor(math.log10(step))
    return ends.scale == "linear" and abs(digits * 10 - round(digits * 10)) < 1e-6


def _grid_agrees(ends: Ends, track: TrackFound) -> bool:
    """Whether a logarithmic grid has as many decades as the scale, and starts with its first digit."""
    if ends.scale != "log" or track.scale != "log" or track.decades is None:
        return False
    first = ends.left / 10.0 ** math.floor(math.log10(ends.left) + 1e-9)
    starts = track.decade_start is not None and abs(first - track.decade_start) < 0.01
    return starts and not _decades_differ(ends, track)


def _decades_differ(ends: Ends, track: TrackFound) -> bool:
    if ends.scale != "log" or track.decades is None:
        return False
    return abs(abs(math.log10(ends.right / ends.left)) - track.decades) > 0.3
