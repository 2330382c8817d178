"""The stretches of one curve that a reviewer looks at: where, why, and what settles it.

In: a log's document and its samples. Out: stretches, the gravest first, in words. Where the doubt comes from
belongs to ``veernet_core.curve.evidence``; how a stretch is shown to the page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from storage.records import Record, samples_of
from veernet_core.datatypes import F64
from veernet_core.findings import entry_of

MOST = 12
"""Stretches of one curve that are shown."""
_CERTAIN = 0.5
"""Samples below this confidence are more likely wrong than right."""
_JOIN = 4
"""Good samples between two doubtful ones that do not part a stretch."""
_COVERED = 0.5
"""Share of a run inside a stretch with a reason of its own that makes it the same stretch."""

_WORDS = {
    "crossing": (
        "Another curve of the same style touches this one here; from here on the two may have changed places.",
        "Follow both pens through the touch: each goes on in the direction it came from. If they changed "
        "places, press x.",
    ),
    "wrap": (
        "The curve may be a track width higher or lower here: its wrap is uncertain.",
        "See where it leaves the track: over one border and in at the other is a wrap, back over the same "
        "border is none.",
    ),
    "gap": (
        "Nothing was found here, or a piece between two gaps that nothing confirms.",
        "See whether the pen lifted: then press z. If there is ink that was missed, redraw it on the scan (g).",
    ),
    "impossible": (
        "Such a curve cannot have the values that were read here.",
        "See over which border the ink left the track, and whether the scale is right.",
    ),
    "faint_ink": (
        "The ink is faint here.",
        "See whether the curve follows the faint line, or something that crosses it.",
    ),
    "border": (
        "A border of the track stands beside its printed line here: every value is off with it.",
        "Drag the border onto its line on the scan (g), or confirm it there, if it is right as it is.",
    ),
    "print": (
        "Letters or figures stand here, and no curve: their ink was followed, and it is left out.",
        "See whether the curve runs through the print. If so, redraw it on the scan (g).",
    ),
    "uncertain": (
        "The path is more likely than not to be off by over a hundredth of the track here.",
        "See whether the drawn curve lies on its ink. If not, redraw it on the scan (g), or press z.",
    ),
    "nothing": (
        "No ink of this curve was found anywhere.",
        "See whether it is on the scan at all. If so, correct its track, line style or colour there (g); "
        "if not, reject it.",
    ),
    "none": (
        "No stretch stands out; shown is where the curve is least certain.",
        "See whether the curve lies on its ink here; what is in doubt is said above.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a curve, with the reason and what settles it, for people.

    Attributes
    ----------
    depth_from, depth_to : float
        In the curve's depth unit.
    reason : str
        That of ``DoubtfulStretch``, or ``uncertain``, ``nothing`` or ``none``.
    why, settle : str
    withheld : bool
        Whether it is delivered without values already.
    """

    depth_from: float
    depth_to: float
    reason: str
    why: str
    settle: str
    withheld: bool = False


def worst_stretches(record: Record, index: int, samples: pa.Table) -> list[Stretch]:
    """What to look at of a curve, the gravest first; at least one where it has a depth.

    Parameters
    ----------
    record : dict
        The log's ``log.json``.
    index : int
        Position of the curve in it.
    samples : pyarrow.Table
        The log's ``curves.parquet``.
    """
    curve = record["curves"][index]
    part = samples_of(record, index, samples)
    depth = part["depth"].to_numpy().astype(np.float64)
    value, sure = (part[n].to_numpy().astype(np.float64) for n in ("value", "confidence"))
    known = np.flatnonzero(np.isfinite(value))
    if not len(known):
        return [_stretch(depth[0], depth[-1], "nothing", withheld=True)] if len(depth) else []
    given = [
        _stretch(d["depth_from"], d["depth_to"], d["reason"], bool(d["withheld"]))
        for d in curve.get("doubtful", ())
    ]
    given.sort(key=lambda s: (s.withheld, s.depth_from - s.depth_to))
    found = [s for s in _runs(depth, value, sure, known) if not _covered(s, given)]
    if not given and not found:
        worst = int(known[np.nanargmin(np.where(np.isfinite(sure[known]), sure[known], 1.0))])
        low, high = max(worst - 20, int(known[0])), min(worst + 20, int(known[-1]))
        found = [_stretch(depth[low], depth[high], "none")]
    return [*given, *found][:MOST]


_AT_THE_DESK = {
    "scale_guess": "Press g, then c: compare it with the printed one and say which line it is.",
}
"""What settles a reason where the scan is at hand, in place of what the register says for anybody."""


def remedy(code: str) -> str:
    """What settles a reason of a verdict; empty where nothing is to be done."""
    if code in _AT_THE_DESK:
        return _AT_THE_DESK[code]
    try:
        return entry_of(code).remedy
    except KeyError:
        return ""


def _stretch(first: float, last: float, reason: str, withheld: bool = False) -> Stretch:
    why, settle = _WORDS.get(reason, (reason.replace("_", " ").capitalize() + ".", ""))
    if withheld and reason == "gap":
        settle = "If there is ink that was missed, redraw it on the scan (g)."
    return Stretch(float(first), float(last), reason, why, settle, withheld)


def _covered(run: Stretch, given: list[Stretch]) -> bool:
    length = max(run.depth_to - run.depth_from, 1e-9)
    shared = [min(run.depth_to, s.depth_to) - max(run.depth_from, s.depth_from) for s in given]
    return any(part / length >= _COVERED for part in shared)


def _runs(depth: F64, value: F64, sure: F64, known: np.ndarray) -> list[Stretch]:
    """Runs of samples that are missing or uncertain, those with the most doubt first."""
    chance = np.where(np.isfinite(value), np.where(np.isfinite(sure), sure, 1.0), 0.0)
    doubt = np.flatnonzero(chance < _CERTAIN)
    doubt = doubt[(doubt >= known[0]) & (doubt <= known[-1])]
    if not len(doubt):
        return []
    parts = np.split(doubt, np.flatnonzero(np.diff(doubt) > _JOIN + 1) + 1)
    weight = [float((1 - chance[run]).sum()) for run in parts]
    order = np.argsort(weight)[::-1]
    found = []
    for k in order[:MOST]:
        run = parts[int(k)]
        missing = not np.isfinite(value[run]).any()
        found.append(
            _stretch(depth[run[0]], depth[run[-1]], "gap" if missing else "uncertain", missing)
        )
    return found
