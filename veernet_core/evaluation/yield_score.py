"""What becomes of the curves that a person can read and follow: delivered, accepted, right.

In: a `PageTruth` and the judged log of its scan. Out: `CurveOutcome`, one for every printed curve, and in
words what was accepted and is not so.
Does not belong here: the reading of the page as such, pictures, tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet_core.datatypes import F64, FT_PER, CurveSpec, DigitisedLog, JudgedCurve, Section
from veernet_core.domain.gazetteer import letters_and_digits
from veernet_core.evaluation.page_match import border_distances, find_track, lies_in, turned_truth
from veernet_core.evaluation.page_truth import PageTruth, TrueCurve, TrueSection, TrueTrack
from veernet_core.evaluation.scale_score import same_ends, same_name
from veernet_core.metrics import r2

R2_RIGHT = 0.95
BORDER_SHARE = 0.02
"""How far a border may be off, in track widths: so far off are the values that hang on it."""
DEPTH_FT = 2.0


@dataclass(frozen=True, slots=True)
class CurveOutcome:
    """What was delivered for one printed curve.

    Attributes
    ----------
    delivered, accepted : bool
        A curve of its name was, in its track; and the gate let it pass.
    right : bool
        Its name, scale, borders and depth are the printed ones, and where the true values are known its R² is
        above 0.95. Whether the line itself was followed on real paper is for the eye.
    r2 : float
        Against the true values, in decades on logarithmic scales; NaN where they are not known.
    why : str
        What is wrong with it, or why it was not accepted.
    picture : str
        Name of the overlay that shows it.
    """

    delivered: bool = False
    accepted: bool = False
    right: bool = False
    r2: float = float("nan")
    why: str = "not delivered"
    picture: str = ""


NOT_DELIVERED = CurveOutcome()
Outcomes = dict[tuple[str, str, int], CurveOutcome]
"""By section id, track id and place among the track's curves."""


def score_log(
    truth: PageTruth, log: DigitisedLog, turn_deg: int, size_px: tuple[int, int]
) -> tuple[Outcomes, list[str]]:
    """Every printed curve with what was delivered for it, and what was accepted though it is none of them.

    Parameters
    ----------
    truth : PageTruth
    log : DigitisedLog
    turn_deg : int
        Clockwise turn under which the page was digitised.
    size_px : (height, width)
        Of the page as stored.
    """
    turned = turned_truth(truth, turn_deg, size_px)
    out: Outcomes = {
        (s.section_id, t.track_id, k): NOT_DELIVERED
        for s in turned.sections
        for t in s.tracks
        for k in range(len(t.curves))
    }
    known: set[int] = set()
    for section in log.sections:
        true = lies_in((section.row_top, min(section.row_bottom, truth.seen_to)), turned.sections)
        if section.row_top >= truth.seen_to:
            known |= {id(j) for j in log.curves if j.curve.section_id == section.section_id}
        if true is None:
            continue
        borders = [(t.geometry.left_knots, t.geometry.right_knots) for t in section.tracks]
        rows = (max(section.row_top, true.row_top), min(section.row_bottom, true.row_bottom))
        for track in true.tracks:
            at = find_track(rows, borders, track)
            if at is None:
                continue
            judged = _in_track(log, section, section.tracks[at].track_id)
            far = float(np.max(border_distances(true, track, borders[at])))
            faults = _faults(true, section, far / _width(track))
            for one in judged:
                for k in _named_so(track, one.curve.spec):
                    curve = track.curves[k]
                    result = _outcome(curve, track, one, faults, turned)
                    known |= {id(one)} if result.right or not curve.is_stated else set()
                    key = (true.section_id, track.track_id, k)
                    out[key] = max(out[key], result, key=_worth)
    wrong = [
        f"{j.curve.section_id}/{j.curve.track_id}: {_text(j.curve.spec)}"
        for j in log.curves
        if j.verdict.decision == "accept" and id(j) not in known
    ]
    return out, wrong


def _named_so(track: TrueTrack, spec: CurveSpec) -> list[int]:
    """Which curves of a track a delivered one stands for, by its name: those that are printed with it to the
    letter, where there are any ("GR (API)" is not "GR (from tool)"), else those it is another word for.
    """
    own = [k for k, c in enumerate(track.curves) if same_name(c, spec.mnemonic, spec.printed)]
    printed = letters_and_digits(spec.printed)
    exact = [k for k in own if printed and letters_and_digits(track.curves[k].printed) == printed]
    return exact or own


def _worth(outcome: CurveOutcome) -> tuple[bool, bool, bool]:
    return outcome.accepted and outcome.right, outcome.accepted, outcome.delivered


def _in_track(log: DigitisedLog, section: Section, track_id: str) -> list[JudgedCurve]:
    key = (section.section_id, track_id)
    return [j for j in log.curves if (j.curve.section_id, j.curve.track_id) == key]


def _width(track: TrueTrack) -> float:
    return float(np.median(track.right[:, 1]) - np.median(track.left[:, 1]))


def _faults(true: TrueSection, section: Section, border_share: float) -> list[str]:
    """What is wrong with the place of everything in a track."""
    faults = []
    if border_share > BORDER_SHARE:
        faults.append(f"borders off by {100 * border_share:.0f} % of the track")
    if section.depth is not None and len(true.anchors):
        got = section.depth.depth_at(true.anchors[:, 0]) * FT_PER[section.depth.unit]
        off = float(np.abs(got - true.anchors[:, 1] * FT_PER[true.unit]).max())
        if off > DEPTH_FT:
            faults.append(f"depth off by {off:.1f} ft")
    return faults


def _outcome(
    true: TrueCurve,
    track: TrueTrack,
    judged: JudgedCurve,
    faults: Sequence[str],
    truth: PageTruth,
) -> CurveOutcome:
    curve, spec = judged.curve, judged.curve.spec
    why = list(faults)
    if not same_ends(true, (spec.left, spec.right), spec.scale, track.divisions):
        why.append(f"scale {spec.left:g}..{spec.right:g} {spec.scale}")
    fit = float("nan")
    values = truth.values.get(true.mnemonic)
    if values is not None:
        fit = _fit(spec, values, curve.depth * FT_PER[curve.depth_unit], curve.value)
        if not fit > R2_RIGHT:
            why.append(f"R² {fit:.3f}")
    accepted = judged.verdict.decision == "accept"
    right = not why
    if not accepted:
        why += [judged.verdict.decision, *judged.verdict.reasons]
    picture = f"overlay-{curve.section_id}-{curve.track_id}"
    return CurveOutcome(True, accepted, right, fit, "; ".join(why), picture)


def _fit(spec: CurveSpec, truth: F64, depth_ft: F64, value: F64) -> float:
    """R² at the true depths that the curve covers; drawn pages are in feet."""
    if len(depth_ft) < 2:
        return float("nan")
    got = np.interp(truth[:, 0], depth_ft, value, left=np.nan, right=np.nan)
    want = truth[:, 1]
    if spec.scale == "log":
        got, want = (np.log10(np.where(v > 0, v, np.nan)) for v in (got, want))
    return r2(got, want)


def _text(spec: CurveSpec) -> str:
    return f"{spec.mnemonic} {spec.left:g}..{spec.right:g} {spec.unit} {spec.scale}"
