"""The depth axis of a section: a person's is used or refused, one that was read is used or dropped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sidecar_support import page

from veernet_core.datatypes import DepthAxis, Finding
from veernet_core.errors import GeometryError
from veernet_core.page.known.depths import given_axis, read_axis, sure_unit
from veernet_core.page.known.sidecar import SidecarSection
from veernet_core.page.known.sidecar.model import SidecarDepth
from veernet_core.page.known.tracks import PageCheck
from veernet_core.page.results import DepthFound

ANCHORS = ((100.0, 7000.0), (2100.0, 7100.0))
AXIS = DepthAxis("ft", np.array(ANCHORS), 0.2, "header")


def section(depth: SidecarDepth | None) -> SidecarSection:
    return SidecarSection("main", None, None, depth, None, ())


def check() -> PageCheck:
    return PageCheck(page(3000, 2000), [])


def depth(**changes: object) -> SidecarDepth:
    return replace(SidecarDepth("ft", ANCHORS, None, None), **changes)


def found(**changes: object) -> DepthFound:
    return replace(DepthFound(AXIS, "ft", "printed", (), 0.2, 1.0, 0.9), **changes)


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def test_given_anchors_make_the_axis_through_them() -> None:
    axis = given_axis(section(depth(residual=0.5)), None, "w", check())
    assert axis is not None
    assert (axis.unit, axis.residual, axis.source) == ("ft", 0.5, "sidecar")
    np.testing.assert_allclose(axis.depth_at(np.array([100.0, 1100.0])), [7000, 7050])


def test_the_unit_given_with_the_anchors_comes_before_that_of_the_run() -> None:
    for given, run, expected in (("ft", "m", "ft"), (None, "m", "m")):
        axis = given_axis(section(depth(unit=given)), run, "w", check())  # type: ignore[arg-type]
        assert axis is not None
        assert axis.unit == expected


def test_without_anchors_or_without_a_unit_there_is_no_axis() -> None:
    for given in (None, depth(anchors=()), depth(unit=None)):
        assert given_axis(section(given), None, "w", check()) is None


def test_anchors_off_the_page_or_out_of_order_are_a_persons_error() -> None:
    for anchors in (((100.0, 7000.0), (9000.0, 7100.0)), ANCHORS[::-1]):
        with pytest.raises(GeometryError, match=r"."):
            given_axis(section(depth(anchors=anchors)), None, "w", check())
    with pytest.raises(GeometryError) as raised:
        given_axis(section(depth(anchors=(ANCHORS[0], (2100.0, 6000.0)))), None, "w", check())
    assert raised.value.where == "w.depth.anchors"


def test_anchors_that_were_read_and_do_not_increase_are_dropped_with_a_finding() -> None:
    where = check()
    read = depth(anchors=(ANCHORS[0], (2100.0, 6000.0)), source="header")
    assert given_axis(section(read), None, "w", where) is None
    assert codes(where.findings) == ["reading_dropped"]


@pytest.mark.parametrize(
    ("changes", "unit", "expected"),
    [
        ({}, None, ("ft", "header")),
        ({"confidence": 0.1}, None, ("ft", "guess")),
        ({"unit_source": "guess"}, None, ("ft", "guess")),
        ({"unit_source": "guess"}, "m", ("m", "header")),
        ({"confidence": 0.1}, "m", ("m", "guess")),
    ],
)
def test_an_axis_that_was_read_counts_as_read_only_where_it_and_its_unit_are_sure(
    changes: dict[str, object], unit: str | None, expected: tuple[str, str]
) -> None:
    axis = read_axis(found(**changes), unit, 0.5)  # type: ignore[arg-type]
    assert axis is not None
    assert (axis.unit, axis.source) == expected
    np.testing.assert_array_equal(axis.anchors, AXIS.anchors)


def test_a_guessed_unit_is_no_sure_one() -> None:
    assert sure_unit(found(unit="m")) == "m"
    assert sure_unit(found(unit_source="guess")) is None
    assert sure_unit(found(unit_source=None)) is None
    assert sure_unit(None) is None
    assert read_axis(found(axis=None), "ft", 0.5) is None
