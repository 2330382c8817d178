"""What a sidecar holds, as frozen data; everything in it may be left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from veernet_core.datatypes import DepthUnit, Dpi, Finding, Scale, Source, Style, WellInfo, Wrap
from veernet_core.page.known.additions import Additions

Knots = tuple[tuple[float, float], ...]
"""``(row, px)`` pairs; a single one stands for a constant."""


@dataclass(frozen=True, slots=True)
class SidecarCurve:
    """One curve as given; ``left`` and ``right`` are None where it is given without a scale."""

    mnemonic: str
    unit: str
    left: float | None
    right: float | None
    scale: Scale
    style: Style
    wrap: Wrap
    colour: str | None
    points: Knots
    source: Source = "sidecar"
    confidence: float = float("nan")
    more: Additions = field(default_factory=Additions)


@dataclass(frozen=True, slots=True)
class SidecarTrack:
    """One track as given; a border is None where it is left out, and so are its curves."""

    track_id: str
    left_px: Knots | None
    right_px: Knots | None
    curves: tuple[SidecarCurve, ...] | None
    borders_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SidecarDepth:
    """Depth as given: anchors ``(row, depth)``, or only the range the index knows.

    ``residual`` is the scatter of the evidence, in ``unit``, where the anchors were fitted.
    """

    unit: DepthUnit | None
    anchors: Knots
    top: float | None
    bottom: float | None
    source: Source = "sidecar"
    residual: float = float("nan")
    confidence: float = float("nan")


@dataclass(frozen=True, slots=True)
class SidecarSection:
    """One section as given."""

    section_id: str
    row_top: float | None
    row_bottom: float | None
    depth: SidecarDepth | None
    depth_column: tuple[Knots, Knots] | None
    tracks: tuple[SidecarTrack, ...]
    skip: bool = False


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A whole sidecar; ``name`` is its file name, for messages; ``edited`` tells
    who changed it, when, and what; ``noted`` is what was found when several sources were made one.
    """

    name: str
    well: WellInfo
    sections: tuple[SidecarSection, ...]
    turn_deg: int | None = None
    dpi: Dpi | None = None
    edited: tuple[tuple[str, str, str], ...] = ()
    noted: tuple[Finding, ...] = ()
