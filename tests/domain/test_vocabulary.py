"""What print names curves and units."""

from __future__ import annotations

import pytest

from veernet_core.domain.curve_kinds import curve_kinds, unit_texts
from veernet_core.domain.vocabulary import find_curve, find_misread, find_unit


@pytest.mark.parametrize(
    ("text", "mnemonic"),
    [
        ("GAMMA RAY", "GR"),
        ("GAMMA RAY A.P.I. UNITS", "GR"),
        ("GAMMA RAY [gr]", "GR"),
        ("CAMMA RAY", "GR"),
        ("S.P.", "SP"),
        ("SPONTANEOUS-POTENTIAL", "SP"),
        ("CALIPER DIA. INCHES", "CALI"),
        ("BULK DENSITY", "RHOB"),
        ("DENSITY POROSITY INDEX %", "DPHI"),
        ("INTERVAL TRANSIT TIME", "DT"),
        ('16" NORMAL', "SN"),
        ("AMP. NORMAL", "AMPN"),
        ('AMPLIFIED 16" NORMAL', "AMPN"),
        ("LATEROLOG", "LL"),
        ("MICROLATEROLOG", "MLL"),
        ("VARIABLE DENSITY", "VDL"),
        ("SPMV", "SP"),
        ("G A M M A  R A Y", "GR"),
        ("GAMMARAY API UNITS", "GR"),
        ("Gamma API (TVD) Track: 1", "GR"),
        ("ROP (TVD) Track:", "ROP"),
        ("ROP Track1", "ROP"),
        ("SP MV 1", "SP"),
        ("0 ROP (ft/hr)", "ROP"),
        ("Gamma Ray (ECGR) HGNS-H", "GR"),
        ("SP, Armor Return Compensated (SPAR) AIT-M", "SP"),
        ("Array Induction Two Foot Resistivity A60 (AT60)", "AT60"),
        ("DENSITY (NPHI)", "RHOB"),
        ("GRAIN DENSITY 2.71 GM/CC", None),
        ("GAMMA RAY ZERO 3 DIV. TO LEFT", None),
        ("ALL INTERPRETATIONS ARE OPINIONS BASED ON INFERENCES FROM GAMMA RAY LOGS", None),
        ("GammaRay [GAPI]", "GR"),
        ("OLDESTNeutronPorosity [V/V]", "NPHI"),
        ("GRID", None),
        ("", None),
    ],
)
def test_names_as_printed(text: str, mnemonic: str | None) -> None:
    found = find_curve(text)
    assert (found.kind.mnemonic if found else None) == mnemonic


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("API UNITS", "GAPI"),
        ("HOLE DIAM. IN INCHES", "IN"),
        ("GRAMS/CC.", "G/C3"),
        ("MICROSECONDS PER FOOT", "US/F"),
        ("-ohms. m²/m", "OHMM"),
        ("OHMS — M² M", "OHMM"),
        ("MICROGRAMS RA-EQ/TON", "UGR/T"),
        ("μR/HR", "UR/HR"),
        ("(gAPI)", "GAPI"),
        ("POROSITY %", "PU"),
        ("SPMV", "MV"),
        ("NPHI VN", "V/V"),  # as V/V is read
        ("mS/m", "MMHO/M"),
        ("API NOM ID (in)", "IN"),  # the unit in brackets, not one that the name holds
        ("Gamma API (TVD)", "GAPI"),
        ("Ibf", "LB"),
        ("WITNESSED BY", None),
    ],
)
def test_units_as_printed(text: str, unit: str | None) -> None:
    assert find_unit(text) == unit


def test_the_vocabulary_agrees_with_itself() -> None:
    for kind in curve_kinds():
        assert set(kind.units) <= set(unit_texts()), kind.mnemonic
        assert len(set(kind.names)) == len(kind.names)
        for unit, left, right in kind.ranges:
            assert unit in kind.units, kind.mnemonic
            assert kind.is_possible(left, right), (kind.mnemonic, left, right)
            assert kind.is_usual(left, right, unit)
        for name in kind.names:
            found = find_curve(name)
            assert found is not None, name
            assert found.kind is kind, name


def test_a_curve_knows_what_it_can_measure_by_its_unit_or_its_usual_scale() -> None:
    named = find_curve("DENSITY POROSITY")
    assert named is not None
    assert named.kind.possible(45, -15, "PU") == (-25, 100)
    assert named.kind.possible(0.45, -0.15, None) == (-0.25, 1.0)
    assert named.kind.possible(7, 3, None) is None


def test_a_letter_of_a_name_that_was_misread_does_not_hide_the_curve() -> None:
    named = find_misread("CAMMA RAY |gr]")
    assert named is not None
    assert (named.kind.mnemonic, named.is_exact) == ("GR", False)
    assert find_misread("DOGLEG") is None


@pytest.mark.parametrize(
    ("text", "mnemonic"),
    [
        ("10in Resistivity 2ft Res", "AT10"),
        ("90 in Resistivity 2 ft Res", "AT90"),
        ("20IN RES", "AT20"),
        ("RESISTIVITY", "RES"),
        ("90in Conductivity 2ft Res", "COND"),
    ],
)
def test_resistivities_of_an_array_are_told_by_how_deep_they_read(text: str, mnemonic: str) -> None:
    named = find_curve(text)
    assert named is not None
    assert named.kind.mnemonic == mnemonic
