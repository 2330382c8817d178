"""The register of every code: what it means, how grave it is, what to do, whether it blocks acceptance.

In: ``findings.toml`` beside this module. Out: ``REGISTER``, from which findings, errors, the dashboard's
texts and the documentation take their words. ``python -m veernet_core.findings`` prints the table of
verdict reasons as Markdown, with ``--short`` those that keep a curve from being accepted, and what they
mean. Does not belong here: figures of a single case (they are in the message of the finding), and any
decision: code acts on values, never on the codes of findings.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Severity = Literal["info", "warning", "error"]
Use = Literal["verdict", "finding", "failure"]
Blocks = Literal["no", "threshold", "yes"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One code.

    Attributes
    ----------
    code : str
        Stable name in result files.
    used_as : tuple of str
        ``verdict``: reason of a verdict; ``finding``: expected trouble of a scan; ``failure``: why there is
        no result.
    stage : str
        Where it arises.
    severity : str
    sentence : str
        What it means, for people.
    remedy : str
        What to do; empty where nothing is to be done.
    blocks : str
        Whether it keeps a curve from being accepted: ``no``; ``threshold``: a lower R² threshold would
        lift it; ``yes``.
    aliases : tuple of str
        Names of the code in results of older versions.
    premise : str
        What it doubts that an estimate of R² takes for granted: the estimate tells how well a trace keeps to
        its ink, not whose the ink is. Empty: nothing of that kind.
    """

    code: str
    used_as: tuple[Use, ...]
    stage: str
    severity: Severity
    sentence: str
    remedy: str
    blocks: Blocks
    aliases: tuple[str, ...] = ()
    premise: str = ""


def _read_register() -> dict[str, Entry]:
    raw = tomllib.loads((files("veernet_core") / "findings.toml").read_text("utf-8"))
    return {
        code: Entry(
            code,
            tuple(item["used_as"]),
            item["stage"],
            item["severity"],
            item["sentence"],
            item["remedy"],
            item["blocks"],
            tuple(item.get("aliases", ())),
            item.get("premise", ""),
        )
        for code, item in raw.items()
    }


REGISTER: dict[str, Entry] = _read_register()
"""Every code, in the order of the file."""
_ALIASES = {alias: entry.code for entry in REGISTER.values() for alias in entry.aliases}


def current_code(code: str) -> str:
    """Today's name of a code of this or an older version; an unknown code as it is.

    Examples
    --------
    >>> current_code("lap_uncertain"), current_code("ok")
    ('wrap_uncertain', 'ok')
    """
    return _ALIASES.get(code, code)


def entry_of(code: str) -> Entry:
    """The entry of a code, or of the code it is an old name of.

    Raises
    ------
    KeyError
        Where the register has no such code.
    """
    return REGISTER[current_code(code)]


def sentence(code: str) -> str:
    """What a code means, for people; a code that is not registered is spelled out.

    Examples
    --------
    >>> sentence("low_coverage")
    'Hardly any of the depth range has a recovered value.'
    >>> sentence("brand_new_code")
    'Brand new code.'
    """
    entry = REGISTER.get(current_code(code))
    return entry.sentence if entry is not None else code.replace("_", " ").capitalize() + "."


def blocks(code: str) -> Blocks:
    """Whether a verdict reason keeps a curve from being accepted; an unknown one does."""
    entry = REGISTER.get(current_code(code))
    return entry.blocks if entry is not None else "yes"


def premises(codes: Iterable[str]) -> tuple[str, ...]:
    """What reasons of a verdict doubt that its estimate of R² takes for granted, each once.

    Examples
    --------
    >>> premises(["identity_ambiguous", "r2_bound_below_threshold", "scale_guess"]), premises(["ok"])
    (('name', 'scale'), ())
    """
    entries = (REGISTER.get(current_code(code)) for code in codes)
    return tuple(dict.fromkeys(e.premise for e in entries if e is not None and e.premise))


def proviso(codes: Iterable[str]) -> str:
    """The same as the end of a sentence on R²; empty where nothing of that kind is in doubt.

    Examples
    --------
    >>> proviso(["identity_ambiguous", "scale_guess"]), proviso(["borders_off"]), proviso(["ok"])
    ('if name and scale are right', 'if borders are right', '')
    """
    found = premises(codes)
    many = len(found) > 1 or found == ("borders",)
    return f"if {' and '.join(found)} {'are' if many else 'is'} right" if found else ""


def verdict_table() -> str:
    """The reasons of verdicts as a Markdown table, for the documentation."""
    words = {"no": "no", "threshold": "below the threshold", "yes": "yes"}
    lines = ["| Reason | What it means | Blocks acceptance | What to do |", "|---|---|---|---|"]
    lines += [
        f"| `{e.code}` | {e.sentence} | {words[e.blocks]} | {e.remedy} |"
        for e in _verdict_reasons()
    ]
    return "\n".join(lines)


def short_verdict_table() -> str:
    """The reasons that keep a curve from being accepted, and what they mean, as a Markdown table."""
    lines = ["| Reason | What it means |", "|---|---|"]
    lines += [f"| `{e.code}` | {e.sentence} |" for e in _verdict_reasons() if e.blocks != "no"]
    return "\n".join(lines)


def _verdict_reasons() -> list[Entry]:
    return [entry for entry in REGISTER.values() if "verdict" in entry.used_as]


if __name__ == "__main__":
    print(short_verdict_table() if "--short" in sys.argv[1:] else verdict_table())
