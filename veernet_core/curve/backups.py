"""One measurement on two scales: where it leaves the finer one, it goes on along the coarser.

In: the specs of a track and a strip's geometry; out: the strip's columns in the order in which the
measurement runs through them, so that one path over both scales finds both curves. While the finer scale
holds, the backup says nothing. Which path is cheapest is decided in ``decode``; values belong to
``physical``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.curve.observed import flag_runs
from veernet_core.curve.physical import frac_at, value_at
from veernet_core.datatypes import F64, I32, Bool, CurveSpec, Strip

_ROOM = 0.05
"""A backup with less of the track than this beyond an end of the finer scale has nothing to say there."""


@dataclass(frozen=True, slots=True)
class JoinedScales:
    """Places that a measurement runs through, from one end of its values to the other.

    Attributes
    ----------
    column : int32 [n]
        Strip column of each place.
    on_fine : bool [n]
        Whether it belongs to the finer scale.
    ends : (float, float)
        Strip columns of the finer scale's ends; the finer curve waits there while the backup speaks.
    entry : float
        Strip column at which the backup comes in, and waits while the finer scale holds.
    """

    column: I32
    on_fine: Bool
    ends: tuple[float, float]
    entry: float

    @property
    def lap(self) -> I32:
        """0 where a place is on the finer scale, and on the backup -1 or 1: the side it lies on."""
        places = np.arange(len(self.on_fine))
        side = np.where(places < np.argmax(self.on_fine), -1, 1)
        return np.where(self.on_fine, 0, side).astype(np.int32)

    def split(self, place: I32, column: F64) -> tuple[F64, F64, Bool]:
        """Columns of the finer curve and of its backup along a path, and where the finer one speaks.

        Parameters
        ----------
        place : int32 [rows]
            The path, as indices of places.
        column : float64 [rows]
            The same as strip columns, to the sub-pixel.
        """
        fine = self.on_fine[place]
        waits = np.where(self.lap[place] < 0, *self.ends)
        return np.where(fine, column, waits), np.where(fine, self.entry, column), fine

    def without_passage(self, place: I32, rows: int, within: float) -> Bool:
        """Rows of the stretches on the backup that the measurement cannot have come to, or left, [rows].

        Whatever is read on the backup lay at the end of the finer scale shortly before and after.

        Parameters
        ----------
        place : int32 [rows]
            The path, as indices of places.
        rows : int
            What shortly is.
        within : float
            Greatest distance from that end that counts as being there, in places.
        """
        seams = np.flatnonzero(np.diff(self.on_fine.astype(np.int8))) + 0.5
        there = np.abs(place[:, None] - seams).min(axis=1) <= within
        out = np.zeros(len(place), bool)
        for start, stop in flag_runs(~self.on_fine[place]):
            came = start == 0 or there[max(0, start - rows) : start + rows].any()
            left = stop == len(place) or there[max(0, stop - rows) : stop + rows].any()
            out[start:stop] = not (came and left)
        return out

    def place_of(self, fine: float, backup: float) -> float:
        """Place of a measurement whose curves stand in these strip columns; NaN unknown."""
        if not np.isfinite(fine):
            return float("nan")
        waits = min(abs(fine - end) for end in self.ends) <= 1 <= abs(backup - self.entry)
        own, at = (~self.on_fine, backup) if waits else (self.on_fine, fine)
        places = np.flatnonzero(own)
        return float(places[np.argmin(np.abs(self.column[places] - at))])


def backup_pairs(specs: Sequence[CurveSpec]) -> list[tuple[int, int]]:
    """Curves of one mnemonic on two scales that nobody shares a pen with: (finer, backup) each."""
    names = Counter(s.mnemonic for s in specs)
    pairs = []
    for name in (n for n, count in names.items() if count == 2):
        pair = [k for k, s in enumerate(specs) if s.mnemonic == name]
        pens = {specs[k].style for k in pair}
        alone = all(k in pair for k, s in enumerate(specs) if s.style in pens)
        same_kind = len({specs[k].scale for k in pair}) == 1
        if alone and same_kind and all(specs[k].wrap == "none" for k in pair):
            fine, backup = sorted(pair, key=lambda k: abs(specs[k].right - specs[k].left))
            pairs.append((fine, backup))
    return pairs


def join_scales(strip: Strip, fine: CurveSpec, backup: CurveSpec) -> JoinedScales | None:
    """Lay two scales of one measurement end to end.

    Returns
    -------
    JoinedScales or None
        None where the backup adds nothing to the finer scale.
    """
    cols, left, width = strip.ink.shape[1], strip.left_col, strip.track_width_px
    parts: list[tuple[I32, bool]] = []
    entries = []
    first, last = 0, cols - 1
    for end, beyond in ((0.0, -1e-3), (1.0, 1.001)):
        at, next_to = frac_at(value_at(np.array([end, beyond]), fine), backup)
        rising = bool(next_to > at)
        room = 1 - at if rising else at
        if not _ROOM < room < 1 + _ROOM:
            continue
        entry = left + float(at) * width
        entries.append(entry)
        run = np.arange(round(entry), cols) if rising else np.arange(round(entry), -1, -1)
        way: I32 = run.clip(0, cols - 1).astype(np.int32)
        if end == 0.0:
            parts.append((way[::-1], False))
            first = round(left)
        else:
            last = round(strip.right_col)
            parts.append((way, False))
    if not parts:
        return None
    own: I32 = np.arange(first, last + 1, dtype=np.int32)
    parts.insert(1 if first else 0, (own, True))
    return JoinedScales(
        np.concatenate([columns for columns, _ in parts]),
        np.concatenate([np.full(len(columns), fine_scale) for columns, fine_scale in parts]),
        (left, strip.right_col),
        entries[-1],
    )
