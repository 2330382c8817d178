"""How far a run is, and how long the rest will take."""

from __future__ import annotations

import math
from typing import Any

import pytest
from factories import make_log

from flows.cli import progress
from flows.cli.progress import Show


class Clock:
    """Seconds that a test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def test_a_single_scan_has_an_estimate_before_it_is_done(clock: Clock) -> None:
    show = Show(1, quiet=True)
    assert math.isnan(show.left_s())
    clock.now += 45
    show.read("a", 2000.0)
    assert show.left_s() == pytest.approx(55)
    clock.now += 22.5
    show.traced(1000.0)
    assert show.share() == pytest.approx(0.675)
    assert show.left_s() == pytest.approx(32.5)
    show.traced(1000.0)
    show.scan(1, make_log("a"))
    assert (show.share(), show.left_s()) == (1, 0)


def test_scans_read_ahead_count(clock: Clock, capsys: pytest.CaptureFixture[Any]) -> None:
    """Four pages were read and traced when the first result came: it did not take all that time alone."""
    show = Show(8)
    for name in "abcd":
        show.read(name, 500.0)
    show.traced(2000.0)
    clock.now += 37
    show.scan(1, make_log("a"))
    assert "[1/8, 43 s left]" in capsys.readouterr().out


def test_a_share_only_grows_and_ends_at_one(clock: Clock) -> None:
    show, shares = Show(3, quiet=True), [0.0]
    show.scan(1, make_log("failed before it was read"))
    shares.append(show.share())
    for name in "bc":
        show.read(name, 0.0)  # nothing to trace: a log without depth
        shares.append(show.share())
    for done in (2, 3):
        show.scan(done, make_log("x"))
        shares.append(show.share())
    assert shares == sorted(shares)
    assert shares[-1] == 1
