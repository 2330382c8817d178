"""``veernet evaluate --flags DIR``: how often each reason that forbids acceptance is right.

In: a folder of drawn pages with truth: ``<stem>.tif`` with ``<stem>.truth.sidecar.json`` (the whole geometry)
and ``<well>.curves.csv`` (true values by depth; the well is the stem less its last letter). Out: a report
in Markdown. The pages are digitised with their geometry given, and with nothing else.
Does not belong here: what counts as bad (`veernet_core.evaluation.flag_precision`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from flows.studies.report import Report
from veernet_core import pipeline
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import ScanRef
from veernet_core.evaluation.flag_precision import FlagCase, flag_case, flag_table, yield_line
from veernet_core.pipeline import FailedScan, Predictor, ScanInput

TRUTH = ".truth.sidecar.json"
CURVES = ".curves.csv"


def run_flags(
    folder: Path, predictor: Predictor, report: Callable[[str], None] = lambda stem: None
) -> Report:
    """Digitise the pages of a folder with their geometry given, and measure every reason.

    Raises
    ------
    FileNotFoundError
        Where the folder has no page with truth.
    """
    cases = list(page_cases(folder, predictor, report))
    lines = [f"Model {predictor.model_id}; pages of {folder.name} with the geometry given.", ""]
    for name in sorted({case.set_name for case in cases}):
        lines.append(f"- {name}: {yield_line([c for c in cases if c.set_name == name])}")
    words = "\n".join([*lines, f"- all: {yield_line(cases)}", "", flag_table(cases), ""])
    return Report(words, model_id=predictor.model_id, curves=[asdict(case) for case in cases])


def page_cases(
    folder: Path, predictor: Predictor, report: Callable[[str], None]
) -> Iterator[FlagCase]:
    """Every curve of the pages that has true values; sets are named after the last letter of the stem."""
    pages = sorted(p for p in folder.glob("*.tif") if _truth_of(p).is_file())
    if not pages:
        raise FileNotFoundError(f"{folder}: no page with {TRUTH} and {CURVES} beside it")
    config = DigitiseConfig(overlays=False)
    results = pipeline.digitise_many(map(_as_input, pages), predictor, config)
    for page, log in zip(pages, results):
        if isinstance(log, FailedScan):
            raise log.error
        truth = pd.read_csv(_curves_of(page))
        depth = truth.iloc[:, 0].to_numpy(np.float64)
        for judged in log.curves:
            name = judged.curve.spec.mnemonic
            if name in truth.columns:
                value = truth[name].to_numpy(np.float64)
                yield flag_case(f"pages {page.stem[-1]}", judged, depth, value)
        report(page.stem)


def _truth_of(page: Path) -> Path:
    return page.with_name(page.stem + TRUTH)


def _curves_of(page: Path) -> Path:
    return page.with_name(page.stem[:-1] + CURVES)


def _as_input(page: Path) -> ScanInput:
    data = page.read_bytes()
    ref = ScanRef(str(page), page.stem, hashlib.sha256(data).hexdigest(), len(data))
    return ScanInput(ref, data, _truth_of(page).read_bytes())
