"""Values of a sidecar: every complaint names the file, the field and what stands there."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from veernet_core.datatypes import Dpi
from veernet_core.errors import SidecarError
from veernet_core.page.known.sidecar.nodes import Node, items, optional


def node(value: Any) -> Node:
    return Node(value, "", "w.sidecar.json")


def test_a_complaint_names_the_place_of_a_value_deep_inside() -> None:
    inner = node({"tracks": [{"left": "x"}]}).at("tracks").at(0).at("left")
    with pytest.raises(SidecarError, match='must be a number, got "x"') as raised:
        inner.number()
    assert raised.value.where == "w.sidecar.json: tracks[0].left"


def test_a_long_value_is_cut_in_a_complaint() -> None:
    with pytest.raises(SidecarError) as raised:
        node("y" * 500).number()
    assert raised.value.message.endswith("y...")
    assert len(raised.value.message) < 120


def test_unknown_keys_are_named_with_the_nearest_known_one_and_null_is_left_out() -> None:
    fields = node({"unit": None, "top": 3}).fields("unit", "top")
    assert list(fields) == ["top"]
    with pytest.raises(SidecarError, match="unknown key 'topp'") as raised:
        node({"topp": 3}).fields("unit", "top")
    assert "Did you mean 'top'?" in (raised.value.remedy or "")
    with pytest.raises(SidecarError) as raised:
        node({"zzz": 3}).fields("unit", "top")
    assert "Known: unit, top." in (raised.value.remedy or "")


@pytest.mark.parametrize("value", [True, "3", None, [3], float("nan"), float("inf"), 1e15, -1e15])
def test_what_is_no_usable_number_is_refused(value: Any) -> None:
    with pytest.raises(SidecarError):
        node(value).number()


@pytest.mark.parametrize("value", [0, -3, 2.5, 9.9e14])
def test_numbers_are_read_as_they_are(value: float) -> None:
    assert node(value).number() == value
    assert isinstance(node(value).number(), float)


@pytest.mark.parametrize(
    ("read", "good", "expected", "bad"),
    [
        ("text", "  GR ", "GR", [3, None, ["GR"]]),
        ("truth", True, True, [1, 0, "true", None]),
        ("turn", 270, 270, [45, True, False, "90", -90, 360]),
        ("pair", [1, 2.5], (1.0, 2.5), [[1], [1, 2, 3], 1, ["1", 2]]),
        ("items", [], [], [{}, "ab", 3]),
        ("resolution", 200, Dpi(200.0, 200.0), [49, 801, [200], [200, 40], "200"]),
        ("resolution", [98, 204], Dpi(98.0, 204.0), [[98, 204, 3], None]),
    ],
)
def test_each_kind_of_value_is_read_and_others_are_refused(
    read: str, good: Any, expected: Any, bad: list[Any]
) -> None:
    assert getattr(node(good), read)() == expected
    for value in bad:
        with pytest.raises(SidecarError):
            getattr(node(value), read)()


def test_a_choice_is_one_of_its_words() -> None:
    kind = Literal["ft", "m"]
    assert node("m").choice(kind) == "m"
    with pytest.raises(SidecarError, match="one of ft, m"):
        node("feet").choice(kind)


def test_what_is_left_out_is_its_default_and_no_items() -> None:
    assert optional(None, Node.number, 7.0) == 7.0
    assert optional(node(3), Node.number, 7.0) == 3.0
    assert items(None) == []
    assert [item.path for item in items(node([5, 6]))] == ["[0]", "[1]"]
