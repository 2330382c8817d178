"""Text for LAS files: ASCII that any reader takes, and what is done so that nothing is lost by it.

In: text in any script. Out: its nearest ASCII, whether that differs, and its exact spelling as a JSON
string, which is ASCII itself. LAS 2.0 is ASCII; other readers split lines at ``:`` and sections at ``~``
wherever they stand. The lines of the file (``storage.las``) do not belong here.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence

from anyascii import anyascii

_SPELT_OUT = str.maketrans({"µ": "u", "μ": "u", "Ω": "ohm", "°": "deg", "×": "x"})
_INDEX_NAMES = ("DEPT", "DEPTH", "TIME", "INDEX")


def ascii_text(text: str) -> str:
    r"""Printable ASCII nearest to ``text``: other scripts transliterated, controls to blanks.

    A letter without a transliteration becomes ``?``.

    Examples
    --------
    >>> ascii_text("Müller–Straße\t№ 7"), ascii_text("Скважина 12-бис, 大庆")
    ('Muller-Strasse No 7', 'Skvazhina 12-bis, DaQing')
    """
    kept = []
    for char in unicodedata.normalize("NFKC", text.translate(_SPELT_OUT)).translate(_SPELT_OUT):
        category = unicodedata.category(char)
        if category[0] in "CZ" and category not in ("Cf", "Cs", "Cn", "Co"):
            kept.append(" ")
        elif category not in ("Mn", "Cf"):
            kept.append(anyascii(char) or "?")
    plain = "".join(char if " " <= char <= "~" else " " for char in "".join(kept))
    return " ".join(plain.split())


def header_text(text: str, blank: str = " ") -> str:
    """Text that cannot break a header line, with blanks as ``blank``.

    No colon, which ends the value, and no tilde, at which some readers begin a section.
    """
    return ascii_text(text).replace(":", ";").replace("~", "-").replace(" ", blank)


def other_text(text: str) -> str:
    """A line of ``~Other`` that can neither start a section nor a comment."""
    return re.sub(r"^#+", "", ascii_text(text).replace("~", "-"))


def is_exact(text: str, written: str) -> bool:
    """Whether the written form says all that the text does; blanks in a row count as one."""
    return " ".join(text.split()) == written


def exact_text(text: str) -> str:
    r"""The text as a JSON string in ASCII, from which any JSON reader gets it back.

    Examples
    --------
    >>> exact_text("ГК ~1")
    '"\\u0413\\u041a \\u007e1"'
    """
    return json.dumps(text).replace("~", "\\u007e")


def las_mnemonic(mnemonic: str) -> str:
    """A legal LAS mnemonic nearest to a curve's name; a number must still make it unique."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_text(mnemonic)).strip("_-") or "CURVE"


def unique_mnemonics(mnemonics: Sequence[str]) -> list[str]:
    """Legal LAS mnemonics in the same order; a repeated one (whatever its case) gets a number.

    Examples
    --------
    >>> unique_mnemonics(["GR", "GR", "DEPT", "R.T:", "ГК"])
    ['GR', 'GR_2', 'DEPT_2', 'R_T', 'GK']
    """
    return numbered([las_mnemonic(mnemonic) for mnemonic in mnemonics])


def numbered(names: Sequence[str]) -> list[str]:
    """The names in the same order; one that is taken (whatever its case) gets a number.

    The names of the index count as taken.
    """
    taken = {name.casefold() for name in _INDEX_NAMES}
    out = []
    for base in names:
        name, number = base, 2
        while name.casefold() in taken:
            name, number = f"{base}_{number}", number + 1
        taken.add(name.casefold())
        out.append(name)
    return out
