"""What a run requires results to have been made with, and in what a recorded result differs: the one place that
decides, for the ledger of an archive as for the folders of a local run.

In: a `Requirement`, and the `MadeWith` of a result. Out: differences, told apart by who caused them. A result
differs in what was asked for (it is made anew), or the software has moved on (made anew on demand). What a
result was made from, scan and sidecar, does not belong here (``storage.ledger``, ``flows.local.standing``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import MadeWith


@dataclass(frozen=True, slots=True)
class Requirement(MadeWith):
    """What a run requires every result to have been made with.

    Attributes
    ----------
    config_hash_0_1 : str
        The hash that version 0.1.0 gave the same configuration.
    """

    config_hash_0_1: str = ""

    @staticmethod
    def of(made: MadeWith, config: DigitiseConfig) -> Requirement:
        """What a run of this configuration requires."""
        return Requirement(**asdict(made), config_hash_0_1=config.hash_of_0_1())


def asked_otherwise(required: Requirement, was: MadeWith) -> list[str]:
    """In what a result is not what was asked for: the options of a person.

    Results of version 0.1.0, which recorded no algorithms, are compared by the hash of that version.
    """
    of_0_1 = required.algorithms and not was.algorithms
    config = required.config_hash_0_1 if of_0_1 else required.config_hash
    return differences(("config", was.config_hash, config))


def moved_on(required: MadeWith, was: MadeWith) -> list[str]:
    """In what the software has moved on since a result was made."""
    model = ("model", was.model_id, required.model_id)
    if not required.algorithms:
        return differences(model)
    return differences(
        model,
        ("numerics", was.numerics, required.numerics),
        ("settings", was.settings_hash, required.settings_hash),
        ("algorithms", was.algorithms, required.algorithms),
    )


def differences(*values: tuple[str, str, str]) -> list[str]:
    """One line for every (name, was, is required) that differs."""
    return [
        f"{name}: {was or 'none'} -> {now or 'none'}" for name, was, now in values if was != now
    ]
