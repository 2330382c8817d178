"""Tables of how curves of drawings were recovered, one line a group.

In: one row per method, set and curve, as ``drawings.evaluate`` gives them. Out: shares, medians and extremes of
each group. Does not belong here: scoring a curve (`drawings`), and what a crossing is (`crossings`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import product

import pandas as pd

from veernet_core.evaluation.crossings import PAIRS, CrossingCount


def summarise(curves: pd.DataFrame, by: Sequence[str] = ("method", "set", "style")) -> pd.DataFrame:
    """One line per group. A curve counts as failed where less than half was recovered.

    Curves that span less than 2 % of the track are left out of the R² columns (R² punishes flat
    curves traced perfectly) and are judged by |dx| alone. Where no ink of a curve is to be seen, "invented" is
    a value, bridges included, and "claimed" one that is said to be observed.
    """
    out = []
    for key, group in curves.groupby(list(by), observed=True):
        lively = group[(group.span >= 0.02) | group.span.isna()]
        lively = lively[lively.visible >= 0.1]
        value = lively.r2.where(lively.coverage >= 0.5, -9.0).fillna(-9.0)
        out.append(
            dict(zip(by, key if isinstance(key, tuple) else (key,)))
            | {
                "curves": len(group),
                "median |dx| %": group.median_dx_pct.median(),
                "MAE": group.mae.mean(),
                "MSE": group.mse.mean(),
                "R2>0.85": float((value > 0.85).mean()),
                "R2>0.95": float((value > 0.95).mean()),
                "R2>0.99": float((value > 0.99).mean()),
                "coverage": group.coverage.mean(),
                "longest invented ft": group.longest_invented_ft.max(),
                "longest claimed ft": group.longest_claimed_ft.max(),
            }
        )
    return pd.DataFrame(out)


def crossing_table(curves: pd.DataFrame) -> pd.DataFrame:
    """One line per method, set, way and kind of pair: crossings, after which share both curves go on as
    themselves, after which one of them follows the other, and after which one has no value.

    Parameters
    ----------
    curves : DataFrame
        With the columns of ``crossing_columns``.
    """
    names = [str(column) for column in curves]
    ways = dict.fromkeys(n.split(", ")[0] for n in names if n.endswith(", total"))
    out = []
    for (method, name), group in curves.groupby(["method", "set"], observed=True):
        for way, pairs in product(ways, PAIRS):
            sums = (int(group[f"{way}, {pairs}, {f.name}"].sum()) for f in fields(CrossingCount))
            count, place = CrossingCount(*sums), {"method": method, "set": name}
            place |= {"way": way, "pairs": pairs, "crossings": count.total}
            none, least = count.total - count.kept - count.exchanged, max(1, count.total)
            shares = {"kept": count.kept, "exchanged": count.exchanged, "no value": none}
            out.append(place | {what: value / least for what, value in shares.items()})
    return pd.DataFrame(out)
