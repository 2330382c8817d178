"""``veernet fit-gate``: fit the level at which curves are accepted anew, and if asked what traces are worth.

In: a calibrated bundle; optionally real curves. Out: the bundle with another quality model, its confidence
maps as they were, and how the gate did on the tracks of the fit, on tracks that fitted nothing, and by the
model the bundle came with. Does not belong here: the fit (`evaluation.quality_fit`), and ``veernet calibrate``,
which fits the confidence maps too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from flows.studies.calibrate import family_lines, gate_json
from flows.studies.drawn_tracks import kept_tracks, unpack_track, weights_id, write_track
from flows.studies.evaluate import load_shapes
from flows.studies.report import Report
from veernet_core.config import DigitiseConfig
from veernet_core.curve.evidence import confidence, quality
from veernet_core.datatypes import F64
from veernet_core.evaluation.drawings import as_drawn
from veernet_core.evaluation.papers import CHECK_PAPERS, PAPERS, Paper
from veernet_core.evaluation.quality_fit import (
    TARGET_BAD,
    GateScore,
    fit_level,
    fit_quality,
    score_families,
    total_score,
)
from veernet_core.evaluation.traced import TracedCurve, trace_sample
from veernet_core.net import bundle
from veernet_core.net.strips import StripPredictor

CHECK, LOGGED = 1, 2
"""What is added to the seed for tracks that check, and for those that fit with real shapes."""
_ABOUT = {
    "gate_left_out": "each family of paper judged by what the others taught",
    "gate_fitted": "weights as they were, on the tracks the level is of",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """How many tracks are drawn.

    Attributes
    ----------
    invented, logged : int
        To fit on, with invented shapes, and with real ones in half of their curves.
    check : int
        That fit nothing; half of their curves have shapes of wells kept for measuring.
    seed : int
    """

    invented: int
    logged: int
    check: int
    seed: int


def run_fit_gate(
    model: Path,
    out: Path,
    drawn: Drawn,
    table: Path | None,
    folder: Path,
    with_weights: bool = False,
) -> Report:
    """Fit, measure, write the bundle; returns the report.

    Parameters
    ----------
    model, out : Path
        Bundles; may be one file.
    drawn : Drawn
    table : Path or None
        Real curves; without them all shapes are invented.
    folder : Path
        Where traced tracks are kept: those that are there are not drawn again.
    with_weights : bool
        Whether the weights of the evidence are fitted, too; else the level alone.

    Raises
    ------
    ValueError
        The bundle has no confidence maps, or tracks with real shapes are asked for without any.
    """
    content = bundle.unpack(model.read_bytes(), str(model))
    if "quality" not in content.calibration:
        raise ValueError("the bundle is not calibrated: run veernet calibrate first")
    if drawn.logged and table is None:
        raise ValueError("tracks with real shapes need real curves: give --curves")
    known, fresh = _tracks(content, drawn, table, folder)
    maps = confidence.maps_from_json(content.calibration["confidence"])
    before = quality.QualityModel.from_json(content.calibration["quality"])
    fitted, name, scores = _fitted(known, maps, before, with_weights)
    checked = score_families(fresh, maps, fitted, DigitiseConfig())
    values = dict(content.calibration) | {
        "quality": fitted.to_json(),
        "gate": gate_json(total_score(checked.values())),
        "gate_checked": {paper: gate_json(score) for paper, score in checked.items()},
        name: {paper: gate_json(score) for paper, score in scores.items()},
    }
    lines = [
        f"{out}: level {fitted.level:g}, before {before.level:g}; {_told(drawn, with_weights)}"
    ]
    lines += family_lines(_ABOUT[name], scores)
    record = dict(content.record) | {"gate_fitted_on": _told(drawn, with_weights)}
    out.write_bytes(bundle.pack(content.model(), values, record))
    lines += family_lines("on tracks that fitted nothing", checked)
    earlier = score_families(fresh, maps, before, DigitiseConfig())
    lines += family_lines("on the same, by the model that the bundle came with", earlier)
    figures = {"bundle": str(out), "level": fitted.level, "gate": values["gate"]}
    return Report("\n".join(lines), **figures)


def _tracks(
    content: bundle.Bundle, drawn: Drawn, table: Path | None, folder: Path
) -> tuple[list[TracedCurve], list[TracedCurve]]:
    """Curves to fit on, and curves that fit nothing."""
    tracer = _Tracer(content, folder / weights_id(content))
    known = tracer.tracks(drawn.seed, drawn.invented, "invented", list)
    known += tracer.tracks(
        drawn.seed + LOGGED, drawn.logged, "logged", lambda: _shapes(table, True)
    )
    fresh = tracer.tracks(
        drawn.seed + CHECK, drawn.check, "check", lambda: _shapes(table, False), CHECK_PAPERS
    )
    return known, fresh


def _fitted(
    known: Sequence[TracedCurve],
    maps: confidence.ConfidenceMaps,
    before: quality.QualityModel,
    with_weights: bool,
) -> tuple[quality.QualityModel, str, Mapping[str, GateScore]]:
    """The model, and how the gate did on each family of the tracks of the fit, by name in ``_ABOUT``."""
    if with_weights:
        anew = fit_quality(known, maps, TARGET_BAD)
        return anew.model, "gate_left_out", anew.left_out
    fitted = fit_level(known, maps, before)
    return fitted, "gate_fitted", score_families(known, maps, fitted, DigitiseConfig())


def _told(drawn: Drawn, with_weights: bool) -> dict[str, Any]:
    return {
        "weights": with_weights,
        "seed": drawn.seed,
        "invented": drawn.invented,
        "logged": drawn.logged,
        "check": drawn.check,
        "papers": list(PAPERS),
        "check_papers": list(CHECK_PAPERS),
    }


def _shapes(table: Path | None, training: bool) -> list[F64]:
    return as_drawn(load_shapes(table, training=training))


class _Tracer:
    """Draws and traces what is not kept yet."""

    def __init__(self, content: bundle.Bundle, folder: Path) -> None:
        self._content, self._folder = content, folder

    def tracks(
        self,
        seed: int,
        count: int,
        label: str,
        shapes: Callable[[], Sequence[F64]],
        papers: dict[str, Paper] = PAPERS,
    ) -> list[TracedCurve]:
        """All curves of the first ``count`` tracks of a seed."""
        files = list(kept_tracks(self._folder, seed, count))
        missing = [(index, path) for index, path in files if not path.exists()]
        if missing:
            torch.set_num_threads(1)  # sums of several come out differently in the last digit
            predictor = StripPredictor(self._content.model().fold(), self._content.model_id)
            given = shapes()
            for index, path in tqdm(missing, label, unit="track"):
                write_track(path, trace_sample(predictor, seed, index, given, papers)[0])
        return [curve for _, path in files for curve in unpack_track(path.read_bytes())]
