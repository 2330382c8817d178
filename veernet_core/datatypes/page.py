"""What a page shows: the well, its sections, their depth axes and tracks, and the curves drawn in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import overload

import numpy as np

from veernet_core.datatypes.scan import Finding, Raster, ScanRef
from veernet_core.datatypes.words import F64, DepthUnit, Dpi, Scale, Source, Style, Wrap, require


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """What is drawn in a track: name, unit, scale and pen of one curve.

    ``left`` and ``right`` are the values at the track's edges (any order; both > 0 for log).
    ``colour`` is ``#rrggbb`` or None. ``points_px`` are optional ``(row, col)`` scan positions known
    to lie on the curve (they tell curves of one style apart). ``printed`` is the name on the paper, where it
    was read; ``mnemonic`` the standard one it stands for; ``dash_px`` the length of the dashes of its sample
    line there and ``stroke_px`` the width of that line, page pixels, 0 where they are not known.

    Given by a person, mostly empty: ``scale_points`` ``(value, frac)`` of a hybrid scale, linear between them;
    ``wrap_start``, the wrap index at the first row; ``null_rows`` ``(first, last)`` scan rows that are not
    delivered; ``redrawn`` ``(row, frac)``, the path between its first and last row.
    """

    mnemonic: str
    unit: str
    left: float
    right: float
    scale: Scale = "linear"
    style: Style = "solid"
    wrap: Wrap = "none"
    colour: str | None = None
    source: Source = "sidecar"
    points_px: tuple[tuple[float, float], ...] = ()
    scale_points: tuple[tuple[float, float], ...] = ()
    wrap_start: int | None = None
    null_rows: tuple[tuple[float, float], ...] = ()
    redrawn: tuple[tuple[float, float], ...] = ()
    printed: str = field(default="", compare=False)
    dash_px: float = field(default=0.0, compare=False)
    stroke_px: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        require(bool(self.mnemonic), "a curve needs a mnemonic")
        require(
            bool(np.isfinite(self.left)) and bool(np.isfinite(self.right)),
            f"{self.mnemonic}: scale ends must be finite",
        )
        require(self.left != self.right, f"{self.mnemonic}: scale ends are equal")
        require(
            (self.scale == "hybrid") == (len(self.scale_points) >= 2),
            f"{self.mnemonic}: a hybrid scale needs two or more scale points",
        )
        require(
            self.scale != "log" or (self.left > 0 and self.right > 0),
            f"{self.mnemonic}: both ends of a logarithmic scale must be > 0",
        )


@overload
def px_at(line: F64, rows: float) -> float: ...
@overload
def px_at(line: F64, rows: F64) -> F64: ...
def px_at(line: F64, rows: float | F64) -> float | F64:
    """Column at each row of a line down the page: a border, or the middle of a depth column.

    Parameters
    ----------
    line : float64 [n, 2]
        ``[row, px]`` knots, rows growing; straight between them, and upright beyond the first and the last.
    rows : float or float64 array
    """
    columns = np.interp(rows, line[:, 0], line[:, 1])
    return columns if isinstance(columns, np.ndarray) else float(columns)


@dataclass(frozen=True, slots=True)
class TrackGeometry:
    """Left and right border of a track as ``[row, px]`` knots, linear between them.

    Attributes
    ----------
    left_knots, right_knots : float64 [n, 2]
        Scan row and column; rows strictly increasing; constant beyond the ends.
    """

    track_id: str
    left_knots: F64
    right_knots: F64

    def __post_init__(self) -> None:
        for knots in (self.left_knots, self.right_knots):
            require(
                knots.ndim == 2 and knots.shape[1] == 2 and len(knots) >= 1,
                f"track {self.track_id}: borders need [row, px] knots",
            )
            require(
                bool(np.isfinite(knots).all()) and bool((np.diff(knots[:, 0]) > 0).all()),
                f"track {self.track_id}: border rows must increase",
            )
        rows = np.union1d(self.left_knots[:, 0], self.right_knots[:, 0])
        require(
            bool((self.right_px(rows) - self.left_px(rows) >= 8).all()),
            f"track {self.track_id}: right border must lie right of the left one by 8 px or more",
        )

    def left_px(self, rows: F64) -> F64:
        """Left border column at each scan row."""
        return px_at(self.left_knots, rows)

    def right_px(self, rows: F64) -> F64:
        """Right border column at each scan row."""
        return px_at(self.right_knots, rows)


@dataclass(frozen=True, slots=True)
class DepthAxis:
    """Scan row to depth, piecewise linear through anchors.

    Attributes
    ----------
    unit : 'ft' or 'm'
    anchors : float64 [n, 2]
        (scan row where the depth line meets the reference column, depth); both strictly increasing.
    residual : float
        Robust scatter of the evidence around the fit, in ``unit`` (NaN: not known).
    source : where the anchors came from.
    """

    unit: DepthUnit
    anchors: F64
    residual: float = float("nan")
    source: Source = "sidecar"

    def __post_init__(self) -> None:
        require(
            self.anchors.ndim == 2 and self.anchors.shape[1] == 2 and len(self.anchors) >= 2,
            "a depth axis needs two or more [row, depth] anchors",
        )
        require(
            bool(np.isfinite(self.anchors).all())
            and bool((np.diff(self.anchors, axis=0) > 0).all()),
            "depth anchors must increase in row and in depth",
        )

    def depth_at(self, rows: F64) -> F64:
        """Depth at scan rows; extrapolates with the slope of the end segments."""
        return interp_extrapolate(rows, self.anchors[:, 0], self.anchors[:, 1])

    def row_at(self, depths: F64) -> F64:
        """Scan row at depths; the inverse of ``depth_at``."""
        return interp_extrapolate(depths, self.anchors[:, 1], self.anchors[:, 0])


def interp_extrapolate(x: F64, xp: F64, fp: F64) -> F64:
    """Linear between points with increasing ``xp``; beyond the ends with the slope of the end segments."""
    x = np.asarray(x, dtype=np.float64)
    segment = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, len(xp) - 2)
    slope = np.diff(fp) / np.diff(xp)
    out: F64 = fp[segment] + (x - xp[segment]) * slope[segment]
    return out


@dataclass(frozen=True, slots=True)
class Track:
    """One track and the curves drawn in it; ``borders_confirmed``: a person says that its borders are meant
    as they are, also where a line is printed beside one.
    """

    geometry: TrackGeometry
    curves: tuple[CurveSpec, ...]
    borders_confirmed: bool = False

    @property
    def track_id(self) -> str:
        """The track's name in the sidecar and the outputs."""
        return self.geometry.track_id


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reason, known from the page, why curves of a section are not accepted.

    ``reason`` is a verdict's; ``track_id`` and ``mnemonic`` say what it is about, None: all there are.
    """

    reason: str
    track_id: str | None = None
    mnemonic: str | None = None

    def concerns(self, track_id: str, mnemonic: str) -> bool:
        """Whether it is about a curve."""
        return self.track_id in (None, track_id) and self.mnemonic in (None, mnemonic)


@dataclass(frozen=True, slots=True)
class Section:
    """A run of rows with one depth axis. ``depth`` is None where it is unknown; rows half-open.

    ``reference_px`` are ``[row, px]`` knots of the line on which the anchors were measured (the
    centre of the depth column; else the left border of the first track); it fixes the tilt's pivot.
    ``doubts`` keep its curves from being accepted; ``printed`` are the curves, by track id and mnemonic, whose
    given scale was read on the page. ``depth_refused`` is the axis of too few depth numbers: it is shown to
    people, and nothing is made of it.
    """

    section_id: str
    row_top: float
    row_bottom: float
    depth: DepthAxis | None
    tracks: tuple[Track, ...]
    reference_px: F64 = field(default_factory=lambda: np.zeros((1, 2)))
    doubts: tuple[Doubt, ...] = ()
    printed: tuple[tuple[str, str], ...] = ()
    depth_refused: DepthAxis | None = None

    def __post_init__(self) -> None:
        require(
            self.row_bottom - self.row_top >= 2,
            f"section {self.section_id}: needs two or more rows",
        )


@dataclass(frozen=True, slots=True)
class WellInfo:
    """Header facts as given or read, all of them text; empty where not known.

    ``elevation_kb``, ``elevation_df``, ``elevation_gl``: of kelly bushing, derrick floor and ground; ``datum``:
    which of them depths are measured from (KB, DF, RT or GL).
    """

    uwi: str = ""
    name: str = ""
    company: str = ""
    field_name: str = ""
    county: str = ""
    state: str = ""
    country: str = ""
    service_company: str = ""
    date: str = ""
    location: str = ""
    elevation_kb: str = ""
    elevation_df: str = ""
    elevation_gl: str = ""
    datum: str = ""


@dataclass(frozen=True, slots=True)
class PreparedLog:
    """A scan with its geometry: all that tracing needs.

    ``dpi`` is the resolution across, measured from the layout (not the tag); ``dpi_down`` that down the page,
    where it is another one, as of fax machines.
    """

    scan: ScanRef
    raster: Raster
    well: WellInfo
    sections: tuple[Section, ...]
    dpi: float
    findings: tuple[Finding, ...] = ()
    dpi_down: float | None = None

    @property
    def rows_per_in(self) -> float:
        """Resolution down the page."""
        return self.dpi if self.dpi_down is None else self.dpi_down

    @property
    def resolution(self) -> Dpi:
        """Resolution down and across the page."""
        return Dpi(self.rows_per_in, self.dpi)
