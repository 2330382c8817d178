"""Findings about what is missing, doubtful or off the page, one function each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from veernet_core.datatypes import CurveSpec, Finding, TrackGeometry
from veernet_core.page.known.sidecar import SidecarCurve, SidecarDepth, SidecarTrack
from veernet_core.page.results import CurveFound, SectionFound

BORDERS_UNCERTAIN = "borders_uncertain"
"""Code for a track whose borders may be wrong; its curves are not accepted."""
PAGE_DOUBTFUL = "page_doubtful"
"""Code for a section of a page that may be no curve log; nothing on it is accepted."""


def depth_unknown(section_id: str, given: SidecarDepth | None) -> Finding:
    """A section without a depth axis."""
    has_anchors = given is not None and given.anchors
    what = "has depth anchors without a unit" if has_anchors else "has no depth anchors"
    return Finding.of("depth_unknown", f"Section {section_id} {what}.", section_id=section_id)


def track_unknown(given: SidecarTrack, section_id: str) -> Finding:
    """A given track without borders."""
    message = (
        f"Track {given.track_id} has no borders; its {len(given.curves or ())} curves are left out."
    )
    return Finding.of("track_unknown", message, section_id=section_id, track_id=given.track_id)


def scale_unknown(curve: SidecarCurve, section_id: str, track_id: str) -> Finding:
    """A given curve without a scale."""
    message = f"Curve {curve.mnemonic} has no scale and is left out."
    return Finding.of("scale_unknown", message, section_id=section_id, track_id=track_id)


def _about(code: str, message: str, section: SectionFound, track_id: str | None = None) -> Finding:
    rows = (int(section.row_top), int(section.row_bottom))
    return Finding.of(code, message, rows=rows, section_id=section.section_id, track_id=track_id)


def borders_uncertain(section: SectionFound, track_id: str, confidence: float) -> Finding:
    """A track whose borders may be wrong."""
    message = f"The borders of track {track_id} are uncertain (confidence {confidence:.2f})."
    return _about(BORDERS_UNCERTAIN, message, section, track_id)


def scale_unread(section: SectionFound, track_id: str) -> Finding:
    """A track above which no scale was read."""
    message = (
        f"No scale was read for track {track_id}: what is drawn there is given as a share of the"
        " track's width, for review only."
    )
    return _about("scale_unread", message, section, track_id)


def pen_unnamed(section: SectionFound, track_id: str, pens: Sequence[CurveSpec]) -> Finding:
    """Pens that are drawn in a track and that none of its scales names."""
    count = "a pen" if len(pens) == 1 else f"{len(pens)} pens"
    told = ", ".join(f"{pen.printed or pen.mnemonic} in {pen.colour}" for pen in pens)
    message = (
        f"Track {track_id} has {count} that no scale names ({told}): what was drawn so is given as a share of"
        " the track's width, for review only."
    )
    return _about("pen_unnamed", message, section, track_id)


def not_drawn(section: SectionFound, track_id: str, curve: CurveFound) -> Finding:
    """A scale in a colour that is not drawn in its track."""
    message = (
        f"{curve.mnemonic.value} is printed above track {track_id} in {curve.colour}, and nothing of that"
        " colour is drawn there."
    )
    return _about("not_drawn", message, section, track_id)


def page_doubtful(section: SectionFound) -> Finding:
    """A section of a page that may be no curve log."""
    message = f"The page may be no curve log; section {section.section_id} is for review only."
    return _about(PAGE_DOUBTFUL, message, section)


def reading_dropped(message: str, section_id: str, track_id: str | None) -> Finding:
    """Something that was read and does not fit the page."""
    what = f"section {section_id}" if track_id is None else f"track {track_id}"
    return Finding.of(
        "reading_dropped",
        f"What was read of {what} does not fit the page and is left out: {message}.",
        section_id=section_id,
        track_id=track_id,
    )


def border_off_page(
    geometry: TrackGeometry, rows: tuple[float, float], width_px: int, section_id: str
) -> Finding:
    """A track that runs off the paper."""
    ends = np.array(rows)
    left, right = geometry.left_px(ends).min(), geometry.right_px(ends).max()
    return Finding.of(
        "border_off_page",
        f"Track {geometry.track_id} spans columns {left:.0f} to {right:.0f}, the page has columns 0 to"
        f" {width_px - 1}; what lies off the page is blank.",
        rows=(int(rows[0]), int(rows[1])),
        section_id=section_id,
        track_id=geometry.track_id,
    )
