"""What a printed scale leaves open and a curve needs: how often it may wrap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from veernet_core.page.known.curves import filled, read_curves
from veernet_core.page.known.names import distinct_names
from veernet_core.page.known.sidecar import SidecarCurve
from veernet_core.page.results import CurveFound, Reading


def read(name: str, left: float, right: float, unit: str) -> CurveFound:
    name_, unit_, left_, right_ = (Reading(v, "header", 0.97) for v in (name, unit, left, right))
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


RES = replace(read("RES", 0.2, 2000, "OHMM"), scale="log")


def pens(*styles: str | None) -> list[CurveFound]:
    return [replace(RES, style=style) for style in styles]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        (pens("solid", "dotted", "dashed"), ["solid", "dotted", "dashed"]),
        (pens("solid", "dashed", "solid", "dashed"), ["solid", "dashed"]),
        (pens("solid", "solid"), ["solid"]),
        (pens("solid", None), ["solid"]),
    ],
)
def test_one_name_and_scale_with_several_pens_is_several_curves(
    printed: list[CurveFound], kept: list[str]
) -> None:
    curves = read_curves(printed, 0.9)
    assert [curve.style for curve in curves] == kept
    assert {curve.source for curve in curves} == ({"guess"} if len(kept) > 1 else {"header"})
    names = [curve.mnemonic for curve in distinct_names(curves)]
    assert names == ["RES", "RES_2", "RES_3"][: len(kept)]


def test_colours_and_units_tell_curves_of_one_name_apart() -> None:
    red, blue = replace(RES, colour="#c00000"), replace(RES, colour="#0000c0")
    assert [c.colour for c in read_curves([red, blue, red], 0.9)] == ["#c00000", "#0000c0"]
    other = replace(RES, unit=Reading("MMHO", "header", 0.97))
    assert [c.unit for c in read_curves([RES, other, replace(RES, unit=None)], 0.9)] == [
        "OHMM", "MMHO"
    ]  # fmt: skip


def test_curves_of_one_mnemonic_are_sure_only_where_words_and_pens_tell_them_apart() -> None:
    gr = replace(read("GR", 0, 100, "GAPI"), printed="GR (API)", colour="#ff0000")
    tool = replace(gr, printed="GR (from tool)", colour="#0000ff")
    assert [c.source for c in read_curves([gr, tool], 0.9)] == ["header", "header"]
    dark = replace(
        tool, colour="#ad0000"
    )  # the nearer colour takes the ink, and the scale is the same
    assert [c.source for c in read_curves([gr, dark], 0.9)] == ["header", "header"]
    wider = replace(dark, right=Reading(200.0, "header", 0.97))
    assert [c.source for c in read_curves([gr, wider], 0.9)] == ["guess", "guess"]
    faded = replace(tool, colour="#f00000")  # one pen, printed twice
    assert [c.source for c in read_curves([gr, faded], 0.9)] == ["guess", "guess"]
    again = replace(tool, printed="GR (API)", colour="#ad0000")
    assert [c.source for c in read_curves([gr, again], 0.9)] == ["guess", "guess"]
    same_pen = replace(tool, colour=gr.colour, right=Reading(200.0, "header", 0.97))
    assert [c.source for c in read_curves([gr, same_pen], 0.9)] == ["guess", "guess"]


def test_given_names_without_scales_take_each_read_curve_of_that_name_once() -> None:
    deep = replace(RES, left=Reading(2.0, "header", 0.97), style="dashed")
    given = SidecarCurve("RES", "", None, None, "linear", "solid", "none", None, ())
    ends = [filled(given, [RES, deep], 0.9, number).left for number in range(3)]
    assert ends == [0.2, 2.0, 2.0]
