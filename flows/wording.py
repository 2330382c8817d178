"""Words that the command line and the form of a deployment share: groups of options, and units of numbers.

In: names of options. Out: text. Nothing heavy is imported here, so that help appears at once; what an option
does, does not belong here.
"""

from __future__ import annotations

SCANS = "Scans"
RESULTS = "Results"
VERDICTS = "Verdicts"
WORK = "What is done"
NETWORK = "Network and machine"
WORKERS = "Workers"
TERMINAL = "On the terminal"
DRAWINGS = "Drawings and truth"
TRAINING = "Training"

GROUPS: dict[str, tuple[str, ...]] = {
    SCANS: ("source", "index", "index_map", "since", "until", "catch_up_days", "limit"),
    RESULTS: ("dest", "step", "depth_unit", "overlays", "include_review"),
    VERDICTS: ("min_r2", "reject_r2", "min_coverage", "max_depth_residual_ft", "require_printed_scales",
               "canary"),
    WORK: ("dry_run", "redo", "force"),
    NETWORK: ("model", "device", "precision"),
    WORKERS: ("engine", "chunk_logs", "shard_logs", "in_flight", "decoders", "decode_limit_s",
              "decode_memory_mb", "max_tries", "stall_limit_s", "shard_deployment", "shard_slots",
              "accelerator_limit"),
}  # fmt: skip
"""Parameters of an archive run by group, in the order of the form."""

UNITS: dict[str, str] = {
    "min_r2": "R2", "reject_r2": "R2", "min_coverage": "SHARE", "max_depth_residual_ft": "FT",
    "step": "DEPTH", "limit": "SCANS", "catch_up_days": "DAYS", "chunk_logs": "LOGS",
    "shard_logs": "LOGS", "in_flight": "CHUNKS", "decoders": "PROCESSES", "decode_limit_s": "SECONDS",
    "decode_memory_mb": "MB", "max_tries": "TRIES", "stall_limit_s": "SECONDS", "shard_slots": "SHARDS",
}  # fmt: skip
"""What a number counts or is measured in, as help shows it."""


def group_of(name: str) -> str:
    """The group of an archive run's parameter."""
    return next(group for group, names in GROUPS.items() if name in names)


def title_of(name: str) -> str:
    """A parameter's title on the form of a deployment.

    Examples
    --------
    >>> title_of("catch_up_days"), title_of("stall_limit_s")
    ('Scans: catch up, days', 'Workers: stall limit, seconds')
    """
    words = name.split("_")
    unit = UNITS.get(name, "").lower()
    if unit and words[-1] in (unit, unit[:1]):
        words = words[:-1]
    spoken = " ".join(words).replace("r2", "R²")
    shown = "R²" if unit == "r2" else unit.upper() if unit == "mb" else unit
    return f"{group_of(name)}: {spoken}" + (f", {shown}" if shown and shown not in spoken else "")
