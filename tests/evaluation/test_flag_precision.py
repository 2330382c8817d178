"""Precision of reasons: what is bad in truth, and which pages are measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from factories import GR, judge, make_curve

from flows.studies import flags
from veernet_core.datatypes import JudgedCurve
from veernet_core.evaluation.flag_precision import FlagCase, flag_case, flag_table, yield_line


def judged(**changes: object) -> JudgedCurve:
    return judge(replace(make_curve(GR), **changes))  # type: ignore[arg-type]


def test_a_curve_is_bad_by_its_r2_or_by_too_many_samples_off() -> None:
    found = judged()
    curve = found.curve
    known = np.isfinite(curve.frac)
    true = np.where(known, GR.left + curve.frac * (GR.right - GR.left), np.nan)
    right = flag_case("a", found, curve.depth, true)
    assert (right.off, right.coverage, right.wrong, right.bad) == (0.0, 1.0, False, False)
    assert right.r2 == pytest.approx(1.0)
    width = GR.right - GR.left
    beside = flag_case("a", found, curve.depth, true + 0.011 * width)
    assert (beside.off, beside.wrong, beside.bad) == (1.0, False, True)
    far = flag_case("a", found, curve.depth, true + 0.9 * width)
    assert far.wrong
    nothing = judged(frac=np.full(len(curve.depth), np.nan))
    assert flag_case("a", nothing, curve.depth, true).r2 == -np.inf


def case(reasons: tuple[str, ...], r2: float, decision: str = "review") -> FlagCase:
    return FlagCase("a", decision, reasons, r2, 0.0, 1.0)


def test_precision_is_the_share_of_bad_ones_among_those_with_the_reason() -> None:
    cases = [
        case(("low_coverage",), 0.2),
        case(("low_coverage", "scale_guess"), 0.99),
        case(("ok",), 0.96, "accept"),
        case(("ok",), 0.5, "accept"),
    ]
    table = flag_table(cases)
    assert "| `low_coverage` | 2 | 1 | 1 | 0.50 |" in table
    assert "| `scale_guess` | 1 | 0 | 0 | 0.00 |" in table
    assert "| `any` | 4 | 2 | 2 | 0.50 |" in table
    told = yield_line(cases)
    assert "2 accepted, 1 of them" in told
    assert "1 of 2 good ones accepted" in told
    assert "R² > 0.95 on 50 %" in told


def test_a_folder_without_truth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p01c.tif").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="no page"):
        flags.run_flags(tmp_path, None)  # type: ignore[arg-type]
