"""Columns packed for the browser: numbers as bytes, texts as lines, labels as codes into their distinct values.

In: arrays and texts. Out: JSON-ready values that ``overview.js`` unpacks. What the columns mean does not belong
here.
"""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.tables import Row


def packed(values: NDArray[Any], kind: str) -> Row:
    """An array for the browser: little-endian bytes in base64 (``u1``, ``u2``, ``u4``, ``i2``)."""
    data = base64.b64encode(np.ascontiguousarray(values, dtype=f"<{kind}").tobytes())
    return {"kind": kind, "data": data.decode("ascii")}


def texts(values: Sequence[str]) -> str:
    """Many short texts as one, a line each; line breaks inside become blanks."""
    return "\n".join(" ".join(str(value or "").split()) for value in values)


def packed_labels(values: Sequence[str]) -> Row:
    """Labels as codes into their distinct values, the most frequent first."""
    order = [value for value, _ in Counter(values).most_common()]
    codes = {value: code for code, value in enumerate(order)}
    return {"names": order, "codes": packed_codes(np.array([codes[v] for v in values], np.int64))}


def packed_codes(codes: NDArray[np.int64]) -> Row:
    """Codes in as few bytes as hold them."""
    most = int(codes.max(initial=0))
    return packed(codes, "u1" if most < 1 << 8 else "u2" if most < 1 << 16 else "u4")


def ranks(values: Sequence[str]) -> NDArray[np.int64]:
    """Place of each text in natural order: numbers inside it count as numbers."""
    distinct = sorted(set(values), key=natural)
    place = {value: rank for rank, value in enumerate(distinct)}
    return np.array([place[value] for value in values], dtype=np.int64)


_DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key in which ``a9`` comes before ``a10``."""
    parts = _DIGITS.split(text.casefold())
    return [
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part)
        for part in parts
    ]
