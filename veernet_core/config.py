"""Configuration as frozen data with every default visible, and its hash.

Thresholds of the gate live here too, because a verdict must name the policy that made it. What a person
may set of it is marked as an ``Option``, once: the command line, the parameters of the archive run, the
run's records and the review take name, range and help from there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from veernet_core.datatypes import DepthUnit

UNSEEN_BORDER_FRAC = 0.01
"""How far a track's border may be off, track widths, where no printed line tells."""
UNSEEN_BORDERS = (UNSEEN_BORDER_FRAC, UNSEEN_BORDER_FRAC)
"""The same for the left and the right border of a track."""


@dataclass(frozen=True, slots=True)
class Option:
    """What a person may set of a configuration.

    Attributes
    ----------
    help : str
        One sentence.
    kind : str
        ``number``, ``flag`` or ``choice``.
    least, most, above : float or None
        Bounds of a number; ``above`` is not allowed itself.
    choices : tuple of str
    decimals : int or None
        Most decimals of a number.
    """

    help: str
    kind: Literal["number", "flag", "choice"] = "number"
    least: float | None = None
    most: float | None = None
    above: float | None = None
    choices: tuple[str, ...] = ()
    decimals: int | None = None

    def check(self, name: str, value: Any) -> None:
        """Refuse a value that is out of range.

        Raises
        ------
        ValueError
            Names the option as on the command line.
        """
        if value is None:
            return
        fits = True
        if self.kind == "choice":
            fits = value in self.choices
        elif self.kind == "number":
            fits = (
                (self.least is None or value >= self.least)
                and (self.most is None or value <= self.most)
                and (self.above is None or value > self.above)
                and value - value == 0  # neither NaN nor infinite
                and (self.decimals is None or abs(round(value, self.decimals) - value) <= 1e-12)
            )
        if not fits:
            flag = name.replace("_", "-")
            raise ValueError(f"--{flag}: {value} is not {self.range_words} ({self.help})")

    @property
    def range_words(self) -> str:
        """What a value may be, in words.

        Examples
        --------
        >>> Option("", least=0, most=1).range_words, Option("", above=0).range_words
        ('from 0 to 1', 'above 0')
        """
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.least is not None and self.most is not None:
            words = f"from {self.least:g} to {self.most:g}"
        else:
            limits = (("above", self.above), ("at least", self.least), ("at most", self.most))
            named = [f"{word} {limit:g}" for word, limit in limits if limit is not None]
            words = " and ".join(named) or "a number"
        return words if self.decimals is None else f"{words} with {self.decimals} decimals at most"


def _marks(text: str, **limits: Any) -> dict[str, Option]:
    return {"option": Option(text, **limits)}


@dataclass(frozen=True, slots=True)
class RasterLimits:
    """Guards against bombs and nonsense. Pixels."""

    max_height_px: int = 1_000_000
    max_width_px: int = 20_000
    max_pixels: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Thresholds of the quality gate.

    Attributes
    ----------
    min_r2 : float
        Acceptance threshold for the recovered R² (lower bound, or measured where a reference exists).
    reject_r2 : float
        Below this upper bound a curve is rejected, not reviewed.
    min_coverage : float
        Least share of the depths from a curve's first value to its last that must be observed or bridged. Half
        by default: of drawn curves with less that were accepted, more were bad than good.
    max_depth_residual_ft : float
        Largest depth-fit residual (feet) that can be accepted.
    flat_span_frac : float
        Curves that span less of the track are judged by position, not by R².
    flat_max_dx_pct : float
        Largest expected median |dx| in % of track width for flat curves.
    require_printed_scales : bool
        Accept a given scale only where the same was read on the page; else one that print does not
        contradict is taken at its word.
    hold : str
        Reason code under which a whole run's acceptance is suspended; empty in a healthy run.
    """

    policy_id: str = "gate-1"
    min_r2: float = field(
        default=0.85, metadata=_marks("Acceptance threshold of the gate (R²).", least=0, most=1)
    )
    reject_r2: float = field(
        default=0.5,
        metadata=_marks(
            "Below this estimate (R²) a curve is rejected, not reviewed.", least=-1, most=1
        ),
    )
    min_coverage: float = field(
        default=0.5,
        metadata=_marks(
            "Least share of depths from a curve's first value to its last that must have one.",
            least=0,
            most=1,
        ),
    )
    max_depth_residual_ft: float = field(
        default=1.0, metadata=_marks("Largest depth residual that can be accepted, ft.", least=0)
    )
    flat_span_frac: float = 0.02
    flat_max_dx_pct: float = 1.0
    require_printed_scales: bool = field(
        default=False,
        metadata=_marks(
            "Accept a given scale only where the same was read on the page.", kind="flag"
        ),
    )
    hold: str = ""

    @property
    def ident(self) -> str:
        """Name of the policy for verdicts: ``policy_id``, with a hash where thresholds were changed."""
        text = json.dumps(asdict(replace(self, hold="")), sort_keys=True)
        if text == json.dumps(asdict(GatePolicy(self.policy_id)), sort_keys=True):
            return self.policy_id
        return f"{self.policy_id}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"


@dataclass(frozen=True, slots=True)
class DigitiseConfig:
    """All settings of one digitisation.

    Attributes
    ----------
    step : float or None
        Depth step in the log's unit; None takes 0.5 ft / 0.1 m, coarsened to two strip rows.
    depth_unit : 'ft', 'm' or None
        Used only where nothing else gives the unit.
    strip_dpi : float
        Resolution of the rectified strips.
    margin_px : int
        Margin of a strip on each side of the track, strip pixels.
    block_rows, overlap_rows : int
        Strip rows traced at once, and shared with each neighbour.
    max_bridge_ft, max_bridge_m : float
        Longest gap that may be bridged (and flagged); longer ones, and those in which the curve is
        somewhere else, are NULL.
    overlays : bool
        Whether pictures are made.
    min_read_confidence : float
        A value read from the page with less confidence is a guess: reviewed, never accepted.
    """

    step: float | None = field(
        default=None,
        # LAS states STEP as a decimal number of which every depth is a whole multiple
        metadata=_marks(
            "Depth step in the log's unit, 0.001 to 100 with six decimals or fewer; none: 0.5 ft or"
            " 0.1 m.",
            least=0.001,
            most=100,
            decimals=6,
        ),
    )
    depth_unit: DepthUnit | None = field(
        default=None,
        metadata=_marks(
            "Used only where nothing else gives the unit.", kind="choice", choices=("ft", "m")
        ),
    )
    strip_dpi: float = 200.0
    margin_px: int = 16
    block_rows: int = 4096
    overlap_rows: int = 256
    max_bridge_ft: float = 10.0
    max_bridge_m: float = 3.0
    overlays: bool = field(
        default=True, metadata=_marks("Write overlay pictures for reviewers.", kind="flag")
    )
    min_read_confidence: float = 0.9
    gate: GatePolicy = field(default_factory=GatePolicy)
    limits: RasterLimits = field(default_factory=RasterLimits)

    def hash(self) -> str:
        """Stable 12-digit hash of what differs from the defaults of this version.

        A new version with other defaults does not change it: what a version brings itself is told apart
        from what a person chose (``provenance``).
        """
        text = json.dumps(self.changes(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def hash_of_0_1(self) -> str:
        """The hash that version 0.1.0 gave this configuration: of all settings with its defaults.

        Recorded results of that version are compared by it.
        """
        values = _overlaid(_DEFAULTS_OF_0_1, self.changes())
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def changes(self) -> dict[str, Any]:
        """Everything that differs from the defaults, nested like the fields; JSON-ready."""
        return _difference(asdict(self), asdict(DigitiseConfig()))

    def option_values(self) -> dict[str, Any]:
        """The value of every option, by name: what ``configured`` takes."""
        values = {**asdict(self), **asdict(self.gate)}
        return {name: values[name] for name in OPTIONS}

    def options(self) -> dict[str, Any]:
        """The options that differ from their defaults, by name."""
        values = self.option_values()
        return {name: v for name, v in values.items() if v != OPTION_DEFAULTS[name]}


_DEFAULTS_OF_0_1: dict[str, Any] = {
    "step": None,
    "depth_unit": None,
    "strip_dpi": 200.0,
    "margin_px": 16,
    "block_rows": 4096,
    "overlap_rows": 256,
    "max_bridge_ft": 10.0,
    "max_bridge_m": 3.0,
    "overlays": True,
    "min_read_confidence": 0.9,
    "gate": {
        "policy_id": "gate-1",
        "min_r2": 0.85,
        "reject_r2": 0.5,
        "min_coverage": 0.8,
        "max_depth_residual_ft": 1.0,
        "flat_span_frac": 0.02,
        "flat_max_dx_pct": 1.0,
        "require_printed_scales": False,
        "hold": "",
    },
    "limits": {"max_height_px": 1_000_000, "max_width_px": 20_000, "max_pixels": 4_000_000_000},
}
"""All settings of version 0.1.0."""


def _overlaid(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with the changes; names it does not have are passed over."""
    return {
        name: _overlaid(value, changes.get(name, {}))
        if isinstance(value, Mapping)
        else changes.get(name, value)
        for name, value in base.items()
    }


def _difference(values: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            inner = _difference(value, usual[name])
            found |= {name: inner} if inner else {}
        elif value != usual[name]:
            found[name] = value
    return found


def _marked(kind: type[Any]) -> dict[str, tuple[Any, Option]]:
    return {
        f.name: (f.default, f.metadata["option"]) for f in fields(kind) if "option" in f.metadata
    }


_MARKED = {**_marked(GatePolicy), **_marked(DigitiseConfig)}
OPTIONS: dict[str, Option] = {name: option for name, (_, option) in _MARKED.items()}
"""All options by name, those of the gate first."""
OPTION_DEFAULTS: dict[str, Any] = {name: default for name, (default, _) in _MARKED.items()}


def configured(values: Mapping[str, Any]) -> DigitiseConfig:
    """The configuration with some options set; names that are no options are passed over.

    Parameters
    ----------
    values : mapping
        Options by name.

    Raises
    ------
    ValueError
        Where a value is out of range.

    Examples
    --------
    >>> configured({"min_r2": 0.9, "step": 0.25}).options()
    {'min_r2': 0.9, 'step': 0.25}
    """
    for name, option in OPTIONS.items():
        option.check(name, values.get(name))
    gate = {name: values[name] for name in _marked(GatePolicy) if name in values}
    rest = {name: values[name] for name in _marked(DigitiseConfig) if name in values}
    return replace(DigitiseConfig(), gate=replace(GatePolicy(), **gate), **rest)
