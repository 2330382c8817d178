"""Chances of wrap indices: what the ink shows is sure, what it cannot show is in doubt."""

from __future__ import annotations

import numpy as np
import pytest

from veernet_core.curve.evidence.doubts import LEAST_ODDS, LEAST_SHARE, withhold
from veernet_core.curve.tracking.costs import JointCosts
from veernet_core.curve.tracking.crossing import crossing_costs, strokes_across
from veernet_core.curve.tracking.wrap_odds import WrapCosts, possible_positions, wrap_odds
from veernet_core.datatypes import EVIDENCE, F64, U8, Bool, CurveSpec, Trace

LEFT, WIDTH, COLS = 16, 480, 512
COSTS = WrapCosts(LEFT, WIDTH, 1, 0.3, 12.0)


def drawn(unfolded: F64, broken: int | None = None) -> tuple[U8, F64]:
    """Ink of a curve that wraps (track widths), and its columns within the track; ``broken``: the way into that
    row is not inked.
    """
    ink = np.zeros((len(unfolded), COLS), np.uint8)
    folded = LEFT + (unfolded % 1) * WIDTH
    for row in range(len(unfolded)):
        first = row if row in (0, broken) else row - 1
        way = np.linspace(unfolded[first], unfolded[row], 1000)
        ink[row, np.rint(LEFT + (way % 1) * WIDTH).astype(int)] = 255
    return ink, folded


def chances(unfolded: F64, broken: int | None = None, costs: WrapCosts = COSTS) -> F64:
    ink, folded = drawn(unfolded, broken)
    crossing = crossing_costs(strokes_across(ink), JointCosts())
    seen: Bool = np.ones(len(folded), bool)
    whole, _ = wrap_odds(folded, seen, crossing, costs)
    assert np.allclose(whole.sum(axis=1), 1)
    return whole[np.arange(len(folded)), np.floor(unfolded).astype(int) + costs.most]


def excursion(height: float = 0.6) -> F64:
    """A curve that leaves over the right border after 600 rows and comes home 200 rows later."""
    rows = np.arange(1400)
    return 0.5 + height * np.clip(np.minimum(rows - 600, 800 - rows) / 20, 0, 1)


def test_passages_drawn_through_are_sure() -> None:
    assert chances(excursion()).min() > 0.95


def test_a_leap_without_ink_leaves_the_stretch_in_doubt_and_the_rest_sure() -> None:
    """A leap by half a width is as far one way as the other."""
    unfolded = np.where(np.arange(1400) < 700, 0.75, 0.25)
    unfolded[700:750] = 1.25
    unfolded[750:] = 0.75
    sure = chances(unfolded, broken=700)
    assert sure[705:745].max() < 0.95
    assert sure[:690].min() > 0.95


def test_strokes_broken_at_a_border_leave_what_follows_in_doubt() -> None:
    """A plotter broke a spike at the left border: its stroke ends within the track and goes on at the other
    border, as a leap back would. By the ink the rest may as well be a wrap away, so it is withheld.
    """
    rows = np.arange(3300.0)
    unfolded = np.full(3300, 0.98)
    unfolded[2000:2010] = 0.26
    unfolded[2020:] = 0.35 + 0.63 * np.clip((2060 - rows[2020:]) / 40, 0, 1)
    not_wrapping = WrapCosts(LEFT, WIDTH, 1, 3.0, 12.0)
    sure = chances(unfolded, broken=2010, costs=not_wrapping)
    assert sure[:2000].min() > 0.999
    assert LEAST_ODDS < sure[2020:].max() < LEAST_SHARE
    evidence = np.full((3300, len(EVIDENCE)), 0.9)
    trace = Trace(unfolded, evidence, np.ones(3300, bool), rows, wrap_odds=sure)
    kept, (told,) = withhold(trace, rows)
    assert told.reason == "wrap"
    assert np.isnan(kept.frac[2010:]).all()
    assert np.isfinite(kept.frac[:2000]).all()


def test_a_section_that_begins_in_another_wrap_is_known_by_where_it_comes_home() -> None:
    rows = np.arange(3000)
    unfolded = 1.2 - 0.5 * np.clip((rows - 340) / 30, 0, 1)
    possible = possible_positions(CurveSpec("GR", "GAPI", 0, 150, wrap="one"))
    costs = WrapCosts(LEFT, WIDTH, 1, 0.3, 12.0, possible)
    assert chances(unfolded, costs=costs).min() > 0.95


def test_blocks_go_on_where_the_one_above_ended() -> None:
    unfolded = excursion()
    ink, folded = drawn(unfolded)
    crossing = crossing_costs(strokes_across(ink), JointCosts())
    seen: Bool = np.ones(len(folded), bool)
    _, above = wrap_odds(folded[:700], seen[:700], crossing[:700], COSTS)
    below, _ = wrap_odds(folded[700:], seen[700:], crossing[700:], COSTS, above[-1])
    assert below[:80, 2].min() > 0.95
    assert below[-100:, 1].min() > 0.95


def test_some_units_know_no_negative_values() -> None:
    assert possible_positions(CurveSpec("GR", "GAPI", 0, 150)) == (-0.1, np.inf)
    assert possible_positions(CurveSpec("CALI", "in", 16, 6)) == (-np.inf, pytest.approx(1.7))
    assert possible_positions(CurveSpec("SP", "MV", -80, 20)) == (-np.inf, np.inf)
    assert possible_positions(CurveSpec("ILD", "OHMM", 0.2, 200, "log")) == (-np.inf, np.inf)


@pytest.mark.parametrize("ends", [(-0.25, 0.25), (-0.05, 0.45), (0.25, -0.25)])
def test_a_scale_with_a_negative_end_knows_negative_values_whatever_its_unit(
    ends: tuple[float, float],
) -> None:
    """A density correction is in g/cc as densities are, and lies on both sides of zero."""
    spec = CurveSpec("DRHO", "G/C3", *ends, wrap="one")
    assert possible_positions(spec) == (-np.inf, np.inf)
