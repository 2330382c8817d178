"""Rows of the results of a run."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq


def rows(path: Path) -> list[dict[str, object]]:
    return list(pq.read_table(path).to_pylist())
