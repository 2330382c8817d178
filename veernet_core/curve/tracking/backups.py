"""One measurement on several scales: where it leaves a finer one, it goes on along the next coarser.

In: the specs of a track and a strip's geometry; out: the strip's columns in the order in which the
measurement runs through them, so that one path over all scales finds all its curves. While a finer scale
holds, the coarser ones say nothing. Which path is cheapest is decided in ``decode``; values belong to
``physical``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from veernet_core.curve.physical import frac_at, value_at
from veernet_core.datatypes import F64, I32, Bool, CurveSpec, Strip

_ROOM = 0.05
"""A backup with less of the track than this beyond an end of the finer scales has nothing to say there."""
_LEAD = 0.03
"""Part of the track before the entry of a backup that still belongs to it: no two pens are set alike."""


@dataclass(frozen=True, slots=True)
class JoinedScales:
    """Places that a measurement runs through, from one end of its values to the other.

    Scales are counted from the finest, 0.

    Attributes
    ----------
    column : int32 [n]
        Strip column of each place.
    zone : int32 [n]
        Scale of each place, negative where it lies before the places of the finest.
    entry : tuple of float
        Strip column at which each scale comes in, and waits while a finer one holds; the finest comes in
        nowhere, NaN.
    ends : tuple of (float, float)
        Strip columns in which each scale waits while a coarser one speaks before it, or after it.
    """

    column: I32
    zone: I32
    entry: tuple[float, ...]
    ends: tuple[tuple[float, float], ...]

    @property
    def scale(self) -> I32:
        """Scale of each place."""
        return np.abs(self.zone)

    def split(self, place: I32, column: F64) -> tuple[list[F64], I32]:
        """Columns of every scale's curve along a path, and the scale that speaks.

        Parameters
        ----------
        place : int32 [rows]
            The path, as indices of places.
        column : float64 [rows]
            The same as strip columns, to the sub-pixel.
        """
        zone, speaks = self.zone[place], self.scale[place]
        columns = []
        for k, (entry, (before, after)) in enumerate(zip(self.entry, self.ends)):
            waits = np.where(speaks < k, entry, np.where(zone < 0, before, after))
            columns.append(np.where(speaks == k, column, waits))
        return columns, speaks

    def without_passage(self, place: I32, rows: int, within: float) -> Bool:
        """Rows of the stretches on a backup that the measurement cannot have come to, or left, [rows].

        Whatever is read on a backup lay at the end of a finer scale and at its own entry shortly before,
        and does so again shortly after, or at its own end where a coarser one goes on.

        Parameters
        ----------
        place : int32 [rows]
            The path, as indices of places.
        rows : int
            What shortly is.
        within : float
            Greatest distance from that end that counts as being there, in places.
        """
        scale = self.scale[place]
        at_seam = [
            np.abs(place[:, None] - self._seams(k)).min(axis=1) <= within
            for k in range(len(self.entry) - 1)
        ]
        bounds = [0, *(np.flatnonzero(np.diff(scale)) + 1).tolist(), len(place)]

        def passed(row: int) -> bool:
            if row in (0, len(place)):
                return True
            finer, coarser = sorted((int(scale[row - 1]), int(scale[row])))
            shortly = slice(max(0, row - rows), row + rows)
            return bool(at_seam[finer][shortly].any() and at_seam[coarser - 1][shortly].any())

        out = np.zeros(len(place), bool)
        for start, stop in pairwise(bounds):
            out[start:stop] = scale[start] > 0 and not (passed(start) and passed(stop))
        return out

    def _seams(self, k: int) -> F64:
        """Places at which scale ``k`` hands over to the next coarser one, between indices."""
        return np.asarray(np.flatnonzero(np.diff((self.scale > k).astype(np.int8))) + 0.5)

    def place_of(self, columns: Sequence[float]) -> float:
        """Place of a measurement whose curves stand in these strip columns; NaN unknown."""
        if not np.isfinite(columns[0]):
            return float("nan")
        speaks = 0
        for k in range(1, len(columns)):
            finer = min(abs(columns[k - 1] - end) for end in self.ends[k - 1])
            if not finer <= 1 <= abs(columns[k] - self.entry[k]):
                break
            speaks = k
        places = np.flatnonzero(self.scale == speaks)
        return float(places[np.argmin(np.abs(self.column[places] - columns[speaks]))])


def backup_chains(specs: Sequence[CurveSpec]) -> list[tuple[int, ...]]:
    """Curves of one mnemonic on several scales that nobody shares a pen with, each from the finest on."""
    names = Counter(s.mnemonic for s in specs)
    chains = []
    for name in (n for n, count in names.items() if count > 1):
        chain = [k for k, s in enumerate(specs) if s.mnemonic == name]
        pens = {specs[k].style for k in chain}
        alone = all(k in chain for k, s in enumerate(specs) if s.style in pens)
        same_kind = len({specs[k].scale for k in chain}) == 1
        if alone and same_kind and all(specs[k].wrap == "none" for k in chain):
            chains.append(tuple(sorted(chain, key=lambda k: abs(specs[k].right - specs[k].left))))
    return chains


@dataclass(frozen=True, slots=True)
class _Run:
    """Part of a scale beyond one end of the finer ones, in strip columns."""

    scale: int
    entry: float
    rising: bool


def join_scales(strip: Strip, specs: Sequence[CurveSpec]) -> JoinedScales | None:
    """Lay the scales of one measurement end to end.

    Parameters
    ----------
    strip : Strip
    specs : sequence of CurveSpec
        From the finest scale to the coarsest.

    Returns
    -------
    JoinedScales or None
        None where a backup adds nothing to the finer scales.
    """
    left, right = strip.left_col, strip.right_col
    entries, ends = [float("nan")], [(left, right)]
    sides: tuple[list[_Run], list[_Run]] = ([], [])
    outer: list[tuple[CurveSpec, bool]] = [(specs[0], False), (specs[0], True)]
    for k, backup in enumerate(specs[1:], 1):
        entry, stops = float("nan"), [left, right]
        for side, runs in enumerate(sides):
            spec, at_right = outer[side]
            beyond = [1.0, 1.001] if at_right else [0.0, -1e-3]
            at, next_to = frac_at(value_at(np.array(beyond), spec), backup)
            rising = bool(next_to > at)
            room = 1 - at if rising else at
            if _ROOM < room < 1 + _ROOM:
                entry = left + float(at) * strip.track_width_px
                stops[side] = right if rising else left
                runs.append(_Run(k, entry, rising))
                outer[side] = backup, rising
        if np.isnan(entry):
            return None
        entries.append(entry)
        ends.append((stops[0], stops[1]))
    return JoinedScales(*_places(strip, *sides), tuple(entries), tuple(ends))


def _places(strip: Strip, before: Sequence[_Run], after: Sequence[_Run]) -> tuple[I32, I32]:
    """Columns and zones of all places; only where no coarser scale goes on does one run over a border."""
    cols = strip.ink.shape[1]
    first, last = round(strip.left_col), round(strip.right_col)
    own = np.arange(first if before else 0, last + 1 if after else cols)
    columns, zones = [own], [np.zeros(len(own), int)]
    lead = _LEAD * strip.track_width_px
    for runs, sign in ((before, -1), (after, 1)):
        for run in runs:
            outermost = run is runs[-1]
            if run.rising:
                way = np.arange(round(run.entry - lead), cols if outermost else last + 1)
            else:
                way = np.arange(round(run.entry + lead), -1 if outermost else first - 1, -1)
            zone = np.full(len(way), sign * run.scale)
            if sign < 0:
                columns, zones = [way[::-1], *columns], [zone, *zones]
            else:
                columns, zones = [*columns, way], [*zones, zone]
    column = np.concatenate(columns).clip(0, cols - 1).astype(np.int32)
    return column, np.concatenate(zones).astype(np.int32)
