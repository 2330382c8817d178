"""A scale printed once for C1 to C4 is the scale of four curves."""

from __future__ import annotations

import numpy as np

from veernet_core.page.results import CurveFound, Reading
from veernet_core.page.scales.candidates import BlockText, Frame
from veernet_core.page.scales.ink import ScaleInk
from veernet_core.page.scales.scorer import DOUBTFUL
from veernet_core.page.scales.series import names_of_series, with_series
from veernet_core.page.scales.tokens import Token


def token(text: str, y: float, tint: str) -> Token:
    return Token(text, 0.99, 300.0, 330.0, y, 14.0, y, 0, tint=tint)


def block(*tokens: Token) -> BlockText:
    ink = ScaleInk(np.zeros((400, 600), dtype=np.uint8), 0, 0.0, 200.0, 390)
    return BlockText(tokens, (), ink, (Frame(200.0, 500.0, (1, 1)),))


def curve(printed: str) -> CurveFound:
    def value(v: object) -> Reading:  # type: ignore[type-arg]
        return Reading(v, "header", 0.97, 350.0, 210.0)

    return CurveFound(
        "main", 1, value("C1_C4"), value("PPM"), value(0.0), value(100000.0), "linear", "solid",
        printed=printed,
    )  # fmt: skip


def test_names_of_a_series() -> None:
    assert names_of_series("C1 - C5 (ppm)") == ("C1", "C2", "C3", "C4", "C5")
    assert names_of_series("TG, C1 to C3") == ("C1", "C2", "C3")
    assert names_of_series("C4-C1") == names_of_series("12-14") == names_of_series("A1-B4") == ()


def test_each_curve_of_a_series_has_the_scale_and_its_own_colour() -> None:
    legend = [token(f"C{k}", 100.0 + 20 * k, f"#0000{k}0") for k in (1, 2, 3)]
    gr, *series = with_series([curve("GR"), curve("C1-C3 (PPM)")], block(*legend))
    assert gr == curve("GR")
    assert [c.mnemonic.value for c in series] == ["C1", "C2", "C3"]
    assert [c.colour for c in series] == ["#000010", "#000020", "#000030"]
    assert {(c.left.value, c.right.value) for c in series} == {(0.0, 100000.0)}
    assert {c.left.confidence for c in series} == {0.97}
    assert {c.printed for c in series} == {"C1-C3 (PPM)"}


def test_a_series_that_the_legend_does_not_name_is_not_sure() -> None:
    legend = [token(f"C{k}", 100.0 + 20 * k, "#000010") for k in (1, 2)]
    series = with_series([curve("C1-C3 (PPM)")], block(*legend))
    assert len(series) == 3
    assert (
        {c.left.confidence for c in series} == {c.mnemonic.confidence for c in series} == {DOUBTFUL}
    )
