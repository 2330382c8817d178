"""Which scans have a result already that is just what is asked for: they need not be digitised again.

In: an output folder, scans and what results would be made with. Out: their logs' documents. The network is not
loaded. What an archive's ledger says does not belong here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flows.local.desk import Desk
from flows.local.pages import read_pages
from storage.index_table import IndexTable
from storage.local_names import LogNames
from storage.log_files import RECORD
from storage.records import Record, provenance_of, read_record
from storage.required import Requirement, asked_otherwise, moved_on
from veernet_core.config import DigitiseConfig
from veernet_core.datatypes import FailedScan, ScanInput
from veernet_core.errors import VeernetError
from veernet_core.provenance import made_with


def requirement(config: DigitiseConfig, bundle: bytes, precision: str) -> Requirement:
    """What results of a configuration and a model are made with; ``numerics`` is the precision alone."""
    made = made_with(config, hashlib.sha256(bundle).hexdigest()[:12], precision)
    return Requirement.of(made, config)


def standing(
    scans: Sequence[Path], out: Path, required: Requirement, index: IndexTable | None = None
) -> dict[Path, list[Record]]:
    """Files whose every page has a result of the same bytes, sidecar, options, model and version.

    A file is opened only if there is a result for a scan of its size.

    Parameters
    ----------
    scans : sequence of Path
    out : Path
    required : Requirement
        Of ``requirement``.
    index : IndexTable, optional

    Returns
    -------
    dict of Path to documents
    """
    if not (out / "logs").is_dir():
        return {}
    names = LogNames(out)
    desk = Desk(out, names)
    sizes = _sizes(out, required)
    found: dict[Path, list[Record]] = {}
    for path in scans:
        if _size(path) not in sizes:
            continue
        records = []
        for item in read_pages(path, index, desk.sidecar):
            if isinstance(item, FailedScan):
                break
            name = names.of(Path(item.ref.uri), item.ref.sha256, item.ref.stem)
            record = _record(out / "logs" / name / RECORD)
            if record is None or not _same(record, item, required):
                break
            records.append(record)
        else:
            found[path] = records
    return found


def _sizes(out: Path, required: Requirement) -> set[int]:
    """Sizes, in bytes, of the scans whose results were made with what is required."""
    records = (_record(folder / RECORD) for folder in (out / "logs").iterdir())
    return {
        r["scan"]["size_bytes"] for r in records if r is not None and _is_made_with(r, required)
    }


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _record(path: Path) -> Record | None:
    try:
        return read_record(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, VeernetError):
        return None


def _same(record: Record, item: ScanInput, required: Requirement) -> bool:
    made = record["provenance"]
    sidecar_sha = "" if item.sidecar is None else hashlib.sha256(item.sidecar).hexdigest()
    own = (made["scan_sha256"], made["sidecar_sha256"])
    return own == (item.ref.sha256, sidecar_sha) and _is_made_with(record, required)


def _is_made_with(record: Record, required: Requirement) -> bool:
    """Whether a result has the required options, model, version and precision."""
    made = provenance_of(record).made_with
    made = replace(made, numerics=made.numerics.split(" ")[0])
    return not asked_otherwise(required, made) and not moved_on(required, made)
