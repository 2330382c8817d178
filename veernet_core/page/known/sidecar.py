"""The sidecar: what a person, or another program, states about a scan.

In: the bytes of ``<stem>.sidecar.json``. Out: `Sidecar`, checked field by field, and from it the
`Section` values that tracing needs. A malformed sidecar is an error that names file, field, value
and remedy; it is never half-used, so unknown keys are errors too.
Does not belong here: files and folders, finding geometry on the image, reading depths.

The contract, every field optional::

    {"well": {"uwi", "name", "company", "field", "county", "state", "country", "service_company",
              "date"},
     "sections": [
       {"section_id": "main", "row_top": 18100, "row_bottom": 37000,
        "depth": {"unit": "ft", "anchors": [[18342.0, 7200.0], [20310.5, 7300.0]]},
        "tracks": [
          {"track_id": "T1", "left_px": 715.0, "right_px": [[18100, 1210.0], [37000, 1216.5]],
           "curves": [{"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150,
                       "scale": "linear", "style": "solid", "wrap": "one",
                       "colour": "#007f00"}]}]}]}

A backup scale is a further curve of the same mnemonic with its own ``left`` and ``right``: both are one
measurement, followed from the end of the finer scale along the coarser, and come out as one curve.
Curves of one mnemonic on one scale are different curves; the later ones get a number (``RES_2``).

Extensions:

- section ``"depth_column": {"left_px": ..., "right_px": ...}`` (numbers or knots): anchors were
  measured on its centre. Without it the depth column is the wide gap between two tracks; a section
  without such a gap takes the left border of its first track.
- section ``"depth": {"unit": ..., "top": 7200, "bottom": 9400}`` without anchors: the range the
  archive's index states. It is a prior for whoever finds the depth, never an axis.
- curve ``"points": [[row, px], ...]``: positions known to lie on the curve.
- ``"turn_deg": 0 | 90 | 180 | 270``: clockwise turn that brings the page upright. All rows and
  columns of the sidecar are pixels of the page after this turn.
- ``"dpi"``: resolution, one number or ``[down, across]``.
- curve and depth ``"source": "sidecar" | "header" | "template" | "guess"`` (default ``sidecar``):
  who says so. Drafts written by a machine carry it; what is still marked ``template`` or ``guess`` is
  never accepted, only reviewed. ``"confidence"`` beside it is for the reader.
- section ``"skip": true``: this stretch of the page is not to be digitised.
- ``"read"``: whatever a machine saw, for people to look at; never used.
"""

from __future__ import annotations

import contextlib
import difflib
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from veernet_core.datatypes import (
    F64,
    CurveSpec,
    DepthAxis,
    DepthUnit,
    Finding,
    Raster,
    Scale,
    Section,
    Source,
    Style,
    Track,
    TrackGeometry,
    WellInfo,
    Wrap,
)
from veernet_core.errors import GeometryError, SidecarError
from veernet_core.page.known.names import distinct_names, numbered_findings

Knots = tuple[tuple[float, float], ...]
"""``(row, px)`` pairs; a single one stands for a constant."""
T = TypeVar("T")

_TOO_LARGE = 1e15
_DPI_RANGE = (50.0, 800.0)
_EDGE_SLACK_PX = 2.0
_LEAST_ON_PAGE = 0.5
"""Share of a track that must be on the paper: of less, nobody could say where its other border is."""
_LEAST_DEPTH_COLUMN = 0.15
"""Width of the narrowest depth column, as a share of the narrowest track."""


@dataclass(frozen=True, slots=True)
class SidecarCurve:
    """One curve as stated; ``left`` and ``right`` are None where no scale is given."""

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


@dataclass(frozen=True, slots=True)
class SidecarTrack:
    """One track as stated; a border is None where it is not given, and so are its curves.

    ``source`` says where its borders come from.
    """

    track_id: str
    left_px: Knots | None
    right_px: Knots | None
    curves: tuple[SidecarCurve, ...] | None
    source: Source = "sidecar"


@dataclass(frozen=True, slots=True)
class SidecarDepth:
    """Depth as stated: anchors ``(row, depth)``, or only the range the index knows.

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
    """One section as stated; ``source`` says where its rows come from."""

    section_id: str
    row_top: float | None
    row_bottom: float | None
    depth: SidecarDepth | None
    depth_column: tuple[Knots, Knots] | None
    tracks: tuple[SidecarTrack, ...]
    skip: bool = False
    source: Source = "sidecar"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A whole sidecar; ``name`` is its file name, for messages; ``dpi`` is (down, across)."""

    name: str
    well: WellInfo
    sections: tuple[SidecarSection, ...]
    turn_deg: int | None = None
    dpi: tuple[float, float] | None = None


# ---- reading JSON ----------------------------------------------------------------------------


class _Node:
    """A JSON value with its path, so that every complaint names its field."""

    def __init__(self, value: Any, path: str, name: str) -> None:
        self.value, self.path, self.name = value, path, name

    def fail(self, what: str, remedy: str) -> SidecarError:
        where = f"{self.name}: {self.path}" if self.path else self.name
        return SidecarError(f"{what}, got {_short(self.value)}", where=where, remedy=remedy)

    def at(self, key: str | int) -> _Node:
        suffix = f"[{key}]" if isinstance(key, int) else (f".{key}" if self.path else key)
        return _Node(self.value[key], self.path + suffix, self.name)

    def fields(self, *known: str) -> dict[str, _Node]:
        """Members of an object; an unknown key is an error, null counts as left out."""
        if not isinstance(self.value, dict):
            raise self.fail("must be an object", "Write { ... } here.")
        for key in self.value:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
                raise self.at(key).fail(f"unknown key {key!r}", f"{hint} Or remove the key.")
        return {key: self.at(key) for key in self.value if self.value[key] is not None}

    def items(self) -> list[_Node]:
        if not isinstance(self.value, list):
            raise self.fail("must be a list", "Write [ ... ] here.")
        return [self.at(index) for index in range(len(self.value))]

    def number(self) -> float:
        value = self.value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not abs(value) < _TOO_LARGE:  # NaN compares false
            raise self.fail("must be a finite number", "Write a number, without quotes.")
        return float(value)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail("must be text", "Put the value in double quotes.")
        return self.value.strip()

    def choice(self, kind: Any) -> Any:
        known = get_args(kind)
        if self.value not in known:
            raise self.fail(f"must be one of {', '.join(known)}", "Use one of these words.")
        return self.value

    def truth(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("must be true or false", "Write true or false, without quotes.")
        return self.value

    def turn(self) -> int:
        if isinstance(self.value, bool) or self.value not in (0, 90, 180, 270):
            raise self.fail("must be 0, 90, 180 or 270", "State a clockwise turn in degrees.")
        return int(self.value)

    def resolution(self) -> tuple[float, float]:
        pair = self.pair() if isinstance(self.value, list) else (self.number(),) * 2
        if not all(_DPI_RANGE[0] <= value <= _DPI_RANGE[1] for value in pair):
            low, high = _DPI_RANGE
            raise self.fail(f"must lie between {low:g} and {high:g}", "State pixels per inch.")
        return pair

    def pair(self) -> tuple[float, float]:
        numbers = [item.number() for item in self.items()]
        if len(numbers) != 2:
            raise self.fail("must be a pair of numbers", "Write [first, second].")
        return numbers[0], numbers[1]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _optional(node: _Node | None, read: Callable[[_Node], T], default: T) -> T:
    return default if node is None else read(node)


def _items(node: _Node | None) -> list[_Node]:
    return [] if node is None else node.items()


def parse_sidecar(data: bytes, name: str) -> Sidecar:
    """Read and check a sidecar.

    Parameters
    ----------
    data : bytes
        UTF-8 JSON; a byte-order mark is tolerated.
    name : str
        File name for messages.

    Returns
    -------
    Sidecar

    Raises
    ------
    SidecarError
        Names file, JSON path, offending value and remedy.
    """
    root = _Node(_load(data, name), "", name)
    fields = root.fields("well", "sections", "turn_deg", "dpi", "read")
    nodes = _items(fields.get("sections"))
    sections = tuple(_section(node, index) for index, node in enumerate(nodes))
    _refuse_duplicates(nodes, [s.section_id for s in sections], "section_id")
    return Sidecar(
        name,
        _optional(fields.get("well"), _well, WellInfo()),
        sections,
        _optional(fields.get("turn_deg"), _Node.turn, None),
        _optional(fields.get("dpi"), _Node.resolution, None),
    )


def _load(data: bytes, name: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique_keys)
    except UnicodeDecodeError as error:
        raise SidecarError(
            f"not UTF-8 text (byte {error.start})", where=name, remedy="Save the file as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise SidecarError(
            f"not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}",
            where=name,
            remedy="Correct that line, or remove the sidecar.",
        ) from error
    except (RecursionError, ValueError) as error:
        raise SidecarError(f"not valid JSON: {error}", where=name) from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} is given twice in one object")
    return dict(pairs)


def _well(node: _Node) -> WellInfo:
    known = ("uwi", "name", "company", "field", "county", "state", "country")
    fields = node.fields(*known, "service_company", "date")
    texts = {key: value.text() for key, value in fields.items()}
    if "field" in texts:
        texts["field_name"] = texts.pop("field")
    return WellInfo(**texts)


def _section(node: _Node, index: int) -> SidecarSection:
    known = ("section_id", "row_top", "row_bottom", "depth", "depth_column", "tracks", "skip")
    fields = node.fields(*known)
    track_nodes = _items(fields.get("tracks"))
    tracks = tuple(_track(track, i) for i, track in enumerate(track_nodes))
    _refuse_duplicates(track_nodes, [t.track_id for t in tracks], "track_id")
    top = _optional(fields.get("row_top"), _Node.number, None)
    bottom = _optional(fields.get("row_bottom"), _Node.number, None)
    if top is not None and bottom is not None and bottom - top < 2:
        raise fields["row_bottom"].fail(
            f"must lie 2 rows or more below row_top ({top:g})", "Correct row_top or row_bottom."
        )
    return SidecarSection(
        section_id=_identifier(fields.get("section_id"), f"S{index + 1}"),
        row_top=top,
        row_bottom=bottom,
        depth=_optional(fields.get("depth"), _depth, None),
        depth_column=_optional(fields.get("depth_column"), _column, None),
        tracks=tracks,
        skip=_optional(fields.get("skip"), _Node.truth, False),
    )


def _identifier(node: _Node | None, default: str) -> str:
    if node is None:
        return default
    text = node.text()
    if not re.fullmatch(r"[A-Za-z0-9_.+ -]{1,64}", text):
        raise node.fail(
            "must be 1 to 64 letters, digits, spaces or _ . + -", "It becomes part of file names."
        )
    return text


def _refuse_duplicates(nodes: list[_Node], ids: list[str], key: str) -> None:
    for index, name in enumerate(ids):
        if name in ids[:index]:
            raise nodes[index].fail(
                f"{key} {name!r} is used twice", f"Give every {key} a name of its own."
            )


def _depth(node: _Node) -> SidecarDepth:
    fields = node.fields("unit", "anchors", "top", "bottom", "source", "residual", "confidence")
    unit: DepthUnit | None = _optional(fields.get("unit"), lambda n: n.choice(DepthUnit), None)
    anchors: Knots = _anchors(fields["anchors"]) if "anchors" in fields else ()
    top = _optional(fields.get("top"), _Node.number, None)
    bottom = _optional(fields.get("bottom"), _Node.number, None)
    if top is not None and bottom is not None and bottom <= top:
        raise fields["bottom"].fail(f"must be deeper than top ({top:g})", "Swap top and bottom.")
    return SidecarDepth(
        unit,
        anchors,
        top,
        bottom,
        _optional(fields.get("source"), lambda n: n.choice(Source), "sidecar"),
        _optional(fields.get("residual"), _Node.number, float("nan")),
        _optional(fields.get("confidence"), _Node.number, float("nan")),
    )


def _anchors(node: _Node) -> Knots:
    anchors = tuple(item.pair() for item in node.items())
    if len(anchors) < 2:
        raise node.fail("needs two or more [row_px, depth] anchors", "Add an anchor, or remove it.")
    for index, (a, b) in enumerate(itertools.pairwise(anchors)):
        if b[0] <= a[0] or b[1] <= a[1]:
            raise node.at(index + 1).fail(
                f"must increase in row and depth after {list(a)}", "Sort and correct the anchors."
            )
    return anchors


def _column(node: _Node) -> tuple[Knots, Knots]:
    fields = node.fields("left_px", "right_px")
    for key in ("left_px", "right_px"):
        if key not in fields:
            raise node.fail(f"{key} is missing", "A depth column needs left_px and right_px.")
    return _border(fields["left_px"]), _border(fields["right_px"])


def _border(node: _Node) -> Knots:
    """A border: one number, or ``[row, px]`` knots with increasing rows."""
    if not isinstance(node.value, list):
        return ((0.0, node.number()),)
    knots = tuple(item.pair() for item in node.items())
    if not knots:
        raise node.fail("needs a number or one or more [row, px] knots", "Add a knot.")
    for index, (a, b) in enumerate(itertools.pairwise(knots)):
        if b[0] <= a[0]:
            raise node.at(index + 1).fail(f"rows must increase (after {a[0]:g})", "Sort the knots.")
    return knots


def _track(node: _Node, index: int) -> SidecarTrack:
    fields = node.fields("track_id", "left_px", "right_px", "curves")
    return SidecarTrack(
        track_id=_identifier(fields.get("track_id"), f"T{index + 1}"),
        left_px=_optional(fields.get("left_px"), _border, None),
        right_px=_optional(fields.get("right_px"), _border, None),
        curves=_optional(
            fields.get("curves"), lambda n: tuple(_curve(curve) for curve in n.items()), None
        ),
    )


def _curve(node: _Node) -> SidecarCurve:
    known = ("mnemonic", "unit", "left", "right", "scale", "style", "wrap", "colour", "points")
    fields = node.fields(*known, "source", "confidence")
    if "mnemonic" not in fields or not fields["mnemonic"].text():
        raise node.fail("mnemonic is missing", 'Name the curve, for example "mnemonic": "GR".')
    scale: Scale = _optional(fields.get("scale"), lambda n: n.choice(Scale), "linear")
    ends = {key: _optional(fields.get(key), _Node.number, None) for key in ("left", "right")}
    _check_scale(fields, ends, scale)
    return SidecarCurve(
        mnemonic=fields["mnemonic"].text(),
        unit=_optional(fields.get("unit"), _Node.text, ""),
        left=ends["left"],
        right=ends["right"],
        scale=scale,
        style=_optional(fields.get("style"), lambda n: n.choice(Style), "solid"),
        wrap=_optional(fields.get("wrap"), lambda n: n.choice(Wrap), "none"),
        colour=_optional(fields.get("colour"), _colour, None),
        points=_optional(
            fields.get("points"), lambda n: tuple(item.pair() for item in n.items()), ()
        ),
        source=_optional(fields.get("source"), lambda n: n.choice(Source), "sidecar"),
        confidence=_optional(fields.get("confidence"), _Node.number, float("nan")),
    )


def _check_scale(fields: dict[str, _Node], ends: dict[str, float | None], scale: Scale) -> None:
    for key, value in ends.items():
        if scale == "log" and value is not None and value <= 0:
            raise fields[key].fail(
                "must be > 0 on a logarithmic scale", 'Correct it, or use "scale": "linear".'
            )
    if ends["left"] is not None and ends["left"] == ends["right"]:
        raise fields["right"].fail("must differ from left", "Correct the scale's ends.")


def _colour(node: _Node) -> str:
    text = node.text().lower()
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise node.fail(
            "must be #rrggbb or a CSS colour name", 'For example "#007f00" or "green".'
        ) from None
    return f"#{red:02x}{green:02x}{blue:02x}"


# ---- from what is stated to sections ---------------------------------------------------------


def resolve(
    sidecar: Sidecar | None, raster: Raster, depth_unit: DepthUnit | None = None
) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
    """Turn what a sidecar states into sections, checked against the image.

    What is left out is not looked for here (``reading`` and ``complete`` do that before): a section
    without rows covers the whole scan; a section without anchors has ``depth`` None and the finding
    ``depth_unknown``; tracks without borders (``track_unknown``) and curves without a scale
    (``scale_unknown``) are dropped; sections to ``skip`` are left out; without a sidecar, or without
    sections in it, there are no sections and the finding ``no_geometry``.

    Parameters
    ----------
    sidecar : Sidecar or None
    raster : Raster
        Only its size is used.
    depth_unit : 'ft', 'm' or None
        Unit of anchors that are stated without one.

    Returns
    -------
    sections : tuple of Section
        What was read on the page and does not fit is dropped with a finding.
        ``reference_px`` is the centre of the depth column; else the
        left border of the first track with borders.
    findings : tuple of Finding

    Raises
    ------
    GeometryError
        A given section or track outside the scan, or borders that cross. ``where`` names file and
        field. A border may lie off the paper as long as half of the track is on it: what is off is blank.
    """
    if sidecar is None or not sidecar.sections:
        return (), (_no_geometry(),)
    findings: list[Finding] = []
    sections: list[Section] = []
    for index, stated in enumerate(sidecar.sections):
        if stated.skip:
            continue
        where = f"{sidecar.name}: sections[{index}]"
        with _dropped_if_read(stated.source, findings, stated.section_id):
            sections.append(_resolve_section(stated, where, raster, findings, depth_unit))
    return tuple(sections), tuple(findings)


@contextlib.contextmanager
def _dropped_if_read(
    source: Source, findings: list[Finding], section_id: str, track_id: str | None = None
) -> Iterator[None]:
    """What a person states wrongly is an error; what was read wrongly is dropped, and said."""
    try:
        yield
    except GeometryError as error:
        if source == "sidecar":
            raise
        what = f"section {section_id}" if track_id is None else f"track {track_id}"
        findings.append(
            Finding.of(
                "reading_dropped",
                f"What was read of {what} does not fit the page and is left out: {error.message}.",
                section_id=section_id,
                track_id=track_id,
            )
        )


def _resolve_section(
    stated: SidecarSection,
    where: str,
    raster: Raster,
    findings: list[Finding],
    depth_unit: DepthUnit | None,
) -> Section:
    top = 0.0 if stated.row_top is None else stated.row_top
    bottom = float(raster.height_px) if stated.row_bottom is None else stated.row_bottom
    _require_rows(stated, (top, bottom), where, raster)
    top, bottom = max(0.0, top), min(float(raster.height_px), bottom)
    depth = None
    source = stated.depth.source if stated.depth is not None else "sidecar"
    with _dropped_if_read(source, findings, stated.section_id):
        depth = _resolve_depth(stated, where, depth_unit)
    if depth is None:
        findings.append(_depth_unknown(stated))
    tracks: list[Track] = []
    for index, track in enumerate(stated.tracks):
        place = f"{where}.tracks[{index}]"
        with _dropped_if_read(track.source, findings, stated.section_id, track.track_id):
            resolved = _resolve_track(
                track, (top, bottom), place, raster, findings, stated.section_id
            )
            tracks += [] if resolved is None else [resolved]
    return Section(
        section_id=stated.section_id,
        row_top=top,
        row_bottom=bottom,
        depth=depth,
        tracks=tuple(tracks),
        reference_px=_reference_line(stated, tracks),
    )


def _require_rows(
    stated: SidecarSection, rows: tuple[float, float], where: str, raster: Raster
) -> None:
    """Rows and anchors on the page, but for the edge of its outermost rows."""
    top, bottom = rows
    height = raster.height_px
    if top < -_EDGE_SLACK_PX or bottom > height + _EDGE_SLACK_PX or min(bottom, height) - top < 2:
        raise GeometryError(
            f"rows {top:g} to {bottom:g} lie outside the scan of {height} rows (0 to {height - 1})",
            where=where,
        )
    depth = stated.depth
    for index, (row, value) in enumerate(depth.anchors if depth is not None else ()):
        if depth is not None and depth.source != "sidecar":
            break
        if not -_EDGE_SLACK_PX <= row <= height + _EDGE_SLACK_PX:
            raise GeometryError(
                f"row {row:g} of the anchor at depth {value:g} lies outside the scan of {height} rows",
                where=f"{where}.depth.anchors[{index}]",
                remedy="Correct the row, or give the scan that the anchors were measured on.",
            )


def _resolve_depth(
    stated: SidecarSection, where: str, default_unit: DepthUnit | None
) -> DepthAxis | None:
    depth = stated.depth
    unit = default_unit if depth is None or depth.unit is None else depth.unit
    if depth is None or not depth.anchors or unit is None:
        return None
    try:
        anchors = np.array(depth.anchors, dtype=np.float64)
        return DepthAxis(unit, anchors, depth.residual, depth.source)
    except GeometryError as error:
        raise GeometryError(error.message, where=f"{where}.depth.anchors") from error


def _resolve_track(
    stated: SidecarTrack,
    rows: tuple[float, float],
    where: str,
    raster: Raster,
    findings: list[Finding],
    section_id: str,
) -> Track | None:
    if stated.left_px is None or stated.right_px is None:
        findings.append(_track_unknown(stated, section_id))
        return None
    try:
        geometry = TrackGeometry(stated.track_id, _array(stated.left_px), _array(stated.right_px))
    except GeometryError as error:
        raise GeometryError(error.message, where=where) from error
    if _require_on_page(geometry, rows, where, raster):
        findings.append(_off_page(geometry, rows, raster, section_id))
    curves = []
    for curve in stated.curves or ():
        if curve.left is None or curve.right is None:
            findings.append(_scale_unknown(curve, section_id, stated.track_id))
        else:
            curves.append(_spec(curve, curve.left, curve.right))
    named = distinct_names(curves)
    findings += numbered_findings(curves, named, section_id, stated.track_id)
    return Track(geometry, tuple(named))


def _require_on_page(
    geometry: TrackGeometry, rows: tuple[float, float], where: str, raster: Raster
) -> bool:
    """Half of the track or more on the paper; whether some of it is not."""
    knots = np.concatenate([geometry.left_knots[:, 0], geometry.right_knots[:, 0], rows])
    knots = np.unique(np.clip(knots, *rows))
    left, right = geometry.left_px(knots), geometry.right_px(knots)
    last = raster.width_px - 1
    on_page = np.minimum(right, last) - np.maximum(left, 0.0)
    if float(np.mean(on_page / (right - left))) < _LEAST_ON_PAGE:
        raise GeometryError(
            f"track {geometry.track_id} spans columns {left.min():g} to {right.max():g},"
            f" the scan has columns 0 to {last}",
            where=where,
        )
    # A border may be stated at the outer edge of the outermost pixel.
    return bool(left.min() < -_EDGE_SLACK_PX or right.max() > last + _EDGE_SLACK_PX)


def _off_page(
    geometry: TrackGeometry, rows: tuple[float, float], raster: Raster, section_id: str
) -> Finding:
    ends = np.array(rows)
    left, right = geometry.left_px(ends).min(), geometry.right_px(ends).max()
    return Finding.of(
        "border_off_page",
        f"Track {geometry.track_id} spans columns {left:.0f} to {right:.0f}, the page has columns 0 to"
        f" {raster.width_px - 1}; what lies off the page is blank.",
        rows=(int(rows[0]), int(rows[1])),
        section_id=section_id,
        track_id=geometry.track_id,
    )


def _spec(curve: SidecarCurve, left: float, right: float) -> CurveSpec:
    return CurveSpec(
        mnemonic=curve.mnemonic,
        unit=curve.unit,
        left=left,
        right=right,
        scale=curve.scale,
        style=curve.style,
        wrap=curve.wrap,
        colour=curve.colour,
        source=curve.source,
        points_px=curve.points,
    )


def _reference_line(stated: SidecarSection, tracks: list[Track]) -> F64:
    """Where anchors were measured: centre of the depth column, else first track's left border.

    Where the sidecar does not state the depth column it is the widest gap between neighbouring
    tracks, if that is a column's width (0.75 in beside tracks of 2.5 in) and not a ruled border.
    """
    if stated.depth_column is not None:
        left, right = (_array(border) for border in stated.depth_column)
        return _middle(left, right)
    ordered = sorted((t.geometry for t in tracks), key=lambda g: float(g.left_knots[0, 1]))
    gaps = [(a.right_knots, b.left_knots) for a, b in itertools.pairwise(ordered)]
    if gaps:
        left, right = max(gaps, key=lambda gap: gap[1][0, 1] - gap[0][0, 1])
        narrowest = min(g.right_knots[0, 1] - g.left_knots[0, 1] for g in ordered)
        if right[0, 1] - left[0, 1] >= _LEAST_DEPTH_COLUMN * narrowest:
            return _middle(left, right)
    return ordered[0].left_knots if ordered else np.zeros((1, 2))


def _middle(left: F64, right: F64) -> F64:
    rows = np.union1d(left[:, 0], right[:, 0])
    centre = np.interp(rows, *left.T) / 2 + np.interp(rows, *right.T) / 2
    return np.column_stack([rows, centre])


def _array(knots: Iterable[tuple[float, float]]) -> F64:
    return np.array(list(knots), dtype=np.float64)


# ---- findings --------------------------------------------------------------------------------


def _no_geometry() -> Finding:
    return Finding.of(
        "no_geometry",
    )


def _depth_unknown(stated: SidecarSection) -> Finding:
    has_anchors = stated.depth is not None and stated.depth.anchors
    what = "has depth anchors without a unit" if has_anchors else "has no depth anchors"
    message = f"Section {stated.section_id} {what}."
    return Finding.of("depth_unknown", message, section_id=stated.section_id)


def _track_unknown(stated: SidecarTrack, section_id: str) -> Finding:
    message = (
        f"Track {stated.track_id} has no borders;"
        f" its {len(stated.curves or ())} curves are left out."
    )
    return Finding.of("track_unknown", message, section_id=section_id, track_id=stated.track_id)


def _scale_unknown(curve: SidecarCurve, section_id: str, track_id: str) -> Finding:
    message = f"Curve {curve.mnemonic} has no scale and is left out."
    return Finding.of("scale_unknown", message, section_id=section_id, track_id=track_id)


# ---- resolution ------------------------------------------------------------------------------

_SINGLE_IN, _DOUBLE_IN, _PAGE_IN = 2.45, 4.9, 8.125
"""Midway between the nominal layouts 2.4|0.8|2.4|2.4 = 8.0 in and 2.5|0.75|2.5|2.5 = 8.25 in; a
double track is 4.8 or 5.0 in. Neither layout is more than 2.1 % away."""
_PAGE_RANGE_IN = (7.7, 8.6)
_SCAN_RANGE_IN = (6.0, 12.0)
_TAG_TOLERANCE = 0.06


def layout_dpi(
    sections: tuple[Section, ...], raster: Raster, measured: tuple[float, float] | None = None
) -> float:
    """Resolution of the scan across, from the widths of its tracks rather than from its dpi tag.

    Where it was measured or stated, that is taken. Else a track 1.5 times or more as wide as the
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
    measured : (down, across) or None

    Returns
    -------
    float
        Pixels per inch; without any track the tag, clipped to 50 to 800, or 200.
    """
    if measured is not None:
        return _clip_dpi(measured[1])
    tag = None if raster.dpi_tag is None else raster.dpi_tag[0]
    spans = [_track_spans(section) for section in sections if section.tracks]
    if not spans:
        return _clip_dpi(200.0 if tag is None else tag)
    dpi = _single_or_double(spans, raster.width_px, tag)
    if tag is not None and abs(tag / dpi - 1.0) <= _TAG_TOLERANCE:
        dpi = tag
    return _clip_dpi(dpi)


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
    low, high = _DPI_RANGE
    return min(max(dpi, low), high)
