"""Files that ship for the browser, and data that a script element may hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.dashboard.shipped import libraries, script_json, templates

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@given(VALUES)
def test_data_come_back_from_a_script_and_cannot_end_it(value: object) -> None:
    text = script_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\n\r\u2028\u2029")
    assert text.isascii()


def test_a_closing_tag_in_a_name_is_harmless() -> None:
    assert script_json({"well": "</script><!--"}) == ('{"well":"\\u003c/script\\u003e\\u003c!--"}')


def test_a_number_that_no_script_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        script_json(float("nan"))


def test_templates_and_libraries_are_in_the_package() -> None:
    assert (templates() / "theme.css").is_file()
    assert (libraries() / "openseadragon.min.js").is_file()
