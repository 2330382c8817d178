"""Running evaluation and calibration from the command line: files in, tables and bundles out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from storage.records import jsonable
from veernet_core import calibration, evaluation, metrics
from veernet_core.config import DigitiseConfig
from veernet_core.curve import confidence
from veernet_core.net import bundle
from veernet_core.net.strips import StripPredictor


def load_shapes(path: Path | None) -> list[tuple[str, Any]]:
    """Real curves from a Parquet table, as (mnemonic, values on regular depths).

    Only every third file (by name order) is used, so that the rest stays free for other work.
    """
    if path is None:
        return []
    table = pd.read_parquet(path)
    files = sorted(table["file"].unique())[::3]
    shapes = []
    for (_, name), group in table[table["file"].isin(files)].groupby(["file", "curve"]):
        values = group.sort_values("depth")["value"].to_numpy(dtype=float)
        if np.isfinite(values).sum() > 400:
            shapes.append((str(name), values))
    return shapes


def predictor_of(data: bytes) -> StripPredictor:
    """A predictor that keeps the mask of head A."""
    content = bundle.unpack(data)
    return StripPredictor(content.model().fold(), content.model_id, keep_mask=True)


def run_evaluation(
    model: Path | None,
    paper: Path | None,
    curves: Path | None,
    sets: Sequence[str],
    count: int,
    seed: int,
    out: Path | None,
) -> str:
    """Evaluate the model, the classical tracer and, where given, a bundle of the published preset;
    returns the report."""
    unknown = set(sets) - set(evaluation.TEST_SETS)
    if unknown:
        raise ValueError(f"no such test set: {', '.join(sorted(unknown))}")
    data = model.read_bytes() if model is not None else bundle.shipped_bytes()
    methods: dict[str, tuple[Any, evaluation.Method]] = {
        "veernet": (predictor_of(data), evaluation.by_veernet)
    }
    if paper is not None:
        methods["paper"] = (predictor_of(paper.read_bytes()), evaluation.by_mask_centroid)
    methods["darkest path"] = (None, evaluation.by_darkest_path)
    bars: dict[str, Any] = {}

    def progress(name: str, done: int, total: int) -> None:
        bar = bars.setdefault(name, tqdm(total=total, desc=name, unit="strip"))
        bar.update(done - bar.n)

    names: list[evaluation.TestSet] = [n for n in evaluation.TEST_SETS if n in sets]
    table, overlaps = evaluation.evaluate(
        methods, names, count, seed, load_shapes(curves), progress
    )
    for bar in bars.values():
        bar.close()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        table.to_parquet(out / "evaluation.parquet")
        facts = {"model_id": bundle.unpack(data).model_id, "strips": count, "seed": seed}
        (out / "evaluation.json").write_text(evaluation_json(table, overlaps, facts), "utf-8")
    return _report(table, overlaps)


CURVE_COLUMNS = ("method", "set", "style", "twins", "visible", "coverage", "r2", "median_dx_pct",
                 "span", "mask_recall", "mask_iou")  # fmt: skip
"""What ``evaluation.json`` keeps of every curve."""


def evaluation_json(
    table: pd.DataFrame,
    overlaps: dict[tuple[str, str, int], metrics.Overlap],
    facts: dict[str, Any],
) -> str:
    """The evaluation as small JSON for the dashboard's method page: pixel counts, and curves by column."""
    pixels = [
        {"method": m, "set": s, "label": label, "true_positive": o.true_positive,
         "false_positive": o.false_positive, "false_negative": o.false_negative}
        for (m, s, label), o in overlaps.items()
    ]  # fmt: skip
    curves = {
        name: [round(v, 4) if isinstance(v, float) else v for v in table[name].tolist()]
        for name in CURVE_COLUMNS
    }
    return json.dumps(jsonable({**facts, "overlaps": pixels, "curves": curves})) + "\n"


def _report(table: pd.DataFrame, overlaps: dict[tuple[str, str, int], metrics.Overlap]) -> str:
    parts = [
        "By line style (a curve of which less than half was recovered counts as failed):",
        evaluation.summarise(table).round(4).to_string(index=False),
        "\nAll styles:",
        evaluation.summarise(table, ("method", "set")).round(4).to_string(index=False),
        "\nBy number of curves of one style in the track:",
        evaluation.summarise(table[table.method == "veernet"], ("set", "twins"))
        .round(4)
        .to_string(index=False),
    ]
    if overlaps:
        parts += ["\nMask overlap per class (an instrument reading, not a verdict):"]
        parts.append(_overlap_table(overlaps))
    return "\n".join(parts)


def _overlap_table(overlaps: dict[tuple[str, str, int], metrics.Overlap]) -> str:
    names = ("background", "solid", "dashed", "dotted")
    rows = [
        {
            "method": method,
            "set": name,
            "class": names[label],
            "precision": o.precision,
            "recall": o.recall,
            "F1": o.f1,
            "IoU": o.iou,
        }
        for (method, name, label), o in overlaps.items()
    ]
    lines = [pd.DataFrame(rows).round(3).to_string(index=False)]
    for method, name in dict.fromkeys((m, n) for m, n, _ in overlaps):
        group = {c: o for (m, n, c), o in overlaps.items() if (m, n) == (method, name)}
        pooled = ", ".join(f"{k} {v:.3f}" for k, v in metrics.pools(group).items())
        lines.append(f"IoU pools, {method}, {name}: {pooled}")
    return "\n".join(lines)


def run_calibration(model: Path, out: Path, count: int, seed: int) -> str:
    """Fit the maps of a bundle, measure them on fresh strips, write the bundle; returns the report."""
    content = bundle.unpack(model.read_bytes(), str(model))
    predictor = StripPredictor(content.model().fold(), content.model_id)

    def traced(offset: int, n: int, label: str) -> list[calibration.TracedCurve]:
        with tqdm(total=n, desc=label, unit="strip") as bar:
            return calibration.trace_samples(
                predictor, seed + offset, n, lambda done, total: bar.update(done - bar.n)
            )

    fit_rows = traced(0, count // 2, "confidence")
    maps = calibration.fit_confidence(fit_rows)
    model_of_error = calibration.fit_quality(traced(1, count, "quality"), maps)
    fresh = traced(2, count // 2, "report")
    measured = calibration.measure(fresh, maps)
    config = DigitiseConfig()
    gate = calibration.score_gate(fresh, maps, model_of_error, config)
    values = {
        "confidence": confidence.maps_to_json(maps),
        "quality": model_of_error.to_json(),
        "measured": {
            style: {when: _reliability_json(r) for when, r in both.items()}
            for style, both in measured.items()
        },
    }
    record = dict(content.record) | {"calibrated_on": {"strips": count, "seed": seed}}
    out.write_bytes(bundle.pack(content.model(), values, record))
    lines = [f"{out}: confidence per style on {count // 2} fresh strips"]
    for style, both in measured.items():
        for when, r in both.items():
            lines.append(
                f"  {style:7s} {when:6s} ECE equal-width {r.ece_width:.4f}  equal-mass "
                f"{r.ece_mass:.4f} [{r.low:.4f}, {r.high:.4f}]  gap at 0.8 {r.gap_80:+.4f}"
            )
    lines.append(
        f"gate: {gate.accepted} of {gate.curves} curves accepted; {gate.accepted_bad} of them bad "
        f"({gate.bad_share:.3f}, 95 % upper bound {gate.bad_share_upper:.3f}); "
        f"{gate.good_accepted} of {gate.good} good curves accepted ({gate.good_share:.3f})"
    )
    return "\n".join(lines)


def _reliability_json(r: calibration.Reliability) -> dict[str, Any]:
    value = {
        "ece_width": r.ece_width,
        "ece_mass": r.ece_mass,
        "interval": [r.low, r.high],
        "gap_80": r.gap_80,
        "bins": r.bins.tolist(),
    }
    text = json.dumps(value)
    rounded: dict[str, Any] = json.loads(text, parse_float=lambda s: round(float(s), 5))
    return rounded
