"""Test processes that run side by side use one thread each: more would only wait for each other's cores."""

from __future__ import annotations

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    for pool in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(pool, "1")
