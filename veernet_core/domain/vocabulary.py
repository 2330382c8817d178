"""Closed vocabulary of curves and units: what scale blocks of paper logs say, and what is usual.

In: text as printed. Out: the curve or unit it names, and the ranges, spacing, pen and off-scale mode that
are usual for it. Serves to check what is read; nothing here is ever a reading by itself.
Does not belong here: where text stands on a page, and what a missing scale might have been.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from veernet_core.datatypes import Scale, Style, Wrap

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CurveKind:
    """A curve of the vocabulary.

    Attributes
    ----------
    mnemonic : str
    names : tuple of str
        As printed, upper case, without full stops; hyphens are blanks.
    units : tuple of str
        Usual units, the commonest first.
    ranges : tuple of (unit, left, right)
        Usual values at the left and right edge of the track, by unit, the commonest first.
    bounds : (low, high)
        Outside them a scale end is impossible.
    scales : tuple
        Usual spacing of the grid.
    style, wrap
        Usual pen and off-scale mode.
    is_group : bool
        A heading such as RESISTIVITY: it gives the unit, the curve needs a name of its own.
    is_partial : bool
        Its scale is printed over a part of the track only, often above the name.
    """

    mnemonic: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    ranges: tuple[tuple[str, float, float], ...]
    bounds: Range
    scales: tuple[Scale, ...] = ("linear",)
    style: Style = "solid"
    wrap: Wrap = "none"
    is_group: bool = False
    is_partial: bool = False

    def is_usual(self, left: float, right: float, unit: str) -> bool:
        """Whether a scale is one of the usual ones in a unit."""
        return any(u == unit and _same(left, a) and _same(right, b) for u, a, b in self.ranges)

    def is_ambiguous(self, left: float, right: float, unit: str) -> bool:
        """Whether a zero lost or gained in reading would give another usual scale."""
        others = ((left, right * f) for f in (0.1, 10.0))
        both = ((left * f, right * f) for f in (0.1, 10.0))
        return any(
            self.is_usual(a, b, unit) for a, b in (*others, *both) if (a, b) != (left, right)
        )

    def is_possible(self, left: float, right: float) -> bool:
        """Whether both ends lie within the bounds."""
        low, high = self.bounds
        return all(low <= value <= high for value in (left, right))


def _same(a: float, b: float) -> bool:
    return abs(a - b) <= 1e-6 * max(1.0, abs(a), abs(b))


def _in(unit: str, *ranges: Range) -> tuple[tuple[str, float, float], ...]:
    return tuple((unit, left, right) for left, right in ranges)


def _zero_to(*ends: float) -> tuple[Range, ...]:
    return tuple((0.0, end) for end in ends)


_RES_LOG: tuple[Range, ...] = (
    (0.2, 2000),
    (0.2, 200),
    (0.2, 20),
    (2, 2000),
    (1, 1000),
    (1, 100),
    (2, 200),
)
_RES_LINEAR = _zero_to(2, 3, 4, 5, 10, 20, 25, 40, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000)
_RES = _in("OHMM", *_RES_LOG, *_RES_LINEAR)
_CALIPER = _in("IN", (6, 16), (5, 15), (4, 14), (8, 18), (6, 26), (10, 20), (16, 6))
_POROSITY = (
    *_in("PU", (45, -15), (30, -10), (30, 0), (40, 0), (60, 0), (30, -15), (50, -10)),
    *_in("V/V", (0.45, -0.15), (0.3, -0.1), (0.6, 0.0), (0.3, 0.0), (0.4, 0.0)),
)
_POROUS = (-50.0, 100.0)
_OHMS = (0.0, 1e6)
_TIMES = _in(
    "US/F",
    (140, 40),
    (100, 40),
    (160, 100),
    (150, 50),
    (90, 40),
    (240, 40),
    (240, 140),
    (200, 100),
    (130, 30),
    (500, 100),
)


def _resistivity(
    mnemonic: str, names: Iterable[str], style: Style = "solid", log: bool = True
) -> CurveKind:
    scales: tuple[Scale, ...] = ("log", "linear") if log else ("linear", "log")
    return CurveKind(mnemonic, tuple(names), ("OHMM",), _RES, _OHMS, scales, style)


def _porosity(
    mnemonic: str, names: Iterable[str], style: Style, is_group: bool = False
) -> CurveKind:
    return CurveKind(
        mnemonic,
        tuple(names),
        ("PU", "V/V"),
        _POROSITY,
        _POROUS,
        style=style,
        wrap="one",
        is_group=is_group,
    )


CURVES: tuple[CurveKind, ...] = (
    CurveKind(
        "GR",
        (
            "GAMMA RAY",
            "GAMMA",
            "GR",
            "GAMMA RAY CURVE",
            "NATURAL GAMMA",
            "GAMMA RAY SCALE",
            "GRC",
            "ECGR",
            "HCGR",
            "CGR",
            "SGR",
        ),
        ("GAPI", "UGR/T", "UR/HR", "CPS"),
        (
            *_in("GAPI", *_zero_to(150, 100, 120, 125, 200, 250, 300), (20, 120)),
            *_in("UGR/T", *_zero_to(10, 7, 15, 16, 20, 25)),
            *_in("UR/HR", *_zero_to(10, 12, 15, 18, 20)),
        ),
        (-50, 1000),
        wrap="one",
    ),
    CurveKind(
        "SP",
        (
            "SPONTANEOUS POTENTIAL",
            "SELF POTENTIAL",
            "SP",
            "SPAR",
            "POTENTIAL",
            "POTENTIAL MILLIVOLTS",
        ),
        ("MV",),
        _in("MV", (-80, 20), (-160, 40), (-150, 50), (-100, 0), (-120, 30), (-200, 0), (-60, 40)),
        (-1000, 1000),
    ),
    CurveKind(
        "CALI",
        (
            "CALIPER",
            "HOLE DIAMETER",
            "HOLE DIAM",
            "CALI",
            "CAL",
            "MICROCALIPER",
            "MICROLOG CALIPER",
            "BOREHOLE DIAMETER",
            "HCAL",
        ),
        ("IN",),
        _CALIPER,
        (0, 60),
        style="dashed",
        wrap="one",
    ),
    CurveKind("BS", ("BIT SIZE", "BS"), ("IN",), _CALIPER, (0, 60), style="dashed"),
    CurveKind(
        "RHOB",
        ("BULK DENSITY", "DENSITY", "RHOB", "COMPENSATED DENSITY"),
        ("G/C3",),
        _in("G/C3", (2, 3), (1, 2), (1.95, 2.95), (1.9, 2.9), (1.5, 2.5), (1.7, 2.7)),
        (0.5, 4),
        wrap="one",
    ),
    CurveKind(
        "DRHO",
        ("CORRECTION", "DENSITY CORRECTION", "DRHO", "DELTA RHO"),
        ("G/C3",),
        _in("G/C3", (-0.05, 0.95), (-0.25, 0.25), (-0.05, 0.45), (-0.5, 0.5), (-0.75, 0.25)),
        (-2, 2),
        style="dashed",
        is_partial=True,
    ),
    _porosity(
        "DPHI",
        ("DENSITY POROSITY", "DENSITY POROSITY INDEX", "DPHI", "FDC POROSITY"),
        "dashed",
    ),
    _porosity(
        "NPHI",
        (
            "NEUTRON POROSITY",
            "NEUTRON POROSITY INDEX",
            "NPHI",
            "TNPH",
            "CNL POROSITY",
            "SNP POROSITY",
            "COMPENSATED NEUTRON POROSITY",
        ),
        "dashed",
    ),
    _porosity("SPHI", ("SONIC POROSITY", "ACOUSTIC POROSITY", "SPHI"), "dotted"),
    _porosity(
        "PHI", ("POROSITY", "LIMESTONE POROSITY", "SANDSTONE POROSITY"), "dashed", is_group=True
    ),
    CurveKind(
        "PEF",
        (
            "PHOTOELECTRIC FACTOR",
            "PHOTO ELECTRIC FACTOR",
            "PHOTOELECTRIC CROSS SECTION",
            "PEF",
            "PE",
        ),
        ("B/E",),
        _in("B/E", *_zero_to(10, 20)),
        (-5, 40),
        style="dashed",
    ),
    CurveKind(
        "DT",
        (
            "INTERVAL TRANSIT TIME",
            "TRAVEL TIME",
            "INTERVAL TRAVEL TIME",
            "SONIC TRAVEL TIME",
            "DELTA T",
            "DT",
        ),
        ("US/F", "US/M"),
        _TIMES,
        (10, 2000),
        wrap="one",
    ),
    CurveKind("TT", ("TRANSIT TIME",), ("US",), _in("US", (400, 200), (400, 100)), (0, 3000)),
    _resistivity("ILD", ("DEEP INDUCTION", "DEEP INDUCTION LOG", "ILD", "RILD"), "solid"),
    _resistivity("ILM", ("MEDIUM INDUCTION", "MEDIUM INDUCTION LOG", "ILM", "RILM"), "dashed"),
    _resistivity("IL", ("INDUCTION", "INDUCTION LOG", "INDUCTION RESISTIVITY", "IES"), "dashed"),
    *(
        _resistivity(f"AT{inches}", (f"AT{inches}", f"AHT{inches}", f"AF{inches}"))
        for inches in (10, 20, 30, 60, 90)
    ),
    _resistivity("LLD", ("LATEROLOG DEEP", "DEEP LATEROLOG", "LLD"), "dashed"),
    _resistivity("LLS", ("LATEROLOG SHALLOW", "SHALLOW LATEROLOG", "LLS"), "solid"),
    _resistivity("LL8", ("LATEROLOG 8", "LATEROLOG8", "LL8"), "solid"),
    _resistivity(
        "LL3", ("LATEROLOG 3", "LATEROLOG3", "GUARD", "GUARD LOG", "LL3"), "solid", log=False
    ),
    _resistivity("LL7", ("LATEROLOG 7", "LL7"), "solid", log=False),
    _resistivity("LL", ("LATEROLOG", "LL"), "solid", log=False),
    _resistivity(
        "MLL", ("MICROLATEROLOG", "MICRO LATEROLOG", "MLL", "F O R X O", "FORXO"), "solid"
    ),
    _resistivity("SFL", ("SFL", "SFLU", "SPHERICALLY FOCUSED LOG", "SPHERICALLY FOCUSED"), "solid"),
    _resistivity("MSFL", ("MSFL", "MICRO SFL", "MICRO SPHERICALLY FOCUSED LOG"), "solid"),
    _resistivity("PROX", ("PROXIMITY", "PROXIMITY LOG", "PL"), "solid"),
    _resistivity("MINV", ("MICRO INVERSE", "MICROINVERSE", "MINV"), "solid", log=False),
    _resistivity("MNOR", ("MICRO NORMAL", "MICRONORMAL", "MNOR"), "dashed", log=False),
    _resistivity(
        "SN", ("SHORT NORMAL", "16 NORMAL", "10 NORMAL", "AM 16", "NORMAL"), "solid", log=False
    ),
    _resistivity("LN", ("LONG NORMAL", "64 NORMAL", "AM 64"), "dashed", log=False),
    _resistivity(
        "LAT",
        ("LATERAL", "18 8 LATERAL", "19 LATERAL", "9 LATERAL", "15 LATERAL"),
        "dashed",
        log=False,
    ),
    _resistivity(
        "LIM",
        ("LIMESTONE LATERAL", "32 LS LATERAL", "32LS LATERAL", "LIMESTONE DEVICE"),
        "dashed",
        log=False,
    ),
    CurveKind(
        "RES",
        ("RESISTIVITY", "RESTIVITY"),
        ("OHMM",),
        _RES,
        _OHMS,
        ("log", "linear"),
        is_group=True,
    ),
    CurveKind(
        "COND",
        ("CONDUCTIVITY", "INDUCTION CONDUCTIVITY", "CILD", "ATCO60", "ATCO90"),
        ("MMHO/M",),
        _in("MMHO/M", (400, 0), (200, 0), (500, 0), (1000, 0), (2000, 0), (4000, 0)),
        (0, 1e5),
    ),
    CurveKind(
        "NEU",
        ("NEUTRON", "NEUTRON GAMMA RAY", "NEUTRON CURVE", "NEUT", "NEU"),
        ("CPS", "CU"),
        (),
        (0, 1e5),
    ),
    CurveKind(
        "TENS",
        ("TENSION", "CABLE TENSION", "TENS"),
        ("LB",),
        _in("LB", (10000, 0), (5000, 0), (14000, 4000)),
        (-1e5, 1e5),
    ),
    CurveKind(
        "TEMP", ("TEMPERATURE", "BOREHOLE TEMPERATURE", "TEMP"), ("DEGF", "DEGC"), (), (-50, 700)
    ),
    CurveKind(
        "ROP",
        ("RATE OF PENETRATION", "ROP", "DRILLING RATE"),
        ("FT/HR", "MIN/FT"),
        _in(
            "FT/HR",
            (250, 0),
            (500, 0),
            (200, 0),
            (100, 0),
            *_zero_to(50, 100, 150, 200, 250, 300, 500),
        ),
        (0, 5000),
    ),
    CurveKind("TG", ("TOTAL GAS", "TG"), ("UNITS",), (), (0, 1e6), ("linear", "log")),
    CurveKind("C1", ("C1", "METHANE"), ("PPM", "UNITS"), (), (0, 1e6), ("linear", "log")),
    CurveKind("C2", ("C2", "ETHANE"), ("PPM", "UNITS"), (), (0, 1e6), ("linear", "log")),
    CurveKind("C3", ("C3", "PROPANE"), ("PPM", "UNITS"), (), (0, 1e6), ("linear", "log")),
    CurveKind("C4", ("C4", "BUTANE"), ("PPM", "UNITS"), (), (0, 1e6), ("linear", "log")),
    CurveKind("C5", ("C5", "PENTANE"), ("PPM", "UNITS"), (), (0, 1e6), ("linear", "log")),
    CurveKind(
        "WOB", ("WEIGHT ON BIT", "WOB"), ("UNITS", "KLB"), _in("KLB", *_zero_to(50, 100)), (0, 500)
    ),
    CurveKind(
        "AMP",
        ("CASING BOND", "AMPLITUDE", "CEMENT BOND"),
        ("MV",),
        _in("MV", *_zero_to(50, 100)),
        (0, 1000),
    ),
    CurveKind(
        "AMPX",
        ("AMPLIFIED CASING BOND", "AMPLIFIED AMPLITUDE"),
        ("MV",),
        _in("MV", *_zero_to(10, 20)),
        (0, 1000),
    ),
    CurveKind("VDL", ("VARIABLE DENSITY", "MICROSEISMOGRAM"), ("US",), (), (0, 1e4), is_group=True),
    CurveKind("IVEL", ("INTERVAL VELOCITY",), (), (), (0, 1e5), is_group=True),
    CurveKind("PROXI", ("PROXIMITY INDEX",), ("IN",), (), (0, 100), is_group=True),
    CurveKind("FDENS", ("FORMATION DENSITY LOG", "FORMATION DENSITY"), ("CPS",), (), (0, 1e5)),
)
"""All curves known by name."""

_MATRIX_CONSTANTS = ("MATRIX DENSITY", "GRAIN DENSITY", "FLUID DENSITY")
"""Printed beside porosity scales; they name constants, not curves."""

UNITS: dict[str, tuple[str, ...]] = {
    "GAPI": ("API UNITS", "API GAMMA RAY UNITS", "GAPI", "AAPI", "API"),
    "UGR/T": (
        "MICROGRAMS RA EQ TON",
        "MICROGRAMS RAEQ TON",
        "MICROGRAMS RADIUM EQUIV PER TON",
        "MICROGRAMS RADIUM EQUIV",
        "UGR T",
    ),
    "UR/HR": (
        "UR HR",
        "µR HR",
        "MICROROENTGENS HR",
        "MICRO ROENTGENS PER HOUR",
        "MICROROENTGENS PER HOUR",
    ),
    "IN": (
        "INCHES",
        "DIAM IN INCHES",
        "HOLE DIAM IN INCHES",
        "HOLE DIAMETER IN INCHES",
        "IN",
        "AVERAGE DIAMETER IN",
    ),
    "G/C3": ("GRAMS CC", "G CC", "GM CC", "GRAM CC", "GRAMS PER CC", "G CM3", "G C3", "GRAMSCC"),
    "PU": ("%", "PERCENT", "PU", "POROSITY UNITS"),
    "V/V": ("V V", "VN", "DECIMAL", "FRACTION", "CFCF", "DEC"),
    "US/F": (
        "MICROSECONDS PER FOOT",
        "MICROSECONDS PER FT",
        "MICROSECONDS FT",
        "MICROSECONDS FOOT",
        "MICROSEC PER FT",
        "USEC FT",
        "US F",
        "US FT",
    ),
    "US/M": ("MICROSECONDS PER METER", "MICROSECONDS M", "US M"),
    "US": ("MICROSECONDS",),
    "OHMM": (
        "OHMS M2 M",
        "OHMS M M",
        "OHM M2 M",
        "OHMS M2M",
        "OHMSM2 M",
        "OHMS M2",
        "OHMS M",
        "OHM M",
        "OHM METERS",
        "OHMM",
        "OHMMS",
    ),
    "MMHO/M": (
        "MILLIMHOS M",
        "MMHO M",
        "MILLIMHOS METER",
        "MILLIMHOS PER METER",
        "MMHOS M",
        "MS M",
    ),
    "MV": ("MILLIVOLTS", "MV"),
    "CPS": ("COUNTS SECOND", "STANDARD COUNTS SECOND", "COUNTS PER SECOND", "CPS"),
    "CU": ("CU", "CAPTURE UNITS"),
    "B/E": ("BARNS ELECTRON", "B E"),
    "LB": ("POUNDS", "LB", "LBS", "LBF", "IBF"),
    "KLB": ("KLBS", "KLB"),
    "DEGF": ("DEG F", "DEGF", "°F"),
    "DEGC": ("DEG C", "DEGC", "°C"),
    "FT/HR": ("FT HR", "FEET PER HOUR", "FT PER HR"),
    "MIN/FT": ("MIN FT", "MINUTES PER FOOT"),
    "PPM": ("PPM",),
    "UNITS": ("UNITS",),
}
"""Units by the texts that print them, in the form of ``words``."""

_LONGEST_NAME = 48
_SHORT_NAME = 3
_SHORTEST_SIMILAR, _SIMILARITY = 8, 0.82
_FILLERS = frozenset(
    {"DIA", "DIAM", "DIAMETER", "HOLE", "LOG", "CURVE", "SCALE", "INDEX", "THE", "OF", "0"}
)
"""Words that stand beside names and make them no other curve's."""
_LABEL_WORDS = frozenset(
    {"ZERO", "DIV", "SENS", "SENSITIVITY", "INTERVAL:", "SPEED", "FILTER", "RUN", "REMARKS"}
)


def words(text: str) -> str:
    """Printed text as upper-case words: full stops dropped, other signs turned to blanks."""
    # programs print names as one word: GammaRay, OLDESTNeutronPorosity
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{3})", " ", text)
    plain = parted.upper().replace("²", "2").replace("Μ", "µ").replace("&", " ")
    plain = re.sub(r"(?<=[A-Z])\.(?=[A-Z]\b)|\.(?=\s|$)", "", plain)
    plain = re.sub(r"[^A-Z0-9%µ°]+", " ", plain)
    return " ".join(plain.replace("%", " % ").split())


_BY_NAME: dict[str, CurveKind] = {name: kind for kind in CURVES for name in kind.names}
_BY_UNIT: dict[str, str] = {alias: unit for unit, aliases in UNITS.items() for alias in aliases}
_GLUED: dict[str, str] = {
    text.replace(" ", ""): text
    for kind in CURVES
    for name in kind.names
    for text in (name, *(f"{name} {alias}" for unit in kind.units for alias in UNITS[unit]))
}
"""Names, alone and with a unit, by their letters: print is read letter-spaced, or with its blanks lost."""
_NAMES = sorted(_BY_NAME, key=len, reverse=True)
_UNIT_TEXTS = sorted(_BY_UNIT, key=len, reverse=True)


@dataclass(frozen=True, slots=True)
class Named:
    """A curve found in a text, the words that named it, and the share of the text they make up.

    ``is_exact`` False: the text is only similar to the name.
    """

    kind: CurveKind
    name: str
    share: float
    is_exact: bool = True


def find_curve(text: str) -> Named | None:
    """The curve a text names; the longest name in it wins. None where there is none.

    Names of three letters or fewer must stand alone (but for a unit); a mnemonic in brackets counts most.
    """
    bracketed = _bracketed(text)
    if bracketed is not None:
        return bracketed
    plain = words(re.sub(r"\[[^\]]*\]?|\([^)]*\)?|(?i:\btrack:? *\d+)", " ", text))
    plain = _GLUED.get(plain.replace(" ", ""), plain)
    if not plain or len(plain) > _LONGEST_NAME or _LABEL_WORDS & set(plain.split()):
        return None
    if any(constant in plain for constant in _MATRIX_CONSTANTS):
        return None
    bare = _without_unit(plain)
    alone = (plain, bare, re.sub(r"^\d+ | \d+$", "", bare))
    for name in _NAMES:
        if len(name) <= _SHORT_NAME and name not in alone:
            continue
        if re.search(rf"\b{re.escape(name)}\b", plain):
            kept = " ".join(w for w in bare.split() if w in name.split() or w not in _FILLERS)
            return Named(_BY_NAME[name], name, min(1.0, len(name) / max(1, len(kept))))
    near = _similar(bare, _NAMES)
    return None if near is None else Named(_BY_NAME[near], near, 1.0, is_exact=False)


def _bracketed(text: str) -> Named | None:
    """The curve whose mnemonic stands in brackets behind a long name, where that names no other."""
    for inner in re.findall(r"[(\[]\s*([A-Za-z][A-Za-z0-9]{1,7})\s*[)\]]", text):
        kind = _BY_NAME.get(inner.upper())
        outside = find_curve(text.replace(inner, "")) if kind is not None else None
        if kind is not None and (outside is None or outside.kind is kind or outside.kind.is_group):
            return Named(kind, inner.upper(), 1.0)
    return None


def find_unit(text: str) -> str | None:
    """The unit a text states, by its longest alias; None where there is none.

    Aliases of two letters or fewer must stand alone or end the text.
    """
    plain = words(text)
    plain = _GLUED.get(plain.replace(" ", ""), plain)
    for alias in _UNIT_TEXTS:
        if len(alias) <= 2 and alias != "%":
            if plain == alias or plain.endswith(f" {alias}"):
                return _BY_UNIT[alias]
        elif alias in plain and re.search(rf"(?<![A-Z0-9]){re.escape(alias)}(?![A-Z0-9])", plain):
            return _BY_UNIT[alias]
    return None


def find_similar_unit(text: str, expected: Iterable[str]) -> str | None:
    """The one of the expected units that a badly read text resembles; None where it is none."""
    aliases = [alias for unit in expected for alias in UNITS.get(unit, ())]
    near = _similar(words(text), aliases)
    return None if near is None else _BY_UNIT[near]


def _similar(plain: str, known: Iterable[str]) -> str | None:
    """The known text nearest to a longer one, if only a letter in six or so differs."""
    if len(plain) < _SHORTEST_SIMILAR:
        return None
    near = difflib.get_close_matches(plain, known, n=1, cutoff=_SIMILARITY)
    return near[0] if near and len(near[0]) >= _SHORTEST_SIMILAR else None


def curve_kind(mnemonic: str) -> CurveKind | None:
    """The curve with a mnemonic."""
    return next((kind for kind in CURVES if kind.mnemonic == mnemonic), None)


def _without_unit(plain: str) -> str:
    for alias in _UNIT_TEXTS:
        if plain.endswith(f" {alias}"):
            return plain[: -len(alias)].strip()
    return plain
