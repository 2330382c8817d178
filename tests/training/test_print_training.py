from pathlib import Path

import numpy as np
import pytest

from flows.studies.train_print import run_training
from veernet_core.net.prints import print_marker
from veernet_core.synth.prints.hands import left_out_hands
from veernet_core.synth.prints.sheets import draw_print
from veernet_core.training.prints import PrintTrainConfig, fit_print


def test_a_short_fit_tells_print_from_paper_on_sheets_in_hands_it_never_saw(tmp_path: Path) -> None:
    config = PrintTrainConfig(
        steps=60, batch=2, crop=192, warmup_steps=5, ema=0.9, checkpoint_every=30
    )
    marker = print_marker(run_training(tmp_path, 16, config, say=lambda _: None).read_bytes())
    print_part, other_part = [], []
    for seed in range(8):
        sheet = draw_print(np.random.default_rng([12, seed]), left_out_hands(), wear=False)
        text, _ = marker.mark_print(sheet.ink)
        print_part.append(text[sheet.print > 0])
        other_part.append(text[sheet.print == 0])
    apart = np.concatenate(print_part).mean() - np.concatenate(other_part).mean()
    assert apart > 50  # of 255; a network that learned nothing gives about 0


def test_without_sheets_there_is_nothing_to_fit(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no drawn sheets"):
        fit_print(tmp_path / "a", tmp_path / "none", PrintTrainConfig(steps=1), say=lambda _: None)
