"""The fitted models of scale reading: how likely a pair of numbers is a scale, a phrase its name.

In: features of `candidates` and `names`. Out: probabilities, calibrated on wells that were left out. The models
are boosted trees fitted by ``veernet fit-scales`` on hand-read pages; they ship as text with their record.
Does not belong here: fitting (`training.scale_models`), and the choice among candidates (`binder`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.page.scales.candidates import PAIR_FEATURES
from veernet_core.page.scales.names import NAME_FEATURES

SHIPPED = "scales.json"
_FAR = 0.3
"""Colours that are farther apart are simply others."""
DOUBTFUL, SURE = 0.89, 0.9
"""Below and from the level that the rest of the product takes for sure."""


VERDICT_FEATURES = (
    "ends_log_odds", "name_log_odds", "known", "usual", "impossible", "edited", "least_confidence",
    "support", "misfit", "unit_printed", "inset", "unusual", "decimals_differ",
    "ends_agreed", "name_agreed", "name_out_of_place", "tint_agrees", "echo", "namesakes", "mates",
    "ahead_of_readings", "ahead_of_frames",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScaleScorer:
    """Two boosters, what calibrates them, and the line that says whether a whole reading is right.

    ``pairs`` and ``names`` are LightGBM boosters. ``pair_knots`` float64 [n, 2] map the output of the first to
    the share that was right on wells left out; ``name_line`` float64 [8] weighs `name_terms`, the last is a
    bias. ``verdict`` float64 [3, n + 1]: mean, spread and weight of each verdict feature, the last column the
    bias and, in its first row, the probability from which a reading is sure.
    """

    pairs: Any
    names: Any
    pair_knots: F64
    name_line: F64
    verdict: F64
    model_id: str

    def whole(self, features: F64) -> F64:
        """Probability that name and both ends of a reading are right, float64 [n].

        From the level on at which readings of wells left out were right it is at least 0.9, which counts as
        sure: nearly all of those were right. Below it is kept under 0.9.
        """
        if not len(features):
            return np.zeros(0)
        mean, spread, weight = self.verdict[:, :-1]
        odds = ((features - mean) / spread) @ weight + self.verdict[2, -1]
        p: F64 = 1.0 / (1.0 + np.exp(-odds))
        return np.where(p < self.verdict[0, -1], np.minimum(p, DOUBTFUL), np.maximum(p, SURE))

    def scale(self, features: F64) -> F64:
        """Probability of each pair of numbers to be a scale of its frame, float64 [n]."""
        if not len(features):
            return np.zeros(0)
        raw = raw_output(self.pairs, features)
        out: F64 = np.interp(raw, self.pair_knots[:, 0], self.pair_knots[:, 1])
        # a calibration by steps makes ties; the booster's own order breaks them
        return out + 1e-6 * raw

    def name(self, features: F64) -> F64:
        """Probability of each phrase to name its scale, float64 [n]."""
        if not len(features):
            return np.zeros(0)
        terms = name_terms(raw_output(self.names, features), features)
        out: F64 = 1.0 / (1.0 + np.exp(-(terms @ self.name_line[:-1] + self.name_line[-1])))
        return out


def raw_output(booster: Any, features: F64) -> F64:
    """What a booster says of rows of features, float64 [n]."""
    return np.asarray(booster.predict(features, num_threads=1), dtype=np.float64)


def log_odds(p: F64) -> F64:
    """Log odds of probabilities, within sense."""
    clipped = np.clip(p, 1e-4, 1 - 1e-4)
    out: F64 = np.log(clipped / (1 - clipped))
    return out


def name_terms(raw: F64, features: F64) -> F64:
    """What the probability of a name rests on, float64 [n, 7]: the booster's log odds; whether colours are
    known, and then how far its print is from the colour of the numbers, how much farther than the nearest
    phrase; how well a phrase of its colour repeats it, whether one of another colour does, and whether clearer
    print of its colour says otherwise. Few pages show how colours tell curves apart: a line learns from them
    what trees do not.
    """
    gap, excess, echo, others, against = (
        features[:, NAME_FEATURES.index(name)]
        for name in ("tint_gap", "tint_excess", "echo", "others", "contradicted")
    )
    far = [np.clip(np.nan_to_num(x), 0.0, _FAR) for x in (gap, excess)]
    said = [np.nan_to_num(x) for x in (echo, others, against)]
    terms = [log_odds(raw), ~np.isnan(gap), *far, said[0], said[1] > 0, said[2]]
    return np.stack(terms, axis=1).astype(np.float64)


def pack_scorer(
    pairs: Any,
    names: Any,
    pair_knots: F64,
    name_line: F64,
    verdict: F64,
    record: Mapping[str, Any],
) -> bytes:
    """The bytes of a scorer: JSON with both boosters as text."""
    return json.dumps(
        {
            "format": "veernet-scales/1",
            "record": record,
            "pair_features": list(PAIR_FEATURES),
            "name_features": list(NAME_FEATURES),
            "pair_knots": np.round(pair_knots, 6).tolist(),
            "name_line": np.round(name_line, 6).tolist(),
            "verdict_features": list(VERDICT_FEATURES),
            "verdict": np.round(verdict, 6).tolist(),
            "pairs": pairs.model_to_string(),
            "names": names.model_to_string(),
        },
        indent=1,
        sort_keys=True,
    ).encode()


def unpack_scorer(data: bytes) -> ScaleScorer:
    """A scorer from its bytes.

    Raises
    ------
    ValueError
        The file was fitted for other features than this version measures.
    """
    import hashlib

    import lightgbm  # slow to import: only where a page is read

    raw: dict[str, Any] = json.loads(data)
    expected: dict[str, Sequence[str]] = {
        "pair_features": PAIR_FEATURES,
        "name_features": NAME_FEATURES,
        "verdict_features": VERDICT_FEATURES,
    }
    for key, names in expected.items():
        if raw[key] != list(names):
            raise ValueError(
                f"the scale model measures other {key} than this version; fit it again with"
                " `veernet fit-scales`"
            )
    return ScaleScorer(
        lightgbm.Booster(model_str=raw["pairs"]),
        lightgbm.Booster(model_str=raw["names"]),
        np.array(raw["pair_knots"], dtype=np.float64).reshape(-1, 2),
        np.array(raw["name_line"], dtype=np.float64),
        np.array(raw["verdict"], dtype=np.float64),
        hashlib.sha256(data).hexdigest()[:12],
    )


@lru_cache(maxsize=1)
def shipped_scorer() -> ScaleScorer:
    """The scorer that comes with the package."""
    file = resources.files("veernet_core.page.scales") / "weights" / SHIPPED
    return unpack_scorer(file.read_bytes())
