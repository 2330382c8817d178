"""What is true of a page, in one form: read by eye, handed over beside a scan, or drawn.

In: the bytes of a hand-read ``<stem>.page.json`` (format: ``tests/data/pages/README.md``), of a handed-over
``<stem>.truth.json``, or of a drawn page's sidecar and true values. Out: `PageTruth`.
Does not belong here: finding files, and comparing anything with the truth.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from veernet_core.datatypes import F64, STYLES, DepthUnit, Dpi
from veernet_core.page.known.place import LOGGED

Group = Literal["development", "own", "given", "drawn-plotted", "drawn-worn"]
GROUPS: tuple[Group, ...] = ("development", "own", "given", "drawn-plotted", "drawn-worn")
Traceable = Literal["easy", "hard", "no", "unknown"]
HEADER_FIELDS = (
    "uwi", "name", "company", "field_name", "county", "state", "service_company", "date",
)  # fmt: skip
_FIELDS = {"field": "field_name", "well": "name", "api": "uwi"}
_API_DIGITS = 10
_API_IN_STEM = re.compile(r"^(\d{2})-(\d{3})-(\d{5})|^(\d{10})(?:\d{2}|\d{4})?(?=_|$)")


@dataclass(frozen=True, slots=True)
class TrueCurve:
    """One printed scale, and what a person could do with it.

    Attributes
    ----------
    left, right : float or None
        Values at the track's borders; None where the paper states none or they are illegible.
    scale : 'linear', 'log' or 'hybrid'
    per_division : float or None
        Of scales of so much a division, without ends.
    backup_of : str or None
        The curve of which this is a further scale; such a scale has no pen of its own.
    left_px, right_px : float or None
        Columns of the ends of a scale that covers a part of its track only.
    legible, traceable
        Whether a person can read name and scale, and follow the line; 'unknown' where nobody said.
    """

    mnemonic: str
    printed: str = ""
    unit: str = ""
    left: float | None = None
    right: float | None = None
    scale: str = "linear"
    style: str = "solid"
    colour: str | None = None
    wrap: str = "none"
    per_division: float | None = None
    backup_of: str | None = None
    uncertain: bool = False
    legible: bool = True
    traceable: Traceable = "unknown"
    aliases: tuple[str, ...] = ()
    left_px: float | None = None
    right_px: float | None = None

    @property
    def is_stated(self) -> bool:
        """Whether the scale can be read off the print and is known for certain."""
        ends = self.left is not None and self.right is not None
        return (ends or self.per_division is not None) and self.legible and not self.uncertain

    @property
    def can_be_followed(self) -> bool:
        """Whether a person can read the scale and follow a pen that is this curve's own."""
        own_pen = self.backup_of is None
        return self.is_stated and own_pen and self.traceable in ("easy", "hard")


@dataclass(frozen=True, slots=True)
class TrueTrack:
    """Borders as ``[row, px]`` knots [n, 2], the number of spaces between its vertical lines where known,
    and the scales printed for it.
    """

    track_id: str
    left: F64
    right: F64
    curves: tuple[TrueCurve, ...] = ()
    divisions: int | None = None

    @property
    def is_column(self) -> bool:
        """Whether it shows neither curves nor a grid: text, pictures or signs, and no track to be found."""
        return not self.curves and self.divisions is None


@dataclass(frozen=True, slots=True)
class TrueSection:
    """A main or repeat section; ``anchors`` float64 [n, 2] (row, depth), empty where none were read."""

    section_id: str
    row_top: float
    row_bottom: float
    unit: DepthUnit
    anchors: F64
    tracks: tuple[TrueTrack, ...]


@dataclass(frozen=True, slots=True)
class PageTruth:
    """What is true of a page. Rows and columns are of the page as stored.

    Attributes
    ----------
    must_refuse : bool
        No curve log, or a log on which the depth cannot be known.
    ordinary : bool
        A log whose depth should be registered; on others refusing is as right.
    seen_to : float
        Row at which the person stopped; what lies below is neither right nor wrong.
    values : mapping of mnemonic to float64 [n, 2]
        True (depth, value) of drawn curves.
    """

    is_log: bool
    must_refuse: bool
    turn_deg: int
    dpi: Dpi | None
    sections: tuple[TrueSection, ...]
    header: Mapping[str, str] = field(default_factory=dict)
    not_scored: frozenset[str] = frozenset()
    ordinary: bool = True
    well: str = ""
    group: Group = "development"
    seen_to: float = float("inf")
    values: Mapping[str, F64] = field(default_factory=dict)


def truth_from_json(data: bytes, stem: str = "") -> PageTruth:
    """A hand-read page, or a drawn one in the same form.

    Parameters
    ----------
    data : bytes
    stem : str
        Name of the scan; tells the well where the file does not.
    """
    raw = json.loads(data)
    header = raw.get("header") or raw.get("well") or {}
    uncertain = {_FIELDS.get(k, k) for k in header.get("uncertain_fields") or ()}
    fields = {k: v for k, v in _fields(header).items() if k not in uncertain}
    dpi = raw.get("dpi")
    is_log = raw.get("page", "curve_log") == "curve_log"
    return PageTruth(
        is_log=is_log,
        must_refuse=not is_log or bool(raw.get("must_refuse")),
        turn_deg=raw.get("turn_deg") or 0,
        dpi=None if dpi is None else Dpi(float(dpi[0]), float(dpi[1])),
        sections=tuple(
            _section(s) for s in raw.get("sections") or () if s.get("kind", "main") in LOGGED
        ),
        header=fields,
        not_scored=frozenset(uncertain),
        ordinary=is_log and bool(raw.get("ordinary", True)),
        well=well_key(stem, str(raw.get("well_key") or ""), fields.get("uwi", "")),
        group="development" if "index" in raw or "well_key" not in raw else "own",
    )


def truth_handed_over(data: bytes, stem: str) -> PageTruth:
    """A page whose truth came with the scan; known down to the last row of its sections."""
    raw = json.loads(data)
    sections = tuple(_section(_as_hand_read(s)) for s in raw["sections"])
    fields = _fields(raw.get("header") or {})
    is_log = raw.get("kind", "curve log") == "curve log"
    return PageTruth(
        is_log=is_log,
        must_refuse=not is_log,
        turn_deg=0,
        dpi=None,
        sections=sections,
        header=fields,
        ordinary=is_log,
        well=well_key(stem, "", fields.get("uwi", "")),
        group="given",
        seen_to=max((s.row_bottom for s in sections), default=float("inf")),
    )


def truth_drawn(sidecar: bytes, values_csv: bytes, stem: str) -> PageTruth:
    """A page plotted by a program: geometry from its sidecar, true values from a table.

    Parameters
    ----------
    sidecar : bytes
        All that is printed can be read and followed.
    values_csv : bytes
        ``DEPT`` and a column for every curve.
    stem : str
        ``p01c`` as plotted, ``p01d`` worn.
    """
    truth = truth_from_json(sidecar, stem)
    sections = tuple(
        replace(s, tracks=tuple(replace(t, curves=_followed(t.curves)) for t in s.tracks))
        for s in truth.sections
    )
    return replace(
        truth,
        sections=sections,
        well=stem[:-1].upper(),
        # the sidecar names the well for its files; what the page prints of it nobody wrote down
        header={},
        not_scored=frozenset(HEADER_FIELDS),
        group="drawn-worn" if stem.endswith("d") else "drawn-plotted",
        values=_values(values_csv),
    )


def _followed(curves: Iterable[TrueCurve]) -> tuple[TrueCurve, ...]:
    return tuple(replace(c, traceable="easy") for c in curves)


def _values(data: bytes) -> dict[str, F64]:
    head, *rows = csv.reader(io.StringIO(data.decode("utf-8")))
    table = np.array([[float(v) if v else np.nan for v in row] for row in rows])
    return {name: table[:, [0, k]] for k, name in enumerate(head) if k}


def well_key(stem: str, told: str = "", uwi: str = "") -> str:
    """The one name under which all pages of a well are known.

    Its API number (ten digits) where the truth or the name of the scan tells it, else the well's name as
    told, else the stem.
    """
    for text in (told, uwi):
        digits = re.sub(r"\D", "", text)
        if len(digits) >= _API_DIGITS and not re.search("[A-Za-z]", text):
            return digits[:_API_DIGITS]
    in_stem = _API_IN_STEM.match(stem)
    if in_stem is not None:
        return "".join(part for part in in_stem.groups() if part)
    return re.sub(r"\W+", " ", (told or stem).upper()).strip()


def _fields(header: Mapping[str, Any]) -> dict[str, str]:
    return {_FIELDS.get(k, k): str(v) for k, v in header.items() if isinstance(v, str | int) and v}


def _as_hand_read(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section of a handed-over truth in the words of a hand-read page."""
    tracks = []
    for track in section["tracks"]:
        row = float(track.get("at_row", section["row_top"]))
        sides = {side: [[row, track[side]]] for side in ("left_px", "right_px")}
        tracks.append({"track_id": track["track"], "curves": track["curves"], **sides})
    return {
        "section_id": section["name"],
        "row_top": section["row_top"],
        "row_bottom": section["row_bottom"],
        "depth": {"unit": section["depth_unit"], "anchors": section["depth_anchors"]},
        "tracks": tracks,
    }


def _section(raw: Mapping[str, Any]) -> TrueSection:
    depth = raw.get("depth") or {}
    return TrueSection(
        raw.get("section_id", "main"),
        float(raw["row_top"]),
        float(raw["row_bottom"]),
        depth.get("unit") or "ft",
        np.array(depth.get("anchors") or [], dtype=np.float64).reshape(-1, 2),
        tuple(
            _track(t)
            for t in _with_doubles(raw.get("tracks") or ())
            if t.get("left_px") is not None
        ),
    )


def _with_doubles(tracks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Tracks, and one more for every pair of them that a scale spans; the scale is told in that one."""
    by_id = {t.get("track_id", ""): t for t in tracks}
    out: list[Mapping[str, Any]] = []
    doubles: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for track in tracks:
        own = []
        for curve in track.get("curves") or ():
            span = tuple(curve.get("spans") or ())
            if len(span) > 1 and set(span) <= set(by_id):
                doubles.setdefault(span, []).append(curve)
            else:
                own.append(curve)
        out.append({**track, "curves": own})
    for span, curves in doubles.items():
        sides = {"left_px": by_id[span[0]]["left_px"], "right_px": by_id[span[-1]]["right_px"]}
        out.append({"track_id": "".join(span), "curves": curves, **sides})
    return out


def _track(raw: Mapping[str, Any]) -> TrueTrack:
    return TrueTrack(
        raw.get("track_id", ""),
        _knots(raw["left_px"]),
        _knots(raw["right_px"]),
        tuple(_curve(c) for c in raw.get("curves") or ()),
        raw.get("divisions"),
    )


def _curve(raw: Mapping[str, Any]) -> TrueCurve:
    style = str(raw.get("style") or "solid")
    printed = str(raw.get("printed") or "")
    amplified = bool(raw.get("amplified")) or "AMPLIFIED" in printed.upper()
    left, right = (None if raw.get(k) is None else float(raw[k]) for k in ("left", "right"))
    per_division = raw.get("per_division")
    return TrueCurve(
        mnemonic=str(raw.get("mnemonic") or ""),
        printed=printed,
        unit=str(raw.get("unit") or ""),
        left=left,
        right=right,
        scale=str(raw.get("scale") or "linear"),
        style=style if style in STYLES else "dashed",
        colour=raw.get("colour"),
        wrap=str(raw.get("wrap") or "none"),
        per_division=None if per_division is None else float(per_division),
        # an amplified scale has a pen of its own, whatever it is a further scale of
        backup_of=None if amplified else raw.get("backup_of"),
        uncertain=bool(raw.get("uncertain")),
        legible=bool(raw.get("legible", True)),
        traceable=raw.get("traceable", "unknown"),
        aliases=tuple(raw.get("aliases") or ()),
        left_px=_first_px(raw.get("left_px")),
        right_px=_first_px(raw.get("right_px")),
    )


def _first_px(value: Any) -> float | None:
    """Column at the top of a section of the end of a scale over a part of its track."""
    if value is None:
        return None
    return float(value[0][1]) if isinstance(value, list) else float(value)


def _knots(value: Any) -> F64:
    return np.array(value if isinstance(value, list) else [[0.0, value]], dtype=np.float64)
