"""What values tell of names is fitted on wells, and measured on wells that were left out."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.domain.usual_values import evidence_from_json, usual_values, value_evidence
from veernet_core.training.usual_values import Well, count_values, evidence_to_json, fit_values


def wells(count: int, caliper_in: float) -> list[Well]:
    """Wells of 900 ft: a gamma ray about 80 and a hole of so many inches."""
    rng = np.random.default_rng(3)
    rows = np.arange(9000) / 300
    return [
        {
            "gamma": 80 + rng.normal(0, 8) + 30 * np.sin(rows + rng.uniform(0, 6)),
            "caliper": caliper_in + rng.normal(0, 0.3) + 0.3 * np.sin(rows + rng.uniform(0, 6)),
        }
        for _ in range(count)
    ]


def test_wells_that_were_left_out_are_named_rightly() -> None:
    values, named = fit_values(wells(20, 8.5), seed=1)
    assert named.right == 1.0
    assert named.named > 0.9
    evidence = evidence_from_json(values)
    kind = usual_values("CALI", "IN", evidence)
    assert kind is not None
    assert (
        kind.density(kind.at(np.array([8.5]), "IN"))[0]
        > 10 * kind.density(kind.at(np.array([14.0]), "IN"))[0]
    )
    assert evidence_to_json(evidence)["most"] == values["most"]


def test_values_that_say_nothing_are_given_no_weight() -> None:
    """Half of the wells have the hole where the others have their gamma ray, on the commonest scales."""
    odd = [
        {"gamma": 150 * (w["caliper"] - 6) / 10, "caliper": 6 + w["gamma"] / 15}
        for w in wells(10, 8.5)
    ]
    mixed = [w for pair in zip(wells(10, 8.5), odd) for w in pair]
    values, named = fit_values(mixed, seed=1)
    assert named.named < 0.5
    assert values["slope"] < 3


def test_every_well_counts_as_much_however_long_it_is() -> None:
    short, long = wells(2, 8.5)
    long = {"caliper": np.full(90_000, 12.0)}
    short = {"caliper": np.full(900, 8.0)}
    (kind,) = (k for k in count_values([short, long]) if "CALI" in k.mnemonics)
    eight, twelve = kind.density(kind.at(np.array([8.0, 12.0]), "IN"))
    assert eight == pytest.approx(twelve, rel=0.05)


def test_what_is_shipped_knows_the_kinds_of_public_logs() -> None:
    kinds = value_evidence().kinds
    assert {k.mnemonics[0] for k in kinds} >= {"GR", "SP", "CALI", "RHOB", "NPHI", "DT", "ILD"}
    for kind in kinds:
        assert kind.shares.sum() == pytest.approx(1.0)
        assert (kind.shares > 0).all()
