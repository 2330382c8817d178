"""Running evaluation from the command line: bundles and tables in, tables out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from flows.studies.report import Report
from storage.records import jsonable
from veernet_core import metrics
from veernet_core.evaluation import drawings as evaluation
from veernet_core.evaluation.tables import crossing_table, summarise
from veernet_core.net import bundle
from veernet_core.net.strips import StripPredictor
from veernet_core.synth.plotted import Well


def load_shapes(path: Path | None, *, training: bool = False) -> list[tuple[str, Any]]:
    """Real curves from a Parquet table, as (mnemonic, values on regular depths)."""
    if path is None:
        return []
    shapes = []
    for (_, name), group in read_wells(path, training).groupby(["file", "curve"]):
        values = group.sort_values("depth")["value"].to_numpy(dtype=float)
        if np.isfinite(values).sum() > 400:
            shapes.append((str(name), values))
    return shapes


def load_wells(path: Path | None) -> list[Well]:
    """The wells kept for measuring whose curves have depths that only grow, from the same table."""
    if path is None:
        return []
    wells: list[Well] = []
    for _, rows in read_wells(path, training=False).groupby("file"):
        curves = {
            str(name): (part["depth"].to_numpy(float), part["value"].to_numpy(float))
            for name, part in rows.groupby("curve")
        }
        wells.append({n: c for n, c in curves.items() if (np.diff(c[0]) > 0).all()})
    return wells


def read_wells(path: Path, training: bool) -> pd.DataFrame:
    """Rows of a table of curves, split by well: every third file (in the order of names) is for measuring,
    the others for training.
    """
    table = pd.read_parquet(path)
    names = sorted(table["file"].unique())
    files = [name for k, name in enumerate(names) if (k % 3 != 0) == training]
    return table[table["file"].isin(files)]


def predictor_of(data: bytes) -> StripPredictor:
    """A predictor that keeps the mask."""
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
) -> Report:
    """Evaluate the model, the classical tracer and, where given, a bundle of the published preset;
    returns the report.
    """
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
        methods, names, count, seed, load_shapes(curves), progress, load_wells(curves)
    )
    for bar in bars.values():
        bar.close()
    facts = {"model_id": bundle.unpack(data).model_id, "strips": count, "seed": seed}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        table.to_parquet(out / "evaluation.parquet")
        (out / "evaluation.json").write_text(evaluation_json(table, overlaps, facts), "utf-8")
    by = summarise(table, ("method", "set", "style"))
    return Report(_report(table, overlaps), curves=by.to_dict("records"), **facts)


CURVE_COLUMNS = ("method", "set", "style", "same_style", "visible", "coverage", "r2", "median_dx_pct",
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
        summarise(table).round(4).to_string(index=False),
        "\nAll styles:",
        summarise(table, ("method", "set")).round(4).to_string(index=False),
        "\nBy number of curves of one style in the track:",
        summarise(table[table.method == "veernet"], ("set", "same_style"))
        .round(4)
        .to_string(index=False),
        "\nCrossings, and how both curves go on after them; traced: with what is withheld for doubt:",
        crossing_table(table).round(3).to_string(index=False),
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
