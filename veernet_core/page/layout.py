"""Geometry of a page without a sidecar: sections, tracks, borders, grids, printed depth lines.

In: a raster. Out: `found.PageLayout`, with findings for what could not be made out. Does not belong
here: rules as such (`lines`), grids as such (`grid`), kinds (`kinds`), any reading of text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, label, maximum_filter1d, uniform_filter1d

from veernet_core.datatypes import F32, F64, Finding, Raster
from veernet_core.page import grid, kinds, lines, tracks
from veernet_core.page.found import PageLayout, SectionFound, TrackFound, TrackKind
from veernet_core.page.grid import GridFound
from veernet_core.page.lines import PageProfiles

_KNOT_ROWS = 1000


def read_layout(raster: Raster) -> PageLayout:
    """Find sections, tracks and depth lines of a page.

    Parameters
    ----------
    raster : Raster
        Read once, by windows.

    Returns
    -------
    PageLayout
        ``kind`` is `unknown` where no log was made out.
    """
    return layout_of(lines.profile_page(raster), raster.dpi_tag)


def layout_of(profiles: PageProfiles, dpi_tag: tuple[float, float] | None) -> PageLayout:
    """The layout of a page whose profiles are known."""
    drift = lines.measure_drift(profiles)
    sharp = lines.sharpen(profiles.upright, max(6, profiles.width_px // 160))
    straight = lines.straighten(sharp, drift)
    logs = []
    for body in kinds.find_bodies(straight):
        log = _read_log(profiles, sharp, drift, body)
        if log is not None:
            logs.append(log)
    sections = tuple(_section(profiles, log, f"log{k + 1}") for k, log in enumerate(logs))
    tag = dpi_tag or (200.0, 200.0)
    kind = "curve_log" if sections else "unknown"
    return PageLayout(kind, 0, (tag[1], tag[0]), sections)


@dataclass(frozen=True, slots=True)
class _Log:
    """One body, registered: column x of its profiles is page column x + drift[band - first]."""

    first: int
    last: int
    drift: F64
    across: tracks.Across
    fields: tracks.Fields


def _read_log(profiles: PageProfiles, sharp: F32, drift: F64, body: kinds.Body) -> _Log | None:
    width, run = profiles.width_px, slice(body.first, body.last)
    own = drift[run]
    straight = np.minimum(lines.straighten(sharp[run], own), 60)
    own = own + lines.register(straight, straight.mean(axis=0), max(4, width // 300))
    rules = np.minimum(lines.straighten(sharp[run], own), 60).mean(axis=0)
    level = uniform_filter1d(lines.straighten(profiles.level[run], own).mean(axis=0), 5)
    across = tracks.measure_across(rules, level)
    if kinds.log_score(body, len(across.peaks), _rhythm(profiles, body)) < 0.97:
        return None
    fields = tracks.find_fields(across)
    if fields is None:
        return None
    return _Log(body.first, body.last, own, across, fields)


def _rhythm(profiles: PageProfiles, body: kinds.Body) -> float:
    """How evenly spaced the level rules are: the best peak of their autocorrelation, 0 to 1."""
    band = profiles.band_px
    rows = profiles.rows[body.first * band : body.last * band].astype(np.float32)
    best = 0.0
    for window in np.array_split(rows, max(1, len(rows) // (60 * band))):
        ink = window.mean(axis=1)
        ink = np.clip(ink - uniform_filter1d(ink, 2 * band), 0, 60)
        power = np.abs(np.fft.rfft(ink - ink.mean(), 2 * len(ink))) ** 2
        auto = np.fft.irfft(power)[: 12 * band]
        least = max(6, band // 4)
        tops = lines.find_peaks((auto / (auto[0] + 1e-6)).astype(np.float32), 3, 0.05)
        tops = tops[tops >= least]
        if len(tops):
            best = max(best, float(auto[tops].max() / (auto[0] + 1e-6)))
    return best


def _section(profiles: PageProfiles, log: _Log, name: str) -> SectionFound:
    band = profiles.band_px
    top, bottom = log.first * band, min(profiles.height_px, log.last * band)
    fields = zip(log.fields.spans, log.fields.grids)
    found = [_track(profiles, log, span, "curves", fit) for span, fit in fields]
    found += [_track(profiles, log, span, "depth", None) for span in log.fields.columns]
    found.sort(key=lambda track: float(track.left_knots[0, 1]))
    return SectionFound(name, "main", float(top), float(bottom), tuple(found), _depth_lines(profiles, log), log.fields.score)


def _depth_lines(profiles: PageProfiles, log: _Log) -> F64:
    """Level lines at the middle of the depth column, else at the left border of the first track."""
    band = profiles.band_px
    first, last = log.first * band, min(profiles.height_px, log.last * band)
    rows = np.arange(first, last)
    centres = (np.arange(log.first, log.last) + 0.5) * band - 0.5
    smooth = gaussian_filter1d(log.drift, 4)
    columns, spans = log.fields.columns, log.fields.spans
    col = 0.5 * sum(columns[0]) if columns else spans[0][0]
    pivot = col + np.interp(rows, centres, smooth)
    slope = -np.interp(rows, centres, np.gradient(smooth) / band)
    inch = (spans[-1][1] - spans[0][0]) / 8.25
    return grid.read_depth_lines(profiles, (first, last), pivot, slope, inch)[0]


def _track(
    profiles: PageProfiles, log: _Log, span: tracks.Span, kind: TrackKind, seen: GridFound | None
) -> TrackFound:
    return TrackFound(
        _knots(profiles, log, span[0]),
        _knots(profiles, log, span[1]),
        kind,
        seen.scale if seen else None,
        seen.divisions if seen else None,
        seen.decades if seen else None,
        seen.decade_start if seen else None,
        seen.score if seen else 0.3,
    )


def _knots(profiles: PageProfiles, log: _Log, col: float) -> F64:
    """Course of the border that lies at registered column ``col``, [n, 2] knots."""
    band = profiles.band_px
    step = max(1, round(_KNOT_ROWS / band / 4))
    at = np.arange(0, log.last - log.first, step)
    rows = (log.first + at + 0.5) * band - 0.5
    return np.column_stack([rows, col + gaussian_filter1d(log.drift, step / 2)[at]])
