"""Curves of one name: backup scales stay one measurement, anything else is told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from veernet_core.datatypes import CurveSpec, Raster, Source
from veernet_core.page.known.names import distinct_names
from veernet_core.page.known.sections import given_sections
from veernet_core.page.known.sidecar import parse_sidecar


def spec(
    name: str, left: float, right: float, unit: str = "OHMM", scale: str = "linear"
) -> CurveSpec:
    return CurveSpec(name, unit, left, right, scale)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([("RES", 0, 10), ("RES", 0, 100), ("RES", 0, 1000)], ["RES", "RES", "RES"]),
        ([("RES", 1, 10), ("RES", 1, 10), ("RES", 1, 10)], ["RES", "RES_2", "RES_3"]),
        ([("RES", 1, 10), ("RES", 10, 1)], ["RES", "RES_2"]),
        (
            [("RES", 0, 10), ("RES", 0, 10), ("RES", 0, 100), ("RES", 0, 100)],
            ["RES", "RES_2", "RES", "RES_2"],
        ),
        ([("R", 0, 1), ("R_2", 0, 1), ("R", 0, 1)], ["R", "R_2", "R_3"]),
        ([("GR", 0, 150), ("CALI", 6, 16)], ["GR", "CALI"]),
    ],
)  # fmt: skip
def test_names(given: list[tuple[str, float, float]], names: list[str]) -> None:
    assert [curve.mnemonic for curve in distinct_names([spec(*item) for item in given])] == names


def test_another_unit_is_another_measurement() -> None:
    curves = [spec("X", 0, 10, "OHMM"), spec("X", 0, 100, "MMHO"), spec("X", 0, 50, "ohmm")]
    assert [c.mnemonic for c in distinct_names(curves)] == ["X", "X_2", "X"]


@pytest.mark.parametrize(
    ("colours", "source", "names"),
    [
        (("#000000", "#0000ff"), "guess", ["C1", "C1_2"]),
        (("#0000ff", "#00008f"), "header", ["C1", "C1"]),
        (("#0000ff", None), "header", ["C1", "C1"]),
        (("#000000", "#0000ff"), "sidecar", ["C1", "C1"]),
    ],
)
def test_scales_read_in_pens_of_two_hues_are_no_backups(
    colours: tuple[str | None, str | None], source: Source, names: list[str]
) -> None:
    curves = [
        replace(spec("C1", 0, right, "PPM"), colour=colour, source=source)
        for right, colour in zip((10_000, 100_000), colours, strict=True)
    ]
    assert [c.mnemonic for c in distinct_names(curves)] == names


def sidecar(*curves: str) -> bytes:
    return f"""{{"sections": [{{"row_top": 0, "row_bottom": 900,
        "depth": {{"unit": "ft", "anchors": [[10, 100], [800, 200]]}},
        "tracks": [{{"track_id": "T1", "left_px": 100, "right_px": 500,
                     "curves": [{", ".join(curves)}]}}]}}]}}""".encode()


RES = '{{"mnemonic": "RES", "unit": "OHMM", "left": 0.2, "right": {}, "style": "{}"}}'


def test_three_pens_of_one_name_and_scale_are_three_curves_and_a_finding() -> None:
    data = sidecar(*(RES.format(2000, style) for style in ("solid", "dotted", "dashed")))
    page = Raster(1000, 600, False, None, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore
    sections, findings = given_sections(parse_sidecar(data, "x.sidecar.json"), page)
    curves = sections[0].tracks[0].curves
    assert [(c.mnemonic, c.style) for c in curves] == [
        ("RES", "solid"), ("RES_2", "dotted"), ("RES_3", "dashed")
    ]  # fmt: skip
    assert [(f.code, f.mnemonic) for f in findings] == [("names_numbered", "RES")]
    assert "RES, RES_2, RES_3" in findings[0].message


def test_backup_scales_stay_one_name_without_a_finding() -> None:
    data = sidecar(RES.format(20, "solid"), RES.format(200, "dashed"))
    page = Raster(1000, 600, False, None, lambda *_: None, lambda *_: None, lambda: ())  # type: ignore
    sections, findings = given_sections(parse_sidecar(data, "x.sidecar.json"), page)
    assert [c.mnemonic for c in sections[0].tracks[0].curves] == ["RES", "RES"]
    assert findings == ()
