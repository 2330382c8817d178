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
    """Costs in nats, lengths in strip pixels.

    Attributes
    ----------
    touch : paths nearer than this touch
    stroke, stroke_blank : paths that move by so many columns within a row run along a stroke, and may
        change places there where at most so many blank columns lie on the way
    leap : what changing places there costs, the two being apart; so does beginning on another's path
    join : touches with fewer rows between them are one
    arm : rows on either side that tell the direction
    place, heading : standard deviation of the extrapolated position and of the slope (px/row)
    place_per_row, heading_per_row : how both grow with the length of the touch
    heading_per_slope : how the second grows with the slope itself
    direction, most : weight of the directions of one touch, and the most that they can cost before it
    appearance : standard deviations of half width (px), blackness, inked share, activity (log of the mean
        swing over four rows) and roughness (log of the mean second difference) of a stretch
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
    arm: int = 5
    place: float = 1.5
    place_per_row: float = 0.25
    heading: float = 0.35
    heading_per_row: float = 0.03
    heading_per_slope: float = 0.3
    direction: float = 0.84
    most: float = 3.0
    appearance: tuple[float, ...] = (0.25, 0.08, 0.12, 1.2, 0.8)
    appearance_rows: float = 25.0
    appearance_most: float = 8.0
    memory: float = 1000.0
    style_rows: float = 8.0
    style_most: float = 12.0
    point: float = 100.0
    known_start: float = 4.0
    border: float = 3.0
