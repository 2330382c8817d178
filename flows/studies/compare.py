"""``veernet compare-losses``: run the study, keep every run, write tables, plots and what they say.

In: an output folder and a budget. Out: ``runs/*.json`` (one per stage, loss and seed; a killed study
goes on where it stopped), ``losses.parquet``, ``summary.parquet``, ``losses.md``, ``losses.json`` and
one error plane per stage. What a run is belongs to ``veernet_core.training.compare``.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from flows.studies.report import Report
from veernet_core.training import compare, loss_study
from veernet_core.training.compare import CANDIDATES
from veernet_core.training.fit import PIXEL_SHARE
from veernet_core.training.loss_study import best_by, decision_matrix, summarise
from veernet_core.training.strip_pools import CURVES, Stage, StudyConfig, draw_pool

STAGES: tuple[Stage, ...] = ("binary", "multiclass")
_SHOWN = ("mae", "mse", "r2", "mae_centroid", "precision", "recall", "f1", "iou", "ece")


@dataclass(frozen=True, slots=True)
class Job:
    """One run: which network to train, and on what budget."""

    config: StudyConfig
    stage: Stage
    loss: str
    seed: int

    @property
    def name(self) -> str:
        """File stem; runs of another budget have another name."""
        text = json.dumps(asdict(self.config), sort_keys=True)
        budget = hashlib.sha256(text.encode()).hexdigest()[:8]
        loss = self.loss.replace(" ", "_").replace("/", "-")
        return f"{self.stage}-{loss}-seed{self.seed}-{budget}"


def run_study(
    out: Path,
    config: StudyConfig,
    stages: Sequence[Stage],
    names: Sequence[str],
    seeds: int,
    workers: int,
) -> Report:
    """Run what is not on disk yet, then write tables and plots; returns the report (Markdown).

    Raises
    ------
    ValueError
        For a stage or a loss that does not exist.
    """
    unknown = (set(names) - set(CANDIDATES)) | (set(stages) - set(STAGES))
    if unknown:
        raise ValueError(f"no such loss or stage: {', '.join(sorted(unknown))}")
    folder = out / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    # seeds go first, so that a study cut short has all losses with fewer seeds
    jobs = [
        Job(config, stage, name, seed)
        for seed in range(1, seeds + 1)
        for stage in stages
        for name in names
    ]
    todo = [job for job in jobs if not (folder / f"{job.name}.json").exists()]
    with tqdm(total=len(jobs), initial=len(jobs) - len(todo), unit="run") as bar:
        for job, rows in _run_all(todo, workers):
            _write_whole(folder / f"{job.name}.json", json.dumps(rows, indent=1).encode())
            bar.update()
    runs = pd.DataFrame([row for job in jobs for row in json.loads(
        (folder / f"{job.name}.json").read_text())])  # fmt: skip
    return _write_tables(out, runs, config)


def _run_all(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, list[dict[str, Any]]]]:
    if workers <= 1:
        for job in jobs:
            yield job, _run(job)
        return
    # a fresh process each, because threads of the network do not survive a fork
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        yield from zip(jobs, pool.map(_run, jobs))


def _run(job: Job) -> list[dict[str, Any]]:
    import torch

    torch.set_num_threads(1)
    rows = compare.run_one(job.config, job.stage, job.loss, job.seed)
    return [row | {"seed": job.seed, "steps": job.config.steps} for row in rows]


def _write_whole(path: Path, data: bytes) -> None:
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)


def _write_tables(out: Path, runs: pd.DataFrame, config: StudyConfig) -> Report:
    for column in _SHOWN:
        if column not in runs:
            runs[column] = np.nan
    summary = summarise(runs)
    runs.to_parquet(out / "losses.parquet", index=False)
    summary.to_parquet(out / "summary.parquet", index=False)
    report = _report(summary, config)
    (out / "losses.md").write_text(report, encoding="utf-8")
    figures = study_json(summary, config)
    (out / "losses.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    for stage in dict.fromkeys(summary["stage"]):
        (out / f"error-plane-{stage}.png").write_bytes(error_plane(summary, stage))
    return Report(report, **figures)


def study_json(summary: pd.DataFrame, config: StudyConfig) -> dict[str, Any]:
    """The study as small JSON: budget, figures per stage, loss and curve, and what they say."""
    figures = [*_SHOWN, *(f"{c}_sd" for c in _SHOWN if f"{c}_sd" in summary)]
    rows = []
    for row in summary.to_dict("records"):
        value = {k: row[k] for k in ("stage", "loss", "curve", "seeds")}
        value |= {k: round(float(row[k]), 5) for k in figures if np.isfinite(row[k])}
        rows.append(value)
    return {
        "budget": asdict(config),
        "rows": rows,
        "best": {str(s): best_by(decision_matrix(summary, s)) for s in _stages(summary)},
        "against_published": loss_study.against_published(summary),
    }


def _stages(summary: pd.DataFrame) -> list[Stage]:
    return [s for s in STAGES if s in set(summary["stage"])]


def _report(summary: pd.DataFrame, config: StudyConfig) -> str:
    seeds = int(summary["seeds"].min())
    value, gradient = compare.tversky_is_dice()
    lines = [
        "# Losses compared on the exported curve",
        "",
        f"A small network ({config.widths}, decoder {config.decoder_width}) on small strips "
        f"({config.rows} x {config.cols} px): {config.steps} steps of {config.batch} strips from a pool "
        f"of {config.pool} per seed, {seeds} seed(s), {config.test_strips} test strips of "
        f"{config.test_rows} rows. The figures rank losses; they are not those of the product's network.",
        "",
        "Same start, strips, order, steps and class weights for every loss. `mae`, `mse` (track widths) "
        "and `r2` (median) are of the curve exported by the product's cheapest path, at 300 depths; "
        "`mae_centroid` of the published read-out (centroid of the mask, spline). Overlap and `ece` are "
        "of the mask and are instrument readings; ± is the standard deviation over seeds.",
        "",
        f"Tversky at 0.5/0.5 is Dice: largest difference {value:.1e} in the loss, {gradient:.1e} in its "
        "gradient.",
        "",
        "## Class weights",
        "",
        compare.published_weight(),
        "",
        "Corpus of the product's training strips: " + compare.derive_weights(PIXEL_SHARE).text(),
    ]
    for stage in _stages(summary):
        pool = draw_pool(config, stage, 1)
        split = compare.derive_weights(pool.share(len(CURVES[stage]) + 1))
        table = decision_matrix(summary, stage)
        lines += ["", f"## Stage {stage}", "", split.text(), "", *_figures(summary, stage), ""]
        lines += ["### Which loss, by what matters", "", *_markdown(table.round(4)), ""]
        by_loss = table.set_index("loss")
        for what, name in best_by(table).items():
            r = by_loss.loc[name]
            lines.append(
                f"- by {what}: **{name}** (recall {r['recall']:.2f} at IoU {r['iou']:.2f}, "
                f"MAE {r['mae']:.3f} of the track's width)"
            )
    lines += ["", "## Against the published result", ""]
    lines += [f"- {line}" for line in loss_study.against_published(summary)]
    return "\n".join(lines) + "\n"


def _figures(summary: pd.DataFrame, stage: Stage) -> list[str]:
    own = summary[summary["stage"] == stage]
    table = own[["loss", "curve"]].copy()
    for column in _SHOWN:
        mean, spread = own[column], own.get(f"{column}_sd", pd.Series(np.nan, own.index))
        table[column] = [
            "" if not np.isfinite(m) else f"{m:.4f}" + (f" ± {s:.4f}" if np.isfinite(s) else "")
            for m, s in zip(mean, spread)
        ]
    return _markdown(table)


def _markdown(table: pd.DataFrame) -> list[str]:
    def cell(value: object) -> str:
        return "" if isinstance(value, float) and not np.isfinite(value) else str(value)

    head = [str(c) for c in table.columns]
    rows = [[cell(v) for v in row] for row in table.itertuples(index=False)]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def error_plane(summary: pd.DataFrame, stage: str) -> bytes:
    """MAE against MSE of the exported curve, one panel per curve class, as PNG bytes."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    own = summary[summary["stage"] == stage]
    curves = list(dict.fromkeys(own["curve"]))
    figure = Figure(figsize=(5.6 * len(curves) + 2.4, 5.2), layout="constrained")
    markers, colours = "osD^v<>P*Xhp", matplotlib.colormaps["tab20"]
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves):
        table = own[own["curve"] == curve]
        for k, row in enumerate(table.to_dict("records")):
            spread = [row.get("mae_sd", np.nan), row.get("mse_sd", np.nan)]
            x_err, y_err = (s if np.isfinite(s) else None for s in spread)
            axes.errorbar(
                100 * row["mae"], row["mse"],
                xerr=None if x_err is None else 100 * x_err, yerr=y_err,
                fmt=markers[k % len(markers)], color=colours(k % 20), markersize=7, capsize=2,
                label=row["loss"],
            )  # fmt: skip
        axes.set(title=f"{stage}: {curve}")
        if (table[["mae", "mse"]] > 0).any().all():  # a class may be missing from the test strips
            axes.set(xscale="log", yscale="log")
        axes.set_xlabel("mean absolute error of the exported curve, % of track width")
        axes.set_ylabel("mean squared error, track widths²")
        axes.grid(which="both", alpha=0.25)
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside right upper",
        fontsize=8,
        title=f"{int(own['seeds'].min())} seed(s), bars: ± 1 s.d.",
        title_fontsize=8,
    )
    data = io.BytesIO()
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(data)
    return data.getvalue()
