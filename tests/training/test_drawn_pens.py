"""The model that tells pens from other ink learns it from inks whose nature is known."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from veernet_core.page.scales.drawn_inks import INK_FEATURES, DrawnInk, unpack_pens
from veernet_core.training.drawn_pens import KnownInk, TruePen, fit_pens, known_inks


def an_ink(colour: str, **values: float) -> DrawnInk:
    own = dict.fromkeys(INK_FEATURES, 0.0) | {"runs": 1.0, "width_in": 0.02} | values
    return DrawnInk(colour, own["presence"], np.array([own[name] for name in INK_FEATURES]))


def known(count: int = 120) -> list[KnownInk]:
    rng = np.random.default_rng(3)
    return [
        KnownInk(
            an_ink("#ff0000", presence=rng.uniform(0.6, 1.0), fringe=rng.uniform(0.0, 0.3))
            if k % 2
            else an_ink("#ff0000", presence=rng.uniform(0.0, 0.4), fringe=rng.uniform(0.7, 1.0)),
            bool(k % 2),
            f"well {k % 10}",
        )
        for k in range(count)
    ]


def test_pens_of_wells_left_out_are_found() -> None:
    inks = known()
    folds = {f"well {k}": k % 5 for k in range(10)}
    whole, by_fold = fit_pens(inks, folds, {"note": "test"})
    record = json.loads(whole)["record"]
    assert (record["note"], record["inks"], record["pens"]) == ("test", 120, 60)
    assert record["left_out_found"] == 60
    assert record["left_out_wrong"] <= 7
    assert set(by_fold) == set(range(5))
    model = unpack_pens(whole)
    chances = model.chance(np.array([k.ink.features for k in inks]))
    assert chances[1::2].min() > chances[0::2].max()


def test_a_fold_does_not_depend_on_its_own_wells() -> None:
    inks = known()
    folds = {f"well {k}": k % 5 for k in range(10)}
    other = [KnownInk(k.ink, not k.is_pen, k.well) if folds[k.well] == 2 else k for k in inks]
    one, two = (json.loads(fit_pens(of, folds, {})[1][2]) for of in (inks, other))
    assert one["weight"] == two["weight"]


@pytest.mark.parametrize(
    ("colour", "pens", "expected"),
    [
        ("#f01010", [TruePen("red", True)], [True]),
        ("#f01010", [TruePen("dark red", True)], [True]),
        ("#f01010", [TruePen("blue", True)], [False]),
        ("#f01010", [], [False]),
        ("#f01010", [TruePen("red", False)], []),
        ("#000000", [TruePen("black", True)], [True]),
        ("#000000", [TruePen(None, True)], []),
        ("#6b5010", [TruePen("olive green", True)], [True]),
    ],
)
def test_the_truth_tells_which_inks_are_pens(
    colour: str, pens: list[TruePen], expected: list[bool]
) -> None:
    found = known_inks([an_ink(colour)], pens, "well")
    assert [k.is_pen for k in found] == expected


def test_the_shipped_model_says_how_it_was_fitted() -> None:
    folder = files("veernet_core.page.scales") / "weights"
    record = json.loads((folder / "drawn_pens.json").read_text("utf-8"))["record"]
    assert record["command"] == "veernet fit-pens"
    assert record["pages"]
