"""Parameters of an archive run as a validated schema: the edge where outside values come in.

The same fields are the parameters of the Prefect deployment (checked by the server before anything
runs) and the options of ``veernet batch``.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, create_model

from veernet_core.config import OPTION_DEFAULTS, OPTIONS, DigitiseConfig, configured

Source = Annotated[str, Field(description="Where the scans are: a folder, s3://, gs:// or az://.")]
Dest = Annotated[str, Field(description="Where results go; outside the source.")]
Limit = Annotated[
    int | None, Field(ge=1, description="At most so many scans in this run; none: all.")
]
CanaryMode = Annotated[
    Literal["hold", "report", "off"],
    Field(description="Drawn logs with known truth are digitised first: after a collapse hold the "
          "run's accepted curves for review, only report it (its figures are the norm from then "
          "on), or do without."),
]  # fmt: skip
Index = Annotated[
    str | None,
    Field(
        description="The archive's index of its scans: URI of a CSV or Parquet table; none: no index."
    ),
]
IndexMap = Annotated[
    str,
    Field(description="What its columns mean: generic, kansas, texas, or the URI of a JSON file."),
]
Model = Annotated[str | None, Field(description="URI of a model bundle; none: the shipped one.")]
Device = Annotated[
    str, Field(description="Where the network runs: auto (a GPU where there is one), cpu or cuda.")
]
DryRun = Annotated[bool, Field(description="Only say what would be done, and why.")]
Precision = Annotated[
    Literal["auto", "float32", "bfloat16"],
    Field(
        description="Of the network; auto: as the destination's results were made, else what is fastest here."
    ),
]
Redo = Annotated[
    Literal["changed", "outdated"],
    Field(description="changed: what is new, or whose scan, sidecar or options have changed; outdated: "
          "also what an older version, model or precision made."),
]  # fmt: skip
Force = Annotated[bool, Field(description="Do again what is done, failed or quarantined.")]
Since = Annotated[
    datetime | None,
    Field(description="Only scans changed at or after this time (UTC); none: since ever."),
]
Until = Annotated[
    datetime | None,
    Field(description="Only scans changed before this time (UTC); none: until now."),
]
CatchUpDays = Annotated[
    float | None,
    Field(
        gt=0, description="Only scans changed in so many days, the window to catch up; none: all."
    ),
]
IncludeReview = Annotated[
    bool,
    Field(description="Also write <stem>.review.las with the curves in review, marked so in every "
          "header line; once asked for, it holds for the destination."),
]  # fmt: skip
EngineParam = Annotated[
    str,
    Field(
        pattern=r"^(local|dask://.*|ray://.*)$",
        description="Where tasks run: local, dask://… or ray://…",
    ),
]
ChunkLogs = Annotated[int, Field(ge=1, le=1024, description="Most logs per task.")]
ShardLogs = Annotated[int, Field(ge=1, le=20000, description="Most logs per flow run of a shard.")]
InFlight = Annotated[int, Field(ge=1, le=256, description="Chunks under way at once.")]
DecoderCount = Annotated[int, Field(ge=1, le=64, description="Decoder processes per worker.")]
DecodeLimit = Annotated[
    float, Field(gt=0, description="Wall-clock limit to decode a scan, seconds.")
]
DecodeMemory = Annotated[int, Field(ge=256, description="Most memory of a decoder process, MB.")]
MaxTries = Annotated[int, Field(ge=1, le=10, description="Tries before a scan is quarantined.")]
StallLimit = Annotated[
    float,
    Field(
        ge=0,
        description="A worker that finishes no log for so long ends itself, seconds; 0: never.",
    ),
]
ShardDeployment = Annotated[
    str | None,
    Field(
        description="Deployment that runs the shards on a work pool, flow/deployment; none: here."
    ),
]
ShardSlots = Annotated[int, Field(ge=1, le=64, description="Shards in the work pool at once.")]
AcceleratorLimit = Annotated[
    str | None,
    Field(description="Global concurrency limit that every shard occupies; none: no limit."),
]


def _option_field(name: str) -> Any:
    """An option of digitising as a field of a model."""
    option, default = OPTIONS[name], OPTION_DEFAULTS[name]
    kinds: dict[str, Any] = {"flag": bool, "number": float, "choice": Literal[option.choices]}
    kind = kinds[option.kind]
    limits = {"ge": option.least, "le": option.most, "gt": option.above}
    given: dict[str, Any] = {key: value for key, value in limits.items() if value is not None}
    whole: Any = kind | None if default is None else kind
    check: Any = AfterValidator(partial(_checked, name))
    return Annotated[whole, check], Field(default, description=option.help, **given)


def _checked(name: str, value: Any) -> Any:
    """What a schema cannot say: how many decimals a number may have."""
    OPTIONS[name].check(name, value)
    return value


_Options: Any = create_model(
    "_Options",
    __config__=ConfigDict(extra="forbid", frozen=True),
    **{name: _option_field(name) for name in OPTIONS},
)


class ArchiveParams(_Options):  # type: ignore[misc]  # made at run time, from the options
    """All parameters of an archive run: the options of digitising, and those of the run itself."""

    source: Source
    dest: Dest
    limit: Limit = None
    index: Index = None
    index_map: IndexMap = "generic"
    model: Model = None
    device: Device = "auto"
    precision: Precision = "auto"
    dry_run: DryRun = False
    redo: Redo = "changed"
    force: Force = False
    since: Since = None
    until: Until = None
    catch_up_days: CatchUpDays = None
    include_review: IncludeReview = False
    engine: EngineParam = "local"
    chunk_logs: ChunkLogs = 32
    shard_logs: ShardLogs = 2000
    in_flight: InFlight = 2
    decoders: DecoderCount = 2
    decode_limit_s: DecodeLimit = 120.0
    decode_memory_mb: DecodeMemory = 4096
    max_tries: MaxTries = 3
    stall_limit_s: StallLimit = 3600.0
    shard_deployment: ShardDeployment = None
    shard_slots: ShardSlots = 2
    accelerator_limit: AcceleratorLimit = None
    canary: CanaryMode = "hold"

    @property
    def config(self) -> DigitiseConfig:
        """The configuration that the options describe."""
        return configured(self.model_dump())
