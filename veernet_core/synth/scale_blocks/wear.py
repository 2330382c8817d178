"""What an OCR engine makes of worn print: letters confused, rules read along, words lost, colours faded.

In: words as they were drawn. Out: words as they are read. Does not belong here: wear of pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet_core.synth.scale_blocks.sheet import DrawnWord

_CONFUSED = {"0": "O8", "1": "l7|", "2": "Z7", "5": "S6", "6": "G8", "8": "B3", "4": "A", "9": "g",
             "O": "0Q", "I": "l1", "E": "F", "R": "K", "S": "5", "A": "4", "N": "M", "T": "7"}  # fmt: skip


def worn_words(rng: np.random.Generator, words: Sequence[DrawnWord]) -> tuple[DrawnWord, ...]:
    """What an engine makes of the print: letters confused, rules read along, words lost or run together."""
    wear = float(rng.choice((0.0, 0.02, 0.06, 0.15)))
    rule = float(rng.choice((0.0, 0.0, 0.1, 0.4)))
    out: list[DrawnWord] = []
    for word in words:
        if rng.random() < 0.02 + wear / 2:
            continue
        text, confidence = word.text, float(rng.uniform(0.93, 1.0))
        if rng.random() < 2 * wear and text:
            place = int(rng.integers(len(text)))
            swaps = _CONFUSED.get(text[place])
            if swaps:
                text = text[:place] + str(rng.choice(list(swaps))) + text[place + 1 :]
                confidence = float(rng.uniform(0.4, 0.95))
        if rng.random() < (rule if text[-1:].isdigit() else wear):
            text = (
                text + "|1"[int(rng.integers(2))]
                if rng.random() < 0.5
                else "|1"[int(rng.integers(2))] + text
            )
        if rng.random() < wear and text.startswith("-"):
            text = text[1:]
        size = word.height * float(rng.uniform(0.92, 1.1))
        row = word.row + float(rng.normal(0, 0.06)) * word.height
        tint = _faded(rng, word.tint)
        out.append(replace(word, text=text, confidence=confidence, height=size, row=row, tint=tint))
    for _ in range(int(rng.poisson(60 * wear * wear + 0.5))):
        out.append(
            DrawnWord(
                str(rng.choice(("1", "I", "-", "7", "L", ".", "f", "11", "l"))),
                float(rng.uniform(100, 1100)), float(rng.uniform(20, 1700)),
                float(rng.uniform(8, 30)), 10.0, float(rng.uniform(0.2, 0.97)),
            )
        )  # fmt: skip
    return tuple(sorted(out, key=lambda w: (w.row, w.col)))


def _faded(rng: np.random.Generator, tint: str) -> str:
    """A colour as it is measured on print; "" where little ink is seen."""
    if not tint or rng.random() < 0.02:
        return ""
    parts = [int(tint[k : k + 2], 16) for k in (1, 3, 5)]
    red, green, blue = np.clip(np.array(parts) + rng.normal(0, 8, 3), 0, 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
