"""Families of paper: how thick and in what colour curves are drawn, how finely scanned, how worn.

In: seeds, and optionally real curve shapes, which half of the curves then have. Out: drawn samples with
truth, of one family each. Calibration is fitted on all of ``PAPERS``, and measured on each with the others
alone: what meets unfamiliar paper must have been tried on some. ``CHECK_PAPERS`` has two more that no fit
sees: they are of the renderer that training never sees either. In half of the samples curves move over a few
hundredths of the track's width only, as calipers and tensions do.
Does not belong here: tracing (`traced`) and any fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet_core.datatypes import F64
from veernet_core.evaluation.drawings import Sample, drawn_sample, heldout_sample, own_sample
from veernet_core.strips.ink import separate_ink
from veernet_core.synth.coloured import ColouredSheet, draw_coloured
from veernet_core.synth.degrade import at_strip_dpi
from veernet_core.synth.strips import SynthConfig

EVENER_SHARE = (0.42, 0.3, 0.28)
"""Of line styles: dotted curves are rare, and each class needs enough of them to be measured."""
SEVERITY = 0.6
"""Largest degradation of ordinary paper, not the ruin that training also sees."""
SMALL_SWING = (0.004, 0.05)
"""Standard deviations of the position of curves that move little, track widths."""
SMALL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Paper:
    """One family.

    Attributes
    ----------
    severity : tuple of float
        Least and largest degradation.
    pen_px : tuple of float or None
        Width of the pens on the strip; the usual nibs if None.
    dpi : tuple of int
        Resolutions of the scan, each as likely.
    coloured : bool
        Whether every curve has a colour of its own.
    other_renderer : bool
        Whether the renderer that training never sees draws; it has pens and paper of its own, worn or not
        (``severity`` above 0).
    """

    severity: tuple[float, float] = (0.0, SEVERITY)
    pen_px: tuple[float, float] | None = None
    dpi: tuple[int, ...] = (200,)
    coloured: bool = False
    other_renderer: bool = False


PAPERS: dict[str, Paper] = {
    "ordinary": Paper(),
    "thick pens": Paper(pen_px=(4.5, 10.0)),
    "coloured pens": Paper(dpi=(100, 150, 200, 200, 300), coloured=True),
    "coarse scans": Paper(dpi=(100, 125, 150)),
    "fine scans": Paper(dpi=(300, 400)),
    "worn copies": Paper(severity=(0.45, 1.0)),
}
"""What calibration is fitted on."""
CHECK_PAPERS: dict[str, Paper] = PAPERS | {
    "other renderer": Paper(severity=(0.0, 0.0), other_renderer=True),
    "other renderer, worn": Paper(severity=(1.0, 1.0), other_renderer=True),
}
"""What the report is measured on."""


def paper_samples(
    paper: Paper, seed: int, index: int, rows: int, shapes: Sequence[F64] = ()
) -> list[Sample]:
    """Draw one track of a family: one sample for each ink, none where it has no curve.

    Parameters
    ----------
    rows : int
        Height of the strip, px.
    shapes : sequence of float64 [n]
        Real curve shapes; invented ones alone if empty.
    """
    if paper.other_renderer:
        return [heldout_sample(seed, index, paper.severity[1] > 0, rows, shapes)]
    rng = np.random.default_rng([seed, 31, index])
    least, most = paper.severity
    config = SynthConfig(
        rows,
        max_severity=most,
        min_severity=least,
        max_curves=3,
        style_share=EVENER_SHARE,
        pen_px=paper.pen_px,
        scan_dpi=int(rng.choice(paper.dpi)),
        swing=SMALL_SWING if rng.random() < SMALL_SHARE else None,
    )
    if not paper.coloured:
        sample = own_sample(seed, index, config, shapes)
        return [sample] if sample.specs else []
    config = replace(config, cols=512 if rng.random() < 0.75 else 1024)
    return _by_ink(draw_coloured(rng, config, shapes or None), f"coloured-{index}")


def _by_ink(sheet: ColouredSheet, ident: str) -> list[Sample]:
    """Every pen's strip, its ink told from the others' as on a scan."""
    everything = at_strip_dpi(255 - sheet.rgb.min(axis=2), sheet.rows, sheet.cols)
    out = []
    for k, colour in enumerate(sheet.colours):
        others = tuple(c for c in sheet.colours if c != colour)
        drawn = sheet.strip_of(k, separate_ink(sheet.rgb, colour, others))
        sample = drawn_sample(f"{ident}-{k}", drawn)
        strip = replace(sample.strip, all_ink=everything)
        out.append(replace(sample, strip=strip))
    specs = tuple(
        replace(s.specs[0], mnemonic=f"C{k + 1}", colour=c)
        for k, (s, c) in enumerate(zip(out, sheet.colours))
    )
    return [replace(s, specs=(spec,), track=specs) for s, spec in zip(out, specs)]
