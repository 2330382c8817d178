"""Whether two paths cross at a touch or turn back, as fitted on drawn tracks.

In: features of both ways through each touch (`touch_features`). Out: what each way costs, in nats.
Does not belong here: the fit (`training.touches`), and what many touches say together (`identity`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from veernet_core.datatypes import F64


@dataclass(frozen=True, slots=True)
class TouchOdds:
    """A small network that rates a way through a touch; the better way is the one that is rated higher.

    Attributes
    ----------
    mean, spread : float64 [features]
    layers : sequence of (float64 [out, in], float64 [out])
        Weights and offsets; between two layers a GELU, by its tanh form.
    most : float
        Most nats that the two ways can differ by.
    style : float
        Weight of the network's word on line styles, against what a touch says.
    appearance : float64 [6]
        Standard deviations of half width (px), blackness, inked share, activity (log of the mean swing over
        four rows), roughness (log of the mean second difference) and dashes (root of their ends a row) of a
        stretch.
    """

    mean: F64
    spread: F64
    layers: Sequence[tuple[F64, F64]]
    most: float
    style: float
    appearance: F64

    def nats(self, features: F64) -> F64:
        """Log odds of the paths going on as given, against their being exchanged.

        Parameters
        ----------
        features : float64 [touches, 2, features]

        Returns
        -------
        float64 [touches]
        """
        x = (features - self.mean) / self.spread
        for k, (weight, offset) in enumerate(self.layers):
            if k:
                x = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
            x = x @ weight.T + offset
        return np.asarray((x[:, 0, 0] - x[:, 1, 0]).clip(-self.most, self.most))

    def costs(self, features: F64) -> F64:
        """What going on as given costs, and being exchanged, nats: [touches, 2]."""
        nats = self.nats(features)
        return np.stack([np.logaddexp(0, -nats), np.logaddexp(0, nats)], axis=1)


@cache
def touch_odds() -> TouchOdds:
    """What was fitted."""
    raw = (files("veernet_core.curve.tracking") / "touch_odds.json").read_text("utf-8")
    return odds_from_json(json.loads(raw))


def odds_from_json(raw: Mapping[str, Any]) -> TouchOdds:
    """As stored."""
    layers = [(np.array(layer["weight"]), np.array(layer["offset"])) for layer in raw["layers"]]
    mean, spread, appearance = (np.array(raw[name]) for name in ("mean", "spread", "appearance"))
    return TouchOdds(mean, spread, layers, raw["most"], raw["style"], appearance)
