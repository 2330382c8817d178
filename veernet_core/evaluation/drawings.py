"""How good the digitiser is on drawings with truth: three methods, three test sets, one table.

In: predictors and, optionally, real curve shapes; out: one row per curve. The test sets are kept
apart: the training generator (its own homework), the held-out renderer, its degraded form, and
tracks of real wells drawn by matplotlib.
Curves of one style in one track are matched to the truth by the best permutation: which of them is
which is a question for the header, not for the ink, and the gate sends them to review.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from veernet_core import metrics
from veernet_core.config import DigitiseConfig
from veernet_core.curve import classical, physical
from veernet_core.curve.evidence import doubts
from veernet_core.curve.tracking import traces as decode
from veernet_core.datatypes import F32, F64, STYLES, CurveSpec, Posterior, Strip
from veernet_core.evaluation.crossings import count_crossings, crossing_columns
from veernet_core.synth import plotted
from veernet_core.synth.heldout.data import HeldoutStrip, Tone
from veernet_core.synth.heldout.strips import draw_heldout
from veernet_core.synth.priors import as_plotted
from veernet_core.synth.strips import SynthConfig, SynthStrip, draw_strip

TestSet = Literal[
    "own",
    "heldout",
    "heldout-degraded",
    "matplotlib",
    "own-invented",
    "heldout-grey",
    "heldout-bilevel",
]
TEST_SETS: tuple[TestSet, ...] = get_args(TestSet)
"""All but the invented one draw real wells where given some; that one keeps to the training's own mixture,
half of it invented shapes that are more violent than real ones. The last two are the same strips, scanned
grey and at 1 bit."""
_TONES: dict[TestSet, Tone] = {"heldout-grey": "grey", "heldout-bilevel": "bilevel"}
ROWS_PER_FT = 10.0
BRIDGED_FT = DigitiseConfig().max_bridge_ft


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn strip with truth: unfolded position and visibility per curve and row; depth of every row, ft,
    where depth lines are drawn; the position where the pen was up, too, where known (``course``); all curves of
    the track, where the strip shows the ink of some (``track``).
    """

    ident: str
    strip: Strip
    specs: tuple[CurveSpec, ...]
    frac: F64
    visible: NDArray[np.bool_]
    mask: NDArray[np.uint8] | None = None
    depth: F64 | None = None
    course: F64 | None = None
    track: tuple[CurveSpec, ...] = ()

    @property
    def row_depth(self) -> F64:
        """Depth of every row, ft, [rows]; at ``ROWS_PER_FT`` where no depth lines are drawn."""
        return np.arange(len(self.strip.ink)) / ROWS_PER_FT if self.depth is None else self.depth

    @property
    def rows_per_ft(self) -> float:
        """Rows of the strip in a foot."""
        return float(1 / np.median(np.diff(self.row_depth)))


def own_sample(seed: int, index: int, config: SynthConfig, shapes: Sequence[F64] = ()) -> Sample:
    """A strip of the training generator, from seeds training never uses; its width is drawn."""
    rng = np.random.default_rng([seed, 7_700_417, index])
    config = replace(config, cols=512 if rng.random() < 0.75 else 1024)
    return drawn_sample(f"own-{index}", draw_strip(rng, config, shapes or None))


def drawn_sample(ident: str, drawn: SynthStrip) -> Sample:
    """A strip of the training generator with its truth as it is compared."""
    strip = Strip(
        drawn.ink,
        drawn.left_col,
        drawn.right_col,
        np.arange(len(drawn.ink), dtype=np.float64),
        styles=tuple(STYLES[s] for s in drawn.style),
    )
    specs = tuple(
        CurveSpec(f"C{k + 1}", "", 0.0, 1.0, "linear", STYLES[s], "all" if w else "none")
        for k, (s, w) in enumerate(zip(drawn.style, drawn.wrapped))
    )
    width = drawn.right_col - drawn.left_col
    on_paper = (drawn.x - drawn.left_col) / width
    # as drawn on the paper, under the wrap index it belongs to
    wrap = np.where(drawn.wrapped[:, None], np.round(drawn.frac - on_paper), 0.0)
    frac = (on_paper + wrap).astype(np.float64)
    course = np.array([_where_lifted(f, c) for f, c in zip(frac, drawn.course)])
    return Sample(ident, strip, specs, frac, drawn.visible, drawn.mask, course=course)


def _where_lifted(frac: F64, course: F32) -> F64:
    """Position with that of the pen-up rows, which are known but for the sway of the paper."""
    known = np.flatnonzero(np.isfinite(frac))
    if not len(known):
        return frac
    sway = np.interp(np.arange(len(frac)), known, frac[known] - course[known])
    return np.where(np.isfinite(frac), frac, course + sway)


def heldout_sample(
    seed: int,
    index: int,
    degraded: bool,
    rows: int = 2048,
    shapes: Sequence[Any] = (),
    tone: Tone | None = None,
) -> Sample:
    """A strip of the renderer that training never sees."""
    rng = np.random.default_rng([seed, 991, index, int(degraded)])
    drawn = draw_heldout(rng, shapes=shapes or None, rows=rows, degraded=degraded, tone=tone)
    return _as_sample(drawn)


def _as_sample(drawn: HeldoutStrip | plotted.PlottedStrip) -> Sample:
    return Sample(
        drawn.ident, drawn.strip, drawn.specs, drawn.frac, drawn.visible, depth=drawn.depth
    )


def plotted_sample(seed: int, index: int, wells: Sequence[plotted.Well] = ()) -> Sample:
    """A track of a real well as matplotlib draws it; its finish goes round with the index."""
    rng = np.random.default_rng([seed, 1201, index])
    finish = plotted.FINISHES[index % len(plotted.FINISHES)]
    drawn = plotted.draw_plotted(rng, wells, finish)
    return _as_sample(drawn)


def draw_test_set(
    name: TestSet,
    count: int,
    seed: int,
    shapes: Sequence[Any] = (),
    wells: Sequence[plotted.Well] = (),
) -> Iterator[Sample]:
    """Samples of a test set.

    Parameters
    ----------
    count, seed : int
    shapes : real curves, each by itself: (mnemonic, values) or values
    wells : real wells, for tracks whose curves belong together
    """
    for index in range(count):
        if name == "matplotlib":
            yield plotted_sample(seed, index, wells)
        elif name.startswith("own"):
            values = as_drawn(shapes)
            share = 1.0 if name == "own" else 0.5
            yield own_sample(seed, index, SynthConfig(1024, real_share=share), values)
        else:
            degraded = name == "heldout-degraded"
            yield heldout_sample(seed, index, degraded, shapes=shapes, tone=_TONES.get(name))


def as_drawn(shapes: Sequence[Any]) -> list[F64]:
    """Real shapes, (mnemonic, values) or values alone, as they look on paper."""
    return [as_plotted(*s) if isinstance(s, tuple) else np.asarray(s) for s in shapes]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a method makes of one curve.

    Attributes
    ----------
    frac : float64 [rows]
        Unfolded position; NaN not recovered.
    observed : bool [rows]
        Whether it is claimed that ink was seen there.
    traced : float64 [rows]
        Position with what is withheld for doubt; the same where nothing is.
    """

    frac: F64
    observed: NDArray[np.bool_]
    traced: F64


Method = Callable[[Sample, Posterior], list[Recovered]]
"""All curves of a sample."""


def by_veernet(sample: Sample, posterior: Posterior) -> list[Recovered]:
    """The product's own decoder, as it delivers: what is in doubt withheld, short gaps bridged."""
    traces, _ = decode.trace_block(sample.strip, posterior, sample.specs)
    out = []
    for trace in traces:
        sure, _ = doubts.withhold(trace, sample.row_depth)
        frac, whole = (physical.bridge(t, sample.row_depth, BRIDGED_FT) for t in (sure, trace))
        out.append(Recovered(frac, sure.observed & np.isfinite(frac), whole))
    return out


def by_darkest_path(sample: Sample, posterior: Posterior) -> list[Recovered]:
    """The classical tracer; the posterior is not looked at."""
    paths = classical.darkest_paths(sample.strip, len(sample.specs))
    return [Recovered(p, np.isfinite(p), p) for p in paths]


def by_mask_centroid(sample: Sample, posterior: Posterior) -> list[Recovered]:
    """The published read-out of the `paper` preset, which knows two curve classes."""
    assert posterior.mask is not None
    classes = posterior.mask.shape[0] - 1
    labels = [min(STYLES.index(s.style), classes - 1) for s in sample.specs]
    found = [classical.mask_centroids(posterior.mask, sample.strip, label) for label in labels]
    return [Recovered(f, np.isfinite(f), f) for f in found]


def score_sample(sample: Sample, recovered: Sequence[Recovered]) -> list[dict[str, Any]]:
    """Scores of all curves of a sample, same-style curves matched by the best permutation."""
    order = match_order(sample, [r.frac for r in recovered])
    crossings = _crossings(sample, recovered)
    rows = []
    for k, spec in enumerate(sample.specs):
        own, visible = recovered[order[k]], sample.visible[k]
        truth = align_laps(sample.frac[k], visible, spec, own.frac)
        score = metrics.score_curve(own.frac, truth, visible)
        claimed = metrics.longest_run(own.observed & ~(visible & np.isfinite(truth)))
        rows.append(
            {
                "ident": sample.ident,
                "mnemonic": spec.mnemonic,
                "style": spec.style,
                "wrap": spec.wrap,
                "curves": len(sample.specs),
                "same_style": sum(s.style == spec.style for s in sample.specs),
                "visible": float(visible.mean()),
                **asdict(score),
                "longest_invented_ft": score.longest_invented / sample.rows_per_ft,
                "longest_claimed_ft": claimed / sample.rows_per_ft,
                # counted once a sample, on its first curve
                **(dict.fromkeys(crossings, 0) if k else crossings),
            }
        )
    return rows


def _crossings(
    sample: Sample, recovered: Sequence[Recovered], apart_px: float = 8.0
) -> dict[str, int]:
    """The strip's crossings, by the columns that ``crossings.crossing_table`` reads."""
    least = apart_px / sample.strip.track_width_px
    within = round(BRIDGED_FT * sample.rows_per_ft)
    ways = {"delivered": [r.frac for r in recovered], "traced": [r.traced for r in recovered]}
    counts = {}
    for way, found in ways.items():
        own = [found[j] for j in match_order(sample, found)]
        truth = sample.specs, sample.frac, sample.visible
        counts[way] = count_crossings(*truth, own, least, within)
    return crossing_columns(counts)


def align_laps(frac: F64, visible: NDArray[np.bool_], spec: CurveSpec, recovered: F64) -> F64:
    """Truth counted from the recovered curve's wrap index, where nothing on the strip tells which it is."""
    return frac + wraps_between(frac, visible, spec, recovered)


def wraps_between(frac: F64, visible: NDArray[np.bool_], spec: CurveSpec, recovered: F64) -> float:
    """By how many wraps a recovered curve is counted otherwise than its truth.

    Curves that wrap once have their home wrap index, as on a real log: none. For those that wrap without end
    only its changes can be seen: one whole number of wraps, the median difference, is taken out.
    """
    both = visible & np.isfinite(frac) & np.isfinite(recovered)
    if spec.wrap != "all" or not both.any():
        return 0.0
    return float(np.round(np.median(recovered[both] - frac[both])))


def match_order(sample: Sample, recovered: Sequence[F64]) -> list[int]:
    """Which recovered curve to compare with each truth: curves of the track permuted for least summed error."""
    order = list(range(len(recovered)))
    for style in {s.style for s in sample.specs}:
        members = [k for k, s in enumerate(sample.specs) if s.style == style]
        if len(members) < 2:
            continue
        misfits = np.array([[_misfit(sample, k, recovered[j]) for j in members] for k in members])
        best = min(
            permutations(range(len(members))),
            key=lambda p: sum(misfits[i, j] for i, j in enumerate(p)),
        )
        for i, j in enumerate(best):
            order[members[i]] = members[j]
    return order


def _misfit(sample: Sample, k: int, recovered: F64) -> float:
    truth = align_laps(sample.frac[k], sample.visible[k], sample.specs[k], recovered)
    dx = np.abs(recovered - truth)[sample.visible[k]]
    return float(np.nan_to_num(dx, nan=0.5).clip(0, 0.5).sum())


def evaluate(
    methods: Mapping[str, tuple[Any, Method]],
    sets: Sequence[TestSet],
    count: int,
    seed: int,
    shapes: Sequence[Any] = (),
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    wells: Sequence[plotted.Well] = (),
) -> tuple[pd.DataFrame, dict[tuple[str, str, int], metrics.Overlap]]:
    """Run methods over test sets.

    Parameters
    ----------
    methods : name to (predictor or None, read-out)
    count : strips per set

    Returns
    -------
    curves : DataFrame
        One row per method, set and curve.
    overlaps : dict
        (method, set, class) to pixel counts, where masks have truth.
    """
    rows: list[dict[str, Any]] = []
    overlaps: dict[tuple[str, str, int], metrics.Overlap] = {}
    for name in sets:
        for done, sample in enumerate(draw_test_set(name, count, seed, shapes, wells)):
            if not sample.specs:
                continue
            for method, (predictor, read) in methods.items():
                posterior = _posterior(predictor, sample)
                masks = _overlaps(sample, posterior)
                scores = score_sample(sample, read(sample, posterior))
                for spec, row in zip(sample.specs, scores):
                    own = masks.get(_label(spec, masks))
                    row |= {"mask_recall": own.recall if own else float("nan")}
                    row |= {"mask_iou": own.iou if own else float("nan")}
                    rows.append({"method": method, "set": name, **row})
                for label, found in masks.items():
                    before = overlaps.get((method, name, label), metrics.Overlap(0, 0, 0))
                    overlaps[method, name, label] = before + found
            progress(name, done + 1, count)
    return pd.DataFrame(rows), overlaps


def _posterior(predictor: Any, sample: Sample) -> Posterior:
    if predictor is None:
        nothing = np.zeros((3, *sample.strip.ink.shape), np.float16)
        return Posterior(nothing, np.zeros(nothing.shape[:2], np.float32))
    out: Posterior = predictor.predict([sample.strip])[0]
    return out


def _overlaps(sample: Sample, posterior: Posterior) -> dict[int, metrics.Overlap]:
    """Pixel counts of every mask class; empty where the mask or its truth is missing."""
    if sample.mask is None or posterior.mask is None:
        return {}
    predicted = posterior.mask.argmax(axis=0)
    classes = posterior.mask.shape[0]
    truth = np.minimum(sample.mask, classes - 1)
    return {label: metrics.overlap(predicted, truth, label) for label in range(classes)}


def _label(spec: CurveSpec, masks: Mapping[int, metrics.Overlap]) -> int:
    """Mask class of a curve: its line style, as far as the network tells styles apart."""
    return min(STYLES.index(spec.style) + 1, len(masks) - 1)
