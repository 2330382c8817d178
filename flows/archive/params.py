"""Parameters of an archive run as a validated schema: the edge where outside values come in.

The same fields are the parameters of the Prefect deployment (checked by the server before anything
runs) and the options of ``veernet batch``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Annotated[str, Field(description="Where the scans are: a folder, s3://, gs:// or az://.")]
Dest = Annotated[str, Field(description="Where results go; outside the source.")]
Limit = Annotated[int | None, Field(ge=1, description="At most so many scans in this run.")]
MinR2 = Annotated[float, Field(ge=0, le=1, description="Acceptance threshold of the gate (R²).")]
RejectR2 = Annotated[
    float,
    Field(ge=-1, le=1, description="Below this estimate (R²) a curve is rejected, not reviewed."),
]
MinCoverage = Annotated[
    float, Field(ge=0, le=1, description="Least share of a curve's depths that must have a value.")
]
MaxDepthResidual = Annotated[
    float, Field(ge=0, description="Largest depth residual that can be accepted, ft.")
]
CanaryMode = Annotated[
    Literal["hold", "report", "off"],
    Field(description="Drawn logs with known truth are digitised first: after a collapse hold the "
          "run's accepted curves for review, only report it (its figures are the norm from then "
          "on), or do without."),
]  # fmt: skip
PrintedScales = Annotated[
    bool, Field(description="Accept a stated scale only where the same was read on the page.")
]
Step = Annotated[
    float | None, Field(gt=0, description="Depth step in the log's unit; none: 0.5 ft or 0.1 m.")
]
DepthUnitParam = Annotated[
    Literal["ft", "m"] | None, Field(description="Used only where nothing else states the unit.")
]
Index = Annotated[
    str | None,
    Field(description="The archive's index of its scans: URI of a CSV or Parquet table."),
]
IndexMap = Annotated[
    str,
    Field(description="What its columns mean: generic, kansas, texas, or the URI of a JSON file."),
]
Model = Annotated[str | None, Field(description="URI of a model bundle; none: the shipped one.")]
Device = Annotated[str, Field(description="auto, cpu or cuda.")]
DryRun = Annotated[bool, Field(description="Only say what would be done, and why.")]
Force = Annotated[bool, Field(description="Do again what is done, failed or quarantined.")]
Since = Annotated[
    datetime | None, Field(description="Only scans changed at or after this time (UTC).")
]
Until = Annotated[datetime | None, Field(description="Only scans changed before this time (UTC).")]
CatchUpDays = Annotated[
    float | None,
    Field(gt=0, description="Only scans changed in so many days: the window to catch up."),
]
IncludeReview = Annotated[
    bool,
    Field(description="Also write <stem>.review.las with the curves in review, marked so in every "
          "header line; once asked for, it holds for the destination."),
]  # fmt: skip
Overlays = Annotated[bool, Field(description="Write overlay pictures for reviewers.")]
EngineParam = Annotated[
    str, Field(pattern=r"^(local|dask://.*|ray://.*)$", description="local, dask://… or ray://…")
]
ChunkLogs = Annotated[int, Field(ge=1, le=1024, description="Logs per task.")]
ShardLogs = Annotated[int, Field(ge=1, le=20000, description="Logs per flow run of a shard.")]
InFlight = Annotated[int, Field(ge=1, le=256, description="Chunks under way at once.")]
DecoderCount = Annotated[int, Field(ge=1, le=64, description="Decoder processes per worker.")]
DecodeLimit = Annotated[float, Field(gt=0, description="Wall-clock limit to decode a scan, s.")]
DecodeMemory = Annotated[int, Field(ge=256, description="Memory of a decoder process, MB.")]
MaxTries = Annotated[int, Field(ge=1, le=10, description="Tries before a scan is quarantined.")]
StallLimit = Annotated[
    float, Field(ge=0, description="A worker that finishes no log for so long ends itself, s.")
]
ShardDeployment = Annotated[
    str | None,
    Field(description="flow/deployment that runs the shards on a work pool; none: here."),
]
ShardSlots = Annotated[int, Field(ge=1, le=64, description="Shards in the work pool at once.")]
AcceleratorLimit = Annotated[
    str | None, Field(description="Global concurrency limit that every shard occupies.")
]


class ArchiveParams(BaseModel):
    """All parameters of an archive run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source
    dest: Dest
    limit: Limit = None
    min_r2: MinR2 = 0.85
    reject_r2: RejectR2 = 0.5
    min_coverage: MinCoverage = 0.8
    max_depth_residual_ft: MaxDepthResidual = 1.0
    require_printed_scales: PrintedScales = False
    step: Step = None
    depth_unit: DepthUnitParam = None
    index: Index = None
    index_map: IndexMap = "generic"
    model: Model = None
    device: Device = "auto"
    dry_run: DryRun = False
    force: Force = False
    since: Since = None
    until: Until = None
    catch_up_days: CatchUpDays = None
    overlays: Overlays = True
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
