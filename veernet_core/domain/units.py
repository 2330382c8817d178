"""What is known of the units of curves.

In: a unit as written in results. Out: whether values in it can be negative.
Does not belong here: how units are printed on paper (`vocabulary`).
"""

from __future__ import annotations

NEVER_NEGATIVE = frozenset(
    {
        "GAPI",
        "API",
        "UGR/T",
        "UR/HR",
        "OHMM",
        "IN",
        "MM",
        "CM",
        "G/C3",
        "K/M3",
        "US/F",
        "US/M",
        "CPS",
        "B/E",
    }
)
"""Units of curves that have no negative values. A porosity can be read below 0, and a potential has no zero."""
