"""Names of log folders and files: safe on every system, and of one scan each."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping

_MAX_NAME_BYTES = 96
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')


def log_id(stem: str, sha256: str, taken: Mapping[str, str], place: str = "") -> str:
    """Folder name of a scan: its stem, made safe; a hash is appended where another scan has it.

    Parameters
    ----------
    stem : str
        File name without folders and extension; any text.
    sha256 : str
        Hash that tells scans of one stem apart.
    taken : mapping of str to str
        Names in use, and the hash of the scan that uses each. A scan keeps the name it has.
    place : str
        Where the scan lies: its hash tells copies of the same bytes apart.

    Examples
    --------
    >>> log_id("a/b", "77aa", {}), log_id("x", "77aa", {"X": "01"}), log_id("x", "01", {"x": "01"})
    ('a_b', 'x-77aa', 'x')
    """
    owners = {name.casefold(): owner for name, owner in taken.items()}
    plain = safe_name(stem)
    by_place = hashlib.sha256(f"{sha256} {place}".encode("utf-8", "replace")).hexdigest()
    for digest in (sha256, by_place):
        for digits in (0, 8, 16, 64):
            name = f"{plain}-{digest[:digits]}" if digits else plain
            if owners.get(name.casefold(), sha256) == sha256:
                return name
    raise ValueError(f"no free name for {stem!r} with hash {sha256}")


def safe_name(text: str, default: str = "scan") -> str:
    """``text`` as a file name on any system and as a segment of an object key.

    Letters of any script and single blanks stay (quote the name in URLs). Separators, controls,
    text-direction marks and what Windows forbids become ``_``; no leading or trailing dot or blank,
    no reserved name; long names are cut and end in a hash of the whole.

    Examples
    --------
    >>> safe_name("../Well №7: final"), safe_name("CON"), safe_name("...")
    ('_Well №7_ final', '_CON', 'scan')
    """
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
    spaced = " ".join(text.split())
    kept = "".join("_" if unicodedata.category(char)[0] == "C" else char for char in spaced)
    name = _FORBIDDEN.sub("_", kept).strip(". ")
    if len(name.encode()) > _MAX_NAME_BYTES:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        name = name.encode()[: _MAX_NAME_BYTES - 9].decode("utf-8", "ignore") + f"-{digest}"
    if not name:
        return default
    return f"_{name}" if _RESERVED.fullmatch(name) or name[0] in "-~" else name
