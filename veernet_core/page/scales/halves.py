"""Double tracks that a rule of the form parts.

In: the raster and a section. Out: the section with two halves in the place of a track of twenty divisions
where a rule runs down the middle of the boxes above it. Scales over both halves are still read, as those of
one track. Does not belong here: halves that only scales tell (`spans`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet_core.datatypes import F64, Dpi, Raster, px_at
from veernet_core.page.results import SectionFound, TrackFound

DOUBLE = 20
"""Divisions of a track over which two tracks of ten stand as often as one."""
_ABOVE_IN, _STRAY_IN, _RUNNING, _INKED = 0.5, 0.03, 0.95, 80
"""How far above the grid the rule is looked for, how far it may stray from the middle, what share of the
rows it inks, and from which darkness, of 255."""


def with_halves(raster: Raster, section: SectionFound, dpi: Dpi) -> SectionFound:
    """A section whose double tracks are two halves where a rule of the form parts them.

    Parameters
    ----------
    raster : Raster
        Upright.
    section : SectionFound
    dpi : Dpi
    """
    tracks: list[TrackFound] = []
    for track in section.tracks:
        middle = _middle_of(track)
        parted = (
            track.kind == "curves"
            and track.divisions == DOUBLE
            and _has_rule(raster, section.row_top, px_at(middle, section.row_top), dpi)
        )
        tracks += _parted(track, middle) if parted else [track]
    same = len(tracks) == len(section.tracks)
    return section if same else replace(section, tracks=tuple(tracks))


def _parted(track: TrackFound, middle: F64) -> list[TrackFound]:
    half = replace(track, divisions=DOUBLE // 2, middle_knots=None, is_half=True)
    return [replace(half, right_knots=middle), replace(half, left_knots=middle)]


def _middle_of(track: TrackFound) -> F64:
    """The middle of a track as ``[row, px]`` knots: the line printed there, where it was found."""
    if track.middle_knots is not None:
        return track.middle_knots
    rows = np.union1d(track.left_knots[:, 0], track.right_knots[:, 0])
    left, right = px_at(track.left_knots, rows), px_at(track.right_knots, rows)
    knots: F64 = np.stack([rows, (left + right) / 2], axis=1)
    return knots


def _has_rule(raster: Raster, row_top: float, middle_px: float, dpi: Dpi) -> bool:
    """Whether a rule runs down to a row at some column near the middle."""
    last = int(min(raster.height_px, row_top))
    first = last - round(_ABOVE_IN * dpi.down)
    if first < 0:
        return False
    stray = max(1, round(_STRAY_IN * dpi.across))
    left = max(0, round(middle_px) - stray)
    ink = raster.read_ink(first, last)[:, left : round(middle_px) + stray + 1] > _INKED
    # a pixel to either side: rules lean
    wide = ink[:, :-2] | ink[:, 1:-1] | ink[:, 2:] if ink.shape[1] > 2 else ink
    return bool(wide.size and wide.mean(axis=0).max() >= _RUNNING)
