"""Fit which inks of a track are lines of pens: `page.scales.drawn_inks`.

In: the inks of tracks whose curves were read by eye, with their colours. Out: the fitted model as JSON, on all
wells and once without those of each fold, and how often inks of wells left out are taken wrongly.
Does not belong here: measuring inks, and reading files (`flows.studies.fit_pens`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ImageColor
from scipy.optimize import minimize

from veernet_core.datatypes import F64, Bool
from veernet_core.page.ocr.tints import BLACK, same_hue
from veernet_core.page.scales.drawn_inks import DrawnInk, PenModel, ink_terms, unpack_pens

_HELD = 1.0
"""How freely weights may grow: some hundred inks bear no more."""
_LEAST_SPREAD = 1e-4
"""A term that differs by less tells nothing."""
_RIGHT = 0.9
"""Share of the inks taken for pens, of wells left out, that a person named, from the level on that is kept.
Some of the others are pens too, which the header does not name."""
_HAND_NAMES = {"olive green": "olive", "dark brown": "saddlebrown", "orange red": "orangered"}
"""Names that people wrote into hand-read truth, as CSS has them; spaces in others are left out."""


@dataclass(frozen=True, slots=True)
class TruePen:
    """The pen of a curve, read by eye: its colour, ``#rrggbb`` or a name, None where it is not known; and
    whether the curve can be followed.
    """

    colour: str | None
    is_followed: bool


@dataclass(frozen=True, slots=True)
class KnownInk:
    """An ink whose nature is known: whether a person followed a curve in it."""

    ink: DrawnInk
    is_pen: bool
    well: str


def known_inks(inks: Sequence[DrawnInk], pens: Sequence[TruePen], well: str) -> list[KnownInk]:
    """The inks of a track that are known to be pens, or to be none.

    Left out are inks in the colour of a curve that cannot be followed, and black where the colour of a curve is
    not known.

    Parameters
    ----------
    inks : sequence of DrawnInk
    pens : sequence of TruePen
        Of all curves that are drawn in the track.
    well : str
    """
    known = []
    for ink in inks:
        if ink.colour == BLACK and any(pen.colour is None for pen in pens):
            continue
        own = [p for p in pens if p.colour is not None and same_hue(_hex(p.colour), ink.colour)]
        followed = any(p.is_followed for p in own)
        if followed or not own:
            known.append(KnownInk(ink, followed, well))
    return known


def _hex(colour: str) -> str:
    """A colour as hand-read truth has it, ``#rrggbb`` or a name, as ``#rrggbb``."""
    name = _HAND_NAMES.get(colour, colour).replace(" ", "")
    red, green, blue = ImageColor.getrgb(name)[:3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def fit_pens(
    known: Sequence[KnownInk], folds: Mapping[str, int], record: Mapping[str, Any]
) -> tuple[bytes, dict[int, bytes]]:
    """Fit the model on all wells, and once for every fold without its wells.

    Parameters
    ----------
    known : sequence of KnownInk
    folds : mapping of well to int
        Which fold leaves a well out.
    record : mapping
        What the file is to say of itself; that of the whole model has, besides, how many inks and pens it was
        fitted on, and what each fold made of the wells it left out.
    """
    fold = np.array([folds[k.well] for k in known])
    features = np.array([k.ink.features for k in known])
    is_pen = np.array([k.is_pen for k in known], dtype=np.bool_)
    parts = {int(k): _fit(features[fold != k], is_pen[fold != k]) for k in np.unique(fold)}
    chance = np.zeros(len(known))
    for k, model in parts.items():
        chance[fold == k] = model.chance(features[fold == k])
    # the level of a fold rests on the wells that its model may know
    by_fold = {
        k: _packed(model, _level(chance[fold != k], is_pen[fold != k]), {**record, "left_out": k})
        for k, model in parts.items()
    }
    taken = np.zeros(len(known), dtype=np.bool_)
    for k, data in by_fold.items():
        model = unpack_pens(data)
        taken[fold == k] = model.chance(features[fold == k]) >= model.level
    figures = {
        "inks": len(known),
        "pens": int(is_pen.sum()),
        "left_out_found": int((is_pen & taken).sum()),
        "left_out_wrong": int((~is_pen & taken).sum()),
    }
    whole = _packed(_fit(features, is_pen), _level(chance, is_pen), {**record, **figures})
    return whole, by_fold


def _fit(features: F64, is_pen: Bool) -> PenModel:
    terms = ink_terms(features)
    mean, spread = terms.mean(axis=0), terms.std(axis=0)
    spread = np.where(spread < _LEAST_SPREAD, 1.0, spread)
    scaled = np.column_stack([(terms - mean) / spread, np.ones(len(terms))])

    def cost(weight: F64) -> tuple[float, F64]:
        odds = scaled @ weight
        chance = 1.0 / (1.0 + np.exp(-odds))
        held = np.append(weight[:-1], 0.0)
        value = np.logaddexp(0.0, odds).sum() - odds[is_pen].sum() + 0.5 * _HELD * held @ held
        return float(value), scaled.T @ (chance - is_pen) + _HELD * held

    best = minimize(cost, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    return PenModel(mean, spread, best[:-1], float(best[-1]), 0.5)


def _level(chance: F64, is_pen: Bool) -> float:
    """The least chance from which on enough are pens."""
    order = np.argsort(-chance)
    right = np.cumsum(is_pen[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= _RIGHT)
    return float(chance[order][enough[-1]]) if len(enough) else 1.0


def _packed(model: PenModel, level: float, record: Mapping[str, Any]) -> bytes:
    values = {
        "record": dict(record),
        "level": round(level, 6),
        "bias": round(model.bias, 6),
        **{
            name: [round(float(v), 6) for v in getattr(model, name)]
            for name in ("mean", "spread", "weight")
        },
    }
    data = (json.dumps(values, indent=1) + "\n").encode()
    unpack_pens(data)
    return data
