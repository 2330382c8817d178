"""How the rules of one log wander down the paper, and where they lie once that is taken out.

In: the profiles of a page (`lines`) and the rows of a log. Out: `LogProfiles`, its rules averaged over
its whole length, and `Course`, the sub-pixel place of any of its columns at every row. Does not belong
here: which rules are borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from veernet_core.datatypes import F32, F64
from veernet_core.page.layout import lines
from veernet_core.page.layout.lines import PageProfiles

_KNOT_ROWS = 500
_KNOT_ERROR_PX = 0.25
_RULE_CAP = 60.0
_COLOURED, _FEW_PENS = 0.5, 0.2
"""Share of a rule's ink that makes it a coloured one, and of the rules that may be pens."""


@dataclass(frozen=True, slots=True)
class StraightPage:
    """Profiles, the drift of the paper [bands], and its vertical lines as printed and straightened."""

    profiles: PageProfiles
    drift: F64
    sharp: F32
    straight: F32


@dataclass(frozen=True, slots=True)
class LogProfiles:
    """One log, registered: column x of ``rules`` is page column x + drift[band - first].

    ``rules`` [width] is the mean ink of vertical lines; ``peaks`` [n] their columns to a fraction of a
    pixel, ``strong`` those that stand out.
    """

    first: int
    last: int
    drift: F64
    rules: F32
    peaks: F64
    strong: F64


@dataclass(frozen=True, slots=True)
class Course:
    """How columns of a log wander down the page.

    ``rows`` [n] are the middles of bands, ``drift`` [n] the common drift; ``peaks`` [m] the rules and
    ``offsets`` [windows, m] what each leaves of the drift in windows about ``window_rows``.
    """

    rows: F64
    drift: F64
    window_rows: F64
    peaks: F64
    offsets: F64

    def columns(self, col: float) -> F64:
        """Page column of registered column ``col`` at every row, [n]."""
        own = np.array([np.interp(col, self.peaks, line) for line in self.offsets])
        out: F64 = col + self.drift + np.interp(self.rows, self.window_rows, own)
        return out

    def knots(self, col: float) -> F64:
        """The course of ``col`` as few [row, px] knots."""
        return simplify(np.column_stack([self.rows, self.columns(col)]), _KNOT_ERROR_PX)


def straight_page(profiles: PageProfiles) -> StraightPage:
    """The page with the drift of the paper taken out."""
    drift = lines.measure_drift(profiles)
    sharp = lines.sharpen(profiles.upright, max(6, profiles.width_px // 160))
    return StraightPage(profiles, drift, sharp, lines.straighten(sharp, drift))


def log_profiles(page: StraightPage, first: int, last: int) -> LogProfiles:
    """The rules of the log on bands ``first <= band < last``."""
    width, run = page.profiles.width_px, slice(first, last)
    straight = np.minimum(page.straight[run], _RULE_CAP)
    shift = lines.register(straight, straight.mean(axis=0), max(4, width // 300))
    drift = page.drift[run] + shift
    # where the log itself stands, or rules at the edge of the paper fall off
    drift -= np.rint(np.median(drift))
    rules = np.minimum(lines.straighten(page.sharp[run], drift), _RULE_CAP).mean(axis=0)
    peaks, layers = _peaks(rules), (page.profiles.upright[run], page.profiles.vivid[run])
    if layers[1].any():
        peaks = _without_pens(
            peaks, *(lines.straighten(layer, drift).mean(axis=0) for layer in layers)
        )
    if len(peaks) == 0:
        return LogProfiles(first, last, drift, rules, peaks, peaks)
    at = np.clip(np.rint(peaks).astype(np.int64), 1, width - 2)
    strength = np.maximum(rules[at], np.maximum(rules[at - 1], rules[at + 1]))
    strong = peaks[strength >= 0.3 * np.percentile(strength, 75)]
    return LogProfiles(first, last, drift, rules, peaks, strong)


def mean_ink(page: StraightPage, log: LogProfiles) -> F32:
    """Share of a log's rows that are inked at every registered column, [width]; thick lines too."""
    ink = lines.straighten(page.profiles.ink[log.first : log.last], log.drift)
    return np.asarray(ink.mean(axis=0) / 255, np.float32)


def _peaks(rules: F32) -> F64:
    """Columns of vertical lines, to a fraction of a pixel."""
    width = len(rules)
    seen = rules[rules > 3]
    least = max(3.0, 0.12 * float(np.percentile(seen, 90))) if len(seen) else 3.0
    columns = lines.find_peaks(rules, max(3, width // 400), least)
    return np.array([lines.centroid(rules, col, 3) for col in columns], np.float64)


def _without_pens(peaks: F64, inked: F32, coloured: F32) -> F64:
    """Rules without the coloured ones, where nearly all of a log are black: those are pens that run straight,
    as casing does on a borehole profile.
    """
    near = [slice(max(0, round(col) - 1), round(col) + 2) for col in peaks]
    share = np.array([coloured[at].sum() / max(1.0, float(inked[at].sum())) for at in near])
    if not len(share) or (share > _COLOURED).mean() > _FEW_PENS:
        return peaks
    return peaks[share <= _COLOURED]


def log_course(page: StraightPage, log: LogProfiles, borders: F64) -> Course:
    """Follow the rules of a log, its ``borders`` [n] among them, down the paper."""
    band = page.profiles.band_px
    drift = gaussian_filter1d(log.drift, 2)
    ink = np.minimum(lines.straighten(page.sharp[log.first : log.last], drift), _RULE_CAP)
    rows = np.asarray((np.arange(log.first, log.last) + 0.5) * band - 0.5, np.float64)
    rows = np.minimum(rows, page.profiles.height_px)  # the last band may reach past the page
    size = max(4, round(_KNOT_ROWS / band))
    centres = np.unique(np.clip(np.arange(0, len(rows) + size // 2, size // 2), 0, len(rows) - 1))
    peaks = log.strong[log.strong > 0]
    seen = [b for b in borders if len(log.peaks) and np.abs(log.peaks - b).min() < 1e-6]
    peaks = np.unique(np.concatenate([peaks, np.array(seen, np.float64)]))
    if len(peaks) == 0:
        return Course(rows, drift, rows[[0]], np.zeros(1), np.zeros((1, 1)))
    windows = np.stack(
        [ink[max(0, c - size // 2) : c + size // 2 + 1].mean(axis=0) for c in centres]
    )
    usual = log.rules[np.clip(np.rint(peaks).astype(np.int64), 0, ink.shape[1] - 1)]
    offsets = lines.rule_offsets(windows, peaks, usual)
    return Course(rows, drift, rows[centres], peaks, offsets)


def simplify(course: F64, error_px: float) -> F64:
    """Fewest of the knots that stay within ``error_px`` of all of them (Douglas-Peucker)."""
    keep = np.zeros(len(course), np.bool_)
    keep[[0, -1]] = True
    stack = [(0, len(course) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        rows = course[first : last + 1, 0]
        straight = np.interp(rows, course[[first, last], 0], course[[first, last], 1])
        off = np.abs(course[first : last + 1, 1] - straight)
        worst = int(off.argmax())
        if off[worst] > error_px:
            keep[first + worst] = True
            stack += [(first, first + worst), (first + worst, last)]
    return course[keep]
