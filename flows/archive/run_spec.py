"""What every task of a run needs to know, stored beside the run's manifests.

In: the run's parameters as ``flows.archive.setup`` settled them. Out: ``RunSpec`` and its bytes. What is done
with it does not belong here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from flows.engine.decoders import DecoderSettings
from storage.plan import RUNS
from storage.required import Requirement
from veernet_core.config import DigitiseConfig, GatePolicy, RasterLimits


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What every task of a run needs to know; small, picklable, stored beside the manifests.

    Attributes
    ----------
    model : str or None
        URI of the model bundle; None is the shipped one.
    device : str
        Where the network runs.
    decoders : DecoderSettings
    max_tries : int
        Tries of a scan whose decoder dies, or whose trouble may pass, before it is quarantined.
    stall_limit_s : float
        A worker that finishes no log for so long ends itself; 0 switches this off.
    canary : str
        ``hold`` suspends acceptance after a collapse, ``report`` only tells of it, ``off``.
    released : Requirement or None
        In a held run, what its logs would be made with otherwise: such results stand.
    planned, shard_logs : int
        Scans of the whole run, and of each shard but the last: for words such as "33 to 64 of 9,120".
    """

    source: str
    dest: str
    run_id: str
    config: DigitiseConfig
    requirement: Requirement
    model: str | None = None
    device: str = "auto"
    decoders: DecoderSettings = field(default_factory=DecoderSettings)
    max_tries: int = 3
    stall_limit_s: float = 3600.0
    canary: str = "hold"
    released: Requirement | None = None
    planned: int = 0
    shard_logs: int = 0

    def to_bytes(self) -> bytes:
        """JSON for the destination store."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @staticmethod
    def from_bytes(data: bytes) -> RunSpec:
        """The inverse of ``to_bytes``."""
        raw = json.loads(data)
        config = raw["config"]
        config["gate"] = GatePolicy(**config["gate"])
        config["limits"] = RasterLimits(**config["limits"])
        raw["config"] = DigitiseConfig(**config)
        raw["requirement"] = Requirement(**raw["requirement"])
        if raw.get("released"):
            raw["released"] = Requirement(**raw["released"])
        raw["decoders"] = DecoderSettings(**raw["decoders"])
        return RunSpec(**raw)


def spec_key(run_id: str) -> str:
    """Key of a run's specification on the destination."""
    return f"{RUNS}{run_id}/run.json"
