"""Two sidecars as one, before either is read: what one leaves out the other fills in.

In: decoded sidecars of several sources. Out: one in the same contract. Which source goes first, and what is
noted where they contradict each other, does not belong here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from veernet_core.datatypes import FT_PER, DepthUnit

_KEYS = {"sections": "section_id", "tracks": "track_id", "curves": "mnemonic"}
"""Lists of a sidecar and the member that tells their items apart."""


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
    """A range that another source gives is converted where the units differ; anchors that are kept get
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


def without_ranges(known: Mapping[str, Any]) -> dict[str, Any]:
    """A sidecar without logged ranges, which another source has found to be wrong."""
    sections = []
    for section in known.get("sections") or ():
        depth = section.get("depth")
        if isinstance(depth, dict):
            kept = {k: v for k, v in depth.items() if k not in ("top", "bottom")}
            section = {**section, "depth": kept}
        sections.append(section)
    return {**known, "sections": sections} if sections else dict(known)
