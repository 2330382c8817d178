"""Names of curves and units in printed text: what scale blocks of paper logs say.

In: text as printed. Out: the curve or unit it names.
Does not belong here: the table of curves and units (`curve_kinds`), and where text stands on a page.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz.distance import OSA

from veernet_core.domain.curve_kinds import CurveKind, curve_kinds, name_words, unit_texts

_MATRIX_CONSTANTS = ("MATRIX DENSITY", "GRAIN DENSITY", "FLUID DENSITY")
"""Printed beside porosity scales; they name constants, not curves."""
_LONGEST_NAME = 48
_SHORT_NAME = 3
_SHORTEST_SIMILAR, _SIMILARITY = 8, 0.82
_SHORTEST_SPELLED, _LONG_WORD = 5, 9
"""Letters from which a word is put right: by one letter, and by two."""
_FILLERS = frozenset(
    {"DIA", "DIAM", "DIAMETER", "HOLE", "LOG", "CURVE", "SCALE", "INDEX", "THE", "OF", "0"}
)
"""Words that stand beside names and make them no other curve's."""
_DEPTHS_OF_ARRAY = re.compile(r"\b\d+ ?(?:IN|FT)\b")
"""How deep and how sharp a curve of an array reads: "90in Resistivity 2ft Res"."""
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


@dataclass(frozen=True, slots=True)
class _Lookups:
    """The vocabulary turned round: curves and units by the texts that print them.

    ``glued`` are names, alone and with a unit, by their letters: print is read letter-spaced, or without its
    blanks. ``names`` and ``units`` are the texts, the longest first.
    """

    by_name: dict[str, CurveKind]
    by_unit: dict[str, str]
    glued: dict[str, str]
    names: tuple[str, ...]
    units: tuple[str, ...]


@cache
def _lookups() -> _Lookups:
    kinds, texts = curve_kinds(), unit_texts()
    by_name = {name: kind for kind in kinds for name in kind.names}
    by_unit = {alias: unit for unit, aliases in texts.items() for alias in aliases}
    glued = {
        text.replace(" ", ""): text
        for kind in kinds
        for name in kind.names
        for text in (name, *(f"{name} {alias}" for unit in kind.units for alias in texts[unit]))
    }
    names, units = (tuple(sorted(known, key=len, reverse=True)) for known in (by_name, by_unit))
    return _Lookups(by_name, by_unit, glued, names, units)


def curve_names() -> tuple[str, ...]:
    """All names of curves as words, the longest first."""
    return _lookups().names


@dataclass(frozen=True, slots=True)
class Named:
    """A curve found in a text, the words that named it, and the share of the text they make up.

    ``is_exact`` False: the text is only similar to the name.
    """

    kind: CurveKind
    name: str
    share: float
    is_exact: bool = True


@lru_cache(4096)
def find_curve(text: str) -> Named | None:
    """The curve a text names; the longest name in it wins. None where there is none.

    Names of three letters or fewer must stand alone (but for a unit); a mnemonic in brackets counts most.
    """
    bracketed = _bracketed(text)
    if bracketed is not None:
        return bracketed
    plain = words(re.sub(r"\[[^\]]*\]?|\([^)]*\)?|(?i:\btrack(?:: *\d*| *\d+))", " ", text))
    plain = _lookups().glued.get(plain.replace(" ", ""), plain)
    if not plain or len(plain) > _LONGEST_NAME or _LABEL_WORDS & set(plain.split()):
        return None
    if any(constant in plain for constant in _MATRIX_CONSTANTS):
        return None
    bare = _without_unit(plain)
    alone = (plain, bare, re.sub(r"^\d+ | \d+$", "", bare))
    for name in _lookups().names:
        if len(name) <= _SHORT_NAME and name not in alone:
            continue
        if name in plain and re.search(rf"\b{re.escape(name)}\b", plain):
            kept = " ".join(w for w in _DEPTHS_OF_ARRAY.sub(" ", bare).split()
                            if w in name.split() or w not in _FILLERS)  # fmt: skip
            return Named(_lookups().by_name[name], name, min(1.0, len(name) / max(1, len(kept))))
    near = _similar(bare, _lookups().names)
    return None if near is None else Named(_lookups().by_name[near], near, 1.0, is_exact=False)


def _bracketed(text: str) -> Named | None:
    """The curve whose mnemonic stands in brackets behind a long name, where that names no other."""
    for inner in re.findall(r"[(\[]\s*([A-Za-z][A-Za-z0-9]{1,7})\s*[)\]]", text):
        kind = _lookups().by_name.get(inner.upper())
        outside = find_curve(text.replace(inner, "")) if kind is not None else None
        if kind is not None and (outside is None or outside.kind is kind or outside.kind.is_group):
            return Named(kind, inner.upper(), 1.0)
    return None


@lru_cache(4096)
def find_unit(text: str) -> str | None:
    """The unit a text names: the last one in brackets, else by its longest alias; None where there is none.

    Aliases of two letters or fewer must stand alone or end the text.

    Examples
    --------
    >>> find_unit("API NOM ID (in)"), find_unit("Gamma API (TVD)")
    ('IN', 'GAPI')
    """
    for inner in reversed(re.findall(r"[(\[]([^()\[\]]+)[)\]]", text)):
        alias = words(inner)
        if alias in _lookups().by_unit:
            return _lookups().by_unit[alias]
    plain = words(text)
    plain = _lookups().glued.get(plain.replace(" ", ""), plain)
    for alias in _lookups().units:
        if len(alias) <= 2 and alias != "%":
            if plain == alias or plain.endswith(f" {alias}"):
                return _lookups().by_unit[alias]
        elif alias in plain and re.search(rf"(?<![A-Z0-9]){re.escape(alias)}(?![A-Z0-9])", plain):
            return _lookups().by_unit[alias]
    return None


def find_similar_unit(text: str, expected: Iterable[str]) -> str | None:
    """The one of the expected units that a badly read text resembles; None where it is none."""
    aliases = [alias for unit in expected for alias in unit_texts().get(unit, ())]
    near = _similar(words(text), aliases)
    return None if near is None else _lookups().by_unit[near]


def find_misread(text: str) -> Named | None:
    """As `find_curve`; where nothing is named, again with its long words put right."""
    named = find_curve(text)
    if named is not None:
        return named
    right = re.sub(r"[A-Za-z]+", lambda word: spelled(word[0].upper()), text)
    again = find_curve(right) if right.upper() != text.upper() else None
    return None if again is None else Named(again.kind, again.name, again.share, is_exact=False)


def spelled(word: str) -> str:
    """A long word of a name in upper case, with a letter or two that were read wrongly put right.

    Examples
    --------
    >>> spelled("THICNESS"), spelled("TEMPERATURE"), spelled("CLDC")
    ('THICKNESS', 'TEMPERATURE', 'CLDC')
    """
    if len(word) < _SHORTEST_SPELLED or word in _field_words():
        return word
    slips = 1 if len(word) < _LONG_WORD else 2
    near = [w for w in _field_words() if OSA.distance(word, w, score_cutoff=slips) <= slips]
    return near[0] if len(near) == 1 else word


@cache
def _field_words() -> frozenset[str]:
    """Long words of the names of curves."""
    known = {part for name in _lookups().names for part in name.split()} | set(name_words())
    return frozenset(w for w in known if len(w) >= _SHORTEST_SPELLED and w.isalpha())


def _similar(plain: str, known: Iterable[str]) -> str | None:
    """The known text nearest to a longer one, if only a letter in six or so differs."""
    if len(plain) < _SHORTEST_SIMILAR:
        return None
    near = difflib.get_close_matches(plain, known, n=1, cutoff=_SIMILARITY)
    return near[0] if near and len(near[0]) >= _SHORTEST_SIMILAR else None


def _without_unit(plain: str) -> str:
    for alias in _lookups().units:
        for end in (f" {alias}", f" {alias} 1"):  # a worn bracket is read as a stroke
            if plain.endswith(end):
                return plain[: -len(end)].strip()
    return plain
