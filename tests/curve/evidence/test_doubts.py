"""Stretches in doubt: withheld where another wrap or curve fits, listed where faint or missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from veernet_core.curve.evidence.doubts import (
    LEAST_ODDS,
    LEAST_SHARE,
    with_all_doubts,
    withhold,
    withhold_impossible,
)
from veernet_core.datatypes import EVIDENCE, CurveSpec, DoubtfulStretch, RecoveredCurve, Trace


def trace(n: int = 1000) -> Trace:
    evidence = np.full((n, len(EVIDENCE)), 0.9)
    return Trace(np.full(n, 0.5), evidence, np.ones(n, bool), np.arange(n, dtype=float))


@pytest.mark.parametrize(
    ("field", "reason", "least"),
    [("wrap_odds", "wrap", LEAST_SHARE), ("name_odds", "crossing", LEAST_ODDS)],
)
def test_rows_that_may_be_something_else_are_withheld(
    field: str, reason: str, least: float
) -> None:
    depth = 100 + np.arange(1000) / 10
    odds = np.ones(1000)
    odds[200:300] = least - 0.005
    odds[500:600] = least
    kept, found = withhold(replace(trace(), **{field: odds}), depth)
    assert found == (DoubtfulStretch(120.0, pytest.approx(129.9), reason, True),)
    assert np.isnan(kept.frac[200:300]).all()
    assert not kept.observed[200:300].any()
    assert np.isfinite(kept.frac).sum() == kept.observed.sum() == 900


def test_a_doubt_about_the_wrap_that_all_rows_share_withholds_none() -> None:
    """A short strip that shows no passage says little of the wrap it is in; that is a matter of the scale."""
    depth = 100 + np.arange(1000) / 10
    odds = np.full(1000, 0.97)
    assert withhold(replace(trace(), wrap_odds=odds), depth)[1] == ()
    odds[200:300] = 0.955
    (told,) = withhold(replace(trace(), wrap_odds=odds), depth)[1]
    assert (told.depth_from, told.reason) == (120.0, "wrap")
    (everything,) = withhold(replace(trace(), wrap_odds=np.full(1000, 0.94)), depth)[1]
    assert (everything.depth_from, everything.depth_to) == (100.0, pytest.approx(199.9))


def test_a_trace_without_rivals_stays_as_it_is() -> None:
    before = trace()
    after, found = withhold(before, np.arange(1000.0))
    assert after is before
    assert found == ()


def test_long_gaps_and_faint_ink_are_listed_by_depth_and_short_ones_are_not() -> None:
    depth = np.arange(400) * 0.5
    value, sure = np.full(400, 50.0), np.full(400, 0.9)
    value[100:140] = np.nan  # 20 ft
    value[200:210] = np.nan  # 5 ft
    value[50:60] = np.nan  # withheld before
    sure[300:310], sure[320:322] = 0.3, 0.3
    told = DoubtfulStretch(25.0, 29.5, "wrap", True)
    curve = RecoveredCurve(
        CurveSpec("GR", "GAPI", 0, 150), "main", "T1", "ft", depth, value, value / 150,
        np.isfinite(value), np.where(np.isfinite(value), sure, np.nan),
        np.full((400, len(EVIDENCE)), 0.9), (told,),
    )  # fmt: skip
    assert with_all_doubts(curve, 10.0).doubtful == (
        told,
        DoubtfulStretch(50.0, 69.5, "gap", True),
        DoubtfulStretch(150.0, 154.5, "faint_ink", False),
    )


def test_values_that_no_rock_has_are_withheld() -> None:
    depth = 100 + np.arange(1000) / 10
    porosity = np.full(1000, 12.0)
    porosity[400:450] = -70.0
    kept, found = withhold_impossible(trace(), porosity, (-25.0, 100.0), depth)
    assert found == (DoubtfulStretch(140.0, pytest.approx(144.9), "impossible", True),)
    assert np.isnan(kept.frac[400:450]).all()
    assert np.isfinite(kept.frac).sum() == kept.observed.sum() == 950
