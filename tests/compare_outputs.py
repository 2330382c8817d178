"""Compare two output trees: samples, decisions, reasons, findings, LAS data and failures.

    python tests/compare_outputs.py BEFORE AFTER [--stems NAME ...] [--tolerance T] [--pictures]

What says how a result was made (versions, hashes, model, policy names, the ~Other block of LAS files) is
left out; reason codes that were renamed count as equal. Prints one line a difference and exits with 1
where there is one: a change of the code that should not change results is checked this way.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from veernet_core.findings import current_code

KEYS = ["section_id", "track_id", "mnemonic"]


def compare_trees(
    before: Path,
    after: Path,
    stems: list[str] | None = None,
    tolerance: float = 0.0,
    pictures: bool = False,
) -> list[str]:
    """Differences between two output trees, one line each.

    Parameters
    ----------
    before, after : Path
        Folders as ``digitise -o`` writes them.
    stems : list of str, optional
        Logs to compare; else all, and a log that one side lacks is a difference.
    tolerance : float
        Largest difference of two numbers that counts as none.
    pictures : bool
        Whether the pixels of the pictures are compared too.
    """
    logs = [{p.name: p for p in (tree / "logs").iterdir()} for tree in (before, after)]
    out = []
    for stem in stems if stems is not None else sorted(logs[0].keys() | logs[1].keys()):
        missing = [str(tree) for tree, own in zip((before, after), logs) if stem not in own]
        if missing:
            out.append(f"{stem}: not in {' and '.join(missing)}")
            continue
        one, two = logs[0][stem], logs[1][stem]
        lines = [*_log_json(one, two, tolerance), *_samples(one, two, tolerance)]
        lines += [*_tables(one, two), *(_pictures(one, two) if pictures else ())]
        out += [f"{stem}: {line}" for line in lines]
    return out if stems is not None else out + _failures(before, after)


def _log_json(one: Path, two: Path, tolerance: float) -> Iterator[str]:
    old, new = (_settled(json.loads((p / "log.json").read_text())) for p in (one, two))
    for key in ("well", "sections", "curves", "findings"):
        yield from _values(key, old.get(key), new.get(key), tolerance)


def _settled(log: dict[str, Any]) -> dict[str, Any]:
    """A log without what may differ: aliases resolved, findings by code and place alone."""
    for curve in log["curves"]:
        curve.pop("policy_id", None)
        curve["reasons"] = sorted(current_code(r) for r in curve["reasons"])
    log["findings"] = sorted(
        "/".join(
            str(current_code(f[k]) if k == "code" else f.get(k))
            for k in ("code", "severity", *KEYS, "rows")
        )
        for f in log["findings"]
    )
    return log


def _values(where: str, old: Any, new: Any, tolerance: float) -> Iterator[str]:
    """Differences of two JSON values; what the second adds to an object is none."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in old.items():
            yield from _values(f"{where}.{key}", value, new.get(key), tolerance)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for k, pair in enumerate(zip(old, new)):
            yield from _values(f"{where}[{k}]", *pair, tolerance)
    elif not _same(old, new, tolerance):
        yield f"{where}: {_short(old)} is now {_short(new)}"


def _same(old: Any, new: Any, tolerance: float) -> bool:
    if isinstance(old, float | int) and isinstance(new, float | int):
        return bool(abs(old - new) <= tolerance)
    return bool(old == new)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 400 else f"{text[:400]}..."


def _samples(one: Path, two: Path, tolerance: float) -> Iterator[str]:
    old, new = (pd.read_parquet(p / "curves.parquet") for p in (one, two))
    groups = [dict(list(table.groupby(KEYS, sort=False))) for table in (old, new)]
    for key in sorted(groups[0].keys() | groups[1].keys()):
        name = "/".join(str(k) for k in key)
        if key not in groups[0] or key not in groups[1]:
            yield f"{name}: only {'before' if key in groups[0] else 'after'}"
            continue
        yield from _curve(name, groups[0][key], groups[1][key], tolerance)


def _curve(name: str, old: pd.DataFrame, new: pd.DataFrame, tolerance: float) -> Iterator[str]:
    if len(old) != len(new):
        yield f"{name}: {len(old)} samples are now {len(new)}"
        return
    for column in ("depth", "value", "confidence"):
        a, b = (np.asarray(t[column], dtype=np.float64) for t in (old, new))
        off = ~((np.abs(a - b) <= tolerance) | (np.isnan(a) & np.isnan(b)))
        if off.any():
            most = np.nanmax(np.abs(a - b)[off], initial=0.0)
            yield f"{name}: {column} differs in {off.sum()} of {len(a)} samples, by {most:.3g} at most"
    for column in ("observed", "decision", "unit", "depth_unit"):
        off = np.asarray(old[column]) != np.asarray(new[column])
        if off.any():
            yield f"{name}: {column} differs in {off.sum()} of {len(off)} samples"


def _tables(one: Path, two: Path) -> Iterator[str]:
    """LAS files without their provenance, and CSV files, as text."""
    names = {p.name for folder in (one, two) for p in folder.iterdir() if _is_table(p)}
    for name in sorted(names):
        if not all((folder / name).exists() for folder in (one, two)):
            yield f"{name}: only {'before' if (one / name).exists() else 'after'}"
            continue
        old, new = (_data_lines(folder / name) for folder in (one, two))
        if old != new:
            off = [k for k, pair in enumerate(zip(old, new)) if pair[0] != pair[1]]
            first = f"; first: {old[off[0]]!r} is now {new[off[0]]!r}" if off else ""
            yield f"{name}: {len(off)} of {len(old)} lines differ, now {len(new)} lines{first}"


def _is_table(path: Path) -> bool:
    return path.suffix in (".las", ".csv")


def _data_lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    other = False
    kept = []
    for line in lines:
        other = line.startswith("~O") if line.startswith("~") else other
        if not other:
            kept.append(line)
    return kept


def _pictures(one: Path, two: Path) -> Iterator[str]:
    for name in sorted({p.name for folder in (one, two) for p in folder.glob("*.png")}):
        files = [folder / name for folder in (one, two)]
        if not all(f.exists() for f in files):
            yield f"{name}: only {'before' if files[0].exists() else 'after'}"
        elif files[0].read_bytes() != files[1].read_bytes():
            yield f"{name}: another picture"


def _failures(before: Path, after: Path) -> list[str]:
    paths = [tree / "failures.parquet" for tree in (before, after)]
    if not all(path.exists() for path in paths):
        return []
    rows = [
        {
            (Path(str(r.uri)).name, str(r.stage), str(r.code))
            for r in pd.read_parquet(p).itertuples()
        }
        for p in paths
    ]
    return [f"failure {row} only {when}" for when, (a, b) in
            (("before", rows), ("after", rows[::-1])) for row in sorted(a - b)]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print the differences; 1 where there are any."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--stems", nargs="+", help="compare these logs only")
    parser.add_argument("--tolerance", type=float, default=0.0)
    parser.add_argument("--pictures", action="store_true", help="compare the pictures too")
    options = parser.parse_args(arguments)
    lines = compare_trees(
        options.before, options.after, options.stems, options.tolerance, options.pictures
    )
    print("\n".join(lines) if lines else "no difference")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
