"""How likely a curve is bad, from its R² estimate and bound: behind the what-if and the queue.

In: figures of the verdicts and the calibration they were made with. Out: probabilities. The estimate
itself is made in ``veernet_core.curve.evidence.quality``.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from flows.engine.bundle_facts import bundle_bytes, read_bundle
from veernet_core.errors import VeernetError

INTERVAL = 0.9
"""Probability that R² exceeds the lower bound, where the model is not the shipped one."""


def chance_bad(
    estimate: NDArray[np.float64],
    lower: NDArray[np.float64],
    threshold: float,
    interval: float = INTERVAL,
) -> NDArray[np.float64]:
    """P(R² < threshold) of curves; NaN where there is no estimate.

    The unexplained variance 1 - R² is log-logistic, as in the quality model: its median lies at the
    estimate, and with probability ``interval`` it stays under that of the lower bound.
    """
    level = np.log(interval / (1 - interval))
    at = np.log(max(1 - threshold, 1e-4))
    middle, tail = (np.log(np.maximum(1 - r2, 1e-4)) for r2 in (estimate, lower))
    spread = np.maximum(tail - middle, 1e-3) / level
    chance: NDArray[np.float64] = 1 / (1 + np.exp(np.clip((at - middle) / spread, -60, 60)))
    return chance


def interval_of(verdicts: pa.Table) -> float:
    """Probability at which the lower bounds of these verdicts were read.

    The shipped bundle states it for its own verdicts; for others ``INTERVAL`` is taken.
    """
    shipped = _shipped_interval()
    models = set(verdicts["model_id"].cast(pa.string()).unique().to_pylist())
    return shipped[1] if shipped is not None and shipped[0] in models else INTERVAL


@cache
def _shipped_interval() -> tuple[str, float] | None:
    data = bundle_bytes()
    if data is None:
        return None
    with suppress(VeernetError, KeyError, TypeError, ValueError):
        model_id, calibration, _ = read_bundle(data)
        level = float(calibration["quality"]["level"])
        if level > 0:
            return model_id, float(1 / (1 + np.exp(-level)))
    return None
