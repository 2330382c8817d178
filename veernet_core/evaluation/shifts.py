"""The gate under conditions it was not fitted on: what it accepts, and how much of that is bad.

In: a predictor, the confidence maps and the quality model of its bundle; out: one ``GateScore`` per
shift. Some shifts change the picture (other shapes, wear, renderer, borders, nothing to see), and the
gate must keep its promise or accept nothing. Others are false statements. Depth lines may give a wrong
depth away; of scales and names a track's ink tells nothing: there the gate depends on being told, and both
cases are measured here. The print above the tracks may tell: that is measured on pages
(`evaluation.cross_check_score`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from veernet_core.config import DigitiseConfig
from veernet_core.curve import gate
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import F64, STYLES, CurveSpec, Posterior
from veernet_core.evaluation import drawings as evaluation
from veernet_core.evaluation.cross_check_score import WRONG_SCALE
from veernet_core.evaluation.drawings import ROWS_PER_FT, Sample
from veernet_core.evaluation.papers import SEVERITY
from veernet_core.evaluation.quality_fit import TARGET_BAD, GateScore, count_cases
from veernet_core.evaluation.traced import Case, TracedCurve, judged_cases, traced
from veernet_core.strips import depth_check
from veernet_core.synth.strips import SynthConfig

ROWS = 1024
TILT_FT = 4.0
"""Depth error from top to bottom of a tilted strip of about 100 ft."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One condition.

    Attributes
    ----------
    about : str
        For the report.
    draw : callable ``(seed, index, shapes) -> Sample``; real wells in place of shapes where ``of_wells``
    falsify : callable ``(curves of one strip) -> curves``
        Changes the truth where what is stated about the strip is wrong.
    flags : tuple of str
        What the page reading would tell the gate.
    in_ink : bool
        Whether the strip itself shows that something is wrong.
    needs_shapes : bool
        Real curves must be given.
    seen : callable ``(sample, config) -> flags``
        What the strip itself would tell it, other than through its curves.
    """

    about: str
    draw: Callable[[int, int, Sequence[Any]], Sample]
    falsify: Callable[[list[TracedCurve]], list[TracedCurve]] = lambda curves: curves
    flags: tuple[str, ...] = ()
    in_ink: bool = True
    needs_shapes: bool = False
    of_wells: bool = False
    seen: Callable[[Sample, DigitiseConfig], tuple[str, ...]] = lambda sample, config: ()


def _own(severity: float, most: int = 3) -> Callable[[int, int, Sequence[Any]], Sample]:
    config = SynthConfig(ROWS, max_severity=severity, max_curves=most)

    def draw(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
        return evaluation.own_sample(seed, index, config)

    return draw


_USUAL = _own(SEVERITY)


def _kansas(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
    """Real shapes, one well after the other, each curve of its own."""
    rng = np.random.default_rng([seed, 17, index])
    picked = [shapes[k] for k in rng.permutation(len(shapes))[:4]]
    values = evaluation.as_drawn(picked)
    config = SynthConfig(ROWS, max_severity=SEVERITY, max_curves=3)
    return evaluation.own_sample(seed, index, config, values)


def _heldout(degraded: bool) -> Callable[[int, int, Sequence[Any]], Sample]:
    def draw(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
        return evaluation.heldout_sample(seed, index, degraded, ROWS)

    return draw


def _borders_off(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
    """Borders stated 5 px off: both to one side, or the track taken too wide or too narrow."""
    sample = _USUAL(seed, index, shapes)
    left, right = ((5, 5), (-5, -5), (-5, 5), (5, -5))[index % 4]
    strip = sample.strip
    columns = strip.ink.shape[1]
    moved = replace(
        strip,
        left_col=max(0.0, strip.left_col + left),
        right_col=min(float(columns), strip.right_col + right),
    )
    return replace(sample, strip=moved)


def _blank(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
    """Paper, grid and dirt, and the statement that two curves are drawn there."""
    sample = _own(1.0, most=0)(seed, index, shapes)
    styles = [STYLES[k] for k in np.random.default_rng([seed, 19, index]).permutation(3)[:2]]
    specs = tuple(CurveSpec(f"C{k}", "", 0.0, 1.0, style=s) for k, s in enumerate(styles))
    rows = sample.strip.ink.shape[0]
    nothing = np.full((2, rows), np.nan)
    unseen = np.zeros((2, rows), bool)
    return replace(sample, specs=specs, frac=nothing, visible=unseen, course=nothing)


def _destroyed(seed: int, index: int, shapes: Sequence[Any]) -> Sample:
    """Toner smeared over half of the strip; what was drawn below it stays the truth."""
    sample = _USUAL(seed, index, shapes)
    rng = np.random.default_rng([seed, 23, index])
    rows = sample.strip.ink.shape[0]
    start = int(rng.integers(0, rows // 2))
    here = slice(start, start + rows // 2)
    ink = sample.strip.ink.copy()
    smear = gaussian_filter(rng.normal(size=ink[here].shape), 12) * 12
    smear += gaussian_filter(rng.normal(size=ink[here].shape), 1.5) * 2
    ink[here] = np.where(smear > 0.2, 255, 0)
    visible = sample.visible.copy()
    visible[:, here] = False
    return replace(sample, strip=replace(sample.strip, ink=ink), visible=visible)


def _tilt_rows(rows: int, rows_per_ft: float) -> F64:
    """Rows by which a tilted depth axis is off, float64 [rows]: half of ``TILT_FT`` at either end."""
    return TILT_FT * rows_per_ft * (np.arange(rows) / max(1, rows - 1) - 0.5)


def _tilted(curves: list[TracedCurve]) -> list[TracedCurve]:
    """Depth wrong by up to half of ``TILT_FT`` at either end."""
    out = []
    for curve in curves:
        rows = np.arange(len(curve.truth), dtype=np.float64)
        at = np.rint(rows + _tilt_rows(len(rows), curve.rows_per_ft)).astype(int)
        inside = (at >= 0) & (at < len(rows))
        at = at.clip(0, len(rows) - 1)
        truth, course = (np.where(inside, x[at], np.nan) for x in (curve.truth, curve.course))
        out.append(replace(curve, truth=truth, course=course))
    return out


def _lines_tell(sample: Sample, config: DigitiseConfig) -> tuple[str, ...]:
    """Whether the printed depth lines give a tilted depth axis away."""
    assert sample.depth is not None
    off = _tilt_rows(len(sample.depth), ROWS_PER_FT)
    slope = float(np.median(np.diff(sample.depth)))
    share = depth_check.line_share(sample.strip)
    scatter = depth_check.fit_lines(sample.depth + slope * off, share, "ft").scatter
    return gate.depth_flags(scatter, "ft", config.gate)


def _rescaled(curves: list[TracedCurve]) -> list[TracedCurve]:
    return [replace(c, truth=c.truth * WRONG_SCALE, course=c.course * WRONG_SCALE) for c in curves]


def _swapped(curves: list[TracedCurve]) -> list[TracedCurve]:
    """Every curve carries the name of the next one of its track."""
    if len(curves) < 2:
        return []
    turned = [*curves[1:], curves[0]]
    return [
        replace(c, truth=t.truth, course=t.course, visible=t.visible)
        for c, t in zip(curves, turned)
    ]


SHIFTS: dict[str, Shift] = {
    "none": Shift("fresh strips of the generator it was fitted on", _USUAL),
    "kansas": Shift("curve shapes of real Kansas wells", _kansas, needs_shapes=True),
    "worn": Shift("the generator at full wear", _own(1.0)),
    "renderer": Shift("another renderer", _heldout(False)),
    "renderer-worn": Shift("another renderer, worn copies", _heldout(True)),
    "matplotlib": Shift("another plotter, real wells", evaluation.plotted_sample, of_wells=True),
    "borders": Shift("track borders 5 px off", _borders_off),
    "blank": Shift("blank strips said to hold curves", _blank),
    "destroyed": Shift("half of the strip destroyed", _destroyed),
    "tilt-known": Shift(
        "depth tilted by 4 ft, residual told", _USUAL, _tilted, ("depth_residual",), False
    ),
    "tilt": Shift(
        "depth tilted by 4 ft and more, on another renderer's depth lines; nobody tells",
        _heldout(False),
        _tilted,
        seen=_lines_tell,
    ),
    "scale-guessed": Shift(
        "scale wrong by half, marked as a guess", _USUAL, _rescaled, ("scale_guess",), False
    ),
    "scale": Shift("scale wrong by half, stated as sure", _USUAL, _rescaled, (), False),
    "swapped": Shift("curves under each other's names", _USUAL, _swapped, (), False),
}


def shift_cases(
    name: str,
    predictor: Any,
    maps: confidence.ConfidenceMaps,
    config: DigitiseConfig,
    count: int,
    seed: int,
    shapes: Sequence[Any] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Case]:
    """Draw, trace and compare the strips of one shift.

    Parameters
    ----------
    name : str
        A key of ``SHIFTS``.
    count : int
        Strips.
    shapes : sequence
        Real curves, or wells, for the shifts that draw them.
    """
    shift = SHIFTS[name]
    cases: list[Case] = []
    for index in range(count):
        sample = shift.draw(seed, index, shapes)
        if sample.specs:
            posterior: Posterior = predictor.predict([sample.strip])[0]
            curves = shift.falsify(traced(sample, posterior, ROWS_PER_FT))
            made = judged_cases(curves, maps, config, everything=True)
            told = (*shift.flags, *shift.seen(sample, config))
            cases += [replace(case, flags=(*case.flags, *told)) for case in made]
        progress(index + 1, count)
    return cases


def verdict(score: GateScore) -> str:
    """What a score says of the promise of under 5 % bad among the accepted."""
    if score.accepted == 0:
        return "nothing accepted"
    if score.bad_share_upper <= TARGET_BAD:
        return "kept"
    if score.bad_share > TARGET_BAD:
        return "BROKEN"
    return "not disproved"


def score_shift(
    cases: Sequence[Case], model: quality.QualityModel | None, config: DigitiseConfig
) -> GateScore:
    """The gate on the cases of one shift."""
    return count_cases(cases, model, config)
