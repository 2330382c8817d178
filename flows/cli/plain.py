"""Text of files and of people on a terminal: one line, and nothing that the terminal would obey.

In: a line that may hold names as they are in files. Out: the line to print. Does not belong here: what is
said.
"""

from __future__ import annotations

import unicodedata

_SPOKEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def one_line(text: str) -> str:
    r"""The text with control characters, line ends and marks that turn the direction written as escapes.

    Examples
    --------
    >>> one_line("new\nline ü"), one_line("\x1b[31mred")
    ('new\\nline ü', '\\x1b[31mred')
    """
    return "".join(
        char.encode("unicode_escape").decode("ascii")
        if unicodedata.category(char) in _SPOKEN or char in _TURNING
        else char
        for char in text
    )
