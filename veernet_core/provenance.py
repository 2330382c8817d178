"""What a result was made with: everything that can change it, and nothing else.

In: the configuration, and the model's identity and numerics. Out: a ``MadeWith``, which goes into every
result and into the ledger. Four things are told apart: what a person chose (``config_hash``), the model, how
it is computed (``numerics``), and what this version brings itself: the defaults of all settings
(``settings_hash``) and the version of every stage's algorithm (``ALGORITHMS``). The version number of the
package is none of them: a release that changes no result makes nothing outdated.

A test of golden outputs (``tests/test_golden.py``) fails where a stage gives other results under the same
version. Does not belong here: comparing results with what a run requires (``storage.required``).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from typing import Any

import veernet_core
from veernet_core.config import DigitiseConfig
from veernet_core.curve.tracking.config import DecodeConfig
from veernet_core.datatypes import MadeWith, Provenance

ALGORITHMS: dict[str, int] = {
    "decode": 4,
    "page": 33,
    "strips": 4,
    "network": 4,
    "tracking": 8,
    "values": 8,
    "quality": 4,
    "gate": 8,
    "files": 7,
}
"""Version of every stage; to be raised with any change of its results."""


def algorithms() -> str:
    """The versions of all stages as one text, in the order of the stages."""
    return " ".join(f"{stage}-{version}" for stage, version in ALGORITHMS.items())


def settings() -> dict[str, Any]:
    """The defaults of every configuration that can change a result, JSON-ready."""
    return {"digitise": asdict(DigitiseConfig()), "tracking": asdict(DecodeConfig())}


@cache
def settings_hash() -> str:
    """Stable 12-digit hash of ``settings``."""
    text = json.dumps(settings(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def made_with(config: DigitiseConfig, model_id: str, numerics: str) -> MadeWith:
    """What results of this configuration and model are made with.

    Parameters
    ----------
    config : DigitiseConfig
    model_id : str
    numerics : str
        Precision, engine and device of the network, as the predictor tells them.
    """
    return MadeWith(
        model_id=model_id,
        config_hash=config.hash(),
        version=veernet_core.__version__,
        numerics=numerics,
        settings_hash=settings_hash(),
        algorithms=algorithms(),
    )


def provenance(
    scan_sha256: str, sidecar: bytes | None, made: MadeWith, config: DigitiseConfig
) -> Provenance:
    """The provenance of one log.

    Parameters
    ----------
    scan_sha256 : str
    sidecar : bytes or None
        What was known beforehand.
    made : MadeWith
    config : DigitiseConfig
        Its options are kept by name, so that the log can be made again as it was.
    """
    return Provenance(
        scan_sha256=scan_sha256,
        sidecar_sha256=hashlib.sha256(sidecar).hexdigest() if sidecar is not None else "",
        **asdict(made),
        options=json.dumps(config.options(), sort_keys=True),
    )
