"""From the bytes of a sidecar to a `Sidecar`, checked field by field."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from typing import Any

import numpy as np
from PIL import ImageColor

from veernet_core.datatypes import (
    DEEPEST,
    DepthUnit,
    Finding,
    Scale,
    Source,
    Style,
    WellInfo,
    Wrap,
    interp_extrapolate,
)
from veernet_core.errors import SidecarError
from veernet_core.findings import REGISTER
from veernet_core.page.known.additions import MEMBERS, ends_by_division, read_additions
from veernet_core.page.known.sidecar.model import (
    Knots,
    Sidecar,
    SidecarCurve,
    SidecarDepth,
    SidecarSection,
    SidecarTrack,
)
from veernet_core.page.known.sidecar.nodes import Node, items, optional


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
    root = Node(_load(data, name), "", name)
    fields = root.fields("well", "sections", "turn_deg", "dpi", "read", "edited", "noted")
    nodes = items(fields.get("sections"))
    sections = tuple(_section(node, index) for index, node in enumerate(nodes))
    _refuse_duplicates(nodes, [s.section_id for s in sections], "section_id")
    return Sidecar(
        name,
        optional(fields.get("well"), _well, WellInfo()),
        sections,
        optional(fields.get("turn_deg"), Node.turn, None),
        optional(fields.get("dpi"), Node.resolution, None),
        tuple(_edit(node) for node in items(fields.get("edited"))),
        tuple(_note(node) for node in items(fields.get("noted"))),
    )


def _edit(node: Node) -> tuple[str, str, str]:
    fields = node.fields("who", "when", "what")
    who, when, what = (optional(fields.get(key), Node.text, "") for key in ("who", "when", "what"))
    return who, when, what


def _note(node: Node) -> Finding:
    fields = node.fields("code", "message")
    texts = [optional(fields.get(key), Node.text, "") for key in ("code", "message")]
    entry = REGISTER.get(texts[0])
    if entry is None or "finding" not in entry.used_as:
        raise node.fail("must have the code of a finding", "Remove what is noted.")
    return Finding.of(*texts)


def _load(data: bytes, name: str) -> Any:
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique_keys)
        json.dumps(value, ensure_ascii=False).encode()
        return value
    except UnicodeDecodeError as error:
        raise SidecarError(
            f"not UTF-8 text (byte {error.start})", where=name, remedy="Save the file as UTF-8."
        ) from error
    except UnicodeEncodeError as error:  # an escape alone that is only the half of a character
        before, half = error.object[: error.start][-30:], error.object[error.start]
        raise SidecarError(
            f"\\u{ord(half):04x} is half of a character, after {before!r}",
            where=name,
            remedy="Write the whole character, or remove that half.",
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


def _well(node: Node) -> WellInfo:
    known = ("uwi", "name", "company", "field", "county", "state", "country", "service_company")
    others = ("date", "location", "elevation_kb", "elevation_df", "elevation_gl", "datum")
    fields = node.fields(*known, *others)
    texts = {key: value.text() for key, value in fields.items()}
    if "field" in texts:
        texts["field_name"] = texts.pop("field")
    return WellInfo(**texts)


def _section(node: Node, index: int) -> SidecarSection:
    known = ("section_id", "row_top", "row_bottom", "depth", "depth_column", "tracks", "skip")
    fields = node.fields(*known)
    track_nodes = items(fields.get("tracks"))
    tracks = tuple(_track(track, i) for i, track in enumerate(track_nodes))
    _refuse_duplicates(track_nodes, [t.track_id for t in tracks], "track_id")
    top = optional(fields.get("row_top"), Node.number, None)
    bottom = optional(fields.get("row_bottom"), Node.number, None)
    if top is not None and bottom is not None and bottom - top < 2:
        raise fields["row_bottom"].fail(
            f"must lie 2 rows or more below row_top ({top:g})", "Correct row_top or row_bottom."
        )
    return SidecarSection(
        section_id=_identifier(fields.get("section_id"), f"S{index + 1}"),
        row_top=top,
        row_bottom=bottom,
        depth=optional(fields.get("depth"), _depth, None),
        depth_column=optional(fields.get("depth_column"), _column, None),
        tracks=tracks,
        skip=optional(fields.get("skip"), Node.truth, False),
    )


def _identifier(node: Node | None, default: str) -> str:
    if node is None:
        return default
    text = node.text()
    if not re.fullmatch(r"[A-Za-z0-9_.+ -]{1,64}", text):
        raise node.fail(
            "must be 1 to 64 letters, digits, spaces or _ . + -", "It becomes part of file names."
        )
    return text


def _refuse_duplicates(nodes: list[Node], ids: list[str], key: str) -> None:
    for index, name in enumerate(ids):
        if name in ids[:index]:
            raise nodes[index].fail(
                f"{key} {name!r} is used twice", f"Give every {key} a name of its own."
            )


def _depth(node: Node) -> SidecarDepth:
    fields = node.fields("unit", "anchors", "top", "bottom", "source", "residual", "confidence")
    unit: DepthUnit | None = optional(fields.get("unit"), lambda n: n.choice(DepthUnit), None)
    anchors: Knots = _anchors(fields["anchors"]) if "anchors" in fields else ()
    top = optional(fields.get("top"), Node.number, None)
    bottom = optional(fields.get("bottom"), Node.number, None)
    for depth, key in ((top, "top"), (bottom, "bottom"), *((a[1], "anchors") for a in anchors)):
        if depth is not None and abs(depth) > DEEPEST[unit or "ft"]:
            raise fields[key].fail(
                f"no well is so deep ({depth:g} {unit or 'ft'})", "Correct the depth or its unit."
            )
    if top is not None and bottom is not None and bottom <= top:
        raise fields["bottom"].fail(f"must be deeper than top ({top:g})", "Swap top and bottom.")
    return SidecarDepth(
        unit,
        anchors,
        top,
        bottom,
        optional(fields.get("source"), lambda n: n.choice(Source), "sidecar"),
        optional(fields.get("residual"), Node.number, float("nan")),
        optional(fields.get("confidence"), Node.number, float("nan")),
    )


def _anchors(node: Node) -> Knots:
    anchors = tuple(item.pair() for item in node.items())
    if len(anchors) < 2:
        raise node.fail("needs two or more [row_px, depth] anchors", "Add an anchor, or remove it.")
    for index, (a, b) in enumerate(itertools.pairwise(anchors)):
        if b[0] <= a[0] or b[1] <= a[1]:
            raise node.at(index + 1).fail(
                f"must increase in row and depth after {list(a)}", "Sort and correct the anchors."
            )
    return anchors


def _column(node: Node) -> tuple[Knots, Knots]:
    fields = node.fields("left_px", "right_px")
    for key in ("left_px", "right_px"):
        if key not in fields:
            raise node.fail(f"{key} is missing", "A depth column needs left_px and right_px.")
    return _border(fields["left_px"]), _border(fields["right_px"])


def _border(node: Node) -> Knots:
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


def _track(node: Node, index: int) -> SidecarTrack:
    fields = node.fields("track_id", "left_px", "right_px", "curves", "borders_confirmed")
    return SidecarTrack(
        track_id=_identifier(fields.get("track_id"), f"T{index + 1}"),
        left_px=optional(fields.get("left_px"), _border, None),
        right_px=optional(fields.get("right_px"), _border, None),
        curves=optional(
            fields.get("curves"), lambda n: tuple(_curve(curve) for curve in n.items()), None
        ),
        borders_confirmed=optional(fields.get("borders_confirmed"), Node.truth, False),
    )


def _curve(node: Node) -> SidecarCurve:
    known = ("mnemonic", "unit", "left", "right", "scale", "style", "wrap", "colour", "points")
    fields = node.fields(*known, "source", "confidence", *MEMBERS)
    if "mnemonic" not in fields or not fields["mnemonic"].text():
        raise node.fail("mnemonic is missing", 'Name the curve, for example "mnemonic": "GR".')
    scale: Scale = optional(fields.get("scale"), lambda n: n.choice(Scale), "linear")
    ends = {key: optional(fields.get(key), Node.number, None) for key in ("left", "right")}
    wrap: Wrap = optional(fields.get("wrap"), lambda n: n.choice(Wrap), "none")
    more = read_additions(fields, scale, wrap, _border)
    ends = ends_by_division(fields, ends, scale)
    if more.scale_points:
        values, fracs = np.array(more.scale_points).T
        left, right = interp_extrapolate(np.array([0.0, 1.0]), fracs, values).tolist()
        ends = {"left": left, "right": right}
    _check_scale(fields, ends, scale)
    return SidecarCurve(
        mnemonic=unicodedata.normalize("NFC", fields["mnemonic"].text()),
        unit=optional(fields.get("unit"), Node.text, ""),
        left=ends["left"],
        right=ends["right"],
        scale=scale,
        style=optional(fields.get("style"), lambda n: n.choice(Style), "solid"),
        wrap=wrap,
        more=more,
        colour=optional(fields.get("colour"), _colour, None),
        points=optional(
            fields.get("points"), lambda n: tuple(item.pair() for item in n.items()), ()
        ),
        source=optional(fields.get("source"), lambda n: n.choice(Source), "sidecar"),
        confidence=optional(fields.get("confidence"), Node.number, float("nan")),
    )


def _check_scale(fields: dict[str, Node], ends: dict[str, float | None], scale: Scale) -> None:
    for key, value in ends.items():
        if scale == "log" and value is not None and value <= 0:
            raise fields[key].fail(
                "must be > 0 on a logarithmic scale", 'Correct it, or use "scale": "linear".'
            )
    if ends["left"] is not None and ends["left"] == ends["right"]:
        raise fields["right"].fail("must differ from left", "Correct the scale's ends.")


def _colour(node: Node) -> str:
    text = node.text().lower()
    try:
        red, green, blue = ImageColor.getrgb(text)[:3]
    except ValueError:
        raise node.fail(
            "must be #rrggbb or a CSS colour name", 'For example "#007f00" or "green".'
        ) from None
    return f"#{red:02x}{green:02x}{blue:02x}"
