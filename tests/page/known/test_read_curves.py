"""What a printed scale leaves open and a curve needs: how often it may wrap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from veernet_core.page.known.curves import read_curves
from veernet_core.page.results import CurveFound, Stated


def read(name: str, left: float, right: float, unit: str) -> CurveFound:
    name_, unit_, left_, right_ = (Stated(v, "header", 0.97) for v in (name, unit, left, right))
    return CurveFound("main", 0, name_, unit_, left_, right_, "linear", "solid")


@pytest.mark.parametrize(
    ("curve", "wrap"),
    [
        (read("GR", 0, 150, "GAPI"), "one"),
        (read("CALI", 6, 16, "IN"), "one"),
        (read("NPHI", 0.45, -0.15, "V/V"), "one"),
        (read("RHOB", 1.95, 2.95, "G/C3"), "one"),
        (read("ROP", 0, 100, "F/HR"), "none"),
        (replace(read("GR", 0, 150, "GAPI"), wrap="all"), "all"),
        (replace(read("GR", 0, 150, "GAPI"), backups=((0.0, 300.0),)), "none"),
        (replace(read("GR", 0, 150, "GAPI"), part=(0.0, 0.5)), "none"),
        (replace(read("RHOB", 1.95, 2.95, "G/C3"), scale="log"), "none"),
    ],
)
def test_a_curve_may_wrap_as_its_kind_does_unless_the_page_says_otherwise(
    curve: CurveFound, wrap: str
) -> None:
    assert read_curves([curve], 0.9)[0].wrap == wrap
