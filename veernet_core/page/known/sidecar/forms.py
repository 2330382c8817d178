"""Parts of a sidecar as JSON values, as sources other than a page reading make and change them.

In: what a registration, an index row, a log's document or a person at the desk gives. Out: mappings in the
contract with what is given and nothing else, numbers as they came: whoever uses them reads them with
``parse_sidecar``, which checks them. Does not belong here: a whole `Sidecar` as JSON (`write`), and two
sidecars as one (`merge`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

Form = dict[str, Any]
"""An object of a sidecar as JSON values."""
Given = Mapping[str, Any]
Points = Sequence[Sequence[float]]
"""``[row, px]`` or ``[row, depth]`` pairs."""
Kind = Literal["section_id", "track_id"]

_KEYS = {"field_name": "field"}
_DEFAULT_ID: dict[Kind, str] = {"section_id": "S", "track_id": "T"}
_CURVE = ("mnemonic", "unit", "left", "right", "scale", "style", "wrap")


def well_form(facts: Mapping[str, str | None]) -> Form:
    """Header facts as a sidecar names them; empty ones are left out.

    Examples
    --------
    >>> well_form({"name": "Smith 1", "field_name": "Hugoton", "county": ""})
    {'name': 'Smith 1', 'field': 'Hugoton'}
    """
    return {_KEYS.get(key, key): value for key, value in facts.items() if value}


def depth_form(anchors: Points, unit: str | None, source: str = "sidecar") -> Form:
    """A depth through ``[row, depth]`` anchors; a unit that is not known and the usual source are left out."""
    out: Form = {} if unit is None else {"unit": unit}
    out["anchors"] = [list(point) for point in anchors]
    return out | _source(source)


def range_form(top: float | None, bottom: float | None, unit: str | None) -> Form:
    """The depths between which a log was run: a prior without anchors. Empty where neither end is given."""
    if top is None and bottom is None:
        return {}
    depth = {"top": top, "bottom": bottom, "unit": unit}
    return {key: value for key, value in depth.items() if value is not None}


def section_form(section_id: str, rows: tuple[float, float], depth: Given) -> Form:
    """A section of the rows ``(top, bottom)`` with its depth."""
    return {"section_id": section_id, "row_top": rows[0], "row_bottom": rows[1], "depth": depth}


def sidecar_form(well: Given, sections: Sequence[Given]) -> Form:
    """A sidecar of header facts and sections."""
    return {"well": well, "sections": list(sections)}


def prior_form(well: Given, depth: Given) -> Form:
    """A sidecar of header facts and a depth for whichever sections are found; without what is empty."""
    out: Form = {"well": well} if well else {}
    return out | ({"sections": [{"depth": depth}]} if depth else {})


def note_form(code: str, message: str) -> Form:
    """Something noted while several sources were made one."""
    return {"code": code, "message": message}


def with_notes(sidecar: Given, notes: Sequence[Given]) -> Form:
    """The sidecar with further notes; the same where there are none."""
    if not notes:
        return dict(sidecar)
    return {**sidecar, "noted": [*sidecar.get("noted", ()), *notes]}


def split_notes(sidecar: Given) -> tuple[Form, list[Form]]:
    """The sidecar without its notes, and those."""
    rest = dict(sidecar)
    return rest, list(rest.pop("noted", ()))


# ---- a sidecar that a person goes on from -------------------------------------------------------


def items_by_id(items: Iterable[Given] | None, kind: Kind) -> dict[str, Given]:
    """Sections or tracks by the name they have, or get where none is given."""
    letter = _DEFAULT_ID[kind]
    return {item.get(kind, f"{letter}{k + 1}"): item for k, item in enumerate(items or ())}


def has_anchors(section: Given) -> bool:
    """Whether a section has depth anchors of its own."""
    return bool((section.get("depth") or {}).get("anchors"))


def gives_more_than_depth(section: Given) -> bool:
    """Whether a section says where on the page it lies, what its tracks are, or that it is to be skipped."""
    return bool(section.get("tracks") or section.get("skip") or "row_top" in section)


def filled_section(given: Given, section_id: str, rows: tuple[float, float]) -> Form:
    """A given section with its name, and with rows where it has none."""
    out: Form = {**given, "section_id": section_id}
    for key, row in zip(("row_top", "row_bottom"), rows, strict=True):
        out.setdefault(key, row)
    return out


def filled_track(given: Given, track_id: str, left: Points, right: Points) -> Form:
    """A given track with its name, and with ``[row, px]`` borders where it has none."""
    out: Form = {**given, "track_id": track_id}
    for key, knots in (("left_px", left), ("right_px", right)):
        out.setdefault(key, knots if len(knots) > 1 else knots[0][1])
    return out


def with_depth(section: Given, depth: Given) -> Form:
    """The section with another depth."""
    return {**section, "depth": depth}


def with_tracks(section: Given, tracks: Sequence[Given]) -> Form:
    """The section with these tracks."""
    return {**section, "tracks": list(tracks)}


def with_curves(track: Given, curves: Sequence[Given]) -> Form:
    """The track with these curves."""
    return {**track, "curves": list(curves)}


def with_sections(sidecar: Given, sections: Sequence[Given]) -> Form:
    """The sidecar with these sections."""
    return {**sidecar, "sections": list(sections)}


def with_header(sidecar: Given, well: Given, dpi: float | None) -> Form:
    """The sidecar with header facts and resolution where it has none; each fact by itself."""
    out = dict(sidecar)
    if both := {**well, **(sidecar.get("well") or {})}:
        out["well"] = both
    if dpi is not None:
        out.setdefault("dpi", dpi)
    return out


def curve_form(spec: Given) -> Form:
    """A curve as a log's document describes it: its names, scale, pen, and who says so."""
    out = {name: spec[name] for name in _CURVE}
    out |= {"colour": spec["colour"]} if spec.get("colour") else {}
    return out | _source(spec["source"])


def set_points(curve: Form, points: Points) -> None:
    """Let a curve go through points, from the top down."""
    curve["points"] = sorted((list(point) for point in points), key=lambda point: point[0])


def set_redrawn(curve: Form, path: Points, null_rows: Points) -> None:
    """Draw a curve along a path; in ``null_rows`` it has no values. Without any, those it has stay."""
    curve["redrawn"] = [list(point) for point in path]
    if null_rows:
        curve["null_rows"] = sorted(list(rows) for rows in null_rows)


def pairs_of(curve: Given, member: Literal["points", "redrawn", "null_rows"]) -> list[list[float]]:
    """A curve's points, path or rows without values; empty where it has none."""
    return [list(pair) for pair in curve.get(member) or ()]


def without_read(sidecar: Given) -> Form:
    """The sidecar without what a machine saw."""
    return {key: value for key, value in sidecar.items() if key != "read"}


def with_edit(sidecar: Given, edit: Mapping[str, str]) -> Form:
    """The sidecar with one more entry ``{"who", "when", "what"}`` of who changed it."""
    return {**sidecar, "edited": [*(sidecar.get("edited") or []), edit]}


def edit_form(who: str, when: str, what: str) -> dict[str, str]:
    """Who changed a sidecar, when, and what."""
    return {"who": who, "when": when, "what": what}


def _source(source: str) -> Form:
    return {} if source == "sidecar" else {"source": source}
