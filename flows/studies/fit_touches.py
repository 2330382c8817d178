"""``veernet fit-touches``: fit which of two paths is which below a touch, on drawn tracks.

In: a Parquet table of curves, as for ``train --curves``, and a network. Out: ``touch_odds.json``, and how often
touches of tracks that were left out are taken wrongly. Does not belong here: the fit (`training.touches`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from flows.studies.evaluate import load_shapes, predictor_of
from flows.studies.report import Report
from veernet_core.curve.tracking.touch_odds import odds_from_json
from veernet_core.datatypes import F64, Rng
from veernet_core.evaluation.drawings import Sample, as_drawn, drawn_sample
from veernet_core.net import bundle
from veernet_core.synth.strips import STYLE_SHARE, SynthConfig, SynthStrip, draw_strip
from veernet_core.training.touches import Case, case_of, fit_touches, share_wrong

_SHARES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), STYLE_SHARE)
"""Line styles of a track: all solid, all dashed, all dotted, or mixed; and how often each."""
_OFTEN = (0.35, 0.2, 0.1, 0.35)
_ROWS = 1024
_NEAR_PX, _LEAST_TOUCHES = 6.0, 3
_LEFT_OUT = 5
"""Every fifth strip is left out of the fit; the share of wrong touches is measured on these strips."""


def run_fit(
    model: Path | None,
    table: Path | None,
    out: Path,
    count: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Draw tracks, trace them, fit, write the file; returns the report."""
    data = model.read_bytes() if model is not None else bundle.shipped_bytes()
    predictor = predictor_of(data)
    shapes = as_drawn(load_shapes(table, training=True))
    cases: list[Case] = []
    for done, sample in enumerate(touching_tracks(seed, count, shapes)):
        posterior = predictor.predict([sample.strip])[0]
        case = case_of(sample.strip, posterior, sample.specs, sample.frac, sample.visible)
        if case is not None:
            cases.append(case)
        progress(done + 1)
    left_out = cases[::_LEFT_OUT]
    fitted = fit_touches([c for k, c in enumerate(cases) if k % _LEFT_OUT], seed)
    known, wrong = share_wrong(left_out, odds_from_json(fitted))
    touches = sum(len(case.swap) for case in cases)
    record = {
        "command": "veernet fit-touches",
        "model_id": bundle.unpack(data).model_id,
        "seed": seed,
        "tracks": len(cases),
        "touches": touches,
        "left_out": known,
        "wrong_left_out": round(wrong, 4),
    }
    out.mkdir(parents=True, exist_ok=True)
    file = out / "touch_odds.json"
    file.write_text(json.dumps({"record": record, **fitted}) + "\n", "utf-8")
    line = (
        f"{file}: {len(cases)} tracks, {touches} touches; of {known} in tracks left out whose right way is "
        f"known {100 * wrong:.1f} % are taken wrongly"
    )
    return Report(line, file=str(file), **record)


def touching_tracks(seed: int, count: int, shapes: Sequence[F64] = ()) -> Iterator[Sample]:
    """Drawn tracks, most of one line style, whose curves come near each other at least three times."""
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        share = _SHARES[int(rng.choice(len(_SHARES), p=_OFTEN))]
        cols = 512 if rng.random() < 0.85 else 1024
        config = SynthConfig(_ROWS, cols, real_share=0.7, style_share=share, min_curves=2)
        yield drawn_sample(f"touching-{index}", _touching(rng, config, shapes))


def _touching(rng: Rng, config: SynthConfig, shapes: Sequence[F64]) -> SynthStrip:
    while True:
        drawn = draw_strip(rng, config, shapes or None)
        touches = 0
        for one, two in combinations(drawn.x, 2):
            near = np.abs(one - two) < _NEAR_PX
            touches += int(np.count_nonzero(near[1:] & ~near[:-1]))
        if touches >= _LEAST_TOUCHES:
            return drawn
