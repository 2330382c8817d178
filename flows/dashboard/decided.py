"""Curves of a log's document as they stand after what people decided.

In: the document's curves and the reviews in force. Out: the same curves with the final decision and the
stretches that a person took out. The machine's verdict stays in the document; who decided belongs to the page.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.reviews import Review
from storage.tables import Row


def decided_curves(curves: Sequence[Row], decided: Sequence[Review | None]) -> list[Row]:
    """Curves with ``decision`` as it is in force, and ``without``: depths from and to without values.

    Parameters
    ----------
    curves : sequence of rows
        Of ``log.json``.
    decided : sequence of Review or None
        One for each curve.
    """
    return [
        {
            **curve,
            "decision": (review.final if review else None) or curve["decision"],
            "without": _merged(review.stretches) if review else [],
        }
        for curve, review in zip(curves, decided, strict=True)
    ]


def _merged(stretches: Sequence[tuple[float, float]]) -> list[list[float]]:
    """Stretches from the top down, none of them twice."""
    out: list[list[float]] = []
    for first, last in sorted(stretches):
        if out and first <= out[-1][1]:
            out[-1][1] = max(out[-1][1], last)
        else:
            out.append([first, last])
    return out
