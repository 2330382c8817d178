"""Results of measured pages as tables: a row for every printed curve, and two runs held side by side.

In: scores of a page and its truth; folders of earlier runs. Out: `CurveRow`, CSV files, text.
Does not belong here: measuring, and figures over groups.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from veernet_core.evaluation.page_score import PageScore
from veernet_core.evaluation.page_truth import PageTruth
from veernet_core.evaluation.scale_score import NOTHING
from veernet_core.evaluation.yield_score import NOT_DELIVERED, Outcomes

CURVES_FILE = "curves.csv"
_KEY = ("page", "section", "track", "place")
_COMPARED = ("name_read", "ends_read", "read", "sure_right", "delivered", "accepted", "gained")


@dataclass(frozen=True, slots=True)
class CurveRow:
    """One printed curve: what is true of it, what was read, and what was delivered.

    ``stated``: its scale can be read off the print; ``can_be_followed``: and its line followed. The fields
    after them are those of ``ScaleScore`` and ``CurveOutcome``; ``gained``: accepted and right.
    """

    page: str
    group: str
    well: str
    section: str
    track: str
    place: int
    mnemonic: str
    printed: str
    left: float | None
    right_end: float | None
    scale: str
    stated: bool
    can_be_followed: bool
    traceable: str
    name_read: bool
    ends_read: bool
    read: bool
    sure: bool
    sure_right: bool
    confidence: float
    found: str
    delivered: bool
    accepted: bool
    right: bool
    gained: bool
    r2: float
    why: str
    picture: str


def curve_rows(
    stem: str, group: str, truth: PageTruth, score: PageScore, outcomes: Outcomes
) -> tuple[CurveRow, ...]:
    """A row for every curve printed on a page."""
    rows = []
    for section in truth.sections:
        for track in section.tracks:
            for place, curve in enumerate(track.curves):
                key = (section.section_id, track.track_id, place)
                read = score.scales.get(key, NOTHING)
                made = outcomes.get(key, NOT_DELIVERED)
                row = CurveRow(
                    page=stem,
                    group=group,
                    well=truth.well,
                    section=section.section_id,
                    track=track.track_id,
                    place=place,
                    mnemonic=curve.mnemonic,
                    printed=curve.printed,
                    left=curve.left,
                    right_end=curve.right,
                    scale=curve.scale,
                    stated=curve.is_stated,
                    can_be_followed=curve.can_be_followed,
                    traceable=curve.traceable,
                    gained=made.accepted and made.right,
                    **asdict(read),
                    **asdict(made),
                )
                rows.append(row)
    return tuple(rows)


def write_rows(path: Path, rows: Sequence[CurveRow]) -> None:
    """All rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [f.name for f in fields(CurveRow)])
        out.writeheader()
        out.writerows(asdict(row) for row in rows)


def write_overlays(path: Path, rows: Sequence[CurveRow]) -> None:
    """What an eye should judge: accepted curves without known values, and the pictures that show them."""
    lines = [
        (
            f"{row.page}/{row.picture}.png",
            row.track,
            row.mnemonic,
            "yes" if row.right else row.why,
            "",
        )
        for row in rows
        if row.accepted and not row.group.startswith("drawn")
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [("picture", "track", "curve", "as printed", "follows the line"), *lines]
        )


def compare(rows: Sequence[CurveRow], other: Path) -> list[str]:
    """What changed, curve by curve, since another run; only pages that both have are compared.

    Parameters
    ----------
    rows : sequence of CurveRow
    other : Path
        Folder of the other run, or its ``curves.csv``.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    """
    path = other / CURVES_FILE if other.is_dir() else other
    with path.open(encoding="utf-8", newline="") as file:
        before = {tuple(row[k] for k in _KEY): row for row in csv.DictReader(file)}
    pages = {key[0] for key in before}
    now = {tuple(str(getattr(row, k)) for k in _KEY): row for row in rows if row.page in pages}
    common = {key: (before[key], row) for key, row in now.items() if key in before}
    lines = [f"{len(common)} curves in both runs, {len(now) - len(common)} only in this one"]
    for name in _COMPARED:
        changed = {
            key: bool(getattr(row, name))
            for key, (old, row) in common.items()
            if (old[name] == "True") != bool(getattr(row, name))
        }
        won = sum(changed.values())
        lines.append(f"{name}: {won} more, {len(changed) - won} fewer")
        lines += [_change(key, is_more, *common[key]) for key, is_more in changed.items()]
    return lines


def _change(key: tuple[str, ...], is_more: bool, old: Mapping[str, Any], row: CurveRow) -> str:
    sign = "+" if is_more else "-"
    ends = f"{old['left']}..{old['right_end']}"
    text = f"    {sign} {'/'.join(key[:3])} {row.mnemonic} {ends}"
    said = f": {old['found'] or 'nothing'} -> {row.found or 'nothing'}"
    return text + (said if old["found"] != row.found else f": {row.why}")
