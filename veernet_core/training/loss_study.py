"""The tables, ranks and sentences of the loss study, made from the figures of its runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from veernet_core.training.compare import CANDIDATES
from veernet_core.training.strip_pools import CURVES, Stage

PUBLISHED_MAE = {"dice": (0.0367, 0.0774), "tversky": (0.0277, 0.1241), "focal": (0.0405, 0.1027)}
"""Published mean absolute error of curve 1 and curve 2, track widths, three-class network."""


def summarise(runs: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread (standard deviation over seeds) of every figure, per stage, loss and curve."""
    figures = [c for c in runs.columns if c not in ("stage", "loss", "curve", "seed", "steps")]
    groups = runs.groupby(["stage", "loss", "curve"], sort=False)[figures]
    mean, spread = groups.mean(), groups.std(ddof=1)
    out = mean.join(spread, rsuffix="_sd")
    out["seeds"] = runs.groupby(["stage", "loss", "curve"], sort=False)["seed"].nunique()
    return out.reset_index()


def decision_matrix(summary: pd.DataFrame, stage: Stage) -> pd.DataFrame:
    """Rank of every loss under three criteria; NaN where the criterion does not apply.

    Returns
    -------
    DataFrame
        ``recall`` (with ``iou`` beside it), ``asymmetry`` (recall - precision) and ``knob_range``
        (how far the family's setting moves it), ``mae`` (mean over the curves) and the ranks.
    """
    own = summary[summary["stage"] == stage]
    columns = ["recall", "precision", "iou", "mae"]
    table = own.groupby("loss", sort=False)[columns].mean()
    table["asymmetry"] = table["recall"] - table["precision"]
    family = pd.Series({name: CANDIDATES[name].knob for name in table.index})
    spread = table.groupby(family)["asymmetry"].agg(lambda a: float(a.max() - a.min()))
    known = family.map(spread).where(family != "")
    table["knob_range"] = known.where(table["recall"].notna())
    table["rank by recall"] = table["recall"].rank(ascending=False)
    # all settings of a family share its range: among them the error on the curve decides
    knobs = table.dropna(subset="knob_range").sort_values(
        ["knob_range", "mae"], ascending=[False, True]
    )
    table["rank by tunable asymmetry"] = pd.Series(np.arange(1.0, len(knobs) + 1), knobs.index)
    table["rank by error on the curve"] = table["mae"].rank()
    return table.reset_index()


def against_published(summary: pd.DataFrame) -> list[str]:
    """Where the multiclass stage differs from the published result, in sentences; by its read-out."""
    own = summary[(summary["stage"] == "multiclass")]
    lines = []
    for k, curve in enumerate(CURVES["multiclass"]):
        table = own[own["curve"] == curve].set_index("loss")
        three = {"dice": "dice", "tversky": "tversky 0.3/0.7", "focal": "focal"}
        if not set(three.values()) <= set(table.index):
            return [
                "Dice, Tversky 0.3/0.7 and focal of the multiclass stage are needed to compare."
            ]
        if table.loc[list(three.values()), ["mae", "mae_centroid"]].isna().to_numpy().any():
            lines.append(f"{curve}: not on the test strips, or never found there.")
            continue
        ours = {name: float(table["mae_centroid"][loss]) for name, loss in three.items()}
        theirs = {name: mae[k] for name, mae in PUBLISHED_MAE.items()}
        lines.append(_compared(curve, ours, theirs))
        best = str(table["mae"].idxmin())
        lines.append(
            f"{curve}: least error by the product's own read-out: {best} ({table['mae'][best]:.4f}); "
            f"Dice {table['mae']['dice']:.4f}, Tversky 0.3/0.7 {table['mae']['tversky 0.3/0.7']:.4f}."
        )
    return lines


def _compared(curve: str, ours: Mapping[str, float], theirs: Mapping[str, float]) -> str:
    def order(values: Mapping[str, float]) -> list[str]:
        return sorted(values, key=lambda name: values[name])

    def listed(values: Mapping[str, float]) -> str:
        return ", ".join(f"{name} {values[name]:.4f}" for name in order(values))

    here, there = order(ours).index("tversky") + 1, order(theirs).index("tversky") + 1
    verdict = (
        "the same place as published"
        if here == there
        else "which differs from the published result"
    )
    return (
        f"{curve}: published MAE {listed(theirs)}; here, read out the same way, {listed(ours)}. Tversky "
        f"came {there} of 3 there and {here} of 3 here, {verdict}."
    )


def best_by(table: pd.DataFrame) -> dict[str, str]:
    """The first loss of each ranking of a decision matrix."""
    ranks = [c for c in table.columns if c.startswith("rank ")]
    return {
        c.removeprefix("rank by "): str(
            table["loss"].iloc[int(np.nanargmin(table[c].to_numpy(float)))]
        )
        for c in ranks
        if table[c].notna().any()
    }
