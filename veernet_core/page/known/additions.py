"""What a person may add to a curve in the sidecar beside its scale: parts, stretches, a path of their own.

In: the checked members of a curve in a sidecar. Out: ``Additions``, and from them a ``CurveSpec`` whose
values, rows and path follow them. How JSON is read (``sidecar``) does not belong here.

Members: ``left_px``, ``right_px`` (the scale covers a part of the track), ``per_division`` (value of one of
the ten divisions of a linear track), ``scale_points`` [[value, frac], ...] (``scale: hybrid``),
``wrap_start`` (wrap index at the first row), ``null_rows`` [[row, row], ...] (not to be delivered),
``redrawn`` [[row_px, px], ...] (the curve's path as drawn by a person), ``backup_of`` (mnemonic of the curve
whose further scale this is).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from veernet_core.datatypes import WRAP_COUNTS, CurveSpec, TrackGeometry, Wrap, px_at
from veernet_core.errors import GeometryError

MEMBERS = (
    "left_px", "right_px", "per_division", "scale_points", "wrap_start", "null_rows", "redrawn",
    "backup_of",
)  # fmt: skip
DIVISIONS = 10
"""Divisions of a linear track."""
Pairs = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Additions:
    """Members of a curve as given; None or empty where left out. Borders are ``(row, px)`` knots."""

    left_px: Pairs | None = None
    right_px: Pairs | None = None
    scale_points: Pairs = ()
    wrap_start: int | None = None
    null_rows: Pairs = ()
    redrawn: Pairs = ()
    backup_of: str = ""


def read_additions(
    fields: Mapping[str, Any], scale: str, wrap: Wrap, border: Callable[[Any], Pairs]
) -> Additions:
    """Check and collect the additions among the members of a curve.

    Parameters
    ----------
    fields : mapping of str to node
        Members that are given, as nodes of the sidecar.
    scale, wrap : str
        Of the curve.
    border : callable
        Reads a number or knots.

    Raises
    ------
    SidecarError
    """
    if (scale == "hybrid") != ("scale_points" in fields):
        node = fields.get("scale_points") or fields["scale"]
        raise node.fail(
            "scale hybrid and scale_points need each other",
            'Write "scale": "hybrid" and "scale_points": [[value, frac], [value, frac], ...].',
        )
    return Additions(
        border(fields["left_px"]) if "left_px" in fields else None,
        border(fields["right_px"]) if "right_px" in fields else None,
        _scale_points(fields["scale_points"]) if "scale_points" in fields else (),
        _wrap_start(fields["wrap_start"], wrap) if "wrap_start" in fields else None,
        _null_rows(fields["null_rows"]) if "null_rows" in fields else (),
        _redrawn(fields["redrawn"]) if "redrawn" in fields else (),
        fields["backup_of"].text() if "backup_of" in fields else "",
    )


def ends_by_division(
    fields: Mapping[str, Any], ends: dict[str, float | None], scale: str
) -> dict[str, float | None]:
    """The scale's ends, where one is given and the value of a division tells the other.

    Raises
    ------
    SidecarError
    """
    if "per_division" not in fields:
        return ends
    node = fields["per_division"]
    step = node.number()
    if step == 0 or scale != "linear":
        raise node.fail("must not be 0, and needs a linear scale", "State both ends instead.")
    left, right = ends["left"], ends["right"]
    if left is None and right is None:
        raise node.fail("needs left or right", "State the value at one border.")
    if left is None:
        assert right is not None
        return {"left": right - DIVISIONS * step, "right": right}
    far = left + DIVISIONS * step
    if right is not None and not math.isclose(far, right, rel_tol=1e-6, abs_tol=1e-9):
        raise node.fail(f"contradicts right: {DIVISIONS} divisions end at {far:g}", "Correct one.")
    return {"left": left, "right": far}


def with_additions(
    spec: CurveSpec, more: Additions, track: TrackGeometry, rows: tuple[float, float], where: str
) -> CurveSpec:
    """The spec with what was added, in track coordinates.

    Raises
    ------
    GeometryError
        A part of the track that has no width, or lies outside the track.
    """
    if more.left_px is not None or more.right_px is not None:
        spec = _over_a_part(spec, more, track, rows, where)
    at = np.array([row for row, _ in more.redrawn])
    left, right = track.left_px(at), track.right_px(at)
    path = (np.array([px for _, px in more.redrawn]) - left) / (right - left)
    return replace(
        spec,
        scale_points=more.scale_points,
        wrap_start=more.wrap_start,
        null_rows=more.null_rows,
        redrawn=tuple(zip(at.tolist(), path.tolist())),
    )


def backups_named(curves: Sequence[CurveSpec], leads: Sequence[str], where: str) -> list[CurveSpec]:
    """The curves; a backup takes the name of the curve whose further scale it is.

    Raises
    ------
    GeometryError
        A backup of a curve that the track does not have.
    """
    names = {curve.mnemonic for curve, lead in zip(curves, leads, strict=True) if not lead}
    for index, lead in enumerate(leads):
        if lead and lead not in names:
            known = ", ".join(sorted(names)) or "none"
            raise GeometryError(
                f"backup_of {lead!r} names no other curve of the track; curves: {known}",
                where=f"{where}.curves[{index}]",
            )
    return [
        replace(curve, mnemonic=lead or curve.mnemonic)
        for curve, lead in zip(curves, leads, strict=True)
    ]


def _over_a_part(
    spec: CurveSpec, more: Additions, track: TrackGeometry, rows: tuple[float, float], where: str
) -> CurveSpec:
    """The scale extended to the track's borders; it does not wrap, because its ends are not there."""
    at = np.linspace(rows[0], rows[1], 3)
    left, right = track.left_px(at), track.right_px(at)

    def frac(knots: Pairs | None, default: float) -> float:
        if knots is None:
            return default
        px = px_at(np.array(knots, dtype=np.float64), at)
        return float(np.mean((px - left) / (right - left)))

    start, stop = frac(more.left_px, 0.0), frac(more.right_px, 1.0)
    if not (stop - start > 0.01 and start >= -0.05 and stop <= 1.05):
        raise GeometryError(
            f"the scale of {spec.mnemonic} covers {start:.2f} to {stop:.2f} of the track's width",
            where=where,
            remedy="Correct the curve's left_px and right_px: they lie within the track.",
        )
    is_log = spec.scale == "log"
    low, high = (math.log10(v) if is_log else v for v in (spec.left, spec.right))
    slope = (high - low) / (stop - start)
    ends = (low - start * slope, high + (1.0 - stop) * slope)
    first, last = (10.0**v if is_log else v for v in ends)
    return replace(spec, left=first, right=last, wrap="none")


def _scale_points(node: Any) -> Pairs:
    points: Pairs = tuple(item.pair() for item in node.items())
    values, fracs = [p[0] for p in points], [p[1] for p in points]
    steps = [b - a for a, b in itertools.pairwise(values)]
    one_way = all(s > 0 for s in steps) or all(s < 0 for s in steps)
    if len(points) < 2 or not one_way or any(b <= a for a, b in itertools.pairwise(fracs)):
        raise node.fail(
            "needs two or more [value, frac] with frac growing and values in one direction",
            "frac is 0 at the track's left border and 1 at its right one.",
        )
    return points


def _wrap_start(node: Any, wrap: Wrap) -> int:
    value = node.number()
    if value != int(value) or abs(value) > WRAP_COUNTS[wrap]:
        raise node.fail(
            f"must be a whole number of at most {WRAP_COUNTS[wrap]} for wrap {wrap}",
            "0 is the scale as printed, 1 one track beyond its right end.",
        )
    return int(value)


def _null_rows(node: Any) -> Pairs:
    stretches = []
    for item in node.items():
        first, last = item.pair()
        if last < first:
            raise item.fail("the first row must not lie below the last", "Swap them.")
        stretches.append((first, last))
    return tuple(stretches)


def _redrawn(node: Any) -> Pairs:
    path: Pairs = tuple(item.pair() for item in node.items())
    if len(path) < 2 or any(b[0] <= a[0] for a, b in itertools.pairwise(path)):
        raise node.fail("needs two or more [row_px, px] with growing rows", "Sort the points.")
    return path
