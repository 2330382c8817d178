"""The picture a reviewer signs: recovered curves drawn thinly over the scan they came from.

In: the image of one rectified track, and positions of its curves. Out: PNG bytes. The picture shows
what was recovered and hides nothing, but no stretch without values looks like one with values: it does
not smooth, fill or judge. Files do not belong here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10, sqrt
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet_core.datatypes import F64, U8, Bool, CurveSpec, Decision, DepthUnit

Colour = tuple[int, int, int]
Kind = Literal["observed", "bridged", "withheld"]

COLOURS: tuple[Colour, ...] = (
    (0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (230, 159, 0),
)  # fmt: skip
"""Red, green, blue of the curves in order: Okabe and Ito's set, safe for colour-blind people."""

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 3, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)
"""Line drawings of few tones pack as tightly unfiltered, in a third of the time."""
_INK_WEIGHT = 0.34
_LONG_ROWS = 20_000
_LONG_SCALE = 0.5
_MAX_STRIP_PIXELS = 32e6
_MIN_PANEL_PX, _MAX_PANEL_PX = 2_400, 15_500
_ASPECT = 1.5
_MIN_WIDTH_PX = 720
_GUTTER_PX, _GAP_PX, _PAD_PX = 84, 22, 12
_LINE_PX, _TEXT_PX, _TITLE_PX = 24, 15, 18
_DASH_PX, _DOT_PX = 7.0, 1.5
_SHIFT = 4
_PAPER: Colour = (255, 255, 255)
_TEXT: Colour = (34, 34, 34)
_RULE: Colour = (168, 178, 190)
_OBSERVED, _BRIDGED, _WITHHELD = 1, 2, 3
_KINDS: dict[int, Kind] = {_OBSERVED: "observed", _BRIDGED: "bridged", _WITHHELD: "withheld"}
_WORDS: dict[Decision, str] = {"accept": "ACCEPTED", "review": "REVIEW", "reject": "REJECTED"}


@dataclass(frozen=True, slots=True)
class OverlayCurve:
    """A curve to draw.

    Attributes
    ----------
    spec : CurveSpec
    row : float64 [n]
        Strip row of every sample, increasing; may be fractional.
    frac : float64 [n]
        Position in track widths, unfolded; NaN not recovered.
    observed : bool [n]
        False where bridged.
    withheld : bool [n], optional
        Where it was traced, but has no values; nowhere if omitted.
    decision : 'accept', 'review', 'reject' or None
    note : str
        More for the legend, such as the R² estimate.
    """

    spec: CurveSpec
    row: F64
    frac: F64
    observed: Bool
    decision: Decision | None = None
    note: str = ""
    withheld: Bool | None = None

    def __post_init__(self) -> None:
        lengths = {
            len(part)
            for part in (self.row, self.frac, self.observed, self.withheld)
            if part is not None
        }
        if len(lengths) > 1:
            raise ValueError(f"{self.spec.mnemonic}: overlay arrays differ in length")


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things go. ``scale`` is picture px per strip px; panels are columns of the strip."""

    scale: float
    panels: int
    panel_px: int
    strip_px: int
    head_px: int
    width_px: int

    @property
    def height_px(self) -> int:
        return self.head_px + self.panel_px + _PAD_PX

    def left_px(self, panel: int) -> int:
        """Column of a panel's strip."""
        return _PAD_PX + _GUTTER_PX + panel * (_GUTTER_PX + self.strip_px + _GAP_PX)

    def y_px(self, row: F64) -> F64:
        """Picture row of strip rows below the head, as if all were one panel."""
        out: F64 = (row + 0.5) * self.scale - 0.5
        return out


def draw_overlay(
    image: U8,
    curves: Sequence[OverlayCurve],
    left_col: float,
    right_col: float,
    *,
    scan_rows: F64,
    depth: F64 | None = None,
    depth_unit: DepthUnit | None = None,
    title: str = "",
) -> bytes:
    """Draw curves over the scan of their track.

    Long tracks are shown at half size and cut into panels side by side, read from left to right, so
    that the picture stays below 16,000 px in height and can be looked at.

    Parameters
    ----------
    image : uint8 [rows, cols] or [rows, cols, 3]
        Ink (0 paper, 255 full ink), or red, green and blue as scanned.
    curves : sequence of OverlayCurve
    left_col, right_col : float
        Columns of the track's borders in ``image``.
    scan_rows : float64 [rows]
        Scan row of every image row; labels the picture where ``depth`` is None.
    depth : float64 [rows], optional
        Depth of every image row, increasing, in ``depth_unit``.
    depth_unit : 'ft', 'm' or None
    title : str
        First line of the picture.

    Returns
    -------
    bytes
        PNG; the same input gives the same bytes.

    Raises
    ------
    ValueError
        Where shapes contradict each other.
    """
    rows, cols = image.shape[:2]
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or rows == 0 or cols == 0:
        raise ValueError(f"overlay image must be uint8 [rows, cols(, 3)], not {image.shape}")
    axis, unit = (scan_rows, "scan row") if depth is None else (depth, depth_unit or "")
    if len(axis) != rows:
        raise ValueError(f"overlay of {rows} rows with {len(axis)} depths")
    layout = _plan(rows, cols, len(curves))
    canvas = np.full((layout.height_px, layout.width_px, 3), _PAPER, dtype=np.uint8)
    _draw_scan(canvas, image, layout)
    _draw_ticks(canvas, axis, layout)
    for col in (left_col, right_col):
        _draw_border(canvas, col, rows, layout)
    for number, curve in enumerate(curves):
        _draw_curve(canvas, curve, COLOURS[number % len(COLOURS)], left_col, right_col, layout)
    _draw_head(canvas, curves, title, unit)
    done, data = cv2.imencode(".png", canvas[..., ::-1], _PNG)
    if not done:
        raise ValueError(f"PNG encoder refused a picture of {canvas.shape}")
    return bytes(data.tobytes())


def _plan(rows: int, cols: int, curves: int) -> _Layout:
    """Scale and number of panels: about three to two, high to wide."""
    scale = _LONG_SCALE if rows > _LONG_ROWS else 1.0
    scale = min(scale, sqrt(_MAX_STRIP_PIXELS / (rows * cols)))
    length_px = ceil(rows * scale)
    strip_px = max(round(cols * scale), 1)
    pitch_px = _GUTTER_PX + strip_px + _GAP_PX
    best_px = min(max(sqrt(_ASPECT * length_px * pitch_px), _MIN_PANEL_PX), _MAX_PANEL_PX)
    panels = ceil(length_px / best_px)
    width_px = 2 * _PAD_PX + panels * pitch_px - _GAP_PX
    head_px = 2 * _PAD_PX + _LINE_PX * (curves + 3)
    return _Layout(
        scale, panels, ceil(length_px / panels), strip_px, head_px, max(width_px, _MIN_WIDTH_PX)
    )


def _draw_scan(canvas: U8, image: U8, layout: _Layout) -> None:
    """The scan in grey with its ink lightened, panel by panel (long scans are large)."""
    rows = image.shape[0]
    for panel in range(layout.panels):
        first = round(panel * layout.panel_px / layout.scale)
        last = min(round((panel + 1) * layout.panel_px / layout.scale), rows)
        if last <= first:
            continue
        part = image[first:last]
        ink = part if part.ndim == 2 else 255 - cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
        height_px = min(max(round((last - first) * layout.scale), 1), layout.panel_px)
        if layout.scale != 1.0:
            ink = cv2.resize(ink, (layout.strip_px, height_px), interpolation=cv2.INTER_AREA)
        grey = (255.0 - _INK_WEIGHT * ink).astype(np.uint8)
        left = layout.left_px(panel)
        canvas[layout.head_px : layout.head_px + height_px, left : left + layout.strip_px] = grey[
            :height_px, :, None
        ]


def _draw_ticks(canvas: U8, axis: F64, layout: _Layout) -> None:
    """Depth numbers and ticks in the gutter, and a faint line across the strip at every number."""
    finite = np.flatnonzero(np.isfinite(axis))
    if len(finite) < 2 or axis[finite[-1]] <= axis[finite[0]]:
        return
    low, high = float(axis[finite[0]]), float(axis[finite[-1]])
    px_per_unit = (finite[-1] - finite[0]) * layout.scale / (high - low)
    major = _nice_step(90.0 / px_per_unit)
    minor = major / (4 if round(major / 10 ** floor(log10(major) + 1e-9)) == 2 else 5)
    digits = max(0, -floor(log10(major) + 1e-9))
    for count in range(ceil(low / minor - 1e-9), floor(high / minor + 1e-9) + 1):
        value = count * minor
        row = np.interp(value, axis[finite], finite.astype(np.float64))
        y_px = float(layout.y_px(np.asarray(row)))
        labelled = abs(value / major - round(value / major)) < 1e-6
        _draw_tick(canvas, y_px, f"{value:.{digits}f}" if labelled else "", layout)


def _nice_step(least: float) -> float:
    """Smallest of 1, 2, 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** floor(log10(least))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= least * (1 - 1e-9))


def _draw_tick(canvas: U8, y_px: float, label: str, layout: _Layout) -> None:
    panel = min(max(int(y_px // layout.panel_px), 0), layout.panels - 1)
    y = layout.head_px + round(y_px - panel * layout.panel_px)
    y = min(max(y, layout.head_px), layout.head_px + layout.panel_px - 1)
    left = layout.left_px(panel)
    cv2.line(canvas, (left - (12 if label else 6), y), (left - 2, y), _TEXT, 1)
    if label:
        row = canvas[y, left : left + layout.strip_px]
        canvas[y, left : left + layout.strip_px] = np.minimum(row, np.array(_RULE, dtype=np.uint8))
        text_y = min(max(y + 5, layout.head_px + 12), layout.head_px + layout.panel_px)
        width = _text_width(label, _TEXT_PX)
        _put(canvas, label, left - 16 - width, text_y, _TEXT_PX)


def _draw_border(canvas: U8, col: float, rows: int, layout: _Layout) -> None:
    line = np.array([[0.0, col], [rows - 1.0, col]])
    for points in _panels(line, layout):
        _polyline(canvas, points, (120, 130, 145))


def _draw_curve(
    canvas: U8, curve: OverlayCurve, colour: Colour, left: float, right: float, layout: _Layout
) -> None:
    pale: Colour = tuple(round(0.7 * c + 0.3 * 255) for c in colour)  # type: ignore[assignment]
    for kind, line in _runs(curve, left, right):
        for points in _panels(line, layout):
            if kind == "observed":
                _polyline(canvas, points, colour)
            else:
                dashes = (_DASH_PX, 2 * _DASH_PX) if kind == "bridged" else (_DOT_PX, _DASH_PX)
                for dash in _dashes(points, *dashes):
                    _polyline(canvas, dash, pale)


def _runs(curve: OverlayCurve, left: float, right: float) -> Iterator[tuple[Kind, F64]]:
    """Lines to draw as ``[row, col]`` points: cut at gaps, at wraps and where the kind of line changes."""
    known = np.isfinite(curve.frac) & np.isfinite(curve.row)
    wraps = np.floor(np.where(known, curve.frac, 0.0)) * (curve.spec.wrap != "none")
    points = np.column_stack([curve.row, left + (curve.frac - wraps) * (right - left)])
    joined = known[1:] & known[:-1] & (wraps[1:] == wraps[:-1])
    withheld = np.zeros(len(known), bool) if curve.withheld is None else curve.withheld
    states = np.where(curve.observed[1:] & curve.observed[:-1], _OBSERVED, _BRIDGED)
    states = np.where(withheld[1:] | withheld[:-1], _WITHHELD, states) * joined
    starts = np.flatnonzero(np.diff(states, prepend=-1))
    for start, stop in zip(starts, [*starts[1:], len(states)]):
        if states[start]:
            yield _KINDS[states[start]], points[start : stop + 1]
    alone = known & ~np.append(joined, False) & ~np.insert(joined, 0, False)
    for index in np.flatnonzero(alone):
        kind = _KINDS[_WITHHELD if withheld[index] else _OBSERVED]
        yield kind, points[[index, index]] + np.array([[-0.5, 0.0], [0.5, 0.0]])


def _panels(line: F64, layout: _Layout) -> Iterator[F64]:
    """The parts of a line in each panel as picture ``[x, y]``; cut exactly at the panels' edges."""
    y = layout.y_px(line[:, 0])
    x = (line[:, 1] + 0.5) * layout.scale - 0.5
    first = max(int(y[0] // layout.panel_px), 0)
    last = min(int(y[-1] // layout.panel_px), layout.panels - 1)
    for panel in range(first, last + 1):
        top, bottom = panel * layout.panel_px, (panel + 1) * layout.panel_px
        ends = np.clip([top - 0.5, bottom - 0.5], y[0], y[-1])
        inside = (y > ends[0]) & (y < ends[1])
        part_y = np.concatenate([ends[:1], y[inside], ends[1:]])
        part_x = np.concatenate([np.interp(ends[:1], y, x), x[inside], np.interp(ends[1:], y, x)])
        yield np.column_stack([layout.left_px(panel) + part_x, layout.head_px + part_y - top])


def _dashes(points: F64, dash_px: float, every_px: float) -> Iterator[F64]:
    """Pieces of ``dash_px`` along the line, one every ``every_px``."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    for start in np.arange(0.0, max(along[-1], 1e-9), every_px):
        stop = min(start + dash_px, along[-1])
        at = np.concatenate([[start], along[(along > start) & (along < stop)], [stop]])
        yield np.column_stack([np.interp(at, along, points[:, i]) for i in (0, 1)])


def _polyline(canvas: U8, points: F64, colour: Colour) -> None:
    fixed: NDArray[np.int32] = np.rint(points * (1 << _SHIFT)).astype(np.int32)
    cv2.polylines(canvas, [fixed], False, colour, 1, cv2.LINE_AA, _SHIFT)


def _draw_head(canvas: U8, curves: Sequence[OverlayCurve], title: str, unit: str) -> None:
    """Title, one legend line for each curve, and how to read the picture."""
    y = _PAD_PX + 16
    _put(canvas, title, _PAD_PX, y, _TITLE_PX, 650)
    for number, curve in enumerate(curves):
        y += _LINE_PX
        colour = COLOURS[number % len(COLOURS)]
        cv2.line(canvas, (_PAD_PX, y - 5), (_PAD_PX + 44, y - 5), colour, 3, cv2.LINE_AA)
        _put(canvas, _legend(curve), _PAD_PX + 54, y, _TEXT_PX)
    guide = (
        f"Numbers: {unit}.  Dashed and pale: bridged, no ink of its own.  No line: not recovered.",
        "Dotted and pale: traced, but in doubt or taken away: delivered without values.",
    )
    for line in guide:
        y += _LINE_PX
        _put(canvas, line, _PAD_PX, y, _TEXT_PX - 1)


def _legend(curve: OverlayCurve) -> str:
    spec = curve.spec
    scale = "" if spec.scale == "linear" else " log"
    wrap = "" if spec.wrap == "none" else f", wraps {spec.wrap}"
    verdict = "" if curve.decision is None else f"   {_WORDS[curve.decision]}"
    note = f"   {curve.note}" if curve.note else ""
    ends = f"{spec.left:g} to {spec.right:g} {spec.unit}{scale}"
    return f"{spec.mnemonic}   {ends} ({spec.style}{wrap}){verdict}{note}"


def _put(canvas: U8, text: str, x: int, y: int, size_px: int, weight: int = 400) -> None:
    """One line of text with its baseline at ``y``, cut with an ellipsis where it does not fit."""
    line = "".join(char if char.isprintable() else " " for char in text)
    room = canvas.shape[1] - x - 4
    while len(line) > 1 and _text_width(line, size_px, weight) > room:
        line = line[: max(len(line) * 9 // 10 - 1, 0)] + "…"
    cv2.putText(canvas, line, (x, y), _TEXT, cv2.FontFace("sans"), size_px, weight)


def _text_width(text: str, size_px: int, weight: int = 400) -> int:
    font = cv2.FontFace("sans")
    _, _, width, _ = cv2.getTextSize((1 << 15, 64), text, (0, 32), font, size_px, weight)
    return int(width)
