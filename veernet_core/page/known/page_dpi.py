"""Resolution of a page from the widths of its tracks, because dpi tags are often wrong by a factor of two;
and that down the page, which fax machines have apart."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, Dpi, Raster, Section
from veernet_core.page.depth.unit import is_customary
from veernet_core.page.known.sidecar.nodes import DPI_RANGE

_SINGLE_IN, _DOUBLE_IN, _PAGE_IN = 2.45, 4.9, 8.125
"""Midway between the nominal layouts 2.4|0.8|2.4|2.4 = 8.0 in and 2.5|0.75|2.5|2.5 = 8.25 in; a
double track is 4.8 or 5.0 in. Neither layout is more than 2.1 % away."""
_PAGE_RANGE_IN = (7.7, 8.6)
_SCAN_RANGE_IN = (6.0, 12.0)
_TAG_TOLERANCE = 0.06
_STRETCH = 1.25
"""A page whose two resolutions are nearer to each other is stretched at most, and has one."""


def layout_dpi(sections: tuple[Section, ...], raster: Raster, measured: Dpi | None = None) -> float:
    """Resolution of the scan across, from the widths of its tracks rather than from its dpi tag.

    Where it was measured or given, that is taken. Else a track 1.5 times or more as wide as the
    narrowest of its section is a double one (4.9 in), the others are single (2.45 in); the median over
    the tracks of all sections is the estimate. If the tracks of a section, with the depth column
    between them, are 7.7 to 8.6 in wide by that estimate, they fill the page and its nominal 8.125 in
    is used instead, being a longer ruler. Where no section has both kinds, all tracks may as well be
    double: then the reading that makes the scan 6 to 12 in wide wins; if both do or neither, the one
    nearer to the dpi tag, and without a tag the single one. A tag within 6 % of the result is
    confirmed by it, and taken as the more exact number. Always within 50 to 800.

    Parameters
    ----------
    sections : tuple of Section
    raster : Raster
    measured : Dpi or None

    Returns
    -------
    float
        Pixels per inch; without any track the tag, clipped to 50 to 800, or 200.
    """
    if measured is not None:
        return _clip_dpi(measured.across)
    tag = None if raster.dpi_tag is None else raster.dpi_tag.across
    spans = [_track_spans(section) for section in sections if section.tracks]
    if not spans:
        return _clip_dpi(200.0 if tag is None else tag)
    dpi = _single_or_double(spans, raster.width_px, tag)
    if tag is not None and abs(tag / dpi - 1.0) <= _TAG_TOLERANCE:
        dpi = tag
    return _clip_dpi(dpi)


def layout_dpi_down(
    sections: tuple[Section, ...],
    across: float,
    raster: Raster,
    measured: Dpi | None = None,
) -> float | None:
    """Resolution down the page, where it is another one than across: fax machines scan 204 x 98.

    Where it was measured or given, that is taken. Else the tag's two resolutions tell the ratio, unless the
    depth axis contradicts it: with rows as dense as columns its scale is a usual one, with the tag's ratio it
    is not.

    Parameters
    ----------
    sections : tuple of Section
    across : float
        Of ``layout_dpi``.
    raster : Raster
    measured : Dpi or None

    Returns
    -------
    float or None
        Rows per inch; None where the page has one resolution.
    """
    tag = raster.dpi_tag
    if measured is not None:
        ratio = measured.down / measured.across
    else:
        ratio = 1.0 if tag is None else tag.down / tag.across
    if 1 / _STRETCH < ratio < _STRETCH:
        return None
    if measured is None and _contradict(sections, across, ratio):
        return None
    return _clip_dpi(across * ratio)


def _contradict(sections: tuple[Section, ...], across: float, ratio: float) -> bool:
    """Whether depth axes are of a usual scale only if rows are as dense as columns."""
    axes = [section.depth for section in sections if section.depth is not None]
    slopes = [
        (a.unit, float(np.median(np.diff(a.anchors[:, 1]) / np.diff(a.anchors[:, 0]))))
        for a in axes
    ]
    plain = any(is_customary(slope * across, unit) for unit, slope in slopes)
    return plain and not any(is_customary(slope * across * ratio, unit) for unit, slope in slopes)


def _track_spans(section: Section) -> F64:
    """Left and right border of every track at mid-section, float64 [n_tracks, 2]."""
    row = np.array([(section.row_top + section.row_bottom) / 2.0])
    tracks = [track.geometry for track in section.tracks]
    return np.array([[t.left_px(row)[0], t.right_px(row)[0]] for t in tracks])


def _single_or_double(spans: list[F64], width_px: int, tag: float | None) -> float:
    dpi = _page_ruler(float(np.median(np.concatenate([_track_dpi(s) for s in spans]))), spans)
    if any(_is_double(s).any() for s in spans):
        return dpi
    readings = [dpi, dpi * _SINGLE_IN / _DOUBLE_IN]
    low, high = _SCAN_RANGE_IN
    plausible = [reading for reading in readings if low <= width_px / reading <= high]
    if len(plausible) == 1:
        return plausible[0]
    if tag is None:
        return dpi
    return min(readings, key=lambda reading: abs(math.log(reading / tag)))


def _is_double(spans: F64) -> NDArray[np.bool_]:
    widths = spans[:, 1] - spans[:, 0]
    return np.asarray(widths >= 1.5 * widths.min(), dtype=np.bool_)


def _track_dpi(spans: F64) -> F64:
    nominal = np.where(_is_double(spans), _DOUBLE_IN, _SINGLE_IN)
    return np.asarray((spans[:, 1] - spans[:, 0]) / nominal, dtype=np.float64)


def _page_ruler(dpi: float, spans: list[F64]) -> float:
    """Refine by the whole page where the tracks fill it."""
    totals = np.array([float(s[:, 1].max() - s[:, 0].min()) for s in spans])
    low, high = _PAGE_RANGE_IN
    full = totals[(totals >= low * dpi) & (totals <= high * dpi)]
    return float(np.median(full)) / _PAGE_IN if len(full) else dpi


def _clip_dpi(dpi: float) -> float:
    low, high = DPI_RANGE
    return min(max(dpi, low), high)
