"""What reading a page finds: the values that layout, text, depth and header hand to one another.

Every value that could be wrong carries its source and a confidence. Rows and columns are in pixels of
the raster as decoded (after its orientation tag), row 0 at the top. Does not belong here: how anything
is found, and what the pipeline makes of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

from veernet_core.datatypes import (
    F64,
    DepthAxis,
    DepthUnit,
    Dpi,
    Finding,
    Scale,
    Style,
    Wrap,
    px_at,
)

SectionKind = Literal["header", "scales", "main", "repeat", "tail", "other"]
TrackKind = Literal["curves", "depth"]
T = TypeVar("T", str, float)
ReadingSource = Literal["header", "sidecar", "index", "template", "guess"]
PageKind = Literal["curve_log", "not_curve_log", "unknown"]
CLEAR_PRINT = 0.8
"""Confidence from which what is read counts as print."""
_LETTERS = 3
PAGE_WIDTH_IN = 8.5
"""Width of the paper where nothing tells the resolution."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """One value read or assumed, text or a number: where it comes from and the probability that it is right."""

    value: T
    source: ReadingSource
    confidence: float
    row: float = float("nan")
    col: float = float("nan")


@dataclass(frozen=True, slots=True)
class TextBox:
    """One line of text found on the page.

    ``row``/``col`` is its centre, ``height_px``/``width_px`` its extent on the page (not along its own
    baseline), ``turned_deg`` how far it is turned clockwise (0, 90, 180, 270). ``as_digits``: what short
    print says where only digits are allowed, if that differs.

    Print that was found in two ways has ``agreed``, the share of its words that the other way read too: 0.5
    where the other did not see it, NaN where it was read in one way. ``also``: what the other way read instead.
    ``tint``: the colour of the print, ``#rrggbb``; empty where the page has none or little of it is seen.
    """

    text: str
    confidence: float
    row: float
    col: float
    height_px: float
    width_px: float
    turned_deg: int = 0
    as_digits: str = ""
    agreed: float = math.nan
    also: str = ""
    tint: str = ""

    @property
    def is_print(self) -> bool:
        """Whether it is print beyond doubt: strokes of a pen are read as a sign or two, as one again and
        again, or hardly at all.
        """
        signs = {c for c in self.text if c.isalnum()}
        return self.confidence >= CLEAR_PRINT and len(signs) >= _LETTERS


@dataclass(frozen=True, slots=True)
class TrackFound:
    """A track or depth column: its borders as ``[row, px]`` knots [n, 2], and its vertical grid.

    ``scale`` None: no grid could be made out. ``divisions`` of a linear grid; ``decades`` of a
    logarithmic one and ``decade_start`` (1 or 2: the first line's leading digit). ``middle_knots``: the line in
    the middle of twenty divisions, which may be two tracks. ``is_half``: one of two halves of such a track.
    """

    left_knots: F64
    right_knots: F64
    kind: TrackKind
    scale: Scale | None = None
    divisions: int | None = None
    decades: float | None = None
    decade_start: float | None = None
    confidence: float = 0.0
    middle_knots: F64 | None = None
    is_half: bool = False

    def borders_at(self, row: float) -> tuple[float, float]:
        """Columns of the left and the right border at a row."""
        return px_at(self.left_knots, row), px_at(self.right_knots, row)


@dataclass(frozen=True, slots=True)
class SectionFound:
    """A stretch of the page of one kind.

    ``tracks`` from left to right, the depth columns among them. ``depth_lines`` [n, 2]: row where a
    printed horizontal line meets the middle of the depth column (without one: the left border of the
    first track), and its weight (0 fine, 1 medium, 2 heavy).
    """

    section_id: str
    kind: SectionKind
    row_top: float
    row_bottom: float
    tracks: tuple[TrackFound, ...]
    depth_lines: F64
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class PageLayout:
    """Geometry of a page. ``turn_deg``: clockwise turn that would bring it upright (0, 90, 180, 270);
    ``dpi``: measured where possible. Sections from top to bottom.
    """

    kind: PageKind
    turn_deg: int
    dpi: Dpi
    sections: tuple[SectionFound, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class DepthLabel:
    """A printed depth number: the row of the depth line it names, and whether the fit used it."""

    row: float
    depth: float
    confidence: float
    used: bool


@dataclass(frozen=True, slots=True)
class DepthFound:
    """The depth axis of a section, or None with findings that say why not.

    ``is_cut_off``: the axis ends before its section does; the rest is left out. ``suggested``: where it was
    refused, the axis that its numbers make, for a person to confirm.
    """

    axis: DepthAxis | None
    unit: DepthUnit | None
    unit_source: ReadingSource | None
    labels: tuple[DepthLabel, ...]
    residual: float
    residual_px: float
    confidence: float
    findings: tuple[Finding, ...] = ()
    is_cut_off: bool = False
    suggested: DepthAxis | None = None


@dataclass(frozen=True, slots=True)
class CurveFound:
    """One scale bound to a track.

    ``backups``: further (left, right) of the same curve, in the order in which the pen switches to them.
    ``printed``: its name as printed. ``last_track``: index of the last track it spans, where that is
    another one than ``track_index``. ``part``: shares (0..1) of the track where the scale begins and ends,
    where it is not the whole track's. ``pen_row``: row of the line drawn as a sample of its pen, at the middle
    of the page; NaN where none was found. ``dash_px``: length of its dashes, ``stroke_px`` its width, page
    pixels; 0 where that is not sure. ``per_division``: printed value of one division, where no end is printed
    and values count from the left border; else 0.
    """

    section_id: str
    track_index: int
    mnemonic: Reading[str]
    unit: Reading[str] | None
    left: Reading[float]
    right: Reading[float]
    scale: Scale
    style: Style | None
    colour: str | None = None
    wrap: Wrap = "none"
    backups: tuple[tuple[float, float], ...] = ()
    printed: str = ""
    last_track: int | None = None
    part: tuple[float, float] | None = None
    pen_row: float = math.nan
    dash_px: float = 0.0
    stroke_px: float = 0.0
    per_division: float = 0.0

    def at_most(self, confidence: float) -> CurveFound:
        """The same with no value surer than that."""
        lowered = {
            name: replace(value, confidence=min(value.confidence, confidence))
            for name in ("mnemonic", "unit", "left", "right")
            if (value := getattr(self, name)) is not None
        }
        return replace(self, **lowered)


@dataclass(frozen=True, slots=True)
class InkFound:
    """Ink of one colour in a track: ``colour`` as ``#rrggbb``, ``presence`` the share of the rows in which it
    is.

    ``is_pen``: whether it draws a line that can be followed.
    """

    section_id: str
    track_index: int
    colour: str
    presence: float
    is_pen: bool


@dataclass(frozen=True, slots=True)
class PenNamed:
    """A name that a legend puts beside a sample line, and its ``colour``, ``#rrggbb``.

    ``rows`` of the section below it and ``borders`` of its track at the first of them: sections may be cut, and
    tracks counted otherwise, afterwards.
    """

    rows: tuple[float, float]
    borders: tuple[float, float]
    mnemonic: str
    printed: str
    colour: str


Printed = Mapping[tuple[str, str], Sequence[CurveFound]]
"""Scales by section id and track id."""


def next_wraps(left: float, right: float) -> list[tuple[float, float]]:
    """The scales on which a curve comes back that leaves its track over the right or the left border."""
    return [(right, 2 * right - left), (2 * left - right, left)]


@dataclass(frozen=True, slots=True)
class HeaderFound:
    """Header fields by the names of ``WellInfo`` plus ``top_depth``, ``bottom_depth``, ``run``,
    ``elevation_kb``, ``elevation_df``, ``elevation_gl``, ``log_type``.
    """

    fields: Mapping[str, Reading[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PageReading:
    """Everything read from one page. ``depths`` by section id; ``inks`` and ``legends`` of pages with
    colour."""

    layout: PageLayout
    depths: Mapping[str, DepthFound]
    header: HeaderFound
    curves: tuple[CurveFound, ...]
    findings: tuple[Finding, ...] = ()
    inks: tuple[InkFound, ...] = ()
    legends: tuple[PenNamed, ...] = ()
