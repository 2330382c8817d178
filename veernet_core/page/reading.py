"""Reading a page: what layout, text, depth and header find, in order, and only where it is needed.

In: a `Raster`, what a sidecar gives (or nothing) and an OCR engine. Out: a `PageReading`, with the given
geometry in the place of the found one; ``sections`` makes one of both.
Does not belong here: how tracks, numbers and scales are found, and what is done with them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from veernet_core.datatypes import DepthUnit, Dpi, Finding, Raster, Section, Track
from veernet_core.errors import ReadingError, VeernetError, of_scan
from veernet_core.page.agreement import (
    found_by_print,
    kind_by_title,
    sure_where_depth_is,
    values_from_border,
)
from veernet_core.page.depth import axis as depth
from veernet_core.page.depth.refusals import DepthPrior
from veernet_core.page.depth.unit import is_true_vertical, printed_unit
from veernet_core.page.header import fields as header
from veernet_core.page.known.place import (
    LOGGED,
    Needs,
    Placed,
    is_prior,
    missing,
    place,
    same_track,
)
from veernet_core.page.known.sidecar import Sidecar
from veernet_core.page.layout import page_layout as layout
from veernet_core.page.layout.maps import LayoutNets
from veernet_core.page.models import SHIPPED, PageModels
from veernet_core.page.ocr import text
from veernet_core.page.ocr.text import TextReader
from veernet_core.page.raster.turning import turned
from veernet_core.page.results import (
    CLEAR_PRINT,
    CurveFound,
    DepthFound,
    HeaderFound,
    PageLayout,
    PageReading,
    PenNamed,
    SectionFound,
    TextBox,
    TrackFound,
)
from veernet_core.page.scales import reading as scales
from veernet_core.page.scales.drawn_inks import found_inks
from veernet_core.page.scales.reading import ScaleReader
from veernet_core.page.scales.spans import with_spans

_HEADER_IN = 45.0
"""Farthest that the form is read from the top of the page."""
_INTO_GRID_IN = 0.6
"""Scale blocks and grids meet where neither ends exactly."""
_FEWEST_LETTERS = 40
_SAMPLE_IN = 8.0
"""How much of each end of a page is read to learn which way up it is."""
LAYOUT_FILE = "veernet-layout.safetensors"
"""Name of the layout network among the fitted models."""


class PageReader(ScaleReader, LayoutNets, Protocol):
    """What reading a page needs from outside: an OCR engine and two networks, in one object."""


def read_page(
    raster: Raster,
    given: Sidecar | None,
    reader: PageReader,
    unit: DepthUnit | None = None,
    models: PageModels = SHIPPED,
) -> PageReading | None:
    """Read from the page what the sidecar leaves out.

    Parameters
    ----------
    raster : Raster
        As decoded.
    given : Sidecar or None
    reader : PageReader
        Only used where depth or scales are missing.
    unit : 'ft', 'm' or None
        Of anchors that are given without one.
    models : PageModels
        Fitted models that take the place of the shipped ones.

    Returns
    -------
    PageReading or None
        None where geometry, depth and scales are all given. Rows and columns are those of the page
        turned by ``layout.turn_deg``.

    Raises
    ------
    ReadingError
        A reader failed; the page itself can never be the reason.
    """
    needs = missing(given, unit)
    if not needs.anything:
        return None
    try:
        if given is not None and (given.turn_deg is not None or _has_pixels(given)):
            return _read(raster, given.turn_deg or 0, needs, given, reader, unit, models)
        reading = _read(raster, 0, needs, given, reader, unit, models)
        known = any(found.axis is not None for found in reading.depths.values())
        if known or reading.layout.kind == "not_curve_log":
            return reading
        turn = reading.layout.turn_deg or turn_of_print(raster, reader, reading.layout.dpi.across)
        return _read(raster, turn, needs, given, reader, unit, models) if turn else reading
    except VeernetError:
        raise
    except Exception as error:
        raise ReadingError(of_scan(error, "").message) from error


def _read(
    raster: Raster,
    turn_deg: int,
    needs: Needs,
    given: Sidecar | None,
    reader: PageReader,
    unit: DepthUnit | None,
    models: PageModels,
) -> PageReading:
    """Read the page turned clockwise by ``turn_deg``."""
    upright = turned(raster, turn_deg)
    found = layout.read_layout(upright, reader.layout_net(models.files.get(LAYOUT_FILE)))
    if turn_deg:
        found = replace(found, turn_deg=turn_deg)
        if given is None or given.turn_deg is None:
            told = Finding.of("page_turned", f"The page was turned clockwise by {turn_deg}°.")
            found = replace(found, findings=(*found.findings, told))
    found, placed, _ = place(given, found, upright.height_px)
    if not placed:
        return PageReading(found, {}, HeaderFound(), (), _why_nothing(found))
    boxes = _text(upright, found, placed, reader) if needs.scales else []
    found = kind_by_title(found, boxes)
    fields = header.read_header(boxes, found) if boxes else HeaderFound()
    free = given is None or not _has_pixels(given)
    curves: tuple[CurveFound, ...] = ()
    legends: tuple[PenNamed, ...] = ()
    if needs.scales and not free:
        curves = scales.read_scales(upright, found, reader, models)
    if free:
        if needs.scales:
            found, curves, upright_names = scales.read_scales_and_tracks(
                upright, found, reader, models
            )
            found, curves, lying_names = scales.read_lying_scales(
                upright, found, curves, reader, models
            )
            legends = (*upright_names, *lying_names)
            found, placed, _ = place(given, found, upright.height_px)
        found, curves = with_spans(found, curves)
    texts = [box.text for box in boxes if _clear(box)]
    printed = printed_unit(texts)
    depths = _depths(upright, given, found, placed, reader, (unit, printed))
    curves = sure_where_depth_is(curves, depths)
    found = _cut(found_by_print(found, curves, depths), placed, depths)
    findings = (
        *found.findings,
        *(f for d in depths.values() for f in d.findings),
        *values_from_border(curves),
        *([Finding.of("true_vertical_depth")] if is_true_vertical(texts) else []),
    )
    logged = [s for s in found.sections if s.kind in LOGGED]
    inks = found_inks(upright, logged, found.dpi, models) if needs.scales else ()
    return PageReading(found, depths, fields, curves, findings, tuple(inks), legends)


def read_given(
    raster: Raster, sections: Sequence[Section], dpi: Dpi, reader: PageReader
) -> dict[tuple[str, str], list[CurveFound]]:
    """Read the scales printed above given sections, to cross-check what is given with them.

    Parameters
    ----------
    raster : Raster
        Upright.
    sections : sequence of Section
    dpi : Dpi
    reader : PageReader

    Returns
    -------
    dict
        From (section id, track id) to the scales read there. Nothing is read where no person given a
        curve.

    Raises
    ------
    ReadingError
        A reader failed; the page itself can never be the reason.
    """
    known = [s for s in sections if any(c.source == "sidecar" for t in s.tracks for c in t.curves)]
    orders = {section.section_id: _from_left(section) for section in known}
    if not known:
        return {}
    try:
        whole = layout.read_layout(raster, reader.layout_net())
        found = tuple(_as_found(section, orders[section.section_id], whole) for section in known)
        page = PageLayout("curve_log", 0, dpi, found)
        curves = scales.read_scales(raster, page, reader)
    except VeernetError:
        raise
    except Exception as error:
        raise ReadingError(of_scan(error, "").message) from error
    printed: dict[tuple[str, str], list[CurveFound]] = {}
    for curve in curves:
        track = orders[curve.section_id][curve.track_index]
        printed.setdefault((curve.section_id, track.track_id), []).append(curve)
    return printed


def _from_left(section: Section) -> list[Track]:
    row = np.array([section.row_top])
    return sorted(section.tracks, key=lambda track: float(track.geometry.left_px(row)[0]))


def _as_found(section: Section, tracks: Sequence[Track], whole: PageLayout) -> SectionFound:
    """A given section from the top of its grid on: scales stand there, also where only a lower part is
    given.
    """
    top = section.row_top
    given = tuple(
        TrackFound(t.geometry.left_knots, t.geometry.right_knots, "curves", confidence=1.0)
        for t in tracks
    )
    around = [s for s in whole.sections if s.kind in LOGGED and s.row_top < top < s.row_bottom]
    if around:
        given = tuple(same_track(around[0], track, top) or track for track in given)
        top = around[0].row_top
    return SectionFound(
        section.section_id, "main", top, section.row_bottom, given, np.zeros((0, 2)), 1.0
    )


def turn_of_print(raster: Raster, reader: TextReader, dpi: float) -> int:
    """Clockwise turn that would set most of the print at both ends of the page upright.

    Parameters
    ----------
    raster : Raster
    reader : PageReader
    dpi : float

    Returns
    -------
    int
        0, 90, 180 or 270; 0 where there is too little print, or no turn that stands out. Forms are
        often printed on their side on upright logs, so that a page taller than wide is either upright
        or upside down.
    """
    reach = round(_SAMPLE_IN * dpi)
    height, width = raster.height_px, raster.width_px
    if height >= width:
        turns = (0, 180)
        ends = [(0, min(reach, height), 0, width), (max(0, height - reach), height, 0, width)]
    else:
        turns = (90, 270)
        ends = [(0, height, 0, min(reach, width)), (0, height, max(0, width - reach), width)]
    boxes = [b for end in ends for b in text.read_region(raster, *end, reader, turns, dpi)]
    letters = {
        turn: sum(len(b.text) for b in boxes if b.turned_deg == turn and _clear(b))
        for turn in turns
    }
    first, second = sorted(turns, key=lambda turn: -letters[turn])
    stands_out = letters[first] >= _FEWEST_LETTERS and letters[first] >= 3 * letters[second]
    return (360 - first) % 360 if stands_out else 0


def _clear(box: TextBox) -> bool:
    return box.confidence >= CLEAR_PRINT and len(box.text) >= 3


def _has_pixels(given: Sidecar) -> bool:
    """Whether rows or columns are given: they are then those of the page as it is stored."""
    return any(not is_prior(section) for section in given.sections)


def _why_nothing(found: PageLayout) -> tuple[Finding, ...]:
    if found.kind != "curve_log" and found.findings:  # the layout says why it is none
        return found.findings
    finding = Finding.of("not_curve_log" if found.kind == "not_curve_log" else "no_tracks")
    return (*found.findings, finding)


def _depths(
    raster: Raster,
    given: Sidecar | None,
    found: PageLayout,
    placed: tuple[Placed, ...],
    reader: PageReader,
    units: tuple[DepthUnit | None, DepthUnit | None],
) -> dict[str, DepthFound]:
    """The axis of every section whose depth is not given; ``units``: the one that was set, and the one that
    print outside the grids speaks of.
    """
    unit, printed = units
    out = {}
    for section in placed:
        said = section.given.depth if section.given is not None else None
        if said is not None and said.anchors and (said.unit or unit) is not None:
            continue
        out[section.found.section_id] = depth.find_depth(
            raster, section.found, found, reader, _prior(given, section, unit), printed
        )
    return out


def _cut(
    found: PageLayout, placed: tuple[Placed, ...], depths: Mapping[str, DepthFound]
) -> PageLayout:
    """The layout with sections cut to where their depth is known, but for those whose rows are given."""
    given = {
        p.found.section_id
        for p in placed
        if p.given is not None and (p.given.row_top, p.given.row_bottom) != (None, None)
    }
    sections = tuple(
        depth.cut_to_depth(s, depths[s.section_id])
        if s.section_id in depths and s.section_id not in given
        else s
        for s in found.sections
    )
    return replace(found, sections=sections)


def _prior(given: Sidecar | None, placed: Placed, unit: DepthUnit | None) -> DepthPrior | None:
    """What is given of the depths: by the section, else by the archive's index for the whole log."""
    own = () if placed.given is None else (placed.given,)
    general = () if given is None else tuple(s for s in given.sections if is_prior(s))
    known = [s.depth for s in (*own, *general) if s.depth is not None]
    if not known and unit is None:
        return None
    return DepthPrior(
        unit=next((d.unit for d in known if d.unit is not None), unit),
        top=next((d.top for d in known if d.top is not None), None),
        bottom=next((d.bottom for d in known if d.bottom is not None), None),
        source="index" if not own and known else "sidecar",
    )


# ---- text -----------------------------------------------------------------------------------------


def _text(
    raster: Raster, found: PageLayout, placed: Iterable[Placed], reader: PageReader
) -> list[TextBox]:
    """All text above the first grid that may belong to the form; scales are read by themselves."""
    first = min((p.found.row_top for p in placed), default=math.inf)
    last = form_rows(found, first, raster.height_px)
    boxes = text.read_region(raster, 0, last, 0, raster.width_px, reader, (0,), found.dpi.across)
    sideways = round(min(first, _HEADER_IN * found.dpi.down))
    return boxes + header.read_sideways(raster, sideways, reader, found.dpi.across, last)


def form_rows(found: PageLayout, first: float, height_px: int) -> int:
    """Rows from the top of the page in which the form may be printed.

    Parameters
    ----------
    found : PageLayout
        Its resolution is used.
    first : float
        Row where the first grid begins; scale blocks and grids meet where neither ends exactly.
    height_px : int
    """
    down = found.dpi.down
    return round(min(first + _INTO_GRID_IN * down, _HEADER_IN * down, height_px))
