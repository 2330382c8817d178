"""Configuration: options written once, and hashes that say what a person chose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from veernet_core.config import (
    OPTION_DEFAULTS,
    OPTIONS,
    DigitiseConfig,
    GatePolicy,
    configured,
)


def test_options_go_into_a_configuration_and_come_out_again() -> None:
    chosen = {"min_r2": 0.9, "require_printed_scales": True, "step": 0.25, "depth_unit": "m"}
    config = configured(chosen | {"no_option": 1})
    assert (config.gate.min_r2, config.step, config.depth_unit) == (0.9, 0.25, "m")
    assert config.options() == chosen
    assert configured(config.options()) == config
    assert configured({}) == configured(OPTION_DEFAULTS) == DigitiseConfig()


@pytest.mark.parametrize(
    ("name", "value"),
    [("min_r2", 1.5), ("step", 0.0), ("depth_unit", "fathom"), ("max_depth_residual_ft", -1.0)],
)
def test_options_out_of_range_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"--{name.replace('_', '-')}"):
        configured({name: value})
    assert OPTIONS[name].help


def test_the_hash_tells_what_a_person_chose_and_nothing_else() -> None:
    usual = DigitiseConfig()
    assert usual.changes() == {}
    held = replace(usual, gate=replace(usual.gate, hold="canary_failed"))
    hashes = {
        c.hash() for c in (usual, configured({"min_r2": 0.9}), held, DigitiseConfig(step=1.0))
    }
    assert len(hashes) == 4
    assert replace(usual, gate=GatePolicy(min_r2=0.85)).hash() == usual.hash()


def test_the_hash_of_0_1_0_is_what_that_version_wrote() -> None:
    # made with version 0.1.0
    assert DigitiseConfig().hash_of_0_1() == "ed63e821b2aa"
    held = configured({"step": 0.25, "min_r2": 0.9})
    held = replace(held, gate=replace(held.gate, hold="canary_failed"))
    assert held.hash_of_0_1() == "6111985256f7"
