"""``veernet fit-values``: fit which values measurements usually have, on public logs.

In: a Parquet table of curves, as for ``train --curves``. Out: ``usual_values.json``, and how often the curves
of wells that were left out are named rightly. Does not belong here: the fit (`training.usual_values`).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from flows.studies.evaluate import read_wells
from flows.studies.report import Report
from veernet_core.datatypes import F64
from veernet_core.training.usual_values import ROWS_PER_FT, Well, fit_values, kinds_of

_OF_TABLE = {
    "GR": "gamma", "SP": "potential", "CALI": "caliper", "RHOB": "density", "NPHI": "porosity",
    "DPHI": "porosity", "DT": "time", "ILD": "resistivity", "ILM": "resistivity", "SFL": "resistivity",
}  # fmt: skip
_LEAST_FT = 200


def run_fit(table: Path, out: Path, seed: int) -> Report:
    """Fit on the wells of a table that are for training, write the file; returns the report."""
    wells = training_wells(table)
    values, named = fit_values(wells, seed)
    out.mkdir(parents=True, exist_ok=True)
    file = out / "usual_values.json"
    file.write_text(json.dumps({"wells": len(wells), "seed": seed, **values}) + "\n", "utf-8")
    line = (
        f"{file}: {len(wells)} wells; of {named.pairs} pairs of curves in wells left out "
        f"{100 * named.named:.0f} % are named, {100 * named.right:.1f} % of them rightly"
    )
    return Report(line, file=str(file), wells=len(wells), named=named.named, right=named.right)


def training_wells(table: Path) -> list[Well]:
    """Curves of each well on common depths; of several of one kind the first."""
    wells: list[Well] = []
    for _, rows in read_wells(table, training=True).groupby("file"):
        curves: dict[str, tuple[F64, F64]] = {}
        for (name, unit), part in rows.groupby(["curve", "unit"], observed=True):
            kind = _OF_TABLE.get(str(name))
            part = part.sort_values("depth")
            value = part["value"].to_numpy(float)
            if kind is None or kind in curves or not np.isfinite(value).any():
                continue
            if kind == "porosity" and np.nanmedian(np.abs(value)) < 1:
                value = 100 * value  # V/V, whatever the table says
            if kind == "gamma" and str(unit).upper() not in ("GAPI", "API", ""):
                continue
            curves[kind] = part["depth"].to_numpy(float), value
        well = _together(curves)
        if len(well) > 1:
            wells.append(well)
    return wells


def _together(curves: dict[str, tuple[F64, F64]]) -> Well:
    """Curves on the depths that all of them have, a strip's row apart."""
    order = list(kinds_of())
    curves = {k: curves[k] for k in sorted(curves, key=order.index)}
    ends = [(d[0], d[-1]) for d, _ in curves.values()]
    if not ends or min(e for _, e in ends) - max(a for a, _ in ends) < _LEAST_FT:
        return {}
    depth = np.arange(max(a for a, _ in ends), min(e for _, e in ends), 1 / ROWS_PER_FT)
    return {k: np.interp(depth, d, v) for k, (d, v) in curves.items()}
