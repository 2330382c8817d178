"""Pixels per inch of a page, from its tracks and the spacing of its lines.

In: sections of a page and the resolution its file claims. Out: `Dpi`. Does not belong here:
finding tracks and lines.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import Dpi
from veernet_core.page.results import SectionFound

_TRACK_IN = 2.5
_LINES_IN = (0.1, 0.2, 0.5, 1.0, 2 / 12.7, 5 / 12.7, 10 / 12.7)
"""Usual spacings of depth lines: decimal inches for feet; 2, 5 and 10 m at 1:500."""
_PAPER_IN = (7.75, 9.25)
"""Width of log paper, from 8 to 9 in, with what a scanner or a cut adds."""
_NEAR = 0.2
"""Logarithm of the ratio of two resolutions that may be one."""


def measured(
    sections: Sequence[SectionFound],
    tag: Dpi | None,
    width_px: int | None = None,
) -> Dpi:
    """Resolution of a page: from tracks of 2.4 to 2.8 in, and lines at usual spacings.

    A tag that makes the page as wide as log paper counts: those that are off by a factor of two make it half
    or twice as wide, and mud logs have tracks of all widths. Where tracks are of no usual width the tag counts
    too, if lines bear it out; and so it does where no linear grid tells their width: four decades fill a track
    of either width.

    Parameters
    ----------
    sections : sequence of SectionFound
    tag : Dpi or None
    width_px : int, optional
        Of the page.
    """
    if tag and width_px is not None and _PAPER_IN[0] <= width_px / tag.across <= _PAPER_IN[1]:
        return tag
    logs = [s for s in sections if s.kind == "main"]
    claimed = tag or Dpi(200.0, 200.0)
    across = _median([_track_px(s) for s in logs]) / _TRACK_IN
    if not np.isfinite(across):
        return claimed
    usual = any(abs(np.log(across * r / claimed.across)) < _NEAR for r in (0.5, 1, 2))
    borne_out = any(abs(np.log(_down_dpi(s, claimed.down) / claimed.down)) < 0.03 for s in logs)
    if tag and borne_out and (not usual or len(logs[0].tracks) > 4 or not _has_linear(logs)):
        return claimed
    ratio = claimed.down / claimed.across
    if abs(np.log(across / claimed.across)) < _NEAR and abs(np.log(ratio)) > _NEAR:
        unequal = _median([_down_dpi(s, across * ratio) for s in logs])  # as of fax machines
        if np.isfinite(unequal):
            return Dpi(float(unequal), float(across))
    down = _median([_down_dpi(s, across) for s in logs])
    if np.isfinite(down):
        return Dpi(float(down), float(down if abs(np.log(down / across)) < 0.15 else across))
    return Dpi(float(across), float(across))


def _median(values: list[float]) -> float:
    """One of the values, the upper one of the two in the middle: half-way between two none is right."""
    known = sorted(v for v in values if np.isfinite(v))
    return known[len(known) // 2] if known else float("nan")


def _has_linear(sections: Sequence[SectionFound]) -> bool:
    """Whether the divisions of a linear grid tell how wide a track is."""
    tracks = [t for s in sections for t in s.tracks if t.kind == "curves"]
    return any(t.scale == "linear" and (t.divisions or 10) in (10, 20, 30) for t in tracks)


def _track_px(section: SectionFound) -> float:
    """Median width of ten divisions, px; of any track where no grid is linear."""
    widths = []
    for track in section.tracks:
        if track.kind == "curves" and track.scale is not None:
            width = float(np.median(track.right_knots[:, 1]) - np.median(track.left_knots[:, 1]))
            tens = (
                (track.divisions or 10) / 10
                if track.scale == "linear"
                else (track.decades or 2) / 2
            )
            if tens in (1, 2, 3):
                widths.append(width / tens)
    return _median(widths)


def _down_dpi(section: SectionFound, across: float) -> float:
    """Rows per inch that make the line spacing a usual one, nearest to the resolution across."""
    gaps = np.diff(section.depth_lines[:, 0])
    if len(gaps) < 5:
        return float("nan")
    pitch = float(np.median(gaps))
    choices = pitch / np.array(_LINES_IN)
    best = float(choices[np.abs(np.log(choices / across)).argmin()])
    return best if abs(np.log(best / across)) < 0.22 else float("nan")
