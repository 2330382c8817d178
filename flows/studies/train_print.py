"""``veernet train-print``: draw sheets of print and fit the network that marks print.

In: a folder to work in and folders of fonts. Out: ``veernet-print.safetensors``. Drawing belongs to
``veernet_core.synth.prints``, fitting to ``veernet_core.training.prints``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from veernet_core.synth.prints.hands import training_hands
from veernet_core.training.prints import PrintTrainConfig, draw_sheets, fit_print


def run_training(
    out: Path,
    sheets: int,
    config: PrintTrainConfig,
    fonts: Sequence[Path] = (),
    start: bytes | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Draw sheets, fit the network on them; returns the file of weights."""
    hands = training_hands(fonts)
    say(f"{len(hands)} hands")
    draw_sheets(out / "drawn", range(sheets), hands)
    return fit_print(out, out / "drawn", config, start, say)
