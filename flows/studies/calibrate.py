"""``veernet calibrate`` and ``veernet evaluate --shifts``: fit, measure, draw, and put into the bundle.

In: a model bundle. Out: the bundle with confidence maps, quality model and everything measured about
them; reliability diagrams as PNG; a report. What is fitted, and what a shift is, belong to
the rooms of ``veernet_core.evaluation`` (`traced`, `confidence_fit`, `quality_fit`, `reliability`, `shifts`).
"""

from __future__ import annotations

import io
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from flows.studies.evaluate import load_shapes, load_wells
from flows.studies.report import Report
from veernet_core.config import DigitiseConfig
from veernet_core.curve.evidence import confidence, quality
from veernet_core.evaluation import reliability, shifts
from veernet_core.evaluation.confidence_fit import fit_confidence
from veernet_core.evaluation.papers import PAPERS
from veernet_core.evaluation.quality_fit import (
    GateScore,
    fit_quality,
    score_families,
    score_gate,
    total_score,
)
from veernet_core.evaluation.reliability import (
    MapStudy,
    Reliability,
    compare_maps,
    pixel_forecasts,
    row_forecasts,
)
from veernet_core.evaluation.traced import PixelEvidence, TracedCurve, trace_sample
from veernet_core.net import bundle
from veernet_core.net.strips import StripPredictor

Measured = Mapping[Any, Mapping[str, Reliability]]
"""Line style, map, figures."""
_EVENTS = {
    "row": "the trace is within 1 % of the track's width",
    "pixel": "the pixel is of the curve's class",
}
_LOOKS = {
    "before": ("uncalibrated", "#d55e00", "--"),
    "temperature": ("temperature", "#009e73", ":"),
    "isotonic": ("isotonic", "#cc79a7", "-."),
    "global_temperature": ("one temperature for all styles", "#999999", ":"),
    "after": ("the product's map", "#0072b2", "-"),
}


def run_calibration(
    model: Path, out: Path, count: int, seed: int, plots: Path | None, workers: int = 1
) -> Report:
    """Fit the maps of a bundle, measure them on fresh strips, write the bundle; returns the report.

    Confidence and quality are fitted on the same ``count`` strips: the maps have so few degrees of
    freedom beside the curves that more curves for both bring more than separate ones. The report is on
    ``count // 2`` strips that fitted nothing. The result does not depend on ``workers``.
    """
    data = model.read_bytes()
    content = bundle.unpack(data, str(model))
    half = max(1, count // 2)
    with _tracers(data, workers) as run:
        known, known_pixels = _trace(run, seed, count, "fit")
        fresh, fresh_pixels = _trace(run, seed + 1, half, "report")
    maps = fit_confidence(known)
    if not maps:
        raise ValueError(f"{count} strips are too few to calibrate on: give a larger --count")
    fitted = fit_quality(known, maps)
    rows = compare_maps(row_forecasts(known, maps), row_forecasts(fresh, maps))
    final = reliability.measure(fresh, maps)
    measured = {style: {**rows.measured.get(style, {}), **final[style]} for style in final}
    masks = compare_maps(pixel_forecasts(known_pixels), pixel_forecasts(fresh_pixels))
    gate = score_gate(fresh, maps, fitted.model, DigitiseConfig())
    values = {
        "confidence": confidence.maps_to_json(maps),
        "quality": fitted.model.to_json(),
        "measured": _measured_json(measured),
        "measured_pixels": _measured_json(masks.measured),
        "measured_pooled": _measured_json({"row": rows.pooled, "pixel": masks.pooled}),
        "temperatures": {"row": _rounded(rows.temperatures), "pixel": _rounded(masks.temperatures)},
        "gate": gate_json(gate),
        "gate_left_out": {name: gate_json(score) for name, score in fitted.left_out.items()},
    }
    drawn = {"strips": count, "seed": seed, "papers": list(PAPERS)}
    record = dict(content.record) | {"calibrated_on": drawn}
    out.write_bytes(bundle.pack(content.model(), values, record))
    if plots is not None:
        write_diagrams(plots, {"row": measured, "pixel": masks.measured})
    lines = [f"{out}: measured on {half} fresh strips; fitted on {count} others"]
    lines += _reliability_lines("row", measured, rows) + _reliability_lines(
        "pixel", masks.measured, masks
    )
    lines.append(gate_line("gate", gate))
    lines += family_lines("each family of paper judged by what the others taught", fitted.left_out)
    lines += _earlier_lines(known, content.calibration)
    figures = {"bundle": str(out), "fitted_on": count, "measured_on": half, "gate": values["gate"]}
    return Report("\n".join(lines), **figures)


def family_lines(about: str, scores: Mapping[str, GateScore]) -> list[str]:
    """The gate's score on each family of paper, and on all."""
    lines = [f"gate, {about}, borders known:"]
    lines += [gate_line(f"  {name}", score) for name, score in scores.items()]
    return [*lines, gate_line("  all of them", total_score(scores.values()))]


def _earlier_lines(curves: Sequence[TracedCurve], calibration: Mapping[str, Any]) -> list[str]:
    """How the calibration that the bundle came with does on the same curves, which it never saw."""
    if "quality" not in calibration:
        return []
    maps = confidence.maps_from_json(calibration["confidence"])
    model = quality.QualityModel.from_json(calibration["quality"])
    scores = score_families(curves, maps, model, DigitiseConfig())
    return family_lines("by the calibration that the bundle came with", scores)


Traced = tuple[list[TracedCurve], list[PixelEvidence]]
Run = Callable[[Callable[[tuple[int, int]], Traced], list[tuple[int, int]]], Iterable[Traced]]


@contextmanager
def _tracers(data: bytes, workers: int) -> Iterator[Run]:
    """Something that maps over (seed, index): processes with the model loaded, or this one."""
    if workers == 1:
        threads = torch.get_num_threads()
        _load(data)
        try:
            yield map
        finally:
            torch.set_num_threads(threads)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, _load, (data,)) as pool:
        yield partial(pool.map, chunksize=4)


_predictor: StripPredictor


def _load(data: bytes) -> None:
    global _predictor
    # one thread: sums of several come out differently in the last digit
    torch.set_num_threads(1)
    content = bundle.unpack(data)
    _predictor = StripPredictor(content.model().fold(), content.model_id, keep_mask=True)


def _trace_one(which: tuple[int, int]) -> Traced:
    return trace_sample(_predictor, *which)


def _trace(
    run: Run, seed: int, count: int, label: str
) -> tuple[list[TracedCurve], list[PixelEvidence]]:
    curves: list[TracedCurve] = []
    pixels: list[PixelEvidence] = []
    numbers = [(seed, index) for index in range(count)]
    for found, evidence in tqdm(run(_trace_one, numbers), label, count, unit="strip"):
        curves += found
        pixels += evidence
    return curves, pixels


def _reliability_lines(event: str, measured: Measured, study: MapStudy) -> list[str]:
    """One line per style and map, then what pooling all styles shows of the same forecasts."""
    lines = [f"\nEvent: {_EVENTS[event]}"]
    for style, by_map in [*measured.items(), ("pooled", study.pooled)]:
        for name in (n for n in _LOOKS if n in by_map):
            r = by_map[name]
            lines.append(
                f"  {style:7s} {name:18s} ECE equal-width {r.ece_width:.4f} [{r.low_width:.4f}, "
                f"{r.high_width:.4f}]  equal-mass {r.ece_mass:.4f} [{r.low:.4f}, {r.high:.4f}]  "
                f"gap at 0.8 {r.gap_80:+.4f}"
            )
    told = ", ".join(f"{name} {value:.2f}" for name, value in study.temperatures.items())
    return [*lines, f"  temperatures: {told}"]


def gate_line(name: str, gate: GateScore) -> str:
    """The gate's score in words."""
    return (
        f"{name}: {gate.accepted} of {gate.curves} curves accepted; {gate.accepted_bad} of them bad "
        f"({gate.bad_share:.3f}, 95 % upper bound {gate.bad_share_upper:.3f}); "
        f"{gate.accepted_incomplete} right but incomplete; "
        f"{gate.good_accepted} of {gate.good} good curves accepted ({gate.good_share:.3f})"
    )


def gate_json(gate: GateScore) -> dict[str, Any]:
    """The gate's score as a bundle stores it."""
    return {
        "curves": gate.curves,
        "accepted": gate.accepted,
        "accepted_bad": gate.accepted_bad,
        "accepted_incomplete": gate.accepted_incomplete,
        "good": gate.good,
        "good_accepted": gate.good_accepted,
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in values.items()}


def _measured_json(measured: Measured) -> dict[str, Any]:
    return {
        style: {name: _reliability_json(r) for name, r in by_map.items()}
        for style, by_map in measured.items()
    }


def _reliability_json(r: Reliability) -> dict[str, Any]:
    value = {
        "ece_width": r.ece_width,
        "ece_mass": r.ece_mass,
        "interval": [r.low, r.high],
        "interval_width": [r.low_width, r.high_width],
        "gap_80": r.gap_80 if np.isfinite(r.gap_80) else None,
        "bins": r.bins.tolist(),
    }
    text = json.dumps(value)
    rounded: dict[str, Any] = json.loads(text, parse_float=lambda s: round(float(s), 5))
    return rounded


def write_diagrams(folder: Path, events: Mapping[str, Measured]) -> list[Path]:
    """One PNG per line style with a panel per event; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for style in dict.fromkeys(s for measured in events.values() for s in measured):
        path = folder / f"reliability-{style}.png"
        panels = {e: measured[style] for e, measured in events.items() if style in measured}
        path.write_bytes(reliability_diagram(style, panels))
        out.append(path)
    return out


def reliability_diagram(style: str, panels: Mapping[str, Mapping[str, Reliability]]) -> bytes:
    """Share of events against forecast probability, with the number of forecasts below; PNG bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0 * len(panels), 6.4), layout="constrained")
    axes = figure.subplots(2, len(panels), squeeze=False, height_ratios=(3, 1), sharex=True)
    for (event, by_map), upper, lower in zip(panels.items(), axes[0], axes[1]):
        upper.plot([0, 1], [0, 1], color="black", lw=0.8)
        upper.axvspan(0.8, 1, color="#0072b2", alpha=0.06)
        for name, r in by_map.items():
            label, colour, line = _LOOKS[name]
            note = f"{label}: ECE {r.ece_mass:.3f} [{r.low:.3f}, {r.high:.3f}], gap {r.gap_80:+.3f}"
            upper.plot(r.bins[:, 0], r.bins[:, 1], line, color=colour, marker="o", ms=4, label=note)
        shown = by_map.get("after", by_map["before"])
        lower.bar(shown.bins[:, 0], shown.bins[:, 2], width=0.05, color="#0072b2")
        upper.set(title=f"{style}: {_EVENTS[event]}", ylabel="share of forecasts that came true")
        upper.legend(
            fontsize=7, loc="upper left", title="equal-mass ECE, gap where ≥ 0.8", title_fontsize=7
        )
        upper.grid(alpha=0.25)
        lower.set(yscale="log", xlabel="forecast probability", ylabel="forecasts", xlim=(0, 1))
    data = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(data)
    return data.getvalue()


def run_shifts(
    model: Path | None,
    curves: Path | None,
    names: Sequence[str],
    count: int,
    seed: int,
    out: Path | None,
    config: DigitiseConfig,
) -> Report:
    """Measure the gate under shifts; returns the report.

    Raises
    ------
    ValueError
        For a shift that does not exist, or a bundle without calibration (which accepts nothing).
    """
    unknown = set(names) - set(shifts.SHIFTS)
    if unknown:
        known = ", ".join(shifts.SHIFTS)
        raise ValueError(f"no such shift: {', '.join(sorted(unknown))} (there are: {known})")
    data = model.read_bytes() if model is not None else bundle.shipped_bytes()
    content = bundle.unpack(data)
    if "quality" not in content.calibration:
        raise ValueError(
            "the bundle is not calibrated, so its gate accepts nothing under any shift"
        )
    predictor = StripPredictor(content.model().fold(), content.model_id)
    maps = confidence.maps_from_json(content.calibration["confidence"])
    error_model = quality.QualityModel.from_json(content.calibration["quality"])
    shapes, wells = load_shapes(curves), load_wells(curves)
    rows = []
    for name in names or shifts.SHIFTS:
        if shifts.SHIFTS[name].needs_shapes and not shapes:
            continue
        given = wells if shifts.SHIFTS[name].of_wells else shapes
        with tqdm(total=count, desc=name, unit="strip") as bar:
            cases = shifts.shift_cases(
                name, predictor, maps, config, count, seed, given, partial(_advance, bar)
            )
        rows.append(_shift_row(name, shifts.score_shift(cases, error_model, config)))
    table = pd.DataFrame(rows)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        table.to_parquet(out / "shifts.parquet", index=False)
    words = _shift_report(table, content.model_id, config, shapes)
    return Report(words, model_id=content.model_id, shifts=rows)


def _advance(bar: Any, done: int, total: int) -> None:
    bar.update(done - bar.n)


def _shift_row(name: str, score: GateScore) -> dict[str, Any]:
    shift = shifts.SHIFTS[name]
    return {
        "shift": name,
        "about": shift.about,
        "in_ink": shift.in_ink,
        **gate_json(score),
        "bad_share": score.bad_share,
        "bad_share_upper": score.bad_share_upper,
        "good_share": score.good_share,
        "promise": shifts.verdict(score),
    }


def _shift_report(
    table: pd.DataFrame, model_id: str, config: DigitiseConfig, shapes: Sequence[Any]
) -> str:
    columns = ["shift", "about", "curves", "accepted", "accepted_bad", "accepted_incomplete",
               "bad_share", "bad_share_upper", "good", "good_share", "promise"]  # fmt: skip
    gate = config.gate
    lines = [
        f"Gate {gate.ident} (R² >= {gate.min_r2}) of model {model_id} under shifts it was not fitted on.",
        "Promise: under 5 % of the accepted curves are bad, with 95 % confidence.",
        table[columns].round(3).to_string(index=False),
    ]
    hidden = table[~table["in_ink"]]["shift"].tolist()
    if hidden:
        lines.append(
            f"Not visible in the ink: {', '.join(hidden)}. Nothing on the strip contradicts a wrong "
            "scale or name; the gate holds such curves only where the page reading tells it."
        )
    if not shapes:
        lines.append("kansas was left out: give real curves with --curves.")
    return "\n".join(lines)
