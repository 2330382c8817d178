"""What is known of a scan before it is looked at, as one sidecar.

In: a person's sidecar, a registration file (DRA) and an index row, each where there is one. Out: the bytes
of one sidecar that states what any of them states; on each field the person wins over the registration,
the registration over the index. Where two of them contradict each other, and what of the index was not used,
stands in the sidecar too (``noted``). Does not belong here: files and folders, what the page itself shows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storage.contradictions import depth_contradiction, well_contradictions
from storage.dra import parse_dra, sidecar_of_dra
from storage.index_rows import Doubt
from storage.index_table import IndexMatch, IndexRow
from veernet_core.datatypes import FT_PER, DepthUnit
from veernet_core.page.known.sidecar import parse_sidecar

_WELL_FIELDS = (
    "uwi",
    "name",
    "company",
    "field",
    "county",
    "state",
    "country",
    "service_company",
    "date",
)
CONTRADICTED = "sources_contradict"
"""Finding: what the index, the registration and the sidecar state of a scan cannot all be right."""
_KEYS = {"sections": "section_id", "tracks": "track_id", "curves": "mnemonic"}
"""Lists of a sidecar and the member that tells their items apart."""


def known_sidecar(
    sidecar: bytes | None,
    dra: bytes | None,
    indexed: Mapping[str, Any] | None,
    scan_name: str,
) -> bytes | None:
    """One sidecar from all that is known of a scan.

    Parameters
    ----------
    sidecar : bytes or None
        The person's, ``<stem>.sidecar.json``. Alone it is handed on untouched.
    dra : bytes or None
        The registration file, ``<stem>.dra``.
    indexed : mapping or None
        What the scan's row of the archive's index states (``sidecar_of_index``).
    scan_name : str
        File name of the scan.

    Returns
    -------
    bytes or None
        None where nothing is known. Equal inputs give equal bytes.

    Raises
    ------
    VeernetError
        A sidecar or registration file that cannot be used.
    """
    if dra is None and not indexed:
        return sidecar
    stem = scan_name.rsplit(".", 1)[0]
    known: dict[str, Any] = dict(indexed or {})
    noted = list(known.pop("noted", ()))
    over = []
    if dra is not None:
        registered = sidecar_of_dra(parse_dra(dra, f"{stem}.dra"), scan_name)
        over.append((f"the registration {stem}.dra", registered))
    if sidecar is not None:
        name = f"{stem}.sidecar.json"
        parse_sidecar(sidecar, name)  # its own faults must be told by its own names
        over.append((f"the sidecar {name}", json.loads(sidecar.decode("utf-8-sig"))))
    base = "the index"
    for source, given in over:
        noted += [_noted(doubt) for doubt in _contradictions(base, known, source, given)]
        if depth_contradiction(known, given):
            known = _without_ranges(known)
        known = merge_sidecars(known, given)
        base = f"{base} or {source}" if dra is not None and indexed else source
    if noted:
        known["noted"] = [*known.get("noted", ()), *noted]
    return json.dumps(known, ensure_ascii=False, sort_keys=True).encode()


def _contradictions(
    base: str, below: Mapping[str, Any], source: str, given: Mapping[str, Any]
) -> list[Doubt]:
    depths = depth_contradiction(below, given)
    found = well_contradictions(below, given) + ([f"depths {depths}"] if depths else [])
    used = source.split(" ")[1]
    return [
        Doubt(CONTRADICTED, f"{base[0].upper()}{base[1:]} and {source} contradict each other:"
              f" {words}. The {used} is used.")
        for words in found
    ]  # fmt: skip


def _noted(doubt: Doubt) -> dict[str, str]:
    return {"code": doubt.code, "message": doubt.message}


def _without_ranges(known: Mapping[str, Any]) -> dict[str, Any]:
    """What is known without logged ranges, which another source has found to be wrong."""
    sections = []
    for section in known.get("sections") or ():
        depth = section.get("depth")
        if isinstance(depth, dict):
            kept = {k: v for k, v in depth.items() if k not in ("top", "bottom")}
            section = {**section, "depth": kept}
        sections.append(section)
    return {**known, "sections": sections} if sections else dict(known)


def indexed_of(match: IndexMatch | None) -> dict[str, Any]:
    """What an index states of a scan, in the sidecar's contract; doubts about its rows under ``noted``."""
    if match is None:
        return {}
    given = sidecar_of_index(match.row)
    return given | ({"noted": [_noted(d) for d in match.doubts]} if match.doubts else {})


def sidecar_of_index(row: IndexRow) -> dict[str, Any]:
    """What an index row states, in the sidecar's contract.

    Its logged range becomes the depth of a section without rows or name: a prior for whichever sections
    are found, never an axis.
    """
    well = {key: getattr(row, key) for key in _WELL_FIELDS if getattr(row, key)}
    given: dict[str, Any] = {"well": well} if well else {}
    depth = {"top": row.top, "bottom": row.bottom, "unit": row.depth_unit}
    depth = {key: value for key, value in depth.items() if value is not None}
    if "top" in depth or "bottom" in depth:
        given["sections"] = [{"depth": depth}]
    return given


def merge_sidecars(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two sidecars as one; field by field ``over`` wins.

    Sections are matched by ``section_id``, tracks by ``track_id``, curves by ``mnemonic``; an item without
    the name, or the only one on both sides, by its place. What ``over`` leaves out ``base`` fills in, so
    a correction need not repeat the rest. A section of ``base`` with nothing but a depth range holds for
    all sections of ``over``. Anchors, borders and points are one value each: they are replaced, not mixed.

    Parameters
    ----------
    base, over : mapping
        Decoded sidecars. Neither is changed.
    """
    spread = _spread_prior(list(base.get("sections") or ()), list(over.get("sections") or ()))
    merged = _merge(base if spread is None else {**base, "sections": spread}, over)
    for section in merged.get("sections") or ():
        _settle_depth(section)
    return merged


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    out = {key: value for key, value in base.items() if value is not None}
    for key, value in over.items():
        below = out.get(key)
        if value is None:
            continue
        if key == "depth" and isinstance(below, dict):
            out[key] = _merge_depth(below, value)
        elif key in _KEYS and isinstance(below, list):
            out[key] = _merge_items(below, value, _KEYS[key])
        elif isinstance(value, dict) and isinstance(below, dict):
            out[key] = _merge(below, value)
        else:
            out[key] = value
    return out


def _merge_items(base: list[Any], over: list[Any], name: str) -> list[Any]:
    """Items of two lists, matched; those of ``base`` keep their order, new ones follow."""
    out = list(base)
    for index, item in enumerate(over):
        place = _place(base, over, index, name)
        if place is None:
            out.append(item)
        else:
            out[place] = _merge(out[place], item)
    return out


def _place(base: list[Any], over: list[Any], index: int, name: str) -> int | None:
    """Which item of ``base`` an item of ``over`` speaks of; equal names are matched in their order."""
    own = over[index].get(name)
    named = [i for i, item in enumerate(base) if own is not None and item.get(name) == own]
    earlier = sum(item.get(name) == own for item in over[:index])
    if named and earlier < len(named):
        out: int | None = named[earlier]
        return out
    if len(base) == len(over) == 1 and name != "mnemonic":
        return 0
    by_place = own is None and index < len(base)
    return index if by_place else None


def _is_prior(section: Mapping[str, Any]) -> bool:
    return set(section) <= {"depth"} and not (section.get("depth") or {}).get("anchors")


def _spread_prior(base: list[Any], over: list[Any]) -> list[Any] | None:
    """The lone depth range of ``base``, once for every section of ``over``; None where there is none."""
    if len(base) != 1 or not _is_prior(base[0]) or not over:
        return None
    names = [section.get("section_id", f"S{i + 1}") for i, section in enumerate(over)]
    if all("section_id" not in section for section in over):
        return [base[0]] * len(over)
    return [{**base[0], "section_id": name} for name in names]


def _merge_depth(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A range that another source states is converted where the units differ; anchors that are kept get
    the new unit, because stating only a unit corrects it.
    """
    range_ = {key: base[key] for key in ("top", "bottom") if base.get(key) is not None}
    if any(over.get(key) is not None for key in ("top", "bottom")):
        range_ = {}
    unit: DepthUnit | None = over.get("unit") or base.get("unit")
    if not base.get("anchors"):
        range_ = {key: _converted(value, base.get("unit"), unit) for key, value in range_.items()}
    rest = {key: value for key, value in base.items() if key not in ("top", "bottom")}
    return _merge({**rest, **range_}, over)


def _converted(value: float, unit: DepthUnit | None, wanted: DepthUnit | None) -> float:
    if unit is None or wanted is None or unit == wanted:
        return value
    return round(value * FT_PER[unit] / FT_PER[wanted], 3)


def _settle_depth(section: dict[str, Any]) -> None:
    """Range and anchors come from different sources here: one that contradicts the anchors is dropped."""
    depth = section.get("depth")
    if not isinstance(depth, dict) or not depth.get("anchors"):
        return
    depths = [anchor[1] for anchor in depth["anchors"]]
    top, bottom = depth.get("top"), depth.get("bottom")
    outside = (top is not None and max(depths) < top) or (
        bottom is not None and min(depths) > bottom
    )
    if outside:
        section["depth"] = {k: v for k, v in depth.items() if k not in ("top", "bottom")}
