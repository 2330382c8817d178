"""What it costs to follow several curves of a track, and to tell those of one style apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JointCosts:
    """Costs in nats; lengths in strip pixels.

    Attributes
    ----------
    along, across : cost per pixel of sideways motion along ink, and what blank paper adds to it: a
        stroke that runs across the track within a row leaves a line
    turn, most_turn : cost per pixel of deviation from where the curve was heading, and its limit
    jump : most that sideways motion costs
    unexplained : cost of a peak nobody takes
    sharing : cost of taking a peak that has not ink enough for two
    lost, missing : cost of beginning to be missing, and of every further row
    style : weight of the network's word on a peak's line style
    wrap : cost per row and wrap of not being at home
    beam : hypotheses kept per row
    """

    along: float = 0.005
    across: float = 0.04
    turn: float = 0.3
    most_turn: float = 1.5
    jump: float = 12.0
    unexplained: float = 3.0
    sharing: float = 1.2
    lost: float = 2.5
    missing: float = 0.7
    style: float = 0.5
    wrap: float = 0.02
    beam: int = 40


@dataclass(frozen=True, slots=True)
class IdentityCosts:
    """Costs in nats, lengths in strip pixels. What a touch and the appearance say is fitted (`touch_odds`).

    Attributes
    ----------
    touch : paths nearer than this touch
    stroke, stroke_blank : paths that move by so many columns within a row run along a stroke, and may
        change places there where at most so many blank columns lie on the way
    leap : what beginning on another's path costs
    join : touches with fewer rows between them are one
    appearance_rows : rows over which the appearance is one independent reading
    memory : rows after which a curve's appearance counts a third: holes and rocks change along a log
    appearance_most : most that the appearance of one stretch can cost
    style_rows, style_most : rows over which the network's word on the style is one independent
        reading, and the most that it can cost a stretch
    point : what following another path than a known point says costs
    known_start : what beginning on another path than the known one costs on top, when chances are summed up
    border : what following a path over a border costs a curve that is said not to wrap
    """

    touch: float = 5.0
    stroke: float = 20.0
    stroke_blank: float = 8.0
    leap: float = 2.0
    join: int = 3
    appearance_rows: float = 25.0
    appearance_most: float = 8.0
    memory: float = 1000.0
    style_rows: float = 8.0
    style_most: float = 12.0
    point: float = 100.0
    known_start: float = 4.0
    border: float = 3.0
