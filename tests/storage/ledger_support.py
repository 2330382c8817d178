"""Records and listings of made-up scans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from storage.ledger import (
    Record,
)
from storage.required import Requirement

NEED = Requirement(
    "model-1", "config-1", "0.2.0", "float32 torch cpu", "settings-1", "page-1", "config-0"
)


def record(key: str, **more: object) -> Record:
    base = Record(
        source_key=key,
        source_version="v1",
        sidecar_version="",
        model_id=NEED.model_id,
        config_hash=NEED.config_hash,
        version=NEED.version,
        numerics=NEED.numerics,
        settings_hash=NEED.settings_hash,
        algorithms=NEED.algorithms,
        log_id=Path(key).stem,
        uri=f"/scans/{key}",
        status="done",
        scan_sha256="ab" * 32,
        run_id="run1",
    )
    return replace(base, **more)  # type: ignore[arg-type]
