"""How tests run side by side: one thread for each process, and the files that take longest first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # more threads would only wait for each other's cores
    for pool in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(pool, "1")

_LONG = ("server", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files with marked tests first: a long file that begins last keeps the other processes waiting."""
    ranks: dict[Path, int] = {}
    for item in items:
        marked = (rank for rank, name in enumerate(_LONG) if item.get_closest_marker(name))
        ranks[item.path] = min(ranks.get(item.path, len(_LONG)), *marked, len(_LONG))
    items.sort(key=lambda item: ranks[item.path])
